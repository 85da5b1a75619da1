#include "stream/lane.h"

#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "schedule/schedule.h"
#include "stream/run.h"

#define ANSWER_TIME (5 * OW_NS_PER_S)     /* for connecting, and for each of the server's answers */
#define CLOSING_TIME (800 * OW_NS_PER_MS) /* beyond the loss timeout: for stopping and fetching */
#define START_MARGIN (100 * OW_NS_PER_MS) /* beyond 4 round trips: what a server needs to get ready */
#define STEP_TIME (1 * OW_NS_PER_S)       /* for a measurement to end after the clock was set */

static struct ow_loop *loop_of(const struct ow_stream_lane *lane)
{
  return lane->run->set->loop;
}

static struct ow_instant now_of(const struct ow_stream_lane *lane)
{
  return ow_loop_now(loop_of(lane));
}

static void wake_at(struct ow_stream_lane *lane, int64_t monotonic)
{
  ow_timer_set(loop_of(lane), &lane->timer, monotonic);
}

/* Not before it: differences are rounded down. */
static int64_t monotonic_of(const struct ow_stream_lane *lane, struct ow_timestamp wall)
{
  struct ow_instant now = now_of(lane);
  return now.monotonic + ow_timestamp_difference(wall, now.wall) + 1;
}

/* ---- the result ---- */

/* An interval before this one that is still to be handed over. */
static bool is_behind_other(const struct ow_stream_lane *lane)
{
  const struct ow_stream_lane *other = ow_stream_run_other(lane->run, lane);
  return other->state != OW_LANE_IDLE && other->interval.number < lane->interval.number;
}

static void hand_over(struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = ow_stream_run_other(lane->run, lane);
  ow_timer_cancel(loop_of(lane), &lane->timer);
  if (lane->trouble.status != OW_OK) {
    lane->interval.status = lane->trouble.status;
    memcpy(lane->interval.reason, lane->trouble.text, sizeof lane->interval.reason);
  }
  ow_stream_run_report(lane->run, &lane->interval);
  ow_lane_take(lane);
  if (other->state == OW_LANE_HOLDING)
    ow_lane_settle(other);
}

void ow_lane_settle(struct ow_stream_lane *lane)
{
  bool ended = lane->stepped || !ow_timestamp_after(lane->interval.end, now_of(lane).wall);
  lane->state = OW_LANE_HOLDING;
  if (!ended)
    wake_at(lane, monotonic_of(lane, lane->interval.end));
  else if (is_behind_other(lane))
    ow_timer_cancel(loop_of(lane), &lane->timer); /* the other one calls */
  else
    hand_over(lane);
}

/* ---- attempts ---- */

static void wait_to_prepare(struct ow_stream_lane *lane)
{
  int64_t when = monotonic_of(lane, lane->interval.begin) - ow_stream_run_lead(lane->run);
  int64_t end = monotonic_of(lane, lane->interval.end);
  if (when < lane->run->retry_at)
    when = lane->run->retry_at;
  lane->state = OW_LANE_WAITING;
  wake_at(lane, when < end ? when : end);
}

/* What is left of an interval is worth measuring if it is a good part of it. */
static bool worth_measuring(const struct ow_stream_lane *lane, struct ow_timestamp from)
{
  return ow_timestamp_difference(lane->interval.end, from) >= lane->run->config.interval / 4;
}

static void disconnect(struct ow_stream_lane *lane)
{
  ow_client_connection_close(&lane->control);
  lane->connected = false;
}

/* Not begun, for this reason: try again within the interval, or let it pass. */
static void attempt_failed(struct ow_stream_lane *lane, const struct ow_failure *failure)
{
  struct ow_instant now = now_of(lane);
  lane->trouble = *failure;
  ow_stream_run_failed(lane->run, failure);
  if (worth_measuring(lane, ow_timestamp_plus(now.wall, lane->run->retry_at - now.monotonic + START_MARGIN)))
    wait_to_prepare(lane);
  else
    ow_lane_settle(lane);
}

/* ---- measuring ---- */

static void keep_results(struct ow_stream_lane *lane)
{
  const struct ow_measurement *measurement = &lane->measurement;
  struct ow_interval *interval = &lane->interval;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    struct ow_result *result = &interval->results[i];
    *result = measurement->results[i];
    if (result->completeness == OW_RESULT_COMPLETE && (lane->began_late || lane->stepped))
      result->completeness = OW_RESULT_PARTIAL;
  }
}

