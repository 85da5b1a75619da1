/* SPDX-License-Identifier: MIT */
/* Numbers and foreign words as a person reads them in a plugin's output. */
#ifndef CHECK_OWAMP_TEXT_H
#define CHECK_OWAMP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sla/threshold.h"
#include "time/timestamp.h"

enum { CHECK_NUMBER = OW_VALUE_TEXT };
/** ns: an error that clocks may really have. Less, of one that nobody synchronises, tells nothing. */
enum { CHECK_LEAST_ERROR = 1000 };

static inline double check_seconds(int64_t nanoseconds)
{
  return (double)nanoseconds / (double)OW_NS_PER_S;
}

/** For machines: fixed notation to 10^-9 without trailing zeros, "0.0123". Returns `out`. */
const char *check_decimal_text(char out[CHECK_NUMBER], double value);
/** A time in few characters, "8.4 ms": with one place at most. Returns `out`. */
const char *check_brief_time(char out[CHECK_NUMBER], double seconds);
/**
 * How far a time may be off, in the unit that check_brief_time() chooses for `beside` as long as that is
 * legible: "0.25 ms" beside 12.3 ms, "16 s" too. Without trailing zeros. Returns `out`.
 */
const char *check_brief_error(char out[CHECK_NUMBER], double seconds, double beside);

/**
 * Text that grows up to its bound; what doesn't fit is cut and ends in "...". With `length` 0 it is empty.
 */
struct check_text {
  char *out;
  size_t size;
  size_t length;
};

/** Append; a plugin's output must not contain '|', nor what moves the cursor, so both become '?'. */
void check_text_add(struct check_text *text, const char *format, ...) OW_PRINTF(2, 3);
/** Append "; " if anything stands there already. */
void check_text_next(struct check_text *text);

#endif
