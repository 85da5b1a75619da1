/* SPDX-License-Identifier: MIT */
/*
 * From the pairs of samples of a reflected session to three results: forward, reverse, and the round trip,
 * which is free of both clocks: (T4 - T1) - (T3 - T2).
 */
#ifndef OWAMP_STATS_REFLECTED_RESULTS_H
#define OWAMP_STATS_REFLECTED_RESULTS_H

#include "stats/result.h"

/** What there is to judge: the questions that were planned, and what is known of them. */
struct ow_reflected_observation {
  const struct ow_samples *forward; /* of the answered ones, in order of arrival; */
  const struct ow_samples *reverse; /* the same ones' way back, by place */
  const struct ow_samples *lost;    /* round trips */
  uint32_t packets;                 /* sequence numbers 0 .. packets-1 are covered */
  const struct ow_skip_range *skipped;
  uint32_t skip_ranges;
  bool losses_known; /* which way they were lost: */
  uint32_t losses[OW_DIRECTIONS];
  uint32_t duplicates[OW_DIRECTIONS];
  bool partial;
  bool stepped;
  uint32_t discarded; /* datagrams that came here and are no answer */
  uint32_t refused;   /* as in struct ow_result */
  int refusal;
  uint32_t dropped;                         /* at our own socket */
  const struct ow_percentiles *percentiles; /* as in struct ow_observation */
  bool histogram;
};

/**
 * Work out `results`. Of a direction whose losses aren't known loss_unknown is set, unless nothing at all is
 * known of it: it is absent then, as it is when nothing was answered. Forward is absent, too, if something
 * arrived there of which no answer came back at all, for its delays are not known. Reordering of each
 * direction is that which happened on its way. OW_MEMORY: all are absent. Their histograms are the caller's
 * to drop.
 */
enum ow_status ow_reflected_results(const struct ow_reflected_observation *observation,
                                    struct ow_result results[OW_RESULTS]) OW_MUST_CHECK;

#endif
