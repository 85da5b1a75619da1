/* SPDX-License-Identifier: MIT */
/* Decisions over one packet. */
#include <math.h>

#include "scenario.h"

static bool in_ranges(const struct choice *choice, uint64_t number)
{
  bool found = false;
  for (size_t i = 0; i < choice->range_count && !found; i++)
    found = number >= choice->ranges[i].first && number <= choice->ranges[i].last;
  return found;
}

static bool gilbert(struct choice *choice, struct random *random)
{
  double change = choice->bad ? choice->to_good : choice->to_bad;
  if (random_uniform(random) < change)
    choice->bad = !choice->bad;
  return random_uniform(random) < (choice->bad ? choice->in_bad : choice->in_good);
}

bool choice_made(struct choice *choice, struct random *random, uint64_t number)
{
  bool made = false;
  switch (choice->kind) {
  case CHOOSE_RANDOM: made = random_uniform(random) < choice->probability; break;
  case CHOOSE_GILBERT: made = gilbert(choice, random); break;
  case CHOOSE_EVERY: made = number >= choice->from && (number - choice->from) % choice->every == 0; break;
  case CHOOSE_NUMBERS: made = in_ranges(choice, number); break;
  }
  return made;
}

static int64_t from_trace(struct delay *delay)
{
  int64_t value = delay->trace[delay->trace_next];
  delay->trace_next = (delay->trace_next + 1) % delay->trace_count;
  return value;
}

int64_t delay_next(struct delay *delay, struct random *random)
{
  int64_t value = delay->first;
  switch (delay->kind) {
  case DELAY_FIXED: break;
  case DELAY_UNIFORM:
    value += (int64_t)random_below(random, (uint64_t)(delay->second - delay->first) + 1);
    break;
  case DELAY_NORMAL: value += llrint(random_normal(random) * (double)delay->second); break;
  case DELAY_TRACE: value = from_trace(delay); break;
  }
  return value > 0 ? value : 0;
}

bool blacked_out(const struct way *way, int64_t since_first)
{
  bool out = false;
  for (size_t i = 0; i < way->blackout_count && !out; i++) {
    const struct blackout *blackout = &way->blackouts[i];
    int64_t at = since_first - blackout->begin;
    if (blackout->every && at >= 0)
      at %= blackout->every;
    out = at >= 0 && at < blackout->length;
  }
  return out;
}
