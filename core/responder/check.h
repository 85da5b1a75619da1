/* SPDX-License-Identifier: MIT */
/* --check: what is wrong with the configuration, without starting anything. */
#ifndef OWAMP_RESPONDER_CHECK_H
#define OWAMP_RESPONDER_CHECK_H

#include "base/log.h"
#include "base/status.h"
#include "policy/settings.h"
#include "responder/options.h"

/**
 * Read all files, and look at what only a start would show: the user and group, the test ports that they may
 * use, the address to listen on, vardir. Each fault but the last is an error in `log`, the last one is in
 * `failure`; warnings go to `log`. The process becomes the configured user for good. OW_INVALID.
 */
enum ow_status ow_responder_check(const struct ow_options *options, const struct ow_log *log,
                                  struct ow_failure *failure) OW_MUST_CHECK;

#endif
