/* SPDX-License-Identifier: MIT */
/*
 * Log lines on their way to where writing may block: a pipe that nobody reads, a syslog that hangs. They wait
 * in a bounded queue, and a thread of its own writes them; those beyond are counted, and told of when it
 * flows again.
 */
#ifndef OWAMP_IO_LOG_QUEUE_H
#define OWAMP_IO_LOG_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct ow_log_queue;

enum { OW_LOG_QUEUE_LINES = 256, OW_LOG_QUEUE_LINE = 1024 };

/** Writes a line, with the context and level that were given with it. On the queue's thread, and may block.
 */
typedef void ow_log_write(void *context, int level, const char *line);

/**
 * A queue whose thread has all signals blocked. Of lines that are lost it tells with `level`. NULL with a
 * failure.
 */
struct ow_log_queue *ow_log_queue_create(ow_log_write *write, int level,
                                         struct ow_failure *failure) OW_MUST_CHECK;
/** From any thread, never waits for `write`. Lines longer than OW_LOG_QUEUE_LINE - 1 octets are cut. */
void ow_log_queue_put(struct ow_log_queue *queue, void *context, int level, const char *line);
/**
 * Wait until all lines are written, `patience` ns at most, and end. False: `write` hangs, and its thread with
 * it; both stay, for the process to end. NULL: true.
 */
bool ow_log_queue_end(struct ow_log_queue *queue, int64_t patience);

#endif
