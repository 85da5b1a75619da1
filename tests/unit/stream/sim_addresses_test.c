/* SPDX-License-Identifier: MIT */
/* Streams of a server with two addresses: the first that answers is kept until it fails, and a change is
 * told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/follower.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

/* The server's two addresses are two hosts here, so that each can fail by itself. */
enum { V4 = 2, V6 = 0x62, HISTORY = 64 };
#define V4_TEXT "127.0.0.2"
#define V6_TEXT "fd00::62"

static struct ow_loop *loop;
static struct ow_board *board;
static struct ow_stream_set set;
static struct ow_serve *servers[256];
static struct ow_follower follower;
static unsigned log_lines;
static char changes[512]; /* the log lines that tell of another address, as one text */

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  log_lines += level <= OW_LOG_NOTICE;
  if (strstr(line, "measured by its address"))
    snprintf(changes + strlen(changes), sizeof changes - strlen(changes), "%s\n", line);
}

static void start_server(uint8_t host)
{
  servers[host] = sim_serve(loop, host, NULL, &test_policy, NULL);
}

static void stop_server(uint8_t host)
{
  ow_serve_free(servers[host]);
  servers[host] = NULL;
}

static void raise_curtain(const char *addresses)
{
  const struct ow_log log = {.emit = on_log, .most = OW_LOG_NOTICE};
  struct ow_failure failure = {0};
  struct ow_stream_config config;
  sim_begin(1);
  log_lines = 0;
  changes[0] = '\0';
  loop = ow_loop_create(&failure);
  board = ow_board_create(HISTORY);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, &log), OW_OK);
  *sim_path(V4) = *sim_path(V6) = (struct sim_path){.delay = {10 * MS, 10 * MS}};
  start_server(V4);
  start_server(V6);
  ow_stream_defaults(&config);
  config.interval = 10 * S;
  snprintf(config.name, sizeof config.name, "far");
  snprintf(config.peer.host, sizeof config.peer.host, "peer.example");
  test_policy_key(&config.peer);
  sim_name("peer.example", addresses);
  ck_assert_msg(ow_stream_set_add(&set, &config, &failure) == OW_OK, "%s", failure.text);
  ow_follower_open(&follower, "far");
}

static void drop_curtain(void)
{
  ow_follower_close(&follower);
  ow_stream_set_close(&set);
  for (int host = 0; host < 256; host++)
    if (servers[host])
      stop_server((uint8_t)host);
  ow_board_free(board);
  sim_end();
  ow_loop_free(loop);
}

static unsigned attempts_at(uint8_t host)
{
  unsigned count = 0;
  for (size_t i = 0; i < sim_attempt_count; i++)
    count += sim_attempts[i].host == host;
  return count;
}

static void expect_up(const char *server)
{
  struct ow_stream_view view;
  ck_assert(ow_board_view(board, "far", &view));
  ck_assert_msg(view.state == OW_STREAM_UP, "%s", view.reason);
  ck_assert_str_eq(view.server, server);
}

/* The last `least` intervals and more are whole, and lost nothing. */
static void expect_whole(size_t least)
{
  struct ow_interval intervals[HISTORY];
  size_t count = test_board_intervals(board, "far", 0, intervals, HISTORY);
  ck_assert_uint_ge(count, least);
  for (size_t i = count - least; i < count; i++) {
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    for (int d = 0; d < OW_DIRECTIONS; d++)
      ck_assert_uint_eq(intervals[i].results[d].lost, 0);
  }
}

/* How many changes of the address the follower tells of, and the last one's. */
static unsigned changes_told(char *before, size_t size)
{
  struct ow_look look;
  struct ow_news news;
  unsigned count = 0;
  if (ow_follower_look(&follower, board, &look))
    while (ow_look_next(&look, &news))
      if (news.kind == OW_NEWS_SERVER) {
        count++;
        snprintf(before, size, "%s", news.before);
      }
  return count;
}

/* By _i: the order of the names. The dead one is asked once, and never again. */
START_TEST(a_dead_address_is_tried_once)
{
  char before[OW_STREAM_SERVER];
  raise_curtain(_i ? V4_TEXT " " V6_TEXT : V6_TEXT " " V4_TEXT);
  sim_path(_i ? V4 : V6)->blackhole = true;
  sim_run(loop, 120 * S);
  expect_up(_i ? V6_TEXT " port 861" : V4_TEXT " port 861");
  expect_whole(10); /* the first one, too */
  ck_assert_uint_eq(attempts_at(_i ? V4 : V6), 1);
  ck_assert_uint_eq(log_lines, 1); /* up */
  ck_assert_uint_eq(changes_told(before, sizeof before), 0);
  drop_curtain();
}
END_TEST

/* Both lanes, and their second connections, go by the one that won the only race. */
START_TEST(both_lanes_go_the_same_way)
{
  raise_curtain(V6_TEXT " " V4_TEXT);
  sim_path(V6)->delay[0] = sim_path(V6)->delay[1] = 300 * MS;
  sim_run(loop, 120 * S);
  expect_up(V4_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(V6), 1);
  ck_assert_uint_ge(attempts_at(V4), 2);
  expect_whole(10);
  drop_curtain();
}
END_TEST

