/* SPDX-License-Identifier: MIT */
/* Samples to a result. Every expected number is worked out by hand in the comment beside it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stats/delay.h"
#include "stats/ledger.h"
#include "stats/result.h"
#include "support/main.h"
#include "support/seed.h"

static const int64_t MS = OW_NS_PER_MS;

/* Seconds since 1900: somewhere in 2024. */
static const struct ow_timestamp epoch = {UINT64_C(3913056000) << 32};

static struct ow_samples samples;
static struct ow_result result;

static void set_up(void)
{
  samples = (struct ow_samples){0};
}

static void tear_down(void)
{
  ow_samples_clear(&samples);
}

/* A packet of number `sequence`, sent 10 ms after the one before, hops 3, 1 us of error at either end. */
static struct ow_sample arrival(uint32_t sequence, int64_t delay)
{
  struct ow_timestamp sent = ow_timestamp_plus(epoch, 10 * MS * sequence);
  return (struct ow_sample){
      .sequence = sequence,
      .sent = sent,
      .received = ow_timestamp_plus(sent, delay),
      .send_error = ow_error_estimate(true, 1000),
      .receive_error = ow_error_estimate(true, 1000),
      .ttl = 252,
      .source = OW_STAMP_KERNEL,
  };
}

static void add(struct ow_sample sample)
{
  ck_assert_int_eq(ow_samples_append(&samples, &sample), OW_OK);
}

static void add_arrival(uint32_t sequence, int64_t delay)
{
  add(arrival(sequence, delay));
}

static void add_lost(uint32_t sequence)
{
  struct ow_timestamp sent = ow_timestamp_plus(epoch, 10 * MS * sequence);
  add((struct ow_sample){.sequence = sequence, .sent = sent, .ttl = OW_TTL_LOST});
}

static struct ow_observation observation(uint32_t packets)
{
  return (struct ow_observation){.samples = &samples, .packets = packets, .absent_is_lost = true};
}

static void compute(struct ow_observation of)
{
  memset(&result, 0xa5, sizeof result); /* nothing may be left as it was */
  ck_assert_int_eq(ow_result_compute(&of, &result), OW_OK);
}

/* 32.32 stamps are 0.23 ns apart: sums of two roundings are within a nanosecond or two. */
static void assert_near(int64_t value, int64_t expected)
{
  ck_assert_int_ge(value, expected - 2);
  ck_assert_int_le(value, expected + 2);
}

static void assert_counts(uint32_t sent, uint32_t received, uint32_t lost, uint32_t skipped)
{
  ck_assert_uint_eq(result.sent, sent);
  ck_assert_uint_eq(result.received, received);
  ck_assert_uint_eq(result.lost, lost);
  ck_assert_uint_eq(result.skipped, skipped);
}

static void assert_no_values(void)
{
  static const struct ow_delays none;
  ck_assert_mem_eq(&result.delay, &none, sizeof none);
  ck_assert_int_eq(result.jitter, 0);
  ck_assert_int_eq(result.pdv, 0);
  ck_assert_int_eq(result.ipdv, 0);
  ck_assert(!result.has_ipdv);
  ck_assert_uint_eq(result.hops_min, 0);
  ck_assert_uint_eq(result.hops_max, 0);
  ck_assert_int_eq(result.clock.error_ns, 0);
  ck_assert(!result.clock.sender_synchronized);
  ck_assert(!result.clock.receiver_synchronized);
  ck_assert_int_eq(result.clock.receive_stamp, OW_STAMP_UNKNOWN);
}

START_TEST(names_directions)
{
  ck_assert_str_eq(ow_direction_name(OW_FORWARD), "forward");
  ck_assert_str_eq(ow_direction_name(OW_REVERSE), "reverse");
}
END_TEST

