/* SPDX-License-Identifier: MIT */
/* What the machine tells is decided and answered. */
#include "server/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "control/server.h"
#include "control/server_twamp.h"
#include "io/channel.h"
#include "server/client_key.h"
#include "server/connection_life.h"
#include "server/failures.h"
#include "server/fetch_answer.h"
#include "server/place.h"
#include "server/request_check.h"
#include "server/session.h"
#include "server/session_log.h"

#define SETUP_TIMEOUT (30 * OW_NS_PER_S)

enum { UNREAD_MOST = 16384 }; /* octets of answers: whoever doesn't read them isn't listened to */

/* ---- what the client asks ---- */

static void tell_set_up(const struct ow_serve_connection *connection)
{
  const struct ow_serve_client *client = &connection->client;
  char key_id[OW_KEY_ID_TEXT];
  ow_printable(key_id, sizeof key_id, client->key_id, strnlen(client->key_id, sizeof client->key_id));
  const char *protocol = client->twamp ? "TWAMP, " : "";
  if (client->mode == OW_MODE_OPEN)
    ow_log(connection->common->log, OW_LOG_INFO, "client %s: set up, %sopen mode", connection->name,
           protocol);
  else
    ow_log(connection->common->log, OW_LOG_INFO, "client %s: set up, %sKeyID \"%s\", %s", connection->name,
           protocol, key_id, ow_mode_name(client->mode));
}

static void on_set_up(struct ow_serve_connection *connection, const char *key_id)
{
  struct ow_serve_common *common = connection->common;
  struct ow_serve_client *client = &connection->client;
  struct ow_failure why = {0};
  size_t length = strnlen(key_id, sizeof client->key_id - 1);
  memcpy(client->key_id, key_id, length);
  client->mode = ow_server_mode(connection->machine);
  enum ow_accept accept = common->policy->identify(common->policy->context, client, &why);
  if (accept == OW_ACCEPT_OK && ow_serve_place_set_up(&connection->place, client, &why) != OW_OK)
    accept = OW_ACCEPT_TEMPORARY_LIMIT;
  enum ow_status status = ow_server_set_up(connection->machine, ow_serve_now(connection), accept);
  if (accept == OW_ACCEPT_OK) {
    tell_set_up(connection);
    ow_serve_require_written(connection, status);
  } else {
    common->counts.refused_total++;
    ow_serve_break_off(connection, &why);
  }
}

/*
 * What sessions that have ended hold makes room for new ones, a bounded number of them for each request: what
 * that frees, the next request finds free.
 */
static struct ow_serve_session *agree_on(struct ow_serve_connection *connection,
                                         const struct ow_serve_asked *asked,
                                         struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  enum { FORGOTTEN_AT_ONCE = 64 };
  struct ow_serve_lack lack = {.what = OW_SERVE_ENOUGH};
  struct ow_serve_session *session = NULL;
  bool again = true;
  for (int i = 0; i < FORGOTTEN_AT_ONCE && again && !session; i++) {
    session = ow_serve_session_open(connection->common, asked, acceptance, &lack, why);
    again = !session && lack.what != OW_SERVE_ENOUGH &&
            ow_serve_kept_make_room(connection->kept, &connection->client, &lack, why);
  }
  return session;
}

/* A place among those that are kept, for when it has ended. */
static bool find_place(struct ow_serve_connection *connection, struct ow_session_acceptance *acceptance,
                       struct ow_failure *why)
{
  const struct ow_serve_lack place = {.what = OW_SERVE_ENOUGH};
  bool found = ow_serve_kept_check(connection->kept, &connection->client, why) == OW_OK;
  if (!found) {
    *acceptance = (struct ow_session_acceptance){.accept = OW_ACCEPT_TEMPORARY_LIMIT};
    found = ow_serve_kept_make_room(connection->kept, &connection->client, &place, why);
  }
  return found;
}

