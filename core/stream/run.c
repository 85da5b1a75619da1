/* SPDX-License-Identifier: MIT */
/* What a lane tells decides: the next interval, another attempt, or a state for the board. */
#include "stream/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/system_clock.h"

#define LEAST_LEAD (1 * OW_NS_PER_S)
#define MOST_LEAD (5 * OW_NS_PER_S)
#define FIRST_DELAY (1 * OW_NS_PER_S)
#define MOST_DELAY (60 * OW_NS_PER_S)
#define FIRST_PROBE (300 * OW_NS_PER_S)
#define MOST_PROBE (3600 * OW_NS_PER_S)
#define PROBE_AFTER_BREAK (2 * MOST_DELAY) /* others who lost their connection, too, come first */

enum { NEVER_REACHED = 16 }; /* doublings of the delay */
enum { BROKEN_ENOUGH = 2 };  /* times, until a peer isn't up for sessions that run: one is a restart */
enum { CROWDED_ENOUGH = 2 }; /* intervals, until a peer is known to have room for one connection only */

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
    if (ow_lane_round_trip(&run->lanes[i]) > round_trip)
      round_trip = ow_lane_round_trip(&run->lanes[i]);
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

static struct ow_stream_lane *other_lane(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  return &run->lanes[lane == &run->lanes[0]];
}

static void take_interval(const struct ow_stream_run *run, struct ow_stream_lane *lane, uint64_t number)
{
  ow_lane_take_interval(lane, number);
  place_on_grid(run, &lane->interval);
  wait_to_prepare(run, lane);
}

static void take_new_interval(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  take_interval(run, lane, run->next_number++);
}

/* ---- room for one connection ---- */

/* `lane` measures what the other could not begin; what kept that one stays said. */
static void take_over_interval(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = other_lane(run, lane);
  struct ow_failure trouble = other->trouble;
  ow_lane_stop_early(other);
  take_interval(run, lane, other->interval.number);
  lane->trouble = trouble;
}

/* There is still no second place: the lane that asked for it rests, for longer than the last time. */
static void end_probe(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  ow_lane_close(lane);
  run->probe_at = now_of(run).monotonic + run->probe_wait;
  run->probe_wait = run->probe_wait < MOST_PROBE / 2 ? run->probe_wait * 2 : MOST_PROBE;
}

/*
 * A lane that is free takes, before a new interval, the one that the other lane has not the room to begin. Of
 * a peer with room for one lane it rests if the other is at work.
 */
static void give_next_interval(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = other_lane(run, lane);
  bool early = ow_lane_is_early(other);
  bool unsure = other->state == OW_LANE_IDLE || (!early && !ow_lane_is_well(other));
  if (early && lane->connected && run->single) {
    take_over_interval(run, lane);
    end_probe(run, other);
  } else if (early && lane->connected && other->crowded_out) {
    take_over_interval(run, lane);
    take_new_interval(run, other);
    run->crowded++;
  } else if (!run->single || unsure) {
    take_new_interval(run, lane);
  } else {
    ow_lane_close(lane);
  }
}

