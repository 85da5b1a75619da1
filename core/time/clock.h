/* SPDX-License-Identifier: MIT */
/* Time is handed in: io/ reads the system's clocks, a test replays a measurement's. */
#ifndef OWAMP_TIME_CLOCK_H
#define OWAMP_TIME_CLOCK_H

#include <stdint.h>

#include "time/error_estimate.h"
#include "time/timestamp.h"

/** One moment on both clocks. */
struct ow_instant {
  struct ow_timestamp wall; /* UTC, may be stepped: what schedules and stamps mean */
  int64_t monotonic;        /* nanoseconds, never stepped: what timeouts are measured by */
};

/** A source of time. */
struct ow_clock {
  void *context;
  struct ow_instant (*now)(void *context);
  /** How far `wall` may be from UTC, and whether an outside source keeps it there. */
  struct ow_error_estimate (*error)(void *context);
};

/** No deadline. */
#define OW_NEVER INT64_MAX

#endif
