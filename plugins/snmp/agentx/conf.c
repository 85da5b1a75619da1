/* The tokens of owamp-agentx.conf, and of the rows that Net-SNMP keeps for us in its persistent store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "agentx/agent.h"
#include "io/system_clock.h"
#include "row_text.h"
#include "text/number.h"

enum { WORDS_MOST = 64, WORD = 512 };

struct words {
  char text[WORDS_MOST][WORD];
  char *list[WORDS_MOST];
  size_t count;
};

void agent_conf_defaults(struct agent_conf *conf)
{
  file_peers_clear(&conf->peers);
  *conf = (struct agent_conf){.history = AGENT_HISTORY,
                              .publish_permissions = 0660,
                              .notifications = (1U << NOTICE_KINDS) - 1,
                              .rate = NOTIFY_RATE};
  peer_config_defaults(&conf->query_peers);
}

/* One handler runs at a time, on one thread. */
static struct words words;

static struct words *split(char *line)
{
  words.count = 0;
  for (char *at = line; at && *at && words.count < WORDS_MOST;) {
    char *word = words.text[words.count];
    at = copy_nword(at, word, WORD);
    words.list[words.count++] = word;
  }
  return &words;
}

static void refuse(const struct ow_failure *failure)
{
  char sentence[OW_FAILURE_TEXT + 8];
  snprintf(sentence, sizeof sentence, "%s", failure->text);
  config_perror(sentence);
}

/* ---- owampPeer NAME KEY VALUE ... ---- */

static void read_peer(const char *token, char *line)
{
  const struct words *read = split(line);
  struct ow_failure failure = {0};
  (void)token;
  if (read->count == 0) {
    config_perror("owampPeer needs a name, and then keys and values");
    return;
  }
  struct file_peer *peer = calloc(1, sizeof *peer);
  if (!peer) {
    config_perror("no memory for the peer");
    return;
  }
  snprintf(peer->name, sizeof peer->name, "%s", read->list[0]);
  peer_config_defaults(&peer->config);
  enum ow_status status = row_read_options(&peer->config, read->list + 1, read->count - 1, &failure);
  if (status == OW_OK && strlen(read->list[0]) >= sizeof peer->name)
    status = ow_fail(&failure, OW_INVALID, "the name is longer than 63 characters");
  if (status == OW_OK)
    status = peer_config_check(&peer->config, &failure);
  if (status != OW_OK)
    refuse(&failure);
  peer->broken = status != OW_OK;
  if (file_peers_add(&the_agent.conf.peers, peer, &failure) != OW_OK && !peer->broken)
    refuse(&failure);
  free(peer);
}

static void free_peers(void)
{
  file_peers_clear(&the_agent.conf.peers);
}

/* ---- the others ---- */

static bool read_number(const char *word, uint32_t least, uint32_t most, uint32_t *number)
{
  struct ow_failure failure = {0};
  enum ow_status status = ow_number_parse(word, least, most, number, &failure);
  if (status != OW_OK)
    refuse(&failure);
  return status == OW_OK;
}

static bool read_path(const struct words *read, char out[AGENT_PATH])
{
  bool fits = read->count > 0 && read->list[0][0] == '/' && strlen(read->list[0]) < AGENT_PATH;
  if (fits)
    snprintf(out, AGENT_PATH, "%s", read->list[0]);
  else
    config_perror("needs an absolute path of at most 255 characters");
  return fits;
}

static void read_history(const char *token, char *line)
{
  const struct words *read = split(line);
  uint32_t history;
  (void)token;
  if (read_number(read->count ? read->list[0] : "", 1, AGENT_HISTORY_MOST, &history))
    the_agent.conf.history = history;
}

static void read_key_file(const char *token, char *line)
{
  (void)token;
  (void)read_path(split(line), the_agent.conf.key_file);
}

static void read_query(const char *token, char *line)
{
  struct words *read = split(line);
  struct ow_failure failure = {0};
  (void)token;
  if (!read_path(read, the_agent.conf.query))
    return;
  static const char *const allowed[] = {"warning", "critical", "raise", "uncertain"};
  for (size_t i = 1; i < read->count; i += 2) {
    bool known = false;
    for (size_t j = 0; j < sizeof allowed / sizeof *allowed; j++)
      known = known || strcmp(read->list[i], allowed[j]) == 0;
    if (!known)
      config_perror("owampQuerySocket takes warning, critical, raise and uncertain: all else is not ours");
  }
  if (row_read_options(&the_agent.conf.query_peers, read->list + 1, read->count - 1, &failure) != OW_OK)
    refuse(&failure);
}

static void read_publish(const char *token, char *line)
{
  const struct words *read = split(line);
  struct agent_conf *conf = &the_agent.conf;
  (void)token;
  if (!read_path(read, conf->publish))
    return;
  for (size_t i = 1; i + 1 < read->count; i += 2) {
    const char *value = read->list[i + 1];
    char *end = NULL;
    unsigned long permissions = strtoul(value, &end, 8);
    if (strcmp(read->list[i], "group") == 0 && strlen(value) < sizeof conf->publish_group)
      snprintf(conf->publish_group, sizeof conf->publish_group, "%s", value);
    else if (strcmp(read->list[i], "permissions") == 0 && !*end && permissions <= 0777)
      conf->publish_permissions = (mode_t)permissions;
    else
      config_perror("owampPublish PATH [group NAME] [permissions OCTAL]");
  }
  if (read->count % 2 == 0)
    config_perror("owampPublish PATH [group NAME] [permissions OCTAL]");
}

