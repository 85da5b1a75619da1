#include "sla/number.h"

#include <stdint.h>
#include <string.h>

enum { MOST_DIGITS = 15, MOST_PLACES = 9 };

/* digits * 10^-places: with these bounds both are exact as double, so one division rounds correctly. */
struct decimal {
  bool negative;
  uint64_t digits;
  size_t significant;
  size_t places;
};

struct suffix {
  const char *text;
  enum ow_unit unit;
  unsigned places; /* by how many the metric's own unit is larger */
};

static const struct suffix suffixes[] = {
    {"us", OW_UNIT_SECONDS, 6},
    {"ms", OW_UNIT_SECONDS, 3},
    {"s", OW_UNIT_SECONDS, 0},
    {"%", OW_UNIT_PERCENT, 0},
};

const char *ow_piece_print(char out[OW_PIECE_TEXT], struct ow_piece piece)
{
  return ow_printable(out, OW_PIECE_TEXT, piece.at, piece.length);
}

bool ow_piece_is(struct ow_piece piece, const char *text)
{
  return strlen(text) == piece.length && memcmp(piece.at, text, piece.length) == 0;
}

static bool digit_at(struct ow_piece piece, size_t at)
{
  return at < piece.length && piece.at[at] >= '0' && piece.at[at] <= '9';
}

/* Digits from `at` on; returns where they end. Those beyond the most are counted, not kept. */
static size_t read_digits(struct ow_piece piece, size_t at, struct decimal *decimal)
{
  for (; digit_at(piece, at); at++) {
    unsigned digit = (unsigned)(piece.at[at] - '0');
    if (digit || decimal->significant)
      decimal->significant++;
    if (decimal->significant <= MOST_DIGITS)
      decimal->digits = decimal->digits * 10 + digit;
  }
  return at;
}

/* Returns the length of the number without its unit; 0 if it isn't one. */
static size_t read_decimal(struct ow_piece piece, struct decimal *decimal)
{
  *decimal = (struct decimal){.negative = piece.length > 0 && piece.at[0] == '-'};
  size_t start = decimal->negative ? 1 : 0;
  size_t end = read_digits(piece, start, decimal);
  bool good = end > start;
  if (good && end < piece.length && piece.at[end] == '.') {
    size_t point = end + 1;
    end = read_digits(piece, point, decimal);
    good = end > point;
    decimal->places = end - point;
  }
  return good ? end : 0;
}

static const struct suffix *find_suffix(struct ow_piece piece, enum ow_unit unit)
{
  const struct suffix *found = NULL;
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
    if (suffixes[i].unit == unit && ow_piece_is(piece, suffixes[i].text))
      found = &suffixes[i];
  return found;
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

/* The unit that follows the number. Only times need one, and not even they for zero. */
static enum ow_status read_unit(struct ow_piece piece, size_t digits, enum ow_metric metric,
                                struct decimal *decimal, struct ow_failure *failure)
{
  struct ow_piece rest = {piece.at + digits, piece.length - digits};
  enum ow_unit unit = ow_metric_unit(metric);
  const struct suffix *suffix = find_suffix(rest, unit);
  bool bare = rest.length == 0 && (unit != OW_UNIT_SECONDS || decimal->significant == 0);
  enum ow_status status = suffix || bare ? OW_OK : wrong_unit(piece, digits, metric, failure);
  if (suffix)
    decimal->places += suffix->places;
  return status;
}

static enum ow_status check_size(struct ow_piece piece, enum ow_metric metric, const struct decimal *decimal,
                                 struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  ow_piece_print(text, piece);
  enum ow_status status = OW_OK;
  if (decimal->significant > MOST_DIGITS)
    status = ow_fail(failure, OW_INVALID, "'%s' has too many digits: at most %d are read", text, MOST_DIGITS);
  else if (decimal->places > MOST_PLACES)
    status = ow_fail(failure, OW_INVALID, "'%s' is too fine: at most %d places%s are read", text, MOST_PLACES,
                     ow_metric_unit(metric) == OW_UNIT_SECONDS ? " of a second (1 ns)" : "");
  else if (decimal->negative && decimal->digits && !ow_metric_signed(metric))
    status = ow_fail(failure, OW_INVALID, "'%s' is negative, which %s can't be: leave out the '-'", text,
                     ow_metric_name(metric));
  return status;
}

static double to_double(const struct decimal *decimal)
{
  static const double tens[MOST_PLACES + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  double size = (double)decimal->digits / tens[decimal->places];
  /* Not -0: it would be printed. */
  return decimal->negative && decimal->digits ? -size : size;
}

static enum ow_status not_a_number(struct ow_piece piece, enum ow_metric metric, struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  return ow_fail(failure, OW_INVALID, "'%s' is not a decimal number: %s %s", ow_piece_print(text, piece),
                 ow_metric_name(metric), unit_advice(ow_metric_unit(metric)));
}

enum ow_status ow_number_parse(struct ow_piece piece, enum ow_metric metric, double *value,
                               struct ow_failure *failure)
{
  struct decimal decimal;
  size_t digits = read_decimal(piece, &decimal);
  enum ow_status status = digits ? OW_OK : not_a_number(piece, metric, failure);
  if (status == OW_OK)
    status = read_unit(piece, digits, metric, &decimal, failure);
  if (status == OW_OK)
    status = check_size(piece, metric, &decimal, failure);
  *value = status == OW_OK ? to_double(&decimal) : 0;
  return status;
}
