/* SPDX-License-Identifier: MIT */
/* A deadline, to be embedded in what waits for it. The loop sets it: io/loop.h. */
#ifndef OWAMP_IO_TIMER_H
#define OWAMP_IO_TIMER_H

#include <stdbool.h>
#include <stdint.h>

enum ow_timer_kind {
  OW_TIMER_EXACT,   /* on the monotonic clock */
  OW_TIMER_WALL,    /* on the wall clock, exact, too */
  OW_TIMER_PATIENT, /* on the monotonic clock: waits a while for the loop to be awake anyway */
  OW_TIMER_KINDS
};

/** Zero-initialised it is not set. Order among equal deadlines is that of setting. */
struct ow_timer {
  struct ow_timer *parent; /* the loop's own, as is all but `expired` */
  struct ow_timer *left;
  struct ow_timer *right;
  unsigned rank;
  bool set;
  uint8_t kind;   /* enum ow_timer_kind: there are many timers */
  uint64_t order; /* of setting */
  int64_t when;   /* ns on its clock; on the wall clock since 1970, so that no era can wrap */
  /** The timer is no longer set. May set or cancel this and any other timer, and close any watch. */
  void (*expired)(struct ow_timer *timer);
};

#endif
