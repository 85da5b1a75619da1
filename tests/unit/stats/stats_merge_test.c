/* SPDX-License-Identifier: MIT */
/* Several intervals taken together. */
#include <errno.h>

#include <stdlib.h>
#include <string.h>

#include "stats/merge.h"
#include "support/main.h"
#include "support/seed.h"

enum { MS = 1000000 };

static void merge(const struct ow_result *results, size_t count, struct ow_result *merged)
{
  ck_assert_int_eq(ow_result_merge(results, count, NULL, merged), OW_OK);
}

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
      .clock = {true, true, (int64_t)ms * 100, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false},
      .has_ipdv = true,
      .ipdv = (int64_t)ms * 1000,
      .ipdv_pairs = received * 9 / 10,
  };
}

START_TEST(sums_and_extremes)
{
  struct ow_result list[] = {interval(10, 2, 5), interval(30, 0, 9)};
  struct ow_result merged;
  list[0].refused = 1;
  list[0].refusal = ENETUNREACH;
  merge(list, 2, &merged);
  ck_assert(merged.refused == 1 && merged.refusal == ENETUNREACH);
  ck_assert_int_eq(merged.completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(merged.sent, 42);
  ck_assert_uint_eq(merged.received, 40);
  ck_assert_uint_eq(merged.lost, 2);
  ck_assert_uint_eq(merged.longest_loss_run, 2);
  ck_assert(merged.skipped == 2 && merged.duplicates == 4 && merged.reordered == 6 && merged.discarded == 8);
  ck_assert_int_eq(merged.delay.min, 4 * MS);
  ck_assert_int_eq(merged.delay.max, 12 * MS);
  /* (10 * 5 + 30 * 9) / 40 = 8; ipdv (9 * 5 + 27 * 9) / 36 us = 8 us */
  ck_assert_int_eq(merged.delay.mean, 8 * MS);
  ck_assert(merged.has_ipdv && merged.ipdv == 8000 && merged.ipdv_pairs == 36);
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
  list[0].clock.departed = list[1].clock.departed = OW_DEPARTED_HARDWARE;
  list[2].clock.departed = OW_DEPARTED_KERNEL;
  merge(list, 3, &merged);
  ck_assert(!merged.clock.sender_synchronized && merged.clock.receiver_synchronized && !merged.clock.stepped);
  ck_assert_int_eq(merged.clock.receive_stamp, OW_STAMP_USER);
  ck_assert_int_eq(merged.clock.departed, OW_DEPARTED_KERNEL);
  list[2].clock.stepped = true;
  list[2].clock.receive_stamp = OW_STAMP_UNKNOWN;
  merge(list, 3, &merged);
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
  merge(list, 3, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_PARTIAL);
  ck_assert(merged.lost == 5 && merged.received == 10 && merged.delay.median == 5 * MS);
  ck_assert(merged.hops_min == 5 && merged.clock.sender_synchronized && merged.ipdv == 5000);
  merge(list, 2, &merged);
  ck_assert(merged.received == 0 && merged.lost == 5 && !merged.has_ipdv && merged.delay.max == 0);
  merge(list, 1, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_ABSENT);
  merge(list, 0, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_ABSENT);
  list[2].completeness = OW_RESULT_PARTIAL;
  merge(list + 2, 1, &merged);
  ck_assert_int_eq(merged.completeness, OW_RESULT_PARTIAL);
}
END_TEST

/* ---- without histograms ---- */

/*
 * Of 10 packets the 5th took 5 ms and the last four lie between, of 30 the first took 8 ms, the 15th 9 ms:
 * the 20th of all is the 10th of those, at 8 ms and 9/14.
 */
START_TEST(summaries_are_approximate)
{
  struct ow_result list[] = {interval(10, 0, 5), interval(30, 0, 9)};
  struct ow_result merged;
  merge(list, 2, &merged);
  ck_assert_int_eq(merged.quantiles, OW_QUANTILES_SUMMARY);
  ck_assert_int_le(llabs(merged.delay.median - (8 * MS + 9 * MS / 14)), 30000);
  ck_assert_int_eq(merged.jitter, merged.delay.p95 - merged.delay.median);
  ck_assert_int_eq(merged.pdv, merged.delay.p95 - merged.delay.min);
}
END_TEST

/* However many are alike, together they are like each. */
START_TEST(summaries_of_one_kind_stay_it)
{
  enum { COUNT = 20 };
  struct ow_result list[COUNT];
  struct ow_result merged;
  for (int i = 0; i < COUNT; i++)
    list[i] = interval(10000, 0, 50);
  merge(list, COUNT, &merged);
  ck_assert_int_le(llabs(merged.delay.median - 50 * MS), 1000);
  ck_assert_int_le(llabs(merged.delay.p95 - 51 * MS), 1000);
  ck_assert_int_le(llabs(merged.delay.p99 - 52 * MS), 1500);
}
END_TEST

START_TEST(a_single_one_stays_as_it_is)
{
  const struct ow_percentiles wanted = {3, {50000, 95000, 99900}};
  struct ow_result list[] = {{0}, interval(1000, 0, 5), {0}};
  struct ow_result merged;
  merge(list, 3, &merged);
  ck_assert_mem_eq(&merged.delay, &list[1].delay, sizeof merged.delay);
  ck_assert(merged.jitter == MS && merged.pdv == 2 * MS && merged.quantiles == OW_QUANTILES_EXACT);
  for (int alone = 0; alone < 2; alone++) {
    ck_assert_int_eq(ow_result_merge(list + alone, alone ? 1 : 3, &wanted, &merged), OW_OK);
    ck_assert_mem_eq(&merged.delay, &list[1].delay, sizeof merged.delay);
    ck_assert_int_eq(merged.quantiles, OW_QUANTILES_SUMMARY);
    ck_assert_uint_eq(merged.percentiles.count, 3);
    ck_assert(merged.percentile_delays[0] == 5 * MS && merged.percentile_delays[1] == 6 * MS);
    ck_assert_int_gt(merged.percentile_delays[2], 7 * MS);
    ck_assert_int_lt(merged.percentile_delays[2], 8 * MS + 1);
    list[1].percentiles = (struct ow_percentiles){1, {99900}};
    list[1].percentile_delays[0] = 7 * MS + 5;
    ck_assert_int_eq(ow_result_merge(list + alone, alone ? 1 : 3, &wanted, &merged), OW_OK);
    ck_assert(merged.percentile_delays[2] == 7 * MS + 5 && merged.quantiles == OW_QUANTILES_EXACT);
    list[1].percentiles.count = 0;
  }
}
END_TEST

/* Whatever another process says, no percentile leaves what lies between least and largest. */
START_TEST(random_summaries_lie_between)
{
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < 500; round++) {
    struct ow_result list[5];
    struct ow_result merged;
    size_t count = 2 + test_prng_below(&prng, 4);
    for (size_t i = 0; i < count; i++) {
      list[i] = interval(1 + (uint32_t)test_prng_below(&prng, 1000000), 0, 5);
      int64_t *delays = &list[i].delay.min;
      for (size_t d = 0; d < sizeof list[i].delay / sizeof *delays; d++)
        delays[d] = (int64_t)(test_prng_next(&prng) >> test_prng_below(&prng, 64)) - 1000;
    }
    merge(list, count, &merged);
    ck_assert(merged.delay.median >= merged.delay.min && merged.delay.p95 >= merged.delay.median);
    ck_assert(merged.delay.p99 >= merged.delay.p95);
    ck_assert(merged.delay.p99 <= merged.delay.max || merged.delay.max < merged.delay.min);
  }
}
END_TEST

