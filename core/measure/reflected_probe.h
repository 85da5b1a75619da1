/* SPDX-License-Identifier: MIT */
/* One measurement of a reflector, from its name to numbers: what ow_probe_run() does for STAMP. */
#ifndef OWAMP_MEASURE_REFLECTED_PROBE_H
#define OWAMP_MEASURE_REFLECTED_PROBE_H

#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "measure/probe_report.h"
#include "measure/probe_watch.h"

/** As ow_probe_run_watched() of a peer whose protocol is STAMP. */
enum ow_status ow_reflected_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                                      const struct ow_probe_watch *watch,
                                      struct ow_probe_report *report) OW_MUST_CHECK;

#endif
