/* SPDX-License-Identifier: MIT */
/* A queue by age and a tree of SIDs; the oldest without a connection make room. */
#include "server/kept_sessions.h"

#include <search.h>
#include <string.h>

#include "base/container_of.h"

static int compare_sids(const void *a, const void *b)
{
  const struct ow_sid *left = a;
  const struct ow_sid *right = b;
  return memcmp(left->octets, right->octets, OW_SID);
}

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common)
{
  *kept = (struct ow_serve_kept_sessions){.common = common};
  TAILQ_INIT(&kept->oldest_first);
}

static void make_room(struct ow_serve_kept_sessions *kept)
{
  const struct ow_serve_common *common = kept->common;
  struct ow_serve_session *session = TAILQ_FIRST(&kept->oldest_first);
  while (session && common->counts.sessions_kept >= common->config.most_sessions_kept) {
    struct ow_serve_session *next = TAILQ_NEXT(session, of_kept);
    if (!session->connection)
      ow_serve_forget(kept, session);
    session = next;
  }
}

bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  make_room(kept);
  session->kept = tsearch(&session->request.sid, &kept->by_sid, compare_sids) != NULL;
  if (session->kept) {
    ow_serve_session_hold(session);
    TAILQ_INSERT_TAIL(&kept->oldest_first, session, of_kept);
    kept->common->counts.sessions_kept++;
  }
  return session->kept;
}

struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid)
{
  struct ow_sid **found = tfind(sid, &kept->by_sid, compare_sids);
  return found ? OW_CONTAINER_OF(*found, struct ow_serve_session, request.sid) : NULL;
}

void ow_serve_forget(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  if (session->kept) {
    (void)tdelete(&session->request.sid, &kept->by_sid, compare_sids);
    TAILQ_REMOVE(&kept->oldest_first, session, of_kept);
    kept->common->counts.sessions_kept--;
    session->kept = false;
    ow_serve_session_drop(session);
  }
}

void ow_serve_kept_clear(struct ow_serve_kept_sessions *kept)
{
  struct ow_serve_session *session;
  while ((session = TAILQ_FIRST(&kept->oldest_first)))
    ow_serve_forget(kept, session);
}
