/* SPDX-License-Identifier: MIT */
/* Lines below the first: what to look after, and what to do next. */
#ifndef CHECK_OWAMP_ADVICE_H
#define CHECK_OWAMP_ADVICE_H

#include <stdio.h>

#include "measure/probe_report.h"
#include "option_values.h"

/**
 * A warning of a key file that others may read; and, if the server refused the connection, could not be
 * reached or kept silent, the command to paste that tells where it fails. `report` may be NULL: nothing was
 * tried.
 */
void check_advice_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report);

#endif
