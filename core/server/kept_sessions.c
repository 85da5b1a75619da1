/* SPDX-License-Identifier: MIT */
/* Trees of SIDs and of owners; each owner's ended sessions in a queue by age. */
#include "server/kept_sessions.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "text/hex.h"

/* An owner's oldest sessions that are looked at, so that a request costs the same however many there are. */
enum { LOOKED_AT = 64 };

static int compare_sids(const void *a, const void *b)
{
  const struct ow_sid *left = a;
  const struct ow_sid *right = b;
  return memcmp(left->octets, right->octets, OW_SID);
}

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common)
{
  *kept = (struct ow_serve_kept_sessions){.common = common};
  TAILQ_INIT(&kept->all);
  TAILQ_INIT(&kept->owners);
}

/* ---- owners ---- */

/* With a key: whoever has it. Without: whoever comes from the same address. */
static int compare_owners(const void *a, const void *b)
{
  const struct ow_serve_client *left = a;
  const struct ow_serve_client *right = b;
  int order = strcmp(left->key_id, right->key_id);
  if (order == 0 && left->key_id[0] == '\0')
    order = left->address.version - right->address.version;
  if (order == 0 && left->key_id[0] == '\0')
    order = memcmp(left->address.address, right->address.address, sizeof left->address.address);
  return order;
}

static struct ow_serve_owner *find_owner(const struct ow_serve_kept_sessions *kept,
                                         const struct ow_serve_client *client)
{
  struct ow_serve_client **found = tfind(client, &kept->by_owner, compare_owners);
  return found ? OW_CONTAINER_OF(*found, struct ow_serve_owner, client) : NULL;
}

static struct ow_serve_owner *make_owner(struct ow_serve_kept_sessions *kept,
                                         const struct ow_serve_client *client)
{
  struct ow_serve_owner *owner = calloc(1, sizeof *owner);
  if (owner) {
    owner->client = *client;
    owner->all = kept;
  }
  if (owner && !tsearch(&owner->client, &kept->by_owner, compare_owners)) {
    free(owner);
    owner = NULL;
  }
  if (owner) {
    TAILQ_INIT(&owner->ended);
    TAILQ_INSERT_TAIL(&kept->owners, owner, of_kept);
    kept->owner_count++;
  }
  return owner;
}

static void leave_owner(struct ow_serve_kept_sessions *kept, struct ow_serve_owner *owner)
{
  if (--owner->sessions == 0) {
    (void)tdelete(&owner->client, &kept->by_owner, compare_owners);
    TAILQ_REMOVE(&kept->owners, owner, of_kept);
    kept->owner_count--;
    free(owner);
  }
}

/* ---- keeping ---- */

/* What it holds from now on never changes. */
static void on_settled(struct ow_serve_session *session)
{
  struct ow_serve_owner *owner = session->keeper;
  session->listed = true;
  TAILQ_INSERT_TAIL(&owner->ended, session, of_owner);
  owner->ended_count++;
  owner->records += session->reserved;
  owner->disk += session->claim.disk;
  owner->all->ended_count++;
}

bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  struct ow_serve_owner *owner = find_owner(kept, &session->owner);
  if (!owner)
    owner = make_owner(kept, &session->owner);
  if (!owner)
    return false;
  owner->sessions++;
  session->kept = tsearch(&session->request.sid, &kept->by_sid, compare_sids) != NULL;
  if (session->kept) {
    ow_serve_session_hold(session);
    session->keeper = owner;
    session->on_settled = on_settled;
    TAILQ_INSERT_TAIL(&kept->all, session, of_kept);
    kept->common->counts.sessions_kept++;
  } else {
    leave_owner(kept, owner);
  }
  return session->kept;
}

struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid)
{
  struct ow_sid **found = tfind(sid, &kept->by_sid, compare_sids);
  return found ? OW_CONTAINER_OF(*found, struct ow_serve_session, request.sid) : NULL;
}

