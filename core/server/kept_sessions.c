/* SPDX-License-Identifier: MIT */
/* A tree of SIDs; each account has its ended sessions in a queue by age. */
#include "server/kept_sessions.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "text/hex.h"

/* An account's oldest sessions, and accounts, that are looked at, so that a request costs the same however
 * many there are. */
enum { LOOKED_AT = 64 };

static int compare_sids(const void *a, const void *b)
{
  const struct ow_sid *left = a;
  const struct ow_sid *right = b;
  return memcmp(left->octets, right->octets, OW_SID);
}

static void **tree_of(struct ow_serve_kept_sessions *kept, const struct ow_serve_session *session)
{
  return session->request.server_sends ? &kept->sent_by_sid : &kept->received_by_sid;
}

/* ---- departures, for a while ---- */

static void watch_sent(struct ow_serve_kept_sessions *kept)
{
  const struct ow_serve_session *oldest = TAILQ_FIRST(&kept->sent);
  if (oldest)
    ow_timer_set(kept->common->loop, &kept->forgetting, oldest->ended_at + OW_SERVE_DEPARTURES_KEPT);
  else
    ow_timer_cancel(kept->common->loop, &kept->forgetting);
}

/* Those that are left have their turn at once. */
static void on_forgetting(struct ow_timer *timer)
{
  struct ow_serve_kept_sessions *kept = OW_CONTAINER_OF(timer, struct ow_serve_kept_sessions, forgetting);
  int64_t by = ow_loop_now(kept->common->loop).monotonic - OW_SERVE_DEPARTURES_KEPT;
  struct ow_serve_session *oldest;
  for (int i = 0; i < LOOKED_AT && (oldest = TAILQ_FIRST(&kept->sent)) && oldest->ended_at <= by; i++)
    ow_serve_forget(kept, oldest);
  watch_sent(kept);
}

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common)
{
  *kept = (struct ow_serve_kept_sessions){.common = common, .forgetting = {.expired = on_forgetting}};
  TAILQ_INIT(&kept->all);
  TAILQ_INIT(&kept->sent);
}

/* ---- keeping ---- */

/* What it holds from now on never changes; with nothing to be asked for it needs no place. */
static void on_settled(struct ow_serve_session *session)
{
  struct ow_serve_account *account = session->account;
  session->listed = true;
  TAILQ_INSERT_TAIL(&account->ended, session, of_owner);
  session->disk = session->claim.disk;
  ow_shares_take(&session->common->shares, &account->share, OW_SHARE_DISK, session->disk);
  if (session->request.server_sends) {
    TAILQ_INSERT_TAIL(&session->keeper->sent, session, of_sent);
    watch_sent(session->keeper);
  }
  if (session->request.server_sends && session->departures.known == 0)
    ow_serve_forget(session->keeper, session);
}

bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  struct ow_sid **found = tsearch(&session->request.sid, tree_of(kept, session), compare_sids);
  session->kept = found && *found == &session->request.sid;
  if (session->kept) {
    session->keeper = kept;
    ow_serve_session_hold(session);
    session->on_settled = on_settled;
    TAILQ_INSERT_TAIL(&kept->all, session, of_kept);
    kept->common->counts.sessions_kept++;
    ow_shares_take(&kept->common->shares, &session->account->share, OW_SHARE_RESULTS, 1);
  }
  return session->kept;
}

struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid, bool sent)
{
  struct ow_sid **found = tfind(sid, sent ? &kept->sent_by_sid : &kept->received_by_sid, compare_sids);
  return found ? OW_CONTAINER_OF(*found, struct ow_serve_session, request.sid) : NULL;
}

static void unlist(struct ow_serve_session *session)
{
  if (session->listed) {
    TAILQ_REMOVE(&session->account->ended, session, of_owner);
    ow_shares_give(&session->common->shares, &session->account->share, OW_SHARE_DISK, session->disk);
    if (session->request.server_sends) {
      TAILQ_REMOVE(&session->keeper->sent, session, of_sent);
      watch_sent(session->keeper);
    }
    session->listed = false;
  }
}

static void tell_forgotten(const struct ow_serve_kept_sessions *kept, const struct ow_serve_session *session)
{
  char sid[2 * OW_SID + 1];
  if (ow_log_takes(kept->common->log, OW_LOG_DEBUG))
    ow_log(kept->common->log, OW_LOG_DEBUG, "session %s: forgotten, with %llu records",
           ow_hex_print(sid, session->request.sid.octets, OW_SID), (unsigned long long)session->reserved);
}

void ow_serve_forget(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  if (session->kept) {
    tell_forgotten(kept, session);
    (void)tdelete(&session->request.sid, tree_of(kept, session), compare_sids);
    unlist(session);
    TAILQ_REMOVE(&kept->all, session, of_kept);
    kept->common->counts.sessions_kept--;
    ow_shares_give(&kept->common->shares, &session->account->share, OW_SHARE_RESULTS, 1);
    session->kept = false;
    session->on_settled = NULL;
    ow_serve_session_drop(session);
  }
}

