#include "time/error_estimate.h"

#include "time/timestamp.h"

enum { S_BIT = 0x8000, SCALE_SHIFT = 8, SCALE_MASK = 0x3f, MULTIPLIER_MASK = 0xff };

struct ow_error_estimate ow_error_estimate(bool synchronized, int64_t nanoseconds)
{
  uint64_t left = ow_span_from_ns(nanoseconds > 0 ? nanoseconds : 0).ntp + 1;
  unsigned scale = 0;
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
  uint64_t multiplier = estimate.bits & MULTIPLIER_MASK;
  /* 255 * 2^55 is the last value below 2^63, where 32.32 seconds still fit in nanoseconds. */
  if (scale > 55)
    return multiplier ? INT64_MAX : 0;
  uint64_t fixed = multiplier << scale;
  uint64_t fraction_ns = ((fixed & UINT32_MAX) * (uint64_t)OW_NS_PER_S + UINT32_MAX) >> 32;
  return (int64_t)((fixed >> 32) * (uint64_t)OW_NS_PER_S + fraction_ns);
}

bool ow_error_valid(struct ow_error_estimate estimate)
{
  return (estimate.bits & MULTIPLIER_MASK) != 0;
}
