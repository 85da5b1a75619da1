/* SPDX-License-Identifier: MIT */
/* core/shares: whose account it is, who may have more, and who gives back first. */
#include "shares/shares.h"

#include <stdio.h>
#include <string.h>

#include "support/main.h"
#include "support/seed.h"

static struct ow_shares shares;

static void set_up(void)
{
  ow_shares_prepare(&shares, sizeof(struct ow_account), NULL);
}

static struct ow_endpoint ipv4(uint8_t last)
{
  return (struct ow_endpoint){.version = 4, .address = {192, 0, 2, last}};
}

/* ---- whose account ---- */

static struct ow_endpoint ipv6(uint16_t first, uint8_t network, uint8_t host)
{
  struct ow_endpoint address = {.version = 6};
  address.address[0] = (uint8_t)(first >> 8);
  address.address[1] = (uint8_t)first;
  address.address[7] = network;
  address.address[15] = host;
  return address;
}

static void expect_key(const char *key_id, struct ow_endpoint address, const char *text)
{
  struct ow_account_key key = ow_account_key_of(key_id, &address);
  char printed[OW_ACCOUNT_KEY_TEXT];
  ck_assert_str_eq(ow_account_key_print(printed, sizeof printed, &key), text);
  ck_assert_int_eq(ow_account_key_is_known(&key), key_id[0] != '\0');
}

START_TEST(accounts_are_told_apart_by_key_or_by_host)
{
  char longest[81];
  char text[OW_ACCOUNT_KEY_TEXT];
  memset(longest, 'k', sizeof longest - 1);
  longest[80] = '\0';
  snprintf(text, sizeof text, "key %s", longest);
  expect_key("", ipv4(7), "192.0.2.7");
  expect_key("", ipv6(0x2001, 1, 5), "2001:0:0:1::/64");
  expect_key("", ipv6(0xfe80, 0, 5), "fe80::0:0:0:5");
  expect_key("monitor", ipv4(7), "key monitor");
  expect_key(longest, ipv6(0x2001, 1, 5), text);
}
END_TEST

static bool same(const char *key_id, struct ow_endpoint address, const char *other_id,
                 struct ow_endpoint other)
{
  struct ow_account_key a = ow_account_key_of(key_id, &address), b = ow_account_key_of(other_id, &other);
  return ow_account_key_compare(&a, &b) == 0;
}

START_TEST(one_host_has_one_account)
{
  struct ow_endpoint port = ipv4(1);
  port.port = 99;
  ck_assert(same("", ipv4(1), "", port));
  ck_assert(!same("", ipv4(1), "", ipv4(2)));
  ck_assert(same("", ipv6(0x2001, 1, 5), "", ipv6(0x2001, 1, 6)));
  ck_assert(!same("", ipv6(0x2001, 1, 5), "", ipv6(0x2001, 2, 5)));
  ck_assert(!same("", ipv6(0xfe80, 0, 5), "", ipv6(0xfe80, 0, 6)));
  ck_assert(same("a", ipv4(1), "a", ipv6(0x2001, 1, 5)));
  ck_assert(!same("a", ipv4(1), "b", ipv4(1)));
  ck_assert(!same("a", ipv4(1), "", ipv4(1)));
}
END_TEST

static struct ow_account *join(const char *key_id, uint8_t last)
{
  struct ow_endpoint address = ipv4(last);
  struct ow_account_key key = ow_account_key_of(key_id, &address);
  struct ow_account *account = ow_shares_join(&shares, &key);
  ck_assert_ptr_nonnull(account);
  ck_assert_ptr_eq(ow_shares_find(&shares, &key), account);
  return account;
}

START_TEST(an_account_goes_with_its_last_user)
{
  struct ow_endpoint address = ipv4(1);
  struct ow_account_key key = ow_account_key_of("", &address);
  ck_assert_ptr_null(ow_shares_find(&shares, &key));
  struct ow_account *account = join("", 1);
  ck_assert_ptr_eq(join("", 1), account);
  ow_account_join(account);
  ck_assert_uint_eq(shares.accounts, 1);
  for (int i = 0; i < 3; i++) {
    ck_assert_ptr_eq(ow_shares_find(&shares, &key), account);
    ow_shares_leave(&shares, account);
  }
  ck_assert_ptr_null(ow_shares_find(&shares, &key));
  ck_assert_uint_eq(shares.accounts, 0);
}
END_TEST

/* ---- who may have more ---- */

