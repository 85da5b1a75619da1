/* SPDX-License-Identifier: MIT */
/*
 * Alarms of a stream: a breach is raised after X of the last Y intervals, and cleared likewise, when X of the
 * last Y kept the limits. One alarm stands for a metric in a direction, or of both; its severity is the worst
 * that is raised.
 *
 * Severities are counted on their own: CRITICAL by the critical thresholds, WARNING by all of them, since
 * what is critical is no less than a warning. Only intervals since a severity was last raised or cleared
 * are among its Y, so that a rule such as 2/5 does not flap. An interval in which a metric has no value, or
 * is UNKNOWN by policy, is not among them; one that is partial is only if it breaches, unless partial results
 * are taken for whole ones.
 *
 * A direction in which nothing arrives has an alarm of its own, on `received`, without any threshold: that is
 * an outage of the path, while the peer is up. If partial results are worth a warning, or are critical, they
 * have one likewise, on `skipped`.
 */
#ifndef OWAMP_SLA_ALARM_H
#define OWAMP_SLA_ALARM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sla/threshold.h"

enum { OW_ALARM_WINDOW = 32 };
/** 1 <= raise <= of <= OW_ALARM_WINDOW. Zero-initialised: 1 of 1, and the rest as in struct ow_judging. */
struct ow_alarm_rule {
  uint8_t raise;
  uint8_t of;
  struct ow_judging how;
};

/** "3/5" or "3" (3 of 3) to `raise` and `of`. OW_INVALID with what would be right. */
enum ow_status ow_alarm_rule_parse(const char *text, struct ow_alarm_rule *rule,
                                   struct ow_failure *failure) OW_MUST_CHECK;

/** A change: raised from OK, another severity, or cleared to OK. */
struct ow_alarm_event {
  enum ow_verdict before;
  enum ow_verdict now;
  /* The newest interval's: the worst that is breached, or, if none is, one that is kept again. */
  struct ow_finding finding;
};

struct ow_alarms;

/** Copies the lists; either may be NULL. NULL without memory. */
struct ow_alarms *ow_alarms_create(const struct ow_thresholds *warning, const struct ow_thresholds *critical,
                                   const struct ow_alarm_rule *rule) OW_MUST_CHECK;
void ow_alarms_free(struct ow_alarms *alarms);

/**
 * Take an interval's results, as ow_judge() takes them. Up to `most` changes are written to `events`
 * (OW_MAX_FINDINGS always suffice), one at most for an alarm; returns how many.
 */
size_t ow_alarms_take(struct ow_alarms *alarms, const struct ow_result *const results[OW_RESULTS],
                      struct ow_alarm_event *events, size_t most);
/** The worst severity that is raised now; OK if none. */
enum ow_verdict ow_alarms_severity(const struct ow_alarms *alarms);

enum { OW_ALARM_TEXT = 256 };
/**
 * "forward delay_p95 31.2 ms is above 20 ms", "forward loss 6 % (3/50) is above 5 %", "forward delay_p95 is
 * within its limits again (12.0 ms)", "... is no longer critical (31.2 ms)"; "forward: nothing arrived of 60
 * packets", "forward: packets arrive again (58 of 60)", "forward: measured in part only, 22 packets were
 * never sent", "forward: measured whole again"; returns `out`.
 */
const char *ow_alarm_print(char out[OW_ALARM_TEXT], const struct ow_alarm_event *event);

#endif