/* ---- with histograms ---- */

enum { INTERVALS = 12, PACKETS = 400 };

/* Delays of one interval around `base`, by one of some laws. */
static int64_t random_delay(struct test_prng *prng, int law, int64_t base)
{
  uint64_t any = test_prng_next(prng);
  int64_t spread = 0;
  switch (law) {
  case 0: spread = 0; break;
  case 1: spread = (int64_t)(any % 300); break;                        /* ns */
  case 2: spread = (int64_t)(any % (50 * 1000)); break;                /* us */
  case 3: spread = (int64_t)(any >> 20 >> (any & 43)); break;          /* of any magnitude, up to hours */
  case 4: spread = any % 10 ? (int64_t)(any % 1000) : 200 * MS; break; /* two paths */
  default: spread = (int64_t)(any % 3) * 77777777; break;
  }
  return base + spread;
}

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

struct packets {
  int64_t delays[INTERVALS * PACKETS];
  uint32_t count;
  __int128 sum;
};

/* One more interval, whose packets join those before. */
static struct ow_result random_interval(struct test_prng *prng, struct packets *all)
{
  int64_t *own = all->delays + all->count;
  uint32_t count = test_prng_below(prng, 4) ? 1 + (uint32_t)test_prng_below(prng, PACKETS) : 1;
  int law = (int)test_prng_below(prng, 6);
  /* Clocks that are off by hours, either way, or by next to nothing. */
  int64_t base = (int64_t)(test_prng_next(prng) >> 20 >> test_prng_below(prng, 44));
  if (test_prng_below(prng, 2))
    base = -base;
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE, .sent = count, .received = count};
  for (uint32_t i = 0; i < count; i++) {
    own[i] = random_delay(prng, law, base);
    all->sum += own[i];
  }
  result.delay = ow_delays_summarize(own, count);
  result.histogram = ow_histogram_of(own, count);
  ck_assert_ptr_nonnull(result.histogram);
  ck_assert_uint_le(ow_histogram_entries(result.histogram), count);
  all->count += count;
  return result;
}

