/* SPDX-License-Identifier: MIT */
/* What a peer's Stop-Sessions says of the sessions that it was sending. Client and server read it alike. */
#ifndef OWAMP_CONTROL_STOP_LIST_H
#define OWAMP_CONTROL_STOP_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "control/intake.h"
#include "wire/start_stop.h"

/** The most skip ranges of all sessions of a Stop-Sessions that are read. */
enum { OW_SKIP_RANGES_IN_ALL = 16 * OW_MAX_SKIP_RANGES };

/** Zero-initialised: empty. */
struct ow_stop_list {
  enum ow_accept accept;
  uint32_t expected;
  uint32_t count;
  uint32_t range_count;
  struct ow_session_end *ends;   /* `expected` of them */
  struct ow_skip_range **ranges; /* one list each, owned */
};

void ow_stop_list_clear(struct ow_stop_list *list);

/**
 * Go on with a Stop-Sessions of which a further part has arrived in `intake`; the first part is its 16
 * octets. Sets the intake to the next part; `complete` tells that there is none, the HMAC included. The peer
 * was sending `most` sessions: it describes all of them (RFC 4656, 3.8), but may describe fewer if it stops
 * with a failure. Of skip ranges these can have `most_ranges` together. OW_PROTOCOL for impossible counts or
 * ranges; OW_MEMORY.
 */
enum ow_status ow_stop_list_read(struct ow_stop_list *list, struct ow_intake *intake, uint32_t most,
                                 uint32_t most_ranges, bool *complete,
                                 struct ow_failure *failure) OW_MUST_CHECK;

#endif
