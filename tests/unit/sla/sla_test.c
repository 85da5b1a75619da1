/* SPDX-License-Identifier: MIT */
/* Thresholds and verdicts. Every expected value is worked out by hand in the comment beside it. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sla/judge.h"
#include "sla/threshold.h"
#include "support/main.h"
#include "support/seed.h"

static const int64_t MS = OW_NS_PER_MS;

static struct ow_thresholds warning;
static struct ow_thresholds critical;
static struct ow_judgement judgement;

static void parse(const char *text, struct ow_thresholds *thresholds)
{
  struct ow_failure failure = {0};
  enum ow_status status = ow_thresholds_parse(text, thresholds, &failure);
  ck_assert_msg(status == OW_OK, "%s: %s", text, failure.text);
}

static const char *names[OW_METRICS] = {
    [OW_METRIC_DELAY_MIN] = "delay_min",
    [OW_METRIC_DELAY_MEAN] = "delay_mean",
    [OW_METRIC_DELAY_P95] = "delay_p95",
    [OW_METRIC_DELAY_MEDIAN] = "delay_median",
    [OW_METRIC_DELAY_P99] = "delay_p99",
    [OW_METRIC_DELAY_MAX] = "delay_max",
    [OW_METRIC_JITTER] = "jitter",
    [OW_METRIC_IPDV] = "ipdv",
    [OW_METRIC_PDV] = "pdv",
    [OW_METRIC_LOSS] = "loss",
    [OW_METRIC_LOST] = "lost",
    [OW_METRIC_DUPLICATES] = "duplicates",
    [OW_METRIC_REORDERED] = "reordered",
    [OW_METRIC_SKIPPED] = "skipped",
    [OW_METRIC_RECEIVED] = "received",
    [OW_METRIC_HOPS] = "hops",
    [OW_METRIC_ASYMMETRY] = "asymmetry",
    [OW_METRIC_RTT] = "rtt",
    [OW_METRIC_RTT_MIN] = "rtt_min",
    [OW_METRIC_RTT_MEAN] = "rtt_mean",
    [OW_METRIC_RTT_P95] = "rtt_p95",
    [OW_METRIC_RTT_P99] = "rtt_p99",
    [OW_METRIC_RTT_MAX] = "rtt_max",
    [OW_METRIC_RTT_LOSS] = "rtt_loss",
    [OW_METRIC_DWELL] = "dwell",
    [OW_METRIC_DWELL_P95] = "dwell_p95",
    [OW_METRIC_DWELL_MAX] = "dwell_max",
};

static bool of_both(int metric)
{
  return metric >= OW_METRIC_ASYMMETRY;
}

static bool of_round_trip(int metric)
{
  return metric > OW_METRIC_RTT;
}

static bool is_dwell(int metric)
{
  return metric >= OW_METRIC_DWELL;
}

static bool is_loss(int metric)
{
  return metric == OW_METRIC_LOSS || metric == OW_METRIC_RTT_LOSS;
}

static bool is_time(int metric)
{
  return metric <= OW_METRIC_PDV || (of_both(metric) && !is_loss(metric));
}

static bool is_delay(int metric)
{
  return metric <= OW_METRIC_DELAY_MAX;
}

static bool can_be_negative(int metric)
{
  return is_delay(metric) || (of_both(metric) && is_time(metric) && !is_dwell(metric));
}

START_TEST(describes_metrics)
{
  enum ow_metric metric = (enum ow_metric)_i;
  ck_assert_str_eq(ow_metric_name(metric), names[metric]);
  ck_assert_int_eq(ow_metric_needs_clock(metric), is_delay(_i) || metric == OW_METRIC_ASYMMETRY);
  ck_assert_int_eq(ow_metric_signed(metric), can_be_negative(_i));
  ck_assert_int_eq(ow_metric_of_both(metric), of_both(_i));
  ck_assert_int_eq(ow_metric_of_round_trip(metric), of_round_trip(_i));
  enum ow_unit unit = is_time(_i) ? OW_UNIT_SECONDS : OW_UNIT_COUNT;
  ck_assert_int_eq(ow_metric_unit(metric), is_loss(_i) ? OW_UNIT_PERCENT : unit);
}
END_TEST

/* The units that a metric takes, and what 1 of each is. The empty one ends the list. */
struct scale {
  const char *unit;
  double per;
};

static const struct scale times[] = {{"us", 1e6}, {"ms", 1e3}, {"s", 1}, {NULL, 0}};
static const struct scale percents[] = {{"%", 1}, {"", 1}, {NULL, 0}};
static const struct scale counts[] = {{"", 1}, {NULL, 0}};

static const struct scale *scales(int metric)
{
  const struct scale *other = is_loss(metric) ? percents : counts;
  return is_time(metric) ? times : other;
}

/* One form of RANGE, with u for the unit. NAN: as a bare END has it. */
struct form {
  const char *text;
  double low;
  double high;
  bool inside;
  bool signed_only;
};

static const struct form forms[] = {
    {"20u", NAN, 20, false, false},
    {"@20u", NAN, 20, true, false},
    {"5u:", 5, INFINITY, false, false},
    {"@5u:", 5, INFINITY, true, false},
    {"5u:20u", 5, 20, false, false},
    {"@5u:20u", 5, 20, true, false},
    {"~:20u", -INFINITY, 20, false, false},
    {"@~:20u", -INFINITY, 20, true, false},
    {"~:", -INFINITY, INFINITY, false, false},
    {"@~:", -INFINITY, INFINITY, true, false},
    {"0:20u", 0, 20, false, false},
    {"0u:20u", 0, 20, false, false},
    {"0", NAN, 0, false, false},
    {"20u:20u", 20, 20, false, false},
    {"0.5u:1.25u", 0.5, 1.25, false, false},
    {"007u", NAN, 7, false, false},
    {"-0u:20u", 0, 20, false, false},
    {"-0.0:20u", 0, 20, false, false},
    {"-5u:20u", -5, 20, false, true},
    {"-20u:-5u", -20, -5, false, true},
    {"-5u", NAN, -5, false, true},
    {"@-2.5u:0", -2.5, 0, true, true},
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* "u" replaced by the unit, in "METRIC=". */
static void spell(char *out, size_t size, const char *metric, const char *form, const char *unit)
{
  size_t length = (size_t)snprintf(out, size, "%s=", metric);
  for (; *form; form++)
    length += *form == 'u' ? (size_t)snprintf(out + length, size - length, "%s", unit)
                           : (size_t)snprintf(out + length, size - length, "%c", *form);
}

static double scaled(double value, double per)
{
  return isinf(value) ? value : value / per;
}

static void check_form(int metric, const struct form *form, const struct scale *scale)
{
  char text[80];
  spell(text, sizeof text, names[metric], form->text, scale->unit);
  struct ow_thresholds thresholds;
  parse(text, &thresholds);
  ck_assert_uint_eq(thresholds.count, 1);
  const struct ow_threshold *threshold = &thresholds.list[0];
  double bare = can_be_negative(metric) ? -INFINITY : 0;
  if (metric == OW_METRIC_ASYMMETRY)
    bare = form->high == 0 ? 0 : -scaled(form->high, scale->per);
  double low = isnan(form->low) ? bare : scaled(form->low, scale->per);
  ck_assert_int_eq(threshold->metric, metric);
  ck_assert(threshold->applies[OW_FORWARD] && threshold->applies[OW_REVERSE]);
  ck_assert_msg(threshold->range.low == low, "%s: low %.17g", text, threshold->range.low);
  ck_assert_msg(threshold->range.high == scaled(form->high, scale->per), "%s: high %.17g", text,
                threshold->range.high);
  ck_assert_msg(threshold->range.inside == form->inside, "%s: inside", text);
}

START_TEST(reads_every_metric_in_every_form)
{
  for (int f = 0; f < FORMS; f++)
    for (const struct scale *scale = scales(_i); scale->unit; scale++)
      if (can_be_negative(_i) ? !(_i == OW_METRIC_ASYMMETRY && forms[f].high < 0 && isnan(forms[f].low))
                              : !forms[f].signed_only)
        check_form(_i, &forms[f], scale);
}
END_TEST

START_TEST(reads_exactly)
{
  /* Each must be the very double that the compiler makes of the same decimal. */
  static const struct {
    const char *text;
    double high;
  } cases[] = {
      {"delay_p95=20ms", 0.02},
      {"delay_p95=0.1ms", 0.0001},
      {"delay_p95=12.345678ms", 0.012345678},
      {"delay_p95=0.001us", 1e-9},
      {"delay_p95=123456.123456789s", 123456.123456789},
      {"delay_p95=999999999999999us", 999999999.999999},
      {"loss=99.999999999%", 99.999999999},
      {"lost=999999999999999", 999999999999999.0},
      {"loss=0.1", 0.1},
      {"delay_p95=0000000000000000000020ms", 0.02},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ow_thresholds thresholds;
    parse(cases[i].text, &thresholds);
    ck_assert_msg(thresholds.list[0].range.high == cases[i].high, "%s", cases[i].text);
  }
}
END_TEST

START_TEST(reads_no_negative_zero)
{
  parse("delay_p95=-0.0ms:20ms", &warning);
  ck_assert(!signbit(warning.list[0].range.low));
}
END_TEST

START_TEST(reads_the_short_form)
{
  static const struct {
    const char *text;
    enum ow_metric metric;
    struct ow_range range;
  } shorts[] = {
      {"20ms", OW_METRIC_DELAY_P95, {-INFINITY, 0.02, false}},
      {"1%", OW_METRIC_LOSS, {0, 1, false}},
      {"@5us:10us", OW_METRIC_DELAY_P95, {5e-6, 1e-5, true}},
      {"~:2%", OW_METRIC_LOSS, {-INFINITY, 2, false}},
      {"@3s", OW_METRIC_DELAY_P95, {-INFINITY, 3, true}},
      {"-5ms:5ms", OW_METRIC_DELAY_P95, {-0.005, 0.005, false}},
      {":20ms", OW_METRIC_DELAY_P95, {-INFINITY, 0.02, false}},
      {":5%", OW_METRIC_LOSS, {0, 5, false}},
      {"@:20ms", OW_METRIC_DELAY_P95, {-INFINITY, 0.02, true}},
      {"20\u00b5s", OW_METRIC_DELAY_P95, {-INFINITY, 2e-5, false}},
      {"20\u03bcs", OW_METRIC_DELAY_P95, {-INFINITY, 2e-5, false}},
  };
  for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++) {
    parse(shorts[i].text, &warning);
    ck_assert_uint_eq(warning.count, 1);
    ck_assert_int_eq(warning.list[0].metric, shorts[i].metric);
    ck_assert(warning.list[0].range.low == shorts[i].range.low);
    ck_assert(warning.list[0].range.high == shorts[i].range.high);
    ck_assert_int_eq(warning.list[0].range.inside, shorts[i].range.inside);
    ck_assert(warning.list[0].applies[OW_FORWARD] && warning.list[0].applies[OW_REVERSE]);
  }
  parse("20ms,1%", &warning);
  ck_assert_uint_eq(warning.count, 2);
}
END_TEST

