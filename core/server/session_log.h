/* SPDX-License-Identifier: MIT */
/*
 * What the log says of sessions and of fetches. Each line begins with "client ADDRESS port PORT: session SID:
 * ", where "we" is this Server; one session has one line as it starts and one as it ends.
 */
#ifndef OWAMP_SERVER_SESSION_LOG_H
#define OWAMP_SERVER_SESSION_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/address.h"
#include "server/session.h"
#include "wire/fetch.h"

/** Whom the lines are about. */
struct ow_serve_log {
  const struct ow_log *log; /* may be NULL */
  const char *client;       /* address and port of the control connection's other end */
};

/** At debug: what was agreed on. */
void ow_serve_log_agreed(const struct ow_serve_log *to, const struct ow_serve_session *session);
/** A notice if it has another test address of ours than the client asked for, `local` (its control
 * connection's). */
void ow_serve_log_address(const struct ow_serve_log *to, const struct ow_serve_session *session,
                          const union ow_address *local);
/** At info. `remote` is the control connection's other end. */
void ow_serve_log_started(const struct ow_serve_log *to, const struct ow_serve_session *session,
                          const union ow_address *remote);
/** At info, after ow_serve_session_end(). `why` ends the sentence. */
void ow_serve_log_ended(const struct ow_serve_log *to, const struct ow_serve_session *session,
                        const char *why);
/** At info: all `records` that there are of the range were given. `so_far`: the session still runs. */
void ow_serve_log_fetched(const struct ow_serve_log *to, const struct ow_fetch_request *range,
                          uint32_t records, bool so_far);
/** At info: only `given` of them were. */
void ow_serve_log_fetch_cut(const struct ow_serve_log *to, const struct ow_fetch_request *range,
                            uint32_t records, uint32_t given);
/** What of a session's packets did not leave: the client only hears that they were skipped. */
void ow_serve_log_refusals(const struct ow_serve_log *to, const struct ow_test_sender *sender);
/** At debug: what the client said. */
void ow_serve_log_message(const struct ow_serve_log *to, enum ow_server_event_kind kind);
/** At debug: the connection's state, and for how long it lasts at most (ns; OW_NEVER: for ever). */
void ow_serve_log_state(const struct ow_serve_log *to, enum ow_server_state state, int64_t at_most);
void ow_serve_log_not_fetched(const struct ow_serve_log *to, enum ow_log_level level,
                              const struct ow_fetch_request *range, const char *why);

#endif
