/* SPDX-License-Identifier: MIT */
/* Performance data, as the Monitoring Plugins guidelines give it. */
#ifndef CHECK_OWAMP_PERFDATA_H
#define CHECK_OWAMP_PERFDATA_H

#include <stdbool.h>
#include <stdio.h>

#include "measure/probe.h"
#include "options.h"
#include "text.h"

/**
 * Octets of performance data without -v: with a first line of up to 200 they pass through NRPE, whose packets
 * hold 1023.
 */
enum { CHECK_PERFDATA_MOST = 800 };

/**
 * Print "|label=value[UOM];warning;critical;min;max ..." without a newline, as far as there are limits;
 * nothing if there is no label. The labels depend on the options alone: 'fwd_' and 'rev_' before the usual
 * metrics, those with a threshold and the percentiles asked for; 'asymmetry' and 'rtt' if both directions are
 * measured; then 'clock_error'. A value that isn't known is U; if options->sparse it is left out with its
 * label. If they might take more than CHECK_PERFDATA_MOST with some values, the least needed labels are left
 * out, those without threshold first; with -v none is.
 */
void check_perfdata_print(FILE *out, const struct check_options *options,
                          const struct ow_probe_report *report);

/** For machines: fixed notation, six digits, and none beyond the ninth place: "0.0123457". Returns `out`. */
const char *check_value_text(char out[CHECK_NUMBER], double value);
/**
 * A range as those read it who know numbers only: "0.02" where nothing lies below 0 or it doesn't matter;
 * else as ow_range_print() does. Returns `out`.
 */
const char *check_limit_text(char out[OW_RANGE_TEXT], struct ow_range range);

/** The threshold on a metric in a direction; NULL if there is none. */
const struct ow_threshold *check_threshold_find(const struct ow_thresholds *thresholds, enum ow_metric metric,
                                                enum ow_direction direction);

#endif
