/* SPDX-License-Identifier: MIT */
/* Configure, init, look once a second, stop: what is started is held in one structure. */
#include "plugin.h"

#include <collectd/core/daemon/plugin.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "config.h"
#include "feed.h"
#include "log.h"

enum {
  /* Two control connections, and a socket for each of two sessions a direction. */
  DESCRIPTORS_PER_PEER = 6,
  DESCRIPTORS_OF_COLLECTD = 100,
};

/* Another program's streams. */
struct source {
  struct ow_board *board;
  struct ow_query_mirror *mirror;
  struct owamp_feed *feed;
};

/* collectd's callbacks carry nothing, so there is one of this. Its calls never overlap. */
static struct {
  struct owamp_config config; /* until the start */
  struct ow_board *board;
  struct ow_streams *streams;
  struct owamp_feed *feed;
  struct ow_query_server *publisher;
  struct ow_embedded *responder;
  struct source *sources;
  size_t source_count;
} plugin;

static void init_failed(const char *what, const struct ow_failure *failure)
{
  ow_log(&owamp_log, OW_LOG_ERROR, "%s: %s", what, failure->text);
}

/* ---- init ---- */

static struct ow_board *create_board(void)
{
  uint32_t history = plugin.config.history;
  return ow_board_create(history > OWAMP_LEAST_HISTORY ? history : OWAMP_LEAST_HISTORY);
}

static void look_at_descriptors(void)
{
  struct rlimit limit;
  unsigned long long needed =
      (unsigned long long)plugin.config.peer_count * DESCRIPTORS_PER_PEER + DESCRIPTORS_OF_COLLECTD;
  if (plugin.config.responds)
    needed += plugin.config.responder.most_connections ? plugin.config.responder.most_connections : 0;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < needed)
    ow_log(
        &owamp_log, OW_LOG_WARNING,
        "%zu peers need about %llu file descriptors, but collectd may open only %llu, so some of them will "
        "fail; set LimitNOFILE=%llu or more in the unit of collectd (systemctl edit collectd)",
        plugin.config.peer_count, needed, (unsigned long long)limit.rlim_cur, needed);
}

static void start_stream(const struct owamp_peer *peer)
{
  struct ow_failure failure = {.text = ""};
  enum ow_status status = ow_streams_add(plugin.streams, &peer->stream, &failure);
  if (status == OW_OK && owamp_feed_add(plugin.feed, peer->stream.name, &peer->rules) != OW_OK)
    status = ow_fail(&failure, OW_MEMORY, "no memory");
  if (status != OW_OK)
    init_failed(peer->stream.name, &failure);
}

static void start_streams(void)
{
  struct ow_failure failure = {.text = "no memory"};
  plugin.board = create_board();
  plugin.feed = plugin.board ? owamp_feed_create(plugin.board, NULL, NULL) : NULL;
  plugin.streams = plugin.feed ? ow_streams_create(plugin.board, &owamp_log, &failure) : NULL;
  if (plugin.streams)
    for (size_t i = 0; i < plugin.config.peer_count; i++)
      start_stream(plugin.config.peers[i]);
  else
    init_failed("no peer is measured", &failure);
}

static void start_publishing(void)
{
  struct ow_failure failure = {.text = ""};
  const struct owamp_publish *publish = &plugin.config.publish;
  struct ow_query_options options = {
      .path = publish->path, .permissions = publish->permissions, .group = publish->group};
  plugin.publisher = ow_query_publish(plugin.board, &options, &owamp_log, &failure);
  if (!plugin.publisher)
    init_failed("QuerySocket", &failure);
}

static void start_source(struct source *source, const struct owamp_query *query,
                         const struct owamp_feed *above)
{
  struct ow_failure failure = {.text = "no memory"};
  source->board = create_board();
  source->feed = source->board ? owamp_feed_create(source->board, above, &query->rules) : NULL;
  if (source->feed)
    source->mirror = ow_query_follow(query->path, source->board, &owamp_log, &failure);
  if (!source->mirror)
    init_failed("Query", &failure);
}

