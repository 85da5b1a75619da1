/* SPDX-License-Identifier: MIT */
/* --query with an answer at hand: what is taken from a stream, and what is not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "stream.h"
#include "support/main.h"
#include "table.h"

enum { MS = 1000000 };

static struct check_options options;
static struct ow_probe_report report;
static struct check_stream stream;
static struct check_outcome outcome;

static struct ow_timestamp at(int64_t seconds)
{
  return ow_timestamp_plus((struct ow_timestamp){UINT64_C(4000000000) << 32}, seconds * OW_NS_PER_S);
}

static void parse(const char *text)
{
  static char copy[300];
  static char *words[20];
  struct ow_failure failure = {0};
  int count = 0;
  snprintf(copy, sizeof copy, "check_owamp --query s --name far %s", text);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  ck_assert_msg(check_options_parse(count, words, &options, &failure) == OW_OK, "%s", failure.text);
}

static struct ow_stream_view up(void)
{
  return (struct ow_stream_view){.name = "far",
                                 .directions = {true, true},
                                 .interval = 60 * OW_NS_PER_S,
                                 .state = OW_STREAM_UP,
                                 .mode = OW_MODE_OPEN,
                                 .server = "192.0.2.1 port 861"};
}

/* Ended at `end`; all delays of `ms`. */
static struct ow_interval interval(int64_t end, int ms, uint32_t lost)
{
  int64_t all = (int64_t)ms * MS;
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE,
                             .sent = 60,
                             .received = 60 - lost,
                             .lost = lost,
                             .delay = {all, all, all, all, all, all},
                             .clock = {true, true, 1000, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false}};
  return (struct ow_interval){.number = 1,
                              .begin = at(end - 60),
                              .end = at(end),
                              .mode = OW_MODE_ENCRYPTED,
                              .results = {result, result}};
}

static enum ow_status take(const struct ow_stream_view *view, const struct ow_interval *intervals,
                           size_t count)
{
  report = (struct ow_probe_report){0};
  report.status = check_stream_take(&options, view, intervals, count, at(1000), &report, &stream);
  check_judge(&options, &report, &stream, &outcome);
  return report.status;
}

START_TEST(the_newest_interval_is_judged)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 30, 3);
  parse("-w 20ms,10%");
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_WARNING);
  ck_assert_int_eq(report.mode, OW_MODE_ENCRYPTED);
  ck_assert_str_eq(report.server, "192.0.2.1 port 861");
  ck_assert(stream.known && stream.intervals == 1 && stream.failed == 0 && stream.age == 10 * OW_NS_PER_S);
  ck_assert_str_eq(stream.name, "far");
  ck_assert_ptr_nonnull(strstr(outcome.headline, "forward delay_p95 30.0 ms, limit 20 ms"));
}
END_TEST

/* What speaks is told, and its round trip is in the performance data. */
START_TEST(a_reflectors_stream_is_told_as_one)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 30, 3);
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  view.protocol = OW_PROTOCOL_STAMP;
  newest.results[OW_ROUND_TRIP] = newest.results[OW_FORWARD];
  newest.results[OW_FORWARD].loss_unknown = newest.results[OW_REVERSE].loss_unknown = true;
  parse("-w rtt_p95=20ms");
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_WARNING);
  check_output_print(out, &options, &report, &outcome);
  fclose(out);
  ck_assert_msg(strncmp(text, "STAMP WARNING - rtt_p95 30.0 ms, limit 20 ms", 44) == 0, "%s", text);
  ck_assert_msg(strstr(text, " rtt_loss=5%;;;0;100 ") && strstr(text, " rtt_p95=0.03s;0.02 "), "%s", text);
  free(text);
}
END_TEST

START_TEST(several_are_judged_together)
{
  struct ow_stream_view view = up();
  struct ow_interval list[] = {interval(930, 30, 60), interval(990, 10, 0)};
  parse("--last 2 -c loss=40% -w 20ms");
  list[0].status = OW_NETWORK;
  ck_assert_int_eq(take(&view, list, 2), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL); /* 60 of 120 */
  ck_assert(stream.intervals == 2 && stream.failed == 1);
  ck_assert_uint_eq(report.directions[OW_REVERSE].result.sent, 120);
}
END_TEST

