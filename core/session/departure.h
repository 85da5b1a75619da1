/* SPDX-License-Identifier: MIT */
/*
 * How late packets leave after the clock was read for their stamp: the kernel's transmit stamps of earlier
 * packets tell. The running median corrects the stamps that follow; how far packets left from that correction
 * goes into the error estimate that they carry. What is known of a packet itself, later, is in departures.h.
 */
#ifndef OWAMP_SESSION_DEPARTURE_H
#define OWAMP_SESSION_DEPARTURE_H

#include <stdbool.h>
#include <stdint.h>

enum { OW_DEPARTURE_WINDOW = 31, OW_DEPARTURE_STEPS = 65 };

/** Zero-initialised: nothing is known yet. */
struct ow_departure {
  int32_t offsets[OW_DEPARTURE_WINDOW]; /* ns, the last ones, in a ring */
  uint16_t count;
  uint16_t next;
  int32_t median;
  uint8_t surprises[OW_DEPARTURE_STEPS]; /* how many corrections were wrong by so much: see departure.c */
  uint16_t surprised;                    /* their sum: of the last few hundred packets */
};

/**
 * A packet left `offset` ns after its stamp was read. Implausible offsets (negative, above 100 ms) are left
 * out.
 */
void ow_departure_add(struct ow_departure *departure, int64_t offset);
/** Whether as many are known as the correction is drawn from. */
bool ow_departure_is_settled(const struct ow_departure *departure);
/** Add this to the stamps that follow, ns; 0 while nothing is known. */
int64_t ow_departure_correction(const struct ow_departure *departure);
/**
 * What remains in doubt after the correction, ns: 99 of 100 packets leave within it. It is drawn from how far
 * the last few hundred strayed, and three quarters are added for a host that becomes busy. While few stamps
 * are known it is large.
 */
int64_t ow_departure_spread(const struct ow_departure *departure);

#endif
