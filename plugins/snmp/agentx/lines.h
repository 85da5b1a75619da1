/* SPDX-License-Identifier: MIT */
/* Log lines of other threads, which snmp_log() isn't made for. */
#ifndef OWAMP_SNMP_LINES_H
#define OWAMP_SNMP_LINES_H

#include "base/log.h"

/** For any thread: lines wait, 256 at most; those beyond are counted. */
struct ow_log agent_lines_log(void);
/** Give them to snmp_log(). On the SNMP thread. */
void agent_lines_flush(void);

#endif
