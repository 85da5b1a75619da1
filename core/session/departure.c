/* SPDX-License-Identifier: MIT */
/* The median of a window of offsets, and the largest surprise, which fades. */
#include "session/departure.h"

#include <stdlib.h>
#include <string.h>

enum {
  LEAST_NS = 0,
  MOST_NS = 100 * 1000 * 1000,
  UNKNOWN_NS = 300 * 1000,       /* before the first transmit stamp: code that was never run yet */
  FIRST_SURPRISE_NS = 40 * 1000, /* to be expected, until many stamps tell better */
  FADING = 256,                  /* stamps after which a surprise counts a third */
};

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static int64_t median_of(const struct ow_departure *departure)
{
  int64_t sorted[OW_DEPARTURE_WINDOW];
  memcpy(sorted, departure->offsets, departure->count * sizeof *sorted);
  qsort(sorted, departure->count, sizeof *sorted, compare);
  return sorted[departure->count / 2];
}

/*
 * How wrong the correction was that this packet left with. Each is forgotten slowly, so that the largest of
 * the last few hundred is known without keeping them.
 */
static void note_surprise(struct ow_departure *departure, int64_t offset)
{
  int64_t surprise = llabs(offset - departure->median);
  departure->surprise -= departure->surprise / FADING;
  if (surprise > departure->surprise)
    departure->surprise = surprise;
}

void ow_departure_add(struct ow_departure *departure, int64_t offset)
{
  if (offset >= LEAST_NS && offset <= MOST_NS) {
    if (departure->count)
      note_surprise(departure, offset);
    else
      departure->surprise = FIRST_SURPRISE_NS;
    departure->offsets[departure->next] = offset;
    departure->next = (departure->next + 1) % OW_DEPARTURE_WINDOW;
    if (departure->count < OW_DEPARTURE_WINDOW)
      departure->count++;
    departure->median = median_of(departure);
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
  int64_t spread = departure->surprise * 2; /* only some packets are asked for their stamp */
  int64_t doubt = departure->count < OW_DEPARTURE_WINDOW ? UNKNOWN_NS / (departure->count + 1) : 0;
  return spread > doubt ? spread : doubt;
}