START_TEST(reads_directions)
{
  parse("delay_p95@forward=~:20ms, loss@reverse=@1% ,hops=12", &warning);
  ck_assert_uint_eq(warning.count, 3);
  ck_assert(warning.list[0].applies[OW_FORWARD] && !warning.list[0].applies[OW_REVERSE]);
  ck_assert(!warning.list[1].applies[OW_FORWARD] && warning.list[1].applies[OW_REVERSE]);
  ck_assert(warning.list[1].range.inside);
  ck_assert(warning.list[2].applies[OW_FORWARD] && warning.list[2].applies[OW_REVERSE]);
}
END_TEST

/* What can't be read; the failure must name the piece and hold the advice. */
struct error {
  const char *text;
  const char *piece;
  const char *advice;
};

static const struct error errors[] = {
    {"", "threshold ''", "nothing there: write METRIC=RANGE"},
    {" ", "threshold ''", "nothing there"},
    {"20ms,", "threshold ''", "nothing there"},
    {",20ms", "threshold ''", "nothing there"},
    {"20ms,,1%", "threshold ''", "nothing there"},
    {"loss", "threshold 'loss'", "no '=': write METRIC=RANGE"},
    {"nan", "threshold 'nan'", "no '='"},
    {"inf", "threshold 'inf'", "no '='"},
    {"20", "threshold '20'", "needs a unit: 20ms is a delay, 1% is loss"},
    {"0", "threshold '0'", "needs a unit"},
    {"1,5ms", "threshold '1'", "needs a unit"},
    {"~:", "threshold '~:'", "needs a unit"},
    {"foo=1", "threshold 'foo=1'", "unknown metric 'foo': use delay_min, delay_mean"},
    {"=1", "threshold '=1'", "unknown metric ''"},
    {"@forward=1", "threshold '@forward=1'", "unknown metric ''"},
    {"Loss=1", "threshold 'Loss=1'", "unknown metric 'Loss'"},
    {"los=1", "threshold 'los=1'", "unknown metric 'los'"},
    {"losss=1", "threshold 'losss=1'", "reordered, skipped"},
    {"loss =1", "threshold 'loss =1'", "unknown metric 'loss '"},
    {"loss@both=1", "threshold 'loss@both=1'", "unknown direction 'both': use forward or reverse"},
    {"loss@=1", "threshold 'loss@=1'", "unknown direction ''"},
    {"loss@forward@reverse=1", "threshold 'loss@forward@reverse=1'", "unknown direction 'forward@reverse'"},
    {"loss=", "threshold 'loss='", "the range is empty: write END"},
    {"loss=@", "threshold 'loss=@'", "the range is empty"},
    {"loss=:", "threshold 'loss=:'", "the range is empty: write END"},
    {"delay_p95=/root:1us", "threshold 'delay_p95=/root:1us'", "the shell has made a folder of '~'"},
    {"/root:1us", "threshold '/root:1us'", "write the list in quotes"},
    {"20,5ms", "threshold '20'", "a comma parts thresholds, the decimal sign is a point"},
    {"jitter=1,5ms", "threshold 'jitter=1'", "the decimal sign is a point"},
    {"lost=3,loss=0,5%", "threshold '5%'", "a point: loss has a range already"},
    {"loss=0,5%,lost=3", "threshold '5%'", "a point: loss has a range already"},
    {"loss=1,loss=2", "threshold 'loss=2'",
     "loss has a range already: write one for each metric and direction"},
    {"20ms,delay_p95@reverse=30ms", "threshold 'delay_p95@reverse=30ms'", "delay_p95 has a range already"},
    {"loss=~", "threshold 'loss=~'", "'~' is no END"},
    {"loss=1:~", "threshold 'loss=1:~'", "'~' is no END"},
    {"loss=~1:2", "threshold 'loss=~1:2'", "'~1' is not a decimal number"},
    {"loss=1:2:3", "threshold 'loss=1:2:3'", "':3' in '2:3' is not a unit of loss"},
    {"loss=@@1", "threshold 'loss=@@1'", "'@1' is not a decimal number"},
    {"loss=1=2", "threshold 'loss=1=2'", "'=2' in '1=2' is not a unit"},
    {"loss=5:1", "threshold 'loss=5:1'", "START is above END: write the smaller bound first"},
    {"delay_p95=20ms:20us", "threshold 'delay_p95=20ms:20us'", "START is above END"},
    {"delay_p95=5ms:-5ms", "threshold 'delay_p95=5ms:-5ms'", "START is above END"},
    {"loss=nan", "threshold 'loss=nan'", "'nan' is not a decimal number: loss is a percentage, such as 1%"},
    {"loss=inf", "threshold 'loss=inf'", "'inf' is not a decimal number"},
    {"delay_p95=NaN:inf", "threshold 'delay_p95=NaN:inf'",
     "delay_p95 is a time, in us, ms or s, such as 20ms"},
    {"lost=INFINITY", "threshold 'lost=INFINITY'", "lost is a plain count, without a unit, such as 3"},
    {"loss=+1", "threshold 'loss=+1'", "'+1' is not a decimal number"},
    {"loss=-", "threshold 'loss=-'", "'-' is not a decimal number"},
    {"loss=--1", "threshold 'loss=--1'", "'--1' is not a decimal number"},
    {"loss=.5", "threshold 'loss=.5'", "'.5' is not a decimal number"},
    {"loss=5.", "threshold 'loss=5.'", "'5.' is not a decimal number"},
    {"loss=5.%", "threshold 'loss=5.%'", "'5.%' is not a decimal number"},
    {"loss= 1", "threshold 'loss= 1'", "' 1' is not a decimal number"},
    {"loss=1.2.3", "threshold 'loss=1.2.3'", "'.3' in '1.2.3' is not a unit of loss"},
    {"loss=1e3", "threshold 'loss=1e3'", "'e3' in '1e3' is not a unit of loss"},
    {"loss=0x10", "threshold 'loss=0x10'", "'x10' in '0x10' is not a unit of loss"},
    {"loss=1 %", "threshold 'loss=1 %'", "' %' in '1 %' is not a unit of loss"},
    {"loss=1%%", "threshold 'loss=1%%'", "'%%' in '1%%' is not a unit of loss"},
    {"loss=20ms", "threshold 'loss=20ms'", "'ms' in '20ms' is not a unit of loss, which is a percentage"},
    {"1%:5ms", "threshold '1%:5ms'", "'ms' in '5ms' is not a unit of loss"},
    {"delay_p95=1%", "threshold 'delay_p95=1%'", "'%' in '1%' is not a unit of delay_p95, which is a time"},
    {"delay_p95=0%", "threshold 'delay_p95=0%'", "'%' in '0%' is not a unit of delay_p95"},
    {"jitter=1m", "threshold 'jitter=1m'", "'m' in '1m' is not a unit of jitter"},
    {"jitter=1MS", "threshold 'jitter=1MS'", "'MS' in '1MS' is not a unit of jitter"},
    {"jitter=1msec", "threshold 'jitter=1msec'", "'msec' in '1msec' is not a unit of jitter"},
    {"jitter=1\xc2\xb6s", "threshold 'jitter=1??s'", "'??s' in '1??s' is not a unit of jitter"},
    {"lost=2%", "threshold 'lost=2%'", "'%' in '2%' is not a unit of lost, which is a plain count"},
    {"hops=2s", "threshold 'hops=2s'", "'s' in '2s' is not a unit of hops"},
    {"delay_p95=20", "threshold 'delay_p95=20'", "'20' has no unit: write 20us, 20ms or 20s"},
    {"pdv=0:20", "threshold 'pdv=0:20'", "'20' has no unit"},
    {"5:20ms", "threshold '5:20ms'", "'5' has no unit: write 5us, 5ms or 5s"},
    {"ipdv=0.001", "threshold 'ipdv=0.001'", "'0.001' has no unit"},
    {"lost=1000000000000000", "threshold 'lost=1000000000000000'", "has too many digits: at most 15"},
    {"loss=99999999999999999999999999", "'99999999999999999999999999'", "has too many digits"},
    {"loss=0.1234567891", "threshold 'loss=0.1234567891'", "is too fine: at most 9 places are read"},
    {"loss=0.00000000000000000001", "'0.00000000000000000001'", "is too fine"},
    {"delay_p95=0.0001us", "threshold 'delay_p95=0.0001us'", "at most 9 places of a second (1 ns) are read"},
    {"delay_p95=1.1234567ms", "threshold 'delay_p95=1.1234567ms'", "is too fine"},
    {"loss=-1%", "threshold 'loss=-1%'", "'-1%' is negative, which loss can't be"},
    {"jitter=-5ms:5ms", "threshold 'jitter=-5ms:5ms'", "'-5ms' is negative, which jitter can't be"},
    {"hops=-1:", "threshold 'hops=-1:'", "'-1' is negative, which hops can't be"},
    {"asymmetry=-5ms", "threshold 'asymmetry=-5ms'", "START is above END"},
    {"asymmetry@forward=5ms", "threshold 'asymmetry@forward=5ms'",
     "asymmetry is of both directions together: leave out '@forward'"},
    {"rtt@x=5ms", "threshold 'rtt@x=5ms'", "rtt is of both directions together: leave out '@x'"},
    {"rtt=1%", "threshold 'rtt=1%'", "'%' in '1%' is not a unit of rtt, which is a time"},
    {"20ms,1%,lost=x", "threshold 'lost=x'", "'x' is not a decimal number"},
    {"loss=x\n\x01y", "threshold 'loss=x??y'", "'x??y' is not a decimal number"},
};

