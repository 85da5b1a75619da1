/* SPDX-License-Identifier: MIT */
/* A heap for each kind; what is due on different clocks is compared on the monotonic one. */
#include "io/deadlines.h"

#include <stddef.h>
#include <time.h>

/* How long a patient timer waits for the loop to be awake. */
#define PATIENCE (100 * OW_NS_PER_MS)

void ow_deadlines_set(struct ow_deadlines *deadlines, struct ow_timer *timer, enum ow_timer_kind kind,
                      int64_t when)
{
  ow_deadlines_cancel(deadlines, timer);
  timer->kind = (uint8_t)kind;
  timer->when = when;
  timer->order = deadlines->next_order++;
  ow_timer_heap_put(&deadlines->kinds[kind], timer);
}

void ow_deadlines_cancel(struct ow_deadlines *deadlines, struct ow_timer *timer)
{
  if (timer->set)
    ow_timer_heap_take(&deadlines->kinds[timer->kind], timer);
}

/* When one of a kind must be run at the latest, monotonic; never, if there is none. */
static int64_t limit_of(const struct ow_deadlines *deadlines, const struct ow_timer *timer)
{
  int64_t limit = INT64_MAX;
  if (timer && timer->kind == OW_TIMER_WALL)
    limit = timer->when - deadlines->wall_ahead;
  else if (timer && timer->kind == OW_TIMER_PATIENT && timer->when < INT64_MAX - PATIENCE)
    limit = timer->when + PATIENCE;
  else if (timer && timer->kind == OW_TIMER_EXACT)
    limit = timer->when;
  return limit;
}

bool ow_deadlines_empty(const struct ow_deadlines *deadlines)
{
  bool empty = true;
  for (int kind = 0; kind < OW_TIMER_KINDS; kind++)
    empty &= deadlines->kinds[kind].first == NULL;
  return empty;
}

struct ow_timer *ow_deadlines_due(const struct ow_deadlines *deadlines)
{
  struct ow_timer *due = NULL;
  int64_t limit = deadlines->now;
  for (int kind = 0; kind < OW_TIMER_KINDS; kind++) {
    struct ow_timer *first = deadlines->kinds[kind].first;
    int64_t its_limit = limit_of(deadlines, first);
    if (first && (its_limit < limit || (its_limit == limit && (!due || first->order < due->order)))) {
      due = first;
      limit = its_limit;
    }
  }
  struct ow_timer *patient = deadlines->kinds[OW_TIMER_PATIENT].first;
  if (!due && patient && patient->when <= deadlines->now)
    due = patient;
  return due;
}

static void take_into(struct ow_deadlines_next *next, int64_t limit)
{
  if (limit < next->first) {
    next->second = next->first;
    next->first = limit;
  } else if (limit < next->second) {
    next->second = limit;
  }
}

/* The second of a kind is below the first. */
struct ow_deadlines_next ow_deadlines_next(const struct ow_deadlines *deadlines)
{
  struct ow_deadlines_next next = {INT64_MAX, INT64_MAX};
  for (int kind = 0; kind < OW_TIMER_KINDS; kind++) {
    const struct ow_timer *first = deadlines->kinds[kind].first;
    if (first) {
      take_into(&next, limit_of(deadlines, first));
      take_into(&next, limit_of(deadlines, first->left));
      take_into(&next, limit_of(deadlines, first->right));
    }
  }
  return next;
}

/* Of the present only the era counts. */
int64_t ow_deadlines_of_stamp(const struct ow_deadlines *deadlines, struct ow_timestamp stamp)
{
  const struct timespec now = {.tv_sec = (time_t)((deadlines->now + deadlines->wall_ahead) / OW_NS_PER_S)};
  struct timespec unix_time = ow_timestamp_to_unix(stamp, now);
  if (unix_time.tv_sec < 0)
    return 0;
  while (ow_timestamp_after(stamp, ow_timestamp_from_unix(unix_time))) {
    unix_time.tv_sec += unix_time.tv_nsec == OW_NS_PER_S - 1;
    unix_time.tv_nsec = (unix_time.tv_nsec + 1) % OW_NS_PER_S;
  }
  return (int64_t)unix_time.tv_sec * OW_NS_PER_S + unix_time.tv_nsec;
}
