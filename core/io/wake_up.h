/* SPDX-License-Identifier: MIT */
/*
 * How late the kernel wakes us at least: an alarm may be set so much earlier, and yet nobody is awake early.
 * A processor that has to come out of its sleep takes some 50 us for it, one that is busy hardly any. Pure.
 */
#ifndef OWAMP_IO_WAKE_UP_H
#define OWAMP_IO_WAKE_UP_H

#include <stdint.h>

enum { OW_WAKE_UP_EARLIEST = 50 * 1000 }; /* ns */

/** Zero-initialised: nothing is known. */
struct ow_wake_up {
  int64_t rings_at; /* monotonic ns: when the alarm rings that is slept for; 0: none is */
  int64_t before;   /* the least of the round before, ns */
  int64_t least;    /* of this round, */
  unsigned counted; /* of which there were so many */
};

/** It is `now`, and we fall asleep until an alarm rings (monotonic ns), or something else wakes us. */
void ow_wake_up_await(struct ow_wake_up *wake_up, int64_t rings_at, int64_t now);
/** The alarm has rung, and we are awake `now`. What came of one that nobody slept for, or before, tells
 * nothing. */
void ow_wake_up_rung(struct ow_wake_up *wake_up, int64_t now);
/** By how many ns an alarm may be set earlier: OW_WAKE_UP_EARLIEST at most, 0 while little is known. */
int64_t ow_wake_up_early(const struct ow_wake_up *wake_up);

#endif