START_TEST(refuses)
{
  const struct error *error = &errors[_i];
  struct ow_failure failure = {0};
  enum ow_status status = ow_thresholds_parse(error->text, &warning, &failure);
  ck_assert_msg(status == OW_INVALID, "'%s' was read", error->text);
  ck_assert_int_eq(failure.status, OW_INVALID);
  ck_assert_msg(strstr(failure.text, error->piece) != NULL, "'%s' has no '%s'", failure.text, error->piece);
  ck_assert_msg(strstr(failure.text, error->advice) != NULL, "'%s' has no '%s'", failure.text, error->advice);
  ck_assert_uint_eq(warning.count, 0);
  ck_assert_int_eq(ow_thresholds_parse(error->text, &warning, NULL), OW_INVALID);
}
END_TEST

/* A warning that could never be one: everything that it tells of is critical. */
static const struct {
  const char *warning;
  const char *critical;
  bool right;
} pairs[] = {
    {"loss=1%", "loss=5%", true},
    {"loss=5%", "loss=5%", true},
    {"loss=5%", "loss=1%", false},
    {"delay_p95=20ms:50ms", "delay_p95=10ms:60ms", true},
    {"delay_p95=10ms:60ms", "delay_p95=20ms:50ms", false},
    {"delay_p95=10ms:60ms", "delay_p95=20ms:70ms", true},
    {"hops=@3:5", "hops=@4:5", true},
    {"hops=@4:5", "hops=@3:5", false},
    {"hops=@4:5", "hops=6", true},
    {"loss@forward=5%", "loss@reverse=1%", true},
    {"loss@forward=5%", "loss=1%", false},
    {"loss=5%", "lost=1", true},
    {"asymmetry=5ms", "asymmetry=1ms", false},
};

START_TEST(a_warning_can_be_one)
{
  struct ow_failure failure = {0};
  parse(pairs[_i].warning, &warning);
  parse(pairs[_i].critical, &critical);
  enum ow_status status = ow_thresholds_check(&warning, &critical, &failure);
  ck_assert_int_eq(status, pairs[_i].right ? OW_OK : OW_INVALID);
  if (!pairs[_i].right)
    ck_assert_ptr_nonnull(strstr(failure.text, "can never be a WARNING"));
}
END_TEST

START_TEST(survives_long_pieces)
{
  char text[2000];
  struct ow_failure failure = {0};
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ck_assert_int_eq(ow_thresholds_parse(text, &warning, &failure), OW_INVALID);
  memcpy(text, "delay_p95=", 10);
  memset(text + 10, '7', sizeof text - 11);
  ck_assert_int_eq(ow_thresholds_parse(text, &warning, &failure), OW_INVALID);
  text[12] = '.';
  ck_assert_int_eq(ow_thresholds_parse(text, &warning, &failure), OW_INVALID);
}
END_TEST

/* Also in a locale whose decimal point is a comma, where the machine has one. */
START_TEST(knows_no_locale)
{
  char text[OW_RANGE_TEXT];
  if (!setlocale(LC_ALL, "de_DE.UTF-8"))
    (void)setlocale(LC_ALL, "fr_FR.UTF-8");
  parse("delay_p95=1.5ms:2.5ms", &warning);
  ck_assert(warning.list[0].range.low == 0.0015);
  ck_assert_str_eq(ow_range_print(text, sizeof text, warning.list[0].range), "0.0015:0.0025");
}
END_TEST

