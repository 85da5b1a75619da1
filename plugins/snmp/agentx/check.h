/* SPDX-License-Identifier: MIT */
/* --check: what is wrong with the configuration, without starting anything. */
#ifndef OWAMP_SNMP_CHECK_H
#define OWAMP_SNMP_CHECK_H

#include "base/status.h"

/** Before the configuration is read, once Net-SNMP is an agent: it won't call the master, nor store anything.
 */
void agent_check_begin(void);
/** Once it is read: look at what it names, and log each fault. OW_INVALID if there was any, now or before. */
enum ow_status agent_check_end(struct ow_failure *failure) OW_MUST_CHECK;

#endif
