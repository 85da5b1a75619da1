/* SPDX-License-Identifier: MIT */
/*
 * The sessions whose records can be fetched, found by SID, and whose they are: one that has ended may be
 * forgotten when what it holds is needed, but not for half a minute, and so that nobody who holds less than a
 * fair share loses to somebody who holds more.
 */
#ifndef OWAMP_SERVER_KEPT_SESSIONS_H
#define OWAMP_SERVER_KEPT_SESSIONS_H

#include <stdbool.h>

#include "crypto/keys.h"
#include "server/common.h"
#include "server/session.h"

/** A result that nobody has fetched yet stays at least so long after its session's end. */
#define OW_SERVE_LEAST_KEPT (30 * OW_NS_PER_S)

/** Who made sessions that are kept: whoever has this key, or, without one, this address. */
struct ow_serve_owner {
  TAILQ_ENTRY(ow_serve_owner) of_kept;
  struct ow_serve_kept_sessions *all;
  struct ow_serve_client client;
  unsigned sessions;              /* kept */
  unsigned ended_count;           /* of these, ended */
  struct ow_serve_sessions ended; /* oldest first */
  uint64_t records;               /* of the ended ones */
  uint64_t disk;                  /* octets, likewise */
};
TAILQ_HEAD(ow_serve_owners, ow_serve_owner);

/** Embed it. */
struct ow_serve_kept_sessions {
  struct ow_serve_common *common; /* its bounds, and the count */
  struct ow_serve_sessions all;
  void *by_sid;   /* tsearch(3) tree */
  void *by_owner; /* likewise */
  struct ow_serve_owners owners;
  unsigned owner_count;
  unsigned ended_count; /* of `all` */
};

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common);
/**
 * Hold a session until it is forgotten. From when it is settled on, what it holds can be given to others some
 * day. False without memory.
 */
bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session) OW_MUST_CHECK;
/**
 * `client` lacks something: forget the oldest ended session that holds some of it, of the client's own; if
 * there is none, of whoever holds more than its share. False if there is none that may go: the others' are
 * theirs, or too young, or being fetched. `why` (of the refusal) then says so, too.
 */
bool ow_serve_kept_make_room(struct ow_serve_kept_sessions *kept, const struct ow_serve_client *client,
                             const struct ow_serve_lack *lack, struct ow_failure *why);
/** True if as many sessions that have ended are kept as may be. */
bool ow_serve_kept_full(const struct ow_serve_kept_sessions *kept);
/** NULL if none is kept. */
struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid);
/** It can't be fetched any more; who fetches it now comes to the end. Nothing happens if it isn't kept. */
void ow_serve_forget(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session);
/** Forget all. */
void ow_serve_kept_clear(struct ow_serve_kept_sessions *kept);

#endif
