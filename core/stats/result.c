/* SPDX-License-Identifier: MIT */
/* Each record goes into the ledger; then loss and delay are worked out from it. */
#include "stats/result.h"

#include <stdio.h>

#include "base/refusal.h"
#include "stats/delay.h"
#include "stats/ledger.h"

const char *ow_direction_name(enum ow_direction direction)
{
  static const char *const names[OW_RESULTS] = {"forward", "reverse", "round-trip"};
  return names[direction];
}

int64_t ow_sample_delay(const struct ow_sample *sample)
{
  return ow_timestamp_difference(sample->received, sample->sent);
}

static void note_send_time(struct ow_result *result, struct ow_timestamp sent)
{
  if (ow_timestamp_is_zero(result->begin) || ow_timestamp_after(result->begin, sent))
    result->begin = sent;
  if (ow_timestamp_is_zero(result->end) || ow_timestamp_after(sent, result->end))
    result->end = sent;
}

static int64_t error_sum(const struct ow_sample *sample)
{
  int64_t sum;
  if (__builtin_add_overflow(ow_error_ns(sample->send_error), ow_error_ns(sample->receive_error), &sum))
    sum = INT64_MAX;
  return sum;
}

/* The one that says less: a kernel's stamp is worth more than a process', and either more than hearsay. */
static enum ow_stamp_source weaker(enum ow_stamp_source a, enum ow_stamp_source b)
{
  if (a == OW_STAMP_UNKNOWN || b == OW_STAMP_UNKNOWN)
    return OW_STAMP_UNKNOWN;
  return a == OW_STAMP_USER ? a : b;
}

static struct ow_clock_trust trust_of(const struct ow_sample *sample)
{
  return (struct ow_clock_trust){
      .sender_synchronized = ow_error_synchronized(sample->send_error),
      .receiver_synchronized = ow_error_synchronized(sample->receive_error),
      .error_ns = error_sum(sample),
      .receive_stamp = (enum ow_stamp_source)sample->source,
      .departed = (enum ow_departed_by)sample->departed,
  };
}

static struct ow_clock_trust least_trust(struct ow_clock_trust a, struct ow_clock_trust b)
{
  return (struct ow_clock_trust){
      .sender_synchronized = a.sender_synchronized && b.sender_synchronized,
      .receiver_synchronized = a.receiver_synchronized && b.receiver_synchronized,
      .error_ns = a.error_ns > b.error_ns ? a.error_ns : b.error_ns,
      .receive_stamp = weaker(a.receive_stamp, b.receive_stamp),
      .departed = a.departed < b.departed ? a.departed : b.departed,
  };
}

/* What every packet contributes, however few there are. */
static void note_packet(struct ow_result *result, const struct ow_sample *sample)
{
  struct ow_clock_trust trust = trust_of(sample);
  uint8_t hops = (uint8_t)(255 - sample->ttl);
  bool first = result->received == 0;
  result->received++;
  result->clock = first ? trust : least_trust(result->clock, trust);
  if (first || hops < result->hops_min)
    result->hops_min = hops;
  if (first || hops > result->hops_max)
    result->hops_max = hops;
}

/* One record. RFC 4737, 3.3: a packet is reordered if its number is below the next expected one. */
static void note_record(struct ow_ledger *ledger, struct ow_result *result, uint64_t *next_expected,
                        const struct ow_sample *sample)
{
  uint8_t *fate = &ledger->fate[sample->sequence];
  note_send_time(result, sample->sent);
  if (ow_sample_lost(sample)) {
    if (*fate == OW_FATE_UNKNOWN)
      *fate = OW_FATE_LOST;
  } else if (*fate == OW_FATE_ARRIVED) {
    result->duplicates++;
  } else {
    *fate = OW_FATE_ARRIVED;
    ledger->delay[sample->sequence] = ow_sample_delay(sample);
    note_packet(result, sample);
    if (sample->sequence < *next_expected)
      result->reordered++;
    else
      *next_expected = (uint64_t)sample->sequence + 1;
  }
}

/* Skipped ones first: RFC 4656, 3.8 has the records of skipped packets dropped. */
static void read_observation(const struct ow_observation *observation, struct ow_ledger *ledger,
                             struct ow_result *result)
{
  uint64_t next_expected = 0;
  for (uint32_t i = 0; i < observation->skip_ranges; i++)
    ow_ledger_skip(ledger, observation->skipped[i]);
  for (size_t i = 0; i < observation->samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(observation->samples, i);
    if (sample.sequence < ledger->packets && ledger->fate[sample.sequence] != OW_FATE_SKIPPED)
      note_record(ledger, result, &next_expected, &sample);
  }
  if (observation->absent_is_lost)
    ow_ledger_lose_unknown(ledger);
}

static void work_out_loss(const struct ow_ledger *ledger, struct ow_result *result)
{
  uint32_t missing = ow_ledger_count(ledger, OW_FATE_LOST);
  result->lost = missing > result->dropped ? missing - result->dropped : 0;
  result->skipped = ow_ledger_count(ledger, OW_FATE_SKIPPED);
  result->sent = result->received + result->lost;
  result->longest_loss_run = ow_ledger_longest_loss_run(ledger);
  if (result->longest_loss_run > result->lost)
    result->longest_loss_run = result->lost;
}

