/* SPDX-License-Identifier: MIT */
/* All answers of a loop share one correction, as they all take the same way out. */
#include "traffic/port_answer.h"

#include <errno.h>

enum { TRIES = 4 };
#define UNREAD (20 * OW_NS_PER_MS)

void ow_port_answer_hear(struct ow_port_side *side, bool soon, int64_t now)
{
  if (ow_outlet_is_full(&side->outlet) || now - side->stamps_read >= (soon ? 1 : UNREAD)) {
    ow_outlet_drain(&side->outlet);
    side->stamps_read = now;
  }
}

struct ow_leaving ow_port_answer_leaving(const struct ow_port_side *side, uint32_t number)
{
  const struct ow_traffic *traffic = side->port->traffic;
  return (struct ow_leaving){.sequence = number,
                             .correction = (int32_t)ow_departure_correction(&traffic->answers)};
}

struct ow_error_estimate ow_port_answer_error(const struct ow_port_side *side, int64_t now)
{
  struct ow_traffic *traffic = side->port->traffic;
  return ow_system_error(&traffic->clock, now, ow_departure_spread(&traffic->answers));
}

bool ow_port_answer_send(struct ow_port_side *side, struct ow_outlet_user *user, const struct ow_udp_way *way,
                         const uint8_t *packet, size_t octets, const struct ow_leaving *leaving, int64_t now)
{
  struct ow_outlet *outlet = &side->outlet;
  bool ask = ow_traffic_asks(side->port->traffic, leaving->sequence, now);
  unsigned left = TRIES;
  int error = ow_outlet_send(outlet, user, way, packet, octets, leaving, ask);
  while (error && error != EPERM && --left > 0)
    error = ow_outlet_send(outlet, user, way, packet, octets, leaving, ask);
  return error == 0;
}

void ow_port_answer_departed(const struct ow_port_side *side, const struct ow_leaving *packet,
                             struct ow_timestamp departed)
{
  ow_departure_add(&side->port->traffic->answers, ow_timestamp_difference(departed, packet->reading));
}
