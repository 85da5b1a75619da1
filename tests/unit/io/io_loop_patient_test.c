/* SPDX-License-Identifier: MIT */
/* core/io/loop: descriptors and timers that may wait, and waiting awake. */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/loop.h"
#include "support/main.h"

enum { PACKETS = 200, SOON = 1000 * 1000 }; /* ns */

#define LONG (100 * OW_NS_PER_MS)

static struct ow_loop *loop;
static struct ow_timer timer, other;
static struct ow_watch watch;
static int end; /* what is written here comes at the watch */
static unsigned sent, got, runs;
static int64_t not_before;

static void on_ready(struct ow_watch *readable, uint32_t events)
{
  char octet;
  ck_assert(events & EPOLLIN);
  ck_assert_int_eq(read(readable->descriptor, &octet, 1), 1);
  if (++got == PACKETS)
    ow_loop_stop(loop);
}

static void set_up(void)
{
  struct ow_failure failure;
  int ends[2];
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  watch = (struct ow_watch){.descriptor = ends[0], .ready = on_ready};
  end = ends[1];
  ck_assert_int_eq(ow_watch_open(loop, &watch, EPOLLIN, &failure), OW_OK);
  timer = other = (struct ow_timer){.set = false};
  sent = got = runs = 0;
}

static void tear_down(void)
{
  ow_watch_close(loop, &watch);
  ow_timer_cancel(loop, &timer);
  ow_timer_cancel(loop, &other);
  ow_loop_free(loop);
  close(end);
}

static void run(void)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_loop_run(loop, &failure) == OW_OK, "%s", failure.text);
}

static void on_send(struct ow_timer *expired)
{
  ck_assert_int_eq(write(end, "x", 1), 1);
  if (++sent < PACKETS)
    ow_timer_set(loop, expired, ow_loop_now(loop).monotonic + SOON / 10);
}

/* So often that the loop soon looks for itself, and the last are found without a further wake-up. */
START_TEST(all_that_comes_to_a_patient_watch_is_found)
{
  ow_watch_set_patient(loop, &watch, LONG);
  ck_assert_int_eq(watch.patience, 10 * OW_NS_PER_MS);
  timer.expired = on_send;
  ow_timer_set(loop, &timer, 0);
  run();
  ck_assert_uint_eq(got, PACKETS);
}
END_TEST

START_TEST(a_watch_may_become_patient_and_impatient)
{
  got = PACKETS - 2;
  ow_watch_set_patient(loop, &watch, LONG);
  ow_watch_set_patient(loop, &watch, LONG);
  ck_assert_int_eq(write(end, "xx", 1), 1);
  ck_assert_int_eq(write(end, "x", 1), 1);
  run();
  ck_assert_uint_eq(got, PACKETS);
  ow_watch_set_patient(loop, &watch, 0);
  ck_assert_int_eq(watch.patience, 0);
  got = PACKETS - 1;
  ck_assert_int_eq(write(end, "x", 1), 1);
  run();
  ck_assert_uint_eq(got, PACKETS);
  ow_watch_close(loop, &watch);
  ow_watch_set_patient(loop, &watch, LONG);
  ck_assert_int_eq(watch.patience, 0);
}
END_TEST

START_TEST(a_patient_watch_can_be_closed_and_changed)
{
  ow_watch_set_patient(loop, &watch, LONG);
  ow_watch_change(loop, &watch, 0);
  ck_assert_int_eq(write(end, "x", 1), 1);
  timer.expired = on_send;
  sent = PACKETS - 1;
  ow_timer_set(loop, &timer, 0);
  ow_watch_change(loop, &watch, EPOLLIN);
  got = PACKETS - 2;
  run();
  ck_assert_uint_eq(got, PACKETS);
  int descriptor = ow_watch_release(loop, &watch);
  ck_assert_int_eq(write(end, "x", 1), 1);
  close(descriptor);
}
END_TEST

static void on_run(struct ow_timer *expired)
{
  (void)expired;
  runs++;
  ck_assert_int_ge(ow_loop_now(loop).monotonic, not_before);
}

static void on_end(struct ow_timer *expired)
{
  on_run(expired);
  ow_loop_stop(loop);
}

/* An exact timer that is due as well comes before it. */
START_TEST(a_patient_timer_fires_when_the_loop_is_awake)
{
  not_before = ow_loop_now(loop).monotonic + SOON;
  timer.expired = on_run;
  other.expired = on_end;
  ow_timer_set_patient(loop, &timer, not_before);
  ow_timer_set(loop, &other, not_before);
  run();
  ck_assert(runs == 1 && timer.set);
  got = PACKETS - 1;
  ck_assert_int_eq(write(end, "x", 1), 1);
  run();
  ck_assert(runs == 2 && !timer.set);
}
END_TEST

START_TEST(a_patient_timer_wakes_the_loop_in_the_end)
{
  not_before = ow_loop_now(loop).monotonic;
  timer.expired = on_end;
  ow_timer_set_patient(loop, &timer, not_before);
  run();
  ck_assert_uint_eq(runs, 1);
}
END_TEST

START_TEST(who_waits_awake_is_never_early)
{
  if (_i != 0)
    ow_loop_wait_awake(loop, true);
  for (int i = 0; i < 20; i++) {
    not_before = ow_loop_now(loop).monotonic + SOON / 10 * i;
    timer.expired = on_end;
    ow_timer_set(loop, &timer, not_before);
    run();
  }
  ck_assert_uint_eq(runs, 20);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("patient");
  TEST_CASE_WITH(set_up, tear_down, suite, "watches", all_that_comes_to_a_patient_watch_is_found,
                 a_watch_may_become_patient_and_impatient, a_patient_watch_can_be_closed_and_changed);
  TEST_CASE_WITH(set_up, tear_down, suite, "timers", a_patient_timer_fires_when_the_loop_is_awake,
                 a_patient_timer_wakes_the_loop_in_the_end);
  TEST_LOOP_WITH(set_up, tear_down, suite, "awake", 2, who_waits_awake_is_never_early);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