START_TEST(five_packets)
{
  /*
   * Delays 10, 12, 11, 30, 17 ms. Sorted: 10 11 12 17 30. Mean 80/5 = 16.
   * Ranks: p50 = ceil(2.5) = 3rd = 12; p95 = ceil(4.75) = 5th = 30; p99 = 5th = 30.
   * Jitter 30 - 12 = 18, pdv 30 - 10 = 20. ipdv (2 + 1 + 19 + 13)/4 = 35/4 = 8.75 ms.
   */
  static const int64_t delays[] = {10, 12, 11, 30, 17};
  for (uint32_t i = 0; i < 5; i++)
    add_arrival(i, delays[i] * MS);
  compute(observation(5));
  assert_counts(5, 5, 0, 0);
  assert_near(result.delay.min, 10 * MS);
  assert_near(result.delay.mean, 16 * MS);
  assert_near(result.delay.median, 12 * MS);
  assert_near(result.delay.p95, 30 * MS);
  assert_near(result.delay.p99, 30 * MS);
  assert_near(result.delay.max, 30 * MS);
  assert_near(result.jitter, 18 * MS);
  assert_near(result.pdv, 20 * MS);
  ck_assert(result.has_ipdv);
  assert_near(result.ipdv, 8750000);
  ck_assert_int_eq(result.completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(result.longest_loss_run, 0);
  ck_assert_uint_eq(result.duplicates, 0);
  ck_assert_uint_eq(result.reordered, 0);
  ck_assert_uint_eq(result.discarded, 0);
}
END_TEST

START_TEST(twenty_packets)
{
  /*
   * Delays 20, 19 .. 1 ms: p50 the 10th = 10, p95 the 19th = 19, p99 the ceil(19.8) = 20th = 20.
   * Mean 210/20 = 10.5, jitter 19 - 10 = 9, pdv 19 - 1 = 18, ipdv 1.
   */
  for (uint32_t i = 0; i < 20; i++)
    add_arrival(i, (20 - i) * MS);
  compute(observation(20));
  assert_near(result.delay.mean, 10500000);
  assert_near(result.delay.median, 10 * MS);
  assert_near(result.delay.p95, 19 * MS);
  assert_near(result.delay.p99, 20 * MS);
  assert_near(result.jitter, 9 * MS);
  assert_near(result.pdv, 18 * MS);
  assert_near(result.ipdv, 1 * MS);
}
END_TEST

START_TEST(begins_and_ends_with_its_records)
{
  add_arrival(2, MS);
  add_arrival(1, MS);
  add_lost(3);
  compute(observation(5));
  ck_assert_uint_eq(result.begin.ntp, ow_timestamp_plus(epoch, 10 * MS).ntp);
  ck_assert_uint_eq(result.end.ntp, ow_timestamp_plus(epoch, 30 * MS).ntp);
}
END_TEST

START_TEST(one_packet)
{
  add_arrival(0, 7 * MS);
  compute(observation(1));
  assert_counts(1, 1, 0, 0);
  assert_near(result.delay.min, 7 * MS);
  assert_near(result.delay.mean, 7 * MS);
  assert_near(result.delay.median, 7 * MS);
  assert_near(result.delay.p95, 7 * MS);
  assert_near(result.delay.p99, 7 * MS);
  assert_near(result.delay.max, 7 * MS);
  ck_assert_int_eq(result.jitter, 0);
  ck_assert_int_eq(result.pdv, 0);
  ck_assert(!result.has_ipdv);
  ck_assert_int_eq(result.ipdv, 0);
  ck_assert_uint_eq(result.hops_min, 3);
  ck_assert_uint_eq(result.hops_max, 3);
}
END_TEST

START_TEST(nothing_planned)
{
  compute(observation(0));
  assert_counts(0, 0, 0, 0);
  ck_assert_int_eq(result.completeness, OW_RESULT_ABSENT);
  assert_no_values();
  ck_assert(ow_timestamp_is_zero(result.begin));
  ck_assert(ow_timestamp_is_zero(result.end));
}
END_TEST

START_TEST(all_lost_by_record)
{
  for (uint32_t i = 0; i < 4; i++)
    add_lost(i);
  struct ow_observation of = observation(4);
  of.absent_is_lost = false;
  compute(of);
  assert_counts(4, 0, 4, 0);
  ck_assert_uint_eq(result.longest_loss_run, 4);
  ck_assert_int_eq(result.completeness, OW_RESULT_COMPLETE);
  assert_no_values();
}
END_TEST

START_TEST(all_lost_by_absence)
{
  compute(observation(4));
  assert_counts(4, 0, 4, 0);
  ck_assert_uint_eq(result.longest_loss_run, 4);
  ck_assert_int_eq(result.completeness, OW_RESULT_COMPLETE);
  ck_assert(ow_timestamp_is_zero(result.begin));
  assert_no_values();
}
END_TEST

START_TEST(absent_is_unknown)
{
  /* Of 0..9: 1 and 2 arrived, 4 has a record of loss; of the seven others nothing is known. */
  add_arrival(1, MS);
  add_arrival(2, MS);
  add_lost(4);
  struct ow_observation of = observation(10);
  of.absent_is_lost = false;
  of.partial = true;
  compute(of);
  assert_counts(3, 2, 1, 0);
  ck_assert_uint_eq(result.longest_loss_run, 1);
  ck_assert_int_eq(result.completeness, OW_RESULT_PARTIAL);

  of.absent_is_lost = true; /* 0, 3..9: eight lost, seven of them in a row */
  compute(of);
  assert_counts(10, 2, 8, 0);
  ck_assert_uint_eq(result.longest_loss_run, 7);
}
END_TEST

START_TEST(nothing_known_is_absent)
{
  struct ow_observation of = observation(10);
  of.absent_is_lost = false;
  of.discarded = 3;
  of.stepped = true;
  compute(of);
  assert_counts(0, 0, 0, 0);
  ck_assert_int_eq(result.completeness, OW_RESULT_ABSENT);
  ck_assert_uint_eq(result.discarded, 3);
  ck_assert(result.clock.stepped);
  assert_no_values();
}
END_TEST

START_TEST(era_wraps_in_2036)
{
  /* Sent 1 ms before the era ends, received 1 ms after the next began; and the next packet 10 ms later. */
  struct ow_timestamp last = {0 - (UINT64_C(1) << 32) / 1000};
  struct ow_sample before = arrival(0, 0);
  before.sent = last;
  before.received = ow_timestamp_plus(last, 2 * MS);
  struct ow_sample after = arrival(1, 0);
  after.sent = ow_timestamp_plus(last, 10 * MS);
  after.received = ow_timestamp_plus(last, 15 * MS);
  ck_assert_uint_lt(before.received.ntp, before.sent.ntp);
  add(before);
  add(after);
  compute(observation(2));
  assert_near(result.delay.min, 2 * MS);
  assert_near(result.delay.max, 5 * MS);
  assert_near(result.ipdv, 3 * MS);
  ck_assert_uint_eq(result.begin.ntp, before.sent.ntp);
  ck_assert_uint_eq(result.end.ntp, after.sent.ntp);
  assert_near(ow_sample_delay(&before), 2 * MS);
}
END_TEST

START_TEST(negative_delays)
{
  /* -5, 1, -3 ms: sorted -5 -3 1; mean -7/3 = -2.333333; median the 2nd = -3; ipdv (6 + 4)/2 = 5. */
  add_arrival(0, -5 * MS);
  add_arrival(1, 1 * MS);
  add_arrival(2, -3 * MS);
  compute(observation(3));
  assert_near(result.delay.min, -5 * MS);
  assert_near(result.delay.mean, -2333333);
  assert_near(result.delay.median, -3 * MS);
  assert_near(result.delay.max, 1 * MS);
  assert_near(result.jitter, 4 * MS);
  assert_near(result.pdv, 6 * MS);
  assert_near(result.ipdv, 5 * MS);
}
END_TEST

START_TEST(extreme_delays_do_not_overflow)
{
  /* 2^31 s less one step, each way: they differ by 2^32 s, 4.29e18 ns; three times that is more than 2^63. */
  for (uint32_t i = 0; i < 4; i++) {
    struct ow_sample sample = arrival(i, 0);
    uint64_t half = UINT64_C(1) << 63;
    sample.received.ntp = i % 2 ? sample.sent.ntp + half + 1 : sample.sent.ntp + half - 1;
    add(sample);
  }
  compute(observation(4));
  assert_near(result.delay.min, -INT64_C(2147483648) * OW_NS_PER_S);
  assert_near(result.delay.max, INT64_C(2147483648) * OW_NS_PER_S);
  assert_near(result.delay.mean, 0);
  assert_near(result.pdv, INT64_C(4294967296) * OW_NS_PER_S);
  assert_near(result.ipdv, INT64_C(4294967296) * OW_NS_PER_S);
}
END_TEST

START_TEST(mean_rounds_to_nearest)
{
  ck_assert_int_eq(ow_mean(7, 2), 4);   /* 3.5 */
  ck_assert_int_eq(ow_mean(-7, 2), -4); /* -3.5: away from zero */
  ck_assert_int_eq(ow_mean(7, 3), 2);   /* 2.33 */
  ck_assert_int_eq(ow_mean(8, 3), 3);   /* 2.67 */
  ck_assert_int_eq(ow_mean(-8, 3), -3);
  ck_assert_int_eq(ow_mean(0, 5), 0);
  ck_assert_int_eq(ow_mean((__int128)INT64_MAX * 3, 3), INT64_MAX);
  ck_assert_int_eq(ow_mean((__int128)INT64_MIN * 3, 3), INT64_MIN);
}
END_TEST

START_TEST(percentile_is_nearest_rank)
{
  int64_t sorted[100];
  for (int i = 0; i < 100; i++)
    sorted[i] = i + 1;
  for (uint32_t p = 1; p <= 100; p++)
    ck_assert_int_eq(ow_percentile(sorted, 100, p), p);
  /* The textbook's five: 15 20 35 40 50; p30: ceil(1.5) = 2nd; p40: 2nd; p50: 3rd; p100: 5th. */
  static const int64_t five[] = {15, 20, 35, 40, 50};
  ck_assert_int_eq(ow_percentile(five, 5, 1), 15);
  ck_assert_int_eq(ow_percentile(five, 5, 20), 15);
  ck_assert_int_eq(ow_percentile(five, 5, 21), 20);
  ck_assert_int_eq(ow_percentile(five, 5, 30), 20);
  ck_assert_int_eq(ow_percentile(five, 5, 40), 20);
  ck_assert_int_eq(ow_percentile(five, 5, 50), 35);
  ck_assert_int_eq(ow_percentile(five, 5, 100), 50);
  /* Two: the median is the 1st, as nearest rank has it, not the midpoint. */
  ck_assert_int_eq(ow_percentile(five, 2, 50), 15);
  /* 20 packets: p95 is the 19th, 21 packets: ceil(19.95) = 20th. */
  ck_assert_int_eq(ow_percentile(sorted, 20, 95), 19);
  ck_assert_int_eq(ow_percentile(sorted, 21, 95), 20);
}
END_TEST

/* Thousandths of a percent, exact as the others; a histogram of the same packets; across the era's end. */
START_TEST(percentiles_and_a_histogram_as_asked_for)
{
  const struct ow_percentiles wanted = {3, {1, 99900, 100000}};
  struct ow_observation of = observation(1000);
  struct ow_histogram_entry entry;
  int64_t delay = 0;
  for (uint32_t i = 0; i < 1000; i++) {
    struct ow_sample sample = arrival(i, (int64_t)i * MS - 500 * MS);
    uint64_t shift = UINT64_MAX - (UINT64_C(5) << 32) - epoch.ntp;
    sample.sent.ntp += shift;
    sample.received.ntp += shift;
    add(sample);
  }
  compute(of);
  ck_assert_uint_eq(result.percentiles.count, 0);
  ck_assert_ptr_null(result.histogram);
  ck_assert_uint_eq(result.ipdv_pairs, 999);
  of.percentiles = &wanted;
  of.histogram = true;
  compute(of);
  ck_assert_uint_eq(result.percentiles.count, 3);
  assert_near(result.percentile_delays[0], -500 * MS);
  assert_near(result.percentile_delays[1], 498 * MS);
  assert_near(result.percentile_delays[2], 499 * MS);
  ck_assert(ow_result_percentile(&result, 99900, &delay) && delay == result.percentile_delays[1]);
  ck_assert(ow_result_percentile(&result, 95000, &delay) && delay == result.delay.p95);
  ck_assert(ow_result_percentile(&result, 50000, &delay) && delay == result.delay.median);
  ck_assert(!ow_result_percentile(&result, 99901, &delay));
  ck_assert_int_eq(result.quantiles, OW_QUANTILES_EXACT);
  struct ow_histogram_walk walk = ow_histogram_walk(result.histogram);
  uint32_t packets = 0;
  while (ow_histogram_next(&walk, &entry))
    packets += entry.count;
  ck_assert_uint_eq(packets, 1000);
  ow_result_drop(&result);
  ck_assert_ptr_null(result.histogram);
}
END_TEST

START_TEST(first_copy_is_the_packet)
{
  /* 0 after 5 ms, again after 9 ms, 1 after 6 ms, and 0 a third time: delays 5 and 6, two duplicates. */
  add_arrival(0, 5 * MS);
  struct ow_sample copy = arrival(0, 9 * MS);
  copy.ttl = 100;
  copy.source = OW_STAMP_USER;
  copy.send_error = ow_error_estimate(false, OW_NS_PER_S);
  add(copy);
  add_arrival(1, 6 * MS);
  add(copy);
  compute(observation(2));
  assert_counts(2, 2, 0, 0);
  ck_assert_uint_eq(result.duplicates, 2);
  ck_assert_uint_eq(result.reordered, 0);
  assert_near(result.delay.max, 6 * MS);
  assert_near(result.ipdv, 1 * MS);
  ck_assert_uint_eq(result.hops_max, 3);
  ck_assert(result.clock.sender_synchronized);
  ck_assert_int_eq(result.clock.receive_stamp, OW_STAMP_KERNEL);
  ck_assert_int_lt(result.clock.error_ns, 5000);
}
END_TEST

/* Those that came beyond what could be recorded are counted with those on record, and change nothing else. */
START_TEST(copies_without_a_record_are_counted)
{
  struct ow_observation observed = observation(2);
  observed.duplicates_unkept = 1500;
  add_arrival(0, 5 * MS);
  add_arrival(0, 6 * MS);
  add_lost(1);
  compute(observed);
  assert_counts(2, 1, 1, 0);
  ck_assert_uint_eq(result.duplicates, 1501);
  ck_assert_uint_eq(result.discarded, 0);
}
END_TEST

START_TEST(loss_record_of_an_arrived_packet_is_dropped)
{
  add_lost(0);
  add_arrival(0, 5 * MS);
  add_arrival(1, 5 * MS);
  add_lost(1);
  add_lost(2);
  add_lost(2);
  compute(observation(3));
  assert_counts(3, 2, 1, 0);
  ck_assert_uint_eq(result.duplicates, 0);
}
END_TEST

START_TEST(numbers_outside_the_range_are_left_out)
{
  add_arrival(5, 90 * MS); /* also no base for reordering */
  add_arrival(0, 1 * MS);
  add_arrival(UINT32_MAX, 90 * MS);
  add_arrival(1, 1 * MS);
  add_lost(2);
  compute(observation(2));
  assert_counts(2, 2, 0, 0);
  ck_assert_uint_eq(result.reordered, 0);
  assert_near(result.delay.max, MS);
  ck_assert_uint_eq(result.end.ntp, ow_timestamp_plus(epoch, 10 * MS).ntp);
}
END_TEST

struct order {
  const char *what;
  uint32_t numbers[12];
  uint32_t count;
  uint32_t reordered;
};

static const struct order orders[] = {
    {"in order", {0, 1, 2, 3}, 4, 0},
    /* RFC 4737, 7.1: packet 4 of 10 arrives after 8; NextExp is 9, so 4 is reordered, and it alone. */
    {"7.1: one late", {1, 2, 3, 5, 6, 7, 8, 4, 9, 10}, 10, 1},
    /* As in 7.2: 7 arrives before 5 and 6; with NextExp 8 both are reordered. */
    {"two behind one", {1, 2, 3, 4, 7, 5, 6, 8, 9, 10}, 10, 2},
    /* As in 7.3: 7..10 before 4, 5 and 6; NextExp is 11 for all three. */
    {"three behind four", {1, 2, 3, 7, 8, 9, 10, 4, 5, 6, 11}, 11, 3},
    /* All but the first are below the largest. */
    {"reversed", {4, 3, 2, 1, 0}, 5, 4},
    /* 1 < 2: one; 3 is the next expected; 0: two. */
    {"two single ones", {2, 1, 3, 0}, 4, 2},
    /* A gap (2 lost) is no reordering. */
    {"loss", {0, 1, 3, 4}, 4, 0},
    /* The copies of 1 are below NextExp, but are no packets: none. */
    {"copies", {0, 1, 2, 1, 3, 1}, 6, 0},
    /* 3 first; 1: reordered; its copy: not again; 4: in order. */
    {"copy of a late one", {3, 1, 1, 4}, 4, 1},
    /* Number 0 itself late. */
    {"zero last", {1, 0}, 2, 1},
};

START_TEST(reordering)
{
  const struct order *order = &orders[_i];
  for (uint32_t i = 0; i < order->count; i++)
    add_arrival(order->numbers[i], MS);
  compute(observation(12));
  ck_assert_msg(result.reordered == order->reordered, "%s: %u", order->what, result.reordered);
}
END_TEST

START_TEST(list_order_decides_not_the_stamps)
{
  /* Received stamps say 1 before 0 (0: 50 ms, 1: 10 + 1 ms); the list says 0 first. */
  add_arrival(0, 50 * MS);
  add_arrival(1, 1 * MS);
  compute(observation(2));
  ck_assert_uint_eq(result.reordered, 0);
}
END_TEST

START_TEST(ipdv_takes_neighbours_only)
{
  /* Arrive as 4 0 3 1; delays 0: 1, 1: 4, 3: 20, 4: 10 ms. Pairs: 0-1 (3 ms), 3-4 (10 ms): mean 6.5. */
  add_arrival(4, 10 * MS);
  add_arrival(0, 1 * MS);
  add_arrival(3, 20 * MS);
  add_arrival(1, 4 * MS);
  compute(observation(5));
  ck_assert(result.has_ipdv);
  assert_near(result.ipdv, 6500000);
  assert_counts(5, 4, 1, 0);
}
END_TEST

START_TEST(no_neighbours_no_ipdv)
{
  add_arrival(0, 1 * MS);
  add_arrival(2, 4 * MS);
  compute(observation(3));
  ck_assert(!result.has_ipdv);
  ck_assert_int_eq(result.ipdv, 0);
}
END_TEST

/* '.' arrived, 'x' lost, 's' skipped, '?' unknown. */
struct run {
  const char *fates;
  uint32_t longest;
};

static const struct run runs[] = {
    {"", 0},      {".", 0},    {"x", 1},        {"..xx..x.", 2}, {"xxx..", 3}, {"..xxx", 3},
    {"x.x.x", 1}, {"xxsx", 3}, {"ssxssxss", 2}, {"sss", 0},      {"xx?xx", 2}, {"x?s?x", 1},
    {"xs.sx", 1}, {"?x?", 1},  {"xxxxx", 5},    {"x.xx.xxx", 3},
};

START_TEST(longest_run_of_losses)
{
  const struct run *run = &runs[_i];
  uint32_t packets = (uint32_t)strlen(run->fates);
  struct ow_skip_range ranges[16];
  struct ow_observation of = observation(packets);
  of.absent_is_lost = false;
  of.skipped = ranges;
  for (uint32_t i = 0; i < packets; i++) {
    if (run->fates[i] == '.')
      add_arrival(i, MS);
    if (run->fates[i] == 'x')
      add_lost(i);
    if (run->fates[i] == 's')
      ranges[of.skip_ranges++] = (struct ow_skip_range){i, i};
  }
  compute(of);
  ck_assert_msg(result.longest_loss_run == run->longest, "%s: %u", run->fates, result.longest_loss_run);
}
END_TEST

START_TEST(skip_ranges)
{
  /* Of 0..9, 2..4 and 8.. are skipped, 0 and 5 arrived; so 1, 6 and 7 are lost, 6 and 7 in a row. */
  static const struct ow_skip_range ranges[] = {{2, 4}, {8, UINT32_MAX}};
  add_arrival(0, MS);
  add_arrival(5, MS);
  add_lost(3);        /* the receiver couldn't know: dropped */
  add_arrival(4, MS); /* can't be: RFC 4656, 3.8 drops it all the same */
  struct ow_observation of = observation(10);
  of.skipped = ranges;
  of.skip_ranges = 2;
  compute(of);
  assert_counts(5, 2, 3, 5);
  ck_assert_uint_eq(result.sent + result.skipped, 10);
  ck_assert_uint_eq(result.longest_loss_run, 2);
  ck_assert(!result.has_ipdv);
  ck_assert_int_eq(result.completeness, OW_RESULT_PARTIAL); /* 5 of 10 */
}
END_TEST

START_TEST(skip_ranges_beyond_and_upside_down)
{
  static const struct ow_skip_range ranges[] = {{3, 1}, {4, 9}, {UINT32_MAX, UINT32_MAX}};
  struct ow_observation of = observation(4);
  of.skipped = ranges;
  of.skip_ranges = 3;
  compute(of);
  assert_counts(4, 0, 4, 0);
}
END_TEST

START_TEST(all_skipped)
{
  static const struct ow_skip_range all = {0, 2};
  struct ow_observation of = observation(3);
  of.skipped = &all;
  of.skip_ranges = 1;
  compute(of);
  assert_counts(0, 0, 0, 3);
  ck_assert_uint_eq(result.longest_loss_run, 0);
  ck_assert_int_eq(result.completeness, OW_RESULT_PARTIAL);
  assert_no_values();
}
END_TEST

/* The sending side may skip a twentieth, or two packets of a few; more of them leave the result partial. */
static const struct {
  uint32_t packets;
  uint32_t skipped;
  bool partial;
  const char *words;
} shortfalls[] = {
    {100, 5, false, ""},
    {100, 6, true, "6 of 100 packets were never sent"},
    {10, 2, false, ""},
    {10, 3, true, "3 of 10 packets were never sent"},
    {3, 3, true, "none of 3 packets was sent"},
    {1, 1, true, "none of 1 packets was sent"},
    {500, 105, true, "105 of 500 packets were never sent"},
};

START_TEST(a_sender_that_falls_short_leaves_a_part)
{
  const struct ow_skip_range range = {0, shortfalls[_i].skipped - 1};
  char words[OW_REMARK_TEXT];
  struct ow_observation of = observation(shortfalls[_i].packets);
  for (uint32_t i = shortfalls[_i].skipped; i < shortfalls[_i].packets; i++)
    add_arrival(i, MS);
  of.skipped = &range;
  of.skip_ranges = 1;
  compute(of);
  ck_assert_int_eq(result.completeness, shortfalls[_i].partial ? OW_RESULT_PARTIAL : OW_RESULT_COMPLETE);
  ck_assert_str_eq(ow_result_shortfall(words, &result), shortfalls[_i].words);
}
END_TEST

START_TEST(an_outage_needs_packets_that_were_tried)
{
  char words[OW_REMARK_TEXT];
  struct ow_result lost = {.completeness = OW_RESULT_COMPLETE, .sent = 50, .lost = 50};
  ck_assert(ow_result_nothing_arrived(&lost, 0) && ow_result_nothing_arrived(&lost, 50));
  ck_assert(!ow_result_nothing_arrived(&lost, 51));
  lost.received = 1;
  lost.lost = 49;
  ck_assert(!ow_result_nothing_arrived(&lost, 0));
  struct ow_result skipped = {.completeness = OW_RESULT_PARTIAL, .skipped = 50};
  ck_assert(!ow_result_nothing_arrived(&skipped, 0));
  skipped.refused = 49;
  skipped.refusal = EPERM;
  ck_assert(ow_result_nothing_arrived(&skipped, 49) && !ow_result_nothing_arrived(&skipped, 50));
  ck_assert_str_eq(ow_result_shortfall(words, &skipped),
                   "none of 50 packets was sent, 49 of them refused: Operation not permitted (a firewall of "
                   "this host)");
  skipped.refused = 50;
  skipped.refusal = ENETUNREACH;
  ck_assert_str_eq(ow_result_shortfall(words, &skipped),
                   "none of 50 packets was sent: Network is unreachable");
  skipped.completeness = OW_RESULT_ABSENT;
  ck_assert(!ow_result_nothing_arrived(&skipped, 0));
}
END_TEST

/* Of packets that were sent nothing is known: that a few were skipped doesn't tell that none was sent. */
START_TEST(skips_alone_tell_nothing_of_the_others)
{
  const struct ow_skip_range range = {0, 5};
  struct ow_observation of = observation(50);
  of.skipped = &range;
  of.skip_ranges = 1;
  of.absent_is_lost = false;
  of.refused = 6;
  of.refusal = ENETUNREACH;
  compute(of);
  ck_assert_int_eq(result.completeness, OW_RESULT_ABSENT);
  assert_counts(0, 0, 0, 0);
  ck_assert_uint_eq(result.refused, 0);
  of.packets = 6;
  compute(of);
  ck_assert_int_eq(result.completeness, OW_RESULT_PARTIAL);
  assert_counts(0, 0, 0, 6);
  ck_assert(result.refused == 6 && result.refusal == ENETUNREACH);
}
END_TEST

START_TEST(hops_span)
{
  /* TTL 255, 250, 0: 0, 5 and 255 hops. */
  static const uint8_t ttls[] = {250, 255, 0};
  for (uint32_t i = 0; i < 3; i++) {
    struct ow_sample sample = arrival(i, MS);
    sample.ttl = ttls[i];
    add(sample);
  }
  compute(observation(3));
  ck_assert_uint_eq(result.hops_min, 0);
  ck_assert_uint_eq(result.hops_max, 255);
  compute(observation(1));
  ck_assert_uint_eq(result.hops_min, 5);
  ck_assert_uint_eq(result.hops_max, 5);
}
END_TEST

START_TEST(error_is_the_largest_sum)
{
  /* Multiplier 1, Scale 32: 1 s. Sums: 1 + 1, 2 + 1, 1 + 2 s: 3 s; the sum of the maxima would be 4. */
  static const uint16_t one = 0x8000 | 32 << 8 | 1;
  static const uint16_t two = 0x8000 | 33 << 8 | 1;
  static const uint16_t pairs[][2] = {{one, one}, {two, one}, {one, two}};
  for (uint32_t i = 0; i < 3; i++) {
    struct ow_sample sample = arrival(i, MS);
    sample.send_error.bits = pairs[i][0];
    sample.receive_error.bits = pairs[i][1];
    add(sample);
  }
  compute(observation(3));
  ck_assert_int_eq(result.clock.error_ns, 3 * OW_NS_PER_S);
  compute(observation(1));
  ck_assert_int_eq(result.clock.error_ns, 2 * OW_NS_PER_S);
}
END_TEST

START_TEST(error_sum_saturates)
{
  struct ow_sample sample = arrival(0, MS);
  sample.send_error.bits = 0x3fff; /* 255 * 2^63: INT64_MAX ns */
  add(sample);
  compute(observation(1));
  ck_assert_int_eq(result.clock.error_ns, INT64_MAX);
}
END_TEST

START_TEST(one_unsynchronized_packet_is_enough)
{
  add_arrival(0, MS);
  struct ow_sample sample = arrival(1, MS);
  sample.send_error = ow_error_estimate(false, 1000);
  add(sample);
  compute(observation(2));
  ck_assert(!result.clock.sender_synchronized);
  ck_assert(result.clock.receiver_synchronized);

  sample = arrival(2, MS);
  sample.receive_error = ow_error_estimate(false, 1000);
  add(sample);
  compute(observation(3));
  ck_assert(!result.clock.sender_synchronized);
  ck_assert(!result.clock.receiver_synchronized);
}
END_TEST

START_TEST(lost_records_say_nothing_of_the_clock)
{
  add_lost(0);
  add_arrival(1, MS);
  compute(observation(2));
  ck_assert(result.clock.sender_synchronized);
  ck_assert(result.clock.receiver_synchronized);
  ck_assert_uint_eq(result.hops_min, 3);
}
END_TEST

START_TEST(stamps_are_as_good_as_the_worst)
{
  static const enum ow_stamp_source sources[] = {OW_STAMP_KERNEL, OW_STAMP_USER, OW_STAMP_KERNEL,
                                                 OW_STAMP_UNKNOWN};
  static const enum ow_stamp_source expected[] = {OW_STAMP_KERNEL, OW_STAMP_USER, OW_STAMP_USER,
                                                  OW_STAMP_UNKNOWN};
  for (uint32_t i = 0; i < 4; i++) {
    struct ow_sample sample = arrival(i, MS);
    sample.source = (uint8_t)sources[i];
    add(sample);
    compute(observation(i + 1));
    ck_assert_int_eq(result.clock.receive_stamp, expected[i]);
  }
}
END_TEST

START_TEST(departures_are_as_good_as_the_worst)
{
  static const enum ow_departed_by sources[] = {OW_DEPARTED_HARDWARE, OW_DEPARTED_KERNEL,
                                                OW_DEPARTED_HARDWARE, OW_DEPARTED_CORRECTED};
  static const enum ow_departed_by expected[] = {OW_DEPARTED_HARDWARE, OW_DEPARTED_KERNEL, OW_DEPARTED_KERNEL,
                                                 OW_DEPARTED_CORRECTED};
  for (uint32_t i = 0; i < 4; i++) {
    struct ow_sample sample = arrival(i, MS);
    sample.departed = (uint8_t)sources[i];
    add(sample);
    compute(observation(i + 1));
    ck_assert_int_eq(result.clock.departed, expected[i]);
  }
}
END_TEST

START_TEST(flags_are_handed_on)
{
  add_arrival(0, MS);
  struct ow_observation of = observation(1);
  compute(of);
  ck_assert(!result.clock.stepped);
  of.stepped = true;
  of.partial = true;
  of.discarded = 17;
  compute(of);
  ck_assert(result.clock.stepped);
  ck_assert_int_eq(result.completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_eq(result.discarded, 17);
}
END_TEST

static struct test_prng prng;

static uint32_t random_below(uint32_t limit)
{
  return (uint32_t)test_prng_below(&prng, limit);
}

/* The oracle for percentiles: the smallest value that at least percent of all values don't exceed. */
static int64_t naive_percentile(const int64_t *values, uint32_t count, uint32_t percent)
{
  int64_t best = INT64_MAX;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t not_above = 0;
    for (uint32_t j = 0; j < count; j++)
      not_above += values[j] <= values[i];
    if (not_above * 100 >= (uint64_t)percent * count && values[i] < best)
      best = values[i];
  }
  return best;
}

/* The oracle for runs: from every start, walk as far as nothing but losses and skips come. */
static uint32_t naive_run(const char *fates, uint32_t count)
{
  uint32_t best = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t lost = 0;
    for (uint32_t j = i; j < count && (fates[j] == 'x' || fates[j] == 's'); j++)
      lost += fates[j] == 'x';
    best = lost > best ? lost : best;
  }
  return best;
}

