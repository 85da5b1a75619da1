/* SPDX-License-Identifier: MIT */
/* Pairs of samples to three results, with numbers worked out by hand. */
#include <string.h>

#include "stats/reflected_results.h"
#include "support/main.h"

#define MS OW_NS_PER_MS
#define UNIT 1953125 /* ns: 2^-9 s, so that nothing is rounded */

static const struct ow_timestamp START = {UINT64_C(0xfffffffb00000000)};

static struct ow_samples forward, reverse, lost;
static struct ow_reflected_observation observation;
static struct ow_result results[OW_RESULTS];

static void set_up(void)
{
  observation = (struct ow_reflected_observation){.forward = &forward, .reverse = &reverse, .lost = &lost};
}

static void tear_down(void)
{
  ow_samples_clear(&forward);
  ow_samples_clear(&reverse);
  ow_samples_clear(&lost);
}

static struct ow_timestamp at(uint32_t sequence, int64_t units)
{
  return ow_timestamp_plus(START, ((int64_t)sequence * 512 + units) * UNIT);
}

/*
 * Sent at its second, there after `there` units, left after `dwell` more, back after `back` more; the
 * reflector's clock is 1000 units ahead.
 */
static void add(uint32_t sequence, int64_t there, int64_t dwell, int64_t back)
{
  enum { AHEAD = 1000 };
  struct ow_sample sample = {.sequence = sequence,
                             .sent = at(sequence, 0),
                             .received = at(sequence, there + AHEAD),
                             .send_error = ow_error_estimate(true, 1000),
                             .receive_error = ow_error_estimate(true, 5 * MS),
                             .ttl = 250};
  ck_assert_int_eq(ow_samples_append(&forward, &sample), OW_OK);
  sample = (struct ow_sample){.sequence = sequence,
                              .sent = at(sequence, there + AHEAD + dwell),
                              .received = at(sequence, there + dwell + back),
                              .send_error = ow_error_estimate(true, 5 * MS),
                              .receive_error = ow_error_estimate(true, 1000),
                              .ttl = 240,
                              .source = OW_STAMP_KERNEL};
  ck_assert_int_eq(ow_samples_append(&reverse, &sample), OW_OK);
}

static void lose(uint32_t sequence)
{
  const struct ow_sample sample = {.sequence = sequence, .sent = at(sequence, 0), .ttl = OW_TTL_LOST};
  ck_assert_int_eq(ow_samples_append(&lost, &sample), OW_OK);
}

static void work_out(void)
{
  ck_assert_int_eq(ow_reflected_results(&observation, results), OW_OK);
}

static void expect_counts(enum ow_direction direction, uint32_t sent, uint32_t received, uint32_t missing)
{
  const struct ow_result *result = &results[direction];
  ck_assert_uint_eq(result->sent, sent);
  ck_assert_uint_eq(result->received, received);
  ck_assert_uint_eq(result->lost, missing);
  ck_assert(!result->loss_unknown);
}

START_TEST(the_round_trip_is_free_of_both_clocks_and_of_the_dwell_time)
{
  const struct ow_result *round_trip = &results[OW_ROUND_TRIP];
  add(0, 4, 1, 6);
  add(1, 8, 3, 6);
  add(2, 2, 2, 6);
  observation.packets = 3;
  observation.losses_known = true;
  work_out();
  ck_assert_int_eq(round_trip->delay.min, 8 * UNIT);
  ck_assert_int_eq(round_trip->delay.median, 10 * UNIT);
  ck_assert_int_eq(round_trip->delay.max, 14 * UNIT);
  ck_assert_int_eq(round_trip->ipdv, 5 * UNIT);
  ck_assert(round_trip->has_dwell);
  ck_assert_int_eq(round_trip->dwell.min, 1 * UNIT);
  ck_assert_int_eq(round_trip->dwell.mean, 2 * UNIT);
  ck_assert_int_eq(round_trip->dwell.max, 3 * UNIT);
  ck_assert_int_eq(round_trip->clock.error_ns, 0);
  ck_assert_int_eq(round_trip->completeness, OW_RESULT_COMPLETE);
  ck_assert_int_eq(results[OW_FORWARD].delay.median, 1004 * UNIT);
  ck_assert_int_eq(results[OW_REVERSE].delay.median, -994 * UNIT);
  ck_assert_uint_eq(results[OW_FORWARD].hops_min, 5);
  ck_assert_uint_eq(results[OW_REVERSE].hops_min, 15);
  ck_assert_int_ge(results[OW_FORWARD].clock.error_ns, 5 * MS);
  ck_assert(!results[OW_FORWARD].has_dwell && !results[OW_REVERSE].has_dwell);
  for (int d = 0; d < OW_RESULTS; d++)
    expect_counts((enum ow_direction)d, 3, 3, 0);
}
END_TEST

START_TEST(losses_are_told_by_direction_where_they_are_known)
{
  add(0, 4, 1, 6);
  lose(1);
  lose(2);
  lose(3);
  add(4, 4, 1, 6);
  observation.packets = 5;
  observation.losses_known = true;
  observation.losses[OW_FORWARD] = 1;
  observation.losses[OW_REVERSE] = 2;
  work_out();
  expect_counts(OW_ROUND_TRIP, 5, 2, 3);
  expect_counts(OW_FORWARD, 5, 4, 1);
  expect_counts(OW_REVERSE, 4, 2, 2);
  ck_assert_uint_eq(results[OW_ROUND_TRIP].longest_loss_run, 3);
  ck_assert(results[OW_FORWARD].run_unknown && results[OW_REVERSE].run_unknown);
  observation.losses[OW_FORWARD] = 3;
  observation.losses[OW_REVERSE] = 0;
  work_out();
  expect_counts(OW_FORWARD, 5, 2, 3);
  expect_counts(OW_REVERSE, 2, 2, 0);
  ck_assert_uint_eq(results[OW_FORWARD].longest_loss_run, 3);
  ck_assert(!results[OW_FORWARD].run_unknown && !results[OW_REVERSE].run_unknown);
}
END_TEST

