/* SPDX-License-Identifier: MIT */
/* The signals that a daemon acts on, as events of its loop: no handler, and so no flag that one would set. */
#ifndef OWAMP_DAEMON_SIGNALS_H
#define OWAMP_DAEMON_SIGNALS_H

#include <signal.h>

#include "io/loop.h"

struct ow_signals {
  struct ow_watch watch;
  sigset_t held;
  /** One came; several of the same number may be told as one. May close the signals and stop the loop. */
  void (*came)(struct ow_signals *signals, int number);
};

/**
 * Hold back the signals `numbers`, which 0 ends, until they are watched; ignore SIGPIPE. Before anything may
 * start a thread, which would inherit the mask.
 */
void ow_signals_hold(struct ow_signals *signals, const int *numbers);
/** Tell signals->came of those that are held, and of each that comes. OW_NETWORK. */
enum ow_status ow_signals_watch(struct ow_loop *loop, struct ow_signals *signals,
                                struct ow_failure *failure) OW_MUST_CHECK;
/** Tell no more; they stay held. Nothing happens if they aren't watched. */
void ow_signals_close(struct ow_loop *loop, struct ow_signals *signals);

#endif
