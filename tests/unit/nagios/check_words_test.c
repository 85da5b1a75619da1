/* SPDX-License-Identifier: MIT */
/* Whatever comes of a check: the first line is one that a scheduler takes, and loses nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "options.h"
#include "output.h"
#include "stats/delay.h"
#include "support/main.h"

enum { MS = 1000000, OUTPUT = 65536, LONGEST = 160, SCREEN = 80 };

static char printed[OUTPUT];

static struct check_options parsed(const char *text)
{
  static char copy[512];
  static char *words[32];
  struct check_options options;
  struct ow_failure failure = {0};
  int count = 0;
  snprintf(copy, sizeof copy, "check_owamp -H h %s", text);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  ck_assert_msg(check_options_parse(count, words, &options, &failure) == OW_OK, "%s", failure.text);
  return options;
}

/* ---- every kind of result ---- */

static struct ow_result well(void)
{
  struct ow_delays delay = {12 * MS, 12 * MS, 12 * MS, 12 * MS, 13 * MS, 13 * MS};
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                            .sent = 50,
                            .received = 50,
                            .delay = delay,
                            .clock = {true, true, 250000, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false}};
}

enum kind {
  WELL,
  LOSSY,
  GONE,
  ABSENT,
  PARTIAL,
  SHORT,
  DROPPED,
  REFUSED,
  STEPPED,
  UNSYNCHRONIZED,
  WRONG,
  KINDS
};

static struct ow_result result_of(enum kind kind)
{
  struct ow_result result = well();
  switch (kind) {
  case LOSSY: result.received = 1, result.lost = 49, result.longest_loss_run = 49; break;
  case GONE: result = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 50, .lost = 50}; break;
  case ABSENT: result = (struct ow_result){0}; break;
  case PARTIAL: result.completeness = OW_RESULT_PARTIAL; break;
  case SHORT: result.completeness = OW_RESULT_PARTIAL, result.skipped = 4294967245U; break;
  case DROPPED: result.completeness = OW_RESULT_PARTIAL, result.dropped = 12; break;
  case REFUSED:
    result = (struct ow_result){
        .completeness = OW_RESULT_PARTIAL, .skipped = 50, .refused = 50, .refusal = ENETUNREACH};
    break;
  case STEPPED: result.clock.stepped = true; break;
  case UNSYNCHRONIZED:
    result.clock.sender_synchronized = result.clock.receiver_synchronized = false;
    result.clock.error_ns = INT64_C(4000000000) * OW_NS_PER_S;
    break;
  case WRONG:
    result.delay.p95 = -INT64_C(2000000000) * OW_NS_PER_S;
    result.delay.max = INT64_C(2000000000) * OW_NS_PER_S;
    break;
  case WELL:
  case KINDS: break;
  }
  return result;
}

static const struct {
  enum ow_status status;
  enum ow_probe_step step;
  const char *words;
} ends[] = {
    {OW_OK, OW_STEP_DONE, ""},
    {OW_OK, OW_STEP_DONE, "stream far: 1 of 2 intervals not measured whole; the last one: | and\nso on"},
    {OW_NETWORK, OW_STEP_CONNECT, "server 192.0.2.1 port 861: Connection refused; is it running?"},
    {OW_TIMEOUT, OW_STEP_RUN,
     "time ran out before the last packet's loss timeout; raise the timeout to 10 s, or send less"},
    {OW_AUTH, OW_STEP_SETUP,
     "server 2001:db8:1111:2222:3333:4444:5555:6666 port 65535: the server refused the key with the KeyID "
     "\"a-name-that-is-as-long-as-they-may-be-and-then-some-more-of-it-until-eighty-octets\" of "
     "/etc/owamp/keys.pfs; see that both sides have the same passphrase for it, and that it is no other "
     "server that answers here"},
    {OW_INVALID, OW_STEP_RESOLVE,
     "averyveryverylongwordwithoutanyblankinitaveryveryverylongwordwithoutanyblankinit"
     "averyveryverylongwordwithoutanyblankinitaveryveryverylongwordwithoutanyblankinit"
     "averyveryverylongwordwithoutanyblankinitaveryveryverylongwordwithoutanyblankinit"},
};

