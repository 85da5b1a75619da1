/* SPDX-License-Identifier: MIT */
/* Clients are admitted or turned away as they connect; how it begins, changes and ends. */
#include "server/server.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "io/limited_log.h"
#include "io/listener.h"
#include "server/accounts.h"
#include "server/common.h"
#include "server/connection.h"
#include "server/failures.h"
#include "server/kept_sessions.h"
#include "server/place.h"
#include "server/reflections.h"
#include "server/session_traffic.h"
#include "server/tw_sessions.h"

struct ow_serve {
  struct ow_serve_common common;
  struct ow_limited_log log; /* of what clients cause */
  struct ow_listeners listeners;
  struct ow_listeners tw_listeners; /* TWAMP's */
  struct ow_serve_connections connections;
  struct ow_serve_kept_sessions kept;
  struct ow_serve_reflections reflections;
  struct ow_timer patience; /* with clients, while all are drained */
};

/* ---- admission ---- */

/* The modes to offer; 0 turns the client away. */
static uint32_t admit(struct ow_serve_common *common, struct ow_serve_client *client, const char *name)
{
  uint32_t modes = 0;
  struct ow_failure why = {0};
  if (ow_serve_place_find(common, client, &why) == OW_OK)
    modes = common->policy->admit(common->policy->context, client, &why);
  if (modes == 0) {
    common->counts.refused_total++;
    ow_log(common->log, OW_LOG_NOTICE, "client %s: turned away: %s", name, why.text);
  } else {
    common->shares.keys_known = (modes & ~(uint32_t)OW_MODE_OPEN) != 0;
  }
  return modes;
}

static void take_connection(struct ow_serve *server, bool twamp, int socket, const union ow_address *remote)
{
  struct ow_serve_common *common = &server->common;
  struct ow_serve_client client = {.address = ow_address_to_endpoint(remote), .twamp = twamp};
  struct ow_failure failure;
  char name[OW_ADDRESS_TEXT];
  ow_address_print(name, sizeof name, remote);
  uint32_t modes = admit(common, &client, name);
  if (twamp && modes & OW_MODE_ENCRYPTED)
    modes |= OW_MODE_MIXED;
  if (twamp && modes)
    modes |= OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN;
  if (ow_serve_connection_open(&server->connections, socket, remote, &client, modes, &failure) != OW_OK) {
    common->policy->leave(common->policy->context, &client);
    ow_log(common->log, OW_LOG_ERROR, "client %s: %s", name, failure.text);
  }
}

static void on_connection(struct ow_listeners *listeners, int socket, const union ow_address *remote)
{
  take_connection(OW_CONTAINER_OF(listeners, struct ow_serve, listeners), false, socket, remote);
}

static void on_tw_connection(struct ow_listeners *listeners, int socket, const union ow_address *remote)
{
  take_connection(OW_CONTAINER_OF(listeners, struct ow_serve, tw_listeners), true, socket, remote);
}

/* ---- life ---- */

static enum ow_status open_test_port(struct ow_serve_common *common, struct ow_failure *failure)
{
  const struct ow_udp_given *given = &common->config.test_sockets;
  uint16_t number = common->config.test_port_low;
  return given->count > 0
             ? ow_test_port_adopt(&common->test_port, &common->traffic, given, number, common->log, failure)
             : ow_test_port_open(&common->test_port, &common->traffic, number, common->log, failure);
}

static enum ow_status open_twamp(struct ow_serve *server, struct ow_failure *failure)
{
  const struct ow_serve_config *config = &server->common.config;
  enum ow_status status =
      config->tw_listening_count > 0
          ? ow_listeners_adopt(&server->tw_listeners, config->tw_listening_first, config->tw_listening_count,
                               failure)
          : ow_listeners_open(&server->tw_listeners, config->twamp_address, config->twamp_port, failure);
  return status == OW_OK ? OW_OK : ow_fail_within(failure, "twampnode");
}

static enum ow_status open_sockets(struct ow_serve *server, struct ow_failure *failure)
{
  struct ow_serve_common *common = &server->common;
  const struct ow_serve_config *config = &common->config;
  enum ow_status status = ow_traffic_open(&common->traffic, common->loop);
  if (status != OW_OK)
    ow_fail(failure, status, "no memory for a server");
  if (status == OW_OK && ow_serve_shares_port(config->test_port_low, config->test_port_high))
    status = open_test_port(common, failure);
  if (status == OW_OK && config->reflect_port)
    status = ow_serve_reflections_open(&server->reflections, common, failure);
  if (status == OW_OK && config->listening_count > 0)
    status =
        ow_listeners_adopt(&server->listeners, config->listening_first, config->listening_count, failure);
  else if (status == OW_OK)
    status = ow_listeners_open(&server->listeners, config->address, config->port, failure);
  if (status == OW_OK && config->twamp_port[0] && !config->reflect_port)
    status = ow_fail(failure, OW_INVALID, "TWAMP needs a UDP port for its test packets (reflectport)");
  else if (status == OW_OK && config->twamp_port[0])
    status = open_twamp(server, failure);
  return status;
}

