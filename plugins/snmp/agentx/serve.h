/* SPDX-License-Identifier: MIT */
/* What the subagent does while it runs: it answers, looks once a second what is new, and acts on signals. */
#ifndef OWAMP_SNMP_SERVE_H
#define OWAMP_SNMP_SERVE_H

#include "agentx/agent.h"
#include "agentx/bridge.h"
#include "daemon/signals.h"
#include "daemon/watchdog.h"

/** Zero-initialised there is nothing to close. */
struct agent_serve {
  struct agent *agent;
  struct ow_loop *loop;
  struct ow_signals signals;
  struct ow_timer second;
  struct ow_watchdog watchdog;
  struct agent_bridge *bridge;
};

/** Make the loop, and hold signals back. After the last fork, and before anything may start a thread. */
enum ow_status agent_serve_open(struct agent_serve *serve, struct agent *agent,
                                struct ow_failure *failure) OW_MUST_CHECK;
/** Until SIGTERM or SIGINT. SNMP and sources are open. OW_MEMORY, OW_NETWORK. */
enum ow_status agent_serve_run(struct agent_serve *serve, struct ow_failure *failure) OW_MUST_CHECK;
void agent_serve_close(struct agent_serve *serve);

#endif
