/* SPDX-License-Identifier: MIT */
/* The gate, the names, then the addresses, which race until one is greeted. */
#include "measure/dialer.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/zone.h"

#define ATTEMPT_DELAY (250 * OW_NS_PER_MS) /* RFC 8305, 5 and 8 */
#define LEAST_DELAY (10 * OW_NS_PER_MS)    /* likewise */
#define LEAST_TIME (100 * OW_NS_PER_MS)    /* even with the deadline near, an address gets a chance */

static void resolve_next_name(struct ow_dialer *dialer);

/* ---- the gate ---- */

void ow_dial_gate_prepare(struct ow_dial_gate *gate, unsigned at_once)
{
  gate->free = at_once;
  gate->closed = false;
  TAILQ_INIT(&gate->waiting);
}

void ow_dial_gate_close(struct ow_dial_gate *gate)
{
  gate->closed = true;
}

static void leave_gate(struct ow_dialer *dialer)
{
  struct ow_dial_gate *gate = dialer->gate;
  if (dialer->waits)
    TAILQ_REMOVE(&gate->waiting, dialer, in_gate);
  dialer->waits = false;
  if (!dialer->holds_place)
    return;
  dialer->holds_place = false;
  struct ow_dialer *next = gate->closed ? NULL : TAILQ_FIRST(&gate->waiting);
  if (next) {
    TAILQ_REMOVE(&gate->waiting, next, in_gate);
    next->waits = false;
    next->holds_place = true;
    resolve_next_name(next);
  } else {
    gate->free++;
  }
}

/* True if it may go on at once; else it will be called. */
static bool enter_gate(struct ow_dialer *dialer)
{
  struct ow_dial_gate *gate = dialer->gate;
  if (gate && gate->free == 0) {
    TAILQ_INSERT_TAIL(&gate->waiting, dialer, in_gate);
    dialer->waits = true;
  } else if (gate) {
    gate->free--;
    dialer->holds_place = true;
  }
  return !dialer->waits;
}

/* ---- addresses ---- */

/* An index of `sources`. */
static int family_of(const union ow_address *address)
{
  return address->any.sa_family == AF_INET6;
}

/* Names tell no zone, or not always. */
static bool same_server(const union ow_address *a, const union ow_address *b)
{
  struct ow_endpoint one = ow_address_to_endpoint(a);
  struct ow_endpoint other = ow_address_to_endpoint(b);
  return ow_endpoint_same_host(&one, &other) && one.port == other.port;
}

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
  leave_gate(dialer);
  if (status != OW_OK)
    ow_client_connection_close(dialer->control);
  dialer->done(dialer, status, &told);
}

void ow_dialer_cancel(struct ow_dialer *dialer)
{
  if (dialer->busy) {
    end_attempts(dialer);
    dialer->busy = false;
    if (dialer->resolution)
      ow_resolve_cancel(dialer->resolution);
    dialer->resolution = NULL;
    ow_loop_withdraw(dialer->loop, &dialer->unresolved);
    leave_gate(dialer);
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
  union ow_address own = dialer->sources[family_of(&attempt->server)];
  union ow_address *source = dialer->any_source ? &own : NULL;
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
    attempt->server = dialer->servers[index];
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
  while (!begun && dialer->server_at < dialer->server_count)
    begun = begin_attempt(dialer, dialer->server_at++);
  if (begun && dialer->server_at < dialer->server_count) {
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

/* Without a source every family is ours. */
static void keep_families_of_source(struct ow_dialer *dialer)
{
  size_t kept = 0;
  for (size_t i = 0; i < dialer->server_count; i++)
    if (!dialer->any_source ||
        dialer->sources[family_of(&dialer->servers[i])].any.sa_family == dialer->servers[i].any.sa_family)
      dialer->servers[kept++] = dialer->servers[i];
  dialer->server_count = kept;
}

static void keep_faithful(struct ow_dialer *dialer)
{
  bool found = false;
  for (size_t i = 0; dialer->faithful && i < dialer->server_count; i++)
    found = found || same_server(&dialer->servers[i], dialer->faithful);
  if (found) {
    dialer->servers[0] = *dialer->faithful;
    dialer->server_count = 1;
  }
}

/* Many addresses come closer to each other, so that each has its chance. */
static int64_t pace_of(const struct ow_dialer *dialer)
{
  int64_t left = dialer->deadline - dialer->connecting;
  int64_t share = left / (2 * (int64_t)dialer->server_count);
  share = share < LEAST_DELAY ? LEAST_DELAY : share;
  return share < ATTEMPT_DELAY ? share : ATTEMPT_DELAY;
}

static void start_connecting(struct ow_dialer *dialer)
{
  struct ow_failure failure;
  dialer->connecting = ow_loop_now(dialer->loop).monotonic;
  leave_gate(dialer);
  keep_families_of_source(dialer);
  keep_faithful(dialer);
  if (dialer->server_count == 0) {
    ow_fail(&failure, OW_INVALID, "%s has no address of the source address's family", dialer->peer->host);
    finish_dialing(dialer, OW_INVALID, &failure);
  } else {
    dialer->pace = pace_of(dialer);
    try_next(dialer);
  }
}

/* ---- resolving ---- */

/* The first of each family. */
static void take_sources(struct ow_dialer *dialer, const union ow_address *addresses, size_t count)
{
  dialer->any_source = true;
  for (size_t i = count; i-- > 0;) {
    union ow_address *source = &dialer->sources[family_of(&addresses[i])];
    *source = addresses[i];
    ow_address_set_port(source, 0);
  }
}

/* The server first, then our own address, if one is asked for. */
static void on_resolved(void *context, enum ow_status status, const union ow_address *addresses, size_t count,
                        const struct ow_failure *failure)
{
  struct ow_dialer *dialer = context;
  dialer->resolution = NULL;
  if (status != OW_OK) {
    finish_dialing(dialer, status, failure);
  } else if (dialer->resolving_source) {
    take_sources(dialer, addresses, count);
    start_connecting(dialer);
  } else {
    dialer->server_count = count;
    memcpy(dialer->servers, addresses, count * sizeof *addresses);
    dialer->resolving_source = dialer->peer->source[0] != '\0';
    if (dialer->resolving_source)
      resolve_next_name(dialer);
    else
      start_connecting(dialer);
  }
}

static void on_unresolved(struct ow_completion *completion)
{
  struct ow_dialer *dialer = OW_CONTAINER_OF(completion, struct ow_dialer, unresolved);
  struct ow_failure failure;
  ow_fail(&failure, OW_MEMORY, "no memory to resolve a name");
  finish_dialing(dialer, OW_MEMORY, &failure);
}

static void resolve_next_name(struct ow_dialer *dialer)
{
  const struct ow_peer *peer = dialer->peer;
  const char *host = dialer->resolving_source ? peer->source : peer->host;
  const char *port = dialer->resolving_source ? "0" : peer->port;
  dialer->resolution = ow_resolve(dialer->loop, host, port, peer->address_family, on_resolved, dialer);
  dialer->unresolved.run = on_unresolved;
  if (!dialer->resolution)
    ow_loop_deliver(dialer->loop, &dialer->unresolved);
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
                            .next = {.expired = on_next}};
  *dialer = fresh;
  if (enter_gate(dialer))
    resolve_next_name(dialer);
}
