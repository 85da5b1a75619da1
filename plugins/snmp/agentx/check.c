/* SPDX-License-Identifier: MIT */
/* What Net-SNMP logs while it reads is heard; then the keys and the group are looked for. */
#include "agentx/check.h"

#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "agentx/agent.h"
#include "agentx/lines.h"
#include "measure/peer_key.h"

static bool found;

/* A line with an unknown token is a warning to Net-SNMP; nobody reads it, so it is a fault. */
static int hear(int major, int minor, void *message, void *client)
{
  const struct snmp_log_message *logged = message;
  (void)major;
  (void)minor;
  (void)client;
  found |= logged->priority <= LOG_WARNING;
  return SNMPERR_SUCCESS;
}

void agent_check_begin(void)
{
  found = false;
  clear_callback(); /* what init_agent() wants to be told of is when to call the master */
  netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
  snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, hear, NULL);
  snmp_enable_calllog();
}

/* As when its stream begins. */
static void check_key(const struct file_peer *peer, const struct ow_log *log)
{
  const struct ow_peer_settings *settings = &peer->config.stream;
  const char *key_file = settings->key_file[0] ? settings->key_file : the_agent.conf.key_file;
  struct ow_peer wanted = settings->peer;
  struct ow_failure failure;
  enum ow_status status = OW_OK;
  if (!key_file[0])
    status = ow_fail(&failure, OW_INVALID, "there is a KeyID, but no owampKeyFile");
  else
    status = ow_peer_key_load(&wanted, key_file, wanted.key_id, log, &failure);
  agent_lines_flush();
  if (status != OW_OK) {
    snmp_log(LOG_ERR, "owampPeer %s: %s\n", peer->name, failure.text);
    found = true;
  }
  ow_peer_clear(&wanted);
}

enum ow_status agent_check_end(struct ow_failure *failure)
{
  const struct agent_conf *conf = &the_agent.conf;
  const struct ow_log log = agent_lines_log();
  snmp_disable_calllog();
  for (size_t i = 0; i < conf->peers.count; i++)
    if (!conf->peers.list[i]->broken && conf->peers.list[i]->config.stream.peer.key_id[0])
      check_key(conf->peers.list[i], &log);
  if (conf->publish_group[0] && !getgrnam(conf->publish_group)) {
    snmp_log(LOG_ERR, "owampPublish: there is no group '%s'\n", conf->publish_group);
    found = true;
  }
  return found ? ow_fail(failure, OW_INVALID, "the configuration has faults") : OW_OK;
}
