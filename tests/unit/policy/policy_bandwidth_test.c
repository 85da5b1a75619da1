/* SPDX-License-Identifier: MIT */
/* policy: what a class may send at once, and that chance keeps back no schedule that its limit allows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/system_clock.h"
#include "policy/policy.h"
#include "support/main.h"
#include "support/seed.h"

enum { PAYLOAD = 972, OCTETS = PAYLOAD + 28 }; /* over IPv4 */
#define SECOND OW_NS_PER_S

static struct ow_policy *policy;
static struct ow_serve_policy ask;
static struct ow_serve_claim claimed;

/* A claim of the client of that number, of a packet each so many ns; `key_id` "": it has no key. */
static struct ow_serve_claim claim_of(uint8_t number, const char *key_id, int64_t each)
{
  struct ow_failure failure = {0};
  struct ow_serve_claim claim;
  const struct ow_slot slot = {OW_SLOT_FIXED, ow_span_from_ns(each)};
  const struct ow_session_request request = {.server_sends = true,
                                             .slot_count = 1,
                                             .packets = 1,
                                             .start = ow_system_stamp(),
                                             .sender = {.version = 4},
                                             .padding = PAYLOAD - 14};
  struct ow_serve_client client = {.address = {.version = 4, .address = {192, 0, 2, number}},
                                   .mode = OW_MODE_OPEN};
  ck_assert_uint_ne(ask.admit(policy, &client, &failure), 0);
  snprintf(client.key_id, sizeof client.key_id, "%s", key_id);
  ck_assert_msg(ask.claim(policy, &client, &request, &slot, &claim, &failure) == OW_ACCEPT_OK, "%s",
                failure.text);
  return claim;
}

/* The limits, and a claim of a client that they give that class. */
static void set_up(const char *text)
{
  struct ow_limits limits;
  struct ow_keys_file keys = {0};
  struct ow_failure failure = {0};
  ck_assert_int_eq(ow_limits_parse("t.limits", text, strlen(text), NULL, &limits, NULL, &failure), OW_OK);
  policy = ow_policy_create();
  ck_assert_ptr_nonnull(policy);
  ask = ow_policy_answers(policy);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  claimed = claim_of(1, "", SECOND);
}

static void tear_down(void)
{
  ow_policy_free(policy);
}

static bool may_send(int64_t now)
{
  return ask.may_send(policy, &claimed, PAYLOAD, now);
}

/* How many of the packets that are due all the time may leave. */
static unsigned leave_within(int64_t begin, int64_t nanoseconds)
{
  unsigned left = 0;
  for (int64_t now = begin; now < begin + nanoseconds; now += SECOND / 1000)
    for (int i = 0; i < 10; i++)
      left += may_send(now);
  return left;
}

/* 1000 packets of 1000 octets a second: 1250 leave, and three quarters of these at once. */
#define LIMITED "limit root with bandwidth=8m, allow_open_mode=on\nassign default root\n"

START_TEST(a_second_at_once_and_then_what_the_limit_allows)
{
  set_up(LIMITED);
  unsigned left = leave_within(5 * SECOND, 10 * SECOND);
  ck_assert_uint_ge(left, 1250 * 10 + 937 - 20);
  ck_assert_uint_le(left, 1250 * 10 + 937 + 20);
  tear_down();
}
END_TEST

START_TEST(what_was_not_sent_is_not_saved_for_longer_than_a_second)
{
  set_up(LIMITED);
  (void)leave_within(5 * SECOND, SECOND);
  unsigned left = 0;
  while (may_send(3600 * SECOND))
    left++;
  ck_assert_uint_ge(left, 936);
  ck_assert_uint_le(left, 938);
  tear_down();
}
END_TEST

START_TEST(a_class_is_held_to_its_parents_limit_too)
{
  set_up("limit root with bandwidth=800k, allow_open_mode=on\n"
         "limit child with parent=root, bandwidth=800k, allow_open_mode=on\nassign default child\n");
  unsigned left = leave_within(5 * SECOND, 10 * SECOND);
  ck_assert_uint_ge(left, 125 * 10 + 93 - 5);
  ck_assert_uint_le(left, 125 * 10 + 93 + 5);
  tear_down();
}
END_TEST

/* Each sends so many packets a millisecond for ten seconds, turn and turn about: how many leave. */
static void leave_together(const struct ow_serve_claim *claims, const unsigned *each, unsigned *left,
                           int count)
{
  memset(left, 0, (size_t)count * sizeof *left);
  for (int64_t now = 5 * SECOND; now < 15 * SECOND; now += SECOND / 1000)
    for (int i = 0; i < count; i++)
      for (unsigned j = 0; j < each[i]; j++)
        left[i] += ask.may_send(policy, &claims[i], PAYLOAD, now);
}

/* The first has claimed all, and sends ten times as much; the second its share, and loses nothing. */
START_TEST(who_keeps_to_its_share_is_not_held_back_by_who_does_not)
{
  struct ow_serve_claim claims[2];
  unsigned left[2];
  set_up(LIMITED);
  claims[0] = claim_of(2, "", SECOND / 999);
  claims[1] = claim_of(3, "", SECOND / 333);
  static const unsigned each[] = {10, 0};
  leave_together(claims, each, left, 2);
  unsigned packets = 0;
  unsigned sent = 0;
  for (int64_t now = 15 * SECOND; now < 25 * SECOND; now += 3 * SECOND / 1000) {
    for (int i = 0; i < 30; i++)
      (void)ask.may_send(policy, &claims[0], PAYLOAD, now);
    packets++;
    sent += ask.may_send(policy, &claims[1], PAYLOAD, now);
  }
  ck_assert_uint_eq(sent, packets);
  ck_assert_uint_le(left[0], 1250 * 11 + 20);
  ck_assert_uint_ge(left[0], 1250 * 10); /* what is free is anyone's */
  tear_down();
}
END_TEST

