/* SPDX-License-Identifier: MIT */
/* The gate, the host's name, our own address; then what of both goes together. */
#include "measure/lookup.h"

#include <string.h>

#include "base/container_of.h"

static void resolve_next_name(struct ow_lookup *lookup);

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

static void leave_gate(struct ow_lookup *lookup)
{
  struct ow_dial_gate *gate = lookup->gate;
  if (lookup->waits)
    TAILQ_REMOVE(&gate->waiting, lookup, in_gate);
  lookup->waits = false;
  if (!lookup->holds_place)
    return;
  lookup->holds_place = false;
  struct ow_lookup *next = gate->closed ? NULL : TAILQ_FIRST(&gate->waiting);
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
static bool enter_gate(struct ow_lookup *lookup)
{
  struct ow_dial_gate *gate = lookup->gate;
  if (gate && gate->free == 0) {
    TAILQ_INSERT_TAIL(&gate->waiting, lookup, in_gate);
    lookup->waits = true;
  } else if (gate) {
    gate->free--;
    lookup->holds_place = true;
  }
  return !lookup->waits;
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

/* ---- which addresses ---- */

/* Without a source every family is ours. */
static void keep_families_of_source(struct ow_lookup *lookup)
{
  size_t kept = 0;
  for (size_t i = 0; i < lookup->server_count; i++)
    if (!lookup->any_source ||
        lookup->sources[family_of(&lookup->servers[i])].any.sa_family == lookup->servers[i].any.sa_family)
      lookup->servers[kept++] = lookup->servers[i];
  lookup->server_count = kept;
}

static void keep_faithful(struct ow_lookup *lookup)
{
  bool found = false;
  for (size_t i = 0; lookup->faithful && i < lookup->server_count; i++)
    found = found || same_server(&lookup->servers[i], lookup->faithful);
  if (found) {
    lookup->servers[0] = *lookup->faithful;
    lookup->server_count = 1;
  }
}

static void finish(struct ow_lookup *lookup, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_failure told = {.status = OW_OK};
  if (failure)
    told = *failure;
  lookup->busy = false;
  leave_gate(lookup);
  lookup->done(lookup, status, &told);
}

static void choose(struct ow_lookup *lookup)
{
  keep_families_of_source(lookup);
  keep_faithful(lookup);
  finish(lookup, OW_OK, NULL);
}

enum ow_status ow_lookup_check(const struct ow_lookup *lookup, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (lookup->server_count == 0)
    status =
        ow_fail(failure, OW_INVALID, "%s has no address of the source address's family", lookup->peer->host);
  return status;
}

/* ---- resolving ---- */

/* The first of each family. */
static void take_sources(struct ow_lookup *lookup, const union ow_address *addresses, size_t count)
{
  lookup->any_source = true;
  for (size_t i = count; i-- > 0;) {
    union ow_address *source = &lookup->sources[family_of(&addresses[i])];
    *source = addresses[i];
    ow_address_set_port(source, 0);
  }
}

/* The server first, then our own address, if one is asked for. */
static void on_resolved(void *context, enum ow_status status, const union ow_address *addresses, size_t count,
                        const struct ow_failure *failure)
{
  struct ow_lookup *lookup = context;
  lookup->resolution = NULL;
  if (status != OW_OK) {
    finish(lookup, status, failure);
  } else if (lookup->resolving_source) {
    take_sources(lookup, addresses, count);
    choose(lookup);
  } else {
    lookup->server_count = count;
    memcpy(lookup->servers, addresses, count * sizeof *addresses);
    lookup->resolving_source = lookup->peer->source[0] != '\0';
    if (lookup->resolving_source)
      resolve_next_name(lookup);
    else
      choose(lookup);
  }
}

static void on_unresolved(struct ow_completion *completion)
{
  struct ow_lookup *lookup = OW_CONTAINER_OF(completion, struct ow_lookup, unresolved);
  struct ow_failure failure;
  ow_fail(&failure, OW_MEMORY, "no memory to resolve a name");
  finish(lookup, OW_MEMORY, &failure);
}

static void resolve_next_name(struct ow_lookup *lookup)
{
  const struct ow_peer *peer = lookup->peer;
  const char *host = lookup->resolving_source ? peer->source : peer->host;
  const char *port = lookup->resolving_source ? "0" : peer->port;
  lookup->resolution = ow_resolve(lookup->loop, host, port, peer->address_family, on_resolved, lookup);
  lookup->unresolved.run = on_unresolved;
  if (!lookup->resolution)
    ow_loop_deliver(lookup->loop, &lookup->unresolved);
}

/* ---- life ---- */

void ow_lookup_begin(struct ow_lookup *lookup)
{
  struct ow_lookup fresh = {.loop = lookup->loop,
                            .peer = lookup->peer,
                            .gate = lookup->gate,
                            .faithful = lookup->faithful,
                            .done = lookup->done,
                            .busy = true};
  *lookup = fresh;
  if (enter_gate(lookup))
    resolve_next_name(lookup);
}

void ow_lookup_cancel(struct ow_lookup *lookup)
{
  if (lookup->busy) {
    lookup->busy = false;
    if (lookup->resolution)
      ow_resolve_cancel(lookup->resolution);
    lookup->resolution = NULL;
    ow_loop_withdraw(lookup->loop, &lookup->unresolved);
    leave_gate(lookup);
  }
}

union ow_address *ow_lookup_source(const struct ow_lookup *lookup, const union ow_address *server,
                                   union ow_address *own)
{
  *own = lookup->sources[family_of(server)];
  return lookup->any_source ? own : NULL;
}
