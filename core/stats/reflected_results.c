/* SPDX-License-Identifier: MIT */
/* Each direction as if all that is known of it were all there was; then what only both together tell. */
#include "stats/reflected_results.h"

#include <stdlib.h>
#include <string.h>

/* ---- one direction ---- */

/* What every way has in common. */
static struct ow_observation common(const struct ow_reflected_observation *observation)
{
  return (struct ow_observation){.packets = observation->packets,
                                 .skipped = observation->skipped,
                                 .skip_ranges = observation->skip_ranges,
                                 .partial = observation->partial,
                                 .stepped = observation->stepped,
                                 .percentiles = observation->percentiles,
                                 .histogram = observation->histogram};
}

/*
 * RFC 4737, 3.3, by the times of sending: a packet is reordered if it was sent before one that arrived
 * before. On the way back packets have no numbers in order of which they were sent.
 */
static uint32_t reordered_on_the_way_back(const struct ow_samples *reverse)
{
  uint32_t reordered = 0;
  struct ow_timestamp latest = {0};
  for (size_t i = 0; i < reverse->count; i++) {
    struct ow_timestamp sent = ow_samples_at(reverse, i).sent;
    bool later = i == 0 || !ow_timestamp_after(latest, sent);
    reordered += !later;
    if (later)
      latest = sent;
  }
  return reordered;
}

/* By the number that was sent, in order of arrival there: of those sent later one arrived before. */
static enum ow_status reordered_on_the_way_there(const struct ow_samples *forward, uint32_t packets,
                                                 uint32_t *reordered)
{
  struct ow_timestamp *arrivals = calloc(packets ? packets : 1, sizeof *arrivals);
  struct ow_timestamp earliest = {0};
  *reordered = 0;
  for (size_t i = 0; arrivals && i < forward->count; i++) {
    const struct ow_sample sample = ow_samples_at(forward, i);
    if (sample.sequence < packets)
      arrivals[sample.sequence] = sample.received;
  }
  for (uint32_t i = packets; arrivals && i-- > 0;) {
    if (ow_timestamp_is_zero(arrivals[i]))
      continue;
    bool after = !ow_timestamp_is_zero(earliest) && ow_timestamp_after(arrivals[i], earliest);
    *reordered += after;
    if (!after)
      earliest = arrivals[i];
  }
  free(arrivals);
  return arrivals ? OW_OK : OW_MEMORY;
}

static enum ow_status work_out_forward(const struct ow_reflected_observation *observation,
                                       struct ow_result *result)
{
  struct ow_observation plain = common(observation);
  plain.samples = observation->forward;
  plain.refused = observation->refused;
  plain.refusal = observation->refusal;
  plain.duplicates_unkept = observation->duplicates[OW_FORWARD];
  enum ow_status status = ow_result_compute(&plain, result);
  if (status == OW_OK)
    status = reordered_on_the_way_there(observation->forward, observation->packets, &result->reordered);
  return status;
}

static enum ow_status work_out_reverse(const struct ow_reflected_observation *observation,
                                       struct ow_result *result)
{
  struct ow_observation plain = common(observation);
  plain.samples = observation->reverse;
  plain.discarded = observation->discarded;
  plain.dropped = observation->dropped;
  plain.duplicates_unkept = observation->duplicates[OW_REVERSE];
  enum ow_status status = ow_result_compute(&plain, result);
  result->reordered = reordered_on_the_way_back(observation->reverse);
  return status;
}

/* ---- the round trip ---- */

static int64_t dwell_of(const struct ow_sample *there, const struct ow_sample *back)
{
  return ow_timestamp_difference(back->sent, there->received);
}

/* One sample of the whole way, as long as it took without the reflector: only its length means something. */
static struct ow_sample round_trip_of(const struct ow_sample *there, const struct ow_sample *back)
{
  struct ow_sample sample = *back;
  sample.sent = there->sent;
  sample.received = ow_timestamp_plus(back->received, -dwell_of(there, back));
  sample.send_error = sample.receive_error = there->send_error;
  return sample;
}

static enum ow_status gather(const struct ow_reflected_observation *observation,
                             struct ow_samples *round_trips)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; status == OW_OK && i < observation->forward->count; i++) {
    const struct ow_sample there = ow_samples_at(observation->forward, i);
    const struct ow_sample back = ow_samples_at(observation->reverse, i);
    const struct ow_sample sample = round_trip_of(&there, &back);
    status = ow_samples_append(round_trips, &sample);
  }
  for (size_t i = 0; status == OW_OK && i < observation->lost->count; i++) {
    const struct ow_sample sample = ow_samples_at(observation->lost, i);
    status = ow_samples_append(round_trips, &sample);
  }
  return status;
}