/* The oracle for reordering: some packet that arrived before has a larger number. */
static uint32_t naive_reordered(const uint32_t *order, uint32_t count)
{
  uint32_t reordered = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool late = false;
    for (uint32_t j = 0; j < i; j++)
      late = late || order[j] > order[i];
    reordered += late;
  }
  return reordered;
}

enum { MOST = 120 };

struct scene {
  uint32_t packets;
  char fates[MOST];
  int64_t delays[MOST]; /* by number */
  uint32_t order[MOST]; /* numbers as they arrived */
  uint32_t arrived;
  struct ow_skip_range skipped[MOST];
  uint32_t skip_ranges;
};

static void draw_scene(struct scene *scene)
{
  static const char kinds[] = "....xxs?";
  *scene = (struct scene){.packets = random_below(MOST) + 1};
  for (uint32_t i = 0; i < scene->packets; i++) {
    scene->fates[i] = kinds[random_below(8)];
    scene->delays[i] = (int64_t)random_below(50) * MS - 10 * MS;
    if (scene->fates[i] == '.')
      scene->order[scene->arrived++] = i;
    if (scene->fates[i] == 's')
      scene->skipped[scene->skip_ranges++] = (struct ow_skip_range){i, i};
  }
  for (uint32_t swaps = random_below(10); swaps && scene->arrived; swaps--) {
    uint32_t a = random_below(scene->arrived);
    uint32_t b = random_below(scene->arrived);
    uint32_t kept = scene->order[a];
    scene->order[a] = scene->order[b];
    scene->order[b] = kept;
  }
}

