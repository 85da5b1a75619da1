/* SPDX-License-Identifier: MIT */
/* An answer even if something blocks that has no deadline. Takes SIGALRM: only for a process of its own. */
#ifndef CHECK_OWAMP_LAST_RESORT_H
#define CHECK_OWAMP_LAST_RESORT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/peer.h"
#include "sla/threshold.h"

/**
 * In `left` nanoseconds say `verdict` on the standard output, if that takes it at once, and end the process
 * with its exit status: whatever this thread does then, be it to wait for somebody who doesn't read. Armed
 * again, the last word counts. `protocol` is the name of what is measured by.
 */
void check_last_resort_arm(int64_t left, enum ow_verdict verdict, const char *protocol, bool json);
void check_last_resort_disarm(void);

#endif
