/* SPDX-License-Identifier: MIT */
/* One test session of the server's: its end of the traffic, and the records that can be fetched. */
#ifndef OWAMP_SERVER_SESSION_H
#define OWAMP_SERVER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "control/server.h"
#include "server/common.h"
#include "server/session_end.h"
#include "server/session_traffic.h"

/** What a session could not be agreed on for, and may be when sessions that have ended are forgotten. */
enum ow_serve_scarce { OW_SERVE_ENOUGH, OW_SERVE_SCARCE_RECORDS, OW_SERVE_SCARCE_DISK };

struct ow_serve_lack {
  enum ow_serve_scarce what;
  struct ow_serve_claim refused; /* of disk */
};

/**
 * Agree on a session, and be ready for its traffic; `acceptance` is the answer. NULL if it can't be: then
 * `why` has a sentence for the log, and `lack` says what might help. The caller holds it, and sets `done`.
 */
struct ow_serve_session *ow_serve_session_open(struct ow_serve_common *common,
                                               const struct ow_serve_asked *asked,
                                               struct ow_session_acceptance *acceptance,
                                               struct ow_serve_lack *lack,
                                               struct ow_failure *why) OW_MUST_CHECK;
/** Don't keep when its packets left, though it was agreed on so. Before it starts. */
void ow_serve_session_forgo_departures(struct ow_serve_session *session);
/** It is about to start: until now packets that came for it were dropped, so that none took memory. */
void ow_serve_session_let_in(struct ow_serve_session *session);
/** Begin to send or receive. */
enum ow_status ow_serve_session_start(struct ow_serve_session *session,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/** True if all its packets are sent, or received or lost. */
bool ow_serve_session_finished(const struct ow_serve_session *session);
/**
 * True if the server received it, and nothing that may still come counts. Not if packets came, but none in
 * time by its stamp, nor if this host's clock was set: the clocks differ then, and the client may not have
 * sent the last by its own.
 */
bool ow_serve_session_settled(const struct ow_serve_session *session);
#endif
