/* SPDX-License-Identifier: MIT */
/*
 * Losses are judged by the wall clock, as the schedule is. One that was set meanwhile makes losses of packets
 * that nobody had time to see; the monotonic clock beside it shows that it was.
 */
#ifndef OWAMP_SESSION_CLOCK_WATCH_H
#define OWAMP_SESSION_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "time/clock.h"

/** Embed it. Zero-initialised: nobody has looked yet. */
struct ow_clock_watch {
  struct ow_instant last;
  bool looked;
  bool set; /* the wall clock went by more than was tolerated, either way, between two looks */
};

/**
 * It is `now`. A session that waits for packets up to `timeout` ns tolerates half of it, and 100 ms at least:
 * what is set by less, or slewed, doesn't decide what is lost.
 */
void ow_clock_watch(struct ow_clock_watch *watch, struct ow_instant now, int64_t timeout);

/** A stamp of this host's, taken after the last look at the latest: so it can be the first to tell. */
void ow_clock_watch_stamp(struct ow_clock_watch *watch, struct ow_timestamp stamp, int64_t timeout);

#endif
