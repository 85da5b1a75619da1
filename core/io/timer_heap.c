/* SPDX-License-Identifier: MIT */
/* A leftist tree, merged along its right side. */
#include "io/timer_heap.h"

#include <stddef.h>

/*
 * A leftist tree: no timer is earlier than its parent, and the rank of a timer, which is the length of the
 * shortest way down to where a child is missing, is never larger on the right than on the left. So the way
 * down along the right is at most log2(n + 1) timers long, and everything is done along it.
 */

static bool before(const struct ow_timer *a, const struct ow_timer *b)
{
  return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static unsigned rank_of(const struct ow_timer *timer)
{
  return timer ? timer->rank : 0;
}

static void adopt(struct ow_timer *parent, struct ow_timer **place, struct ow_timer *child)
{
  *place = child;
  if (child)
    child->parent = parent;
}

/* The children in order, and the rank that follows from them. */
static void balance(struct ow_timer *timer)
{
  if (rank_of(timer->left) < rank_of(timer->right)) {
    struct ow_timer *left = timer->left;
    timer->left = timer->right;
    timer->right = left;
  }
  timer->rank = rank_of(timer->right) + 1;
}

/* No deeper than the ways down along the right of both. */
static struct ow_timer *merge(struct ow_timer *a, struct ow_timer *b)
{
  if (!a || !b)
    return a ? a : b;
  struct ow_timer *first = before(b, a) ? b : a;
  adopt(first, &first->right, merge(first->right, first == a ? b : a));
  balance(first);
  return first;
}

void ow_timer_heap_put(struct ow_timer_heap *heap, struct ow_timer *timer)
{
  timer->parent = timer->left = timer->right = NULL;
  timer->rank = 1;
  timer->set = true;
  heap->first = merge(heap->first, timer);
  heap->first->parent = NULL;
}

/* Upwards as far as a rank changes, which is no further than ranks can grow. */
static void rebalance(struct ow_timer *timer)
{
  bool changed = true;
  for (; timer && changed; timer = timer->parent) {
    unsigned rank = timer->rank;
    balance(timer);
    changed = timer->rank != rank;
  }
}

void ow_timer_heap_take(struct ow_timer_heap *heap, struct ow_timer *timer)
{
  struct ow_timer *parent = timer->parent;
  struct ow_timer *rest = merge(timer->left, timer->right);
  if (!parent)
    adopt(NULL, &heap->first, rest);
  else
    adopt(parent, parent->left == timer ? &parent->left : &parent->right, rest);
  rebalance(parent);
  timer->set = false;
}