static uint32_t play_scene(const struct scene *scene, bool absent_is_lost)
{
  uint32_t copies = 0;
  ow_samples_clear(&samples);
  for (uint32_t i = 0; i < scene->arrived; i++) {
    add_arrival(scene->order[i], scene->delays[scene->order[i]]);
    if (random_below(8) == 0) {
      add_arrival(scene->order[random_below(i + 1)], 99 * MS);
      copies++;
    }
  }
  for (uint32_t i = 0; i < scene->packets; i++)
    if (scene->fates[i] == 'x')
      add_lost(i);
  struct ow_observation of = observation(scene->packets);
  of.absent_is_lost = absent_is_lost;
  of.skipped = scene->skipped;
  of.skip_ranges = scene->skip_ranges;
  compute(of);
  return copies;
}

static void check_delays(const struct scene *scene)
{
  int64_t delays[MOST];
  double sum = 0;
  for (uint32_t i = 0; i < scene->arrived; i++) {
    struct ow_sample sample = arrival(scene->order[i], scene->delays[scene->order[i]]);
    delays[i] = ow_sample_delay(&sample);
    sum += (double)delays[i];
  }
  if (scene->arrived == 0)
    return;
  ck_assert_int_eq(result.delay.min, naive_percentile(delays, scene->arrived, 0));
  ck_assert_int_eq(result.delay.median, naive_percentile(delays, scene->arrived, 50));
  ck_assert_int_eq(result.delay.p95, naive_percentile(delays, scene->arrived, 95));
  ck_assert_int_eq(result.delay.p99, naive_percentile(delays, scene->arrived, 99));
  ck_assert_int_eq(result.delay.max, naive_percentile(delays, scene->arrived, 100));
  ck_assert_double_eq_tol((double)result.delay.mean, sum / scene->arrived, 0.51);
}