static void unlist(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  struct ow_serve_owner *owner = session->keeper;
  if (session->listed) {
    TAILQ_REMOVE(&owner->ended, session, of_owner);
    owner->ended_count--;
    owner->records -= session->reserved;
    owner->disk -= session->claim.disk;
    kept->ended_count--;
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
    (void)tdelete(&session->request.sid, &kept->by_sid, compare_sids);
    unlist(kept, session);
    leave_owner(kept, session->keeper);
    TAILQ_REMOVE(&kept->all, session, of_kept);
    kept->common->counts.sessions_kept--;
    session->kept = false;
    session->keeper = NULL;
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

bool ow_serve_kept_full(const struct ow_serve_kept_sessions *kept)
{
  return kept->ended_count >= kept->common->config.most_sessions_kept;
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

/* The oldest that may go; one that is held by others than us is being fetched, or still with its connection.
 */
static struct ow_serve_session *oldest_of(const struct ow_serve_kept_sessions *kept,
                                          const struct ow_serve_owner *owner,
                                          const struct ow_serve_lack *lack)
{
  int64_t youngest = ow_loop_now(kept->common->loop).monotonic - OW_SERVE_LEAST_KEPT;
  struct ow_serve_session *session = TAILQ_FIRST(&owner->ended);
  unsigned looked_at = 0;
  while (session && (session->holders > 1 || !helps(kept, session, lack)) && ++looked_at < LOOKED_AT)
    session = TAILQ_NEXT(session, of_owner);
  bool may = session && looked_at < LOOKED_AT && session->ended_at <= youngest;
  return may ? session : NULL;
}

/* What an owner holds of what is scarce. */
static uint64_t holding(const struct ow_serve_owner *owner, const struct ow_serve_lack *lack)
{
  uint64_t amount = owner->ended_count;
  if (lack->what == OW_SERVE_SCARCE_RECORDS)
    amount = owner->records;
  else if (lack->what == OW_SERVE_SCARCE_DISK)
    amount = owner->disk;
  return amount;
}

/* An equal part for each owner, the client who asks among them. How much disk there is, only the policy
 * knows. */
static uint64_t fair_share(const struct ow_serve_kept_sessions *kept, bool client_is_new,
                           const struct ow_serve_lack *lack)
{
  const struct ow_serve_config *config = &kept->common->config;
  const struct ow_serve_owner *owner;
  uint64_t all = config->most_sessions_kept;
  if (lack->what == OW_SERVE_SCARCE_RECORDS) {
    all = config->most_records;
  } else if (lack->what == OW_SERVE_SCARCE_DISK) {
    all = 0;
    TAILQ_FOREACH(owner, &kept->owners, of_kept)
    all += owner->disk;
  }
  return all / (kept->owner_count + client_is_new);
}

/* Of the owner who holds most, if that is more than its share. */
static struct ow_serve_session *oldest_of_greediest(const struct ow_serve_kept_sessions *kept, uint64_t share,
                                                    const struct ow_serve_lack *lack)
{
  const struct ow_serve_owner *owner;
  struct ow_serve_session *found = NULL;
  uint64_t most = share;
  TAILQ_FOREACH(owner, &kept->owners, of_kept)
  {
    uint64_t amount = holding(owner, lack);
    struct ow_serve_session *session = amount > most ? oldest_of(kept, owner, lack) : NULL;
    if (session) {
      found = session;
      most = amount;
    }
  }
  return found;
}

bool ow_serve_kept_make_room(struct ow_serve_kept_sessions *kept, const struct ow_serve_client *client,
                             const struct ow_serve_lack *lack, struct ow_failure *why)
{
  const struct ow_serve_owner *own = find_owner(kept, client);
  struct ow_serve_session *session = own ? oldest_of(kept, own, lack) : NULL;
  if (!session)
    session = oldest_of_greediest(kept, fair_share(kept, !own, lack), lack);
  if (session)
    ow_serve_forget(kept, session);
  else
    ow_fail_within(why, "no result can make room: each is others' fair share, or less than 30 s old");
  return session != NULL;
}
