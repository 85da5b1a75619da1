/* SPDX-License-Identifier: MIT */
/*
 * The sessions whose records, or departures, can be fetched, found by SID, and whose they are: one that has
 * ended may be forgotten when what it holds is needed. First those of whoever asks, then those of whoever
 * holds more than its share, and none of somebody who holds less than who asks. None before it is half a
 * minute old, but those of whoever is above its share, for somebody who isn't. Departures are asked for at
 * once or never: they are forgotten after a minute.
 */
#ifndef OWAMP_SERVER_KEPT_SESSIONS_H
#define OWAMP_SERVER_KEPT_SESSIONS_H

#include <stdbool.h>

#include "crypto/keys.h"
#include "server/common.h"
#include "server/session.h"

/** A result stays at least so long after its session's end, unless its owner holds more than its share. */
#define OW_SERVE_LEAST_KEPT (30 * OW_NS_PER_S)

/** How long departures are kept after their session's end. */
#define OW_SERVE_DEPARTURES_KEPT (60 * OW_NS_PER_S)

/** Embed it. */
struct ow_serve_kept_sessions {
  struct ow_serve_common *common; /* its bounds, and the count */
  struct ow_serve_sessions all;
  struct ow_serve_sessions sent; /* those of all that we sent and that have ended, the oldest first */
  struct ow_timer forgetting;    /* the first of them */
  void *received_by_sid;         /* tsearch(3) trees: the SIDs of received sessions are ours, */
  void *sent_by_sid;             /* and of sent ones the clients', so that they may meet those */
};

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common);
/**
 * Hold a session until it is forgotten. From when it is settled on, what it holds can be given to others some
 * day. False without memory, or if there is one that we sent with the same SID, which its client chose.
 */
bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session) OW_MUST_CHECK;
/**
 * `client` lacks something: forget the oldest ended session that holds some of it, of the client's own; if
 * there is none, of whoever holds more than its share. False if there is none that may go: the others' are
 * theirs, or being fetched, or too young. `why` (of the refusal) then says so, too.
 */
bool ow_serve_kept_make_room(struct ow_serve_kept_sessions *kept, const struct ow_serve_client *client,
                             const struct ow_serve_lack *lack, struct ow_failure *why);
/** May a further session of `client` be kept, when it is agreed on? OW_LIMIT, and `why`. */
enum ow_status ow_serve_kept_check(const struct ow_serve_kept_sessions *kept,
                                   const struct ow_serve_client *client,
                                   struct ow_failure *why) OW_MUST_CHECK;
/** Of those that we `sent`, or received; NULL if none is kept. */
struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid, bool sent);
/** It can't be fetched any more; who fetches it now comes to the end. Nothing happens if it isn't kept. */
void ow_serve_forget(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session);
/** Forget all. */
void ow_serve_kept_clear(struct ow_serve_kept_sessions *kept);

#endif
