/* SPDX-License-Identifier: MIT */
/* Counts and sums add up, extremes widen, percentiles come from histograms, trust is the least of all. */
#include "stats/merge.h"

#include "stats/mixture.h"

/* Exact: 2^32 times 2^63 for each of as many results as memory holds. */
struct sums {
  __int128 delay;
  __int128 ipdv;
  uint64_t packets;
  uint64_t pairs;
};

static void add_sums(struct sums *sums, const struct ow_result *result)
{
  uint32_t pairs = result->ipdv_pairs ? result->ipdv_pairs : result->received;
  sums->delay += (__int128)result->delay.mean * result->received;
  sums->packets += result->received;
  if (result->has_ipdv) {
    sums->ipdv += (__int128)result->ipdv * pairs;
    sums->pairs += pairs;
  }
}

/* Counts come from other processes, too: none wraps around to a small one. */
static void add(uint32_t *count, uint32_t more)
{
  *count = more > UINT32_MAX - *count ? UINT32_MAX : *count + more;
}

static void conclude_sums(const struct sums *sums, struct ow_result *merged)
{
  if (sums->packets > 0)
    merged->delay.mean = ow_mean(sums->delay, sums->packets);
  merged->has_ipdv = sums->pairs > 0;
  if (merged->has_ipdv)
    merged->ipdv = ow_mean(sums->ipdv, sums->pairs);
  merged->ipdv_pairs = sums->pairs < UINT32_MAX ? (uint32_t)sums->pairs : UINT32_MAX;
}

static void add_counts(struct ow_result *merged, const struct ow_result *result)
{
  add(&merged->sent, result->sent);
  add(&merged->lost, result->lost);
  add(&merged->skipped, result->skipped);
  add(&merged->duplicates, result->duplicates);
  add(&merged->reordered, result->reordered);
  add(&merged->discarded, result->discarded);
  add(&merged->refused, result->refused);
  add(&merged->dropped, result->dropped);
  merged->incomplete = merged->incomplete || result->incomplete;
  merged->loss_unknown = merged->loss_unknown || result->loss_unknown;
  merged->run_unknown = merged->run_unknown || result->run_unknown;
  if (result->refusal)
    merged->refusal = result->refusal;
  if (result->longest_loss_run > merged->longest_loss_run)
    merged->longest_loss_run = result->longest_loss_run;
  merged->clock.stepped = merged->clock.stepped || result->clock.stepped;
}

static void add_time(struct ow_result *merged, const struct ow_result *result)
{
  if (!ow_timestamp_is_zero(result->begin) &&
      (ow_timestamp_is_zero(merged->begin) || ow_timestamp_after(merged->begin, result->begin)))
    merged->begin = result->begin;
  if (!ow_timestamp_is_zero(result->end) &&
      (ow_timestamp_is_zero(merged->end) || ow_timestamp_after(result->end, merged->end)))
    merged->end = result->end;
}

static enum ow_stamp_source worse(enum ow_stamp_source a, enum ow_stamp_source b)
{
  static const int trust[] = {[OW_STAMP_UNKNOWN] = 0, [OW_STAMP_USER] = 1, [OW_STAMP_KERNEL] = 2};
  return trust[a] < trust[b] ? a : b;
}

static void widen(struct ow_result *merged, const struct ow_result *result)
{
  if (result->delay.min < merged->delay.min)
    merged->delay.min = result->delay.min;
  if (result->delay.max > merged->delay.max)
    merged->delay.max = result->delay.max;
  if (result->hops_min < merged->hops_min)
    merged->hops_min = result->hops_min;
  if (result->hops_max > merged->hops_max)
    merged->hops_max = result->hops_max;
}

static void distrust(struct ow_clock_trust *merged, const struct ow_clock_trust *clock)
{
  merged->sender_synchronized = merged->sender_synchronized && clock->sender_synchronized;
  merged->receiver_synchronized = merged->receiver_synchronized && clock->receiver_synchronized;
  if (clock->error_ns > merged->error_ns)
    merged->error_ns = clock->error_ns;
  merged->receive_stamp = worse(merged->receive_stamp, clock->receive_stamp);
  if (clock->departed < merged->departed)
    merged->departed = clock->departed;
}

/* Of the dwell times the extremes are exact, the others at most the largest of the intervals'. */
static void add_dwell(struct ow_result *merged, const struct ow_result *result)
{
  struct ow_delays *all = &merged->dwell;
  const struct ow_delays *one = &result->dwell;
  if (!merged->has_dwell) {
    *all = *one;
  } else {
    all->min = one->min < all->min ? one->min : all->min;
    all->mean = one->mean > all->mean ? one->mean : all->mean;
    all->median = one->median > all->median ? one->median : all->median;
    all->p95 = one->p95 > all->p95 ? one->p95 : all->p95;
    all->p99 = one->p99 > all->p99 ? one->p99 : all->p99;
    all->max = one->max > all->max ? one->max : all->max;
  }
  merged->has_dwell = true;
}