static bool may(const struct ow_account *account, uint64_t total, uint64_t amount, const char *phrase)
{
  struct ow_failure failure = {.text = ""};
  enum ow_status status = ow_shares_check(&shares, account, OW_SHARE_SESSIONS, total, amount, &failure);
  ck_assert(status == OW_OK || status == OW_LIMIT);
  ck_assert_msg(strstr(failure.text, phrase), "%s, not %s", failure.text, phrase);
  return status == OW_OK;
}

static void take(struct ow_account *account, uint64_t amount)
{
  ow_shares_take(&shares, account, OW_SHARE_SESSIONS, amount);
}

static void leave(struct ow_account *account)
{
  for (int kind = 0; kind < OW_SHARE_KINDS; kind++)
    ow_shares_give(&shares, account, (enum ow_share_kind)kind, account->held[kind]);
  ow_shares_leave(&shares, account);
}

START_TEST(the_last_quarter_is_for_those_below_their_share)
{
  struct ow_account *hoarder = join("", 1), *modest = join("", 2);
  ck_assert_uint_eq(ow_share_most(1000), 750);
  ck_assert(may(hoarder, 1000, 750, ""));
  ck_assert(!may(hoarder, 1000, 751, "192.0.2.1 holds 0 sessions, and with 751 more it would be above"));
  take(hoarder, 750);
  ck_assert(!may(hoarder, 1000, 1, "its share of 500: the last quarter of 1000"));
  ck_assert(may(modest, 1000, 250, ""));
  ck_assert(may(NULL, 1000, 250, ""));
  ck_assert(!may(modest, 1000, 251, "750 of 1000 sessions are taken, 0 of them by 192.0.2.2"));
  take(modest, 250);
  ck_assert(!may(modest, 1000, 1, "1000 of 1000"));
  ow_shares_give(&shares, hoarder, OW_SHARE_SESSIONS, 1);
  ck_assert(!may(hoarder, 1000, 1, "share of 500"));
  ck_assert(may(modest, 1000, 1, ""));
  leave(hoarder);
  leave(modest);
}
END_TEST

/* Of fewer than four there is no quarter. */
START_TEST(what_is_few_is_had_by_whoever_comes_first)
{
  struct ow_account *account = join("", 1);
  for (uint64_t total = 1; total < 4; total++)
    ck_assert(may(account, total, total, ""));
  ck_assert(!may(account, 4, 4, "share of 2"));
  ck_assert(!may(account, 0, 1, "0 of 0"));
  leave(account);
}
END_TEST

static bool keyless_may(const struct ow_account *account, uint64_t taken)
{
  struct ow_failure failure = {.text = ""};
  bool ok = ow_shares_check_keyless(&shares, account, OW_SHARE_SESSIONS, 1000, taken, &failure) == OW_OK;
  ck_assert_int_eq(ok, strstr(failure.text, "the last eighth of 1000 sessions") == NULL);
  return ok;
}

START_TEST(the_last_eighth_is_for_keys_where_there_are_any)
{
  struct ow_account *stranger = join("", 1), *monitor = join("monitor", 1);
  ck_assert(keyless_may(stranger, 1000));
  shares.keys_known = true;
  ck_assert(keyless_may(stranger, 875) && keyless_may(NULL, 875) && keyless_may(monitor, 1000));
  ck_assert(!keyless_may(stranger, 876) && !keyless_may(NULL, 876));
  leave(stranger);
  leave(monitor);
}
END_TEST

/* However many strangers there are, to a key they are one. */
START_TEST(strangers_are_one_to_a_key)
{
  struct ow_account *strangers[250];
  struct ow_account *alice = join("alice", 1), *bob = join("bob", 1);
  for (int i = 0; i < 250; i++)
    take(strangers[i] = join("", (uint8_t)i), 3);
  ck_assert_uint_eq(ow_shares_share(&shares, alice, OW_SHARE_SESSIONS, 1000), 500);
  take(alice, 200);
  ck_assert_uint_eq(ow_shares_share(&shares, bob, OW_SHARE_SESSIONS, 1000), 333);
  ck_assert(may(alice, 1000, 50, ""));
  ck_assert(!may(strangers[0], 1000, 1, "192.0.2.0 holds 3 sessions, and with 1 more"));
  for (int i = 0; i < 250; i++)
    leave(strangers[i]);
  leave(alice);
  leave(bob);
}
END_TEST

/* ---- at random ---- */

enum { ACCOUNTS = 300, STEPS = 100000, TOTAL = 1000000 };