static bool any_partial(const struct ow_interval *interval)
{
  bool partial = false;
  for (int i = 0; i < OW_DIRECTIONS; i++)
    partial = partial || interval->results[i].completeness == OW_RESULT_PARTIAL;
  return partial;
}

/* What is wrong with a measurement that came to its end; what kept it from beginning in time stays said. */
static void judge(struct ow_stream_lane *lane)
{
  const struct ow_measurement *measurement = &lane->measurement;
  struct ow_failure late = lane->trouble;
  lane->trouble.status = OW_OK;
  if (lane->stepped)
    ow_fail(&lane->trouble, OW_STATE, "the wall clock of this host was set meanwhile");
  else if (measurement->status != OW_OK)
    lane->trouble = measurement->failure;
  else if (ow_measurement_explain_skew(measurement, &lane->trouble))
    lane->trouble.status = OW_INVALID;
  else if (lane->began_late)
    ow_fail(&lane->trouble, OW_TIMEOUT, "measured in its later part only; before: %.200s",
            late.status == OW_OK ? "it took too long to reach the server and to request the sessions"
                                 : late.text);
  else if (any_partial(&lane->interval))
    ow_fail(&lane->trouble, OW_PROTOCOL, "server %s ended the sessions early", lane->control.server);
}

static void on_measured(struct ow_measurement *measurement)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(measurement, struct ow_stream_lane, measurement);
  struct ow_failure failure = measurement->failure;
  bool ran = measurement->started != 0;
  lane->state = OW_LANE_HOLDING;
  keep_results(lane);
  ow_measurement_close(measurement);
  if (!lane->control.client || ow_client_state(lane->control.client) != OW_CLIENT_READY)
    disconnect(lane);
  if (measurement->status == OW_OK)
    ow_stream_run_succeeded(lane->run, &lane->control);
  if (!ran && !lane->stepped) {
    attempt_failed(lane, &failure);
    return;
  }
  if (measurement->status != OW_OK && !lane->stepped)
    ow_stream_run_failed(lane->run, &failure);
  judge(lane);
  ow_lane_settle(lane);
}

static void on_control_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct ow_stream_lane *lane = control->context;
  bool ran = lane->measurement.course.phase == OW_COURSE_RUNNING;
  if (lane->state == OW_LANE_MEASURING) {
    ow_measurement_event(&lane->measurement, event);
    if (!ran && lane->state == OW_LANE_MEASURING && lane->measurement.course.phase == OW_COURSE_RUNNING)
      ow_stream_run_succeeded(lane->run, control);
  } else if (event->kind == OW_CLIENT_BROKEN) {
    disconnect(lane); /* idle: it is made anew when it is needed */
  }
}

/* A schedule's deltas are rounded, and a packet that is meant for the very end must not fall behind it. */
static struct ow_timestamp last_due(const struct ow_stream_lane *lane)
{
  const struct ow_peer *peer = &lane->run->config.peer;
  uint32_t most = ow_slots_most_packets(peer->slots, peer->slot_count, lane->run->config.interval);
  int64_t rounding = most / 8 + 1; /* ns; half of 2^-32 s each */
  return ow_timestamp_plus(lane->interval.end, rounding);
}

static void begin(struct ow_stream_lane *lane)
{
  struct ow_interval *interval = &lane->interval;
  struct ow_stream_run *run = lane->run;
  struct ow_timestamp soonest =
      ow_timestamp_plus(now_of(lane).wall, 4 * lane->control.round_trip + START_MARGIN);
  lane->began_late = ow_timestamp_after(soonest, interval->begin);
  if (lane->began_late)
    interval->begin = soonest;
  interval->mode = ow_client_mode(lane->control.client);
  lane->measurement = (struct ow_measurement){.peer = &run->config.peer,
                                              .traffic = &run->set->traffic,
                                              .control = &lane->control,
                                              .log = &run->set->log,
                                              .done = on_measured};
  lane->state = OW_LANE_MEASURING;
  wake_at(lane, monotonic_of(lane, interval->end) + run->config.peer.loss_timeout + CLOSING_TIME);
  ow_measurement_begin_until(&lane->measurement, interval->begin, last_due(lane));
}

static void on_dialed(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(dialer, struct ow_stream_lane, dialer);
  if (status == OW_OK) {
    lane->connected = true;
    lane->control.event = on_control_event;
    lane->control.context = lane;
    begin(lane);
  } else {
    attempt_failed(lane, failure);
  }
}

