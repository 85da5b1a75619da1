/* SPDX-License-Identifier: MIT */
/* Which flow a packet belongs to, and its number in it. */
#ifndef IMPAIR_FLOWS_H
#define IMPAIR_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

struct flow {
  struct flow_name name;
  uint64_t packets;
  int64_t first; /* ns, the arrival of its first packet */
};

enum { FLOW_SLOTS = 1 << 14 };

/* The oldest knowledge is overwritten when many flows have been seen. */
struct flows {
  struct flow slots[FLOW_SLOTS];
};

/** The flow, new (packets is 0) or known. */
struct flow *flow_of(struct flows *flows, const struct flow_name *name);

#endif
