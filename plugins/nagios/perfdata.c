/* SPDX-License-Identifier: MIT */
/* The usual metrics, those with a threshold, and the clocks' error; 'U' if unknown. */
#include "perfdata.h"

#include "text.h"
#include "verdict.h"

enum { RANGE_TEXT = 96 };

static bool usual(enum ow_metric metric)
{
  static const bool shown[OW_METRICS] = {
      [OW_METRIC_DELAY_MIN] = true, [OW_METRIC_DELAY_MEDIAN] = true, [OW_METRIC_DELAY_P95] = true,
      [OW_METRIC_DELAY_MAX] = true, [OW_METRIC_JITTER] = true,       [OW_METRIC_IPDV] = true,
      [OW_METRIC_LOSS] = true,      [OW_METRIC_DUPLICATES] = true,   [OW_METRIC_REORDERED] = true,
      [OW_METRIC_SKIPPED] = true,   [OW_METRIC_ASYMMETRY] = true,    [OW_METRIC_RTT] = true,
  };
  return shown[metric];
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

static const char *unit_of_measure(enum ow_metric metric)
{
  static const char *const units[] = {[OW_UNIT_SECONDS] = "s", [OW_UNIT_PERCENT] = "%", [OW_UNIT_COUNT] = ""};
  return units[ow_metric_unit(metric)];
}

/* ";min;max", as far as there are any. */
static const char *bounds(enum ow_metric metric)
{
  const char *text = ";0;";
  if (ow_metric_signed(metric))
    text = ";;";
  else if (ow_metric_unit(metric) == OW_UNIT_PERCENT)
    text = ";0;100";
  return text;
}

static void print_threshold(FILE *out, const struct ow_threshold *threshold)
{
  char range[RANGE_TEXT];
  fprintf(out, ";%s", threshold ? ow_range_print(range, sizeof range, threshold->range) : "");
}

static const char *prefix(enum ow_metric metric, enum ow_direction direction)
{
  const char *text = direction == OW_FORWARD ? "fwd_" : "rev_";
  return ow_metric_of_both(metric) ? "" : text;
}

static void print_metric(FILE *out, const struct check_options *options,
                         const struct ow_result *const results[OW_DIRECTIONS], enum ow_direction direction,
                         enum ow_metric metric)
{
  const struct ow_threshold *warning = check_threshold_find(&options->settings.warning, metric, direction);
  const struct ow_threshold *critical = check_threshold_find(&options->settings.critical, metric, direction);
  double value = 0;
  char number[CHECK_NUMBER];
  if (usual(metric) || warning || critical) {
    fprintf(out, "'%s%s'=", prefix(metric, direction), ow_metric_name(metric));
    if (ow_metric_find(results, metric, direction, &value))
      fprintf(out, "%s%s", check_decimal_text(number, value), unit_of_measure(metric));
    else
      fputc('U', out);
    print_threshold(out, warning);
    print_threshold(out, critical);
    fprintf(out, "%s ", bounds(metric));
  }
}

/* The larger one of both directions; they differ by what the stamping of packets costs. */
static void print_clock_error(FILE *out, const struct check_options *options,
                              const struct ow_probe_report *report)
{
  char number[CHECK_NUMBER];
  int64_t error = -1;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report->directions[d].result;
    if (options->settings.peer.directions[d] && result->completeness != OW_RESULT_ABSENT &&
        result->received > 0 && result->clock.error_ns > error)
      error = result->clock.error_ns;
  }
  if (error >= 0)
    fprintf(out, "'clock_error'=%ss;;;0;", check_decimal_text(number, check_seconds(error)));
  else
    fputs("'clock_error'=U;;;0;", out);
}

void check_perfdata_print(FILE *out, const struct check_options *options,
                          const struct ow_probe_report *report)
{
  const struct ow_result *results[OW_DIRECTIONS];
  check_results(options, report, results);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    for (int m = 0; m < OW_METRICS && results[d]; m++)
      if (!ow_metric_of_both((enum ow_metric)m))
        print_metric(out, options, results, (enum ow_direction)d, (enum ow_metric)m);
  for (int m = 0; m < OW_METRICS && results[OW_FORWARD] && results[OW_REVERSE]; m++)
    if (ow_metric_of_both((enum ow_metric)m))
      print_metric(out, options, results, OW_FORWARD, (enum ow_metric)m);
  print_clock_error(out, options, report);
}
