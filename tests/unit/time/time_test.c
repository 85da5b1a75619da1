/* SPDX-License-Identifier: MIT */
/* core/time: timestamps across eras, error estimates, lists of samples. */
#include <time.h>

#include "support/main.h"
#include "support/seed.h"
#include "time/error_estimate.h"
#include "time/sample.h"
#include "time/timestamp.h"

#define ERA_SECONDS INT64_C(4294967296)

enum { ROUNDS = 20000 };

static struct ow_timestamp at(uint64_t seconds, uint64_t fraction)
{
  return (struct ow_timestamp){seconds << 32 | fraction};
}

/* Timestamps */

START_TEST(a_stamp_differs_from_itself_by_nothing)
{
  struct ow_timestamp stamp = at(0xeeae485e, 0x407b45f0);
  ck_assert_int_eq(ow_timestamp_difference(stamp, stamp), 0);
  ck_assert(!ow_timestamp_after(stamp, stamp));
}
END_TEST

START_TEST(a_difference_has_a_sign)
{
  ck_assert_int_eq(ow_timestamp_difference(at(7, 0), at(5, 0x80000000)), 1500 * OW_NS_PER_MS);
  ck_assert_int_eq(ow_timestamp_difference(at(5, 0x80000000), at(7, 0)), -1500 * OW_NS_PER_MS);
}
END_TEST

START_TEST(a_difference_across_2036_is_right_both_ways)
{
  struct ow_timestamp before = at(UINT32_MAX, 0xc0000000);
  struct ow_timestamp after = at(0, 0x40000000);
  ck_assert_int_eq(ow_timestamp_difference(after, before), OW_NS_PER_S / 2);
  ck_assert_int_eq(ow_timestamp_difference(before, after), -OW_NS_PER_S / 2);
}
END_TEST

START_TEST(order_holds_across_2036)
{
  ck_assert(ow_timestamp_after(at(0, 1), at(UINT32_MAX, 0)));
  ck_assert(!ow_timestamp_after(at(UINT32_MAX, 0), at(0, 1)));
}
END_TEST

START_TEST(a_difference_is_rounded_down)
{
  struct ow_timestamp base = at(9, 100);
  ck_assert_int_eq(ow_timestamp_difference(at(9, 104), base), 0);
  ck_assert_int_eq(ow_timestamp_difference(at(9, 105), base), 1);
  ck_assert_int_eq(ow_timestamp_difference(at(9, 99), base), -1);
  ck_assert_int_eq(ow_timestamp_difference(at(9, 95), base), -2);
}
END_TEST

START_TEST(the_largest_differences_fit)
{
  ck_assert_int_eq(ow_timestamp_difference(at(0x7fffffff, 0xffffffff), at(0, 0)),
                   INT64_C(2147483648) * OW_NS_PER_S - 1);
  ck_assert_int_eq(ow_timestamp_difference(at(0x80000000, 0), at(0, 0)), INT64_C(-2147483648) * OW_NS_PER_S);
}
END_TEST

START_TEST(only_all_zero_is_no_time)
{
  ck_assert(ow_timestamp_is_zero(at(0, 0)));
  ck_assert(!ow_timestamp_is_zero(at(0, 1)));
  ck_assert(!ow_timestamp_is_zero(at(1, 0)));
}
END_TEST

START_TEST(nanoseconds_are_added_and_taken_away)
{
  ck_assert_uint_eq(ow_timestamp_plus(at(5, 0), OW_NS_PER_S / 4).ntp, at(5, 0x40000000).ntp);
  ck_assert_uint_eq(ow_timestamp_plus(at(5, 0), -OW_NS_PER_S / 4).ntp, at(4, 0xc0000000).ntp);
  ck_assert_uint_eq(ow_timestamp_plus(at(5, 0), -2 * OW_NS_PER_S).ntp, at(3, 0).ntp);
}
END_TEST

START_TEST(adding_crosses_2036)
{
  ck_assert_uint_eq(ow_timestamp_plus(at(UINT32_MAX, 0), 3 * OW_NS_PER_S).ntp, at(2, 0).ntp);
  ck_assert_uint_eq(ow_timestamp_plus(at(2, 0), -3 * OW_NS_PER_S).ntp, at(UINT32_MAX, 0).ntp);
}
END_TEST

START_TEST(a_span_is_added_across_2036)
{
  struct ow_span span = {UINT64_C(0x180000000)};
  ck_assert_uint_eq(ow_timestamp_plus_span(at(UINT32_MAX, 0x80000000), span).ntp, at(1, 0).ntp);
}
END_TEST

