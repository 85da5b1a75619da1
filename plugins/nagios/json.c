/* SPDX-License-Identifier: MIT */
/* A check's outcome as one JSON document. */
#include <jansson.h>

#include "output.h"
#include "perfdata.h"
#include "report/json.h"
#include "report/stamp_text.h"
#include "text.h"
#include "text/hex.h"

/* Digits enough for a nanosecond in a million seconds, and few enough for 0.0123 to be written so. */
enum { DIGITS = 15 };

static void put_member(json_t *object, const char *name, json_t *value)
{
  /* Jansson frees the value and marks nothing if memory is short; the object then lacks the member. */
  (void)json_object_set_new(object, name, value);
}

static void put_count(json_t *object, const char *name, uint32_t value)
{
  put_member(object, name, json_integer(value));
}

static void put_time(json_t *object, const char *name, int64_t nanoseconds)
{
  put_member(object, name, json_real(check_seconds(nanoseconds)));
}

/* Names and words that a peer may have a hand in; JSON must be UTF-8. */
static json_t *plain_words(const char *words)
{
  char clean[CHECK_REASON];
  struct check_text text = {clean, sizeof clean, 0};
  clean[0] = '\0';
  check_text_add(&text, "%s", words);
  return clean[0] ? json_string(clean) : json_null();
}

static json_t *stamp_json(struct ow_timestamp stamp)
{
  char text[OW_STAMP_TEXT];
  return ow_timestamp_is_zero(stamp) ? json_null() : json_string(ow_stamp_print(text, stamp));
}

static json_t *packet_json(const struct ow_sample *sample)
{
  bool lost = ow_sample_lost(sample);
  json_t *object = json_object();
  put_count(object, "sequence", sample->sequence);
  put_member(object, "lost", json_boolean(lost));
  put_member(object, "sent", stamp_json(sample->sent));
  put_member(object, "received", stamp_json(sample->received));
  put_member(object, "delay", lost ? json_null() : json_real(check_seconds(ow_sample_delay(sample))));
  put_member(object, "ttl", lost ? json_null() : json_integer(sample->ttl));
  put_time(object, "send_error", ow_error_ns(sample->send_error));
  put_member(object, "receive_error",
             lost ? json_null() : json_real(check_seconds(ow_error_ns(sample->receive_error))));
  return object;
}

static json_t *packets_json(const struct ow_samples *samples)
{
  json_t *list = json_array();
  for (size_t i = 0; i < samples->count; i++)
    (void)json_array_append_new(list, packet_json(ow_samples_at(samples, i)));
  return list;
}

static json_t *sid_json(const struct ow_probe_direction *direction)
{
  char text[2 * sizeof direction->sid + 1];
  bool made = false;
  for (size_t i = 0; i < sizeof direction->sid; i++)
    made = made || direction->sid[i] != 0;
  return made ? json_string(ow_hex_print(text, direction->sid, sizeof direction->sid)) : json_null();
}

static json_t *result_json(const struct ow_probe_direction *probed, enum ow_direction direction, bool packets)
{
  json_t *object = ow_result_to_json(&probed->result, direction);
  put_member(object, "sid", sid_json(probed));
  put_member(object, "sender", plain_words(probed->sender));
  put_member(object, "receiver", plain_words(probed->receiver));
  if (packets)
    put_member(object, "packets", packets_json(&probed->samples));
  return object;
}

static json_t *finding_json(const struct ow_finding *finding)
{
  char range[OW_RANGE_TEXT];
  bool both = ow_metric_of_both(finding->metric);
  json_t *object = json_object();
  put_member(object, "metric", json_string(ow_metric_name(finding->metric)));
  put_member(object, "direction", both ? json_null() : json_string(ow_direction_name(finding->direction)));
  put_member(object, "state", json_string(ow_verdict_name(finding->verdict)));
  put_member(object, "value", finding->has_value ? json_real(finding->value) : json_null());
  put_member(object, "range", json_string(ow_range_print(range, sizeof range, finding->range)));
  put_member(object, "uncertain", json_boolean(finding->uncertain));
  put_member(object, "too_few_packets", json_boolean(finding->too_few));
  return object;
}

