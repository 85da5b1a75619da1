#include "values.h"

#include <math.h>
#include <stdio.h>
#include <time.h>


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

/* ---- one value ---- */

/* Everything but type, instance and value is the same for all values of an interval. */
static void begin(value_list_t *list, const struct ow_stream_view *view, const struct ow_interval *interval)
{
  *list = (value_list_t){.values_len = 1};
  list->time = owamp_cdtime(interval->end);
  list->interval = NS_TO_CDTIME_T((uint64_t)view->interval);
  snprintf(list->plugin, sizeof list->plugin, "owamp");
  snprintf(list->plugin_instance, sizeof list->plugin_instance, "%s", view->name);
}

static void send_value(value_list_t *list, const char *type, double number)
{
  value_t value = {.gauge = number};
  snprintf(list->type, sizeof list->type, "%s", type);
  list->values = &value;
  (void)plugin_dispatch_values(list); /* its failures are collectd's to tell */
  list->values = NULL;
}

static void emit(value_list_t *list, const char *type, const char *direction, const char *what, double number)
{
  snprintf(list->type_instance, sizeof list->type_instance, "%s-%s", direction, what);
  send_value(list, type, number);
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

static void send_metrics(value_list_t *list, const char *direction, const struct ow_result *result)
{
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    double value = 0;
    bool known = ow_metric_value(result, metrics[i].metric, &value);
    emit(list, owamp_metric_type(ow_metric_unit(metrics[i].metric)), direction, metrics[i].instance,
         known ? value : NAN);
  }
}

static void send_count(value_list_t *list, const char *direction, const char *what, bool known, uint32_t count)
{
  emit(list, "count", direction, what, known ? (double)count : NAN);
}

static void send_counts(value_list_t *list, const char *direction, const struct ow_result *result)
{
  bool known = result->completeness != OW_RESULT_ABSENT;
  bool arrived = known && result->received > 0;
  send_count(list, direction, "sent", known, result->sent);
  send_count(list, direction, "received", known, result->received);
  send_count(list, direction, "lost", known, result->lost);
  send_count(list, direction, "skipped", known, result->skipped);
  send_count(list, direction, "longest_loss_run", known, result->longest_loss_run);
  send_count(list, direction, "duplicates", known, result->duplicates);
  send_count(list, direction, "reordered", known, result->reordered);
  send_count(list, direction, "discarded", known, result->discarded);
  send_count(list, direction, "hops_min", arrived, result->hops_min);
  send_count(list, direction, "hops_max", arrived, result->hops_max);
  emit(list, "bool", direction, "up", arrived ? 1 : 0);
}

/* ---- both ---- */

static bool has_clock(const struct ow_result *result)
{
  return result && result->completeness != OW_RESULT_ABSENT && result->received > 0;
}

/* The clocks' error bound is the larger direction's; synchronised are they if all packets said so. */
static void send_clock(value_list_t *list, const struct ow_result *const results[OW_DIRECTIONS])
{
  double error = NAN;
  double synchronized = NAN;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    if (has_clock(results[i])) {
      const struct ow_clock_trust *clock = &results[i]->clock;
      bool good = clock->sender_synchronized && clock->receiver_synchronized;
      error = fmax(error, (double)clock->error_ns / (double)OW_NS_PER_S);
      synchronized = fmin(synchronized, good ? 1 : 0);
    }
  }
  snprintf(list->type_instance, sizeof list->type_instance, "clock");
  send_value(list, "time_dispersion", error);
  snprintf(list->type_instance, sizeof list->type_instance, "clock-synchronized");
  send_value(list, "bool", synchronized);
}

static void send_of_both(value_list_t *list, const struct ow_result *const results[OW_DIRECTIONS])
{
  static const enum ow_metric of_both[] = {OW_METRIC_ASYMMETRY, OW_METRIC_RTT};
  for (size_t i = 0; i < sizeof of_both / sizeof *of_both; i++) {
    double value = 0;
    bool known = ow_metric_find(results, of_both[i], OW_FORWARD, &value);
    snprintf(list->type_instance, sizeof list->type_instance, "%s", ow_metric_name(of_both[i]));
    send_value(list, "delay", known ? value : NAN);
  }
}

void owamp_values_dispatch(const struct ow_stream_view *view, const struct ow_interval *interval)
{
  value_list_t list;
  const struct ow_result *results[OW_DIRECTIONS] = {NULL, NULL};
  begin(&list, view, interval);
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    if (view->directions[i]) {
      const char *direction = ow_direction_name((enum ow_direction)i);
      results[i] = &interval->results[i];
      send_metrics(&list, direction, results[i]);
      send_counts(&list, direction, results[i]);
    }
  }
  send_clock(&list, results);
  if (results[OW_FORWARD] && results[OW_REVERSE])
    send_of_both(&list, results);
}
