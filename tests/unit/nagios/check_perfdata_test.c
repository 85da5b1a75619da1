/* SPDX-License-Identifier: MIT */
/* Performance data: plain limits, what isn't known, and that NRPE's packets hold the most that can be. */
#include "perfdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "support/main.h"
#include "verdict.h"

enum { TEXT = 8192, FIRST_LINE = 200, NRPE_PACKET = 1023 };

static struct check_options options;

static enum ow_status read_options(const char *text, struct ow_failure *failure)
{
  static char copy[128];
  static char *words[8];
  int count = 0;
  snprintf(copy, sizeof copy, "check_owamp -H h %s", text);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  return check_options_parse(count, words, &options, failure);
}

static void parse(const char *text)
{
  struct ow_failure failure = {0};
  ck_assert_msg(read_options(text, &failure) == OW_OK, "%s", failure.text);
}

static void take(const char *list, struct ow_thresholds *thresholds)
{
  struct ow_failure failure = {0};
  ck_assert_msg(!list[0] || ow_thresholds_parse(list, thresholds, &failure) == OW_OK, "%s", failure.text);
}

static void set(const char *warning, const char *critical)
{
  parse("");
  take(warning, &options.settings.warning);
  take(critical, &options.settings.critical);
}

static const char *perfdata(const struct ow_probe_report *report)
{
  static char text[TEXT];
  memset(text, 0, sizeof text);
  FILE *stream = fmemopen(text, sizeof text, "w");
  ck_assert_ptr_nonnull(stream);
  check_perfdata_print(stream, &options, report);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

/* One label whole, up to the blank behind it. */
static const char *label(const char *text, const char *name)
{
  static char found[256];
  char key[64];
  snprintf(key, sizeof key, "%s=", name);
  const char *at = strstr(text, key);
  ck_assert_msg(at != NULL && strchr("| ", at[-1]), "no %s in %s", name, text);
  snprintf(found, sizeof found, "%.*s", (int)strcspn(at, " "), at);
  return found;
}

/* Whatever these numbers are, they are as wide as any. */
static struct ow_probe_report widest(void)
{
  struct ow_probe_report report = {0};
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    report.directions[d].result =
        (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                           .sent = UINT32_MAX,
                           .received = UINT32_MAX - 1,
                           .lost = 1,
                           .skipped = UINT32_MAX,
                           .duplicates = UINT32_MAX,
                           .reordered = UINT32_MAX,
                           .delay = {-12345, -12345, -12345, INT64_MIN, -99999999999999999, INT64_MAX},
                           .jitter = 12345,
                           .has_ipdv = true,
                           .ipdv = 12345,
                           .pdv = 12345,
                           .hops_max = 255,
                           .clock = {true, true, 12345, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false}};
  }
  return report;
}

/* Every metric with the widest numbers that thresholds can have. */
static const char every_limit[] =
    "delay_min=@-999999.123456789s:-99999.123456789s,delay_mean=-999999.123456789s:999999.123456789s,"
    "delay_median=-999999.123456789s:999999.123456789s,delay_p95=@-99999.123456789s:999999.123456789s,"
    "delay_p99=-999999.123456789s:999999.123456789s,delay_max=-999999.123456789s:999999.123456789s,"
    "jitter=@0.123456789s:999999.123456789s,ipdv=0.123456789s:999999.123456789s,"
    "pdv=0.123456789s:999999.123456789s,loss=@0.123456789:99.123456789,lost=@1:4294967295,"
    "duplicates=@1:4294967295,reordered=@1:4294967295,skipped=@1:4294967295,received=@1:4294967295,"
    "hops=@100:255,asymmetry=-999999.123456789s:999999.123456789s,rtt=@-999999.123456789s:999999.123456789s";

/* In the same order, as they are usual. */
static const char plain_limits[] =
    "delay_min=123ms,delay_mean=123ms,delay_median=123ms,delay_p95=123ms,delay_p99=123ms,delay_max=123ms,"
    "jitter=1.5ms,ipdv=1.5ms,pdv=1.5ms,loss=2.5%,lost=100,duplicates=10,reordered=10,skipped=10,"
    "received=0:,hops=30,asymmetry=15ms,rtt=250ms";

static const char usual_limits[] = "20ms,1%";

/* Each is label=number[UOM] or label=U and up to four limits: no exponent, comma or quote. */
static void assert_form(const char *text)
{
  char before = '|';
  while (*text) {
    ck_assert_int_eq(*text, before);
    text += 1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
    ck_assert_int_eq(*text++, '=');
    size_t digits = strspn(text, "-0123456789.");
    ck_assert(digits > 0 || *text == 'U');
    text += digits ? digits : 1;
    text += *text == 's' || *text == '%';
    for (int i = 0; i < 4 && *text == ';'; i++)
      text += 1 + strspn(text + 1, "-0123456789.:~@");
    before = ' ';
  }
}

