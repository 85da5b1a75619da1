/* SPDX-License-Identifier: MIT */
/*
 * Thresholds and verdicts: one grammar and one judge for every plugin.
 *
 *   LIST      = THRESHOLD *("," THRESHOLD)
 *   THRESHOLD = METRIC ["@" DIRECTION] "=" RANGE  |  RANGE with a unit of time  |  RANGE with "%"
 *   METRIC    = delay_min | delay_mean | delay_median | delay_p95 | delay_p99 | delay_max | jitter |
 *               ipdv | pdv | loss | lost | duplicates | reordered | skipped | received | hops | asymmetry |
 *               rtt
 *   DIRECTION = forward | reverse            (absent: both; none for asymmetry and rtt)
 *   RANGE     = ["@"] ([":"] END | START ":" [END])    as the Monitoring Plugins guidelines give it
 *   START     = NUMBER | "~"                 "~": no lower bound; no END: no upper bound
 *   NUMBER    = ["-"] DIGITS ["." DIGITS] [UNIT]
 *
 * asymmetry is the forward median delay minus the reverse one; rtt is their sum. Each is of both directions
 * together, so it takes no DIRECTION.
 *
 * UNIT is us, ms or s for delay_*, jitter, ipdv, pdv, asymmetry and rtt: they must have one, unless the
 * number is 0. It is %, or nothing, for loss (1 is 1 %, not all of it); nothing for the rest. Only delay_*,
 * asymmetry and rtt can be negative. Exponents, "inf" and "nan" are no numbers; at most 15 digits and 9
 * places (1 ns) are read. Blanks may stand around a THRESHOLD.
 *
 * The short form "20ms,1%" means delay_p95=20ms,loss=1%: its unit tells which, so it must have one.
 * A bare END means 0:END in the guidelines, and here; for delay_* and rtt, which may be negative, it means
 * ~:END, and for asymmetry, which is bad on either side of 0, -END:END.
 * Both bounds belong to the range: 20ms is within 20ms. A metric has one range at most in each direction.
 */
#ifndef OWAMP_SLA_THRESHOLD_H
#define OWAMP_SLA_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sla/metric.h"
#include "sla/range.h"
#include "stats/result.h"

struct ow_threshold {
  enum ow_metric metric;
  bool applies[OW_DIRECTIONS]; /* both for a metric of both directions */
  struct ow_range range;
};

enum { OW_MAX_THRESHOLDS = OW_METRICS * OW_DIRECTIONS };

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
 * OW_INVALID, with the metric, if a warning threshold could never tell: if its critical one is the stricter
 * of the two. Where they say the same, or neither range holds the other, nothing is wrong.
 */
enum ow_status ow_thresholds_check(const struct ow_thresholds *warning, const struct ow_thresholds *critical,
                                   struct ow_failure *failure) OW_MUST_CHECK;

/**
 * The list as it can be parsed, with START and the metric's unit: "delay_p95@forward=~:0.02s". Empty: "".
 * What is longer than `size` is cut; 64 octets a threshold always suffice.
 */
void ow_thresholds_print(char *out, size_t size, const struct ow_thresholds *thresholds);

/** Ordered by severity; UNKNOWN outranks OK but no alert. */
enum ow_verdict { OW_VERDICT_OK, OW_VERDICT_UNKNOWN, OW_VERDICT_WARNING, OW_VERDICT_CRITICAL };
const char *ow_verdict_name(enum ow_verdict verdict);

enum ow_uncertain_policy { OW_UNCERTAIN_REMARK, OW_UNCERTAIN_IS_UNKNOWN };

/**
 * Zero-initialised: an uncertain verdict stands, with a remark; loss is judged of any number of packets; an
 * outage and a partial result are judged by thresholds alone.
 */
