/* SPDX-License-Identifier: MIT */
/*
 * Streams and servers as they are, on a simulated network: what they report is held to what really happened.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "stats/merge.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/seed.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
#define US (MS / 1000)
#define LATEST (1 * S) /* beyond the loss timeout: when a result must be there */

enum { FIRST_HOST = 2, PEERS = 4, HISTORY = 16384 };

/* ---- the stage ---- */

static struct ow_loop *loop;
static struct ow_board *board;
static struct ow_stream_set set;
static struct ow_serve *servers[256];
static unsigned log_lines;
static unsigned room_lines;      /* of these, that a peer has room for one connection */
static unsigned notices_of_zero; /* log lines of zero addresses */
static char last_line[512];
static bool share_port; /* of each server: one for all its sessions */

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  if (level <= OW_LOG_NOTICE) {
    log_lines++;
    room_lines += strstr(line, "has room for one control connection only") != NULL;
    notices_of_zero += strstr(line, "zero") != NULL;
    snprintf(last_line, sizeof last_line, "%s", line);
  }
}

static void start_server(uint8_t host)
{
  struct ow_serve_config config = sim_serve_config(host);
  if (share_port)
    config.test_port_low = config.test_port_high = 861;
  servers[host] = sim_serve(loop, host, &config, &test_policy, NULL);
}

static void stop_server(uint8_t host)
{
  ow_serve_free(servers[host]);
  servers[host] = NULL;
}

/* Every packet of a server's sessions came to its one port, or left from it. */
static void assert_shared(uint8_t host)
{
  ck_assert_uint_eq(ow_serve_count(servers[host]).strangers, 0);
  for (size_t i = 0; i < sim_packet_count; i++)
    ck_assert(sim_packets[i].host != host || sim_packets[i].port == 861);
}

static void raise_curtain(uint64_t seed)
{
  const struct ow_log log = {.emit = on_log, .most = OW_LOG_NOTICE};
  struct ow_failure failure = {0};
  sim_begin(seed);
  log_lines = room_lines = 0;
  test_policy_room = (struct test_policy_room){0};
  test_policy_claims = OW_ACCEPT_OK;
  test_policy_zero = TEST_ZERO_KNOWN;
  notices_of_zero = 0;
  loop = ow_loop_create(&failure);
  board = ow_board_create(HISTORY);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, &log), OW_OK);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    *sim_path(host) = (struct sim_path){.delay = {host * 10 * MS, host * 5 * MS}};
    start_server(host);
  }
}

static void drop_curtain(void)
{
  ow_stream_set_close(&set);
  for (int host = 0; host < 256; host++)
    if (servers[host])
      stop_server((uint8_t)host);
  ow_board_free(board);
  sim_end();
  ow_loop_free(loop);
}

static struct ow_stream_config config_of(uint8_t host, int64_t interval)
{
  static const uint32_t modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
  struct ow_stream_config config;
  ow_stream_defaults(&config);
  config.interval = interval;
  snprintf(config.name, sizeof config.name, "peer%u", host);
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.%u", host);
  config.peer.modes = modes[host % 3];
  test_policy_key(&config.peer);
  return config;
}

static void add(const struct ow_stream_config *config)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_stream_set_add(&set, config, &failure) == OW_OK, "%s", failure.text);
}

static size_t intervals_of(uint8_t host, struct ow_interval **intervals)
{
  char name[OW_STREAM_NAME];
  snprintf(name, sizeof name, "peer%u", host);
  *intervals = calloc(HISTORY, sizeof **intervals);
  return test_board_intervals(board, name, 0, *intervals, HISTORY);
}

static struct ow_stream_view view_of(uint8_t host)
{
  char name[OW_STREAM_NAME];
  struct ow_stream_view view;
  snprintf(name, sizeof name, "peer%u", host);
  ck_assert(ow_board_view(board, name, &view));
  return view;
}

/* ---- the truth ---- */

struct truth {
  uint32_t sent;
  uint32_t arrived;
};

/*
 * The packets that left after `begin` and not after `end`; the list is sorted by time as long as no clock is
 * set.
 */
static struct truth truth_of(uint8_t host, bool to_host, struct ow_timestamp begin, struct ow_timestamp end)
{
  struct truth truth = {0};
  size_t low = 0;
  size_t high = sim_packet_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ow_timestamp_after(sim_packets[middle].sent, begin))
      high = middle;
    else
      low = middle + 1;
  }
  for (; low < sim_packet_count && !ow_timestamp_after(sim_packets[low].sent, end); low++) {
    if (sim_packets[low].host == host && sim_packets[low].to_host == to_host) {
      truth.sent++;
      truth.arrived += sim_packets[low].arrived;
    }
  }
  return truth;
}

static void assert_true(uint8_t host, const struct ow_interval *interval)
{
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &interval->results[d];
    struct truth truth = truth_of(host, d == OW_FORWARD, interval->begin, interval->end);
    /* Once in e^10 intervals of ten packets on average, a Poisson stream has none: nothing is known then. */
    ck_assert_int_eq(result->completeness, truth.sent ? OW_RESULT_COMPLETE : OW_RESULT_ABSENT);
    ck_assert_uint_eq(result->sent, truth.sent);
    ck_assert_uint_eq(result->received, truth.arrived);
    ck_assert_uint_eq(result->lost, truth.sent - truth.arrived);
    ck_assert_uint_eq(result->skipped, 0);
    ck_assert_uint_eq(result->duplicates, truth.arrived * sim_path(host)->copies[d]);
    ck_assert_uint_eq(result->discarded, 0);
  }
}

/* Every delay lies where the path's is, to the resolution of a stamp. */
static void assert_delays_of(uint8_t host, const struct ow_result *result, enum ow_direction d)
{
  const struct sim_path *path = sim_path(host);
  if (result->received && !result->clock.stepped) {
    ck_assert_int_ge(result->delay.min, path->delay[d] - 2);
    ck_assert_int_le(result->delay.max, path->delay[d] + path->jitter[d] + 2);
  }
}

static void assert_delays(uint8_t host, const struct ow_interval *interval)
{
  for (int d = 0; d < OW_DIRECTIONS; d++)
    assert_delays_of(host, &interval->results[d], (enum ow_direction)d);
}

