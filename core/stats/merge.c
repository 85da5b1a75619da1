/* SPDX-License-Identifier: MIT */
/* Counts add up, extremes widen, means are weighted by packets, trust is the least of all. */
#include "stats/merge.h"

#include <stddef.h>

/* Members that are means, weighted by the packets received. */
static const size_t means[] = {
    offsetof(struct ow_result, delay.mean), offsetof(struct ow_result, delay.median),
    offsetof(struct ow_result, delay.p95),  offsetof(struct ow_result, delay.p99),
    offsetof(struct ow_result, jitter),     offsetof(struct ow_result, pdv),
};
enum { IPDV, MEANS = sizeof means / sizeof *means + 1 };

struct sums {
  double of[MEANS]; /* exact to a nanosecond for a year of delays of a day */
  double weight;
  double ipdv_weight;
};

static int64_t member(const struct ow_result *result, size_t at)
{
  return *(const int64_t *)(const void *)((const char *)result + at);
}

static void add_means(struct sums *sums, const struct ow_result *result)
{
  double weight = result->received;
  for (size_t i = 1; i < MEANS; i++)
    sums->of[i] += (double)member(result, means[i - 1]) * weight;
  sums->weight += weight;
  if (result->has_ipdv) {
    sums->of[IPDV] += (double)result->ipdv * weight;
    sums->ipdv_weight += weight;
  }
}

/* 2^63 is one more than fits. */
static int64_t rounded(double value)
{
  const double bound = 0x1p63;
  int64_t whole = value < 0 ? -INT64_MAX : INT64_MAX;
  if (value > -bound && value < bound)
    whole = (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
  return whole;
}

/* Counts come from other processes, too: none wraps around to a small one. */
static void add(uint32_t *count, uint32_t more)
{
  *count = more > UINT32_MAX - *count ? UINT32_MAX : *count + more;
}

static void conclude_means(const struct sums *sums, struct ow_result *merged)
{
  for (size_t i = 1; i < MEANS && sums->weight > 0; i++)
    *(int64_t *)(void *)((char *)merged + means[i - 1]) = rounded(sums->of[i] / sums->weight);
  merged->has_ipdv = sums->ipdv_weight > 0;
  if (merged->has_ipdv)
    merged->ipdv = rounded(sums->of[IPDV] / sums->ipdv_weight);
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
  add(&merged->received, result->received);
}

void ow_result_merge(const struct ow_result *results, size_t count, struct ow_result *merged)
{
  struct sums sums = {0};
  size_t absent = 0;
  size_t complete = 0;
  *merged = (struct ow_result){0};
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
      add_means(&sums, result);
    }
  }
  conclude_means(&sums, merged);
  merged->completeness = complete == count ? OW_RESULT_COMPLETE : OW_RESULT_PARTIAL;
  if (absent == count)
    merged->completeness = OW_RESULT_ABSENT;
}
