/* SPDX-License-Identifier: MIT */
/* Defaults first, then blocks; one that is wrong is refused with a reason, the others stay. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"
#include "log.h"
#include "text/field.h"
#include "text/number.h"
#include "text/port_range.h"
#include "text/word.h"

/* ---- lists of pointers ---- */

/* A place for one more at the end. NULL without memory. */
static void *grow(void *list, size_t count)
{
  return reallocarray(list, count + 1, sizeof(void *));
}

static int compare_name(const void *name, const void *element)
{
  const struct owamp_peer *const *peer = element;
  return strcmp(name, (*peer)->stream.name);
}

static enum ow_status add_peer(struct owamp_config *config, const struct ow_stream_config *stream,
                               const struct owamp_peer_settings *settings, struct ow_failure *failure)
{
  bool found;
  size_t place = ow_sorted_place(config->peers, config->peer_count, sizeof *config->peers, stream->name,
                                 compare_name, &found);
  if (found)
    return ow_fail(failure, OW_INVALID, "there is a peer of this name already");
  struct owamp_peer *peer = malloc(sizeof *peer);
  struct owamp_peer **peers =
      peer ? ow_sorted_open(config->peers, &config->peer_count, sizeof *peers, place) : NULL;
  if (!peers) {
    free(peer);
    return ow_fail(failure, OW_MEMORY, "no memory");
  }
  peer->stream = *stream;
  owamp_peer_rules(settings, &peer->rules);
  peers[place] = peer;
  config->peers = peers;
  return OW_OK;
}

static enum ow_status add_query(struct owamp_config *config, const char *path,
                                const struct owamp_peer_settings *settings, struct ow_failure *failure)
{
  for (size_t i = 0; i < config->query_count; i++)
    if (strcmp(config->queries[i]->path, path) == 0)
      return ow_fail(failure, OW_INVALID, "this socket is read already");
  struct owamp_query *query = malloc(sizeof *query);
  struct owamp_query **queries = query ? grow(config->queries, config->query_count) : NULL;
  if (!queries) {
    free(query);
    return ow_fail(failure, OW_MEMORY, "no memory");
  }
  owamp_peer_rules(settings, &query->rules);
  enum ow_status status = ow_field_copy(query->path, sizeof query->path, path, failure);
  config->queries = queries;
  if (status == OW_OK)
    queries[config->query_count++] = query;
  else
    free(query);
  return status;
}

/* ---- blocks ---- */

static enum ow_status take_children(struct owamp_block *block, const oconfig_item_t *item,
                                    struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  for (int i = 0; i < item->children_num && status == OW_OK; i++)
    status = owamp_block_take(block, &item->children[i], failure);
  return status;
}

static enum ow_status check_name(const char *name, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (!ow_stream_name_valid(name))
    status = ow_fail(failure, OW_INVALID,
                     "a name has 1 to %d printable ASCII characters, without space, '/', '\"' and '\\'",
                     OW_STREAM_NAME - 1);
  return status;
}

static enum ow_status read_peer(struct owamp_config *config, const oconfig_item_t *item, const char *name,
                                struct owamp_peer_settings *settings, struct ow_failure *failure)
{
  struct owamp_block block = owamp_peer_block(settings, OWAMP_IN_PEER);
  struct ow_stream_config stream;
  enum ow_status status = check_name(name, failure);
  if (status == OW_OK)
    status = take_children(&block, item, failure);
  if (status == OW_OK)
    status = owamp_peer_block_end(&block, failure);
  ow_stream_of_settings(&stream, name, &settings->peer);
  if (status == OW_OK)
    status = ow_stream_check(&stream, failure);
  if (status == OW_OK)
    status = add_peer(config, &stream, settings, failure);
  ow_peer_clear(&stream.peer);
  return status;
}

static enum ow_status read_query(struct owamp_config *config, const oconfig_item_t *item, const char *path,
                                 struct owamp_peer_settings *settings, struct ow_failure *failure)
{
  struct owamp_block block = owamp_peer_block(settings, OWAMP_IN_QUERY);
  enum ow_status status = OW_OK;
  if (path[0] != '/')
    status = ow_fail(failure, OW_INVALID, "the socket's path is not absolute");
  if (status == OW_OK)
    status = take_children(&block, item, failure);
  if (status == OW_OK)
    status = add_query(config, path, settings, failure);
  return status;
}

/* ---- <Responder> ---- */

static enum ow_status set_listen(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_field_copy(responder->listen, sizeof responder->listen, text, failure);
}

static enum ow_status set_responder_keys(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_field_copy(responder->key_file, sizeof responder->key_file, text, failure);
}

static enum ow_status set_limits(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_field_copy(responder->limits_file, sizeof responder->limits_file, text, failure);
}

