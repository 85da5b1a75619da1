/* SPDX-License-Identifier: MIT */
/* Where the program's log goes: stderr in the foreground, syslog(3) otherwise. */
#ifndef OWAMP_DAEMON_LOG_OUTPUT_H
#define OWAMP_DAEMON_LOG_OUTPUT_H

#include <stdbool.h>

#include "base/log.h"

struct ow_log_output {
  struct ow_log log; /* hand this on; its `context` is the output itself, so don't move it */
  bool to_syslog;
  bool to_journal; /* stderr is the journal's: levels as <N> before each line */
};

/** To stderr, up to OW_LOG_NOTICE. */
void ow_log_output_open(struct ow_log_output *output);
/** From now on to syslog. */
void ow_log_output_to_syslog(struct ow_log_output *output, int facility);
/** Lines up to `most`, or none at all. */
void ow_log_output_limit(struct ow_log_output *output, enum ow_log_level most, bool nothing);

#endif
