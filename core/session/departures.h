/* SPDX-License-Identifier: MIT */
/*
 * What is known of the true departures of one session's packets (RFC 7679, 3.7.2): the stamp in a packet was
 * drawn before it left, a transmit stamp tells when it did. Kept by sequence number, four octets each, and
 * put into the samples before anything is worked out from them.
 */
#ifndef OWAMP_SESSION_DEPARTURES_H
#define OWAMP_SESSION_DEPARTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time/error_estimate.h"
#include "time/sample.h"
#include "time/timestamp.h"

/** Zero-initialised: of no packet. */
struct ow_departures {
  uint32_t packets;  /* sequence numbers below it can be known */
  uint32_t known;    /* how many are */
  uint32_t slots;    /* there is room for those below it */
  uint32_t *offsets; /* by sequence number, encoded; 0: not known */
};

/** A departure that is farther from its packet's reading than that, ns, isn't believed. */
#define OW_DEPARTURE_FARTHEST (100 * (int64_t)1000000)

/** Of a session of so many packets. Room is made as it is needed, up to ow_departures_memory(). */
void ow_departures_begin(struct ow_departures *departures, uint32_t packets);
/** The most octets that so many packets' departures take. */
size_t ow_departures_memory(uint32_t packets);
/** Give up the room that no packet needs that was sent. Nothing is noted any more. */
void ow_departures_trim(struct ow_departures *departures);
void ow_departures_clear(struct ow_departures *departures);

/**
 * A packet left at `departed`; its stamp is `reading` of the clock and `correction` ns. Left out if that is
 * before the reading, or more than 100 ms after it, as then it is another packet's or a clock was set; or if
 * there is no memory to note it. The first one stands.
 */
void ow_departures_note(struct ow_departures *departures, uint32_t sequence, struct ow_timestamp reading,
                        int64_t correction, struct ow_timestamp departed);
/**
 * It left `offset` ns after the stamp that it carries, as whoever sent it says. Left out if that is more than
 * 100 ms, or without memory.
 */
void ow_departures_note_offset(struct ow_departures *departures, uint32_t sequence, int64_t offset);
/** How long after the stamp that it carries a packet left, ns; false: that isn't known. */
bool ow_departures_offset(const struct ow_departures *departures, uint32_t sequence, int64_t *offset);

/**
 * What another host says of its packets is weighed by what they say themselves: one that is said to have left
 * before its stamp, by more than the error that it claims and 1 ms, is forgotten.
 */
void ow_departures_weigh(struct ow_departures *departures, const struct ow_samples *samples);
/**
 * Put what is known into the samples of packets that arrived: they were sent when they departed, by the
 * kernel's word, with the error `estimate`; it calls itself synchronised only if the packet did so, too.
 * Samples that have their departure already are left alone, and those that there is no memory for.
 */
void ow_departures_put_into(const struct ow_departures *departures, const struct ow_samples *samples,
                            struct ow_error_estimate estimate);

#endif
