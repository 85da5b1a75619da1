/* SPDX-License-Identifier: MIT */
/* Waiting, dialing, measuring, holding, ended: what the timer means depends on the state. */
#include "stream/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "schedule/schedule.h"

#define ANSWER_TIME (5 * OW_NS_PER_S)     /* for connecting, and for each of the server's answers */
#define CLOSING_TIME (800 * OW_NS_PER_MS) /* beyond the loss timeout: for stopping and fetching */
#define START_MARGIN (100 * OW_NS_PER_MS) /* beyond 4 round trips: what a server needs to get ready */
#define STEP_TIME (1 * OW_NS_PER_S)       /* for a measurement to end after the clock was set */

struct lane_dialer {
  struct ow_dialer dialer;
  struct ow_stream_lane *lane;
};

static struct ow_instant now_of(const struct ow_stream_lane *lane)
{
  return ow_loop_now(lane->ground->loop);
}

static void wake_at(struct ow_stream_lane *lane, int64_t monotonic)
{
  ow_timer_set(lane->ground->loop, &lane->timer, monotonic);
}

/* Without a control connection. */
static bool seeks(const struct ow_stream_lane *lane)
{
  return lane->config->peer.protocol == OW_PROTOCOL_STAMP;
}

/* What is measured of a reflector, by either protocol; NULL of an OWAMP server. */
static const struct ow_reflected_measurement *reflected_of(const struct ow_stream_lane *lane)
{
  const struct ow_reflected_measurement *reflected = NULL;
  switch (lane->config->peer.protocol) {
  case OW_PROTOCOL_OWAMP: break;
  case OW_PROTOCOL_STAMP: reflected = &lane->reflected; break;
  case OW_PROTOCOL_TWAMP: reflected = &lane->twamp.reflected; break;
  }
  return reflected;
}

/* Differences are rounded down. */
int64_t ow_lane_monotonic(const struct ow_stream_lane *lane, struct ow_timestamp wall)
{
  struct ow_instant now = now_of(lane);
  return now.monotonic + ow_timestamp_difference(wall, now.wall) + 1;
}

/* What is left of an interval is worth measuring if it is a good part of it. */
bool ow_lane_is_worth_measuring(const struct ow_stream_lane *lane, struct ow_timestamp from)
{
  struct ow_timestamp begin = ow_timestamp_plus(from, START_MARGIN);
  return ow_timestamp_difference(lane->interval.end, begin) >= lane->config->interval / 4;
}

static void disconnect_control(struct ow_stream_lane *lane)
{
  ow_client_connection_close(&lane->control);
  lane->connected = false;
}

static void begin_failed(struct ow_stream_lane *lane, const struct ow_failure *failure)
{
  lane->trouble = *failure;
  lane->tell(lane, OW_LANE_HAS_FAILED);
}

/* ---- measuring ---- */

/* Of both directions, or of three ways. */
static void keep_results(struct ow_stream_lane *lane, const struct ow_result *results, int count)
{
  struct ow_interval *interval = &lane->interval;
  for (int i = 0; i < count; i++) {
    struct ow_result *result = &interval->results[i];
    ow_result_drop(result);
    *result = results[i];
    ow_result_share(result);
    if (result->completeness == OW_RESULT_COMPLETE && (lane->began_late || lane->stepped))
      result->completeness = OW_RESULT_PARTIAL;
  }
}

static bool any_partial(const struct ow_interval *interval)
{
  bool partial = false;
  for (int i = 0; i < OW_RESULTS; i++)
    partial = partial || interval->results[i].completeness == OW_RESULT_PARTIAL;
  return partial;
}

static void explain_partial(struct ow_stream_lane *lane)
{
  char shortfall[OW_REMARK_TEXT] = "";
  int direction = 0;
  while (direction < OW_RESULTS && !ow_result_shortfall(shortfall, &lane->interval.results[direction])[0])
    direction++;
  if (direction < OW_RESULTS)
    ow_fail(&lane->trouble, OW_LIMIT, "%s: %s", ow_direction_name((enum ow_direction)direction), shortfall);
  else
    ow_fail(&lane->trouble, OW_STATE, "what became of some packets is not known");
}