enum { BLACK_HOLE, CLOSED, MUTE, DEATHS };

static void kill_host(uint8_t host, int death)
{
  sim_path(host)->blackhole = death == BLACK_HOLE;
  sim_path(host)->mute = death == MUTE;
  if (death == CLOSED)
    stop_server(host);
  else if (death == MUTE)
    sim_cut(host);
}

static void revive_host(uint8_t host, int death)
{
  sim_path(host)->blackhole = sim_path(host)->mute = false;
  if (death == CLOSED)
    start_server(host);
}

/* By _i: the family that dies, and how. When it lives again there is no reason to go back. */
START_TEST(the_other_takes_over_and_is_kept)
{
  bool six = _i % 2;
  int death = _i / 2;
  uint8_t dies = six ? V6 : V4;
  const char *old = six ? V6_TEXT " port 861" : V4_TEXT " port 861";
  const char *new = six ? V4_TEXT " port 861" : V6_TEXT " port 861";
  char before[OW_STREAM_SERVER] = "";
  char line[256];
  raise_curtain(six ? V6_TEXT " " V4_TEXT : V4_TEXT " " V6_TEXT);
  sim_run(loop, 35 * S);
  expect_up(old);
  ck_assert_uint_eq(changes_told(before, sizeof before), 0);
  kill_host(dies, death);
  sim_run(loop, 45 * S);
  expect_up(new);
  expect_whole(1);
  snprintf(line, sizeof line, "peer far: measured by its address %s from now on, by %s before\n", new, old);
  ck_assert_str_eq(changes, line);
  ck_assert_uint_eq(changes_told(before, sizeof before), 1);
  ck_assert_str_eq(before, old);
  revive_host(dies, death);
  unsigned attempts = attempts_at(dies);
  sim_run(loop, 120 * S);
  expect_up(new);
  expect_whole(11);
  ck_assert_uint_eq(attempts_at(dies), attempts);
  ck_assert_str_eq(changes, line);
  drop_curtain();
}
END_TEST

/* What the name doesn't have any more is left when a connection is to be made: no failure, but a change. */
START_TEST(an_address_that_leaves_the_name_is_left)
{
  char before[OW_STREAM_SERVER] = "";
  raise_curtain(V6_TEXT " " V4_TEXT);
  sim_run(loop, 35 * S);
  expect_up(V6_TEXT " port 861");
  sim_name("peer.example", V4_TEXT);
  sim_run(loop, 30 * S);
  expect_up(V6_TEXT " port 861");
  ck_assert_uint_eq(changes_told(before, sizeof before), 0);
  sim_cut(V6);
  sim_run(loop, 45 * S);
  expect_up(V4_TEXT " port 861");
  ck_assert_uint_eq(changes_told(before, sizeof before), 1);
  expect_whole(2);
  drop_curtain();
}
END_TEST

/* A name that has another address each time it is asked for: both lanes go by the newest, and stay. */
START_TEST(a_name_that_changes_between_the_lanes_takes_both_along)
{
  char before[OW_STREAM_SERVER] = "";
  raise_curtain(V6_TEXT);
  sim_run(loop, 5 * S);
  expect_up(V6_TEXT " port 861");
  ck_assert_uint_eq(changes_told(before, sizeof before), 0);
  sim_name("peer.example", V4_TEXT);
  sim_run(loop, 120 * S);
  expect_up(V4_TEXT " port 861");
  expect_whole(12);
  ck_assert_uint_eq(changes_told(before, sizeof before), 1);
  ck_assert_str_eq(before, V6_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(V6), 1);
  ck_assert_uint_eq(attempts_at(V4), 2);
  ck_assert_uint_eq(log_lines, 2); /* up, and the change */
  drop_curtain();
}
END_TEST

/* While none answers, each attempt tries both; the first to live again is measured. */
START_TEST(when_both_are_dead_both_are_tried)
{
  raise_curtain(V6_TEXT " " V4_TEXT);
  sim_run(loop, 35 * S);
  kill_host(V6, BLACK_HOLE);
  kill_host(V4, CLOSED);
  sim_run(loop, 100 * S);
  struct ow_stream_view view;
  ck_assert(ow_board_view(board, "far", &view));
  ck_assert_int_eq(view.state, OW_STREAM_DOWN);
  ck_assert_msg(strstr(view.reason, V4_TEXT " port 861: Connection refused") != NULL, "%s", view.reason);
  revive_host(V4, CLOSED);
  sim_run(loop, 100 * S);
  expect_up(V4_TEXT " port 861");
  expect_whole(2);
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams of servers with two addresses");
  TEST_LOOP(suite, "dead from the beginning", 2, a_dead_address_is_tried_once);
  TEST_CASE(suite, "one way", both_lanes_go_the_same_way, an_address_that_leaves_the_name_is_left,
            a_name_that_changes_between_the_lanes_takes_both_along, when_both_are_dead_both_are_tried);
  TEST_LOOP(suite, "the winner dies", 2 * DEATHS, the_other_takes_over_and_is_kept);
  return test_run(suite);
}
