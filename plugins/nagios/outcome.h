/* SPDX-License-Identifier: MIT */
/* What comes of a check: state, sentence, and what is known of the stream that was asked for. */
#ifndef CHECK_OWAMP_OUTCOME_H
#define CHECK_OWAMP_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "clauses.h"
#include "diagnose.h"
#include "measure/probe_report.h"
#include "option_values.h"
#include "report/interval.h"
#include "sla/threshold.h"

enum { CHECK_REASON = 2048 };

/** What is known of the stream that was asked for. */
struct check_stream {
  bool known;
  char name[OW_STREAM_NAME];
  enum ow_stream_state state;
  int64_t interval;   /* ns */
  uint32_t intervals; /* that are judged */
  uint32_t failed;    /* of these, not measured whole */
  uint32_t asked;     /* that --last asks for */
  bool begun;         /* so few were measured since it began; else its daemon keeps no more */
  int64_t age;        /* ns since the newest one's end; 0 without any */
};

struct check_outcome {
  enum ow_verdict verdict;
  enum ow_verdict failure;       /* of that: what a failure of the measurement is worth */
  enum ow_verdict history;       /* and that the stream has so few intervals */
  struct ow_judgement judgement; /* of the thresholds alone */
  struct check_clauses clauses;  /* what there is to tell, sorted; what `headline` leaves out is not `told` */
  char headline[CHECK_HEADLINE]; /* what the first line says, without "OWAMP <verdict> - " */
  char reason[CHECK_REASON];     /* all of it in one line without '|' */
  struct check_stream stream;
  struct check_diagnosis diagnosis;
};

/** The results as the judge takes them: NULL for a direction that wasn't asked for, or without a round trip.
 */
void check_results(const struct check_options *options, const struct ow_probe_report *report,
                   const struct ow_result *results[OW_RESULTS]);

/** A percentile of the delays, in seconds; false if it isn't known. */
bool check_percentile_find(const struct ow_result *result, uint32_t percentile, double *value);
/** True of those that are metrics: delay_p95, delay_p99. */
bool check_percentile_is_metric(uint32_t percentile);

#endif
