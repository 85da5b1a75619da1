/* SPDX-License-Identifier: MIT */
/* The gate, the names, then the addresses: each gets its share of the time that is left. */
#include "measure/dialer.h"

#include <string.h>

#include "base/container_of.h"

/* Even with the deadline near, an address gets a chance. */
#define LEAST_SHARE (100 * OW_NS_PER_MS)

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

/* ---- the end ---- */

static void finish_dialing(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  dialer->busy = false;
  leave_gate(dialer);
  if (status != OW_OK)
    ow_client_connection_close(dialer->control);
  dialer->done(dialer, status, failure);
}

void ow_dialer_cancel(struct ow_dialer *dialer)
{
  if (dialer->busy) {
    dialer->busy = false;
    if (dialer->resolution)
      ow_resolve_cancel(dialer->resolution);
    dialer->resolution = NULL;
    ow_loop_withdraw(dialer->loop, &dialer->unresolved);
    leave_gate(dialer);
    ow_client_connection_close(dialer->control);
  }
}

/* ---- connecting ---- */

static void connect_next(struct ow_dialer *dialer, const struct ow_failure *last);

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct ow_dialer *dialer = connection->context;
  struct ow_failure failure;
  if (connection->client)
    dialer->modes_offered = ow_client_modes_offered(connection->client);
  if (event->kind == OW_CLIENT_SET_UP) {
    finish_dialing(dialer, OW_OK, NULL);
  } else if (event->kind == OW_CLIENT_BROKEN) {
    bool answered = connection->client != NULL; /* this server is there: no other address is more right */
    failure = event->failure;
    dialer->stage = answered ? OW_DIAL_SETUP : OW_DIAL_CONNECT;
    ow_client_connection_close(connection);
    if (answered)
      finish_dialing(dialer, failure.status, &failure);
    else
      connect_next(dialer, &failure);
  }
}

/* One address after another; each gets its share of the time, the last failure is told. */
static void connect_next(struct ow_dialer *dialer, const struct ow_failure *last)
{
  struct ow_failure failure = {.status = OW_NETWORK};
  enum ow_status status = OW_NETWORK;
  if (last)
    failure = *last;
  while (status != OW_OK && dialer->server_at < dialer->server_count) {
    const union ow_address *server = &dialer->servers[dialer->server_at];
    int64_t left = dialer->deadline - ow_loop_now(dialer->loop).monotonic;
    int64_t share = left / (int64_t)(dialer->server_count - dialer->server_at);
    dialer->server_at++;
    dialer->control->event = on_event;
    dialer->control->context = dialer;
    status = ow_client_connection_open(dialer->control, dialer->loop, dialer->peer, server,
                                       dialer->has_source ? &dialer->source : NULL,
                                       share > LEAST_SHARE ? share : LEAST_SHARE, &failure);
    if (status != OW_OK)
      ow_client_connection_close(dialer->control);
  }
  if (status != OW_OK)
    finish_dialing(dialer, failure.status, &failure);
}

static void keep_family(struct ow_dialer *dialer, sa_family_t family)
{
  size_t kept = 0;
  for (size_t i = 0; i < dialer->server_count; i++)
    if (dialer->servers[i].any.sa_family == family)
      dialer->servers[kept++] = dialer->servers[i];
  dialer->server_count = kept;
}

static void start_connecting(struct ow_dialer *dialer)
{
  struct ow_failure failure;
  dialer->stage = OW_DIAL_CONNECT;
  dialer->connecting = ow_loop_now(dialer->loop).monotonic;
  leave_gate(dialer);
  if (dialer->has_source)
    keep_family(dialer, dialer->source.any.sa_family);
  if (dialer->server_count == 0) {
    ow_fail(&failure, OW_INVALID, "%s has no address of the source address's family", dialer->peer->host);
    finish_dialing(dialer, OW_INVALID, &failure);
  } else {
    connect_next(dialer, NULL);
  }
}

/* ---- resolving ---- */

/* The server first, then our own address, if one is asked for. */
static void on_resolved(void *context, enum ow_status status, const union ow_address *addresses, size_t count,
                        const struct ow_failure *failure)
{
  struct ow_dialer *dialer = context;
  dialer->resolution = NULL;
  if (status != OW_OK) {
    finish_dialing(dialer, status, failure);
  } else if (dialer->resolving_source) {
    dialer->source = addresses[0];
    ow_address_set_port(&dialer->source, 0);
    dialer->has_source = true;
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
  dialer->busy = true;
  dialer->deadline = deadline;
  dialer->stage = OW_DIAL_RESOLVE;
  dialer->modes_offered = 0;
  dialer->connecting = 0;
  dialer->resolving_source = false;
  dialer->has_source = false;
  dialer->server_count = dialer->server_at = 0;
  if (enter_gate(dialer))
    resolve_next_name(dialer);
}
