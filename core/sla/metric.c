#include "sla/threshold.h"

struct description {
  const char *name;
  enum ow_unit unit;
  bool needs_clock;
};

static const struct description descriptions[OW_METRICS] = {
    [OW_METRIC_DELAY_MIN] = {"delay_min", OW_UNIT_SECONDS, true},
    [OW_METRIC_DELAY_MEAN] = {"delay_mean", OW_UNIT_SECONDS, true},
    [OW_METRIC_DELAY_MEDIAN] = {"delay_median", OW_UNIT_SECONDS, true},
    [OW_METRIC_DELAY_P95] = {"delay_p95", OW_UNIT_SECONDS, true},
    [OW_METRIC_DELAY_P99] = {"delay_p99", OW_UNIT_SECONDS, true},
    [OW_METRIC_DELAY_MAX] = {"delay_max", OW_UNIT_SECONDS, true},
    [OW_METRIC_JITTER] = {"jitter", OW_UNIT_SECONDS, false},
    [OW_METRIC_IPDV] = {"ipdv", OW_UNIT_SECONDS, false},
    [OW_METRIC_PDV] = {"pdv", OW_UNIT_SECONDS, false},
    [OW_METRIC_LOSS] = {"loss", OW_UNIT_PERCENT, false},
    [OW_METRIC_LOST] = {"lost", OW_UNIT_COUNT, false},
    [OW_METRIC_DUPLICATES] = {"duplicates", OW_UNIT_COUNT, false},
    [OW_METRIC_REORDERED] = {"reordered", OW_UNIT_COUNT, false},
    [OW_METRIC_HOPS] = {"hops", OW_UNIT_COUNT, false},
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

/* A step of the clock spoils differences of delays too: one packet lies before it, the other after. */
static bool has_value(const struct ow_result *result, enum ow_metric metric)
{
  bool has = result->completeness != OW_RESULT_ABSENT;
  if (ow_metric_unit(metric) == OW_UNIT_SECONDS)
    has = has && result->received > 0 && !result->clock.stepped;
  if (metric == OW_METRIC_IPDV)
    has = has && result->has_ipdv;
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
  case OW_METRIC_DELAY_MIN:
    return seconds(result->delay.min);
  case OW_METRIC_DELAY_MEAN:
    return seconds(result->delay.mean);
  case OW_METRIC_DELAY_MEDIAN:
    return seconds(result->delay.median);
  case OW_METRIC_DELAY_P95:
    return seconds(result->delay.p95);
  case OW_METRIC_DELAY_P99:
    return seconds(result->delay.p99);
  case OW_METRIC_DELAY_MAX:
    return seconds(result->delay.max);
  case OW_METRIC_JITTER:
    return seconds(result->jitter);
  case OW_METRIC_IPDV:
    return seconds(result->ipdv);
  case OW_METRIC_PDV:
    return seconds(result->pdv);
  case OW_METRIC_LOSS:
    return 100.0 * result->lost / result->sent;
  case OW_METRIC_LOST:
    return result->lost;
  case OW_METRIC_DUPLICATES:
    return result->duplicates;
  case OW_METRIC_REORDERED:
    return result->reordered;
  case OW_METRIC_HOPS:
    return result->hops_max;
  case OW_METRICS:
    break;
  }
  return 0;
}

bool ow_metric_value(const struct ow_result *result, enum ow_metric metric, double *value)
{
  bool has = has_value(result, metric);
  *value = has ? value_of(result, metric) : 0;
  return has;
}
