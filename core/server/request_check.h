/* SPDX-License-Identifier: MIT */
/*
 * Is a session that a client requests one that this Server runs? What the host's policy says comes after it.
 */
#ifndef OWAMP_SERVER_REQUEST_CHECK_H
#define OWAMP_SERVER_REQUEST_CHECK_H

#include <stdint.h>

#include "base/status.h"
#include "server/config.h"
#include "server/counts.h"
#include "wire/endpoint.h"
#include "wire/session_request.h"

/**
 * The records without which a session isn't agreed on: one for each packet, so that nothing that comes more
 * than once keeps another one's out, and an eighth more for duplicates. 0 unless the server receives.
 */
uint64_t ow_serve_records_for(const struct ow_session_request *request);
/**
 * The records to reserve for a session, never less than ow_serve_records_for(): with room for two further
 * copies of each packet, as far as sessions then leave half of the server's records free.
 */
uint64_t ow_serve_records_to_reserve(const struct ow_session_request *request,
                                     const struct ow_serve_config *config,
                                     const struct ow_serve_counts *counts);
enum { OW_SKIP_RANGES_PER_RECORD = 4 }; /* by their memory */
/** As many records as take the memory of a schedule of more than 16 slots, which is held twice. */
uint64_t ow_serve_slots_for(const struct ow_session_request *request);
/**
 * As many records as take the memory of when each packet left (session/departures), where the server sends.
 * 0: none are kept, for it doesn't, or they would be more than one client can have.
 */
uint64_t ow_serve_departures_for(const struct ow_session_request *request,
                                 const struct ow_serve_config *config);
/**
 * The same of what it takes beside while it runs: of the packets that can be open at once, which are those
 * within a loss timeout, where the server receives, of the skip ranges where it sends.
 */
uint64_t ow_serve_beside_for(const struct ow_session_request *request, const struct ow_slot *slots);

/**
 * `counts` is what is taken already, `client` the control connection's other end, `now` the wall clock: a
 * session whose Start Time lies further back than its loss threshold, and than a minute, is refused. If it
 * isn't OW_ACCEPT_OK, `why` gets a sentence for the log.
 */
enum ow_accept ow_serve_check_request(const struct ow_session_request *request, struct ow_timestamp now,
                                      const struct ow_endpoint *client, const struct ow_serve_config *config,
                                      const struct ow_serve_counts *counts, struct ow_failure *why);
/** The same of what only its schedule tells: the packets within one loss timeout. */
enum ow_accept ow_serve_check_window(const struct ow_session_request *request, const struct ow_slot *slots,
                                     struct ow_failure *why);

#endif
