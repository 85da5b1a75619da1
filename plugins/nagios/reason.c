/* SPDX-License-Identifier: MIT */
/* The failure, the worst findings, a summary of each direction, and what the clocks are worth. */
#include "reason.h"

#include <math.h>
#include <stdio.h>

#include "nat_fallback.h"
#include "text.h"

/* More of them hide what matters; -v shows all. */
enum { MOST_FINDINGS = 4, BOUND_TEXT = 2 * CHECK_NUMBER + 16 };

/* "> 100 ms", "< 10.0 us", "alert range 1.00 ms to any"; for a value that is right, "limit 100 ms". */
static const char *describe_bound(char out[BOUND_TEXT], const struct ow_finding *finding,
                                  const struct ow_finding_text *text)
{
  const struct ow_range *range = &finding->range;
  if (range->inside)
    snprintf(out, BOUND_TEXT, "alert range %s to %s", text->low, text->high);
  else if (finding->value > range->high)
    snprintf(out, BOUND_TEXT, "> %s", text->high);
  else if (finding->value < range->low)
    snprintf(out, BOUND_TEXT, "< %s", text->low);
  else
    snprintf(out, BOUND_TEXT, "limit %s", isinf(range->high) ? text->low : text->high);
  return out;
}

static void add_value(struct check_text *reason, const struct ow_finding *finding)
{
  struct ow_finding_text text;
  char bound[BOUND_TEXT];
  ow_finding_print(finding, &text);
  check_text_add(reason, " %s", text.value);
  if (finding->metric == OW_METRIC_LOSS)
    check_text_add(reason, " %u/%u", finding->lost, finding->sent);
  check_text_add(reason, " (%s)", describe_bound(bound, finding, &text));
}

static void add_finding(struct check_text *reason, const struct check_options *options,
                        const struct ow_finding *finding)
{
  char text[CHECK_NUMBER];
  check_text_next(reason);
  check_text_add(reason, "%s", ow_subject_print(text, finding->metric, finding->direction));
  if (finding->has_value)
    add_value(reason, finding);
  else
    check_text_add(reason, " unknown");
  if (finding->uncertain)
    check_text_add(reason, ", uncertain: clock error +- %s",
                   ow_seconds_print(text, check_seconds(finding->error_ns)));
  if (finding->too_few)
    check_text_add(reason, ", too few packets: --min-packets asks for %u",
                   options->settings.rule.how.least_packets);
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

/* That nothing is known of a direction, or nothing arrives, its summary says once, and not each threshold. */
static bool needless(const struct ow_finding *finding, const struct ow_result *const results[OW_DIRECTIONS])
{
  bool told = finding->law == OW_LAW_ARRIVAL && !finding->too_few;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (d == (int)finding->direction || ow_metric_of_both(finding->metric))
      told = told || results[d]->completeness == OW_RESULT_ABSENT ||
             (!finding->has_value && results[d]->received == 0);
  return told;
}

static void add_findings(struct check_text *reason, const struct check_options *options,
                         const struct ow_judgement *judgement,
                         const struct ow_result *const results[OW_DIRECTIONS])
{
  size_t shown = 0;
  size_t more = 0;
  for (size_t i = 0; i < judgement->count; i++) {
    const struct ow_finding *finding = &judgement->findings[i];
    if (told_before(judgement, i) || needless(finding, results))
      continue;
    if (shown < MOST_FINDINGS) {
      add_finding(reason, options, finding);
      shown++;
    } else {
      more++;
    }
  }
  if (more > 0)
    check_text_add(reason, "; and %zu more", more);
}

static void add_delay_and_loss(struct check_text *reason, const char *name, const struct ow_result *result)
{
  char number[CHECK_NUMBER];
  if (result->received == 0)
    check_text_add(reason, "%s nothing arrived", name);
  else if (result->clock.stepped)
    check_text_add(reason, "%s delay unknown (a clock was set meanwhile)", name);
  else
    check_text_add(reason, "%s %s p95", name, ow_seconds_print(number, check_seconds(result->delay.p95)));
  check_text_add(reason, ", %u/%u lost", result->lost, result->sent);
}

static void add_summary(struct check_text *reason, enum ow_direction direction,
                        const struct ow_result *result)
{
  char shortfall[OW_REMARK_TEXT];
  const char *name = ow_direction_name(direction);
  bool partial = result->completeness == OW_RESULT_PARTIAL;
  ow_result_shortfall(shortfall, result);
  check_text_next(reason);
  if (result->completeness == OW_RESULT_ABSENT)
    check_text_add(reason, "%s not measured", name);
  else if (result->sent == 0)
    check_text_add(reason, "%s %s", name, shortfall[0] ? shortfall : "nothing sent");
  else
    add_delay_and_loss(reason, name, result);
  if (partial && result->sent > 0)
    check_text_add(reason, "%s%s", shortfall[0] ? ", " : " so far", shortfall);
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
    if (!options->settings.peer.directions[d] || !has_delays(result))
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
    check_text_add(reason, "%s not synchronised, delays not trustworthy", whose);
    /* Who isn't synchronised and claims to be right all the same has no error to tell. */
    if (error >= CHECK_LEAST_ERROR)
      check_text_add(reason, " within %s", ow_seconds_print(number, check_seconds(error)));
  }
}

