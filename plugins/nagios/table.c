/* SPDX-License-Identifier: MIT */
/* A row for each number, a column for each direction. */
#include "table.h"

#include <stdarg.h>
#include <string.h>

#include "text.h"
#include "text/percentile.h"

enum { LABEL = 17, CELL = 24, LINE = 512 };
static const char unknown_loss[] = "unknown";

void check_table_line(FILE *out, const char *label, const char *format, ...)
{
  char words[LINE];
  char text[LINE];
  struct check_text line = {text, sizeof text, 0};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  check_text_add(&line, "%-*s%s", LABEL, label, words);
  fprintf(out, "%s\n", text);
}

const char *check_synchronized_words(bool synchronized)
{
  return synchronized ? "synchronised" : "not synchronised";
}

/* ---- the peer ---- */

static void print_stream(FILE *out, const struct check_stream *stream)
{
  char number[CHECK_NUMBER];
  check_table_line(out, "stream", "%s", stream->name);
  check_table_line(out, "state", "%s", ow_stream_state_name(stream->state));
  check_table_line(out, "intervals", "%u of %u, each of %s", stream->intervals, stream->asked,
                   ow_seconds_print(number, check_seconds(stream->interval)));
  if (stream->failed > 0)
    check_table_line(out, "not whole", "%u of them", stream->failed);
  if (stream->intervals > 0)
    check_table_line(out, "newest ended", "%s ago", ow_seconds_print(number, check_seconds(stream->age)));
}

void check_table_peer(FILE *out, const struct ow_probe_report *report, const struct check_stream *stream)
{
  char number[CHECK_NUMBER];
  if (report->server[0])
    check_table_line(out, "server", "%s", report->server);
  if (report->mode != OW_MODE_NONE)
    check_table_line(out, "mode", "%s", ow_mode_name(report->mode));
  if (report->setup_ns > 0)
    check_table_line(out, "set up in", "%s", ow_seconds_print(number, check_seconds(report->setup_ns)));
  if (report->status != OW_OK && report->status != OW_INVALID && report->step != OW_STEP_DONE)
    check_table_line(out, "stopped at step", "%s", ow_probe_step_name(report->step));
  if (stream->known)
    print_stream(out, stream);
}

/* ---- the directions ---- */

typedef void print_cell(char out[CELL], const struct ow_result *result, enum ow_metric metric);

static void print_value(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  char number[CHECK_NUMBER] = "unknown";
  double value = 0;
  if (ow_metric_value(result, metric, &value))
    ow_value_print(number, metric, value);
  snprintf(out, CELL, "%.*s", CELL - 1, number);
}

static void print_sent(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  if (result->loss_unknown)
    snprintf(out, CELL, "%s", unknown_loss);
  else
    snprintf(out, CELL, "%u", result->sent);
}

static void print_lost(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  char share[CELL / 2];
  if (result->loss_unknown) {
    snprintf(out, CELL, "%s", unknown_loss);
    return;
  }
  print_value(out, result, metric);
  snprintf(share, sizeof share, "%.*s", CELL / 2 - 1, out);
  snprintf(out, CELL, "%u (%s)", result->lost, share);
}

static void print_loss_run(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  if (result->loss_unknown || result->run_unknown)
    snprintf(out, CELL, "%s", unknown_loss);
  else
    snprintf(out, CELL, "%u", result->longest_loss_run);
}

static void print_discarded(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  snprintf(out, CELL, "%u", result->discarded);
}

/* Of several intervals they come from what is kept of these. */
static void print_source(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  static const char *const words[] = {[OW_QUANTILES_EXACT] = "exact",
                                      [OW_QUANTILES_HISTOGRAM] = "to 1 % of the spread",
                                      [OW_QUANTILES_SUMMARY] = "approximate"};
  (void)metric;
  snprintf(out, CELL, "%s", result->received > 0 ? words[result->quantiles] : "unknown");
}

static void print_hops(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  if (result->received == 0)
    snprintf(out, CELL, "unknown");
  else if (result->hops_min == result->hops_max)
    snprintf(out, CELL, "%u", result->hops_min);
  else
    snprintf(out, CELL, "%u to %u", result->hops_min, result->hops_max);
}

