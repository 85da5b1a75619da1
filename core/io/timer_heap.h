/*
 * Timers by deadline: a binary heap, whose timers know their place, so that any of them can leave in O(log
 * n).
 */
#ifndef OWAMP_IO_TIMER_HEAP_H
#define OWAMP_IO_TIMER_HEAP_H

#include <stddef.h>

#include "base/status.h"
#include "io/loop.h"

/** Zero-initialised: empty. */
struct ow_timer_heap {
  struct ow_timer **slots;
  size_t count;
  size_t capacity;
};

void ow_timer_heap_clear(struct ow_timer_heap *heap);
/** Make sure that one more timer fits. OW_MEMORY. */
enum ow_status ow_timer_heap_reserve(struct ow_timer_heap *heap) OW_MUST_CHECK;
/** Put in a timer that is in no heap; its `when` and `order` are set, and room is reserved. */
void ow_timer_heap_put(struct ow_timer_heap *heap, struct ow_timer *timer);
/** Take out a timer that is in this heap. */
void ow_timer_heap_take(struct ow_timer_heap *heap, struct ow_timer *timer);
/** The earliest, and of equals the one set first; NULL if empty. */
struct ow_timer *ow_timer_heap_first(const struct ow_timer_heap *heap);

#endif