static int compare_delays(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* The delays of the packets that left after `begin` and not after `end`, rising; the caller frees. */
static int64_t *true_delays(uint8_t host, bool to_host, struct ow_timestamp begin, struct ow_timestamp end,
                            uint32_t *count)
{
  int64_t *delays = calloc(sim_packet_count, sizeof *delays);
  *count = 0;
  for (size_t i = 0; i < sim_packet_count; i++) {
    const struct sim_packet *packet = &sim_packets[i];
    if (packet->host == host && packet->to_host == to_host && packet->arrived &&
        ow_timestamp_after(packet->sent, begin) && !ow_timestamp_after(packet->sent, end))
      delays[(*count)++] = ow_timestamp_difference(packet->received, packet->sent);
  }
  qsort(delays, *count, sizeof *delays, compare_delays);
  return delays;
}

/* To 1 % of the distance from the least delay, or 1 us; stamps have a resolution, too. */
static void assert_close(const int64_t *delays, uint32_t count, uint32_t percentile, int64_t told)
{
  int64_t truth = delays[ow_percentile_rank(count, percentile) - 1];
  int64_t bound = (truth - delays[0]) / 100 > 1000 ? (truth - delays[0]) / 100 : 1000;
  ck_assert_msg(told >= truth - bound - 4 && told <= truth + bound + 4, "p%g is %lld, told as %lld",
                percentile / 1e3, (long long)truth, (long long)told);
}

/* Half an hour taken together, as check_owamp --last does, and every packet of it. */
static void assert_together(uint8_t host)
{
  enum { COUNT = 30 };
  const struct ow_percentiles wanted = {3, {10000, 75000, 99900}};
  struct ow_interval intervals[COUNT];
  struct ow_result results[COUNT];
  struct ow_stream_view view = view_of(host);
  struct ow_result merged;
  uint32_t packets;
  size_t count;
  ck_assert(ow_board_read_whole(board, view.name, &view, intervals, COUNT, &count));
  ck_assert_uint_eq(count, COUNT);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    int64_t *delays =
        true_delays(host, d == OW_FORWARD, intervals[0].begin, intervals[COUNT - 1].end, &packets);
    for (size_t i = 0; i < COUNT; i++)
      results[i] = intervals[i].results[d];
    ck_assert_int_eq(ow_result_merge(results, COUNT, &wanted, &merged), OW_OK);
    ck_assert_int_eq(merged.quantiles, OW_QUANTILES_HISTOGRAM);
    ck_assert_uint_eq(merged.received, packets);
    assert_close(delays, packets, 50 * OW_PERCENT, merged.delay.median);
    assert_close(delays, packets, 95 * OW_PERCENT, merged.delay.p95);
    assert_close(delays, packets, 99 * OW_PERCENT, merged.delay.p99);
    for (uint32_t i = 0; i < wanted.count; i++)
      assert_close(delays, packets, wanted.list[i], merged.percentile_delays[i]);
    free(delays);
  }
  for (size_t i = 0; i < COUNT; i++)
    ow_interval_drop(&intervals[i]);
}

/* Numbers without a hole, and no gap and no overlap of time. */
static void assert_gapless(const struct ow_interval *intervals, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(intervals[i].number, i + 1);
    if (i > 0)
      ck_assert_uint_eq(intervals[i].begin.ntp, intervals[i - 1].end.ntp);
  }
}

/* ---- in time ---- */

/* The newest result of every stream is never later than it may be. */
static void assert_in_time(int64_t interval, int64_t timeout)
{
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval newest;
    char name[OW_STREAM_NAME];
    snprintf(name, sizeof name, "peer%u", host);
    if (test_board_newest(board, name, &newest)) {
      int64_t age = ow_timestamp_difference(sim_wall(), newest.end);
      ck_assert_msg(age <= interval + timeout + LATEST, "%s: the newest result's interval ended %.3f s ago",
                    name, (double)age / 1e9);
    }
  }
}

static void run_watched(int64_t duration, int64_t interval, int64_t timeout)
{
  const int64_t step = 500 * MS;
  for (int64_t done = 0; done < duration; done += step) {
    sim_run(loop, step);
    assert_in_time(interval, timeout);
  }
}

/* ---- tests ---- */

START_TEST(an_undisturbed_hour_is_reported_packet_for_packet)
{
  share_port = _i;
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 60 * S);
    sim_path(host)->jitter[0] = 3 * MS;
    sim_path(host)->loss[0] = 20000;
    sim_path(host)->loss[1] = 5000;
    add(&config);
  }
  run_watched(3600 * S, 60 * S, 2 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 57);
    assert_gapless(intervals, count);
    for (size_t i = 0; i < count; i++) {
      ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
      assert_true(host, &intervals[i]);
      assert_delays(host, &intervals[i]);
    }
    assert_together(host);
    free(intervals);
    ck_assert_int_eq(view_of(host).state, OW_STREAM_UP);
    ck_assert_uint_eq(view_of(host).failed, 0);
    if (share_port)
      assert_shared(host);
  }
  ck_assert_uint_eq(log_lines, PEERS); /* "up", once each */
  drop_curtain();
}
END_TEST

/*
 * Packets leave up to 50 us after their stamps. What comes late, or not at all, or over another connection
 * when the first one is cut, has its true departure: delays are the path's, to the nanosecond.
 */
START_TEST(delays_count_from_the_true_departures)
{
  raise_curtain(test_seed());
  sim_leaving = 50 * US;
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 10 * S);
    sim_path(host)->jitter[0] = 3 * MS;
    sim_path(host)->loss[0] = 20000;
    sim_path(host)->copies[0] = 1;
    add(&config);
  }
  sim_run(loop, 55 * S);
  sim_cut(FIRST_HOST);
  sim_run(loop, 60 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 9);
    for (size_t i = 0; i < count; i++) {
      const struct ow_result *forward = &intervals[i].results[OW_FORWARD];
      ck_assert(!forward->received || forward->clock.departed == OW_DEPARTED_KERNEL);
      assert_delays_of(host, forward, OW_FORWARD);
    }
    free(intervals);
  }
  drop_curtain();
}
END_TEST

/* Open, authenticated and encrypted: each packet that isn't lost comes twice, or three times. */
START_TEST(a_path_that_multiplies_packets_takes_no_others_place)
{
  share_port = _i;
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 60 * S);
    sim_path(host)->copies[0] = 1 + host % 2;
    sim_path(host)->copies[1] = 2 - host % 2;
    sim_path(host)->loss[0] = 20000;
    sim_path(host)->loss[1] = 5000;
    add(&config);
  }
  run_watched(600 * S, 60 * S, 2 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 7);
    assert_gapless(intervals, count);
    for (size_t i = 0; i < count; i++) {
      ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
      assert_true(host, &intervals[i]);
    }
    free(intervals);
  }
  drop_curtain();
}
END_TEST

/*
 * A NAT rewrites the clients' ports, and each interval's anew: with a key they are found all the same, in
 * open mode each forward session has a port of its own.
 */
START_TEST(rewritten_ports_lose_nothing_at_a_shared_port)
{
  share_port = true;
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 60 * S);
    config.peer.nat = true;
    sim_path(host)->rewrites = (uint16_t)(20000 + host);
    add(&config);
  }
  for (int i = 0; i < 10; i++) {
    sim_run(loop, 60 * S);
    sim_path(FIRST_HOST)->rewrites++; /* amid an interval, too */
  }
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 7);
    for (size_t i = 0; i < count; i++)
      assert_true(host, &intervals[i]);
    free(intervals);
    if (host % 3 != 0) /* not open */
      assert_shared(host);
  }
  drop_curtain();
}
END_TEST

START_TEST(a_fixed_schedule_goes_on_without_a_seam)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  add(&config);
  sim_run(loop, 100 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 8);
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(intervals[i].results[OW_FORWARD].sent, 100);
    ck_assert_uint_eq(intervals[i].results[OW_REVERSE].sent, 100);
  }
  int64_t last[2] = {0, 0};
  for (size_t i = 0; i < sim_packet_count; i++) {
    int64_t now = ow_timestamp_difference(sim_packets[i].sent, intervals[0].begin);
    int64_t *before = &last[sim_packets[i].to_host];
    ck_assert_int_le(llabs(now - *before - 100 * MS), 20); /* rounding, as it adds up */
    *before = now;
  }
  free(intervals);
  drop_curtain();
}
END_TEST

