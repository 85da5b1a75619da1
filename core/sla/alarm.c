/* SPDX-License-Identifier: MIT */
/* A window of bits for each severity, counted anew after each interval that tells something. */
#include "sla/alarm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/refusal.h"
#include "sla/judge.h"
#include "text/number.h"

/* The last intervals of a severity, newest in the lowest bit, since it was raised or cleared. */
struct window {
  uint32_t breached;
  uint8_t known;
  bool raised;
};

struct alarm {
  struct window warning;
  struct window critical;
  enum ow_law law; /* of the last breach */
};

struct ow_alarms {
  struct ow_thresholds warning;
  struct ow_thresholds critical;
  struct ow_alarm_rule rule;
  struct alarm list[OW_METRICS][OW_RESULTS];
};

/* What an interval says of one alarm. */
struct tally {
  size_t judged; /* findings that aren't UNKNOWN */
  size_t unknown;
  size_t breached;
};

struct evidence {
  struct tally warning;
  struct tally critical;
  bool has_finding;
  struct ow_finding finding; /* the worst, and of like ones the first of the law that was breached last */
  enum ow_law law;
};

/* ---- the rule ---- */

static enum ow_status bad_rule(const char *text, struct ow_failure *failure)
{
  char shown[32];
  return ow_fail(failure, OW_INVALID,
                 "'%s' is no rule: write X/Y, X of the last Y intervals, such as 3/5; at most %d",
                 ow_printable(shown, sizeof shown, text, strlen(text)), OW_ALARM_WINDOW);
}

/* Up to three digits, which suffice; goes on to what follows. */
static bool read_count(const char **text, unsigned *count)
{
  struct ow_digits digits = ow_digits_read(ow_piece_of(*text));
  *count = (unsigned)digits.value;
  *text += digits.count;
  return digits.count >= 1 && digits.count <= 3;
}

enum ow_status ow_alarm_rule_parse(const char *text, struct ow_alarm_rule *rule, struct ow_failure *failure)
{
  unsigned raise = 0;
  unsigned of = 0;
  enum ow_status status = OW_OK;
  const char *rest = text;
  bool read = read_count(&rest, &raise);
  of = raise;
  if (read && *rest == '/') {
    rest++;
    read = read_count(&rest, &of);
  }
  if (!read || *rest || raise < 1 || of < raise || of > OW_ALARM_WINDOW) {
    status = bad_rule(text, failure);
  } else {
    rule->raise = (uint8_t)raise;
    rule->of = (uint8_t)of;
  }
  return status;
}

/* ---- life ---- */

struct ow_alarms *ow_alarms_create(const struct ow_thresholds *warning, const struct ow_thresholds *critical,
                                   const struct ow_alarm_rule *rule)
{
  struct ow_alarms *alarms = calloc(1, sizeof *alarms);
  if (alarms) {
    if (warning)
      alarms->warning = *warning;
    if (critical)
      alarms->critical = *critical;
    alarms->rule = *rule;
    if (alarms->rule.raise == 0)
      alarms->rule.raise = 1;
    if (alarms->rule.of < alarms->rule.raise)
      alarms->rule.of = alarms->rule.raise;
  }
  return alarms;
}

void ow_alarms_free(struct ow_alarms *alarms)
{
  free(alarms);
}

/* ---- counting ---- */

static unsigned ones(uint32_t bits)
{
  unsigned count = 0;
  for (; bits; bits &= bits - 1)
    count++;
  return count;
}

/* One more interval; true if the severity is raised or cleared by it. */
static bool push(struct window *window, bool breached, const struct ow_alarm_rule *rule)
{
  uint32_t kept_bits = rule->of < 32 ? (UINT32_C(1) << rule->of) - 1 : UINT32_MAX;
  window->breached = (window->breached << 1 | (breached ? 1 : 0)) & kept_bits;
  if (window->known < rule->of)
    window->known++;
  unsigned bad = ones(window->breached);
  unsigned against = window->raised ? window->known - bad : bad;
  bool changes = against >= rule->raise;
  if (changes)
    *window = (struct window){.raised = !window->raised};
  return changes;
}

/* One breach makes it one; what isn't known could be another. */
static bool take_tally(struct window *window, const struct tally *tally, const struct ow_alarm_rule *rule)
{
  bool counts = tally->breached > 0 || (tally->judged > 0 && tally->unknown == 0);
  return counts && push(window, tally->breached > 0, rule);
}