static void expect_pool(enum ow_share_kind kind, struct ow_account *const *accounts)
{
  uint64_t held = 0, most = 0;
  uint32_t holders = 0, keyed = 0, walked = 0;
  for (int i = 0; i < ACCOUNTS; i++) {
    uint64_t amount = accounts[i]->held[kind];
    held += amount;
    holders += amount > 0;
    keyed += amount > 0 && ow_account_key_is_known(&accounts[i]->key);
    most = amount > most ? amount : most;
  }
  const struct ow_share_pool *pool = &shares.pools[kind];
  ck_assert_uint_eq(pool->held, held);
  ck_assert_uint_eq(pool->holders, holders);
  ck_assert_uint_eq(pool->keyed_holders, keyed);
  uint64_t before = UINT64_MAX;
  for (struct ow_account *at = ow_shares_greediest(&shares, kind); at;
       at = ow_shares_next(&shares, kind, at)) {
    ck_assert_uint_gt(at->held[kind], 0);
    if (walked++ == 0)
      ck_assert_uint_ge(at->held[kind], most - most / 5);
    ck_assert_uint_le(at->held[kind] - at->held[kind] / 5, before); /* each is as greedy, or less */
    before = at->held[kind];
  }
  ck_assert_uint_eq(walked, holders);
}

static uint64_t amount_of(struct test_prng *prng)
{
  return test_prng_next(prng) >> (44 + test_prng_below(prng, 20)); /* of every size below a million */
}

/* Whoever is let have more leaves a quarter to others, or stays within its share. */
static void try_to_take(struct ow_account *account, enum ow_share_kind kind, uint64_t amount)
{
  const struct ow_share_pool *pool = &shares.pools[kind];
  uint64_t share = ow_shares_share(&shares, account, kind, TOTAL);
  bool fits = pool->held + amount <= TOTAL;
  bool leaves = pool->held + amount <= ow_share_most(TOTAL);
  bool below = account->held[kind] + amount <= share;
  bool ok = ow_shares_check(&shares, account, kind, TOTAL, amount, NULL) == OW_OK;
  ck_assert_int_eq(ok, fits && (leaves || below));
  if (ok)
    ow_shares_take(&shares, account, kind, amount);
}

START_TEST(many_accounts_at_random)
{
  struct test_prng prng = test_prng(test_seed());
  struct ow_account *accounts[ACCOUNTS];
  char key_id[16];
  for (int i = 0; i < ACCOUNTS; i++) {
    snprintf(key_id, sizeof key_id, "k%d", i);
    accounts[i] = join(i % 4 == 0 ? key_id : "", (uint8_t)(i % 4 == 0 ? 0 : i - i / 4 - 1));
  }
  for (int step = 0; step < STEPS; step++) {
    struct ow_account *account = accounts[test_prng_below(&prng, ACCOUNTS)];
    enum ow_share_kind kind = (enum ow_share_kind)test_prng_below(&prng, OW_SHARE_KINDS);
    if (test_prng_below(&prng, 3) > 0)
      try_to_take(account, kind, amount_of(&prng));
    else
      ow_shares_give(&shares, account, kind, test_prng_below(&prng, account->held[kind] + 1));
    if (step % 1000 == 0)
      expect_pool(kind, accounts);
  }
  for (int i = 0; i < ACCOUNTS; i++)
    leave(accounts[i]);
  ck_assert_uint_eq(shares.accounts, 0);
  for (int kind = 0; kind < OW_SHARE_KINDS; kind++)
    ck_assert_ptr_null(ow_shares_greediest(&shares, (enum ow_share_kind)kind));
}
END_TEST

/* Amounts of every size have their level. */
START_TEST(no_amount_is_too_large)
{
  struct ow_account *account = join("", 1);
  for (unsigned bits = 0; bits < 64; bits++) {
    take(account, UINT64_MAX >> bits);
    ck_assert_ptr_eq(ow_shares_greediest(&shares, OW_SHARE_SESSIONS), account);
    ck_assert_ptr_null(ow_shares_next(&shares, OW_SHARE_SESSIONS, account));
    ow_shares_give(&shares, account, OW_SHARE_SESSIONS, UINT64_MAX >> bits);
    ck_assert_ptr_null(ow_shares_greediest(&shares, OW_SHARE_SESSIONS));
  }
  leave(account);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("shares");
  test_seed();
  TEST_CASE_WITH(set_up, NULL, suite, "accounts", accounts_are_told_apart_by_key_or_by_host,
                 one_host_has_one_account, an_account_goes_with_its_last_user);
  TEST_CASE_WITH(set_up, NULL, suite, "shares", the_last_quarter_is_for_those_below_their_share,
                 what_is_few_is_had_by_whoever_comes_first, the_last_eighth_is_for_keys_where_there_are_any,
                 strangers_are_one_to_a_key);
  TEST_CASE_WITH(set_up, NULL, suite, "at random", many_accounts_at_random, no_amount_is_too_large);
  return test_run(suite);
}
