/* SPDX-License-Identifier: MIT */
/*
 * TWAMP's test sessions (RFC 5357, 4.2) on the Session-Reflector's port: the exact tuple that was agreed on
 * tells whose a question is, or, behind a NAT, its HMAC. Each is answered at once where it came from. A
 * session ends a Timeout, 50 s at most, after it was stopped, or when the same client asks for another from
 * the same port; when nothing has come for 15 minutes; or with a control connection that breaks before.
 */
#ifndef OWAMP_SERVER_TW_SESSIONS_H
#define OWAMP_SERVER_TW_SESSIONS_H

#include "control/server.h"
#include "server/common.h"
#include "server/policy_questions.h"

/** A client's Request-TW-Session, and the control connection that it came over. */
struct ow_serve_tw_asked {
  const struct ow_tw_request *request;
  const struct ow_serve_client *client;
  const struct ow_server *machine;
  union ow_address local;
  union ow_address remote;
};

/**
 * Agree on a session, which is then in `sessions`, and drops what comes until it starts. `acceptance` is the
 * answer. False if it can't be: then `why` has a sentence for the log.
 */
bool ow_serve_tw_open(struct ow_serve_common *common, struct ow_serve_tw_list *sessions,
                      const struct ow_serve_tw_asked *asked, struct ow_tw_acceptance *acceptance,
                      struct ow_failure *why);
/** From now on all of them answer. */
void ow_serve_tw_start(struct ow_serve_tw_list *sessions);
/** They go on for as long as each one's Timeout says, 50 s at most, whatever becomes of the connection. */
void ow_serve_tw_stop(struct ow_serve_tw_list *sessions);
/** At once. */
void ow_serve_tw_end(struct ow_serve_tw_list *sessions);

#endif
