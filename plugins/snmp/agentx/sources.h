/* SPDX-License-Identifier: MIT */
/* Where results come from and go to: our own streams, the query socket of others, and that of our own. */
#ifndef OWAMP_SNMP_SOURCES_H
#define OWAMP_SNMP_SOURCES_H

#include "agentx/agent.h"

/** Boards and the streams' thread. OW_MEMORY and others with a failure. */
enum ow_status agent_sources_open(struct agent *agent, struct ow_failure *failure) OW_MUST_CHECK;
/** Do as the configuration now says: peers, query socket, publishing. What can't be is logged. */
void agent_sources_follow(struct agent *agent);
void agent_sources_close(struct agent *agent);

#endif
