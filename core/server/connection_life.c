/* SPDX-License-Identifier: MIT */
/* Sessions end with their connection, or before; the last act of every callback sends, or ends it. */
#include "server/connection_life.h"

#include <limits.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "base/secret.h"

/* In which a client must take what it was told: 64 KiB of records at most at a time. */
#define OUTPUT_TIMEOUT (45 * OW_NS_PER_S)

/* Sessions: closing sockets takes some microseconds of each. */
enum { ENDED_AT_ONCE = 4, ENDED_IN_PART = 4 };

/* Sessions that our Stop-Sessions describes; and octets of it that wait to be sent before it goes on. */
enum { TOLD_AT_ONCE = 8, TOLD_IN_PART = 8, TOLD_UNREAD = 65536 };

struct ow_instant ow_serve_now(const struct ow_serve_connection *connection)
{
  return ow_loop_now(connection->common->loop);
}

/* ---- its end ---- */

/* One line for each connection that ends; whoever was refused has had its line. */
void ow_serve_tell_end(const struct ow_serve_connection *connection, enum ow_log_level level, const char *why)
{
  bool runs = !TAILQ_EMPTY(&connection->sessions) || !LIST_EMPTY(&connection->tw_sessions);
  ow_log(connection->common->log, level, "client %s: connection ended: %s%s", connection->name, why,
         runs ? ", with its sessions open" : "");
}

void ow_serve_break_off(struct ow_serve_connection *connection, const struct ow_failure *failure)
{
  bool its_doing = failure->status == OW_TIMEOUT || failure->status == OW_PROTOCOL;
  ow_serve_tell_end(connection, connection->refused && its_doing ? OW_LOG_DEBUG : OW_LOG_WARNING,
                    failure->text);
  connection->ended_for = "the connection was cut off";
  connection->over = true;
}

void ow_serve_require_written(struct ow_serve_connection *connection, enum ow_status status)
{
  struct ow_failure failure;
  if (status != OW_OK) {
    ow_fail(&failure, status, "can't write an answer: no memory, or too much waits to be sent");
    ow_serve_break_off(connection, &failure);
  }
}

static void end_session(struct ow_serve_connection *connection, struct ow_serve_session *session)
{
  TAILQ_REMOVE(&connection->sessions, session, of_connection);
  session->connection = NULL;
  connection->sending -= ow_serve_session_sends(session);
  if (session->sender)
    ow_serve_log_refusals(&connection->to, session->sender);
  ow_serve_session_end(session, ow_stop_index_find(&connection->ends, &session->request.sid));
  ow_serve_log_ended(&connection->to, session, connection->ending_for);
  connection->to_fetch += session->running && session->request.server_receives;
  if (!session->running)
    ow_serve_forget(connection->kept, session);
  ow_serve_session_drop(session);
}

static void end_some(struct ow_serve_connection *connection, unsigned most)
{
  struct ow_serve_session *session;
  while (most-- > 0 && (session = TAILQ_FIRST(&connection->sessions)))
    end_session(connection, session);
  if (TAILQ_EMPTY(&connection->sessions)) {
    ow_stop_index_clear(&connection->ends);
    ow_server_forget_ends(connection->machine);
    connection->ending_for = NULL;
  } else {
    ow_loop_background(connection->common->loop, &connection->ending);
  }
}

void ow_serve_end_sessions(struct ow_serve_connection *connection, const struct ow_session_end *ends,
                           uint32_t count, const char *why)
{
  if (connection->ending_for)
    return; /* they are being ended already */
  ow_timer_cancel(connection->common->loop, &connection->linger);
  ow_loop_withdraw_background(connection->common->loop, &connection->starting);
  connection->next = NULL;
  connection->stopped_at = ow_serve_now(connection).monotonic;
  connection->to_fetch = connection->unfinished = connection->agreed = 0;
  connection->stopped_for = NULL;
  connection->ending_for = why;
  ow_stop_index_make(&connection->ends, ends, count);
  end_some(connection, ENDED_AT_ONCE);
}

void ow_serve_end_as_told(struct ow_serve_connection *connection)
{
  const struct ow_serve_stop stop = connection->stop;
  const char *why = connection->stopped_for ? connection->stopped_for : "stopped by the client";
  connection->stop.told = false;
  ow_serve_end_sessions(connection, stop.ends, stop.end_count, why);
}

void ow_serve_free_connection(struct ow_serve_connection *connection)
{
  ow_serve_place_leave(&connection->place);
  ow_server_free(connection->machine);
  free(connection->name);
  ow_wipe(connection, sizeof *connection);
  free(connection);
}

static void free_closed(struct ow_serve_connection *connection)
{
  const struct ow_serve_connections *all = connection->all;
  LIST_REMOVE(connection, among_all);
  if (all->drained && LIST_EMPTY(&all->open) && LIST_EMPTY(&all->closing))
    ow_loop_deliver(connection->common->loop, all->drained);
  ow_serve_free_connection(connection);
}

