/* SPDX-License-Identifier: MIT */
/*
 * Timestamps (RFC 4656, 4.1.2): 64 bits, seconds since 1900-01-01 UTC, then a 32-bit fraction.
 * The era wraps in 2036, so two stamps are only ever compared by their difference modulo 2^64,
 * read as signed: right as long as they lie less than 68 years apart.
 */
#ifndef OWAMP_TIME_TIMESTAMP_H
#define OWAMP_TIME_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

struct timespec;

/** A point in time: unsigned 32.32 seconds, as on the wire. All zero: no time. */
struct ow_timestamp {
  uint64_t ntp;
};

/** A span of time that a schedule yields: unsigned 32.32 seconds. */
struct ow_span {
  uint64_t ntp;
};

/** a − b in nanoseconds, rounded down. */
int64_t ow_timestamp_difference(struct ow_timestamp a, struct ow_timestamp b);
/** True if a is later than b. */
bool ow_timestamp_after(struct ow_timestamp a, struct ow_timestamp b);
bool ow_timestamp_is_zero(struct ow_timestamp stamp);

struct ow_timestamp ow_timestamp_plus_span(struct ow_timestamp stamp, struct ow_span span);
/** `nanoseconds` may be negative. To the nearest 2^-32 s. */
struct ow_timestamp ow_timestamp_plus(struct ow_timestamp stamp, int64_t nanoseconds);

/** Any era: the seconds are taken modulo 2^32. `tv_nsec` is below 10^9. */
struct ow_timestamp ow_timestamp_from_unix(struct timespec unix_time);
/** The Unix time that `stamp` means, in the era nearest to `near` (within 68 years). */
struct timespec ow_timestamp_to_unix(struct ow_timestamp stamp, struct timespec near);

/** Nanoseconds, which must not be negative, as a span, rounded to nearest; and back, rounded down. */
struct ow_span ow_span_from_ns(int64_t nanoseconds);
int64_t ow_span_to_ns(struct ow_span span);

#endif
