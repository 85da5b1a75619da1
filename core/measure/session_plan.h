/* SPDX-License-Identifier: MIT */
/* How many packets a session has that ends at a given time. */
#ifndef OWAMP_MEASURE_SESSION_PLAN_H
#define OWAMP_MEASURE_SESSION_PLAN_H

#include "base/status.h"
#include "config/peer.h"
#include "crypto/contexts.h"
#include "wire/session_request.h"
#include "wire/sid.h"

/**
 * Put into `request` as many packets as fall between its start and `until`, and a SID of `own` that has some:
 * one whose schedule has none is thrown again. `own` is NULL where the server makes the SID: then more than
 * enough are asked for, and the sender stops in time. OW_TIMEOUT if that time was over before, OW_INVALID if
 * no schedule has a packet in it, OW_MEMORY, OW_CRYPTO.
 */
enum ow_status ow_session_plan_until(struct ow_session_request *request, const struct ow_peer *peer,
                                     const struct ow_endpoint *own, struct ow_timestamp until,
                                     struct ow_contexts *contexts, struct ow_failure *failure) OW_MUST_CHECK;

#endif