START_TEST(one_direction_alone_is_measured_alone)
{
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + 2; host++) {
    struct ow_stream_config config = config_of(host, 10 * S);
    config.peer.directions[host - FIRST_HOST] = false;
    add(&config);
  }
  sim_run(loop, 60 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + 2; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 4);
    for (size_t i = 0; i < count; i++) {
      ck_assert_int_eq(intervals[i].status, OW_OK);
      ck_assert_int_eq(intervals[i].results[host - FIRST_HOST].completeness, OW_RESULT_ABSENT);
      ck_assert_int_eq(intervals[i].results[!(host - FIRST_HOST)].completeness, OW_RESULT_COMPLETE);
    }
    free(intervals);
  }
  drop_curtain();
}
END_TEST

/* With few packets on average, one interval in some has none in the forward direction. */
START_TEST(an_interval_without_a_packet_is_measured_all_the_same)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(2500 * MS)};
  add(&config);
  sim_run(loop, 10000 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  size_t empty = 0;
  assert_gapless(intervals, count);
  for (size_t i = 0; i < count; i++) {
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    assert_true(FIRST_HOST, &intervals[i]);
    empty += intervals[i].results[OW_FORWARD].completeness == OW_RESULT_ABSENT;
  }
  ck_assert_uint_ge(count, 990);
  ck_assert_uint_ge(empty, 1); /* 18 are to be expected: fewer than one happens once in 10^8 runs */
  free(intervals);
  ck_assert_uint_eq(log_lines, 1);
  drop_curtain();
}
END_TEST

/* Beginnings are spread over the interval, the first at once. */
START_TEST(peers_start_at_different_phases)
{
  raise_curtain(test_seed());
  int64_t begins[PEERS];
  struct ow_timestamp start = sim_wall();
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 60 * S);
    add(&config);
  }
  sim_run(loop, 200 * S);
  for (uint8_t i = 0; i < PEERS; i++) {
    struct ow_interval *intervals;
    ck_assert_uint_ge(intervals_of((uint8_t)(FIRST_HOST + i), &intervals), 1);
    begins[i] = ow_timestamp_difference(intervals[0].begin, start);
    free(intervals);
    ck_assert_int_le(begins[i], 65 * S);
    for (int j = 0; j < i; j++)
      ck_assert_int_ge(llabs(begins[i] - begins[j]), 60 * S / PEERS / 3);
  }
  ck_assert_int_le(begins[0], 6 * S);
  drop_curtain();
}
END_TEST

START_TEST(a_dead_peer_is_tried_ever_more_rarely_and_disturbs_no_other)
{
  raise_curtain(test_seed());
  stop_server(FIRST_HOST);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + 2; host++) {
    struct ow_stream_config config = config_of(host, 10 * S);
    add(&config);
  }
  run_watched(1800 * S, 10 * S, 2 * S);
  int64_t before = 0;
  unsigned attempts = 0;
  for (size_t i = 0; i < sim_attempt_count; i++) {
    if (sim_attempts[i].host == FIRST_HOST) {
      if (attempts > 8)
        ck_assert_int_ge(sim_attempts[i].when - before, 40 * S);
      before = sim_attempts[i].when;
      attempts++;
    }
  }
  ck_assert_uint_ge(attempts, 20);
  ck_assert_uint_le(attempts, 60);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 175);
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(intervals[i].number, i + 1);
    ck_assert_int_eq(intervals[i].status, OW_NETWORK);
    ck_assert_ptr_nonnull(strstr(intervals[i].reason, "Connection refused"));
    ck_assert_int_eq(intervals[i].results[0].completeness, OW_RESULT_ABSENT);
  }
  free(intervals);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_DOWN);
  count = intervals_of(FIRST_HOST + 1, &intervals);
  assert_gapless(intervals, count);
  for (size_t i = 0; i < count; i++)
    assert_true(FIRST_HOST + 1, &intervals[i]);
  free(intervals);
  ck_assert_uint_eq(log_lines, 2); /* one is down, the other up */
  drop_curtain();
}
END_TEST

START_TEST(a_peer_that_comes_up_late_is_measured_within_a_minute)
{
  raise_curtain(test_seed());
  stop_server(FIRST_HOST);
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  add(&config);
  sim_run(loop, 300 * S);
  start_server(FIRST_HOST);
  sim_run(loop, 100 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_int_eq(intervals[count - 1].status, OW_OK);
  assert_true(FIRST_HOST, &intervals[count - 1]);
  free(intervals);
  ck_assert_uint_eq(log_lines, 2);
  drop_curtain();
}
END_TEST

/* It takes several round trips to reach: the interval may be over when it is asked for its sessions. */
START_TEST(a_server_that_is_reached_as_the_interval_ends_is_not_asked_for_more_than_there_is)
{
  size_t late = 0;
  for (int64_t delay = 100 * MS; delay < 1000 * MS; delay += 20 * MS) {
    struct ow_interval *intervals;
    raise_curtain(test_seed());
    *sim_path(FIRST_HOST) = (struct sim_path){.delay = {delay, delay}};
    struct ow_stream_config config = config_of(FIRST_HOST, 4 * S);
    config.peer.loss_timeout = 1 * S;
    add(&config);
    sim_run(loop, 60 * S);
    size_t count = intervals_of(FIRST_HOST, &intervals);
    for (size_t i = 0; i < count; i++) {
      ck_assert_msg(strstr(intervals[i].reason, "refused") == NULL, "%s", intervals[i].reason);
      late += strstr(intervals[i].reason, "over before the session could be requested") != NULL;
    }
    free(intervals);
    drop_curtain();
  }
  ck_assert_uint_gt(late, 0);
}
END_TEST

/* The server lives on and has kept what it received. */
START_TEST(a_cut_connection_leaves_a_partial_result_in_both_directions)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 60 * S);
  add(&config);
  sim_run(loop, 45 * S);
  struct ow_timestamp cut = sim_wall();
  sim_cut(FIRST_HOST);
  sim_run(loop, 100 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 2);
  assert_gapless(intervals, count);
  ck_assert_int_eq(intervals[0].status, OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(intervals[0].reason, "Connection reset"));
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    struct truth truth = truth_of(FIRST_HOST, d == OW_FORWARD, intervals[0].begin, cut);
    ck_assert_int_eq(intervals[0].results[d].completeness, OW_RESULT_PARTIAL);
    ck_assert_uint_le(intervals[0].results[d].sent, truth.sent);
    ck_assert_uint_ge(intervals[0].results[d].sent + 1, truth.sent);
    ck_assert_uint_eq(intervals[0].results[d].lost, 0);
  }
  ck_assert_int_eq(intervals[1].status, OW_OK);
  assert_true(FIRST_HOST, &intervals[1]);
  free(intervals);
  drop_curtain();
}
END_TEST

