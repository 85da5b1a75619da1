#include "io/timer_heap.h"

#include <stdbool.h>
#include <stdlib.h>

void ow_timer_heap_clear(struct ow_timer_heap *heap)
{
  free(heap->slots);
  *heap = (struct ow_timer_heap){0};
}

enum ow_status ow_timer_heap_reserve(struct ow_timer_heap *heap)
{
  if (heap->count < heap->capacity)
    return OW_OK;
  size_t capacity = heap->capacity ? heap->capacity * 2 : 64;
  struct ow_timer **slots = reallocarray(heap->slots, capacity, sizeof *slots);
  if (slots) {
    heap->slots = slots;
    heap->capacity = capacity;
  }
  return slots ? OW_OK : OW_MEMORY;
}

static bool before(const struct ow_timer *a, const struct ow_timer *b)
{
  return a->when < b->when || (a->when == b->when && a->order < b->order);
}

/* Places count from 1, so that 0 can mean "in no heap", and the children of i are 2i and 2i + 1. */
static void settle(struct ow_timer_heap *heap, size_t place, struct ow_timer *timer)
{
  heap->slots[place - 1] = timer;
  timer->place = place;
}

static void rise(struct ow_timer_heap *heap, size_t place, struct ow_timer *timer)
{
  while (place > 1 && before(timer, heap->slots[place / 2 - 1])) {
    settle(heap, place, heap->slots[place / 2 - 1]);
    place /= 2;
  }
  settle(heap, place, timer);
}

static void sink(struct ow_timer_heap *heap, size_t place, struct ow_timer *timer)
{
  size_t child;
  while ((child = place * 2) <= heap->count) {
    if (child < heap->count && before(heap->slots[child], heap->slots[child - 1]))
      child++;
    if (!before(heap->slots[child - 1], timer))
      break;
    settle(heap, place, heap->slots[child - 1]);
    place = child;
  }
  settle(heap, place, timer);
}

void ow_timer_heap_put(struct ow_timer_heap *heap, struct ow_timer *timer)
{
  heap->count++;
  rise(heap, heap->count, timer);
}

void ow_timer_heap_take(struct ow_timer_heap *heap, struct ow_timer *timer)
{
  size_t place = timer->place;
  struct ow_timer *last = heap->slots[heap->count - 1];
  heap->count--;
  timer->place = 0;
  if (last != timer && before(last, timer))
    rise(heap, place, last);
  else if (last != timer)
    sink(heap, place, last);
}

struct ow_timer *ow_timer_heap_first(const struct ow_timer_heap *heap)
{
  return heap->count ? heap->slots[0] : NULL;
}
