/* An answer even if something blocks that has no deadline. Takes SIGALRM: only for a process of its own. */
#ifndef CHECK_OWAMP_LAST_RESORT_H
#define CHECK_OWAMP_LAST_RESORT_H

#include <stdbool.h>
#include <stdint.h>

/** A second or so after `timeout` nanoseconds, say UNKNOWN on the standard output and end the process. */
void check_last_resort_arm(int64_t timeout, bool json);
void check_last_resort_disarm(void);

#endif
