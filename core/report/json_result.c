/* SPDX-License-Identifier: MIT */
/* One direction's result as JSON, and back. */
#include "report/json.h"

#include <stdlib.h>
#include <string.h>

#include "report/histogram_text.h"
#include "report/members.h"
#include "text/percentile.h"

static const char *const direction_names[] = {
    [OW_FORWARD] = "forward", [OW_REVERSE] = "reverse", [OW_ROUND_TRIP] = "round-trip"};
static const char *const completeness_names[] = {
    [OW_RESULT_ABSENT] = "absent", [OW_RESULT_PARTIAL] = "partial", [OW_RESULT_COMPLETE] = "complete"};
static const char *const stamp_names[] = {
    [OW_STAMP_UNKNOWN] = NULL, [OW_STAMP_KERNEL] = "kernel", [OW_STAMP_USER] = "user"};

static const char *const quantile_names[] = {[OW_QUANTILES_EXACT] = NULL,
                                             [OW_QUANTILES_HISTOGRAM] = "histograms",
                                             [OW_QUANTILES_SUMMARY] = "summaries"};
const char *const ow_departed_names[] = {[OW_DEPARTED_CORRECTED] = "corrected",
                                         [OW_DEPARTED_KERNEL] = "kernel",
                                         [OW_DEPARTED_HARDWARE] = "hardware"};

/* What counts, and what it is called. */
static const struct {
  const char *name;
  size_t offset;
} counts[] = {
    {"sent", offsetof(struct ow_result, sent)},
    {"received", offsetof(struct ow_result, received)},
    {"lost", offsetof(struct ow_result, lost)},
    {"longest_loss_run", offsetof(struct ow_result, longest_loss_run)},
    {"skipped", offsetof(struct ow_result, skipped)},
    {"duplicates", offsetof(struct ow_result, duplicates)},
    {"reordered", offsetof(struct ow_result, reordered)},
    {"discarded", offsetof(struct ow_result, discarded)},
};

static const struct {
  const char *name;
  size_t offset;
} delays[] = {
    {"min", offsetof(struct ow_delays, min)},       {"mean", offsetof(struct ow_delays, mean)},
    {"median", offsetof(struct ow_delays, median)}, {"p95", offsetof(struct ow_delays, p95)},
    {"p99", offsetof(struct ow_delays, p99)},       {"max", offsetof(struct ow_delays, max)},
};

enum { COUNTS = sizeof counts / sizeof *counts, DELAYS = sizeof delays / sizeof *delays };

static bool has_packets(const struct ow_result *result)
{
  return result->completeness != OW_RESULT_ABSENT && result->received > 0;
}

/* A step of the clock spoils differences of delays, too. */
static bool has_times(const struct ow_result *result)
{
  return has_packets(result) && !result->clock.stepped;
}

/* ---- to JSON ---- */

/* Absent where neither end fell short; a reason in words, for numbers differ between systems. */
static void put_shortfall(struct ow_members *members, const struct ow_result *result)
{
  if (result->refused) {
    ow_put_count(members, "refused", result->refused);
    ow_put_text(members, "refusal", result->refusal ? strerrordesc_np(result->refusal) : NULL);
  }
  if (result->dropped)
    ow_put_count(members, "dropped", result->dropped);
  if (result->incomplete)
    ow_put(members, "incomplete", json_true());
}

/* What means nothing where losses are not told by direction, or not their order. */
static bool is_known(const struct ow_result *result, size_t offset)
{
  bool of_loss = offset == offsetof(struct ow_result, sent) || offset == offsetof(struct ow_result, lost);
  bool of_run = offset == offsetof(struct ow_result, longest_loss_run);
  return !(result->loss_unknown && (of_loss || of_run)) && !(result->run_unknown && of_run);
}

static void put_counts(struct ow_members *members, const struct ow_result *result)
{
  if (result->loss_unknown)
    ow_put(members, "loss_unknown", json_true());
  if (result->run_unknown)
    ow_put(members, "loss_run_unknown", json_true());
  for (size_t i = 0; i < COUNTS; i++) {
    if (!is_known(result, counts[i].offset))
      continue;
    ow_put_count(members, counts[i].name,
                 *(const uint32_t *)(const void *)((const char *)result + counts[i].offset));
    if (i == 2 && result->sent && !result->loss_unknown)
      ow_put(members, "loss_percent", json_real(100.0 * result->lost / result->sent));
  }
}

