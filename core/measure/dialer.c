/* SPDX-License-Identifier: MIT */
/* The names, then the addresses, which race until one is greeted. */
#include "measure/dialer.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/zone.h"

#define ATTEMPT_DELAY (250 * OW_NS_PER_MS) /* RFC 8305, 5 and 8 */
#define LEAST_DELAY (10 * OW_NS_PER_MS)    /* likewise */
#define LEAST_TIME (100 * OW_NS_PER_MS)    /* even with the deadline near, an address gets a chance */

/* ---- attempts ---- */

/* One address. */
struct ow_dial_attempt {
  struct ow_dialer *dialer;
  size_t index; /* of the server */
  union ow_address server;
  struct ow_client_connection connection;
};

/* How much a failure tells, from the least. */
enum {
  SAYS_NOTHING,
  COULD_NOT_BEGIN, /* this host's own fault, or want of a route */
  WAS_SILENT,
  REFUSED,   /* or broken: the connection was not made; or there is no memory for it */
  CONNECTED, /* it was, and no greeting came */
};

static void note_heard(struct ow_dialer *dialer, const struct ow_client_connection *connection)
{
  if (connection->heard > dialer->heard)
    dialer->heard = connection->heard;
}

static void end_attempt(struct ow_dial_attempt *attempt)
{
  attempt->dialer->attempts[attempt->index] = NULL;
  note_heard(attempt->dialer, &attempt->connection);
  ow_client_connection_close(&attempt->connection);
  free(attempt);
}

static void end_attempts(struct ow_dialer *dialer)
{
  ow_timer_cancel(dialer->loop, &dialer->next);
  for (size_t i = 0; i < dialer->server_at; i++)
    if (dialer->attempts[i])
      end_attempt(dialer->attempts[i]);
}

/* The one that was begun first of those that are under way; or NULL. */
static struct ow_dial_attempt *first_attempt(const struct ow_dialer *dialer)
{
  size_t i = 0;
  while (i < dialer->server_at && !dialer->attempts[i])
    i++;
  return i < dialer->server_at ? dialer->attempts[i] : NULL;
}

static void name_server(struct ow_dialer *dialer, const struct ow_client_connection *connection)
{
  _Static_assert(sizeof dialer->server == sizeof connection->server, "copied whole");
  memcpy(dialer->server, connection->server, sizeof dialer->server);
}

/* Of two failures that tell as much the later is told. `connection`: NULL, there is none. */
static void note_failure(struct ow_dialer *dialer, const struct ow_client_connection *connection, int weight,
                         const struct ow_failure *failure)
{
  if (weight >= dialer->weight) {
    dialer->dead = dialer->failure;
    dialer->weight = weight;
    dialer->failure = *failure;
    if (connection)
      name_server(dialer, connection);
  } else {
    dialer->dead = *failure;
  }
}

/* It has not answered until now. */
static void describe_silence(const struct ow_dialer *dialer, const struct ow_client_connection *connection,
                             struct ow_failure *failure)
{
  int64_t waited = ow_loop_now(dialer->loop).monotonic - connection->began;
  ow_fail(failure, OW_TIMEOUT, "server %s: %s within %.2f s", connection->server,
          connection->client ? "takes the connection, but no greeting came"
                             : "no answer to our TCP connection",
          (double)waited / (double)OW_NS_PER_S);
}

/* It had all the time there was. */
static void explain_silence(const struct ow_dialer *dialer, const struct ow_client_connection *connection,
                            struct ow_failure *failure)
{
  int64_t waited = ow_loop_now(dialer->loop).monotonic - connection->began;
  (void)!ow_client_explain_silence(connection->client, waited, failure);
  ow_fail_within(failure, "server %s", connection->server);
}

void ow_dialer_expire(struct ow_dialer *dialer)
{
  struct ow_failure failure;
  for (size_t i = 0; i < dialer->server_at; i++) {
    struct ow_dial_attempt *attempt = dialer->attempts[i];
    if (!attempt)
      continue;
    describe_silence(dialer, &attempt->connection, &failure);
    if (attempt->connection.client)
      explain_silence(dialer, &attempt->connection, &failure);
    note_failure(dialer, &attempt->connection, attempt->connection.client ? CONNECTED : WAS_SILENT, &failure);
    end_attempt(attempt);
  }
}