static void check_scene(struct scene *scene, bool absent_is_lost)
{
  uint32_t copies = play_scene(scene, absent_is_lost);
  for (uint32_t i = 0; i < scene->packets; i++)
    if (scene->fates[i] == '?' && absent_is_lost)
      scene->fates[i] = 'x';
  uint32_t lost = 0;
  for (uint32_t i = 0; i < scene->packets; i++)
    lost += scene->fates[i] == 'x';
  bool known = scene->arrived + lost > 0 || scene->skip_ranges == scene->packets;
  assert_counts(scene->arrived + lost, scene->arrived, lost, known ? scene->skip_ranges : 0);
  if (absent_is_lost)
    ck_assert_uint_eq(result.sent + result.skipped, scene->packets);
  ck_assert_uint_eq(result.duplicates, copies);
  ck_assert_uint_eq(result.longest_loss_run, naive_run(scene->fates, scene->packets));
  ck_assert_uint_eq(result.reordered, naive_reordered(scene->order, scene->arrived));
  check_delays(scene);
}

START_TEST(random_scenes)
{
  struct scene scene;
  for (int round = 0; round < 1000; round++) {
    draw_scene(&scene);
    check_scene(&scene, false);
    check_scene(&scene, true); /* changes the unknown to lost: last */
  }
}
END_TEST

