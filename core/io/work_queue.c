/* SPDX-License-Identifier: MIT */
/* Rounds: each party has one work in each, and a newcomer's first is in the one that comes next. */
#include "io/work_queue.h"

#include <stddef.h>

void ow_work_queue_prepare(struct ow_work_queue *queue)
{
  TAILQ_INIT(&queue->waiting);
  queue->count = 0;
  queue->round = 0;
}

static uint64_t round_for(const struct ow_work_queue *queue, const struct ow_queued_work *work)
{
  const struct ow_queued_work *each;
  uint64_t round = queue->round;
  TAILQ_FOREACH(each, &queue->waiting, in_queue)
  if (each->party == work->party)
    round = each->round;
  return round + 1 + work->behind;
}

void ow_work_queue_put(struct ow_work_queue *queue, struct ow_queued_work *work)
{
  work->round = round_for(queue, work);
  struct ow_queued_work *before = TAILQ_LAST(&queue->waiting, ow_works_waiting);
  while (before && before->round > work->round)
    before = TAILQ_PREV(before, ow_works_waiting, in_queue);
  if (before)
    TAILQ_INSERT_AFTER(&queue->waiting, before, work, in_queue);
  else
    TAILQ_INSERT_HEAD(&queue->waiting, work, in_queue);
  queue->count++;
}

void ow_work_queue_remove(struct ow_work_queue *queue, struct ow_queued_work *work)
{
  TAILQ_REMOVE(&queue->waiting, work, in_queue);
  queue->count--;
}

struct ow_queued_work *ow_work_queue_take(struct ow_work_queue *queue)
{
  struct ow_queued_work *first = TAILQ_FIRST(&queue->waiting);
  if (first) {
    queue->round = first->round;
    ow_work_queue_remove(queue, first);
  }
  return first;
}

static unsigned count_of(const struct ow_work_queue *queue, uint64_t party)
{
  struct ow_queued_work *each;
  unsigned count = 0;
  TAILQ_FOREACH(each, &queue->waiting, in_queue)
  count += each->party == party;
  return count;
}

static struct ow_queued_work *furthest_behind(const struct ow_work_queue *queue, unsigned behind)
{
  struct ow_queued_work *found = NULL;
  struct ow_queued_work *each;
  TAILQ_FOREACH_REVERSE(each, &queue->waiting, ow_works_waiting, in_queue)
  if (each->behind > (found ? found->behind : behind))
    found = each;
  return found;
}

static struct ow_queued_work *last_of_most(const struct ow_work_queue *queue,
                                           const struct ow_queued_work *newcomer)
{
  struct ow_queued_work *found = NULL;
  struct ow_queued_work *each;
  unsigned most = count_of(queue, newcomer->party) + 1; /* to change places with an equal would help nobody */
  TAILQ_FOREACH_REVERSE(each, &queue->waiting, ow_works_waiting, in_queue)
  {
    unsigned count = count_of(queue, each->party);
    if (count > most && each->behind >= newcomer->behind) {
      most = count;
      found = each;
    }
  }
  return found;
}

struct ow_queued_work *ow_work_queue_give_way(const struct ow_work_queue *queue,
                                              const struct ow_queued_work *newcomer)
{
  struct ow_queued_work *found = furthest_behind(queue, newcomer->behind);
  return found ? found : last_of_most(queue, newcomer);
}
