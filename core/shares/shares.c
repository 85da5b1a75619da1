/* SPDX-License-Identifier: MIT */
/* A tree of accounts by key, and for each kind lists of those that hold about as much. */
#include "shares/shares.h"

#include <search.h>
#include <stdlib.h>

#include "base/container_of.h"

/* Four levels for each power of 2; below 8 each amount has its own. */
enum { STEPS = 4, STEP_BITS = 2 };

/* ---- accounts ---- */

void ow_shares_prepare(struct ow_shares *shares, size_t account_size,
                       void (*begin)(struct ow_account *account))
{
  *shares = (struct ow_shares){.account_size = account_size, .begin = begin};
}

static int compare(const void *a, const void *b)
{
  return ow_account_key_compare(a, b);
}

struct ow_account *ow_shares_find(const struct ow_shares *shares, const struct ow_account_key *key)
{
  struct ow_account_key **found = tfind(key, &shares->by_key, compare);
  return found ? OW_CONTAINER_OF(*found, struct ow_account, key) : NULL;
}

static struct ow_account *make(struct ow_shares *shares, const struct ow_account_key *key)
{
  struct ow_account *account = calloc(1, shares->account_size);
  if (account) {
    account->key = *key;
    if (!tsearch(&account->key, &shares->by_key, compare)) {
      free(account);
      return NULL;
    }
    shares->accounts++;
    if (shares->begin)
      shares->begin(account);
  }
  return account;
}

struct ow_account *ow_shares_join(struct ow_shares *shares, const struct ow_account_key *key)
{
  struct ow_account *account = ow_shares_find(shares, key);
  if (!account)
    account = make(shares, key);
  if (account)
    ow_account_join(account);
  return account;
}

void ow_account_join(struct ow_account *account)
{
  account->users++;
}

void ow_shares_leave(struct ow_shares *shares, struct ow_account *account)
{
  if (--account->users == 0) {
    (void)tdelete(&account->key, &shares->by_key, compare);
    shares->accounts--;
    free(account);
  }
}

/* ---- levels ---- */

static unsigned level_of(uint64_t amount)
{
  unsigned top = 0;
  if (amount >= STEPS)
    top = 63 - (unsigned)__builtin_clzll(amount) - STEP_BITS;
  return top * STEPS + (unsigned)(amount >> top);
}

static void enter(struct ow_share_pool *pool, struct ow_account *account, enum ow_share_kind kind)
{
  unsigned level = level_of(account->held[kind]);
  LIST_INSERT_HEAD(&pool->levels[level], account, among[kind]);
  pool->in_use[level / 64] |= UINT64_C(1) << level % 64;
}

static void withdraw(struct ow_share_pool *pool, struct ow_account *account, enum ow_share_kind kind)
{
  unsigned level = level_of(account->held[kind]);
  LIST_REMOVE(account, among[kind]);
  if (LIST_EMPTY(&pool->levels[level]))
    pool->in_use[level / 64] &= ~(UINT64_C(1) << level % 64);
}

static void set(struct ow_shares *shares, struct ow_account *account, enum ow_share_kind kind,
                uint64_t amount)
{
  struct ow_share_pool *pool = &shares->pools[kind];
  uint64_t before = account->held[kind];
  bool keyed = ow_account_key_is_known(&account->key);
  bool moves = before == 0 || amount == 0 || level_of(before) != level_of(amount);
  if (before > 0 && moves)
    withdraw(pool, account, kind);
  account->held[kind] = amount;
  if (amount > 0 && moves)
    enter(pool, account, kind);
  pool->held = pool->held - before + amount;
  pool->holders = pool->holders - (before > 0) + (amount > 0);
  if (keyed)
    pool->keyed_holders = pool->keyed_holders - (before > 0) + (amount > 0);
}

void ow_shares_take(struct ow_shares *shares, struct ow_account *account, enum ow_share_kind kind,
                    uint64_t amount)
{
  set(shares, account, kind, account->held[kind] + amount);
}

void ow_shares_give(struct ow_shares *shares, struct ow_account *account, enum ow_share_kind kind,
                    uint64_t amount)
{
  set(shares, account, kind, account->held[kind] - amount);
}