START_TEST(random_percentiles)
{
  int64_t values[MOST];
  for (int round = 0; round < 500; round++) {
    uint32_t count = random_below(MOST) + 1;
    for (uint32_t i = 0; i < count; i++)
      values[i] = (int64_t)random_below(40) - 20;
    ow_delays_summarize(values, count);
    for (uint32_t percent = 1; percent <= 100; percent++)
      ck_assert_int_eq(ow_percentile(values, count, percent), naive_percentile(values, count, percent));
  }
}
END_TEST

static TCase *counting(void)
{
  TCase *tests = tcase_create("counting");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_test(tests, nothing_planned);
  tcase_add_test(tests, all_lost_by_record);
  tcase_add_test(tests, all_lost_by_absence);
  tcase_add_test(tests, absent_is_unknown);
  tcase_add_test(tests, nothing_known_is_absent);
  tcase_add_test(tests, first_copy_is_the_packet);
  tcase_add_test(tests, copies_without_a_record_are_counted);
  tcase_add_test(tests, loss_record_of_an_arrived_packet_is_dropped);
  tcase_add_test(tests, numbers_outside_the_range_are_left_out);
  tcase_add_loop_test(tests, reordering, 0, sizeof orders / sizeof orders[0]);
  tcase_add_test(tests, list_order_decides_not_the_stamps);
  tcase_add_loop_test(tests, longest_run_of_losses, 0, sizeof runs / sizeof runs[0]);
  tcase_add_test(tests, skip_ranges);
  tcase_add_test(tests, skip_ranges_beyond_and_upside_down);
  tcase_add_test(tests, all_skipped);
  tcase_add_loop_test(tests, a_sender_that_falls_short_leaves_a_part, 0,
                      sizeof shortfalls / sizeof *shortfalls);
  tcase_add_test(tests, an_outage_needs_packets_that_were_tried);
  tcase_add_test(tests, skips_alone_tell_nothing_of_the_others);
  tcase_add_test(tests, flags_are_handed_on);
  return tests;
}

