/* SPDX-License-Identifier: MIT */
/* A queue; a mark at its end keeps a run from what is added while it lasts. */
#include "io/completion.h"

#include <stddef.h>

void ow_completions_prepare(struct ow_completions *completions)
{
  *completions = (struct ow_completions){.end.run = NULL};
  TAILQ_INIT(&completions->waiting);
}

bool ow_completion_waits(const struct ow_completion *completion)
{
  return completion->in_queue.tqe_prev != NULL;
}

void ow_completions_add(struct ow_completions *completions, struct ow_completion *completion)
{
  if (!ow_completion_waits(completion))
    TAILQ_INSERT_TAIL(&completions->waiting, completion, in_queue);
}

void ow_completions_remove(struct ow_completions *completions, struct ow_completion *completion)
{
  if (ow_completion_waits(completion)) {
    TAILQ_REMOVE(&completions->waiting, completion, in_queue);
    completion->in_queue.tqe_prev = NULL;
  }
}

bool ow_completions_wait(const struct ow_completions *completions)
{
  return !TAILQ_EMPTY(&completions->waiting);
}

void ow_completions_run_first(struct ow_completions *completions)
{
  struct ow_completion *first = TAILQ_FIRST(&completions->waiting);
  if (first) {
    ow_completions_remove(completions, first);
    first->run(first);
  }
}

void ow_completions_run(struct ow_completions *completions, bool (*stopped)(const void *context),
                        const void *context)
{
  if (!ow_completions_wait(completions))
    return;
  ow_completions_add(completions, &completions->end);
  while (TAILQ_FIRST(&completions->waiting) != &completions->end && !(stopped && stopped(context)))
    ow_completions_run_first(completions);
  ow_completions_remove(completions, &completions->end);
}