static enum ow_status set_responder_mode(void *options, const char *text, struct ow_failure *failure)
{
  return owamp_take_mode(&((struct ow_embedded_options *)options)->modes, text, failure);
}

static enum ow_status set_responder_ports(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_port_range_parse(text, &responder->test_port_low, &responder->test_port_high, failure);
}

static enum ow_status set_twamp(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_field_copy(responder->twamp, sizeof responder->twamp, text, failure);
}

static enum ow_status set_reflect_port(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  uint32_t port = 0;
  enum ow_status status = ow_number_parse(text, 1, UINT16_MAX, &port, failure);
  responder->reflect_port = (uint16_t)port;
  return status;
}

static enum ow_status set_most_connections(void *options, const char *text, struct ow_failure *failure)
{
  struct ow_embedded_options *responder = options;
  return ow_number_parse(text, 1, 100000, &responder->most_connections, failure);
}

static enum ow_status set_verbose(void *options, const char *text, struct ow_failure *failure)
{
  bool verbose = ow_same_word(text, "true");
  ((struct ow_embedded_options *)options)->verbose = verbose;
  if (!verbose && !ow_same_word(text, "false"))
    return ow_fail(failure, OW_INVALID, "the value is neither true nor false");
  return OW_OK;
}

static const struct owamp_keyword responder_keywords[] = {
    {"Listen", OWAMP_TEXT, false, 1, set_listen},
    {"KeyFile", OWAMP_TEXT, false, 1, set_responder_keys},
    {"LimitsFile", OWAMP_TEXT, false, 1, set_limits},
    {"Mode", OWAMP_TEXT, true, 1, set_responder_mode},
    {"TestPorts", OWAMP_NUMBER, false, 1, set_responder_ports},
    {"ListenTwamp", OWAMP_TEXT, false, 1, set_twamp},
    {"ReflectPort", OWAMP_NUMBER, false, 1, set_reflect_port},
    {"MaxConnections", OWAMP_NUMBER, false, 1, set_most_connections},
    {"Verbose", OWAMP_BOOLEAN, false, 1, set_verbose},
};

struct owamp_block owamp_responder_block(struct ow_embedded_options *options)
{
  return (struct owamp_block){.keywords = responder_keywords,
                              .count = sizeof responder_keywords / sizeof *responder_keywords,
                              .place = 1,
                              .settings = options};
}

static enum ow_status read_responder(struct owamp_config *config, const oconfig_item_t *item,
                                     struct ow_failure *failure)
{
  struct ow_embedded_options options;
  struct owamp_block block = owamp_responder_block(&options);
  ow_embedded_defaults(&options);
  uint32_t every_mode = options.modes;
  options.modes = 0;
  enum ow_status status = OW_OK;
  if (config->responds)
    status = ow_fail(failure, OW_INVALID, "there is one already");
  else if (item->values_num != 0)
    status = ow_fail(failure, OW_INVALID, "nothing can follow the word");
  if (status == OW_OK)
    status = take_children(&block, item, failure);
  if (options.modes == 0)
    options.modes = every_mode;
  if (status == OW_OK)
    status = ow_embedded_check(&options, failure);
  if (status == OW_OK) {
    config->responder = options;
    config->responds = true;
  }
  return status;
}

/* ---- QuerySocket ---- */

static enum ow_status set_query_socket(void *publish, const char *text, struct ow_failure *failure)
{
  struct owamp_publish *socket = publish;
  if (text[0] != '/')
    return ow_fail(failure, OW_INVALID, "the socket's path is not absolute");
  return ow_field_copy(socket->path, sizeof socket->path, text, failure);
}

static enum ow_status set_query_group(void *publish, const char *text, struct ow_failure *failure)
{
  struct owamp_publish *socket = publish;
  return ow_field_copy(socket->group, sizeof socket->group, text, failure);
}

/* Only a text: as a number, 660 would mean something else than 0660. */
static enum ow_status set_query_permissions(void *publish, const char *text, struct ow_failure *failure)
{
  struct owamp_publish *socket = publish;
  size_t length = strlen(text);
  uint32_t permissions;
  if (length < 3 || length > 4 || (length == 4 && text[0] != '0') || !ow_octal_parse(text, &permissions))
    return ow_fail(failure, OW_INVALID, "permissions are written in octal, as in \"0660\"");
  socket->permissions = permissions;
  return OW_OK;
}

static const struct owamp_keyword publish_keywords[] = {
    {"QuerySocket", OWAMP_TEXT, false, 1, set_query_socket},
    {"QuerySocketGroup", OWAMP_TEXT, false, 1, set_query_group},
    {"QuerySocketPerms", OWAMP_TEXT, false, 1, set_query_permissions},
};

/* ---- the top level ---- */

