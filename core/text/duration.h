/* SPDX-License-Identifier: MIT */
/* Durations. */
#ifndef OWAMP_TEXT_DURATION_H
#define OWAMP_TEXT_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/units.h"
#include "text/piece.h"

/** The longest duration that can be configured: a day. */
#define OW_LONGEST_DURATION (INT64_C(86400) * OW_NS_PER_S)
/**
 * "10ms", "2.5s", "500us" to nanoseconds; positive, a day at most. What is less than a nanosecond is dropped.
 * A number without a unit is refused. OW_INVALID.
 */
enum ow_status ow_duration_parse(const char *text, int64_t *nanoseconds,
                                 struct ow_failure *failure) OW_MUST_CHECK;

/**
 * us, ms or s; a micro sign (U+00B5, or the Greek letter U+03BC, in UTF-8) may stand for the u. `places`: by
 * how many decimal places a second is larger. False if it is no such unit.
 */
bool ow_time_unit_read(struct ow_piece unit, unsigned *places) OW_MUST_CHECK;

enum { OW_DURATION_TEXT = 32 };
/** A duration as it can be parsed, in the largest unit that needs no fraction: "10ms". Returns `out`. */
const char *ow_duration_print(char *out, size_t size, int64_t nanoseconds);

/**
 * Seconds without a unit, as owampd writes them ("2", "0.5"), 10^9 at most, to nanoseconds; what is less than
 * one is dropped.
 */
bool ow_seconds_parse(const char *text, int64_t *nanoseconds) OW_MUST_CHECK;

#endif