/* "Exact to 2^-32 s" is less than a nanosecond off. */
START_TEST(what_was_added_is_the_difference_but_for_a_nanosecond)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < ROUNDS; i++) {
    struct ow_timestamp base = {test_prng_next(&prng)};
    int64_t added = (int64_t)(test_prng_next(&prng) >> (2 + test_prng_below(&prng, 60)));
    if (added > INT64_C(2147483647) * OW_NS_PER_S)
      added = INT64_C(2147483647) * OW_NS_PER_S;
    if (i % 2)
      added = -added;
    int64_t difference = ow_timestamp_difference(ow_timestamp_plus(base, added), base);
    ck_assert_int_le(difference, added);
    ck_assert_int_ge(difference, added - 1);
  }
}
END_TEST

/* Unix time */

static const struct {
  struct timespec unix_time;
  uint64_t seconds; /* of NTP, modulo 2^32 */
} moments[] = {
    {{.tv_sec = 0}, 2208988800},
    {{.tv_sec = 1795410397}, 4004399197},          /* 2026-11-23 05:06:37 */
    {{.tv_sec = 2085978495}, UINT32_MAX},          /* 2036-02-07 06:28:15, the last second of era 0 */
    {{.tv_sec = 2085978496}, 0},                   /* the first of era 1 */
    {{.tv_sec = INT64_C(4294967295)}, 2208988799}, /* 2106-02-07 06:28:15, where 32 bits of Unix time end */
    {{.tv_sec = INT64_C(4294967296)}, 2208988800}, /* the second after it */
};
enum { MOMENTS = sizeof moments / sizeof *moments };

START_TEST(unix_time_becomes_ntp_seconds_modulo_an_era)
{
  struct timespec half = {.tv_sec = moments[_i].unix_time.tv_sec, .tv_nsec = 500000000};
  ck_assert_uint_eq(ow_timestamp_from_unix(moments[_i].unix_time).ntp, at(moments[_i].seconds, 0).ntp);
  ck_assert_uint_eq(ow_timestamp_from_unix(half).ntp, at(moments[_i].seconds, 0x80000000).ntp);
}
END_TEST

/* A week and 60 years away, before and after: the era is that of the moment near by. */
START_TEST(unix_time_comes_back_from_the_era_near_by)
{
  static const int64_t distances[] = {0, 1, 604800, INT64_C(60) * 365 * 86400};
  struct ow_timestamp stamp = at(moments[_i].seconds, 0x40000000);
  for (size_t i = 0; i < sizeof distances / sizeof *distances; i++)
    for (int sign = -1; sign <= 1; sign += 2) {
      struct timespec near = {.tv_sec = moments[_i].unix_time.tv_sec + sign * distances[i]};
      struct timespec back = ow_timestamp_to_unix(stamp, near);
      ck_assert_int_eq(back.tv_sec, moments[_i].unix_time.tv_sec);
      ck_assert_int_eq(back.tv_nsec, 250000000);
    }
}
END_TEST

START_TEST(nanoseconds_of_unix_time_carry_and_borrow)
{
  struct timespec near = {.tv_sec = 2085978495, .tv_nsec = 750000000};
  struct timespec later = ow_timestamp_to_unix(at(0, 0x80000000), near);
  ck_assert_int_eq(later.tv_sec, 2085978496);
  ck_assert_int_eq(later.tv_nsec, 500000000);
  struct timespec earlier = ow_timestamp_to_unix(at(UINT32_MAX - 1, 0xc0000000), near);
  ck_assert_int_eq(earlier.tv_sec, 2085978494);
  ck_assert_int_eq(earlier.tv_nsec, 750000000);
}
END_TEST

START_TEST(unix_time_there_and_back_loses_a_nanosecond_at_most)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < ROUNDS; i++) {
    struct timespec there = {.tv_sec = (time_t)test_prng_below(&prng, 3 * (uint64_t)ERA_SECONDS),
                             .tv_nsec = (long)test_prng_below(&prng, 1000000000)};
    struct timespec near = {.tv_sec = there.tv_sec + (time_t)test_prng_below(&prng, 2000000) - 1000000};
    struct timespec back = ow_timestamp_to_unix(ow_timestamp_from_unix(there), near);
    int64_t lost = (there.tv_sec - back.tv_sec) * OW_NS_PER_S + there.tv_nsec - back.tv_nsec;
    ck_assert_int_ge(lost, 0);
    ck_assert_int_le(lost, 1);
    ck_assert_int_ge(back.tv_nsec, 0);
    ck_assert_int_lt(back.tv_nsec, OW_NS_PER_S);
  }
}
END_TEST

