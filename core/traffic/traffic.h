/* SPDX-License-Identifier: MIT */
/* What all test sessions of a loop share: buffers, the clock's error, and what is known of departures. */
#ifndef OWAMP_TRAFFIC_TRAFFIC_H
#define OWAMP_TRAFFIC_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "crypto/contexts.h"
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

/** How many packets ask for their transmit stamp. Zero-initialised: all do. */
struct ow_asking {
  int64_t since; /* monotonic ns: packets are counted from then on */
  uint32_t sent;
  uint32_t every; /* so many-th packet of each session asks */
};

/** Embed it; many senders and receivers use one. */
struct ow_traffic {
  struct ow_loop *loop;
  struct ow_udp_batch *batch;
  struct ow_contexts contexts;
  struct ow_clock_cache clock;
  struct ow_departure departure; /* where a new sender's correction begins */
  struct ow_departure answers;   /* how late answers leave */
  struct ow_overflow_cache overflows;
  struct ow_asking asking;
  bool room_told; /* that the system allows too small buffers */
};

/** OW_MEMORY. ow_traffic_close() when nothing is sent or received any more. */
enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop) OW_MUST_CHECK;
/**
 * ow_udp_overflows() of this second (`now`, monotonic ns): sessions that begin together ask the system once.
 * An older count only makes more drops our own.
 */
bool ow_traffic_overflows(struct ow_traffic *traffic, int64_t now, uint64_t *count);
/**
 * A packet is about to be sent, `now` (monotonic ns): does it ask for its transmit stamp? All do, up to
 * 20,000 a second over all sessions of the loop; above it every second, third ... of each session.
 */
bool ow_traffic_asks(struct ow_traffic *traffic, uint32_t sequence, int64_t now);
/**
 * Warn that sockets of `port` want buffers of so many octets, and that the system allows less (`limits`: the
 * names of net.core that do). Once: whoever can mend it need not be told each time.
 */
void ow_traffic_tell_of_room(struct ow_traffic *traffic, const struct ow_log *log, uint16_t port,
                             uint64_t octets, const char *limits);
void ow_traffic_close(struct ow_traffic *traffic);

#endif
