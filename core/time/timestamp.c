/* SPDX-License-Identifier: MIT */
/* Arithmetic in 32.32 numbers, to and from nanoseconds and Unix time. */
#include "time/timestamp.h"

#include <time.h>

/* Seconds from 1900-01-01 to 1970-01-01. */
#define UNIX_EPOCH UINT64_C(2208988800)

/* Signed 32.32 to nanoseconds; |value| < 2^63, so the result fits: 2^31 s is 2.1e18 ns. */
static int64_t fixed_to_ns(int64_t value)
{
  int64_t seconds = value >> 32;
  uint64_t fraction = (uint64_t)value & UINT32_MAX;
  return seconds * OW_NS_PER_S + (int64_t)(fraction * (uint64_t)OW_NS_PER_S >> 32);
}

/* The inverse, rounded to nearest, so that going there and back loses less than 1 ns. */
static uint64_t ns_to_fixed(int64_t nanoseconds)
{
  int64_t seconds = nanoseconds / OW_NS_PER_S;
  int64_t rest = nanoseconds % OW_NS_PER_S;
  if (rest < 0) {
    rest += OW_NS_PER_S;
    seconds -= 1;
  }
  uint64_t fraction = (((uint64_t)rest << 32) + (uint64_t)OW_NS_PER_S / 2) / (uint64_t)OW_NS_PER_S;
  return ((uint64_t)seconds << 32) + fraction;
}

int64_t ow_timestamp_difference(struct ow_timestamp a, struct ow_timestamp b)
{
  return fixed_to_ns((int64_t)(a.ntp - b.ntp));
}

bool ow_timestamp_after(struct ow_timestamp a, struct ow_timestamp b)
{
  return (int64_t)(a.ntp - b.ntp) > 0;
}

bool ow_timestamp_is_zero(struct ow_timestamp stamp)
{
  return stamp.ntp == 0;
}

struct ow_timestamp ow_timestamp_plus_span(struct ow_timestamp stamp, struct ow_span span)
{
  return (struct ow_timestamp){stamp.ntp + span.ntp};
}

struct ow_timestamp ow_timestamp_plus(struct ow_timestamp stamp, int64_t nanoseconds)
{
  return (struct ow_timestamp){stamp.ntp + ns_to_fixed(nanoseconds)};
}

struct ow_timestamp ow_timestamp_from_unix(struct timespec unix_time)
{
  uint64_t seconds = (uint64_t)unix_time.tv_sec + UNIX_EPOCH;
  return (struct ow_timestamp){(seconds << 32) + ns_to_fixed(unix_time.tv_nsec)};
}

struct timespec ow_timestamp_to_unix(struct ow_timestamp stamp, struct timespec near)
{
  int64_t offset = ow_timestamp_difference(stamp, ow_timestamp_from_unix(near));
  int64_t seconds = offset / OW_NS_PER_S;
  int64_t nanoseconds = near.tv_nsec + offset % OW_NS_PER_S;
  if (nanoseconds < 0) {
    nanoseconds += OW_NS_PER_S;
    seconds -= 1;
  } else if (nanoseconds >= OW_NS_PER_S) {
    nanoseconds -= OW_NS_PER_S;
    seconds += 1;
  }
  return (struct timespec){.tv_sec = (time_t)(near.tv_sec + seconds), .tv_nsec = (long)nanoseconds};
}

struct ow_span ow_span_from_ns(int64_t nanoseconds)
{
  return (struct ow_span){ns_to_fixed(nanoseconds)};
}

int64_t ow_span_to_ns(struct ow_span span)
{
  uint64_t seconds = span.ntp >> 32;
  uint64_t fraction = span.ntp & UINT32_MAX;
  return (int64_t)(seconds * (uint64_t)OW_NS_PER_S + (fraction * (uint64_t)OW_NS_PER_S >> 32));
}
