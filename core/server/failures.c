/* SPDX-License-Identifier: MIT */
/* A queue of accounts by their last failure, and a timer while there are any. */
#include "server/failures.h"

#include "base/container_of.h"
#include "server/accounts.h"

#define FADES (60 * OW_NS_PER_S)

static const enum ow_share_kind kinds[] = {OW_SHARE_FAILURES, OW_SHARE_KEY_FAILURES};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void forget(struct ow_serve_common *common, struct ow_serve_account *account)
{
  for (int i = 0; i < KINDS; i++)
    ow_shares_give(&common->shares, &account->share, kinds[i], account->share.held[kinds[i]]);
  TAILQ_REMOVE(&common->failing, account, of_failing);
  common->failing_count--;
  account->fails = false;
  ow_shares_leave(&common->shares, &account->share);
}

static void await_fading(struct ow_serve_common *common)
{
  if (common->failing_count > 0 && !common->fading.set)
    ow_timer_set(common->loop, &common->fading, ow_loop_now(common->loop).monotonic + FADES);
}

/* Rounded down, so that each comes to its end. */
static void on_fading(struct ow_timer *timer)
{
  struct ow_serve_common *common = OW_CONTAINER_OF(timer, struct ow_serve_common, fading);
  struct ow_serve_account *account;
  struct ow_serve_account *next;
  for (account = TAILQ_FIRST(&common->failing); account; account = next) {
    uint64_t left = 0;
    next = TAILQ_NEXT(account, of_failing);
    for (int i = 0; i < KINDS; i++) {
      uint64_t held = account->share.held[kinds[i]];
      ow_shares_give(&common->shares, &account->share, kinds[i], held - held / 2);
      left += held / 2;
    }
    if (left == 0)
      forget(common, account);
  }
  await_fading(common);
}

void ow_serve_failures_prepare(struct ow_serve_common *common)
{
  TAILQ_INIT(&common->failing);
  common->fading.expired = on_fading;
}

/* Without memory it isn't remembered. */
static void count(struct ow_serve_common *common, const struct ow_account_key *key, enum ow_share_kind kind)
{
  struct ow_serve_account *account = ow_serve_account_of(ow_shares_find(&common->shares, key));
  if (account && account->fails) {
    TAILQ_REMOVE(&common->failing, account, of_failing);
  } else {
    if (common->failing_count >= OW_SERVE_FAILURES_REMEMBERED)
      forget(common, TAILQ_FIRST(&common->failing));
    account = ow_serve_account_of(ow_shares_join(&common->shares, key));
    if (!account)
      return;
    account->fails = true;
    common->failing_count++;
  }
  TAILQ_INSERT_TAIL(&common->failing, account, of_failing);
  ow_shares_take(&common->shares, &account->share, kind, 1);
  await_fading(common);
}

void ow_serve_failures_note(struct ow_serve_common *common, const struct ow_serve_client *client,
                            const char *key_id)
{
  struct ow_account_key address = ow_account_key_of("", &client->address);
  struct ow_account_key key = ow_account_key_of(key_id, &client->address);
  count(common, &address, OW_SHARE_FAILURES);
  if (key_id[0] != '\0')
    count(common, &key, OW_SHARE_KEY_FAILURES);
}

uint64_t ow_serve_failures_of(const struct ow_serve_common *common, const struct ow_serve_client *client)
{
  struct ow_account_key key = ow_account_key_of("", &client->address);
  const struct ow_account *account = ow_shares_find(&common->shares, &key);
  return account ? account->held[OW_SHARE_FAILURES] : 0;
}

void ow_serve_failures_clear(struct ow_serve_common *common)
{
  ow_timer_cancel(common->loop, &common->fading);
  while (!TAILQ_EMPTY(&common->failing))
    forget(common, TAILQ_FIRST(&common->failing));
}
