/* SPDX-License-Identifier: MIT */
/* What the machine tells is decided and answered; its last act sends, or ends the connection. */
#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "control/server.h"
#include "control/stop_index.h"
#include "io/channel.h"
#include "server/client_key.h"
#include "server/fetch_answer.h"
#include "server/place.h"
#include "server/session.h"
#include "server/session_log.h"

#define SETUP_TIMEOUT (30 * OW_NS_PER_S)
/* In which a client must take what it was told: 64 KiB of records at most at a time. */
#define OUTPUT_TIMEOUT (45 * OW_NS_PER_S)

struct ow_serve_connection {
  LIST_ENTRY(ow_serve_connection) among_open;
  struct ow_serve_connections *all;
  struct ow_serve_common *common;
  struct ow_serve_kept_sessions *kept;
  struct ow_serve_place place;
  struct ow_channel channel;
  struct ow_timer timer;   /* the machine's deadline */
  struct ow_timer stalled; /* while the client hasn't taken all that was said */
  struct ow_timer linger;  /* every session is done: the client should stop them */
  bool over;               /* to be closed when the callback is through */
  bool refused;            /* what it asked for last: that was told, and what comes of it is not */
  unsigned address_told;   /* a bit for each enum ow_serve_own_address that the log has been told of */
  enum ow_server_state state_told; /* to the log */
  const char *stopped_for;         /* why we stopped its sessions; NULL: we did not */
  const char *ended_for;           /* why it ended, if that can be said in few words */
  struct ow_server *machine;
  struct ow_serve_client client;
  char name[OW_ADDRESS_TEXT];
  struct ow_serve_sessions sessions; /* requested or running; held */
  struct ow_serve_log to;            /* the log, and whom it tells of */
  struct ow_serve_fetch fetch;
  unsigned unfinished;              /* sessions that run, and aren't done */
  struct ow_completion starting;    /* the rest of many */
  unsigned to_fetch;                /* sessions that have ended, and whose records it has not asked for */
  int64_t stopped_at;               /* monotonic ns: when they ended */
  struct ow_passphrase passphrase;  /* that the machine asked for; only within the call */
  struct ow_derivation *derivation; /* of the client's key; or NULL */
};

static struct ow_instant now_of(const struct ow_serve_connection *connection)
{
  return ow_loop_now(connection->common->loop);
}

/* ---- its end ---- */

/* One line for each connection that ends; whoever was refused has had its line. */
static void tell_end(const struct ow_serve_connection *connection, enum ow_log_level level, const char *why)
{
  bool runs = !TAILQ_EMPTY(&connection->sessions);
  ow_log(connection->common->log, level, "client %s: connection ended: %s%s", connection->name, why,
         runs ? ", with its sessions open" : "");
}

static void break_off(struct ow_serve_connection *connection, const struct ow_failure *failure)
{
  bool its_doing = failure->status == OW_TIMEOUT || failure->status == OW_PROTOCOL;
  tell_end(connection, connection->refused && its_doing ? OW_LOG_DEBUG : OW_LOG_WARNING, failure->text);
  connection->ended_for = "the connection was cut off";
  connection->over = true;
}

static void require_written(struct ow_serve_connection *connection, enum ow_status status)
{
  struct ow_failure failure;
  if (status != OW_OK) {
    ow_fail(&failure, status, "can't write an answer: no memory, or too much waits to be sent");
    break_off(connection, &failure);
  }
}

/* Traffic ends; what was received can be fetched from now on by whoever may. */
static void end_sessions(struct ow_serve_connection *connection, const struct ow_session_end *ends,
                         uint32_t count, const char *why)
{
  enum { ENDED_AT_ONCE = 64 };
  struct ow_stop_index index;
  struct ow_serve_session *session;
  unsigned ended = 0;
  ow_timer_cancel(connection->common->loop, &connection->linger);
  ow_loop_withdraw_background(connection->common->loop, &connection->starting);
  connection->stopped_at = now_of(connection).monotonic;
  connection->to_fetch = connection->unfinished = 0;
  ow_stop_index_make(&index, ends, count);
  while ((session = TAILQ_FIRST(&connection->sessions))) {
    TAILQ_REMOVE(&connection->sessions, session, of_connection);
    session->connection = NULL;
    ow_serve_log_refusals(&connection->to, &session->sender);
    ow_serve_session_end(session, ow_stop_index_find(&index, &session->request.sid), ended++ < ENDED_AT_ONCE);
    ow_serve_log_ended(&connection->to, session, why);
    connection->to_fetch += session->running && session->request.server_receives;
    if (!session->running)
      ow_serve_forget(connection->kept, session);
    ow_serve_session_drop(session);
  }
  ow_stop_index_clear(&index);
  connection->stopped_for = NULL;
}

