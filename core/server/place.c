/* SPDX-License-Identifier: MIT */
/* Each account has its connections that could be closed for another in queues, by age. */
#include "server/place.h"

#include <stdio.h>

/* Of those above their share, so many are asked for a connection that they can do without. */
enum { ASKED_MOST = 64 };

/* ---- who gives back ---- */

static struct ow_serve_place *spare_of(const struct ow_serve_account *account)
{
  struct ow_serve_place *place = TAILQ_FIRST(&account->setting_up);
  return place ? place : TAILQ_FIRST(&account->idle);
}

/* Of whoever's keys fail most, if more than those of who asks: one that isn't set up. */
static struct ow_serve_place *find_failing(const struct ow_shares *shares, const struct ow_account *asker)
{
  struct ow_account *account = ow_shares_greediest(shares, OW_SHARE_FAILURES);
  uint64_t least = asker ? asker->held[OW_SHARE_FAILURES] : 0;
  struct ow_serve_place *place = NULL;
  for (int i = 0; i < ASKED_MOST && account && !place; i++) {
    if (account->held[OW_SHARE_FAILURES] > least)
      place = TAILQ_FIRST(&ow_serve_account_of(account)->setting_up);
    account = ow_shares_next(shares, OW_SHARE_FAILURES, account);
  }
  return place;
}

/* Of the greediest that has one, if it holds more than its share, and than who asks would. */
static struct ow_serve_place *find_spare(const struct ow_shares *shares, const struct ow_account *asker,
                                         uint64_t share)
{
  struct ow_account *account = ow_shares_greediest(shares, OW_SHARE_CONNECTIONS);
  uint64_t least = asker ? asker->held[OW_SHARE_CONNECTIONS] + 1 : 1;
  struct ow_serve_place *place = NULL;
  if (share > least)
    least = share;
  for (int i = 0; i < ASKED_MOST && account && !place; i++) {
    if (account->held[OW_SHARE_CONNECTIONS] > least)
      place = spare_of(ow_serve_account_of(account));
    account = ow_shares_next(shares, OW_SHARE_CONNECTIONS, account);
  }
  return place;
}

static void have_given_back(struct ow_serve_place *place, uint64_t share)
{
  struct ow_failure why;
  const struct ow_account *account = &place->account->share;
  uint64_t failures = account->held[OW_SHARE_FAILURES];
  char name[OW_ACCOUNT_KEY_TEXT];
  char failed[64] = "";
  if (failures > 0)
    (void)snprintf(failed, sizeof failed, ", and %llu of its keys failed lately",
                   (unsigned long long)failures);
  ow_fail(&why, OW_LIMIT, "%s, and closed for another client: %s holds %llu connections, its share is %llu%s",
          place->state == OW_SERVE_PLACE_IDLE ? "idle" : "not set up",
          ow_account_key_print(name, sizeof name, &account->key),
          (unsigned long long)account->held[OW_SHARE_CONNECTIONS], (unsigned long long)share, failed);
  place->give_back(place, &why);
}

enum ow_status ow_serve_place_find(struct ow_serve_common *common, const struct ow_serve_client *client,
                                   struct ow_failure *failure)
{
  const struct ow_shares *shares = &common->shares;
  const struct ow_serve_account *found = ow_serve_account_find(common, client);
  const struct ow_account *asker = found ? &found->share : NULL;
  uint64_t most = common->config.most_connections;
  uint64_t share = ow_shares_share(shares, asker, OW_SHARE_CONNECTIONS, most);
  enum ow_status status = ow_shares_check(shares, asker, OW_SHARE_CONNECTIONS, most, 1, failure);
  if (status != OW_OK && shares->pools[OW_SHARE_CONNECTIONS].held >= most) {
    struct ow_serve_place *spare = find_failing(shares, asker);
    if (!spare)
      spare = find_spare(shares, asker, share);
    if (spare) {
      have_given_back(spare, share);
      status = OW_OK;
    }
  }
  return status;
}

/* ---- its life ---- */

static void leave_queue(struct ow_serve_place *place)
{
  if (place->state == OW_SERVE_PLACE_SETTING_UP) {
    TAILQ_REMOVE(&place->account->setting_up, place, of_account);
    ow_shares_give(&place->common->shares, &place->account->share, OW_SHARE_HANDSHAKES, 1);
  } else if (place->state == OW_SERVE_PLACE_IDLE) {
    TAILQ_REMOVE(&place->account->idle, place, of_account);
  }
  place->state = OW_SERVE_PLACE_BUSY;
}

void ow_serve_place_watch(struct ow_serve_place *place, enum ow_serve_place_state state)
{
  if (!place->account || state == place->state)
    return;
  leave_queue(place);
  place->state = state;
  if (state == OW_SERVE_PLACE_SETTING_UP) {
    TAILQ_INSERT_TAIL(&place->account->setting_up, place, of_account);
    ow_shares_take(&place->common->shares, &place->account->share, OW_SHARE_HANDSHAKES, 1);
  } else if (state == OW_SERVE_PLACE_IDLE) {
    TAILQ_INSERT_TAIL(&place->account->idle, place, of_account);
  }
}

enum ow_status ow_serve_place_take(struct ow_serve_place *place, struct ow_serve_common *common,
                                   const struct ow_serve_client *client)
{
  place->common = common;
  place->account = ow_serve_account_join(common, client);
  if (!place->account)
    return OW_MEMORY;
  ow_shares_take(&common->shares, &place->account->share, OW_SHARE_CONNECTIONS, 1);
  ow_serve_place_watch(place, OW_SERVE_PLACE_SETTING_UP);
  return OW_OK;
}

static enum ow_status move_to_key(struct ow_serve_place *place, const struct ow_serve_client *client,
                                  struct ow_failure *failure)
{
  struct ow_serve_common *common = place->common;
  struct ow_serve_account *account = ow_serve_account_join(common, client);
  if (!account)
    return ow_fail(failure, OW_MEMORY, "no memory for an account of its key");
  ow_serve_place_leave(place);
  place->account = account;
  ow_shares_take(&common->shares, &account->share, OW_SHARE_CONNECTIONS, 1);
  return OW_OK;
}

enum ow_status ow_serve_place_set_up(struct ow_serve_place *place, const struct ow_serve_client *client,
                                     struct ow_failure *failure)
{
  const struct ow_shares *shares = &place->common->shares;
  uint64_t set_up = shares->pools[OW_SHARE_CONNECTIONS].held - shares->pools[OW_SHARE_HANDSHAKES].held + 1;
  enum ow_status status;
  if (client->key_id[0] != '\0')
    status = move_to_key(place, client, failure);
  else
    status = ow_shares_check_keyless(shares, &place->account->share, OW_SHARE_CONNECTIONS,
                                     place->common->config.most_connections, set_up, failure);
  return status;
}

void ow_serve_place_leave(struct ow_serve_place *place)
{
  if (place->account) {
    struct ow_shares *shares = &place->common->shares;
    leave_queue(place);
    ow_shares_give(shares, &place->account->share, OW_SHARE_CONNECTIONS, 1);
    ow_shares_leave(shares, &place->account->share);
    place->account = NULL;
  }
}
