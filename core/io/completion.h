/*
 * Something that has come to its end, and whose owner is to be told: at the end of the loop's turn, and never
 * inside the call that ended it. io/loop.h delivers.
 */
#ifndef OWAMP_IO_COMPLETION_H
#define OWAMP_IO_COMPLETION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/** Embed it. Zero-initialised it does not wait. */
struct ow_completion {
  TAILQ_ENTRY(ow_completion) in_queue; /* the queue's own, as is all but `run` */
  bool waits;
  uint64_t order;
  /** It does not wait any more. May deliver and withdraw this one and others. */
  void (*run)(struct ow_completion *completion);
};

struct ow_completions {
  TAILQ_HEAD(ow_completion_queue, ow_completion) waiting; /* in the order of coming */
  uint64_t next_order;
};

void ow_completions_prepare(struct ow_completions *completions);
/** Nothing happens if it waits already. */
void ow_completions_add(struct ow_completions *completions, struct ow_completion *completion);
/** Nothing happens if it does not wait. */
void ow_completions_remove(struct ow_completions *completions, struct ow_completion *completion);
bool ow_completions_wait(const struct ow_completions *completions);
/** Run the first of those that came before the number `limit`; false if there is none. */
bool ow_completions_run(struct ow_completions *completions, uint64_t limit);

#endif
