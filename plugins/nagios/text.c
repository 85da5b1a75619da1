#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Decimals that make three significant digits of a number below 1000. */
static int decimals(double magnitude)
{
  int count = 2;
  if (magnitude >= 99.95)
    count = 0;
  else if (magnitude >= 9.995)
    count = 1;
  return count;
}

const char *check_time_text(char out[CHECK_NUMBER], double seconds)
{
  double magnitude = fabs(seconds);
  const char *unit = "s";
  double value = seconds;
  /* What would be rounded to 1000 belongs to the next unit. */
  if (magnitude < 999.5e-6) {
    unit = "us";
    value = seconds * 1e6;
  } else if (magnitude < 999.5e-3) {
    unit = "ms";
    value = seconds * 1e3;
  }
  snprintf(out, CHECK_NUMBER, "%.*f %s", decimals(fabs(value)), value, unit);
  return out;
}

const char *check_value_text(char out[CHECK_NUMBER], enum ow_metric metric, double value)
{
  switch (ow_metric_unit(metric)) {
  case OW_UNIT_SECONDS:
    check_time_text(out, value);
    break;
  case OW_UNIT_PERCENT:
    snprintf(out, CHECK_NUMBER, "%.3g %%", value);
    break;
  case OW_UNIT_COUNT:
    snprintf(out, CHECK_NUMBER, "%.0f", value);
    break;
  }
  return out;
}

const char *check_decimal_text(char out[CHECK_NUMBER], double value)
{
  int length = snprintf(out, CHECK_NUMBER, "%.9f", value);
  if (length < 0 || length >= CHECK_NUMBER)
    length = snprintf(out, CHECK_NUMBER, "0.0");
  while (out[length - 1] == '0')
    length--;
  if (out[length - 1] == '.')
    length--;
  out[length] = '\0';
  return strcmp(out, "-0") == 0 ? out + 1 : out;
}

const char *check_stamp_text(char out[CHECK_NUMBER], struct ow_timestamp stamp)
{
  struct tm parts = {0};
  char seconds[CHECK_NUMBER / 2] = "";
  /* Whole seconds tell the era as well, and cost no rounding. */
  struct timespec moment = ow_timestamp_to_unix(stamp, (struct timespec){time(NULL), 0});
  gmtime_r(&moment.tv_sec, &parts);
  strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(out, CHECK_NUMBER, "%s.%09ldZ", seconds, moment.tv_nsec);
  return out;
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
