/* SPDX-License-Identifier: MIT */
/* Into the background, but only once it is known that all went well. */
#ifndef OWAMP_DAEMON_DAEMONIZE_H
#define OWAMP_DAEMON_DAEMONIZE_H

#include <stdbool.h>

#include "base/status.h"

struct ow_daemon {
  int parent;          /* in the child: where to tell the waiting parent; -1 in the foreground */
  bool keeps_terminal; /* stdin, stdout and stderr stay as they are: the log goes there */
};

/**
 * Fork. The parent doesn't return: it waits until the child is ready or ends, and exits 0 or 1. The child
 * goes on, in a session of its own, and can still complain on stderr. OW_NETWORK if the operating system
 * fails.
 */
enum ow_status ow_daemon_begin(struct ow_daemon *self, struct ow_failure *failure) OW_MUST_CHECK;
/** Let go of folder and terminal, and let the parent exit; nothing in the foreground. OW_NETWORK. */
enum ow_status ow_daemon_ready(struct ow_daemon *self, struct ow_failure *failure) OW_MUST_CHECK;

#endif
