/* SPDX-License-Identifier: MIT */
/* Notices to the master agent, as notifications of OWAMP-MIB. */
#ifndef OWAMP_SNMP_TRAP_H
#define OWAMP_SNMP_TRAP_H

#include "agentx/agent.h"

/** Know whether there is a master. Before init_snmp(), which calls it. */
void agent_traps_register(void);
/** Send what may be sent now (ns of the monotonic clock). */
void agent_traps_send(struct agent *agent, int64_t now);

#endif
