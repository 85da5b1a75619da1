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
                           const struct ow_result *const results[OW_DIRECTIONS], enum ow_direction direction);

/** Apply it. A breach is worth `severity`; `how` may be NULL. */
struct ow_finding ow_judge_threshold(const struct ow_result *const results[OW_DIRECTIONS],
                                     enum ow_direction direction, const struct ow_threshold *threshold,
                                     enum ow_verdict severity, const struct ow_judging *how);

#endif