/* 1 % of the distance from the least delay, or a microsecond; in fact less than half of it, and no floor. */
static void assert_close(const struct packets *all, int64_t told, int64_t truth, const char *what)
{
  int64_t distance = truth - all->delays[0];
  int64_t off = llabs(told - truth);
  ck_assert_msg(off <= distance / 100 || off <= 1000, "%s: %lld instead of %lld", what, (long long)told,
                (long long)truth);
  ck_assert_msg((double)off <= 0.0045 * (double)distance, "%s: %lld instead of %lld, beyond what is proved",
                what, (long long)told, (long long)truth);
}

static int64_t exact(const struct packets *all, uint32_t percentile)
{
  return all->delays[ow_percentile_rank(all->count, percentile) - 1];
}

static void assert_merged(struct packets *all, const struct ow_result *list, size_t count,
                          struct test_prng *prng)
{
  struct ow_percentiles wanted = {.count = OW_PERCENTILES_MOST};
  struct ow_result merged;
  for (uint32_t i = 0; i < wanted.count; i++)
    wanted.list[i] = 1 + (uint32_t)test_prng_below(prng, 100 * OW_PERCENT);
  ck_assert_int_eq(ow_result_merge(list, count, &wanted, &merged), OW_OK);
  qsort(all->delays, all->count, sizeof *all->delays, compare);
  ck_assert_int_eq(merged.delay.min, all->delays[0]);
  ck_assert_int_eq(merged.delay.max, all->delays[all->count - 1]);
  ck_assert_int_le(llabs(merged.delay.mean - ow_mean(all->sum, all->count)), 1);
  assert_close(all, merged.delay.median, exact(all, 50 * OW_PERCENT), "median");
  assert_close(all, merged.delay.p95, exact(all, 95 * OW_PERCENT), "p95");
  assert_close(all, merged.delay.p99, exact(all, 99 * OW_PERCENT), "p99");
  for (uint32_t i = 0; i < wanted.count; i++)
    assert_close(all, merged.percentile_delays[i], exact(all, wanted.list[i]), "percentile");
  int64_t distance = exact(all, 95 * OW_PERCENT) - all->delays[0];
  int64_t jitter = exact(all, 95 * OW_PERCENT) - exact(all, 50 * OW_PERCENT);
  ck_assert_int_le(llabs(merged.jitter - jitter), distance / 100 > 1000 ? distance / 100 : 1000);
  ck_assert_int_le(llabs(merged.pdv - distance), distance / 100 > 1000 ? distance / 100 : 1000);
  ck_assert_int_eq(merged.quantiles, OW_QUANTILES_HISTOGRAM);
  ck_assert_ptr_null(merged.histogram);
}

START_TEST(histograms_hold_what_is_promised)
{
  struct test_prng prng = test_prng(test_seed());
  static struct packets all;
  for (int round = 0; round < 1500; round++) {
    struct ow_result list[INTERVALS];
    size_t count = 2 + test_prng_below(&prng, INTERVALS - 1);
    all.count = 0;
    all.sum = 0;
    for (size_t i = 0; i < count; i++)
      list[i] = random_interval(&prng, &all);
    assert_merged(&all, list, count, &prng);
    for (size_t i = 0; i < count; i++)
      ow_result_drop(&list[i]);
  }
}
END_TEST