/* The lane whose interval comes first. */
static struct ow_stream_lane *earlier_lane(struct ow_stream_run *run)
{
  struct ow_stream_lane *lanes = run->lanes;
  bool second = lanes[0].state == OW_LANE_IDLE ||
                (lanes[1].state != OW_LANE_IDLE && lanes[1].interval.number < lanes[0].interval.number);
  return &lanes[second];
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

/* Another address is another path, whose numbers differ for that alone. */
static void note_server(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  struct ow_stream_view *state = &run->state;
  const char *server = ow_lane_server(lane);
  bool another = !ow_address_same(&run->winner, ow_lane_remote(lane));
  /* Who looked for the winner and is elsewhere did not find it: the name has lost it. */
  if (!run->has_winner || (another && ow_lane_sought(lane) > run->won_at)) {
    run->has_winner = true;
    run->winner = *ow_lane_remote(lane);
    run->won_at = now_of(run).monotonic;
  } else if (another) {
    return; /* the last interval by an address that was given up */
  }
  if (state->server[0] && strcmp(state->server, server) != 0)
    ow_log(run->ground->log, OW_LOG_NOTICE, "peer %s: measured by its address %s from now on, by %s before",
           run->config.name, server, state->server);
  snprintf(state->server, sizeof state->server, "%s", server);
}

/* Sessions run, or were measured whole: the peer is well, even if its connection has ended meanwhile. */
static void note_success(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  struct ow_stream_view *state = &run->state;
  const char *server = ow_lane_server(lane);
  run->failures = 0;
  run->retry_at = 0;
  state->mode = lane->interval.mode;
  note_server(run, lane);
  if (!run->too_short) {
    if (state->state != OW_STREAM_UP)
      ow_log(run->ground->log, OW_LOG_NOTICE, "peer %s: up, server %s, mode %s", run->config.name, server,
             ow_mode_name(lane->interval.mode));
    state->state = OW_STREAM_UP;
    state->status = OW_OK;
    state->reason[0] = '\0';
  }
  tell_board(run);
}

/* 1, 2, 4, ... s, and a quarter more or less, so that peers that failed together are not tried together. */
static int64_t next_delay(unsigned failures)
{
  int64_t delay = MOST_DELAY;
  uint16_t random;
  if (failures < NEVER_REACHED && FIRST_DELAY << failures < MOST_DELAY)
    delay = FIRST_DELAY << failures;
  ow_random_fill(&ow_system_random, &random, sizeof random);
  return delay - delay / 4 + delay / 2 * random / UINT16_MAX;
}

static void set_down(struct ow_stream_run *run, const struct ow_failure *failure)
{
  struct ow_stream_view *state = &run->state;
  if (state->state != OW_STREAM_DOWN)
    ow_log(run->ground->log, OW_LOG_WARNING, "peer %s: %s: %s", run->config.name,
           ow_stream_down_words(failure->status), failure->text);
  state->state = OW_STREAM_DOWN;
  state->status = failure->status;
  memcpy(state->reason, failure->text, sizeof state->reason);
  tell_board(run);
}

/*
 * An attempt, or a measurement, failed: the next attempt waits longer than the last. A server that began anew
 * may have room for two lanes.
 */
static void note_failure(struct ow_stream_run *run, const struct ow_stream_lane *lane,
                         const struct ow_failure *failure)
{
  int64_t now = now_of(run).monotonic;
  run->failed_at = lane->interval.number;
  run->retry_at = now + next_delay(run->failures);
  run->failures++;
  run->has_winner = false; /* the next attempt tries all addresses */
  run->last_failure = *failure;
  if (run->probe_at > now + PROBE_AFTER_BREAK)
    run->probe_at = now + PROBE_AFTER_BREAK;
  set_down(run, failure);
}

/* ---- one lane or two ---- */

/* What can be measured is; but at least every other interval would be missing. */
static void note_too_short(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  struct ow_failure failure;
  double pause = (double)ow_lane_longest_pause(lane) / 1e9;
  ow_fail(
      &failure, OW_LIMIT,
      "server %s has room for one control connection only, and pauses of up to %.1f s leave too little of "
      "an interval of %g s: let it take two from this host, or set an interval of %.0f s or more, or a "
      "shorter loss timeout",
      lane->control.server, pause, (double)run->config.interval / 1e9, ceil(pause * 4 / 3) + 1);
  run->too_short = true;
  run->last_failure = failure;
  set_down(run, &failure);
}

/* The lane's sessions run, and the other could not begin. */
static void go_single(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = other_lane(run, lane);
  ow_log(run->ground->log, OW_LOG_WARNING,
         "peer %s: has room for one control connection only: measured with pauses of up to %.1f s between "
         "intervals, and a second connection is tried again later; it said: %s",
         run->config.name, (double)ow_lane_longest_pause(lane) / 1e9, run->last_failure.text);
  run->single = run->state.single_connection = true;
  run->probe_at = now_of(run).monotonic + run->probe_wait;
  if (ow_lane_is_early(other) && other->interval.number > lane->interval.number) {
    run->next_number = other->interval.number;
    ow_lane_close(other);
  }
  if (run->config.interval - ow_lane_longest_pause(lane) < run->config.interval / 4)
    note_too_short(run, lane);
}

static void go_double(struct ow_stream_run *run)
{
  run->single = run->state.single_connection = false;
  run->too_short = false;
  ow_log(run->ground->log, OW_LOG_NOTICE,
         "peer %s: has room for two control connections now: measured without pauses", run->config.name);
}

/*
 * Only sessions that run over both connections at once tell that there is room for two. A lane that was
 * refused, and could begin when the other's sessions had ended, tells of room for one: whichever lane was
 * there first then.
 */
static void weigh_room(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = other_lane(run, lane);
  bool both = ow_lane_is_running(other);
  if (both)
    run->crowded = 0;
  else if (lane->crowded_out)
    run->crowded++;
  if (both && run->single)
    go_double(run);
  else if (!both && !run->single && run->crowded >= CROWDED_ENOUGH)
    go_single(run, lane);
  else if (run->single && other->state == OW_LANE_IDLE && now_of(run).monotonic >= run->probe_at)
    take_new_interval(run, other);
}

/* ---- what the lanes tell ---- */

/* Of a peer that is measured over one connection the second one's failures are news to nobody. */
static bool is_crowded_out(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  return ow_lane_is_well(other_lane(run, lane)) && (run->single || ow_lane_found_no_room(lane));
}

/* The later of two intervals, the newest of all, is taken another time. */
static void give_back(struct ow_stream_run *run, struct ow_stream_lane *lane, uint64_t number)
{
  if (run->single) {
    run->next_number = number;
    end_probe(run, lane);
  } else {
    take_interval(run, lane, number);
  }
}

/*
 * Not the peer's failure, nor the stream's: the other lane is well. If that one is free it measures the
 * interval; if not it will, when it is. Only this lane's attempts become rarer.
 */
static void on_crowded_out(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_stream_lane *other = other_lane(run, lane);
  struct ow_instant now = now_of(run);
  int64_t delay = next_delay(lane->crowded_out);
  uint64_t later = other->interval.number;
  lane->crowded_out++;
  run->last_failure = lane->trouble;
  if (run->single && later < lane->interval.number) {
    give_back(run, lane, lane->interval.number);
  } else if (later > lane->interval.number && other->state == OW_LANE_WAITING &&
             ow_lane_is_worth_measuring(lane, now.wall)) {
    run->crowded++;
    take_over_interval(run, other);
    give_back(run, lane, later);
  } else if (ow_lane_is_worth_measuring(lane, ow_timestamp_plus(now.wall, delay))) {
    ow_lane_wait(lane, now.monotonic + delay);
  } else {
    run->crowded++;
    hold_interval(run, lane);
  }
}

/* It is time to prepare the interval, or to try again. */
static void on_due(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  struct ow_instant now = now_of(run);
  lane->alone = run->single;
  lane->faithful = run->has_winner ? &run->winner : NULL;
  if (!ow_lane_is_worth_measuring(lane, now.wall)) {
    if (run->single && lane->connected) /* the interval before took it all */
      note_too_short(run, lane);
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
  if (is_crowded_out(run, lane)) {
    on_crowded_out(run, lane);
    return;
  }
  note_failure(run, lane, &lane->trouble);
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

/* Of a peer whose sessions keep breaking only an interval that is measured tells that it is well again: it
 * would be up and down with each of them. */
static void on_started(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  weigh_room(run, lane);
  run->ran = true;
  if (run->broken < BROKEN_ENOUGH)
    note_success(run, lane);
  else
    tell_board(run); /* of the room */
}

/* Both lanes' sessions may break at once. */
static void note_broken(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  run->broken += run->ran;
  run->ran = false;
  note_failure(run, lane, &lane->failure);
}

/* It is measured all along, so that its end is noticed at once; another address may do. */
static void note_silence(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  run->has_winner = false;
  run->last_failure = lane->trouble;
  if (!lane->stepped)
    set_down(run, &lane->trouble);
}

/* What was measured before the last attempt failed is told of only now: it says nothing of how the peer is.
 */
static bool is_past(const struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  return run->failures > 0 && lane->interval.number < run->failed_at;
}

static void on_result(struct ow_stream_run *run, struct ow_stream_lane *lane)
{
  if (lane->failure.status != OW_OK) {
    if (!lane->stepped)
      note_broken(run, lane);
  } else if (ow_lane_met_silence(lane)) {
    note_silence(run, lane);
  } else {
    run->broken = 0; /* the past tells, too, that sessions can come to their end */
    if (!is_past(run, lane)) {
      note_success(run, lane);
      note_trouble(run, lane);
    }
  }
  hold_interval(run, lane);
}

static void on_lane(struct ow_stream_lane *lane, enum ow_lane_event event)
{
  struct ow_stream_run *run = lane->context;
  switch (event) {
  case OW_LANE_IS_DUE: on_due(run, lane); break;
  case OW_LANE_HAS_STARTED: on_started(run, lane); break;
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
  *view = (struct ow_stream_view){.protocol = config->peer.protocol, .interval = config->interval};
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
  *run = (struct ow_stream_run){.ground = ground,
                                .board = board,
                                .config = *config,
                                .anchor_number = 1,
                                .next_number = 1,
                                .probe_wait = FIRST_PROBE};
  run->last_failure.status =
      ow_fail(&run->last_failure, OW_TIMEOUT, "there was no time left to reach the server");
  for (int i = 0; i < OW_LANES; i++)
    run->lanes[i] =
        (struct ow_stream_lane){.ground = ground, .config = &run->config, .tell = on_lane, .context = run};
  run->anchor = ow_timestamp_plus(now_of(run).wall, lead_time(run) + offset);
  describe(run);
  enum ow_status status = ow_board_put_stream(board, &run->state);
  for (int i = 0; i < OW_LANES && status == OW_OK; i++)
    give_next_interval(run, &run->lanes[i]);
  return status;
}

void ow_stream_run_close(struct ow_stream_run *run)
{
  for (int i = 0; i < OW_LANES; i++)
    ow_lane_close(&run->lanes[i]);
}
