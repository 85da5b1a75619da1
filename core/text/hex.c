/* SPDX-License-Identifier: MIT */
/* Either case is read, lower case is printed. */
#include "text/hex.h"

int ow_hex_digit(char c)
{
  int value = -1;
  if (c >= '0' && c <= '9')
    value = c - '0';
  else if (c >= 'a' && c <= 'f')
    value = c - 'a' + 10;
  else if (c >= 'A' && c <= 'F')
    value = c - 'A' + 10;
  return value;
}

bool ow_hex_parse(struct ow_piece digits, uint8_t *out)
{
  bool right = digits.length % 2 == 0;
  for (size_t i = 0; i + 1 < digits.length && right; i += 2) {
    int high = ow_hex_digit(digits.at[i]);
    int low = ow_hex_digit(digits.at[i + 1]);
    right = high >= 0 && low >= 0;
    out[i / 2] = (uint8_t)((high & 0xf) << 4 | (low & 0xf));
  }
  return right;
}

const char *ow_hex_print(char *out, const uint8_t *from, size_t octets)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < octets; i++) {
    out[2 * i] = digits[from[i] >> 4];
    out[2 * i + 1] = digits[from[i] & 0xf];
  }
  out[2 * octets] = '\0';
  return out;
}
