/* SPDX-License-Identifier: MIT */
/* Several intervals of one direction taken together. */
#ifndef OWAMP_STATS_MERGE_H
#define OWAMP_STATS_MERGE_H

#include <stddef.h>

#include "stats/result.h"

/**
 * What `count` results say together. Counts are sums; least, largest and mean delay, ipdv, hops, begin and
 * end are exact, and so is what is said of the clocks: the worst of it. Of one result that received anything
 * median, percentiles, jitter and pdv are its own; of several they are taken from their histograms, to 1 % of
 * the distance from the least delay or exactly below 256 ns (for jitter, of its p95's distance), however many
 * there are. `merged->quantiles` says so, and whether a result lacked its histogram: then it counts by its
 * least delay, median, p95, p99 and largest, and all is approximate. `percentiles` (NULL: none) are told
 * beside. The longest run of losses is the longest within one interval. Complete if all are complete, absent
 * if all are absent, else partial.
 *
 * ipdv is the mean over all pairs of consecutive packets within an interval; a result that doesn't say how
 * many it had is taken to have had one for each packet received.
 *
 * OW_MEMORY without memory (some 100 KB): absent. The merged result has no histogram.
 */
enum ow_status ow_result_merge(const struct ow_result *results, size_t count,
                               const struct ow_percentiles *percentiles,
                               struct ow_result *merged) OW_MUST_CHECK;

#endif
