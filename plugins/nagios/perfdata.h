/* SPDX-License-Identifier: MIT */
/* Performance data, as the Monitoring Plugins guidelines give it. */
#ifndef CHECK_OWAMP_PERFDATA_H
#define CHECK_OWAMP_PERFDATA_H

#include <stdbool.h>
#include <stdio.h>

#include "measure/probe.h"
#include "options.h"

/**
 * Print "'label'=value[UOM];warning;critical;min;max ..." without a newline. The labels depend on the options
 * alone: 'fwd_' and 'rev_' before the usual metrics and those with a threshold; 'asymmetry' and 'rtt' if both
 * directions are measured; then 'clock_error'. A value that isn't known is U.
 */
void check_perfdata_print(FILE *out, const struct check_options *options,
                          const struct ow_probe_report *report);

/** The threshold on a metric in a direction; NULL if there is none. */
const struct ow_threshold *check_threshold_find(const struct ow_thresholds *thresholds, enum ow_metric metric,
                                                enum ow_direction direction);

#endif
