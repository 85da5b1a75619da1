/* SPDX-License-Identifier: MIT */
/*
 * What the sessions of each class take of its bandwidth and disk, and of its ancestors'. An account is found
 * by its class's name and outlives a reload for as long as anybody holds anything of it.
 */
#ifndef OWAMP_POLICY_CLASS_ACCOUNT_H
#define OWAMP_POLICY_CLASS_ACCOUNT_H

#include <stdint.h>

#include "base/status.h"
#include "policy/limits.h"

enum ow_class_resource {
  OW_CLASS_BANDWIDTH, /* bits a second */
  OW_CLASS_DISK,      /* octets of records */
  OW_CLASS_RESOURCES
};

/** What has been sent, less what may have been since: octets, as of `at` (monotonic, ns). */
struct ow_class_bucket {
  double octets;
  int64_t at;
};

struct ow_class_account {
  struct ow_class_account *next;
  int class;                            /* in the present limits; OW_CLASS_NONE if they don't know it */
  struct ow_class_account *parent;      /* its class's parent's; NULL for the root */
  uint64_t limit[OW_CLASS_RESOURCES];   /* of its class; 0: none */
  uint64_t held[OW_CLASS_RESOURCES];    /* by sessions of this very class */
  unsigned users;                       /* holders that refer to it */
  uint32_t holders[OW_CLASS_RESOURCES]; /* those of them that hold any, of descendants' classes too */
  uint32_t keyed[OW_CLASS_RESOURCES];   /* and have a key */
  struct ow_class_bucket sent;          /* by all of them, */
  double room;                          /* and how much that could be: as of the largest packet in it */
  char name[OW_CLASS_TEXT];
};

/** Those of one policy, and their holders. Zero-initialised: none. */
struct ow_class_accounts {
  struct ow_class_account *all;
  void *by_name; /* tsearch(3) tree of them */
  void *holders; /* tsearch(3) tree of struct ow_class_holder */
};

/** An account for each class of the limits that are coming; those in excess do no harm. OW_MEMORY. */
enum ow_status ow_class_accounts_open(struct ow_class_accounts *accounts,
                                      const struct ow_limits *limits) OW_MUST_CHECK;
/** They are in force: tie the accounts, which were opened, to them. Those of no class end with their holders.
 */
void ow_class_accounts_tie(struct ow_class_accounts *accounts, const struct ow_limits *limits);
/** With all holders. */
void ow_class_accounts_clear(struct ow_class_accounts *accounts);
/** NULL if there is none. */
struct ow_class_account *ow_class_account_find(const struct ow_class_accounts *accounts, const char *name);

/**
 * What is used of each class, into `used`, by its number in `limits`: by its own sessions, and by its
 * children as much as they may. The root's has that of classes that are gone.
 */
void ow_class_accounts_use(const struct ow_class_accounts *accounts, const struct ow_limits *limits,
                           enum ow_class_resource resource, uint64_t used[OW_CLASSES_MOST]);

#endif
