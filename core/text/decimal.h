/* SPDX-License-Identifier: MIT */
/* Decimal numbers, with or without a fraction. No locale has a say. */
#ifndef OWAMP_TEXT_DECIMAL_H
#define OWAMP_TEXT_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/piece.h"

/** ["-"] DIGITS ["." DIGITS], where either DIGITS may be missing: the caller says what it takes. */
struct ow_decimal {
  size_t length; /* octets read */
  bool negative;
  bool point;
  size_t whole_digits; /* before the point */
  size_t places;       /* digits behind it */
  size_t significant;  /* of all these, without the zeros before the first other digit */
  uint64_t whole;      /* UINT64_MAX if it is larger */
  uint32_t billionths; /* the first nine places; the others are dropped */
};

/** The number that a text begins with; what follows is the caller's to look at. */
struct ow_decimal ow_decimal_read(struct ow_piece piece);

/**
 * Fixed notation with `places` (9 at most) behind the point; without trailing zeros if `trimmed`. Returns
 * `out`.
 */
const char *ow_decimal_print(char *out, size_t size, double value, unsigned places, bool trimmed);

#endif