/*
 * What is wrong with a measurement that came to its end, with this remark ("": none); what kept it from
 * beginning in time stays said.
 */
static void judge(struct ow_stream_lane *lane, const char *remark)
{
  struct ow_failure late = lane->trouble;
  lane->trouble.status = OW_OK;
  if (lane->stepped)
    ow_fail(&lane->trouble, OW_STATE, "the wall clock of this host was set meanwhile");
  else if (lane->failure.status != OW_OK)
    lane->trouble = lane->failure;
  else if (ow_lane_met_silence(lane))
    ow_fail(&lane->trouble, OW_TIMEOUT, "reflector %s does not answer%s%.160s", lane->reach.server,
            remark[0] ? ": " : "", remark);
  else if (!reflected_of(lane) && ow_measurement_explain_skew(&lane->measurement, &lane->trouble))
    lane->trouble.status = OW_INVALID;
  else if (lane->began_late)
    ow_fail(&lane->trouble, OW_TIMEOUT, "measured in its later part only; before: %.200s",
            late.status == OW_OK ? "it took too long to reach the server and to request the sessions"
                                 : late.text);
  else if (remark[0])
    ow_fail(&lane->trouble, OW_REFUSED, "%s", remark);
  else if (any_partial(&lane->interval))
    explain_partial(lane);
}

/* Sessions that were agreed on and not run stay with their connection: another is begun with. */
static void leave_control(struct ow_stream_lane *lane, bool ran)
{
  if (!ran || !lane->control.client || ow_client_state(lane->control.client) != OW_CLIENT_READY)
    disconnect_control(lane);
}

static void tell_end(struct ow_stream_lane *lane, bool ran)
{
  if (ran || lane->stepped)
    lane->tell(lane, OW_LANE_HAS_RESULT);
  else
    begin_failed(lane, &lane->failure);
}

static void on_measured(struct ow_measurement *measurement, const struct ow_outcome *outcome)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(measurement, struct ow_stream_lane, measurement);
  bool ran = measurement->started != 0;
  keep_results(lane, outcome->results, OW_DIRECTIONS);
  lane->failure = outcome->failure;
  if (ran || lane->stepped)
    judge(lane, outcome->remark);
  ow_measurement_close(measurement);
  leave_control(lane, ran);
  tell_end(lane, ran);
}

static void on_twamp_measured(struct ow_twamp_measurement *measurement)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(measurement, struct ow_stream_lane, twamp);
  keep_results(lane, measurement->reflected.results, OW_RESULTS);
  lane->failure = measurement->reflected.failure;
  if (measurement->ran || lane->stepped)
    judge(lane, measurement->reflected.remark);
  ow_twamp_measurement_close(measurement);
  leave_control(lane, measurement->ran);
  tell_end(lane, measurement->ran);
}

static void on_control_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct ow_stream_lane *lane = control->context;
  bool ran = ow_lane_is_running(lane);
  if (lane->state == OW_LANE_MEASURING) {
    if (reflected_of(lane))
      ow_twamp_measurement_event(&lane->twamp, event);
    else
      ow_measurement_event(&lane->measurement, event);
    if (!ran && ow_lane_is_running(lane))
      lane->tell(lane, OW_LANE_HAS_STARTED);
  } else if (event->kind == OW_CLIENT_BROKEN) {
    disconnect_control(lane); /* idle: it is made anew when it is needed */
  }
}

/* A schedule's deltas are rounded, and a packet that is meant for the very end must not fall behind it. */
static struct ow_timestamp last_due(const struct ow_stream_lane *lane)
{
  const struct ow_peer *peer = &lane->config->peer;
  uint32_t most = ow_slots_most_packets(peer->slots, peer->slot_count, lane->config->interval);
  int64_t rounding = most / 8 + 1; /* ns; half of 2^-32 s each */
  return ow_timestamp_plus(lane->interval.end, rounding);
}

int64_t ow_lane_longest_pause(const struct ow_stream_lane *lane)
{
  return lane->config->peer.loss_timeout + CLOSING_TIME + 4 * ow_lane_round_trip(lane) + START_MARGIN;
}