/* What became of --nat. */
static void add_addresses(struct check_text *reason, const struct check_options *options,
                          const struct ow_probe_report *report)
{
  const char *words = "";
  if (report->addresses == OW_ADDRESSES_PLAIN)
    words = report->step > OW_STEP_START
                ? "the server does not know zero addresses (--nat): measured with plain addresses"
                : "it does so with zero addresses (--nat) and with plain ones";
  else if (report->addresses == OW_ADDRESSES_EITHER)
    words = "neither with zero addresses (--nat) nor with plain ones does anything arrive";
  else if (check_nat_fails(options, report))
    words =
        "it may be that the server does not know zero addresses (--nat), and there was no time to measure "
        "with plain addresses; raise the timeout";
  if (words[0]) {
    check_text_next(reason);
    check_text_add(reason, "%s", words);
  }
}

static bool measured_anything(const struct check_options *options, const struct ow_probe_report *report)
{
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    any = any || (options->settings.peer.directions[d] &&
                  report->directions[d].result.completeness != OW_RESULT_ABSENT);
  return any;
}

/* Of the intervals that were asked for, and why there are no more. */
static void add_history(struct check_text *reason, const struct check_stream *stream)
{
  if (stream->intervals < stream->asked) {
    check_text_next(reason);
    check_text_add(reason, "%u of %u intervals, %s", stream->intervals, stream->asked,
                   stream->begun ? "since the stream has just begun" : "its daemon keeps no more (History)");
  }
}

void check_explain(const struct check_options *options, const struct ow_probe_report *report,
                   struct check_outcome *outcome)
{
  struct check_text reason = {outcome->reason, sizeof outcome->reason, 0};
  bool any = measured_anything(options, report);
  const struct ow_result *results[OW_DIRECTIONS];
  check_results(options, report, results);
  if (report->status != OW_OK || report->failure.text[0])
    check_text_add(&reason, "%s%s", any ? "measurement incomplete: " : "",
                   report->failure.text[0] ? report->failure.text : "no reason is known");
  else if (report->remark[0])
    check_text_add(&reason, "measurement incomplete: %s", report->remark);
  add_findings(&reason, options, &outcome->judgement, results);
  if (any)
    add_history(&reason, &outcome->stream);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (options->settings.peer.directions[d] && (any || report->status == OW_OK))
      add_summary(&reason, (enum ow_direction)d, &report->directions[d].result);
  add_addresses(&reason, options, report);
  add_clocks(&reason, options, report);
}
