/* SPDX-License-Identifier: MIT */
/* Which percentiles are wanted beside the usual ones, and the rank that one is. */
#ifndef OWAMP_STATS_PERCENTILES_H
#define OWAMP_STATS_PERCENTILES_H

#include <stdint.h>

enum {
  OW_PERCENTILES_MOST = 8,
  OW_PERCENT = 1000, /* one percent, in the unit of a percentile: thousandths */
};

/** A list of percentiles: thousandths of a percent, 1 to 100 * OW_PERCENT, rising. Zero-initialised: none. */
struct ow_percentiles {
  uint32_t count;
  uint32_t list[OW_PERCENTILES_MOST];
};

/** The nearest rank, 1 to `count`: so many values are at least that share of all. `count` > 0, below 2^46. */
static inline uint64_t ow_percentile_rank(uint64_t count, uint32_t percentile)
{
  const uint64_t whole = UINT64_C(100) * OW_PERCENT;
  uint64_t rank = (count * percentile + whole - 1) / whole;
  return rank ? rank : 1;
}

#endif
