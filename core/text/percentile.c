/* SPDX-License-Identifier: MIT */
/* A decimal number, counted in thousandths. */
#include "text/percentile.h"

#include "text/decimal.h"

enum { UNIT = 1000, PLACES = 3, BILLIONTHS = 1000 * 1000 };

bool ow_percentile_parse(struct ow_piece piece, uint32_t *thousandths)
{
  struct ow_decimal number = ow_decimal_read(piece);
  bool good = number.length == piece.length && number.whole_digits > 0 && !number.negative &&
              number.places <= PLACES && (number.places > 0 || !number.point) && number.whole <= 100;
  uint32_t value = good ? (uint32_t)number.whole * UNIT + number.billionths / BILLIONTHS : 0;
  good = value > 0 && value <= OW_PERCENTILE_MOST;
  if (good)
    *thousandths = value;
  return good;
}

const char *ow_percentile_print(char out[OW_PERCENTILE_TEXT], uint32_t thousandths)
{
  return ow_decimal_print(out, OW_PERCENTILE_TEXT, (double)thousandths / UNIT, PLACES, true);
}
