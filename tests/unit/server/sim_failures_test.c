/* SPDX-License-Identifier: MIT */
/* server/failures: what is remembered of keys that failed, and that it fades. */
#include "server/failures.h"

#include <string.h>

#include "server/accounts.h"
#include "sim/sim.h"
#include "support/main.h"

static struct ow_serve_common common;

static void set_up(void)
{
  struct ow_failure failure;
  sim_begin(1);
  memset(&common, 0, sizeof common);
  common.loop = ow_loop_create(&failure);
  ow_serve_accounts_prepare(&common);
  ow_serve_failures_prepare(&common);
}

static void tear_down(void)
{
  ow_serve_failures_clear(&common);
  ck_assert_uint_eq(common.shares.accounts, 0);
  ow_loop_free(common.loop);
  sim_end();
}

static struct ow_serve_client from(uint16_t number)
{
  return (struct ow_serve_client){
      .address = {.version = 4, .address = {192, 0, (uint8_t)(number >> 8), (uint8_t)number}}};
}

static void note(uint16_t number, const char *key_id, unsigned times)
{
  struct ow_serve_client client = from(number);
  while (times-- > 0)
    ow_serve_failures_note(&common, &client, key_id);
}

static uint64_t of(uint16_t number)
{
  struct ow_serve_client client = from(number);
  return ow_serve_failures_of(&common, &client);
}

static uint64_t of_key(const char *key_id)
{
  struct ow_account_key key = ow_account_key_of(key_id, &(struct ow_endpoint){.version = 4});
  const struct ow_account *account = ow_shares_find(&common.shares, &key);
  return account ? account->held[OW_SHARE_KEY_FAILURES] : 0;
}

START_TEST(failures_count_by_address_and_by_key)
{
  note(1, "monitor", 3);
  note(2, "monitor", 2);
  note(2, "", 1);
  ck_assert_uint_eq(of(1), 3);
  ck_assert_uint_eq(of(2), 3);
  ck_assert_uint_eq(of(3), 0);
  ck_assert_uint_eq(of_key("monitor"), 5);
  ck_assert_uint_eq(of_key("guest"), 0);
}
END_TEST

/* Whoever has the key, and comes from elsewhere, is behind nobody. */
START_TEST(a_key_is_not_locked_out_by_who_has_it_not)
{
  struct ow_serve_client owner = from(9);
  note(1, "monitor", 1000);
  strcpy(owner.key_id, "monitor");
  ck_assert_uint_eq(ow_serve_failures_of(&common, &owner), 0);
}
END_TEST

START_TEST(they_fade)
{
  note(1, "monitor", 5);
  sim_run(common.loop, 61 * OW_NS_PER_S);
  ck_assert_uint_eq(of(1), 2);
  ck_assert_uint_eq(of_key("monitor"), 2);
  note(2, "", 1);
  sim_run(common.loop, 60 * OW_NS_PER_S);
  ck_assert_uint_eq(of(1), 1);
  ck_assert_uint_eq(of(2), 0);
  sim_run(common.loop, 60 * OW_NS_PER_S);
  ck_assert_uint_eq(common.shares.accounts, 0);
  note(1, "", 1);
  sim_run(common.loop, 61 * OW_NS_PER_S);
  ck_assert_uint_eq(of(1), 0);
}
END_TEST

START_TEST(what_is_remembered_is_bounded)
{
  for (uint16_t i = 0; i < OW_SERVE_FAILURES_REMEMBERED; i++)
    note(i, "", 1);
  note(0, "", 1); /* again: the next is the oldest */
  note(OW_SERVE_FAILURES_REMEMBERED, "", 1);
  ck_assert_uint_eq(common.shares.accounts, OW_SERVE_FAILURES_REMEMBERED);
  ck_assert_uint_eq(of(0), 2);
  ck_assert_uint_eq(of(1), 0);
  ck_assert_uint_eq(of(OW_SERVE_FAILURES_REMEMBERED), 1);
}
END_TEST

START_TEST(a_name_in_the_log_is_an_account_s)
{
  static const struct {
    const char *name, *other;
    bool same;
  } cases[] = {{"192.0.2.1", "192.0.2.1", true},       {"192.0.2.1", "192.0.2.2", false},
               {"2001:db8::1", "2001:db8::2:3", true}, {"2001:db8::1", "2001:db8:0:1::1", false},
               {"fe80::1%eth0", "fe80::1", true},      {"fe80::1%eth0", "fe80::2%eth0", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_msg((ow_serve_account_named(cases[i].name, strlen(cases[i].name)) ==
                   ow_serve_account_named(cases[i].other, strlen(cases[i].other))) == cases[i].same,
                  "%s, %s", cases[i].name, cases[i].other);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sim_failures");
  TEST_CASE_WITH(set_up, tear_down, suite, "failures", failures_count_by_address_and_by_key,
                 a_key_is_not_locked_out_by_who_has_it_not, they_fade, what_is_remembered_is_bounded);
  TEST_CASE(suite, "log", a_name_in_the_log_is_an_account_s);
  return test_run(suite);
}
