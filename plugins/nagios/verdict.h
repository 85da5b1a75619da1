/* From a probe's report to a plugin's state, and the sentence that says why. */
#ifndef CHECK_OWAMP_VERDICT_H
#define CHECK_OWAMP_VERDICT_H

#include "diagnose.h"
#include "measure/probe.h"
#include "options.h"
#include "report/interval.h"
#include "sla/threshold.h"

enum { CHECK_REASON = 1024 };

/** What is known of the stream that was asked for. */
struct check_stream {
  bool known;
  char name[OW_STREAM_NAME];
  enum ow_stream_state state;
  int64_t interval;   /* ns */
  uint32_t intervals; /* that are judged */
  uint32_t failed;    /* of these, not measured whole */
  int64_t age;        /* ns since the newest one's end; 0 without any */
};

struct check_outcome {
  enum ow_verdict verdict;
  struct ow_judgement judgement; /* of the thresholds alone */
  char reason[CHECK_REASON];     /* one line without '|' */
  struct check_stream stream;
  struct check_diagnosis diagnosis;
};

/** The results as the judge takes them: NULL for a direction that wasn't asked for. */
void check_results(const struct check_options *options, const struct ow_probe_report *report,
                   const struct ow_result *results[OW_DIRECTIONS]);

/**
 * The worst of: the thresholds' verdict; CRITICAL for a direction in which nothing arrived and on whose
 * loss there is no threshold; UNKNOWN for one in which nothing was sent; and what a failure is worth. If
 * time ran out and --timeout-state says what that is worth: that, or the thresholds' alert. outcome->stream
 * and outcome->diagnosis stay empty.
 */
void check_judge(const struct check_options *options, const struct ow_probe_report *report,
                 struct check_outcome *outcome);

/** CRITICAL where the peer is to blame, else UNKNOWN. The manual page has the table. */
enum ow_verdict check_failure_verdict(enum ow_status status, enum ow_probe_step step);

/** The sentence of a judged outcome. */
void check_explain(const struct check_options *options, const struct ow_probe_report *report,
                   struct check_outcome *outcome);

/** The outcome of a check whose command line is wrong. */
void check_refuse(const struct ow_failure *failure, struct check_outcome *outcome);

/** 0, 1, 2 or 3. */
int check_exit_status(enum ow_verdict verdict);

#endif