static struct ow_account *first_up_to(const struct ow_share_pool *pool, unsigned level)
{
  struct ow_account *found = NULL;
  int word = (int)level / 64;
  uint64_t bits = pool->in_use[word] & UINT64_MAX >> (63 - level % 64);
  while (bits == 0 && word > 0)
    bits = pool->in_use[--word];
  if (bits)
    found = LIST_FIRST(&pool->levels[word * 64 + 63 - __builtin_clzll(bits)]);
  return found;
}

struct ow_account *ow_shares_greediest(const struct ow_shares *shares, enum ow_share_kind kind)
{
  return first_up_to(&shares->pools[kind], OW_SHARE_LEVELS - 1);
}

struct ow_account *ow_shares_next(const struct ow_shares *shares, enum ow_share_kind kind,
                                  const struct ow_account *account)
{
  struct ow_account *next = LIST_NEXT(account, among[kind]);
  unsigned level = level_of(account->held[kind]);
  if (!next && level > 0)
    next = first_up_to(&shares->pools[kind], level - 1);
  return next;
}

/* ---- shares ---- */

uint64_t ow_share_most(uint64_t total)
{
  return total - total / 4;
}

uint64_t ow_shares_share(const struct ow_shares *shares, const struct ow_account *account,
                         enum ow_share_kind kind, uint64_t total)
{
  const struct ow_share_pool *pool = &shares->pools[kind];
  bool keyed = account && ow_account_key_is_known(&account->key);
  bool is_new = !account || account->held[kind] == 0;
  uint64_t holders = (keyed ? pool->keyed_holders + UINT64_C(1) : pool->holders) + is_new;
  if (holders < 2)
    holders = 2;
  return total / holders > 0 ? total / holders : 1;
}

enum ow_status ow_shares_check(const struct ow_shares *shares, const struct ow_account *account,
                               enum ow_share_kind kind, uint64_t total, uint64_t amount,
                               struct ow_failure *failure)
{
  uint64_t taken = shares->pools[kind].held;
  uint64_t held = account ? account->held[kind] : 0;
  uint64_t share = ow_shares_share(shares, account, kind, total);
  uint64_t left = taken < total ? total - taken : 0;
  char name[OW_ACCOUNT_KEY_TEXT] = "it";
  enum ow_status status = OW_OK;
  if (account)
    ow_account_key_print(name, sizeof name, &account->key);
  if (amount > left)
    status =
        ow_fail(failure, OW_LIMIT, "%llu of %llu %s are taken, %llu of them by %s", (unsigned long long)taken,
                (unsigned long long)total, ow_share_name(kind), (unsigned long long)held, name);
  else if (left - amount < total / 4 && (held > share || amount > share - held))
    status = ow_fail(failure, OW_LIMIT,
                     "%s holds %llu %s, and with %llu more it would be above its share of %llu: the last "
                     "quarter of %llu is left to those who aren't",
                     name, (unsigned long long)held, ow_share_name(kind), (unsigned long long)amount,
                     (unsigned long long)share, (unsigned long long)total);
  return status;
}

enum ow_status ow_shares_check_keyless(const struct ow_shares *shares, const struct ow_account *account,
                                       enum ow_share_kind kind, uint64_t total, uint64_t taken,
                                       struct ow_failure *failure)
{
  bool keyed = account && ow_account_key_is_known(&account->key);
  enum ow_status status = OW_OK;
  if (shares->keys_known && !keyed && taken > total - total / 8)
    status = ow_fail(failure, OW_LIMIT, "the last eighth of %llu %s is left to those who have a key",
                     (unsigned long long)total, ow_share_name(kind));
  return status;
}

const char *ow_share_name(enum ow_share_kind kind)
{
  static const char *const names[] = {[OW_SHARE_CONNECTIONS] = "connections",
                                      [OW_SHARE_HANDSHAKES] = "handshakes",
                                      [OW_SHARE_SESSIONS] = "sessions",
                                      [OW_SHARE_RESULTS] = "results",
                                      [OW_SHARE_RECORDS] = "records",
                                      [OW_SHARE_DISK] = "octets of disk",
                                      [OW_SHARE_FAILURES] = "failures of keys",
                                      [OW_SHARE_KEY_FAILURES] = "failures in a key's name",
                                      [OW_SHARE_REFLECTIONS] = "reflected sessions"};
  return names[kind];
}
