/* SPDX-License-Identifier: MIT */
/* core/daemon: signals as events of the loop. */
#include <string.h>

#include "base/container_of.h"
#include "daemon/signals.h"
#include "support/main.h"

/* A daemon that writes down what came, and ends at SIGTERM. */
struct daemon {
  struct ow_signals signals;
  struct ow_loop *loop;
  int came[8];
  size_t count;
};

static void came(struct ow_signals *signals, int number)
{
  struct daemon *daemon = OW_CONTAINER_OF(signals, struct daemon, signals);
  ck_assert_uint_lt(daemon->count, sizeof daemon->came / sizeof *daemon->came);
  daemon->came[daemon->count++] = number;
  if (number == SIGTERM) {
    ow_signals_close(daemon->loop, signals);
    ow_loop_stop(daemon->loop);
  }
}

static void begin_to_live(struct daemon *daemon)
{
  struct ow_failure failure;
  *daemon = (struct daemon){.signals.came = came, .loop = ow_loop_create(&failure)};
  ck_assert_ptr_nonnull(daemon->loop);
  ow_signals_hold(&daemon->signals, (const int[]){SIGHUP, SIGUSR1, SIGTERM, 0});
}

static void watch_and_run(struct daemon *daemon)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_signals_watch(daemon->loop, &daemon->signals, &failure) == OW_OK, "%s", failure.text);
  ck_assert_msg(ow_loop_run(daemon->loop, &failure) == OW_OK, "%s", failure.text);
}

START_TEST(signals_wait_until_they_are_watched)
{
  struct daemon daemon;
  begin_to_live(&daemon);
  raise(SIGTERM);
  raise(SIGHUP);
  raise(SIGHUP);
  ck_assert_uint_eq(daemon.count, 0);
  watch_and_run(&daemon);
  ck_assert_uint_eq(daemon.count, 2);
  ck_assert_int_eq(daemon.came[0], SIGHUP);
  ck_assert_int_eq(daemon.came[1], SIGTERM);
  ow_loop_free(daemon.loop);
}
END_TEST

static void raise_term(struct ow_timer *timer)
{
  (void)timer;
  raise(SIGUSR1);
  raise(SIGTERM);
}

START_TEST(one_that_comes_later_wakes_the_loop)
{
  struct daemon daemon;
  struct ow_timer timer = {.expired = raise_term};
  begin_to_live(&daemon);
  ow_timer_set(daemon.loop, &timer, ow_loop_now(daemon.loop).monotonic + 1000000);
  watch_and_run(&daemon);
  ck_assert_uint_eq(daemon.count, 2);
  ck_assert_int_eq(daemon.came[0], SIGUSR1);
  ow_loop_free(daemon.loop);
}
END_TEST

START_TEST(a_closed_one_tells_no_more_and_can_be_closed_again)
{
  struct daemon daemon;
  struct ow_failure failure = {0};
  begin_to_live(&daemon);
  ow_signals_close(daemon.loop, &daemon.signals);
  ck_assert_int_eq(ow_signals_watch(daemon.loop, &daemon.signals, &failure), OW_OK);
  ow_signals_close(daemon.loop, &daemon.signals);
  ow_signals_close(daemon.loop, &daemon.signals);
  raise(SIGHUP);
  raise(SIGTERM);
  watch_and_run(&daemon);
  ck_assert_uint_eq(daemon.count, 2);
  ow_loop_free(daemon.loop);
}
END_TEST

START_TEST(a_broken_pipe_is_no_end)
{
  struct daemon daemon;
  begin_to_live(&daemon);
  raise(SIGPIPE);
  ck_assert_ptr_eq(signal(SIGPIPE, SIG_DFL), SIG_IGN);
  ow_loop_free(daemon.loop);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("daemon/signals");
  TEST_CASE(suite, "signals", signals_wait_until_they_are_watched, one_that_comes_later_wakes_the_loop,
            a_closed_one_tells_no_more_and_can_be_closed_again, a_broken_pipe_is_no_end);
  return test_run(suite);
}
