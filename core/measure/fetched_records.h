/* SPDX-License-Identifier: MIT */
/*
 * Records of a session as a server hands them over (RFC 4656, 3.9), however many there are: of each packet
 * its first arrival and its first loss are kept, and some duplicates. So what a server sends bounds the time
 * that it takes, which is its reader's to limit, and never the memory.
 *
 * Servers differ in how many copies of a packet they have on record: perfSONAR's keeps all, ours as many as
 * it has room for. A fetch has no number of those that it left out, so duplicates are counted up to there.
 */
#ifndef OWAMP_MEASURE_FETCHED_RECORDS_H
#define OWAMP_MEASURE_FETCHED_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "time/sample.h"
#include "wire/start_stop.h"

/** Embed it. Zero-initialised: empty, and open to no record. */
struct ow_fetched_records {
  struct ow_samples samples; /* in the server's order */
  uint32_t packets;
  uint64_t surplus;           /* duplicates that are still kept */
  uint32_t duplicates_unkept; /* that came beyond them */
  uint64_t contradictions;    /* packets of which both an arrival and a loss may still be kept */
  uint64_t left_out;          /* records of packets that weren't awaited */
  uint8_t *known;             /* of each packet: which kinds of record are kept */
};

/** What OW_LIMIT of ow_fetched_records_add() means, as a sentence. */
extern const char ow_contradiction[];

/** How many duplicates of a session's packets are kept: as many as there are packets, 65536 at most, and
 * some. */
uint64_t ow_duplicates_kept(uint32_t packets);

/**
 * Empty it, and await records of the sequence numbers below `packets`; an octet for each is needed.
 * OW_MEMORY: then no record is taken.
 */
enum ow_status ow_fetched_records_expect(struct ow_fetched_records *records, uint32_t packets) OW_MUST_CHECK;
/**
 * Take `count` records; those of other packets are left out, and counted. OW_MEMORY if a packet's first one
 * can't be held, and may then be missing; OW_LIMIT if of too many packets it is told both that they were lost
 * and that they arrived, which no server can mean.
 */
enum ow_status ow_fetched_records_add(struct ow_fetched_records *records, const struct ow_sample *samples,
                                      uint32_t count) OW_MUST_CHECK;
/** True if there is an arrival of each packet that was sent. */
bool ow_fetched_records_all_arrived(const struct ow_fetched_records *records,
                                    const struct ow_session_end *end);
void ow_fetched_records_clear(struct ow_fetched_records *records);

#endif
