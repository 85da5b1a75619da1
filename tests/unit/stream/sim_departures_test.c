/* SPDX-License-Identifier: MIT */
/* The reverse direction's departures: handed over, not to be had, or lost on the way, which costs no result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/probe.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
#define BACK (10 * MS)
#define LEAVING (200 * INT64_C(1000))
#define ROUNDING 2 /* ns: stamps are of 2^-32 s */

enum { HOST = 2, PACKETS = 200, HISTORY = 64, LANES = 2 };
static const enum ow_mode MODES[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

static struct ow_loop *loop;
static struct ow_serve *server;
static unsigned fetches;  /* that the server was asked for */
static char fetched[512]; /* what it said of the last one */

/* What becomes of the network when the server is asked. */
enum network { STAYS, FALLS_SILENT, IS_CUT };
static enum network network;

static void cut(void *context)
{
  (void)context;
  sim_cut(HOST);
}

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  if (strstr(line, "says Fetch-Session")) {
    fetches++;
    sim_path(HOST)->blackhole = network == FALLS_SILENT;
    if (network == IS_CUT)
      sim_at(sim_monotonic() + BACK / 2, cut, NULL);
  }
  if (strstr(line, "fetched"))
    snprintf(fetched, sizeof fetched, "%s", line);
}

static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_DEBUG};

static void raise_curtain(uint64_t most_records)
{
  struct ow_failure failure = {0};
  struct ow_serve_config config = sim_serve_config(HOST);
  sim_begin(1);
  sim_leaving = LEAVING;
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, BACK}};
  network = STAYS;
  fetches = 0;
  fetched[0] = '\0';
  loop = ow_loop_create(&failure);
  if (most_records)
    config.most_records = most_records;
  server = sim_serve(loop, HOST, &config, &test_policy, &ears);
}

static void drop_curtain(void)
{
  ow_serve_free(server);
  sim_end();
  ow_loop_free(loop);
}

static struct ow_peer peer_of(enum ow_mode mode, bool forward)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = PACKETS;
  peer.slots[0].parameter = ow_span_from_ns(10 * MS);
  peer.modes = mode;
  peer.directions[OW_FORWARD] = forward;
  test_policy_key(&peer);
  return peer;
}

/* What it reports is whole, whatever became of the departures. The caller clears it. */
static void measure(enum ow_mode mode, bool forward, struct ow_probe_report *report)
{
  struct ow_peer peer = peer_of(mode, forward);
  sim_share_loop(loop);
  enum ow_status status = ow_probe_run(&peer, 60 * S, NULL, report);
  sim_share_loop(NULL);
  ck_assert_msg(status == OW_OK, "%s", report->failure.text);
  ck_assert_str_eq(report->remark, "");
  ck_assert_int_eq(report->step, OW_STEP_DONE);
  for (int i = forward ? OW_FORWARD : OW_REVERSE; i < OW_DIRECTIONS; i++) {
    const struct ow_result *result = &report->directions[i].result;
    ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(result->received, PACKETS);
  }
  ow_peer_clear(&peer);
}

static unsigned known(const struct ow_probe_report *report, enum ow_direction direction)
{
  const struct ow_samples *samples = &report->directions[direction].samples;
  unsigned count = 0;
  for (size_t i = 0; i < samples->count; i++)
    count += ow_samples_at(samples, i).departed == OW_DEPARTED_KERNEL;
  return count;
}

/* The network takes the same for all: so the delays say it, to the nanosecond. */
static void expect_true(const struct ow_probe_report *report)
{
  const struct ow_result *result = &report->directions[OW_REVERSE].result;
  ck_assert_uint_eq(known(report, OW_REVERSE), PACKETS);
  ck_assert_int_ge(result->delay.min, BACK - ROUNDING);
  ck_assert_int_le(result->delay.max, BACK + ROUNDING);
  /* 3 us of the departure, 1 of the arrival, 1 of either clock: rounded up, but not once for each packet */
  ck_assert_int_le(result->clock.error_ns, 6200);
  ck_assert_int_eq(result->clock.departed, OW_DEPARTED_KERNEL);
}

/* The stamps are what could be known before the packets left. */
static void expect_corrected(const struct ow_probe_report *report)
{
  const struct ow_result *result = &report->directions[OW_REVERSE].result;
  ck_assert_uint_eq(known(report, OW_REVERSE), 0);
  ck_assert_int_gt(result->delay.max - result->delay.min, LEAVING / 2);
  ck_assert_int_eq(result->clock.departed, OW_DEPARTED_CORRECTED);
}

START_TEST(delays_are_those_of_the_network)
{
  struct ow_probe_report report;
  char expected[64];
  raise_curtain(0);
  measure(MODES[_i], true, &report);
  expect_true(&report);
  ck_assert_uint_eq(known(&report, OW_FORWARD), PACKETS);
  snprintf(expected, sizeof expected, "fetched, %u departures of packets 0 to %u", PACKETS, PACKETS - 1);
  ck_assert_msg(strstr(fetched, expected) != NULL, "%s", fetched);
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, 1); /* what it received, and nothing that it sent */
  ow_probe_report_clear(&report);

  measure(MODES[_i], false, &report);
  expect_true(&report);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