static void free_memory(struct ow_serve_connection *connection)
{
  ow_serve_place_leave(&connection->place);
  ow_server_free(connection->machine);
  ow_wipe(connection, sizeof *connection);
  free(connection);
}

static void close_connection(struct ow_serve_connection *connection)
{
  struct ow_serve_common *common = connection->common;
  if (!connection->over)
    tell_end(connection, OW_LOG_INFO, connection->ended_for = "the server stops");
  ow_serve_fetch_abandon(&connection->fetch, connection->machine);
  ow_derivation_cancel(connection->derivation);
  end_sessions(connection, NULL, 0, connection->ended_for);
  ow_timer_cancel(common->loop, &connection->timer);
  ow_timer_cancel(common->loop, &connection->stalled);
  ow_channel_close(&connection->channel);
  common->policy->leave(common->policy->context, &connection->client);
  common->counts.connections--;
  LIST_REMOVE(connection, among_open);
  if (connection->all->drained && LIST_EMPTY(&connection->all->open))
    ow_loop_deliver(common->loop, connection->all->drained);
  free_memory(connection);
}

/* While all are drained: is there anything left to be said? A fetch may follow the end of sessions. */
static bool is_drained(const struct ow_serve_connection *connection)
{
  bool may_fetch =
      connection->to_fetch > 0 && now_of(connection).monotonic < connection->stopped_at + OW_SERVE_FETCH_TIME;
  bool busy = false;
  switch (ow_server_state(connection->machine)) {
  case OW_SERVER_READY:
    busy = may_fetch || ow_buffer_length(ow_server_output(connection->machine)) > 0;
    break;
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_RUNNING:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_STOPPING:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING: busy = true; break;
  case OW_SERVER_AWAIT_SETUP:
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP:
  case OW_SERVER_FAILED: break;
  }
  return !busy;
}

static enum ow_serve_place_state place_state(const struct ow_serve_connection *connection)
{
  enum ow_serve_place_state state = OW_SERVE_PLACE_BUSY;
  switch (ow_server_state(connection->machine)) {
  case OW_SERVER_AWAIT_SETUP:
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP: state = OW_SERVE_PLACE_SETTING_UP; break;
  case OW_SERVER_READY:
    if (TAILQ_EMPTY(&connection->sessions) && ow_buffer_length(ow_server_output(connection->machine)) == 0)
      state = OW_SERVE_PLACE_IDLE;
    break;
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_RUNNING:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_STOPPING:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING:
  case OW_SERVER_FAILED: break;
  }
  return state;
}

/* Another client needs its place more. */
static void on_give_back(struct ow_serve_place *place, const struct ow_failure *why)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(place, struct ow_serve_connection, place);
  break_off(connection, why);
  close_connection(connection);
}

static void watch_deadline(struct ow_serve_connection *connection)
{
  int64_t deadline = ow_server_deadline(connection->machine);
  if (deadline == OW_NEVER)
    ow_timer_cancel(connection->common->loop, &connection->timer);
  else
    ow_timer_set(connection->common->loop, &connection->timer, deadline);
}

static int64_t output_patience(const struct ow_serve_connection *connection)
{
  const struct ow_serve_config *config = &connection->common->config;
  return OUTPUT_TIMEOUT < config->control_timeout ? OUTPUT_TIMEOUT : config->control_timeout;
}

static void watch_output(struct ow_serve_connection *connection)
{
  struct ow_loop *loop = connection->common->loop;
  if (ow_buffer_length(ow_server_output(connection->machine)) == 0)
    ow_timer_cancel(loop, &connection->stalled);
  else if (!connection->stalled.set)
    ow_timer_set(loop, &connection->stalled, now_of(connection).monotonic + output_patience(connection));
}

