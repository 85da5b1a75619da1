/*
 * One measurement over a control connection that is set up: request the sessions, run them, stop them, and
 * gather both directions' records. A probe makes one of it, a stream one for every interval.
 */
#ifndef OWAMP_MEASURE_MEASUREMENT_H
#define OWAMP_MEASURE_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "measure/client_connection.h"
#include "stats/result.h"
#include "traffic/session_receiver.h"
#include "traffic/session_sender.h"
#include "traffic/traffic.h"

enum ow_measurement_state {
  OW_MEASUREMENT_REQUEST_FORWARD,
  OW_MEASUREMENT_REQUEST_REVERSE,
  OW_MEASUREMENT_STARTING,
  OW_MEASUREMENT_RUNNING,
  OW_MEASUREMENT_STOPPING,
  OW_MEASUREMENT_FETCHING,
  OW_MEASUREMENT_SALVAGING, /* the control connection is lost: the records are asked for over another one */
  OW_MEASUREMENT_DONE,
};

/** Embed it. Zero-initialised: closed. */
struct ow_measurement {
  const struct ow_peer *peer;
  struct ow_traffic *traffic;
  struct ow_client_connection *control;
  const struct ow_log *log;
  /** The results are in. May close the measurement. */
  void (*done)(struct ow_measurement *measurement);

  enum ow_measurement_state state;
  enum ow_status status;     /* OW_OK: complete */
  struct ow_failure failure; /* why not */
  uint64_t clock_steps;      /* of the loop, as it began */
  int64_t started;           /* monotonic ns: Start-Ack */

  struct ow_timestamp until; /* no packet is due later; zero: as many packets as the peer's `packets` */
  union ow_address server;   /* both ends of the control connection */
  union ow_address local;
  struct ow_session_request requests[OW_DIRECTIONS];
  int sockets[OW_DIRECTIONS];       /* until a sender or a receiver takes them over; -1 */
  struct ow_test_sender sender;     /* forward */
  struct ow_test_receiver receiver; /* reverse */
  bool server_ended; /* the server's Stop-Sessions told how far it got in the reverse direction */
  uint32_t server_next;

  /*
   * Whether all forward packets have arrived is asked over a second connection, so that no one need wait; and
   * for what has arrived, if the first one is lost.
   */
  struct ow_client_connection confirmation;
  bool confirmation_ready;
  bool confirmation_busy;
  bool confirmed;
  int64_t confirmation_wait;
  struct ow_timer confirm_timer;
  struct ow_timer settle_timer; /* the last forward packet's loss timeout */
  bool forward_waited;          /* it has passed */
  struct ow_samples fetching;   /* records whose HMAC is still to come */
  struct ow_samples forward;    /* the newest ones that can be trusted */

  struct ow_result results[OW_DIRECTIONS];
};

/**
 * Begin at Start Time `start` on `control`, which is set up and idle; its events are to be handed to
 * ow_measurement_event() until `done`. Everything pointed to must stay. A failure comes by `done`, perhaps at
 * once.
 */
void ow_measurement_begin(struct ow_measurement *measurement, struct ow_timestamp start);
/**
 * The same for the packets that are due after `start` and not after `until`, however many they are. Nobody is
 * asked early whether all have arrived: the last packet's loss timeout is waited for in any case.
 */
void ow_measurement_begin_until(struct ow_measurement *measurement, struct ow_timestamp start,
                                struct ow_timestamp until);
void ow_measurement_event(struct ow_measurement *measurement, const struct ow_client_event *event);
/** Time is short: stop now and gather what is known; the results will be partial, for the reason given. */
void ow_measurement_cut_short(struct ow_measurement *measurement, const char *reason);
/** No time at all: the results are what is known at this moment. Calls `done`. */
void ow_measurement_abandon(struct ow_measurement *measurement, enum ow_status status, const char *reason);
/**
 * True if packets came from the server, but none of them within the loss timeout by their stamps: `failure`
 * then says that the clocks differ by more than it.
 */
bool ow_measurement_explain_skew(const struct ow_measurement *measurement, struct ow_failure *failure);
void ow_measurement_close(struct ow_measurement *measurement);

#endif