static void start_sources(void)
{
  const struct owamp_feed *above = plugin.feed;
  plugin.sources = calloc(plugin.config.query_count, sizeof *plugin.sources);
  for (size_t i = 0; plugin.sources && i < plugin.config.query_count; i++) {
    struct source *source = &plugin.sources[plugin.source_count++];
    start_source(source, plugin.config.queries[i], above);
    above = source->feed ? source->feed : above;
  }
}

static void start_responder(void)
{
  struct ow_failure failure = {.text = ""};
  const char *where = plugin.config.responder.listen;
  plugin.responder = ow_embedded_start(&plugin.config.responder, &owamp_log, &failure);
  if (plugin.responder)
    ow_log(&owamp_log, OW_LOG_NOTICE, "<Responder> listens on %s, port %u",
           where[0] ? where : "every address", ow_embedded_port(plugin.responder));
  else
    init_failed("<Responder>", &failure);
}

/* What can't be is logged; it is no reason to take the host down. */
static int init(void)
{
  const struct owamp_config *config = &plugin.config;
  if (config->refused > 0)
    ow_log(&owamp_log, OW_LOG_WARNING,
           "%u parts of the configuration are refused, see above; %zu peers remain", config->refused,
           config->peer_count);
  else if (config->peer_count + config->query_count == 0 && !config->responds)
    ow_log(&owamp_log, OW_LOG_WARNING,
           "there is no <Peer>, <Query> or <Responder>: nothing to do (collectd drops a <Responder> block "
           "without "
           "a line in it; write Listen \":861\" there)");
  look_at_descriptors();
  /* First, so that a host that measures itself isn't refused by itself. */
  if (config->responds)
    start_responder();
  if (config->peer_count > 0 || config->publish.path[0])
    start_streams();
  if (config->publish.path[0] && plugin.streams)
    start_publishing();
  if (config->query_count > 0)
    start_sources();
  owamp_config_clear(&plugin.config);
  return 0;
}

/* ---- the others ---- */

static int configure(oconfig_item_t *item)
{
  owamp_config_read(&plugin.config, item);
  return 0; /* else collectd would refuse to start */
}

static int look(user_data_t *data)
{
  (void)data;
  if (plugin.feed)
    owamp_feed_poll(plugin.feed);
  for (size_t i = 0; i < plugin.source_count; i++)
    if (plugin.sources[i].feed)
      owamp_feed_poll(plugin.sources[i].feed);
  return 0;
}

static void stop_sources(void)
{
  for (size_t i = plugin.source_count; i > 0; i--) {
    struct source *source = &plugin.sources[i - 1];
    ow_query_unfollow(source->mirror);
    owamp_feed_free(source->feed);
    ow_board_free(source->board);
  }
  free(plugin.sources);
  plugin.sources = NULL;
  plugin.source_count = 0;
}

static int stop(void)
{
  ow_query_unpublish(plugin.publisher);
  ow_streams_free(plugin.streams);
  ow_embedded_stop(plugin.responder);
  stop_sources();
  owamp_feed_free(plugin.feed);
  ow_board_free(plugin.board);
  owamp_config_clear(&plugin.config);
  plugin.publisher = NULL;
  plugin.streams = NULL;
  plugin.responder = NULL;
  plugin.feed = NULL;
  plugin.board = NULL;
  return 0;
}

void owamp_register(void)
{
  plugin_register_complex_config("owamp", configure);
  plugin_register_init("owamp", init);
  /* Often, so that values and notifications don't wait; a look at a board without news costs nothing. */
  plugin_register_complex_read(NULL, "owamp", look, TIME_T_TO_CDTIME_T(1), NULL);
  plugin_register_shutdown("owamp", stop);
}
