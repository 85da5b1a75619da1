/* SPDX-License-Identifier: MIT */
/* Streams of TWAMP servers on a simulated network: what they report is compared with what the network saw. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "sim/sim.h"
#include "sim/sim_twamp.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/machine.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
enum { HOST = 2, INTERVAL = 10, KEPT = 1000, MODES = 4 };

static const enum ow_mode modes[MODES] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED,
                                          OW_MODE_MIXED};

static struct ow_loop *loop;
static struct ow_board *board;
static struct ow_stream_set set;
static struct ow_stream_config config;
static struct sim_twamp twamp;
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
  twamp = (struct sim_twamp){.habits = {.modes = 15}, .dwell = MS};
  sim_twamp_open(&twamp, loop, HOST, "127.0.0.2");
  ow_stream_defaults(&config);
  snprintf(config.name, sizeof config.name, "router");
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.2");
  snprintf(config.peer.port, sizeof config.peer.port, "862");
  snprintf(config.peer.key_id, sizeof config.peer.key_id, TEST_KEY_ID);
  config.peer.passphrase.length = strlen(TEST_PASSPHRASE);
  memcpy(config.peer.passphrase.octets, TEST_PASSPHRASE, strlen(TEST_PASSPHRASE));
  config.peer.protocol = OW_PROTOCOL_TWAMP;
  config.peer.modes = OW_TWAMP_MODES;
  config.peer.loss_timeout = 2 * S;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(100 * MS)};
  config.interval = INTERVAL * S;
}

static void drop_curtain(void)
{
  ow_stream_set_close(&set);
  sim_twamp_close(&twamp);
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

/* Two connections take turns, and each question that left is in just one interval. */
START_TEST(intervals_leave_no_gap_and_count_each_packet_once)
{
  uint64_t sent = 0;
  uint64_t left = 0;
  twamp.habits.modes = modes[_i];
  begin();
  sim_run(loop, 605 * S);
  size_t count = read_intervals();
  ck_assert_uint_ge(count, 58);
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *round_trip = &intervals[i].results[OW_ROUND_TRIP];
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    ck_assert_int_eq(intervals[i].mode, modes[_i]);
    ck_assert_int_eq(round_trip->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(round_trip->lost, 0);
    ck_assert_uint_eq(round_trip->sent, intervals[i].results[OW_FORWARD].sent);
    if (i > 0)
      ck_assert_uint_eq(intervals[i].begin.ntp, intervals[i - 1].end.ntp);
    ck_assert_int_ge(ow_timestamp_difference(round_trip->begin, intervals[i].begin), 0);
    ck_assert_int_ge(ow_timestamp_difference(intervals[i].end, round_trip->end), -1000);
    sent += round_trip->sent;
  }
  for (size_t i = 0; i < sim_packet_count; i++)
    left += sim_packets[i].to_host && ow_timestamp_after(intervals[count - 1].end, sim_packets[i].sent);
  ck_assert_uint_eq(sent, left);
  ck_assert_uint_ge(sent, count * INTERVAL * 10 * 9 / 10);
  ck_assert_uint_eq(twamp.connected, 2);
  ck_assert_uint_eq(twamp.strangers, 0);
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
    ck_assert_int_eq(intervals[i].status, OW_OK);
    if (results[OW_FORWARD].loss_unknown)
      continue;
    known++;
    sent += results[OW_ROUND_TRIP].sent;
    for (int d = 0; d < OW_RESULTS; d++)
      lost[d] += results[d].lost;
    ck_assert_uint_eq(results[OW_ROUND_TRIP].lost, results[OW_FORWARD].lost + results[OW_REVERSE].lost);
    ck_assert_uint_eq(results[OW_REVERSE].sent, results[OW_FORWARD].received);
  }
  ck_assert_uint_gt(known, count * 3 / 4);
  ck_assert_uint_gt(lost[OW_FORWARD], sent * 7 / 1000);
  ck_assert_uint_lt(lost[OW_FORWARD], sent * 13 / 1000);
  ck_assert_uint_gt(lost[OW_REVERSE], sent * 16 / 1000);
  ck_assert_uint_lt(lost[OW_REVERSE], sent * 24 / 1000);
}
END_TEST

/* It has room for one connection: the stream measures over that, and says so. */
START_TEST(a_server_with_room_for_one_connection_is_measured_over_it)
{
  sim_path(HOST)->room = 1;
  begin();
  sim_run(loop, 305 * S);
  size_t count = read_intervals();
  unsigned whole = 0;
  for (size_t i = 0; i < count; i++)
    whole += intervals[i].results[OW_ROUND_TRIP].completeness == OW_RESULT_COMPLETE;
  ck_assert_uint_ge(whole, 20);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_server_that_refuses_sessions_is_down_and_told)
{
  twamp.habits.session = OW_ACCEPT_PERMANENT_LIMIT;
  begin();
  sim_run(loop, 100 * S);
  ck_assert_int_eq(view().state, OW_STREAM_DOWN);
  ck_assert_msg(strstr(view().reason, "refused the session: a permanent resource limit") != NULL, "%s",
                view().reason);
  twamp.habits.session = OW_ACCEPT_OK;
  sim_run(loop, 100 * S);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

/* A connection that breaks costs the rest of its interval, which says so. */
START_TEST(a_broken_connection_is_made_anew)
{
  begin();
  sim_run(loop, 95 * S);
  sim_cut(HOST);
  sim_run(loop, 105 * S);
  size_t count = read_intervals();
  unsigned partial = 0;
  for (size_t i = 0; i < count; i++)
    partial += intervals[i].results[OW_ROUND_TRIP].completeness != OW_RESULT_COMPLETE;
  ck_assert_uint_ge(partial, 1);
  ck_assert_uint_le(partial, 3);
  ck_assert_int_eq(intervals[count - 1].results[OW_ROUND_TRIP].completeness, OW_RESULT_COMPLETE);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_clock_that_is_set_marks_what_was_measured)
{
  begin();
  sim_run(loop, 55 * S);
  sim_step_clock(loop, _i ? 3600 * S : -3600 * S);
  sim_run(loop, 60 * S);
  size_t count = read_intervals();
  unsigned stepped = 0;
  for (size_t i = 0; i < count; i++)
    stepped += strstr(intervals[i].reason, "clock") != NULL;
  ck_assert_uint_ge(stepped, 1);
  ck_assert_int_eq(intervals[count - 1].results[OW_ROUND_TRIP].completeness, OW_RESULT_COMPLETE);
  ck_assert_int_eq(view().state, OW_STREAM_UP);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams of TWAMP servers");
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "modes", MODES,
                 intervals_leave_no_gap_and_count_each_packet_once);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "steps", 2, a_clock_that_is_set_marks_what_was_measured);
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "others", losses_are_told_by_direction,
                 a_server_with_room_for_one_connection_is_measured_over_it,
                 a_server_that_refuses_sessions_is_down_and_told, a_broken_connection_is_made_anew);
  return test_run(suite);
}
