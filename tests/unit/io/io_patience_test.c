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

START_TEST(what_comes_often_is_looked_at_after_one_millisecond_and_by_two)
{
  wake(100, MS / 2);
  ck_assert(patience.patient);
  ck_assert(!ow_patience_looks(&patience, now + MS - 1));
  ck_assert(ow_patience_looks(&patience, now + MS));
  ck_assert_int_eq(ow_patience_until(&patience), now + 2 * MS);
  ow_patience_found(&patience, now + MS, 3, true);
  ck_assert_int_eq(ow_patience_until(&patience), now + 3 * MS);
}
END_TEST

START_TEST(what_is_left_is_looked_at_at_once)
{
  wake(100, MS / 2);
  ow_patience_found(&patience, now + MS, 64, false);
  ck_assert(ow_patience_looks(&patience, now + MS));
  ck_assert_int_le(ow_patience_until(&patience), now + MS);
}
END_TEST

START_TEST(looks_in_vain_end_it)
{
  wake(100, MS / 2);
  for (int i = 1; i <= 3; i++)
    ow_patience_found(&patience, now + i * MS, 0, true);
  ow_patience_found(&patience, now + 4 * MS, 1, true);
  for (int i = 5; i <= 7; i++) {
    ow_patience_found(&patience, now + i * MS, 0, true);
    ck_assert(patience.patient);
  }
  ow_patience_found(&patience, now + 8 * MS, 0, true);
  ck_assert(!patience.patient);
  now += 8 * MS;
  wake(2, MS / 10);
  ck_assert(!patience.patient);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("patience");
  TEST_CASE_WITH(set_up, NULL, suite, "when to look", what_comes_seldom_always_wakes,
                 two_that_come_together_are_not_much,
                 what_comes_often_is_looked_at_after_one_millisecond_and_by_two,
                 what_is_left_is_looked_at_at_once, looks_in_vain_end_it);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
