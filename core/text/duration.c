/* SPDX-License-Identifier: MIT */
/* A number and us, ms or s, to nanoseconds and back; and bare seconds. */
#include "text/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"

/* Nanoseconds of a unit, or 0. */
static int64_t unit_ns(const char *unit)
{
  int64_t ns = 0;
  if (strcmp(unit, "us") == 0)
    ns = 1000;
  else if (strcmp(unit, "ms") == 0)
    ns = OW_NS_PER_MS;
  else if (strcmp(unit, "s") == 0)
    ns = OW_NS_PER_S;
  return ns;
}

/* 0 if there is none, or it is much too long. */
static int64_t duration_of(const char *text)
{
  struct ow_decimal number = ow_decimal_read(ow_piece_of(text));
  int64_t unit = unit_ns(text + number.length);
  int64_t ns = 0;
  if (!number.negative && number.whole_digits + number.places > 0 && unit > 0 &&
      number.whole <= (uint64_t)(OW_LONGEST_DURATION / unit))
    ns = (int64_t)number.whole * unit + number.billionths * unit / OW_NS_PER_S;
  return ns;
}

enum ow_status ow_duration_parse(const char *text, int64_t *nanoseconds, struct ow_failure *failure)
{
  char shown[64];
  int64_t ns = duration_of(text);
  enum ow_status status = OW_OK;
  if (ns <= 0 || ns > OW_LONGEST_DURATION)
    status =
        ow_fail(failure, OW_INVALID,
                "'%s' is not a duration: write a positive number and its unit, as in 500us, 10ms or 2.5s; "
                "at most 86400s",
                ow_printable(shown, sizeof shown, text, strlen(text)));
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
