/* SPDX-License-Identifier: MIT */
/* measure/fetched_records: each packet's first records are kept, however many there are of others. */
#include "measure/fetched_records.h"
#include "support/main.h"
#include "support/seed.h"

enum { PACKETS = 1000, KEPT = PACKETS + 64 };

static struct ow_fetched_records records;

static void set_up(void)
{
  records = (struct ow_fetched_records){0};
  ck_assert_int_eq(ow_fetched_records_expect(&records, PACKETS), OW_OK);
}

static void tear_down(void)
{
  ow_fetched_records_clear(&records);
}

static void add(uint32_t sequence, bool lost)
{
  const struct ow_sample sample = {.sequence = sequence, .received = {lost ? 0 : 1}};
  ck_assert_int_eq(ow_fetched_records_add(&records, &sample, 1), OW_OK);
}

static void add_all(void)
{
  for (uint32_t i = 0; i < PACKETS; i++)
    add(i, false);
}

static bool all_arrived(uint32_t next_sequence)
{
  return ow_fetched_records_all_arrived(&records, &(struct ow_session_end){.next_sequence = next_sequence});
}

START_TEST(one_packets_copies_keep_no_other_out)
{
  enum { COPIES = 1500 };
  for (int i = 0; i <= COPIES; i++)
    add(7, false);
  ck_assert_uint_eq(records.samples.count, 1 + KEPT);
  ck_assert(!all_arrived(PACKETS));
  add_all(); /* 7 once more */
  ck_assert_uint_eq(records.samples.count, PACKETS + KEPT);
  ck_assert_uint_eq(records.duplicates_unkept, COPIES + 1 - KEPT);
  ck_assert(all_arrived(PACKETS));
}
END_TEST

START_TEST(memory_is_bounded_by_the_packets)
{
  for (int round = 0; round < 20; round++) {
    for (uint32_t i = 0; i < PACKETS; i++) {
      add(i, true);
      add(i, false);
      add(i + PACKETS, false);
      add(UINT32_MAX - i, true);
    }
  }
  ck_assert_uint_eq(records.samples.count, 2 * PACKETS + KEPT);
  ck_assert_uint_eq(records.duplicates_unkept, 19 * PACKETS - KEPT);
}
END_TEST

START_TEST(losses_are_no_arrivals_and_no_duplicates)
{
  for (uint32_t i = 0; i < PACKETS; i++)
    for (int copy = 0; copy < 3; copy++)
      add(i, i == 500);
  ck_assert(!all_arrived(PACKETS));
  ck_assert(all_arrived(500));
  ck_assert_uint_eq(records.duplicates_unkept, 2 * (PACKETS - 1) - KEPT);
  add(500, false); /* a server that had given it up too early */
  ck_assert(all_arrived(PACKETS));
  ck_assert_uint_eq(records.samples.count, PACKETS + 1 + KEPT);
}
END_TEST

/* Each way to lack one packet, with copies of all others. */
START_TEST(nothing_stands_for_a_packet_that_is_missing)
{
  struct test_prng prng = test_prng(test_seed());
  uint32_t missing = (uint32_t)test_prng_below(&prng, PACKETS);
  for (uint32_t i = 0; i < PACKETS; i++)
    for (int copy = 0; i != missing && copy < 2; copy++)
      add(i, false);
  ck_assert(!all_arrived(PACKETS));
  ck_assert(!all_arrived(missing + 1));
  ck_assert(all_arrived(missing));
}
END_TEST

START_TEST(skipped_packets_are_not_awaited)
{
  static const struct ow_skip_range skipped[] = {{0, 0}, {3, 5}, {6, 6}, {998, 999}};
  struct ow_session_end end = {.next_sequence = PACKETS, .skip_ranges = 4, .skipped = skipped};
  for (uint32_t i = 1; i < 998; i++)
    if (i < 3 || i > 7)
      add(i, false);
  ck_assert(!ow_fetched_records_all_arrived(&records, &end));
  add(6, false); /* stands for no other */
  ck_assert(!ow_fetched_records_all_arrived(&records, &end));
  add(7, false);
  ck_assert(ow_fetched_records_all_arrived(&records, &end));
  end.skip_ranges = 3;
  ck_assert(!ow_fetched_records_all_arrived(&records, &end));
}
END_TEST

START_TEST(more_than_was_awaited_is_never_all)
{
  add_all();
  ck_assert(!all_arrived(PACKETS + 1));
  ow_fetched_records_clear(&records);
  add(0, false);
  ck_assert_uint_eq(records.samples.count, 0);
  ck_assert(!all_arrived(1));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("fetched records");
  (void)test_seed();
  TEST_CASE_WITH(set_up, tear_down, suite, "copies", one_packets_copies_keep_no_other_out,
                 memory_is_bounded_by_the_packets, losses_are_no_arrivals_and_no_duplicates);
  TEST_CASE_WITH(set_up, tear_down, suite, "all", nothing_stands_for_a_packet_that_is_missing,
                 skipped_packets_are_not_awaited, more_than_was_awaited_is_never_all);
  return test_run(suite);
}
