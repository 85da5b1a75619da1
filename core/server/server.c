#include "server/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "control/server.h"
#include "io/channel.h"
#include "io/listener.h"
#include "server/fetch_answer.h"
#include "server/kept_sessions.h"
#include "server/session.h"
#include "traffic/session_receiver.h"
#include "traffic/session_sender.h"
#include "traffic/traffic.h"

#define SETUP_TIMEOUT (30 * OW_NS_PER_S)

struct connection {
  TAILQ_ENTRY(connection) all;
  struct ow_serve *server;
  struct ow_channel channel;
  struct ow_timer timer;  /* the machine's deadline */
  struct ow_timer linger; /* every session is done: the client should stop them */
  struct ow_post burial;  /* frees it, when nothing on the stack uses it */
  struct ow_server *machine;
  struct ow_serve_client client;
  char name[OW_ADDRESS_TEXT];
  struct ow_serve_sessions sessions; /* requested or running */
  struct ow_serve_fetch fetch;
  struct ow_passphrase passphrase;
};

TAILQ_HEAD(connections, connection);

struct ow_serve {
  struct ow_serve_common common;
  struct ow_listeners listeners;
  struct connections connections;
  struct connections buried;
  struct ow_serve_kept_sessions kept;
};

/* ---- sending ---- */

static void watch_deadline(struct connection *connection)
{
  int64_t deadline = ow_server_deadline(connection->machine);
  if (deadline == OW_NEVER)
    ow_timer_cancel(connection->server->common.loop, &connection->timer);
  else
    ow_timer_set(connection->server->common.loop, &connection->timer, deadline);
}

static void flush(struct connection *connection)
{
  if (connection->channel.open) {
    ow_channel_flush(&connection->channel);
    watch_deadline(connection);
  }
}

/* ---- sessions of a connection ---- */

static uint32_t ends_of_senders(struct connection *connection, struct ow_session_end *ends)
{
  struct ow_serve_session *session;
  uint32_t count = 0;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  if (session->sender.open) {
    ow_test_sender_stop(&session->sender);
    if (ends)
      ends[count] = ow_sender_end(session->sender.sender);
    count++;
  }
  return count;
}

static const struct ow_session_end *end_of(const struct ow_serve_session *session,
                                           const struct ow_session_end *ends, uint32_t count)
{
  const struct ow_session_end *found = NULL;
  for (uint32_t i = 0; i < count; i++)
    if (memcmp(ends[i].sid.octets, session->request.sid.octets, OW_SID) == 0)
      found = &ends[i];
  return found;
}

/* Traffic ends; what was received can be fetched from now on by whoever may. */
static void end_sessions(struct connection *connection, const struct ow_session_end *ends, uint32_t count)
{
  struct ow_serve_session *session;
  ow_timer_cancel(connection->server->common.loop, &connection->linger);
  while ((session = TAILQ_FIRST(&connection->sessions))) {
    TAILQ_REMOVE(&connection->sessions, session, of_connection);
    session->connection = NULL;
    ow_serve_session_end(session, end_of(session, ends, count));
    if (!session->running)
      ow_serve_forget(&connection->server->kept, session);
    ow_serve_session_drop(session);
  }
}

static enum ow_status send_stop(struct connection *connection, enum ow_accept accept)
{
  uint32_t count = ends_of_senders(connection, NULL);
  struct ow_session_end *ends = calloc(count ? count : 1, sizeof *ends);
  enum ow_status status = OW_MEMORY;
  if (ends) {
    (void)ends_of_senders(connection, ends);
    status = ow_server_stop_sessions(connection->machine, ow_loop_now(connection->server->common.loop),
                                     accept, ends, count);
  }
  free(ends);
  return status;
}

/* ---- the end of a connection ---- */

static void free_connection(struct connection *connection)
{
  ow_wipe(connection, sizeof *connection);
  free(connection);
}

static void bury(struct ow_post *post)
{
  struct connection *connection = OW_CONTAINER_OF(post, struct connection, burial);
  TAILQ_REMOVE(&connection->server->buried, connection, all);
  free_connection(connection);
}

static void close_connection(struct connection *connection)
{
  struct ow_serve *server = connection->server;
  if (!connection->channel.open)
    return;
  ow_serve_fetch_abandon(&connection->fetch);
  end_sessions(connection, NULL, 0);
  ow_timer_cancel(server->common.loop, &connection->timer);
  ow_channel_close(&connection->channel);
  server->common.policy->leave(server->common.policy->context, &connection->client);
  ow_server_free(connection->machine);
  connection->machine = NULL;
  server->common.counts.connections--;
  TAILQ_REMOVE(&server->connections, connection, all);
  TAILQ_INSERT_TAIL(&server->buried, connection, all);
}