static void measure_by_owamp(struct ow_stream_lane *lane)
{
  lane->measurement = (struct ow_measurement){.peer = &lane->config->peer,
                                              .traffic = lane->ground->traffic,
                                              .control = &lane->control,
                                              .log = lane->ground->log,
                                              .histograms = true,
                                              .done = on_measured};
  ow_measurement_begin_until(&lane->measurement, lane->interval.begin, last_due(lane));
}

static void measure_by_twamp(struct ow_stream_lane *lane)
{
  lane->twamp = (struct ow_twamp_measurement){.peer = &lane->config->peer,
                                              .traffic = lane->ground->traffic,
                                              .control = &lane->control,
                                              .log = lane->ground->log,
                                              .histograms = true,
                                              .done = on_twamp_measured};
  ow_twamp_measurement_begin_until(&lane->twamp, lane->interval.begin, last_due(lane));
}

static void measure(struct ow_stream_lane *lane)
{
  struct ow_interval *interval = &lane->interval;
  const struct ow_peer *peer = &lane->config->peer;
  struct ow_timestamp soonest =
      ow_timestamp_plus(now_of(lane).wall, 4 * lane->control.round_trip + START_MARGIN);
  int64_t late = ow_timestamp_difference(soonest, interval->begin);
  lane->began_late = late > (lane->alone ? ow_lane_longest_pause(lane) : 0);
  if (late > 0)
    interval->begin = soonest;
  interval->mode = ow_client_mode(lane->control.client);
  lane->state = OW_LANE_MEASURING;
  wake_at(lane, ow_lane_monotonic(lane, interval->end) + peer->loss_timeout + CLOSING_TIME +
                    4 * lane->control.round_trip);
  if (reflected_of(lane))
    measure_by_twamp(lane);
  else
    measure_by_owamp(lane);
}

/* ---- dialing ---- */

/* What is known of the dialer that dials, or of the last one. */
static enum ow_dial_stage dial_stage(const struct ow_stream_lane *lane)
{
  return lane->dialer ? ow_dialer_stage(&lane->dialer->dialer) : lane->dial_stage;
}

static int64_t sought(const struct ow_stream_lane *lane)
{
  return lane->dialer ? lane->dialer->dialer.connecting : lane->sought;
}

static const union ow_address *remote(const struct ow_stream_lane *lane)
{
  return lane->dialer ? &lane->dialer->dialer.remote : &lane->remote;
}

/* The dialer has ended, or ends now. */
static void leave_dialer(struct ow_stream_lane *lane)
{
  if (lane->dialer) {
    lane->dial_stage = dial_stage(lane);
    lane->sought = sought(lane);
    lane->remote = *remote(lane);
    ow_dialer_cancel(&lane->dialer->dialer);
    free(lane->dialer);
    lane->dialer = NULL;
  }
}

static void on_dialed(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(dialer, struct lane_dialer, dialer)->lane;
  leave_dialer(lane);
  if (status == OW_OK) {
    lane->connected = true;
    lane->control.event = on_control_event;
    lane->control.context = lane;
    measure(lane);
  } else {
    begin_failed(lane, failure);
  }
}

/* Without memory for it the timer tells, as nothing may be told from here. */
static void dial(struct ow_stream_lane *lane)
{
  int64_t now = now_of(lane).monotonic;
  lane->state = OW_LANE_DIALING;
  lane->dialer = malloc(sizeof *lane->dialer);
  if (lane->dialer) {
    wake_at(lane, ow_lane_monotonic(lane, lane->interval.end));
    *lane->dialer = (struct lane_dialer){.lane = lane,
                                         .dialer = {.loop = lane->ground->loop,
                                                    .peer = &lane->config->peer,
                                                    .control = &lane->control,
                                                    .gate = lane->ground->gate,
                                                    .faithful = lane->faithful,
                                                    .done = on_dialed}};
    ow_dialer_dial(&lane->dialer->dialer, now + ANSWER_TIME);
  } else {
    wake_at(lane, now);
  }
}

