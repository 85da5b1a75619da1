/* SPDX-License-Identifier: MIT */
/*
 * Our ends of a measurement's two test sessions: what is asked of the server, and the Session-Sender and the
 * Session-Receiver that come of what it agreed to.
 */
#ifndef OWAMP_MEASURE_SESSION_ENDS_H
#define OWAMP_MEASURE_SESSION_ENDS_H

#include <stdint.h>

#include "base/status.h"
#include "config/peer.h"
#include "control/client.h"
#include "io/address.h"
#include "stats/result.h"
#include "traffic/session_receiver.h"
#include "traffic/session_sender.h"
#include "traffic/traffic.h"

/** Embed it. Zero-initialised: closed. */
struct ow_session_ends {
  const struct ow_peer *peer;
  struct ow_traffic *traffic;
  union ow_address server; /* both ends of the control connection */
  union ow_address local;
  bool zero_addresses;       /* leave the addresses out of the requests; the owner's to set */
  struct ow_timestamp until; /* zero: as many packets as the peer's `packets` */
  struct ow_session_request requests[OW_DIRECTIONS]; /* once accepted: as agreed */
  int sockets[OW_DIRECTIONS];                        /* until sender or receiver takes them over; -1 */
  struct ow_test_sender sender;                      /* forward; `done` is the owner's to set */
  struct ow_test_receiver receiver;                  /* reverse; likewise */
};

/**
 * For sessions that begin at `start`: with `packets` of the peer's each, or, if `until` isn't zero, all
 * packets that are due after `start` and not after `until`. `peer` and `traffic` must stay.
 */
void ow_session_ends_prepare(struct ow_session_ends *ends, const struct ow_peer *peer,
                             struct ow_traffic *traffic, const union ow_address *server,
                             const union ow_address *local, struct ow_timestamp start,
                             struct ow_timestamp until);
/** Open the direction's socket and fill in its request, also once more after a refusal. OW_INVALID, OW_LIMIT,
 * OW_NETWORK; `failure->error` tells what it is of this host's that can't be used. */
enum ow_status ow_session_ends_plan(struct ow_session_ends *ends, enum ow_direction direction,
                                    struct ow_failure *failure) OW_MUST_CHECK;
/** The server accepted it over `client`: open our end. OW_NETWORK, OW_MEMORY, OW_CRYPTO. */
enum ow_status ow_session_ends_agree(struct ow_session_ends *ends, enum ow_direction direction,
                                     const struct ow_session_acceptance *acceptance,
                                     const struct ow_client *client,
                                     struct ow_failure *failure) OW_MUST_CHECK;
void ow_session_ends_close(struct ow_session_ends *ends);

#endif