START_TEST(whatever_the_numbers_are_they_fit)
{
  static const char *const lists[] = {"", usual_limits, plain_limits, every_limit};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct ow_probe_report report = widest();
    struct ow_probe_report nothing = {.status = OW_NETWORK};
    set(lists[i], lists[i]);
    size_t octets = strlen(perfdata(&report));
    ck_assert_msg(octets <= CHECK_PERFDATA_MOST, "%zu octets: %s", octets, perfdata(&report));
    ck_assert_uint_le(strlen(perfdata(&nothing)), octets);
    ck_assert_uint_lt(FIRST_LINE + octets + 1, NRPE_PACKET);
    assert_form(perfdata(&report));
    assert_form(perfdata(&nothing));
  }
}
END_TEST

START_TEST(all_usual_labels_show_with_usual_limits)
{
  static const char *const names[] = {"delay_min", "delay_median", "delay_p95",  "delay_max", "jitter",
                                      "ipdv",      "loss",         "duplicates", "reordered", "skipped"};
  struct ow_probe_report report = widest();
  set("20ms,1%,asymmetry=15ms", "100ms,5%,asymmetry=30ms");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[64];
    snprintf(name, sizeof name, "fwd_%s", names[i]);
    label(perfdata(&report), name);
    snprintf(name, sizeof name, "rev_%s", names[i]);
    label(perfdata(&report), name);
  }
  ck_assert_str_eq(label(perfdata(&report), "fwd_delay_min"), "fwd_delay_min=-0.000012345s");
  ck_assert_str_eq(label(perfdata(&report), "rev_delay_p95"), "rev_delay_p95=-9223372037s;0.02;0.1");
  ck_assert_str_eq(label(perfdata(&report), "rev_loss"), "rev_loss=0.000000023%;1;5;0;100");
  ck_assert_str_eq(label(perfdata(&report), "asymmetry"), "asymmetry=0s;-0.015:0.015;-0.03:0.03");
  ck_assert_str_eq(label(perfdata(&report), "clock_error"), "clock_error=0.000012345s;;;0");
}
END_TEST

/* Named so that those who store them make no tree of it; p95 and p99 have names already. */
START_TEST(percentiles_show_as_they_are_asked_for)
{
  struct ow_probe_report report = widest();
  report.directions[OW_REVERSE].result.percentiles = (struct ow_percentiles){2, {25000, 99900}};
  report.directions[OW_REVERSE].result.percentile_delays[1] = -7654321;
  parse("--percentiles 99.9,95,25,99");
  take(usual_limits, &options.settings.warning);
  assert_form(perfdata(&report));
  ck_assert_str_eq(label(perfdata(&report), "rev_delay_p25"), "rev_delay_p25=0s");
  ck_assert_str_eq(label(perfdata(&report), "rev_delay_p99_9"), "rev_delay_p99_9=-0.00765432s");
  ck_assert_str_eq(label(perfdata(&report), "fwd_delay_p99_9"), "fwd_delay_p99_9=U");
  label(perfdata(&report), "fwd_delay_p99");
  ck_assert_ptr_eq(strstr(strstr(perfdata(&report), "fwd_delay_p95=") + 1, "fwd_delay_p95="), NULL);
  parse("--percentiles 0.001,1.001,10.001,50.001,75.001,90.001,99.001,99.999");
  take(usual_limits, &options.settings.warning);
  ck_assert_uint_le(strlen(perfdata(&report)), CHECK_PERFDATA_MOST);
  label(perfdata(&report), "fwd_loss");
  label(perfdata(&report), "rev_delay_p99_999");
}
END_TEST

/* Those without threshold go first, then the least needed; with -v none goes. */
START_TEST(what_does_not_fit_is_left_out)
{
  struct ow_probe_report report = widest();
  set(plain_limits, plain_limits);
  ck_assert_str_eq(label(perfdata(&report), "rev_loss"), "rev_loss=0.000000023%;2.5;2.5;0;100");
  ck_assert_ptr_nonnull(strstr(perfdata(&report), " rev_delay_p95="));
  ck_assert_ptr_null(strstr(perfdata(&report), "clock_error="));
  ck_assert_ptr_null(strstr(perfdata(&report), "_received="));
  options.verbosity = 1;
  ck_assert_str_eq(label(perfdata(&report), "fwd_received"), "fwd_received=4294967294;0:;0:;0");
  ck_assert_ptr_nonnull(strstr(perfdata(&report), " clock_error="));
}
END_TEST