static json_t *delay_json(const struct ow_delays *delay)
{
  struct ow_members members = ow_members_begin();
  for (size_t i = 0; i < DELAYS; i++)
    ow_put_time(&members, delays[i].name,
                *(const int64_t *)(const void *)((const char *)delay + delays[i].offset));
  return ow_members_end(&members);
}

static json_t *hops_json(const struct ow_result *result)
{
  struct ow_members members = ow_members_begin();
  ow_put_count(&members, "min", result->hops_min);
  ow_put_count(&members, "max", result->hops_max);
  return ow_members_end(&members);
}

/* That a clock was stepped is known even if nothing arrived; in a round trip no other clock has a part. */
static json_t *clock_json(const struct ow_result *result, enum ow_direction direction)
{
  struct ow_members members = ow_members_begin();
  if (has_packets(result) && direction != OW_ROUND_TRIP) {
    ow_put(&members, "sender_synchronized", json_boolean(result->clock.sender_synchronized));
    ow_put(&members, "receiver_synchronized", json_boolean(result->clock.receiver_synchronized));
    ow_put_clock_error(&members, "error", result->clock.error_ns);
    ow_put_text(&members, "receive_stamp", stamp_names[result->clock.receive_stamp]);
    ow_put_text(&members, "departed", ow_departed_names[result->clock.departed]);
  }
  ow_put(&members, "stepped", json_boolean(result->clock.stepped));
  return ow_members_end(&members);
}

static json_t *percentiles_json(const struct ow_result *result)
{
  struct ow_members members = ow_members_begin();
  char name[OW_PERCENTILE_TEXT];
  for (uint32_t i = 0; i < result->percentiles.count; i++)
    ow_put_time(&members, ow_percentile_print(name, result->percentiles.list[i]),
                result->percentile_delays[i]);
  return ow_members_end(&members);
}

static json_t *histogram_json(const struct ow_histogram *histogram)
{
  size_t octets = ow_histogram_text_octets(histogram);
  char *text = malloc(octets);
  json_t *value = NULL;
  if (text) {
    ow_histogram_print(text, histogram);
    value = json_stringn(text, octets);
  }
  free(text);
  return value;
}

static void put_distribution(struct ow_members *members, const struct ow_result *result)
{
  if (result->percentiles.count)
    ow_put(members, "percentiles", percentiles_json(result));
  if (result->quantiles != OW_QUANTILES_EXACT)
    ow_put_text(members, "percentiles_from", quantile_names[result->quantiles]);
  if (result->histogram)
    ow_put(members, "histogram", histogram_json(result->histogram));
}

static void put_times(struct ow_members *members, const struct ow_result *result)
{
  ow_put(members, "delay", delay_json(&result->delay));
  ow_put_time(members, "jitter", result->jitter);
  if (result->has_ipdv) {
    ow_put_time(members, "ipdv", result->ipdv);
    if (result->ipdv_pairs)
      ow_put_count(members, "ipdv_pairs", result->ipdv_pairs);
  }
  ow_put_time(members, "pdv", result->pdv);
  put_distribution(members, result);
  if (result->has_dwell)
    ow_put(members, "dwell", delay_json(&result->dwell));
}

json_t *ow_result_to_json(const struct ow_result *result, enum ow_direction direction)
{
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "direction", direction_names[direction]);
  ow_put_text(&members, "completeness", completeness_names[result->completeness]);
  if (result->completeness != OW_RESULT_ABSENT) {
    ow_put_stamp(&members, "begin", result->begin);
    ow_put_stamp(&members, "end", result->end);
    put_counts(&members, result);
    put_shortfall(&members, result);
  } else if (result->discarded) {
    ow_put_count(&members, "discarded", result->discarded);
  }
  if (has_times(result))
    put_times(&members, result);
  if (has_packets(result) && direction != OW_ROUND_TRIP)
    ow_put(&members, "hops", hops_json(result));
  if ((has_packets(result) && direction != OW_ROUND_TRIP) || result->clock.stepped)
    ow_put(&members, "clock", clock_json(result, direction));
  return ow_members_end(&members);
}

