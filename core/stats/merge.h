/* SPDX-License-Identifier: MIT */
/* Several intervals of one direction taken together. */
#ifndef OWAMP_STATS_MERGE_H
#define OWAMP_STATS_MERGE_H

#include <stddef.h>

#include "stats/result.h"

/**
 * What `count` results say together. Counts are sums; least, largest and mean delay, hops, begin and end are
 * exact, and so is what is said of the clocks: the worst of it. Median, percentiles, jitter, pdv and ipdv are
 * the means of the intervals' own, weighted by the packets received, since no record of the packets is left:
 * they lie between the least and the largest of them, as the true ones do. The longest run of losses is the
 * longest within one interval. Complete if all are complete, absent if all are absent, else partial.
 */
void ow_result_merge(const struct ow_result *results, size_t count, struct ow_result *merged);

#endif
