/* SPDX-License-Identifier: MIT */
/*
 * One measurement of a TWAMP server's Session-Reflector over a control connection that is set up: request the
 * session, start it, run it as any reflected one (measure/reflected_measurement.h), and stop it when all is
 * known. A probe makes one of it, a stream one for every interval.
 *
 *   REQUESTING -> STARTING -> RUNNING -> OVER
 */
#ifndef OWAMP_MEASURE_TWAMP_MEASUREMENT_H
#define OWAMP_MEASURE_TWAMP_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "measure/client_connection.h"
#include "measure/reflected_measurement.h"

enum ow_twamp_phase {
  OW_TWAMP_IDLE,
  OW_TWAMP_REQUESTING,
  OW_TWAMP_STARTING,
  OW_TWAMP_RUNNING,
  OW_TWAMP_OVER, /* `done` was called, or is due in this turn */
};

/** Embed it; zero-initialised, then the first group filled in. Zero-initialised: closed. */
struct ow_twamp_measurement {
  const struct ow_peer *peer;
  struct ow_traffic *traffic;
  struct ow_client_connection *control;
  const struct ow_log *log;
  bool histograms; /* wanted of the results */
  /** The results are in: `reflected`'s, with its status, failure and remark. At the end of a turn; may close
   * it. */
  void (*done)(struct ow_twamp_measurement *measurement);

  enum ow_twamp_phase phase;
  struct ow_timestamp start;
  struct ow_timestamp until; /* zero: as many packets as the peer's `packets` */
  bool ran;                  /* the server started the session */
  union ow_address server;   /* of the test packets: the control connection's, with the port agreed on */
  union ow_address local;
  int socket; /* until the session takes it over; -1 */
  struct ow_tw_request request;
  struct ow_sid sid;    /* the server's */
  bool asked_otherwise; /* after a refusal: with plain addresses for zero ones, or the reverse */
  struct ow_reflected_measurement reflected;
};

/**
 * Begin at Start Time `start` on `control`, which is set up and idle; its events are to be handed to
 * ow_twamp_measurement_event() until `done`. Everything pointed to must stay. A failure comes by `done`.
 */
void ow_twamp_measurement_begin(struct ow_twamp_measurement *measurement, struct ow_timestamp start);
/** The same for the packets that are due after `start` and not after `until`, however many they are. */
void ow_twamp_measurement_begin_until(struct ow_twamp_measurement *measurement, struct ow_timestamp start,
                                      struct ow_timestamp until);
void ow_twamp_measurement_event(struct ow_twamp_measurement *measurement,
                                const struct ow_client_event *event);
/** Time is short: the results are what is known at this moment, partial for the reason given. `done` follows.
 */
void ow_twamp_measurement_cut_short(struct ow_twamp_measurement *measurement, enum ow_status status,
                                    const char *reason);
void ow_twamp_measurement_close(struct ow_twamp_measurement *measurement);

#endif