/* Spans */

START_TEST(a_span_is_32_32_seconds)
{
  ck_assert_uint_eq(ow_span_from_ns(1500 * OW_NS_PER_MS).ntp, UINT64_C(0x180000000));
  ck_assert_int_eq(ow_span_to_ns((struct ow_span){UINT64_C(0x180000000)}), 1500 * OW_NS_PER_MS);
  ck_assert_uint_eq(ow_span_from_ns(0).ntp, 0);
}
END_TEST

START_TEST(nanoseconds_become_the_nearest_span)
{
  ck_assert_uint_eq(ow_span_from_ns(1).ntp, 4);                        /* 4.29 */
  ck_assert_uint_eq(ow_span_from_ns(2).ntp, 9);                        /* 8.59 */
  ck_assert_uint_eq(ow_span_from_ns(20 * OW_NS_PER_MS).ntp, 85899346); /* 85899345.92 */
}
END_TEST

START_TEST(a_span_is_cut_to_nanoseconds)
{
  ck_assert_int_eq(ow_span_to_ns((struct ow_span){4}), 0);
  ck_assert_int_eq(ow_span_to_ns((struct ow_span){5}), 1);
  ck_assert_int_eq(ow_span_to_ns((struct ow_span){UINT64_MAX}), ERA_SECONDS * OW_NS_PER_S - 1);
}
END_TEST

/* Error estimates, judged in exact arithmetic: units of 2^-32 s, and of 2^-32 ns. */

static unsigned __int128 units(struct ow_error_estimate estimate)
{
  return (unsigned __int128)(estimate.bits & 0xff) << (estimate.bits >> 8 & 0x3f);
}

/* Units of 2^-32 s that are not below `nanoseconds`. */
static unsigned __int128 units_needed(int64_t nanoseconds)
{
  return (((unsigned __int128)(uint64_t)nanoseconds << 32) + (uint64_t)OW_NS_PER_S - 1) /
         (uint64_t)OW_NS_PER_S;
}

static unsigned __int128 smallest_estimate(int64_t nanoseconds)
{
  unsigned __int128 needed = units_needed(nanoseconds);
  unsigned scale = 0;
  if (needed == 0)
    needed = 1;
  while (needed > (unsigned __int128)255 << scale)
    scale++;
  unsigned __int128 step = (unsigned __int128)1 << scale;
  return (needed + step - 1) / step * step;
}

START_TEST(an_estimate_is_split_as_on_the_wire)
{
  struct ow_error_estimate estimate = {0x8000 | 32 << 8 | 3}; /* 3 * 2^32 * 2^-32 s */
  ck_assert(ow_error_synchronized(estimate));
  ck_assert_int_eq(ow_error_ns(estimate), 3 * OW_NS_PER_S);
  estimate.bits = 31 << 8 | 1;
  ck_assert(!ow_error_synchronized(estimate));
  ck_assert_int_eq(ow_error_ns(estimate), OW_NS_PER_S / 2);
}
END_TEST

START_TEST(the_z_bit_means_nothing)
{
  struct ow_error_estimate estimate = {0x4000 | 32 << 8 | 3};
  ck_assert_int_eq(ow_error_ns(estimate), 3 * OW_NS_PER_S);
  ck_assert(!ow_error_synchronized(estimate));
}
END_TEST

START_TEST(the_s_bit_says_synchronised)
{
  ck_assert(ow_error_synchronized(ow_error_estimate(true, 1000)));
  ck_assert(!ow_error_synchronized(ow_error_estimate(false, 1000)));
  ck_assert_uint_eq(ow_error_estimate(true, 1000).bits, 0x8000 | ow_error_estimate(false, 1000).bits);
}
END_TEST

START_TEST(multiplier_zero_is_invalid)
{
  for (unsigned high = 0; high < 256; high++) {
    ck_assert(!ow_error_valid((struct ow_error_estimate){(uint16_t)(high << 8)}));
    ck_assert(ow_error_valid((struct ow_error_estimate){(uint16_t)(high << 8 | 1)}));
  }
}
END_TEST

