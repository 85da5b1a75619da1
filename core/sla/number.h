/* A number with its unit, as thresholds use it. Private to this room. */
#ifndef OWAMP_SLA_NUMBER_H
#define OWAMP_SLA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "sla/threshold.h"

/** A part of a text; it need not end in NUL. */
struct ow_piece {
  const char *at;
  size_t length;
};

bool ow_piece_is(struct ow_piece piece, const char *text);

/** How much of a piece a failure shows. */
enum { OW_PIECE_TEXT = 49 };
const char *ow_piece_print(char out[OW_PIECE_TEXT], struct ow_piece piece);

/**
 * NUMBER = ["-"] DIGITS ["." DIGITS] UNIT, in whatever unit, to the metric's own; the nearest double.
 * At most 15 digits, and nothing finer than a nanosecond (or 10^-9 of another unit). OW_INVALID.
 */
enum ow_status ow_number_parse(struct ow_piece piece, enum ow_metric metric, double *value,
                               struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Fixed notation with `places` (9 at most) behind the point, whatever the locale; without trailing zeros if
 * `trimmed`. Returns `out`.
 */
const char *ow_decimal_print(char *out, size_t size, double value, unsigned places, bool trimmed);

#endif