START_TEST(prints_ranges)
{
  static const struct {
    struct ow_range range;
    const char *text;
  } cases[] = {
      {{-INFINITY, 0.02, false}, "~:0.02"},
      {{0, 1, false}, "0:1"},
      {{0, 5, true}, "@0:5"},
      {{10, INFINITY, false}, "10:"},
      {{-INFINITY, INFINITY, true}, "@~:"},
      {{-0.005, 0.000000001, false}, "-0.005:0.000000001"},
      {{0, 100, false}, "0:100"},
      {{1.9999999999, 20, false}, "2:20"},
      {{0.1, 123456.123456789, false}, "0.1:123456.123456789"},
      {{-999999999999999.0, 999999999999999.0, true}, "@-999999999999999:999999999999999"},
      {{-1e300, 1e300, true}, "@-1000000000000000000:1000000000000000000"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[OW_RANGE_TEXT];
    ck_assert_ptr_eq(ow_range_print(text, sizeof text, cases[i].range), text);
    ck_assert_str_eq(text, cases[i].text);
  }
  char small[4];
  ck_assert_str_eq(ow_range_print(small, sizeof small, cases[0].range), "~:0");
}
END_TEST

/* 20 of 25 packets arrived; delays 10, 11, 12, 20, 25, 30 ms; clock's error 1 ms. */
static struct ow_result measured(void)
{
  return (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .sent = 25,
      .received = 20,
      .lost = 5,
      .duplicates = 2,
      .reordered = 3,
      .skipped = 1,
      .delay = {.min = 10 * MS,
                .median = 11 * MS,
                .mean = 12 * MS,
                .p95 = 20 * MS,
                .p99 = 25 * MS,
                .max = 30 * MS},
      .jitter = 9 * MS,
      .pdv = 10 * MS,
      .has_ipdv = true,
      .ipdv = 500000,
      .hops_min = 4,
      .hops_max = 7,
      .clock = {.sender_synchronized = true, .receiver_synchronized = true, .error_ns = 1 * MS},
  };
}

/* 5/25 is 20 %. */
static const double values[OW_METRICS] = {
    [OW_METRIC_DELAY_MIN] = 0.010, [OW_METRIC_DELAY_MEAN] = 0.012, [OW_METRIC_DELAY_MEDIAN] = 0.011,
    [OW_METRIC_DELAY_P95] = 0.020, [OW_METRIC_DELAY_P99] = 0.025,  [OW_METRIC_DELAY_MAX] = 0.030,
    [OW_METRIC_JITTER] = 0.009,    [OW_METRIC_IPDV] = 0.0005,      [OW_METRIC_PDV] = 0.010,
    [OW_METRIC_LOSS] = 20,         [OW_METRIC_LOST] = 5,           [OW_METRIC_DUPLICATES] = 2,
    [OW_METRIC_REORDERED] = 3,     [OW_METRIC_SKIPPED] = 1,        [OW_METRIC_RECEIVED] = 20,
    [OW_METRIC_HOPS] = 7,
};

static void assert_value(const struct ow_result *result, int metric, bool expected)
{
  double value = 77;
  ck_assert_msg(ow_metric_value(result, (enum ow_metric)metric, &value) == expected, "%s", names[metric]);
  ck_assert_msg(value == (expected ? values[metric] : 0), "%s is %g", names[metric], value);
}

START_TEST(values_of_metrics)
{
  struct ow_result result = measured();
  assert_value(&result, _i, true);
  result.completeness = OW_RESULT_PARTIAL;
  assert_value(&result, _i, true);
  result.completeness = OW_RESULT_ABSENT;
  assert_value(&result, _i, false);
}
END_TEST

START_TEST(values_after_a_step)
{
  struct ow_result result = measured();
  result.clock.stepped = true;
  assert_value(&result, _i, !is_time(_i));
}
END_TEST

START_TEST(values_without_arrivals)
{
  /* All 25 lost: loss 100 %. */
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE, .sent = 25, .lost = 25};
  double value = 77;
  enum ow_metric metric = (enum ow_metric)_i;
  bool has = ow_metric_value(&result, metric, &value);
  ck_assert_int_eq(has, !is_time(_i) && metric != OW_METRIC_HOPS);
  double lost = metric == OW_METRIC_LOST ? 25 : 0;
  ck_assert(value == (metric == OW_METRIC_LOSS ? 100 : lost));

  /* All skipped: loss of nothing is no value. */
  result = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .skipped = 25};
  has = ow_metric_value(&result, metric, &value);
  ck_assert_int_eq(has, metric == OW_METRIC_LOST || metric == OW_METRIC_DUPLICATES ||
                            metric == OW_METRIC_REORDERED || metric == OW_METRIC_SKIPPED ||
                            metric == OW_METRIC_RECEIVED);
}
END_TEST

/* ---- an outage, and partial results ---- */

static const struct ow_judging usual_law = {.nothing_arrived = OW_VERDICT_CRITICAL,
                                            .partial = OW_VERDICT_UNKNOWN};

static enum ow_verdict judged_by(const struct ow_judging *how, const struct ow_result *forward,
                                 const char *limits)
{
  const struct ow_result *results[OW_RESULTS] = {forward, NULL};
  critical.count = 0;
  if (limits)
    parse(limits, &critical);
  ow_judge(results, NULL, &critical, how, &judgement);
  return judgement.verdict;
}

/* Whatever the thresholds allow. */
START_TEST(nothing_arriving_outranks_thresholds)
{
  static const char *const lenient[] = {NULL, "loss=100%", "5s,100%", "lost=1000", "received=0:"};
  struct ow_result lost = {.completeness = OW_RESULT_COMPLETE, .sent = 500, .lost = 500};
  for (size_t i = 0; i < sizeof lenient / sizeof *lenient; i++) {
    ck_assert_int_eq(judged_by(&usual_law, &lost, lenient[i]), OW_VERDICT_CRITICAL);
    ck_assert_int_eq(judgement.findings[0].metric, OW_METRIC_RECEIVED);
    ck_assert_uint_eq(judgement.findings[0].sent, 500);
  }
  struct ow_judging how = {.nothing_arrived = OW_VERDICT_WARNING};
  ck_assert_int_eq(judged_by(&how, &lost, "loss=100%"), OW_VERDICT_WARNING);
  how.nothing_arrived = OW_VERDICT_UNKNOWN;
  ck_assert_int_eq(judged_by(&how, &lost, "loss=100%"), OW_VERDICT_UNKNOWN);
  ck_assert_int_eq(judged_by(&how, &lost, "loss=99%"), OW_VERDICT_CRITICAL);
  how.nothing_arrived = OW_VERDICT_OK;
  ck_assert_int_eq(judged_by(&how, &lost, "loss=100%"), OW_VERDICT_OK);
  how = usual_law;
  how.least_packets = 501;
  ck_assert_int_eq(judged_by(&how, &lost, NULL), OW_VERDICT_UNKNOWN);
  ck_assert(judgement.findings[0].too_few);
}
END_TEST

START_TEST(what_could_not_be_sent_is_an_outage)
{
  struct ow_result refused = {
      .completeness = OW_RESULT_PARTIAL, .skipped = 50, .refused = 50, .refusal = ENETUNREACH};
  ck_assert_int_eq(judged_by(&usual_law, &refused, NULL), OW_VERDICT_CRITICAL);
  ck_assert_int_eq(judgement.findings[0].refusal, ENETUNREACH);
  /* Late, and not refused: nobody knows. */
  refused.refused = 0;
  ck_assert_int_eq(judged_by(&usual_law, &refused, NULL), OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 0);
  struct ow_judging how = usual_law;
  how.partial = OW_VERDICT_OK;
  ck_assert_int_eq(judged_by(&how, &refused, NULL), OW_VERDICT_OK);
}
END_TEST

START_TEST(a_partial_result_is_worth_what_is_said)
{
  struct ow_result part = measured();
  part.completeness = OW_RESULT_PARTIAL;
  ck_assert_int_eq(judged_by(&usual_law, &part, NULL), OW_VERDICT_UNKNOWN);
  ck_assert_int_eq(judged_by(&usual_law, &part, "loss=50%"), OW_VERDICT_UNKNOWN);
  ck_assert_int_eq(judged_by(&usual_law, &part, "loss=5%"), OW_VERDICT_CRITICAL);
  ck_assert_int_eq(judged_by(&usual_law, &part, "skipped=0"), OW_VERDICT_CRITICAL);
  struct ow_judging how = {.partial = OW_VERDICT_OK};
  ck_assert_int_eq(judged_by(&how, &part, NULL), OW_VERDICT_OK);
  how.partial = OW_VERDICT_WARNING;
  ck_assert_int_eq(judged_by(&how, &part, NULL), OW_VERDICT_WARNING);
}
END_TEST

START_TEST(ipdv_needs_neighbours)
{
  struct ow_result result = measured();
  result.has_ipdv = false;
  assert_value(&result, OW_METRIC_IPDV, false);
  assert_value(&result, OW_METRIC_PDV, true);
}
END_TEST

static void judge(const struct ow_result *forward, const struct ow_result *reverse, const char *warn,
                  const char *crit, enum ow_uncertain_policy policy)
{
  const struct ow_result *results[OW_RESULTS] = {[OW_FORWARD] = forward, [OW_REVERSE] = reverse};
  if (warn)
    parse(warn, &warning);
  if (crit)
    parse(crit, &critical);
  memset(&judgement, 0xa5, sizeof judgement);
  const struct ow_judging how = {.uncertain = policy};
  ow_judge(results, warn ? &warning : NULL, crit ? &critical : NULL, &how, &judgement);
}

/* A warning threshold on the measured forward result, without clock error: is it breached? */
struct boundary {
  const char *threshold;
  bool alert;
};