/* ---- what is known ---- */

enum ow_dial_stage ow_dialer_stage(const struct ow_dialer *dialer)
{
  enum ow_dial_stage stage = dialer->connecting ? OW_DIAL_CONNECT : OW_DIAL_RESOLVE;
  if (dialer->greeted || dialer->weight >= CONNECTED)
    stage = OW_DIAL_SETUP;
  for (size_t i = 0; i < dialer->server_at; i++)
    if (dialer->attempts[i] && dialer->attempts[i]->connection.client)
      stage = OW_DIAL_SETUP;
  return stage;
}

int64_t ow_dialer_heard(const struct ow_dialer *dialer)
{
  int64_t heard = dialer->heard;
  for (size_t i = 0; i < dialer->server_at; i++)
    if (dialer->attempts[i] && dialer->attempts[i]->connection.heard > heard)
      heard = dialer->attempts[i]->connection.heard;
  return heard;
}

/* ---- the end ---- */

static void finish_dialing(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_failure told = {.status = OW_OK};
  if (failure)
    told = *failure;
  end_attempts(dialer);
  dialer->busy = false;
  if (status != OW_OK)
    ow_client_connection_close(dialer->control);
  dialer->done(dialer, status, &told);
}

void ow_dialer_cancel(struct ow_dialer *dialer)
{
  if (dialer->busy) {
    end_attempts(dialer);
    dialer->busy = false;
    ow_lookup_cancel(&dialer->lookup);
    ow_client_connection_close(dialer->control);
  }
}

/* ---- the race ---- */

/* The winner says what it says: that is the end, good or bad. */
static void on_control_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct ow_dialer *dialer = control->context;
  if (event->kind == OW_CLIENT_SET_UP)
    finish_dialing(dialer, OW_OK, NULL);
  else if (event->kind == OW_CLIENT_BROKEN)
    finish_dialing(dialer, event->failure.status, &event->failure);
}

/* The others are of no use any more; the first that failed, or has not answered, is remembered. */
static void end_race(struct ow_dialer *dialer, struct ow_dial_attempt *winner)
{
  const struct ow_dial_attempt *late = first_attempt(dialer);
  dialer->greeted = true;
  dialer->modes_offered = ow_client_modes_offered(winner->connection.client);
  dialer->remote = winner->server;
  name_server(dialer, &winner->connection);
  if (dialer->failure.status != OW_OK)
    dialer->dead = dialer->failure;
  else if (late != winner)
    describe_silence(dialer, &late->connection, &dialer->dead);
  note_heard(dialer, &winner->connection);
}

static void on_greeted(struct ow_client_connection *connection)
{
  struct ow_dial_attempt *winner = OW_CONTAINER_OF(connection, struct ow_dial_attempt, connection);
  struct ow_dialer *dialer = winner->dialer;
  struct ow_failure failure;
  end_race(dialer, winner);
  dialer->control->event = on_control_event;
  dialer->control->greeted = NULL;
  dialer->control->context = dialer;
  enum ow_status status = ow_client_connection_move(dialer->control, connection, &failure);
  end_attempts(dialer);
  if (status != OW_OK)
    finish_dialing(dialer, status, &failure);
}

static void try_next(struct ow_dialer *dialer);

/* A greeting that we can't go on with decides as well: this server is there, and no address is more right. */
static void on_attempt_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct ow_dial_attempt *attempt = OW_CONTAINER_OF(connection, struct ow_dial_attempt, connection);
  struct ow_dialer *dialer = attempt->dialer;
  const struct ow_failure *failure = &event->failure;
  if (event->kind != OW_CLIENT_BROKEN)
    return;
  if (connection->client && ow_client_was_greeted(connection->client)) {
    end_race(dialer, attempt);
    finish_dialing(dialer, failure->status, failure);
  } else {
    int weight = connection->client ? CONNECTED : failure->status == OW_TIMEOUT ? WAS_SILENT : REFUSED;
    note_failure(dialer, connection, weight, failure);
    end_attempt(attempt);
    try_next(dialer);
  }
}

