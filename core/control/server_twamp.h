/* SPDX-License-Identifier: MIT */
/* What TWAMP-Control (RFC 5357, 3) has in place of OWAMP's requests and ends. For the Server's machine alone.
 */
#ifndef OWAMP_CONTROL_SERVER_TWAMP_H
#define OWAMP_CONTROL_SERVER_TWAMP_H

#include "base/status.h"
#include "control/server_events.h"
#include "time/clock.h"

struct ow_server;

/** Answer OW_SERVER_TW_REQUEST; else as ow_server_answer_session(). */
enum ow_status ow_server_answer_tw_session(struct ow_server *server, struct ow_instant now,
                                           const struct ow_tw_acceptance *acceptance) OW_MUST_CHECK;

/* For the machine alone: */

/**
 * A command that TWAMP-Control doesn't have: it is answered as not supported (RFC 5357, 3.4). Then the
 * connection is to end, as nothing tells how long such a message is: OW_PROTOCOL, always.
 */
enum ow_status ow_server_tw_refuse(struct ow_server *server, uint8_t command, struct ow_failure *failure);

/** A part of Request-TW-Session is there: OW_SERVER_TW_REQUEST after the last. */
enum ow_status ow_server_tw_request(struct ow_server *server, struct ow_instant now,
                                    struct ow_server_event *event) OW_MUST_CHECK;
/** A part of what came while sessions run, which can only be Stop-Sessions: OW_SERVER_TW_STOP. OW_PROTOCOL.
 */
enum ow_status ow_server_tw_stop(struct ow_server *server, struct ow_instant now,
                                 struct ow_server_event *event) OW_MUST_CHECK;

#endif