/* Whichever of two lanes' sessions break. */
START_TEST(a_server_that_breaks_each_session_goes_not_up_and_down)
{
  unsigned ups = 0;
  enum ow_stream_state before = OW_STREAM_STARTING;
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  add(&config);
  for (int i = 0; i < 6000; i++) {
    sim_run(loop, 100 * MS);
    if (ow_serve_count(servers[FIRST_HOST]).sessions_running > 0)
      sim_cut(FIRST_HOST);
    enum ow_stream_state now = view_of(FIRST_HOST).state;
    ups += now == OW_STREAM_UP && before != OW_STREAM_UP;
    before = now;
  }
  ck_assert_uint_le(ups, 2);
  ck_assert_int_eq(before, OW_STREAM_DOWN);
  sim_run(loop, 100 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  drop_curtain();
}
END_TEST

static struct ow_stream_run *only_run(void)
{
  return TAILQ_FIRST(&set.runs);
}

/* Each time that the second lane's sessions run they break. */
static void break_second_lane(void)
{
  struct ow_stream_lane *second = &only_run()->lanes[1];
  if (ow_lane_is_running(second))
    ow_channel_input_ends(&second->control.channel, "Connection reset by peer");
}

/* Two nodes behind one address, of which one breaks each session. */
START_TEST(a_peer_one_of_whose_nodes_is_well_is_up_when_that_one_measured)
{
  unsigned ups = 0;
  size_t whole = 0;
  struct ow_interval *intervals;
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  add(&config);
  for (int i = 0; i < 6000; i++) {
    sim_run(loop, 100 * MS);
    break_second_lane();
    ups += i >= 3000 && view_of(FIRST_HOST).state == OW_STREAM_UP;
  }
  ck_assert_uint_ge(ups, 500); /* of the second half, a sixth at least */
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 57);
  assert_gapless(intervals, count);
  for (size_t i = count / 2; i < count; i++)
    whole += intervals[i].status == OW_OK;
  ck_assert_uint_ge(whole, count / 4 - 1); /* every other one */
  free(intervals);
  drop_curtain();
}
END_TEST

/* Sessions that don't make the peer up tell nevertheless that it has room for one connection. */
START_TEST(what_is_found_while_sessions_break_is_told_at_once)
{
  int running = 0;
  unsigned broken = 0;
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  sim_path(FIRST_HOST)->room = 1;
  add(&config);
  for (int i = 0; i < 6000; i++) {
    sim_run(loop, 100 * MS);
    ck_assert_int_eq(view_of(FIRST_HOST).single_connection, only_run()->single);
    running = ow_serve_count(servers[FIRST_HOST]).sessions_running > 0 ? running + 1 : 0;
    if (running == 98) /* nearly an interval */
      sim_cut(FIRST_HOST);
    broken = only_run()->broken > broken ? only_run()->broken : broken;
  }
  ck_assert_uint_gt(broken, 2);
  ck_assert(only_run()->single);
  drop_curtain();
}
END_TEST

/* A path that loses a tenth; of what each socket should have got five datagrams lacked buffer. In each mode.
 */
START_TEST(what_our_own_sockets_dropped_is_no_loss_of_the_path)
{
  share_port = _i >= 3; /* of a shared one nobody knows whose they were */
  raise_curtain(test_seed());
  uint8_t host = (uint8_t)(FIRST_HOST + _i % 3);
  struct ow_stream_config config = config_of(host, 60 * S);
  sim_path(host)->loss[0] = sim_path(host)->loss[1] = 300000;
  add(&config);
  sim_run(loop, 20 * S);
  sim_udp_drops = 5;
  sim_run(loop, 50 * S);
  struct ow_interval *intervals;
  ck_assert_uint_ge(intervals_of(host, &intervals), 1);
  const struct ow_result *forward = &intervals[0].results[OW_FORWARD];
  const struct ow_result *reverse = &intervals[0].results[OW_REVERSE];
  struct truth there = truth_of(host, true, intervals[0].begin, intervals[0].end);
  struct truth back = truth_of(host, false, intervals[0].begin, intervals[0].end);
  ck_assert_int_eq(intervals[0].status, OW_LIMIT);
  ck_assert_ptr_nonnull(strstr(intervals[0].reason, "forward: the receiver's records are incomplete"));
  ck_assert_int_eq(forward->completeness, OW_RESULT_PARTIAL);
  ck_assert(forward->incomplete);
  ck_assert_uint_eq(forward->received, there.arrived);
  ck_assert_uint_eq(forward->lost, 0);
  ck_assert_int_eq(reverse->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_eq(reverse->dropped, 5);
  ck_assert_uint_eq(reverse->received, back.arrived);
  ck_assert_uint_ge(back.sent - back.arrived, 5);
  ck_assert_uint_eq(reverse->lost, back.sent - back.arrived - 5);
  free(intervals);
  drop_curtain();
}
END_TEST

START_TEST(a_restarted_responder_costs_its_interval_only)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 60 * S);
  add(&config);
  sim_run(loop, 100 * S);
  stop_server(FIRST_HOST);
  sim_run(loop, 2 * S);
  start_server(FIRST_HOST);
  sim_run(loop, 200 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 4);
  assert_gapless(intervals, count);
  for (size_t i = 0; i < count; i++) {
    if (i == 1) {
      ck_assert_int_ne(intervals[i].status, OW_OK);
      ck_assert_int_eq(intervals[i].results[OW_REVERSE].completeness, OW_RESULT_PARTIAL);
    } else {
      ck_assert_msg(intervals[i].status == OW_OK, "%zu: %s", i, intervals[i].reason);
      assert_true(FIRST_HOST, &intervals[i]);
    }
  }
  free(intervals);
  drop_curtain();
}
END_TEST

static void on_left(struct ow_completion *completion)
{
  (void)completion;
  stop_server(FIRST_HOST);
}

/* It says so, and hands over what it has: that is a part of an interval, and no failure of the peer. */
START_TEST(a_responder_that_takes_leave_costs_a_part_of_its_interval)
{
  struct ow_completion left = {.run = on_left};
  unsigned told[2 * OW_DIRECTIONS];
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of((uint8_t)(FIRST_HOST + _i), 60 * S);
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.%u", FIRST_HOST);
  snprintf(config.name, sizeof config.name, "peer%u", FIRST_HOST);
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  config.peer.slot_count = 1;
  add(&config);
  sim_run(loop, 100 * S);
  struct ow_timestamp leave = sim_wall();
  ow_serve_drain(servers[FIRST_HOST], 2 * S, &left);
  sim_run(loop, 2 * S);
  ck_assert_ptr_null(servers[FIRST_HOST]);
  start_server(FIRST_HOST);
  sim_run(loop, 200 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 4);
  assert_gapless(intervals, count);
  for (size_t i = 0; i < count; i++)
    if (i != 1) {
      ck_assert_msg(intervals[i].status == OW_OK, "%zu: %s", i, intervals[i].reason);
      ck_assert_uint_eq(intervals[i].results[OW_FORWARD].received, 600);
      ck_assert_uint_eq(intervals[i].results[OW_REVERSE].received, 600);
    }
  ck_assert_int_eq(intervals[1].status, OW_REFUSED);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    struct truth truth = truth_of(FIRST_HOST, d == OW_FORWARD, intervals[1].begin, leave);
    ck_assert_int_eq(intervals[1].results[d].completeness, OW_RESULT_PARTIAL);
    ck_assert_uint_le(intervals[1].results[d].sent, truth.sent + 1);
    ck_assert_uint_ge(intervals[1].results[d].sent + 1, truth.sent);
    ck_assert_uint_eq(intervals[1].results[d].lost, 0);
  }
  const char *after = strstr(intervals[1].reason, "ended the sessions early, after ");
  ck_assert_msg(
      after && sscanf(after, "ended the sessions early, after %u of %u forward and %u of %u reverse packets",
                      &told[0], &told[1], &told[2], &told[3]) == 4,
      "%s", intervals[1].reason);
  ck_assert_uint_eq(told[1], 600);
  ck_assert_uint_eq(told[3], 600);
  ck_assert_uint_ge(told[0], intervals[1].results[OW_FORWARD].sent);
  ck_assert_uint_eq(told[2], intervals[1].results[OW_REVERSE].sent);
  ck_assert_uint_eq(log_lines, 3); /* up, not measured whole, whole again; and never that it is down */
  free(intervals);
  drop_curtain();
}
END_TEST