static const struct boundary boundaries[] = {
    /* p95 is 20 ms: both bounds belong to the range. */
    {"delay_p95=20ms", false},
    {"delay_p95=19.999999ms", true},
    {"delay_p95=@20ms", true},
    {"delay_p95=@19.999999ms", false},
    {"delay_p95=20ms:", false},
    {"delay_p95=20.000001ms:", true},
    {"delay_p95=@20ms:", true},
    {"delay_p95=@20.000001ms:", false},
    {"delay_p95=20ms:20ms", false},
    {"delay_p95=@20ms:20ms", true},
    {"delay_p95=10ms:30ms", false},
    {"delay_p95=@10ms:30ms", true},
    {"delay_p95=~:", false},
    {"delay_p95=@~:", true},
    {"delay_p95=-5ms:5ms", true},
    {"delay_p95=0", true},
    {"20ms", false},
    {"19ms", true},
    /* loss 20 %, lost 5, hops 7, duplicates 2, reordered 3, jitter 9 ms, ipdv 0.5 ms, pdv 10 ms */
    {"loss=20%", false},
    {"loss=19.999999999", true},
    {"20%", false},
    {"0%", true},
    {"loss=@0:19", false},
    {"loss=@0:20", true},
    {"lost=5", false},
    {"lost=4", true},
    {"hops=7", false},
    {"hops=6", true},
    {"hops=7:7", false},
    {"hops=4:6", true},
    {"duplicates=2", false},
    {"duplicates=0", true},
    {"reordered=3", false},
    {"reordered=2", true},
    {"jitter=9ms", false},
    {"jitter=8999us", true},
    {"ipdv=500us", false},
    {"ipdv=0.4ms", true},
    {"pdv=10ms", false},
    {"pdv=0", true},
    {"delay_min=10ms", false},
    {"delay_min=9ms", true},
    {"delay_median=11ms", false},
    {"delay_median=10ms", true},
    {"delay_mean=12ms", false},
    {"delay_mean=11ms", true},
    {"delay_p99=25ms", false},
    {"delay_p99=24ms", true},
    {"delay_max=30ms", false},
    {"delay_max=0.029s", true},
};

START_TEST(bounds_belong_to_the_range)
{
  const struct boundary *boundary = &boundaries[_i];
  struct ow_result result = measured();
  result.clock.error_ns = 0;
  judge(&result, NULL, boundary->threshold, NULL, OW_UNCERTAIN_REMARK);
  enum ow_verdict verdict = boundary->alert ? OW_VERDICT_WARNING : OW_VERDICT_OK;
  ck_assert_msg(judgement.verdict == verdict, "%s: %s", boundary->threshold,
                ow_verdict_name(judgement.verdict));
  ck_assert_uint_eq(judgement.count, boundary->alert ? 1 : 0);
  judge(NULL, &result, NULL, boundary->threshold, OW_UNCERTAIN_IS_UNKNOWN);
  verdict = boundary->alert ? OW_VERDICT_CRITICAL : OW_VERDICT_OK;
  ck_assert_int_eq(judgement.verdict, verdict);
}
END_TEST

START_TEST(a_finding_says_all)
{
  struct ow_result result = measured();
  judge(NULL, &result, NULL, "loss@reverse=1%", OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_CRITICAL);
  ck_assert_uint_eq(judgement.count, 1);
  const struct ow_finding *finding = &judgement.findings[0];
  ck_assert_int_eq(finding->verdict, OW_VERDICT_CRITICAL);
  ck_assert(!finding->uncertain);
  ck_assert_int_eq(finding->metric, OW_METRIC_LOSS);
  ck_assert_int_eq(finding->direction, OW_REVERSE);
  ck_assert(finding->value == 20);
  ck_assert(finding->range.low == 0 && finding->range.high == 1 && !finding->range.inside);
}
END_TEST

