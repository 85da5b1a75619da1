/* SPDX-License-Identifier: MIT */
/*
 * The answer to a Fetch-Session (RFC 4656, 3.9): whether the client may have the records, and then the
 * records, never more at once than the connection takes.
 */
#ifndef OWAMP_SERVER_FETCH_ANSWER_H
#define OWAMP_SERVER_FETCH_ANSWER_H

#include <stddef.h>

#include "base/status.h"
#include "control/server.h"
#include "server/kept_sessions.h"
#include "server/policy_questions.h"
#include "server/session.h"

/** Embed it. Zero-initialised: no records are being sent. */
struct ow_serve_fetch {
  struct ow_serve_session *session; /* held; NULL: none */
  struct ow_fetch_request range;
  size_t next; /* record to look at */
};

/**
 * The machine is in DECIDE_FETCH: write Fetch-Ack and, to whom the policy allows them, the first records.
 * What is left of them follows by ow_serve_fetch_go_on(), as long as the machine is FETCHING. A failure is
 * the connection's end, and ow_serve_fetch_abandon() is due.
 */
enum ow_status ow_serve_fetch_answer(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                     struct ow_server *machine, const struct ow_serve_client *client,
                                     const struct ow_fetch_request *request,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/** The connection has taken what was written: write more. */
enum ow_status ow_serve_fetch_go_on(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                    struct ow_server *machine, struct ow_failure *failure) OW_MUST_CHECK;
/** Nobody awaits the rest any more. Nothing happens if no records are being sent. */
void ow_serve_fetch_abandon(struct ow_serve_fetch *fetch);

#endif
