/* SPDX-License-Identifier: MIT */
/* The accounts of a Server's clients: how much each holds, and what of it can be given back first. */
#ifndef OWAMP_SERVER_ACCOUNTS_H
#define OWAMP_SERVER_ACCOUNTS_H

#include <sys/queue.h>

#include "server/common.h"
#include "server/policy_questions.h"
#include "shares/shares.h"

TAILQ_HEAD(ow_serve_sessions, ow_serve_session);
TAILQ_HEAD(ow_serve_places, ow_serve_place);

struct ow_serve_account {
  struct ow_account share;           /* first: the shares make it */
  struct ow_serve_sessions ended;    /* kept results, the oldest first */
  struct ow_serve_places setting_up; /* control connections, the oldest first */
  struct ow_serve_places idle;       /* those that are set up and do nothing, the longest first */
  bool fails;                        /* its keys have failed lately: then it is among those */
  TAILQ_ENTRY(ow_serve_account) of_failing;
};

void ow_serve_accounts_prepare(struct ow_serve_common *common);
/** The account of `client`, for a further user; NULL without memory. ow_shares_leave() ends it. */
struct ow_serve_account *ow_serve_account_join(struct ow_serve_common *common,
                                               const struct ow_serve_client *client) OW_MUST_CHECK;
/** NULL if it has none. */
struct ow_serve_account *ow_serve_account_find(const struct ow_serve_common *common,
                                               const struct ow_serve_client *client);
/** From what the shares know of it. */
struct ow_serve_account *ow_serve_account_of(struct ow_account *share);
/** Whose lines these are in a log: an account's number from a client's name there (see base/log_limit.h). */
uint64_t ow_serve_account_named(const char *name, size_t length);
/** How many sessions there can be at once. */
uint64_t ow_serve_sessions_in_all(const struct ow_serve_config *config);

/** Log how many accounts there are, and who holds most of what. */
void ow_serve_accounts_log(const struct ow_serve_common *common, const struct ow_log *log,
                           enum ow_log_level level);

#endif
