/* SPDX-License-Identifier: MIT */
/* An interval's results as collectd's values. */
#ifndef OWAMP_COLLECTD_VALUES_H
#define OWAMP_COLLECTD_VALUES_H

#include <collectd/core/daemon/plugin.h>

#include "report/interval.h"
#include "sla/threshold.h"

/** A point in time as collectd counts it. */
cdtime_t owamp_cdtime(struct ow_timestamp stamp);

/** A selection of values; 0: all of them. */
typedef uint64_t owamp_selection;

/** What is dispatched of a stream. */
struct owamp_wanted {
  owamp_selection selection;
  struct ow_percentiles percentiles; /* beside them */
};

/**
 * "median,p95,loss,up": what to dispatch, by the names of the values without type and direction. OW_INVALID
 * names what isn't one.
 */
enum ow_status owamp_selection_parse(const char *text, owamp_selection *selection,
                                     struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Dispatch the wanted values of the directions that were asked for, with the interval's end as their time and
 * the stream's interval as their interval. What isn't known is NaN, and so is a percentile that the interval
 * wasn't asked for as it was measured. Never blocks.
 */
void owamp_values_dispatch(const struct ow_stream_view *view, const struct ow_interval *interval,
                           const struct owamp_wanted *wanted);

/** The type of types.db for values of that unit. */
const char *owamp_metric_type(enum ow_unit unit);

#endif
