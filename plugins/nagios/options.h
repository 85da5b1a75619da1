/* SPDX-License-Identifier: MIT */
/* The command line of check_owamp. One table says what there is, what it defaults to and how it is read. */
#ifndef CHECK_OWAMP_OPTIONS_H
#define CHECK_OWAMP_OPTIONS_H

#include <stdio.h>

#include "base/status.h"
#include "option_values.h"

/**
 * Read the command line. OW_INVALID names the option and what would be right; all that could be read stands
 * in `options` even so, and the answer can take the form that was asked for. --help and --version outrank any
 * mistake.
 */
enum ow_status check_options_parse(int argc, char **argv, struct check_options *options,
                                   struct ow_failure *failure) OW_MUST_CHECK;
/** Wipes the passphrase. */
void check_options_clear(struct check_options *options);

/** OW_INVALID, with the numbers to change, if the planned measurement can't end within the timeout. */
enum ow_status check_options_fit(const struct check_options *options,
                                 struct ow_failure *failure) OW_MUST_CHECK;

/**
 * OW_INVALID if a threshold is on a metric of both directions and one only is asked for. Parsing checks that;
 * a stream may have other directions.
 */
enum ow_status check_options_directions(const struct check_options *options,
                                        struct ow_failure *failure) OW_MUST_CHECK;

/** Lines of at most 79 columns. */
void check_options_help(FILE *out);

#endif