/* Without a place, or memory, for when its packets left a session is sent all the same. */
static struct ow_serve_session *agree(struct ow_serve_connection *connection, struct ow_serve_asked *asked,
                                      struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  const struct ow_session_request *request = asked->request;
  bool departures = ow_serve_departures_for(request, &connection->common->config) > 0;
  bool keeps = request->server_receives || departures;
  bool found = keeps && find_place(connection, acceptance, why);
  struct ow_serve_session *session = NULL;
  asked->departures = departures && found;
  if (found || !request->server_receives)
    session = agree_on(connection, asked, acceptance, why);
  if (!session && asked->departures && acceptance->accept == OW_ACCEPT_TEMPORARY_LIMIT) {
    asked->departures = false;
    session = agree_on(connection, asked, acceptance, why);
  }
  return session;
}

/* One whose records could not be found again is none; one that we send does without departures. */
static bool keep(struct ow_serve_connection *connection, struct ow_serve_session *session)
{
  bool keeps = session->request.server_receives || session->departing > 0;
  bool kept = keeps && ow_serve_keep(connection->kept, session);
  if (!kept)
    ow_serve_session_forgo_departures(session);
  return kept || session->request.server_sends;
}

static struct ow_serve_session *open_session(struct ow_serve_connection *connection,
                                             struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  struct ow_serve_asked asked = {.request = connection->asked,
                                 .slots = connection->asked_slots,
                                 .client = &connection->client,
                                 .machine = connection->machine,
                                 .local = ow_channel_local(&connection->channel),
                                 .remote = ow_channel_remote(&connection->channel)};
  struct ow_serve_session *session = NULL;
  if (connection->all->drained) {
    *acceptance = (struct ow_session_acceptance){.accept = OW_ACCEPT_TEMPORARY_LIMIT};
    ow_fail(why, OW_STATE, "the server is about to stop");
  } else {
    session = agree(connection, &asked, acceptance, why);
  }
  if (session && !keep(connection, session)) {
    ow_serve_session_drop(session);
    session = NULL;
    *acceptance = (struct ow_session_acceptance){.accept = OW_ACCEPT_INTERNAL_ERROR};
    ow_fail(why, OW_MEMORY, "no memory to keep a session");
  }
  return session;
}

/* Once, for a stream asks again with each interval. */
static void tell_address(struct ow_serve_connection *connection, const struct ow_serve_session *session)
{
  unsigned kind = 1U << session->own_address;
  union ow_address local = ow_channel_local(&connection->channel);
  if (!(connection->address_told & kind))
    ow_serve_log_address(&connection->to, session, &local);
  connection->address_told |= kind;
}

static void answer_request(struct ow_serve_connection *connection)
{
  struct ow_serve_common *common = connection->common;
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {0};
  struct ow_serve_session *session = open_session(connection, &acceptance, &why);
  connection->refused = !session;
  if (session) {
    connection->agreed++;
    connection->sending += ow_serve_session_sends(session);
    session->connection = connection;
    session->done = ow_serve_on_session_done;
    TAILQ_INSERT_TAIL(&connection->sessions, session, of_connection);
    common->counts.sessions_total++;
    ow_serve_log_agreed(&connection->to, session);
    tell_address(connection, session);
  } else {
    common->counts.refused_total++;
    ow_log(common->log, OW_LOG_NOTICE, "client %s: session refused with %s: %s", connection->name,
           ow_accept_text(acceptance.accept), why.text);
  }
  ow_serve_require_written(
      connection, ow_server_answer_session(connection->machine, ow_serve_now(connection), &acceptance));
}

static void on_agreeing(struct ow_completion *part)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(part, struct ow_serve_connection, agreeing);
  answer_request(connection);
  ow_channel_offer(&connection->channel); /* nothing was taken meanwhile */
  ow_serve_settle(connection);
}

/* To open a session takes longer than all else: whoever has some already lets others be heard first. */
static void on_request(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  enum { AGREED_AT_ONCE = 2 };
  connection->asked = event->request;
  connection->asked_slots = event->slots;
  if (connection->agreed < AGREED_AT_ONCE)
    answer_request(connection);
  else
    ow_loop_background(connection->common->loop, &connection->agreeing);
}

