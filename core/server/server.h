/* SPDX-License-Identifier: MIT */
/*
 * The Server (RFC 4656) on sockets: any number of clients and sessions on one loop. What clients may do is
 * the host's policy; what they say is checked in control/, whose ow_server is the protocol's pure machine for
 * one control connection, and what they request in request_check. All that serves around the machine is
 * called ow_serve_...
 *
 *   server --> connection --> connection_life --> fetch_answer --> kept_sessions --> session --> session_end
 *                                   |                  |
 *                                   +--> place         +--> session_log
 *                                   |      |
 *                                   |      +--> accounts <--+
 *                                   |                       |
 *                                   +--> client_key --> failures
 *
 *   server --> reflections: STAMP, which has no connections
 *   connection --> tw_sessions: TWAMP's, on the port of reflections
 */
#ifndef OWAMP_SERVER_SERVER_H
#define OWAMP_SERVER_SERVER_H

#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "io/loop.h"
#include "server/config.h"
#include "server/counts.h"
#include "server/policy_questions.h"

struct ow_serve;

/**
 * Listen, or take over what listens already. The loop, the policy and the log must outlive the server. NULL
 * with a failure that names the address. The caller frees before the loop.
 */
struct ow_serve *ow_serve_create(struct ow_loop *loop, const struct ow_serve_config *config,
                                 const struct ow_serve_policy *policy, const struct ow_log *log,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/** Ends every connection and session at once. */
void ow_serve_free(struct ow_serve *server);
/**
 * Take leave: listen no more, tell every client whose sessions run that they end, with how far we got in
 * those that we sent, and let it fetch what was received; who has nothing of that to do is left at once. It
 * takes `within` ns at most. Then `drained` is run, at the end of a turn; ow_serve_free() withdraws it. Once,
 * on the loop's thread.
 */
void ow_serve_drain(struct ow_serve *server, int64_t within, struct ow_completion *drained);
/** The TCP port it listens on. */
uint16_t ow_serve_port(const struct ow_serve *server);
/** The one for TWAMP's clients; 0: it doesn't listen for any. */
uint16_t ow_serve_twamp_port(const struct ow_serve *server);

/**
 * Take a changed configuration for what comes from now on; the listening address and port stay as they are,
 * and so does a UDP port that all sessions share, or that they don't, and that of the Session-Reflector. Who
 * it may answer is asked anew.
 */
void ow_serve_reconfigure(struct ow_serve *server, const struct ow_serve_config *config);

struct ow_serve_counts ow_serve_count(const struct ow_serve *server);
/** Log what the Session-Reflector has done; nothing if there is none. */
void ow_serve_log_reflections(const struct ow_serve *server, const struct ow_log *log,
                              enum ow_log_level level);
/** Log how many clients' accounts there are, and which of them holds most of what is bounded. */
void ow_serve_log_shares(const struct ow_serve *server, const struct ow_log *log, enum ow_log_level level);

#endif
