/* SPDX-License-Identifier: MIT */
/*
 * One of a stream's two control connections, or, of a peer that has none (STAMP), of its two sessions. It is
 * given an interval, gets it requested and started before it begins, measures it, and holds the result until
 * it has ended. It knows neither the other lane nor the grid: what happens it tells, and what is to be done
 * next it is told.
 */
#ifndef OWAMP_STREAM_LANE_H
#define OWAMP_STREAM_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/loop.h"
#include "measure/client_connection.h"
#include "measure/dialer.h"
#include "measure/measurement.h"
#include "measure/reach.h"
#include "measure/reflected_measurement.h"
#include "measure/twamp_measurement.h"
#include "report/interval.h"
#include "stream/stream_config.h"
#include "traffic/traffic.h"

struct lane_dialer;

/** What all lanes of a set of streams live on. */
struct ow_lane_ground {
  struct ow_loop *loop;
  struct ow_traffic *traffic;
  struct ow_dial_gate *gate;
  const struct ow_log *log;
};

enum ow_lane_state {
  OW_LANE_IDLE,    /* has no interval */
  OW_LANE_WAITING, /* for the time to prepare it, or to try again */
  OW_LANE_DIALING,
  OW_LANE_MEASURING, /* from the request for the sessions to their results */
  OW_LANE_HOLDING,   /* the result is known, but the interval hasn't ended */
  OW_LANE_ENDED,     /* the result can be handed over */
};

enum ow_lane_event {
  OW_LANE_IS_DUE,      /* what it waited for has come: begin, wait or hold */
  OW_LANE_HAS_STARTED, /* the sessions run */
  OW_LANE_HAS_FAILED,  /* the interval could not be begun, for `trouble`: wait or hold */
  OW_LANE_HAS_RESULT,  /* measured, whole or not (`failure`): hold */
  OW_LANE_HAS_ENDED,   /* the interval that it holds has ended */
};

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_stream_lane {
  const struct ow_lane_ground *ground;
  const struct ow_stream_config *config;
  /** Always the last act of a loop callback: may give the lane its next task, close and free it. */
  void (*tell)(struct ow_stream_lane *lane, enum ow_lane_event event);
  void *context; /* the owner's */

  enum ow_lane_state state;
  struct ow_timer timer;
  bool connected; /* its control connection is set up; idle unless measuring */
  union {         /* which of them, the peer's protocol tells, which stays the same */
    struct {
      struct lane_dialer *dialer;    /* while it dials; else NULL, and of the last one is kept */
      enum ow_dial_stage dial_stage; /* how far it came, */
      int64_t sought;                /* since when it connected, monotonic ns; 0: it didn't, */
      union ow_address remote;       /* and who greeted it */
      struct ow_client_connection control;
      union {
        struct ow_measurement measurement;
        struct ow_twamp_measurement twamp;
      };
    };
    struct { /* by STAMP */
      struct ow_reach reach;
      struct ow_reflected_measurement reflected;
    };
  };
  struct ow_failure failure;   /* what kept the last measurement from its end; status OW_OK: nothing */
  struct ow_interval interval; /* in the making; its owner gives it its number and its place in time */
  struct ow_failure trouble;   /* the last thing that kept it from being measured whole; status OW_OK: none */
  bool began_late;
  bool stepped; /* the wall clock was set while it was measured */
  /**
   * It is the stream's only connection: what the interval before needed to be stopped and fetched is a pause
   * and no lateness. Its owner's to set before ow_lane_begin().
   */
  bool alone;
  const union ow_address
      *faithful;        /* the one to connect to, likewise the owner's to set; NULL: any of the name's */
  unsigned crowded_out; /* attempts at this interval that met with a peer without room for a second lane */
};

/** Take an interval by its number; it is then to be placed in time, and the lane to wait. */
void ow_lane_take_interval(struct ow_stream_lane *lane, uint64_t number);
/** Tell OW_LANE_IS_DUE at `monotonic` (ns). */
void ow_lane_wait(struct ow_stream_lane *lane, int64_t monotonic);
/** Connect, if need be or to stay with `faithful`, and measure what can still be measured of the interval. */
void ow_lane_begin(struct ow_stream_lane *lane);
/** Keep the result, or `trouble`, until the interval has ended; at once OW_LANE_ENDED if it has. */
void ow_lane_hold(struct ow_stream_lane *lane);
/** True if enough of the interval is left after `from` and what a server needs to get ready. */
bool ow_lane_is_worth_measuring(const struct ow_stream_lane *lane, struct ow_timestamp from);
/** When the wall clock will show that, on the monotonic clock (ns), and not before it. */
int64_t ow_lane_monotonic(const struct ow_stream_lane *lane, struct ow_timestamp wall);

/**
 * The wall clock was set. What is being measured ends, as marked by the step; a lane whose interval has not
 * begun (ow_lane_is_early()) is left waiting for ever: place it anew, and let it wait.
 */
void ow_lane_stepped(struct ow_stream_lane *lane);
/** True if it has an interval that has not been begun: that can have another time. */
bool ow_lane_is_early(const struct ow_stream_lane *lane);
/**
 * True if `trouble` is what a peer says that has no room for another connection or session of ours: refused,
 * reset, closed or not answered at all. It is for the owner to know that the peer is well otherwise.
 */
bool ow_lane_found_no_room(const struct ow_stream_lane *lane);
/** True if it has a connection that is set up, and no sessions requested of it that are not running. */
bool ow_lane_is_well(const struct ow_stream_lane *lane);
/** Whom it measures, or did: "192.0.2.1 port 861", and the address. */
const char *ow_lane_server(const struct ow_stream_lane *lane);
const union ow_address *ow_lane_remote(const struct ow_stream_lane *lane);
/** Since when it looked for it, monotonic ns; 0: it didn't yet. */
int64_t ow_lane_sought(const struct ow_stream_lane *lane);
/** ns; 0: not known yet. */
int64_t ow_lane_round_trip(const struct ow_stream_lane *lane);
/**
 * True of a reflector without a control connection that answered nothing of what was measured: an outage,
 * which is measured all along.
 */
bool ow_lane_met_silence(const struct ow_stream_lane *lane);
/** True while its sessions run. */
bool ow_lane_is_running(const struct ow_stream_lane *lane);
/** The most that lies between two intervals' packets if this is the only connection, ns. */
int64_t ow_lane_longest_pause(const struct ow_stream_lane *lane);
/** An interval that has not been begun goes back to waiting: for ever, until it is told until when. */
void ow_lane_stop_early(struct ow_stream_lane *lane);
/** Ends everything at once: it is idle, and can take an interval again. */
void ow_lane_close(struct ow_stream_lane *lane);

#endif