static void stop_dialing(struct ow_stream_lane *lane)
{
  leave_dialer(lane);
  lane->connected = false;
}

/* Too long, or not at all. */
static void dialing_failed(struct ow_stream_lane *lane)
{
  struct ow_failure failure;
  static const char *const doing[] = {[OW_DIAL_RESOLVE] = "its name is still being resolved",
                                      [OW_DIAL_CONNECT] = "it is still being connected to",
                                      [OW_DIAL_SETUP] = "it still says nothing"};
  if (lane->dialer)
    ow_fail(&failure, OW_TIMEOUT, "%.100s port %s: %s, and the interval is over", lane->config->peer.host,
            lane->config->peer.port, doing[dial_stage(lane)]);
  else
    ow_fail(&failure, OW_MEMORY, "%.100s port %s: no memory to connect to it", lane->config->peer.host,
            lane->config->peer.port);
  stop_dialing(lane);
  begin_failed(lane, &failure);
}

/* ---- a reflector without a control connection ---- */

static void on_reflected(struct ow_reflected_measurement *measurement)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(measurement, struct ow_stream_lane, reflected);
  bool ran = measurement->session.open;
  keep_results(lane, measurement->results, OW_RESULTS);
  lane->failure = measurement->failure;
  if (ran || lane->stepped)
    judge(lane, measurement->remark);
  ow_reflected_measurement_close(measurement);
  tell_end(lane, ran);
}

static void reflect(struct ow_stream_lane *lane)
{
  struct ow_interval *interval = &lane->interval;
  struct ow_timestamp now = now_of(lane).wall;
  lane->began_late = ow_timestamp_after(now, interval->begin);
  if (lane->began_late)
    interval->begin = now;
  interval->mode = ow_peer_stamp_mode(&lane->config->peer);
  lane->reflected = (struct ow_reflected_measurement){.peer = &lane->config->peer,
                                                      .traffic = lane->ground->traffic,
                                                      .histograms = true,
                                                      .done = on_reflected};
  lane->state = OW_LANE_MEASURING;
  wake_at(lane, ow_lane_monotonic(lane, interval->end) + lane->config->peer.loss_timeout + CLOSING_TIME);
  const struct ow_reflected_path path = ow_reach_path(&lane->reach);
  ow_reflected_measurement_begin_until(&lane->reflected, &path, interval->begin, last_due(lane));
}

/* Whether it answers shows at the end, unless it has answered already. */
static void on_reached(struct ow_reach *reach, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(reach, struct ow_stream_lane, reach);
  if (status == OW_OK) {
    reflect(lane);
    if (ow_markers_any_answered(&reach->opening))
      lane->tell(lane, OW_LANE_HAS_STARTED);
  } else {
    begin_failed(lane, failure);
  }
}

static void reach(struct ow_stream_lane *lane)
{
  int64_t left = ow_timestamp_difference(lane->interval.begin, now_of(lane).wall) - START_MARGIN;
  lane->state = OW_LANE_DIALING;
  wake_at(lane, ow_lane_monotonic(lane, lane->interval.end));
  lane->reach = (struct ow_reach){.traffic = lane->ground->traffic,
                                  .peer = &lane->config->peer,
                                  .gate = lane->ground->gate,
                                  .faithful = lane->faithful,
                                  .done = on_reached};
  ow_reach_begin(&lane->reach, left > START_MARGIN ? left : START_MARGIN);
}

static void reached_too_long(struct ow_stream_lane *lane)
{
  struct ow_failure failure;
  ow_fail(&failure, OW_TIMEOUT, "%.100s port %s: its name is still being resolved, and the interval is over",
          lane->config->peer.host, lane->config->peer.port);
  ow_reach_cancel(&lane->reach);
  begin_failed(lane, &failure);
}

/* ---- either ---- */

void ow_lane_begin(struct ow_stream_lane *lane)
{
  if (seeks(lane)) {
    reach(lane);
    return;
  }
  if (lane->faithful && !ow_address_same(remote(lane), lane->faithful))
    disconnect_control(lane);
  if (lane->connected)
    measure(lane);
  else
    dial(lane);
}

