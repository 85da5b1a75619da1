/* SPDX-License-Identifier: MIT */
/* core/io/patience: when descriptors are looked at that may wait. */
#include "io/patience.h"
#include "support/main.h"
#include "time/timestamp.h"

#define MS OW_NS_PER_MS

static struct ow_patience patience;
static int64_t now;

static void set_up(void)
{
  patience = (struct ow_patience){.patient = false};
  now = 1000 * OW_NS_PER_S;
}

/* So many wake-ups, one a gap, as long as what comes wakes. */
static void wake(unsigned count, int64_t gap)
{
  while (count-- && !patience.patient) {
    now += gap;
    ow_patience_woken(&patience, now);
  }
}

START_TEST(what_comes_seldom_always_wakes)
{
  wake(1000, 10 * MS);
  ck_assert(!patience.patient);
  ck_assert(!ow_patience_looks(&patience, now + 10 * MS));
  ck_assert_int_eq(ow_patience_until(&patience), INT64_MAX);
}
END_TEST

START_TEST(two_that_come_together_are_not_much)
{
  for (int i = 0; i < 100; i++) {
    wake(1, 20 * MS);
    wake(1, MS / 10);
  }
  ck_assert(!patience.patient);
}
END_TEST

START_TEST(what_comes_often_is_looked_at_after_five_milliseconds_and_by_ten)
{
  wake(100, 2 * MS);
  ck_assert(patience.patient);
  ck_assert(!ow_patience_looks(&patience, now + 5 * MS - 1));
  ck_assert(ow_patience_looks(&patience, now + 5 * MS));
  ck_assert_int_eq(ow_patience_until(&patience), now + 10 * MS);
  ow_patience_found(&patience, now + 5 * MS, 3, true);
  ck_assert(!ow_patience_looks(&patience, now + 10 * MS - 1));
  ck_assert_int_eq(ow_patience_until(&patience), now + 15 * MS);
}
END_TEST

START_TEST(all_wait_no_longer_than_the_least_patient)
{
  static const int64_t cans[] = {100 * MS, 4 * MS, 2 * MS, 3 * MS, MS / 3, 0};
  static const int64_t expected[] = {10 * MS, 4 * MS, 2 * MS, 3 * MS, 0, 0};
  int64_t waits[6] = {0};
  for (int i = 0; i < 6; i++) {
    ow_patience_change(&patience, &waits[i], ow_patience_within(cans[i]));
    ck_assert_int_eq(waits[i], expected[i]);
  }
  wake(100, 2 * MS); /* that isn't often, then */
  ck_assert(!patience.patient);
  wake(100, MS / 2);
  ck_assert(ow_patience_looks(&patience, now + MS) && !ow_patience_looks(&patience, now + MS - 1));
  ck_assert_int_eq(ow_patience_until(&patience), now + 2 * MS);
  ow_patience_change(&patience, &waits[2], 0);
  ow_patience_change(&patience, &waits[1], 10 * MS);
  ck_assert_int_le(ow_patience_until(&patience), now + 3 * MS);
  ow_patience_change(&patience, &waits[3], 0);
  ck_assert_int_eq(ow_patience_until(&patience), now + 10 * MS);
  ow_patience_change(&patience, &waits[1], 4 * MS);
  ck_assert_int_eq(ow_patience_until(&patience), now + 4 * MS);
}
END_TEST

START_TEST(what_is_left_is_looked_at_at_once)
{
  wake(100, MS / 2);
  ow_patience_found(&patience, now + 5 * MS, 64, _i == 1);
  if (_i == 1) {
    ck_assert(!ow_patience_looks(&patience, now + 5 * MS));
    ow_patience_look_again(&patience);
  }
  ck_assert(ow_patience_looks(&patience, now + 5 * MS));
  ck_assert_int_le(ow_patience_until(&patience), now + 5 * MS);
}
END_TEST

/* A pause after which there was too much, and the looks that follow at once: the first tells. */
static void gather_too_much(void)
{
  for (int i = 0; i < 3; i++) {
    ow_patience_found(&patience, now, 2, true);
    ow_patience_look_again(&patience);
    ow_patience_look_again(&patience); /* another one of them */
    ck_assert(ow_patience_looks(&patience, now));
  }
  ow_patience_found(&patience, now, 1, true);
}

START_TEST(where_too_much_gathers_pauses_are_shorter_for_a_while)
{
  int64_t wait = 0;
  wake(100, MS / 2);
  gather_too_much();
  ck_assert_int_eq(ow_patience_until(&patience), now + 5 * MS);
  for (int i = 0; i < 20; i++)
    gather_too_much();
  ck_assert_int_eq(ow_patience_until(&patience), now + MS / 2);
  ow_patience_change(&patience, &wait, 2 * MS);
  for (int i = 0; i < 100; i++)
    ow_patience_found(&patience, now, 1, true);
  ck_assert_int_eq(ow_patience_until(&patience), now + 2 * MS);
  ow_patience_change(&patience, &wait, 0);
  ck_assert_int_eq(ow_patience_until(&patience), now + 10 * MS);
}
END_TEST

START_TEST(looks_in_vain_end_it)
{
  wake(100, MS / 2);
  for (int i = 1; i <= 3; i++)
    ow_patience_found(&patience, now + i * 10 * MS, 0, true);
  ow_patience_found(&patience, now + 40 * MS, 1, true);
  for (int i = 5; i <= 7; i++) {
    ow_patience_found(&patience, now + i * 10 * MS, 0, true);
    ck_assert(patience.patient);
  }
  ow_patience_found(&patience, now + 80 * MS, 0, true);
  ck_assert(!patience.patient);
  now += 80 * MS;
  wake(2, MS / 10);
  ck_assert(!patience.patient);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("patience");
  TEST_CASE_WITH(set_up, NULL, suite, "when to look", what_comes_seldom_always_wakes,
                 two_that_come_together_are_not_much,
                 what_comes_often_is_looked_at_after_five_milliseconds_and_by_ten,
                 all_wait_no_longer_than_the_least_patient,
                 where_too_much_gathers_pauses_are_shorter_for_a_while, looks_in_vain_end_it);
  TEST_LOOP_WITH(set_up, NULL, suite, "left", 2, what_is_left_is_looked_at_at_once);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
