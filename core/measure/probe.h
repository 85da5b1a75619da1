/* SPDX-License-Identifier: MIT */
/* One measurement of one peer, both directions at once, from name to numbers. */
#ifndef OWAMP_MEASURE_PROBE_H
#define OWAMP_MEASURE_PROBE_H

#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "measure/probe_report.h"
#include "measure/probe_watch.h"

/**
 * Measure. Blocks for at most `timeout` nanoseconds; what is known by then is in the report, marked partial.
 * The report is always filled in and must be cleared with ow_probe_report_clear(). Returns its status.
 * Lines for the curious go to `log` (may be NULL).
 */
enum ow_status ow_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                            struct ow_probe_report *report) OW_MUST_CHECK;
/** The same, and tell `watch` (may be NULL) how far it is. */
enum ow_status ow_probe_run_watched(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                                    const struct ow_probe_watch *watch,
                                    struct ow_probe_report *report) OW_MUST_CHECK;
/**
 * Measure nothing: fetch the records of the session `sid`, which the server received and still holds (it may
 * be running), and work out the forward result from them; the reverse one is absent. Who sent it doesn't
 * matter, the server's rules say who may fetch. Blocks for at most `timeout` nanoseconds. OW_REFUSED: the
 * server has no such session, or not for us. Of a session that has had more than OW_FETCH_MOST packets the
 * first ones are told; the result is partial, and a remark says what is left out. It takes some 55 MB at
 * most, whatever the server sends. Else as ow_probe_run().
 */
enum { OW_FETCH_MOST = 1 << 20 };
enum ow_status ow_probe_fetch(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                              struct ow_probe_report *report) OW_MUST_CHECK;
/** The same, and tell `watch` (may be NULL) how far it is. */
enum ow_status ow_probe_fetch_watched(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                                      const struct ow_probe_watch *watch,
                                      struct ow_probe_report *report) OW_MUST_CHECK;

#endif
