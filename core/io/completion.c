#include "io/completion.h"

#include <stddef.h>

void ow_completions_prepare(struct ow_completions *completions)
{
  completions->next_order = 0;
  TAILQ_INIT(&completions->waiting);
}

void ow_completions_add(struct ow_completions *completions, struct ow_completion *completion)
{
  if (!completion->waits) {
    completion->waits = true;
    completion->order = completions->next_order++;
    TAILQ_INSERT_TAIL(&completions->waiting, completion, in_queue);
  }
}

void ow_completions_remove(struct ow_completions *completions, struct ow_completion *completion)
{
  if (completion->waits) {
    completion->waits = false;
    TAILQ_REMOVE(&completions->waiting, completion, in_queue);
  }
}

bool ow_completions_wait(const struct ow_completions *completions)
{
  return !TAILQ_EMPTY(&completions->waiting);
}

bool ow_completions_run(struct ow_completions *completions, uint64_t limit)
{
  struct ow_completion *first = TAILQ_FIRST(&completions->waiting);
  bool is_due = first && first->order < limit;
  if (is_due) {
    ow_completions_remove(completions, first);
    first->run(first);
  }
  return is_due;
}
