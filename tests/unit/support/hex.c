/* SPDX-License-Identifier: MIT */
/* Digits to octets, blanks passed over, and a comparison with octets in memory. */
#include "support/hex.h"

#include <check.h>
#include <string.h>

static unsigned digit_value(char digit)
{
  static const char digits[] = "0123456789abcdef";
  const char *found = strchr(digits, digit);
  ck_assert_msg(found && *found, "'%c' is no hexadecimal digit", digit);
  return (unsigned)(found - digits);
}

void test_hex(const char *digits, uint8_t *out, size_t octets)
{
  size_t nibbles = 0;
  for (; *digits; digits++) {
    if (*digits == ' ')
      continue;
    ck_assert_msg(nibbles < 2 * octets, "more than %zu octets", octets);
    unsigned high = nibbles % 2 ? out[nibbles / 2] : 0;
    out[nibbles / 2] = (uint8_t)(high << 4 | digit_value(*digits));
    nibbles++;
  }
  ck_assert_msg(nibbles == 2 * octets, "%zu digits for %zu octets", nibbles, octets);
}

void test_assert_hex(const void *area, size_t octets, const char *digits)
{
  uint8_t expected[1024];
  ck_assert_uint_le(octets, sizeof expected);
  test_hex(digits, expected, octets);
  ck_assert_mem_eq(area, expected, octets);
}
