/*
 * Thresholds and verdicts: one grammar and one judge for every plugin.
 *
 *   LIST      = THRESHOLD *("," THRESHOLD)
 *   THRESHOLD = METRIC ["@" DIRECTION] "=" RANGE  |  RANGE with a unit of time  |  RANGE with "%"
 *   METRIC    = delay_min | delay_mean | delay_median | delay_p95 | delay_p99 | delay_max | jitter |
 *               ipdv | pdv | loss | lost | duplicates | reordered | hops
 *   DIRECTION = forward | reverse            (absent: both)
 *   RANGE     = ["@"] (END | START ":" [END])    as the Monitoring Plugins guidelines give it
 *   START     = NUMBER | "~"                 "~": no lower bound; no END: no upper bound
 *   NUMBER    = ["-"] DIGITS ["." DIGITS] [UNIT]
 *
 * UNIT is us, ms or s for delay_*, jitter, ipdv and pdv: they must have one, unless the number is 0. It is %,
 * or nothing, for loss (1 is 1 %, not all of it); nothing for the rest. Only delay_* can be negative.
 * Exponents, "inf" and "nan" are no numbers; at most 15 digits and 9 places (1 ns) are read. Blanks may stand
 * around a THRESHOLD.
 *
 * The short form "20ms,1%" means delay_p95=20ms,loss=1%: its unit tells which, so it must have one.
 * A bare END means 0:END in the guidelines, and here; for delay_*, which may be negative, it means ~:END.
 * Both bounds belong to the range: 20ms is within 20ms. A metric may occur more than once: each one applies.
 */
#ifndef OWAMP_SLA_THRESHOLD_H
#define OWAMP_SLA_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "stats/result.h"

enum ow_metric {
  OW_METRIC_DELAY_MIN, OW_METRIC_DELAY_MEAN, OW_METRIC_DELAY_MEDIAN, OW_METRIC_DELAY_P95,
  OW_METRIC_DELAY_P99, OW_METRIC_DELAY_MAX, OW_METRIC_JITTER, OW_METRIC_IPDV, OW_METRIC_PDV,
  OW_METRIC_LOSS, OW_METRIC_LOST, OW_METRIC_DUPLICATES, OW_METRIC_REORDERED, OW_METRIC_HOPS,
  OW_METRICS
};

enum ow_unit { OW_UNIT_SECONDS, OW_UNIT_PERCENT, OW_UNIT_COUNT };

/** "delay_p95" and its unit: times in seconds, loss in percent of the packets sent, the rest plain counts. */
const char *ow_metric_name(enum ow_metric metric);
enum ow_unit ow_metric_unit(enum ow_metric metric);
/** True if the clock's offset between the two hosts goes into the metric: delay_*. */
bool ow_metric_needs_clock(enum ow_metric metric);

/** In the metric's unit. Alert outside low..high, or inside it if `inside`. Infinite: no bound. */
struct ow_range {
  double low;
  double high;
  bool inside;
};

struct ow_threshold {
  enum ow_metric metric;
  bool applies[OW_DIRECTIONS];
  struct ow_range range;
};

enum { OW_MAX_THRESHOLDS = 64 };

struct ow_thresholds {
  struct ow_threshold list[OW_MAX_THRESHOLDS];
  size_t count;
};

/**
 * Parse a list. OW_INVALID: the failure (may be NULL) names the piece that can't be read and what would be
 * right, and the list is empty. Locale-independent.
 */
enum ow_status ow_thresholds_parse(const char *text, struct ow_thresholds *thresholds,
                                   struct ow_failure *failure) OW_MUST_CHECK;

/**
 * The metric's value, in its unit; false, and 0, if the result has none: it is absent; nothing was received
 * (times, hops) or sent (loss); no consecutive packets arrived (ipdv); a clock was stepped (all times).
 * hops is the largest number of hops.
 */
bool ow_metric_value(const struct ow_result *result, enum ow_metric metric, double *value);

/** Ordered by severity; UNKNOWN outranks OK but no alert. */
enum ow_verdict { OW_VERDICT_OK, OW_VERDICT_UNKNOWN, OW_VERDICT_WARNING, OW_VERDICT_CRITICAL };
const char *ow_verdict_name(enum ow_verdict verdict);

enum ow_uncertain_policy { OW_UNCERTAIN_REMARK, OW_UNCERTAIN_IS_UNKNOWN };

/** One threshold applied to one direction's result. */
struct ow_finding {
  enum ow_verdict verdict; /* OK or the list's severity; UNKNOWN: no value, or uncertain and so wished */
  bool uncertain; /* value ± the clocks' error bound holds a value whose verdict would be another one */
  enum ow_metric metric;
  enum ow_direction direction;
  double value; /* 0 if there is none: UNKNOWN and not uncertain */
  struct ow_range range;
};

enum { OW_MAX_FINDINGS = 4 * OW_MAX_THRESHOLDS };

struct ow_judgement {
  enum ow_verdict verdict;
  struct ow_finding findings[OW_MAX_FINDINGS]; /* most severe first; OK findings only if uncertain */
  size_t count;
};

/**
 * Judge the results of the directions that were asked for (`results[d]` NULL: not asked for).
 * A result that is absent, even without any threshold, or a threshold whose metric has no value, is UNKNOWN;
 * loss of 100 % is a value. A threshold for a direction that wasn't asked for is passed over. Either list may
 * be NULL. Uncertain findings keep their verdict, or are UNKNOWN, as `policy` says. Findings of like severity
 * stand in the order critical before warning, then as listed, forward before reverse.
 */
void ow_judge(const struct ow_result *const results[OW_DIRECTIONS], const struct ow_thresholds *warning,
              const struct ow_thresholds *critical, enum ow_uncertain_policy policy,
              struct ow_judgement *judgement);

enum { OW_RANGE_TEXT = 64 };

/**
 * Write a range as the guidelines do ("~:0.02", "@0:5"), always with START, numbers to 10^-9 in the metric's
 * unit without its name. OW_RANGE_TEXT octets always suffice. Locale-independent. Returns `out`.
 */
const char *ow_range_print(char *out, size_t size, struct ow_range range);

#endif
