/* SPDX-License-Identifier: MIT */
/* core/io/wake_up: how much earlier an alarm may be set. */
#include "io/wake_up.h"
#include "support/main.h"
#include "support/seed.h"

enum { ROUND = 32, LATE = 40 * 1000 };

static void wake(struct ow_wake_up *wake_up, int64_t late)
{
  ow_wake_up_await(wake_up, 1000, 999);
  ow_wake_up_rung(wake_up, 1000 + late);
}

static void note(struct ow_wake_up *wake_up, unsigned times, int64_t late)
{
  for (unsigned i = 0; i < times; i++)
    wake(wake_up, late);
}

START_TEST(while_little_is_known_no_alarm_is_early)
{
  struct ow_wake_up wake_up = {0};
  ck_assert_int_eq(ow_wake_up_early(&wake_up), 0);
  note(&wake_up, ROUND - 1, LATE);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), 0);
  note(&wake_up, 1, LATE);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), LATE);
}
END_TEST

START_TEST(one_quick_wake_up_counts_at_once_and_for_a_round)
{
  struct ow_wake_up wake_up = {0};
  note(&wake_up, ROUND, LATE);
  note(&wake_up, 1, 3000);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), 3000);
  note(&wake_up, 2 * ROUND - 2, LATE);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), 3000);
  note(&wake_up, 1, LATE);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), LATE);
}
END_TEST

START_TEST(it_is_bounded)
{
  struct ow_wake_up wake_up = {0};
  note(&wake_up, ROUND, 3600 * INT64_C(1000000000));
  ck_assert_int_eq(ow_wake_up_early(&wake_up), OW_WAKE_UP_EARLIEST);
}
END_TEST

/* An alarm that was late already when it was set, one that rang while something else was done, and a second.
 */
START_TEST(what_nobody_slept_for_tells_nothing)
{
  struct ow_wake_up wake_up = {0};
  note(&wake_up, ROUND, LATE);
  ow_wake_up_await(&wake_up, 1000, 1000);
  ow_wake_up_rung(&wake_up, 1001);
  ow_wake_up_await(&wake_up, 1000, 500);
  ow_wake_up_rung(&wake_up, 999);
  ow_wake_up_rung(&wake_up, 1001);
  ck_assert_int_eq(ow_wake_up_early(&wake_up), LATE);
}
END_TEST

/* Never more than the least of the last round's worth of wake-ups. */
START_TEST(at_random_it_is_never_more_than_any_of_the_last)
{
  enum { WAKE_UPS = 5000 };
  struct test_prng prng = test_prng(test_seed());
  struct ow_wake_up wake_up = {0};
  int64_t late[WAKE_UPS];
  for (unsigned i = 0; i < WAKE_UPS; i++) {
    late[i] = (int64_t)test_prng_below(&prng, 1 + i * 40);
    wake(&wake_up, late[i]);
    for (unsigned j = i < ROUND ? 0 : i - ROUND + 1; j <= i; j++)
      ck_assert_int_le(ow_wake_up_early(&wake_up), late[j]);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("wake-ups");
  test_seed();
  TEST_CASE(suite, "early", while_little_is_known_no_alarm_is_early,
            one_quick_wake_up_counts_at_once_and_for_a_round, it_is_bounded,
            what_nobody_slept_for_tells_nothing, at_random_it_is_never_more_than_any_of_the_last);
  return test_run(suite);
}
