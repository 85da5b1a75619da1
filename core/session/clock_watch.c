/* SPDX-License-Identifier: MIT */
/* By how much the wall clock went further than the other one, from look to look. */
#include "session/clock_watch.h"

/* An interruption between the readings of two clocks is no step. */
#define LEAST (100 * OW_NS_PER_MS)

static int64_t tolerated(int64_t timeout)
{
  return timeout / 2 > LEAST ? timeout / 2 : LEAST;
}

void ow_clock_watch(struct ow_clock_watch *watch, struct ow_instant now, int64_t timeout)
{
  int64_t jump =
      ow_timestamp_difference(now.wall, watch->last.wall) - (now.monotonic - watch->last.monotonic);
  int64_t most = tolerated(timeout);
  watch->set = watch->set || (watch->looked && (jump > most || jump < -most));
  watch->last = now;
  watch->looked = true;
}

/* Set back between them it is found by the next look, and makes no loss before that. */
void ow_clock_watch_stamp(struct ow_clock_watch *watch, struct ow_timestamp stamp, int64_t timeout)
{
  int64_t ahead = ow_timestamp_difference(stamp, watch->last.wall);
  watch->set = watch->set || (watch->looked && ahead > tolerated(timeout));
}