/* It is time to prepare the interval, or to try again. */
static void prepare(struct ow_stream_lane *lane)
{
  struct ow_stream_run *run = lane->run;
  struct ow_instant now = now_of(lane);
  if (!worth_measuring(lane, ow_timestamp_plus(now.wall, START_MARGIN))) {
    lane->trouble = run->last_failure;
    ow_lane_settle(lane);
  } else if (run->retry_at > now.monotonic) {
    wait_to_prepare(lane);
  } else if (lane->connected) {
    begin(lane);
  } else {
    lane->state = OW_LANE_DIALING;
    wake_at(lane, monotonic_of(lane, lane->interval.end));
    lane->dialer = (struct ow_dialer){.loop = loop_of(lane),
                                      .peer = &run->config.peer,
                                      .control = &lane->control,
                                      .gate = &run->set->gate,
                                      .done = on_dialed};
    ow_dialer_dial(&lane->dialer, now.monotonic + ANSWER_TIME);
  }
}

/* ---- time ---- */

static void dialed_too_long(struct ow_stream_lane *lane)
{
  struct ow_failure failure;
  static const char *const doing[] = {[OW_DIAL_RESOLVE] = "its name is still being resolved",
                                      [OW_DIAL_CONNECT] = "it is still being connected to",
                                      [OW_DIAL_SETUP] = "it still says nothing"};
  ow_fail(&failure, OW_TIMEOUT, "%.100s port %s: %s, and the interval is over", lane->run->config.peer.host,
          lane->run->config.peer.port, doing[lane->dialer.stage]);
  ow_dialer_cancel(&lane->dialer);
  lane->connected = false;
  attempt_failed(lane, &failure);
}

static void on_timer(struct ow_timer *timer)
{
  struct ow_stream_lane *lane = OW_CONTAINER_OF(timer, struct ow_stream_lane, timer);
  char reason[OW_FAILURE_TEXT];
  switch (lane->state) {
  case OW_LANE_IDLE: break;
  case OW_LANE_WAITING: prepare(lane); break;
  case OW_LANE_DIALING: dialed_too_long(lane); break;
  case OW_LANE_MEASURING:
    snprintf(reason, sizeof reason,
             "server %s did not answer in time when the sessions were stopped and their records fetched",
             lane->control.server);
    disconnect(lane);
    ow_measurement_abandon(&lane->measurement, OW_TIMEOUT, reason);
    break;
  case OW_LANE_HOLDING: ow_lane_settle(lane); break;
  }
}

void ow_lane_take(struct ow_stream_lane *lane)
{
  lane->timer.expired = on_timer;
  lane->interval = (struct ow_interval){.number = lane->run->next_number++};
  lane->trouble.status = OW_OK;
  lane->began_late = false;
  lane->stepped = false;
  ow_lane_again(lane);
}

void ow_lane_again(struct ow_stream_lane *lane)
{
  ow_stream_run_place(lane->run, &lane->interval);
  wait_to_prepare(lane);
}

bool ow_lane_is_early(const struct ow_stream_lane *lane)
{
  return lane->state == OW_LANE_WAITING || lane->state == OW_LANE_DIALING;
}

/* Sessions that are requested for the old time run at the wrong one: their connection is given up. */
void ow_lane_stepped(struct ow_stream_lane *lane)
{
  if (lane->state == OW_LANE_DIALING) {
    ow_dialer_cancel(&lane->dialer);
    lane->connected = false;
    lane->state = OW_LANE_WAITING;
  } else if (lane->state == OW_LANE_HOLDING) {
    lane->stepped = true;
    ow_lane_settle(lane);
  } else if (lane->state == OW_LANE_MEASURING) {
    lane->stepped = true;
    wake_at(lane, now_of(lane).monotonic + STEP_TIME);
    if (lane->measurement.course.phase == OW_COURSE_RUNNING) {
      ow_measurement_cut_short(&lane->measurement, "the wall clock was set");
    } else if (lane->measurement.started == 0) {
      disconnect(lane);
      ow_measurement_abandon(&lane->measurement, OW_STATE, "the wall clock was set");
    }
  }
}

void ow_lane_close(struct ow_stream_lane *lane)
{
  lane->state = OW_LANE_IDLE;
  ow_timer_cancel(loop_of(lane), &lane->timer);
  ow_dialer_cancel(&lane->dialer);
  ow_measurement_close(&lane->measurement);
  disconnect(lane);
}
