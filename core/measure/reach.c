/* SPDX-License-Identifier: MIT */
/* The names, then a socket for each address; each is asked in turn until one answers. */
#include "measure/reach.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/refusal.h"
#include "io/udp.h"
#include "io/zone.h"
#include "measure/test_socket.h"
#include "traffic/opening.h"

#define PACE (250 * OW_NS_PER_MS) /* between addresses (RFC 8305, 5 and 8) */

/* One address. */
struct ow_reach_attempt {
  struct ow_reach *reach;
  union ow_address server;
  union ow_address local;
  struct ow_test_opening opening;
  bool dead; /* nobody listens there */
};

static struct ow_loop *loop_of(const struct ow_reach *reach)
{
  return reach->traffic->loop;
}

static void end_attempts(struct ow_reach *reach)
{
  ow_timer_cancel(loop_of(reach), &reach->next);
  for (size_t i = 0; i < reach->server_at; i++) {
    struct ow_reach_attempt *attempt = reach->attempts[i];
    reach->attempts[i] = NULL;
    if (attempt)
      ow_test_opening_close(&attempt->opening);
    free(attempt);
  }
  ow_reflected_codec_free(reach->codec);
  reach->codec = NULL;
}

/* ---- the end ---- */

static void finish(struct ow_reach *reach, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_failure told = {.status = OW_OK};
  if (failure)
    told = *failure;
  end_attempts(reach);
  reach->busy = false;
  reach->done(reach, status, &told);
}

static void take(struct ow_reach_attempt *attempt)
{
  struct ow_reach *reach = attempt->reach;
  reach->remote = attempt->server;
  reach->local = attempt->local;
  reach->opening = attempt->opening.markers;
  ow_address_print(reach->server, sizeof reach->server, &reach->remote);
  reach->socket = ow_test_opening_release(&attempt->opening);
  finish(reach, OW_OK, NULL);
}

static struct ow_reach_attempt *first_alive(const struct ow_reach *reach)
{
  size_t i = 0;
  while (i < reach->server_at && (!reach->attempts[i] || reach->attempts[i]->dead))
    i++;
  return i < reach->server_at ? reach->attempts[i] : NULL;
}

/* ---- asking ---- */

static void try_next(struct ow_reach *reach);

/* The last one stays, but for a lack of memory: whoever was not asked for that might have answered. */
static void note_failure(struct ow_reach *reach, const struct ow_failure *failure)
{
  if (reach->failure.status != OW_MEMORY)
    reach->failure = *failure;
}

static void die(struct ow_reach_attempt *attempt, int error)
{
  char server[OW_ADDRESS_TEXT];
  struct ow_failure failure;
  attempt->dead = true;
  ow_fail_errno(&failure, OW_NETWORK, error, "no reflector at %s: %s",
                ow_address_print(server, sizeof server, &attempt->server), ow_refusal_text(error));
  note_failure(attempt->reach, &failure);
}

static void on_answered(struct ow_test_opening *opening)
{
  take(OW_CONTAINER_OF(opening, struct ow_reach_attempt, opening));
}

static void on_refused(struct ow_test_opening *opening, int error)
{
  struct ow_reach_attempt *attempt = OW_CONTAINER_OF(opening, struct ow_reach_attempt, opening);
  struct ow_reach *reach = attempt->reach;
  if (!attempt->dead) {
    die(attempt, error);
    try_next(reach);
  }
}

/* ---- addresses ---- */

static enum ow_status open_socket(struct ow_reach_attempt *attempt, int *opened, struct ow_failure *failure)
{
  struct ow_reach *reach = attempt->reach;
  const struct ow_peer *peer = reach->peer;
  union ow_address own = {.any.sa_family = attempt->server.any.sa_family};
  union ow_address *source = ow_lookup_source(&reach->lookup, &attempt->server, &own);
  enum ow_status status = ow_zone_settle(&attempt->server, source, peer->interface, failure);
  if (!source)
    own = (union ow_address){.any.sa_family = attempt->server.any.sa_family};
  if (status == OW_OK)
    status = ow_test_socket_open(peer, OW_SOCKET_REFLECTED, &own, opened, failure);
  if (status == OW_OK)
    status = ow_udp_connect(*opened, &attempt->server, failure);
  if (status == OW_OK)
    attempt->local = ow_udp_local(*opened);
  else if (*opened >= 0)
    close(*opened);
  return status;
}

