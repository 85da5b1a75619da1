/*
 * One of a stream's two control connections. It takes an interval, gets it requested and started before it
 * begins, measures it, hands over the result when it has ended, and takes the next that is free.
 */
#ifndef OWAMP_STREAM_LANE_H
#define OWAMP_STREAM_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"
#include "measure/client_connection.h"
#include "measure/dialer.h"
#include "measure/measurement.h"
#include "report/interval.h"

struct ow_stream_run;

enum ow_lane_state {
  OW_LANE_IDLE,    /* has no interval */
  OW_LANE_WAITING, /* for the time to prepare it, or to try again */
  OW_LANE_DIALING,
  OW_LANE_MEASURING, /* from the request for the sessions to their results */
  OW_LANE_HOLDING,   /* the result is known, but the interval, or one before it, hasn't ended */
};

/** Embed it; zero-initialised but for `run`. */
struct ow_stream_lane {
  struct ow_stream_run *run;
  enum ow_lane_state state;
  struct ow_timer timer;
  struct ow_dialer dialer;
  struct ow_client_connection control;
  bool connected; /* set up; idle unless measuring */
  struct ow_measurement measurement;
  struct ow_interval interval; /* in the making */
  struct ow_failure trouble;   /* the last thing that kept it from being measured whole; status OW_OK: none */
  bool began_late;
  bool stepped; /* the wall clock was set while it was measured */
};

/** Take the stream's next interval. */
void ow_lane_take(struct ow_stream_lane *lane);
/**
 * The wall clock was set. What is being measured ends, as marked by the step; a lane whose interval has not
 * begun is left with its number and without a time: ow_lane_again().
 */
void ow_lane_stepped(struct ow_stream_lane *lane);
/** True if it has an interval that has not been begun: that can have another time. */
bool ow_lane_is_early(const struct ow_stream_lane *lane);
/** Wait for the interval that it has, whose time is another one now. */
void ow_lane_again(struct ow_stream_lane *lane);
/** Hand over the result if nothing keeps it any more. */
void ow_lane_settle(struct ow_stream_lane *lane);
/** Ends everything at once. */
void ow_lane_close(struct ow_stream_lane *lane);

#endif
