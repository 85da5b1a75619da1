/* SPDX-License-Identifier: MIT */
/* What all test sessions of a loop share: buffers, the clock's error, and what is known of departures. */
#ifndef OWAMP_TRAFFIC_TRAFFIC_H
#define OWAMP_TRAFFIC_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/loop.h"
#include "io/system_clock.h"
#include "io/udp.h"
#include "session/departure.h"

/** The host's want of buffer, as it was within the last second. Zero-initialised: not read yet. */
struct ow_overflow_cache {
  uint64_t count;
  int64_t read_at; /* monotonic ns */
  bool known;
  bool filled;
};

/** Embed it; many senders and receivers use one. */
struct ow_traffic {
  struct ow_loop *loop;
  struct ow_udp_batch *batch;
  struct ow_clock_cache clock;
  struct ow_departure departure; /* where a new sender's correction begins */
  struct ow_overflow_cache overflows;
  int64_t last_stamp_asked; /* monotonic ns: transmit stamps cost two system calls, so they are rationed */
};

/** OW_MEMORY. */
enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop) OW_MUST_CHECK;
/**
 * ow_udp_overflows() of this second (`now`, monotonic ns): sessions that begin together ask the system once.
 * An older count only makes more drops our own.
 */
bool ow_traffic_overflows(struct ow_traffic *traffic, int64_t now, uint64_t *count);
void ow_traffic_close(struct ow_traffic *traffic);

#endif
