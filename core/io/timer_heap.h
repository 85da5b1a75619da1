/* SPDX-License-Identifier: MIT */
/*
 * Timers by deadline: a leftist heap of the timers themselves. It needs no memory, so that setting a timer
 * can't fail, and puts in or takes out any of n timers in O(log n) steps, never more.
 */
#ifndef OWAMP_IO_TIMER_HEAP_H
#define OWAMP_IO_TIMER_HEAP_H

#include "io/timer.h"

/** Zero-initialised: empty. */
struct ow_timer_heap {
  struct ow_timer *first; /* the earliest, and of equals the one set first; NULL if empty */
};

/** Put in a timer that is in no heap; its `when` and `order` are set. */
void ow_timer_heap_put(struct ow_timer_heap *heap, struct ow_timer *timer);
/** Take out a timer that is in this heap. */
void ow_timer_heap_take(struct ow_timer_heap *heap, struct ow_timer *timer);

#endif