static void tell_state(struct ow_serve_connection *connection)
{
  enum ow_server_state state = ow_server_state(connection->machine);
  int64_t deadline = ow_server_deadline(connection->machine);
  if (state != connection->state_told)
    ow_serve_log_state(&connection->to, state,
                       deadline == OW_NEVER ? OW_NEVER : deadline - now_of(connection).monotonic);
  connection->state_told = state;
}

/*
 * The last act of every callback: send what waits, and last words (an answer that says no) as well. Until
 * then a connection that is over stands, and after it nothing may touch one.
 */
static void flush_and_settle(struct ow_serve_connection *connection)
{
  ow_channel_flush(&connection->channel);
  tell_state(connection);
  if (connection->over || (connection->all->drained && is_drained(connection))) {
    close_connection(connection);
  } else {
    watch_deadline(connection);
    watch_output(connection);
    ow_serve_place_watch(&connection->place, place_state(connection));
  }
}

/* ---- its sessions ---- */

static uint32_t ends_of_senders(struct ow_serve_connection *connection, struct ow_session_end *ends)
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

static enum ow_status send_stop(struct ow_serve_connection *connection)
{
  uint32_t count = ends_of_senders(connection, NULL);
  struct ow_session_end *ends = calloc(count ? count : 1, sizeof *ends);
  enum ow_status status = OW_MEMORY;
  if (ends) {
    (void)ends_of_senders(connection, ends);
    status = ow_server_stop_sessions(connection->machine, now_of(connection), OW_ACCEPT_OK, ends, count);
  }
  free(ends);
  return status;
}

static void stop_sessions(struct ow_serve_connection *connection, const char *why)
{
  if (ow_server_state(connection->machine) == OW_SERVER_RUNNING) {
    ow_log(connection->common->log, OW_LOG_DEBUG, "client %s: is sent Stop-Sessions: %s", connection->name,
           why);
    connection->stopped_for = why;
    require_written(connection, send_stop(connection));
  }
}

/*
 * Every session is done. Those that were only received are over, and the client is told so at once; where we
 * sent, it knows itself, and has time to stop them.
 */
static void consider_end(struct ow_serve_connection *connection)
{
  const struct ow_serve_common *common = connection->common;
  struct ow_serve_session *session;
  int64_t longest = 0;
  bool settled = !TAILQ_EMPTY(&connection->sessions);
  if (connection->unfinished > 0)
    return;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  {
    int64_t timeout = ow_span_to_ns(session->request.timeout);
    settled = settled && ow_serve_session_settled(session);
    longest = timeout > longest ? timeout : longest;
  }
  if (settled)
    stop_sessions(connection, "stopped by us, for all that was to come has");
  else if (ow_server_state(connection->machine) == OW_SERVER_RUNNING)
    ow_timer_set(common->loop, &connection->linger,
                 now_of(connection).monotonic + longest + common->config.test_timeout);
}

static void on_session_done(struct ow_serve_session *session)
{
  struct ow_serve_connection *connection = session->connection;
  if (ow_test_sender_gave_up(&session->sender))
    ow_log(connection->common->log, OW_LOG_NOTICE,
           "client %s: nothing more is sent after %u answers that nobody listens at its test port",
           connection->name, session->sender.closed);
  connection->unfinished--;
  consider_end(connection);
  flush_and_settle(connection);
}

/* The client left its finished sessions running: stop them ourselves. */
static void on_linger(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, linger);
  stop_sessions(connection, "stopped by us, for the client left it running");
  flush_and_settle(connection);
}

/* ---- what the client asks ---- */

static void tell_set_up(const struct ow_serve_connection *connection)
{
  const struct ow_serve_client *client = &connection->client;
  char key_id[OW_KEY_ID_TEXT];
  ow_printable(key_id, sizeof key_id, client->key_id, strnlen(client->key_id, sizeof client->key_id));
  if (client->mode == OW_MODE_OPEN)
    ow_log(connection->common->log, OW_LOG_INFO, "client %s: set up, open mode", connection->name);
  else
    ow_log(connection->common->log, OW_LOG_INFO, "client %s: set up, KeyID \"%s\", %s", connection->name,
           key_id, ow_mode_name(client->mode));
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
  enum ow_status status = ow_server_set_up(connection->machine, now_of(connection), accept);
  if (accept == OW_ACCEPT_OK) {
    tell_set_up(connection);
    require_written(connection, status);
  } else {
    common->counts.refused_total++;
    break_off(connection, &why);
  }
}

