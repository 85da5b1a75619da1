/* SPDX-License-Identifier: MIT */
/* Runs of digits, and numbers made of them: whole, octal, or between bounds. */
#include "text/number.h"

#include <string.h>

enum { MOST_DIGITS = 10 };

bool ow_is_digit(char c)
{
  return c >= '0' && c <= '9';
}

struct ow_digits ow_digits_read(struct ow_piece piece)
{
  struct ow_digits digits = {.fits = true};
  for (; digits.count < piece.length && ow_is_digit(piece.at[digits.count]); digits.count++) {
    uint64_t digit = (uint64_t)(piece.at[digits.count] - '0');
    if (digit || digits.significant)
      digits.significant++;
    digits.fits = digits.fits && !__builtin_mul_overflow(digits.value, 10U, &digits.value) &&
                  !__builtin_add_overflow(digits.value, digit, &digits.value);
  }
  if (!digits.fits)
    digits.value = UINT64_MAX;
  return digits;
}

bool ow_all_digits(const char *text)
{
  return text[ow_digits_read(ow_piece_of(text)).count] == '\0';
}

bool ow_whole_parse(const char *text, uint64_t *value)
{
  struct ow_digits digits = ow_digits_read(ow_piece_of(text));
  *value = digits.value;
  return digits.count > 0 && digits.fits && text[digits.count] == '\0';
}

bool ow_octal_parse(const char *text, uint32_t *value)
{
  size_t count = strspn(text, "01234567");
  *value = 0;
  for (size_t i = 0; i < count && i < MOST_DIGITS; i++)
    *value = *value * 8 + (uint32_t)(text[i] - '0');
  return count >= 1 && count <= MOST_DIGITS && text[count] == '\0';
}

enum ow_status ow_number_parse(const char *text, uint32_t least, uint32_t most, uint32_t *value,
                               struct ow_failure *failure)
{
  char shown[64];
  struct ow_digits digits = ow_digits_read(ow_piece_of(text));
  enum ow_status status = OW_OK;
  if (digits.count < 1 || digits.count > MOST_DIGITS || text[digits.count] || digits.value < least ||
      digits.value > most)
    status = ow_fail(failure, OW_INVALID, "'%s' is not a number from %u to %u",
                     ow_printable(shown, sizeof shown, text, strlen(text)), least, most);
  else
    *value = (uint32_t)digits.value;
  return status;
}
