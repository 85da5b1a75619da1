/* SPDX-License-Identifier: MIT */
/* The subagent: what its files share. All of it is of the SNMP thread. */
#ifndef OWAMP_SNMP_AGENT_H
#define OWAMP_SNMP_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/log.h"
#include "io/limited_log.h"
#include "io/loop.h"
#include "mib.h"
#include "notify_queue.h"
#include "peer_set.h"
#include "peers.h"
#include "peers_file.h"
#include "query/query.h"
#include "stream/stream.h"

#define AGENT_NAME "owamp-agentx"
enum { AGENT_PATH = 256 };

/** What owamp-agentx.conf says. */
struct agent_conf {
  struct file_peers peers;
  uint32_t history;
  char key_file[AGENT_PATH];      /* "": none */
  char query[AGENT_PATH];         /* "": none */
  struct peer_config query_peers; /* their thresholds */
  char publish[AGENT_PATH];       /* "": nothing is published */
  char publish_group[64];
  mode_t publish_permissions;
  uint8_t notifications;
  uint32_t rate;
};

struct agent_keyed;

struct agent {
  struct agent_conf conf;
  bool starting; /* rows that were kept are read only now */
  struct peers peers;
  struct mib mib;
  struct peer_set set;
  struct notify_queue queue;
  bool connected; /* to the master agent */
  bool store;     /* rows changed that are to be kept */
  struct ow_log log;
  struct ow_limited_log refused;                  /* SETs, of which a manager may send as many as it likes */
  struct ow_loop *loop;                           /* NULL: it doesn't run yet */
  LIST_HEAD(agent_keyed_list, agent_keyed) keyed; /* streams that wait for their key to be read */
  struct ow_board *board;
  struct ow_board *mirror_board;
  struct ow_streams *streams;
  struct ow_query_mirror *mirror;
  struct ow_query_server *published;
  char following[AGENT_PATH]; /* what `mirror` follows */
  char publishing[AGENT_PATH];
};

/** The one there is: Net-SNMP's callbacks know no other way. */
extern struct agent the_agent;

#endif