static bool open_tw_session(struct ow_serve_connection *connection, const struct ow_server_event *event,
                            struct ow_tw_acceptance *acceptance, struct ow_failure *why)
{
  enum { AGREED_MOST = 256 }; /* as they are started and ended together */
  const struct ow_serve_tw_asked asked = {.request = event->tw_request,
                                          .client = &connection->client,
                                          .machine = connection->machine,
                                          .local = ow_channel_local(&connection->channel),
                                          .remote = ow_channel_remote(&connection->channel)};
  bool opened = false;
  *acceptance = (struct ow_tw_acceptance){.session.accept = OW_ACCEPT_TEMPORARY_LIMIT};
  if (!event->tw_request) {
    acceptance->session.accept = OW_ACCEPT_NOT_SUPPORTED;
    *why = event->failure;
  } else if (connection->all->drained) {
    ow_fail(why, OW_STATE, "the server is about to stop");
  } else if (connection->agreed >= AGREED_MOST) {
    ow_fail(why, OW_LIMIT, "a control connection has %d sessions at most", AGREED_MOST);
  } else {
    opened = ow_serve_tw_open(connection->common, &connection->tw_sessions, &asked, acceptance, why);
  }
  return opened;
}

static void on_tw_request(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  struct ow_tw_acceptance acceptance;
  struct ow_failure why = {0};
  bool opened = open_tw_session(connection, event, &acceptance, &why);
  connection->refused = !opened;
  connection->agreed += opened;
  if (!opened) {
    connection->common->counts.refused_total++;
    ow_log(connection->common->log, OW_LOG_NOTICE, "client %s: TWAMP session refused with %s: %s",
           connection->name, ow_accept_text(acceptance.session.accept), why.text);
  }
  ow_serve_require_written(
      connection, ow_server_answer_tw_session(connection->machine, ow_serve_now(connection), &acceptance));
}

static void on_tw_stop(struct ow_serve_connection *connection, enum ow_accept accept)
{
  if (accept != OW_ACCEPT_OK)
    ow_log(connection->common->log, OW_LOG_NOTICE, "client %s: ended its sessions with %s", connection->name,
           ow_accept_text(accept));
  connection->agreed = 0;
  ow_serve_tw_stop(&connection->tw_sessions);
}

static void start_session(struct ow_serve_connection *connection, struct ow_serve_session *session)
{
  struct ow_failure failure = {0};
  if (ow_serve_session_start(session, &failure) != OW_OK) {
    ow_serve_break_off(connection, &failure);
  } else if (ow_log_takes(connection->to.log, OW_LOG_INFO)) {
    union ow_address remote = ow_channel_remote(&connection->channel);
    ow_serve_log_started(&connection->to, session, &remote);
  }
}

/* When all are let in: what the client sends then may be waiting for the answer, so it goes at once. */
static void answer_start(struct ow_serve_connection *connection)
{
  enum ow_accept accept = connection->all->drained ? OW_ACCEPT_TEMPORARY_LIMIT : OW_ACCEPT_OK;
  enum ow_status status = ow_server_answer_start(connection->machine, ow_serve_now(connection), accept);
  connection->refused = accept != OW_ACCEPT_OK; /* or it goes on without what was refused */
  connection->next = accept == OW_ACCEPT_OK && status == OW_OK ? TAILQ_FIRST(&connection->sessions) : NULL;
  ow_serve_require_written(connection, status);
  if (accept == OW_ACCEPT_OK)
    ow_serve_tw_start(&connection->tw_sessions);
  if (status == OW_OK)
    ow_channel_flush(&connection->channel);
  ow_serve_consider_end(connection);
}

