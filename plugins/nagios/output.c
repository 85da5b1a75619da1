/* SPDX-License-Identifier: MIT */
/* The first line, what it had no room for, and what -v adds. */
#include "output.h"

#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "histogram.h"
#include "perfdata.h"
#include "report/stamp_text.h"
#include "table.h"
#include "text.h"
#include "text/decimal.h"
#include "text/hex.h"

enum { LINE = 512 };

/* One line of long output, without what would be read as performance data. */
static void print_line(FILE *out, struct check_text *line)
{
  fprintf(out, "%s\n", line->out);
  line->length = 0;
}

/* ---- -vv and -vvv ---- */

static void print_session(FILE *out, const char *name, const struct ow_probe_direction *direction)
{
  static const uint8_t none[sizeof direction->sid];
  char sid[2 * sizeof direction->sid + 1] = "no session identifier";
  char number[CHECK_NUMBER];
  char label[LINE];
  snprintf(label, sizeof label, "%s session", name);
  if (memcmp(direction->sid, none, sizeof none) != 0)
    ow_hex_print(sid, direction->sid, sizeof direction->sid);
  check_table_line(out, label, "%s", sid);
  check_table_line(out, "  from", "%s", direction->sender);
  check_table_line(out, "  to", "%s", direction->receiver);
  if (direction->departure_known)
    check_table_line(out, "  departures", "%s behind their stamps, corrected",
                     ow_seconds_print(number, check_seconds(direction->departure_offset)));
}

/* Milliseconds to the nanosecond, whatever their size: columns of one unit can be compared. */
static const char *print_ms(char out[CHECK_NUMBER], double seconds)
{
  return ow_decimal_print(out, CHECK_NUMBER, seconds * 1e3, 6, false);
}

/* Of both ends together. */
static const char *print_error(char out[CHECK_NUMBER + 2], const struct ow_sample *sample)
{
  int64_t sent = ow_error_ns(sample->send_error);
  int64_t received = ow_error_ns(sample->receive_error);
  bool known = sent < OW_ERROR_UNKNOWN && received < OW_ERROR_UNKNOWN;
  memcpy(out, known ? "+-" : "unknown", known ? sizeof "+-" : sizeof "unknown");
  if (known)
    print_ms(out + 2, check_seconds(sent) + check_seconds(received));
  return out;
}

static void print_packet(FILE *out, const struct ow_sample *sample)
{
  char text[LINE];
  char stamp[CHECK_NUMBER];
  char delay[CHECK_NUMBER];
  char error[CHECK_NUMBER + 2];
  struct check_text line = {text, sizeof text, 0};
  check_text_add(&line, "%10u %s ", sample->sequence, ow_stamp_print(stamp, sample->sent));
  if (ow_sample_lost(sample))
    check_text_add(&line, "%14s", "lost");
  else
    check_text_add(&line, "%14s %14s %3u", print_ms(delay, check_seconds(ow_sample_delay(sample))),
                   print_error(error, sample), sample->ttl);
  if (sample->departed != OW_DEPARTED_CORRECTED)
    check_text_add(&line, " %4.0f", (double)sample->stamped_before / 1e3);
  print_line(out, &line);
}

static void print_packets(FILE *out, const char *name, const struct ow_samples *samples)
{
  if (samples->count > 0)
    fprintf(out, "%s packets: number, sent, delay, error (ms), TTL, departure less stamp (us)\n", name);
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    print_packet(out, &sample);
  }
}

static void print_direction(FILE *out, const struct check_options *options, const char *name,
                            const struct ow_probe_direction *direction)
{
  const struct ow_result *result = &direction->result;
  bool known = result->completeness != OW_RESULT_ABSENT;
  if (known && direction->sender[0])
    print_session(out, name, direction);
  if (known && result->received > 0 && !result->clock.stepped)
    check_histogram_print(out, name, &direction->samples);
  if (options->verbosity >= 3)
    print_packets(out, name, &direction->samples);
}

static void print_host(FILE *out, const struct ow_probe_report *report)
{
  char text[LINE];
  char number[CHECK_NUMBER];
  struct check_text line = {text, sizeof text, 0};
  if (report->modes_offered) {
    for (uint32_t mode = OW_MODE_OPEN; mode <= OW_MODE_ENCRYPTED; mode <<= 1)
      if (report->modes_offered & mode)
        check_text_add(&line, "%s%s", line.length ? " " : "", ow_mode_name((enum ow_mode)mode));
    check_table_line(out, "modes offered", "%s", text);
    line.length = 0;
  }
  if (report->clock_error > 0)
    check_table_line(out, "own clock", "%s, error +-%s", check_synchronized_words(report->clock_synchronized),
                     ow_seconds_print(number, check_seconds(report->clock_error)));
  if (report->verdict_ns > 0) {
    check_text_add(&line, "known %s after the last packet",
                   ow_seconds_print(number, check_seconds(report->verdict_ns)));
    print_line(out, &line);
  }
}

/* ---- what follows the first line ---- */

/* What the first line leaves out, of interest whatever -v says. */
static void print_clauses(FILE *out, const struct check_options *options, const struct check_outcome *outcome)
{
  for (size_t i = 0; i < outcome->clauses.count; i++) {
    const struct check_clause *clause = &outcome->clauses.list[i];
    bool curious = options->verbosity >= 1 || outcome->verdict != OW_VERDICT_OK;
    if (!clause->told && (curious || !clause->for_asking))
      fprintf(out, "%s%s%s\n", clause->verdict != OW_VERDICT_OK ? ow_verdict_name(clause->verdict) : "",
              clause->verdict != OW_VERDICT_OK ? ": " : "", clause->text);
  }
}

static void print_reflector(FILE *out, const struct check_options *options,
                            const struct ow_probe_report *report)
{
  const struct ow_probe_direction *lost = &report->directions[OW_ROUND_TRIP];
  for (size_t i = 0; i < report->reflector_lines; i++)
    check_table_line(out, i == 0 ? "reflector" : "", "%s", report->reflector_words[i]);
  if (options->verbosity >= 3 && lost->samples.count > 0)
    print_packets(out, "lost round-trip", &lost->samples);
}

static void print_long_output(FILE *out, const struct check_options *options,
                              const struct ow_probe_report *report, const struct check_outcome *outcome)
{
  check_table_peer(out, report, &outcome->stream);
  if (options->verbosity >= 2)
    print_host(out, report);
  check_table_results(out, options, report);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (options->settings.peer.directions[d] && options->verbosity >= 2)
      print_direction(out, options, ow_direction_name((enum ow_direction)d), &report->directions[d]);
  print_reflector(out, options, report);
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
  /* Who diagnoses on a terminal reads, and has nothing that takes performance data. */
  bool reads = options->action == CHECK_DIAGNOSE && isatty(fileno(out));
  fprintf(out, "%s %s - %s", ow_protocol_name(options->settings.peer.protocol),
          ow_verdict_name(outcome->verdict), outcome->headline);
  if (report && !reads)
    check_perfdata_print(out, options, report);
  fputc('\n', out);
  print_clauses(out, options, outcome);
  print_diagnosis(out, &outcome->diagnosis);
  check_advice_print(out, options, report);
  if (report && options->verbosity >= 1)
    print_long_output(out, options, report, outcome);
}
