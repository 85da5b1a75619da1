/* SPDX-License-Identifier: MIT */
/*
 * One measurement over a control connection that is set up: request the sessions, run them, stop them, and
 * gather both directions' records. A probe makes one of it, a stream one for every interval. What comes after
 * what is session/course.h's; here it is done.
 */
#ifndef OWAMP_MEASURE_MEASUREMENT_H
#define OWAMP_MEASURE_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "io/completion.h"
#include "io/timer.h"
#include "measure/client_connection.h"
#include "measure/early_end.h"
#include "measure/forward_records.h"
#include "measure/reverse_departures.h"
#include "measure/session_ends.h"
#include "session/course.h"
#include "stats/result.h"

/** What came of it. */
struct ow_outcome {
  struct ow_result results[OW_DIRECTIONS];
  struct ow_failure failure;    /* what kept the measurement from its end; status OW_OK: nothing */
  char remark[OW_FAILURE_TEXT]; /* nothing did, but not every result is complete: why; else "" */
};

/** Embed it; zero-initialised, then the first group filled in. Zero-initialised: closed. */
struct ow_measurement {
  const struct ow_peer *peer;
  struct ow_traffic *traffic;
  struct ow_client_connection *control;
  const struct ow_log *log;
  bool histograms; /* wanted of the results */
  /**
   * The results are in. At the end of a turn; may close the measurement. The outcome is there while this
   * lasts: who keeps a result shares its histogram, ow_result_share().
   */
  void (*done)(struct ow_measurement *measurement, const struct ow_outcome *outcome);

  struct ow_course course;
  enum ow_status status;      /* OW_OK: nothing went wrong so far */
  struct ow_failure *failure; /* what did, until it is told; NULL also without memory for it */
  uint64_t clock_steps;       /* of the loop, as it began */
  int64_t started;            /* monotonic ns: Start-Ack; 0 before */
  struct ow_session_ends ends;
  struct ow_forward_records records;
  struct ow_reverse_departures *departures; /* from the asking for them on; NULL: none were asked for */
  bool server_ended;            /* the server's Stop-Sessions told how far it got in the reverse direction */
  bool asked_otherwise;         /* after a refusal: with plain addresses for zero ones, or the reverse */
  bool records_incomplete;      /* the server holds records, but not of all packets */
  struct ow_early_end early;    /* of the sessions, by the server */
  bool ended_early;             /* before all packets were sent and their fate known */
  struct ow_timer settle_timer; /* the last forward packet's loss timeout */
  struct ow_completion finished;
};

/**
 * Begin at Start Time `start` on `control`, which is set up and idle; its events are to be handed to
 * ow_measurement_event() until `done`. Everything pointed to must stay. A failure comes by `done`.
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
/** This host's wall clock was set since it began. */
bool ow_measurement_clock_was_set(const struct ow_measurement *measurement);
/** No time at all: the results are what is known at this moment. `done` follows. */
void ow_measurement_abandon(struct ow_measurement *measurement, enum ow_status status, const char *reason);
/**
 * True if packets came from the server, but none of them within the loss timeout by their stamps: `failure`
 * then says that the clocks differ by more than it.
 */
bool ow_measurement_explain_skew(const struct ow_measurement *measurement, struct ow_failure *failure);
void ow_measurement_close(struct ow_measurement *measurement);

#endif
