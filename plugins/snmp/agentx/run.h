/* SPDX-License-Identifier: MIT */
/* owamp-agentx, the AgentX subagent: a program's main() need only call this. */
#ifndef OWAMP_SNMP_RUN_H
#define OWAMP_SNMP_RUN_H

/** Runs until SIGTERM or SIGINT; returns the exit status. */
int owamp_agentx_run(int count, char **words);

#endif
