/* SPDX-License-Identifier: MIT */
/* The kernel numbers the packets that asked; a ring tells by that number whose each was. */
#include "traffic/outlet.h"

#include <stdlib.h>
#include <unistd.h>

#include "io/kernel_stamps.h"
#include "io/udp.h"

enum { ALONE_MOST = 64 }; /* sends until another one asks in its place: some stamps never come */

enum ow_status ow_outlet_open(struct ow_outlet *outlet, int socket, uint32_t slots)
{
  *outlet = (struct ow_outlet){.socket = socket, .slots = slots};
  outlet->awaited = calloc(slots, sizeof *outlet->awaited);
  outlet->open = outlet->awaited != NULL;
  return outlet->open ? OW_OK : OW_MEMORY;
}

void ow_outlet_close(struct ow_outlet *outlet)
{
  if (outlet->open) {
    close(outlet->socket);
    free(outlet->awaited);
    *outlet = (struct ow_outlet){0};
  }
}

/* ---- departures ---- */

static void give(struct ow_outlet_awaited *awaited, struct ow_timestamp departed)
{
  const struct ow_leaving packet = {awaited->sequence, awaited->reading, awaited->correction};
  struct ow_outlet_user *user = awaited->user;
  awaited->user = NULL;
  if (user)
    user->departed(user, &packet, departed);
}

static void forget_all(struct ow_outlet *outlet)
{
  for (uint32_t i = 0; i < outlet->slots; i++)
    outlet->awaited[i].user = NULL;
}

/* No packet leaves before its clock is read. */
static bool is_too_early(const struct ow_outlet_awaited *awaited, const struct ow_departed *departed)
{
  return awaited->user && ow_timestamp_after(awaited->reading, departed->at);
}

/*
 * An order that nothing was sent with, or a stamp that can't be that packet's: the count was learnt from one
 * that asked before, and was late.
 */
static void lose_count(struct ow_outlet *outlet)
{
  forget_all(outlet);
  outlet->uncertain = true;
  outlet->alone = 0;
}

/* The first stamp of an order that wasn't known before is that of the packet that asked alone. */
static void learn_count(struct ow_outlet *outlet, const struct ow_departed *departed)
{
  if (outlet->alone && !ow_timestamp_after(outlet->first.reading, departed->at)) {
    outlet->asked = departed->order + 1;
    outlet->uncertain = false;
    outlet->alone = 0;
    give(&outlet->first, departed->at);
  }
}

/* A stamp of an order that is not, or no longer, awaited belongs to nobody. */
static void tell(struct ow_outlet *outlet, const struct ow_departed *departed)
{
  struct ow_outlet_awaited *awaited = &outlet->awaited[departed->order & (outlet->slots - 1)];
  uint32_t ago = outlet->asked - departed->order;
  if (departed->error && outlet->refused)
    outlet->refused(outlet, &departed->to, departed->error);
  else if (departed->error)
    return;
  else if (ago >= 1 && ago <= outlet->slots && !(outlet->refused && is_too_early(awaited, departed)))
    give(awaited, departed->at);
  else if (outlet->uncertain)
    learn_count(outlet, departed);
  else if (outlet->refused && (ago <= outlet->slots || ago > UINT32_MAX / 2))
    lose_count(outlet);
}

static void read_all(struct ow_outlet *outlet)
{
  struct ow_departed departed[OW_DEPARTED_BATCH];
  bool more = true;
  for (uint32_t read = 0; more && read < outlet->slots; read += OW_DEPARTED_BATCH) {
    size_t count = ow_stamps_departed(outlet->socket, departed, &more);
    for (size_t i = 0; i < count; i++)
      tell(outlet, &departed[i]);
  }
  outlet->unread = 0;
}

/* Also what was sent before the last reading may have left since. */
void ow_outlet_drain(struct ow_outlet *outlet)
{
  if (outlet->asked > 0)
    read_all(outlet);
}

void ow_outlet_hear(struct ow_outlet *outlet)
{
  read_all(outlet);
}

bool ow_outlet_is_full(const struct ow_outlet *outlet)
{
  return outlet->unread >= outlet->slots / 2;
}

void ow_outlet_forget(struct ow_outlet *outlet, const struct ow_outlet_user *user)
{
  if (outlet->first.user == user)
    outlet->first.user = NULL;
  for (uint32_t i = 0; outlet->open && i < outlet->slots; i++)
    if (outlet->awaited[i].user == user)
      outlet->awaited[i].user = NULL;
}

/* ---- sending ---- */

/*
 * A failed send that asked leaves it open whether the kernel counted it. What has left before is told first;
 * what waits in a queue of the host meanwhile is not told of.
 */
static void count_anew(struct ow_outlet *outlet)
{
  ow_outlet_drain(outlet);
  ow_stamps_restart(outlet->socket);
  forget_all(outlet);
  outlet->asked = 0;
}

static void note_failure(struct ow_outlet *outlet, bool asked)
{
  if (outlet->refused) {
    read_all(outlet);
    outlet->uncertain |= asked;
    outlet->alone = asked ? 0 : outlet->alone;
  } else if (asked) {
    count_anew(outlet);
  }
}

static void await(struct ow_outlet *outlet, const struct ow_outlet_awaited *packet)
{
  if (outlet->uncertain) {
    outlet->first = *packet;
    outlet->alone = 1;
  } else {
    outlet->awaited[outlet->asked & (outlet->slots - 1)] = *packet;
    outlet->asked++;
  }
  outlet->unread++;
}

/* While the count is uncertain one packet asks, and the others don't. */
static bool may_ask(struct ow_outlet *outlet)
{
  bool may = !outlet->uncertain || outlet->alone == 0 || outlet->alone > ALONE_MOST;
  outlet->alone += !may;
  return may;
}

int ow_outlet_send(struct ow_outlet *outlet, struct ow_outlet_user *user, const struct ow_udp_way *way,
                   const uint8_t *packet, size_t octets, const struct ow_leaving *leaving, bool ask)
{
  bool asks = ask && may_ask(outlet);
  int error = ow_udp_send_to(outlet->socket, way, packet, octets, asks);
  if (error)
    note_failure(outlet, asks);
  else if (asks)
    await(outlet,
          &(struct ow_outlet_awaited){user, leaving->reading, leaving->sequence, leaving->correction});
  return error;
}
