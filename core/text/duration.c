/* SPDX-License-Identifier: MIT */
/* A number and us, ms or s, to nanoseconds and back; and bare seconds. */
#include "text/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"

bool ow_time_unit_read(struct ow_piece unit, unsigned *places)
{
  static const struct {
    const char *text;
    unsigned places;
  } units[] = {{"us", 6}, {"\u00b5s", 6}, {"\u03bcs", 6}, {"ms", 3}, {"s", 0}};
  bool found = false;
  for (size_t i = 0; i < sizeof units / sizeof *units && !found; i++) {
    found = ow_piece_is(unit, units[i].text);
    if (found)
      *places = units[i].places;
  }
  return found;
}

/* Nanoseconds of a unit, or 0. */
static int64_t unit_ns(struct ow_piece unit)
{
  unsigned places = 0;
  int64_t ns = ow_time_unit_read(unit, &places) ? OW_NS_PER_S : 0;
  for (; places > 0; places--)
    ns /= 10;
  return ns;
}

/* 0 if there is none, or it is much too long. */
static int64_t duration_of(const char *text)
{
  struct ow_decimal number = ow_decimal_read(ow_piece_of(text));
  int64_t unit = unit_ns(ow_piece_of(text + number.length));
  int64_t ns = 0;
  if (!number.negative && number.whole_digits + number.places > 0 && unit > 0 &&
      number.whole <= (uint64_t)(OW_LONGEST_DURATION / unit))
    ns = (int64_t)number.whole * unit + number.billionths * unit / OW_NS_PER_S;
  return ns;
}

/* "2,5s", as half of the world writes it. */
static bool has_decimal_comma(const char *text)
{
  size_t digits = strspn(text, "0123456789");
  return digits > 0 && text[digits] == ',' && strspn(text + digits + 1, "0123456789") > 0;
}

enum ow_status ow_duration_parse(const char *text, int64_t *nanoseconds, struct ow_failure *failure)
{
  char shown[64];
  int64_t ns = duration_of(text);
  enum ow_status status = OW_OK;
  if (ns <= 0 || ns > OW_LONGEST_DURATION)
    status =
        ow_fail(failure, OW_INVALID,
                "'%s' is not a duration: write a positive number and its unit, as in 500us, 10ms or 2.5s%s; "
                "at most 86400s",
                ow_printable(shown, sizeof shown, text, strlen(text)),
                has_decimal_comma(text) ? ", with a point and not a comma" : "");
  else
    *nanoseconds = ns;
  return status;
}

const char *ow_duration_print(char *out, size_t size, int64_t nanoseconds)
{
  if (nanoseconds % OW_NS_PER_S == 0)
    snprintf(out, size, "%" PRId64 "s", nanoseconds / OW_NS_PER_S);
  else if (nanoseconds % OW_NS_PER_MS == 0)
    snprintf(out, size, "%" PRId64 "ms", nanoseconds / OW_NS_PER_MS);
  else if (nanoseconds % 1000 == 0)
    snprintf(out, size, "%" PRId64 "us", nanoseconds / 1000);
  else
    snprintf(out, size, "%" PRId64 ".%03dus", nanoseconds / 1000, (int)(nanoseconds % 1000));
  return out;
}

bool ow_seconds_parse(const char *text, int64_t *nanoseconds)
{
  enum { SECONDS_MOST = 1000 * 1000 * 1000 };
  struct ow_decimal number = ow_decimal_read(ow_piece_of(text));
  bool right = !number.negative && number.whole_digits > 0 && number.whole <= SECONDS_MOST &&
               text[number.length] == '\0';
  if (right)
    *nanoseconds = (int64_t)number.whole * OW_NS_PER_S + number.billionths;
  return right;
}
