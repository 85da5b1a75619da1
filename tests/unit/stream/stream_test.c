/* SPDX-License-Identifier: MIT */
/* Streams in a thread of their own against a server on loopback: what the simulation can't show. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "io/thread.h"
#include "server/server.h"
#include "stream/stream.h"
#include "support/board.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { MANY = 40 };

/* ---- a server that allows everything ---- */

static struct ow_thread *server_thread;
static struct ow_serve *server;

static void start_server(void)
{
  struct ow_serve_config config;
  struct ow_failure failure = {0};
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.1");
  snprintf(config.port, sizeof config.port, "0");
  server_thread = ow_thread_create(&failure);
  ck_assert_msg(server_thread != NULL, "%s", failure.text);
  server = ow_serve_create(ow_thread_loop(server_thread), &config, &test_policy, NULL, &failure);
  ck_assert_msg(server != NULL, "%s", failure.text);
  ck_assert_int_eq(ow_thread_start(server_thread, "server", NULL, &failure), OW_OK);
}

static void stop_server(void)
{
  ow_thread_stop(server_thread);
  ow_serve_free(server);
  ow_thread_free(server_thread);
}

/* ---- streams ---- */

static struct ow_stream_config config_of(const char *name, unsigned port)
{
  struct ow_stream_config config;
  ow_stream_defaults(&config);
  snprintf(config.name, sizeof config.name, "%s", name);
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.1");
  snprintf(config.peer.port, sizeof config.peer.port, "%u", port);
  config.peer.modes = OW_MODE_OPEN;
  config.peer.loss_timeout = 200 * MS;
  config.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(50 * MS)};
  config.interval = 3200 * MS;
  return config;
}

static int64_t monotonic(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * S + now.tv_nsec;
}

/* Until the board shows interval `number` of the stream; 20 s at most. */
static struct ow_interval await_interval(const struct ow_board *board, const char *name, uint64_t number)
{
  struct ow_interval interval = {0};
  int64_t begin = monotonic();
  while ((!test_board_newest(board, name, &interval) || interval.number < number) &&
         monotonic() - begin < 20 * S)
    nanosleep(&(struct timespec){.tv_nsec = 10 * MS}, NULL);
  ck_assert_uint_ge(interval.number, number);
  return interval;
}

START_TEST(two_intervals_follow_each_other_on_a_real_network)
{
  struct ow_failure failure = {0};
  struct ow_board *board = ow_board_create(4);
  start_server();
  struct ow_stream_config config = config_of("loopback", ow_serve_port(server));
  struct ow_streams *streams = ow_streams_create(board, NULL, &failure);
  ck_assert_msg(streams != NULL, "%s", failure.text);
  ck_assert_msg(ow_streams_add(streams, &config, &failure) == OW_OK, "%s", failure.text);
  (void)await_interval(board, "loopback", 2);
  struct ow_interval intervals[4];
  ck_assert_uint_ge(test_board_intervals(board, "loopback", 0, intervals, 4), 2);
  for (int i = 0; i < 2; i++) {
    ck_assert_msg(intervals[i].status == OW_OK, "%s", intervals[i].reason);
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      ck_assert_uint_eq(intervals[i].results[d].sent, 64);
      ck_assert_uint_eq(intervals[i].results[d].received, 64);
    }
  }
  ck_assert_uint_eq(intervals[0].end.ntp, intervals[1].begin.ntp);
  ow_streams_free(streams);
  stop_server();
  ow_board_free(board);
}
END_TEST

/* Some refused, some resolved in vain: ending them all takes no longer than one. */
START_TEST(many_streams_half_of_them_dead_end_soon)
{
  struct ow_failure failure = {0};
  struct ow_board *board = ow_board_create(1);
  start_server();
  struct ow_streams *streams = ow_streams_create(board, NULL, &failure);
  ck_assert_msg(streams != NULL, "%s", failure.text);
  for (unsigned i = 0; i < MANY; i++) {
    char name[OW_STREAM_NAME];
    snprintf(name, sizeof name, "s%u", i);
    struct ow_stream_config config = config_of(name, i % 2 ? ow_serve_port(server) : 1);
    if (i % 4 == 0)
      snprintf(config.peer.host, sizeof config.peer.host, "no-such-host.invalid");
    ck_assert_msg(ow_streams_add(streams, &config, &failure) == OW_OK, "%s", failure.text);
  }
  ck_assert_uint_eq(ow_board_count(board), MANY);
  (void)await_interval(board, "s1", 1);
  struct ow_stream_view view;
  ck_assert(ow_board_view(board, "s2", &view));
  ck_assert_int_eq(view.state, OW_STREAM_DOWN);
  ck_assert(ow_streams_remove(streams, "s3"));
  ck_assert(!ow_streams_remove(streams, "s3"));
  ck_assert_uint_eq(ow_board_count(board), MANY - 1);
  int64_t begin = monotonic();
  ow_streams_free(streams);
  ck_assert_int_le(monotonic() - begin, 2 * S);
  stop_server();
  ow_board_free(board);
}
END_TEST

