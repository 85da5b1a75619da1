/* SPDX-License-Identifier: MIT */
/* Digits and unit are read as integers and divided once, which rounds correctly. */
#include "sla/number.h"

#include <stdint.h>
#include <string.h>

#include "text/decimal.h"
#include "text/duration.h"

enum { MOST_DIGITS = 15, MOST_PLACES = 9 };

/* `places`: by how many the metric's own unit is larger. */
static bool read_suffix(struct ow_piece piece, enum ow_unit unit, unsigned *places)
{
  *places = 0;
  return unit == OW_UNIT_SECONDS ? ow_time_unit_read(piece, places)
                                 : unit == OW_UNIT_PERCENT && ow_piece_is(piece, "%");
}

static const char *unit_advice(enum ow_unit unit)
{
  static const char *const advice[] = {
      [OW_UNIT_SECONDS] = "is a time, in us, ms or s, such as 20ms",
      [OW_UNIT_PERCENT] = "is a percentage, such as 1%",
      [OW_UNIT_COUNT] = "is a plain count, without a unit, such as 3",
  };
  return advice[unit];
}

static enum ow_status wrong_unit(struct ow_piece piece, size_t digits, enum ow_metric metric,
                                 struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  ow_piece_print(text, piece);
  if (digits == piece.length)
    return ow_fail(failure, OW_INVALID, "'%s' has no unit: write %sus, %sms or %ss", text, text, text, text);
  struct ow_piece rest = {piece.at + digits, piece.length - digits};
  char unit[OW_PIECE_TEXT];
  return ow_fail(failure, OW_INVALID, "'%s' in '%s' is not a unit of %s, which %s",
                 ow_piece_print(unit, rest), text, ow_metric_name(metric),
                 unit_advice(ow_metric_unit(metric)));
}

/*
 * The unit that follows the number, and by how many places it is smaller than the metric's own. Only times
 * need one, and not even they for zero.
 */
static enum ow_status read_unit(struct ow_piece piece, const struct ow_decimal *decimal,
                                enum ow_metric metric, unsigned *places, struct ow_failure *failure)
{
  struct ow_piece rest = {piece.at + decimal->length, piece.length - decimal->length};
  enum ow_unit unit = ow_metric_unit(metric);
  bool bare = rest.length == 0 && (unit != OW_UNIT_SECONDS || decimal->significant == 0);
  return read_suffix(rest, unit, places) || bare ? OW_OK
                                                 : wrong_unit(piece, decimal->length, metric, failure);
}

/* `places` are the number's and the unit's. */
static enum ow_status check_size(struct ow_piece piece, const struct ow_decimal *decimal,
                                 enum ow_metric metric, size_t places, struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  ow_piece_print(text, piece);
  enum ow_status status = OW_OK;
  if (decimal->significant > MOST_DIGITS)
    status = ow_fail(failure, OW_INVALID, "'%s' has too many digits: at most %d are read", text, MOST_DIGITS);
  else if (places > MOST_PLACES)
    status = ow_fail(failure, OW_INVALID, "'%s' is too fine: at most %d places%s are read", text, MOST_PLACES,
                     ow_metric_unit(metric) == OW_UNIT_SECONDS ? " of a second (1 ns)" : "");
  else if (decimal->negative && decimal->significant && !ow_metric_signed(metric))
    status = ow_fail(failure, OW_INVALID, "'%s' is negative, which %s can't be: leave out the '-'", text,
                     ow_metric_name(metric));
  return status;
}

/* With these bounds all digits and the power of ten are exact as double, so one division rounds correctly. */
static double to_double(const struct ow_decimal *decimal, size_t places)
{
  static const uint64_t tens[MOST_PLACES + 1] = {1,      10,      100,      1000,      10000,
                                                 100000, 1000000, 10000000, 100000000, 1000000000};
  uint64_t digits =
      decimal->whole * tens[decimal->places] + decimal->billionths / tens[MOST_PLACES - decimal->places];
  double size = (double)digits / (double)tens[places];
  /* Not -0: it would be printed. */
  return decimal->negative && digits ? -size : size;
}

static enum ow_status not_a_number(struct ow_piece piece, enum ow_metric metric, struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  return ow_fail(failure, OW_INVALID, "'%s' is not a decimal number: %s %s", ow_piece_print(text, piece),
                 ow_metric_name(metric), unit_advice(ow_metric_unit(metric)));
}

enum ow_status ow_metric_number_parse(struct ow_piece piece, enum ow_metric metric, double *value,
                                      struct ow_failure *failure)
{
  struct ow_decimal decimal = ow_decimal_read(piece);
  bool whole = decimal.whole_digits > 0 && (!decimal.point || decimal.places > 0);
  unsigned unit_places = 0;
  enum ow_status status = whole ? OW_OK : not_a_number(piece, metric, failure);
  if (status == OW_OK)
    status = read_unit(piece, &decimal, metric, &unit_places, failure);
  if (status == OW_OK)
    status = check_size(piece, &decimal, metric, decimal.places + unit_places, failure);
  *value = status == OW_OK ? to_double(&decimal, decimal.places + unit_places) : 0;
  return status;
}
