/* SPDX-License-Identifier: MIT */
/*
 * Where the packets of a session of the server's come to, or leave from: the UDP port that all share
 * (`testports` with one port), or a socket of its own.
 */
#ifndef OWAMP_SERVER_SESSION_TRAFFIC_H
#define OWAMP_SERVER_SESSION_TRAFFIC_H

#include <stdint.h>

#include "control/server.h"
#include "server/session_end.h"

/** A client's Request-Session, and the control connection that it came over. */
struct ow_serve_asked {
  const struct ow_session_request *request;
  const struct ow_slot *slots;
  const struct ow_serve_client *client;
  const struct ow_server *machine; /* knows the mode and the keys */
  union ow_address local;
  union ow_address remote;
  bool departures; /* keep when each packet left, if the server sends */
};

/**
 * Be ready for the traffic of a session that has been claimed for: of session->request our end's port, which
 * is also in `port`, is set. A session that the shared port has no place for gets one of its own, which the
 * log tells. OW_LIMIT: no port is free; OW_REFUSED: its addresses can't be; else OW_NETWORK, OW_MEMORY,
 * OW_CRYPTO. `why` has a sentence for the log.
 */
enum ow_status ow_serve_traffic_open(struct ow_serve_session *session, const struct ow_serve_asked *asked,
                                     uint16_t *port, struct ow_failure *why) OW_MUST_CHECK;

#endif
