/* SPDX-License-Identifier: MIT */
/*
 * The answer to a Fetch-Session (RFC 4656, 3.9), part by part. Any number of records can be announced, for
 * nothing limits how often packets come twice; never more than a chunk of them is held. Departures come the
 * same way, in place of records (docs/protocol-extensions.md).
 */
#ifndef OWAMP_CONTROL_FETCH_READER_H
#define OWAMP_CONTROL_FETCH_READER_H

#include <stdint.h>

#include "base/status.h"
#include "control/intake.h"
#include "wire/fetch.h"
#include "wire/session_request.h"

enum ow_fetch_part {
  OW_FETCH_PART_ACK,
  OW_FETCH_PART_REQUEST,
  OW_FETCH_PART_SLOTS,
  OW_FETCH_PART_SKIPS,
  OW_FETCH_PART_RECORDS,
  OW_FETCH_PART_HMAC,
  OW_FETCH_PART_END,
};

/** Records, or departures, that come in one go: a multiple of what fills whole blocks exactly. */
enum { OW_FETCH_CHUNK = 640 };

struct ow_fetch_reader {
  enum ow_fetch_part part; /* the one that is awaited */
  struct ow_fetch_request asked;
  struct ow_fetch_ack ack;
  struct ow_session_request request;
  struct ow_slot *slots;         /* owned */
  struct ow_skip_range *skipped; /* owned */
  uint32_t records_left;
  uint32_t awaited;     /* records of the next chunk */
  uint32_t chunk_count; /* records in the chunk that was read last */
  /* Owned, one of them; only while records come, for connections live long and mostly idle. */
  struct ow_sample *chunk;
  struct ow_departure_record *departures;
};

/** Await the answer to `asked`. NULL without memory. */
struct ow_fetch_reader *ow_fetch_reader_create(const struct ow_fetch_request *asked,
                                               struct ow_intake *intake) OW_MUST_CHECK;
void ow_fetch_reader_free(struct ow_fetch_reader *reader);
/**
 * Read the part that has arrived and await the next. `read` tells which part that was. OW_PROTOCOL if it is
 * impossible or not of the session that was asked for; OW_LIMIT for too many slots; OW_MEMORY.
 */
enum ow_status ow_fetch_reader_read(struct ow_fetch_reader *reader, struct ow_intake *intake,
                                    enum ow_fetch_part *read, struct ow_failure *failure) OW_MUST_CHECK;

#endif
