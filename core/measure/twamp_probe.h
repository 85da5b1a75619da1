/* SPDX-License-Identifier: MIT */
/* A probe by TWAMP: one run of measure/twamp_measurement.h on a loop of its own. */
#ifndef OWAMP_MEASURE_TWAMP_PROBE_H
#define OWAMP_MEASURE_TWAMP_PROBE_H

#include "base/log.h"
#include "config/peer.h"
#include "measure/probe_report.h"
#include "measure/probe_watch.h"

/** As ow_probe_run_watched() (measure/probe.h), whose part it is. */
enum ow_status ow_twamp_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                                  const struct ow_probe_watch *watch, struct ow_probe_report *report);

#endif