static const char *const lines[] = {
    "",
    "--direction forward",
    "--direction reverse -w loss=1%",
    "-w 20ms,1% -c 50ms,5%",
    "-w 1ms,1% -c 2ms,5% --uncertain unknown --min-packets 60",
    "-c delay_min=1ms,delay_mean=1ms,delay_median=1ms,delay_p95=1ms,delay_p99=1ms,delay_max=1ms,jitter=1us,"
    "ipdv=1us,pdv=1us,loss=0,lost=0,duplicates=@0:,reordered=@0:,skipped=@0:,received=@0:,hops=@0:,"
    "asymmetry=1us,rtt=1ms",
    "-w delay_p95=1ms,hops=@0: -c delay_max=@1ms:20s,lost=3,rtt=1ms:2ms --partial-state critical",
    "--nothing-arrived ok --partial-state ok --timeout-state ok -c loss=100% --nat",
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- what is always so ---- */

static void assert_first_line(const struct check_outcome *outcome)
{
  size_t length = strcspn(printed, "|\n");
  char line[LONGEST + 1];
  char begin[40];
  ck_assert_msg(length < sizeof line, "%zu octets: %s", length, printed);
  snprintf(line, sizeof line, "%.*s", (int)length, printed);
  snprintf(begin, sizeof begin, "OWAMP %s - ", ow_verdict_name(outcome->verdict));
  ck_assert_msg(strncmp(line, begin, strlen(begin)) == 0 && strlen(line) > strlen(begin), "%s", printed);
  ck_assert_msg(!strchr(line, ';'), "%s", line);
  const char *bar = strchr(printed, '|');
  ck_assert_msg(!bar || !strchr(bar + 1, '|'), "%s", printed);
}

/* The worst is first, and no state is without a reason that is as severe. */
static void assert_reason(const struct check_outcome *outcome)
{
  const struct check_clauses *clauses = &outcome->clauses;
  bool explained = outcome->verdict == OW_VERDICT_OK;
  for (size_t i = 0; i < clauses->count; i++) {
    const struct check_clause *clause = &clauses->list[i];
    explained = explained || (clause->verdict == outcome->verdict && clause->brief[0]);
    ck_assert(i == 0 || clauses->list[i - 1].verdict >= clause->verdict);
  }
  ck_assert_msg(explained, "%s", printed);
}

static bool is_clause(const struct check_outcome *outcome, const char *line, size_t length)
{
  bool any = false;
  for (size_t i = 0; i < outcome->clauses.count; i++) {
    const char *text = outcome->clauses.list[i].text;
    size_t octets = strlen(text);
    any = any || (octets <= length && strncmp(line + length - octets, text, octets) == 0);
  }
  return any;
}

/* What isn't in the first line is in one of its own. */
static void assert_nothing_is_lost(const struct check_outcome *outcome)
{
  const char *rest = strchr(printed, '\n');
  for (size_t i = 0; i < outcome->clauses.count; i++) {
    const struct check_clause *clause = &outcome->clauses.list[i];
    char line[CHECK_CLAUSE + 2];
    snprintf(line, sizeof line, "%s\n", clause->text);
    ck_assert_msg(clause->told || clause->for_asking || strstr(rest, line), "'%s' is not in %s", clause->text,
                  printed);
  }
}

static void assert_columns(const struct check_outcome *outcome)
{
  for (const char *line = strchr(printed, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
    size_t length = strcspn(line, "\n");
    ck_assert_msg(length <= SCREEN || is_clause(outcome, line, length), "%zu columns: %.*s", length,
                  (int)length, line);
    ck_assert_msg(length > 0 && line[length - 1] != ' ', "%.*s", (int)length, line);
  }
}

static void print(const struct check_options *options, const struct ow_probe_report *report,
                  const struct check_outcome *outcome)
{
  FILE *out = fmemopen(printed, sizeof printed, "w");
  check_output_print(out, options, report, outcome);
  ck_assert_int_lt(ftell(out), OUTPUT - 1);
  fclose(out);
}

static void assert_output(const char *line, int verbosity, const struct ow_probe_report *report,
                          const struct check_stream *stream)
{
  static struct check_outcome outcome;
  struct check_options options = parsed(line);
  options.verbosity = verbosity;
  check_judge(&options, report, stream, &outcome);
  print(&options, report, &outcome);
  assert_first_line(&outcome);
  if (!options.has_timeout_state)
    assert_reason(&outcome);
  assert_nothing_is_lost(&outcome);
  assert_columns(&outcome);
}

static void add_packets(struct ow_samples *samples)
{
  struct ow_timestamp sent = {UINT64_C(4000000000) << 32};
  for (uint32_t i = 0; i < 50; i++) {
    struct ow_sample sample = {.sequence = UINT32_MAX - 50 + i,
                               .sent = sent,
                               .received = ow_timestamp_plus(sent, 12 * MS + (int64_t)i * 1000),
                               .ttl = 255};
    if (i % 10 == 9)
      sample.received = (struct ow_timestamp){0};
    ck_assert_int_eq(ow_samples_append(samples, &sample), OW_OK);
  }
}

static struct ow_probe_report report_of(size_t end, enum kind forward, enum kind reverse)
{
  struct ow_probe_report report = {.status = ends[end].status,
                                   .step = ends[end].step,
                                   .mode = OW_MODE_AUTHENTICATED,
                                   .modes_offered = OW_MODES_ALL,
                                   .clock_error = 1000,
                                   .setup_ns = 3 * MS,
                                   .verdict_ns = MS};
  struct ow_result results[] = {result_of(forward), result_of(reverse)};
  if (ends[end].words[0])
    (void)ow_fail(&report.failure, ends[end].status, "%s", ends[end].words);
  memset(report.server, '8', sizeof report.server - 1);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    memset(report.directions[d].sender, '9', sizeof report.directions[d].sender - 1);
    memset(report.directions[d].receiver, '9', sizeof report.directions[d].receiver - 1);
    report.directions[d].result = results[d];
  }
  return report;
}

START_TEST(every_result_makes_a_line_that_can_be_read)
{
  const char *line = lines[_i];
  for (size_t end = 0; end < LENGTH(ends); end++)
    for (int forward = 0; forward < KINDS; forward++)
      for (int reverse = 0; reverse < KINDS; reverse++) {
        struct ow_probe_report report = report_of(end, (enum kind)forward, (enum kind)reverse);
        assert_output(line, 0, &report, NULL);
        assert_output(line, 1, &report, NULL);
      }
}
END_TEST

START_TEST(long_output_fits_the_screen)
{
  for (int kind = 0; kind < KINDS; kind++)
    for (int verbosity = 2; verbosity <= 3; verbosity++) {
      struct ow_probe_report report = report_of(0, (enum kind)kind, (enum kind)kind);
      add_packets(&report.directions[OW_FORWARD].samples);
      add_packets(&report.directions[OW_REVERSE].samples);
      assert_output("-w 1ms", verbosity, &report, NULL);
      ow_probe_report_clear(&report);
    }
}
END_TEST

START_TEST(streams_make_such_a_line_too)
{
  for (uint32_t intervals = 0; intervals <= 10; intervals++)
    for (int begun = 0; begun <= 1; begun++) {
      struct ow_probe_report report = report_of(0, LOSSY, WELL);
      struct check_stream stream = {.known = true,
                                    .state = OW_STREAM_UP,
                                    .interval = 60 * OW_NS_PER_S,
                                    .intervals = intervals,
                                    .failed = intervals / 2,
                                    .asked = 10,
                                    .begun = begun,
                                    .age = 3 * OW_NS_PER_S};
      memset(stream.name, 's', sizeof stream.name - 1);
      assert_output("", 1, &report, &stream);
      assert_output("-c loss=5%", 0, &report, &stream);
    }
  ck_assert_msg(strstr(printed, "OWAMP CRITICAL - forward loss 98 % (49/50), limit 5 %, forward 12.0 ms"),
                "%s", printed);
}
END_TEST

START_TEST(what_cannot_begin_makes_such_a_line_too)
{
  for (size_t end = 2; end < LENGTH(ends); end++) {
    struct check_options options = parsed("");
    static struct check_outcome outcome;
    struct ow_failure failure;
    (void)ow_fail(&failure, ends[end].status, "%s", ends[end].words);
    check_refuse(&failure, &outcome);
    print(&options, NULL, &outcome);
    assert_first_line(&outcome);
    assert_nothing_is_lost(&outcome);
  }
}
END_TEST

/* ---- words of their own ---- */

/* What has no room beside numbers, or in a line, follows whole. */
START_TEST(advice_follows_below)
{
  struct ow_probe_report report = report_of(3, PARTIAL, PARTIAL);
  assert_output("", 0, &report, NULL);
  ck_assert_msg(strstr(printed, "OWAMP UNKNOWN - incomplete: time ran out before the last packet's "
                                "loss timeout, forward 12.0 ms so far, reverse 12.0 ms so far|") == printed,
                "%s", printed);
  ck_assert_str_eq(
      strchr(printed, '\n'),
      "\nUNKNOWN: measurement incomplete: time ran out before the last packet's loss timeout; raise "
      "the timeout to 10 s, or send less\n");
  /* Without numbers there is room. */
  report = report_of(2, ABSENT, ABSENT);
  assert_output("", 0, &report, NULL);
  ck_assert_msg(strstr(printed, "OWAMP CRITICAL - server 192.0.2.1 port 861: Connection refused, is it "
                                "running?|") == printed,
                "%s", printed);
  ck_assert_str_eq(strchr(printed, '\n'), "\nto see where it fails: check_owamp -H h --diagnose\n");
  report = report_of(4, ABSENT, ABSENT);
  assert_output("", 0, &report, NULL);
  ck_assert_msg(strstr(printed,
                       "OWAMP UNKNOWN - server 2001:db8:1111:2222:3333:4444:5555:6666 port 65535: the "
                       "server refused the key with the KeyID ...|") == printed,
                "%s", printed);
}
END_TEST

/* ---- histograms ---- */

static const char *histogram(const int64_t *delays, size_t count)
{
  struct ow_samples samples = {0};
  struct ow_timestamp sent = {UINT64_C(4000000000) << 32};
  for (size_t i = 0; i < count; i++) {
    struct ow_sample sample = {
        .sequence = (uint32_t)i, .sent = sent, .received = ow_timestamp_plus(sent, delays[i])};
    ck_assert_int_eq(ow_samples_append(&samples, &sample), OW_OK);
  }
  printed[0] = '\0';
  FILE *out = fmemopen(printed, sizeof printed, "w");
  check_histogram_print(out, "forward", &samples);
  fclose(out);
  ow_samples_clear(&samples);
  return printed;
}

/* 19 packets within 2 ms, and one of 3 s: the shape of the 19 is drawn. */
START_TEST(an_outlier_flattens_nothing)
{
  int64_t delays[20];
  for (int i = 0; i < 20; i++)
    delays[i] = 100 * MS + (i % 4) * MS / 2 + MS / 4;
  delays[0] = 3 * OW_NS_PER_S;
  ck_assert_str_eq(histogram(delays, LENGTH(delays)),
                   "forward delays of 20 packets, in steps of 0.2 ms\n"
                   "         100.2 ms        4 ########################\n"
                   "         100.4 ms        0\n"
                   "         100.6 ms        5 ##############################\n"
                   "         100.8 ms        0\n"
                   "         101.0 ms        0\n"
                   "         101.2 ms        5 ##############################\n"
                   "         101.4 ms        0\n"
                   "         101.6 ms        5 ##############################\n"
                   "      >= 101.8 ms        1 ######  up to 3.00 s\n");
  delays[0] = -3 * OW_NS_PER_S;
  ck_assert_ptr_nonnull(
      strstr(histogram(delays, LENGTH(delays)), "\n       < 100.2 ms        1 ######  down to -3.00 s\n"));
}
END_TEST

/* A second way that a quarter of the packets take is no outlier. */
START_TEST(two_ways_are_both_drawn)
{
  int64_t delays[20];
  for (int i = 0; i < 20; i++)
    delays[i] = (i < 15 ? 10 : 50) * MS;
  const char *text = histogram(delays, LENGTH(delays));
  ck_assert_ptr_nonnull(strstr(text, "in steps of 5 ms\n"));
  ck_assert_ptr_nonnull(strstr(text, "\n            10 ms       15 ##############################\n"));
  ck_assert_ptr_nonnull(strstr(text, "\n            50 ms        5 ##########\n"));
  ck_assert_ptr_null(strstr(text, "up to"));
}
END_TEST

START_TEST(equal_delays_are_one_bar)
{
  int64_t delays[] = {125 * MS, 125 * MS};
  ck_assert_str_eq(histogram(delays, 1), "forward delays of 1 packet, in steps of 1 ms\n"
                                         "           125 ms        1 ##############################\n");
  ck_assert_ptr_nonnull(strstr(histogram(delays, 2), "\n           125 ms        2 ####"));
  ck_assert_str_eq(histogram(delays, 0), "");
}
END_TEST

/* All that are received are counted, wherever they lie, and each once. */
START_TEST(every_packet_is_counted_once)
{
  for (int round = 0; round < 200; round++) {
    int64_t delays[37];
    size_t count = (size_t)(1 + round % 37);
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
      delays[i] = (random() % 1000 - 200) * (int64_t)(i % 7 == 0 ? 1000000 : 1 + round);
    for (const char *line = strchr(histogram(delays, count), '\n') + 1; *line;
         line = strchr(line, '\n') + 1) {
      unsigned number = 0;
      ck_assert_int_eq(
          sscanf(line, "%*[<>= ]%*s %*s %u", &number) == 1 || sscanf(line, "%*s %*s %u", &number) == 1, 1);
      sum += number;
    }
    ck_assert_msg(sum == count, "%u of %zu: %s", sum, count, printed);
  }
}
END_TEST

START_TEST(a_copy_is_no_packet)
{
  struct ow_samples samples = {0};
  struct ow_timestamp sent = {UINT64_C(4000000000) << 32};
  for (int i = 0; i < 3; i++) {
    struct ow_sample sample = {
        .sequence = 5, .sent = sent, .received = ow_timestamp_plus(sent, (1 + i) * MS + 500)};
    ck_assert_int_eq(ow_samples_append(&samples, &sample), OW_OK);
  }
  FILE *out = fmemopen(printed, sizeof printed, "w");
  check_histogram_print(out, "reverse", &samples);
  fclose(out);
  ow_samples_clear(&samples);
  ck_assert_str_eq(printed, "reverse delays of 1 packet, in steps of 0.001 ms\n"
                            "         1.000 ms        1 ##############################\n");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp/words");
  TEST_LOOP(suite, "every result", (int)LENGTH(lines), every_result_makes_a_line_that_can_be_read);
  TEST_CASE(suite, "lines", long_output_fits_the_screen, streams_make_such_a_line_too,
            what_cannot_begin_makes_such_a_line_too, advice_follows_below);
  TEST_CASE(suite, "histograms", an_outlier_flattens_nothing, two_ways_are_both_drawn,
            equal_delays_are_one_bar, every_packet_is_counted_once, a_copy_is_no_packet);
  return test_run(suite);
}
