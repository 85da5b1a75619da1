/* SPDX-License-Identifier: MIT */
/* The failure, the findings, a summary of each direction, and what the clocks are worth. */
#include "reason.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "finding_words.h"
#include "nat_fallback.h"
#include "text.h"

/* What is told of, and what to. */
struct tale {
  const struct check_options *options;
  const struct ow_probe_report *report;
  struct check_outcome *outcome;
  bool any; /* something was measured */
};

/* ---- the measurement ---- */

static bool measured_anything(const struct check_options *options, const struct ow_probe_report *report)
{
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    any = any || (options->settings.peer.directions[d] &&
                  report->directions[d].result.completeness != OW_RESULT_ABSENT);
  return any || report->directions[OW_ROUND_TRIP].result.completeness != OW_RESULT_ABSENT;
}

/* Beside numbers there is no room for advice: it follows below. */
static void tell_incomplete(struct check_clauses *clauses, enum ow_verdict verdict, const char *why)
{
  struct check_clause *clause = check_clauses_add(clauses, verdict);
  struct check_text text = {clause->text, sizeof clause->text, 0};
  struct check_text brief = {clause->brief, sizeof clause->brief, 0};
  size_t before_advice = strcspn(why, ";");
  check_text_add(&text, "measurement incomplete: %s", why);
  check_text_add(&brief, "incomplete: %.*s", (int)before_advice, why);
  clause->shortened = why[before_advice] != '\0';
}

static void tell_failure(const struct tale *tale)
{
  const struct ow_probe_report *report = tale->report;
  struct check_clauses *clauses = &tale->outcome->clauses;
  const char *why = report->failure.text[0] ? report->failure.text : "no reason is known";
  if (report->status != OW_OK && tale->any)
    tell_incomplete(clauses, tale->outcome->failure, why);
  else if (report->status != OW_OK)
    check_clauses_say(clauses, tale->outcome->failure, "%s", why);
}

/* No failure, and not everything. */
static void tell_remark(const struct tale *tale)
{
  const struct ow_probe_report *report = tale->report;
  const char *why = report->failure.text[0] ? report->failure.text : report->remark;
  if (report->status == OW_OK && why[0])
    tell_incomplete(&tale->outcome->clauses, tale->options->settings.rule.how.partial, why);
}

/* Of the intervals that were asked for, and why there are no more. */
static void tell_history(const struct tale *tale)
{
  const struct check_stream *stream = &tale->outcome->stream;
  if (tale->any && stream->intervals < stream->asked)
    check_clauses_say(&tale->outcome->clauses, tale->outcome->history, "%u of %u intervals, %s",
                      stream->intervals, stream->asked,
                      stream->begun ? "since the stream has just begun"
                                    : "its daemon keeps no more (History)");
}

/* Of several intervals, if their daemon is older than histograms, or has too many packets to tell of. */
static void tell_precision(const struct tale *tale)
{
  bool approximate = false;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &tale->report->directions[d].result;
    approximate = approximate ||
                  (tale->options->settings.peer.directions[d] && result->quantiles == OW_QUANTILES_SUMMARY);
  }
  if (approximate)
    check_clauses_say(&tale->outcome->clauses, OW_VERDICT_OK,
                      "percentiles approximate, as not every interval has a histogram");
}

/* What became of --nat. */
static void tell_addresses(const struct tale *tale)
{
  const struct ow_probe_report *report = tale->report;
  const char *words = "";
  if (report->addresses == OW_ADDRESSES_PLAIN)
    words = report->step > OW_STEP_START
                ? "the server does not know zero addresses (--nat): measured with plain addresses"
                : "it does so with zero addresses (--nat) and with plain ones";
  else if (report->addresses == OW_ADDRESSES_EITHER)
    words = "neither with zero addresses (--nat) nor with plain ones does anything arrive";
  else if (check_nat_fails(tale->options, report))
    words =
        "it may be that the server does not know zero addresses (--nat), and there was no time to measure "
        "with plain addresses; raise the timeout";
  if (words[0])
    check_clauses_say(&tale->outcome->clauses, OW_VERDICT_OK, "%s", words);
}

/* ---- each direction ---- */