static enum ow_verdict severity_of(const struct alarm *alarm)
{
  enum ow_verdict severity = OW_VERDICT_OK;
  if (alarm->critical.raised)
    severity = OW_VERDICT_CRITICAL;
  else if (alarm->warning.raised)
    severity = OW_VERDICT_WARNING;
  return severity;
}

/* ---- an interval ---- */

static void count_finding(struct tally *tally, const struct ow_finding *finding)
{
  if (finding->verdict == OW_VERDICT_UNKNOWN)
    tally->unknown++;
  else
    tally->judged++;
  if (finding->verdict > OW_VERDICT_UNKNOWN)
    tally->breached++;
}

/* A finding without a verdict is no evidence to show. */
static void keep_worst(struct evidence *evidence, const struct ow_finding *finding)
{
  const struct ow_finding *kept = &evidence->finding;
  bool better =
      !evidence->has_finding || finding->verdict > kept->verdict ||
      (finding->verdict == kept->verdict && finding->law == evidence->law && kept->law != evidence->law);
  if (finding->verdict != OW_VERDICT_UNKNOWN && better) {
    evidence->has_finding = true;
    evidence->finding = *finding;
  }
}

static void take_finding(struct evidence *evidence, const struct ow_finding *finding,
                         enum ow_verdict severity)
{
  count_finding(&evidence->warning, finding);
  if (severity == OW_VERDICT_CRITICAL)
    count_finding(&evidence->critical, finding);
  keep_worst(evidence, finding);
}

static void gather(const struct ow_alarms *alarms, const struct ow_thresholds *thresholds,
                   enum ow_verdict severity, enum ow_metric metric, enum ow_direction direction,
                   const struct ow_result *const results[OW_RESULTS], struct evidence *evidence)
{
  const struct ow_judging *how = &alarms->rule.how;
  for (size_t i = 0; i < thresholds->count; i++) {
    const struct ow_threshold *threshold = &thresholds->list[i];
    if (threshold->metric != metric || !ow_threshold_concerns(threshold, results, direction))
      continue;
    struct ow_finding finding = ow_judge_threshold(results, direction, threshold, severity, how);
    if (finding.verdict == OW_VERDICT_OK && ow_judge_doubts(results, metric, direction, how))
      finding.verdict = OW_VERDICT_UNKNOWN; /* of a part: the rest may have been worse */
    take_finding(evidence, &finding, severity);
  }
}

/* What needs no threshold, and is counted beside those on the metric that it is told as. */
static void gather_law(const struct ow_alarms *alarms, enum ow_metric metric, enum ow_direction direction,
                       const struct ow_result *const results[OW_RESULTS], struct evidence *evidence)
{
  const struct ow_judging *how = &alarms->rule.how;
  struct ow_finding finding;
  if (metric == OW_METRIC_RECEIVED && how->nothing_arrived > OW_VERDICT_UNKNOWN &&
      ow_judge_arrival(results, direction, how, &finding))
    take_finding(evidence, &finding, how->nothing_arrived);
  if (metric == OW_METRIC_SKIPPED && ow_judge_whole(results, direction, how, &finding))
    take_finding(evidence, &finding, how->partial);
}

/* True, and the event, if the alarm's severity is another one now. */
static bool take_one(struct ow_alarms *alarms, enum ow_metric metric, enum ow_direction direction,
                     const struct ow_result *const results[OW_RESULTS], struct ow_alarm_event *event)
{
  struct alarm *alarm = &alarms->list[metric][direction];
  struct evidence evidence = {.law = alarm->law};
  event->before = severity_of(alarm);
  gather_law(alarms, metric, direction, results, &evidence);
  gather(alarms, &alarms->critical, OW_VERDICT_CRITICAL, metric, direction, results, &evidence);
  gather(alarms, &alarms->warning, OW_VERDICT_WARNING, metric, direction, results, &evidence);
  bool changed = take_tally(&alarm->warning, &evidence.warning, &alarms->rule);
  changed = take_tally(&alarm->critical, &evidence.critical, &alarms->rule) || changed;
  event->now = severity_of(alarm);
  event->finding = evidence.finding;
  if (evidence.finding.verdict != OW_VERDICT_OK)
    alarm->law = evidence.finding.law;
  return changed && event->now != event->before;
}