struct ow_serve *ow_serve_create(struct ow_loop *loop, const struct ow_serve_config *config,
                                 const struct ow_serve_policy *policy, const struct ow_log *log,
                                 struct ow_failure *failure)
{
  struct ow_serve *server = calloc(1, sizeof *server);
  if (!server) {
    ow_fail(failure, OW_MEMORY, "no memory for a server");
    return NULL;
  }
  ow_limited_log_open(&server->log, loop, log);
  server->common = (struct ow_serve_common){.loop = loop,
                                            .config = *config,
                                            .policy = policy,
                                            .log = &server->log.log,
                                            .up_since = ow_loop_now(loop).wall};
  server->connections = (struct ow_serve_connections){.common = &server->common, .kept = &server->kept};
  server->log.limit.client = ow_serve_account_named;
  ow_serve_accounts_prepare(&server->common);
  ow_serve_failures_prepare(&server->common);
  ow_serve_kept_prepare(&server->kept, &server->common);
  ow_listeners_prepare(&server->listeners, loop, on_connection);
  ow_listeners_prepare(&server->tw_listeners, loop, on_tw_connection);
  if (open_sockets(server, failure) != OW_OK) {
    ow_serve_free(server);
    server = NULL;
  }
  return server;
}

void ow_serve_free(struct ow_serve *server)
{
  if (!server)
    return;
  ow_timer_cancel(server->common.loop, &server->patience);
  ow_serve_connections_close(&server->connections);
  if (server->connections.drained)
    ow_loop_withdraw(server->common.loop, server->connections.drained);
  ow_serve_kept_clear(&server->kept);
  ow_serve_sessions_bury(&server->common);
  ow_serve_failures_clear(&server->common);
  ow_listeners_close(&server->listeners);
  ow_listeners_close(&server->tw_listeners);
  ow_serve_tw_end(&server->common.stopped);
  ow_serve_reflections_close(&server->reflections);
  ow_test_port_close(&server->common.test_port);
  ow_traffic_close(&server->common.traffic);
  ow_limited_log_close(&server->log);
  free(server);
}

/* ---- leave ---- */

static void on_patience(struct ow_timer *timer)
{
  struct ow_serve *server = OW_CONTAINER_OF(timer, struct ow_serve, patience);
  ow_log(server->common.log, OW_LOG_NOTICE, "%u clients did not end their sessions in time",
         server->common.counts.connections);
  ow_serve_connections_close(&server->connections);
}

void ow_serve_drain(struct ow_serve *server, int64_t within, struct ow_completion *drained)
{
  struct ow_loop *loop = server->common.loop;
  server->patience.expired = on_patience;
  ow_timer_set(loop, &server->patience, ow_loop_now(loop).monotonic + within);
  ow_listeners_close(&server->listeners);
  ow_listeners_close(&server->tw_listeners);
  ow_serve_connections_drain(&server->connections, drained);
}

uint16_t ow_serve_twamp_port(const struct ow_serve *server)
{
  return server->tw_listeners.port;
}

uint16_t ow_serve_port(const struct ow_serve *server)
{
  return server->listeners.port;
}

void ow_serve_reconfigure(struct ow_serve *server, const struct ow_serve_config *config)
{
  const struct ow_serve_config now = server->common.config;
  server->common.config = *config;
  if (ow_serve_shares_port(now.test_port_low, now.test_port_high) ||
      ow_serve_shares_port(config->test_port_low, config->test_port_high)) {
    server->common.config.test_port_low = now.test_port_low;
    server->common.config.test_port_high = now.test_port_high;
  }
  server->common.config.reflect_port = now.reflect_port;
  ow_serve_reflections_ask_anew(&server->reflections);
}

struct ow_serve_counts ow_serve_count(const struct ow_serve *server)
{
  struct ow_serve_counts counts = server->common.counts;
  counts.strangers = server->common.test_port.strangers;
  return counts;
}

void ow_serve_log_reflections(const struct ow_serve *server, const struct ow_log *log,
                              enum ow_log_level level)
{
  ow_serve_reflections_log(&server->reflections, log, level);
}

void ow_serve_log_shares(const struct ow_serve *server, const struct ow_log *log, enum ow_log_level level)
{
  ow_serve_accounts_log(&server->common, log, level);
}
