/* SPDX-License-Identifier: MIT */
/* Labels are chosen by the options alone, as many as fit; then each is printed with its value, or U. */
#include "perfdata.h"

#include <math.h>
#include <string.h>

#include "text.h"
#include "text/decimal.h"
#include "text/percentile.h"
#include "verdict.h"

/* Beside the metrics there are one label more, and one for each percentile that was asked for. */
enum { CLOCK_ERROR = OW_METRICS, PERCENTILES, LABELS = PERCENTILES + OW_PERCENTILES_MOST };

enum { HEAD = 32, TAIL = 2 * OW_RANGE_TEXT + 16, DIGITS = 6, PLACES = 9 };

/* What shows without a threshold, too. */
static bool usual(int label)
{
  static const bool shown[LABELS] = {
      [OW_METRIC_DELAY_MIN] = true, [OW_METRIC_DELAY_MEDIAN] = true, [OW_METRIC_DELAY_P95] = true,
      [OW_METRIC_DELAY_MAX] = true, [OW_METRIC_JITTER] = true,       [OW_METRIC_IPDV] = true,
      [OW_METRIC_LOSS] = true,      [OW_METRIC_DUPLICATES] = true,   [OW_METRIC_REORDERED] = true,
      [OW_METRIC_SKIPPED] = true,   [OW_METRIC_ASYMMETRY] = true,    [OW_METRIC_RTT] = true,
      [OW_METRIC_RTT_MIN] = true,   [OW_METRIC_RTT_P95] = true,      [OW_METRIC_RTT_MAX] = true,
      [OW_METRIC_RTT_LOSS] = true,  [OW_METRIC_DWELL] = true,        [CLOCK_ERROR] = true,
  };
  return shown[label];
}

/* Where there isn't room for all, the last ones stay away. */
static const int by_weight[] = {
    OW_METRIC_LOSS,     OW_METRIC_DELAY_P95,  OW_METRIC_DELAY_MEDIAN,
    OW_METRIC_JITTER,   OW_METRIC_DELAY_MAX,  OW_METRIC_DELAY_MIN,
    CLOCK_ERROR,        OW_METRIC_RTT,        OW_METRIC_ASYMMETRY,
    OW_METRIC_IPDV,     OW_METRIC_DUPLICATES, OW_METRIC_REORDERED,
    OW_METRIC_SKIPPED,  OW_METRIC_DELAY_P99,  OW_METRIC_PDV,
    OW_METRIC_HOPS,     OW_METRIC_DELAY_MEAN, OW_METRIC_LOST,
    OW_METRIC_RECEIVED, PERCENTILES,          PERCENTILES + 1,
    PERCENTILES + 2,    PERCENTILES + 3,      PERCENTILES + 4,
    PERCENTILES + 5,    PERCENTILES + 6,      PERCENTILES + 7,
};

/* Of reflected sessions these come first: they are free of the clocks. */
static const int by_weight_reflected[] = {
    OW_METRIC_RTT_LOSS, OW_METRIC_RTT_P95, OW_METRIC_RTT_MIN,   OW_METRIC_RTT_MAX,   OW_METRIC_DWELL,
    OW_METRIC_RTT_MEAN, OW_METRIC_RTT_P99, OW_METRIC_DWELL_P95, OW_METRIC_DWELL_MAX,
};
enum { REFLECTED = sizeof by_weight_reflected / sizeof *by_weight_reflected };
_Static_assert(REFLECTED + sizeof by_weight / sizeof *by_weight == LABELS, "each label has its weight");

/* The label of a weight, 0 the most. */
static int label_at(int weight)
{
  return weight < REFLECTED ? by_weight_reflected[weight] : by_weight[weight - REFLECTED];
}

const struct ow_threshold *check_threshold_find(const struct ow_thresholds *thresholds, enum ow_metric metric,
                                                enum ow_direction direction)
{
  const struct ow_threshold *found = NULL;
  for (size_t i = 0; i < thresholds->count && !found; i++)
    if (thresholds->list[i].metric == metric && thresholds->list[i].applies[direction])
      found = &thresholds->list[i];
  return found;
}

/* ---- a label's parts ---- */

static bool is_metric(int label)
{
  return label < OW_METRICS;
}

static bool of_both(int label)
{
  return label == CLOCK_ERROR || (is_metric(label) && ow_metric_of_both((enum ow_metric)label));
}

static enum ow_unit unit_of(int label)
{
  return is_metric(label) ? ow_metric_unit((enum ow_metric)label) : OW_UNIT_SECONDS;
}

static uint32_t percentile_of(const struct check_options *options, int label)
{
  return options->settings.peer.percentiles.list[label - PERCENTILES];
}

