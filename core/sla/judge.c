/* SPDX-License-Identifier: MIT */
/* A value against a range, and whether the clocks' error could change the verdict. */
#include "sla/judge.h"

#include <math.h>

const char *ow_verdict_name(enum ow_verdict verdict)
{
  static const char *const names[] = {
      [OW_VERDICT_OK] = "OK",
      [OW_VERDICT_UNKNOWN] = "UNKNOWN",
      [OW_VERDICT_WARNING] = "WARNING",
      [OW_VERDICT_CRITICAL] = "CRITICAL",
  };
  return names[verdict];
}

static bool within(struct ow_range range, double value)
{
  return value >= range.low && value <= range.high;
}

static bool breaches(struct ow_range range, double value)
{
  return within(range, value) == range.inside;
}

/* In whole nanoseconds, so that 15 ms + 5 ms is 20 ms exactly, as the parser reads it. */
static double shifted(double seconds, double nanoseconds)
{
  double scaled = seconds * 1e9;
  double whole = trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  return (whole + nanoseconds) / 1e9;
}

/* True if the verdict would be another one for some value within the clocks' error. */
static bool straddles(struct ow_range range, double value, int64_t error_ns)
{
  double least = shifted(value, -(double)error_ns);
  double most = shifted(value, (double)error_ns);
  if (within(range, value))
    return least < range.low || most > range.high;
  return least <= range.high && most >= range.low;
}

static const struct ow_judging usual_judging;

/* What a verdict is worth if it could as well be another. */
static enum ow_verdict weigh(const struct ow_finding *finding, enum ow_verdict severity,
                             const struct ow_judging *how)
{
  enum ow_verdict verdict = breaches(finding->range, finding->value) ? severity : OW_VERDICT_OK;
  if (finding->too_few || (finding->uncertain && how->uncertain == OW_UNCERTAIN_IS_UNKNOWN))
    verdict = OW_VERDICT_UNKNOWN;
  return verdict;
}

static void count_packets(struct ow_finding *finding, const struct ow_result *result,
                          const struct ow_judging *how)
{
  bool is_loss = finding->metric == OW_METRIC_LOSS || finding->metric == OW_METRIC_RTT_LOSS;
  if (is_loss || finding->metric == OW_METRIC_LOST || finding->metric == OW_METRIC_RECEIVED) {
    finding->lost = result->lost;
    finding->sent = result->sent;
    finding->too_few = is_loss && result->sent < how->least_packets;
  }
}

struct ow_finding ow_judge_threshold(const struct ow_result *const results[OW_RESULTS],
                                     enum ow_direction direction, const struct ow_threshold *threshold,
                                     enum ow_verdict severity, const struct ow_judging *how)
{
  enum ow_metric metric = threshold->metric;
  struct ow_finding finding = {
      .verdict = OW_VERDICT_UNKNOWN, .metric = metric, .direction = direction, .range = threshold->range};
  if (!how)
    how = &usual_judging;
  finding.has_value = ow_metric_find(results, metric, direction, &finding.value);
  if (finding.has_value) {
    finding.error_ns = ow_metric_error(results, metric, direction);
    finding.uncertain =
        ow_metric_needs_clock(metric) && straddles(threshold->range, finding.value, finding.error_ns);
    count_packets(&finding, results[ow_metric_of_round_trip(metric) ? OW_ROUND_TRIP : direction], how);
    finding.verdict = weigh(&finding, severity, how);
  }
  return finding;
}

bool ow_judge_arrival(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction,
                      const struct ow_judging *how, struct ow_finding *finding)
{
  const struct ow_result *result = results[direction];
  if (result && result->loss_unknown)
    return false;
  bool outage = result && ow_result_nothing_arrived(result, how->least_packets);
  bool judged = result && (outage || result->sent > 0) && how->nothing_arrived != OW_VERDICT_OK;
  if (!judged)
    return false;
  *finding = (struct ow_finding){.metric = OW_METRIC_RECEIVED,
                                 .direction = direction,
                                 .has_value = true,
                                 .value = result->received,
                                 .refusal = result->sent ? 0 : result->refusal,
                                 .range = {.low = 1, .high = INFINITY},
                                 .law = OW_LAW_ARRIVAL};
  count_packets(finding, result, how);
  if (outage) {
    finding->verdict = how->nothing_arrived;
  } else if (result->received == 0) {
    finding->verdict = OW_VERDICT_UNKNOWN;
    finding->too_few = true;
  }
  return true;
}