START_TEST(directions_apply)
{
  struct ow_result bad = measured();
  struct ow_result good = measured();
  good.lost = 0;
  good.received = 25;
  judge(&bad, &good, "loss=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
  ck_assert_uint_eq(judgement.count, 1);
  ck_assert_int_eq(judgement.findings[0].direction, OW_FORWARD);
  judge(&bad, &good, "loss@reverse=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  judge(&bad, &bad, "loss=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_uint_eq(judgement.count, 2);
  ck_assert_int_eq(judgement.findings[0].direction, OW_FORWARD);
  ck_assert_int_eq(judgement.findings[1].direction, OW_REVERSE);
  judge(&good, NULL, "loss@reverse=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
}
END_TEST

START_TEST(most_severe_first)
{
  /* Forward: loss critical; hops and loss warn; jitter has no value in reverse. p95 certain. */
  struct ow_result forward = measured();
  struct ow_result reverse = {.completeness = OW_RESULT_COMPLETE, .sent = 4, .lost = 4};
  judge(&forward, &reverse, "delay_p95@forward=20.5ms,jitter@reverse=1ms,hops@forward=6,loss@forward=2%",
        "hops@reverse=9,loss@forward=10%", OW_UNCERTAIN_REMARK);
  static const enum ow_verdict verdicts[] = {OW_VERDICT_CRITICAL, OW_VERDICT_WARNING, OW_VERDICT_WARNING,
                                             OW_VERDICT_UNKNOWN,  OW_VERDICT_UNKNOWN, OW_VERDICT_OK};
  static const enum ow_metric metrics[] = {OW_METRIC_LOSS, OW_METRIC_HOPS,   OW_METRIC_LOSS,
                                           OW_METRIC_HOPS, OW_METRIC_JITTER, OW_METRIC_DELAY_P95};
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_CRITICAL);
  ck_assert_uint_eq(judgement.count, 6);
  for (size_t i = 0; i < 6; i++) {
    ck_assert_int_eq(judgement.findings[i].verdict, verdicts[i]);
    ck_assert_int_eq(judgement.findings[i].metric, metrics[i]);
  }
  ck_assert(judgement.findings[5].uncertain);
}
END_TEST

START_TEST(every_threshold_applies)
{
  struct ow_result result = measured();
  judge(&result, NULL, "loss=1%,lost=1,jitter=50s", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_uint_eq(judgement.count, 2);
}
END_TEST

START_TEST(holds_all_findings)
{
  /* Whatever a metric's value is, it breaches this; each counts in both directions, but for those of both. */
  char all[1024] = "";
  unsigned each = 0;
  for (int m = 0; m < OW_METRICS; m++) {
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s=@0:", m ? "," : "", names[m]);
    each += of_round_trip(m) ? 0 : of_both(m) ? 1 : 2;
  }
  struct ow_result result = measured();
  judge(&result, &result, all, all, OW_UNCERTAIN_REMARK);
  ck_assert_uint_eq(judgement.count, 2 * each);
  ck_assert_uint_le(2 * each, OW_MAX_FINDINGS);
  ck_assert_int_eq(judgement.findings[each - 1].verdict, OW_VERDICT_CRITICAL);
  ck_assert_int_eq(judgement.findings[each].verdict, OW_VERDICT_WARNING);
}
END_TEST

/* ---- reflected sessions ---- */

static void judge_reflected(const struct ow_result *way, const struct ow_result *round_trip, const char *warn)
{
  const struct ow_result *results[OW_RESULTS] = {way, way, round_trip};
  parse(warn, &warning);
  const struct ow_judging how = {.nothing_arrived = OW_VERDICT_CRITICAL};
  ow_judge(results, &warning, NULL, &how, &judgement);
}

START_TEST(round_trips_have_metrics_of_their_own)
{
  static const struct {
    const char *breached;
    const char *kept;
    double value;
  } cases[] = {{"rtt=19ms", "rtt=20ms", 0.020},           {"rtt_min=9ms", "rtt_min=10ms", 0.010},
               {"rtt_mean=24ms", "rtt_mean=25ms", 0.025}, {"rtt_p95=29ms", "rtt_p95=30ms", 0.030},
               {"rtt_p99=39ms", "rtt_p99=40ms", 0.040},   {"rtt_max=49ms", "rtt_max=50ms", 0.050},
               {"rtt_loss=9%", "rtt_loss=10%", 10},       {"dwell=1ms", "dwell=2ms", 0.002},
               {"dwell_p95=2ms", "dwell_p95=3ms", 0.003}, {"dwell_max=3ms", "dwell_max=4ms", 0.004}};
  struct ow_result way = measured();
  struct ow_result round_trip = {
      .completeness = OW_RESULT_COMPLETE,
      .sent = 100,
      .received = 90,
      .lost = 10,
      .delay = {10000000, 25000000, 20000000, 30000000, 40000000, 50000000},
      .has_dwell = true,
      .dwell = {.median = 2000000, .p95 = 3000000, .max = 4000000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    judge_reflected(&way, &round_trip, cases[i].breached);
    ck_assert_uint_eq(judgement.count, 1);
    ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
    ck_assert(fabs(judgement.findings[0].value - cases[i].value) < 1e-9);
    judge_reflected(&way, &round_trip, cases[i].kept);
    ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  }
}
END_TEST

START_TEST(losses_that_nobody_tells_apart_are_unknown_and_no_outage)
{
  struct ow_result way = measured();
  struct ow_result round_trip = measured();
  way.loss_unknown = true;
  judge_reflected(&way, &round_trip, "delay_p95=10s");
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  judge_reflected(&way, &round_trip, "loss=100%");
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 2);
  ck_assert(!judgement.findings[0].has_value);
}
END_TEST

START_TEST(nothing_that_comes_back_is_an_outage_of_the_round_trip)
{
  struct ow_result way = {.completeness = OW_RESULT_ABSENT};
  struct ow_result round_trip = {.completeness = OW_RESULT_COMPLETE, .sent = 50, .lost = 50};
  judge_reflected(&way, &round_trip, "hops=255");
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_CRITICAL);
  ck_assert_int_eq(judgement.findings[0].law, OW_LAW_ARRIVAL);
  ck_assert_int_eq(judgement.findings[0].direction, OW_ROUND_TRIP);
}
END_TEST

START_TEST(no_thresholds)
{
  struct ow_result result = measured();
  judge(&result, &result, NULL, NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  ck_assert_uint_eq(judgement.count, 0);
}
END_TEST

START_TEST(absent_is_unknown)
{
  struct ow_result absent = {.completeness = OW_RESULT_ABSENT};
  struct ow_result result = measured();
  judge(&result, &absent, NULL, NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 0);
  judge(&result, &absent, "loss@reverse=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 1);
  ck_assert_int_eq(judgement.findings[0].verdict, OW_VERDICT_UNKNOWN);
  ck_assert(!judgement.findings[0].uncertain);
  /* An alert of the other direction outranks it. */
  judge(&result, &absent, "loss=1%", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
  ck_assert_uint_eq(judgement.count, 2);
}
END_TEST

START_TEST(all_lost_is_a_value)
{
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE, .sent = 4, .lost = 4};
  judge(&result, NULL, "20ms", "loss=1%", OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_CRITICAL);
  ck_assert_uint_eq(judgement.count, 2);
  ck_assert(judgement.findings[0].value == 100);
  ck_assert_int_eq(judgement.findings[1].verdict, OW_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(stepped_is_unknown)
{
  struct ow_result result = measured();
  result.clock.stepped = true;
  judge(&result, NULL, "delay_p95=1s,jitter=1s,hops=9", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 2);
  ck_assert(!judgement.findings[0].uncertain);
}
END_TEST

/* p95 is 20 ms, the clocks' error is given: verdict, and is it uncertain? */
struct doubt {
  const char *threshold;
  int64_t error_ns;
  bool alert;
  bool uncertain;
};

static const struct doubt doubts[] = {
    /* 19..21 ms against ~:21, just touching: 21 is within, certain. One nanosecond less: uncertain. */
    {"delay_p95=21ms", 1 * MS, false, false},
    {"delay_p95=20.999999ms", 1 * MS, false, true},
    {"delay_p95=20ms", 0, false, false},
    {"delay_p95=20ms", 1, false, true},
    /* From above: 19 is within ~:19, so 20 ± 1 may be fine; 20 ± 0.999999 can't. */
    {"delay_p95=19ms", 1 * MS, true, true},
    {"delay_p95=19ms", 1 * MS - 1, true, false},
    /* Lower bound, from inside and from below. */
    {"delay_p95=19ms:", 1 * MS, false, false},
    {"delay_p95=19.000001ms:", 1 * MS, false, true},
    {"delay_p95=21ms:", 1 * MS, true, true},
    {"delay_p95=21ms:", 1 * MS - 1, true, false},
    /* Both: 15..25 holds 17..23; 18..22 doesn't hold 17..23. */
    {"delay_p95=15ms:25ms", 3 * MS, false, false},
    {"delay_p95=18ms:22ms", 3 * MS, false, true},
    {"delay_p95=18ms:25ms", 3 * MS, false, true},
    {"delay_p95=15ms:22ms", 3 * MS, false, true},
    /* The range lies wholly within the error's reach: 10..30 reaches over 22..23. */
    {"delay_p95=22ms:23ms", 10 * MS, true, true},
    {"delay_p95=22ms:23ms", 1 * MS, true, false},
    /* Inside-out: alert within 15..25. */
    {"delay_p95=@15ms:25ms", 3 * MS, true, false},
    {"delay_p95=@18ms:22ms", 3 * MS, true, true},
    {"delay_p95=@22ms:23ms", 3 * MS, false, true},
    {"delay_p95=@24ms:25ms", 3 * MS, false, false},
    /* No bounds: nothing can change. An endless error straddles any bound. */
    {"delay_p95=~:", INT64_MAX, false, false},
    {"delay_p95=@~:", INT64_MAX, true, false},
    {"delay_p95=100s", INT64_MAX, false, true},
    {"delay_p95=-100s", INT64_MAX, true, true},
    {"delay_p95=-1ms", 20 * MS, true, false},
    {"delay_p95=-1ms", 21 * MS, true, true},
    /* What doesn't depend on the clock's offset is certain: jitter 9, ipdv 0.5, pdv 10 ms, loss 20 %. */
    {"jitter=9ms", 1 * MS, false, false},
    {"ipdv=400us", 1 * MS, true, false},
    {"pdv=9.9ms", 1 * MS, true, false},
    {"loss=20%", 1 * MS, false, false},
    {"lost=4", INT64_MAX, true, false},
    {"hops=7", INT64_MAX, false, false},
    /* The other delays: min 10, mean 12, median 11, p99 25, max 30 ms. */
    {"delay_min=10.5ms", 1 * MS, false, true},
    {"delay_mean=11.5ms", 1 * MS, true, true},
    {"delay_median=11.5ms", 1 * MS, false, true},
    {"delay_p99=25.5ms", 1 * MS, false, true},
    {"delay_max=29.5ms", 1 * MS, true, true},
};

START_TEST(says_when_uncertain)
{
  const struct doubt *doubt = &doubts[_i];
  struct ow_result result = measured();
  result.clock.error_ns = doubt->error_ns;
  enum ow_verdict plain = doubt->alert ? OW_VERDICT_WARNING : OW_VERDICT_OK;
  judge(&result, NULL, doubt->threshold, NULL, OW_UNCERTAIN_REMARK);
  ck_assert_msg(judgement.verdict == plain, "%s: %s", doubt->threshold, ow_verdict_name(judgement.verdict));
  ck_assert_uint_eq(judgement.count, doubt->alert || doubt->uncertain ? 1 : 0);
  if (judgement.count)
    ck_assert_msg(judgement.findings[0].uncertain == doubt->uncertain, "%s", doubt->threshold);

  judge(&result, NULL, doubt->threshold, NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, doubt->uncertain ? OW_VERDICT_UNKNOWN : plain);
  if (judgement.count) {
    ck_assert_int_eq(judgement.findings[0].uncertain, doubt->uncertain);
    ck_assert(judgement.findings[0].value > 0); /* the value is known all the same */
  }
}
END_TEST

START_TEST(negative_delay_is_no_alert)
{
  /* -5 ms ± 1 ms: within ~:20ms, and below 0:20ms for certain. */
  struct ow_result result = measured();
  result.delay.p95 = -5 * MS;
  judge(&result, NULL, "20ms", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  judge(&result, NULL, "0:20ms", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
  ck_assert(judgement.findings[0].value == -0.005);
  result.clock.error_ns = 5 * MS; /* -10 .. 0 ms reaches 0 */
  judge(&result, NULL, "0:20ms", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(reads_bare_asymmetry_to_both_sides)
{
  static const char *const texts[] = {"asymmetry=5ms", "asymmetry=0", "asymmetry=~:5ms", "rtt=5ms"};
  static const struct ow_range ranges[] = {
      {-0.005, 0.005, false}, {0, 0, false}, {-INFINITY, 0.005, false}, {-INFINITY, 0.005, false}};
  for (size_t i = 0; i < 4; i++) {
    parse(texts[i], &warning);
    ck_assert(warning.list[0].range.low == ranges[i].low && !(i == 1 && signbit(warning.list[0].range.low)));
    ck_assert(warning.list[0].range.high == ranges[i].high);
  }
}
END_TEST

/* Medians 11 ms forward and 14 ms reverse, errors 1 ms and 2 ms: asymmetry -3 ms +- 3 ms, rtt 25 ms. */
static struct ow_result slower(void)
{
  struct ow_result result = measured();
  result.delay.median = 14 * MS;
  result.clock.error_ns = 2 * MS;
  return result;
}

START_TEST(values_of_both)
{
  struct ow_result forward = measured();
  struct ow_result reverse = slower();
  const struct ow_result *results[OW_RESULTS] = {&forward, &reverse};
  double value = 77;
  ck_assert(ow_metric_find(results, OW_METRIC_ASYMMETRY, OW_FORWARD, &value) && value == -0.003);
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_ASYMMETRY, OW_FORWARD), 3 * MS);
  ck_assert(ow_metric_find(results, OW_METRIC_RTT, OW_FORWARD, &value) && value == 0.025);
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_RTT, OW_FORWARD), 0);
  ck_assert(ow_metric_find(results, OW_METRIC_DELAY_MEDIAN, OW_REVERSE, &value) && value == 0.014);
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_DELAY_MEDIAN, OW_REVERSE), 2 * MS);
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_LOSS, OW_REVERSE), 0);
  ck_assert(!ow_metric_value(&forward, OW_METRIC_RTT, &value));
  reverse.clock.error_ns = INT64_MAX;
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_ASYMMETRY, OW_FORWARD), INT64_MAX);
  reverse.clock.stepped = true;
  ck_assert(!ow_metric_find(results, OW_METRIC_RTT, OW_FORWARD, &value) && value == 0);
  reverse = slower();
  forward.delay.median = reverse.delay.median = INT64_MAX; /* another process may tell so */
  ck_assert(ow_metric_find(results, OW_METRIC_RTT, OW_FORWARD, &value) && value > 1.8e10 && value < 1.9e10);
  forward.clock.error_ns = INT64_MIN;
  reverse.clock.error_ns = -1;
  ck_assert_int_eq(ow_metric_error(results, OW_METRIC_ASYMMETRY, OW_FORWARD), INT64_MAX);
  struct ow_threshold threshold = {.metric = OW_METRIC_DELAY_MEDIAN, .range = {.low = 0, .high = 1}};
  ck_assert_int_eq(ow_judge_threshold(results, OW_FORWARD, &threshold, OW_VERDICT_CRITICAL, NULL).verdict,
                   OW_VERDICT_CRITICAL);
  reverse = slower();
  reverse.received = 0;
  ck_assert(!ow_metric_find(results, OW_METRIC_RTT, OW_FORWARD, &value));
  results[OW_REVERSE] = NULL;
  ck_assert(!ow_metric_find(results, OW_METRIC_ASYMMETRY, OW_FORWARD, &value));
  ck_assert(!ow_metric_find(results, OW_METRIC_LOSS, OW_REVERSE, &value));
}
END_TEST

