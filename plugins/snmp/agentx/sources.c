/* SPDX-License-Identifier: MIT */
/* Each source is opened, or closed and opened anew, as the configuration says. */
#include "agentx/sources.h"

#include <stdio.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "agentx/keyed_start.h"
#include "agentx/lines.h"
#include "io/system_clock.h"

/* ---- what the table of peers asks for ---- */

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  struct agent *agent = context;
  const struct ow_peer_settings *settings = &peer->config.stream;
  const char *key_file = settings->key_file[0] ? settings->key_file : agent->conf.key_file;
  struct ow_stream_config config;
  enum ow_status status = OW_OK;
  ow_stream_of_settings(&config, peer->stream, settings);
  if (config.peer.key_id[0] && !key_file[0])
    status = ow_fail(failure, OW_INVALID, "there is a KeyID, but owamp-agentx.conf names no owampKeyFile");
  else if (config.peer.key_id[0])
    status = agent_keyed_start(agent, peer, &config, key_file, failure);
  else
    status = ow_streams_add(agent->streams, &config, failure);
  ow_peer_clear(&config.peer);
  return status;
}

static void stop(void *context, const struct peer *peer)
{
  struct agent *agent = context;
  agent_keyed_forget(agent, peer);
  (void)ow_streams_remove(agent->streams, peer->stream); /* one that was refused isn't there */
}

static void notice(void *context, const struct notice *notice)
{
  struct agent *agent = context;
  notify_queue_put(&agent->queue, notice);
}

enum ow_status agent_sources_open(struct agent *agent, struct ow_failure *failure)
{
  struct peers_host host = {agent, start, stop, notice};
  enum ow_status status = OW_OK;
  agent->log = agent_lines_log();
  agent->board = ow_board_create(agent->conf.history);
  if (!agent->board || !notify_queue_init(&agent->queue, ow_system_now().monotonic))
    status = ow_fail(failure, OW_MEMORY, "no memory to begin with");
  else if (!(agent->streams = ow_streams_create(agent->board, &agent->log, failure)))
    status = failure->status;
  if (status == OW_OK) {
    peers_init(&agent->peers, &host, agent->board, agent->conf.history);
    agent->mib.peers = &agent->peers;
    agent->peers.changed = true;
  }
  return status;
}

/* ---- the query socket of another program ---- */

static void unfollow_query(struct agent *agent)
{
  ow_query_unfollow(agent->mirror);
  agent->mirror = NULL;
  peers_drop_mirrored(&agent->peers);
  ow_board_free(agent->mirror_board);
  agent->mirror_board = NULL;
  agent->following[0] = '\0';
}

static void follow_query(struct agent *agent)
{
  struct ow_failure failure = {0};
  agent->mirror_board = ow_board_create(agent->conf.history);
  if (agent->mirror_board)
    agent->mirror = ow_query_follow(agent->conf.query, agent->mirror_board, &agent->log, &failure);
  if (agent->mirror) {
    peers_mirror(&agent->peers, agent->mirror_board, &agent->conf.query_peers);
    snprintf(agent->following, sizeof agent->following, "%s", agent->conf.query);
  } else {
    snmp_log(LOG_ERR, "owampQuerySocket %s: %s\n", agent->conf.query,
             failure.text[0] ? failure.text : "no memory");
    unfollow_query(agent);
  }
}

/* ---- publishing ---- */

static void publish(struct agent *agent)
{
  struct ow_failure failure = {0};
  struct ow_query_options options = {agent->conf.publish, agent->conf.publish_permissions,
                                     agent->conf.publish_group};
  agent->published = ow_query_publish(agent->board, &options, &agent->log, &failure);
  if (agent->published)
    snprintf(agent->publishing, sizeof agent->publishing, "%s", agent->conf.publish);
  else
    snmp_log(LOG_ERR, "owampPublish: %s\n", failure.text);
}

static void unpublish(struct agent *agent)
{
  ow_query_unpublish(agent->published);
  agent->published = NULL;
  agent->publishing[0] = '\0';
}

/* ---- all together ---- */

static void complain(const char *sentence)
{
  snmp_log(LOG_ERR, "owamp-agentx.conf: %s\n", sentence);
}

static bool same_thresholds(const struct agent *agent)
{
  return peer_config_same(&agent->peers.mirror_config, &agent->conf.query_peers);
}

void agent_sources_follow(struct agent *agent)
{
  const struct agent_conf *conf = &agent->conf;
  if (conf->history != agent->peers.history)
    snmp_log(LOG_WARNING, "owampHistory %u will hold from the next start on\n", conf->history);
  agent->queue.enabled = conf->notifications;
  agent->queue.rate = conf->rate;
  if (agent->mirror && (strcmp(conf->query, agent->following) != 0 || !same_thresholds(agent)))
    unfollow_query(agent);
  if (conf->query[0] && !agent->mirror)
    follow_query(agent);
  if (agent->published && strcmp(conf->publish, agent->publishing) != 0)
    unpublish(agent);
  peers_follow_file(&agent->peers, &conf->peers, ow_system_stamp(), complain);
  if (conf->publish[0] && !agent->published)
    publish(agent);
}

void agent_sources_close(struct agent *agent)
{
  ow_query_unpublish(agent->published);
  ow_query_unfollow(agent->mirror);
  ow_streams_free(agent->streams);
  peers_clear(&agent->peers);
  mib_clear(&agent->mib);
  peer_set_finish(&agent->set);
  notify_queue_clear(&agent->queue);
  ow_board_free(agent->mirror_board);
  ow_board_free(agent->board);
  file_peers_clear(&agent->conf.peers);
}
