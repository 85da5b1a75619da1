/* SPDX-License-Identifier: MIT */
/* core/io/deadlines: timers of three kinds on two clocks, held against a list that is searched. */
#include "io/deadlines.h"
#include "support/main.h"
#include "support/seed.h"
#include "time/timestamp.h"

enum { TIMERS = 40, STEPS = 20000, RANGE = 1000 };
#define PATIENCE (100 * OW_NS_PER_MS)
#define AHEAD (INT64_C(1700000000) * OW_NS_PER_S)

static struct ow_deadlines deadlines;
static struct ow_timer timers[TIMERS];

static void set_up(void)
{
  deadlines = (struct ow_deadlines){.wall_ahead = AHEAD};
  for (int i = 0; i < TIMERS; i++)
    timers[i] = (struct ow_timer){.set = false};
}

static void set(struct ow_timer *timer, enum ow_timer_kind kind, int64_t monotonic)
{
  ow_deadlines_set(&deadlines, timer, kind, kind == OW_TIMER_WALL ? monotonic + AHEAD : monotonic);
}

START_TEST(both_clocks_are_compared)
{
  ck_assert(ow_deadlines_empty(&deadlines));
  ck_assert_ptr_null(ow_deadlines_due(&deadlines));
  ck_assert_int_eq(ow_deadlines_next(&deadlines).first, INT64_MAX);
  set(&timers[0], OW_TIMER_EXACT, 20);
  set(&timers[1], OW_TIMER_WALL, 10);
  ck_assert(!ow_deadlines_empty(&deadlines));
  ck_assert_int_eq(ow_deadlines_next(&deadlines).first, 10);
  ck_assert_int_eq(ow_deadlines_next(&deadlines).second, 20);
  deadlines.now = 9;
  ck_assert_ptr_null(ow_deadlines_due(&deadlines));
  deadlines.now = 20;
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[1]);
  deadlines.wall_ahead -= 15; /* the wall clock was set back */
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[0]);
  ck_assert_int_eq(ow_deadlines_next(&deadlines).second, 25);
}
END_TEST

START_TEST(of_equals_the_one_set_first_is_due)
{
  set(&timers[0], OW_TIMER_WALL, 10);
  set(&timers[1], OW_TIMER_EXACT, 10);
  deadlines.now = 10;
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[0]);
  set(&timers[0], OW_TIMER_WALL, 10);
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[1]);
}
END_TEST

START_TEST(patient_timers_come_last_and_wake_late)
{
  set(&timers[0], OW_TIMER_PATIENT, 10);
  ck_assert_int_eq(ow_deadlines_next(&deadlines).first, 10 + PATIENCE);
  set(&timers[1], OW_TIMER_EXACT, 50);
  deadlines.now = 49;
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[0]);
  deadlines.now = 50;
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[1]);
  deadlines.now = 10 + PATIENCE; /* since then it is due like any other */
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[1]);
  set(&timers[1], OW_TIMER_EXACT, 11 + PATIENCE);
  deadlines.now = 11 + PATIENCE;
  ck_assert_ptr_eq(ow_deadlines_due(&deadlines), &timers[0]);
}
END_TEST

START_TEST(a_patient_timer_without_end_is_never_due)
{
  set(&timers[0], OW_TIMER_PATIENT, INT64_MAX);
  ck_assert_int_eq(ow_deadlines_next(&deadlines).first, INT64_MAX);
}
END_TEST

static int64_t limit_of(const struct ow_timer *timer)
{
  return timer->when - (timer->kind == OW_TIMER_WALL ? AHEAD : 0) +
         (timer->kind == OW_TIMER_PATIENT ? PATIENCE : 0);
}

/* The first and the second of a list that is searched. */
static struct ow_deadlines_next expected_next(void)
{
  struct ow_deadlines_next next = {INT64_MAX, INT64_MAX};
  for (int i = 0; i < TIMERS; i++) {
    int64_t limit = timers[i].set ? limit_of(&timers[i]) : INT64_MAX;
    if (limit < next.first) {
      next.second = next.first;
      next.first = limit;
    } else if (limit < next.second) {
      next.second = limit;
    }
  }
  return next;
}

START_TEST(at_random_the_first_and_second_are_known)
{
  struct test_prng prng = test_prng(test_seed());
  for (int step = 0; step < STEPS; step++) {
    struct ow_timer *timer = &timers[test_prng_below(&prng, TIMERS)];
    if (test_prng_below(&prng, 3) == 0)
      ow_deadlines_cancel(&deadlines, timer);
    else
      set(timer, (enum ow_timer_kind)(test_prng_below(&prng, OW_TIMER_KINDS)),
          (int64_t)test_prng_below(&prng, RANGE));
    struct ow_deadlines_next next = ow_deadlines_next(&deadlines);
    ck_assert_int_eq(next.first, expected_next().first);
    ck_assert_int_eq(next.second, expected_next().second);
  }
}
END_TEST

START_TEST(a_stamp_is_rounded_up_to_nanoseconds_in_the_present_era)
{
  deadlines.now = 5 * OW_NS_PER_S;
  for (int64_t off = -3; off <= 3; off++) {
    struct timespec unix_time = {.tv_sec = 1700000100, .tv_nsec = 500000000 + off};
    struct ow_timestamp stamp = ow_timestamp_from_unix(unix_time);
    int64_t when = ow_deadlines_of_stamp(&deadlines, stamp);
    int64_t expected = unix_time.tv_sec * OW_NS_PER_S + unix_time.tv_nsec;
    ck_assert(when == expected || when == expected - 1); /* a stamp is rounded itself */
    struct timespec back = {.tv_sec = (time_t)(when / OW_NS_PER_S), .tv_nsec = (long)(when % OW_NS_PER_S)};
    ck_assert(!ow_timestamp_after(stamp, ow_timestamp_from_unix(back)));
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("deadlines");
  TEST_CASE_WITH(set_up, NULL, suite, "due", both_clocks_are_compared, of_equals_the_one_set_first_is_due,
                 patient_timers_come_last_and_wake_late, a_patient_timer_without_end_is_never_due,
                 at_random_the_first_and_second_are_known,
                 a_stamp_is_rounded_up_to_nanoseconds_in_the_present_era);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
