/* SPDX-License-Identifier: MIT */
/* An answer even if something blocks that has no deadline. Takes SIGALRM: only for a process of its own. */
#ifndef CHECK_OWAMP_LAST_RESORT_H
#define CHECK_OWAMP_LAST_RESORT_H

#include <stdbool.h>
#include <stdint.h>

#include "sla/threshold.h"

/**
 * A second or so after `timeout` nanoseconds, say `verdict` on the standard output and end the process with
 * its exit status.
 */
void check_last_resort_arm(int64_t timeout, enum ow_verdict verdict, bool json);
void check_last_resort_disarm(void);

#endif
