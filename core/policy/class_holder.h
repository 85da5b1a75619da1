/* SPDX-License-Identifier: MIT */
/*
 * What one client has of its class, and of each of that's ancestors. A share is equal for all who have any:
 * first among keys, to which all without one are together one more, then among these.
 *
 * What can be taken back is anyone's while it is free: whoever is within its share of bandwidth gets it
 * though others have claimed all, and then their packets are those that don't leave. What can't be taken back
 * has to be left: who has no key and is above its share of disk leaves the last quarter of it to others.
 */
#ifndef OWAMP_POLICY_CLASS_HOLDER_H
#define OWAMP_POLICY_CLASS_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/class_account.h"
#include "shares/account_key.h"

struct ow_class_holder {
  struct ow_class_account *account;
  struct ow_class_holder *parent; /* the same client, of the class's parent; NULL for the root's */
  struct ow_account_key client;
  unsigned users; /* claims, and holders below it */
  uint64_t held[OW_CLASS_RESOURCES];
  struct ow_class_bucket sent; /* of its share, */
  double rate;                 /* which was so many octets a second, when it was looked at last */
};

/** For a further claim of a client of this class; with it those of the ancestors. NULL without memory. */
struct ow_class_holder *ow_class_holder_join(struct ow_class_accounts *accounts,
                                             struct ow_class_account *account,
                                             const struct ow_account_key *client) OW_MUST_CHECK;
/** Its claim ends, and what was taken for it has been given back. */
void ow_class_holder_leave(struct ow_class_accounts *accounts, struct ow_class_holder *holder);

/** Of its class, and of all ancestors. */
void ow_class_holder_take(struct ow_class_holder *holder, enum ow_class_resource resource, uint64_t amount);
void ow_class_holder_give(struct ow_class_holder *holder, enum ow_class_resource resource, uint64_t amount);

/** Has it with `amount` more no more than its share of that class's limit (not 0): all if nobody else has
 * any? */
bool ow_class_holder_is_within(const struct ow_class_holder *holder, enum ow_class_resource resource,
                               uint64_t amount);
/**
 * May it have `amount` more of its class's disk, and leave the others what is theirs, `taken` being taken
 * already? To one without a key the next to come counts among those who have any.
 */
bool ow_class_holder_leaves_disk(const struct ow_class_holder *holder, uint64_t taken, uint64_t amount);

/**
 * A packet of so many octets on the wire is due `now` (monotonic, ns): true if it may leave, and is counted.
 * A class and its ancestors send a second's worth of their bandwidth at once, or 64 packets, and then it and
 * a quarter more, so that schedules which use it up on average aren't held back by chance. Each client is
 * sure of as much of its share (the next to come has one, too, of whoever is alone), but that the last eighth
 * of a second is left to those who have a key; what is beyond leaves the last quarter to the others, even if
 * there are none yet. It takes a few steps, and no memory.
 */
bool ow_class_holder_may_send(struct ow_class_holder *holder, size_t octets, int64_t now);

#endif