/* Send what is left (an answer that says no), then close. */
static void close_after_last_words(struct connection *connection)
{
  if (connection->channel.open) {
    ow_channel_flush(&connection->channel);
    close_connection(connection);
    connection->burial.run = bury;
    ow_loop_post(connection->server->common.loop, &connection->burial);
  }
}

static void break_off(struct connection *connection, const struct ow_failure *failure)
{
  ow_log(connection->server->common.log, OW_LOG_WARNING, "client %s: %s", connection->name, failure->text);
  close_after_last_words(connection);
}

static void require(struct connection *connection, enum ow_status status)
{
  struct ow_failure failure;
  if (status != OW_OK) {
    ow_fail(&failure, status, "can't write an answer: no memory, or too much waits to be sent");
    break_off(connection, &failure);
  }
}

/* ---- events ---- */

static void on_set_up(struct connection *connection, const char *key_id)
{
  struct ow_serve *server = connection->server;
  struct ow_failure why = {0};
  size_t length = strnlen(key_id, sizeof connection->client.key_id - 1);
  memcpy(connection->client.key_id, key_id, length);
  connection->client.mode = ow_server_mode(connection->machine);
  enum ow_accept accept =
      server->common.policy->identify(server->common.policy->context, &connection->client, &why);
  enum ow_status status = ow_server_set_up(connection->machine, ow_loop_now(server->common.loop), accept);
  if (accept == OW_ACCEPT_OK) {
    ow_log(server->common.log, OW_LOG_INFO, "client %s: set up, mode %s", connection->name,
           ow_mode_name(connection->client.mode));
    require(connection, status);
  } else {
    server->common.counts.refused_total++;
    break_off(connection, &why);
  }
}

static void consider_linger(struct connection *connection)
{
  struct ow_serve_session *session;
  int64_t longest = 0;
  bool finished = true;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  {
    int64_t timeout = ow_span_to_ns(session->request.timeout);
    finished = finished && ow_serve_session_finished(session);
    longest = timeout > longest ? timeout : longest;
  }
  if (finished && ow_server_state(connection->machine) == OW_SERVER_RUNNING)
    ow_timer_set(connection->server->common.loop, &connection->linger,
                 ow_loop_now(connection->server->common.loop).monotonic + longest +
                     connection->server->common.config.test_timeout);
}

static void on_session_done(struct ow_serve_session *session)
{
  if (session->connection)
    consider_linger(session->connection);
}

/* The client left its finished sessions running: stop them ourselves. */
static void on_linger(struct ow_timer *timer)
{
  struct connection *connection = OW_CONTAINER_OF(timer, struct connection, linger);
  if (ow_server_state(connection->machine) == OW_SERVER_RUNNING) {
    require(connection, send_stop(connection, OW_ACCEPT_OK));
    flush(connection);
  }
}

static void on_request(struct connection *connection, const struct ow_server_event *event)
{
  struct ow_serve *server = connection->server;
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {0};
  const struct ow_serve_asked asked = {.request = event->request,
                                       .slots = event->slots,
                                       .client = &connection->client,
                                       .machine = connection->machine,
                                       .local = ow_channel_local(&connection->channel),
                                       .remote = ow_channel_remote(&connection->channel)};
  struct ow_serve_session *session = ow_serve_session_open(&server->common, &asked, &acceptance, &why);
  if (session && session->request.server_receives && !ow_serve_keep(&server->kept, session)) {
    ow_serve_session_drop(session);
    session = NULL;
    acceptance = (struct ow_session_acceptance){.accept = OW_ACCEPT_INTERNAL_ERROR};
    ow_fail(&why, OW_MEMORY, "no memory to keep a session");
  }
  if (session) {
    session->connection = connection;
    session->done = on_session_done;
    TAILQ_INSERT_TAIL(&connection->sessions, session, of_connection);
    server->common.counts.sessions_total++;
  } else {
    server->common.counts.refused_total++;
    ow_log(server->common.log, OW_LOG_NOTICE, "client %s: session refused with %s: %s", connection->name,
           ow_accept_text(acceptance.accept), why.text);
  }
  require(connection,
          ow_server_answer_session(connection->machine, ow_loop_now(server->common.loop), &acceptance));
}