/* ---- the interval ---- */

/* What is known of it is all there will be. */
static void abandon(struct ow_stream_lane *lane, enum ow_status status, const char *reason)
{
  if (reflected_of(lane))
    ow_twamp_measurement_cut_short(&lane->twamp, status, reason);
  else
    ow_measurement_abandon(&lane->measurement, status, reason);
}

/* Its result comes in this turn. */
static bool is_through(const struct ow_stream_lane *lane)
{
  return reflected_of(lane) ? lane->twamp.phase == OW_TWAMP_OVER
                            : lane->measurement.course.phase == OW_COURSE_DONE;
}

static void measured_too_long(struct ow_stream_lane *lane)
{
  static const char late[] = "there was no time for the last packets";
  char reason[OW_FAILURE_TEXT];
  if (seeks(lane)) {
    ow_reflected_measurement_cut_short(&lane->reflected, OW_TIMEOUT, late);
  } else if (ow_lane_is_running(lane) && reflected_of(lane)) {
    ow_twamp_measurement_cut_short(&lane->twamp, OW_TIMEOUT, late);
  } else if (!is_through(lane)) {
    snprintf(reason, sizeof reason, "server %s did not answer in time when %s", lane->control.server,
             reflected_of(lane) ? "the session was requested and started"
                                : "the sessions were stopped and their records fetched");
    disconnect_control(lane);
    abandon(lane, OW_TIMEOUT, reason);
  }
}

static void on_timer(struct ow_timer *timer)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(timer, struct ow_stream_lane, timer);
  switch (lane->state) {
  case OW_LANE_WAITING: lane->tell(lane, OW_LANE_IS_DUE); break;
  case OW_LANE_DIALING: seeks(lane) ? reached_too_long(lane) : dialing_failed(lane); break;
  case OW_LANE_MEASURING: measured_too_long(lane); break;
  case OW_LANE_HOLDING:
    ow_lane_hold(lane);
    if (lane->state == OW_LANE_ENDED)
      lane->tell(lane, OW_LANE_HAS_ENDED);
    break;
  case OW_LANE_IDLE:
  case OW_LANE_ENDED: break;
  }
}

void ow_lane_take_interval(struct ow_stream_lane *lane, uint64_t number)
{
  lane->timer.expired = on_timer;
  ow_interval_drop(&lane->interval);
  lane->interval = (struct ow_interval){.number = number};
  lane->trouble.status = OW_OK;
  lane->began_late = false;
  lane->stepped = false;
  lane->crowded_out = 0;
}

void ow_lane_wait(struct ow_stream_lane *lane, int64_t monotonic)
{
  lane->state = OW_LANE_WAITING;
  wake_at(lane, monotonic);
}

void ow_lane_hold(struct ow_stream_lane *lane)
{
  bool ended = lane->stepped || !ow_timestamp_after(lane->interval.end, now_of(lane).wall);
  lane->state = ended ? OW_LANE_ENDED : OW_LANE_HOLDING;
  if (ended)
    ow_timer_cancel(lane->ground->loop, &lane->timer);
  else
    wake_at(lane, ow_lane_monotonic(lane, lane->interval.end));
  if (ended && lane->trouble.status != OW_OK) {
    lane->interval.status = lane->trouble.status;
    memcpy(lane->interval.reason, lane->trouble.text, sizeof lane->interval.reason);
  }
}

bool ow_lane_is_early(const struct ow_stream_lane *lane)
{
  return lane->state == OW_LANE_WAITING || lane->state == OW_LANE_DIALING;
}

const char *ow_lane_server(const struct ow_stream_lane *lane)
{
  return seeks(lane) ? lane->reach.server : lane->control.server;
}

const union ow_address *ow_lane_remote(const struct ow_stream_lane *lane)
{
  return seeks(lane) ? &lane->reach.remote : remote(lane);
}

int64_t ow_lane_sought(const struct ow_stream_lane *lane)
{
  return seeks(lane) ? lane->reach.asking : sought(lane);
}

