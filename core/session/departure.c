/* SPDX-License-Identifier: MIT */
/* The median of a window of offsets, and a fading histogram of how wrong corrections were. */
#include "session/departure.h"

#include <stdlib.h>

enum {
  LEAST_NS = 0,
  MOST_NS = 100 * 1000 * 1000,
  UNKNOWN_NS = 300 * 1000,       /* before the first transmit stamp: code that was never run yet */
  FIRST_SURPRISE_NS = 40 * 1000, /* to be expected, until many stamps tell better */
  FIRST_SURPRISES = 2,           /* so many of them: they count until some 200 are known */
  REMEMBERED = 255,              /* surprises, after which each counts a half: a host may become busy */
  OUTSIDE = 150,                 /* one of so many is left out */
  FINEST = 9,                    /* the first step reaches up to 2^9 ns, four of them are an octave */
};

/*
 * One offset has come, and perhaps one has gone: so the median is the one before, or that one's neighbour
 * among the offsets. Each packet's stamp comes here, and sorting would cost more than to send it.
 */
static int64_t next_median(const struct ow_departure *departure)
{
  const int64_t before = departure->median;
  int64_t nearest_below = INT32_MIN;
  int64_t nearest_above = INT32_MAX;
  uint32_t below = 0;
  uint32_t equal = 0;
  for (uint32_t i = 0; i < departure->count; i++) {
    int64_t offset = departure->offsets[i];
    below += offset < before;
    equal += offset == before;
    if (offset < before && offset > nearest_below)
      nearest_below = offset;
    if (offset > before && offset < nearest_above)
      nearest_above = offset;
  }
  uint32_t middle = departure->count / 2;
  if (middle < below)
    return nearest_below;
  return middle < below + equal ? before : nearest_above;
}

/* ---- surprises ---- */

/* The step of a surprise: its octave, and its quarter of that. */
static unsigned step_of(int64_t surprise)
{
  unsigned octave = 0;
  while (surprise >> (FINEST + octave) > 0)
    octave++;
  unsigned step = octave ? (octave - 1) * 4 + 1 + ((unsigned)(surprise >> (FINEST + octave - 3)) & 3) : 0;
  return step < OW_DEPARTURE_STEPS ? step : OW_DEPARTURE_STEPS - 1;
}

/* Surprises of a step are below it. */
static int64_t end_of(unsigned step)
{
  unsigned octave = step ? (step - 1) / 4 : 0;
  int64_t quarters = step ? (step - 1) % 4 + 5 : 4;
  return step == OW_DEPARTURE_STEPS - 1 ? MOST_NS : quarters << (FINEST - 2 + octave);
}

static void forget_half(struct ow_departure *departure)
{
  departure->surprised = 0;
  for (unsigned i = 0; i < OW_DEPARTURE_STEPS; i++) {
    departure->surprises[i] /= 2;
    departure->surprised = (uint16_t)(departure->surprised + departure->surprises[i]);
  }
}

static void note_surprise(struct ow_departure *departure, int64_t surprise, uint16_t times)
{
  departure->surprises[step_of(surprise)] = (uint8_t)(departure->surprises[step_of(surprise)] + times);
  departure->surprised = (uint16_t)(departure->surprised + times);
  if (departure->surprised >= REMEMBERED)
    forget_half(departure);
}

/* What nearly all were below: the largest of the last 150, or the second of more. */
static int64_t usual_surprise(const struct ow_departure *departure)
{
  unsigned outside = departure->surprised / OUTSIDE;
  unsigned step = OW_DEPARTURE_STEPS - 1;
  unsigned beyond = departure->surprises[step];
  while (step > 0 && beyond <= outside)
    beyond += departure->surprises[--step];
  return end_of(step);
}

/* ---- offsets ---- */

void ow_departure_add(struct ow_departure *departure, int64_t offset)
{
  if (offset >= LEAST_NS && offset <= MOST_NS) {
    if (departure->count)
      note_surprise(departure, llabs(offset - departure->median), 1);
    else
      note_surprise(departure, FIRST_SURPRISE_NS, FIRST_SURPRISES);
    departure->offsets[departure->next] = (int32_t)offset;
    departure->next = (uint16_t)((departure->next + 1) % OW_DEPARTURE_WINDOW);
    if (departure->count < OW_DEPARTURE_WINDOW)
      departure->count++;
    departure->median = (int32_t)(departure->count == 1 ? offset : next_median(departure));
  }
}

bool ow_departure_is_settled(const struct ow_departure *departure)
{
  return departure->count == OW_DEPARTURE_WINDOW;
}

int64_t ow_departure_correction(const struct ow_departure *departure)
{
  return departure->median;
}

int64_t ow_departure_spread(const struct ow_departure *departure)
{
  int64_t spread = departure->count ? usual_surprise(departure) * 7 / 4 : 0;
  int64_t doubt = departure->count < OW_DEPARTURE_WINDOW ? UNKNOWN_NS / (departure->count + 1) : 0;
  return spread > doubt ? spread : doubt;
}
