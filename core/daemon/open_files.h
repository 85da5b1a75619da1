/* SPDX-License-Identifier: MIT */
/* How many files may be open at a time: each peer, connection and session takes some. */
#ifndef OWAMP_DAEMON_OPEN_FILES_H
#define OWAMP_DAEMON_OPEN_FILES_H

#include "base/status.h"

/** As many as the system's administrator allows. OW_NETWORK; then it stays as it was. */
enum ow_status ow_open_files_raise(struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Let the kernel make its table of this process' open files as large as it may get, up to 65536. It doubles
 * as files are opened, and in a process of several threads whoever opens one more then waits for all
 * processors: 5 to 20 ms, in a turn that should take microseconds. After the last fork, which makes it small
 * again.
 */
void ow_open_files_make_room(void);

#endif
