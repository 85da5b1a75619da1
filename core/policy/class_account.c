/* SPDX-License-Identifier: MIT */
/* A list of accounts, and a tree by name. */
#include "policy/class_account.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
  const struct ow_class_account *left = a;
  const struct ow_class_account *right = b;
  return strcmp(left->name, right->name);
}

struct ow_class_account *ow_class_account_find(const struct ow_class_accounts *accounts, const char *name)
{
  struct ow_class_account like;
  memcpy(like.name, name, sizeof like.name);
  struct ow_class_account **found = tfind(&like, &accounts->by_name, compare_names);
  return found ? *found : NULL;
}

static enum ow_status open_one(struct ow_class_accounts *accounts, const char *name)
{
  struct ow_class_account *account = calloc(1, sizeof *account);
  if (!account)
    return OW_MEMORY;
  memcpy(account->name, name, sizeof account->name);
  account->class = OW_CLASS_NONE;
  if (!tsearch(account, &accounts->by_name, compare_names)) {
    free(account);
    return OW_MEMORY;
  }
  account->next = accounts->all;
  accounts->all = account;
  return OW_OK;
}

enum ow_status ow_class_accounts_open(struct ow_class_accounts *accounts, const struct ow_limits *limits)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < limits->class_count && status == OW_OK; i++)
    if (!ow_class_account_find(accounts, limits->classes[i].name))
      status = open_one(accounts, limits->classes[i].name);
  return status;
}

static void drop_idle(struct ow_class_accounts *accounts)
{
  struct ow_class_account **at = &accounts->all;
  while (*at) {
    struct ow_class_account *account = *at;
    if (account->class == OW_CLASS_NONE && account->users == 0) {
      (void)tdelete(account, &accounts->by_name, compare_names);
      *at = account->next;
      free(account);
    } else {
      at = &account->next;
    }
  }
}

static void tie_one(struct ow_class_account *account, const struct ow_limits *limits, size_t class)
{
  account->class = (int)class;
  account->limit[OW_CLASS_BANDWIDTH] = limits->classes[class].bandwidth;
  account->limit[OW_CLASS_DISK] = limits->classes[class].disk;
}

void ow_class_accounts_tie(struct ow_class_accounts *accounts, const struct ow_limits *limits)
{
  for (struct ow_class_account *account = accounts->all; account; account = account->next) {
    account->class = OW_CLASS_NONE;
    memset(account->limit, 0, sizeof account->limit);
  }
  for (size_t i = 0; i < limits->class_count; i++)
    tie_one(ow_class_account_find(accounts, limits->classes[i].name), limits, i);
  drop_idle(accounts);
  for (struct ow_class_account *account = accounts->all; account; account = account->next) {
    int parent = account->class == OW_CLASS_NONE ? OW_CLASS_ROOT : limits->classes[account->class].parent;
    account->parent =
        parent == OW_CLASS_NONE ? NULL : ow_class_account_find(accounts, limits->classes[parent].name);
  }
}

void ow_class_accounts_clear(struct ow_class_accounts *accounts)
{
  tdestroy(accounts->holders, free);
  tdestroy(accounts->by_name, free);
  *accounts = (struct ow_class_accounts){0};
}

static uint64_t add(uint64_t a, uint64_t b)
{
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* A parent's number is below its children's. */
void ow_class_accounts_use(const struct ow_class_accounts *accounts, const struct ow_limits *limits,
                           enum ow_class_resource resource, uint64_t used[OW_CLASSES_MOST])
{
  memset(used, 0, limits->class_count * sizeof *used);
  for (const struct ow_class_account *account = accounts->all; account; account = account->next) {
    int class = account->class == OW_CLASS_NONE ? OW_CLASS_ROOT : account->class;
    used[class] = add(used[class], account->held[resource]);
  }
  for (size_t i = limits->class_count; i-- > 1;) {
    const struct ow_class *class = &limits->classes[i];
    uint64_t limit = resource == OW_CLASS_BANDWIDTH ? class->bandwidth : class->disk;
    uint64_t most = limit && used[i] > limit ? limit : used[i];
    used[class->parent] = add(used[class->parent], most);
  }
}
