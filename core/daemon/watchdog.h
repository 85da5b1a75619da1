/* SPDX-License-Identifier: MIT */
/* The service manager's watchdog: it hears from the loop, and ends a process whose loop stands still. */
#ifndef OWAMP_DAEMON_WATCHDOG_H
#define OWAMP_DAEMON_WATCHDOG_H

#include "io/loop.h"

/** Embed it; zero-initialised it does nothing. */
struct ow_watchdog {
  struct ow_timer timer;
  struct ow_loop *loop;
  int64_t period; /* ns from one word to the next */
};

/** If the service manager wants it, tell it twice in its time that the loop runs, and once at once. */
void ow_watchdog_start(struct ow_watchdog *watchdog, struct ow_loop *loop);
/** Nothing happens if it wasn't started. Before the loop is freed. */
void ow_watchdog_stop(struct ow_watchdog *watchdog);

#endif