static void add_full(struct check_text *words, const char *name, const struct ow_result *result)
{
  char number[CHECK_NUMBER];
  if (result->received == 0)
    check_text_add(words, "%s nothing arrived", name);
  else if (result->clock.stepped)
    check_text_add(words, "%s delay unknown (a clock was set meanwhile)", name);
  else
    check_text_add(words, "%s %s p95", name, ow_seconds_print(number, check_seconds(result->delay.p95)));
  if (result->loss_unknown)
    check_text_add(words, ", loss not known by direction");
  else
    check_text_add(words, ", %u/%u lost", result->lost, result->sent);
}

static void print_brief_delay(char out[CHECK_NUMBER], const struct ow_result *result)
{
  if (result->clock.stepped)
    snprintf(out, CHECK_NUMBER, "delay unknown (a clock was set meanwhile)");
  else
    check_brief_time(out, check_seconds(result->delay.p95));
}

/* Beside what is wrong, that nothing was lost is no news. */
static void print_brief_loss(char out[2 * CHECK_NUMBER], const struct ow_result *result, bool well)
{
  char number[CHECK_NUMBER];
  double loss = 0;
  (void)ow_metric_value(result, OW_METRIC_LOSS, &loss);
  ow_value_print(number, OW_METRIC_LOSS, loss);
  out[0] = '\0';
  if (result->loss_unknown)
    return;
  if (result->lost > 0)
    snprintf(out, 2 * CHECK_NUMBER, "%s lost (%u/%u)", number, result->lost, result->sent);
  else if (well)
    snprintf(out, 2 * CHECK_NUMBER, "%s lost", number);
}

/* Without what a finding tells already. */
static void add_brief(struct check_text *words, const struct check_outcome *outcome,
                      enum ow_direction direction, const struct ow_result *result)
{
  char delay[CHECK_NUMBER] = "";
  char loss[2 * CHECK_NUMBER] = "";
  bool loss_told = outcome->clauses.loss_told[direction];
  if (result->received == 0)
    snprintf(loss, sizeof loss, "nothing arrived (%u/%u lost)", result->lost, result->sent);
  if (result->received > 0 && !outcome->clauses.p95_told[direction])
    print_brief_delay(delay, result);
  if (result->received > 0 && !loss_told)
    print_brief_loss(loss, result, outcome->verdict == OW_VERDICT_OK);
  if (delay[0] || loss[0])
    check_text_add(words, "%s %s%s%s", ow_direction_name(direction), delay, delay[0] && loss[0] ? ", " : "",
                   loss);
}

/* `unexplained`: it is partial, and nothing else says why. */
static void tell_numbers(const struct tale *tale, enum ow_direction direction, bool unexplained, bool so_far)
{
  const struct ow_result *result = &tale->report->directions[direction].result;
  struct check_clause *clause = check_clauses_add(
      &tale->outcome->clauses, unexplained ? tale->options->settings.rule.how.partial : OW_VERDICT_OK);
  struct check_text text = {clause->text, sizeof clause->text, 0};
  struct check_text brief = {clause->brief, sizeof clause->brief, 0};
  add_full(&text, ow_direction_name(direction), result);
  add_brief(&brief, tale->outcome, direction, result);
  clause->told = brief.length == 0; /* by findings */
  bool has_delay = result->received > 0 && !result->clock.stepped;
  clause->is_delay = has_delay && direction != OW_ROUND_TRIP;
  clause->is_p95 = has_delay && !tale->outcome->clauses.p95_told[direction];
  if (so_far)
    check_text_add(&text, " so far");
  if (so_far && brief.length > 0)
    check_text_add(&brief, " so far");
}

static void tell_direction(const struct tale *tale, enum ow_direction direction)
{
  const struct ow_result *result = &tale->report->directions[direction].result;
  struct check_clauses *clauses = &tale->outcome->clauses;
  enum ow_verdict partial = tale->options->settings.rule.how.partial;
  bool is_partial = result->completeness == OW_RESULT_PARTIAL;
  bool explained = tale->report->status != OW_OK || tale->report->failure.text[0] || tale->report->remark[0];
  bool loss_told = clauses->loss_told[direction];
  char shortfall[OW_REMARK_TEXT];
  const char *name = ow_direction_name(direction);
  ow_result_shortfall(shortfall, result);
  if (result->completeness == OW_RESULT_ABSENT)
    check_clauses_say(clauses, OW_VERDICT_UNKNOWN, "%s not measured", name);
  else if (shortfall[0] && !(result->sent == 0 && loss_told))
    check_clauses_say(clauses, is_partial ? partial : OW_VERDICT_OK, "%s %s", name, shortfall);
  else if (result->sent == 0 && !shortfall[0])
    check_clauses_say(clauses, is_partial ? partial : OW_VERDICT_OK, "%s nothing sent", name);
  if (result->completeness != OW_RESULT_ABSENT && result->sent > 0 && !(result->received == 0 && loss_told))
    tell_numbers(tale, direction, is_partial && !shortfall[0] && !explained, is_partial && !shortfall[0]);
}

