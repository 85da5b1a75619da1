/* SPDX-License-Identifier: MIT */
/* session/departures: when packets really left, noted as it becomes known, and put into their samples. */
#include <stdlib.h>

#include "session/departures.h"
#include "support/main.h"

#define US INT64_C(1000)
#define MS OW_NS_PER_MS
enum { PACKETS = 1000 };

static const struct ow_timestamp READING = {UINT64_C(0xfffffffffff00000)}; /* just before the era ends */
static struct ow_departures departures;
static struct ow_samples samples;

static void set_up(void)
{
  ow_departures_begin(&departures, PACKETS);
}

static void tear_down(void)
{
  ow_departures_clear(&departures);
  ow_samples_clear(&samples);
}

static void note(uint32_t sequence, int64_t late, int64_t correction)
{
  ow_departures_note(&departures, sequence, READING, correction, ow_timestamp_plus(READING, late));
}

static void expect(uint32_t sequence, bool known, int64_t expected)
{
  int64_t offset = 77;
  ck_assert(ow_departures_offset(&departures, sequence, &offset) == known);
  ck_assert_int_le(llabs(offset - (known ? expected : 0)), 1); /* 2^-32 s are less */
}

START_TEST(a_departure_is_told_from_the_stamp_in_the_packet)
{
  note(0, 20 * US, 15 * US);
  note(3, 9 * US, 15 * US);
  note(PACKETS - 1, 15 * US, 15 * US);
  expect(0, true, 5 * US);
  expect(1, false, 0);
  expect(3, true, -6 * US);
  expect(PACKETS - 1, true, 0);
  ck_assert_uint_eq(departures.known, 3);
}
END_TEST

START_TEST(what_cannot_be_is_left_out)
{
  note(0, -1 * US, 0);
  note(1, 101 * MS, 0);
  note(2, 0, 0);
  note(3, 99 * MS, 0);
  note(PACKETS, 1, 0);
  note(UINT32_MAX, 1, 0);
  ow_departures_note_offset(&departures, 4, 101 * MS);
  ow_departures_note_offset(&departures, 5, -101 * MS);
  ow_departures_note_offset(&departures, 6, INT64_MIN + 1);
  ow_departures_note_offset(&departures, 7, -100 * MS);
  expect(0, false, 0);
  expect(1, false, 0);
  expect(2, true, 0);
  expect(3, true, 99 * MS);
  for (uint32_t i = 4; i < 7; i++)
    expect(i, false, 0);
  expect(7, true, -100 * MS);
  expect(PACKETS, false, 0);
  expect(UINT32_MAX, false, 0);
  ck_assert_uint_eq(departures.known, 3);
}
END_TEST

START_TEST(the_first_one_stands)
{
  note(9, 5 * US, 0);
  note(9, 7 * US, 0);
  expect(9, true, 5 * US);
  ck_assert_uint_eq(departures.known, 1);
}
END_TEST

START_TEST(it_takes_no_more_memory_than_it_says)
{
  for (uint32_t i = 0; i < PACKETS; i++) {
    note(i, i * US, 0);
    ck_assert_uint_le(departures.slots * sizeof *departures.offsets, ow_departures_memory(PACKETS));
  }
  for (uint32_t i = 0; i < PACKETS; i++)
    expect(i, true, i * US);
  ck_assert_uint_eq(ow_departures_memory(PACKETS), 4 * PACKETS);
}
END_TEST

START_TEST(what_is_trimmed_takes_what_is_known)
{
  note(10, US, 0);
  ow_departures_trim(&departures);
  ck_assert_uint_eq(departures.slots, 11);
  expect(10, true, US);
  note(11, US, 0);
  expect(11, false, 0);
  ow_departures_begin(&departures, PACKETS);
  ow_departures_trim(&departures);
  ck_assert_ptr_null(departures.offsets);
}
END_TEST

static const struct ow_error_estimate SURE = {0x8001};

static void add(uint32_t sequence, bool lost)
{
  struct ow_sample sample = {
      .sequence = sequence, .sent = READING, .send_error = ow_error_estimate(true, MS)};
  sample.received = lost ? (struct ow_timestamp){0} : ow_timestamp_plus(READING, MS);
  sample.ttl = lost ? OW_TTL_LOST : 255;
  ck_assert_int_eq(ow_samples_append(&samples, &sample), OW_OK);
}

