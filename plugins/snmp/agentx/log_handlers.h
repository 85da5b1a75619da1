/* SPDX-License-Identifier: MIT */
/* Net-SNMP's log, made to hold up nobody: what writes it runs on a thread of its own. */
#ifndef OWAMP_SNMP_LOG_HANDLERS_H
#define OWAMP_SNMP_LOG_HANDLERS_H

#include <stdbool.h>

#include "base/status.h"

/** Once Net-SNMP has all its log handlers, and privileges are dropped. A failure leaves them as they are. */
enum ow_status agent_log_handlers_unblock(struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Wait until all lines are written, half a second at most; what is logged from now on is written at once.
 * False: writing hangs, nothing is logged any more, and exit(3) would hang as well: leave by _exit(2).
 * Nothing happens before agent_log_handlers_unblock().
 */
bool agent_log_handlers_end(void);

#endif
