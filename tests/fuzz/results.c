/* SPDX-License-Identifier: MIT */
/* Records as a hostile server may tell them, to results: counts add up, delays are in order, and several
 * results are one. */
#include <stdbool.h>

#include "base/cursor.h"
#include "stats/merge.h"
#include "target.h"
#include "wire/fetch.h"
#include "wire/start_stop.h"

enum { RANGES_MOST = 8, RECORDS_MOST = 200, RESULTS = 2, PACKETS_MOST = 5000 };

static void check_result(const struct ow_result *result)
{
  const struct ow_delays *delay = &result->delay;
  FUZZ_CHECK((uint64_t)result->sent == (uint64_t)result->received + result->lost);
  if (result->received > 0) {
    FUZZ_CHECK(delay->min <= delay->median && delay->median <= delay->p95 && delay->p95 <= delay->p99);
    FUZZ_CHECK(delay->p99 <= delay->max && delay->min <= delay->mean && delay->mean <= delay->max);
    FUZZ_CHECK(result->hops_min <= result->hops_max);
  }
}

static uint32_t read_ranges(struct ow_reader *input, uint32_t packets, struct ow_skip_range *ranges)
{
  struct ow_failure failure;
  uint32_t count = ow_read_u8(input) % RANGES_MOST;
  if (ow_reader_left(input) < (size_t)count * OW_SKIP_RANGE)
    return 0;
  const uint8_t *at = input->at;
  ow_read_skip(input, (size_t)count * OW_SKIP_RANGE);
  return ow_skip_ranges_decode(at, count, packets, ranges, &failure) == OW_OK ? count : 0;
}

/* Numbers are made small, so that they meet. */
static void read_records(struct ow_reader *input, struct ow_samples *samples)
{
  uint8_t octets[OW_RECORD];
  size_t count = ow_read_u8(input) % RECORDS_MOST;
  for (size_t i = 0; i < count && ow_reader_left(input) >= sizeof octets; i++) {
    struct ow_sample sample;
    ow_read_octets(input, octets, sizeof octets);
    ow_record_decode(octets, &sample);
    sample.sequence %= PACKETS_MOST;
    FUZZ_CHECK(ow_samples_append(samples, &sample) == OW_OK);
  }
}

static void read_result(struct ow_reader *input, struct ow_result *result)
{
  struct ow_samples samples = {0};
  struct ow_skip_range ranges[RANGES_MOST];
  const struct ow_percentiles percentiles = {.count = 1, .list = {99900}};
  uint8_t flags = ow_read_u8(input);
  struct ow_observation seen = {.samples = &samples,
                                .packets = ow_read_u16(input) % PACKETS_MOST,
                                .skipped = ranges,
                                .absent_is_lost = flags & 1,
                                .partial = flags & 2,
                                .stepped = flags & 4,
                                .incomplete = flags & 8,
                                .histogram = flags & 16,
                                .percentiles = flags & 32 ? &percentiles : NULL,
                                .dropped = flags & 64 ? ow_read_u16(input) : 0};
  seen.skip_ranges = read_ranges(input, seen.packets, ranges);
  read_records(input, &samples);
  FUZZ_CHECK(ow_result_compute(&seen, result) == OW_OK);
  check_result(result);
  FUZZ_CHECK((uint64_t)result->sent + result->skipped <= seen.packets);
  ow_samples_clear(&samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_reader reader = ow_reader(input, octets);
  struct ow_result results[RESULTS];
  struct ow_result merged;
  char remark[OW_REMARK_TEXT];
  for (int i = 0; i < RESULTS; i++)
    read_result(&reader, &results[i]);
  FUZZ_CHECK(ow_result_merge(results, RESULTS, NULL, &merged) == OW_OK);
  check_result(&merged);
  FUZZ_CHECK(merged.received == (uint64_t)results[0].received + results[1].received);
  FUZZ_CHECK(memchr(ow_result_shortfall(remark, &merged), '\0', sizeof remark));
  for (int i = 0; i < RESULTS; i++)
    ow_result_drop(&results[i]);
  return 0;
}
