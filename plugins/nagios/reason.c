#include <math.h>
#include <stdio.h>

#include "text.h"
#include "verdict.h"

/* More of them hide what matters; -v shows all. */
enum { MOST_FINDINGS = 4, BOUND_TEXT = 2 * CHECK_NUMBER + 16 };

/* "> 100 ms", "< 10.0 us", "alert range 1.00 ms to any"; for a value that is right, "limit 100 ms". */
static const char *describe_bound(char out[BOUND_TEXT], const struct ow_finding *finding)
{
  char low[CHECK_NUMBER];
  char high[CHECK_NUMBER];
  const struct ow_range *range = &finding->range;
  check_value_text(low, finding->metric, range->low);
  check_value_text(high, finding->metric, range->high);
  if (range->inside)
    snprintf(out, BOUND_TEXT, "alert range %s to %s", isinf(range->low) ? "any" : low,
             isinf(range->high) ? "any" : high);
  else if (finding->value > range->high)
    snprintf(out, BOUND_TEXT, "> %s", high);
  else if (finding->value < range->low)
    snprintf(out, BOUND_TEXT, "< %s", low);
  else
    snprintf(out, BOUND_TEXT, "limit %s", isinf(range->high) ? low : high);
  return out;
}

static void add_finding(struct check_text *reason, const struct ow_finding *finding,
                        const struct ow_result *result)
{
  char number[CHECK_NUMBER];
  char bound[BOUND_TEXT];
  const char *direction = ow_direction_name(finding->direction);
  const char *metric = ow_metric_name(finding->metric);
  double value = 0;
  check_text_next(reason);
  if (ow_metric_value(result, finding->metric, &value))
    check_text_add(reason, "%s %s %s (%s)", direction, metric,
                   check_value_text(number, finding->metric, finding->value), describe_bound(bound, finding));
  else
    check_text_add(reason, "%s %s unknown", direction, metric);
  if (finding->uncertain)
    check_text_add(reason, ", uncertain: clock error +- %s",
                   check_time_text(number, check_seconds(result->clock.error_ns)));
}

/* The list has a metric once for each severity; the first is the worst. */
static bool told_before(const struct ow_judgement *judgement, size_t index)
{
  const struct ow_finding *finding = &judgement->findings[index];
  bool before = false;
  for (size_t i = 0; i < index; i++)
    before = before || (judgement->findings[i].metric == finding->metric &&
                        judgement->findings[i].direction == finding->direction);
  return before;
}

static void add_findings(struct check_text *reason, const struct ow_judgement *judgement,
                         const struct ow_probe_report *report)
{
  size_t shown = 0;
  size_t more = 0;
  for (size_t i = 0; i < judgement->count; i++) {
    const struct ow_finding *finding = &judgement->findings[i];
    const struct ow_result *result = &report->directions[finding->direction].result;
    /* That a direction is unknown altogether is said once, and not for each threshold. */
    if (told_before(judgement, i) || result->completeness == OW_RESULT_ABSENT)
      continue;
    if (shown < MOST_FINDINGS) {
      add_finding(reason, finding, result);
      shown++;
    } else {
      more++;
    }
  }
  if (more > 0)
    check_text_add(reason, "; and %zu more", more);
}

static void add_summary(struct check_text *reason, enum ow_direction direction,
                        const struct ow_result *result)
{
  char number[CHECK_NUMBER];
  const char *name = ow_direction_name(direction);
  check_text_next(reason);
  if (result->completeness == OW_RESULT_ABSENT)
    check_text_add(reason, "%s not measured", name);
  else if (result->sent == 0)
    check_text_add(reason, "%s nothing sent, %u skipped", name, result->skipped);
  else if (result->received == 0)
    check_text_add(reason, "%s nothing arrived, %u/%u lost", name, result->lost, result->sent);
  else if (result->clock.stepped)
    check_text_add(reason, "%s delay unknown (a clock was set meanwhile), %u/%u lost", name, result->lost,
                   result->sent);
  else
    check_text_add(reason, "%s %s p95, %u/%u lost", name,
                   check_time_text(number, check_seconds(result->delay.p95)), result->lost, result->sent);
  if (result->completeness == OW_RESULT_PARTIAL)
    check_text_add(reason, " so far");
}

static bool has_delays(const struct ow_result *result)
{
  return result->completeness != OW_RESULT_ABSENT && result->received > 0 && !result->clock.stepped;
}

/* Whose clock isn't synchronised, and how far the delays may be off. */
static void add_clocks(struct check_text *reason, const struct check_options *options,
                       const struct ow_probe_report *report)
{
  bool here = true;
  bool there = true;
  int64_t error = 0;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report->directions[d].result;
    const struct ow_clock_trust *clock = &result->clock;
    if (!options->peer.directions[d] || !has_delays(result))
      continue;
    here = here && (d == OW_FORWARD ? clock->sender_synchronized : clock->receiver_synchronized);
    there = there && (d == OW_FORWARD ? clock->receiver_synchronized : clock->sender_synchronized);
    error = clock->error_ns > error ? clock->error_ns : error;
  }
  if (!here || !there) {
    char number[CHECK_NUMBER];
    const char *whose = "this host's clock";
    if (here)
      whose = "the peer's clock";
    else if (!there)
      whose = "clocks";
    check_text_next(reason);
    check_text_add(reason, "%s not synchronised, delays not trustworthy within %s", whose,
                   check_time_text(number, check_seconds(error)));
  }
}

static bool measured_anything(const struct check_options *options, const struct ow_probe_report *report)
{
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    any =
        any || (options->peer.directions[d] && report->directions[d].result.completeness != OW_RESULT_ABSENT);
  return any;
}

void check_explain(const struct check_options *options, const struct ow_probe_report *report,
                   struct check_outcome *outcome)
{
  struct check_text reason = {outcome->reason, sizeof outcome->reason, 0};
  bool any = measured_anything(options, report);
  if (report->status != OW_OK)
    check_text_add(&reason, "%s%s", any ? "measurement incomplete: " : "",
                   report->failure.text[0] ? report->failure.text : "no reason is known");
  add_findings(&reason, &outcome->judgement, report);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (options->peer.directions[d] && (any || report->status == OW_OK))
      add_summary(&reason, (enum ow_direction)d, &report->directions[d].result);
  add_clocks(&reason, options, report);
}
