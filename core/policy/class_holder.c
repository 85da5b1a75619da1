/* SPDX-License-Identifier: MIT */
/* A tree of holders, by class, client and what is above them; buckets that leak at the rate of a share. */
#include "policy/class_holder.h"

#include <search.h>
#include <stdlib.h>

#include "base/units.h"
#include "shares/shares.h"

enum {
  PACKETS_AT_ONCE = 64,       /* of a class that is allowed less than that in a second */
  PACKETS_AT_ONCE_OF_ONE = 4, /* likewise of a client's share */
};
#define SPARE 1.25 /* times its bandwidth may a class send */

/* ---- who ---- */

static int compare_pointers(const void *a, const void *b)
{
  return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* After a reload a class may have another parent: who holds anything since then is another holder. */
static int compare(const void *a, const void *b)
{
  const struct ow_class_holder *left = a;
  const struct ow_class_holder *right = b;
  int order = compare_pointers(left->account, right->account);
  if (order == 0)
    order = compare_pointers(left->parent, right->parent);
  return order ? order : ow_account_key_compare(&left->client, &right->client);
}

static struct ow_class_holder *make(struct ow_class_accounts *accounts, const struct ow_class_holder *like)
{
  struct ow_class_holder *holder = calloc(1, sizeof *holder);
  if (holder) {
    *holder = *like;
    if (!tsearch(holder, &accounts->holders, compare)) {
      free(holder);
      return NULL;
    }
    holder->account->users++;
    if (holder->parent)
      holder->parent->users++;
  }
  return holder;
}

static struct ow_class_holder *find_or_make(struct ow_class_accounts *accounts,
                                            struct ow_class_account *account, struct ow_class_holder *parent,
                                            const struct ow_account_key *client)
{
  const struct ow_class_holder like = {.account = account, .parent = parent, .client = *client};
  struct ow_class_holder **found = tfind(&like, &accounts->holders, compare);
  return found ? *found : make(accounts, &like);
}

static void drop_unused(struct ow_class_accounts *accounts, struct ow_class_holder *holder)
{
  while (holder && holder->users == 0) {
    struct ow_class_holder *parent = holder->parent;
    (void)tdelete(holder, &accounts->holders, compare);
    holder->account->users--;
    free(holder);
    if (parent)
      parent->users--;
    holder = parent;
  }
}

/* From the root down; what was made for nothing is dropped. */
struct ow_class_holder *ow_class_holder_join(struct ow_class_accounts *accounts,
                                             struct ow_class_account *account,
                                             const struct ow_account_key *client)
{
  struct ow_class_account *path[OW_CLASSES_MOST];
  struct ow_class_holder *holder = NULL;
  struct ow_class_holder *above = NULL;
  size_t depth = 0;
  for (; account; account = account->parent)
    path[depth++] = account;
  while (depth > 0 && (holder = find_or_make(accounts, path[depth - 1], above, client))) {
    above = holder;
    depth--;
  }
  if (holder)
    holder->users++;
  else
    drop_unused(accounts, above);
  return holder;
}

void ow_class_holder_leave(struct ow_class_accounts *accounts, struct ow_class_holder *holder)
{
  holder->users--;
  drop_unused(accounts, holder);
}

/* ---- how much ---- */

static void set(struct ow_class_holder *holder, enum ow_class_resource resource, uint64_t amount)
{
  struct ow_class_account *account = holder->account;
  uint32_t ends = holder->held[resource] > 0;
  uint32_t begins = amount > 0;
  account->holders[resource] = account->holders[resource] - ends + begins;
  if (ow_account_key_is_known(&holder->client))
    account->keyed[resource] = account->keyed[resource] - ends + begins;
  holder->held[resource] = amount;
}

void ow_class_holder_take(struct ow_class_holder *holder, enum ow_class_resource resource, uint64_t amount)
{
  holder->account->held[resource] += amount;
  for (; holder; holder = holder->parent)
    set(holder, resource, holder->held[resource] + amount);
}

void ow_class_holder_give(struct ow_class_holder *holder, enum ow_class_resource resource, uint64_t amount)
{
  holder->account->held[resource] -= amount;
  for (; holder; holder = holder->parent)
    set(holder, resource, holder->held[resource] - amount);
}

/* As if it held some. */
static uint64_t share_of(const struct ow_class_holder *holder, enum ow_class_resource resource)
{
  const struct ow_class_account *account = holder->account;
  bool keyed = ow_account_key_is_known(&holder->client);
  bool is_new = holder->held[resource] == 0;
  uint64_t keys = account->keyed[resource] + (uint64_t)(is_new && keyed);
  uint64_t others = account->holders[resource] - account->keyed[resource] + (uint64_t)(is_new && !keyed);
  uint64_t parts = keys + (others > 0); /* 1 at least: it counts itself */
  uint64_t share = parts > 0 ? account->limit[resource] / parts : 0;
  return keyed || others == 0 ? share : share / others;
}

bool ow_class_holder_is_within(const struct ow_class_holder *holder, enum ow_class_resource resource,
                               uint64_t amount)
{
  uint64_t share = share_of(holder, resource);
  return holder->held[resource] <= share && amount <= share - holder->held[resource];
}

bool ow_class_holder_leaves_disk(const struct ow_class_holder *holder, uint64_t taken, uint64_t amount)
{
  const struct ow_class_account *account = holder->account;
  uint64_t held = holder->held[OW_CLASS_DISK];
  bool is_alone = account->holders[OW_CLASS_DISK] == (held > 0);
  uint64_t share = share_of(holder, OW_CLASS_DISK) / (is_alone ? 2 : 1);
  uint64_t most = ow_share_most(account->limit[OW_CLASS_DISK]);
  bool is_within = held <= share && amount <= share - held;
  return ow_account_key_is_known(&holder->client) || is_within || (taken <= most && amount <= most - taken);
}

/* ---- what may leave ---- */

static double more_of(double a, double b)
{
  return a > b ? a : b;
}

static double less_of(double a, double b)
{
  return a < b ? a : b;
}

/* Of so many octets a second. */
static void leak(struct ow_class_bucket *bucket, double rate, int64_t now)
{
  double seconds = (double)(now - bucket->at) / (double)OW_NS_PER_S;
  bucket->octets = more_of(bucket->octets - seconds * rate, 0);
  bucket->at = now;
}

static double rate_of(uint64_t bits)
{
  return (double)bits / 8 * SPARE;
}

/* In octets: how much of a share may leave at once. */
static double room_of(double rate, size_t octets, int packets)
{
  return more_of(rate, (double)octets * packets);
}

static double class_room(const struct ow_class_account *account, size_t octets)
{
  return room_of(rate_of(account->limit[OW_CLASS_BANDWIDTH]), octets, PACKETS_AT_ONCE);
}

/* Within its share; of who is alone, the next to come has half already. */
static bool is_sure(struct ow_class_holder *holder, size_t octets, int64_t now)
{
  bool is_alone = holder->account->holders[OW_CLASS_BANDWIDTH] <= 1;
  holder->rate = rate_of(share_of(holder, OW_CLASS_BANDWIDTH)) / (is_alone ? 2 : 1);
  leak(&holder->sent, holder->rate, now);
  return holder->sent.octets + (double)octets <= room_of(holder->rate, octets, PACKETS_AT_ONCE_OF_ONE);
}

/*
 * `holder` is NULL if its class isn't what it was when that was made. What is left to others is so before
 * they come, as what has been sent can't be taken back; and larger packets of others' mustn't fill what
 * smaller ones are sure of.
 */
static bool has_room(struct ow_class_account *account, struct ow_class_holder *holder, size_t octets,
                     int64_t now)
{
  double room = class_room(account, octets);
  leak(&account->sent, rate_of(account->limit[OW_CLASS_BANDWIDTH]), now);
  if (account->sent.octets <= 0)
    account->room = 0;
  if (!holder || !is_sure(holder, octets, now))
    room = room * 3 / 4;
  else
    room = more_of(room, account->room) * (ow_account_key_is_known(&holder->client) ? 1 : 7.0 / 8);
  return account->sent.octets + (double)octets <= room;
}

/* After has_room(). What leaves beyond a client's share is no debt of its. */
static void charge(struct ow_class_account *account, struct ow_class_holder *holder, size_t octets)
{
  account->sent.octets += (double)octets;
  account->room = more_of(account->room, class_room(account, octets));
  if (holder) {
    double most = room_of(holder->rate, octets, PACKETS_AT_ONCE_OF_ONE);
    holder->sent.octets = more_of(holder->sent.octets, less_of(holder->sent.octets + (double)octets, most));
  }
}

/* The holder of that account, from `holder` on; NULL if there is none. */
static struct ow_class_holder *of_account(struct ow_class_holder *holder,
                                          const struct ow_class_account *account)
{
  while (holder && holder->account != account)
    holder = holder->parent;
  return holder;
}

bool ow_class_holder_may_send(struct ow_class_holder *holder, size_t octets, int64_t now)
{
  bool may = true;
  for (struct ow_class_account *account = holder->account; account && may; account = account->parent)
    if (account->limit[OW_CLASS_BANDWIDTH] > 0)
      may = has_room(account, of_account(holder, account), octets, now);
  for (struct ow_class_account *account = holder->account; account && may; account = account->parent)
    if (account->limit[OW_CLASS_BANDWIDTH] > 0)
      charge(account, of_account(holder, account), octets);
  return may;
}