static TCase *delays(void)
{
  TCase *tests = tcase_create("delays");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_test(tests, names_directions);
  tcase_add_test(tests, five_packets);
  tcase_add_test(tests, twenty_packets);
  tcase_add_test(tests, begins_and_ends_with_its_records);
  tcase_add_test(tests, one_packet);
  tcase_add_test(tests, era_wraps_in_2036);
  tcase_add_test(tests, negative_delays);
  tcase_add_test(tests, extreme_delays_do_not_overflow);
  tcase_add_test(tests, mean_rounds_to_nearest);
  tcase_add_test(tests, percentile_is_nearest_rank);
  tcase_add_test(tests, percentiles_and_a_histogram_as_asked_for);
  tcase_add_test(tests, ipdv_takes_neighbours_only);
  tcase_add_test(tests, no_neighbours_no_ipdv);
  return tests;
}

static TCase *trust(void)
{
  TCase *tests = tcase_create("trust");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_test(tests, hops_span);
  tcase_add_test(tests, error_is_the_largest_sum);
  tcase_add_test(tests, error_sum_saturates);
  tcase_add_test(tests, one_unsynchronized_packet_is_enough);
  tcase_add_test(tests, lost_records_say_nothing_of_the_clock);
  tcase_add_test(tests, stamps_are_as_good_as_the_worst);
  tcase_add_test(tests, departures_are_as_good_as_the_worst);
  return tests;
}

static TCase *at_random(void)
{
  TCase *tests = tcase_create("at random");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, TEST_SECONDS);
  tcase_add_test(tests, random_scenes);
  tcase_add_test(tests, random_percentiles);
  return tests;
}

int main(void)
{
  prng = test_prng(test_seed());
  Suite *suite = suite_create("stats");
  suite_add_tcase(suite, counting());
  suite_add_tcase(suite, delays());
  suite_add_tcase(suite, trust());
  suite_add_tcase(suite, at_random());
  return test_run(suite);
}