/* What only packets that arrived tell of. */
static void add_received(struct ow_result *merged, const struct ow_result *result)
{
  if (merged->received == 0) {
    bool stepped = merged->clock.stepped;
    merged->delay = result->delay;
    merged->hops_min = result->hops_min;
    merged->hops_max = result->hops_max;
    merged->clock = result->clock;
    merged->clock.stepped = stepped;
  } else {
    widen(merged, result);
    distrust(&merged->clock, &result->clock);
  }
  if (result->has_dwell)
    add_dwell(merged, result);
  add(&merged->received, result->received);
}

/* ---- percentiles ---- */

/* Hostile numbers may lie further apart than 64 bits tell. */
static int64_t difference(int64_t a, int64_t b)
{
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference))
    difference = a > b ? INT64_MAX : INT64_MIN;
  return difference;
}

static bool has_delays(const struct ow_result *result)
{
  return result->completeness != OW_RESULT_ABSENT && result->received > 0;
}

static void fill_mixture(const struct ow_result *results, size_t count, struct ow_mixture *mixture,
                         struct ow_result *merged)
{
  merged->quantiles = OW_QUANTILES_HISTOGRAM;
  for (size_t i = 0; i < count; i++) {
    if (has_delays(&results[i])) {
      ow_mixture_add(mixture, &results[i]);
      if (!results[i].histogram)
        merged->quantiles = OW_QUANTILES_SUMMARY;
    }
  }
}

static void read_mixture(const struct ow_mixture *mixture, struct ow_result *merged)
{
  merged->delay.median = ow_mixture_percentile(mixture, 50 * OW_PERCENT);
  merged->delay.p95 = ow_mixture_percentile(mixture, 95 * OW_PERCENT);
  merged->delay.p99 = ow_mixture_percentile(mixture, 99 * OW_PERCENT);
  merged->jitter = difference(merged->delay.p95, merged->delay.median);
  merged->pdv = difference(merged->delay.p95, merged->delay.min);
  for (uint32_t i = 0; i < merged->percentiles.count; i++)
    merged->percentile_delays[i] = ow_mixture_percentile(mixture, merged->percentiles.list[i]);
}

/* The only result with delays: what it knows itself is exact. */
static bool take_own(const struct ow_result *only, struct ow_result *merged)
{
  bool all = true;
  merged->delay = only->delay;
  merged->jitter = only->jitter;
  merged->pdv = only->pdv;
  for (uint32_t i = 0; i < merged->percentiles.count; i++)
    all = ow_result_percentile(only, merged->percentiles.list[i], &merged->percentile_delays[i]) && all;
  return all;
}

static enum ow_status mix(const struct ow_result *results, size_t count, struct ow_result *merged)
{
  struct ow_mixture mixture;
  enum ow_status status = ow_mixture_open(&mixture, merged->delay.min, merged->delay.max);
  if (status == OW_OK) {
    fill_mixture(results, count, &mixture, merged);
    read_mixture(&mixture, merged);
  }
  ow_mixture_close(&mixture);
  return status;
}

static enum ow_status conclude_percentiles(const struct ow_result *results, size_t count,
                                           struct ow_result *merged)
{
  const struct ow_result *only = NULL;
  size_t with_delays = 0;
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < count; i++) {
    if (has_delays(&results[i])) {
      only = &results[i];
      with_delays++;
    }
  }
  bool own = with_delays == 1 && take_own(only, merged);
  if (own)
    merged->quantiles = only->quantiles;
  else if (with_delays > 0)
    status = mix(results, count, merged);
  if (status == OW_OK && with_delays == 1 && !own)
    (void)take_own(only, merged);
  return status;
}

static void merge_counts(const struct ow_result *results, size_t count, struct ow_result *merged)
{
  struct sums sums = {0};
  size_t absent = 0;
  size_t complete = 0;
  for (size_t i = 0; i < count; i++) {
    const struct ow_result *result = &results[i];
    absent += result->completeness == OW_RESULT_ABSENT;
    complete += result->completeness == OW_RESULT_COMPLETE;
    if (result->completeness == OW_RESULT_ABSENT)
      continue;
    add_counts(merged, result);
    add_time(merged, result);
    if (result->received > 0) {
      add_received(merged, result);
      add_sums(&sums, result);
    }
  }
  conclude_sums(&sums, merged);
  if (merged->loss_unknown) { /* of some intervals: so of all of them together */
    merged->sent = merged->received;
    merged->lost = merged->longest_loss_run = 0;
  }
  merged->completeness = complete == count ? OW_RESULT_COMPLETE : OW_RESULT_PARTIAL;
  if (absent == count)
    merged->completeness = OW_RESULT_ABSENT;
}

enum ow_status ow_result_merge(const struct ow_result *results, size_t count,
                               const struct ow_percentiles *percentiles, struct ow_result *merged)
{
  *merged = count == 1 ? results[0] : (struct ow_result){0};
  merged->histogram = NULL;
  if (count != 1)
    merge_counts(results, count, merged);
  merged->percentiles = (struct ow_percentiles){0};
  if (percentiles && merged->received > 0)
    merged->percentiles = *percentiles;
  enum ow_status status = conclude_percentiles(results, count, merged);
  if (status != OW_OK)
    *merged = (struct ow_result){0};
  return status;
}
