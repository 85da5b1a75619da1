/* SPDX-License-Identifier: MIT */
/* core/stats: buckets of distances, and histograms made of them. */
#include <stdlib.h>

#include "stats/bucket.h"
#include "stats/histogram.h"
#include "support/main.h"
#include "support/seed.h"

/* A distance of any magnitude. */
static uint64_t random_distance(struct test_prng *prng)
{
  return test_prng_next(prng) >> test_prng_below(prng, 64);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
  return a > b ? a - b : b - a;
}

START_TEST(bucket_bounds)
{
  ck_assert_uint_eq(ow_bucket_of(0, OW_HISTOGRAM_BITS), 0);
  ck_assert_uint_eq(ow_bucket_of(255, OW_HISTOGRAM_BITS), 255);
  ck_assert_uint_eq(ow_bucket_of(256, OW_HISTOGRAM_BITS), 256);
  ck_assert_uint_eq(ow_bucket_of(257, OW_HISTOGRAM_BITS), 256);
  ck_assert_uint_eq(ow_bucket_of(511, OW_HISTOGRAM_BITS), 383);
  ck_assert_uint_eq(ow_bucket_of(512, OW_HISTOGRAM_BITS), 384);
  ck_assert_uint_eq(ow_bucket_of(UINT64_MAX, OW_HISTOGRAM_BITS), OW_HISTOGRAM_BUCKETS - 1);
  ck_assert_uint_eq(ow_bucket_middle(255, OW_HISTOGRAM_BITS), 255);
  ck_assert_uint_eq(ow_bucket_middle(256, OW_HISTOGRAM_BITS), 257);
  ck_assert_uint_eq(ow_bucket_middle(384, OW_HISTOGRAM_BITS), 514);
}
END_TEST

/* None is wider than 1 % of what is in it, each holds its middle, and they rise. */
START_TEST(buckets_at_random)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < 200000; i++) {
    unsigned bits = i % 2 ? OW_HISTOGRAM_BITS : 10;
    uint64_t distance = random_distance(&prng);
    uint32_t bucket = ow_bucket_of(distance, bits);
    uint64_t middle = ow_bucket_middle(bucket, bits);
    ck_assert_uint_eq(ow_bucket_of(middle, bits), bucket);
    ck_assert_uint_le(apart(middle, distance), distance >> (bits + 1));
    if (distance < UINT64_MAX) {
      uint32_t next = ow_bucket_of(distance + 1, bits);
      ck_assert(next == bucket || next == bucket + 1);
    }
  }
}
END_TEST

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Each packet stands in its bucket, and nothing else does. */
static void assert_holds(const struct ow_histogram *histogram, const int64_t *sorted, uint32_t count)
{
  struct ow_histogram_walk walk = ow_histogram_walk(histogram);
  struct ow_histogram_entry entry;
  uint32_t at = 0;
  size_t entries = 0;
  while (ow_histogram_next(&walk, &entry)) {
    ck_assert_uint_gt(entry.count, 0);
    for (uint32_t i = 0; i < entry.count; i++, at++) {
      ck_assert_uint_lt(at, count);
      ck_assert_uint_eq(ow_bucket_of((uint64_t)sorted[at] - (uint64_t)sorted[0], OW_HISTOGRAM_BITS),
                        entry.bucket);
    }
    entries++;
  }
  ck_assert_uint_eq(at, count);
  ck_assert_uint_eq(ow_histogram_entries(histogram), entries);
  ck_assert_uint_le(entries, count < OW_HISTOGRAM_BUCKETS ? count : OW_HISTOGRAM_BUCKETS);
}

START_TEST(histograms_at_random)
{
  enum { MOST = 3000 };
  static int64_t delays[MOST];
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < 300; round++) {
    uint32_t count = 1 + (uint32_t)test_prng_below(&prng, MOST);
    int64_t base = (int64_t)(test_prng_next(&prng) >> 1) - (INT64_C(1) << 62);
    unsigned least = 2 + (unsigned)test_prng_below(&prng, 60);
    for (uint32_t i = 0; i < count; i++)
      delays[i] = (int64_t)((uint64_t)base + (random_distance(&prng) >> least));
    qsort(delays, count, sizeof *delays, compare);
    struct ow_histogram *histogram = ow_histogram_of(delays, count);
    ck_assert_ptr_nonnull(histogram);
    assert_holds(histogram, delays, count);
    ow_histogram_drop(histogram);
  }
}
END_TEST

/* What it takes: an octet for a bucket with one packet, and up to 63 empty ones before; two with up to 129.
 */
START_TEST(memory)
{
  enum { PACKETS = 100000 };
  static int64_t delays[PACKETS];
  const int64_t three[] = {-5, 0, 100};
  struct ow_histogram *small = ow_histogram_of(three, 3);
  for (int i = 0; i < PACKETS; i++)
    delays[i] = i * 10;
  struct ow_histogram *large = ow_histogram_of(delays, PACKETS);
  size_t header = ow_histogram_memory(small) - 4; /* 0, 5, and 105 after 99 empty ones: 1, 1, 2 */
  ck_assert_uint_le(header, 16);
  /* Up to 1 ms, less than 1/128 wide: 256 and 12 times 128 at most */
  ck_assert_uint_le(ow_histogram_entries(large), 256 + 12 * 128);
  ck_assert_uint_le(ow_histogram_memory(large), header + 3 * ow_histogram_entries(large));
  ow_histogram_drop(small);
  ow_histogram_drop(large);
}
END_TEST

/* The largest code of an entry comes back. */
START_TEST(largest_numbers)
{
  const struct ow_histogram_entry entries[] = {
      {0, UINT32_MAX}, {1, 1}, {2, 2}, {65, 129}, {66, 130}, {OW_HISTOGRAM_BUCKETS - 1, UINT32_MAX}};
  struct ow_histogram *histogram = ow_histogram_make(entries, sizeof entries / sizeof *entries);
  struct ow_histogram_walk walk = ow_histogram_walk(histogram);
  struct ow_histogram_entry entry;
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    ck_assert(ow_histogram_next(&walk, &entry));
    ck_assert(entry.bucket == entries[i].bucket && entry.count == entries[i].count);
  }
  ck_assert(!ow_histogram_next(&walk, &entry));
  ow_histogram_drop(histogram);
}
END_TEST

/* The last user frees it: sanitizers would tell. */
START_TEST(users)
{
  const int64_t delay = 7;
  struct ow_histogram *histogram = ow_histogram_of(&delay, 1);
  ck_assert_ptr_eq(ow_histogram_share(histogram), histogram);
  ow_histogram_drop(histogram);
  ck_assert_uint_eq(ow_histogram_entries(histogram), 1);
  ow_histogram_drop(histogram);
  ck_assert_ptr_null(ow_histogram_share(NULL));
  ow_histogram_drop(NULL);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("stats histogram");
  TEST_CASE(suite, "buckets", bucket_bounds, buckets_at_random);
  TEST_CASE(suite, "histograms", histograms_at_random, memory, largest_numbers, users);
  return test_run(suite);
}