START_TEST(the_least_error_is_multiplier_one)
{
  ck_assert_uint_eq(ow_error_estimate(false, 0).bits, 1);
  ck_assert_uint_eq(ow_error_estimate(false, -5).bits, 1);
  ck_assert_uint_eq(ow_error_estimate(false, INT64_MIN).bits, 1);
}
END_TEST

START_TEST(nanoseconds_of_an_error_are_rounded_up)
{
  ck_assert_int_eq(ow_error_ns((struct ow_error_estimate){1}), 1);
  ck_assert_int_eq(ow_error_ns((struct ow_error_estimate){4}), 1);
  ck_assert_int_eq(ow_error_ns((struct ow_error_estimate){5}), 2);
}
END_TEST

START_TEST(an_error_that_does_not_fit_saturates)
{
  ck_assert_int_eq(ow_error_ns((struct ow_error_estimate){0x3fff}), INT64_MAX);
  ck_assert_int_eq(ow_error_ns((struct ow_error_estimate){0x3f00}), 0);
}
END_TEST

/* In nanoseconds, rounded up; 2^63 ns is a little more than 2^33 s. */
START_TEST(every_error_that_fits_is_told_exactly)
{
  for (unsigned bits = 0; bits < 0x4000; bits++) {
    struct ow_error_estimate estimate = {(uint16_t)bits};
    unsigned __int128 exact = units(estimate) < (unsigned __int128)1 << 66
                                  ? (units(estimate) * (uint64_t)OW_NS_PER_S + UINT32_MAX) >> 32
                                  : (unsigned __int128)1 << 64;
    int64_t expected = exact < (unsigned __int128)INT64_MAX ? (int64_t)exact : INT64_MAX;
    ck_assert_msg(ow_error_ns(estimate) == expected, "estimate %04x is %lld ns, not %lld", bits,
                  (long long)ow_error_ns(estimate), (long long)expected);
  }
}
END_TEST

/* What ow_error_ns() says can be said again without becoming smaller. */
START_TEST(every_estimate_survives_the_round_trip)
{
  for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
    struct ow_error_estimate estimate = {(uint16_t)bits};
    int64_t bound = ow_error_ns(estimate);
    struct ow_error_estimate again = ow_error_estimate(ow_error_synchronized(estimate), bound);
    ck_assert(ow_error_valid(again));
    ck_assert_int_eq(ow_error_synchronized(again), ow_error_synchronized(estimate));
    ck_assert_msg(ow_error_ns(again) >= bound, "estimate %04x is %lld ns, but comes back as %04x, %lld ns",
                  bits, (long long)bound, again.bits, (long long)ow_error_ns(again));
  }
}
END_TEST

static void assert_never_below(int64_t nanoseconds)
{
  struct ow_error_estimate estimate = ow_error_estimate(true, nanoseconds);
  ck_assert_msg(units(estimate) >= units_needed(nanoseconds), "%lld ns became estimate %04x",
                (long long)nanoseconds, estimate.bits);
}

START_TEST(an_estimate_is_never_below_the_error)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < ROUNDS; i++) /* below 2^61 ns, 73 years */
    assert_never_below((int64_t)(test_prng_next(&prng) >> (3 + test_prng_below(&prng, 60))));
  for (int64_t nanoseconds = 0; nanoseconds < 3000; nanoseconds++)
    assert_never_below(nanoseconds);
}
END_TEST

START_TEST(an_estimate_of_the_greatest_errors_is_not_below_them)
{
  assert_never_below(ERA_SECONDS * OW_NS_PER_S - 1);
  assert_never_below(ERA_SECONDS * OW_NS_PER_S);
  assert_never_below(INT64_MAX);
}
END_TEST

START_TEST(an_estimate_is_the_smallest_that_will_do)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < ROUNDS; i++) {
    int64_t nanoseconds = (int64_t)(test_prng_next(&prng) >> (3 + test_prng_below(&prng, 60)));
    ck_assert_msg(units(ow_error_estimate(false, nanoseconds)) == smallest_estimate(nanoseconds),
                  "%lld ns became estimate %04x", (long long)nanoseconds,
                  ow_error_estimate(false, nanoseconds).bits);
  }
}
END_TEST

START_TEST(an_error_that_an_estimate_can_tell_is_told_exactly)
{
  ck_assert(units(ow_error_estimate(false, OW_NS_PER_S)) == (unsigned __int128)1 << 32);
  ck_assert(units(ow_error_estimate(false, OW_NS_PER_S / 2)) == (unsigned __int128)1 << 31);
}
END_TEST

