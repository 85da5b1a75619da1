/* SPDX-License-Identifier: MIT */
/* The key of the command line, from its file. */
#ifndef CHECK_OWAMP_KEY_LOAD_H
#define CHECK_OWAMP_KEY_LOAD_H

#include "base/status.h"
#include "options.h"

/**
 * Put the key that the options name into their peer; nothing to do without one. That others may read
 * the file is kept as a warning for the answer. OW_INVALID, OW_LIMIT or OW_MEMORY, with the file's name.
 */
enum ow_status check_key_load(struct check_options *options, struct ow_failure *failure) OW_MUST_CHECK;

#endif
