/* SPDX-License-Identifier: MIT */
/* A check's outcome as one JSON document; what isn't known isn't put. The manual page has every member. */
#include <stdint.h>
#include <string.h>

#include "output.h"
#include "perfdata.h"
#include "report/json.h"
#include "report/members.h"
#include "text.h"
#include "text/hex.h"

/* Digits enough for a nanosecond in a million seconds, and few enough for 0.0123 to be written so. */
enum { DIGITS = 15 };

/* Sentences that a peer may have a hand in; JSON must be UTF-8. */
static void put_words(struct ow_members *members, const char *name, const char *words)
{
  char clean[CHECK_REASON];
  struct check_text text = {clean, sizeof clean, 0};
  check_text_add(&text, "%s", words);
  if (words[0])
    ow_put(members, name, json_string(clean));
}

static void put_bool(struct ow_members *members, const char *name, bool value)
{
  ow_put(members, name, json_boolean(value));
}

static void append(struct ow_members *members, json_t *list, json_t *value)
{
  if (!value || json_array_append_new(list, value) != 0)
    members->failed = true;
}

/* ---- a direction ---- */

static json_t *packet_json(const struct ow_sample *sample)
{
  struct ow_members members = ow_members_begin();
  bool lost = ow_sample_lost(sample);
  ow_put_count(&members, "sequence", sample->sequence);
  put_bool(&members, "lost", lost);
  ow_put_stamp(&members, "sent", sample->sent);
  ow_put_clock_error(&members, "send_error", ow_error_ns(sample->send_error));
  if (!lost) {
    ow_put_stamp(&members, "received", sample->received);
    ow_put_clock_error(&members, "receive_error", ow_error_ns(sample->receive_error));
    ow_put_time(&members, "delay", ow_sample_delay(sample));
    ow_put_count(&members, "ttl", sample->ttl);
    ow_put_text(&members, "departed", ow_departed_names[sample->departed]);
    if (sample->departed != OW_DEPARTED_CORRECTED)
      ow_put_stamp(&members, "stamp", ow_timestamp_plus(sample->sent, -(int64_t)sample->stamped_before));
  }
  return ow_members_end(&members);
}

/* Each takes a kilobyte: of a session that others sent not more are told than fit in 16 MB. */
static void put_packets(struct ow_members *members, const struct ow_samples *samples, size_t most)
{
  json_t *list = json_array();
  size_t told = samples->count < most ? samples->count : most;
  for (size_t i = 0; i < told; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    append(members, list, packet_json(&sample));
  }
  ow_put(members, "packets", list);
  if (samples->count > told)
    ow_put_count(members, "packets_left_out", samples->count - told);
}

static void put_sid(struct ow_members *members, const struct ow_probe_direction *direction)
{
  char text[2 * sizeof direction->sid + 1];
  static const uint8_t none[sizeof direction->sid];
  if (memcmp(direction->sid, none, sizeof none) != 0)
    ow_put_text(members, "sid", ow_hex_print(text, direction->sid, sizeof direction->sid));
}

static json_t *result_json(const struct ow_probe_direction *probed, enum ow_direction direction,
                           const struct check_options *options)
{
  enum { FETCHED_MOST = 16384 };
  struct ow_result result = probed->result;
  if (options->verbosity < 2)
    result.histogram = NULL;
  struct ow_members members = {.object = ow_result_to_json(&result, direction)};
  members.failed = !members.object;
  put_sid(&members, probed);
  ow_put_endpoint(&members, "sender", probed->sender);
  ow_put_endpoint(&members, "receiver", probed->receiver);
  if (options->verbosity >= 3)
    put_packets(&members, &probed->samples, options->action == CHECK_FETCH ? (size_t)FETCHED_MOST : SIZE_MAX);
  return ow_members_end(&members);
}

static void put_results(struct ow_members *members, const struct check_options *options,
                        const struct ow_probe_report *report,
                        const struct ow_result *const results[OW_RESULTS])
{
  json_t *list = json_array();
  for (int d = 0; d < OW_RESULTS; d++)
    if (results[d])
      append(members, list, result_json(&report->directions[d], (enum ow_direction)d, options));
  ow_put(members, "results", list);
}

/* ---- both directions, and what is judged of them ---- */

static void put_both(struct ow_members *members, const struct ow_result *const results[OW_RESULTS])
{
  for (int m = 0; m < OW_METRICS; m++) {
    enum ow_metric metric = (enum ow_metric)m;
    double value = 0;
    if (ow_metric_of_both(metric) && ow_metric_find(results, metric, OW_FORWARD, &value))
      ow_put(members, ow_metric_name(metric), json_real(value));
  }
}

static json_t *finding_json(const struct ow_finding *finding)
{
  char range[OW_RANGE_TEXT];
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "metric", ow_metric_name(finding->metric));
  if (!ow_metric_of_both(finding->metric))
    ow_put_text(&members, "direction", ow_direction_name(finding->direction));
  ow_put_text(&members, "state", ow_verdict_name(finding->verdict));
  if (finding->has_value)
    ow_put(&members, "value", json_real(finding->value));
  ow_put_text(&members, "range", ow_range_print(range, sizeof range, finding->range));
  put_bool(&members, "uncertain", finding->uncertain);
  put_bool(&members, "too_few_packets", finding->too_few);
  return ow_members_end(&members);
}