static void expect_sample(size_t index, enum ow_departed_by by, int64_t offset, int64_t error)
{
  const struct ow_sample sample = ow_samples_at(&samples, index);
  ck_assert_int_eq(sample.departed, by);
  ck_assert_int_le(llabs(sample.stamped_before - offset), 1);
  ck_assert_int_le(llabs(ow_timestamp_difference(sample.sent, READING) - offset), 2);
  ck_assert_int_le(llabs(ow_error_ns(sample.send_error) - error), error / 50);
}

static void claim(size_t index, struct ow_error_estimate error)
{
  struct ow_sample sample = ow_samples_at(&samples, index);
  sample.send_error = error;
  ck_assert(ow_samples_put(&samples, index, &sample));
}

START_TEST(samples_get_their_departure_once)
{
  note(0, 20 * US, 15 * US);
  note(1, 20 * US, 15 * US);
  note(2, 12 * US, 15 * US);
  add(2, false);
  add(1, true); /* a record of loss has its scheduled time */
  add(0, false);
  add(0, false); /* a copy */
  add(5, false);
  for (int i = 0; i < 2; i++)
    ow_departures_put_into(&departures, &samples, ow_error_estimate(true, 2 * US));
  expect_sample(0, OW_DEPARTED_KERNEL, -3 * US, 2 * US);
  expect_sample(1, OW_DEPARTED_CORRECTED, 0, MS);
  expect_sample(2, OW_DEPARTED_KERNEL, 5 * US, 2 * US);
  expect_sample(3, OW_DEPARTED_KERNEL, 5 * US, 2 * US);
  expect_sample(4, OW_DEPARTED_CORRECTED, 0, MS);
}
END_TEST

START_TEST(both_must_be_synchronised)
{
  note(0, 20 * US, 15 * US);
  note(1, 20 * US, 15 * US);
  add(0, false);
  add(1, false);
  claim(1, ow_error_estimate(false, MS));
  ow_departures_put_into(&departures, &samples, SURE);
  ck_assert(ow_error_synchronized(ow_samples_at(&samples, 0).send_error));
  ck_assert(!ow_error_synchronized(ow_samples_at(&samples, 1).send_error));
}
END_TEST

/* By _i: the error that the packet claims; 1 ms more is granted. */
START_TEST(what_another_host_says_is_weighed_by_its_own_packets)
{
  static const int64_t errors[] = {0, 5 * MS, 20 * MS};
  const int64_t error = errors[_i];
  enum { WITHIN, BEYOND, LATE, LOST };
  ow_departures_note_offset(&departures, WITHIN, -error - MS);
  ow_departures_note_offset(&departures, BEYOND, -error - MS - error / 30 - 2 * US);
  ow_departures_note_offset(&departures, LATE, 90 * MS);
  ow_departures_note_offset(&departures, LOST, 0);
  for (uint32_t i = WITHIN; i <= LOST; i++)
    add(i, i == LOST);
  add(BEYOND, false); /* a copy */
  for (size_t i = 0; i < samples.count; i++)
    claim(i, ow_error_estimate(true, error));
  ow_departures_weigh(&departures, &samples);
  expect(WITHIN, true, -error - MS);
  expect(BEYOND, false, 0);
  expect(LATE, true, 90 * MS);
  ck_assert_uint_eq(departures.known, 3);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session/departures");
  TEST_CASE_WITH(set_up, tear_down, suite, "noting", a_departure_is_told_from_the_stamp_in_the_packet,
                 what_cannot_be_is_left_out, the_first_one_stands, it_takes_no_more_memory_than_it_says,
                 what_is_trimmed_takes_what_is_known);
  TEST_CASE_WITH(set_up, tear_down, suite, "samples", samples_get_their_departure_once,
                 both_must_be_synchronised);
  TEST_LOOP_WITH(set_up, tear_down, suite, "weighing", 3,
                 what_another_host_says_is_weighed_by_its_own_packets);
  return test_run(suite);
}
