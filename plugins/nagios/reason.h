/* SPDX-License-Identifier: MIT */
/* The one line that says why. */
#ifndef CHECK_OWAMP_REASON_H
#define CHECK_OWAMP_REASON_H

#include "measure/probe_report.h"
#include "option_values.h"
#include "outcome.h"

/** The sentence of a judged outcome. */
void check_explain(const struct check_options *options, const struct ow_probe_report *report,
                   struct check_outcome *outcome);

#endif