struct ow_judging {
  enum ow_uncertain_policy uncertain;
  uint32_t least_packets;          /* loss is UNKNOWN if fewer were sent; `lost` is judged all the same */
  enum ow_verdict nothing_arrived; /* of a direction in which nothing arrives: ow_result_nothing_arrived() */
  enum ow_verdict partial;         /* of a partial result that breaches nothing */
};

/** What is judged: a threshold, or what holds without any. */
enum ow_law {
  OW_LAW_THRESHOLD,
  OW_LAW_ARRIVAL, /* that something arrives, as `received` */
  OW_LAW_WHOLE,   /* that the result isn't partial, as `skipped`; of alarms only */
};

/** One threshold, or law, applied to one direction's result, or to both. */
struct ow_finding {
  enum ow_verdict verdict; /* OK or the list's severity; UNKNOWN: no value, too few packets, or uncertain */
  bool uncertain; /* value ± the clocks' error bound holds a value whose verdict would be another one */
  bool too_few;   /* fewer packets were sent than ow_judging asks for */
  enum ow_metric metric;
  enum ow_direction direction; /* OW_FORWARD for a metric of both */
  bool has_value;
  double value;     /* 0 if there is none */
  int64_t error_ns; /* ow_metric_error(); 0 without a value */
  uint32_t lost;    /* for loss, lost and received: of how many packets */
  uint32_t sent;    /* that is; else both are 0 */
  int refusal;      /* for received: errno with which nothing could be sent, else 0 */
  struct ow_range range;
  enum ow_law law;
};

enum { OW_MAX_FINDINGS = 2 * OW_MAX_THRESHOLDS + OW_RESULTS };

struct ow_judgement {
  enum ow_verdict verdict;
  struct ow_finding findings[OW_MAX_FINDINGS]; /* most severe first; OK findings only if uncertain */
  size_t count;
};

/**
 * Judge the results of the directions that were asked for (`results[d]` NULL: not asked for). A result that
 * is absent, even without any threshold, or a threshold whose metric has no value, is UNKNOWN; loss of 100
 * % is a value. A threshold for a direction that wasn't asked for is passed over, and so is one on a metric
 * of both directions unless both were. Whatever the thresholds say, a direction in which nothing arrived is
 * worth how->nothing_arrived, as a finding on `received`; a partial result is worth how->partial at least.
 * Either list, and `how`, may be NULL. Findings of like severity stand in the order critical before warning,
 * then as listed, forward before reverse.
 */
void ow_judge(const struct ow_result *const results[OW_RESULTS], const struct ow_thresholds *warning,
              const struct ow_thresholds *critical, const struct ow_judging *how,
              struct ow_judgement *judgement);

enum { OW_VALUE_TEXT = 48 };

/**
 * A value as a person reads it, with its unit: three significant digits and the unit that fits a time ("12.3
 * ms", "-450 us"), "1.5 %", "3". Locale-independent. Returns `out`.
 */
const char *ow_value_print(char out[OW_VALUE_TEXT], enum ow_metric metric, double value);
/** The same for a time. */
const char *ow_seconds_print(char out[OW_VALUE_TEXT], double seconds);
/** Two times that are compared: if they differ, with as many digits as it takes to look different. */
void ow_seconds_print_apart(char one[OW_VALUE_TEXT], char other[OW_VALUE_TEXT], double seconds,
                            double others);

/** A finding's value beside the bounds of its range, "any" where there is none. */
struct ow_finding_text {
  char value[OW_VALUE_TEXT];
  char low[OW_VALUE_TEXT];
  char high[OW_VALUE_TEXT];
};
/**
 * As ow_value_print() does, but a value that is not the bound never looks like it: "99.97 %" beside "100 %",
 * "20.003 ms" beside "20 ms".
 */
void ow_finding_print(const struct ow_finding *finding, struct ow_finding_text *text);

enum { OW_SUBJECT_TEXT = 32 };
/** "forward delay_p95", or "rtt". Returns `out`. */
const char *ow_subject_print(char out[OW_SUBJECT_TEXT], enum ow_metric metric, enum ow_direction direction);

#endif