/* First all are let in, then the client is answered, then they are started: some now, others later. */
static void start_some(struct ow_serve_connection *connection, unsigned most)
{
  for (; most > 0 && connection->next && !connection->over; most--) {
    struct ow_serve_session *session = connection->next;
    bool letting_in = ow_server_state(connection->machine) == OW_SERVER_DECIDE_START;
    connection->next = TAILQ_NEXT(session, of_connection);
    if (letting_in) {
      ow_serve_session_let_in(session);
      connection->unfinished++;
      if (!connection->next)
        answer_start(connection);
    } else {
      start_session(connection, session);
    }
  }
  if (connection->next && !connection->over)
    ow_loop_background(connection->common->loop, &connection->starting);
}

static void on_starting(struct ow_completion *part)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(part, struct ow_serve_connection, starting);
  enum { STARTED_IN_PART = 4 };
  start_some(connection, STARTED_IN_PART);
  ow_serve_settle(connection);
}

static void on_start(struct ow_serve_connection *connection)
{
  enum { STARTED_AT_ONCE = 8 }; /* let in, and started */
  connection->unfinished = 0;
  connection->next = connection->all->drained ? NULL : TAILQ_FIRST(&connection->sessions);
  if (connection->next)
    start_some(connection, STARTED_AT_ONCE);
  else
    answer_start(connection);
}

static void on_stop(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  if (event->accept != OW_ACCEPT_OK)
    ow_log(connection->common->log, OW_LOG_NOTICE, "client %s: ended its sessions with %s", connection->name,
           ow_accept_text(event->accept));
  connection->stop = (struct ow_serve_stop){true, event->ends, event->end_count};
  if (ow_server_state(connection->machine) == OW_SERVER_DECIDE_STOP)
    ow_serve_tell_stop(connection);
  else
    ow_serve_end_as_told(connection);
}

static void on_fetch_part(struct ow_serve_fetch *fetch);

/* After a failure it is abandoned with its connection. */
static void note_fetch(struct ow_serve_connection *connection, enum ow_status status,
                       const struct ow_failure *failure)
{
  if (status != OW_OK)
    ow_serve_break_off(connection, failure);
  if (connection->fetch && !connection->fetch->session) {
    free(connection->fetch);
    connection->fetch = NULL;
  }
}

static void on_fetch(struct ow_serve_connection *connection, const struct ow_fetch_request *request)
{
  struct ow_failure failure;
  enum ow_status status = ow_fail(&failure, OW_MEMORY, "no memory to answer a fetch");
  connection->to_fetch -= connection->to_fetch > 0;
  connection->fetch = calloc(1, sizeof *connection->fetch);
  if (connection->fetch) {
    connection->fetch->to = connection->to;
    connection->fetch->go_on = on_fetch_part;
    connection->fetch->context = connection;
    status = ow_serve_fetch_answer(connection->fetch, connection->kept, connection->machine,
                                   &connection->client, request, &failure);
  }
  note_fetch(connection, status, &failure);
}

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key);

static void on_derive(struct ow_serve_connection *connection, const struct ow_key_source *source)
{
  struct ow_server_event event;
  struct ow_failure why;
  connection->derivation =
      ow_serve_derive_key(connection->common, &connection->client, source, on_derived, connection, &why);
  ow_wipe(&connection->common->passphrase, sizeof connection->common->passphrase);
  if (!connection->derivation) {
    ow_server_use_key(connection->machine, ow_serve_now(connection), why.status, NULL, &why, &event);
    ow_serve_break_off(connection, &event.failure);
  }
}

/* A wrong passphrase, an unknown KeyID, a wrong HMAC: the key in whose name it speaks is proven or not. */
static void on_broken(struct ow_serve_connection *connection, const struct ow_failure *failure)
{
  const struct ow_serve_client *client = &connection->client;
  const char *key_id = client->key_id[0] ? client->key_id : ow_server_claimed_key(connection->machine);
  if (failure->status == OW_AUTH)
    ow_serve_failures_note(connection->common, client, key_id);
  ow_serve_break_off(connection, failure);
}

