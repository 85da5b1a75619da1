/* SPDX-License-Identifier: MIT */
/* --diagnose: what a measurement tells, step by step, and how to mend what is wrong. */
#ifndef CHECK_OWAMP_DIAGNOSE_H
#define CHECK_OWAMP_DIAGNOSE_H

#include "measure/probe.h"
#include "mtu_search.h"
#include "options.h"
#include "text.h"

enum check_finding {
  CHECK_STEP_NOT_REACHED,
  CHECK_STEP_OK,
  CHECK_STEP_REMARK, /* works, but not as it should */
  CHECK_STEP_FAILED,
};
/** "not reached", "ok", "remark", "FAILED". */
const char *check_finding_name(enum check_finding finding);

enum { CHECK_STEPS = 15, CHECK_STEP_TEXT = 400 };

struct check_step {
  const char *name;
  enum check_finding finding;
  char found[CHECK_STEP_TEXT];
  char mend[CHECK_STEP_TEXT]; /* "" if there is nothing to mend */
};

struct check_diagnosis {
  size_t count; /* 0: none was asked for */
  struct check_step steps[CHECK_STEPS];
};

/** True if another try with --nat could tell whether addresses are rewritten: what failed looks like it. */
bool check_nat_suspected(const struct check_options *options, const struct ow_probe_report *report);

/** What was tried besides; zero-initialised: nothing. */
struct check_trials {
  struct check_mtu mtu;
  bool nat_tried;
  struct ow_probe_report with_nat; /* of that other try */
};

void check_diagnose(const struct check_options *options, const struct ow_probe_report *report,
                    const struct check_trials *trials, struct check_diagnosis *diagnosis);

#endif