/* Of 5: two whole ones are too few to say OK of, three are enough; a breach is one in any case. */
START_TEST(fewer_intervals_than_asked_for)
{
  struct ow_stream_view view = up();
  struct ow_interval list[] = {interval(870, 10, 0), interval(930, 10, 0), interval(990, 10, 0)};
  view.intervals = 100;
  parse("--last 5 -w 20ms");
  ck_assert_int_eq(take(&view, list + 1, 2), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "2 of 5 intervals, its daemon keeps no more (History)"));
  view.intervals = 2;
  ck_assert_int_eq(take(&view, list + 1, 2), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "2 of 5 intervals, since the stream has just begun"));
  view.intervals = 3;
  ck_assert_int_eq(take(&view, list, 3), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_OK);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "3 of 5 intervals"));
  parse("--last 5 -w 5ms");
  ck_assert_int_eq(take(&view, list + 1, 2), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_WARNING);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "2 of 5 intervals"));
  parse("--last 3");
  ck_assert_int_eq(take(&view, list, 3), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_OK);
  ck_assert_ptr_null(strstr(outcome.reason, "intervals"));
}
END_TEST

static char *table(void)
{
  static char text[8192];
  memset(text, 0, sizeof text);
  FILE *out = fmemopen(text, sizeof text - 1, "w");
  ck_assert_ptr_nonnull(out);
  check_table_results(out, &options, &report);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

/* 60 packets, `ms` and up to 59 us more. Drop it. */
static struct ow_interval with_histogram(int64_t end, int ms)
{
  int64_t delays[60];
  struct ow_interval made = interval(end, ms, 0);
  for (int i = 0; i < 60; i++)
    delays[i] = (int64_t)ms * MS + i * 1000;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    made.results[d].delay = ow_delays_summarize(delays, 60);
    made.results[d].histogram = ow_histogram_of(delays, 60);
  }
  return made;
}

/* A tenth of the packets took long: the mean of the intervals' p95 would hide them. */
START_TEST(percentiles_are_of_all_packets)
{
  enum { COUNT = 10 };
  struct ow_stream_view view = up();
  struct ow_interval list[COUNT];
  const struct ow_result *forward = &report.directions[OW_FORWARD].result;
  for (int i = 0; i < COUNT; i++)
    list[i] = with_histogram(990 - 60 * (COUNT - 1 - i), i == 3 ? 50 : 10);
  parse("--last 10 -w 20ms --percentiles 50,89.9,92");
  ck_assert_int_eq(take(&view, list, COUNT), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_WARNING);
  ck_assert_int_eq(forward->quantiles, OW_QUANTILES_HISTOGRAM);
  ck_assert_int_le(llabs(forward->delay.p95 - (50 * MS + 29 * 1000)), 400000);
  ck_assert_int_lt(forward->percentile_delays[1], 11 * MS);
  ck_assert_int_gt(forward->percentile_delays[2], 49 * MS);
  ck_assert_ptr_nonnull(strstr(table(), "delay p89.9 "));
  ck_assert_ptr_null(strstr(table(), "delay p50 "));
  ck_assert_ptr_nonnull(strstr(table(), "to 1 % of the spread"));
  ck_assert_ptr_null(strstr(outcome.reason, "approximate"));
  ow_interval_drop(&list[5]);
  ck_assert_int_eq(take(&view, list, COUNT), OW_OK);
  ck_assert_int_eq(forward->quantiles, OW_QUANTILES_SUMMARY);
  ck_assert_ptr_nonnull(strstr(table(), "approximate"));
  ck_assert_ptr_nonnull(strstr(outcome.reason, "percentiles approximate, as not every interval"));
  ck_assert_int_eq(take(&view, list + COUNT - 1, 1), OW_OK);
  ck_assert_int_eq(forward->delay.p95, list[COUNT - 1].results[OW_FORWARD].delay.p95);
  for (int i = 0; i < COUNT; i++)
    ow_interval_drop(&list[i]);
}
END_TEST

START_TEST(too_old_is_unknown)
{
  struct ow_stream_view view = up();
  struct ow_interval old = interval(874, 1, 0); /* 126 s ago; 125 are allowed */
  parse("");
  ck_assert_int_eq(take(&view, &old, 1), OW_STATE);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness, OW_RESULT_ABSENT);
  ck_assert_ptr_nonnull(
      strstr(outcome.reason, "stream far: the newest result is too old: it ended 126 s ago"));
  old = interval(875, 1, 0);
  ck_assert_int_eq(take(&view, &old, 1), OW_OK);
}
END_TEST

START_TEST(max_age_is_an_option)
{
  struct ow_stream_view view = up();
  struct ow_interval old = interval(700, 1, 0);
  parse("--max-age 300s");
  ck_assert_int_eq(take(&view, &old, 1), OW_OK);
  parse("--max-age 299s");
  ck_assert_int_eq(take(&view, &old, 1), OW_STATE);
}
END_TEST