/* Samples */

static struct ow_sample numbered(uint32_t sequence)
{
  return (struct ow_sample){
      .sequence = sequence, .sent = {sequence * UINT64_C(3) + 1}, .ttl = (uint8_t)sequence};
}

static void append_numbered(struct ow_samples *samples, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    struct ow_sample sample = numbered((uint32_t)samples->count);
    ck_assert_int_eq(ow_samples_append(samples, &sample), OW_OK);
  }
}

static void assert_numbered(const struct ow_samples *samples, size_t count)
{
  ck_assert_uint_eq(samples->count, count);
  for (size_t i = 0; i < count; i++) {
    struct ow_sample expected = numbered((uint32_t)i);
    ck_assert_uint_eq(ow_samples_at(samples, i).sequence, expected.sequence);
    ck_assert_uint_eq(ow_samples_at(samples, i).sent.ntp, expected.sent.ntp);
    ck_assert_uint_eq(ow_samples_at(samples, i).ttl, expected.ttl);
  }
}

START_TEST(a_sample_without_arrival_is_lost)
{
  struct ow_sample sample = {.sent = {1}, .ttl = OW_TTL_LOST};
  ck_assert(ow_sample_lost(&sample));
  sample.received.ntp = 1;
  ck_assert(!ow_sample_lost(&sample));
}
END_TEST

START_TEST(samples_are_kept_in_order)
{
  struct ow_samples samples = {0};
  append_numbered(&samples, 10000);
  assert_numbered(&samples, 10000);
  ow_samples_clear(&samples);
}
END_TEST

static struct ow_sample any_sample(struct test_prng *prng)
{
  return (struct ow_sample){.sent = {test_prng_next(prng)},
                            .received = {test_prng_next(prng)},
                            .sequence = (uint32_t)test_prng_next(prng),
                            .send_error = {(uint16_t)test_prng_next(prng)},
                            .receive_error = {(uint16_t)test_prng_next(prng)},
                            .ttl = (uint8_t)test_prng_next(prng),
                            .source = (uint8_t)test_prng_below(prng, OW_STAMP_USER + 1),
                            .departed = (uint8_t)test_prng_below(prng, OW_DEPARTED_HARDWARE + 1),
                            .stamped_before =
                                test_prng_below(prng, 3) ? (int32_t)(uint32_t)test_prng_next(prng) : 0};
}

static void assert_same_sample(struct ow_sample found, struct ow_sample expected)
{
  ck_assert_uint_eq(found.sent.ntp, expected.sent.ntp);
  ck_assert_uint_eq(found.received.ntp, expected.received.ntp);
  ck_assert_uint_eq(found.sequence, expected.sequence);
  ck_assert_uint_eq(found.send_error.bits, expected.send_error.bits);
  ck_assert_uint_eq(found.receive_error.bits, expected.receive_error.bits);
  ck_assert_uint_eq(found.ttl, expected.ttl);
  ck_assert_uint_eq(found.source, expected.source);
  ck_assert_uint_eq(found.departed, expected.departed);
  ck_assert_int_eq(found.stamped_before, expected.stamped_before);
}

/* Appended, and then half of them replaced. */
START_TEST(of_a_sample_all_is_kept)
{
  enum { COUNT = 300 };
  struct test_prng prng = test_prng(test_seed());
  struct ow_sample all[COUNT];
  struct ow_samples samples = {0};
  for (size_t i = 0; i < COUNT; i++) {
    all[i] = any_sample(&prng);
    ck_assert_int_eq(ow_samples_append(&samples, &all[i]), OW_OK);
  }
  for (size_t i = 0; i < COUNT; i += 2) {
    all[i] = any_sample(&prng);
    ck_assert(ow_samples_put(&samples, i, &all[i]));
  }
  for (size_t i = 0; i < COUNT; i++)
    assert_same_sample(ow_samples_at(&samples, i), all[i]);
  ow_samples_clear(&samples);
}
END_TEST

START_TEST(one_list_is_appended_to_another)
{
  struct ow_samples first = {0};
  struct ow_samples all = {0};
  append_numbered(&first, 200);
  ck_assert_int_eq(ow_samples_append_all(&all, &first), OW_OK);
  assert_numbered(&all, 200);
  ck_assert_int_eq(ow_samples_append_all(&all, &first), OW_OK);
  ck_assert_uint_eq(all.count, 400);
  assert_same_sample(ow_samples_at(&all, 399), numbered(199));
  ow_samples_clear(&first);
  ow_samples_clear(&all);
}
END_TEST