/* Of a direction of a session that came back from nowhere only the round trip is told. */
static bool is_worth_telling(const struct tale *tale, int direction)
{
  const struct ow_probe_report *report = tale->report;
  bool absent = report->directions[direction].result.completeness == OW_RESULT_ABSENT;
  bool reflected = report->directions[OW_ROUND_TRIP].result.completeness != OW_RESULT_ABSENT;
  return tale->options->settings.peer.directions[direction] && !(absent && reflected);
}

static void tell_directions(const struct tale *tale)
{
  const struct ow_probe_report *report = tale->report;
  bool reflected = report->directions[OW_ROUND_TRIP].result.completeness != OW_RESULT_ABSENT;
  if (reflected)
    tell_direction(tale, OW_ROUND_TRIP);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (is_worth_telling(tale, d) && (tale->any || report->status == OW_OK))
      tell_direction(tale, (enum ow_direction)d);
}

/* ---- the clocks ---- */

static bool has_delays(const struct ow_result *result)
{
  return result->completeness != OW_RESULT_ABSENT && result->received > 0 && !result->clock.stepped;
}

/* What the delays of all directions have in common. */
struct clocks {
  bool any;
  bool here; /* synchronised */
  bool there;
  int64_t error;  /* the largest, ns */
  double longest; /* 95th percentile, s */
};

static struct clocks look_at_clocks(const struct check_options *options, const struct ow_probe_report *report)
{
  struct clocks clocks = {.here = true, .there = true};
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report->directions[d].result;
    const struct ow_clock_trust *clock = &result->clock;
    if (!options->settings.peer.directions[d] || !has_delays(result))
      continue;
    clocks.any = true;
    clocks.here =
        clocks.here && (d == OW_FORWARD ? clock->sender_synchronized : clock->receiver_synchronized);
    clocks.there =
        clocks.there && (d == OW_FORWARD ? clock->receiver_synchronized : clock->sender_synchronized);
    clocks.error = clock->error_ns > clocks.error ? clock->error_ns : clocks.error;
    clocks.longest = fmax(clocks.longest, fabs(check_seconds(result->delay.p95)));
  }
  return clocks;
}

/* That the state is OK, and might not be but for the clocks' error. */
static bool well_but_uncertain(const struct check_outcome *outcome)
{
  bool uncertain = false;
  for (size_t i = 0; i < outcome->judgement.count; i++)
    uncertain = uncertain || outcome->judgement.findings[i].uncertain;
  return uncertain && outcome->verdict == OW_VERDICT_OK;
}

static const char *whose_clock(const struct clocks *clocks)
{
  const char *whose = "clocks";
  if (clocks->there)
    whose = "this host's clock";
  else if (clocks->here)
    whose = "the peer's clock";
  return whose;
}

enum { LEGIBLE = 10 }; /* ns: less is 0.00 us */

static void note_clocks(struct check_outcome *outcome, const struct clocks *clocks)
{
  struct check_text note = {outcome->clauses.clock_note, sizeof outcome->clauses.clock_note, 0};
  bool synchronized = clocks->here && clocks->there;
  bool bounded = clocks->error < OW_ERROR_UNKNOWN;
  /* Who isn't synchronised and claims to be right all the same has no error to tell. */
  bool known = bounded && clocks->error >= (synchronized ? LEGIBLE : CHECK_LEAST_ERROR);
  char error[CHECK_NUMBER];
  check_brief_error(error, check_seconds(clocks->error), clocks->longest);
  if (well_but_uncertain(outcome))
    check_text_add(&note, "uncertain%s", synchronized && bounded && !known ? "" : ": ");
  if (!synchronized)
    check_text_add(&note, "%s not synchronised%s%s", whose_clock(clocks), known ? ", +-" : "",
                   known ? error : "");
  else if (known)
    check_text_add(&note, "clocks +-%s", error);
  else if (!bounded)
    check_text_add(&note, "the peer's clock of unknown error");
}

