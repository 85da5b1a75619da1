/* SPDX-License-Identifier: MIT */
/*
 * Who holds how much of what is bounded, and who may have more of it. Each account has an equal share: a
 * right where things are scarce, and no cap. Anyone may take what is free, but
 *
 *   - who would hold more than its share leaves the last quarter of all to the others,
 *   - where keys are known, who has none leaves the last eighth to those who have one,
 *   - and who holds more than its share is the first to give back: ow_shares_greediest().
 *
 * Nothing here allocates or looks for anything but when an account is joined or left; all else takes constant
 * time, however many accounts there are. It knows no clock.
 */
#ifndef OWAMP_SHARES_SHARES_H
#define OWAMP_SHARES_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "shares/account_key.h"

/** What is shared. */
enum ow_share_kind {
  OW_SHARE_CONNECTIONS,  /* control connections, set up or not */
  OW_SHARE_HANDSHAKES,   /* those of them that aren't set up */
  OW_SHARE_SESSIONS,     /* agreed or running */
  OW_SHARE_RESULTS,      /* that are kept, or will be */
  OW_SHARE_RECORDS,      /* memory, in units of a record */
  OW_SHARE_DISK,         /* octets that ended sessions have claimed of their class */
  OW_SHARE_FAILURES,     /* of keys: lately, by whoever has that address */
  OW_SHARE_KEY_FAILURES, /* likewise, in that key's name, by whoever it was */
  OW_SHARE_REFLECTIONS,  /* sessions of a Session-Reflector without a control connection */
  OW_SHARE_KINDS
};

/** Embed it as the first member of what else is known of an account. */
struct ow_account {
  struct ow_account_key key;
  unsigned users; /* who has joined and not left */
  uint64_t held[OW_SHARE_KINDS];
  LIST_ENTRY(ow_account) among[OW_SHARE_KINDS]; /* those that hold about as much, while it holds any */
};

enum { OW_SHARE_LEVELS = 256 };

/** All of one kind. */
struct ow_share_pool {
  uint64_t held;
  uint32_t holders;
  uint32_t keyed_holders;
  LIST_HEAD(ow_accounts, ow_account) levels[OW_SHARE_LEVELS]; /* by about how much they hold */
  uint64_t in_use[OW_SHARE_LEVELS / 64];                      /* a bit for each level that isn't empty */
};

struct ow_shares {
  size_t account_size;
  void (*begin)(struct ow_account *account);
  void *by_key; /* tsearch(3) tree */
  uint32_t accounts;
  bool keys_known; /* there are clients with a key, or may be: set by the caller */
  struct ow_share_pool pools[OW_SHARE_KINDS];
};

/**
 * Nobody holds anything. An account has `account_size` octets, of which the first are struct ow_account and
 * the rest, zero at first, are prepared by `begin` (NULL: nothing is to be done).
 */
void ow_shares_prepare(struct ow_shares *shares, size_t account_size,
                       void (*begin)(struct ow_account *account));

/**
 * The account of this key, for a further user of it; made if there is none. NULL without memory. Each user
 * leaves it, when nothing is held any more that it took; after the last it is gone. O(log n).
 */
struct ow_account *ow_shares_join(struct ow_shares *shares, const struct ow_account_key *key) OW_MUST_CHECK;
/** A further user of an account that is in use. */
void ow_account_join(struct ow_account *account);
void ow_shares_leave(struct ow_shares *shares, struct ow_account *account);
/** NULL if nobody uses it. */
struct ow_account *ow_shares_find(const struct ow_shares *shares, const struct ow_account_key *key);

/** It holds more, or less; whether it may is another question. */
void ow_shares_take(struct ow_shares *shares, struct ow_account *account, enum ow_share_kind kind,
                    uint64_t amount);
void ow_shares_give(struct ow_shares *shares, struct ow_account *account, enum ow_share_kind kind,
                    uint64_t amount);

/** What one who is above its share can have of `total` at most. */
uint64_t ow_share_most(uint64_t total);
/**
 * An equal share of `total`, 1 at least, for each who holds any, `account` (NULL: a stranger who holds
 * nothing) and the next to come among them. To one who has a key, all who have none are together one.
 */
uint64_t ow_shares_share(const struct ow_shares *shares, const struct ow_account *account,
                         enum ow_share_kind kind, uint64_t total);
/**
 * May `account` (NULL: a stranger who holds nothing) hold `amount` more, where there is `total` in all?
 * OW_LIMIT: not now, and `failure` says whether because all is taken or because it would be above its share.
 */
enum ow_status ow_shares_check(const struct ow_shares *shares, const struct ow_account *account,
                               enum ow_share_kind kind, uint64_t total, uint64_t amount,
                               struct ow_failure *failure) OW_MUST_CHECK;

/**
 * May `account` (NULL as above), unless it has a key, have what makes it `taken` in all, of `total`?
 * OW_LIMIT: that is within the last eighth, and keys are known.
 */
enum ow_status ow_shares_check_keyless(const struct ow_shares *shares, const struct ow_account *account,
                                       enum ow_share_kind kind, uint64_t total, uint64_t taken,
                                       struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Who holds most, but for a fifth of it; then who comes next after `account`. NULL: no one is left. It takes
 * a few steps, however many there are.
 */
struct ow_account *ow_shares_greediest(const struct ow_shares *shares, enum ow_share_kind kind);
struct ow_account *ow_shares_next(const struct ow_shares *shares, enum ow_share_kind kind,
                                  const struct ow_account *account);

/** "connections", "records", ... for a person. */
const char *ow_share_name(enum ow_share_kind kind);

#endif