static char logged[16][OW_FAILURE_TEXT];
static size_t logged_count;

static void keep_line(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  if (logged_count < sizeof logged / sizeof *logged)
    snprintf(logged[logged_count++], sizeof *logged, "%s", line);
}

/* Neither is the peer's fault, nor said to be. */
START_TEST(a_source_or_interface_that_is_not_there_is_told_as_that)
{
  struct ow_failure failure = {0};
  struct ow_board *board = ow_board_create(1);
  const struct ow_log log = {NULL, keep_line, OW_LOG_WARNING};
  struct ow_stream_config source = config_of("source", 1);
  struct ow_stream_config interface = config_of("interface", 1);
  struct ow_stream_view view;
  snprintf(source.peer.source, sizeof source.peer.source, "192.0.2.99");
  snprintf(interface.peer.interface, sizeof interface.peer.interface, "nosuch0");
  struct ow_streams *streams = ow_streams_create(board, &log, &failure);
  ck_assert_msg(streams != NULL, "%s", failure.text);
  ck_assert_msg(ow_streams_add(streams, &source, &failure) == OW_OK, "%s", failure.text);
  ck_assert_msg(ow_streams_add(streams, &interface, &failure) == OW_OK, "%s", failure.text);
  (void)await_interval(board, "source", 1);
  (void)await_interval(board, "interface", 1);
  ck_assert(ow_board_view(board, "source", &view));
  ck_assert_int_eq(view.status, OW_INVALID);
  ck_assert_ptr_nonnull(strstr(view.reason, "192.0.2.99"));
  ck_assert_ptr_nonnull(strstr(view.reason, "no interface of this host has it"));
  ck_assert(ow_board_view(board, "interface", &view));
  ck_assert_int_eq(view.status, OW_INVALID);
  ck_assert_ptr_nonnull(strstr(view.reason, "cannot use interface nosuch0: this host has none of that name"));
  ow_streams_free(streams);
  ow_board_free(board);
  ck_assert_uint_eq(logged_count, 2);
  for (size_t i = 0; i < logged_count; i++)
    ck_assert_msg(strstr(logged[i], ": can't be measured from here: server 127.0.0.1 port 1: cannot "), "%s",
                  logged[i]);
}
END_TEST

START_TEST(what_cannot_be_measured_is_refused_with_the_reason)
{
  struct ow_failure failure = {0};
  struct ow_stream_config config = config_of("a b", 861);
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "name"));
  config = config_of("a", 861);
  config.interval = 3100 * MS;
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "3.2 s at least"));
  config = config_of("a", 861);
  config.peer.slots[0].parameter = ow_span_from_ns(2 * S);
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "too few"));
  config = config_of("a", 861);
  config.interval = INT64_MAX;
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  config = config_of("a", 861);
  config.peer.host[0] = '\0';
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  config = config_of("a", 861);
  config.peer.test_port_low = 9000;
  config.peer.test_port_high = 9002;
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_INVALID);
  ck_assert_str_eq(
      failure.text,
      "9000-9002 is 3 UDP ports, but 4 test sessions run at a time, and each takes one: give 9000-9003");
  config.peer.directions[OW_FORWARD] = false;
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_OK);
  config = config_of("a", 861);
  ck_assert_int_eq(ow_stream_check(&config, &failure), OW_OK);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("stream");
  TEST_CASE(suite, "in a thread of their own", two_intervals_follow_each_other_on_a_real_network,
            many_streams_half_of_them_dead_end_soon, a_source_or_interface_that_is_not_there_is_told_as_that);
  TEST_CASE(suite, "configuration", what_cannot_be_measured_is_refused_with_the_reason);
  return test_run(suite);
}
