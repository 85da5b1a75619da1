/* SPDX-License-Identifier: MIT */
/* What a lane tells decides: the next interval, another attempt, or a state for the board. */
#include "stream/run.h"

#include <string.h>

#include "io/system_clock.h"

#define LEAST_LEAD (1 * OW_NS_PER_S)
#define MOST_LEAD (5 * OW_NS_PER_S)
#define FIRST_DELAY (1 * OW_NS_PER_S)
#define MOST_DELAY (60 * OW_NS_PER_S)

enum { NEVER_REACHED = 16 }; /* doublings of the delay */

static struct ow_instant now_of(const struct ow_stream_run *run)
{
  return ow_loop_now(run->ground->loop);
}

/* ---- the grid ---- */

/*
 * Beside a tenth of the interval the round trips of connecting, and of requesting and starting two sessions.
 */
static int64_t lead_time(const struct ow_stream_run *run)
{
  int64_t before = run->config.interval / 10;
  int64_t round_trip = 0;
  for (int i = 0; i < OW_LANES; i++)
    if (run->lanes[i].control.round_trip > round_trip)
      round_trip = run->lanes[i].control.round_trip;
  before = before < LEAST_LEAD ? LEAST_LEAD : before > MOST_LEAD ? MOST_LEAD : before;
  return before + 8 * round_trip;
}

static void place_on_grid(const struct ow_stream_run *run, struct ow_interval *interval)
{
  int64_t since = (int64_t)(interval->number - run->anchor_number);
  interval->begin = ow_timestamp_plus(run->anchor, since * run->config.interval);
  interval->end = ow_timestamp_plus(interval->begin, run->config.interval);
}

static void wait_to_prepare(const struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  int64_t when = ow_lane_monotonic(lane, lane->interval.begin) - lead_time(run);
  int64_t end = ow_lane_monotonic(lane, lane->interval.end);
  if (when < run->retry_at)
    when = run->retry_at;
  ow_lane_wait(lane, when < end ? when : end);
}

static void give_next_interval(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  ow_lane_take_interval(lane, run->next_number++);
  place_on_grid(run, &lane->interval);
  wait_to_prepare(run, lane);
}

/* The lane whose interval comes first. */
static struct ow_stream_lane *earlier_lane(struct ow_stream_run *run)
{
  return &run->lanes[run->lanes[1].interval.number < run->lanes[0].interval.number];
}

/* In the order of the intervals, whichever lane is done first. */
static void hand_over_ended(struct ow_stream_run *run)
{
  struct ow_stream_lane *lane;
  while ((lane = earlier_lane(run))->state == OW_LANE_ENDED) {
    ow_board_add_interval(run->board, run->config.name, &lane->interval);
    give_next_interval(run, lane);
  }
}

static void hold_interval(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  ow_lane_hold(lane);
  hand_over_ended(run);
}

/* ---- state ---- */

static void tell_board(struct ow_stream_run *run)
{
  ow_board_set_state(run->board, &run->state, now_of(run).wall);
}

/* Sessions run, or were measured whole: the peer is well, even if its connection has ended meanwhile. */
static void note_success(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  struct ow_stream_view *state = &run->state;
  const char *server = lane->control.server;
  if (state->state != OW_STREAM_UP)
    ow_log(run->ground->log, OW_LOG_NOTICE, "peer %s: up, server %s, mode %s", run->config.name, server,
           ow_mode_name(lane->interval.mode));
  run->failures = 0;
  run->retry_at = 0;
  state->state = OW_STREAM_UP;
  state->status = OW_OK;
  state->reason[0] = '\0';
  state->mode = lane->interval.mode;
  _Static_assert(sizeof state->server == sizeof lane->control.server, "copied whole");
  memcpy(state->server, server, sizeof state->server);
  tell_board(run);
}

/* 1, 2, 4, ... s, and a quarter more or less, so that peers that failed together are not tried together. */
static int64_t next_delay(struct ow_stream_run *run)
{
  int64_t delay = MOST_DELAY;
  uint16_t random;
  if (run->failures < NEVER_REACHED && FIRST_DELAY << run->failures < MOST_DELAY)
    delay = FIRST_DELAY << run->failures;
  ow_random_fill(&ow_system_random, &random, sizeof random);
  return delay - delay / 4 + delay / 2 * random / UINT16_MAX;
}

/* An attempt, or a measurement, failed: the next attempt waits longer than the last. */
static void note_failure(struct ow_stream_run *run, const struct ow_failure *failure)
{
  struct ow_stream_view *state = &run->state;
  if (state->state != OW_STREAM_DOWN)
    ow_log(run->ground->log, OW_LOG_WARNING, "peer %s: down: %s", run->config.name, failure->text);
  run->retry_at = now_of(run).monotonic + next_delay(run);
  run->failures++;
  run->last_failure = *failure;
  state->state = OW_STREAM_DOWN;
  state->status = failure->status;
  memcpy(state->reason, failure->text, sizeof state->reason);
  tell_board(run);
}