static void read_notifications(const char *token, char *line)
{
  const struct words *read = split(line);
  uint8_t enabled = 0;
  bool known = read->count > 0;
  (void)token;
  for (size_t i = 0; i < read->count && known; i++)
    known = notify_word(read->list[i], &enabled);
  if (known)
    the_agent.conf.notifications = enabled;
  else
    config_perror("owampNotifications takes all, none, or some of raised, cleared, peerDown and peerUp");
}

static void read_rate(const char *token, char *line)
{
  const struct words *read = split(line);
  uint32_t rate;
  (void)token;
  if (read_number(read->count ? read->list[0] : "", 1, NOTIFY_RATE_MOST, &rate))
    the_agent.conf.rate = rate;
}

/* ---- rows that are kept: owampRow OWNER NAME active|waiting KEY VALUE ... ---- */

/* They are read before the sources are open, so they wait here. */
static struct kept_row {
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  bool active;
  struct peer_config config;
} * kept;
static size_t kept_count;

static void read_row(const char *token, char *line)
{
  const struct words *read = split(line);
  struct ow_failure failure = {0};
  (void)token;
  if (!the_agent.starting)
    return; /* a reread: the table knows better */
  struct kept_row row = {.active = read->count >= 3 && strcmp(read->list[2], "active") == 0};
  peer_config_defaults(&row.config);
  if (read->count < 3 || strlen(read->list[0]) >= sizeof row.owner ||
      strlen(read->list[1]) >= sizeof row.name) {
    config_perror("a row that was kept can't be read");
    return;
  }
  snprintf(row.owner, sizeof row.owner, "%s", read->list[0]);
  snprintf(row.name, sizeof row.name, "%s", read->list[1]);
  enum ow_status status = row_read_options(&row.config, read->list + 3, read->count - 3, &failure);
  struct kept_row *rows = status == OW_OK ? reallocarray(kept, kept_count + 1, sizeof *rows) : NULL;
  if (rows) {
    kept = rows;
    kept[kept_count++] = row;
  } else {
    refuse(&failure);
  }
}

void agent_conf_restore(struct agent *agent)
{
  struct ow_timestamp now = ow_system_stamp();
  for (size_t i = 0; i < kept_count; i++) {
    struct ow_failure failure = {0};
    struct peer *peer = NULL;
    if (peers_add(&agent->peers, kept[i].owner, kept[i].name, PEER_OF_SNMP, &peer, &failure) != OW_OK) {
      snmp_log(LOG_ERR, "a row that was kept: %s\n", failure.text);
      continue;
    }
    peer->config = kept[i].config;
    memcpy(peer->config.stream.name, peer->stream, sizeof peer->stream);
    bool whole = peer_config_check(&peer->config, &failure) == OW_OK;
    peer->status = whole ? ROW_NOT_IN_SERVICE : ROW_NOT_READY;
    if (whole && kept[i].active)
      peer_start(&agent->peers, peer, now);
  }
  free(kept);
  kept = NULL;
  kept_count = 0;
  agent->starting = false;
}

static int store_rows(int major, int minor, void *server, void *client)
{
  const struct peers *peers = &the_agent.peers;
  char line[ROW_TEXT + 16] = "owampRow ";
  (void)major;
  (void)minor;
  (void)server;
  (void)client;
  for (size_t i = 0; i < peers->count; i++) {
    const struct peer *peer = peers->list[i];
    if (peer->origin == PEER_OF_SNMP && peer->storage == ROW_NON_VOLATILE) {
      char text[ROW_TEXT];
      snprintf(line, sizeof line, "owampRow %s", row_print(text, peer));
      read_app_config_store(line);
    }
  }
  return SNMPERR_SUCCESS;
}

void agent_store(void)
{
  snmp_store(AGENT_NAME);
}

void agent_conf_register(void)
{
  register_app_config_handler("owampPeer", read_peer, free_peers, "NAME KEY VALUE [KEY VALUE]...");
  register_app_config_handler("owampHistory", read_history, NULL, "INTERVALS");
  register_app_config_handler("owampKeyFile", read_key_file, NULL, "PATH");
  register_app_config_handler("owampQuerySocket", read_query, NULL, "PATH [KEY VALUE]...");
  register_app_config_handler("owampPublish", read_publish, NULL, "PATH [group NAME] [permissions OCTAL]");
  register_app_config_handler("owampNotifications", read_notifications, NULL,
                              "all|none|raised cleared peerDown peerUp");
  register_app_config_handler("owampNotificationRate", read_rate, NULL, "A-SECOND");
  register_app_config_handler("owampRow", read_row, NULL, NULL);
  snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_STORE_DATA, store_rows, NULL);
}
