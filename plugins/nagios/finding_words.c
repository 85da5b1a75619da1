/* SPDX-License-Identifier: MIT */
/* "reverse loss 100 % (20/20), limit 5 %" */
#include "finding_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* "20.0 ms" as a person sets it: "20 ms". */
static void trim_zeros(char *number)
{
  const char *point = strchr(number, '.');
  char *end = number + strspn(number, "-.0123456789");
  char *last = end;
  while (point && last[-1] == '0')
    last--;
  if (point && last[-1] == '.')
    last--;
  memmove(last, end, strlen(end) + 1);
}

/* Of a value within both bounds, the nearer one could be passed. */
static bool nears_low(const struct ow_finding *finding)
{
  const struct ow_range *range = &finding->range;
  return !isinf(range->low) && finding->value - range->low < range->high - finding->value;
}

static void add_bound(struct check_text *words, const struct ow_finding *finding,
                      struct ow_finding_text *text)
{
  const struct ow_range *range = &finding->range;
  trim_zeros(text->low);
  trim_zeros(text->high);
  if (range->inside && isinf(range->high))
    check_text_add(words, ", alert from %s", text->low);
  else if (range->inside && isinf(range->low))
    check_text_add(words, ", alert up to %s", text->high);
  else if (range->inside)
    check_text_add(words, ", alert from %s to %s", text->low, text->high);
  else if (finding->value < range->low || (finding->value <= range->high && nears_low(finding)))
    check_text_add(words, ", at least %s", text->low);
  else
    check_text_add(words, ", limit %s", text->high);
}

static bool was_stepped(const struct ow_finding *finding, const struct ow_result *const results[OW_RESULTS])
{
  bool stepped = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (results[d] && (d == (int)finding->direction || ow_metric_of_both(finding->metric)))
      stepped = stepped || results[d]->clock.stepped;
  return stepped && ow_metric_unit(finding->metric) == OW_UNIT_SECONDS;
}

static void add_threshold(struct check_text *words, const struct ow_finding *finding,
                          const struct ow_result *const results[OW_RESULTS])
{
  char subject[OW_SUBJECT_TEXT];
  struct ow_finding_text text;
  check_text_add(words, "%s", ow_subject_print(subject, finding->metric, finding->direction));
  if (finding->has_value) {
    ow_finding_print(finding, &text);
    check_text_add(words, " %s", text.value);
    if (finding->metric == OW_METRIC_LOSS || finding->metric == OW_METRIC_RTT_LOSS)
      check_text_add(words, " (%u/%u)", finding->lost, finding->sent);
    if (finding->uncertain && finding->verdict != OW_VERDICT_OK)
      check_text_add(words, " (uncertain)");
    add_bound(words, finding, &text);
  } else {
    check_text_add(words, " unknown%s", was_stepped(finding, results) ? " (a clock was set meanwhile)" : "");
  }
}

static void add_arrival(struct check_text *words, const struct ow_finding *finding,
                        const struct ow_result *result)
{
  char shortfall[OW_REMARK_TEXT];
  const char *name = ow_direction_name(finding->direction);
  if (finding->sent > 0)
    check_text_add(words, "%s nothing arrived (%u/%u lost)", name, finding->lost, finding->sent);
  else
    check_text_add(words, "%s %s", name, ow_result_shortfall(shortfall, result));
}

static void tell(const struct check_options *options, const struct ow_finding *finding,
                 const struct ow_result *const results[OW_RESULTS], struct check_clauses *clauses)
{
  char error[CHECK_NUMBER];
  struct check_clause *clause = check_clauses_add(clauses, finding->verdict);
  struct check_text words = {clause->text, sizeof clause->text, 0};
  if (finding->law == OW_LAW_ARRIVAL)
    add_arrival(&words, finding, results[finding->direction]);
  else
    add_threshold(&words, finding, results);
  if (finding->too_few)
    check_text_add(&words, ", too few packets to tell (--min-packets %u)",
                   options->settings.rule.how.least_packets);
  /* Of limits that are kept, though perhaps only by the clocks' error, the first line tells none. */
  if (finding->verdict != OW_VERDICT_OK)
    memcpy(clause->brief, clause->text, sizeof clause->brief);
  else
    check_text_add(&words, ", uncertain");
  if (finding->uncertain && finding->error_ns == OW_ERROR_UNKNOWN)
    check_text_add(&words, ", the peer's clock of unknown error");
  else if (finding->uncertain)
    check_text_add(&words, ", clocks +-%s", ow_seconds_print(error, check_seconds(finding->error_ns)));
  clause->is_delay = finding->has_value && ow_metric_needs_clock(finding->metric);
  clause->for_asking = finding->verdict == OW_VERDICT_OK;
}