bool ow_judge_whole(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction,
                    const struct ow_judging *how, struct ow_finding *finding)
{
  const struct ow_result *result = results[direction];
  bool judged = result && result->completeness != OW_RESULT_ABSENT && how->partial > OW_VERDICT_UNKNOWN;
  if (judged)
    *finding = (struct ow_finding){.metric = OW_METRIC_SKIPPED,
                                   .direction = direction,
                                   .has_value = true,
                                   .value = result->skipped,
                                   .range = {.high = INFINITY},
                                   .law = OW_LAW_WHOLE};
  if (judged && result->completeness == OW_RESULT_PARTIAL)
    finding->verdict = how->partial;
  return judged;
}

bool ow_judge_doubts(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                     enum ow_direction direction, const struct ow_judging *how)
{
  bool partial = false;
  if (ow_metric_of_round_trip(metric))
    direction = OW_ROUND_TRIP;
  for (int d = 0; d < OW_RESULTS; d++)
    if (results[d] && (ow_metric_of_both(metric) || d == (int)direction))
      partial = partial || results[d]->completeness == OW_RESULT_PARTIAL;
  return partial && how->partial != OW_VERDICT_OK;
}

bool ow_threshold_concerns(const struct ow_threshold *threshold,
                           const struct ow_result *const results[OW_RESULTS], enum ow_direction direction)
{
  bool concerns = direction < OW_DIRECTIONS && results[direction] && threshold->applies[direction];
  if (ow_metric_of_round_trip(threshold->metric))
    concerns = direction == OW_FORWARD && results[OW_ROUND_TRIP];
  else if (ow_metric_of_both(threshold->metric))
    concerns = direction == OW_FORWARD && results[OW_FORWARD] && results[OW_REVERSE];
  return concerns;
}

static void raise_to(struct ow_judgement *judgement, enum ow_verdict verdict)
{
  if (verdict > judgement->verdict)
    judgement->verdict = verdict;
}

/* Behind all findings that are as severe. */
static void insert(struct ow_judgement *judgement, const struct ow_finding *finding)
{
  size_t at = judgement->count;
  for (; at > 0 && judgement->findings[at - 1].verdict < finding->verdict; at--)
    judgement->findings[at] = judgement->findings[at - 1];
  judgement->findings[at] = *finding;
  judgement->count++;
}

/* Of a direction of which only the round trip tells that nothing came back. */
static bool told_by_round_trip(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction)
{
  const struct ow_result *round_trip = results[OW_ROUND_TRIP];
  return direction < OW_DIRECTIONS && round_trip && round_trip->completeness != OW_RESULT_ABSENT;
}

/* What holds without any threshold. */
static void judge_result(const struct ow_result *const results[OW_RESULTS], enum ow_direction direction,
                         const struct ow_judging *how, struct ow_judgement *judgement)
{
  const struct ow_result *result = results[direction];
  struct ow_finding finding;
  if (result && result->completeness == OW_RESULT_ABSENT && !told_by_round_trip(results, direction))
    raise_to(judgement, OW_VERDICT_UNKNOWN);
  else if (result && result->completeness == OW_RESULT_PARTIAL)
    raise_to(judgement, how->partial);
  if (ow_judge_arrival(results, direction, how, &finding) && finding.verdict != OW_VERDICT_OK) {
    raise_to(judgement, finding.verdict);
    insert(judgement, &finding);
  }
}

static void judge_list(const struct ow_result *const results[OW_RESULTS],
                       const struct ow_thresholds *thresholds, enum ow_verdict severity,
                       const struct ow_judging *how, struct ow_judgement *judgement)
{
  size_t count = thresholds ? thresholds->count : 0;
  for (size_t i = 0; i < count; i++) {
    const struct ow_threshold *threshold = &thresholds->list[i];
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      if (!ow_threshold_concerns(threshold, results, (enum ow_direction)d))
        continue;
      struct ow_finding finding = ow_judge_threshold(results, (enum ow_direction)d, threshold, severity, how);
      raise_to(judgement, finding.verdict);
      if (finding.verdict != OW_VERDICT_OK || finding.uncertain)
        insert(judgement, &finding);
    }
  }
}

void ow_judge(const struct ow_result *const results[OW_RESULTS], const struct ow_thresholds *warning,
              const struct ow_thresholds *critical, const struct ow_judging *how,
              struct ow_judgement *judgement)
{
  judgement->verdict = OW_VERDICT_OK;
  judgement->count = 0;
  if (!how)
    how = &usual_judging;
  for (int d = 0; d < OW_RESULTS; d++)
    judge_result(results, (enum ow_direction)d, how, judgement);
  judge_list(results, critical, OW_VERDICT_CRITICAL, how, judgement);
  judge_list(results, warning, OW_VERDICT_WARNING, how, judgement);
}
