#include "session/departure.h"

#include <stdlib.h>
#include <string.h>

enum {
  LEAST_NS = 0,
  MOST_NS = 100 * 1000 * 1000,
  UNKNOWN_SPREAD_NS = 50 * 1000, /* before the first transmit stamp: no more than a system call on a busy host */
};

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void sum_up(struct ow_departure *departure)
{
  int64_t sorted[OW_DEPARTURE_WINDOW];
  uint32_t count = departure->count;
  memcpy(sorted, departure->offsets, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  departure->median = sorted[count / 2];
  for (uint32_t i = 0; i < count; i++) /* distances from the median, in the same place */
    sorted[i] = llabs(sorted[i] - departure->median);
  qsort(sorted, count, sizeof *sorted, compare);
  departure->spread = sorted[(count - 1) * 9 / 10];
}

void ow_departure_add(struct ow_departure *departure, int64_t offset)
{
  if (offset >= LEAST_NS && offset <= MOST_NS) {
    departure->offsets[departure->next] = offset;
    departure->next = (departure->next + 1) % OW_DEPARTURE_WINDOW;
    if (departure->count < OW_DEPARTURE_WINDOW)
      departure->count++;
    sum_up(departure);
  }
}

int64_t ow_departure_correction(const struct ow_departure *departure)
{
  return departure->median;
}

int64_t ow_departure_spread(const struct ow_departure *departure)
{
  return departure->count ? departure->spread : UNKNOWN_SPREAD_NS;
}
