/* Into the background, but only once it is known that all went well. */
#ifndef OWAMP_DAEMON_DAEMONIZE_H
#define OWAMP_DAEMON_DAEMONIZE_H

#include "base/status.h"

/** In the child: where to tell the waiting parent; -1 in the foreground. */
struct ow_daemon {
  int parent;
};

/**
 * Fork. The parent doesn't return: it waits until the child is ready or ends, and exits 0 or 1. The child
 * goes on, in a session of its own, and can still complain on stderr. OW_NETWORK if the operating system
 * fails.
 */
enum ow_status ow_daemon_begin(struct ow_daemon *self, struct ow_failure *failure) OW_MUST_CHECK;
/** Ready: let go of folder and terminal, and let the parent exit. OW_NETWORK. */
enum ow_status ow_daemon_ready(struct ow_daemon *self, struct ow_failure *failure) OW_MUST_CHECK;

#endif
