/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is among works that wait for a worker: those of one party come one after the other, those of
 * several in turn, so that who asks much holds up only itself; and some let others go first, for so many
 * turns, but not for ever. No thread, no loop: the order alone.
 */
#ifndef OWAMP_IO_WORK_QUEUE_H
#define OWAMP_IO_WORK_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/** Embed it. */
struct ow_queued_work {
  TAILQ_ENTRY(ow_queued_work) in_queue;
  uint64_t party;  /* who asks for it */
  unsigned behind; /* rounds in which it lets others go first, each time */
  uint64_t round;  /* the queue's own */
};

/** Prepare before use. */
struct ow_work_queue {
  TAILQ_HEAD(ow_works_waiting, ow_queued_work) waiting; /* by round, then by coming */
  unsigned count;
  uint64_t round; /* of what was taken last */
};

void ow_work_queue_prepare(struct ow_work_queue *queue);
/** It must stay until it is taken, or removed. */
void ow_work_queue_put(struct ow_work_queue *queue, struct ow_queued_work *work);
/** Whose turn it is; NULL if none waits. */
struct ow_queued_work *ow_work_queue_take(struct ow_work_queue *queue);
/** One that waits. */
void ow_work_queue_remove(struct ow_work_queue *queue, struct ow_queued_work *work);
/**
 * What would have to give way for a newcomer, of which `party` and `behind` count, were there no more room:
 * what is furthest behind, and further than it; else the last work of the party that has the most of them,
 * unless that is less behind. NULL if that has hardly more than the newcomer's.
 */
struct ow_queued_work *ow_work_queue_give_way(const struct ow_work_queue *queue,
                                              const struct ow_queued_work *newcomer);

#endif
