/* SPDX-License-Identifier: MIT */
/* Streams of reflectors on a simulated network: what they report is compared with what the reflector saw. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "sim/sim.h"
#include "sim/sim_reflector.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
enum { HOST = 2, INTERVAL = 10, KEPT = 1000 };

static struct ow_loop *loop;
static struct ow_board *board;
static struct ow_stream_set set;
static struct ow_stream_config config;
static struct sim_reflector reflector;
static struct ow_interval intervals[KEPT];

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(3);
  loop = ow_loop_create(&failure);
  board = ow_board_create(KEPT);
  ck_assert_ptr_nonnull(board);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, NULL), OW_OK);
  *sim_path(HOST) = (struct sim_path){.delay = {10 * MS, 20 * MS}};
  reflector = (struct sim_reflector){.mode = OW_MODE_OPEN, .dwell = MS};
  sim_reflect(HOST, &reflector);
  ow_stream_defaults(&config);
  snprintf(config.name, sizeof config.name, "router");
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.2");
  snprintf(config.peer.port, sizeof config.peer.port, "862");
  config.peer.protocol = OW_PROTOCOL_STAMP;
  config.peer.loss_timeout = 2 * S;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(100 * MS)};
  config.interval = INTERVAL * S;
}

static void drop_curtain(void)
{
  ow_stream_set_close(&set);
  ow_board_free(board);
  sim_end();
  ow_loop_free(loop);
}

static void begin(void)
{
  struct ow_failure failure;
  ck_assert_msg(ow_stream_set_add(&set, &config, &failure) == OW_OK, "%s", failure.text);
}

static size_t read_intervals(void)
{
  return test_board_intervals(board, "router", 0, intervals, KEPT);
}

static struct ow_stream_view view(void)
{
  struct ow_stream_view view;
  ck_assert(ow_board_view(board, "router", &view));
  return view;
}

START_TEST(intervals_leave_no_gap_and_count_each_packet_once)
{
  uint64_t sent = 0;
  begin();
  sim_run(loop, 605 * S);
  size_t count = read_intervals();
  ck_assert_uint_ge(count, 58);
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *round_trip = &intervals[i].results[OW_ROUND_TRIP];
    ck_assert_int_eq(intervals[i].status, OW_OK);
    ck_assert_int_eq(intervals[i].mode, OW_MODE_OPEN);
    ck_assert_int_eq(round_trip->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(round_trip->lost, 0);
    ck_assert_uint_eq(round_trip->sent, intervals[i].results[OW_FORWARD].sent);
    if (i > 0)
      ck_assert_uint_eq(intervals[i].begin.ntp, intervals[i - 1].end.ntp);
    ck_assert_int_ge(ow_timestamp_difference(round_trip->begin, intervals[i].begin), 0);
    ck_assert_int_ge(ow_timestamp_difference(intervals[i].end, round_trip->end), -1000);
    sent += round_trip->sent;
  }
  /* A Poisson stream of a packet each 100 ms, with a question beside it for each interval. */
  ck_assert_uint_ge(sent, count * INTERVAL * 10 * 9 / 10);
  ck_assert_uint_le(sent, count * INTERVAL * 10 * 11 / 10);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
  ck_assert_str_eq(view().server, "127.0.0.2 port 862");
}
END_TEST

START_TEST(losses_are_told_by_direction)
{
  uint64_t lost[OW_RESULTS] = {0};
  uint64_t sent = 0;
  unsigned known = 0;
  sim_path(HOST)->loss[0] = 10000;
  sim_path(HOST)->loss[1] = 20000;
  begin();
  sim_run(loop, 1805 * S);
  size_t count = read_intervals();
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *results = intervals[i].results;
    if (results[OW_FORWARD].loss_unknown)
      continue;
    known++;
    sent += results[OW_ROUND_TRIP].sent;
    for (int d = 0; d < OW_RESULTS; d++)
      lost[d] += results[d].lost;
    ck_assert_uint_eq(results[OW_FORWARD].lost + results[OW_REVERSE].lost, results[OW_ROUND_TRIP].lost);
  }
  ck_assert_uint_gt(known, count * 8 / 10);
  ck_assert_uint_gt(lost[OW_FORWARD], sent / 200);
  ck_assert_uint_lt(lost[OW_FORWARD], sent / 66);
  ck_assert_uint_gt(lost[OW_REVERSE], sent / 100);
  ck_assert_uint_lt(lost[OW_REVERSE], sent / 33);
}
END_TEST

START_TEST(an_outage_is_down_and_measured_all_along)
{
  begin();
  sim_run(loop, 35 * S);
  sim_path(HOST)->blackhole = true;
  sim_run(loop, 60 * S);
  ck_assert_int_eq(view().state, OW_STREAM_DOWN);
  ck_assert_msg(strstr(view().reason, "does not answer") != NULL, "%s", view().reason);
  sim_path(HOST)->blackhole = false;
  sim_run(loop, 60 * S);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
  size_t count = read_intervals();
  unsigned silent = 0;
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *round_trip = &intervals[i].results[OW_ROUND_TRIP];
    ck_assert_uint_gt(round_trip->sent, 0);
    silent += round_trip->received == 0;
    if (i > 0)
      ck_assert_uint_eq(intervals[i].number, intervals[i - 1].number + 1);
  }
  ck_assert_uint_ge(silent, 4);
}
END_TEST

/* The interval before is measured whole, and told of after the next one could not begin. */
START_TEST(an_interval_from_before_an_outage_ends_it_not)
{
  begin();
  sim_run(loop, (30 + _i) * S);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
  sim_path(HOST)->refusal[0] = ECONNREFUSED;
  for (int i = 0; i < 150 && view().state == OW_STREAM_UP; i++)
    sim_run(loop, 100 * MS);
  for (int i = 0; i < 300; i++) {
    ck_assert_int_eq(view().state, OW_STREAM_DOWN);
    sim_run(loop, 100 * MS);
  }
  sim_path(HOST)->refusal[0] = 0;
  sim_run(loop, 60 * S);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_clock_that_is_set_ends_the_interval_as_that)
{
  begin();
  sim_run(loop, 35 * S);
  sim_step_clock(loop, 3600 * S);
  sim_run(loop, 60 * S);
  size_t count = read_intervals();
  unsigned stepped = 0;
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *forward = &intervals[i].results[OW_FORWARD];
    stepped += forward->clock.stepped;
    if (!forward->clock.stepped && forward->received > 0)
      ck_assert_int_lt(forward->delay.max, S);
  }
  ck_assert_uint_ge(stepped, 1);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(ending_frees_everything_at_any_moment)
{
  for (int i = 0; i < 100; i++) {
    begin();
    sim_run(loop, (int64_t)sim_random(25 * (uint64_t)S));
    ck_assert(ow_stream_set_remove(&set, "router"));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams of reflectors");
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "streams",
                 intervals_leave_no_gap_and_count_each_packet_once, losses_are_told_by_direction,
                 an_outage_is_down_and_measured_all_along, a_clock_that_is_set_ends_the_interval_as_that,
                 ending_frees_everything_at_any_moment);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "an interval from before", INTERVAL,
                 an_interval_from_before_an_outage_ends_it_not);
  return test_run(suite);
}
