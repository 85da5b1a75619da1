/* SPDX-License-Identifier: MIT */
/* The tokens of owamp-agentx.conf, and what they set in the_agent.conf. */
#ifndef OWAMP_SNMP_CONF_H
#define OWAMP_SNMP_CONF_H

#include "agentx/agent.h"

/** Before init_snmp(), which reads the files. */
void agent_conf_register(void);
void agent_conf_defaults(struct agent_conf *conf);
/** The files again, from the defaults on. What follows from them is the sources' business. */
void agent_conf_read_again(void);

#endif