static void print_clock_error(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  const struct ow_clock_trust *clock = &result->clock;
  char number[CHECK_NUMBER];
  bool synchronized = clock->sender_synchronized && clock->receiver_synchronized;
  (void)metric;
  if (result->received == 0 || clock->error_ns == OW_ERROR_UNKNOWN ||
      (!synchronized && clock->error_ns < CHECK_LEAST_ERROR))
    snprintf(out, CELL, "unknown");
  else
    snprintf(out, CELL, "+-%.*s", CELL / 2, ow_seconds_print(number, check_seconds(clock->error_ns)));
}

static void print_sender_clock(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  snprintf(out, CELL, "%s",
           result->received > 0 ? check_synchronized_words(result->clock.sender_synchronized) : "unknown");
}

static void print_receiver_clock(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  (void)metric;
  snprintf(out, CELL, "%s",
           result->received > 0 ? check_synchronized_words(result->clock.receiver_synchronized) : "unknown");
}

static void print_stamper(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  const char *words = "the peer";
  (void)metric;
  switch (result->clock.receive_stamp) {
  case OW_STAMP_UNKNOWN: break;
  case OW_STAMP_KERNEL: words = "this host's kernel"; break;
  case OW_STAMP_USER: words = "this process, late"; break;
  }
  snprintf(out, CELL, "%s", result->received > 0 ? words : "unknown");
}

static void print_departed(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  const char *words = "in packets, corrected";
  (void)metric;
  switch (result->clock.departed) {
  case OW_DEPARTED_CORRECTED: break;
  case OW_DEPARTED_KERNEL: words = "the kernel's"; break;
  case OW_DEPARTED_HARDWARE: words = "the network card's"; break;
  }
  snprintf(out, CELL, "%s", result->received > 0 ? words : "unknown");
}

static void print_dwell(char out[CELL], const struct ow_result *result, enum ow_metric metric)
{
  char number[CHECK_NUMBER] = "unknown";
  int64_t value = result->dwell.median;
  if (metric == OW_METRIC_DWELL_P95)
    value = result->dwell.p95;
  else if (metric == OW_METRIC_DWELL_MAX)
    value = result->dwell.max;
  if (result->has_dwell && !result->clock.stepped)
    ow_value_print(number, metric, check_seconds(value));
  snprintf(out, CELL, "%.*s", CELL - 1, number);
}

/* Where a row means something. */
enum { ONE_WAY = 1, ROUND_TRIP = 2, EVERYWHERE = 3 };

static const struct row {
  const char *label;
  print_cell *print;
  enum ow_metric metric;
  int where;
} rows[] = {
    {"packets sent", print_sent, 0, EVERYWHERE},
    {"received", print_value, OW_METRIC_RECEIVED, EVERYWHERE},
    {"lost", print_lost, OW_METRIC_LOSS, EVERYWHERE},
    {"longest loss run", print_loss_run, 0, EVERYWHERE},
    {"never sent", print_value, OW_METRIC_SKIPPED, EVERYWHERE},
    {"duplicates", print_value, OW_METRIC_DUPLICATES, EVERYWHERE},
    {"reordered", print_value, OW_METRIC_REORDERED, EVERYWHERE},
    {"discarded", print_discarded, 0, EVERYWHERE},
    {"delay min", print_value, OW_METRIC_DELAY_MIN, EVERYWHERE},
    {"delay mean", print_value, OW_METRIC_DELAY_MEAN, EVERYWHERE},
    {"delay median", print_value, OW_METRIC_DELAY_MEDIAN, EVERYWHERE},
    {"delay p95", print_value, OW_METRIC_DELAY_P95, EVERYWHERE},
    {"delay p99", print_value, OW_METRIC_DELAY_P99, EVERYWHERE},
    {"delay max", print_value, OW_METRIC_DELAY_MAX, EVERYWHERE},
    {"jitter", print_value, OW_METRIC_JITTER, EVERYWHERE},
    {"ipdv", print_value, OW_METRIC_IPDV, EVERYWHERE},
    {"pdv", print_value, OW_METRIC_PDV, EVERYWHERE},
    {"dwell median", print_dwell, OW_METRIC_DWELL, ROUND_TRIP},
    {"dwell p95", print_dwell, OW_METRIC_DWELL_P95, ROUND_TRIP},
    {"dwell max", print_dwell, OW_METRIC_DWELL_MAX, ROUND_TRIP},
    {"hops", print_hops, 0, ONE_WAY},
    {"clocks' error", print_clock_error, 0, ONE_WAY},
    {"sender's clock", print_sender_clock, 0, ONE_WAY},
    {"receiver's clock", print_receiver_clock, 0, ONE_WAY},
    {"stamps on sending", print_departed, 0, ONE_WAY},
    {"stamps on receipt", print_stamper, 0, ONE_WAY},
};