static enum ow_status connect_to(struct ow_dial_attempt *attempt, struct ow_failure *failure)
{
  struct ow_dialer *dialer = attempt->dialer;
  union ow_address own;
  union ow_address *source = ow_lookup_source(&dialer->lookup, &attempt->server, &own);
  int64_t left = dialer->deadline - ow_loop_now(dialer->loop).monotonic;
  enum ow_status status = ow_zone_settle(&attempt->server, source, dialer->peer->interface, failure);
  attempt->connection.event = on_attempt_event;
  attempt->connection.greeted = on_greeted;
  ow_address_print(attempt->connection.server, sizeof attempt->connection.server, &attempt->server);
  if (status == OW_OK)
    status = ow_client_connection_open(&attempt->connection, dialer->loop, dialer->peer, &attempt->server,
                                       source, left > LEAST_TIME ? left : LEAST_TIME, failure);
  if (!dialer->server[0])
    name_server(dialer, &attempt->connection);
  return status;
}

static bool begin_attempt(struct ow_dialer *dialer, size_t index)
{
  struct ow_failure failure;
  struct ow_dial_attempt *attempt = calloc(1, sizeof *attempt);
  enum ow_status status = OW_OK;
  if (!attempt) {
    status = ow_fail(&failure, OW_MEMORY, "no memory for a control connection");
    note_failure(dialer, NULL, REFUSED, &failure);
  } else {
    dialer->attempts[index] = attempt;
    attempt->dialer = dialer;
    attempt->index = index;
    attempt->server = dialer->lookup.servers[index];
    status = connect_to(attempt, &failure);
    if (status != OW_OK) {
      note_failure(dialer, &attempt->connection, status == OW_MEMORY ? REFUSED : COULD_NOT_BEGIN, &failure);
      end_attempt(attempt);
    }
  }
  return status == OW_OK;
}

/* The next address that can be tried, if there is one; the end, if none is left and none is under way. */
static void try_next(struct ow_dialer *dialer)
{
  bool begun = false;
  while (!begun && dialer->server_at < dialer->lookup.server_count)
    begun = begin_attempt(dialer, dialer->server_at++);
  if (begun && dialer->server_at < dialer->lookup.server_count) {
    ow_timer_set(dialer->loop, &dialer->next, ow_loop_now(dialer->loop).monotonic + dialer->pace);
  } else if (!first_attempt(dialer)) {
    finish_dialing(dialer, dialer->failure.status, &dialer->failure);
  }
}

static void on_next(struct ow_timer *timer)
{
  try_next(OW_CONTAINER_OF(timer, struct ow_dialer, next));
}

/* ---- which addresses ---- */

/* Many addresses come closer to each other, so that each has its chance. */
static int64_t pace_of(const struct ow_dialer *dialer)
{
  int64_t left = dialer->deadline - dialer->connecting;
  int64_t share = left / (2 * (int64_t)dialer->lookup.server_count);
  share = share < LEAST_DELAY ? LEAST_DELAY : share;
  return share < ATTEMPT_DELAY ? share : ATTEMPT_DELAY;
}

static void on_looked_up(struct ow_lookup *lookup, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_dialer *dialer = OW_CONTAINER_OF(lookup, struct ow_dialer, lookup);
  struct ow_failure none;
  if (status == OW_OK) {
    dialer->connecting = ow_loop_now(dialer->loop).monotonic;
    status = ow_lookup_check(lookup, &none);
    failure = &none;
  }
  if (status != OW_OK) {
    finish_dialing(dialer, status, failure);
  } else {
    dialer->pace = pace_of(dialer);
    try_next(dialer);
  }
}

void ow_dialer_dial(struct ow_dialer *dialer, int64_t deadline)
{
  struct ow_dialer fresh = {.loop = dialer->loop,
                            .peer = dialer->peer,
                            .control = dialer->control,
                            .gate = dialer->gate,
                            .faithful = dialer->faithful,
                            .done = dialer->done,
                            .busy = true,
                            .deadline = deadline,
                            .next = {.expired = on_next},
                            .lookup = {.loop = dialer->loop,
                                       .peer = dialer->peer,
                                       .gate = dialer->gate,
                                       .faithful = dialer->faithful,
                                       .done = on_looked_up}};
  *dialer = fresh;
  ow_lookup_begin(&dialer->lookup);
}