static enum ow_status work_out_dwell(const struct ow_reflected_observation *observation,
                                     struct ow_result *result)
{
  size_t count = observation->forward->count;
  int64_t *dwells = calloc(count ? count : 1, sizeof *dwells);
  for (size_t i = 0; dwells && i < count; i++) {
    const struct ow_sample there = ow_samples_at(observation->forward, i);
    const struct ow_sample back = ow_samples_at(observation->reverse, i);
    dwells[i] = dwell_of(&there, &back);
  }
  result->has_dwell = dwells && count > 0 && result->received > 0;
  if (result->has_dwell)
    result->dwell = ow_delays_summarize(dwells, (uint32_t)count);
  free(dwells);
  return dwells ? OW_OK : OW_MEMORY;
}

static enum ow_status work_out_round_trip(const struct ow_reflected_observation *observation,
                                          struct ow_result *result)
{
  struct ow_samples round_trips = {0};
  struct ow_observation plain = common(observation);
  plain.samples = &round_trips;
  plain.discarded = observation->discarded;
  plain.refused = observation->refused;
  plain.refusal = observation->refusal;
  plain.dropped = observation->dropped;
  plain.duplicates_unkept = observation->duplicates[OW_FORWARD] + observation->duplicates[OW_REVERSE];
  enum ow_status status = gather(observation, &round_trips);
  if (status == OW_OK)
    status = ow_result_compute(&plain, result);
  if (status == OW_OK)
    status = work_out_dwell(observation, result);
  result->hops_min = result->hops_max = 0;
  result->clock.error_ns = 0;
  ow_samples_clear(&round_trips);
  return status;
}

/* ---- which way ---- */

/* Where all losses are of one way the longest run is, too. */
static void tell_run(struct ow_result *result, const struct ow_result *round_trip)
{
  result->longest_loss_run = 0;
  if (result->lost > 0 && result->lost == round_trip->lost)
    result->longest_loss_run = round_trip->longest_loss_run;
  else
    result->run_unknown = result->lost > 0;
}

/* Of a way on which no packet's times are known, for all of them were lost on it or beyond. */
static void tell_when(struct ow_result *result, const struct ow_result *round_trip)
{
  if (result->completeness == OW_RESULT_ABSENT && result->sent > 0) {
    result->completeness = round_trip->completeness;
    result->begin = round_trip->begin;
    result->end = round_trip->end;
    result->skipped = round_trip->skipped;
  }
}

/*
 * Packets whose answers were lost did arrive there, but when is not known. If that is so of all, the
 * direction is left absent: it would have packets that arrived, and no delays.
 */
static void tell_losses_there(const struct ow_reflected_observation *observation, struct ow_result *forward,
                              const struct ow_result *round_trip)
{
  uint32_t back = observation->losses[OW_REVERSE];
  if (forward->received == 0 && back > 0)
    return;
  forward->lost = observation->losses[OW_FORWARD];
  forward->received += back;
  if (back > 0) /* its histogram has fewer packets than arrived */
    ow_result_drop(forward);
  forward->sent = forward->received + forward->lost;
  tell_run(forward, round_trip);
  tell_when(forward, round_trip);
}

/* What was dropped at our own socket is no loss of the way back. */
static void tell_losses(const struct ow_reflected_observation *observation,
                        struct ow_result results[OW_RESULTS])
{
  struct ow_result *forward = &results[OW_FORWARD];
  struct ow_result *reverse = &results[OW_REVERSE];
  uint32_t back = observation->losses[OW_REVERSE];
  if (observation->losses_known) {
    reverse->lost = back > observation->dropped ? back - observation->dropped : 0;
    reverse->sent = reverse->received + reverse->lost;
    tell_losses_there(observation, forward, &results[OW_ROUND_TRIP]);
    tell_run(reverse, &results[OW_ROUND_TRIP]);
    tell_when(reverse, &results[OW_ROUND_TRIP]);
  } else {
    forward->loss_unknown = forward->completeness != OW_RESULT_ABSENT;
    reverse->loss_unknown = reverse->completeness != OW_RESULT_ABSENT;
  }
}

enum ow_status ow_reflected_results(const struct ow_reflected_observation *observation,
                                    struct ow_result results[OW_RESULTS])
{
  memset(results, 0, OW_RESULTS * sizeof *results);
  enum ow_status status = work_out_round_trip(observation, &results[OW_ROUND_TRIP]);
  if (status == OW_OK)
    status = work_out_forward(observation, &results[OW_FORWARD]);
  if (status == OW_OK)
    status = work_out_reverse(observation, &results[OW_REVERSE]);
  if (status == OW_OK)
    tell_losses(observation, results);
  for (int i = 0; i < OW_RESULTS && status != OW_OK; i++) {
    ow_result_drop(&results[i]);
    results[i] = (struct ow_result){.completeness = OW_RESULT_ABSENT};
  }
  return status;
}