static const struct row source_row = {"percentiles", print_source, 0, EVERYWHERE};

static void print_label(FILE *out, const char *label)
{
  fprintf(out, "%-*s", LABEL, label);
}

static bool means_something(const struct row *row, int direction)
{
  return row->where & (direction == OW_ROUND_TRIP ? ROUND_TRIP : ONE_WAY);
}

static void print_row(FILE *out, const struct row *row, const struct ow_result *const results[OW_RESULTS])
{
  if (row->where == ROUND_TRIP && !results[OW_ROUND_TRIP])
    return;
  print_label(out, row->label);
  for (int d = 0; d < OW_RESULTS; d++) {
    char cell[CELL] = "-";
    if (results[d] && results[d]->completeness != OW_RESULT_ABSENT && means_something(row, d))
      row->print(cell, results[d], row->metric);
    if (results[d])
      fprintf(out, "%*s", CELL, cell);
  }
  fputc('\n', out);
}

/* One that was asked for, and has no row of its own. */
static void print_percentile(FILE *out, uint32_t percentile,
                             const struct ow_result *const results[OW_RESULTS])
{
  char name[OW_PERCENTILE_TEXT];
  char label[LABEL + OW_PERCENTILE_TEXT];
  snprintf(label, sizeof label, "delay p%s", ow_percentile_print(name, percentile));
  print_label(out, label);
  for (int d = 0; d < OW_RESULTS; d++) {
    char number[CHECK_NUMBER] = "unknown";
    double value = 0;
    if (results[d] && check_percentile_find(results[d], percentile, &value))
      ow_value_print(number, OW_METRIC_DELAY_P95, value);
    if (results[d])
      fprintf(out, "%*.*s", CELL, CELL - 1, results[d]->completeness == OW_RESULT_ABSENT ? "-" : number);
  }
  fputc('\n', out);
}

static void print_percentiles(FILE *out, const struct check_options *options,
                              const struct ow_result *const results[OW_RESULTS])
{
  const struct ow_percentiles *asked = &options->settings.peer.percentiles;
  bool exact = true;
  for (uint32_t i = 0; i < asked->count; i++)
    if (asked->list[i] != 50 * OW_PERCENT && !check_percentile_is_metric(asked->list[i]))
      print_percentile(out, asked->list[i], results);
  for (int d = 0; d < OW_RESULTS; d++)
    exact = exact && (!results[d] || results[d]->quantiles == OW_QUANTILES_EXACT);
  if (!exact)
    print_row(out, &source_row, results);
}

void check_table_results(FILE *out, const struct check_options *options, const struct ow_probe_report *report)
{
  const struct ow_result *results[OW_RESULTS];
  bool any = false;
  check_results(options, report, results);
  for (int d = 0; d < OW_RESULTS; d++)
    any = any || (results[d] && results[d]->completeness != OW_RESULT_ABSENT);
  if (!any)
    return;
  fprintf(out, "%-*s", LABEL, "");
  for (int d = 0; d < OW_RESULTS; d++)
    if (results[d])
      fprintf(out, "%*s", CELL, ow_direction_name((enum ow_direction)d));
  fputc('\n', out);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    print_row(out, &rows[i], results);
    if (rows[i].metric == OW_METRIC_DELAY_MAX)
      print_percentiles(out, options, results);
  }
}