static void act(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  ow_serve_log_message(&connection->to, event->kind);
  switch (event->kind) {
  case OW_SERVER_NOTHING: break;
  case OW_SERVER_DERIVE: on_derive(connection, &event->source); break;
  case OW_SERVER_SET_UP: on_set_up(connection, event->key_id); break;
  case OW_SERVER_REQUEST: on_request(connection, event); break;
  case OW_SERVER_TW_REQUEST: on_tw_request(connection, event); break;
  case OW_SERVER_TW_STOP: on_tw_stop(connection, event->accept); break;
  case OW_SERVER_START_ASKED: on_start(connection); break;
  case OW_SERVER_STOP: on_stop(connection, event); break;
  case OW_SERVER_FETCH: on_fetch(connection, &event->fetch); break;
  case OW_SERVER_BROKEN: on_broken(connection, &event->failure); break;
  }
}

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key)
{
  struct ow_serve_connection *connection = context;
  struct ow_server_event event;
  connection->derivation = NULL;
  ow_server_use_key(connection->machine, ow_serve_now(connection), status, key, NULL, &event);
  ow_channel_offer(&connection->channel); /* nothing was taken meanwhile */
  act(connection, &event);
  ow_serve_settle(connection);
}

/* ---- octets and deadlines ---- */

/* One event a call; the channel offers what is left at the end of the turn. */
static void on_received(struct ow_channel *channel)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(channel, struct ow_serve_connection, channel);
  struct ow_reader input = ow_channel_input(channel);
  struct ow_server_event event;
  if (connection->ending_for || ow_buffer_length(channel->output) > UNREAD_MOST)
    return; /* it is offered again when they are ended, or it has read */
  ow_server_receive(connection->machine, ow_serve_now(connection), &input, &event);
  ow_channel_taken(channel, &input);
  if (event.kind != OW_SERVER_NOTHING)
    ow_channel_offer(channel);
  act(connection, &event);
  ow_serve_settle(connection);
}

/* Nothing is taken while records are being sent. */
static void go_on_fetching(struct ow_serve_connection *connection)
{
  struct ow_failure failure;
  enum ow_status status =
      ow_serve_fetch_go_on(connection->fetch, connection->kept, connection->machine, &failure);
  note_fetch(connection, status, &failure);
  if (!connection->fetch)
    ow_channel_offer(&connection->channel);
}

static void on_fetch_part(struct ow_serve_fetch *fetch)
{
  struct ow_serve_connection *connection = fetch->context;
  go_on_fetching(connection);
  ow_serve_settle(connection);
}

static void on_drained(struct ow_channel *channel)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(channel, struct ow_serve_connection, channel);
  ow_timer_cancel(connection->common->loop, &connection->stalled); /* what follows has its own time */
  if (ow_server_state(connection->machine) == OW_SERVER_FETCHING) {
    go_on_fetching(connection);
  } else {
    ow_serve_go_on_telling(connection);
    ow_buffer_shrink(channel->output);
    ow_channel_offer(channel); /* nothing was taken while too much of it waited */
  }
  ow_serve_settle(connection);
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(channel, struct ow_serve_connection, channel);
  /* Closing what it hasn't read to its end is a reset, too. */
  bool leaves = !reason || strcmp(reason, strerrordesc_np(ECONNRESET)) == 0;
  bool loses = reason && !TAILQ_EMPTY(&connection->sessions);
  enum ow_log_level level = OW_LOG_NOTICE;
  if (leaves && connection->refused)
    level = OW_LOG_DEBUG;
  else if (leaves && !loses)
    level = OW_LOG_INFO;
  connection->ended_for = reason ? reason : "the client closed its connection";
  ow_serve_tell_end(connection, level, connection->ended_for);
  connection->over = true;
  ow_serve_settle(connection);
}

static void on_deadline(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, timer);
  struct ow_server_event event;
  ow_server_expired(connection->machine, &event);
  act(connection, &event);
  ow_serve_settle(connection);
}

/* ---- its beginning ---- */

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  struct ow_serve_connection *connection = context;
  struct ow_serve_common *common = connection->common;
  bool found = common->policy->find_key(common->policy->context, key_id, &common->passphrase);
  if (found) {
    *passphrase = common->passphrase.octets;
    *octets = common->passphrase.length;
  }
  return found;
}