static void put_findings(struct ow_members *members, const struct ow_judgement *judgement)
{
  json_t *list = json_array();
  for (size_t i = 0; i < judgement->count; i++)
    append(members, list, finding_json(&judgement->findings[i]));
  ow_put(members, "findings", list);
}

/* ---- the check ---- */

/* What was found out about a reflector; of one that never answered, nothing. */
static void put_reflector(struct ow_members *members, const struct ow_probe_report *report)
{
  struct ow_members found = ow_members_begin();
  json_t *words = json_array();
  for (size_t i = 0; i < report->reflector_lines; i++)
    append(&found, words, json_string(report->reflector_words[i]));
  if (report->reflector.counter_shown)
    put_bool(&found, "stateful", report->reflector.stateful);
  ow_put(&found, "found", words);
  ow_put(members, "reflector", ow_members_end(&found));
}

static void put_report(struct ow_members *members, const struct ow_probe_report *report)
{
  ow_put_endpoint(members, "connection", report->server);
  if (report->mode != OW_MODE_NONE)
    ow_put_text(members, "mode", ow_mode_name(report->mode));
  if (ow_protocol_reflects(report->protocol))
    put_reflector(members, report);
  ow_put_text(members, "step", ow_probe_step_name(report->step));
  if (report->setup_ns > 0)
    ow_put_time(members, "setup_time", report->setup_ns);
  if (report->clock_error > 0) {
    put_bool(members, "clock_synchronized", report->clock_synchronized);
    ow_put_time(members, "clock_error", report->clock_error);
  }
}

static json_t *stream_json(const struct check_stream *stream)
{
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "name", stream->name);
  ow_put_text(&members, "state", ow_stream_state_name(stream->state));
  ow_put_time(&members, "interval", stream->interval);
  ow_put_count(&members, "asked", stream->asked);
  ow_put_count(&members, "judged", stream->intervals);
  ow_put_count(&members, "judged_failed", stream->failed);
  if (stream->intervals > 0)
    ow_put_time(&members, "age", stream->age);
  return ow_members_end(&members);
}

static void put_diagnosis(struct ow_members *members, const struct check_diagnosis *diagnosis)
{
  json_t *list = json_array();
  for (size_t i = 0; i < diagnosis->count; i++) {
    const struct check_step *step = &diagnosis->steps[i];
    struct ow_members found = ow_members_begin();
    ow_put_text(&found, "step", step->name);
    ow_put_text(&found, "finding", check_finding_name(step->finding));
    put_words(&found, "found", step->found);
    put_words(&found, "mend", step->mend);
    append(members, list, ow_members_end(&found));
  }
  ow_put(members, "diagnosis", list);
}

static json_t *check_json(const struct check_options *options, const struct ow_probe_report *report,
                          const struct check_outcome *outcome)
{
  const struct ow_peer *peer = &options->settings.peer;
  const struct ow_result *results[OW_RESULTS];
  struct ow_members members = ow_members_begin();
  ow_put_count(&members, "schema", OW_JSON_SCHEMA);
  if (peer->host[0]) {
    ow_put_text(&members, "host", peer->host);
    ow_put_text(&members, "port", peer->port);
  }
  if (peer->host[0] || outcome->stream.known)
    ow_put_text(&members, "protocol", ow_protocol_word(peer->protocol));
  ow_put_text(&members, "state", ow_verdict_name(outcome->verdict));
  put_words(&members, "reason", outcome->reason);
  if (options->key_warning[0])
    put_words(&members, "warning", options->key_warning);
  if (outcome->stream.known)
    ow_put(&members, "stream", stream_json(&outcome->stream));
  if (outcome->diagnosis.count > 0)
    put_diagnosis(&members, &outcome->diagnosis);
  if (report) {
    check_results(options, report, results);
    put_report(&members, report);
    put_results(&members, options, report, results);
    put_both(&members, results);
    put_findings(&members, &outcome->judgement);
  }
  return ow_members_end(&members);
}

const char *check_json_least(char *out, size_t size, enum ow_verdict verdict, const char *reason)
{
  snprintf(out, size, "{\"schema\": %d, \"state\": \"%s\", \"reason\": \"%s\"}\n", OW_JSON_SCHEMA,
           ow_verdict_name(verdict), reason);
  return out;
}

void check_json_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                      const struct check_outcome *outcome)
{
  char least[CHECK_REASON];
  json_t *object = check_json(options, report, outcome);
  /* Whole, or not at all: on its way out it takes memory, too. */
  char *text = object ? json_dumps(object, JSON_REAL_PRECISION(DIGITS)) : NULL;
  json_free_t release;
  json_get_alloc_funcs(NULL, &release);
  if (text)
    fprintf(out, "%s\n", text);
  else
    fputs(check_json_least(least, sizeof least, OW_VERDICT_UNKNOWN, "no memory"), out);
  release(text);
  json_decref(object);
}