START_TEST(a_shortened_list_keeps_its_first_samples)
{
  static const size_t kept[] = {999, 640, 513, 512, 511, 129, 128, 127, 1, 0};
  struct ow_samples samples = {0};
  append_numbered(&samples, 1000);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    ow_samples_shorten(&samples, kept[i]);
    assert_numbered(&samples, kept[i]);
  }
  ow_samples_clear(&samples);
}
END_TEST

START_TEST(a_shortened_list_grows_again)
{
  static const size_t kept[] = {129, 128, 127, 0};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    struct ow_samples samples = {0};
    append_numbered(&samples, 1000);
    ow_samples_shorten(&samples, kept[i]);
    append_numbered(&samples, 300);
    assert_numbered(&samples, kept[i] + 300);
    ow_samples_clear(&samples);
  }
}
END_TEST

START_TEST(shortening_to_more_than_there_is_changes_nothing)
{
  struct ow_samples samples = {0};
  append_numbered(&samples, 10);
  ow_samples_shorten(&samples, 1000);
  assert_numbered(&samples, 10);
  ow_samples_clear(&samples);
}
END_TEST

START_TEST(memory_follows_the_samples)
{
  struct ow_samples samples = {0};
  ck_assert_uint_eq(ow_samples_memory(&samples), 0);
  append_numbered(&samples, 100000);
  size_t full = ow_samples_memory(&samples);
  ck_assert_uint_ge(full, 100000 * 26);
  ck_assert_uint_le(full, 101000 * 26);
  ow_samples_shorten(&samples, 1000);
  ck_assert_uint_le(ow_samples_memory(&samples), full / 50);
  ow_samples_clear(&samples);
  ck_assert_uint_eq(ow_samples_memory(&samples), 0);
}
END_TEST

START_TEST(a_cleared_list_is_empty_and_usable)
{
  struct ow_samples samples = {0};
  append_numbered(&samples, 200);
  ow_samples_clear(&samples);
  ow_samples_clear(&samples);
  append_numbered(&samples, 3);
  assert_numbered(&samples, 3);
  ow_samples_clear(&samples);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("time");
  test_seed();
  TEST_CASE(suite, "timestamp", a_stamp_differs_from_itself_by_nothing, a_difference_has_a_sign,
            a_difference_across_2036_is_right_both_ways, order_holds_across_2036,
            a_difference_is_rounded_down, the_largest_differences_fit, only_all_zero_is_no_time,
            nanoseconds_are_added_and_taken_away, adding_crosses_2036, a_span_is_added_across_2036,
            what_was_added_is_the_difference_but_for_a_nanosecond);
  TEST_LOOP(suite, "eras of unix time", MOMENTS, unix_time_becomes_ntp_seconds_modulo_an_era,
            unix_time_comes_back_from_the_era_near_by);
  TEST_CASE(suite, "unix time", nanoseconds_of_unix_time_carry_and_borrow,
            unix_time_there_and_back_loses_a_nanosecond_at_most);
  TEST_CASE(suite, "span", a_span_is_32_32_seconds, nanoseconds_become_the_nearest_span,
            a_span_is_cut_to_nanoseconds);
  TEST_CASE(suite, "error estimate", an_estimate_is_split_as_on_the_wire, the_z_bit_means_nothing,
            the_s_bit_says_synchronised, multiplier_zero_is_invalid, the_least_error_is_multiplier_one,
            nanoseconds_of_an_error_are_rounded_up, an_error_that_does_not_fit_saturates,
            every_error_that_fits_is_told_exactly, every_estimate_survives_the_round_trip,
            an_estimate_is_never_below_the_error, an_estimate_of_the_greatest_errors_is_not_below_them,
            an_estimate_is_the_smallest_that_will_do, an_error_that_an_estimate_can_tell_is_told_exactly);
  TEST_CASE(suite, "samples", a_sample_without_arrival_is_lost, samples_are_kept_in_order,
            of_a_sample_all_is_kept, one_list_is_appended_to_another,
            a_shortened_list_keeps_its_first_samples, a_shortened_list_grows_again,
            shortening_to_more_than_there_is_changes_nothing, memory_follows_the_samples,
            a_cleared_list_is_empty_and_usable);
  return test_run(suite);
}
