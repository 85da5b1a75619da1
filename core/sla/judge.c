#include <stdint.h>

#include "sla/threshold.h"

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
static double shifted(double seconds, int64_t nanoseconds)
{
  double scaled = seconds * 1e9;
  double whole = (double)(int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  return (whole + (double)nanoseconds) / 1e9;
}

/* True if the verdict would be another one for some value within the clocks' error. */
static bool straddles(struct ow_range range, double value, int64_t error_ns)
{
  double least = shifted(value, -error_ns);
  double most = shifted(value, error_ns);
  if (within(range, value))
    return least < range.low || most > range.high;
  return least <= range.high && most >= range.low;
}

static struct ow_finding apply(const struct ow_result *result, enum ow_direction direction,
                               const struct ow_threshold *threshold, enum ow_verdict severity,
                               enum ow_uncertain_policy policy)
{
  struct ow_finding finding = {
      .metric = threshold->metric, .direction = direction, .range = threshold->range};
  if (!ow_metric_value(result, threshold->metric, &finding.value)) {
    finding.verdict = OW_VERDICT_UNKNOWN;
  } else {
    finding.verdict = breaches(threshold->range, finding.value) ? severity : OW_VERDICT_OK;
    finding.uncertain = ow_metric_needs_clock(threshold->metric) &&
                        straddles(threshold->range, finding.value, result->clock.error_ns);
    if (finding.uncertain && policy == OW_UNCERTAIN_IS_UNKNOWN)
      finding.verdict = OW_VERDICT_UNKNOWN;
  }
  return finding;
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

static void judge_list(const struct ow_result *const results[OW_DIRECTIONS],
                       const struct ow_thresholds *thresholds, enum ow_verdict severity,
                       enum ow_uncertain_policy policy, struct ow_judgement *judgement)
{
  size_t count = thresholds ? thresholds->count : 0;
  for (size_t i = 0; i < count; i++) {
    const struct ow_threshold *threshold = &thresholds->list[i];
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      if (!results[d] || !threshold->applies[d])
        continue;
      struct ow_finding finding = apply(results[d], (enum ow_direction)d, threshold, severity, policy);
      raise_to(judgement, finding.verdict);
      if (finding.verdict != OW_VERDICT_OK || finding.uncertain)
        insert(judgement, &finding);
    }
  }
}

void ow_judge(const struct ow_result *const results[OW_DIRECTIONS], const struct ow_thresholds *warning,
              const struct ow_thresholds *critical, enum ow_uncertain_policy policy,
              struct ow_judgement *judgement)
{
  judgement->verdict = OW_VERDICT_OK;
  judgement->count = 0;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (results[d] && results[d]->completeness == OW_RESULT_ABSENT)
      raise_to(judgement, OW_VERDICT_UNKNOWN);
  judge_list(results, critical, OW_VERDICT_CRITICAL, policy, judgement);
  judge_list(results, warning, OW_VERDICT_WARNING, policy, judgement);
}
