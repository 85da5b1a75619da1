/* SPDX-License-Identifier: MIT */
/* core/io/turns: how long turns are, of which few have their CPU time read. */
#include "io/turns.h"
#include "support/main.h"

#define US INT64_C(1000)

static struct ow_turns turns;
static int64_t now, cpu;
static unsigned readings;

static void set_up(void)
{
  now = 1000000 * US;
  cpu = 5000 * US;
  readings = 0;
  turns = (struct ow_turns){.cpu = cpu};
}

/* A turn of so many us, of which the thread runs for some. */
static void turn(int64_t wall, int64_t ran)
{
  now += 100 * US; /* it waits */
  turns.begin = now;
  now += wall * US;
  cpu += ran * US;
  if (ow_turns_end(&turns, now)) {
    ow_turns_ran(&turns, now, cpu);
    readings++;
  }
}

START_TEST(short_turns_are_read_now_and_then)
{
  for (int i = 0; i < 100; i++)
    turn(25, 25);
  ck_assert_uint_eq(readings, 10);
  struct ow_turn longest = ow_turns_longest(&turns);
  ck_assert_int_eq(longest.wall, 25 * US);
  ck_assert_int_eq(longest.cpu, 25 * US);
}
END_TEST

START_TEST(a_long_turn_is_told_apart_from_the_short_ones_before)
{
  for (int i = 0; i < 9; i++)
    turn(25, 25);
  turn(7000, 4000);
  turn(6000, 6000);
  ck_assert_uint_eq(readings, 2);
  struct ow_turn longest = ow_turns_longest(&turns);
  ck_assert_int_eq(longest.wall, 7000 * US);
  ck_assert_int_eq(longest.cpu, 6000 * US);
  longest = ow_turns_longest(&turns);
  ck_assert_int_eq(longest.wall, 0);
  ck_assert_int_eq(longest.cpu, 0);
}
END_TEST

START_TEST(no_turn_ran_for_longer_than_it_took)
{
  cpu += 100 * US; /* what falling asleep takes */
  turn(300, 300);
  ck_assert_int_eq(ow_turns_longest(&turns).cpu, 300 * US);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("turns");
  TEST_CASE_WITH(set_up, NULL, suite, "turns", short_turns_are_read_now_and_then,
                 a_long_turn_is_told_apart_from_the_short_ones_before, no_turn_ran_for_longer_than_it_took);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
