/* SPDX-License-Identifier: MIT */
/* The stream's set and board are the simulation's host; a test of half an hour fills 180 intervals. */
#include "sim/sim_streamed.h"

#include <check.h>
#include <stdio.h>

#include "config/peer_options.h"
#include "support/board.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

struct sim_streamed sim_streamed;

void sim_streamed_begin(enum ow_protocol protocol)
{
  struct ow_stream_config *config = &sim_streamed.config;
  struct ow_failure failure;
  sim_begin(3);
  sim_streamed.loop = ow_loop_create(&failure);
  sim_streamed.board = ow_board_create(SIM_STREAMED_MOST);
  ck_assert(sim_streamed.loop && sim_streamed.board);
  ck_assert_int_eq(ow_stream_set_open(&sim_streamed.set, sim_streamed.loop, sim_streamed.board, NULL), OW_OK);
  *sim_path(SIM_STREAMED_HOST) = (struct sim_path){.delay = {10 * MS, 20 * MS}};
  ow_stream_defaults(config);
  snprintf(config->name, sizeof config->name, "router");
  snprintf(config->peer.host, sizeof config->peer.host, "127.0.0.%d", SIM_STREAMED_HOST);
  snprintf(config->peer.port, sizeof config->peer.port, "862");
  config->peer.protocol = protocol;
  config->peer.loss_timeout = 2 * S;
  config->peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(100 * MS)};
  config->interval = SIM_STREAMED_INTERVAL * S;
}

void sim_streamed_settle(void)
{
  ow_stream_set_close(&sim_streamed.set);
}

void sim_streamed_end(void)
{
  ow_board_free(sim_streamed.board);
  sim_end();
  ow_loop_free(sim_streamed.loop);
}

void sim_streamed_run(int seconds)
{
  struct ow_failure failure;
  ck_assert_msg(ow_stream_set_add(&sim_streamed.set, &sim_streamed.config, &failure) == OW_OK, "%s",
                failure.text);
  sim_run(sim_streamed.loop, seconds * S);
}

void sim_streamed_read(void)
{
  sim_streamed.count =
      test_board_intervals(sim_streamed.board, "router", 0, sim_streamed.intervals, SIM_STREAMED_MOST);
}

struct ow_stream_view sim_streamed_view(void)
{
  struct ow_stream_view view;
  ck_assert(ow_board_view(sim_streamed.board, "router", &view));
  return view;
}

uint64_t sim_streamed_expect_seamless(enum ow_mode mode)
{
  const struct ow_interval *intervals = sim_streamed.intervals;
  uint64_t sent = 0;
  sim_streamed_read();
  for (size_t i = 0; i < sim_streamed.count; i++) {
    const struct ow_result *round_trip = &intervals[i].results[OW_ROUND_TRIP];
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    ck_assert_int_eq(intervals[i].mode, mode);
    ck_assert_int_eq(round_trip->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(round_trip->lost, 0);
    ck_assert_uint_eq(round_trip->sent, intervals[i].results[OW_FORWARD].sent);
    if (i > 0)
      ck_assert_uint_eq(intervals[i].begin.ntp, intervals[i - 1].end.ntp);
    ck_assert_int_ge(ow_timestamp_difference(round_trip->begin, intervals[i].begin), 0);
    ck_assert_int_ge(ow_timestamp_difference(intervals[i].end, round_trip->end), -1000);
    sent += round_trip->sent;
  }
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
  ck_assert_str_eq(sim_streamed_view().server, "127.0.0.2 port 862");
  return sent;
}

void sim_streamed_expect_losses(void)
{
  uint64_t lost[OW_RESULTS] = {0};
  uint64_t sent = 0;
  unsigned known = 0;
  sim_streamed_read();
  for (size_t i = 0; i < sim_streamed.count; i++) {
    const struct ow_result *results = sim_streamed.intervals[i].results;
    ck_assert_int_eq(sim_streamed.intervals[i].status, OW_OK);
    if (results[OW_FORWARD].loss_unknown)
      continue;
    known++;
    sent += results[OW_ROUND_TRIP].sent;
    for (int d = 0; d < OW_RESULTS; d++)
      lost[d] += results[d].lost;
    ck_assert_uint_eq(results[OW_ROUND_TRIP].lost, results[OW_FORWARD].lost + results[OW_REVERSE].lost);
    ck_assert_uint_eq(results[OW_REVERSE].sent, results[OW_FORWARD].received);
  }
  ck_assert_uint_gt(known, sim_streamed.count * 3 / 4);
  ck_assert_uint_gt(lost[OW_FORWARD], sent * 7 / 1000);
  ck_assert_uint_lt(lost[OW_FORWARD], sent * 13 / 1000);
  ck_assert_uint_gt(lost[OW_REVERSE], sent * 16 / 1000);
  ck_assert_uint_lt(lost[OW_REVERSE], sent * 24 / 1000);
}
