/* SPDX-License-Identifier: MIT */
/*
 * Log-linear buckets of distances in nanoseconds. A power of two is cut into 2^bits buckets; below
 * 2^(bits + 1) each distance has a bucket of its own. So a bucket is no wider than its distances divided by
 * 2^bits, and its middle is off by half of that at most.
 */
#ifndef OWAMP_STATS_BUCKET_H
#define OWAMP_STATS_BUCKET_H

#include <stdint.h>

/** The bucket of a distance; `bits` is below 32. */
static inline uint32_t ow_bucket_of(uint64_t distance, unsigned bits)
{
  unsigned shift = 0;
  if (distance >> (bits + 1))
    shift = 63U - (unsigned)__builtin_clzll(distance) - bits;
  return (shift << bits) + (uint32_t)(distance >> shift);
}

/** A distance that is off by at most 1 / 2^(bits + 1) of any in that bucket. */
static inline uint64_t ow_bucket_middle(uint32_t bucket, unsigned bits)
{
  unsigned shift = bucket >> bits ? (bucket >> bits) - 1 : 0;
  uint64_t least = (uint64_t)(bucket - (shift << bits)) << shift;
  return least + ((UINT64_C(1) << shift) >> 1);
}

#endif
