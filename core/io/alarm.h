/* SPDX-License-Identifier: MIT */
/*
 * What wakes a loop in time: timerfds for whatever is due next, on either clock, and one that tells when the
 * wall clock is set. Between two steps of the wall clock both clocks run alike, so a distance of instants
 * stands for them.
 */
#ifndef OWAMP_IO_ALARM_H
#define OWAMP_IO_ALARM_H

#include <stdint.h>

#include "base/status.h"

enum { OW_ALARM_RINGS = 2 };

struct ow_alarm {
  /*
   * Readable, edge by edge (EPOLLET), when due; need not be read. Two, as it is cheap to set one while
   * another one is nearer: what costs is telling the processor when to interrupt, and for the next one the
   * interrupt itself does it.
   */
  int rings[OW_ALARM_RINGS];
  int64_t when[OW_ALARM_RINGS]; /* monotonic ns that they were told last; in the past they have rung */
  int steps;                    /* readable when the wall clock was set: see ow_alarm_steps() */
};

/** All descriptors, or -1 in some and OW_NETWORK. From here on steps are noticed. ow_alarm_close() in any
 * case. */
enum ow_status ow_alarm_open(struct ow_alarm *alarm, struct ow_failure *failure) OW_MUST_CHECK;
void ow_alarm_close(struct ow_alarm *alarm);

/**
 * Ring when the monotonic clock, which is `now`, reaches `first`, and if that can be had cheaply at `second`,
 * too (ns; INT64_MAX: never), or before: an alarm that stands and is earlier is left alone, as a wake-up for
 * nothing is rarer than deadlines that move away. OW_NETWORK.
 */
enum ow_status ow_alarm_set(struct ow_alarm *alarm, int64_t first, int64_t second, int64_t now,
                            struct ow_failure *failure) OW_MUST_CHECK;

/** `steps` is readable: how often the wall clock was set, as far as can be told; 0: not at all. */
unsigned ow_alarm_steps(struct ow_alarm *alarm);

/**
 * By how much the wall clock is ahead of the monotonic one, ns: never more than it is, and less by what it
 * takes to read a clock. It changes with a step only.
 */
int64_t ow_alarm_wall_ahead(void);

#endif
