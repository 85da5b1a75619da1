/* SPDX-License-Identifier: MIT */
/* Line by line what -v adds: counts, times, clocks, sessions, packets and a histogram. */
#include "output.h"

#include "advice.h"
#include "perfdata.h"
#include "report/stamp_text.h"
#include "text.h"
#include "text/hex.h"

enum { LINE = 512 };

/* One line of long output, without what would be read as performance data. */
static void print_line(FILE *out, struct check_text *line)
{
  fprintf(out, "%s\n", line->out);
  line->length = 0;
}

static void print_counts(FILE *out, const char *name, const struct ow_result *result)
{
  char text[LINE];
  char number[CHECK_NUMBER] = "unknown";
  double loss = 0;
  struct check_text line = {text, sizeof text, 0};
  if (ow_metric_value(result, OW_METRIC_LOSS, &loss))
    ow_value_print(number, OW_METRIC_LOSS, loss);
  check_text_add(&line, "%s packets: %u sent, %u received, %u lost (%s, longest run %u), %u skipped", name,
                 result->sent, result->received, result->lost, number, result->longest_loss_run,
                 result->skipped);
  check_text_add(&line, ", %u duplicates, %u reordered, %u discarded", result->duplicates, result->reordered,
                 result->discarded);
  print_line(out, &line);
}

static void print_times(FILE *out, const char *name, const struct ow_result *result)
{
  static const struct {
    enum ow_metric metric;
    const char *words;
  } parts[] = {
      {OW_METRIC_DELAY_MIN, "min"}, {OW_METRIC_DELAY_MEAN, "mean"}, {OW_METRIC_DELAY_MEDIAN, "median"},
      {OW_METRIC_DELAY_P95, "p95"}, {OW_METRIC_DELAY_P99, "p99"},   {OW_METRIC_DELAY_MAX, "max"},
      {OW_METRIC_JITTER, "jitter"}, {OW_METRIC_IPDV, "ipdv"},       {OW_METRIC_PDV, "pdv"},
  };
  char text[LINE];
  struct check_text line = {text, sizeof text, 0};
  check_text_add(&line, "%s delay:", name);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char number[CHECK_NUMBER] = "unknown";
    double value = 0;
    if (ow_metric_value(result, parts[i].metric, &value))
      ow_value_print(number, parts[i].metric, value);
    check_text_add(&line, "%s %s %s", i ? "," : "", parts[i].words, number);
  }
  if (result->received > 0)
    check_text_add(&line, ", hops %u to %u", result->hops_min, result->hops_max);
  print_line(out, &line);
}

static const char *stamp_source_words(enum ow_stamp_source source)
{
  const char *words = "the peer";
  switch (source) {
  case OW_STAMP_UNKNOWN: break;
  case OW_STAMP_KERNEL: words = "this host's kernel"; break;
  case OW_STAMP_USER: words = "this process, late by its wake-up"; break;
  }
  return words;
}

static const char *synchronized_words(bool synchronized)
{
  return synchronized ? "synchronised" : "not synchronised";
}

static void print_clock(FILE *out, const char *name, const struct ow_clock_trust *clock)
{
  char text[LINE];
  char number[CHECK_NUMBER] = "unknown";
  struct check_text line = {text, sizeof text, 0};
  bool known =
      (clock->sender_synchronized && clock->receiver_synchronized) || clock->error_ns >= CHECK_LEAST_ERROR;
  if (known)
    ow_seconds_print(number, check_seconds(clock->error_ns));
  check_text_add(&line, "%s clocks: error +- %s, sender %s, receiver %s%s; receive stamps by %s", name,
                 number, synchronized_words(clock->sender_synchronized),
                 synchronized_words(clock->receiver_synchronized), clock->stepped ? ", set meanwhile" : "",
                 stamp_source_words(clock->receive_stamp));
  print_line(out, &line);
}

static void print_session(FILE *out, const char *name, const struct ow_probe_direction *direction)
{
  char text[LINE];
  char sid[2 * sizeof direction->sid + 1];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  check_text_add(&line, "%s session: %s, %s to %s", name,
                 ow_hex_print(sid, direction->sid, sizeof direction->sid), direction->sender,
                 direction->receiver);
  if (direction->departure_known)
    check_text_add(&line, "; departures %s behind their stamps, corrected",
                   ow_seconds_print(number, check_seconds(direction->departure_offset)));
  print_line(out, &line);
}

static void print_packet(FILE *out, const char *name, const struct ow_sample *sample)
{
  char text[LINE];
  char stamp[CHECK_NUMBER];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  check_text_add(&line, "%s packet %u: sent %s, ", name, sample->sequence,
                 ow_stamp_print(stamp, sample->sent));
  if (ow_sample_lost(sample))
    check_text_add(&line, "lost");
  else
    check_text_add(&line, "delay %s s, error +- %s, TTL %u",
                   check_decimal_text(number, check_seconds(ow_sample_delay(sample))),
                   ow_seconds_print(stamp, check_seconds(ow_error_ns(sample->send_error)) +
                                               check_seconds(ow_error_ns(sample->receive_error))),
                   sample->ttl);
  print_line(out, &line);
}

enum { BARS = 10, BAR_WIDTH = 40 };

