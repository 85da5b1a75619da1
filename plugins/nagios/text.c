/* SPDX-License-Identifier: MIT */
/* Text is added to a line as far as it fits, cleaned of '|' and what can't be printed. */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"

const char *check_decimal_text(char out[CHECK_NUMBER], double value)
{
  return ow_decimal_print(out, CHECK_NUMBER, value, 9, true);
}

struct unit {
  double seconds;
  const char *name;
};

/* What would be rounded to 1000 belongs to the next unit. */
static const struct unit *unit_of(double seconds)
{
  static const struct unit units[] = {{1e-6, "us"}, {1e-3, "ms"}, {1, "s"}};
  const struct unit *unit = units;
  while (unit < units + 2 && fabs(seconds) / unit->seconds >= 999.5)
    unit++;
  return unit;
}

/* Three digits at most, and `most` of them behind the point. */
static const char *print_in(char out[CHECK_NUMBER], double seconds, const struct unit *unit, unsigned most,
                            bool trimmed)
{
  char number[CHECK_NUMBER - 4];
  double value = seconds / unit->seconds;
  unsigned places = 0;
  for (double limit = 99.95; places < most && fabs(value) < limit; limit /= 10)
    places++;
  ow_decimal_print(number, sizeof number, value, places, trimmed);
  snprintf(out, CHECK_NUMBER, "%s %s", number, unit->name);
  return out;
}

const char *check_brief_time(char out[CHECK_NUMBER], double seconds)
{
  const struct unit *unit = unit_of(seconds);
  return print_in(out, seconds, unit, 1, false);
}

const char *check_brief_error(char out[CHECK_NUMBER], double seconds, double beside)
{
  const struct unit *unit = unit_of(beside);
  if (seconds / unit->seconds < 0.0995 || seconds / unit->seconds >= 999.5)
    unit = unit_of(seconds);
  return print_in(out, seconds, unit, 2, true);
}

static void clean(char *at)
{
  for (; *at; at++)
    if (*at < ' ' || *at > '~' || *at == '|')
      *at = '?';
}

void check_text_add(struct check_text *text, const char *format, ...)
{
  char *at = text->out + text->length;
  size_t room = text->size - text->length;
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(at, room, format, arguments);
  va_end(arguments);
  if (wanted >= 0 && (size_t)wanted >= room) {
    text->length = text->size - 1;
    memcpy(text->out + text->size - 4, "...", 4);
  } else if (wanted > 0) {
    text->length += (size_t)wanted;
  }
  clean(at);
}

void check_text_next(struct check_text *text)
{
  if (text->length > 0)
    check_text_add(text, "; ");
}
