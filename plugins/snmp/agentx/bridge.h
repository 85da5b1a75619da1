/* SPDX-License-Identifier: MIT */
/* Net-SNMP on our loop: its descriptors as watches, its timeouts and alarms as one timer. */
#ifndef OWAMP_SNMP_BRIDGE_H
#define OWAMP_SNMP_BRIDGE_H

#include "io/loop.h"

struct agent_bridge;

/** Once Net-SNMP is initialised; follows it at once. NULL: no memory. The loop must outlive it. */
struct agent_bridge *agent_bridge_open(struct ow_loop *loop) OW_MUST_CHECK;
/**
 * Watch what Net-SNMP has open now, and wait as long as it now wants to. The bridge does so by itself after
 * all that it lets Net-SNMP do; call it when Net-SNMP was called otherwise, to send something for instance.
 */
void agent_bridge_follow(struct agent_bridge *bridge);
/** Net-SNMP's descriptors stay open. NULL: nothing. */
void agent_bridge_close(struct agent_bridge *bridge);

#endif