static bool is_listed(const struct ow_percentiles *list, uint32_t percentile)
{
  bool found = false;
  for (uint32_t i = 0; i < list->count && !found; i++)
    found = list->list[i] == percentile;
  return found;
}

static const char *unit_of_measure(int label)
{
  static const char *const units[] = {[OW_UNIT_SECONDS] = "s", [OW_UNIT_PERCENT] = "%", [OW_UNIT_COUNT] = ""};
  return units[unit_of(label)];
}

/* Octets that no value exceeds: -0.000012345, 0.000000023, 4294967295. */
static size_t widest(int label)
{
  static const size_t widths[] = {[OW_UNIT_SECONDS] = 12, [OW_UNIT_PERCENT] = 11, [OW_UNIT_COUNT] = 10};
  return widths[unit_of(label)];
}

/* "delay_p99_9": a point means something to those who store it. */
static const char *percentile_name(char out[HEAD], uint32_t percentile)
{
  char number[OW_PERCENTILE_TEXT];
  snprintf(out, HEAD, "delay_p%s", ow_percentile_print(number, percentile));
  char *point = strchr(out, '.');
  if (point)
    *point = '_';
  return out;
}

/* "fwd_delay_p95=" */
static const char *head(char out[HEAD], const struct check_options *options, int label,
                        enum ow_direction direction)
{
  const char *prefix = direction == OW_FORWARD ? "fwd_" : "rev_";
  char own[HEAD];
  const char *name = "clock_error";
  if (is_metric(label))
    name = ow_metric_name((enum ow_metric)label);
  else if (label != CLOCK_ERROR)
    name = percentile_name(own, percentile_of(options, label));
  snprintf(out, HEAD, "%s%.24s=", of_both(label) ? "" : prefix, name);
  return out;
}

static const struct ow_threshold *threshold_of(const struct ow_thresholds *thresholds, int label,
                                               enum ow_direction direction)
{
  return is_metric(label) ? check_threshold_find(thresholds, (enum ow_metric)label, direction) : NULL;
}

static bool has_threshold(const struct check_options *options, int label, enum ow_direction direction)
{
  return threshold_of(&options->settings.warning, label, direction) ||
         threshold_of(&options->settings.critical, label, direction);
}

const char *check_limit_text(char out[OW_RANGE_TEXT], struct ow_range range)
{
  bool plain = !range.inside && !isinf(range.high) && (isinf(range.low) || range.low == 0);
  return plain ? ow_decimal_print(out, OW_RANGE_TEXT, range.high, PLACES, true)
               : ow_range_print(out, OW_RANGE_TEXT, range);
}

/* ";warning;critical;min;max", as far as there are any. */
static const char *tail(char out[TAIL], const struct check_options *options, int label,
                        enum ow_direction direction)
{
  char warning[OW_RANGE_TEXT] = "";
  char critical[OW_RANGE_TEXT] = "";
  const struct ow_threshold *warn = threshold_of(&options->settings.warning, label, direction);
  const struct ow_threshold *alarm = threshold_of(&options->settings.critical, label, direction);
  bool is_signed = is_metric(label) ? ow_metric_signed((enum ow_metric)label) : label != CLOCK_ERROR;
  if (warn)
    check_limit_text(warning, warn->range);
  if (alarm)
    check_limit_text(critical, alarm->range);
  snprintf(out, TAIL, ";%s;%s;%s;%s", warning, critical, is_signed ? "" : "0",
           unit_of(label) == OW_UNIT_PERCENT ? "100" : "");
  for (size_t end = strlen(out); end > 0 && out[end - 1] == ';'; end--)
    out[end - 1] = '\0';
  return out;
}

const char *check_value_text(char out[CHECK_NUMBER], double value)
{
  static const double most = 1e5; /* of DIGITS digits the least */
  unsigned places = 0;
  for (double scaled = fabs(value); places < PLACES && scaled < most; scaled *= 10)
    places++;
  return ow_decimal_print(out, CHECK_NUMBER, value, places, true);
}

/* ---- which labels ---- */

/* As a percentile that was asked for. */
static bool is_wanted(const struct check_options *options, int label)
{
  const struct ow_percentiles *list = &options->settings.peer.percentiles;
  bool wanted = false;
  if (label == OW_METRIC_DELAY_P99)
    wanted = is_listed(list, 99 * OW_PERCENT);
  else if (label >= PERCENTILES)
    wanted =
        label - PERCENTILES < (int)list->count && !check_percentile_is_metric(percentile_of(options, label));
  return wanted;
}