START_TEST(judges_both_together)
{
  struct ow_result forward = measured();
  struct ow_result reverse = slower();
  judge(&forward, &reverse, "asymmetry=1ms,rtt=20ms", "rtt=24ms", OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_CRITICAL);
  ck_assert_uint_eq(judgement.count, 3); /* once each, not once for each direction */
  ck_assert_int_eq(judgement.findings[1].metric, OW_METRIC_ASYMMETRY);
  ck_assert(judgement.findings[1].uncertain && judgement.findings[1].error_ns == 3 * MS);
  ck_assert(!judgement.findings[0].uncertain);
  judge(&forward, &reverse, "asymmetry=1ms", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  /* -3 ms +- 3 ms reaches 0 and -6 ms just so. */
  judge(&forward, &reverse, "asymmetry=6ms", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  judge(&forward, &reverse, "asymmetry=5999us", NULL, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  judge(&forward, NULL, "asymmetry=1ms,rtt=1ms", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_OK);
  reverse.received = 0;
  judge(&forward, &reverse, "rtt=1s", NULL, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert(!judgement.findings[0].has_value);
}
END_TEST

START_TEST(loss_needs_packets)
{
  /* 5/25 lost. */
  struct ow_result result = measured();
  const struct ow_result *results[OW_RESULTS] = {&result, NULL};
  struct ow_judging how = {.least_packets = 25};
  parse("loss=1%,lost=9", &warning);
  ow_judge(results, &warning, NULL, &how, &judgement);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
  ck_assert_uint_eq(judgement.findings[0].lost, 5);
  ck_assert_uint_eq(judgement.findings[0].sent, 25);
  how.least_packets = 26;
  ow_judge(results, &warning, NULL, &how, &judgement);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_UNKNOWN);
  ck_assert_uint_eq(judgement.count, 1);
  ck_assert(judgement.findings[0].too_few && judgement.findings[0].has_value);
  parse("lost=4,20ms", &warning);
  ow_judge(results, &warning, NULL, &how, &judgement);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
  ow_judge(results, &warning, NULL, NULL, &judgement);
  ck_assert_int_eq(judgement.verdict, OW_VERDICT_WARNING);
}
END_TEST

START_TEST(prints_values)
{
  static const struct {
    enum ow_metric metric;
    double value;
    const char *text;
  } cases[] = {
      {OW_METRIC_DELAY_P95, 0.0123, "12.3 ms"},
      {OW_METRIC_RTT, -0.00045, "-450 us"},
      {OW_METRIC_JITTER, 2, "2.00 s"},
      {OW_METRIC_JITTER, 0, "0.00 us"},
      {OW_METRIC_JITTER, 0.0009996, "1.00 ms"},
      {OW_METRIC_JITTER, 0.9996, "1.00 s"},
      {OW_METRIC_JITTER, 9.996e-6, "10.0 us"},
      {OW_METRIC_JITTER, 1234.5, "1235 s"},
      {OW_METRIC_JITTER, 99.96e-6, "100 us"},
      {OW_METRIC_LOSS, 1.5, "1.5 %"},
      {OW_METRIC_LOSS, 100, "100 %"},
      {OW_METRIC_LOSS, 100.0 / 3, "33.3 %"},
      {OW_METRIC_LOSS, 0.0012345, "0.00123 %"},
      {OW_METRIC_LOSS, 0, "0 %"},
      {OW_METRIC_LOST, 3, "3"},
      {OW_METRIC_HOPS, 20, "20"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[OW_VALUE_TEXT];
    ck_assert_str_eq(ow_value_print(text, cases[i].metric, cases[i].value), cases[i].text);
  }
  char subject[OW_SUBJECT_TEXT];
  ck_assert_str_eq(ow_subject_print(subject, OW_METRIC_DELAY_MEDIAN, OW_REVERSE), "reverse delay_median");
  ck_assert_str_eq(ow_subject_print(subject, OW_METRIC_ASYMMETRY, OW_FORWARD), "asymmetry");
}
END_TEST

static const struct {
  enum ow_metric metric;
  double value;
  struct ow_range range;
  const char *texts[3]; /* value, low, high */
} apart[] = {
    {OW_METRIC_DELAY_P95, 0.020000001, {-INFINITY, 0.02, false}, {"20.000001 ms", "any", "20 ms"}},
    {OW_METRIC_DELAY_P95, 0.0200499, {-INFINITY, 0.02, false}, {"20.05 ms", "any", "20 ms"}},
    {OW_METRIC_DELAY_P95, 0.019999999, {0.02, INFINITY, false}, {"19.999999 ms", "20 ms", "any"}},
    {OW_METRIC_DELAY_P95, 0.02, {-INFINITY, 0.02, false}, {"20.0 ms", "any", "20.0 ms"}},
    {OW_METRIC_DELAY_P95, 0.0312, {0, 0.02, false}, {"31.2 ms", "0.00 us", "20.0 ms"}},
    {OW_METRIC_DELAY_P95, 0.000999999, {-INFINITY, 0.001, false}, {"0.999999 ms", "any", "1 ms"}},
    {OW_METRIC_DELAY_MAX, 1.000000001, {-INFINITY, 1, false}, {"1.000000001 s", "any", "1 s"}},
    {OW_METRIC_DELAY_MIN, -0.0200001, {-0.02, INFINITY, false}, {"-20.0001 ms", "-20 ms", "any"}},
    {OW_METRIC_LOSS, 99.97, {0, 100, false}, {"99.97 %", "0 %", "100 %"}},
    {OW_METRIC_LOSS, 100, {0, 99.99, false}, {"100 %", "0 %", "99.99 %"}},
    {OW_METRIC_LOSS, 100, {0, 5, false}, {"100 %", "0 %", "5 %"}},
    {OW_METRIC_LOST, 3, {0, 2.5, false}, {"3", "0", "2.5"}},
};

/* Nobody is to read that 100 % is more than 100 %. */
START_TEST(a_value_never_looks_like_a_bound_that_it_is_not)
{
  struct ow_finding_text text;
  struct ow_finding finding = {
      .metric = apart[_i].metric, .has_value = true, .value = apart[_i].value, .range = apart[_i].range};
  ow_finding_print(&finding, &text);
  ck_assert_str_eq(text.value, apart[_i].texts[0]);
  ck_assert_str_eq(text.low, apart[_i].texts[1]);
  ck_assert_str_eq(text.high, apart[_i].texts[2]);
}
END_TEST

START_TEST(times_that_are_compared_look_different)
{
  char one[OW_VALUE_TEXT];
  char other[OW_VALUE_TEXT];
  ow_seconds_print_apart(one, other, 9.9999, 10);
  ck_assert_str_eq(one, "9.9999 s");
  ck_assert_str_eq(other, "10 s");
  ow_seconds_print_apart(one, other, 12, 10);
  ck_assert_str_eq(one, "12.0 s");
  ck_assert_str_eq(other, "10.0 s");
  ow_seconds_print_apart(one, other, 10, 10);
  ck_assert_str_eq(one, other);
}
END_TEST

START_TEST(names_verdicts)
{
  ck_assert_str_eq(ow_verdict_name(OW_VERDICT_OK), "OK");
  ck_assert_str_eq(ow_verdict_name(OW_VERDICT_UNKNOWN), "UNKNOWN");
  ck_assert_str_eq(ow_verdict_name(OW_VERDICT_WARNING), "WARNING");
  ck_assert_str_eq(ow_verdict_name(OW_VERDICT_CRITICAL), "CRITICAL");
  ck_assert_int_lt(OW_VERDICT_OK, OW_VERDICT_UNKNOWN);
  ck_assert_int_lt(OW_VERDICT_UNKNOWN, OW_VERDICT_WARNING);
  ck_assert_int_lt(OW_VERDICT_WARNING, OW_VERDICT_CRITICAL);
}
END_TEST

static struct test_prng prng;

static uint32_t random_below(uint32_t limit)
{
  return (uint32_t)test_prng_below(&prng, limit);
}

START_TEST(random_numbers_survive_the_way_round)
{
  /* Nanoseconds written as us with three places; printed in seconds they must be the same nanoseconds. */
  for (int round = 0; round < 20000; round++) {
    uint64_t ns = (uint64_t)random_below(1000000) * 1000000 + random_below(1000000);
    char given[64], printed[OW_RANGE_TEXT], expected[64];
    snprintf(given, sizeof given, "delay_p95=%llu.%03uus:", (unsigned long long)(ns / 1000),
             (unsigned)(ns % 1000));
    snprintf(expected, sizeof expected, "%llu.%09llu", (unsigned long long)(ns / 1000000000),
             (unsigned long long)(ns % 1000000000));
    parse(given, &warning);
    ck_assert(warning.list[0].range.low == strtod(expected, NULL));
    ow_range_print(printed, sizeof printed, warning.list[0].range);
    size_t length = strlen(printed);
    ck_assert_int_eq(printed[length - 1], ':');
    printed[length - 1] = '\0';
    ck_assert_msg(strtod(printed, NULL) == strtod(expected, NULL), "%s is %s", given, printed);
    ck_assert_msg(strncmp(printed, expected, strlen(printed)) == 0, "%s is %s", given, printed);
  }
}
END_TEST

START_TEST(random_text_is_read_or_refused)
{
  static const char *const parts[] = {"delay_p95", "loss", "hops", "@",  "forward", "=", ":", "~", "-", ".",
                                      "20",        "0",    "7",    "us", "ms",      "s", "%", ",", " ", "x"};
  for (int round = 0; round < 50000; round++) {
    char text[128] = "";
    for (uint32_t n = random_below(10); n; n--)
      strcat(text, parts[random_below(sizeof parts / sizeof parts[0])]);
    struct ow_failure failure = {0};
    enum ow_status status = ow_thresholds_parse(text, &warning, &failure);
    ck_assert(status == OW_OK ? warning.count > 0 : failure.status == OW_INVALID && warning.count == 0);
    for (size_t i = 0; i < warning.count; i++)
      ck_assert(warning.list[i].range.low <= warning.list[i].range.high);
  }
}
END_TEST

/* A verdict is certain if and only if no nanosecond within the error changes it. */
START_TEST(random_doubts_agree_with_trying_all)
{
  for (int round = 0; round < 5000; round++) {
    int64_t error = random_below(8);
    int low = (int)random_below(30) - 10;
    int high = low + (int)random_below(10);
    bool inside = random_below(2);
    char text[64];
    snprintf(text, sizeof text, "delay_p95=%s%s0.%03dus:%s0.%03dus", inside ? "@" : "", low < 0 ? "-" : "",
             abs(low), high < 0 ? "-" : "", abs(high));
    struct ow_result result = measured();
    result.delay.p95 = (int64_t)random_below(30) - 10;
    result.clock.error_ns = error;
    int alerts = 0;
    for (int64_t ns = result.delay.p95 - error; ns <= result.delay.p95 + error; ns++)
      alerts += (ns >= low && ns <= high) == inside;
    bool uncertain = alerts > 0 && alerts < 2 * error + 1;
    judge(&result, NULL, text, NULL, OW_UNCERTAIN_IS_UNKNOWN);
    enum ow_verdict certain = alerts ? OW_VERDICT_WARNING : OW_VERDICT_OK;
    ck_assert_msg(judgement.verdict == (uncertain ? OW_VERDICT_UNKNOWN : certain), "%s of %lld +- %lld: %s",
                  text, (long long)result.delay.p95, (long long)error, ow_verdict_name(judgement.verdict));
  }
}
END_TEST

static TCase *reading(void)
{
  TCase *tests = tcase_create("reading");
  tcase_add_loop_test(tests, describes_metrics, 0, OW_METRICS);
  tcase_add_loop_test(tests, reads_every_metric_in_every_form, 0, OW_METRICS);
  tcase_add_test(tests, reads_exactly);
  tcase_add_test(tests, reads_no_negative_zero);
  tcase_add_test(tests, reads_the_short_form);
  tcase_add_test(tests, reads_directions);
  tcase_add_loop_test(tests, refuses, 0, sizeof errors / sizeof errors[0]);
  tcase_add_loop_test(tests, a_warning_can_be_one, 0, sizeof pairs / sizeof pairs[0]);
  tcase_add_test(tests, survives_long_pieces);
  tcase_add_test(tests, knows_no_locale);
  tcase_add_test(tests, prints_ranges);
  return tests;
}

static TCase *values_and_verdicts(void)
{
  TCase *tests = tcase_create("values and verdicts");
  tcase_add_loop_test(tests, values_of_metrics, 0, OW_METRIC_ASYMMETRY);
  tcase_add_loop_test(tests, values_after_a_step, 0, OW_METRIC_ASYMMETRY);
  tcase_add_loop_test(tests, values_without_arrivals, 0, OW_METRIC_ASYMMETRY);
  tcase_add_test(tests, ipdv_needs_neighbours);
  tcase_add_loop_test(tests, bounds_belong_to_the_range, 0, sizeof boundaries / sizeof boundaries[0]);
  tcase_add_test(tests, a_finding_says_all);
  tcase_add_test(tests, directions_apply);
  tcase_add_test(tests, most_severe_first);
  tcase_add_test(tests, nothing_arriving_outranks_thresholds);
  tcase_add_test(tests, what_could_not_be_sent_is_an_outage);
  tcase_add_test(tests, a_partial_result_is_worth_what_is_said);
  tcase_add_test(tests, every_threshold_applies);
  tcase_add_test(tests, holds_all_findings);
  tcase_add_test(tests, round_trips_have_metrics_of_their_own);
  tcase_add_test(tests, losses_that_nobody_tells_apart_are_unknown_and_no_outage);
  tcase_add_test(tests, nothing_that_comes_back_is_an_outage_of_the_round_trip);
  tcase_add_test(tests, no_thresholds);
  tcase_add_test(tests, absent_is_unknown);
  tcase_add_test(tests, all_lost_is_a_value);
  tcase_add_test(tests, reads_bare_asymmetry_to_both_sides);
  tcase_add_test(tests, values_of_both);
  tcase_add_test(tests, judges_both_together);
  tcase_add_test(tests, loss_needs_packets);
  tcase_add_test(tests, prints_values);
  tcase_add_loop_test(tests, a_value_never_looks_like_a_bound_that_it_is_not, 0,
                      sizeof apart / sizeof apart[0]);
  tcase_add_test(tests, times_that_are_compared_look_different);
  tcase_add_test(tests, names_verdicts);
  return tests;
}

static TCase *clocks(void)
{
  TCase *tests = tcase_create("clocks");
  tcase_add_test(tests, stepped_is_unknown);
  tcase_add_loop_test(tests, says_when_uncertain, 0, sizeof doubts / sizeof doubts[0]);
  tcase_add_test(tests, negative_delay_is_no_alert);
  return tests;
}

static TCase *at_random(void)
{
  TCase *tests = tcase_create("at random");
  tcase_set_timeout(tests, TEST_SECONDS);
  tcase_add_test(tests, random_numbers_survive_the_way_round);
  tcase_add_test(tests, random_text_is_read_or_refused);
  tcase_add_test(tests, random_doubts_agree_with_trying_all);
  return tests;
}

int main(void)
{
  prng = test_prng(test_seed());
  Suite *suite = suite_create("sla");
  suite_add_tcase(suite, reading());
  suite_add_tcase(suite, values_and_verdicts());
  suite_add_tcase(suite, clocks());
  suite_add_tcase(suite, at_random());
  return test_run(suite);
}