static const struct {
  const char *list, *name, *limit;
} limits[] = {
    {"delay_p95=20ms", "fwd_delay_p95", ";0.02"},
    {"delay_p95=~:20ms", "fwd_delay_p95", ";0.02"},
    {"delay_p95=0:20ms", "fwd_delay_p95", ";0.02"},
    {"delay_p95=-1ms:20ms", "fwd_delay_p95", ";-0.001:0.02"},
    {"delay_p95=~:-20us", "fwd_delay_p95", ";-0.00002"},
    {"delay_p95=@1ms:2ms", "fwd_delay_p95", ";@0.001:0.002"},
    {"delay_p95=1ms:", "fwd_delay_p95", ";0.001:"},
    {"jitter=1us", "fwd_jitter", ";0.000001;;0"},
    {"loss=0.5%", "fwd_loss", ";0.5;;0;100"},
    {"hops=1:", "fwd_hops", ";1:;;0"},
    {"hops=@5", "fwd_hops", ";@0:5;;0"},
    {"lost=3", "fwd_lost", ";3;;0"},
    {"rtt=1.5s", "rtt", ";1.5"},
    {"asymmetry=5ms", "asymmetry", ";-0.005:0.005"},
};

START_TEST(limits_are_plain_where_a_number_tells)
{
  struct ow_probe_report report = {0};
  char expected[128];
  set(limits[_i].list, "");
  snprintf(expected, sizeof expected, "%s=U%s", limits[_i].name, limits[_i].limit);
  ck_assert_str_eq(label(perfdata(&report), limits[_i].name), expected);
}
END_TEST

static const struct {
  double value;
  const char *text;
} values[] = {
    {0, "0"},
    {0.0123, "0.0123"},
    {0.012345678, "0.0123457"},
    {0.123456789, "0.123457"},
    {0.000012345, "0.000012345"},
    {-0.000000001, "-0.000000001"},
    {1.2345678, "1.23457"},
    {999999.6, "1000000"},
    {16.0, "16"},
    {100, "100"},
    {33.3333333, "33.3333"},
    {4294967295, "4294967295"},
    {-9223372036.85, "-9223372037"},
};

START_TEST(values_have_six_digits)
{
  char text[CHECK_NUMBER];
  ck_assert_str_eq(check_value_text(text, values[_i].value), values[_i].text);
}
END_TEST

START_TEST(sparse_leaves_out_what_is_not_known)
{
  struct ow_probe_report report = widest();
  report.directions[OW_FORWARD].result.received = 0;
  report.directions[OW_FORWARD].result.lost = report.directions[OW_FORWARD].result.sent = 20;
  parse("--perfdata sparse");
  ck_assert_ptr_null(strstr(perfdata(&report), "=U"));
  ck_assert_ptr_null(strstr(perfdata(&report), "fwd_delay"));
  ck_assert_ptr_null(strstr(perfdata(&report), "rtt"));
  ck_assert_str_eq(label(perfdata(&report), "fwd_loss"), "fwd_loss=100%;;;0;100");
  ck_assert_str_eq(label(perfdata(&report), "rev_delay_min"), "rev_delay_min=-0.000012345s");
  ck_assert_int_eq(perfdata(&report)[0], '|');
  /* Nothing known: nothing at all, not even the bar. */
  report = (struct ow_probe_report){.status = OW_NETWORK};
  ck_assert_str_eq(perfdata(&report), "");
  parse("--perfdata full");
  ck_assert_str_eq(label(perfdata(&report), "rtt"), "rtt=U");
}
END_TEST

START_TEST(other_ways_are_refused_by_name)
{
  struct ow_failure failure = {0};
  ck_assert_int_eq(read_options("--perfdata=spare", &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "--perfdata: 'spare' is not one of full, sparse");
}
END_TEST

/* Of clocks that nobody synchronises, and that claim to be right, no error is known. */
START_TEST(an_error_that_nobody_tells_is_unknown)
{
  struct ow_probe_report report = widest();
  report.directions[OW_REVERSE].result.clock = (struct ow_clock_trust){.error_ns = 2};
  parse("");
  ck_assert_str_eq(label(perfdata(&report), "clock_error"), "clock_error=U;;;0");
  report.directions[OW_REVERSE].result.clock.error_ns = 16 * OW_NS_PER_S;
  ck_assert_str_eq(label(perfdata(&report), "clock_error"), "clock_error=16s;;;0");
  parse("--direction reverse");
  ck_assert_str_eq(label(perfdata(&report), "clock_error"), "clock_error=16s;;;0");
  ck_assert_ptr_null(strstr(perfdata(&report), "fwd_"));
  ck_assert_ptr_null(strstr(perfdata(&report), "rtt"));
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("check_owamp/perfdata");
  TEST_CASE(suite, "size", whatever_the_numbers_are_they_fit, all_usual_labels_show_with_usual_limits,
            percentiles_show_as_they_are_asked_for, what_does_not_fit_is_left_out);
  TEST_LOOP(suite, "limits", LENGTH(limits), limits_are_plain_where_a_number_tells);
  TEST_LOOP(suite, "values", LENGTH(values), values_have_six_digits);
  TEST_CASE(suite, "unknown", sparse_leaves_out_what_is_not_known, other_ways_are_refused_by_name,
            an_error_that_nobody_tells_is_unknown);
  return test_run(suite);
}
