/* SPDX-License-Identifier: MIT */
/*
 * The sessions whose records can be fetched: oldest first, found by SID, as many as the configuration allows.
 */
#ifndef OWAMP_SERVER_KEPT_SESSIONS_H
#define OWAMP_SERVER_KEPT_SESSIONS_H

#include <stdbool.h>

#include "crypto/keys.h"
#include "server/common.h"
#include "server/session.h"

/** Embed it. */
struct ow_serve_kept_sessions {
  struct ow_serve_common *common; /* its bound, and the count */
  struct ow_serve_sessions oldest_first;
  void *by_sid; /* tsearch(3) tree */
};

void ow_serve_kept_prepare(struct ow_serve_kept_sessions *kept, struct ow_serve_common *common);
/**
 * Hold a session until it is forgotten. If there is no room for it, the oldest that no connection runs makes
 * it. False without memory.
 */
bool ow_serve_keep(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session) OW_MUST_CHECK;
/** NULL if none is kept. */
struct ow_serve_session *ow_serve_kept_find(const struct ow_serve_kept_sessions *kept,
                                            const struct ow_sid *sid);
/** It can't be fetched any more; who fetches it now comes to the end. Nothing happens if it isn't kept. */
void ow_serve_forget(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session);
/** Forget all. */
void ow_serve_kept_clear(struct ow_serve_kept_sessions *kept);

#endif
