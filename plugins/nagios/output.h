/* SPDX-License-Identifier: MIT */
/* A plugin's output: the first line with performance data, and long output as -v asks for it. */
#ifndef CHECK_OWAMP_OUTPUT_H
#define CHECK_OWAMP_OUTPUT_H

#include <stdio.h>

#include "measure/probe.h"
#include "options.h"
#include "verdict.h"

/** `report` NULL: the check could not begin, and the first line is all. */
void check_output_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                        const struct check_outcome *outcome);

/**
 * The same as one JSON object on one line, as owamp-json(5) has it: times in seconds; what isn't known is
 * absent.
 */
void check_json_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                      const struct check_outcome *outcome);

/**
 * The least that a JSON answer says, in a line with its newline; `reason` needs no escapes. Takes no memory.
 * Returns `out`.
 */
const char *check_json_least(char *out, size_t size, enum ow_verdict verdict, const char *reason);

#endif
