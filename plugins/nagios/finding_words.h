/* SPDX-License-Identifier: MIT */
/* What thresholds, and the law that something arrives, have found. */
#ifndef CHECK_OWAMP_FINDING_WORDS_H
#define CHECK_OWAMP_FINDING_WORDS_H

#include "measure/probe_report.h"
#include "option_values.h"
#include "outcome.h"

/** A clause for each finding of `outcome->judgement` that no other one tells as well. */
void check_findings_tell(const struct check_options *options, const struct ow_probe_report *report,
                         struct check_outcome *outcome);

#endif
