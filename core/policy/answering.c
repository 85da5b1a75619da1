/* SPDX-License-Identifier: MIT */
/* From owamp-server.conf to the server's configuration, at the start and at each change. */
#include "policy/answering.h"

#include <string.h>
#include <sys/resource.h>

#include "policy/test_ports.h"

/* A connection takes a descriptor, a session another unless all share a port; a quarter of them is left to
 * the program. */
static void bound_by_descriptors(const struct ow_server_conf *conf, struct ow_serve_config *config)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    if (conf->most_connections == 0 && limit.rlim_cur / 4 < config->most_connections)
      config->most_connections = (uint32_t)(limit.rlim_cur / 4);
    if (!ow_test_port_is_shared(conf) && limit.rlim_cur / 2 < config->most_sessions)
      config->most_sessions = (uint32_t)(limit.rlim_cur / 2);
  }
}

static void fill_serve_config(const struct ow_server_conf *conf, struct ow_serve_config *config)
{
  ow_serve_defaults(config);
  _Static_assert(sizeof config->address == sizeof conf->listen.address, "copied whole");
  _Static_assert(sizeof config->port == sizeof conf->listen.port, "copied whole");
  memcpy(config->address, conf->listen.address, sizeof config->address);
  memcpy(config->port, conf->listen.port, sizeof config->port);
  memcpy(config->twamp_address, conf->twamp.address, sizeof config->twamp_address);
  memcpy(config->twamp_port, conf->twamp.port, sizeof config->twamp_port);
  config->test_port_low = conf->test_port_low;
  config->test_port_high = conf->test_port_high;
  config->reflect_port = (uint16_t)conf->reflect_port;
  config->busy_wait = conf->busy_wait;
  config->pbkdf2_count = (uint32_t)conf->pbkdf2_count;
  config->control_timeout = conf->control_timeout;
  if (conf->end_delay >= 0)
    config->test_timeout = conf->end_delay;
  if (conf->most_connections > 0)
    config->most_connections = (uint32_t)conf->most_connections;
  bound_by_descriptors(conf, config);
}

static enum ow_status install(struct ow_answering *answering, struct ow_settings *settings,
                              struct ow_failure *failure)
{
  if (ow_policy_install(answering->policy, &settings->limits, &settings->keys, settings->conf.modes) != OW_OK)
    return ow_fail(failure, OW_MEMORY, "no memory for the rules");
  return OW_OK;
}

enum ow_status ow_answering_prepare(struct ow_answering *answering, struct ow_settings *settings,
                                    struct ow_failure *failure)
{
  answering->policy = ow_policy_create();
  if (!answering->policy)
    return ow_fail(failure, OW_MEMORY, "no memory for a policy");
  answering->answers = ow_policy_answers(answering->policy);
  return install(answering, settings, failure);
}

enum ow_status ow_answering_listen(struct ow_answering *answering, struct ow_loop *loop,
                                   const struct ow_server_conf *conf, const struct ow_log *log,
                                   struct ow_failure *failure)
{
  struct ow_serve_config config;
  fill_serve_config(conf, &config);
  config.listening_first = answering->listening_first;
  config.listening_count = answering->listening_count;
  config.tw_listening_first = answering->tw_listening_first;
  config.tw_listening_count = answering->tw_listening_count;
  config.test_sockets = answering->test_sockets;
  config.reflect_sockets = answering->reflect_sockets;
  answering->server = ow_serve_create(loop, &config, &answering->answers, log, failure);
  return answering->server ? OW_OK : failure->status;
}

enum ow_status ow_answering_change(struct ow_answering *answering, struct ow_settings *settings,
                                   struct ow_failure *failure)
{
  enum ow_status status = install(answering, settings, failure);
  if (status == OW_OK) {
    struct ow_serve_config config;
    fill_serve_config(&settings->conf, &config);
    ow_serve_reconfigure(answering->server, &config);
  }
  return status;
}

void ow_answering_log_reflector(const struct ow_answering *answering, const struct ow_server_conf *conf,
                                const struct ow_log *log)
{
  size_t listed = ow_policy_listed(answering->policy);
  unsigned port = (unsigned)conf->reflect_port;
  unsigned twamp = ow_serve_twamp_port(answering->server);
  if (twamp)
    ow_log(log, OW_LOG_NOTICE, "listening for TWAMP on %s port %u, UDP port %u",
           conf->twamp.address[0] ? conf->twamp.address : "*", twamp, port);
  if (port && listed == 0 && !twamp)
    ow_log(log, OW_LOG_WARNING,
           "reflectport %u: no \"assign stamp\" in the limits file lists anybody: no question is answered",
           port);
  else if (port && listed > 0)
    ow_log(log, OW_LOG_NOTICE, "STAMP is answered on UDP port %u, to whom %zu lines list", port, listed);
}

void ow_answering_end(struct ow_answering *answering)
{
  ow_serve_free(answering->server);
  ow_policy_free(answering->policy);
  *answering = (struct ow_answering){0};
}