void ow_serve_bury_connection(struct ow_serve_connection *connection)
{
  end_some(connection, UINT_MAX);
  ow_loop_withdraw_background(connection->common->loop, &connection->ending);
  free_closed(connection);
}

void ow_serve_close(struct ow_serve_connection *connection)
{
  struct ow_serve_common *common = connection->common;
  if (!connection->over)
    ow_serve_tell_end(connection, OW_LOG_INFO, connection->ended_for = "the server stops");
  if (connection->fetch)
    ow_serve_fetch_abandon(connection->fetch, connection->machine);
  free(connection->fetch);
  connection->fetch = NULL;
  ow_derivation_cancel(connection->derivation);
  ow_timer_cancel(common->loop, &connection->timer);
  ow_timer_cancel(common->loop, &connection->stalled);
  ow_loop_withdraw_background(common->loop, &connection->agreeing);
  ow_loop_withdraw_background(common->loop, &connection->telling);
  ow_channel_close(&connection->channel);
  connection->closed = true;
  common->policy->leave(common->policy->context, &connection->client);
  common->counts.connections--;
  ow_serve_place_leave(&connection->place);
  LIST_REMOVE(connection, among_all);
  LIST_INSERT_HEAD(&connection->all->closing, connection, among_all);
  ow_serve_tw_end(&connection->tw_sessions);
  if (connection->stop.told)
    ow_serve_end_as_told(connection);
  else
    ow_serve_end_sessions(connection, NULL, 0, connection->ended_for);
  if (!connection->ending_for)
    free_closed(connection);
}

static void on_ending(struct ow_completion *part)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(part, struct ow_serve_connection, ending);
  end_some(connection, ENDED_IN_PART);
  if (connection->ending_for)
    return;
  if (connection->closed) {
    free_closed(connection);
  } else {
    ow_channel_offer(&connection->channel); /* nothing was taken meanwhile */
    ow_serve_settle(connection);
  }
}

/* While all are drained: is there anything left to be said? A fetch may follow the end of sessions. */
static bool is_drained(const struct ow_serve_connection *connection)
{
  bool may_fetch = connection->to_fetch > 0 &&
                   ow_serve_now(connection).monotonic < connection->stopped_at + OW_SERVE_FETCH_TIME;
  bool busy = connection->ending_for != NULL;
  switch (ow_server_state(connection->machine)) {
  case OW_SERVER_READY:
    busy = busy || may_fetch || ow_buffer_length(ow_server_output(connection->machine)) > 0;
    break;
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_RUNNING:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_TELLING_STOP:
  case OW_SERVER_STOPPING:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING: busy = true; break;
  case OW_SERVER_AWAIT_SETUP:
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP:
  case OW_SERVER_FAILED: break;
  }
  return connection->client.twamp || !busy; /* a TWAMP server has no word for it */
}

static enum ow_serve_place_state place_state(const struct ow_serve_connection *connection)
{
  enum ow_serve_place_state state = OW_SERVE_PLACE_BUSY;
  switch (ow_server_state(connection->machine)) {
  case OW_SERVER_AWAIT_SETUP:
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP: state = OW_SERVE_PLACE_SETTING_UP; break;
  case OW_SERVER_READY:
    if (TAILQ_EMPTY(&connection->sessions) && LIST_EMPTY(&connection->tw_sessions) &&
        ow_buffer_length(ow_server_output(connection->machine)) == 0)
      state = OW_SERVE_PLACE_IDLE;
    break;
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_RUNNING:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_TELLING_STOP:
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
  ow_serve_break_off(connection, why);
  ow_serve_close(connection);
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
    ow_timer_set(loop, &connection->stalled,
                 ow_serve_now(connection).monotonic + output_patience(connection));
}

static void tell_state(struct ow_serve_connection *connection)
{
  enum ow_server_state state = ow_server_state(connection->machine);
  int64_t deadline = ow_server_deadline(connection->machine);
  if (state != connection->state_told)
    ow_serve_log_state(&connection->to, state,
                       deadline == OW_NEVER ? OW_NEVER : deadline - ow_serve_now(connection).monotonic);
  connection->state_told = state;
}

/*
 * The last act of every callback: send what waits, and last words (an answer that says no) as well. Until
 * then a connection that is over stands, and after it nothing may touch one.
 */
void ow_serve_settle(struct ow_serve_connection *connection)
{
  ow_channel_flush(&connection->channel);
  tell_state(connection);
  if (connection->over || (connection->all->drained && is_drained(connection))) {
    ow_serve_close(connection);
  } else {
    watch_deadline(connection);
    watch_output(connection);
    ow_serve_place_watch(&connection->place, place_state(connection));
  }
}

/* ---- its sessions ---- */

static bool has_more_to_tell(const struct ow_serve_connection *connection)
{
  return !connection->over && ow_server_state(connection->machine) == OW_SERVER_TELLING_STOP;
}

static void tell_next(struct ow_serve_connection *connection)
{
  struct ow_serve_session *session = connection->to_tell;
  connection->to_tell = TAILQ_NEXT(session, of_connection);
  if (ow_serve_session_sends(session)) {
    ow_test_sender_stop(session->sender);
    struct ow_session_end end = ow_sender_end(session->sender->sender);
    ow_serve_require_written(connection,
                             ow_server_describe_end(connection->machine, ow_serve_now(connection), &end));
  }
}

/* What the client doesn't read isn't written: on_drained() goes on. */
static void tell_some(struct ow_serve_connection *connection, unsigned most)
{
  const struct ow_buffer *output = ow_server_output(connection->machine);
  while (has_more_to_tell(connection) && most-- > 0 && ow_buffer_length(output) < TOLD_UNREAD)
    tell_next(connection);
  if (has_more_to_tell(connection) && ow_buffer_length(output) < TOLD_UNREAD) {
    ow_loop_background(connection->common->loop, &connection->telling);
  } else if (!has_more_to_tell(connection) && connection->stop.told) {
    ow_serve_end_as_told(connection);
  }
}

static void on_telling(struct ow_completion *part)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(part, struct ow_serve_connection, telling);
  tell_some(connection, TOLD_IN_PART);
  if (!has_more_to_tell(connection))
    ow_channel_offer(&connection->channel); /* nothing was taken meanwhile */
  ow_serve_settle(connection);
}