static bool asked_for(const struct check_options *options, int label, enum ow_direction direction)
{
  const bool *directions = options->settings.peer.directions;
  bool reflected = ow_protocol_reflects(options->settings.peer.protocol);
  bool asked = directions[direction];
  if (of_both(label))
    asked = direction == OW_FORWARD &&
            (label == CLOCK_ERROR || (directions[OW_FORWARD] && directions[OW_REVERSE]) || reflected);
  if (is_metric(label) && ow_metric_of_round_trip((enum ow_metric)label))
    asked = asked && reflected;
  return asked && (usual(label) || is_wanted(options, label) || has_threshold(options, label, direction));
}

/* The octets of a label in all of its directions, whatever its values will be. */
static size_t room_for(const struct check_options *options, int label)
{
  char before[HEAD];
  char after[TAIL];
  size_t room = 0;
  for (enum ow_direction d = OW_FORWARD; d < OW_DIRECTIONS; d++)
    if (asked_for(options, label, d))
      room += strlen(head(before, options, label, d)) + widest(label) + strlen(unit_of_measure(label)) +
              strlen(tail(after, options, label, d)) + 1;
  return room;
}

/* 0: with a threshold, 1: asked for, 2: all others. */
enum { TURNS = 3 };
static int turn_of(const struct check_options *options, int label)
{
  int turn = is_wanted(options, label) ? 1 : 2;
  if (has_threshold(options, label, OW_FORWARD) || has_threshold(options, label, OW_REVERSE))
    turn = 0;
  return turn;
}

/* A label shows in all of its directions, or in none. */
static void choose(const struct check_options *options, bool shown[LABELS])
{
  size_t left = CHECK_PERFDATA_MOST;
  for (int turn = 0; turn < TURNS; turn++) {
    for (int i = 0; i < LABELS; i++) {
      int label = label_at(i);
      if (turn_of(options, label) == turn) {
        size_t room = room_for(options, label);
        shown[label] = room <= left || options->verbosity > 0;
        left -= room <= left ? room : left; /* where one didn't fit, none behind it does */
      }
    }
  }
}

/* ---- their values ---- */

/* The larger one of both directions; they differ by what the stamping of packets costs. */
static bool find_clock_error(const struct ow_result *const results[OW_RESULTS], double *value)
{
  int64_t error = -1;
  bool known = true;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = results[d];
    if (!result || result->completeness == OW_RESULT_ABSENT || result->received == 0)
      continue;
    /* Who isn't synchronised and claims to be right all the same has no error to tell. */
    known = known && ((result->clock.sender_synchronized && result->clock.receiver_synchronized) ||
                      result->clock.error_ns >= CHECK_LEAST_ERROR);
    error = result->clock.error_ns > error ? result->clock.error_ns : error;
  }
  *value = check_seconds(error);
  return known && error >= 0 && error < OW_ERROR_UNKNOWN;
}

static bool find_value(const struct check_options *options, const struct ow_result *const results[OW_RESULTS],
                       int label, enum ow_direction direction, double *value)
{
  bool found;
  if (is_metric(label))
    found = ow_metric_find(results, (enum ow_metric)label, direction, value);
  else if (label == CLOCK_ERROR)
    found = find_clock_error(results, value);
  else
    found =
        results[direction] && check_percentile_find(results[direction], percentile_of(options, label), value);
  return found;
}

/* `*before` is what separates it from what stands before. */
static void print_label(FILE *out, const struct check_options *options,
                        const struct ow_result *const results[OW_RESULTS], int label,
                        enum ow_direction direction, char *before)
{
  char name[HEAD];
  char limits[TAIL];
  char number[CHECK_NUMBER] = "U";
  double value = 0;
  bool known = find_value(options, results, label, direction, &value);
  if (known)
    check_value_text(number, value);
  if (known || !options->sparse) {
    fprintf(out, "%c%s%s%s%s", *before, head(name, options, label, direction), number,
            known ? unit_of_measure(label) : "", tail(limits, options, label, direction));
    *before = ' ';
  }
}

void check_perfdata_print(FILE *out, const struct check_options *options,
                          const struct ow_probe_report *report)
{
  const struct ow_result *results[OW_RESULTS];
  bool shown[LABELS] = {false};
  char before = '|';
  check_results(options, report, results);
  choose(options, shown);
  for (enum ow_direction d = OW_FORWARD; d < OW_DIRECTIONS; d++)
    for (int label = 0; label < LABELS; label++)
      if (shown[label] && !of_both(label) && asked_for(options, label, d))
        print_label(out, options, results, label, d, &before);
  for (int label = 0; label < LABELS; label++)
    if (shown[label] && of_both(label) && asked_for(options, label, OW_FORWARD))
      print_label(out, options, results, label, OW_FORWARD, &before);
}
