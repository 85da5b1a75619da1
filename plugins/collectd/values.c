/* SPDX-License-Identifier: MIT */
/* A table of names to select from; for each direction, and for both, what is dispatched. */
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "text/percentile.h"

cdtime_t owamp_cdtime(struct ow_timestamp stamp)
{
  struct timespec moment = ow_timestamp_to_unix(stamp, (struct timespec){.tv_sec = time(NULL)});
  uint64_t fraction = NS_TO_CDTIME_T((uint64_t)moment.tv_nsec);
  return TIME_T_TO_CDTIME_T(moment.tv_sec) + fraction;
}

const char *owamp_metric_type(enum ow_unit unit)
{
  const char *type = "count";
  if (unit == OW_UNIT_SECONDS)
    type = "delay"; /* which may be negative, as the clocks may be off */
  else if (unit == OW_UNIT_PERCENT)
    type = "percent";
  return type;
}

/* ---- what is dispatched ---- */

/* Each has the bit of its place. */
static const char *const names[] = {
    "min",
    "mean",
    "median",
    "p95",
    "p99",
    "max",
    "jitter",
    "ipdv",
    "pdv",
    "loss",
    "sent",
    "received",
    "lost",
    "skipped",
    "longest_loss_run",
    "duplicates",
    "reordered",
    "discarded",
    "hops_min",
    "hops_max",
    "up",
    "clock",
    "clock-synchronized",
    "asymmetry",
    "rtt",
    "rtt_min",
    "rtt_mean",
    "rtt_p95",
    "rtt_p99",
    "rtt_max",
    "rtt_loss",
    "dwell",
    "dwell_p95",
    "dwell_max",
};
enum { NAMES = sizeof names / sizeof *names };
_Static_assert(NAMES <= 64, "a bit for each");

/* 0 if there is none. */
static owamp_selection bit_of(const char *name, size_t length)
{
  owamp_selection bit = 0;
  for (size_t i = 0; i < NAMES && !bit; i++)
    if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
      bit = UINT64_C(1) << i;
  return bit;
}

enum ow_status owamp_selection_parse(const char *text, owamp_selection *selection, struct ow_failure *failure)
{
  char shown[32];
  owamp_selection sum = 0;
  const char *at = text;
  size_t length = strcspn(at, ",");
  owamp_selection bit = bit_of(at, length);
  while (bit && at[length] == ',') {
    sum |= bit;
    at += length + 1;
    length = strcspn(at, ",");
    bit = bit_of(at, length);
  }
  if (!bit)
    return ow_fail(failure, OW_INVALID, "'%s' is not the name of a value: see VALUES in collectd-owamp(5)",
                   ow_printable(shown, sizeof shown, at, length));
  *selection = sum | bit;
  return OW_OK;
}

/* ---- one value ---- */

struct output {
  value_list_t list; /* everything but type, instance and value is the same for all values of an interval */
  owamp_selection selection;
};

static void begin_values(struct output *output, const struct ow_stream_view *view,
                         const struct ow_interval *interval, owamp_selection selection)
{
  *output = (struct output){.list.values_len = 1, .selection = selection};
  output->list.time = owamp_cdtime(interval->end);
  output->list.interval = NS_TO_CDTIME_T((uint64_t)view->interval);
  snprintf(output->list.plugin, sizeof output->list.plugin, "owamp");
  snprintf(output->list.plugin_instance, sizeof output->list.plugin_instance, "%s", view->name);
}

static void dispatch(struct output *output, const char *type, const char *direction, const char *name,
                     double number)
{
  value_list_t *list = &output->list;
  value_t value = {.gauge = number};
  snprintf(list->type, sizeof list->type, "%s", type);
  snprintf(list->type_instance, sizeof list->type_instance, "%s%s%s", direction ? direction : "",
           direction ? "-" : "", name);
  list->values = &value;
  (void)plugin_dispatch_values(list); /* its failures are collectd's to tell */
  list->values = NULL;
}

/* `direction` is NULL for a value of both. */
static void emit_value(struct output *output, const char *type, const char *direction, const char *name,
                       double number)
{
  if (!output->selection || (output->selection & bit_of(name, strlen(name))))
    dispatch(output, type, direction, name, number);
}

/* ---- a direction ---- */

static const struct {
  enum ow_metric metric;
  const char *instance;
} metrics[] = {
    {OW_METRIC_DELAY_MIN, "min"}, {OW_METRIC_DELAY_MEAN, "mean"}, {OW_METRIC_DELAY_MEDIAN, "median"},
    {OW_METRIC_DELAY_P95, "p95"}, {OW_METRIC_DELAY_P99, "p99"},   {OW_METRIC_DELAY_MAX, "max"},
    {OW_METRIC_JITTER, "jitter"}, {OW_METRIC_IPDV, "ipdv"},       {OW_METRIC_PDV, "pdv"},
    {OW_METRIC_LOSS, "loss"},
};

static void send_metrics(struct output *output, const char *direction, const struct ow_result *result)
{
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    double value = 0;
    bool known = ow_metric_value(result, metrics[i].metric, &value);
    emit_value(output, owamp_metric_type(ow_metric_unit(metrics[i].metric)), direction, metrics[i].instance,
               known ? value : NAN);
  }
}

