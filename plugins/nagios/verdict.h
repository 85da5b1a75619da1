/* SPDX-License-Identifier: MIT */
/* From a probe's report to a plugin's state, and the sentence that says why. */
#ifndef CHECK_OWAMP_VERDICT_H
#define CHECK_OWAMP_VERDICT_H

#include "base/status.h"
#include "measure/probe_report.h"
#include "option_values.h"
#include "outcome.h"

/**
 * The worse of: what the thresholds, an outage and partial results are worth (ow_judge()), and what a failure
 * is. If time ran out and --timeout-state says what that is worth: that, or the thresholds' alert; UNKNOWN at
 * least if sessions ran and nothing is known of a direction that was asked for. What is judged of less than
 * half of the intervals that were asked for of `stream` (NULL: there is none) is UNKNOWN, unless a threshold
 * is breached. outcome->diagnosis stays empty.
 */
void check_judge(const struct check_options *options, const struct ow_probe_report *report,
                 const struct check_stream *stream, struct check_outcome *outcome);

/**
 * What the report's status is worth, with the step that it stopped in: CRITICAL where the peer is to blame,
 * else UNKNOWN; OK without a failure. The manual page has the table.
 */
enum ow_verdict check_failure_verdict(const struct ow_probe_report *report);

/** The outcome of a check whose command line is wrong. */
void check_refuse(const struct ow_failure *failure, struct check_outcome *outcome);

/** 0, 1, 2 or 3. */
int check_exit_status(enum ow_verdict verdict);

#endif
