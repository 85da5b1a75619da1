/* SPDX-License-Identifier: MIT */
/* The file with a daemon's process id: who runs, and that nobody else does. */
#ifndef OWAMP_DAEMON_PIDFILE_H
#define OWAMP_DAEMON_PIDFILE_H

#include <limits.h>

#include "base/status.h"

struct ow_pidfile {
  int descriptor;      /* -1: none */
  char path[PATH_MAX]; /* from the root, whatever the working folder becomes */
};

/**
 * Lock the file `path`, made if there is none, and write this process's id. The lock is the process's: lock
 * after the last fork. OW_STATE if another process holds it, OW_INVALID if it can't be written, or isn't a
 * file with one name that belongs to this process's user or root: in a folder that others can write it could
 * be somebody else's; `setting` is what the user names the path by, and stands in the sentence. `failure`
 * must not be NULL.
 */
enum ow_status ow_pidfile_lock(struct ow_pidfile *file, const char *path, const char *setting,
                               struct ow_failure *failure) OW_MUST_CHECK;
/** Empty it, remove it if we may, and let go. Nothing happens if there is none. */
void ow_pidfile_release(struct ow_pidfile *file);

#endif