/* A value of its own, which p95 and p99 are, too. */
static bool is_sent(const struct output *output, const char *name)
{
  owamp_selection bit = bit_of(name, strlen(name));
  return bit && (!output->selection || (output->selection & bit));
}

static void send_percentiles(struct output *output, const struct ow_percentiles *wanted,
                             const char *direction, const struct ow_result *result)
{
  double median = 0;
  bool any = ow_metric_value(result, OW_METRIC_DELAY_MEDIAN, &median);
  for (uint32_t i = 0; i < wanted->count; i++) {
    char number[OW_PERCENTILE_TEXT];
    char name[OW_PERCENTILE_TEXT + 1];
    int64_t delay = 0;
    bool known = any && ow_result_percentile(result, wanted->list[i], &delay);
    snprintf(name, sizeof name, "p%s", ow_percentile_print(number, wanted->list[i]));
    if (!is_sent(output, name))
      dispatch(output, "delay", direction, name, known ? (double)delay / (double)OW_NS_PER_S : NAN);
  }
}

static void send_count(struct output *output, const char *direction, const char *what, bool known,
                       uint32_t count)
{
  emit_value(output, "count", direction, what, known ? (double)count : NAN);
}

static void send_counts(struct output *output, const char *direction, const struct ow_result *result)
{
  bool known = result->completeness != OW_RESULT_ABSENT;
  bool arrived = known && result->received > 0;
  bool lost_known = known && !result->loss_unknown;
  send_count(output, direction, "sent", lost_known, result->sent);
  send_count(output, direction, "received", lost_known, result->received);
  send_count(output, direction, "lost", lost_known, result->lost);
  send_count(output, direction, "skipped", known, result->skipped);
  send_count(output, direction, "longest_loss_run", lost_known && !result->run_unknown,
             result->longest_loss_run);
  send_count(output, direction, "duplicates", known, result->duplicates);
  send_count(output, direction, "reordered", known, result->reordered);
  send_count(output, direction, "discarded", known, result->discarded);
  send_count(output, direction, "hops_min", arrived, result->hops_min);
  send_count(output, direction, "hops_max", arrived, result->hops_max);
  emit_value(output, "bool", direction, "up", arrived ? 1 : 0);
}

/* ---- both ---- */

static bool has_clock(const struct ow_result *result)
{
  return result && result->completeness != OW_RESULT_ABSENT && result->received > 0;
}

/* The clocks' error bound is the larger direction's; synchronised are they if all packets said so. */
static void send_clock(struct output *output, const struct ow_result *const results[OW_RESULTS])
{
  double error = NAN;
  double synchronized = NAN;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    if (has_clock(results[i])) {
      const struct ow_clock_trust *clock = &results[i]->clock;
      bool good = clock->sender_synchronized && clock->receiver_synchronized;
      error = clock->error_ns == OW_ERROR_UNKNOWN
                  ? INFINITY
                  : fmax(error, (double)clock->error_ns / (double)OW_NS_PER_S);
      synchronized = fmin(synchronized, good ? 1 : 0);
    }
  }
  emit_value(output, "time_dispersion", NULL, "clock", isinf(error) ? NAN : error);
  emit_value(output, "bool", NULL, "clock-synchronized", synchronized);
}

/* Of reflectors also what they alone tell. */
static void send_of_both(struct output *output, const struct ow_result *const results[OW_RESULTS],
                         bool reflected)
{
  for (int m = OW_METRIC_ASYMMETRY; m < OW_METRICS; m++) {
    enum ow_metric metric = (enum ow_metric)m;
    double value = 0;
    if (ow_metric_of_round_trip(metric) && !reflected)
      continue;
    bool known = ow_metric_find(results, metric, OW_FORWARD, &value);
    emit_value(output, owamp_metric_type(ow_metric_unit(metric)), NULL, ow_metric_name(metric),
               known ? value : NAN);
  }
}

void owamp_values_dispatch(const struct ow_stream_view *view, const struct ow_interval *interval,
                           const struct owamp_wanted *wanted)
{
  struct output output;
  const struct ow_result *results[OW_RESULTS] = {NULL, NULL};
  begin_values(&output, view, interval, wanted->selection);
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    if (view->directions[i]) {
      const char *direction = ow_direction_name((enum ow_direction)i);
      results[i] = &interval->results[i];
      send_metrics(&output, direction, results[i]);
      send_percentiles(&output, &wanted->percentiles, direction, results[i]);
      send_counts(&output, direction, results[i]);
    }
  }
  send_clock(&output, results);
  bool reflected = ow_protocol_reflects(view->protocol);
  if (reflected && interval->results[OW_ROUND_TRIP].completeness != OW_RESULT_ABSENT)
    results[OW_ROUND_TRIP] = &interval->results[OW_ROUND_TRIP];
  if (reflected || (results[OW_FORWARD] && results[OW_REVERSE]))
    send_of_both(&output, results, reflected);
}
