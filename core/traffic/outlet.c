/* SPDX-License-Identifier: MIT */
/* The kernel numbers the packets that asked; a ring tells by that number whose each was. */
#include "traffic/outlet.h"

#include <stdlib.h>
#include <unistd.h>

#include "io/kernel_stamps.h"
#include "io/udp.h"

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

/* A stamp of an order that is not, or no longer, awaited belongs to nobody. */
static void tell(struct ow_outlet *outlet, const struct ow_departed *departed)
{
  struct ow_outlet_awaited *awaited = &outlet->awaited[departed->order & (outlet->slots - 1)];
  uint32_t ago = outlet->asked - departed->order;
  if (ago >= 1 && ago <= outlet->slots && awaited->user) {
    const struct ow_leaving packet = {awaited->sequence, awaited->reading, awaited->correction};
    struct ow_outlet_user *user = awaited->user;
    awaited->user = NULL;
    user->departed(user, &packet, departed->at);
  }
}

void ow_outlet_drain(struct ow_outlet *outlet)
{
  struct ow_departed departed[OW_DEPARTED_BATCH];
  bool more = outlet->unread > 0;
  for (uint32_t read = 0; more && read < outlet->slots; read += OW_DEPARTED_BATCH) {
    size_t count = ow_stamps_departed(outlet->socket, departed, &more);
    for (size_t i = 0; i < count; i++)
      tell(outlet, &departed[i]);
  }
  outlet->unread = 0;
}

bool ow_outlet_is_full(const struct ow_outlet *outlet)
{
  return outlet->unread >= outlet->slots / 2;
}

void ow_outlet_forget(struct ow_outlet *outlet, const struct ow_outlet_user *user)
{
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
  for (uint32_t i = 0; i < outlet->slots; i++)
    outlet->awaited[i].user = NULL;
  outlet->asked = 0;
}

int ow_outlet_send(struct ow_outlet *outlet, struct ow_outlet_user *user, const union ow_address *to,
                   const uint8_t *packet, size_t octets, const struct ow_leaving *leaving, bool ask)
{
  int error = ow_udp_send_to(outlet->socket, to, packet, octets, ask);
  if (error && ask) {
    count_anew(outlet);
  } else if (ask) {
    outlet->awaited[outlet->asked & (outlet->slots - 1)] =
        (struct ow_outlet_awaited){user, leaving->reading, leaving->sequence, leaving->correction};
    outlet->asked++;
    outlet->unread++;
  }
  return error;
}
