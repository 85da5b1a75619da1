/* SPDX-License-Identifier: MIT */
/* In the store as owampRow OWNER NAME active|waiting KEY VALUE ... */
#include "agentx/kept_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "agentx/words.h"
#include "io/system_clock.h"
#include "row_text.h"

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
  const struct words *read = words_split(line);
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
  enum ow_status status =
      row_read_options(&row.config, &peer_face, read->list + 3, read->count - 3, NULL, &failure);
  struct kept_row *rows = status == OW_OK ? reallocarray(kept, kept_count + 1, sizeof *rows) : NULL;
  if (rows) {
    kept = rows;
    kept[kept_count++] = row;
  } else {
    words_refuse(&failure);
  }
}

void agent_kept_rows_restore(struct agent *agent)
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

void agent_kept_rows_store(void)
{
  snmp_store(AGENT_NAME);
}

void agent_kept_rows_register(void)
{
  register_app_config_handler("owampRow", read_row, NULL, NULL);
  snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_STORE_DATA, store_rows, NULL);
}
