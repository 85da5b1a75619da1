/* SPDX-License-Identifier: MIT */
/* Not by printf's %f and %g, which write the locale's decimal point. */
#include "text/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/number.h"

enum { MOST_PLACES = 9, LARGEST = 1000000000 };

static const uint32_t tens[MOST_PLACES + 1] = {1,      10,      100,      1000,      10000,
                                               100000, 1000000, 10000000, 100000000, 1000000000};

static struct ow_piece behind(struct ow_piece piece, size_t length)
{
  return (struct ow_piece){piece.at + length, piece.length - length};
}

/* The digits behind the point. */
static void read_places(struct ow_piece piece, struct ow_decimal *decimal)
{
  struct ow_digits all = ow_digits_read(piece);
  size_t kept = all.count < MOST_PLACES ? all.count : MOST_PLACES;
  struct ow_digits first = ow_digits_read((struct ow_piece){piece.at, kept});
  decimal->places = all.count;
  decimal->significant += decimal->significant ? all.count : all.significant;
  decimal->billionths = (uint32_t)first.value * tens[MOST_PLACES - kept];
}

struct ow_decimal ow_decimal_read(struct ow_piece piece)
{
  struct ow_decimal decimal = {.negative = piece.length > 0 && *piece.at == '-'};
  size_t sign = decimal.negative ? 1 : 0;
  struct ow_digits whole = ow_digits_read(behind(piece, sign));
  decimal.whole_digits = whole.count;
  decimal.significant = whole.significant;
  decimal.whole = whole.value;
  decimal.length = sign + whole.count;
  decimal.point = decimal.length < piece.length && piece.at[decimal.length] == '.';
  if (decimal.point) {
    read_places(behind(piece, decimal.length + 1), &decimal);
    decimal.length += 1 + decimal.places;
  }
  return decimal;
}

static void trim(char *out)
{
  size_t length = strlen(out);
  if (strchr(out, '.')) {
    while (out[length - 1] == '0')
      length--;
    if (out[length - 1] == '.')
      length--;
    out[length] = '\0';
  }
}

const char *ow_decimal_print(char *out, size_t size, double value, unsigned places, bool trimmed)
{
  double most = (double)LARGEST * LARGEST;
  double magnitude = fabs(value) < most ? fabs(value) : most;
  uint64_t scale = tens[places];
  uint64_t whole = (uint64_t)magnitude;
  uint64_t part = (uint64_t)((magnitude - (double)whole) * tens[places] + 0.5);
  whole += part / scale;
  part %= scale;
  const char *sign = value < 0 && (whole || part) ? "-" : "";
  if (places)
    snprintf(out, size, "%s%" PRIu64 ".%0*" PRIu64, sign, whole, (int)places, part);
  else
    snprintf(out, size, "%s%" PRIu64, sign, whole);
  if (trimmed)
    trim(out);
  return out;
}
