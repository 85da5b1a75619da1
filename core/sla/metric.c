/* SPDX-License-Identifier: MIT */
/* A table of metrics, and how each is taken from one direction's result or from both. */
#include "sla/metric.h"

struct description {
  const char *name;
  enum ow_unit unit;
  bool needs_clock;
  bool is_signed;
  bool of_both;
  bool of_round_trip;
};

static const struct description descriptions[OW_METRICS] = {
    [OW_METRIC_DELAY_MIN] = {"delay_min", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_DELAY_MEAN] = {"delay_mean", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_DELAY_MEDIAN] = {"delay_median", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_DELAY_P95] = {"delay_p95", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_DELAY_P99] = {"delay_p99", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_DELAY_MAX] = {"delay_max", OW_UNIT_SECONDS, true, true, false, false},
    [OW_METRIC_JITTER] = {"jitter", OW_UNIT_SECONDS, false, false, false, false},
    [OW_METRIC_IPDV] = {"ipdv", OW_UNIT_SECONDS, false, false, false, false},
    [OW_METRIC_PDV] = {"pdv", OW_UNIT_SECONDS, false, false, false, false},
    [OW_METRIC_LOSS] = {"loss", OW_UNIT_PERCENT, false, false, false, false},
    [OW_METRIC_LOST] = {"lost", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_DUPLICATES] = {"duplicates", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_REORDERED] = {"reordered", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_SKIPPED] = {"skipped", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_RECEIVED] = {"received", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_HOPS] = {"hops", OW_UNIT_COUNT, false, false, false, false},
    [OW_METRIC_ASYMMETRY] = {"asymmetry", OW_UNIT_SECONDS, true, true, true, false},
    [OW_METRIC_RTT] = {"rtt", OW_UNIT_SECONDS, false, true, true, false},
    [OW_METRIC_RTT_MIN] = {"rtt_min", OW_UNIT_SECONDS, false, true, true, true},
    [OW_METRIC_RTT_MEAN] = {"rtt_mean", OW_UNIT_SECONDS, false, true, true, true},
    [OW_METRIC_RTT_P95] = {"rtt_p95", OW_UNIT_SECONDS, false, true, true, true},
    [OW_METRIC_RTT_P99] = {"rtt_p99", OW_UNIT_SECONDS, false, true, true, true},
    [OW_METRIC_RTT_MAX] = {"rtt_max", OW_UNIT_SECONDS, false, true, true, true},
    [OW_METRIC_RTT_LOSS] = {"rtt_loss", OW_UNIT_PERCENT, false, false, true, true},
    [OW_METRIC_DWELL] = {"dwell", OW_UNIT_SECONDS, false, false, true, true},
    [OW_METRIC_DWELL_P95] = {"dwell_p95", OW_UNIT_SECONDS, false, false, true, true},
    [OW_METRIC_DWELL_MAX] = {"dwell_max", OW_UNIT_SECONDS, false, false, true, true},
};

const char *ow_metric_name(enum ow_metric metric)
{
  return descriptions[metric].name;
}

enum ow_unit ow_metric_unit(enum ow_metric metric)
{
  return descriptions[metric].unit;
}

bool ow_metric_needs_clock(enum ow_metric metric)
{
  return descriptions[metric].needs_clock;
}

bool ow_metric_signed(enum ow_metric metric)
{
  return descriptions[metric].is_signed;
}

bool ow_metric_of_round_trip(enum ow_metric metric)
{
  return descriptions[metric].of_round_trip;
}

bool ow_metric_of_both(enum ow_metric metric)
{
  return descriptions[metric].of_both;
}

/* A step of the clock spoils differences of delays too: one packet lies before it, the other after. */
static bool has_value(const struct ow_result *result, enum ow_metric metric)
{
  bool has = result->completeness != OW_RESULT_ABSENT && !ow_metric_of_both(metric);
  if (ow_metric_unit(metric) == OW_UNIT_SECONDS)
    has = has && result->received > 0 && !result->clock.stepped;
  if (metric == OW_METRIC_IPDV)
    has = has && result->has_ipdv;
  if (metric == OW_METRIC_LOSS || metric == OW_METRIC_LOST || metric == OW_METRIC_RECEIVED)
    has = has && !result->loss_unknown;
  if (metric == OW_METRIC_LOSS)
    has = has && result->sent > 0;
  if (metric == OW_METRIC_HOPS)
    has = has && result->received > 0;
  return has;
}

static double seconds(int64_t nanoseconds)
{
  return (double)nanoseconds / (double)OW_NS_PER_S;
}