/* The answer goes first: the client's own packets may be waiting for it. */
static void on_start(struct connection *connection)
{
  struct ow_failure failure = {0};
  struct ow_serve_session *session;
  enum ow_status status =
      ow_server_answer_start(connection->machine, ow_loop_now(connection->server->common.loop), OW_ACCEPT_OK);
  if (status == OW_OK)
    ow_channel_flush(&connection->channel);
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  if (status == OW_OK && !session->running)
    status = ow_serve_session_start(session, &failure);
  require(connection, status);
  if (connection->channel.open)
    consider_linger(connection);
}

static void on_stop(struct connection *connection, const struct ow_server_event *event)
{
  enum ow_status status = OW_OK;
  if (event->accept != OW_ACCEPT_OK)
    ow_log(connection->server->common.log, OW_LOG_NOTICE, "client %s: ended its sessions with %s",
           connection->name, ow_accept_text(event->accept));
  if (ow_server_state(connection->machine) == OW_SERVER_DECIDE_STOP)
    status = send_stop(connection, OW_ACCEPT_OK);
  end_sessions(connection, event->ends, event->end_count);
  require(connection, status);
}

static void on_fetch(struct connection *connection, const struct ow_fetch_request *request)
{
  struct ow_failure failure;
  if (ow_serve_fetch_answer(&connection->fetch, &connection->server->kept, connection->machine,
                            &connection->client, request, &failure) != OW_OK)
    break_off(connection, &failure);
}

/* ---- octets ---- */

static void act(struct connection *connection, const struct ow_server_event *event)
{
  switch (event->kind) {
  case OW_SERVER_NOTHING: break;
  case OW_SERVER_SET_UP: on_set_up(connection, event->key_id); break;
  case OW_SERVER_REQUEST: on_request(connection, event); break;
  case OW_SERVER_START_ASKED: on_start(connection); break;
  case OW_SERVER_STOP: on_stop(connection, event); break;
  case OW_SERVER_FETCH: on_fetch(connection, &event->fetch); break;
  case OW_SERVER_BROKEN: break_off(connection, &event->failure); break;
  }
}

static void on_received(struct ow_channel *channel)
{
  struct connection *connection = OW_CONTAINER_OF(channel, struct connection, channel);
  struct ow_reader input = ow_channel_input(channel);
  struct ow_server_event event;
  ow_server_receive(connection->machine, ow_loop_now(connection->server->common.loop), &input, &event);
  ow_channel_taken(channel, &input);
  if (event.kind != OW_SERVER_NOTHING)
    ow_channel_offer(channel);
  act(connection, &event);
  flush(connection);
}

static void on_drained(struct ow_channel *channel)
{
  struct connection *connection = OW_CONTAINER_OF(channel, struct connection, channel);
  struct ow_failure failure;
  if (ow_server_state(connection->machine) == OW_SERVER_FETCHING) {
    if (ow_serve_fetch_go_on(&connection->fetch, &connection->server->kept, connection->machine, &failure) !=
        OW_OK)
      break_off(connection, &failure);
    if (channel->open)
      ow_channel_offer(channel);
    flush(connection);
  } else {
    ow_buffer_shrink(channel->output);
  }
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  struct connection *connection = OW_CONTAINER_OF(channel, struct connection, channel);
  ow_log(connection->server->common.log, reason ? OW_LOG_NOTICE : OW_LOG_INFO, "client %s: %s%s",
         connection->name, reason ? reason : "gone",
         TAILQ_EMPTY(&connection->sessions) ? "" : ", with sessions running");
  close_after_last_words(connection);
}

static void on_deadline(struct ow_timer *timer)
{
  struct connection *connection = OW_CONTAINER_OF(timer, struct connection, timer);
  struct ow_server_event event;
  ow_server_expired(connection->machine, &event);
  break_off(connection, &event.failure);
}

/* ---- new connections ---- */

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  struct connection *connection = context;
  const struct ow_serve_policy *policy = connection->server->common.policy;
  bool found = policy->find_key(policy->context, key_id, &connection->passphrase);
  if (found) {
    *passphrase = connection->passphrase.octets;
    *octets = connection->passphrase.length;
  }
  return found;
}

static uint32_t admit(struct ow_serve *server, struct ow_serve_client *client, struct ow_failure *why)
{
  if (server->common.counts.connections >= server->common.config.most_connections) {
    ow_fail(why, OW_LIMIT, "%u control connections are open, and no more are allowed",
            server->common.counts.connections);
    return 0;
  }
  return server->common.policy->admit(server->common.policy->context, client, why);
}

