/* An interval's results as collectd's values. */
#ifndef OWAMP_COLLECTD_VALUES_H
#define OWAMP_COLLECTD_VALUES_H

#include <collectd/core/daemon/plugin.h>

#include "report/interval.h"
#include "sla/threshold.h"

/** A point in time as collectd counts it. */
cdtime_t owamp_cdtime(struct ow_timestamp stamp);

/**
 * Dispatch each value of the directions that were asked for, with the interval's end as its time and the
 * stream's interval as its interval. What isn't known is NaN. Never blocks.
 */
void owamp_values_dispatch(const struct ow_stream_view *view, const struct ow_interval *interval);

/** The type of types.db for values of that unit. */
const char *owamp_metric_type(enum ow_unit unit);

#endif
