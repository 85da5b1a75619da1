/* SPDX-License-Identifier: MIT */
/* Sums in 128 bits; delays are sorted once, and percentiles taken from their places. */
#include "stats/delay.h"

#include <stdlib.h>

#include "stats/percentiles.h"

int64_t ow_mean(__int128 sum, uint64_t count)
{
  __int128 half = count / 2;
  return (int64_t)((sum < 0 ? sum - half : sum + half) / (__int128)count);
}

int64_t ow_percentile(const int64_t *sorted, uint32_t count, uint32_t percent)
{
  /* Nearest rank: the smallest value that at least `percent` of all values don't exceed. */
  return sorted[ow_percentile_rank(count, percent * OW_PERCENT) - 1];
}

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

struct ow_delays ow_delays_summarize(int64_t *delays, uint32_t count)
{
  __int128 sum = 0;
  if (count == 0)
    return (struct ow_delays){0};
  for (uint32_t i = 0; i < count; i++)
    sum += delays[i];
  qsort(delays, count, sizeof *delays, compare);
  return (struct ow_delays){
      .min = delays[0],
      .mean = ow_mean(sum, count),
      .median = ow_percentile(delays, count, 50),
      .p95 = ow_percentile(delays, count, 95),
      .p99 = ow_percentile(delays, count, 99),
      .max = delays[count - 1],
  };
}
