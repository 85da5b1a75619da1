/* SPDX-License-Identifier: MIT */
/*
 * The delays of several results, taken together to tell percentiles. Private to this room.
 *
 * Each packet of a histogram is taken to lie in the middle of its bucket, which is off by 1/256 of its
 * distance from its own interval's least delay, at most; from the least of all it is no nearer, so that what
 * it is off stays below 1/256 of that distance, too. There it is counted in a finer bucket, of 10 bits:
 * 1/2048 more. Where no packet is off by more than a share of its distance, no percentile is, for the order
 * of delays that were moved so is bounded by the order of both bounds: it is off by less than 0.45 % of its
 * distance from the least delay, and exact below 256 ns. A difference of two, as jitter is, is off by less
 * than 0.9 % of the larger one's distance. However many intervals there are, that doesn't grow.
 */
#ifndef OWAMP_STATS_MIXTURE_H
#define OWAMP_STATS_MIXTURE_H

#include "base/status.h"
#include "stats/result.h"

struct ow_mixture {
  int64_t min;
  int64_t max;
  uint64_t packets;
  uint64_t *counts; /* of fine buckets, by the distance from `min` */
};

/** Of delays from `min` to `max` ns. OW_MEMORY: up to 440 KB, 170 KB if they lie within a second. */
enum ow_status ow_mixture_open(struct ow_mixture *mixture, int64_t min, int64_t max) OW_MUST_CHECK;
void ow_mixture_close(struct ow_mixture *mixture);

/**
 * Add a result that received packets. One without a histogram is known at its least delay, median, p95, p99
 * and its largest: its packets are spread evenly between.
 */
void ow_mixture_add(struct ow_mixture *mixture, const struct ow_result *result);
/** A percentile, in thousandths of a percent, of all that were added, one packet at least. */
int64_t ow_mixture_percentile(const struct ow_mixture *mixture, uint32_t percentile);

#endif