size_t ow_alarms_take(struct ow_alarms *alarms, const struct ow_result *const results[OW_RESULTS],
                      struct ow_alarm_event *events, size_t most)
{
  size_t count = 0;
  for (int m = 0; m < OW_METRICS; m++) {
    for (int d = 0; d < OW_RESULTS; d++) {
      struct ow_alarm_event event;
      if (take_one(alarms, (enum ow_metric)m, (enum ow_direction)d, results, &event) && count < most)
        events[count++] = event;
    }
  }
  return count;
}

enum ow_verdict ow_alarms_severity(const struct ow_alarms *alarms)
{
  enum ow_verdict worst = OW_VERDICT_OK;
  for (int m = 0; m < OW_METRICS; m++)
    for (int d = 0; d < OW_RESULTS; d++)
      if (severity_of(&alarms->list[m][d]) > worst)
        worst = severity_of(&alarms->list[m][d]);
  return worst;
}

/* ---- words ---- */

enum { VALUE_TEXT = OW_VALUE_TEXT + 32, BOUND_TEXT = 2 * OW_VALUE_TEXT + 32 };

static const char *value_text(char out[VALUE_TEXT], const struct ow_finding *finding,
                              const struct ow_finding_text *text)
{
  if (finding->sent > 0 && (finding->metric == OW_METRIC_LOSS || finding->metric == OW_METRIC_RTT_LOSS))
    snprintf(out, VALUE_TEXT, "%s (%u/%u)", text->value, finding->lost, finding->sent);
  else
    snprintf(out, VALUE_TEXT, "%s", text->value);
  return out;
}

/* "above 20.0 ms"; only for a value that breaches the range. */
static const char *bound_text(char out[BOUND_TEXT], const struct ow_finding *finding,
                              const struct ow_finding_text *text)
{
  const struct ow_range *range = &finding->range;
  if (range->inside)
    snprintf(out, BOUND_TEXT, "within %s to %s", text->low, text->high);
  else if (finding->value > range->high)
    snprintf(out, BOUND_TEXT, "above %s", text->high);
  else
    snprintf(out, BOUND_TEXT, "below %s", text->low);
  return out;
}

static const char *print_arrival(char out[OW_ALARM_TEXT], const struct ow_finding *finding)
{
  const char *direction = ow_direction_name(finding->direction);
  if (finding->value > 0)
    snprintf(out, OW_ALARM_TEXT, "%s: packets arrive again (%.0f of %u)", direction, finding->value,
             finding->sent);
  else if (finding->sent > 0)
    snprintf(out, OW_ALARM_TEXT, "%s: nothing arrived of %u packets", direction, finding->sent);
  else
    snprintf(out, OW_ALARM_TEXT, "%s: nothing could be sent: %s", direction,
             ow_refusal_text(finding->refusal));
  return out;
}

static const char *print_whole(char out[OW_ALARM_TEXT], const struct ow_finding *finding)
{
  const char *direction = ow_direction_name(finding->direction);
  if (finding->verdict == OW_VERDICT_OK)
    snprintf(out, OW_ALARM_TEXT, "%s: measured whole again", direction);
  else if (finding->value > 0)
    snprintf(out, OW_ALARM_TEXT, "%s: measured in part only, %.0f packets were never sent", direction,
             finding->value);
  else
    snprintf(out, OW_ALARM_TEXT, "%s: measured in part only", direction);
  return out;
}

const char *ow_alarm_print(char out[OW_ALARM_TEXT], const struct ow_alarm_event *event)
{
  const struct ow_finding *finding = &event->finding;
  char subject[OW_SUBJECT_TEXT];
  char value[VALUE_TEXT];
  char bound[BOUND_TEXT];
  struct ow_finding_text text;
  if (finding->law != OW_LAW_THRESHOLD)
    return finding->law == OW_LAW_ARRIVAL ? print_arrival(out, finding) : print_whole(out, finding);
  ow_subject_print(subject, finding->metric, finding->direction);
  ow_finding_print(finding, &text);
  value_text(value, finding, &text);
  if (event->now == OW_VERDICT_OK && finding->verdict == OW_VERDICT_OK)
    snprintf(out, OW_ALARM_TEXT, "%s is within its limits again (%s)", subject, value);
  else if (event->now == OW_VERDICT_OK || finding->verdict == OW_VERDICT_OK)
    snprintf(out, OW_ALARM_TEXT, "%s is no longer critical (%s)", subject, value);
  else
    snprintf(out, OW_ALARM_TEXT, "%s %s is %s", subject, value, bound_text(bound, finding, &text));
  return out;
}
