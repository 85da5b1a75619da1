/* SPDX-License-Identifier: MIT */
/* One dense array of counts, however many results there are. */
#include "stats/mixture.h"

#include <stdlib.h>

#include "stats/bucket.h"

enum { BITS = 10, STEPS = 64 };

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
  int64_t high = value < most ? value : most;
  return high > least ? high : least;
}

/* Modulo 2^64, so that distances beyond 2^63 come out right, too. */
static uint64_t distance_of(const struct ow_mixture *mixture, int64_t delay)
{
  return (uint64_t)delay - (uint64_t)mixture->min;
}

enum ow_status ow_mixture_open(struct ow_mixture *mixture, int64_t min, int64_t max)
{
  *mixture = (struct ow_mixture){.min = min, .max = max > min ? max : min};
  size_t buckets = (size_t)ow_bucket_of(distance_of(mixture, mixture->max), BITS) + 1;
  mixture->counts = calloc(buckets, sizeof *mixture->counts);
  return mixture->counts ? OW_OK : OW_MEMORY;
}

void ow_mixture_close(struct ow_mixture *mixture)
{
  free(mixture->counts);
  mixture->counts = NULL;
}

static void count(struct ow_mixture *mixture, int64_t delay, uint64_t packets)
{
  int64_t within = clamp(delay, mixture->min, mixture->max);
  mixture->counts[ow_bucket_of(distance_of(mixture, within), BITS)] += packets;
  mixture->packets += packets;
}

/* `distance` beyond `least`, and no further than `most`. */
static int64_t delay_at(int64_t least, uint64_t distance, int64_t most)
{
  uint64_t room = most > least ? (uint64_t)most - (uint64_t)least : 0;
  return (int64_t)((uint64_t)least + (distance < room ? distance : room));
}

static void add_histogram(struct ow_mixture *mixture, const struct ow_result *result)
{
  struct ow_histogram_walk walk = ow_histogram_walk(result->histogram);
  struct ow_histogram_entry entry;
  while (ow_histogram_next(&walk, &entry))
    count(mixture,
          delay_at(result->delay.min, ow_bucket_middle(entry.bucket, OW_HISTOGRAM_BITS), result->delay.max),
          entry.count);
}

/* The packets of ranks beyond `from`, up to `to`, on the line from one known delay to the next. */
static void spread(struct ow_mixture *mixture, uint64_t from, uint64_t to, int64_t least, int64_t most)
{
  uint64_t packets = to > from ? to - from : 0;
  uint64_t steps = packets < STEPS ? packets : STEPS;
  uint64_t done = 0;
  for (uint64_t i = 1; i <= steps; i++) {
    uint64_t until = packets * i / steps;
    __int128 beyond = ((__int128)most - least) * (__int128)until / (__int128)packets;
    count(mixture, (int64_t)(least + beyond), until - done);
    done = until;
  }
}

/* They come from another process: that they rise is not to be taken for granted. */
static void add_summary(struct ow_mixture *mixture, const struct ow_result *result)
{
  const struct ow_delays *delay = &result->delay;
  const struct {
    uint64_t rank;
    int64_t delay;
  } known[] = {
      {1, delay->min},
      {ow_percentile_rank(result->received, 50 * OW_PERCENT), delay->median},
      {ow_percentile_rank(result->received, 95 * OW_PERCENT), delay->p95},
      {ow_percentile_rank(result->received, 99 * OW_PERCENT), delay->p99},
      {result->received, delay->max},
  };
  int64_t last = delay->min;
  count(mixture, last, 1);
  for (size_t i = 1; i < sizeof known / sizeof *known; i++) {
    int64_t next = known[i].delay > last ? known[i].delay : last;
    spread(mixture, known[i - 1].rank, known[i].rank, last, next);
    last = next;
  }
}

void ow_mixture_add(struct ow_mixture *mixture, const struct ow_result *result)
{
  if (result->histogram)
    add_histogram(mixture, result);
  else
    add_summary(mixture, result);
}

int64_t ow_mixture_percentile(const struct ow_mixture *mixture, uint32_t percentile)
{
  uint64_t rank = ow_percentile_rank(mixture->packets, percentile);
  uint64_t seen = mixture->counts[0];
  uint32_t bucket = 0;
  if (rank == mixture->packets)
    return mixture->max;
  while (seen < rank)
    seen += mixture->counts[++bucket];
  return delay_at(mixture->min, ow_bucket_middle(bucket, BITS), mixture->max);
}
