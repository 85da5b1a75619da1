/* SPDX-License-Identifier: MIT */
/* core/schedule: the same send times on both ends, bit for bit. */
#include <stdlib.h>

#include "schedule/exponential.h"
#include "schedule/schedule.h"
#include "support/contexts.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/seed.h"

#define ONE_SECOND (UINT64_C(1) << 32)

static struct ow_sid sid_from(const char *digits)
{
  struct ow_sid sid;
  test_hex(digits, sid.octets, sizeof sid.octets);
  return sid;
}

/* The vectors of RFC 4656: the first variate, and sums of the first 10, 1000 and 1000000. */
static const struct {
  const char *sid;
  uint64_t first;
  uint64_t sum_10;
  uint64_t sum_1000;
  uint64_t sum_1000000;
} vectors[] = {
    {"2872979303ab47eeac028dab3829dab2", 0x6d27e540, 0xd65c2252a, 0x3eb7d735c01, 0xf4479bd317381},
    {"0102030405060708090a0b0c0d0e0f00", 0xc2127448, 0x8bf143c54, 0x3f0a9b48272, 0xf433686466a62},
    {"deadbeefdeadbeefdeadbeefdeadbeef", 0x17ef33648, 0xc23b0a12f, 0x3d2cd1c4ab4, 0xf416c8884d2d3},
    {"feed0feed1feed2feed3feed4feed5ab", 0x300d1c98, 0xd058ee0c0, 0x4067fac41ca, 0xf3f0b4b416ec8},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static uint64_t sum_of_next(struct ow_exponential *generator, unsigned count)
{
  uint64_t sum = 0;
  uint64_t variate = 0;
  enum ow_status status = OW_OK;
  /* An assertion in the loop would cost more than all the rest. */
  for (unsigned i = 0; i < count && status == OW_OK; i++) {
    status = ow_exponential_next(generator, &variate);
    sum += variate;
  }
  ck_assert_int_eq(status, OW_OK);
  return sum;
}

START_TEST(variates_are_those_of_the_rfc)
{
  struct ow_sid sid = sid_from(vectors[_i].sid);
  struct ow_exponential generator = ow_exponential(&sid, test_contexts());
  uint64_t sum = sum_of_next(&generator, 1);
  ck_assert_uint_eq(sum, vectors[_i].first);
  sum += sum_of_next(&generator, 9);
  ck_assert_uint_eq(sum, vectors[_i].sum_10);
  sum += sum_of_next(&generator, 990);
  ck_assert_uint_eq(sum, vectors[_i].sum_1000);
  sum += sum_of_next(&generator, 999000);
  ck_assert_uint_eq(sum, vectors[_i].sum_1000000);
}
END_TEST

/* Schedules */

static struct ow_schedule *schedule_create(const char *sid_digits, struct ow_timestamp start,
                                           const struct ow_slot *slots, uint32_t slot_count)
{
  struct ow_sid sid = sid_from(sid_digits);
  struct ow_schedule *schedule = ow_schedule_create(&sid, start, slots, slot_count, test_contexts());
  ck_assert_ptr_nonnull(schedule);
  return schedule;
}

static uint64_t next(struct ow_schedule *schedule)
{
  struct ow_timestamp when;
  ck_assert_int_eq(ow_schedule_next(schedule, &when), OW_OK);
  return when.ntp;
}

START_TEST(a_schedule_of_mean_one_second_is_the_running_sum)
{
  static const struct ow_slot slot = {OW_SLOT_EXPONENTIAL, {ONE_SECOND}};
  struct ow_schedule *schedule = schedule_create(vectors[_i].sid, (struct ow_timestamp){1000}, &slot, 1);
  ck_assert_uint_eq(next(schedule), 1000 + vectors[_i].first);
  for (int i = 0; i < 8; i++)
    (void)next(schedule);
  ck_assert_uint_eq(next(schedule), 1000 + vectors[_i].sum_10);
  ow_schedule_free(schedule);
}
END_TEST

START_TEST(a_variate_is_scaled_by_the_mean_and_cut)
{
  static const struct ow_slot slot = {OW_SLOT_EXPONENTIAL, {3}};
  struct ow_schedule *schedule = schedule_create(vectors[_i].sid, (struct ow_timestamp){0}, &slot, 1);
  ck_assert_uint_eq(next(schedule), 3 * vectors[_i].first >> 32);
  ow_schedule_free(schedule);
}
END_TEST

START_TEST(fixed_slots_are_used_in_turn_again_and_again)
{
  static const struct ow_slot slots[] = {
      {OW_SLOT_FIXED, {10}}, {OW_SLOT_FIXED, {200}}, {OW_SLOT_FIXED, {3000}}};
  static const uint64_t expected[] = {10, 210, 3210, 3220, 3420, 6420, 6430};
  struct ow_schedule *schedule = schedule_create(vectors[0].sid, (struct ow_timestamp){0}, slots, 3);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    ck_assert_uint_eq(next(schedule), expected[i]);
  ow_schedule_free(schedule);
}
END_TEST

/* Between two fixed slots the generator yields what it yields on its own. */
START_TEST(fixed_slots_draw_nothing_from_the_generator)
{
  static const struct ow_slot slots[] = {
      {OW_SLOT_FIXED, {5}}, {OW_SLOT_EXPONENTIAL, {ONE_SECOND}}, {OW_SLOT_FIXED, {7}}};
  struct ow_schedule *schedule = schedule_create(vectors[1].sid, (struct ow_timestamp){0}, slots, 3);
  struct ow_sid sid = sid_from(vectors[1].sid);
  struct ow_exponential generator = ow_exponential(&sid, test_contexts());
  uint64_t expected = 0;
  for (int round = 0; round < 100; round++) {
    ck_assert_uint_eq(next(schedule), expected += 5);
    ck_assert_uint_eq(next(schedule), expected += sum_of_next(&generator, 1));
    ck_assert_uint_eq(next(schedule), expected += 7);
  }
  ow_schedule_free(schedule);
}
END_TEST

/* A captured session: what its Request-Session says, and the first send times of its peer (tests/vectors). */
START_TEST(the_first_packets_of_a_captured_session_are_due_when_its_peer_sent_them)
{
  static const struct ow_slot slots[] = {
      {OW_SLOT_EXPONENTIAL, {85899345}}, /* 20 ms and 10 ms, cut */
      {OW_SLOT_FIXED, {42949672}},
  };
  struct ow_timestamp start = {UINT64_C(0xeeae485e407b45f0)};
  struct ow_schedule *schedule = schedule_create("7f000001eeae485d4c9e668716ae3a7b", start, slots, 2);
  ck_assert_uint_eq(next(schedule), UINT64_C(17198763596751857479));
  ck_assert_uint_eq(next(schedule), UINT64_C(17198763596794807151));
  ck_assert_uint_eq(next(schedule), UINT64_C(17198763596864786011));
  ow_schedule_free(schedule);
}
END_TEST

START_TEST(both_ends_compute_the_same_schedule)
{
  enum { SLOTS = 5 };
  struct test_prng prng = test_prng(test_seed());
  struct ow_slot slots[SLOTS];
  struct ow_sid sid;
  for (size_t i = 0; i < SLOTS; i++)
    slots[i] = (struct ow_slot){test_prng_below(&prng, 2) ? OW_SLOT_FIXED : OW_SLOT_EXPONENTIAL,
                                {test_prng_below(&prng, ONE_SECOND)}};
  test_prng_fill(&prng, sid.octets, sizeof sid.octets);
  struct ow_timestamp start = {test_prng_next(&prng)};
  struct ow_schedule *sender = ow_schedule_create(&sid, start, slots, SLOTS, test_contexts());
  struct ow_schedule *receiver = ow_schedule_create(&sid, start, slots, SLOTS, test_contexts());
  for (int i = 0; i < 10000; i++)
    ck_assert_uint_eq(next(sender), next(receiver));
  ow_schedule_free(sender);
  ow_schedule_free(receiver);
}
END_TEST

START_TEST(a_schedule_crosses_2036)
{
  static const struct ow_slot slot = {OW_SLOT_FIXED, {ONE_SECOND}};
  struct ow_timestamp start = {UINT64_MAX - ONE_SECOND / 2 + 1};
  struct ow_schedule *schedule = schedule_create(vectors[0].sid, start, &slot, 1);
  ck_assert_uint_eq(next(schedule), ONE_SECOND / 2);
  ow_schedule_free(schedule);
}
END_TEST

START_TEST(a_schedule_keeps_its_own_slots)
{
  struct ow_slot slot = {OW_SLOT_FIXED, {10}};
  struct ow_schedule *schedule = schedule_create(vectors[0].sid, (struct ow_timestamp){0}, &slot, 1);
  slot.parameter.ntp = 99;
  ck_assert_uint_eq(next(schedule), 10);
  ow_schedule_free(schedule);
}
END_TEST

START_TEST(a_schedule_needs_slots_and_not_too_many)
{
  struct ow_sid sid = sid_from(vectors[0].sid);
  struct ow_slot *slots = calloc(OW_SLOTS_MOST + 1, sizeof *slots);
  struct ow_timestamp start = {0};
  struct ow_schedule *most = ow_schedule_create(&sid, start, slots, OW_SLOTS_MOST, test_contexts());
  ck_assert_ptr_nonnull(most);
  ck_assert_ptr_null(ow_schedule_create(&sid, start, slots, 0, test_contexts()));
  ck_assert_ptr_null(ow_schedule_create(&sid, start, slots, OW_SLOTS_MOST + 1, test_contexts()));
  ow_schedule_free(most);
  free(slots);
}
END_TEST

START_TEST(no_schedule_can_be_freed)
{
  size_t held = test_memory_held();
  ow_schedule_free(NULL);
  ck_assert_uint_eq(test_memory_held(), held);
}
END_TEST

START_TEST(the_mean_distance_is_that_of_the_slots)
{
  static const struct ow_slot slots[] = {{OW_SLOT_FIXED, {ONE_SECOND}},
                                         {OW_SLOT_EXPONENTIAL, {2 * ONE_SECOND}}};
  ck_assert_int_eq(ow_slots_mean_ns(slots, 2), 1500 * OW_NS_PER_MS);
}
END_TEST

START_TEST(the_mean_distance_is_never_zero_and_never_wraps)
{
  static const struct ow_slot none = {OW_SLOT_FIXED, {0}};
  static const struct ow_slot most[] = {{OW_SLOT_FIXED, {UINT64_MAX}}, {OW_SLOT_FIXED, {UINT64_MAX}}};
  ck_assert_int_eq(ow_slots_mean_ns(&none, 1), 1);
  ck_assert_int_eq(ow_slots_mean_ns(&none, 0), 1);
  ck_assert_int_eq(ow_slots_mean_ns(most, 2), INT64_C(4294967296) * OW_NS_PER_S - 1);
}
END_TEST

START_TEST(a_time_that_is_over_has_no_more_packets_than_none)
{
  static const struct ow_slot slot = {OW_SLOT_FIXED, {ONE_SECOND}};
  uint32_t none = ow_slots_most_packets(&slot, 1, 0);
  ck_assert_uint_lt(none, 64);
  ck_assert_uint_eq(ow_slots_most_packets(&slot, 1, -5 * OW_NS_PER_S), none);
  ck_assert_uint_eq(ow_slots_most_packets(&slot, 1, INT64_MIN), none);
}
END_TEST

/* How long `packets` packets take with the schedule of a SID, in ns. */
static int64_t length_of(const struct ow_sid *sid, const struct ow_slot *slots, uint32_t slot_count,
                         uint32_t packets)
{
  struct ow_timestamp start = {UINT64_C(4000000000) << 32};
  struct ow_timestamp when = start;
  struct ow_schedule *schedule = ow_schedule_create(sid, start, slots, slot_count, test_contexts());
  ck_assert_ptr_nonnull(schedule);
  for (uint32_t i = 0; i < packets; i++)
    ck_assert_int_eq(ow_schedule_next(schedule, &when), OW_OK);
  ow_schedule_free(schedule);
  return ow_timestamp_difference(when, start);
}

START_TEST(no_schedule_is_longer_than_the_longest)
{
  static const struct ow_slot poisson[] = {{OW_SLOT_EXPONENTIAL, {ONE_SECOND / 16}}};
  static const struct ow_slot mixed[] = {{OW_SLOT_EXPONENTIAL, {ONE_SECOND / 16}},
                                         {OW_SLOT_FIXED, {ONE_SECOND / 64}}};
  static const struct ow_slot fixed[] = {{OW_SLOT_FIXED, {ONE_SECOND / 16}}};
  enum { SIDS = 2000, PACKETS = 50 };
  double bounds[] = {ow_slots_longest_ns(poisson, 1, PACKETS), ow_slots_longest_ns(mixed, 2, PACKETS)};
  int64_t longest[] = {0, 0};
  struct test_prng prng = test_prng(test_seed());
  for (unsigned i = 0; i < SIDS; i++) {
    struct ow_sid sid;
    test_prng_fill(&prng, sid.octets, sizeof sid.octets);
    int64_t lengths[] = {length_of(&sid, poisson, 1, PACKETS), length_of(&sid, mixed, 2, PACKETS)};
    for (int k = 0; k < 2; k++)
      longest[k] = lengths[k] > longest[k] ? lengths[k] : longest[k];
  }
  for (int k = 0; k < 2; k++) {
    ck_assert_msg((double)longest[k] < bounds[k], "%d: %lld ns", k, (long long)longest[k]);
    ck_assert_msg((double)longest[k] > 0.6 * bounds[k], "%d: the bound is far too wide", k);
  }
  /* 50/16 s on average; 2.1 times that is passed once in 10^9. */
  ck_assert_msg(bounds[0] > 6.4e9 && bounds[0] < 6.7e9, "%g", bounds[0]);
  ck_assert_msg(llabs((long long)ow_slots_longest_ns(fixed, 1, PACKETS) - 3125000000) < 100, "not 50/16 s");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("schedule");
  test_seed();
  TEST_LOOP(suite, "vectors", VECTORS, variates_are_those_of_the_rfc,
            a_schedule_of_mean_one_second_is_the_running_sum, a_variate_is_scaled_by_the_mean_and_cut);
  TEST_CASE(suite, "schedule", fixed_slots_are_used_in_turn_again_and_again,
            fixed_slots_draw_nothing_from_the_generator,
            the_first_packets_of_a_captured_session_are_due_when_its_peer_sent_them,
            both_ends_compute_the_same_schedule, a_schedule_crosses_2036, a_schedule_keeps_its_own_slots,
            a_schedule_needs_slots_and_not_too_many, no_schedule_can_be_freed);
  TEST_CASE(suite, "longest", no_schedule_is_longer_than_the_longest);
  TEST_CASE(suite, "mean", the_mean_distance_is_that_of_the_slots,
            the_mean_distance_is_never_zero_and_never_wraps,
            a_time_that_is_over_has_no_more_packets_than_none);
  return test_run(suite);
}