/* What nobody asks for is kept for a minute. */
START_TEST(a_server_that_knows_none_is_asked_in_vain)
{
  struct ow_probe_report report;
  raise_curtain(0);
  sim_path(HOST)->old = true;
  measure(OW_MODE_OPEN, true, &report);
  expect_corrected(&report);
  ck_assert_msg(strstr(fetched, "not fetched, packets 0 to ") != NULL, "%s", fetched);
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, 2);
  uint64_t records = ow_serve_count(server).records;
  sim_run(loop, 61 * S);
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, 1);
  ck_assert_uint_eq(records - ow_serve_count(server).records, PACKETS * 4 / sizeof(struct ow_sample));
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

/*
 * They would take as much as 25 records, and what the session takes beside as much again; of the room there
 * is, one client can have three quarters.
 */
START_TEST(without_room_for_departures_a_session_is_sent_all_the_same)
{
  enum { ROOM = 40 };
  struct ow_probe_report report;
  raise_curtain(ROOM);
  measure(MODES[_i], false, &report);
  expect_corrected(&report);
  ck_assert_msg(strstr(fetched, "not fetched, departures of packets 0 to ") != NULL, "%s", fetched);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

static const enum network troubles[] = {FALLS_SILENT, IS_CUT};

START_TEST(trouble_on_the_way_costs_half_a_second_and_no_result)
{
  struct ow_probe_report report;
  raise_curtain(0);
  network = troubles[_i];
  int64_t began = sim_monotonic();
  measure(OW_MODE_ENCRYPTED, false, &report);
  ck_assert_uint_eq(fetches, 1);
  expect_corrected(&report);
  ck_assert_int_lt(report.verdict_ns, S);
  ck_assert_int_lt(sim_monotonic() - began, 10 * S);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

/* ---- streams ---- */

static struct ow_board *board;
static struct ow_stream_set set;

static void start_stream(void)
{
  struct ow_stream_config config;
  struct ow_failure failure = {0};
  board = ow_board_create(HISTORY);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, NULL), OW_OK);
  ow_stream_defaults(&config);
  config.interval = 10 * S;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  snprintf(config.name, sizeof config.name, "far");
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.%u", HOST);
  config.peer.directions[OW_FORWARD] = false;
  config.peer.modes = OW_MODE_OPEN;
  ck_assert_msg(ow_stream_set_add(&set, &config, &failure) == OW_OK, "%s", failure.text);
}

static void stop_stream(void)
{
  ow_stream_set_close(&set);
  ow_board_free(board);
}

static size_t whole_intervals(struct ow_interval intervals[HISTORY])
{
  size_t count = test_board_intervals(board, "far", 0, intervals, HISTORY);
  for (size_t i = 0; i < count; i++) {
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    ck_assert_int_eq(intervals[i].results[OW_REVERSE].completeness, OW_RESULT_COMPLETE);
  }
  return count;
}

START_TEST(a_stream_has_them_each_interval)
{
  struct ow_interval intervals[HISTORY];
  raise_curtain(0);
  start_stream();
  sim_run(loop, 200 * S);
  size_t count = whole_intervals(intervals);
  ck_assert_uint_ge(count, 15);
  ck_assert_uint_ge(fetches, count);
  for (size_t i = 0; i < count; i++) {
    const struct ow_delays *delay = &intervals[i].results[OW_REVERSE].delay;
    ck_assert_int_ge(delay->min, BACK - ROUNDING);
    ck_assert_int_le(delay->max, BACK + ROUNDING);
  }
  stop_stream();
  drop_curtain();
}
END_TEST

/* Once over each connection, and again over those that follow them. */
START_TEST(a_stream_asks_an_old_server_once_a_connection)
{
  struct ow_interval intervals[HISTORY];
  raise_curtain(0);
  sim_path(HOST)->old = true;
  start_stream();
  sim_run(loop, 100 * S);
  ck_assert_uint_eq(fetches, LANES);
  ck_assert_uint_ge(whole_intervals(intervals), 7);
  sim_path(HOST)->old = false;
  sim_run(loop, 50 * S);
  ck_assert_uint_eq(fetches, LANES);
  sim_cut(HOST);
  sim_run(loop, 100 * S);
  ck_assert_uint_gt(fetches, 2 * LANES);
  stop_stream();
  drop_curtain();
}
END_TEST

/*
 * It knows departures, only not these: the next interval's may be there. Of a hundred packets the departures
 * would take as much as 13 records, and what the session takes beside as much as 12.
 */
START_TEST(a_stream_asks_on_where_there_was_no_room)
{
  struct ow_interval intervals[HISTORY];
  raise_curtain(32);
  start_stream();
  sim_run(loop, 100 * S);
  size_t count = whole_intervals(intervals);
  ck_assert_uint_ge(count, 7);
  ck_assert_uint_ge(fetches, count);
  for (size_t i = 0; i < count; i++) {
    const struct ow_delays *delay = &intervals[i].results[OW_REVERSE].delay;
    ck_assert_int_gt(delay->max - delay->min, ROUNDING);
  }
  stop_stream();
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("departures on a simulated network");
  TEST_LOOP(suite, "probes", 3, delays_are_those_of_the_network,
            without_room_for_departures_a_session_is_sent_all_the_same);
  TEST_CASE(suite, "an old server", a_server_that_knows_none_is_asked_in_vain);
  TEST_LOOP(suite, "trouble", 2, trouble_on_the_way_costs_half_a_second_and_no_result);
  TEST_CASE(suite, "streams", a_stream_has_them_each_interval, a_stream_asks_an_old_server_once_a_connection,
            a_stream_asks_on_where_there_was_no_room);
  return test_run(suite);
}
