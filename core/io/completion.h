/* SPDX-License-Identifier: MIT */
/*
 * Something that has come to its end, and whose owner is to be told: at the end of the loop's turn, and never
 * inside the call that ended it. io/loop.h delivers.
 */
#ifndef OWAMP_IO_COMPLETION_H
#define OWAMP_IO_COMPLETION_H

#include <stdbool.h>
#include <sys/queue.h>

/** Embed it. Zero-initialised it does not wait. */
struct ow_completion {
  TAILQ_ENTRY(ow_completion) in_queue; /* the queue's own; its tqe_prev is NULL if it does not wait */
  /** It does not wait any more. May deliver and withdraw this one and others. */
  void (*run)(struct ow_completion *completion);
};

struct ow_completions {
  TAILQ_HEAD(ow_completion_queue, ow_completion) waiting; /* in the order of coming */
  struct ow_completion end; /* while they are run: behind the last of those whose turn it is */
};

void ow_completions_prepare(struct ow_completions *completions);
/** Nothing happens if it waits already. */
void ow_completions_add(struct ow_completions *completions, struct ow_completion *completion);
/** Nothing happens if it does not wait. */
void ow_completions_remove(struct ow_completions *completions, struct ow_completion *completion);
/** True if this one waits. */
bool ow_completion_waits(const struct ow_completion *completion);
/** True if any waits. */
bool ow_completions_wait(const struct ow_completions *completions);
/** Run the one that has waited longest, alone. Nothing happens if none waits. */
void ow_completions_run_first(struct ow_completions *completions);
/**
 * Run those that wait now, one after another; those that come meanwhile are not run. Stops early once
 * `stopped` (may be NULL) says so, with `context`.
 */
void ow_completions_run(struct ow_completions *completions, bool (*stopped)(const void *context),
                        const void *context);

#endif
