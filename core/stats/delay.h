/* SPDX-License-Identifier: MIT */
/* Delays and their arithmetic: signed nanoseconds; percentiles exact, nearest rank. */
#ifndef OWAMP_STATS_DELAY_H
#define OWAMP_STATS_DELAY_H

#include <stdint.h>

struct ow_delays {
  int64_t min, mean, median, p95, p99, max;
};

/** sum / count, rounded to nearest, halves away from zero; count > 0, the mean within 64 bits. */
int64_t ow_mean(__int128 sum, uint64_t count);

/** Sort `count` delays in place and sum them up; count > 0. */
struct ow_delays ow_delays_summarize(int64_t *delays, uint32_t count);

/** The delay of rank `percent` (1 to 100) of `count` sorted delays; count > 0. */
int64_t ow_percentile(const int64_t *sorted, uint32_t count, uint32_t percent);

#endif
