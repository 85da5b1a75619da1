/* The subagent: what its files share. All of it is of the SNMP thread, but for the log lines of others. */
#ifndef OWAMP_SNMP_AGENT_H
#define OWAMP_SNMP_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "mib.h"
#include "notify_queue.h"
#include "peer_set.h"
#include "peers.h"
#include "peers_file.h"
#include "query/query.h"
#include "stream/stream.h"

#define AGENT_NAME "owamp-agentx"
enum { AGENT_PATH = 256, AGENT_HISTORY = 12, AGENT_HISTORY_MOST = 10000 };

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

/* conf.c */
void agent_conf_register(void);
void agent_conf_defaults(struct agent_conf *conf);
/** Make the rows that were kept. Once, when the sources are open. */
void agent_conf_restore(struct agent *agent);
/** Write the rows that are to be kept. */
void agent_store(void);

/* handler.c: 0, or a Net-SNMP registration error. */
int agent_handler_register(void);

/* sources.c */
/** Boards and the streams' thread. OW_MEMORY and others with a failure. */
enum ow_status agent_sources_open(struct agent *agent, struct ow_failure *failure) OW_MUST_CHECK;
/** Do as the configuration now says: peers, query socket, publishing. What can't be is logged. */
void agent_sources_follow(struct agent *agent);
void agent_sources_close(struct agent *agent);

/* trap.c */
void agent_traps_register(void);
/** Send what may be sent now. */
void agent_traps_send(struct agent *agent, int64_t now);

/* lines.c: log lines of other threads, which snmp_log() isn't made for. */
struct ow_log agent_lines_log(void);
/** Give them to snmp_log(). */
void agent_lines_flush(void);

#endif
