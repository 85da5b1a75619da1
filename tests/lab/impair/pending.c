/* SPDX-License-Identifier: MIT */
/* A binary heap in an array, ordered by time and then by number. */
#include "pending.h"

#include <stdlib.h>
#include <string.h>

struct pending *pending_create(const struct frame *frame, const struct record *record)
{
  struct pending *pending = malloc(sizeof *pending + frame->length);
  if (pending) {
    pending->record = *record;
    pending->offload = *frame->offload;
    pending->length = frame->length;
    memcpy(pending->octets, frame->octets, frame->length);
  }
  return pending;
}

struct frame pending_frame(struct pending *pending)
{
  return (struct frame){&pending->offload, pending->octets, pending->length};
}

static bool before(const struct pending *a, const struct pending *b)
{
  return a->release < b->release || (a->release == b->release && a->order < b->order);
}

bool queue_put(struct queue *queue, struct pending *pending)
{
  if (queue->count == MOST_PENDING)
    return false;
  size_t place = queue->count++;
  pending->order = queue->next_order++;
  while (place > 0 && before(pending, queue->slots[(place - 1) / 2])) {
    queue->slots[place] = queue->slots[(place - 1) / 2];
    place = (place - 1) / 2;
  }
  queue->slots[place] = pending;
  return true;
}

struct pending *queue_first(const struct queue *queue)
{
  return queue->count ? queue->slots[0] : NULL;
}

struct pending *queue_take(struct queue *queue)
{
  struct pending *first = queue->slots[0];
  struct pending *last = queue->slots[--queue->count];
  size_t place = 0;
  size_t child;
  while ((child = 2 * place + 1) < queue->count) {
    if (child + 1 < queue->count && before(queue->slots[child + 1], queue->slots[child]))
      child++;
    if (!before(queue->slots[child], last))
      break;
    queue->slots[place] = queue->slots[child];
    place = child;
  }
  queue->slots[place] = last;
  return first;
}
