/* SPDX-License-Identifier: MIT */
/* A loop with signals, a timer of one second, and Net-SNMP's descriptors. */
#include "agentx/serve.h"

#include <time.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "agentx/conf.h"
#include "agentx/kept_rows.h"
#include "agentx/keyed_start.h"
#include "agentx/lines.h"
#include "agentx/sources.h"
#include "agentx/trap.h"
#include "base/container_of.h"
#include "daemon/readiness.h"
#include "io/system_clock.h"

static void refresh(struct agent *agent, int64_t now)
{
  struct ow_clock_state clock = ow_system_clock_state();
  agent->mib.system.clock_synchronized = clock.synchronized;
  agent->mib.system.clock_error = clock.error;
  clock_gettime(CLOCK_REALTIME, &agent->mib.now);
  peers_refresh(&agent->peers, ow_system_stamp());
  agent_traps_send(agent, now);
  agent_lines_flush();
  if (agent->store) {
    agent->store = false;
    agent_kept_rows_store();
  }
}

static void second_passed(struct ow_timer *timer)
{
  struct agent_serve *serve = OW_CONTAINER_OF(timer, struct agent_serve, second);
  int64_t now = ow_loop_now(serve->loop).monotonic;
  ow_timer_set(serve->loop, timer, now + OW_NS_PER_S);
  refresh(serve->agent, now);
  agent_bridge_follow(serve->bridge);
}

static void signal_came(struct ow_signals *signals, int number)
{
  struct agent_serve *serve = OW_CONTAINER_OF(signals, struct agent_serve, signals);
  if (number == SIGHUP) {
    ow_readiness_tell("RELOADING=1\nMONOTONIC_USEC=%lld",
                      (long long)(ow_loop_now(serve->loop).monotonic / 1000));
    agent_conf_read_again();
    agent_sources_follow(serve->agent);
    agent_bridge_follow(serve->bridge);
    ow_readiness_tell("READY=1");
  } else {
    ow_readiness_tell("STOPPING=1");
    ow_loop_stop(serve->loop);
  }
}

enum ow_status agent_serve_open(struct agent_serve *serve, struct agent *agent, struct ow_failure *failure)
{
  *serve = (struct agent_serve){.agent = agent, .signals.came = signal_came, .second.expired = second_passed};
  ow_signals_hold(&serve->signals, (const int[]){SIGTERM, SIGINT, SIGHUP, 0});
  serve->loop = ow_loop_create(failure);
  if (serve->loop)
    ow_limited_log_open(&agent->refused, serve->loop, &agent->log);
  return serve->loop ? OW_OK : failure->status;
}

enum ow_status agent_serve_run(struct agent_serve *serve, struct ow_failure *failure)
{
  enum ow_status status = ow_signals_watch(serve->loop, &serve->signals, failure);
  if (status == OW_OK && !(serve->bridge = agent_bridge_open(serve->loop)))
    status = ow_fail(failure, OW_MEMORY, "no memory for Net-SNMP's descriptors");
  if (status == OW_OK) {
    ow_timer_set(serve->loop, &serve->second, ow_loop_now(serve->loop).monotonic);
    ow_watchdog_start(&serve->watchdog, serve->loop);
    serve->agent->loop = serve->loop;
    ow_readiness_tell("READY=1");
    status = ow_loop_run(serve->loop, failure);
  }
  return status;
}

void agent_serve_close(struct agent_serve *serve)
{
  agent_bridge_close(serve->bridge);
  if (serve->loop) {
    ow_watchdog_stop(&serve->watchdog);
    ow_timer_cancel(serve->loop, &serve->second);
    ow_signals_close(serve->loop, &serve->signals);
    agent_keyed_forget_all(serve->agent);
    serve->agent->loop = NULL;
    ow_loop_free(serve->loop);
  }
}
