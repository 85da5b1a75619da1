/* SPDX-License-Identifier: MIT */
/* --open-ports: what a unit's ExecStartPre= does as root, so that the service need not be able to. */
#ifndef OWAMP_RESPONDER_OPEN_PORTS_H
#define OWAMP_RESPONDER_OPEN_PORTS_H

#include "base/log.h"
#include "base/status.h"
#include "responder/options.h"

/**
 * Open each port that the configuration names (not port 0, nor a range of test ports), and let the service
 * manager keep them for the main process. What can't be opened is left to that one, which may have it from a
 * socket unit, with a line in `log`; so are faults of the configuration, without one. OW_STATE if nobody
 * keeps sockets for us, OW_MEMORY. `failure` must not be NULL.
 */
enum ow_status ow_responder_open_ports(const struct ow_options *options, const struct ow_log *log,
                                       struct ow_failure *failure) OW_MUST_CHECK;

#endif