START_TEST(a_stream_that_is_down)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 1, 0);
  parse("");
  view.state = OW_STREAM_DOWN;
  view.status = OW_NETWORK;
  snprintf(view.reason, sizeof view.reason, "Connection refused");
  ck_assert_int_eq(take(&view, &newest, 1), OW_NETWORK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "stream far: Connection refused"));
  view = up();
  newest.status = OW_AUTH;
  ck_assert_int_eq(take(&view, &newest, 1), OW_AUTH);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
}
END_TEST

static void cut_short(struct ow_interval *interval, enum ow_status status, const char *reason)
{
  interval->status = status;
  snprintf(interval->reason, sizeof interval->reason, "%s", reason);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval->results[d].completeness = OW_RESULT_PARTIAL;
}

/* The peer is up: what is known of the interval is judged as a part, and is no failure. */
START_TEST(a_part_is_worth_what_is_said)
{
  struct ow_stream_view view = up();
  struct ow_interval list[] = {interval(930, 1, 0), interval(990, 1, 0)};
  cut_short(&list[1], OW_PROTOCOL, "server x ended the sessions early");
  parse("");
  ck_assert_int_eq(take(&view, &list[1], 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_str_eq(outcome.reason,
                   "measurement incomplete: stream far: server x ended the sessions early; forward 1.00 ms "
                   "p95, 0/60 lost so far; reverse 1.00 ms p95, 0/60 lost so far");
  parse("--partial-state ok");
  take(&view, &list[1], 1);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_OK);
  parse("--last 2");
  take(&view, list, 2);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "stream far: 1 of 2 intervals not measured whole, the last "
                                               "one: server x ended the sessions early; forward"));
  /* What the summary says is said once. */
  for (int d = 0; d < OW_DIRECTIONS; d++)
    list[1].results[d].skipped = 30;
  parse("--direction forward");
  take(&view, &list[1], 1);
  ck_assert_str_eq(outcome.reason,
                   "forward 30 of 90 packets were never sent; forward 1.00 ms p95, 0/60 lost");
}
END_TEST

/* Of a stream that is up our own clock may cut an interval short; a silent peer leaves nothing at all. */
START_TEST(only_a_peer_that_kept_silent_is_critical)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 1, 0);
  cut_short(&newest, OW_TIMEOUT, "measured in its later part only");
  parse("-c 10ms");
  (void)take(&view, &newest, 1);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  parse("-c 500us");
  (void)take(&view, &newest, 1);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
  memset(newest.results, 0, sizeof newest.results);
  parse("");
  ck_assert_int_eq(take(&view, &newest, 1), OW_TIMEOUT);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
}
END_TEST

START_TEST(an_outage_of_the_path_is_critical)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 1, 0);
  struct ow_result *forward = &newest.results[OW_FORWARD];
  *forward = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 60, .lost = 60};
  parse("-c 5s,100%");
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
  ck_assert_str_eq(outcome.reason, "forward nothing arrived (60/60 lost); reverse 1.00 ms p95, 0/60 lost");
  *forward = (struct ow_result){
      .completeness = OW_RESULT_PARTIAL, .skipped = 60, .refused = 60, .refusal = ENETUNREACH};
  newest.status = OW_LIMIT;
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
  ck_assert_str_eq(outcome.reason, "forward none of 60 packets was sent: Network is unreachable; reverse "
                                   "1.00 ms p95, 0/60 lost");
}
END_TEST

START_TEST(nothing_yet)
{
  struct ow_stream_view view = up();
  parse("");
  view.state = OW_STREAM_STARTING;
  ck_assert_int_eq(take(&view, NULL, 0), OW_STATE);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(outcome.reason, "nothing has been measured yet"));
}
END_TEST

START_TEST(directions_are_the_streams)
{
  struct ow_stream_view view = up();
  struct ow_interval newest = interval(990, 1, 0);
  view.directions[OW_REVERSE] = false;
  newest.results[OW_REVERSE] = (struct ow_result){0};
  parse("");
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_OK);
  ck_assert(!options.settings.peer.directions[OW_REVERSE]);
  parse("-w rtt=1s");
  ck_assert_int_eq(take(&view, &newest, 1), OW_INVALID);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN);
  parse("--direction both");
  ck_assert_int_eq(take(&view, &newest, 1), OW_OK);
  ck_assert_int_eq(outcome.verdict, OW_VERDICT_UNKNOWN); /* asked for, and not there */
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp --query");
  TEST_CASE(suite, "stream", the_newest_interval_is_judged, a_reflectors_stream_is_told_as_one,
            several_are_judged_together, fewer_intervals_than_asked_for, percentiles_are_of_all_packets,
            too_old_is_unknown, max_age_is_an_option, a_stream_that_is_down, a_part_is_worth_what_is_said,
            only_a_peer_that_kept_silent_is_critical, an_outage_of_the_path_is_critical, nothing_yet,
            directions_are_the_streams);
  return test_run(suite);
}