/* Whoever was alone until now has sent all that it may: who comes has packets due at once. */
START_TEST(what_was_sent_before_they_came_keeps_nobody_back)
{
  struct ow_serve_claim late[2];
  set_up(LIMITED);
  ck_assert_uint_gt(leave_within(5 * SECOND, SECOND), 0);
  late[0] = claim_of(2, "", SECOND / 300);
  late[1] = claim_of(3, "monitor", SECOND / 300);
  for (int i = 0; i < 70; i++) {
    ck_assert(ask.may_send(policy, &late[0], PAYLOAD, 6 * SECOND));
    ck_assert(ask.may_send(policy, &late[1], PAYLOAD, 6 * SECOND));
    ck_assert(!may_send(6 * SECOND));
  }
  tear_down();
}
END_TEST

/* Of a class that is allowed little, 64 packets at once are more the larger they are. */
START_TEST(large_packets_leave_room_for_who_has_small_ones)
{
  enum { LARGE = 60000 };
  struct ow_serve_claim late;
  unsigned left = 0;
  set_up("limit root with bandwidth=80k, allow_open_mode=on\nassign default root\n");
  while (ask.may_send(policy, &claimed, LARGE, 5 * SECOND))
    left++;
  ck_assert_uint_eq(left, 48);
  late = claim_of(2, "", SECOND);
  for (int64_t now = 6 * SECOND; now < 30 * SECOND; now += SECOND) {
    (void)ask.may_send(policy, &claimed, LARGE, now);
    (void)may_send(now);
    ck_assert(ask.may_send(policy, &late, PAYLOAD, now));
  }
  tear_down();
}
END_TEST

/* Each of them would take all: who has a key gets half, and the others the other half between them. */
START_TEST(a_key_is_sure_of_its_share_in_any_crowd)
{
  enum { CROWD = 20 };
  struct ow_serve_claim claims[CROWD + 1];
  unsigned each[CROWD + 1];
  unsigned left[CROWD + 1];
  unsigned sum = 0;
  set_up(LIMITED);
  for (uint8_t i = 0; i < CROWD; i++) {
    claims[i] = claim_of((uint8_t)(i + 2), "", SECOND / 40);
    each[i] = 2;
  }
  claims[CROWD] = claim_of(100, "monitor", SECOND / 490);
  each[CROWD] = 1;
  leave_together(claims, each, left, CROWD + 1);
  for (int i = 0; i < CROWD; i++)
    sum += left[i];
  ck_assert_uint_ge(left[CROWD], 625 * 10);
  ck_assert_uint_le(sum + left[CROWD], 1250 * 11 + 20);
  for (int i = 0; i < CROWD; i++)
    ck_assert_uint_ge(left[i], 625 * 8 / CROWD);
  tear_down();
}
END_TEST

START_TEST(without_a_limit_everything_may_leave)
{
  set_up("limit root with allow_open_mode=on\nassign default root\n");
  ck_assert_uint_eq(leave_within(5 * SECOND, SECOND), 10000);
  tear_down();
}
END_TEST

START_TEST(a_class_that_is_gone_is_held_to_the_root_s)
{
  struct ow_limits limits;
  struct ow_keys_file keys = {0};
  struct ow_failure failure;
  const char *text = "limit other with bandwidth=8m, allow_open_mode=on\nassign default other\n";
  set_up(LIMITED);
  ck_assert_int_eq(ow_limits_parse("t.limits", text, strlen(text), NULL, &limits, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  ow_limits_clear(&limits);
  unsigned left = leave_within(5 * SECOND, SECOND);
  ck_assert_uint_le(left, 2 * 1250 + 20);
  tear_down();
}
END_TEST

/* Exponential gaps at the very limit, of many a second and of one: for hours none is held back. */
static void poisson(const char *limits, double per_second, unsigned packets)
{
  struct test_prng prng = test_prng(test_seed());
  int64_t now = SECOND;
  unsigned held_back = 0;
  set_up(limits);
  for (unsigned i = 0; i < packets; i++) {
    double uniform = (double)(test_prng_below(&prng, 1U << 30) + 1) / (double)(1U << 30);
    now += (int64_t)(-log(uniform) / per_second * (double)SECOND);
    held_back += !may_send(now);
  }
  ck_assert_uint_eq(held_back, 0);
  tear_down();
}

START_TEST(a_poisson_schedule_at_the_limit_is_never_held_back)
{
  poisson(LIMITED, 1000, 5000000);
  poisson("limit root with bandwidth=8k, allow_open_mode=on\nassign default root\n", 1, 1000000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy: bandwidth");
  TEST_CASE(suite, "bandwidth", a_second_at_once_and_then_what_the_limit_allows,
            what_was_not_sent_is_not_saved_for_longer_than_a_second, a_class_is_held_to_its_parents_limit_too,
            who_keeps_to_its_share_is_not_held_back_by_who_does_not,
            what_was_sent_before_they_came_keeps_nobody_back, large_packets_leave_room_for_who_has_small_ones,
            a_key_is_sure_of_its_share_in_any_crowd, without_a_limit_everything_may_leave,
            a_class_that_is_gone_is_held_to_the_root_s, a_poisson_schedule_at_the_limit_is_never_held_back);
  return test_run(suite);
}
