/* SPDX-License-Identifier: MIT */
/* Numbers for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sla/threshold.h"
#include "text/decimal.h"

static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
enum { MOST_PLACES = sizeof tens / sizeof *tens - 1 };

/* How many places make three significant digits, at most. */
static unsigned places_for(double magnitude, unsigned most)
{
  unsigned places = 0;
  while (places < most && magnitude * tens[places] < 99.95)
    places++;
  return places;
}

static unsigned with_more(unsigned places, unsigned more)
{
  return places + more < MOST_PLACES ? places + more : MOST_PLACES;
}

/* `more`: places beyond the usual ones; zeros at their end are left out. */
static void print_seconds(char out[OW_VALUE_TEXT], double seconds, unsigned more)
{
  double magnitude = fabs(seconds);
  const char *unit = " s";
  double value = seconds;
  /* What would be rounded to 1000 belongs to the next unit. */
  if (magnitude < 999.5e-6) {
    unit = " us";
    value = seconds * 1e6;
  } else if (magnitude < 999.5e-3) {
    unit = " ms";
    value = seconds * 1e3;
  }
  char number[OW_VALUE_TEXT - 4];
  ow_decimal_print(number, sizeof number, value, with_more(places_for(fabs(value), 2), more), more > 0);
  snprintf(out, OW_VALUE_TEXT, "%s%s", number, unit);
}

static void print_value(char out[OW_VALUE_TEXT], enum ow_metric metric, double value, unsigned more)
{
  char number[OW_VALUE_TEXT - 4];
  switch (ow_metric_unit(metric)) {
  case OW_UNIT_SECONDS: print_seconds(out, value, more); break;
  case OW_UNIT_PERCENT:
    ow_decimal_print(number, sizeof number, value, with_more(places_for(fabs(value), MOST_PLACES), more),
                     true);
    snprintf(out, OW_VALUE_TEXT, "%s %%", number);
    break;
  case OW_UNIT_COUNT: ow_decimal_print(out, OW_VALUE_TEXT, value, with_more(0, more), true); break;
  }
}

const char *ow_seconds_print(char out[OW_VALUE_TEXT], double seconds)
{
  print_seconds(out, seconds, 0);
  return out;
}

const char *ow_value_print(char out[OW_VALUE_TEXT], enum ow_metric metric, double value)
{
  print_value(out, metric, value, 0);
  return out;
}

/* How many places more it takes until two numbers that differ look different. */
static unsigned places_apart(enum ow_metric metric, double value, double other)
{
  char one[OW_VALUE_TEXT];
  char another[OW_VALUE_TEXT];
  unsigned more = 0;
  bool apart = value == other || isinf(other);
  for (; !apart && more <= MOST_PLACES; more += apart ? 0 : 1) {
    print_value(one, metric, value, more);
    print_value(another, metric, other, more);
    apart = strcmp(one, another) != 0;
  }
  return apart ? more : 0;
}

static void print_bound(char out[OW_VALUE_TEXT], enum ow_metric metric, double bound, unsigned more)
{
  if (isinf(bound))
    snprintf(out, OW_VALUE_TEXT, "any");
  else
    print_value(out, metric, bound, more);
}

void ow_finding_print(const struct ow_finding *finding, struct ow_finding_text *text)
{
  unsigned low = places_apart(finding->metric, finding->value, finding->range.low);
  unsigned high = places_apart(finding->metric, finding->value, finding->range.high);
  unsigned more = low > high ? low : high;
  print_value(text->value, finding->metric, finding->value, more);
  print_bound(text->low, finding->metric, finding->range.low, more);
  print_bound(text->high, finding->metric, finding->range.high, more);
}

void ow_seconds_print_apart(char one[OW_VALUE_TEXT], char other[OW_VALUE_TEXT], double seconds, double others)
{
  unsigned more = places_apart(OW_METRIC_DELAY_P95, seconds, others);
  print_seconds(one, seconds, more);
  print_seconds(other, others, more);
}

const char *ow_subject_print(char out[OW_SUBJECT_TEXT], enum ow_metric metric, enum ow_direction direction)
{
  bool both = ow_metric_of_both(metric);
  snprintf(out, OW_SUBJECT_TEXT, "%s%s%s", both ? "" : ow_direction_name(direction), both ? "" : " ",
           ow_metric_name(metric));
  return out;
}

/* A range of times has no unit yet: each of its bounds that is a number gets one. */
static void add_range(char *out, size_t size, const struct ow_threshold *threshold)
{
  const char *unit = ow_metric_unit(threshold->metric) == OW_UNIT_SECONDS ? "s" : "";
  char range[OW_RANGE_TEXT];
  ow_range_print(range, sizeof range, threshold->range);
  size_t low = strcspn(range, ":");
  const char *high = range + low + 1;
  snprintf(out, size, "%.*s%s:%s%s", (int)low, range, range[low - 1] == '~' ? "" : unit, high,
           *high ? unit : "");
}

void ow_thresholds_print(char *out, size_t size, const struct ow_thresholds *thresholds)
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < thresholds->count && used < size; i++) {
    const struct ow_threshold *threshold = &thresholds->list[i];
    const char *direction = "";
    char range[OW_RANGE_TEXT + 2];
    if (!threshold->applies[OW_REVERSE])
      direction = "@forward";
    else if (!threshold->applies[OW_FORWARD])
      direction = "@reverse";
    add_range(range, sizeof range, threshold);
    used += (size_t)snprintf(out + used, size - used, "%s%s%s=%s", i ? "," : "",
                             ow_metric_name(threshold->metric), direction, range);
  }
}