/* ---- what the lanes tell ---- */

/* It is time to prepare the interval, or to try again. */
static void on_due(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_instant now = now_of(run);
  if (!ow_lane_is_worth_measuring(lane, now.wall)) {
    lane->trouble = run->last_failure;
    hold_interval(run, lane);
  } else if (run->retry_at > now.monotonic) {
    wait_to_prepare(run, lane);
  } else {
    ow_lane_begin(lane);
  }
}

/* Try again within the interval, or let it pass. */
static void on_failed(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_instant now = now_of(run);
  note_failure(run, &lane->trouble);
  if (ow_lane_is_worth_measuring(lane, ow_timestamp_plus(now.wall, run->retry_at - now.monotonic)))
    wait_to_prepare(run, lane);
  else
    hold_interval(run, lane);
}

/* A peer that is up, and yet isn't measured as it should be: said once, until it is well again. */
static void note_trouble(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  bool trouble = lane->trouble.status != OW_OK && !lane->began_late && !lane->stepped;
  if (trouble && !run->in_trouble)
    ow_log(run->ground->log, OW_LOG_WARNING, "peer %s: %s", run->config.name, lane->trouble.text);
  else if (!trouble && run->in_trouble)
    ow_log(run->ground->log, OW_LOG_NOTICE, "peer %s: measured whole again", run->config.name);
  run->in_trouble = trouble;
}

static void on_result(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  if (lane->measurement.status == OW_OK) {
    note_success(run, lane);
    note_trouble(run, lane);
  } else if (!lane->stepped) {
    note_failure(run, &lane->measurement.failure);
  }
  hold_interval(run, lane);
}

static void on_lane(struct ow_stream_lane *lane, enum ow_lane_event event)
{
  struct ow_stream_run *run = lane->context;
  switch (event) {
  case OW_LANE_IS_DUE: on_due(run, lane); break;
  case OW_LANE_HAS_STARTED: note_success(run, lane); break;
  case OW_LANE_HAS_FAILED: on_failed(run, lane); break;
  case OW_LANE_HAS_RESULT: on_result(run, lane); break;
  case OW_LANE_HAS_ENDED: hand_over_ended(run); break;
  }
}

/* ---- the clock ---- */

/* Where the grid begins anew: at the first interval that hasn't begun. */
static uint64_t first_early(const struct ow_stream_run *run)
{
  uint64_t number = run->next_number;
  for (int i = 0; i < OW_LANES; i++)
    if (ow_lane_is_early(&run->lanes[i]) && run->lanes[i].interval.number < number)
      number = run->lanes[i].interval.number;
  return number;
}

void ow_stream_run_stepped(struct ow_stream_run *run)
{
  run->anchor_number = first_early(run);
  run->anchor = ow_timestamp_plus(now_of(run).wall, lead_time(run));
  for (int i = 0; i < OW_LANES; i++) {
    struct ow_stream_lane *lane = &run->lanes[i];
    ow_lane_stepped(lane);
    if (ow_lane_is_early(lane)) {
      place_on_grid(run, &lane->interval);
      wait_to_prepare(run, lane);
    }
  }
  hand_over_ended(run);
}

/* ---- life ---- */

static void describe(struct ow_stream_run *run)
{
  const struct ow_stream_config *config = &run->config;
  struct ow_stream_view *view = &run->state;
  *view = (struct ow_stream_view){.interval = config->interval};
  _Static_assert(sizeof view->name == sizeof config->name && sizeof view->host == sizeof config->peer.host &&
                     sizeof view->port == sizeof config->peer.port,
                 "copied whole");
  memcpy(view->name, config->name, sizeof view->name);
  memcpy(view->host, config->peer.host, sizeof view->host);
  memcpy(view->port, config->peer.port, sizeof view->port);
  memcpy(view->directions, config->peer.directions, sizeof view->directions);
}

enum ow_status ow_stream_run_open(struct ow_stream_run *run, const struct ow_lane_ground *ground,
                                  struct ow_board *board, const struct ow_stream_config *config,
                                  int64_t offset)
{
  *run = (struct ow_stream_run){
      .ground = ground, .board = board, .config = *config, .anchor_number = 1, .next_number = 1};
  run->last_failure.status =
      ow_fail(&run->last_failure, OW_TIMEOUT, "there was no time left to reach the server");
  run->anchor = ow_timestamp_plus(now_of(run).wall, lead_time(run) + offset);
  describe(run);
  enum ow_status status = ow_board_put_stream(board, &run->state);
  for (int i = 0; i < OW_LANES; i++)
    run->lanes[i] =
        (struct ow_stream_lane){.ground = ground, .config = &run->config, .tell = on_lane, .context = run};
  for (int i = 0; i < OW_LANES && status == OW_OK; i++)
    give_next_interval(run, &run->lanes[i]);
  return status;
}

void ow_stream_run_close(struct ow_stream_run *run)
{
  for (int i = 0; i < OW_LANES; i++)
    ow_lane_close(&run->lanes[i]);
}
