/* SPDX-License-Identifier: MIT */
/* What thresholds are about: each metric's name, unit and sign, and its value in a result. */
#ifndef OWAMP_SLA_METRIC_H
#define OWAMP_SLA_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/result.h"

enum ow_metric {
  OW_METRIC_DELAY_MIN,
  OW_METRIC_DELAY_MEAN,
  OW_METRIC_DELAY_MEDIAN,
  OW_METRIC_DELAY_P95,
  OW_METRIC_DELAY_P99,
  OW_METRIC_DELAY_MAX,
  OW_METRIC_JITTER,
  OW_METRIC_IPDV,
  OW_METRIC_PDV,
  OW_METRIC_LOSS,
  OW_METRIC_LOST,
  OW_METRIC_DUPLICATES,
  OW_METRIC_REORDERED,
  OW_METRIC_SKIPPED,
  OW_METRIC_RECEIVED,
  OW_METRIC_HOPS,
  OW_METRIC_ASYMMETRY,
  OW_METRIC_RTT,
  /* Of reflected sessions alone: */
  OW_METRIC_RTT_MIN,
  OW_METRIC_RTT_MEAN,
  OW_METRIC_RTT_P95,
  OW_METRIC_RTT_P99,
  OW_METRIC_RTT_MAX,
  OW_METRIC_RTT_LOSS,
  OW_METRIC_DWELL,
  OW_METRIC_DWELL_P95,
  OW_METRIC_DWELL_MAX,
  OW_METRICS
};

enum ow_unit { OW_UNIT_SECONDS, OW_UNIT_PERCENT, OW_UNIT_COUNT };

/** "delay_p95" and its unit: times in seconds, loss in percent of the packets sent, the rest plain counts. */
const char *ow_metric_name(enum ow_metric metric);
enum ow_unit ow_metric_unit(enum ow_metric metric);
/** True if the clock's offset between the two hosts goes into the metric: delay_*, asymmetry. */
bool ow_metric_needs_clock(enum ow_metric metric);
/** True if it can be negative: delay_*, asymmetry; rtt too, by what stamps are off. */
bool ow_metric_signed(enum ow_metric metric);
/**
 * True if it is of both directions together: asymmetry, rtt. Where a direction has to be named for it, that
 * is OW_FORWARD.
 */
bool ow_metric_of_both(enum ow_metric metric);
/** True of those of both that only a reflected session has. */
bool ow_metric_of_round_trip(enum ow_metric metric);

/**
 * The metric's value, in its unit; false, and 0, if the result has none: it is absent; nothing was received
 * (times, hops) or sent (loss); no consecutive packets arrived (ipdv); a clock was stepped (all times); the
 * metric is of both directions. hops is the largest number of hops.
 */
bool ow_metric_value(const struct ow_result *result, enum ow_metric metric, double *value);
/**
 * The same for any metric. One of both directions has a value if both have a median delay; a result may be
 * NULL.
 */
bool ow_metric_find(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                    enum ow_direction direction, double *value);
/**
 * By how many nanoseconds the value may be off because of the clocks; 0 for a metric that needs none. A delay
 * is off by its direction's bound at most. asymmetry is off by the sum of both directions' bounds: an offset
 * between the clocks makes one way as much longer as it makes the other shorter, so it counts twice and never
 * cancels. In rtt it cancels altogether.
 */
int64_t ow_metric_error(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                        enum ow_direction direction);

#endif