/* Of sorted delays. */
static void take_percentiles(const int64_t *sorted, const struct ow_percentiles *wanted,
                             struct ow_result *result)
{
  if (wanted)
    result->percentiles = *wanted;
  for (uint32_t i = 0; i < result->percentiles.count; i++)
    result->percentile_delays[i] =
        sorted[ow_percentile_rank(result->received, result->percentiles.list[i]) - 1];
}

/* The last to use the ledger: it sorts the delays where they are. */
static void work_out_delay(const struct ow_observation *observation, struct ow_ledger *ledger,
                           struct ow_result *result)
{
  result->ipdv_pairs = ow_ledger_ipdv(ledger, &result->ipdv);
  result->has_ipdv = result->ipdv_pairs > 0;
  if (result->received > 0) {
    ow_ledger_gather(ledger);
    result->delay = ow_delays_summarize(ledger->delay, result->received);
    result->jitter = result->delay.p95 - result->delay.median;
    result->pdv = result->delay.p95 - result->delay.min;
    take_percentiles(ledger->delay, observation->percentiles, result);
    if (observation->histogram)
      result->histogram = ow_histogram_of(ledger->delay, result->received);
  }
}

/* A few packets that are a little late are no matter; a sender that stood still is. */
static bool falls_short(const struct ow_result *result)
{
  enum { LEAST = 3, PART = 20 };
  uint64_t planned = (uint64_t)result->sent + result->skipped;
  bool much = result->skipped >= LEAST && (uint64_t)result->skipped * PART > planned;
  return result->skipped > 0 && (much || result->sent == 0);
}

static enum ow_completeness completeness(const struct ow_observation *observation,
                                         const struct ow_result *result)
{
  bool partial =
      observation->partial || observation->incomplete || observation->dropped > 0 || falls_short(result);
  bool all_skipped = result->skipped > 0 && result->skipped == observation->packets;
  enum ow_completeness completeness = partial ? OW_RESULT_PARTIAL : OW_RESULT_COMPLETE;
  return result->sent || all_skipped ? completeness : OW_RESULT_ABSENT;
}

enum ow_status ow_result_compute(const struct ow_observation *observation, struct ow_result *result)
{
  struct ow_ledger ledger;
  enum ow_status status = ow_ledger_open(&ledger, observation->packets);
  *result = (struct ow_result){.discarded = observation->discarded,
                               .refused = observation->refused,
                               .refusal = observation->refusal,
                               .dropped = observation->dropped,
                               .incomplete = observation->incomplete,
                               .duplicates = observation->duplicates_unkept};
  if (status == OW_OK) {
    read_observation(observation, &ledger, result);
    work_out_loss(&ledger, result);
    work_out_delay(observation, &ledger, result);
    result->completeness = completeness(observation, result);
  }
  if (result->completeness == OW_RESULT_ABSENT)
    *result = (struct ow_result){.discarded = observation->discarded, .dropped = observation->dropped};
  result->clock.stepped = observation->stepped;
  ow_ledger_close(&ledger);
  return status;
}

void ow_result_share(struct ow_result *copy)
{
  ow_histogram_share(copy->histogram);
}

void ow_result_drop(struct ow_result *result)
{
  ow_histogram_drop(result->histogram);
  result->histogram = NULL;
}

bool ow_result_percentile(const struct ow_result *result, uint32_t percentile, int64_t *delay)
{
  const struct {
    uint32_t percentile;
    int64_t delay;
  } usual[] = {{50 * OW_PERCENT, result->delay.median},
               {95 * OW_PERCENT, result->delay.p95},
               {99 * OW_PERCENT, result->delay.p99}};
  bool found = false;
  for (uint32_t i = 0; i < result->percentiles.count && !found; i++) {
    found = result->percentiles.list[i] == percentile;
    if (found)
      *delay = result->percentile_delays[i];
  }
  for (size_t i = 0; i < sizeof usual / sizeof *usual && !found; i++) {
    found = usual[i].percentile == percentile;
    if (found)
      *delay = usual[i].delay;
  }
  return found;
}

bool ow_result_nothing_arrived(const struct ow_result *result, uint32_t least)
{
  uint32_t tried = result->sent ? result->sent : result->refused;
  bool silent = result->received == 0 && result->dropped == 0;
  return result->completeness != OW_RESULT_ABSENT && silent && tried > 0 && tried >= least;
}

static void print_unsent(char out[OW_REMARK_TEXT], const struct ow_result *result)
{
  unsigned long long planned = (unsigned long long)result->sent + result->skipped;
  const char *reason = ow_refusal_text(result->refusal);
  int length = 0;
  if (result->sent == 0)
    length = snprintf(out, OW_REMARK_TEXT, "none of %llu packets was sent", planned);
  else
    length = snprintf(out, OW_REMARK_TEXT, "%u of %llu packets were never sent", result->skipped, planned);
  if (result->refused > 0 && result->refused >= result->skipped)
    snprintf(out + length, OW_REMARK_TEXT - (size_t)length, ": %s", reason);
  else if (result->refused > 0)
    snprintf(out + length, OW_REMARK_TEXT - (size_t)length, ", %u of them refused: %s", result->refused,
             reason);
}

const char *ow_result_shortfall(char out[OW_REMARK_TEXT], const struct ow_result *result)
{
  out[0] = '\0';
  if (falls_short(result))
    print_unsent(out, result);
  else if (result->dropped > 0)
    snprintf(out, OW_REMARK_TEXT, "%u packets dropped at the receiver's own socket for want of buffer",
             result->dropped);
  else if (result->incomplete)
    snprintf(out, OW_REMARK_TEXT, "the receiver's records are incomplete");
  return out;
}