/* The metrics of both directions together. */
static void put_both(json_t *object, const struct ow_result *const results[OW_DIRECTIONS])
{
  for (int m = 0; m < OW_METRICS; m++) {
    enum ow_metric metric = (enum ow_metric)m;
    double value = 0;
    if (ow_metric_of_both(metric))
      put_member(object, ow_metric_name(metric),
                 ow_metric_find(results, metric, OW_FORWARD, &value) ? json_real(value) : json_null());
  }
}

static void put_lists(json_t *object, const struct check_options *options,
                      const struct ow_probe_report *report, const struct check_outcome *outcome)
{
  const struct ow_result *wanted[OW_DIRECTIONS];
  json_t *results = json_array();
  json_t *findings = json_array();
  check_results(options, report, wanted);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (wanted[d])
      (void)json_array_append_new(
          results, result_json(&report->directions[d], (enum ow_direction)d, options->verbosity >= 3));
  for (size_t i = 0; i < outcome->judgement.count; i++)
    (void)json_array_append_new(findings, finding_json(&outcome->judgement.findings[i]));
  put_member(object, "results", results);
  put_both(object, wanted);
  put_member(object, "findings", findings);
}

static void put_report(json_t *object, const struct ow_probe_report *report)
{
  put_member(object, "server", plain_words(report->server));
  put_member(object, "mode",
             report->mode == OW_MODE_NONE ? json_null() : json_string(ow_mode_name(report->mode)));
  put_member(object, "step", json_string(ow_probe_step_name(report->step)));
  put_member(object, "setup_time",
             report->setup_ns > 0 ? json_real(check_seconds(report->setup_ns)) : json_null());
  put_member(object, "clock_synchronized",
             report->clock_error > 0 ? json_boolean(report->clock_synchronized) : json_null());
  put_member(object, "clock_error",
             report->clock_error > 0 ? json_real(check_seconds(report->clock_error)) : json_null());
}

static json_t *stream_json(const struct check_stream *stream)
{
  json_t *object = json_object();
  put_member(object, "name", plain_words(stream->name));
  put_member(object, "state", json_string(ow_stream_state_name(stream->state)));
  put_count(object, "intervals", stream->intervals);
  put_count(object, "asked", stream->asked);
  put_count(object, "failed", stream->failed);
  put_time(object, "interval", stream->interval);
  put_member(object, "age", stream->intervals > 0 ? json_real(check_seconds(stream->age)) : json_null());
  return object;
}

static json_t *diagnosis_json(const struct check_diagnosis *diagnosis)
{
  json_t *list = json_array();
  for (size_t i = 0; i < diagnosis->count; i++) {
    const struct check_step *step = &diagnosis->steps[i];
    json_t *object = json_object();
    put_member(object, "step", json_string(step->name));
    put_member(object, "finding", json_string(check_finding_name(step->finding)));
    put_member(object, "found", plain_words(step->found));
    put_member(object, "mend", plain_words(step->mend));
    (void)json_array_append_new(list, object);
  }
  return list;
}

void check_json_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                      const struct check_outcome *outcome)
{
  json_t *object = json_object();
  put_member(object, "peer", plain_words(options->settings.peer.host));
  put_member(object, "state", json_string(ow_verdict_name(outcome->verdict)));
  put_member(object, "reason", plain_words(outcome->reason));
  if (options->key_warning[0])
    put_member(object, "warning", plain_words(options->key_warning));
  if (outcome->stream.known)
    put_member(object, "stream", stream_json(&outcome->stream));
  if (outcome->diagnosis.count > 0)
    put_member(object, "diagnosis", diagnosis_json(&outcome->diagnosis));
  if (report) {
    put_report(object, report);
    put_lists(object, options, report, outcome);
  }
  if (json_dumpf(object, out, JSON_REAL_PRECISION(DIGITS)) != 0)
    fputs("{\"state\": \"UNKNOWN\", \"reason\": \"no memory\"}", out);
  fputc('\n', out);
  json_decref(object);
}