static struct ow_server *create_machine(struct ow_serve_connection *connection, uint32_t modes)
{
  const struct ow_serve_common *common = connection->common;
  int64_t patience = common->config.control_timeout;
  const struct ow_server_config config = {
      .twamp = connection->client.twamp,
      .modes = modes,
      .pbkdf2_count = common->config.pbkdf2_count,
      .setup_timeout = SETUP_TIMEOUT < patience ? SETUP_TIMEOUT : patience,
      .idle_timeout = patience,
      .up_since = common->up_since,
      .random = ow_system_random,
      .key_context = connection,
      .find_key = find_key,
  };
  return ow_server_create(&config, ow_serve_now(connection));
}

/* Memory, and all else that needs no system. */
static struct ow_serve_connection *create(struct ow_serve_connections *connections,
                                          const union ow_address *remote,
                                          const struct ow_serve_client *client, uint32_t modes)
{
  char name[OW_ADDRESS_TEXT];
  struct ow_serve_connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return NULL;
  connection->all = connections;
  connection->common = connections->common;
  connection->kept = connections->kept;
  connection->client = *client;
  connection->name = strdup(ow_address_print(name, sizeof name, remote));
  connection->to = (struct ow_serve_log){.log = connection->common->log, .client = connection->name};
  connection->timer.expired = on_deadline;
  ow_serve_prepare_life(connection);
  connection->agreeing.run = on_agreeing;
  connection->starting.run = on_starting;
  connection->channel.received = on_received;
  connection->channel.drained = on_drained;
  connection->channel.over = on_over;
  connection->over = modes == 0;
  connection->state_told = OW_SERVER_AWAIT_SETUP;
  TAILQ_INIT(&connection->sessions);
  connection->machine = create_machine(connection, modes);
  if (connection->name && connection->machine &&
      ow_serve_place_take(&connection->place, connections->common, client) == OW_OK) {
    connection->channel.output = ow_server_output(connection->machine);
  } else {
    ow_serve_free_connection(connection);
    connection = NULL;
  }
  return connection;
}

enum ow_status ow_serve_connection_open(struct ow_serve_connections *connections, int socket,
                                        const union ow_address *remote, const struct ow_serve_client *client,
                                        uint32_t modes, struct ow_failure *failure)
{
  struct ow_serve_connection *connection = create(connections, remote, client, modes);
  if (!connection) {
    close(socket);
    return ow_fail(failure, OW_MEMORY, "no memory for a control connection");
  }
  enum ow_status status = ow_channel_adopt(&connection->channel, connections->common->loop, socket, failure);
  if (status == OW_OK) {
    LIST_INSERT_HEAD(&connections->open, connection, among_all);
    connections->common->counts.connections++;
    if (modes != 0)
      ow_log(connections->common->log, OW_LOG_DEBUG, "client %s: connected, is offered Modes %u",
             connection->name, modes);
    ow_serve_settle(connection);
  } else {
    ow_serve_free_connection(connection);
  }
  return status;
}

void ow_serve_connections_drain(struct ow_serve_connections *connections, struct ow_completion *drained)
{
  struct ow_serve_connection *next;
  connections->drained = drained;
  if (LIST_EMPTY(&connections->open) && LIST_EMPTY(&connections->closing))
    ow_loop_deliver(connections->common->loop, drained);
  for (struct ow_serve_connection *each = LIST_FIRST(&connections->open); each; each = next) {
    next = LIST_NEXT(each, among_all);
    ow_serve_stop_sessions(each, "stopped by us, for the server stops");
    ow_serve_settle(each);
  }
}

void ow_serve_connections_close(struct ow_serve_connections *connections)
{
  struct ow_serve_connection *next;
  for (struct ow_serve_connection *each = LIST_FIRST(&connections->open); each; each = next) {
    next = LIST_NEXT(each, among_all);
    ow_serve_close(each);
  }
  while (!LIST_EMPTY(&connections->closing))
    ow_serve_bury_connection(LIST_FIRST(&connections->closing));
}