/* One reading of a <Plugin owamp> block. */
struct reading {
  struct owamp_config *config;
  struct owamp_peer_settings defaults;
  struct owamp_block default_block;
  struct owamp_block publish_block;
  bool bad_defaults;
  bool bad_socket;
};

static bool is_keyword(const oconfig_item_t *item, const char *key)
{
  return ow_same_word(item->key, key);
}

static bool is_block(const oconfig_item_t *item)
{
  return is_keyword(item, "Peer") || is_keyword(item, "Query") || is_keyword(item, "Responder");
}

static bool is_publishing(const oconfig_item_t *item)
{
  return strncasecmp(item->key, "QuerySocket", strlen("QuerySocket")) == 0;
}

static void refuse_block(struct reading *reading, const char *what, const char *why)
{
  reading->config->refused++;
  ow_log(&owamp_log, OW_LOG_ERROR, "%s is refused: %s", what, why);
}

static void read_default(struct reading *reading, const oconfig_item_t *item)
{
  struct ow_failure failure = {.text = ""};
  enum ow_status status;
  if (is_publishing(item)) {
    status = owamp_block_take(&reading->publish_block, item, &failure);
    reading->bad_socket |= status != OW_OK;
  } else {
    status = owamp_block_take(&reading->default_block, item, &failure);
    reading->bad_defaults |= status != OW_OK;
  }
  if (status != OW_OK)
    refuse_block(reading, is_publishing(item) ? "the query socket" : "a default of all peers", failure.text);
}

static void read_defaults(struct reading *reading, const oconfig_item_t *plugin)
{
  struct ow_failure failure = {.text = ""};
  for (int i = 0; i < plugin->children_num; i++)
    if (!is_block(&plugin->children[i]))
      read_default(reading, &plugin->children[i]);
  if (owamp_peer_block_end(&reading->default_block, &failure) != OW_OK) {
    reading->bad_defaults = true;
    refuse_block(reading, "a default of all peers", failure.text);
  }
  /* Half of what was said would let in others than was meant. */
  if (reading->bad_socket)
    reading->config->publish.path[0] = '\0';
}

/* A <Peer> or <Query>: it begins as the defaults say. */
static void read_stream_block(struct reading *reading, const oconfig_item_t *item)
{
  struct ow_failure failure = {.text = ""};
  const char *argument = "";
  char shown[128];
  char what[160];
  struct owamp_peer_settings settings = reading->defaults;
  enum ow_status status = owamp_item_argument(item, &argument, &failure);
  if (status == OW_OK && reading->bad_defaults)
    status = ow_fail(&failure, OW_INVALID, "a default that it builds on is refused");
  if (status == OW_OK && is_keyword(item, "Peer"))
    status = read_peer(reading->config, item, argument, &settings, &failure);
  else if (status == OW_OK)
    status = read_query(reading->config, item, argument, &settings, &failure);
  ow_peer_clear(&settings.peer.peer);
  if (status != OW_OK) {
    ow_printable(shown, sizeof shown, argument, strlen(argument));
    snprintf(what, sizeof what, "<%s \"%s\">", is_keyword(item, "Peer") ? "Peer" : "Query", shown);
    refuse_block(reading, what, failure.text);
  }
}

static void read_block(struct reading *reading, const oconfig_item_t *item)
{
  struct ow_failure failure = {.text = ""};
  if (!is_keyword(item, "Responder"))
    read_stream_block(reading, item);
  else if (read_responder(reading->config, item, &failure) != OW_OK)
    refuse_block(reading, "<Responder>", failure.text);
}

void owamp_config_read(struct owamp_config *config, const oconfig_item_t *plugin)
{
  struct reading reading = {.config = config};
  config->publish.permissions = 0660;
  owamp_peer_defaults(&reading.defaults);
  reading.default_block = owamp_peer_block(&reading.defaults, OWAMP_IN_DEFAULTS);
  reading.publish_block = (struct owamp_block){.keywords = publish_keywords,
                                               .count = sizeof publish_keywords / sizeof *publish_keywords,
                                               .place = 1,
                                               .settings = &config->publish};
  read_defaults(&reading, plugin);
  if (config->history == 0 || ow_given_has(&reading.default_block.given, OW_PEER_HISTORY))
    config->history = reading.defaults.peer.history;
  for (int i = 0; i < plugin->children_num; i++)
    if (is_block(&plugin->children[i]))
      read_block(&reading, &plugin->children[i]);
  ow_peer_clear(&reading.defaults.peer.peer);
}

void owamp_config_clear(struct owamp_config *config)
{
  for (size_t i = 0; i < config->peer_count; i++) {
    ow_peer_clear(&config->peers[i]->stream.peer);
    free(config->peers[i]);
  }
  for (size_t i = 0; i < config->query_count; i++)
    free(config->queries[i]);
  free(config->peers);
  free(config->queries);
  *config = (struct owamp_config){0};
}
