/* SPDX-License-Identifier: MIT */
/*
 * io/loop: work that can wait leaves the loop to whatever is due; timers and events leave it to each other.
 * All that is run here takes a known time at least, so that as much as fits into a turn is known too.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "io/loop.h"
#include "support/main.h"

enum {
  PART = 20000,
  TIMER = 50000,
  TIMERS = 100,
  TURNS = 50,
  BACKGROUND_TURN = 200000,
  TIMERS_TURN = 500000
};

static struct ow_loop *loop;
static unsigned runs; /* since the last event */
static unsigned most_runs;
static unsigned events;

static void run(void)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_loop_run(loop, &failure) == OW_OK, "%s", failure.text);
}

static void busy_for(int64_t nanoseconds)
{
  int64_t until = ow_loop_now(loop).monotonic + nanoseconds;
  while (ow_loop_now(loop).monotonic < until)
    continue;
}

/* It is ready in each turn, and counts what ran since the last one. */
static void on_event(struct ow_watch *watch, uint32_t what)
{
  (void)watch, (void)what;
  most_runs = runs > most_runs ? runs : most_runs;
  runs = 0;
  if (++events == TURNS)
    ow_loop_stop(loop);
}
static struct ow_watch always = {.ready = on_event};

static void set_up(void)
{
  struct ow_failure failure;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  runs = most_runs = events = 0;
  always.descriptor = eventfd(1, EFD_CLOEXEC);
  ck_assert_int_ge(always.descriptor, 0);
}

static void tear_down(void)
{
  ow_watch_close(loop, &always);
  ow_loop_free(loop);
}

static void watch_always(void)
{
  struct ow_failure failure = {0};
  ck_assert_int_eq(ow_watch_open(loop, &always, EPOLLIN, &failure), OW_OK);
}

/* ---- background work ---- */

static unsigned parts[2];

static void endless(struct ow_completion *part);
static struct ow_completion endless_works[2] = {{.run = endless}, {.run = endless}};

static void endless(struct ow_completion *part)
{
  parts[part - endless_works]++;
  runs++;
  busy_for(PART);
  ow_loop_background(loop, part);
}

static void begin_endless(void)
{
  parts[0] = parts[1] = 0;
  ow_loop_background(loop, &endless_works[0]);
  ow_loop_background(loop, &endless_works[1]);
}

static void end_endless(void)
{
  ow_loop_withdraw_background(loop, &endless_works[0]);
  ow_loop_withdraw_background(loop, &endless_works[1]);
}

START_TEST(all_background_work_of_a_turn_has_its_time_and_no_more)
{
  watch_always();
  begin_endless();
  run();
  end_endless();
  ck_assert_uint_ge(most_runs, 1);
  ck_assert_uint_le(most_runs, BACKGROUND_TURN / PART);
}
END_TEST

START_TEST(background_works_take_turns)
{
  watch_always();
  begin_endless();
  run();
  end_endless();
  unsigned more = parts[0] > parts[1] ? parts[0] : parts[1];
  ck_assert_uint_ge(parts[0] + parts[1], TURNS - 1);
  ck_assert_uint_le(more - (parts[0] + parts[1] - more), 1);
}
END_TEST

static void always_due(struct ow_timer *timer)
{
  runs = 0;
  ow_timer_set(loop, timer, 0);
  if (parts[0] >= TURNS)
    ow_loop_stop(loop);
}

static void one_a_turn(struct ow_completion *part)
{
  endless(part);
  ck_assert_uint_eq(runs, 1);
}

START_TEST(a_timer_that_is_due_comes_after_one_part_and_can_not_keep_it_back)
{
  struct ow_timer timer = {.expired = always_due};
  endless_works[0].run = one_a_turn;
  parts[0] = 0;
  ow_timer_set(loop, &timer, 0);
  ow_loop_background(loop, &endless_works[0]);
  run();
  ow_loop_withdraw_background(loop, &endless_works[0]);
  ow_timer_cancel(loop, &timer);
  ck_assert_uint_eq(parts[0], TURNS);
}
END_TEST

START_TEST(what_was_withdrawn_is_not_run)
{
  watch_always();
  begin_endless();
  ow_loop_withdraw_background(loop, &endless_works[0]);
  ow_loop_withdraw_background(loop, &endless_works[0]);
  run();
  ow_loop_withdraw_background(loop, &endless_works[1]);
  ck_assert_uint_eq(parts[0], 0);
  ck_assert_uint_ge(parts[1], 1);
}
END_TEST

/* ---- timers ---- */

static void slow_timer(struct ow_timer *timer)
{
  runs++;
  busy_for(TIMER);
  ow_timer_set(loop, timer, ow_loop_now(loop).monotonic);
}

START_TEST(timers_that_fall_behind_leave_time_for_events)
{
  struct ow_timer timers[TIMERS];
  for (int i = 0; i < TIMERS; i++) {
    timers[i] = (struct ow_timer){.expired = slow_timer};
    ow_timer_set(loop, &timers[i], 0);
  }
  watch_always();
  run();
  for (int i = 0; i < TIMERS; i++)
    ow_timer_cancel(loop, &timers[i]);
  ck_assert_uint_ge(most_runs, 1);
  ck_assert_uint_le(most_runs, 2 * TIMERS_TURN / TIMER); /* before the wait, and before the event */
}
END_TEST

/* ---- how long turns are ---- */

static void busy_event(struct ow_watch *watch, uint32_t what)
{
  busy_for(OW_NS_PER_MS);
  on_event(watch, what);
}

START_TEST(the_longest_turn_is_known_until_it_is_asked_for)
{
  always.ready = busy_event;
  watch_always();
  run();
  struct ow_turn turn = ow_loop_longest_turn(loop);
  ck_assert_int_ge(turn.wall, OW_NS_PER_MS);
  ck_assert_int_gt(turn.cpu, 0);
  turn = ow_loop_longest_turn(loop);
  ck_assert_int_eq(turn.wall, 0);
  ck_assert_int_eq(turn.cpu, 0);
  always.ready = on_event;
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("background");
  TEST_CASE_WITH(set_up, tear_down, suite, "background work",
                 all_background_work_of_a_turn_has_its_time_and_no_more, background_works_take_turns,
                 a_timer_that_is_due_comes_after_one_part_and_can_not_keep_it_back,
                 what_was_withdrawn_is_not_run);
  TEST_CASE_WITH(set_up, tear_down, suite, "turns", the_longest_turn_is_known_until_it_is_asked_for);
  TEST_CASE_WITH(set_up, tear_down, suite, "timers", timers_that_fall_behind_leave_time_for_events);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
