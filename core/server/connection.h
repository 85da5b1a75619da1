/* SPDX-License-Identifier: MIT */
/*
 * One control connection of a Server: channel, machine and deadlines, the sessions that it runs, and the
 * fetch that it is answered. It ends by itself.
 */
#ifndef OWAMP_SERVER_CONNECTION_H
#define OWAMP_SERVER_CONNECTION_H

#include <stdint.h>

#include "base/status.h"
#include "io/address.h"
#include "io/completion.h"
#include "server/connection_life.h"
#include "server/policy_questions.h"

/**
 * Serve `client`, who was admitted and is offered `modes`; 0: only tell it that we don't talk. The connection
 * puts itself among the others, takes itself out as it ends (perhaps within this call), and then the client
 * leaves the policy. The socket is the connection's. On failure the client is still the caller's.
 */
enum ow_status ow_serve_connection_open(struct ow_serve_connections *connections, int socket,
                                        const union ow_address *remote, const struct ow_serve_client *client,
                                        uint32_t modes, struct ow_failure *failure) OW_MUST_CHECK;
/** End all, at once. */
void ow_serve_connections_close(struct ow_serve_connections *connections);
/**
 * Let all come to their end: running sessions are stopped (RFC 4656, 3.8), the clients' Stop-Sessions awaited
 * and the records handed over that they fetch then; what has nothing of that left ends at once. No session is
 * agreed to any more. `drained` is delivered when none is open; it must stay until then, or until it is
 * withdrawn.
 */
void ow_serve_connections_drain(struct ow_serve_connections *connections, struct ow_completion *drained);

#endif
