/* SPDX-License-Identifier: MIT */
/* What a histogram costs beside the result that it is part of: time, memory, and several taken together. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "report/histogram_text.h"
#include "report/interval.h"
#include "stats/merge.h"

enum { INTERVALS = 1000 };
#define LEAST INT64_C(5000000)

/* Behind a path of 5 ms queues make packets wait, exponentially. */
static void fill(struct ow_samples *samples, uint32_t packets, double mean_ns, unsigned seed)
{
  srand48(seed);
  ow_samples_clear(samples);
  for (uint32_t i = 0; i < packets; i++) {
    struct ow_sample sample = {.sequence = i, .sent.ntp = (uint64_t)(i + 1) << 28};
    sample.received = ow_timestamp_plus(sample.sent, LEAST + (int64_t)(-log(1 - drand48()) * mean_ns));
    if (ow_samples_append(samples, &sample) != OW_OK)
      give_up("no memory");
  }
}

static double time_results(const struct ow_observation *observation, int rounds)
{
  double begin = monotonic_seconds();
  for (int i = 0; i < rounds; i++) {
    struct ow_result result;
    if (ow_result_compute(observation, &result) != OW_OK)
      give_up("no memory");
    ow_result_drop(&result);
  }
  return (monotonic_seconds() - begin) / rounds / observation->packets * 1e9;
}

/* Milliseconds for as many intervals of a direction. */
static double time_merge(const struct ow_result *result)
{
  static struct ow_result results[INTERVALS];
  struct ow_result merged;
  for (int i = 0; i < INTERVALS; i++)
    results[i] = *result;
  double begin = monotonic_seconds();
  if (ow_result_merge(results, INTERVALS, NULL, &merged) != OW_OK)
    give_up("no memory");
  return (monotonic_seconds() - begin) * 1e3;
}

int bench_histograms(char **arguments)
{
  struct ow_samples samples = {0};
  struct ow_result result;
  uint32_t packets = (uint32_t)strtoul(arguments[0], NULL, 10);
  double mean = strtod(arguments[1], NULL) * 1e3;
  if (packets < 2 || !(mean > 0))
    give_up("packets, 2 at least, and the mean of what they wait, in microseconds");
  struct ow_observation observation = {.samples = &samples, .packets = packets, .absent_is_lost = true};
  int rounds = (int)(20000000 / packets) + 1;
  fill(&samples, packets, mean, 1);
  double without = time_results(&observation, rounds);
  observation.histogram = true;
  double with = time_results(&observation, rounds);
  if (ow_result_compute(&observation, &result) != OW_OK || !result.histogram)
    give_up("no memory");
  printf(
      "{\"packets\": %u, \"wait_us\": %g, \"result_ns_per_packet\": %.1f, \"histogram_ns_per_packet\": %.1f, "
      "\"buckets\": %zu, \"octets\": %zu, \"text_octets\": %zu, \"interval_octets\": %zu, "
      "\"merge_ms_of_%d\": %.2f}\n",
      packets, mean / 1e3, without, with - without, ow_histogram_entries(result.histogram),
      ow_histogram_memory(result.histogram), ow_histogram_text_octets(result.histogram),
      sizeof(struct ow_interval), INTERVALS, time_merge(&result));
  ow_result_drop(&result);
  ow_samples_clear(&samples);
  return EXIT_SUCCESS;
}