void ow_serve_kept_clear(struct ow_serve_kept_sessions *kept)
{
  struct ow_serve_session *session;
  while ((session = TAILQ_FIRST(&kept->all)))
    ow_serve_forget(kept, session);
}

/* ---- making room ---- */

enum ow_status ow_serve_kept_check(const struct ow_serve_kept_sessions *kept,
                                   const struct ow_serve_client *client, struct ow_failure *why)
{
  const struct ow_shares *shares = &kept->common->shares;
  const struct ow_serve_account *own = ow_serve_account_find(kept->common, client);
  const struct ow_account *account = own ? &own->share : NULL;
  uint64_t most = kept->common->config.most_sessions_kept;
  enum ow_status status = ow_shares_check(shares, account, OW_SHARE_RESULTS, most, 1, why);
  if (status == OW_OK)
    status = ow_shares_check_keyless(shares, account, OW_SHARE_RESULTS, most,
                                     shares->pools[OW_SHARE_RESULTS].held + 1, why);
  return status;
}

static bool helps(const struct ow_serve_kept_sessions *kept, const struct ow_serve_session *session,
                  const struct ow_serve_lack *lack)
{
  const struct ow_serve_policy *policy = kept->common->policy;
  bool help = true;
  switch (lack->what) {
  case OW_SERVE_ENOUGH: break; /* a place among those that are kept */
  case OW_SERVE_SCARCE_RECORDS: help = session->reserved > 0; break;
  case OW_SERVE_SCARCE_DISK:
    help = policy->frees_disk(policy->context, &lack->refused, &session->claim);
    break;
  }
  return help;
}

/*
 * The oldest that may go, if it ended by then; one that is held by others than us is being fetched, or still
 * with its connection.
 */
static struct ow_serve_session *oldest_of(const struct ow_serve_kept_sessions *kept,
                                          const struct ow_serve_account *account,
                                          const struct ow_serve_lack *lack, int64_t by)
{
  struct ow_serve_session *session = TAILQ_FIRST(&account->ended);
  unsigned looked_at = 0;
  while (session && (session->holders > 1 || !helps(kept, session, lack)) && ++looked_at < LOOKED_AT)
    session = TAILQ_NEXT(session, of_owner);
  bool may = session && looked_at < LOOKED_AT && session->ended_at <= by;
  return may ? session : NULL;
}

static enum ow_share_kind kind_of(const struct ow_serve_lack *lack)
{
  enum ow_share_kind kind = OW_SHARE_RESULTS;
  switch (lack->what) {
  case OW_SERVE_ENOUGH: break;
  case OW_SERVE_SCARCE_RECORDS: kind = OW_SHARE_RECORDS; break;
  case OW_SERVE_SCARCE_DISK: kind = OW_SHARE_DISK; break;
  }
  return kind;
}

/* How much disk there is, only the policy knows. */
static uint64_t total_of(const struct ow_serve_common *common, enum ow_share_kind kind)
{
  uint64_t total = common->shares.pools[OW_SHARE_DISK].held;
  if (kind == OW_SHARE_RESULTS)
    total = common->config.most_sessions_kept;
  else if (kind == OW_SHARE_RECORDS)
    total = common->config.most_records;
  return total;
}

/* Of those who hold more than their share, and than who asks. */
static struct ow_serve_session *oldest_of_greediest(const struct ow_serve_kept_sessions *kept,
                                                    const struct ow_account *asker,
                                                    const struct ow_serve_lack *lack, int64_t by)
{
  const struct ow_shares *shares = &kept->common->shares;
  enum ow_share_kind kind = kind_of(lack);
  uint64_t share = ow_shares_share(shares, asker, kind, total_of(kept->common, kind));
  uint64_t own = asker ? asker->held[kind] : 0;
  bool modest = own <= share;
  struct ow_account *account = ow_shares_greediest(shares, kind);
  struct ow_serve_session *session = NULL;
  for (int i = 0; i < LOOKED_AT && account && !session; i++) {
    if (account->held[kind] > (modest ? share : own))
      session = oldest_of(kept, ow_serve_account_of(account), lack, modest ? INT64_MAX : by);
    account = ow_shares_next(shares, kind, account);
  }
  return session;
}

bool ow_serve_kept_make_room(struct ow_serve_kept_sessions *kept, const struct ow_serve_client *client,
                             const struct ow_serve_lack *lack, struct ow_failure *why)
{
  const struct ow_serve_account *own = ow_serve_account_find(kept->common, client);
  int64_t by = ow_loop_now(kept->common->loop).monotonic - OW_SERVE_LEAST_KEPT;
  struct ow_serve_session *session = own ? oldest_of(kept, own, lack, by) : NULL;
  if (!session)
    session = oldest_of_greediest(kept, own ? &own->share : NULL, lack, by);
  if (session)
    ow_serve_forget(kept, session);
  else
    ow_fail_within(why, "no result can make room: each is others' fair share, or less than 30 s old");
  return session != NULL;
}
