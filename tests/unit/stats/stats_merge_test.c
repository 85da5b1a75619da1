/* SPDX-License-Identifier: MIT */
/* Several intervals taken together. */
#include <errno.h>

#include "stats/merge.h"
#include "support/main.h"
#include "support/seed.h"

enum { MS = 1000000 };

/* `received` packets around a median of `ms`. */
static struct ow_result interval(uint32_t received, uint32_t lost, int ms)
{
  int64_t median = (int64_t)ms * MS;
  return (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .begin = {(uint64_t)ms << 32},
      .end = {(uint64_t)(ms + 1) << 32},
      .sent = received + lost,
      .received = received,
      .lost = lost,
      .longest_loss_run = lost,
      .skipped = 1,
      .duplicates = 2,
      .reordered = 3,
      .discarded = 4,
      .delay = {median - MS, median, median, median + MS, median + 2 * MS, median + 3 * MS},
      .jitter = MS,
      .pdv = 2 * MS,
      .hops_min = (uint8_t)ms,
      .hops_max = (uint8_t)(ms + 2),
      .clock = {true, true, (int64_t)ms * 100, OW_STAMP_KERNEL, false},
      .has_ipdv = true,
      .ipdv = (int64_t)ms * 1000,
  };
}

START_TEST(sums_and_extremes)
{
  struct ow_result list[] = {interval(10, 2, 5), interval(30, 0, 9)};
  struct ow_result merged;
  list[0].refused = 1;
  list[0].refusal = ENETUNREACH;
  ow_result_merge(list, 2, &merged);
  ck_assert(merged.refused == 1 && merged.refusal == ENETUNREACH);
  ck_assert_int_eq(merged.completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(merged.sent, 42);
  ck_assert_uint_eq(merged.received, 40);
  ck_assert_uint_eq(merged.lost, 2);
  ck_assert_uint_eq(merged.longest_loss_run, 2);
  ck_assert(merged.skipped == 2 && merged.duplicates == 4 && merged.reordered == 6 && merged.discarded == 8);
  ck_assert_int_eq(merged.delay.min, 4 * MS);
  ck_assert_int_eq(merged.delay.max, 12 * MS);
  /* (10 * 5 + 30 * 9) / 40 = 8; p95 9; p99 10; ipdv (10 * 5 + 30 * 9) / 40 us = 8 us */
  ck_assert_int_eq(merged.delay.mean, 8 * MS);
  ck_assert_int_eq(merged.delay.median, 8 * MS);
  ck_assert_int_eq(merged.delay.p95, 9 * MS);
  ck_assert_int_eq(merged.delay.p99, 10 * MS);
  ck_assert(merged.has_ipdv && merged.ipdv == 8000);
  ck_assert(merged.jitter == MS && merged.pdv == 2 * MS);
  ck_assert(merged.hops_min == 5 && merged.hops_max == 11);
  ck_assert_int_eq(merged.clock.error_ns, 900);
  ck_assert(merged.begin.ntp == (uint64_t)5 << 32 && merged.end.ntp == (uint64_t)10 << 32);
}
END_TEST

START_TEST(the_worst_is_said_of_the_clocks)
{
  struct ow_result list[] = {interval(10, 0, 5), interval(10, 0, 5), interval(10, 0, 5)};
  struct ow_result merged;
  list[1].clock.sender_synchronized = false;
  list[1].clock.receive_stamp = OW_STAMP_USER;
  ow_result_merge(list, 3, &merged);
  ck_assert(!merged.clock.sender_synchronized && merged.clock.receiver_synchronized && !merged.clock.stepped);
  ck_assert_int_eq(merged.clock.receive_stamp, OW_STAMP_USER);
  list[2].clock.stepped = true;
  list[2].clock.receive_stamp = OW_STAMP_UNKNOWN;
  ow_result_merge(list, 3, &merged);
  ck_assert(merged.clock.stepped);
  ck_assert_int_eq(merged.clock.receive_stamp, OW_STAMP_UNKNOWN);
}
END_TEST

START_TEST(what_is_missing)
{
  struct ow_result list[] = {{0}, interval(0, 5, 7), interval(10, 0, 5)};
  struct ow_result merged;
  list[1].has_ipdv = false;
  list[1].clock = (struct ow_clock_trust){0};
  ow_result_merge(list, 3, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_PARTIAL);
  ck_assert(merged.lost == 5 && merged.received == 10 && merged.delay.median == 5 * MS);
  ck_assert(merged.hops_min == 5 && merged.clock.sender_synchronized && merged.ipdv == 5000);
  ow_result_merge(list, 2, &merged);
  ck_assert(merged.received == 0 && merged.lost == 5 && !merged.has_ipdv && merged.delay.max == 0);
  ow_result_merge(list, 1, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_ABSENT);
  ow_result_merge(list, 0, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_ABSENT);
  list[2].completeness = OW_RESULT_PARTIAL;
  ow_result_merge(list + 2, 1, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_PARTIAL);
}
END_TEST

/* Means lie between the intervals' own, one alone stays as it is. */
START_TEST(random_means_lie_between)
{
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < 2000; round++) {
    struct ow_result list[5];
    struct ow_result merged;
    size_t count = 1 + test_prng_below(&prng, 5);
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
      list[i] =
          interval(1 + (uint32_t)test_prng_below(&prng, 1000000), 0, (int)test_prng_below(&prng, 200) - 100);
      least = list[i].delay.p95 < least ? list[i].delay.p95 : least;
      most = list[i].delay.p95 > most ? list[i].delay.p95 : most;
    }
    ow_result_merge(list, count, &merged);
    ck_assert(merged.delay.p95 >= least && merged.delay.p95 <= most);
  }
}
END_TEST

/* Another process' numbers may be anything: none wraps around. */
START_TEST(numbers_beyond_all_bounds_stay_there)
{
  enum { COUNT = 3 };
  struct ow_result list[COUNT];
  struct ow_result merged;
  for (int i = 0; i < COUNT; i++) {
    list[i] = interval(UINT32_MAX, 0, 1);
    list[i].sent = list[i].lost = list[i].duplicates = UINT32_MAX;
    list[i].delay.p95 = list[i].ipdv = INT64_MAX;
    list[i].delay.mean = INT64_MIN;
  }
  ow_result_merge(list, COUNT, &merged);
  ck_assert_uint_eq(merged.sent, UINT32_MAX);
  ck_assert_uint_eq(merged.lost, UINT32_MAX);
  ck_assert_uint_eq(merged.received, UINT32_MAX);
  ck_assert_uint_eq(merged.duplicates, UINT32_MAX);
  ck_assert_int_eq(merged.delay.p95, INT64_MAX);
  ck_assert_int_eq(merged.ipdv, INT64_MAX);
  ck_assert_int_eq(merged.delay.mean, -INT64_MAX);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("stats merge");
  TEST_CASE(suite, "merge", sums_and_extremes, the_worst_is_said_of_the_clocks, what_is_missing,
            random_means_lie_between, numbers_beyond_all_bounds_stay_there);
  return test_run(suite);
}
