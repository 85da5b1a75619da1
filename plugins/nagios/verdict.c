/* SPDX-License-Identifier: MIT */
/* What a failure means depends on the step; without one, thresholds and losses decide. */
#include "verdict.h"

#include "reason.h"

int check_exit_status(enum ow_verdict verdict)
{
  static const int statuses[] = {
      [OW_VERDICT_OK] = 0,
      [OW_VERDICT_WARNING] = 1,
      [OW_VERDICT_CRITICAL] = 2,
      [OW_VERDICT_UNKNOWN] = 3,
  };
  return statuses[verdict];
}

/*
 * A peer that keeps silent is down. If our own clock ran out because other things took the time, or when
 * packets were on their way already, that says nothing of the peer.
 */
static enum ow_verdict timeout_verdict(const struct ow_probe_report *report)
{
  enum ow_verdict verdict = OW_VERDICT_UNKNOWN;
  switch (report->step) {
  case OW_STEP_CONNECT:
  case OW_STEP_SETUP:
  case OW_STEP_REQUEST:
  case OW_STEP_START: verdict = report->silent ? OW_VERDICT_CRITICAL : OW_VERDICT_UNKNOWN; break;
  case OW_STEP_RESOLVE:
  case OW_STEP_RUN:
  case OW_STEP_STOP:
  case OW_STEP_FETCH:
  case OW_STEP_DONE: break;
  }
  return verdict;
}

enum ow_verdict check_failure_verdict(const struct ow_probe_report *report)
{
  enum ow_verdict verdict = OW_VERDICT_UNKNOWN;
  switch (report->status) {
  case OW_OK: verdict = OW_VERDICT_OK; break;
  case OW_NETWORK:
    verdict = report->step == OW_STEP_RESOLVE ? OW_VERDICT_UNKNOWN : OW_VERDICT_CRITICAL;
    break;
  case OW_TIMEOUT: verdict = timeout_verdict(report); break;
  case OW_PROTOCOL: verdict = OW_VERDICT_CRITICAL; break;
  case OW_INVALID:
  case OW_AUTH:
  case OW_REFUSED:
  case OW_LIMIT:
  case OW_MEMORY:
  case OW_CRYPTO:
  case OW_STATE: break;
  }
  return verdict;
}

static void raise_to(struct check_outcome *outcome, enum ow_verdict verdict)
{
  if (verdict > outcome->verdict)
    outcome->verdict = verdict;
}

/* A few intervals say little of the many that were asked for. */
static enum ow_verdict history_verdict(const struct check_stream *stream)
{
  bool few = stream->known && 2 * (uint64_t)stream->intervals < stream->asked;
  return few ? OW_VERDICT_UNKNOWN : OW_VERDICT_OK;
}

/* Sessions ran, and of a direction that was asked for nothing is known: that may be an outage. */
static bool may_be_outage(const struct check_options *options, const struct ow_probe_report *report)
{
  bool nothing = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    nothing = nothing || (options->settings.peer.directions[d] &&
                          report->directions[d].result.completeness == OW_RESULT_ABSENT);
  return nothing && report->step > OW_STEP_START &&
         report->directions[OW_ROUND_TRIP].result.completeness == OW_RESULT_ABSENT;
}

/* What it is worth that time ran out, if that was said: but an outage is never OK. */
static enum ow_verdict excuse(const struct check_options *options, const struct ow_probe_report *report)
{
  enum ow_verdict verdict = options->timeout_state;
  if (verdict < OW_VERDICT_UNKNOWN && may_be_outage(options, report))
    verdict = OW_VERDICT_UNKNOWN;
  return verdict;
}

void check_judge(const struct check_options *options, const struct ow_probe_report *report,
                 const struct check_stream *stream, struct check_outcome *outcome)
{
  const struct ow_result *results[OW_RESULTS];
  *outcome = (struct check_outcome){0};
  if (stream)
    outcome->stream = *stream;
  check_results(options, report, results);
  ow_judge(results, &options->settings.warning, &options->settings.critical, &options->settings.rule.how,
           &outcome->judgement);
  outcome->failure = check_failure_verdict(report);
  outcome->history = history_verdict(&outcome->stream);
  bool excused = report->status == OW_TIMEOUT && options->has_timeout_state;
  if (excused)
    outcome->failure = excuse(options, report);
  outcome->verdict = outcome->failure;
  /* With a state of its own, a timeout excuses all that is unknown for it. */
  if (!excused || outcome->judgement.verdict > OW_VERDICT_UNKNOWN)
    raise_to(outcome, outcome->judgement.verdict);
  raise_to(outcome, outcome->history);
  check_explain(options, report, outcome);
}

void check_refuse(const struct ow_failure *failure, struct check_outcome *outcome)
{
  *outcome = (struct check_outcome){.verdict = OW_VERDICT_UNKNOWN};
  check_clauses_say(&outcome->clauses, OW_VERDICT_UNKNOWN, "%s; see check_owamp --help", failure->text);
  check_clauses_headline(&outcome->clauses, outcome->verdict, outcome->headline);
  check_clauses_join(&outcome->clauses, outcome->reason, sizeof outcome->reason);
}
