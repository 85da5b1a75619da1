/* SPDX-License-Identifier: MIT */
/* How many files may be open at a time: each peer, connection and session takes some. */
#ifndef OWAMP_DAEMON_OPEN_FILES_H
#define OWAMP_DAEMON_OPEN_FILES_H

#include "base/status.h"

/** As many as the system's administrator allows. OW_NETWORK; then it stays as it was. */
enum ow_status ow_open_files_raise(struct ow_failure *failure) OW_MUST_CHECK;

#endif