static struct connection *create_connection(struct ow_serve *server, int socket,
                                            const union ow_address *remote)
{
  struct connection *connection = calloc(1, sizeof *connection);
  struct ow_failure why = {0};
  if (!connection) {
    close(socket);
    return NULL;
  }
  connection->server = server;
  TAILQ_INIT(&connection->sessions);
  ow_address_print(connection->name, sizeof connection->name, remote);
  connection->client.address = ow_address_to_endpoint(remote);
  const struct ow_server_config config = {
      .modes = admit(server, &connection->client, &why),
      .pbkdf2_count = server->common.config.pbkdf2_count,
      .setup_timeout = SETUP_TIMEOUT < server->common.config.control_timeout
                           ? SETUP_TIMEOUT
                           : server->common.config.control_timeout,
      .idle_timeout = server->common.config.control_timeout,
      .up_since = server->common.up_since,
      .random = ow_system_random,
      .key_context = connection,
      .find_key = find_key,
  };
  if (config.modes == 0) {
    server->common.counts.refused_total++;
    ow_log(server->common.log, OW_LOG_NOTICE, "client %s: turned away: %s", connection->name, why.text);
  }
  connection->machine = ow_server_create(&config, ow_loop_now(server->common.loop));
  connection->timer.expired = on_deadline;
  connection->linger.expired = on_linger;
  connection->channel.received = on_received;
  connection->channel.drained = on_drained;
  connection->channel.over = on_over;
  if (!connection->machine ||
      ow_channel_adopt(&connection->channel, server->common.loop, socket, &why) != OW_OK) {
    if (!connection->machine)
      close(socket);
    ow_server_free(connection->machine);
    free_connection(connection);
    return NULL;
  }
  connection->channel.output = ow_server_output(connection->machine);
  TAILQ_INSERT_TAIL(&server->connections, connection, all);
  server->common.counts.connections++;
  flush(connection);
  if (config.modes == 0)
    close_after_last_words(connection);
  return connection;
}

static void on_connection(struct ow_listeners *listeners, int socket, const union ow_address *remote)
{
  struct ow_serve *server = OW_CONTAINER_OF(listeners, struct ow_serve, listeners);
  if (!create_connection(server, socket, remote))
    ow_log(server->common.log, OW_LOG_ERROR, "no memory for a control connection");
}

/* ---- life ---- */

struct ow_serve *ow_serve_create(struct ow_loop *loop, const struct ow_serve_config *config,
                                 const struct ow_serve_policy *policy, const struct ow_log *log,
                                 struct ow_failure *failure)
{
  struct ow_serve *server = calloc(1, sizeof *server);
  if (!server) {
    ow_fail(failure, OW_MEMORY, "no memory for a server");
    return NULL;
  }
  server->common = (struct ow_serve_common){
      .loop = loop, .config = *config, .policy = policy, .log = log, .up_since = ow_loop_now(loop).wall};
  TAILQ_INIT(&server->connections);
  TAILQ_INIT(&server->buried);
  ow_serve_kept_prepare(&server->kept, &server->common);
  ow_listeners_prepare(&server->listeners, loop, on_connection);
  enum ow_status status = ow_traffic_open(&server->common.traffic, loop);
  if (status != OW_OK)
    ow_fail(failure, status, "no memory for a server");
  else
    status = ow_listeners_open(&server->listeners, config->address, config->port, failure);
  if (status != OW_OK) {
    ow_serve_free(server);
    server = NULL;
  }
  return server;
}

void ow_serve_free(struct ow_serve *server)
{
  struct connection *connection;
  if (!server)
    return;
  while ((connection = TAILQ_FIRST(&server->connections)))
    close_connection(connection);
  ow_serve_kept_clear(&server->kept);
  while ((connection = TAILQ_FIRST(&server->buried))) {
    TAILQ_REMOVE(&server->buried, connection, all);
    free_connection(connection);
  }
  ow_listeners_close(&server->listeners);
  ow_traffic_close(&server->common.traffic);
  free(server);
}

uint16_t ow_serve_port(const struct ow_serve *server)
{
  return server->listeners.port;
}

void ow_serve_reconfigure(struct ow_serve *server, const struct ow_serve_config *config)
{
  server->common.config = *config;
}

struct ow_serve_counts ow_serve_count(const struct ow_serve *server)
{
  return server->common.counts;
}