START_TEST(a_refusal_is_told_in_the_servers_words)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  test_policy_claims = OW_ACCEPT_TEMPORARY_LIMIT;
  add(&config);
  sim_run(loop, 60 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_DOWN);
  ck_assert_int_eq(view_of(FIRST_HOST).status, OW_REFUSED);
  ck_assert_ptr_nonnull(strstr(view_of(FIRST_HOST).reason, "a temporary resource limit"));
  test_policy_claims = OW_ACCEPT_OK;
  sim_run(loop, 100 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  drop_curtain();
}
END_TEST

/* Open, authenticated and encrypted. */
START_TEST(a_server_that_refuses_zero_addresses_is_measured_with_plain_ones)
{
  enum { LANES = 2 };
  raise_curtain(test_seed());
  test_policy_zero = TEST_ZERO_REFUSED;
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + 3; host++) {
    struct ow_stream_config config = config_of(host, 10 * S);
    config.peer.nat = true;
    add(&config);
  }
  sim_run(loop, 200 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + 3; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 17);
    for (size_t i = 0; i < count; i++)
      for (int d = 0; d < OW_DIRECTIONS; d++) {
        const struct ow_result *result = &intervals[i].results[d];
        ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
        ck_assert_uint_eq(result->received, result->sent);
      }
    free(intervals);
  }
  ck_assert_uint_eq(notices_of_zero, 3 * LANES); /* once for each connection */
  drop_curtain();
}
END_TEST

/* It agrees to what it mistakes; and as nothing comes back either, each lane tries plain ones in its next
 * interval. */
START_TEST(while_nothing_arrives_zero_and_plain_addresses_take_turns)
{
  enum { LANES = 2 };
  raise_curtain(test_seed());
  uint8_t host = (uint8_t)(FIRST_HOST + _i);
  struct ow_stream_config config = config_of(host, 10 * S);
  test_policy_zero = TEST_ZERO_MISTAKEN;
  sim_path(host)->loss[1] = 1000000;
  config.peer.nat = true;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  config.peer.slot_count = 1;
  add(&config);
  sim_run(loop, 80 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(host, &intervals);
  ck_assert_uint_ge(count, 5);
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(intervals[i].results[OW_FORWARD].received, i < LANES ? 0 : 100);
    ck_assert_uint_eq(intervals[i].results[OW_REVERSE].received, 0);
  }
  free(intervals);
  drop_curtain();
}
END_TEST

/* The result stands, though the connection breaks before it is handed over. */
START_TEST(a_server_that_says_too_much_costs_a_connection_and_no_result)
{
  struct ow_stream_config config;
  struct ow_interval *intervals;
  raise_curtain(test_seed());
  config = config_of(FIRST_HOST, 10 * S);
  config.peer.modes = OW_MODE_OPEN;
  config.peer.directions[OW_FORWARD] = false;
  sim_path(FIRST_HOST)->babbles = true;
  add(&config);
  sim_run(loop, 65 * S);
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 5);
  ck_assert_uint_ge(sim_attempt_count, count);
  for (size_t i = 0; i < count; i++) {
    ck_assert_int_eq(intervals[i].status, OW_OK);
    ck_assert_int_eq(intervals[i].results[OW_REVERSE].completeness, OW_RESULT_COMPLETE);
  }
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  ck_assert_int_eq(view_of(FIRST_HOST).mode, OW_MODE_OPEN);
  free(intervals);
  drop_curtain();
}
END_TEST

/* Who doesn't answer at the end may have sent nothing any more: what is missing behind its last packet is not
 * lost. */
START_TEST(a_blackhole_is_no_loss_of_what_may_never_have_been_sent_and_passes)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(300 * MS)};
  config.peer.slot_count = 1;
  add(&config);
  sim_run(loop, 35 * S);
  sim_path(FIRST_HOST)->blackhole = true;
  run_watched(60 * S, 10 * S, 2 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_DOWN);
  sim_path(FIRST_HOST)->blackhole = false;
  run_watched(120 * S, 10 * S, 2 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 19);
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *reverse = &intervals[i].results[OW_REVERSE];
    ck_assert_uint_eq(intervals[i].number, i + 1);
    struct truth truth = truth_of(FIRST_HOST, false, intervals[i].begin, intervals[i].end);
    ck_assert_uint_eq(reverse->lost, 0);
    if (intervals[i].status != OW_OK && truth.arrived > 0 && truth.arrived < truth.sent) {
      found = true;
      ck_assert_int_eq(reverse->completeness, OW_RESULT_PARTIAL);
      ck_assert_uint_eq(reverse->sent, truth.arrived);
      ck_assert_uint_eq(reverse->received, truth.arrived);
      ck_assert_int_eq(intervals[i].results[OW_FORWARD].completeness, OW_RESULT_ABSENT);
    }
    if (intervals[i].status == OW_OK)
      assert_true(FIRST_HOST, &intervals[i]);
  }
  ck_assert(found);
  ck_assert_int_eq(intervals[count - 1].status, OW_OK);
  free(intervals);
  drop_curtain();
}
END_TEST

/* The path alone is out, the control connection works. */
START_TEST(an_outage_of_the_path_is_loss_while_the_peer_is_up)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  add(&config);
  sim_run(loop, 5 * S);
  sim_path(FIRST_HOST)->loss[0] = sim_path(FIRST_HOST)->loss[1] = 1000000;
  sim_run(loop, 60 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 4);
  for (size_t i = 1; i < count; i++) {
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      const struct ow_result *result = &intervals[i].results[d];
      ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
      ck_assert(ow_result_nothing_arrived(result, 1) == (result->sent > 0));
      ck_assert_uint_eq(result->lost, result->sent);
    }
    assert_true(FIRST_HOST, &intervals[i]);
  }
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  free(intervals);
  drop_curtain();
}
END_TEST

/* One that refuses to send, here or there: the other hears of packets that were skipped. */
static void refuse_to_send(enum ow_direction direction, const char *complaint)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  config.peer.slot_count = 1;
  add(&config);
  sim_run(loop, 5 * S);
  sim_path(FIRST_HOST)->refusal[direction] = ENETUNREACH;
  sim_run(loop, 50 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  /* Once, when it began. */
  ck_assert_msg(strstr(last_line, " of 100 packets were never sent") != NULL, "%s", last_line);
  sim_path(FIRST_HOST)->refusal[direction] = 0;
  sim_run(loop, 30 * S);
  ck_assert_str_eq(last_line, "peer peer2: measured whole again");
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, 7);
  const struct ow_interval *interval = &intervals[2];
  const struct ow_result *result = &interval->results[direction];
  ck_assert_int_eq(interval->status, OW_LIMIT);
  ck_assert_str_eq(interval->reason, complaint);
  ck_assert_int_eq(result->completeness, OW_RESULT_PARTIAL);
  ck_assert(result->sent == 0 && result->skipped == 100);
  ck_assert_uint_eq(result->refused, direction == OW_FORWARD ? 100 : 0); /* the protocol doesn't tell why */
  ck_assert(ow_result_nothing_arrived(result, 1) == (direction == OW_FORWARD));
  ck_assert_int_eq(interval->results[!direction].completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(interval->results[!direction].received, 100);
  free(intervals);
  drop_curtain();
}