/* The same wherever zero lies: the clocks' offset is no part of a distance. */
START_TEST(offsets_change_nothing)
{
  const int64_t delays[][4] = {{1000, 2000, 3000, 9000}, {0, 100, 7000, 123456}};
  const int64_t offsets[] = {0, -5000, INT64_C(-3600000000000), INT64_C(1) << 61, -(INT64_C(1) << 61)};
  for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
    struct ow_result list[2];
    struct ow_result merged;
    for (int i = 0; i < 2; i++) {
      int64_t moved[4];
      for (int d = 0; d < 4; d++)
        moved[d] = delays[i][d] + offsets[o];
      list[i] = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 4, .received = 4};
      list[i].delay = ow_delays_summarize(moved, 4);
      list[i].histogram = ow_histogram_of(moved, 4);
    }
    merge(list, 2, &merged);
    /* 0 100 1000 2000 3000 7000 9000 123456 */
    ck_assert_int_eq(merged.delay.min - offsets[o], 0);
    ck_assert_int_le(llabs(merged.delay.median - offsets[o] - 2000), 8);
    ck_assert_int_eq(merged.delay.p99 - offsets[o], 123456);
    ow_result_drop(&list[0]);
    ow_result_drop(&list[1]);
  }
}
END_TEST

/* Of 64 bits, whichever way. */
START_TEST(extremes_far_apart)
{
  const int64_t delays[] = {INT64_MIN, 0, INT64_MAX};
  struct ow_result list[2];
  struct ow_result merged;
  for (int i = 0; i < 2; i++) {
    list[i] = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 3, .received = 3};
    list[i].delay = (struct ow_delays){INT64_MIN, 0, 0, INT64_MAX, INT64_MAX, INT64_MAX};
    list[i].histogram = ow_histogram_of(delays, 3);
  }
  merge(list, 2, &merged);
  ck_assert_int_eq(merged.delay.min, INT64_MIN);
  ck_assert_int_eq(merged.delay.p95, INT64_MAX);
  ck_assert_int_eq(merged.jitter, INT64_MAX - merged.delay.median);
  ck_assert_int_eq(merged.pdv, INT64_MAX); /* as much as there are numbers */
  ow_result_drop(&list[0]);
  ow_result_drop(&list[1]);
}
END_TEST

START_TEST(one_without_makes_all_approximate)
{
  const int64_t delays[] = {4 * MS, 5 * MS, 6 * MS};
  struct ow_result list[] = {interval(3, 0, 5), interval(3, 0, 5)};
  struct ow_result merged;
  list[0].histogram = ow_histogram_of(delays, 3);
  merge(list, 2, &merged);
  ck_assert_int_eq(merged.quantiles, OW_QUANTILES_SUMMARY);
  list[1].histogram = ow_histogram_share(list[0].histogram);
  merge(list, 2, &merged);
  ck_assert_int_eq(merged.quantiles, OW_QUANTILES_HISTOGRAM);
  ow_result_drop(&list[0]);
  ow_result_drop(&list[1]);
}
END_TEST

/* ipdv is the mean over all pairs, as if they had been one interval's. */
START_TEST(ipdv_by_pairs)
{
  struct ow_result list[] = {interval(100, 0, 5), interval(100, 0, 9)};
  struct ow_result merged;
  list[0].ipdv_pairs = 1;
  list[0].ipdv = 9000;
  list[1].ipdv_pairs = 2;
  list[1].ipdv = 3000;
  merge(list, 2, &merged);
  ck_assert(merged.ipdv == 5000 && merged.ipdv_pairs == 3);
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
    list[i].ipdv_pairs = UINT32_MAX;
    list[i].delay.p95 = list[i].ipdv = INT64_MAX;
    list[i].delay.mean = INT64_MIN;
  }
  merge(list, COUNT, &merged);
  ck_assert_uint_eq(merged.sent, UINT32_MAX);
  ck_assert_uint_eq(merged.lost, UINT32_MAX);
  ck_assert_uint_eq(merged.received, UINT32_MAX);
  ck_assert_uint_eq(merged.duplicates, UINT32_MAX);
  ck_assert_uint_eq(merged.ipdv_pairs, UINT32_MAX);
  ck_assert_int_le(llabs(merged.delay.p95 - merged.delay.max), MS / 100);
  ck_assert_int_eq(merged.ipdv, INT64_MAX);
  ck_assert_int_eq(merged.delay.mean, INT64_MIN);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("stats merge");
  TEST_CASE(suite, "merge", sums_and_extremes, the_worst_is_said_of_the_clocks, what_is_missing,
            a_single_one_stays_as_it_is, ipdv_by_pairs, numbers_beyond_all_bounds_stay_there);
  TEST_CASE(suite, "without histograms", summaries_are_approximate, summaries_of_one_kind_stay_it,
            random_summaries_lie_between);
  TEST_CASE(suite, "with histograms", histograms_hold_what_is_promised, offsets_change_nothing,
            extremes_far_apart, one_without_makes_all_approximate);
  return test_run(suite);
}