/*
 * What sessions that have ended hold makes room for new ones, a bounded number of them for each request: what
 * that frees, the next request finds free.
 */
static struct ow_serve_session *agree(struct ow_serve_connection *connection,
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

/* One whose records could not be found again is none. */
static struct ow_serve_session *open_session(struct ow_serve_connection *connection,
                                             const struct ow_server_event *event,
                                             struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  const struct ow_serve_asked asked = {.request = event->request,
                                       .slots = event->slots,
                                       .client = &connection->client,
                                       .machine = connection->machine,
                                       .local = ow_channel_local(&connection->channel),
                                       .remote = ow_channel_remote(&connection->channel)};
  struct ow_serve_session *session = NULL;
  if (connection->all->drained) {
    *acceptance = (struct ow_session_acceptance){.accept = OW_ACCEPT_TEMPORARY_LIMIT};
    ow_fail(why, OW_STATE, "the server is about to stop");
  } else if (!event->request->server_receives || find_place(connection, acceptance, why)) {
    session = agree(connection, &asked, acceptance, why);
  }
  if (session && session->request.server_receives && !ow_serve_keep(connection->kept, session)) {
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

static void on_request(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  struct ow_serve_common *common = connection->common;
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {0};
  struct ow_serve_session *session = open_session(connection, event, &acceptance, &why);
  connection->refused = !session;
  if (session) {
    session->connection = connection;
    session->done = on_session_done;
    TAILQ_INSERT_TAIL(&connection->sessions, session, of_connection);
    common->counts.sessions_total++;
    ow_serve_log_agreed(&connection->to, session);
    tell_address(connection, session);
  } else {
    common->counts.refused_total++;
    ow_log(common->log, OW_LOG_NOTICE, "client %s: session refused with %s: %s", connection->name,
           ow_accept_text(acceptance.accept), why.text);
  }
  require_written(connection, ow_server_answer_session(connection->machine, now_of(connection), &acceptance));
}

static enum ow_status start_session(struct ow_serve_connection *connection, struct ow_serve_session *session)
{
  struct ow_failure failure = {0};
  enum ow_status status = ow_serve_session_start(session, &failure);
  if (status == OW_OK && ow_log_takes(connection->to.log, OW_LOG_INFO)) {
    union ow_address remote = ow_channel_remote(&connection->channel);
    ow_serve_log_started(&connection->to, session, &remote);
  }
  return status;
}

/* Some of those that are to run; the others follow in the background. */
static void start_some(struct ow_serve_connection *connection)
{
  enum { STARTED_AT_ONCE = 64 };
  struct ow_serve_session *session;
  unsigned started = 0;
  enum ow_status status = OW_OK;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  if (status == OW_OK && !session->running && started++ < STARTED_AT_ONCE)
    status = start_session(connection, session);
  require_written(connection, status);
  if (status == OW_OK && started > STARTED_AT_ONCE)
    ow_loop_background(connection->common->loop, &connection->starting);
}

static void on_starting(struct ow_completion *part)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(part, struct ow_serve_connection, starting);
  start_some(connection);
  flush_and_settle(connection);
}

/* The answer goes first: the client's own packets may be waiting for it. */
static void on_start(struct ow_serve_connection *connection)
{
  struct ow_serve_session *session;
  enum ow_accept accept = connection->all->drained ? OW_ACCEPT_TEMPORARY_LIMIT : OW_ACCEPT_OK;
  connection->unfinished = 0;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  if (accept == OW_ACCEPT_OK) {
    ow_serve_session_let_in(session);
    connection->unfinished++;
  }
  enum ow_status status = ow_server_answer_start(connection->machine, now_of(connection), accept);
  connection->refused = accept != OW_ACCEPT_OK; /* or it goes on without what was refused */
  require_written(connection, status);
  if (status == OW_OK)
    ow_channel_flush(&connection->channel);
  if (status == OW_OK && accept == OW_ACCEPT_OK)
    start_some(connection);
  consider_end(connection);
}

static void on_stop(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  const char *why = connection->stopped_for ? connection->stopped_for : "stopped by the client";
  enum ow_status status = OW_OK;
  if (event->accept != OW_ACCEPT_OK)
    ow_log(connection->common->log, OW_LOG_NOTICE, "client %s: ended its sessions with %s", connection->name,
           ow_accept_text(event->accept));
  if (ow_server_state(connection->machine) == OW_SERVER_DECIDE_STOP)
    status = send_stop(connection);
  end_sessions(connection, event->ends, event->end_count, why);
  require_written(connection, status);
}

static void on_fetch(struct ow_serve_connection *connection, const struct ow_fetch_request *request)
{
  struct ow_failure failure;
  connection->to_fetch -= connection->to_fetch > 0;
  if (ow_serve_fetch_answer(&connection->fetch, connection->kept, connection->machine, &connection->client,
                            request, &failure) != OW_OK)
    break_off(connection, &failure);
}

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key);

static void on_derive(struct ow_serve_connection *connection, const struct ow_key_source *source)
{
  struct ow_server_event event;
  struct ow_failure why;
  connection->derivation = ow_serve_derive_key(connection->common->loop, &connection->client, source,
                                               on_derived, connection, &why);
  ow_wipe(&connection->passphrase, sizeof connection->passphrase);
  if (!connection->derivation) {
    ow_server_use_key(connection->machine, now_of(connection), why.status, NULL, &why, &event);
    break_off(connection, &event.failure);
  }
}

static void act(struct ow_serve_connection *connection, const struct ow_server_event *event)
{
  ow_serve_log_message(&connection->to, event->kind);
  switch (event->kind) {
  case OW_SERVER_NOTHING: break;
  case OW_SERVER_DERIVE: on_derive(connection, &event->source); break;
  case OW_SERVER_SET_UP: on_set_up(connection, event->key_id); break;
  case OW_SERVER_REQUEST: on_request(connection, event); break;
  case OW_SERVER_START_ASKED: on_start(connection); break;
  case OW_SERVER_STOP: on_stop(connection, event); break;
  case OW_SERVER_FETCH: on_fetch(connection, &event->fetch); break;
  case OW_SERVER_BROKEN: break_off(connection, &event->failure); break;
  }
}

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key)
{
  struct ow_serve_connection *connection = context;
  struct ow_server_event event;
  connection->derivation = NULL;
  ow_server_use_key(connection->machine, now_of(connection), status, key, NULL, &event);
  ow_channel_offer(&connection->channel); /* nothing was taken meanwhile */
  act(connection, &event);
  flush_and_settle(connection);
}