START_TEST(what_this_host_refuses_to_send_is_told_with_the_reason)
{
  refuse_to_send(OW_FORWARD, "forward: none of 100 packets was sent: Network is unreachable");
}
END_TEST

START_TEST(what_the_server_refuses_to_send_is_no_silence)
{
  refuse_to_send(OW_REVERSE, "reverse: none of 100 packets was sent");
}
END_TEST

START_TEST(a_name_is_resolved_anew_on_every_retry)
{
  raise_curtain(test_seed());
  sim_name("peer.example", "127.0.0.2");
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  snprintf(config.peer.host, sizeof config.peer.host, "peer.example");
  add(&config);
  sim_run(loop, 60 * S);
  ck_assert_str_eq(view_of(FIRST_HOST).server, "127.0.0.2 port 861");
  sim_name("peer.example", "127.0.0.3");
  stop_server(FIRST_HOST);
  sim_run(loop, 60 * S);
  ck_assert_str_eq(view_of(FIRST_HOST).server, "127.0.0.3 port 861");
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  sim_name("peer.example", NULL);
  stop_server(FIRST_HOST + 1);
  sim_run(loop, 60 * S);
  ck_assert_ptr_nonnull(strstr(view_of(FIRST_HOST).reason, "resolve"));
  drop_curtain();
}
END_TEST

/* By _i: forwards or back, a little or far. */
static const int64_t steps[] = {300 * S, -300 * S, 1500 * MS, -1500 * MS};
enum { STEPS = sizeof steps / sizeof *steps };

START_TEST(a_stepped_clock_marks_what_it_touches_and_yields_no_wild_delay)
{
  raise_curtain(test_seed());
  struct ow_stream_config config = config_of(FIRST_HOST, 10 * S);
  add(&config);
  sim_run(loop, 34 * S);
  uint64_t before = view_of(FIRST_HOST).newest;
  sim_step_clock(loop, steps[_i]);
  sim_run(loop, 60 * S);
  struct ow_interval *intervals;
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_ge(count, before + 4);
  unsigned touched = 0;
  for (size_t i = 0; i < count; i++) {
    bool stepped = intervals[i].results[0].clock.stepped || intervals[i].results[1].clock.stepped;
    ck_assert_uint_eq(intervals[i].number, i + 1);
    assert_delays(FIRST_HOST, &intervals[i]);
    ck_assert_msg((intervals[i].status == OW_OK) == !stepped, "%zu: %s", i, intervals[i].reason);
    touched += stepped;
  }
  ck_assert_uint_ge(touched, 1);
  ck_assert_uint_le(touched, 2);
  ck_assert_int_eq(intervals[count - 1].status, OW_OK);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  free(intervals);
  drop_curtain();
}
END_TEST

/* ---- a peer with room for one connection ---- */

/* How it says so, by _i / 2; open mode and encrypted, by _i % 2. */
static const struct {
  unsigned room; /* TCP connections */
  enum sim_full full;
  struct test_policy_room policy;
  const char *says;
} refusals[] = {
    {1, SIM_REFUSES, {0}, "Connection refused"},
    {1, SIM_DROPS, {0}, "no answer to our TCP connection"},
    {1, SIM_CLOSES, {0}, "before any greeting"},
    {1, SIM_WAITS, {0}, "was silent"},
    {0, SIM_REFUSES, {.greeted = 1}, "offers no mode"},
    {0, SIM_REFUSES, {.set_up = 1}, "a temporary resource limit"},
    {0, SIM_REFUSES, {.running = 2}, "a temporary resource limit"},
};
/* Intervals: two that it cost, and some that chance ends early enough for the next one. */
enum { KNOWN_AFTER = 5 };
enum { REFUSALS = 2 * sizeof refusals / sizeof *refusals };

static void have_room_for_one(int which)
{
  sim_path(FIRST_HOST)->room = refusals[which].room;
  sim_path(FIRST_HOST)->full = refusals[which].full;
  test_policy_room = refusals[which].policy;
}

static void have_room_for_all(void)
{
  sim_path(FIRST_HOST)->room = 0;
  test_policy_room = (struct test_policy_room){0};
}

/* The state is watched between any two events that are half a second apart. */
static void run_never_down(int64_t duration)
{
  for (int64_t done = 0; done < duration; done += 500 * MS) {
    sim_run(loop, 500 * MS);
    ck_assert_msg(view_of(FIRST_HOST).state != OW_STREAM_DOWN, "%s", view_of(FIRST_HOST).reason);
  }
}

/*
 * Whole and true, from the number `first` to `last`; before each a pause of 100 ms to `most` ns, or none:
 * where the packets of the one before happened to end early there is time enough.
 */
static void assert_whole(const struct ow_interval *intervals, size_t first, size_t last, int64_t most)
{
  for (size_t i = first - 1; i < last; i++) {
    int64_t pause = ow_timestamp_difference(intervals[i].begin, intervals[i - 1].end);
    ck_assert_uint_eq(intervals[i].number, i + 1);
    ck_assert_msg(intervals[i].status == OW_OK, "%zu: %s", i + 1, intervals[i].reason);
    assert_true(FIRST_HOST, &intervals[i]);
    assert_delays(FIRST_HOST, &intervals[i]);
    ck_assert(pause == 0 || pause >= 100 * MS);
    ck_assert_int_le(pause, most);
  }
}

static struct ow_stream_config watched_config(int which, int64_t interval)
{
  struct ow_stream_config config = config_of(FIRST_HOST, interval);
  config.peer.modes = which % 2 ? OW_MODE_ENCRYPTED : OW_MODE_OPEN;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(500 * MS)};
  sim_path(FIRST_HOST)->loss[0] = 20000;
  sim_path(FIRST_HOST)->loss[1] = 5000;
  return config;
}

START_TEST(a_peer_with_room_for_one_connection_is_measured_with_pauses)
{
  const int64_t lengths[] = {10 * S, 30 * S};
  for (int l = 0; l < 2; l++) {
    struct ow_interval *intervals;
    raise_curtain(test_seed());
    struct ow_stream_config config = watched_config(_i, lengths[l]);
    have_room_for_one(_i / 2);
    add(&config);
    run_never_down(1000 * S);
    size_t count = intervals_of(FIRST_HOST, &intervals);
    ck_assert_uint_ge(count, (size_t)(1000 * S / lengths[l]) - 2);
    assert_whole(intervals, KNOWN_AFTER + 1, count, 3 * S);
    for (size_t i = 0; i < KNOWN_AFTER; i++) /* it isn't known yet: in part, and said so, but never nothing */
      ck_assert_int_ne(intervals[i].results[OW_REVERSE].completeness, OW_RESULT_ABSENT);
    ck_assert(view_of(FIRST_HOST).single_connection);
    ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
    ck_assert_uint_eq(room_lines, 1);
    ck_assert_uint_eq(log_lines, 2);
    ck_assert_msg(strstr(last_line, refusals[_i / 2].says) != NULL, "%s", last_line);
    free(intervals);
    drop_curtain();
  }
}
END_TEST