/* ---- and back ---- */

/* Where nothing is known of losses, what is received stands for what was sent. */
static void get_counts(struct ow_reading *reading, const json_t *object, struct ow_result *result)
{
  if (ow_get_optional(object, "loss_unknown"))
    result->loss_unknown = ow_get_bool(reading, object, "loss_unknown");
  if (ow_get_optional(object, "loss_run_unknown"))
    result->run_unknown = ow_get_bool(reading, object, "loss_run_unknown");
  for (size_t i = 0; i < COUNTS; i++)
    if (is_known(result, counts[i].offset))
      *(uint32_t *)(void *)((char *)result + counts[i].offset) =
          (uint32_t)ow_get_count(reading, object, counts[i].name, UINT32_MAX);
  if (result->loss_unknown)
    result->sent = result->received;
  if ((uint64_t)result->received + result->lost != result->sent)
    ow_reading_fail(reading, "sent", "must be the sum of received and lost");
}

static void get_shortfall(struct ow_reading *reading, const json_t *object, struct ow_result *result)
{
  enum { ERRORS = 256 };
  char words[OW_REMARK_TEXT];
  if (ow_get_optional(object, "dropped"))
    result->dropped = (uint32_t)ow_get_count(reading, object, "dropped", UINT32_MAX);
  if (ow_get_optional(object, "incomplete"))
    result->incomplete = ow_get_bool(reading, object, "incomplete");
  if (!ow_get_optional(object, "refused"))
    return;
  result->refused = (uint32_t)ow_get_count(reading, object, "refused", UINT32_MAX);
  ow_get_text(reading, object, "refusal", words, sizeof words);
  for (int error = 1; error < ERRORS && !result->refusal; error++) {
    const char *text = strerrordesc_np(error);
    if (text && strcmp(text, words) == 0)
      result->refusal = error;
  }
}

static void get_delays(struct ow_reading *reading, const json_t *object, const char *name, const char *within,
                       struct ow_delays *delay)
{
  const char *outside = reading->within;
  const json_t *from = json_object_get(object, name);
  if (!ow_reading_object(reading, from, name))
    return;
  reading->within = within;
  for (size_t i = 0; i < DELAYS; i++)
    *(int64_t *)(void *)((char *)delay + delays[i].offset) = ow_get_time(reading, from, delays[i].name);
  reading->within = outside;
}

/* By their names, which are percentiles; "99.9_ns" stands beside a long time. */
static void get_percentiles(struct ow_reading *reading, json_t *from, struct ow_result *result)
{
  const char *outside = reading->within;
  struct ow_percentiles *list = &result->percentiles;
  const char *name;
  json_t *value;
  bool good = true;
  reading->within = "percentiles.";
  json_object_foreach(from, name, value)
  {
    uint32_t percentile = 0;
    if (strchr(name, '_'))
      continue;
    good = good && list->count < OW_PERCENTILES_MOST && ow_percentile_parse(ow_piece_of(name), &percentile);
    if (good) {
      result->percentile_delays[list->count] = ow_get_time(reading, from, name);
      list->list[list->count++] = percentile;
    }
  }
  reading->within = outside;
  if (!good)
    ow_reading_fail(reading, "percentiles", "must be up to 8 of them by their numbers");
}

static void get_histogram(struct ow_reading *reading, const json_t *from, struct ow_result *result)
{
  const char *text = json_string_value(from);
  const char *complaint = text ? ow_histogram_parse(text, result) : "must be a text";
  if (complaint)
    ow_reading_fail(reading, "histogram", complaint);
}

static void get_distribution(struct ow_reading *reading, const json_t *object, struct ow_result *result)
{
  json_t *percentiles = json_object_get(object, "percentiles");
  const json_t *histogram = ow_get_optional(object, "histogram");
  result->quantiles = (enum ow_quantile_source)ow_get_word(
      reading, object, "percentiles_from", quantile_names, OW_QUANTILES_SUMMARY + 1, OW_QUANTILES_EXACT);
  if (percentiles && ow_reading_object(reading, percentiles, "percentiles"))
    get_percentiles(reading, percentiles, result);
  if (histogram && reading->status == OW_OK)
    get_histogram(reading, histogram, result);
}

