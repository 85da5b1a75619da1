/* SPDX-License-Identifier: MIT */
/* A timer of the loop, so that it is the loop whose life is told. */
#include "daemon/watchdog.h"

#include "base/container_of.h"
#include "daemon/readiness.h"

static void tell(struct ow_watchdog *watchdog)
{
  ow_readiness_tell("WATCHDOG=1");
  ow_timer_set(watchdog->loop, &watchdog->timer, ow_loop_now(watchdog->loop).monotonic + watchdog->period);
}

static void on_time(struct ow_timer *timer)
{
  tell(OW_CONTAINER_OF(timer, struct ow_watchdog, timer));
}

void ow_watchdog_start(struct ow_watchdog *watchdog, struct ow_loop *loop)
{
  *watchdog =
      (struct ow_watchdog){.timer.expired = on_time, .loop = loop, .period = ow_readiness_watchdog() / 2};
  if (watchdog->period > 0)
    tell(watchdog);
}

void ow_watchdog_stop(struct ow_watchdog *watchdog)
{
  if (watchdog->period > 0)
    ow_timer_cancel(watchdog->loop, &watchdog->timer);
  watchdog->period = 0;
}
