/* SPDX-License-Identifier: MIT */
/* A hash table of 8 probes; a new flow takes the place of the oldest that it meets. */
#include "flows.h"

#include <stdbool.h>
#include <string.h>

enum { PROBES = 8 };

static size_t hash(const struct flow_name *name)
{
  const uint8_t *octets = (const uint8_t *)name;
  uint64_t value = 0xcbf29ce484222325u; /* FNV-1a */
  for (size_t i = 0; i < sizeof *name; i++)
    value = (value ^ octets[i]) * 0x100000001b3u;
  return (size_t)(value ^ value >> 32);
}

/* An empty place or the one with the oldest flow of those that may hold it. */
struct flow *flow_of(struct flows *flows, const struct flow_name *name)
{
  size_t start = hash(name);
  struct flow *oldest = NULL;
  for (size_t i = 0; i < PROBES; i++) {
    struct flow *flow = &flows->slots[(start + i) % FLOW_SLOTS];
    if (flow->packets && memcmp(&flow->name, name, sizeof *name) == 0)
      return flow;
    if (!oldest || flow->first < oldest->first)
      oldest = flow;
  }
  *oldest = (struct flow){.name = *name};
  return oldest;
}
