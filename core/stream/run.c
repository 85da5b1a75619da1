#include "stream/run.h"

#include <string.h>

#include "io/system_clock.h"

#define LEAST_LEAD (1 * OW_NS_PER_S)
#define MOST_LEAD (5 * OW_NS_PER_S)
#define FIRST_DELAY (1 * OW_NS_PER_S)
#define MOST_DELAY (60 * OW_NS_PER_S)

enum { NEVER_REACHED = 16 }; /* doublings of the delay */

/* ---- the grid ---- */

/*
 * Beside a tenth of the interval the round trips of connecting, and of requesting and starting two sessions.
 */
int64_t ow_stream_run_lead(const struct ow_stream_run *run)
{
  int64_t lead = run->config.interval / 10;
  int64_t round_trip = 0;
  for (int i = 0; i < OW_LANES; i++)
    if (run->lanes[i].control.round_trip > round_trip)
      round_trip = run->lanes[i].control.round_trip;
  lead = lead < LEAST_LEAD ? LEAST_LEAD : lead > MOST_LEAD ? MOST_LEAD : lead;
  return lead + 8 * round_trip;
}

void ow_stream_run_place(const struct ow_stream_run *run, struct ow_interval *interval)
{
  int64_t since = (int64_t)(interval->number - run->anchor_number);
  interval->begin = ow_timestamp_plus(run->anchor, since * run->config.interval);
  interval->end = ow_timestamp_plus(interval->begin, run->config.interval);
}

struct ow_stream_lane *ow_stream_run_other(struct ow_stream_run *run, const struct ow_stream_lane *lane)
{
  return &run->lanes[lane == &run->lanes[0]];
}

/* The lane whose interval comes first. */
static struct ow_stream_lane *earlier_lane(struct ow_stream_run *run)
{
  return &run->lanes[run->lanes[1].interval.number < run->lanes[0].interval.number];
}

/* Where the grid begins anew: at the first interval that hasn't begun. */
static uint64_t first_early(struct ow_stream_run *run)
{
  uint64_t number = run->next_number;
  for (int i = 0; i < OW_LANES; i++)
    if (ow_lane_is_early(&run->lanes[i]) && run->lanes[i].interval.number < number)
      number = run->lanes[i].interval.number;
  return number;
}

static void step_lane(struct ow_stream_lane *lane)
{
  ow_lane_stepped(lane);
  if (ow_lane_is_early(lane))
    ow_lane_again(lane);
}

void ow_stream_run_stepped(struct ow_stream_run *run)
{
  struct ow_stream_lane *first = earlier_lane(run);
  struct ow_stream_lane *second = ow_stream_run_other(run, first);
  run->anchor_number = first_early(run);
  run->anchor = ow_timestamp_plus(ow_loop_now(run->set->loop).wall, ow_stream_run_lead(run));
  step_lane(first);
  step_lane(second);
}

/* ---- state ---- */

static void tell_board(struct ow_stream_run *run)
{
  ow_board_set_state(run->set->board, &run->state, ow_loop_now(run->set->loop).wall);
}

void ow_stream_run_succeeded(struct ow_stream_run *run, const struct ow_client_connection *control)
{
  struct ow_stream_view *state = &run->state;
  if (state->state != OW_STREAM_UP)
    ow_log(&run->set->log, OW_LOG_NOTICE, "peer %s: up, server %s, mode %s", run->config.name,
           control->server, ow_mode_name(ow_client_mode(control->client)));
  run->failures = 0;
  run->retry_at = 0;
  state->state = OW_STREAM_UP;
  state->status = OW_OK;
  state->reason[0] = '\0';
  state->mode = ow_client_mode(control->client);
  _Static_assert(sizeof state->server == sizeof control->server, "copied whole");
  memcpy(state->server, control->server, sizeof state->server);
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

void ow_stream_run_failed(struct ow_stream_run *run, const struct ow_failure *failure)
{
  struct ow_stream_view *state = &run->state;
  if (state->state != OW_STREAM_DOWN)
    ow_log(&run->set->log, OW_LOG_WARNING, "peer %s: down: %s", run->config.name, failure->text);
  run->retry_at = ow_loop_now(run->set->loop).monotonic + next_delay(run);
  run->failures++;
  run->last_failure = *failure;
  state->state = OW_STREAM_DOWN;
  state->status = failure->status;
  memcpy(state->reason, failure->text, sizeof state->reason);
  tell_board(run);
}

void ow_stream_run_report(struct ow_stream_run *run, const struct ow_interval *interval)
{
  ow_board_add_interval(run->set->board, run->config.name, interval);
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

enum ow_status ow_stream_run_open(struct ow_stream_run *run, struct ow_stream_set *set,
                                  const struct ow_stream_config *config, int64_t offset)
{
  *run = (struct ow_stream_run){.set = set, .config = *config, .anchor_number = 1, .next_number = 1};
  run->last_failure.status =
      ow_fail(&run->last_failure, OW_TIMEOUT, "there was no time left to reach the server");
  run->anchor = ow_timestamp_plus(ow_loop_now(set->loop).wall, ow_stream_run_lead(run) + offset);
  describe(run);
  enum ow_status status = ow_board_put_stream(set->board, &run->state);
  for (int i = 0; i < OW_LANES; i++)
    run->lanes[i].run = run;
  for (int i = 0; i < OW_LANES && status == OW_OK; i++)
    ow_lane_take(&run->lanes[i]);
  return status;
}

void ow_stream_run_close(struct ow_stream_run *run)
{
  for (int i = 0; i < OW_LANES; i++)
    ow_lane_close(&run->lanes[i]);
}
