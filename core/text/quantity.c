/* SPDX-License-Identifier: MIT */
/* Digits, and one letter of k, m, g, t, p, e: a power of 1000. */
#include "text/quantity.h"

#include <string.h>

#include "text/number.h"
#include "text/word.h"

bool ow_quantity_parse(const char *text, uint64_t *value)
{
  static const char suffixes[] = "kmgtpe";
  struct ow_digits digits = ow_digits_read(ow_piece_of(text));
  bool fits = digits.count > 0 && digits.fits;
  text += digits.count;
  *value = digits.value;
  if (fits && *text != '\0') {
    const char *suffix = strchr(suffixes, ow_lower(*text));
    fits = suffix && text[1] == '\0';
    for (const char *at = suffixes; fits && at <= suffix; at++)
      fits = !__builtin_mul_overflow(*value, 1000U, value);
  }
  return fits;
}
