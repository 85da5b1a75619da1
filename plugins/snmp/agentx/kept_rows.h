/* SPDX-License-Identifier: MIT */
/* The rows that were made over SNMP and outlive the process, in Net-SNMP's persistent store. */
#ifndef OWAMP_SNMP_KEPT_ROWS_H
#define OWAMP_SNMP_KEPT_ROWS_H

#include "agentx/agent.h"

/** Before init_snmp(), which reads them. */
void agent_kept_rows_register(void);
/** Make the rows that were kept. Once, when the sources are open. */
void agent_kept_rows_restore(struct agent *agent);
/** Write the rows that are to be kept. */
void agent_kept_rows_store(void);

#endif