/* ---- octets and deadlines ---- */

/* One event a call; the channel offers what is left at the end of the turn. */
static void on_received(struct ow_channel *channel)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(channel, struct ow_serve_connection, channel);
  struct ow_reader input = ow_channel_input(channel);
  struct ow_server_event event;
  ow_server_receive(connection->machine, now_of(connection), &input, &event);
  ow_channel_taken(channel, &input);
  if (event.kind != OW_SERVER_NOTHING)
    ow_channel_offer(channel);
  act(connection, &event);
  flush_and_settle(connection);
}

/* Nothing is taken while records are being sent. */
static void go_on_fetching(struct ow_serve_connection *connection)
{
  struct ow_failure failure;
  if (ow_serve_fetch_go_on(&connection->fetch, connection->kept, connection->machine, &failure) != OW_OK)
    break_off(connection, &failure);
  if (!connection->fetch.session)
    ow_channel_offer(&connection->channel);
}

static void on_fetch_part(struct ow_serve_fetch *fetch)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(fetch, struct ow_serve_connection, fetch);
  go_on_fetching(connection);
  flush_and_settle(connection);
}

static void on_drained(struct ow_channel *channel)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(channel, struct ow_serve_connection, channel);
  ow_timer_cancel(connection->common->loop, &connection->stalled); /* what follows has its own time */
  if (ow_server_state(connection->machine) == OW_SERVER_FETCHING)
    go_on_fetching(connection);
  else
    ow_buffer_shrink(channel->output);
  flush_and_settle(connection);
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
  tell_end(connection, level, connection->ended_for);
  connection->over = true;
  flush_and_settle(connection);
}