START_TEST(and_nowhere_else)
{
  add(0, 4, 1, 6);
  lose(1);
  observation.packets = 2;
  work_out();
  expect_counts(OW_ROUND_TRIP, 2, 1, 1);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert(results[d].loss_unknown);
    ck_assert_uint_eq(results[d].received, 1);
    ck_assert_int_eq(results[d].completeness, OW_RESULT_COMPLETE);
  }
}
END_TEST

START_TEST(what_all_was_lost_on_has_no_times)
{
  lose(0);
  lose(1);
  observation.packets = 2;
  work_out();
  expect_counts(OW_ROUND_TRIP, 2, 0, 2);
  ck_assert_int_eq(results[OW_FORWARD].completeness, OW_RESULT_ABSENT);
  ck_assert_int_eq(results[OW_REVERSE].completeness, OW_RESULT_ABSENT);
  observation.losses_known = true;
  observation.losses[OW_FORWARD] = 1;
  observation.losses[OW_REVERSE] = 1;
  work_out();
  expect_counts(OW_REVERSE, 1, 0, 1);
  ck_assert_int_eq(results[OW_REVERSE].completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(results[OW_REVERSE].end.ntp, at(1, 0).ntp);
  /* One arrived there, but nobody knows when: a direction with packets and without delays is none. */
  expect_counts(OW_FORWARD, 0, 0, 0);
  ck_assert_int_eq(results[OW_FORWARD].completeness, OW_RESULT_ABSENT);
  observation.losses[OW_FORWARD] = 2;
  observation.losses[OW_REVERSE] = 0;
  work_out();
  expect_counts(OW_FORWARD, 2, 0, 2);
  ck_assert_int_eq(results[OW_FORWARD].completeness, OW_RESULT_COMPLETE);
  ck_assert_int_eq(results[OW_REVERSE].completeness, OW_RESULT_ABSENT);
}
END_TEST

START_TEST(reordering_is_that_of_its_own_way)
{
  /* 1 overtakes 0 on the way there; 2 and 3 are answered in order, and 3 overtakes 2 on the way back. */
  add(1, 1, 1, 6);
  add(0, 600, 1, 6);
  add(3, 1, 1, 6);
  add(2, 1, 1, 600);
  observation.packets = 4;
  observation.losses_known = true;
  work_out();
  ck_assert_uint_eq(results[OW_FORWARD].reordered, 1);
  ck_assert_uint_eq(results[OW_REVERSE].reordered, 1);
  ck_assert_uint_eq(results[OW_ROUND_TRIP].reordered, 2);
}
END_TEST

START_TEST(the_rest_is_where_it_happened)
{
  static const struct ow_skip_range skipped = {2, 9};
  add(0, 4, 1, 6);
  add(1, 4, 1, 6);
  lose(2); /* it was stamped, and could not leave */
  observation.packets = 10;
  observation.skipped = &skipped;
  observation.skip_ranges = 1;
  observation.losses_known = true;
  observation.duplicates[OW_FORWARD] = 3;
  observation.duplicates[OW_REVERSE] = 4;
  observation.discarded = 5;
  observation.refused = 8;
  observation.refusal = 1;
  work_out();
  ck_assert_uint_eq(results[OW_FORWARD].duplicates, 3);
  ck_assert_uint_eq(results[OW_REVERSE].duplicates, 4);
  ck_assert_uint_eq(results[OW_ROUND_TRIP].duplicates, 7);
  ck_assert_uint_eq(results[OW_FORWARD].discarded, 0);
  ck_assert_uint_eq(results[OW_REVERSE].discarded, 5);
  ck_assert_uint_eq(results[OW_FORWARD].refused, 8);
  ck_assert_uint_eq(results[OW_FORWARD].skipped, 8);
  ck_assert_int_eq(results[OW_FORWARD].completeness, OW_RESULT_PARTIAL);
  expect_counts(OW_ROUND_TRIP, 2, 2, 0);
}
END_TEST

START_TEST(what_our_own_socket_dropped_is_no_loss)
{
  add(0, 4, 1, 6);
  lose(1);
  lose(2);
  observation.packets = 3;
  observation.losses_known = true;
  observation.losses[OW_REVERSE] = 2;
  observation.dropped = 1;
  work_out();
  expect_counts(OW_REVERSE, 2, 1, 1);
  expect_counts(OW_ROUND_TRIP, 2, 1, 1);
  ck_assert_int_eq(results[OW_REVERSE].completeness, OW_RESULT_PARTIAL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("stats of reflected sessions");
  TEST_CASE_WITH(set_up, tear_down, suite, "results",
                 the_round_trip_is_free_of_both_clocks_and_of_the_dwell_time,
                 losses_are_told_by_direction_where_they_are_known, and_nowhere_else,
                 what_all_was_lost_on_has_no_times, reordering_is_that_of_its_own_way,
                 the_rest_is_where_it_happened, what_our_own_socket_dropped_is_no_loss);
  return test_run(suite);
}