/* ---- what another one tells as well ---- */

static bool counts_losses(const struct ow_finding *finding)
{
  return finding->law == OW_LAW_ARRIVAL || finding->metric == OW_METRIC_LOSS ||
         finding->metric == OW_METRIC_LOST || finding->metric == OW_METRIC_RECEIVED;
}

/* The loss is told by name and limit if that is as severe as an outage is; else the outage alone. */
static bool told_as_loss(const struct ow_judgement *judgement, const struct ow_finding *finding)
{
  bool told = false;
  for (size_t i = 0; i < judgement->count; i++) {
    const struct ow_finding *other = &judgement->findings[i];
    if (other == finding || other->direction != finding->direction || !counts_losses(other))
      continue;
    told = told || (finding->law == OW_LAW_ARRIVAL
                        ? other->metric == OW_METRIC_LOSS && other->verdict >= finding->verdict
                        : other->law == OW_LAW_ARRIVAL && other->verdict > finding->verdict);
  }
  return counts_losses(finding) && told;
}

/* The list has a metric once for each severity; the first is the worst. */
static bool told_before(const struct ow_judgement *judgement, size_t index)
{
  const struct ow_finding *finding = &judgement->findings[index];
  bool before = false;
  for (size_t i = 0; i < index; i++)
    before = before || (judgement->findings[i].metric == finding->metric &&
                        judgement->findings[i].law == finding->law &&
                        judgement->findings[i].direction == finding->direction);
  return before;
}

/* That nothing is known of a direction, or nothing arrives, is told once, and not for each threshold. */
static bool needless(const struct ow_finding *finding, const struct ow_result *const results[OW_RESULTS])
{
  bool told = false;
  if (ow_metric_of_round_trip(finding->metric))
    return !finding->has_value && (!results[OW_ROUND_TRIP] || results[OW_ROUND_TRIP]->received == 0);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (d == (int)finding->direction || ow_metric_of_both(finding->metric))
      told = told || results[d]->completeness == OW_RESULT_ABSENT ||
             (!finding->has_value && results[d]->received == 0);
  return told;
}

/* So that the direction's summary needn't. */
static void note_told(const struct ow_finding *finding, struct check_clauses *clauses)
{
  bool of_round_trip = ow_metric_of_round_trip(finding->metric);
  enum ow_direction direction = of_round_trip ? OW_ROUND_TRIP : finding->direction;
  bool loss = finding->law == OW_LAW_ARRIVAL || finding->metric == OW_METRIC_LOSS ||
              finding->metric == OW_METRIC_RTT_LOSS;
  bool p95 = finding->metric == OW_METRIC_DELAY_P95 || finding->metric == OW_METRIC_RTT_P95;
  clauses->loss_told[direction] = clauses->loss_told[direction] || loss;
  clauses->p95_told[direction] = clauses->p95_told[direction] || p95;
}

void check_findings_tell(const struct check_options *options, const struct ow_probe_report *report,
                         struct check_outcome *outcome)
{
  const struct ow_judgement *judgement = &outcome->judgement;
  const struct ow_result *results[OW_RESULTS];
  check_results(options, report, results);
  for (size_t i = 0; i < judgement->count; i++) {
    const struct ow_finding *finding = &judgement->findings[i];
    if (told_before(judgement, i) || needless(finding, results) || told_as_loss(judgement, finding))
      continue;
    tell(options, finding, results, &outcome->clauses);
    if (finding->verdict != OW_VERDICT_OK)
      note_told(finding, &outcome->clauses);
  }
}
