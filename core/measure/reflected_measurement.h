/* SPDX-License-Identifier: MIT */
/*
 * One measurement of a reflector: send by the schedule, take the answers, and work out the three results. It
 * was looked for (measure/reach.h), or agreed on over a control connection (measure/twamp_measurement.h). A
 * probe makes one of it, a stream one for every interval.
 */
#ifndef OWAMP_MEASURE_REFLECTED_MEASUREMENT_H
#define OWAMP_MEASURE_REFLECTED_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "io/completion.h"
#include "measure/reach.h"
#include "stats/result.h"
#include "traffic/reflected_session.h"

/** The way to a reflector. What is pointed to is needed only while a measurement is begun. */
struct ow_reflected_path {
  int socket; /* bound, connected */
  union ow_address local;
  struct ow_reflected_kind kind;
  uint32_t padding;                 /* TWAMP's */
  const struct ow_markers *opening; /* what was asked before; NULL: TWAMP, nothing was */
};
/** Of what was reached by STAMP. */
struct ow_reflected_path ow_reach_path(const struct ow_reach *reach);

/** Embed it; zero-initialised, then the first group filled in. Zero-initialised: closed. */
struct ow_reflected_measurement {
  const struct ow_peer *peer;
  struct ow_traffic *traffic;
  bool histograms; /* wanted of the results */
  /** The results are in. At the end of a turn; may close the measurement. */
  void (*done)(struct ow_reflected_measurement *measurement);

  enum ow_status status;     /* OW_OK: complete */
  struct ow_failure failure; /* why not */
  uint64_t clock_steps;      /* of the loop, as it began */
  bool running;
  struct ow_session_request request; /* the schedule's part of it */
  struct ow_timestamp until;         /* zero: as many packets as the peer's `packets` */
  struct ow_test_reflected session;
  struct ow_completion finished;

  struct ow_result results[OW_RESULTS]; /* their histograms are dropped by the close */
  char remark[OW_FAILURE_TEXT]; /* `status` is OW_OK, but something is not as it should be: what; else "" */
};

/**
 * Begin at `start` on a path, whose socket is the measurement's from now on. A failure comes by `done`.
 */
void ow_reflected_measurement_begin(struct ow_reflected_measurement *measurement,
                                    const struct ow_reflected_path *path, struct ow_timestamp start);
/** The same for the packets that are due after `start` and not after `until`, however many they are. */
void ow_reflected_measurement_begin_until(struct ow_reflected_measurement *measurement,
                                          const struct ow_reflected_path *path, struct ow_timestamp start,
                                          struct ow_timestamp until);
/** It can't be begun, for this: `done` follows. */
void ow_reflected_measurement_fail(struct ow_reflected_measurement *measurement,
                                   const struct ow_failure *failure);
/** Time is short: the results are what is known at this moment, partial for the reason given. `done` follows.
 */
void ow_reflected_measurement_cut_short(struct ow_reflected_measurement *measurement, enum ow_status status,
                                        const char *reason);
/** True if this host's clock was set since it began. */
bool ow_reflected_measurement_clock_was_set(const struct ow_reflected_measurement *measurement);
void ow_reflected_measurement_close(struct ow_reflected_measurement *measurement);

#endif