/* Whichever lane an attempt favours, when it comes just as the other's sessions have ended. */
START_TEST(room_for_one_is_known_after_two_intervals_that_it_cost)
{
  uint64_t seed = test_seed();
  for (uint64_t i = 0; i < 50; i++) {
    raise_curtain(seed + i);
    struct ow_stream_config config = watched_config(_i, 10 * S);
    config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)}; /* to the very end */
    have_room_for_one(_i / 2);
    add(&config);
    run_never_down(30 * S); /* the third has begun, late, and not ended */
    ck_assert_msg(view_of(FIRST_HOST).single_connection, "seed %llu", (unsigned long long)(seed + i));
    drop_curtain();
  }
}
END_TEST

/* It is asked again now and then, at no interval's expense. */
START_TEST(room_that_comes_back_is_used)
{
  struct ow_interval *intervals;
  raise_curtain(test_seed());
  struct ow_stream_config config = watched_config(_i, 30 * S);
  have_room_for_one(_i / 2);
  add(&config);
  run_never_down(3 * 3600 * S);
  size_t paused = intervals_of(FIRST_HOST, &intervals);
  size_t asked = sim_attempt_count;
  free(intervals);
  have_room_for_all();
  run_never_down(3700 * S);
  size_t count = intervals_of(FIRST_HOST, &intervals);
  ck_assert_uint_eq(sim_attempt_count, asked + 1);
  size_t seamless = paused;
  while (seamless < count && intervals[seamless].begin.ntp != intervals[seamless - 1].end.ntp)
    seamless++;
  assert_whole(intervals, KNOWN_AFTER + 1, seamless, 3 * S);
  assert_whole(intervals, seamless + 1, count, 0);
  ck_assert_uint_ge(count, seamless + 1);
  free(intervals);
  ck_assert(!view_of(FIRST_HOST).single_connection);
  ck_assert_uint_eq(log_lines, 3);
  ck_assert_ptr_nonnull(strstr(last_line, "room for two control connections now"));
  drop_curtain();
}
END_TEST

/* With the connection goes what was known of the room. */
START_TEST(a_broken_connection_is_made_anew_and_room_asked_for_soon)
{
  struct ow_interval *intervals;
  raise_curtain(test_seed());
  struct ow_stream_config config = watched_config(_i, 30 * S);
  have_room_for_one(0);
  add(&config);
  run_never_down(3600 * S);
  sim_cut(FIRST_HOST);
  sim_run(loop, 60 * S);
  ck_assert(view_of(FIRST_HOST).single_connection);
  run_never_down(60 * S);
  sim_cut(FIRST_HOST);
  have_room_for_all();
  sim_run(loop, 60 * S);
  run_never_down(300 * S);
  size_t count = intervals_of(FIRST_HOST, &intervals);
  size_t broken = 0;
  for (size_t i = KNOWN_AFTER; i < count; i++)
    broken += intervals[i].status != OW_OK;
  ck_assert_uint_ge(broken, 2);
  ck_assert_uint_le(broken, 4); /* that in which it broke, and perhaps the next one's first part */
  assert_whole(intervals, count - 2, count, 0);
  free(intervals);
  ck_assert(!view_of(FIRST_HOST).single_connection);
  ck_assert_uint_eq(room_lines, 1);
  drop_curtain();
}
END_TEST

START_TEST(an_interval_too_short_for_pauses_is_down_and_says_what_to_set)
{
  struct ow_interval *intervals;
  raise_curtain(test_seed());
  struct ow_stream_config config = watched_config(_i, 24 * S);
  config.peer.loss_timeout = 20 * S;
  have_room_for_one(0);
  add(&config);
  sim_run(loop, 600 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_DOWN);
  ck_assert_int_eq(view_of(FIRST_HOST).status, OW_LIMIT);
  ck_assert_msg(strstr(view_of(FIRST_HOST).reason, "or set an interval of 30 s or more") != NULL, "%s",
                view_of(FIRST_HOST).reason);
  ck_assert_uint_eq(log_lines, 3); /* up, room for one, down */
  size_t count = intervals_of(FIRST_HOST, &intervals);
  size_t whole = 0;
  for (size_t i = 0; i < count; i++) {
    whole += intervals[i].status == OW_OK;
    if (intervals[i].status == OW_OK)
      assert_true(FIRST_HOST, &intervals[i]);
  }
  ck_assert_uint_ge(whole, count / 2 - 2); /* what can be measured is */
  free(intervals);
  have_room_for_all();
  sim_run(loop, 600 * S);
  ck_assert_int_eq(view_of(FIRST_HOST).state, OW_STREAM_UP);
  have_room_for_one(0);
  config.interval = 30 * S; /* what it said */
  add(&config);
  run_never_down(600 * S);
  count = intervals_of(FIRST_HOST, &intervals);
  assert_whole(intervals, KNOWN_AFTER + 1, count, 22 * S);
  free(intervals);
  drop_curtain();
}
END_TEST

static void add_second_stream(const struct ow_stream_config *config)
{
  struct ow_stream_config second = *config;
  snprintf(second.name, sizeof second.name, "second");
  add(&second);
}

/* Two that have no more than two places share them; of one place the second has none, and says so. */
START_TEST(two_streams_share_the_room_that_there_is)
{
  struct ow_interval last[20];
  struct ow_stream_view second;
  raise_curtain(test_seed());
  struct ow_stream_config config = watched_config(0, 20 * S);
  sim_path(FIRST_HOST)->room = (unsigned)_i + 1;
  add(&config);
  add_second_stream(&config);
  run_never_down(1200 * S);
  ck_assert(ow_board_view(board, "second", &second));
  ck_assert(view_of(FIRST_HOST).single_connection);
  if (_i == 0) {
    ck_assert_int_eq(second.state, OW_STREAM_DOWN);
    ck_assert_ptr_nonnull(strstr(second.reason, "Connection refused"));
    ck_assert(!second.single_connection);
  } else {
    ck_assert_int_eq(second.state, OW_STREAM_UP);
    ck_assert(second.single_connection);
    size_t count = test_board_intervals(board, "second", second.newest - 20, last, 20);
    for (size_t i = 0; i < count; i++)
      ck_assert_int_eq(last[i].status, OW_OK);
  }
  ck_assert_uint_eq(room_lines, (unsigned)_i + 1);
  drop_curtain();
}
END_TEST

/* ---- a day ---- */

static struct ow_completion leaving[256];

static void on_gone(struct ow_completion *completion)
{
  stop_server((uint8_t)(completion - leaving));
}

static void take_leave(uint8_t host)
{
  leaving[host].run = on_gone;
  ow_serve_drain(servers[host], 2 * S, &leaving[host]);
}

static void disturb(void)
{
  uint8_t host = (uint8_t)(FIRST_HOST + sim_random(PEERS));
  struct sim_path *path = sim_path(host);
  switch (sim_random(5)) {
  case 0:
    if (!servers[host])
      start_server(host);
    else if (sim_random(2))
      take_leave(host);
    else
      stop_server(host);
    break;
  case 1: sim_cut(host); break;
  case 2: path->blackhole = !path->blackhole; break;
  case 3: path->loss[sim_random(2)] = (uint32_t)sim_random(100000); break;
  default: path->jitter[sim_random(2)] = (int64_t)sim_random(20) * MS; break;
  }
}

static void mend(void)
{
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    sim_path(host)->blackhole = false;
    if (!servers[host])
      start_server(host);
  }
}

/*
 * Whole intervals are true to the packet, all others add up; totals are the sum of all. Of a server that dies
 * unseen in a blackhole nobody can know that it sends no more, so that its packets count as lost.
 */
