/* SPDX-License-Identifier: MIT */
/*
 * Where the program's log goes: stderr in the foreground, syslog(3) otherwise. Nobody who reads either holds
 * up the program: lines that aren't taken are counted, and told of when they are taken again.
 */
#ifndef OWAMP_DAEMON_LOG_OUTPUT_H
#define OWAMP_DAEMON_LOG_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/log_queue.h"

struct ow_log_output {
  struct ow_log log; /* hand this on; its `context` is the output itself, so don't move it */
  bool to_syslog;
  bool to_journal; /* stderr is the journal's: levels as <N> before each line */
  uint64_t lost;   /* lines that nobody took while there was no queue */
  struct ow_log_queue *queue;
};

/** To stderr, up to OW_LOG_NOTICE. Until there is a queue, what stderr doesn't take at once is lost. */
void ow_log_output_open(struct ow_log_output *output);
/** From now on to syslog. Before ow_log_output_unblock(). */
void ow_log_output_to_syslog(struct ow_log_output *output, int facility);
/** Lines up to `most`, or none at all. */
void ow_log_output_limit(struct ow_log_output *output, enum ow_log_level most, bool nothing);

/**
 * From now on lines wait in a queue, whose thread writes them: when all privileges are dropped, since a
 * thread has its own. A failure, which is logged, leaves it as it was.
 */
void ow_log_output_unblock(struct ow_log_output *output);
/** Wait for what is queued, half a second at most. What is logged later is written at once. */
void ow_log_output_close(struct ow_log_output *output);

#endif