int64_t ow_lane_round_trip(const struct ow_stream_lane *lane)
{
  return seeks(lane) ? lane->reach.opening.round_trip : lane->control.round_trip;
}

bool ow_lane_met_silence(const struct ow_stream_lane *lane)
{
  const struct ow_result *round_trip = &lane->interval.results[OW_ROUND_TRIP];
  return seeks(lane) && round_trip->sent > 0 && round_trip->received == 0;
}

bool ow_lane_is_running(const struct ow_stream_lane *lane)
{
  bool running = false;
  switch (lane->config->peer.protocol) {
  case OW_PROTOCOL_OWAMP: running = lane->measurement.course.phase == OW_COURSE_RUNNING; break;
  case OW_PROTOCOL_STAMP: running = lane->reflected.running; break;
  case OW_PROTOCOL_TWAMP: running = lane->twamp.phase == OW_TWAMP_RUNNING; break;
  }
  return lane->state == OW_LANE_MEASURING && running;
}

/* Of what it measures over its control connection. */
static bool has_started(const struct ow_stream_lane *lane)
{
  return reflected_of(lane) ? lane->twamp.ran : lane->measurement.started != 0;
}

bool ow_lane_is_well(const struct ow_stream_lane *lane)
{
  return lane->connected && (lane->state != OW_LANE_MEASURING || has_started(lane));
}

/* A name that isn't resolved was never asked for room. */
bool ow_lane_found_no_room(const struct ow_stream_lane *lane)
{
  enum ow_status status = lane->trouble.status;
  return !seeks(lane) && (status == OW_REFUSED || status == OW_NETWORK || status == OW_TIMEOUT) &&
         dial_stage(lane) != OW_DIAL_RESOLVE;
}

void ow_lane_stop_early(struct ow_stream_lane *lane)
{
  if (lane->state == OW_LANE_DIALING) {
    if (seeks(lane))
      ow_reach_cancel(&lane->reach);
    else
      stop_dialing(lane);
    lane->state = OW_LANE_WAITING;
  }
}

/* Sessions that are requested for the old time run at the wrong one: their connection is given up. */
static void cut_by_step(struct ow_stream_lane *lane)
{
  static const char step[] = "the wall clock was set";
  wake_at(lane, now_of(lane).monotonic + STEP_TIME);
  if (seeks(lane)) {
    ow_reflected_measurement_cut_short(&lane->reflected, OW_STATE, step);
  } else if (ow_lane_is_running(lane) && reflected_of(lane)) {
    ow_twamp_measurement_cut_short(&lane->twamp, OW_STATE, step);
  } else if (ow_lane_is_running(lane)) {
    ow_measurement_cut_short(&lane->measurement, step);
  } else if (!has_started(lane)) {
    disconnect_control(lane);
    abandon(lane, OW_STATE, step);
  }
}

void ow_lane_stepped(struct ow_stream_lane *lane)
{
  switch (lane->state) {
  case OW_LANE_DIALING: ow_lane_stop_early(lane); break;
  case OW_LANE_HOLDING:
    lane->stepped = true;
    ow_lane_hold(lane);
    break;
  case OW_LANE_MEASURING:
    lane->stepped = true;
    cut_by_step(lane);
    break;
  case OW_LANE_IDLE:
  case OW_LANE_WAITING:
  case OW_LANE_ENDED: break;
  }
}

void ow_lane_close(struct ow_stream_lane *lane)
{
  lane->state = OW_LANE_IDLE;
  ow_timer_cancel(lane->ground->loop, &lane->timer);
  ow_interval_drop(&lane->interval);
  switch (lane->config->peer.protocol) {
  case OW_PROTOCOL_OWAMP:
    stop_dialing(lane);
    ow_measurement_close(&lane->measurement);
    disconnect_control(lane);
    break;
  case OW_PROTOCOL_STAMP:
    ow_reach_cancel(&lane->reach);
    ow_reflected_measurement_close(&lane->reflected);
    break;
  case OW_PROTOCOL_TWAMP:
    stop_dialing(lane);
    ow_twamp_measurement_close(&lane->twamp);
    disconnect_control(lane);
    break;
  }
}