static double value_of(const struct ow_result *result, enum ow_metric metric)
{
  switch (metric) {
  case OW_METRIC_DELAY_MIN: return seconds(result->delay.min);
  case OW_METRIC_DELAY_MEAN: return seconds(result->delay.mean);
  case OW_METRIC_DELAY_MEDIAN: return seconds(result->delay.median);
  case OW_METRIC_DELAY_P95: return seconds(result->delay.p95);
  case OW_METRIC_DELAY_P99: return seconds(result->delay.p99);
  case OW_METRIC_DELAY_MAX: return seconds(result->delay.max);
  case OW_METRIC_JITTER: return seconds(result->jitter);
  case OW_METRIC_IPDV: return seconds(result->ipdv);
  case OW_METRIC_PDV: return seconds(result->pdv);
  case OW_METRIC_LOSS: return 100.0 * result->lost / result->sent;
  case OW_METRIC_LOST: return result->lost;
  case OW_METRIC_DUPLICATES: return result->duplicates;
  case OW_METRIC_REORDERED: return result->reordered;
  case OW_METRIC_SKIPPED: return result->skipped;
  case OW_METRIC_RECEIVED: return result->received;
  case OW_METRIC_HOPS: return result->hops_max;
  case OW_METRIC_ASYMMETRY:
  case OW_METRIC_RTT:
  case OW_METRIC_RTT_MIN:
  case OW_METRIC_RTT_MEAN:
  case OW_METRIC_RTT_P95:
  case OW_METRIC_RTT_P99:
  case OW_METRIC_RTT_MAX:
  case OW_METRIC_RTT_LOSS:
  case OW_METRIC_DWELL:
  case OW_METRIC_DWELL_P95:
  case OW_METRIC_DWELL_MAX:
  case OW_METRICS: break;
  }
  return 0;
}

bool ow_metric_value(const struct ow_result *result, enum ow_metric metric, double *value)
{
  bool has = has_value(result, metric);
  *value = has ? value_of(result, metric) : 0;
  return has;
}

/* What the metric is of a round trip's own result. */
static enum ow_metric of_round_trip(enum ow_metric metric)
{
  static const enum ow_metric plain[OW_METRICS] = {
      [OW_METRIC_RTT] = OW_METRIC_DELAY_MEDIAN,    [OW_METRIC_RTT_MIN] = OW_METRIC_DELAY_MIN,
      [OW_METRIC_RTT_MEAN] = OW_METRIC_DELAY_MEAN, [OW_METRIC_RTT_P95] = OW_METRIC_DELAY_P95,
      [OW_METRIC_RTT_P99] = OW_METRIC_DELAY_P99,   [OW_METRIC_RTT_MAX] = OW_METRIC_DELAY_MAX,
      [OW_METRIC_RTT_LOSS] = OW_METRIC_LOSS};
  return plain[metric];
}

static bool is_dwell(enum ow_metric metric)
{
  return metric == OW_METRIC_DWELL || metric == OW_METRIC_DWELL_P95 || metric == OW_METRIC_DWELL_MAX;
}

static double value_of_dwell(const struct ow_result *round_trip, enum ow_metric metric)
{
  int64_t value = round_trip->dwell.median;
  if (metric == OW_METRIC_DWELL_P95)
    value = round_trip->dwell.p95;
  else if (metric == OW_METRIC_DWELL_MAX)
    value = round_trip->dwell.max;
  return seconds(value);
}

static bool find_in_round_trip(const struct ow_result *round_trip, enum ow_metric metric, double *value)
{
  bool has = false;
  if (is_dwell(metric)) {
    has = round_trip->has_dwell && !round_trip->clock.stepped;
    *value = has ? value_of_dwell(round_trip, metric) : 0;
  } else {
    has = ow_metric_value(round_trip, of_round_trip(metric), value);
  }
  return has;
}

static bool both_have_medians(const struct ow_result *const results[OW_RESULTS])
{
  bool have = true;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    have = have && results[d] && has_value(results[d], OW_METRIC_DELAY_MEDIAN);
  return have;
}

/* Exact for a hundred days; of another process' numbers the sum may be more than 64 bits hold. */
static double value_of_both(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric)
{
  double forward = (double)results[OW_FORWARD]->delay.median;
  double reverse = (double)results[OW_REVERSE]->delay.median;
  return (metric == OW_METRIC_RTT ? forward + reverse : forward - reverse) / (double)OW_NS_PER_S;
}

bool ow_metric_find(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                    enum ow_direction direction, double *value)
{
  bool has = false;
  *value = 0;
  if (!ow_metric_of_both(metric)) {
    has = results[direction] && ow_metric_value(results[direction], metric, value);
  } else if (results[OW_ROUND_TRIP] && metric != OW_METRIC_ASYMMETRY) {
    has = find_in_round_trip(results[OW_ROUND_TRIP], metric, value);
  } else if (ow_metric_of_round_trip(metric)) {
    has = false;
  } else if (both_have_medians(results)) {
    has = true;
    *value = value_of_both(results, metric);
  }
  return has;
}

/* Either may be without bound. */
static int64_t saturating_sum(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t ow_metric_error(const struct ow_result *const results[OW_RESULTS], enum ow_metric metric,
                        enum ow_direction direction)
{
  int64_t error = 0;
  if (ow_metric_needs_clock(metric))
    for (int d = 0; d < OW_DIRECTIONS; d++)
      if (results[d] && (ow_metric_of_both(metric) || d == (int)direction))
        error = saturating_sum(error, results[d]->clock.error_ns);
  return error;
}