static void assert_day(uint8_t host, const struct ow_interval *intervals, size_t count, size_t least_whole)
{
  struct ow_stream_view view = view_of(host);
  struct ow_totals sums[OW_DIRECTIONS] = {0};
  size_t whole = 0;
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(intervals[i].number, i + 1);
    ck_assert_int_eq(intervals[i].status == OW_OK, intervals[i].reason[0] == '\0');
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      const struct ow_result *result = &intervals[i].results[d];
      struct truth truth = truth_of(host, d == OW_FORWARD, intervals[i].begin, intervals[i].end);
      ow_totals_add(&sums[d], result);
      ck_assert_uint_eq(result->sent, result->received + result->lost);
      ck_assert(d == OW_REVERSE || result->sent <= truth.sent);
      ck_assert_uint_le(result->received, truth.arrived);
    }
    if (intervals[i].status == OW_OK) {
      assert_true(host, &intervals[i]);
      whole++;
    }
  }
  ck_assert_uint_ge(whole, least_whole);
  ck_assert_uint_eq(view.intervals, count);
  ck_assert_uint_eq(view.failed, count - whole);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    ck_assert_int_eq(memcmp(&view.totals[d], &sums[d], sizeof sums[d]), 0);
}

/* An eighth of the day where each access is watched for races: the whole takes minutes there, and finds no
 * others. */
#ifdef __SANITIZE_THREAD__
enum { QUARTERS = 3 * 4 };
#else
enum { QUARTERS = 24 * 4 };
#endif

START_TEST(a_day_of_restarts_cuts_blackholes_and_loss)
{
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 30 * S);
    add(&config);
  }
  for (int quarter = 0; quarter < QUARTERS; quarter++) {
    for (uint64_t i = sim_random(4); i > 0; i--) {
      disturb();
      run_watched((int64_t)sim_random(120) * S, 30 * S, 2 * S);
    }
    mend();
    run_watched(900 * S, 30 * S, 2 * S);
  }
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    assert_day(host, intervals, count, count / 2);
    ck_assert_int_eq(intervals[count - 1].status, OW_OK);
    free(intervals);
  }
  ck_assert_uint_eq(room_lines, 0); /* whatever happened, nobody took it for a want of room */
  drop_curtain();
}
END_TEST

/* With clocks that are set the truth can't be looked up by time; delays must be right all the same. */
START_TEST(hours_of_clock_steps_yield_no_wild_delay)
{
  raise_curtain(test_seed());
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_stream_config config = config_of(host, 10 * S);
    add(&config);
  }
  sim_path(FIRST_HOST)->room = 1;
  for (int i = 0; i < 200; i++) {
    sim_step_clock(loop, (int64_t)sim_random(20000) * MS - 10000 * MS);
    sim_run(loop, (int64_t)sim_random(60000) * MS);
  }
  sim_run(loop, 60 * S);
  for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
    struct ow_interval *intervals;
    size_t count = intervals_of(host, &intervals);
    ck_assert_uint_ge(count, 200);
    for (size_t i = 0; i < count; i++) {
      ck_assert_uint_eq(intervals[i].number, i + 1);
      assert_delays(host, &intervals[i]);
    }
    ck_assert_int_eq(intervals[count - 1].status, OW_OK);
    free(intervals);
  }
  drop_curtain();
}
END_TEST

START_TEST(ending_frees_everything_at_any_moment)
{
  for (int i = 0; i < 60; i++) {
    raise_curtain(test_seed() + (uint64_t)i);
    for (uint8_t host = FIRST_HOST; host < FIRST_HOST + PEERS; host++) {
      struct ow_stream_config config = config_of(host, 10 * S);
      add(&config);
    }
    stop_server(FIRST_HOST);
    sim_path(FIRST_HOST + 1)->blackhole = sim_random(2);
    sim_path(FIRST_HOST + 2)->room = (unsigned)sim_random(2);
    sim_path(FIRST_HOST + 3)->room = 1;
    sim_path(FIRST_HOST + 3)->full = (enum sim_full)sim_random(4);
    sim_run(loop, (int64_t)sim_random(40000) * MS);
    struct ow_stream_config config = config_of(FIRST_HOST + 2, 10 * S);
    add(&config); /* takes its namesake's place */
    ck_assert(ow_stream_set_remove(&set, "peer5"));
    ck_assert(!ow_stream_set_remove(&set, "peer5"));
    sim_run(loop, (int64_t)sim_random(15000) * MS);
    drop_curtain();
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams on a simulated network");
  test_seed();
  TEST_LOOP(suite, "ports", 2, an_undisturbed_hour_is_reported_packet_for_packet,
            a_path_that_multiplies_packets_takes_no_others_place);
  TEST_CASE(suite, "a calm network", rewritten_ports_lose_nothing_at_a_shared_port,
            delays_count_from_the_true_departures, a_fixed_schedule_goes_on_without_a_seam,
            one_direction_alone_is_measured_alone, peers_start_at_different_phases,
            an_interval_without_a_packet_is_measured_all_the_same);
  TEST_CASE(suite, "faults", a_dead_peer_is_tried_ever_more_rarely_and_disturbs_no_other,
            a_peer_that_comes_up_late_is_measured_within_a_minute,
            a_server_that_is_reached_as_the_interval_ends_is_not_asked_for_more_than_there_is,
            a_cut_connection_leaves_a_partial_result_in_both_directions,
            a_restarted_responder_costs_its_interval_only,
            a_server_that_breaks_each_session_goes_not_up_and_down,
            a_peer_one_of_whose_nodes_is_well_is_up_when_that_one_measured,
            what_is_found_while_sessions_break_is_told_at_once, a_refusal_is_told_in_the_servers_words,
            a_server_that_says_too_much_costs_a_connection_and_no_result,
            a_blackhole_is_no_loss_of_what_may_never_have_been_sent_and_passes,
            an_outage_of_the_path_is_loss_while_the_peer_is_up,
            what_this_host_refuses_to_send_is_told_with_the_reason,
            what_the_server_refuses_to_send_is_no_silence, a_name_is_resolved_anew_on_every_retry);
  TEST_LOOP(suite, "turns", 3, while_nothing_arrives_zero_and_plain_addresses_take_turns);
  TEST_CASE(suite, "zero addresses", a_server_that_refuses_zero_addresses_is_measured_with_plain_ones);
  TEST_LOOP(suite, "own drops", 6, what_our_own_sockets_dropped_is_no_loss_of_the_path);
  TEST_LOOP(suite, "leave", 3, a_responder_that_takes_leave_costs_a_part_of_its_interval);
  TEST_LOOP(suite, "a stepped clock", STEPS, a_stepped_clock_marks_what_it_touches_and_yields_no_wild_delay);
  TEST_LOOP(suite, "room for one connection", REFUSALS,
            a_peer_with_room_for_one_connection_is_measured_with_pauses,
            room_for_one_is_known_after_two_intervals_that_it_cost, room_that_comes_back_is_used);
  TEST_LOOP(suite, "room for few", 2, a_broken_connection_is_made_anew_and_room_asked_for_soon,
            an_interval_too_short_for_pauses_is_down_and_says_what_to_set,
            two_streams_share_the_room_that_there_is);
  TEST_CASE(suite, "long runs", a_day_of_restarts_cuts_blackholes_and_loss,
            hours_of_clock_steps_yield_no_wild_delay, ending_frees_everything_at_any_moment);
  return test_run(suite);
}
