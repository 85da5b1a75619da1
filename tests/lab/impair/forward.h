/* SPDX-License-Identifier: MIT */
/* The forwarder: what comes in at one port goes out at the other, as the scenario says. */
#ifndef IMPAIR_FORWARD_H
#define IMPAIR_FORWARD_H

#include <stdint.h>
#include <stdio.h>

#include "flows.h"
#include "pending.h"
#include "port.h"
#include "scenario.h"

enum { AWAITED = 1 << 12 };

struct forwarder {
  struct scenario scenario;
  struct port ports[WAYS]; /* where each way comes in; it leaves by the other */
  struct port_batch *batch;
  struct queue queue;
  struct flows flows;
  int64_t last_release[WAYS];
  struct pending *awaited[WAYS][AWAITED]; /* sent by this port, its stamp is to come; by order */
  FILE *log;
};

/** Take what waits at the port where `way` comes in. */
void forward_arrivals(struct forwarder *forwarder, int way);
/** Send what is due. ns until the next is; -1: nothing waits. */
int64_t forward_due(struct forwarder *forwarder);
/** Take the transmit stamps of this port. */
void forward_departures(struct forwarder *forwarder, int port);
/** The end: everything that waits never leaves. */
void forward_close(struct forwarder *forwarder);

#endif
