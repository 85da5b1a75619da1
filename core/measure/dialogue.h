/* SPDX-License-Identifier: MIT */
/*
 * One conversation with a peer's server, on a loop of its own and until a deadline: from the name to a
 * control connection, and the report of how far it came. What a probe and a fetch have in common.
 */
#ifndef OWAMP_MEASURE_DIALOGUE_H
#define OWAMP_MEASURE_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/loop.h"
#include "measure/client_connection.h"
#include "measure/dialer.h"
#include "measure/probe_report.h"
#include "measure/probe_watch.h"
#include "traffic/traffic.h"

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_dialogue {
  const struct ow_peer *peer;
  struct ow_probe_report *report;
  /** The control connection is set up; its events are the owner's to take from now on. */
  void (*ready)(struct ow_dialogue *dialogue);
  /** The time is over, and `ready` was called: end by ow_dialogue_end(), in this turn or the next. */
  void (*expired)(struct ow_dialogue *dialogue);
  const struct ow_probe_watch *watch; /* NULL: nobody watches */
  /** Add to what is told what the owner knows of it, once `ready` was called; NULL: nothing. */
  void (*count)(struct ow_dialogue *dialogue, struct ow_probe_progress *progress);
  struct ow_traffic *traffic; /* of who measures: open as long as the loop; NULL: none is wanted */
  /** It is over: close what else lives on the loop; NULL: nothing does. */
  void (*over)(struct ow_dialogue *dialogue);

  struct ow_loop *loop;
  struct ow_client_connection control;
  struct ow_dialer dialer;
  struct ow_timer deadline;
  struct ow_timer telling;
  int64_t began;    /* monotonic ns */
  int64_t ends;     /* monotonic ns */
  int64_t patience; /* ns: who keeps silent for so long is silent, and not only slow */
  bool is_ready;
  bool ended;
};

/**
 * Empty the report, say in it what is known of this host's clock, check the peer, make the loop, dial, and
 * run until ow_dialogue_end() or for `timeout` ns; then close all of it. Returns the report's status.
 */
enum ow_status ow_dialogue_run(struct ow_dialogue *dialogue, int64_t timeout) OW_MUST_CHECK;
/** End with this; only the first end counts. `failure` may be NULL. */
void ow_dialogue_end(struct ow_dialogue *dialogue, enum ow_status status, const struct ow_failure *failure);

/** "192.0.2.1 port 40000", as a session's description says it; of a link-local one with the zone of `like`.
 */
void ow_dialogue_print_endpoint(char *out, size_t size, const struct ow_endpoint *endpoint,
                                const union ow_address *like);

#endif
