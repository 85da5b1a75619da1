/* SPDX-License-Identifier: MIT */
/* A handler for each token, and how the files are read again. */
#include "agentx/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "agentx/words.h"
#include "base/faults.h"
#include "row_text.h"
#include "text/number.h"

void agent_conf_defaults(struct agent_conf *conf)
{
  file_peers_clear(&conf->peers);
  *conf = (struct agent_conf){
      .publish_permissions = 0660, .notifications = (1U << NOTICE_KINDS) - 1, .rate = NOTIFY_RATE};
  peer_config_defaults(&conf->query_peers);
  conf->history = conf->query_peers.stream.history;
}

/* ---- owampPeer NAME KEY VALUE ... ---- */

/* Every fault of the line is told; a peer that has one is kept as broken. */
static void read_into(struct file_peer *peer, const struct words *read)
{
  struct ow_failure failure;
  struct ow_failure fault;
  const struct ow_log log = words_log();
  struct ow_faults faults = ow_faults(&log, &failure);
  bool fits = strlen(read->list[0]) < sizeof peer->name;
  snprintf(peer->name, sizeof peer->name, "%s", read->list[0]);
  peer_config_defaults(&peer->config);
  enum ow_status status =
      row_read_options(&peer->config, &peer_face, read->list + 1, read->count - 1, &log, &fault);
  if (status == OW_OK)
    status = peer_config_check(&peer->config, &fault);
  if (status != OW_OK)
    ow_faults_add(&faults, &fault);
  if (!fits) {
    ow_fail(&fault, OW_INVALID, "the name is longer than 63 characters");
    ow_faults_add(&faults, &fault);
  }
  peer->broken = faults.status != OW_OK;
  if (file_peers_add(&the_agent.conf.peers, peer, &fault) != OW_OK && fits)
    ow_faults_add(&faults, &fault);
  if (faults.status != OW_OK)
    words_refuse(&failure);
}

static void read_peer(const char *token, char *line)
{
  const struct words *read = words_split(line);
  struct file_peer *peer = NULL;
  (void)token;
  if (read->count == 0)
    config_perror("owampPeer needs a name, and then keys and values");
  else if (!(peer = calloc(1, sizeof *peer)))
    config_perror("no memory for the peer");
  else
    read_into(peer, read);
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
    words_refuse(&failure);
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
  const struct words *read = words_split(line);
  const struct ow_peer_option *option = &ow_peer_options[OW_PEER_HISTORY];
  uint32_t history;
  (void)token;
  if (read_number(read->count ? read->list[0] : "", (uint32_t)option->least, (uint32_t)option->most,
                  &history))
    the_agent.conf.history = history;
}

static void read_key_file(const char *token, char *line)
{
  (void)token;
  (void)read_path(words_split(line), the_agent.conf.key_file);
}

static void read_query(const char *token, char *line)
{
  struct words *read = words_split(line);
  struct ow_failure failure = {0};
  const struct ow_log log = words_log();
  (void)token;
  if (!read_path(read, the_agent.conf.query))
    return;
  /* All else is the publisher's. */
  if (row_read_options(&the_agent.conf.query_peers, &peer_query_face, read->list + 1, read->count - 1, &log,
                       &failure) != OW_OK)
    words_refuse(&failure);
}

static void set_publish(struct agent_conf *conf, const char *key, const char *value)
{
  struct ow_failure failure;
  enum ow_status status = OW_OK;
  uint32_t permissions = 0;
  bool is_group = strcmp(key, "group") == 0;
  bool is_permissions = strcmp(key, "permissions") == 0;
  if (is_group && strlen(value) < sizeof conf->publish_group)
    snprintf(conf->publish_group, sizeof conf->publish_group, "%s", value);
  else if (is_group)
    status = ow_fail(&failure, OW_INVALID, "group: the name is longer than %zu characters",
                     sizeof conf->publish_group - 1);
  else if (is_permissions && ow_octal_parse(value, &permissions) && permissions <= 0777)
    conf->publish_permissions = (mode_t)permissions;
  else if (is_permissions)
    status = ow_fail(&failure, OW_INVALID,
                     "permissions: '%.40s' is not an octal number up to 0777, as in 0660", value);
  else
    status = ow_fail(&failure, OW_INVALID,
                     "there is no option '%.40s'; owampPublish PATH [group NAME] [permissions OCTAL]", key);
  if (status != OW_OK)
    words_refuse(&failure);
}

static void read_publish(const char *token, char *line)
{
  const struct words *read = words_split(line);
  struct agent_conf *conf = &the_agent.conf;
  struct ow_failure failure;
  (void)token;
  if (!read_path(read, conf->publish))
    return;
  for (size_t i = 1; i + 1 < read->count; i += 2)
    set_publish(conf, read->list[i], read->list[i + 1]);
  if (read->count % 2 == 0) {
    ow_fail(&failure, OW_INVALID, "'%.40s' has no value", read->list[read->count - 1]);
    words_refuse(&failure);
  }
}

static void read_notifications(const char *token, char *line)
{
  const struct words *read = words_split(line);
  uint8_t enabled = 0;
  bool known = read->count > 0;
  (void)token;
  for (size_t i = 0; i < read->count && known; i++)
    known = notify_word(read->list[i], &enabled);
  if (known)
    the_agent.conf.notifications = enabled;
  else
    config_perror(
        "owampNotifications takes all, none, or some of raised, cleared, peerDown, peerUp and peerServer");
}

static void read_rate(const char *token, char *line)
{
  const struct words *read = words_split(line);
  uint32_t rate;
  (void)token;
  if (read_number(read->count ? read->list[0] : "", 1, NOTIFY_RATE_MOST, &rate))
    the_agent.conf.rate = rate;
}

void agent_conf_register(void)
{
  register_app_config_handler("owampPeer", read_peer, free_peers, "NAME KEY VALUE [KEY VALUE]...");
  register_app_config_handler("owampHistory", read_history, NULL, "INTERVALS");
  register_app_config_handler("owampKeyFile", read_key_file, NULL, "PATH");
  register_app_config_handler("owampQuerySocket", read_query, NULL, "PATH [KEY VALUE]...");
  register_app_config_handler("owampPublish", read_publish, NULL, "PATH [group NAME] [permissions OCTAL]");
  register_app_config_handler("owampNotifications", read_notifications, NULL,
                              "all|none|raised cleared peerDown peerUp peerServer");
  register_app_config_handler("owampNotificationRate", read_rate, NULL, "A-SECOND");
}

/* As update_config() does, but without a second connection to the master, which that would try. */
void agent_conf_read_again(void)
{
  const char *files = netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_OPTIONALCONFIG);
  snmp_log(LOG_INFO, "reading the configuration again\n");
  agent_conf_defaults(&the_agent.conf);
  if (!netsnmp_ds_get_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS))
    read_config_files(NORMAL_CONFIG);
  for (const char *at = files; at && *at;) {
    char path[AGENT_PATH];
    size_t length = strcspn(at, ",");
    snprintf(path, sizeof path, "%.*s", (int)length, at);
    read_config_with_type(path, AGENT_NAME);
    at += length + (at[length] == ',');
  }
}
