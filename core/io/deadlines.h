/* SPDX-License-Identifier: MIT */
/* The timers of a loop, of all kinds, and which of them is due. Pure: the clocks are handed in. */
#ifndef OWAMP_IO_DEADLINES_H
#define OWAMP_IO_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

#include "io/timer_heap.h"
#include "time/timestamp.h"

/** Zero-initialised: none is set, and both clocks are at 0. */
struct ow_deadlines {
  struct ow_timer_heap kinds[OW_TIMER_KINDS];
  int64_t now;        /* the monotonic clock as it was handed in last */
  int64_t wall_ahead; /* the wall clock less the monotonic one, ns */
  uint64_t next_order;
};

/** Set or move it, to `when` on its clock (ns; of the wall clock since 1970). */
void ow_deadlines_set(struct ow_deadlines *deadlines, struct ow_timer *timer, enum ow_timer_kind kind,
                      int64_t when);
/** Nothing happens if it is not set. */
void ow_deadlines_cancel(struct ow_deadlines *deadlines, struct ow_timer *timer);

/** True if there is no timer. */
bool ow_deadlines_empty(const struct ow_deadlines *deadlines);
/**
 * The timer that is the longest overdue `now`; patient ones come last, unless they have waited for as long as
 * they may. NULL: none is due.
 */
struct ow_timer *ow_deadlines_due(const struct ow_deadlines *deadlines);
/** When a timer must be run at the latest, a patient one after its patience: monotonic ns, INT64_MAX for
 * never. */
struct ow_deadlines_next {
  int64_t first;
  int64_t second; /* that of another timer, not before; or the first one's */
};
struct ow_deadlines_next ow_deadlines_next(const struct ow_deadlines *deadlines);

/**
 * The first nanosecond from 1970 on, on the wall clock, that as a stamp is not before `stamp`; 0 if that is
 * before 1970.
 */
int64_t ow_deadlines_of_stamp(const struct ow_deadlines *deadlines, struct ow_timestamp stamp);

#endif
