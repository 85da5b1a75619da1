/* SPDX-License-Identifier: MIT */
/* Rounded up, when it is made and when it is read. */
#include "time/error_estimate.h"

#include "time/timestamp.h"

enum { S_BIT = 0x8000, SCALE_SHIFT = 8, SCALE_MASK = 0x3f, MULTIPLIER_MASK = 0xff };

/* 128 bits: 2^63 ns are more than 32.32 can tell, but not more than an estimate can. */
struct ow_error_estimate ow_error_estimate(bool synchronized, int64_t nanoseconds)
{
  unsigned __int128 fixed = (unsigned __int128)(nanoseconds > 0 ? nanoseconds : 0) << 32;
  unsigned __int128 left = (fixed + (unsigned __int128)OW_NS_PER_S - 1) / (unsigned __int128)OW_NS_PER_S;
  unsigned scale = 0;
  if (left == 0)
    left = 1;
  while (left > MULTIPLIER_MASK) {
    left = left / 2 + left % 2;
    scale++;
  }
  unsigned bits = (synchronized ? (unsigned)S_BIT : 0U) | scale << SCALE_SHIFT | (unsigned)left;
  return (struct ow_error_estimate){(uint16_t)bits};
}

bool ow_error_synchronized(struct ow_error_estimate estimate)
{
  return (estimate.bits & S_BIT) != 0;
}

int64_t ow_error_ns(struct ow_error_estimate estimate)
{
  unsigned scale = estimate.bits >> SCALE_SHIFT & SCALE_MASK;
  unsigned __int128 fixed = (unsigned __int128)(estimate.bits & MULTIPLIER_MASK) << scale;
  unsigned __int128 nanoseconds = (fixed * (unsigned __int128)OW_NS_PER_S + UINT32_MAX) >> 32;
  return nanoseconds < INT64_MAX ? (int64_t)nanoseconds : INT64_MAX;
}

bool ow_error_valid(struct ow_error_estimate estimate)
{
  return (estimate.bits & MULTIPLIER_MASK) != 0;
}
