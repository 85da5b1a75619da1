/* SPDX-License-Identifier: MIT */
/*
 * Error estimates (RFC 4656, 4.1.2): how far a timestamp may lie from the truth.
 * 16 bits: S (synchronised to UTC by an outside source), Z (zero), Scale (6), Multiplier (8);
 * error = Multiplier * 2^Scale * 2^-32 s.
 */
#ifndef OWAMP_TIME_ERROR_ESTIMATE_H
#define OWAMP_TIME_ERROR_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/** As on the wire, in host order. */
struct ow_error_estimate {
  uint16_t bits;
};

/** In nanoseconds, of a clock that says nothing of its error: what its stamps are off by has no bound. */
#define OW_ERROR_UNKNOWN INT64_MAX

/** The smallest estimate that is not below `nanoseconds`. Never yields Multiplier 0. */
struct ow_error_estimate ow_error_estimate(bool synchronized, int64_t nanoseconds);
bool ow_error_synchronized(struct ow_error_estimate estimate);
/** The bound in nanoseconds, rounded up; OW_ERROR_UNKNOWN where it would not fit. */
int64_t ow_error_ns(struct ow_error_estimate estimate);
/** False if Multiplier is 0: a packet with such an estimate is corrupt. */
bool ow_error_valid(struct ow_error_estimate estimate);

#endif
