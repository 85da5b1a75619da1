/* SPDX-License-Identifier: MIT */
/* One threshold and one direction. Private to this room; the judge of all is in threshold.h. */
#ifndef OWAMP_SLA_JUDGE_H
#define OWAMP_SLA_JUDGE_H

#include "sla/threshold.h"

/**
 * True if the threshold is to be applied to `direction`: all results that it looks at were asked for. One
 * on a metric of both directions is applied once, to OW_FORWARD.
 */
bool ow_threshold_concerns(const struct ow_threshold *threshold,
                           const struct ow_result *const results[OW_RESULTS], enum ow_direction direction);

/** Apply it. A breach is worth `severity`; `how` may be NULL. */
struct ow_finding ow_judge_threshold(const struct ow_result *const results[OW_RESULTS],
                                     enum ow_direction direction, const struct ow_threshold *threshold,
                                     enum ow_verdict severity, const struct ow_judging *how);

/**
 * Judge by the law of an outage. False: there is nothing to judge (nothing was sent, and not for being
 * refused), or `how` leaves it to the thresholds. UNKNOWN: too few packets were sent to tell.
 */
bool ow_judge_arrival(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction,
                      const struct ow_judging *how, struct ow_finding *finding);

/**
 * Judge by the law that results are whole. False: there is nothing to judge, or a partial one is neither a
 * warning nor critical.
 */
bool ow_judge_whole(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction,
                    const struct ow_judging *how, struct ow_finding *finding);

/** True if a result that the metric looks at is partial, and `how` takes such for less than whole ones. */
bool ow_judge_doubts(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                     enum ow_direction direction, const struct ow_judging *how);

#endif