static bool begin_attempt(struct ow_reach *reach, size_t index)
{
  struct ow_reach_attempt *attempt = calloc(1, sizeof *attempt);
  struct ow_failure failure;
  enum ow_status status = OW_OK;
  int opened = -1;
  if (!attempt) {
    status = ow_fail(&failure, OW_MEMORY, "no memory for a session");
  } else {
    reach->attempts[index] = attempt;
    attempt->reach = reach;
    attempt->opening = (struct ow_test_opening){.traffic = reach->traffic,
                                                .codec = reach->codec,
                                                .markers = {.ssid = (uint16_t)reach->peer->ssid},
                                                .answered = on_answered,
                                                .refused = on_refused};
    attempt->server = reach->lookup.servers[index];
    status = open_socket(attempt, &opened, &failure);
    int refusal = status == OW_OK ? ow_test_opening_begin(&attempt->opening, opened) : 0;
    if (refusal)
      die(attempt, refusal);
    attempt->dead = attempt->dead || status != OW_OK;
  }
  if (status != OW_OK)
    note_failure(reach, &failure);
  return attempt && !attempt->dead;
}

/* Another address if there is one; the end if none is left that may answer. */
static void try_next(struct ow_reach *reach)
{
  bool begun = false;
  while (!begun && reach->server_at < reach->lookup.server_count) {
    size_t index = reach->server_at++;
    begun = begin_attempt(reach, index);
  }
  int64_t now = ow_loop_now(loop_of(reach)).monotonic;
  bool more = begun && reach->server_at < reach->lookup.server_count;
  if (!first_alive(reach))
    finish(reach, reach->failure.status, &reach->failure);
  else
    ow_timer_set(loop_of(reach), &reach->next,
                 more && now + PACE < reach->deadline ? now + PACE : reach->deadline);
}

/* Another address is due, or nobody has answered in time. */
static void on_next(struct ow_timer *timer)
{
  struct ow_reach *reach = OW_CONTAINER_OF(timer, struct ow_reach, next);
  if (ow_loop_now(loop_of(reach)).monotonic < reach->deadline)
    try_next(reach);
  else if (reach->failure.status == OW_MEMORY)
    finish(reach, OW_MEMORY, &reach->failure);
  else
    take(first_alive(reach));
}

static enum ow_status make_codec(struct ow_reach *reach, struct ow_failure *failure)
{
  const struct ow_reflected_kind kind = ow_peer_stamp_kind(reach->peer);
  reach->codec = ow_reflected_codec_create(&kind);
  return reach->codec ? OW_OK : ow_fail(failure, OW_MEMORY, "no memory for a session");
}

static void on_looked_up(struct ow_lookup *lookup, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_reach *reach = OW_CONTAINER_OF(lookup, struct ow_reach, lookup);
  struct ow_failure own = *failure;
  if (status == OW_OK) {
    reach->asking = ow_loop_now(loop_of(reach)).monotonic;
    reach->deadline += reach->asking;
    status = ow_lookup_check(lookup, &own);
  }
  if (status == OW_OK)
    status = make_codec(reach, &own);
  if (status == OW_OK)
    try_next(reach);
  else
    finish(reach, status, &own);
}

/* ---- life ---- */

void ow_reach_begin(struct ow_reach *reach, int64_t patience)
{
  struct ow_reach fresh = {.traffic = reach->traffic,
                           .peer = reach->peer,
                           .gate = reach->gate,
                           .faithful = reach->faithful,
                           .done = reach->done,
                           .busy = true,
                           .deadline = patience,
                           .next = {.expired = on_next},
                           .socket = -1,
                           .lookup = {.loop = loop_of(reach),
                                      .peer = reach->peer,
                                      .gate = reach->gate,
                                      .faithful = reach->faithful,
                                      .done = on_looked_up}};
  *reach = fresh;
  ow_lookup_begin(&reach->lookup);
}

void ow_reach_cancel(struct ow_reach *reach)
{
  if (reach->busy) {
    reach->busy = false;
    ow_lookup_cancel(&reach->lookup);
    end_attempts(reach);
  }
}
