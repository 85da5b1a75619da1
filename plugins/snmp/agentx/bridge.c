/* SPDX-License-Identifier: MIT */
/* Duplicates of its descriptors are watched, and come and go as its own do. */
#include "agentx/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "base/container_of.h"

/* How many descriptors a set is for at first; it grows. No wait is longer than WAIT_MOST seconds. */
enum { DESCRIPTORS = 1024, WAIT_MOST = 1 };

/*
 * A descriptor of Net-SNMP, which opens and closes it without telling us, and may have another file behind
 * the same number when we look again. So it is a duplicate that is watched: it stays what it was until we
 * close it.
 */
struct bridged {
  LIST_ENTRY(bridged) in_list;
  struct agent_bridge *bridge;
  int descriptor;   /* Net-SNMP's */
  struct stat file; /* what is behind it */
  struct ow_watch watch;
};

struct agent_bridge {
  struct ow_loop *loop;
  struct ow_timer timer;
  int64_t when; /* the timer; INT64_MAX: never */
  LIST_HEAD(bridges, bridged) all;
  netsnmp_large_fd_set set;
};

/* ---- following it ---- */

static void ready(struct ow_watch *watch, uint32_t events);

static void add_bridged(struct agent_bridge *bridge, int descriptor)
{
  struct ow_failure failure = {.text = "no memory"};
  struct bridged *bridged = calloc(1, sizeof *bridged);
  enum ow_status status = bridged ? OW_OK : OW_MEMORY;
  if (status == OW_OK) {
    *bridged = (struct bridged){.bridge = bridge, .descriptor = descriptor, .watch.ready = ready};
    bridged->watch.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (bridged->watch.descriptor < 0 || fstat(descriptor, &bridged->file) != 0)
      status = ow_fail(&failure, OW_NETWORK, "%s", strerror(errno));
    else
      status = ow_watch_open(bridge->loop, &bridged->watch, EPOLLIN, &failure);
  }
  if (status == OW_OK) {
    LIST_INSERT_HEAD(&bridge->all, bridged, in_list);
  } else {
    snmp_log(LOG_ERR, "can't watch the connection to the master agent: %s\n", failure.text);
    if (bridged)
      ow_watch_close(bridge->loop, &bridged->watch);
    free(bridged);
  }
}

static void drop_bridged(struct agent_bridge *bridge, struct bridged *bridged)
{
  LIST_REMOVE(bridged, in_list);
  ow_watch_close(bridge->loop, &bridged->watch);
  free(bridged);
}

static bool is_still_there(const struct bridged *bridged)
{
  struct stat now;
  return fstat(bridged->descriptor, &now) == 0 && now.st_dev == bridged->file.st_dev &&
         now.st_ino == bridged->file.st_ino;
}

/*
 * What stays watched is taken out of the set; what is left there is new. An answer takes several reads, so
 * with each only what was read is looked at closely (NULL: all), as it is there that a master's end is
 * noticed.
 */
static void drop_what_is_gone(struct agent_bridge *bridge, const struct bridged *read)
{
  struct bridged *next;
  for (struct bridged *at = LIST_FIRST(&bridge->all); at; at = next) {
    next = LIST_NEXT(at, in_list);
    bool close_look = !read || read == at;
    if (NETSNMP_LARGE_FD_ISSET(at->descriptor, &bridge->set) && (!close_look || is_still_there(at)))
      NETSNMP_LARGE_FD_CLR(at->descriptor, &bridge->set);
    else
      drop_bridged(bridge, at);
  }
}

/*
 * A timer that is early finds nothing to do, and costs less than one that is moved with every request. It is
 * never far off, so what couldn't be watched is tried again, and all is looked at closely.
 */
static void wait_at_most(struct agent_bridge *bridge, struct timeval wait)
{
  int64_t now = ow_loop_now(bridge->loop).monotonic;
  int64_t when = now + wait.tv_sec * OW_NS_PER_S + wait.tv_usec * 1000;
  if (when < bridge->when) {
    bridge->when = when;
    ow_timer_set(bridge->loop, &bridge->timer, when);
  }
}

static void follow(struct agent_bridge *bridge, const struct bridged *read)
{
  struct timeval wait = {.tv_sec = WAIT_MOST};
  int count = 0;
  int block = 0;
  NETSNMP_LARGE_FD_ZERO(&bridge->set);
  snmp_select_info2(&count, &bridge->set, &wait, &block);
  drop_what_is_gone(bridge, read);
  for (int descriptor = 0; descriptor < count; descriptor++)
    if (NETSNMP_LARGE_FD_ISSET(descriptor, &bridge->set))
      add_bridged(bridge, descriptor);
  wait_at_most(bridge, wait);
}

void agent_bridge_follow(struct agent_bridge *bridge)
{
  follow(bridge, NULL);
}

/* ---- what Net-SNMP does ---- */

static void ready(struct ow_watch *watch, uint32_t events)
{
  struct bridged *bridged = OW_CONTAINER_OF(watch, struct bridged, watch);
  struct agent_bridge *bridge = bridged->bridge;
  (void)events;
  NETSNMP_LARGE_FD_ZERO(&bridge->set);
  NETSNMP_LARGE_FD_SET(bridged->descriptor, &bridge->set);
  snmp_read2(&bridge->set);
  netsnmp_check_outstanding_agent_requests();
  follow(bridge, bridged);
}

static void waited(struct ow_timer *timer)
{
  struct agent_bridge *bridge = OW_CONTAINER_OF(timer, struct agent_bridge, timer);
  bridge->when = INT64_MAX;
  snmp_timeout();
  run_alarms();
  netsnmp_check_outstanding_agent_requests();
  agent_bridge_follow(bridge);
}

/* ---- life ---- */

struct agent_bridge *agent_bridge_open(struct ow_loop *loop)
{
  struct agent_bridge *bridge = calloc(1, sizeof *bridge);
  if (bridge) {
    bridge->loop = loop;
    bridge->timer.expired = waited;
    bridge->when = INT64_MAX;
    LIST_INIT(&bridge->all);
    netsnmp_large_fd_set_init(&bridge->set, DESCRIPTORS);
    agent_bridge_follow(bridge);
  }
  return bridge;
}

void agent_bridge_close(struct agent_bridge *bridge)
{
  if (!bridge)
    return;
  NETSNMP_LARGE_FD_ZERO(&bridge->set);
  drop_what_is_gone(bridge, NULL); /* which is all, as none is in the set */
  ow_timer_cancel(bridge->loop, &bridge->timer);
  netsnmp_large_fd_set_cleanup(&bridge->set);
  free(bridge);
}