/* How many packets took how long, ten steps from the least delay to the largest. */
static void print_histogram(FILE *out, const char *name, const struct ow_probe_direction *direction)
{
  const struct ow_delays *delay = &direction->result.delay;
  int64_t width = (delay->max - delay->min) / BARS + 1;
  uint32_t counts[BARS] = {0};
  uint32_t most = 1;
  for (size_t i = 0; i < direction->samples.count; i++) {
    const struct ow_sample *sample = ow_samples_at(&direction->samples, i);
    int64_t at = ow_sample_lost(sample) ? -1 : (ow_sample_delay(sample) - delay->min) / width;
    if (at >= 0 && at < BARS && ++counts[at] > most)
      most = counts[at];
  }
  for (int i = 0; i < BARS; i++) {
    char from[CHECK_NUMBER];
    int bar = (int)((uint64_t)counts[i] * BAR_WIDTH / most);
    fprintf(out, "%s %10s %-*.*s %u\n", name, ow_seconds_print(from, check_seconds(delay->min + i * width)),
            BAR_WIDTH, bar, "########################################", counts[i]);
  }
}

static void print_direction(FILE *out, const struct check_options *options, const char *name,
                            const struct ow_probe_direction *direction)
{
  const struct ow_result *result = &direction->result;
  if (result->completeness != OW_RESULT_ABSENT) {
    print_counts(out, name, result);
    print_times(out, name, result);
    if (result->received > 0)
      print_clock(out, name, &result->clock);
    if (options->verbosity >= 2 && direction->sender[0])
      print_session(out, name, direction);
    if (options->verbosity >= 2 && result->received > 0 && !result->clock.stepped &&
        direction->samples.count > 0)
      print_histogram(out, name, direction);
  }
  for (size_t i = 0; options->verbosity >= 3 && i < direction->samples.count; i++)
    print_packet(out, name, ow_samples_at(&direction->samples, i));
}

static void print_peer(FILE *out, const struct ow_probe_report *report)
{
  char text[LINE];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  if (report->server[0])
    check_text_add(&line, "server %s", report->server);
  if (report->mode != OW_MODE_NONE) {
    check_text_next(&line);
    check_text_add(&line, "%s mode", ow_mode_name(report->mode));
  }
  if (report->setup_ns > 0) {
    check_text_next(&line);
    check_text_add(&line, "set up in %s", ow_seconds_print(number, check_seconds(report->setup_ns)));
  }
  if (report->status != OW_OK && report->status != OW_INVALID) {
    check_text_next(&line);
    check_text_add(&line, "stopped at the step %s", ow_probe_step_name(report->step));
  }
  if (line.length > 0)
    print_line(out, &line);
}

static void print_host(FILE *out, const struct ow_probe_report *report)
{
  char text[LINE];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  if (report->modes_offered) {
    check_text_add(&line, "modes offered:");
    for (uint32_t mode = OW_MODE_OPEN; mode <= OW_MODE_ENCRYPTED; mode <<= 1)
      if (report->modes_offered & mode)
        check_text_add(&line, " %s", ow_mode_name((enum ow_mode)mode));
    print_line(out, &line);
  }
  if (report->clock_error > 0) {
    check_text_add(&line, "this host's clock: %s, error +- %s",
                   synchronized_words(report->clock_synchronized),
                   ow_seconds_print(number, check_seconds(report->clock_error)));
    print_line(out, &line);
  }
  if (report->verdict_ns > 0) {
    check_text_add(&line, "known %s after the last packet",
                   ow_seconds_print(number, check_seconds(report->verdict_ns)));
    print_line(out, &line);
  }
}

static void print_stream(FILE *out, const struct check_stream *stream)
{
  char text[LINE];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  check_text_add(&line, "stream %s is %s; %u of %u intervals of %s judged", stream->name,
                 ow_stream_state_name(stream->state), stream->intervals, stream->asked,
                 ow_seconds_print(number, check_seconds(stream->interval)));
  if (stream->failed > 0)
    check_text_add(&line, ", %u of them not measured whole", stream->failed);
  if (stream->intervals > 0)
    check_text_add(&line, "; the newest ended %s ago", ow_seconds_print(number, check_seconds(stream->age)));
  print_line(out, &line);
}

static void print_long_output(FILE *out, const struct check_options *options,
                              const struct ow_probe_report *report, const struct check_outcome *outcome)
{
  print_peer(out, report);
  if (outcome->stream.known)
    print_stream(out, &outcome->stream);
  if (options->verbosity >= 2)
    print_host(out, report);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (options->settings.peer.directions[d])
      print_direction(out, options, ow_direction_name((enum ow_direction)d), &report->directions[d]);
}

static void print_diagnosis(FILE *out, const struct check_diagnosis *diagnosis)
{
  char text[2 * LINE];
  struct check_text line = {text, sizeof text, 0};
  for (size_t i = 0; i < diagnosis->count; i++) {
    const struct check_step *step = &diagnosis->steps[i];
    check_text_add(&line, "%-11s %s: %s", check_finding_name(step->finding), step->name, step->found);
    print_line(out, &line);
    if (step->mend[0]) {
      check_text_add(&line, "            mend: %s", step->mend);
      print_line(out, &line);
    }
  }
}

void check_output_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                        const struct check_outcome *outcome)
{
  fprintf(out, "OWAMP %s - %s", ow_verdict_name(outcome->verdict), outcome->reason);
  if (report) {
    fputc('|', out);
    check_perfdata_print(out, options, report);
  }
  fputc('\n', out);
  print_diagnosis(out, &outcome->diagnosis);
  check_advice_print(out, options, report);
  if (report && options->verbosity >= 1)
    print_long_output(out, options, report, outcome);
}