static void on_deadline(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, timer);
  struct ow_server_event event;
  ow_server_expired(connection->machine, &event);
  act(connection, &event);
  flush_and_settle(connection);
}

static void on_stalled(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, stalled);
  struct ow_failure failure;
  ow_fail(&failure, OW_TIMEOUT, "the client took too little of what it was told within %g s",
          (double)output_patience(connection) / (double)OW_NS_PER_S);
  break_off(connection, &failure);
  flush_and_settle(connection);
}

/* ---- its beginning ---- */

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  struct ow_serve_connection *connection = context;
  const struct ow_serve_policy *policy = connection->common->policy;
  bool found = policy->find_key(policy->context, key_id, &connection->passphrase);
  if (found) {
    *passphrase = connection->passphrase.octets;
    *octets = connection->passphrase.length;
  }
  return found;
}

static struct ow_server *create_machine(struct ow_serve_connection *connection, uint32_t modes)
{
  const struct ow_serve_common *common = connection->common;
  int64_t patience = common->config.control_timeout;
  const struct ow_server_config config = {
      .modes = modes,
      .pbkdf2_count = common->config.pbkdf2_count,
      .setup_timeout = SETUP_TIMEOUT < patience ? SETUP_TIMEOUT : patience,
      .idle_timeout = patience,
      .up_since = common->up_since,
      .random = ow_system_random,
      .key_context = connection,
      .find_key = find_key,
  };
  return ow_server_create(&config, now_of(connection));
}

/* Memory, and all else that needs no system. */
static struct ow_serve_connection *create(struct ow_serve_connections *connections,
                                          const union ow_address *remote,
                                          const struct ow_serve_client *client, uint32_t modes)
{
  struct ow_serve_connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return NULL;
  connection->all = connections;
  connection->common = connections->common;
  connection->kept = connections->kept;
  connection->client = *client;
  ow_address_print(connection->name, sizeof connection->name, remote);
  connection->to = (struct ow_serve_log){.log = connection->common->log, .client = connection->name};
  connection->fetch.to = connection->to;
  connection->timer.expired = on_deadline;
  connection->stalled.expired = on_stalled;
  connection->linger.expired = on_linger;
  connection->starting.run = on_starting;
  connection->fetch.go_on = on_fetch_part;
  connection->channel.received = on_received;
  connection->channel.drained = on_drained;
  connection->channel.over = on_over;
  connection->over = modes == 0;
  connection->state_told = OW_SERVER_AWAIT_SETUP;
  TAILQ_INIT(&connection->sessions);
  connection->place.give_back = on_give_back;
  connection->machine = create_machine(connection, modes);
  if (connection->machine && ow_serve_place_take(&connection->place, connections->common, client) == OW_OK) {
    connection->channel.output = ow_server_output(connection->machine);
  } else {
    free_memory(connection);
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
    LIST_INSERT_HEAD(&connections->open, connection, among_open);
    connections->common->counts.connections++;
    if (modes != 0)
      ow_log(connections->common->log, OW_LOG_DEBUG, "client %s: connected, is offered Modes %u",
             connection->name, modes);
    flush_and_settle(connection);
  } else {
    free_memory(connection);
  }
  return status;
}

void ow_serve_connections_drain(struct ow_serve_connections *connections, struct ow_completion *drained)
{
  struct ow_serve_connection *next;
  connections->drained = drained;
  if (LIST_EMPTY(&connections->open))
    ow_loop_deliver(connections->common->loop, drained);
  for (struct ow_serve_connection *each = LIST_FIRST(&connections->open); each; each = next) {
    next = LIST_NEXT(each, among_open);
    stop_sessions(each, "stopped by us, for the server stops");
    flush_and_settle(each);
  }
}

void ow_serve_connections_close(struct ow_serve_connections *connections)
{
  struct ow_serve_connection *next;
  for (struct ow_serve_connection *each = LIST_FIRST(&connections->open); each; each = next) {
    next = LIST_NEXT(each, among_open);
    close_connection(each);
  }
}