/* Whose clock isn't synchronised, and how far the delays may be off. */
static void tell_clocks(const struct tale *tale)
{
  struct clocks clocks = look_at_clocks(tale->options, tale->report);
  char number[CHECK_NUMBER];
  if (clocks.any)
    note_clocks(tale->outcome, &clocks);
  if (!clocks.here || !clocks.there) {
    struct check_clause *clause = check_clauses_add(&tale->outcome->clauses, OW_VERDICT_OK);
    struct check_text text = {clause->text, sizeof clause->text, 0};
    check_text_add(&text, "%s not synchronised, delays not trustworthy", whose_clock(&clocks));
    if (clocks.error >= CHECK_LEAST_ERROR && clocks.error < OW_ERROR_UNKNOWN)
      check_text_add(&text, " within %s", ow_seconds_print(number, check_seconds(clocks.error)));
    clause->is_clock = true;
  }
}

/* That every packet arrived before it left, by more than the clocks say that they may err. */
static void tell_wrong_clock(const struct tale *tale, enum ow_direction direction)
{
  const struct ow_result *result = &tale->report->directions[direction].result;
  char number[CHECK_NUMBER];
  char error[CHECK_NUMBER];
  bool told = tale->options->settings.peer.directions[direction] && has_delays(result);
  if (told && result->clock.error_ns < OW_ERROR_UNKNOWN && result->clock.error_ns >= CHECK_LEAST_ERROR &&
      result->delay.max < -result->clock.error_ns) {
    struct check_clause *clause = check_clauses_add(&tale->outcome->clauses, OW_VERDICT_OK);
    struct check_text text = {clause->text, sizeof clause->text, 0};
    struct check_text brief = {clause->brief, sizeof clause->brief, 0};
    check_text_add(&text,
                   "%s delay of %s cannot be where clocks err by %s: one of them errs by more than it says",
                   ow_direction_name(direction), ow_seconds_print(number, check_seconds(result->delay.max)),
                   ow_seconds_print(error, check_seconds(result->clock.error_ns)));
    check_text_add(&brief, "%s below 0: a clock errs by more than it says", ow_direction_name(direction));
  }
}

/* What no clock can do: the offset between the two cancels in it. */
static void tell_impossible(const struct tale *tale)
{
  const struct ow_result *results[OW_RESULTS];
  char number[CHECK_NUMBER];
  double round_trip = 0;
  check_results(tale->options, tale->report, results);
  if (ow_metric_find(results, OW_METRIC_RTT, OW_FORWARD, &round_trip) && round_trip < 0) {
    struct check_clause *clause = check_clauses_add(&tale->outcome->clauses, OW_VERDICT_OK);
    struct check_text text = {clause->text, sizeof clause->text, 0};
    struct check_text brief = {clause->brief, sizeof clause->brief, 0};
    check_text_add(
        &text,
        "rtt of %s cannot be: no offset between the clocks makes it negative, so stamps err by more "
        "than the path takes, or a clock was set meanwhile",
        ow_seconds_print(number, round_trip));
    check_text_add(&brief, "rtt below 0: stamps err");
  }
}

void check_explain(const struct check_options *options, const struct ow_probe_report *report,
                   struct check_outcome *outcome)
{
  struct tale tale = {options, report, outcome, measured_anything(options, report)};
  tell_failure(&tale);
  check_findings_tell(options, report, outcome);
  tell_history(&tale);
  tell_directions(&tale);
  tell_remark(&tale);
  tell_precision(&tale);
  tell_addresses(&tale);
  tell_clocks(&tale);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    tell_wrong_clock(&tale, (enum ow_direction)d);
  tell_impossible(&tale);
  check_clauses_sort(&outcome->clauses);
  check_clauses_headline(&outcome->clauses, outcome->verdict, outcome->headline);
  check_clauses_join(&outcome->clauses, outcome->reason, sizeof outcome->reason);
}
