/* SPDX-License-Identifier: MIT */
/* --diagnose: what a measurement tells, step by step, and how to mend what is wrong. */
#ifndef CHECK_OWAMP_DIAGNOSE_H
#define CHECK_OWAMP_DIAGNOSE_H

#include "diagnose_steps.h"
#include "options.h"

/** True if another try with --nat could tell whether addresses are rewritten: what failed looks like it. */
bool check_nat_suspected(const struct check_options *options, const struct ow_probe_report *report);

void check_diagnose(const struct check_options *options, const struct ow_probe_report *report,
                    const struct check_trials *trials, struct check_diagnosis *diagnosis);

#endif