static void get_times(struct ow_reading *reading, const json_t *object, struct ow_result *result)
{
  get_delays(reading, object, "delay", "delay.", &result->delay);
  result->has_dwell = ow_get_optional(object, "dwell") != NULL;
  if (result->has_dwell)
    get_delays(reading, object, "dwell", "dwell.", &result->dwell);
  result->jitter = ow_get_time(reading, object, "jitter");
  result->pdv = ow_get_time(reading, object, "pdv");
  result->has_ipdv = ow_get_optional(object, "ipdv") != NULL;
  if (result->has_ipdv)
    result->ipdv = ow_get_time(reading, object, "ipdv");
  if (result->has_ipdv && ow_get_optional(object, "ipdv_pairs"))
    result->ipdv_pairs = (uint32_t)ow_get_count(reading, object, "ipdv_pairs", UINT32_MAX);
  get_distribution(reading, object, result);
}

static void get_hops(struct ow_reading *reading, const json_t *object, struct ow_result *result)
{
  const char *outside = reading->within;
  const json_t *from = json_object_get(object, "hops");
  if (!ow_reading_object(reading, from, "hops"))
    return;
  reading->within = "hops.";
  result->hops_min = (uint8_t)ow_get_count(reading, from, "min", UINT8_MAX);
  result->hops_max = (uint8_t)ow_get_count(reading, from, "max", UINT8_MAX);
  reading->within = outside;
}

static void get_clock(struct ow_reading *reading, const json_t *object, enum ow_direction direction,
                      struct ow_result *result)
{
  const char *outside = reading->within;
  const json_t *from = json_object_get(object, "clock");
  bool packets = has_packets(result) && direction != OW_ROUND_TRIP;
  if ((!packets && !ow_get_optional(object, "clock")) || !ow_reading_object(reading, from, "clock"))
    return;
  reading->within = "clock.";
  if (packets) {
    result->clock.sender_synchronized = ow_get_bool(reading, from, "sender_synchronized");
    result->clock.receiver_synchronized = ow_get_bool(reading, from, "receiver_synchronized");
    result->clock.error_ns = ow_get_clock_error(reading, from, "error");
    result->clock.receive_stamp = (enum ow_stamp_source)ow_get_word(
        reading, from, "receive_stamp", stamp_names, OW_STAMP_USER + 1, OW_STAMP_UNKNOWN);
    result->clock.departed = (enum ow_departed_by)ow_get_word(
        reading, from, "departed", ow_departed_names, OW_DEPARTED_HARDWARE + 1, OW_DEPARTED_CORRECTED);
  }
  result->clock.stepped = ow_get_bool(reading, from, "stepped");
  reading->within = outside;
}

static void get_result(struct ow_reading *reading, const json_t *object, enum ow_direction direction,
                       struct ow_result *result)
{
  result->completeness = (enum ow_completeness)ow_get_word(reading, object, "completeness",
                                                           completeness_names, OW_RESULT_COMPLETE + 1, -1);
  if (result->completeness != OW_RESULT_ABSENT) {
    result->begin = ow_get_stamp(reading, object, "begin");
    result->end = ow_get_stamp(reading, object, "end");
    get_counts(reading, object, result);
    get_shortfall(reading, object, result);
  } else if (ow_get_optional(object, "discarded")) {
    result->discarded = (uint32_t)ow_get_count(reading, object, "discarded", UINT32_MAX);
  }
  get_clock(reading, object, direction, result);
  if (has_times(result))
    get_times(reading, object, result);
  if (has_packets(result) && direction != OW_ROUND_TRIP)
    get_hops(reading, object, result);
}

enum ow_status ow_result_from_json(const json_t *object, struct ow_result *result,
                                   enum ow_direction *direction, struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  *result = (struct ow_result){0};
  *direction = OW_FORWARD;
  if (ow_reading_object(&reading, object, "result")) {
    *direction =
        (enum ow_direction)ow_get_word(&reading, object, "direction", direction_names, OW_RESULTS, -1);
    get_result(&reading, object, *direction, result);
  }
  if (reading.status != OW_OK) {
    ow_result_drop(result);
    *result = (struct ow_result){0};
  }
  return reading.status;
}