void ow_serve_go_on_telling(struct ow_serve_connection *connection)
{
  if (has_more_to_tell(connection))
    ow_loop_background(connection->common->loop, &connection->telling);
}

void ow_serve_tell_stop(struct ow_serve_connection *connection)
{
  connection->next = NULL;
  ow_loop_withdraw_background(connection->common->loop, &connection->starting);
  connection->to_tell = TAILQ_FIRST(&connection->sessions);
  ow_serve_require_written(connection, ow_server_begin_stop(connection->machine, ow_serve_now(connection),
                                                            OW_ACCEPT_OK, connection->sending));
  tell_some(connection, TOLD_AT_ONCE);
}

void ow_serve_stop_sessions(struct ow_serve_connection *connection, const char *why)
{
  if (!connection->client.twamp && ow_server_state(connection->machine) == OW_SERVER_RUNNING) {
    ow_log(connection->common->log, OW_LOG_DEBUG, "client %s: is sent Stop-Sessions: %s", connection->name,
           why);
    connection->stopped_for = why;
    ow_serve_tell_stop(connection);
  }
}

/*
 * Every session is done. Those that were only received are over, and the client is told so at once; where we
 * sent, it knows itself, and has time to stop them.
 */
void ow_serve_consider_end(struct ow_serve_connection *connection)
{
  const struct ow_serve_common *common = connection->common;
  struct ow_serve_session *session;
  int64_t longest = 0;
  bool settled = !TAILQ_EMPTY(&connection->sessions);
  if (connection->unfinished > 0 || connection->client.twamp)
    return;
  TAILQ_FOREACH(session, &connection->sessions, of_connection)
  {
    int64_t timeout = ow_span_to_ns(session->request.timeout);
    settled = settled && ow_serve_session_settled(session);
    longest = timeout > longest ? timeout : longest;
  }
  if (settled)
    ow_serve_stop_sessions(connection, "stopped by us, for all that was to come has");
  else if (ow_server_state(connection->machine) == OW_SERVER_RUNNING)
    ow_timer_set(common->loop, &connection->linger,
                 ow_serve_now(connection).monotonic + longest + common->config.test_timeout);
}

void ow_serve_on_session_done(struct ow_serve_session *session)
{
  struct ow_serve_connection *connection = session->connection;
  if (connection->ending_for)
    return; /* it is about to be ended */
  if (session->sender && ow_test_sender_gave_up(session->sender))
    ow_log(connection->common->log, OW_LOG_NOTICE,
           "client %s: nothing more is sent after %u answers that nobody listens at its test port",
           connection->name, session->sender->closed);
  connection->unfinished--;
  ow_serve_consider_end(connection);
  ow_serve_settle(connection);
}

/* The client left its finished sessions running: stop them ourselves. */
static void on_linger(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, linger);
  ow_serve_stop_sessions(connection, "stopped by us, for the client left it running");
  ow_serve_settle(connection);
}

static void on_stalled(struct ow_timer *timer)
{
  struct ow_serve_connection *connection = OW_CONTAINER_OF(timer, struct ow_serve_connection, stalled);
  struct ow_failure failure;
  ow_fail(&failure, OW_TIMEOUT, "the client took too little of what it was told within %g s",
          (double)output_patience(connection) / (double)OW_NS_PER_S);
  ow_serve_break_off(connection, &failure);
  ow_serve_settle(connection);
}

void ow_serve_prepare_life(struct ow_serve_connection *connection)
{
  connection->stalled.expired = on_stalled;
  connection->linger.expired = on_linger;
  connection->ending.run = on_ending;
  connection->telling.run = on_telling;
  connection->place.give_back = on_give_back;
}
