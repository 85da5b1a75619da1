/* SPDX-License-Identifier: MIT */
/* One interface: frames in with the kernel's receive stamps, frames out with its transmit stamps. */
#ifndef IMPAIR_PORT_H
#define IMPAIR_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

enum { PORT_BATCH = 32 };

struct port {
  const char *name;
  int plain;     /* receives; sends what is not logged */
  int stamped;   /* sends what is logged */
  uint32_t sent; /* stamped ones: the kernel counts them alike */
};

struct arrival {
  struct frame frame;
  int64_t stamp; /* ns since 1970 */
};

struct departure {
  uint32_t order; /* of the stamped ones, from 0 */
  int64_t stamp;
};

struct port_batch;
struct port_batch *port_batch_create(void);
void port_batch_free(struct port_batch *batch);

/** False: errno tells why. */
bool port_open(struct port *port, const char *name);
/** Frames that wait, valid until the next call; how many. */
size_t port_receive(const struct port *port, struct port_batch *batch, struct arrival arrivals[PORT_BATCH]);
/** Send; `stamped`: its transmit stamp will come, and `order` is set. False: the interface didn't take it. */
bool port_send(struct port *port, const struct frame *frame, bool stamped, uint32_t *order);
/** Transmit stamps that wait; how many. */
size_t port_departures(const struct port *port, struct departure departures[PORT_BATCH]);
/** Frames that the kernel dropped because this program was too slow, since the last call. */
unsigned port_dropped(const struct port *port);

int64_t clock_ns(int clock);

#endif
