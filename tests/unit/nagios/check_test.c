/* SPDX-License-Identifier: MIT */
/* plugins/nagios: options, verdicts, and the output for made-up reports. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"
#include "check_owamp.h"
#include "config/peer_options.h"
#include "io/text_file.h"
#include "key_load.h"
#include "option_table.h"
#include "options.h"
#include "output.h"
#include "perfdata.h"
#include "report/json.h"
#include "schedule/schedule.h"
#include "support/json_members.h"
#include "support/main.h"
#include "text.h"
#include "verdict.h"

enum { MS = 1000000, MOST_WORDS = 16, OUTPUT = 16384 };

/* A command line as a person writes it; words are parted by one space. */
struct line {
  char text[512];
  char *words[MOST_WORDS + 1];
  int count;
};

static void split(struct line *line, const char *text)
{
  ck_assert_uint_lt(strlen(text), sizeof line->text - 12);
  snprintf(line->text, sizeof line->text, "check_owamp %s", text);
  line->count = 0;
  for (char *word = line->text; word && *word;) {
    ck_assert_int_lt(line->count, MOST_WORDS);
    line->words[line->count++] = word;
    word = strchr(word, ' ');
    if (word)
      *word++ = '\0';
  }
  line->words[line->count] = NULL;
}

static enum ow_status parse(const char *text, struct check_options *options, struct ow_failure *failure)
{
  static struct line line; /* the options point into it */
  split(&line, text);
  return check_options_parse(line.count, line.words, options, failure);
}

static struct check_options parsed(const char *text)
{
  struct check_options options;
  struct ow_failure failure = {0};
  ck_assert_msg(parse(text, &options, &failure) == OW_OK, "%s", failure.text);
  return options;
}

/* Options */

START_TEST(defaults)
{
  struct check_options options = parsed("-H example.net");
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  memcpy(peer.host, "example.net", 12);
  /* The option table and the core agree. */
  ck_assert_mem_eq(&options.settings.peer, &peer, sizeof peer);
  ck_assert_int_eq(options.timeout, 10 * OW_NS_PER_S);
  ck_assert_int_eq(options.action, CHECK_MEASURE);
  ck_assert_int_eq(options.settings.rule.how.uncertain, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(options.verbosity, 0);
  ck_assert_uint_eq(options.settings.warning.count + options.settings.critical.count, 0);
  ck_assert_str_eq(options.settings.peer.key_id, "");
  ck_assert_str_eq(options.settings.key_file, "");
  ck_assert(!options.json);
  ck_assert_int_eq(check_options_fit(&options, NULL), OW_OK);
}
END_TEST

START_TEST(options_for_the_peer)
{
  struct check_options options =
      parsed("-H h -p 8610 -6 --source ::1 --interface eth0 --ports 8760-9960 --nat");
  ck_assert_str_eq(options.settings.peer.host, "h");
  ck_assert_str_eq(options.settings.peer.port, "8610");
  ck_assert_int_eq(options.settings.peer.address_family, 6);
  ck_assert_str_eq(options.settings.peer.source, "::1");
  ck_assert_str_eq(options.settings.peer.interface, "eth0");
  ck_assert_uint_eq(options.settings.peer.test_port_low, 8760);
  ck_assert_uint_eq(options.settings.peer.test_port_high, 9960);
  ck_assert(options.settings.peer.nat);
  options = parsed("--hostname=h --port=owamp-control --use-ipv4");
  ck_assert_str_eq(options.settings.peer.port, "owamp-control");
  ck_assert_int_eq(options.settings.peer.address_family, 4);
}
END_TEST

START_TEST(options_for_the_traffic)
{
  struct check_options options = parsed(
      "-H h --count 20 --interval 10ms --padding 64 --zero-padding --busy-wait --dscp EF --loss-timeout 1s");
  ck_assert_uint_eq(options.settings.peer.packets, 20);
  ck_assert_uint_eq(options.settings.peer.slots[0].parameter.ntp, ow_span_from_ns(10 * MS).ntp);
  ck_assert_int_eq(options.settings.peer.slots[0].kind, OW_SLOT_EXPONENTIAL);
  ck_assert_uint_eq(options.settings.peer.padding, 64);
  ck_assert(options.settings.peer.zero_padding && options.settings.peer.busy_wait);
  ck_assert_uint_eq(options.settings.peer.dscp, 46);
  ck_assert_int_eq(options.settings.peer.loss_timeout, OW_NS_PER_S);
  options = parsed("-H h --schedule exp:10ms,fixed:5ms --direction reverse");
  ck_assert_uint_eq(options.settings.peer.slot_count, 2);
  ck_assert(!options.settings.peer.directions[OW_FORWARD] && options.settings.peer.directions[OW_REVERSE]);
  options = parsed("-H h --direction forward");
  ck_assert(options.settings.peer.directions[OW_FORWARD] && !options.settings.peer.directions[OW_REVERSE]);
  options = parsed("-H h --direction forward --direction both");
  ck_assert(options.settings.peer.directions[OW_FORWARD] && options.settings.peer.directions[OW_REVERSE]);
}
END_TEST

START_TEST(options_for_the_verdict)
{
  struct check_options options =
      parsed("-H h -w 20ms,1% -c delay_p95@forward=50ms --uncertain unknown -t 20");
  ck_assert_uint_eq(options.settings.warning.count, 2);
  ck_assert_uint_eq(options.settings.critical.count, 1);
  ck_assert_int_eq(options.settings.rule.how.uncertain, OW_UNCERTAIN_IS_UNKNOWN);
  ck_assert_int_eq(options.timeout, 20 * OW_NS_PER_S);
  options = parsed("-H h --timeout 7500ms --uncertain remark -vv -v -v --json");
  ck_assert_int_eq(options.timeout, 7500 * OW_NS_PER_MS);
  ck_assert_int_eq(options.settings.rule.how.uncertain, OW_UNCERTAIN_REMARK);
  ck_assert_int_eq(options.verbosity, 3);
  ck_assert(options.json);
}
END_TEST

START_TEST(options_for_security)
{
  struct check_options options =
      parsed("-H h --mode open --mode encrypted --key-id joe --key-file /etc/keys.pfs");
  ck_assert_uint_eq(options.settings.peer.modes, OW_MODE_OPEN | OW_MODE_ENCRYPTED);
  ck_assert_str_eq(options.settings.peer.key_id, "joe");
  ck_assert_str_eq(options.settings.key_file, "/etc/keys.pfs");
  options = parsed("-H h --mode authenticated --key-id joe --key-file k");
  ck_assert_uint_eq(options.settings.peer.modes, OW_MODE_AUTHENTICATED);
}
END_TEST

#define LONG_NAME                                                                                            \
  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

START_TEST(options_for_other_ways)
{
  struct check_options options = parsed("--query /run/q --name far --last 5 --max-age 3s");
  ck_assert_int_eq(options.action, CHECK_QUERY);
  ck_assert_str_eq(options.query_socket, "/run/q");
  ck_assert_str_eq(options.stream, "far");
  ck_assert_uint_eq(options.last, 5);
  ck_assert_int_eq(options.max_age, 3 * OW_NS_PER_S);
  options = parsed("-H h --fetch 00112233445566778899aAbBcCdDeEfF");
  ck_assert_int_eq(options.action, CHECK_FETCH);
  ck_assert(options.sid[0] == 0 && options.sid[1] == 0x11 && options.sid[10] == 0xaa &&
            options.sid[15] == 0xff);
  ck_assert(options.settings.peer.directions[OW_FORWARD] && !options.settings.peer.directions[OW_REVERSE]);
  ck_assert_int_eq(parsed("-H h --diagnose").action, CHECK_DIAGNOSE);
  ck_assert_uint_eq(parsed("-H h").last, 1);
  ck_assert_uint_eq(parsed("-H h --min-packets 30").settings.rule.how.least_packets, 30);
}
END_TEST

START_TEST(timeout_states)
{
  static const struct {
    const char *line;
    enum ow_verdict verdict;
  } states[] = {{"-H h --timeout-state ok", OW_VERDICT_OK},
                {"-H h --timeout-state WARNING", OW_VERDICT_WARNING},
                {"-H h --timeout-state Critical", OW_VERDICT_CRITICAL},
                {"-H h --timeout-state unknown", OW_VERDICT_UNKNOWN},
                {"-H h --timeout-state 0", OW_VERDICT_OK},
                {"-H h --timeout-state 1", OW_VERDICT_WARNING},
                {"-H h --timeout-state 2", OW_VERDICT_CRITICAL},
                {"-H h --timeout-state 3", OW_VERDICT_UNKNOWN}};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    struct check_options options = parsed(states[i].line);
    struct ow_probe_report report = {.status = OW_TIMEOUT, .step = OW_STEP_SETUP};
    struct check_outcome outcome;
    ck_assert(options.has_timeout_state);
    check_judge(&options, &report, NULL, &outcome);
    ck_assert_int_eq(outcome.verdict, states[i].verdict);
    report.status = OW_NETWORK; /* no timeout: nothing changes */
    check_judge(&options, &report, NULL, &outcome);
    ck_assert_int_eq(outcome.verdict, OW_VERDICT_CRITICAL);
  }
}
END_TEST

static const struct {
  const char *line;
  const char *words;
} mistakes[] = {
    {"--query s", "--query needs --name"},
    {"-H h --name far", "--name needs --query"},
    {"--query s --name far --diagnose", "--query, --fetch and --diagnose exclude each other"},
    {"-H h --fetch 00112233445566778899aabbccddeeff --diagnose",
     "--query, --fetch and --diagnose exclude each other"},
    {"-H h --fetch 0011", "--fetch: a session identifier has 32 hexadecimal digits"},
    {"-H h --fetch 00112233445566778899aabbccddeefg", "--fetch: a session identifier"},
    {"--query= --name far", "--query: the value is empty"},
    {"--query s --name=", "--name: the value is empty"},
    {"--query s --name far --last 0", "--last"},
    {"--query s --name far --last 1001", "--last"},
    {"--query s --name far --max-age 5", "--max-age"},
    {"-H h --min-packets 10000001", "--min-packets"},
    {"-H h --timeout-state bad", "--timeout-state: 'bad' is not one of ok, warning, critical, unknown"},
    {"-H h --extra-opt x", "--extra-opts: write it in full"},
    {"-H h --direction forward -w rtt=5ms", "a threshold on rtt needs --direction both"},
    {"-H h --direction reverse -c asymmetry=5ms", "a threshold on asymmetry needs --direction both"},

    {"", "no host is given: name it with -H"},
    {"example.net", "'example.net' belongs to no option: name the host with -H"},
    {"-H h extra", "'extra' belongs to no option"},
    {"-H h -- -v", "'-v' belongs to no option"},
    {"-H", "--hostname needs a value: HOST"},
    {"--hostname", "--hostname needs a value: HOST"},
    {"--hostname=", "--hostname: the value is empty"},
    {"-H " LONG_NAME LONG_NAME LONG_NAME, "--hostname: the value is longer than 255 characters"},
    {"-H h -z", "there is no option -z"},
    {"-H h --zebra", "there is no option --zebra"},
    {"-H h --los-timeout=1s",
     "there is no option --los-timeout=1s, or several begin like it; did you mean --loss-timeout?"},
    {"-H h --so=1 --in=1", "there is no option --in=1, or several begin like it"},
    {"-H h --json=1", "--json takes no value"},
    {"-H h -p 0", "--port: '0' is not a number from 1 to 65535"},
    {"-H h -p 65536", "--port: '65536' is not"},
    {"-H h --port=", "--port: '' is not a number"},
    {"-H h -w nonsense", "--warning: "},
    {"-H h -c delay_p95=1furlong", "--critical: "},
    {"-H h --uncertain maybe", "--uncertain: 'maybe' is not one of remark, unknown"},
    {"-H h -t 0", "--timeout: '0' is not a number from 1 to 86400"},
    {"-H h -t 0s", "--timeout: '0s' is not a duration"},
    {"-H h -t soon", "--timeout: 'soon' is not a duration"},
    {"-H h --mode plain", "--mode: 'plain' is not one of open, authenticated, encrypted"},
    {"-H h --mode none", "--mode: 'none' is not one of"},
    {"-H h --key-id joe", "--key-id needs --key-file"},
    {"-H h --key-file keys.pfs", "--key-file needs --key-id"},
    {"-H h --key-file=", "--key-file: the value is empty"},
    {"-H h --key-id=", "--key-id: a KeyID has 1 to 80 octets"},
    {"-H h --key-id " LONG_NAME, "--key-id: a KeyID has 1 to 80 octets"},
    {"-H h --direction up", "--direction: 'up' is not one of both, forward, reverse"},
    {"-H h --count 0", "--count: '0' is not a number from 1 to 25000000"},
    {"-H h --count -1", "--count: '-1' is not"},
    {"-H h --interval 10", "--interval: '10' is not a duration"},
    {"-H h --schedule 10ms", "--schedule: slot '10ms'"},
    {"-H h --interval 10ms --schedule exp:10ms", "--interval and --schedule exclude each other"},
    {"-H h -w loss=5% -c loss=1%", "loss can never be a WARNING"},
    {"-H h --loss-timeout 2", "--loss-timeout: '2' is not a duration"},
    {"-H h --padding 65460", "--padding: '65460' is not a number from 0 to 65459"},
    {"-H h --dscp 64", "--dscp: '64' is not a DSCP"},
    {"-H h --source=", "--source: the value is empty"},
    {"-H h --interface a-name-of-16-chr", "--interface: the value is longer than 15 characters"},
    {"-H h --ports 10-9", "--ports: '10-9' is not a range of ports"},
    {"-H h --count x --dscp y", "--count: 'x'"},
};

START_TEST(mistakes_are_named)
{
  struct check_options options;
  struct ow_failure failure = {0};
  ck_assert_int_eq(parse(mistakes[_i].line, &options, &failure), OW_INVALID);
  ck_assert_msg(strstr(failure.text, mistakes[_i].words) == failure.text, "'%s' is not '%s'", failure.text,
                mistakes[_i].words);
  ck_assert_int_eq(failure.status, OW_INVALID);
}
END_TEST

START_TEST(help_outranks_mistakes)
{
  ck_assert_int_eq(parsed("--nonsense -h").action, CHECK_SHOW_HELP);
  ck_assert_int_eq(parsed("-h --count x").action, CHECK_SHOW_HELP);
  ck_assert_int_eq(parsed("extra --help").action, CHECK_SHOW_HELP);
  ck_assert_int_eq(parsed("-V").action, CHECK_SHOW_VERSION);
  ck_assert_int_eq(parsed("--version --nonsense").action, CHECK_SHOW_VERSION);
}
END_TEST

START_TEST(json_is_known_in_spite_of_a_mistake)
{
  struct check_options options;
  struct ow_failure failure = {0};
  ck_assert_int_eq(parse("--count x --json", &options, &failure), OW_INVALID);
  ck_assert(options.json);
}
END_TEST

START_TEST(a_plan_that_cant_end_in_time_is_refused)
{
  struct ow_failure failure = {0};
  struct check_options options = parsed("-H h -t 5");
  ck_assert_int_eq(check_options_fit(&options, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text,
                   "50 packets and then the loss timeout of 2.00 s take about 5.00 s, but -t ends the "
                   "check after 5.00 s: raise -t, or lower --count, --interval or --loss-timeout");
  options = parsed("-H h -t 8");
  ck_assert_int_eq(check_options_fit(&options, &failure), OW_OK);
  options = parsed("-H h -t 1 --count 10 --schedule fixed:10ms");
  ck_assert_int_eq(check_options_fit(&options, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "lower --count, --schedule or --loss-timeout"));
  options = parsed("-H h -t 86400 --count 10000000 --interval 86400s --loss-timeout 86400s");
  ck_assert_int_eq(check_options_fit(&options, &failure), OW_INVALID);
}
END_TEST

/*
 * A Poisson stream has a tail: 50 packets take longer than t with the probability that fewer than 50 fall
 * into t. At the defaults that leaves time for the loss timeout, and a second for all else.
 */
START_TEST(the_default_check_ends_in_time_but_once_in_a_billion)
{
  struct check_options options = parsed("-H h");
  const struct ow_peer *peer = &options.settings.peer;
  double left = (double)(options.timeout - peer->loss_timeout - OW_NS_PER_S);
  double mean = left / (double)ow_slots_mean_ns(peer->slots, peer->slot_count);
  double fewer = 0;
  for (uint32_t k = 0; k < peer->packets; k++)
    fewer += exp(k * log(mean) - mean - lgamma(k + 1.0));
  ck_assert_msg(fewer < 1e-9, "%g", fewer);
  ck_assert_msg(fewer > 0, "nothing was worked out");
}
END_TEST

START_TEST(every_option_is_in_the_table_once)
{
  ck_assert_uint_le(check_option_count, CHECK_OPTIONS_MOST);
  for (size_t i = 0; i < check_option_count; i++) {
    const struct check_option *option = &check_option_table[i];
    struct check_option_text text;
    struct check_option_text other;
    check_option_describe(option, &text);
    ck_assert_int_eq(!text.argument, option->of_peer ? !!option->flag : !option->set);
    ck_assert_int_eq(!text.argument && !option->of_peer, !!option->raise);
    ck_assert(!text.initial || text.argument);
    ck_assert_ptr_eq(check_option_find(ow_piece_of(text.name)), option);
    ck_assert_uint_lt(strlen(text.help), sizeof text.help - 1);
    for (size_t j = 0; j < i; j++) {
      check_option_describe(&check_option_table[j], &other);
      ck_assert_str_ne(text.name, other.name);
      ck_assert(!option->letter || option->letter != check_option_table[j].letter);
    }
  }
}
END_TEST

/* What a function prints to a stream. */
struct printed {
  char *text;
  size_t length;
  FILE *stream;
};

static struct printed printed;

static FILE *print_begin(void)
{
  printed.stream = open_memstream(&printed.text, &printed.length);
  ck_assert_ptr_nonnull(printed.stream);
  return printed.stream;
}

static const char *print_end(void)
{
  static char kept[OUTPUT];
  fclose(printed.stream);
  ck_assert_uint_lt(printed.length, sizeof kept);
  memcpy(kept, printed.text, printed.length + 1);
  free(printed.text);
  return kept;
}

START_TEST(help_fits_the_screen_and_names_every_option)
{
  check_options_help(print_begin());
  const char *text = print_end();
  for (size_t i = 0; i < check_option_count; i++) {
    char name[64];
    struct check_option_text option;
    check_option_describe(&check_option_table[i], &option);
    snprintf(name, sizeof name, "--%s", option.name);
    ck_assert_msg(strstr(text, name), "no %s", name);
  }
  for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
    ck_assert_msg(strcspn(at, "\n") <= 79, "too long: %.100s", at);
  for (int m = 0; m < OW_METRICS; m++)
    ck_assert_ptr_nonnull(strstr(text, ow_metric_name((enum ow_metric)m)));
}
END_TEST

/* Numbers as text */

static const struct {
  double seconds;
  const char *text;
} times[] = {
    {0, "0.00 us"},        {1e-9, "0.00 us"},    {12.34e-6, "12.3 us"},   {123.4e-6, "123 us"},
    {9.996e-6, "10.0 us"}, {99.96e-6, "100 us"}, {999.4e-6, "999 us"},    {999.6e-6, "1.00 ms"},
    {12.3e-3, "12.3 ms"},  {-450e-6, "-450 us"}, {-12.34e-3, "-12.3 ms"}, {0.9994, "999 ms"},
    {0.9996, "1.00 s"},    {2, "2.00 s"},        {86400, "86400 s"},      {1.2345e-3, "1.23 ms"},
};

START_TEST(times_have_three_digits)
{
  char out[CHECK_NUMBER];
  ck_assert_str_eq(ow_seconds_print(out, times[_i].seconds), times[_i].text);
}
END_TEST

START_TEST(decimals_have_no_trailing_zeros)
{
  char out[CHECK_NUMBER];
  ck_assert_str_eq(check_decimal_text(out, 0.0123), "0.0123");
  ck_assert_str_eq(check_decimal_text(out, -0.000000001), "-0.000000001");
  ck_assert_str_eq(check_decimal_text(out, -1e-12), "0");
  ck_assert_str_eq(check_decimal_text(out, 0), "0");
  ck_assert_str_eq(check_decimal_text(out, 100), "100");
  ck_assert_str_eq(check_decimal_text(out, 1.5), "1.5");
}
END_TEST

START_TEST(values_have_their_unit)
{
  char out[CHECK_NUMBER];
  ck_assert_str_eq(ow_value_print(out, OW_METRIC_DELAY_P95, 0.02), "20.0 ms");
  ck_assert_str_eq(ow_value_print(out, OW_METRIC_LOSS, 100.0 / 3), "33.3 %");
  ck_assert_str_eq(ow_value_print(out, OW_METRIC_LOSS, 100), "100 %");
  ck_assert_str_eq(ow_value_print(out, OW_METRIC_LOST, 7), "7");
}
END_TEST

START_TEST(text_is_bounded_and_clean)
{
  char out[16];
  struct check_text text = {out, sizeof out, 0};
  check_text_next(&text);
  check_text_add(&text, "a|b\n%s", "\x1b\xff");
  ck_assert_str_eq(out, "a?b???");
  check_text_next(&text);
  check_text_add(&text, "1234567");
  ck_assert_str_eq(out, "a?b???; 1234567");
  check_text_add(&text, "8");
  ck_assert_str_eq(out, "a?b???; 1234...");
  check_text_add(&text, "9");
  ck_assert_str_eq(out, "a?b???; 1234...");
}
END_TEST

/* Reports */

static struct ow_result measured(void)
{
  return (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .begin = {UINT64_C(3900000000) << 32},
      .end = {UINT64_C(3900000005) << 32},
      .sent = 50,
      .received = 50,
      .delay = {.min = 12 * MS,
                .mean = 12200000,
                .median = 12100000,
                .p95 = 12300000,
                .p99 = 12400000,
                .max = 12500000},
      .jitter = 200000,
      .pdv = 300000,
      .hops_min = 4,
      .hops_max = 4,
      .clock = {.sender_synchronized = true, .receiver_synchronized = true, .error_ns = 250000},
      .has_ipdv = true,
      .ipdv = 50000,
  };
}

static struct ow_probe_report good_report(void)
{
  struct ow_probe_report report = {
      .step = OW_STEP_DONE,
      .mode = OW_MODE_OPEN,
      .modes_offered = OW_MODES_ALL,
      .server = "192.0.2.1 port 861",
      .clock_synchronized = true,
      .clock_error = 100000,
      .setup_ns = 3200000,
      .verdict_ns = 12 * MS,
  };
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    struct ow_probe_direction *direction = &report.directions[d];
    direction->result = measured();
    memcpy(direction->sender, d ? "192.0.2.1 port 8760" : "192.0.2.9 port 40000", 20);
    memcpy(direction->receiver, d ? "192.0.2.9 port 40001" : "192.0.2.1 port 8761", 20);
    direction->sid[0] = (uint8_t)(0xa0 + d);
  }
  report.directions[OW_REVERSE].result.delay.p95 = 11800000;
  report.directions[OW_REVERSE].result.clock.receive_stamp = OW_STAMP_KERNEL;
  report.directions[OW_FORWARD].departure_offset = 14000;
  report.directions[OW_FORWARD].departure_known = true;
  report.directions[OW_FORWARD].result.clock.departed = OW_DEPARTED_KERNEL;
  return report;
}

static struct ow_probe_report failed_report(enum ow_status status, enum ow_probe_step step, const char *words)
{
  struct ow_probe_report report = {.status = status, .step = step};
  (void)ow_fail(&report.failure, status, "%s", words);
  return report;
}

/* The sentence of the first line, and the verdict as its exit status. */
static int judged(const char *line, const struct ow_probe_report *report, const char **reason)
{
  static struct check_outcome outcome;
  struct check_options options = parsed(line);
  check_judge(&options, report, NULL, &outcome);
  *reason = outcome.headline;
  return check_exit_status(outcome.verdict);
}

static void assert_judged(const char *line, const struct ow_probe_report *report, int status,
                          const char *words)
{
  const char *reason = NULL;
  int got = judged(line, report, &reason);
  ck_assert_str_eq(reason, words);
  ck_assert_int_eq(got, status);
}

static const char *output(const char *line, const struct ow_probe_report *report)
{
  static struct check_outcome outcome;
  struct check_options options = parsed(line);
  check_judge(&options, report, NULL, &outcome);
  FILE *stream = print_begin();
  if (options.json)
    check_json_print(stream, &options, report, &outcome);
  else
    check_output_print(stream, &options, report, &outcome);
  return print_end();
}

#define CLOCKS " (p95, clocks +-0.25 ms)"
#define SUMMARY "forward 12.3 ms, 0 % lost, reverse 11.8 ms, 0 % lost"
/* All of it, for --json. */
#define FULL "forward 12.3 ms p95, 0/50 lost; reverse 11.8 ms p95, 0/50 lost"
/* Beside what is wrong. */
#define REST "forward 12.3 ms, reverse 11.8 ms"

START_TEST(all_is_well)
{
  struct ow_probe_report report = good_report();
  assert_judged("-H h", &report, 0, SUMMARY CLOCKS);
  assert_judged("-H h -w 20ms,1% -c 50ms,5%", &report, 0, SUMMARY CLOCKS);
  assert_judged("-H h --direction forward", &report, 0, "forward 12.3 ms, 0 % lost" CLOCKS);
  assert_judged("-H h --direction reverse", &report, 0, "reverse 11.8 ms, 0 % lost" CLOCKS);
  report.directions[OW_REVERSE].result.lost = 2;
  report.directions[OW_REVERSE].result.sent = 52;
  report.directions[OW_REVERSE].result.delay.p95 = 8430000;
  report.directions[OW_FORWARD].result.clock.error_ns = 200000;
  report.directions[OW_REVERSE].result.clock.error_ns = 150000;
  assert_judged("-H h -w loss=5%", &report, 0,
                "forward 12.3 ms, 0 % lost, reverse 8.4 ms, 3.85 % lost (2/52) (p95, clocks +-0.2 ms)");
}
END_TEST

START_TEST(breaches_are_named)
{
  struct ow_probe_report report = good_report();
  assert_judged("-H h -w delay_p95@forward=12ms", &report, 1,
                "forward delay_p95 12.3 ms, limit 12 ms, reverse 11.8 ms" CLOCKS);
  /* The worse of two on the same metric is enough. */
  assert_judged("-H h -w delay_p95@forward=10ms -c delay_p95@forward=12ms", &report, 2,
                "forward delay_p95 12.3 ms, limit 12 ms, reverse 11.8 ms" CLOCKS);
  /* Where the clocks have no part in it, nothing is said of them. */
  assert_judged("-H h -c hops=5:", &report, 2,
                "forward hops 4, at least 5, reverse hops 4, at least 5, " REST);
  assert_judged("-H h -c hops@forward=5:9", &report, 2, "forward hops 4, at least 5, " REST);
  assert_judged("-H h -c hops@forward=1:3", &report, 2, "forward hops 4, limit 3, " REST);
  assert_judged("-H h -w jitter@forward=@100us:1ms", &report, 1,
                "forward jitter 200 us, alert from 100 us to 1 ms, " REST);
  assert_judged("-H h -w hops@forward=@3:", &report, 1, "forward hops 4, alert from 3, " REST);
  assert_judged("-H h -w delay_p95@forward=@~:20ms", &report, 1,
                "forward delay_p95 12.3 ms, alert up to 20 ms, reverse 11.8 ms" CLOCKS);
  report.directions[OW_REVERSE].result.lost = 2;
  report.directions[OW_REVERSE].result.received = 48;
  assert_judged("-H h -w loss=1% -c loss=5%", &report, 1, "reverse loss 4 % (2/50), limit 1 %, " REST);
  assert_judged("-H h -w rtt=1ms", &report, 1,
                "rtt 24.2 ms, limit 1 ms, forward 12.3 ms, reverse 11.8 ms, 4 % lost (2/50)");
}
END_TEST

START_TEST(the_worst_comes_first)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_REVERSE].result.lost = 10;
  report.directions[OW_REVERSE].result.received = 40;
  assert_judged("-H h -w delay_p95@forward=1ms,hops@forward=1 -c loss=5%", &report, 2,
                "reverse loss 20 % (10/50), limit 5 %, forward delay_p95 12.3 ms, limit 1 ms, "
                "forward hops 4, limit 1, reverse 11.8 ms" CLOCKS);
  /* A part that is missing is less than an alert, whatever was known first. */
  report.status = ow_fail(&report.failure, OW_TIMEOUT, "time ran out");
  report.step = OW_STEP_RUN;
  report.directions[OW_FORWARD].result = (struct ow_result){0};
  report.directions[OW_REVERSE].result.completeness = OW_RESULT_PARTIAL;
  assert_judged("-H h -c loss=5%", &report, 2,
                "reverse loss 20 % (10/50), limit 5 %, incomplete: time ran out, "
                "forward not measured, reverse 11.8 ms so far");
}
END_TEST

START_TEST(a_value_close_to_its_limit_does_not_look_like_it)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result.delay.p95++;
  report.directions[OW_FORWARD].result.clock.error_ns = 0;
  assert_judged("-H h -w delay_p95@forward=12.3ms", &report, 1,
                "forward delay_p95 12.300001 ms, limit 12.3 ms, reverse 11.8 ms" CLOCKS);
  report.directions[OW_FORWARD].result.clock.error_ns = 2;
  report.directions[OW_REVERSE].result.clock.error_ns = 2;
  assert_judged("-H h -w delay_p95@forward=12.300002ms", &report, 0, SUMMARY " (p95, uncertain)");
  ck_assert_ptr_nonnull(strstr(output("-H h -w delay_p95@forward=12.300002ms -v", &report),
                               "\nforward delay_p95 12.300001 ms, limit 12.300002 ms, uncertain"));
  report = good_report();
  report.directions[OW_REVERSE].result.sent = 3000;
  report.directions[OW_REVERSE].result.lost = 2999;
  report.directions[OW_REVERSE].result.received = 1;
  assert_judged("-H h -c loss=99.96%", &report, 2, "reverse loss 99.97 % (2999/3000), limit 99.96 %, " REST);
}
END_TEST

START_TEST(of_many_breaches_some_are_named)
{
  struct ow_probe_report report = good_report();
  static const char line[] = "-H h -c delay_min=1ms,delay_max=1ms,delay_p99=1ms";
  assert_judged(line, &report, 2,
                "forward delay_min 12.0 ms, limit 1 ms, reverse delay_min 12.0 ms, limit 1 ms, and 4 more, "
                "forward 12.3 ms" CLOCKS);
  /* The others follow. */
  const char *text = strchr(output(line, &report), '\n');
  ck_assert_str_eq(text, "\nCRITICAL: forward delay_max 12.5 ms, limit 1 ms\n"
                         "CRITICAL: reverse delay_max 12.5 ms, limit 1 ms\n"
                         "CRITICAL: forward delay_p99 12.4 ms, limit 1 ms\n"
                         "CRITICAL: reverse delay_p99 12.4 ms, limit 1 ms\n"
                         "reverse 11.8 ms p95, 0/50 lost\n");
}
END_TEST

START_TEST(uncertain_verdicts_say_so)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result.clock.error_ns = 3 * MS;
  assert_judged("-H h -w delay_p95@forward=14ms", &report, 0, SUMMARY " (p95, uncertain: clocks +-3 ms)");
  assert_judged("-H h -w delay_p95@forward=12ms", &report, 1,
                "forward delay_p95 12.3 ms (uncertain), limit 12 ms, reverse 11.8 ms (p95, clocks +-3 ms)");
  assert_judged("-H h -w delay_p95@forward=12ms --uncertain unknown", &report, 3,
                "forward delay_p95 12.3 ms (uncertain), limit 12 ms, reverse 11.8 ms (p95, clocks +-3 ms)");
  assert_judged(
      "-H h -w delay_p95@forward=10ms: --uncertain unknown", &report, 3,
      "forward delay_p95 12.3 ms (uncertain), at least 10 ms, reverse 11.8 ms (p95, clocks +-3 ms)");
  /* Of a limit that is kept -v tells, and the others are silent of it as long as all is well. */
  static const char *const lines[] = {"-H h -w delay_p95@forward=14ms", "-H h -w delay_p95@forward=14ms -v"};
  ck_assert_str_eq(strchr(output(lines[0], &report), '\n'), "\n");
  static const char words[] = "\nforward delay_p95 12.3 ms, limit 14 ms, uncertain, clocks +-3.00 ms\n";
  ck_assert_ptr_nonnull(strstr(output(lines[1], &report), words));
  ck_assert_ptr_nonnull(strstr(output("-H h -w delay_p95@forward=14ms -c hops=1", &report), words));
}
END_TEST

START_TEST(clocks_that_are_not_synchronised)
{
  struct ow_probe_report report = good_report();
  struct ow_clock_trust *forward = &report.directions[OW_FORWARD].result.clock;
  struct ow_clock_trust *reverse = &report.directions[OW_REVERSE].result.clock;
  forward->error_ns = reverse->error_ns = 16 * OW_NS_PER_S;
  forward->sender_synchronized = reverse->receiver_synchronized = false;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, this host's clock not synchronised, +-16 s)");
  /* Beside a loss the first line says nothing of clocks, and the second one does. */
  static const char line[] = "-H h -w hops@forward=1";
  assert_judged(line, &report, 1, "forward hops 4, limit 1, " REST);
  ck_assert_str_eq(strchr(output(line, &report), '\n'),
                   "\nthis host's clock not synchronised, delays not trustworthy within 16.0 s\n");
  forward->receiver_synchronized = reverse->sender_synchronized = false;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, clocks not synchronised, +-16 s)");
  forward->sender_synchronized = reverse->receiver_synchronized = true;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, the peer's clock not synchronised, +-16 s)");
  /* It claims to be right to the nanosecond. */
  forward->error_ns = reverse->error_ns = 2;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, the peer's clock not synchronised)");
}
END_TEST

START_TEST(a_clock_of_unknown_error)
{
  struct ow_probe_report report = good_report();
  struct ow_clock_trust *forward = &report.directions[OW_FORWARD].result.clock;
  forward->error_ns = OW_ERROR_UNKNOWN;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, the peer's clock of unknown error)");
  ck_assert_ptr_nonnull(strstr(output("-H h", &report), "clock_error=U"));
  ck_assert_ptr_null(strstr(output("-H h -v", &report), "9223372"));
  ck_assert_ptr_nonnull(strstr(output("-H h -w 1s -v", &report), "uncertain"));
  ck_assert_ptr_null(strstr(output("-H h -w 1s -v", &report), "9223372"));
  forward->receiver_synchronized = false;
  assert_judged("-H h", &report, 0, SUMMARY " (p95, the peer's clock not synchronised)");
  ck_assert_ptr_null(strstr(output("-H h -w hops@forward=1", &report), " within "));
}
END_TEST

START_TEST(negative_delays_are_shown)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result.delay.p95 = -520000;
  assert_judged("-H h -w 20ms", &report, 0, "forward -520 us, 0 % lost, reverse 11.8 ms, 0 % lost" CLOCKS);
}
END_TEST

START_TEST(a_clock_that_was_set)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result.clock.stepped = true;
  assert_judged(
      "-H h", &report, 0,
      "forward delay unknown (a clock was set meanwhile), 0 % lost, reverse 11.8 ms, 0 % lost" CLOCKS);
  assert_judged("-H h -w delay_p95=20ms", &report, 3,
                "forward delay_p95 unknown (a clock was set meanwhile), reverse 11.8 ms");
}
END_TEST

static void lose_all(struct ow_result *result)
{
  *result =
      (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 50, .lost = 50, .longest_loss_run = 50};
}

START_TEST(nothing_arriving_is_critical)
{
  struct ow_probe_report report = good_report();
  static const char words[] = "reverse nothing arrived (50/50 lost), forward 12.3 ms";
  lose_all(&report.directions[OW_REVERSE].result);
  assert_judged("-H h", &report, 2, words);
  assert_judged("-H h -w loss@forward=1%", &report, 2, words);
  assert_judged("-H h -w jitter=1ms", &report, 2, words);
  /* Told once: by the limit that is as severe, or else as what it is. */
  assert_judged("-H h -c loss=5%", &report, 2, "reverse loss 100 % (50/50), limit 5 %, forward 12.3 ms");
  assert_judged("-H h -w loss=1%", &report, 2, words);
  /* Whatever the thresholds allow; unless it is said what that is worth. */
  assert_judged("-H h -w lost=60", &report, 2, words);
  assert_judged("-H h -c loss=100%", &report, 2, words);
  assert_judged("-H h -c lost=1000 --nothing-arrived warning", &report, 1, words);
  assert_judged("-H h -c loss=100% --nothing-arrived ok", &report, 0,
                "forward 12.3 ms, 0 % lost, reverse nothing arrived (50/50 lost)" CLOCKS);
  assert_judged("-H h -c 5s,100%,rtt=5s", &report, 2, words);
  assert_judged("-H h --min-packets 51", &report, 3,
                "reverse nothing arrived (50/50 lost), too few packets to tell (--min-packets 51), "
                "forward 12.3 ms");
  assert_judged("-H h --direction forward", &report, 0, "forward 12.3 ms, 0 % lost" CLOCKS);
  lose_all(&report.directions[OW_FORWARD].result);
  assert_judged("-H h", &report, 2,
                "forward nothing arrived (50/50 lost), reverse nothing arrived (50/50 lost)");
}
END_TEST

START_TEST(nothing_sent_is_unknown)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result =
      (struct ow_result){.completeness = OW_RESULT_COMPLETE, .skipped = 50};
  report.directions[OW_FORWARD].result.completeness = OW_RESULT_PARTIAL;
  assert_judged("-H h", &report, 3, "forward none of 50 packets was sent, reverse 11.8 ms");
  report.directions[OW_FORWARD].result.refused = 50;
  report.directions[OW_FORWARD].result.refusal = ENETUNREACH;
  assert_judged("-H h -c loss=100%", &report, 2,
                "forward none of 50 packets was sent: Network is unreachable, reverse 11.8 ms");
}
END_TEST

/* Hundreds that were never sent are no OK. */
START_TEST(a_sender_that_stood_still_is_unknown)
{
  struct ow_probe_report report = good_report();
  struct ow_result *result = &report.directions[OW_FORWARD].result;
  static const char words[] = "forward 105 of 500 packets were never sent, " REST;
  result->completeness = OW_RESULT_PARTIAL;
  result->sent = result->received = 395;
  result->skipped = 105;
  assert_judged("-H h", &report, 3, words);
  assert_judged("-H h --partial-state ok", &report, 0,
                "forward 105 of 500 packets were never sent, " SUMMARY CLOCKS);
  assert_judged("-H h --partial-state critical", &report, 2, words);
  assert_judged("-H h -w skipped@forward=100", &report, 1,
                "forward skipped 105, limit 100, forward 105 of 500 packets were never sent, " REST);
  /* What is missing comes before who ended it. */
  snprintf(report.remark, sizeof report.remark, "server x ended the sessions early");
  assert_judged(
      "-H h", &report, 3,
      "forward 105 of 500 packets were never sent, incomplete: server x ended the sessions early, " REST);
}
END_TEST

START_TEST(partial_results_say_so)
{
  struct ow_probe_report report = good_report();
  report.status = ow_fail(&report.failure, OW_NETWORK, "192.0.2.1 port 861 closed the connection");
  report.step = OW_STEP_RUN;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    report.directions[d].result.completeness = OW_RESULT_PARTIAL;
  report.directions[OW_FORWARD].result.sent = 31;
  report.directions[OW_FORWARD].result.received = 31;
  assert_judged("-H h", &report, 2,
                "incomplete: 192.0.2.1 port 861 closed the connection, forward 12.3 ms so far, "
                "reverse 11.8 ms so far");
  report.directions[OW_FORWARD].result = (struct ow_result){0};
  report.status = OW_TIMEOUT;
  assert_judged("-H h -w 20ms", &report, 3,
                "incomplete: 192.0.2.1 port 861 closed the connection, forward not measured, "
                "reverse 11.8 ms so far");
  /* What is known to be bad stays bad. */
  assert_judged("-H h -w 5ms", &report, 1,
                "reverse delay_p95 11.8 ms, limit 5 ms, incomplete: 192.0.2.1 port 861 closed the "
                "connection, forward not measured (clocks +-0.25 ms)");
  /* Nobody says why. */
  report = good_report();
  report.directions[OW_REVERSE].result.completeness = OW_RESULT_PARTIAL;
  assert_judged("-H h", &report, 3, "reverse 11.8 ms so far, forward 12.3 ms" CLOCKS);
}
END_TEST

START_TEST(absent_results_without_a_failure)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_FORWARD].result = (struct ow_result){0};
  assert_judged("-H h", &report, 3, "forward not measured, reverse 11.8 ms");
}
END_TEST

static const struct {
  enum ow_status status;
  enum ow_probe_step step;
  int exit;
  int silent; /* the exit, if the server was silent for as long as it may be */
} failures[] = {
    {OW_NETWORK, OW_STEP_RESOLVE, 3, 3}, {OW_NETWORK, OW_STEP_CONNECT, 2, 2},
    {OW_NETWORK, OW_STEP_SETUP, 2, 2},   {OW_NETWORK, OW_STEP_RUN, 2, 2},
    {OW_TIMEOUT, OW_STEP_RESOLVE, 3, 3}, {OW_TIMEOUT, OW_STEP_CONNECT, 3, 2},
    {OW_TIMEOUT, OW_STEP_SETUP, 3, 2},   {OW_TIMEOUT, OW_STEP_REQUEST, 3, 2},
    {OW_TIMEOUT, OW_STEP_START, 3, 2},   {OW_TIMEOUT, OW_STEP_RUN, 3, 3},
    {OW_TIMEOUT, OW_STEP_STOP, 3, 3},    {OW_TIMEOUT, OW_STEP_FETCH, 3, 3},
    {OW_TIMEOUT, OW_STEP_DONE, 3, 3},    {OW_PROTOCOL, OW_STEP_SETUP, 2, 2},
    {OW_AUTH, OW_STEP_SETUP, 3, 3},      {OW_REFUSED, OW_STEP_SETUP, 3, 3},
    {OW_LIMIT, OW_STEP_SETUP, 3, 3},     {OW_REFUSED, OW_STEP_REQUEST, 3, 3},
    {OW_INVALID, OW_STEP_RESOLVE, 3, 3}, {OW_MEMORY, OW_STEP_RUN, 3, 3},
    {OW_CRYPTO, OW_STEP_SETUP, 3, 3},    {OW_STATE, OW_STEP_RUN, 3, 3},
    {OW_AUTH, OW_STEP_RUN, 3, 3},        {OW_INVALID, OW_STEP_CONNECT, 3, 3},
    {OW_LIMIT, OW_STEP_REQUEST, 3, 3},   {OW_INVALID, OW_STEP_REQUEST, 3, 3},
};

START_TEST(each_failure_has_its_verdict)
{
  static const char line[] = "-H h -w 20ms,1% -c loss=5%";
  struct ow_probe_report report = failed_report(failures[_i].status, failures[_i].step, "what | went\nwrong");
  assert_judged(line, &report, failures[_i].exit, "what ? went?wrong");
  report.silent = true;
  assert_judged(line, &report, failures[_i].silent, "what ? went?wrong");
}
END_TEST

/* What is known of a measurement that our clock cut short counts as far as it breaches something. */
START_TEST(time_that_ran_out_is_no_breach_and_hides_none)
{
  static const enum ow_probe_step ran[] = {OW_STEP_RUN, OW_STEP_STOP, OW_STEP_FETCH};
  for (size_t i = 0; i < sizeof ran / sizeof *ran; i++) {
    const char *reason = NULL;
    struct ow_probe_report report = good_report();
    report.directions[OW_FORWARD].result.completeness = OW_RESULT_PARTIAL;
    report.status = ow_fail(&report.failure, OW_TIMEOUT, "time ran out");
    report.step = ran[i];
    report.silent = true;
    ck_assert_int_eq(judged("-H h -w 1s,90%", &report, &reason), 3);
    ck_assert_ptr_nonnull(strstr(reason, "incomplete: time ran out"));
    ck_assert_int_eq(judged("-H h -w 1s,90% --timeout-state ok", &report, &reason), 0);
    ck_assert_int_eq(judged("-H h -w 500us -c 1ms", &report, &reason), 2);
    ck_assert_int_eq(judged("-H h -w 500us -c 1ms --timeout-state ok", &report, &reason), 2);
    ck_assert_ptr_nonnull(strstr(reason, "forward delay_p95 12.3 ms, limit 1 ms"));
  }
}
END_TEST

START_TEST(a_failure_without_words_has_some)
{
  struct ow_probe_report report = {.status = OW_MEMORY};
  assert_judged("-H h", &report, 3, "no reason is known");
}
END_TEST

/* Output */

START_TEST(the_first_line_is_a_plugins)
{
  struct ow_probe_report report = good_report();
  ck_assert_str_eq(
      output("-H h -w 20ms,1% -c delay_p95@forward=@1ms:2ms", &report),
      "OWAMP OK - " SUMMARY CLOCKS "|fwd_delay_min=0.012s fwd_delay_median=0.0121s "
      "fwd_delay_p95=0.0123s;0.02;@0.001:0.002 fwd_delay_max=0.0125s fwd_jitter=0.0002s;;;0 "
      "fwd_ipdv=0.00005s;;;0 fwd_loss=0%;1;;0;100 fwd_duplicates=0;;;0 fwd_reordered=0;;;0 fwd_skipped=0;;;0 "
      "rev_delay_min=0.012s rev_delay_median=0.0121s rev_delay_p95=0.0118s;0.02 rev_delay_max=0.0125s "
      "rev_jitter=0.0002s;;;0 rev_ipdv=0.00005s;;;0 rev_loss=0%;1;;0;100 rev_duplicates=0;;;0 "
      "rev_reordered=0;;;0 rev_skipped=0;;;0 asymmetry=0s rtt=0.0242s clock_error=0.00025s;;;0\n");
}
END_TEST

/* The labels of the performance data, one after another. */
static const char *labels(const char *text)
{
  static char found[OUTPUT];
  char *at = found;
  const char *bar = strchr(text, '|');
  ck_assert_ptr_nonnull(bar);
  for (const char *label = bar; *label == '|' || *label == ' '; label += strcspn(label, " \n")) {
    label++;
    size_t length = strcspn(label, "= \n");
    ck_assert_int_eq(label[length], '=');
    memcpy(at, label, length + 1);
    at += length + 1;
  }
  *at = '\0';
  return found;
}

START_TEST(labels_are_the_same_whatever_happens)
{
  static const char *const lines[] = {"-H h", "-H h --direction reverse",
                                      "-H h -w hops=9,delay_p99@reverse=20ms -c lost=3,pdv=1ms"};
  char expected[OUTPUT];
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct ow_probe_report report = good_report();
    snprintf(expected, sizeof expected, "%s", labels(output(lines[i], &report)));
    lose_all(&report.directions[OW_REVERSE].result);
    ck_assert_str_eq(labels(output(lines[i], &report)), expected);
    report = failed_report(OW_NETWORK, OW_STEP_CONNECT, "it's |down");
    const char *text = output(lines[i], &report);
    ck_assert_str_eq(labels(text), expected);
    ck_assert_ptr_nonnull(strstr(text, " rev_loss=U;;;0;100"));
    ck_assert_ptr_nonnull(strstr(text, " clock_error=U;;;0\n"));
  }
  ck_assert_ptr_nonnull(strstr(expected, "rev_delay_p99"));
  ck_assert_ptr_null(strstr(expected, "fwd_delay_p99"));
  ck_assert_ptr_nonnull(strstr(expected, "fwd_hops"));
}
END_TEST

START_TEST(long_output_has_the_numbers)
{
  struct ow_probe_report report = good_report();
  struct ow_result *forward = &report.directions[OW_FORWARD].result;
  forward->duplicates = 3;
  forward->clock.sender_synchronized = false;
  forward->has_ipdv = false;
  const char *text = output("-H h -v", &report);
  static const char words[] = "\n"
                              "server           192.0.2.1 port 861\n"
                              "mode             open\n"
                              "set up in        3.20 ms\n"
                              "                                  forward                 reverse\n"
                              "packets sent                           50                      50\n"
                              "received                               50                      50\n"
                              "lost                              0 (0 %)                 0 (0 %)\n"
                              "longest loss run                        0                       0\n"
                              "never sent                              0                       0\n"
                              "duplicates                              3                       0\n"
                              "reordered                               0                       0\n"
                              "discarded                               0                       0\n"
                              "delay min                         12.0 ms                 12.0 ms\n"
                              "delay mean                        12.2 ms                 12.2 ms\n"
                              "delay median                      12.1 ms                 12.1 ms\n"
                              "delay p95                         12.3 ms                 11.8 ms\n"
                              "delay p99                         12.4 ms                 12.4 ms\n"
                              "delay max                         12.5 ms                 12.5 ms\n"
                              "jitter                             200 us                  200 us\n"
                              "ipdv                              unknown                 50.0 us\n"
                              "pdv                                300 us                  300 us\n"
                              "hops                                    4                       4\n"
                              "clocks' error                    +-250 us                +-250 us\n"
                              "sender's clock           not synchronised            synchronised\n"
                              "receiver's clock             synchronised            synchronised\n"
                              "stamps on sending            the kernel's   in packets, corrected\n"
                              "stamps on receipt                the peer      this host's kernel\n";
  ck_assert_str_eq(strchr(text, '\n'), words);
  ck_assert_ptr_null(strchr(strchr(text, '|') + 1, '|'));
  /* What isn't known is not 0. */
  report.directions[OW_REVERSE].result = (struct ow_result){0};
  text = output("-H h -v", &report);
  ck_assert_ptr_nonnull(
      strstr(text, "\npackets sent                           50                       -\n"));
  ck_assert_ptr_nonnull(
      strstr(text, "\nhops                                    4                       -\n"));
  text = output("-H h -v --direction forward", &report);
  ck_assert_ptr_nonnull(strstr(text, "\npackets sent                           50\n"));
}
END_TEST

START_TEST(longer_output_has_the_sessions)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_REVERSE].result.clock.receive_stamp = OW_STAMP_USER;
  report.directions[OW_REVERSE].result.clock.stepped = true;
  const char *text = output("-H h -vv", &report);
  static const char *const words[] = {
      "\nmodes offered    open authenticated encrypted\n",
      "\nown clock        synchronised, error +-100 us\n",
      "\nknown 12.0 ms after the last packet\n",
      "\nforward session  a0000000000000000000000000000000\n"
      "  from           192.0.2.9 port 40000\n"
      "  to             192.0.2.1 port 8761\n"
      "  departures     14.0 us behind their stamps, corrected\n",
      "\nreverse session  a1000000000000000000000000000000\n"
      "  from           192.0.2.1 port 8760\n"
      "  to             192.0.2.9 port 40001\n",
      "      this process, late\n",
      "\ndelay max                         12.5 ms                 unknown\n",
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    ck_assert_msg(strstr(text, words[i]), "'%s' is not in '%s'", words[i], text);
}
END_TEST

START_TEST(long_output_of_a_failure)
{
  struct ow_probe_report report = failed_report(OW_NETWORK, OW_STEP_CONNECT, "192.0.2.1 port 861: refused");
  const char *text = output("-H h -vvv", &report);
  ck_assert_str_eq(strchr(text, '\n'),
                   "\nto see where it fails: check_owamp -H h --diagnose\nstopped at step  connect\n");
  report = failed_report(OW_INVALID, OW_STEP_RESOLVE, "no key");
  text = output("-H h -vvv", &report);
  ck_assert_str_eq(strchr(text, '\n'), "\n");
  report = failed_report(OW_STATE, OW_STEP_DONE, "no socket"); /* there was no step to stop at */
  text = output("-H h -vvv", &report);
  ck_assert_str_eq(strchr(text, '\n'), "\n");
}
END_TEST

static void add_packets(struct ow_probe_direction *direction)
{
  struct ow_sample sample = {
      .sent = ow_timestamp_from_unix((struct timespec){1700000000, 0}),
      .received = ow_timestamp_from_unix((struct timespec){1700000000, 125000000}),
      .sequence = 7,
      .send_error = ow_error_estimate(true, 1000000),
      .receive_error = ow_error_estimate(true, 1000000),
      .ttl = 251,
  };
  ck_assert_int_eq(ow_samples_append(&direction->samples, &sample), OW_OK);
  sample.sequence = 9;
  sample.departed = OW_DEPARTED_KERNEL;
  sample.stamped_before = -1500;
  ck_assert_int_eq(ow_samples_append(&direction->samples, &sample), OW_OK);
  sample.sequence = 8;
  sample.departed = OW_DEPARTED_CORRECTED;
  sample.received = (struct ow_timestamp){0};
  sample.ttl = OW_TTL_LOST;
  ck_assert_int_eq(ow_samples_append(&direction->samples, &sample), OW_OK);
}

START_TEST(longest_output_has_the_packets)
{
  struct ow_probe_report report = good_report();
  add_packets(&report.directions[OW_FORWARD]);
  const char *text = output("-H h -vvv", &report);
  static const char words[] = "\nforward packets: number, sent, delay, error (ms), TTL, "
                              "departure less stamp (us)\n"
                              "         7 2023-11-14T22:13:20.000000000Z     125.000000     +-2.014162 251\n"
                              "         9 2023-11-14T22:13:20.000000000Z     125.000000     +-2.014162 251"
                              "   -2\n"
                              "         8 2023-11-14T22:13:20.000000000Z           lost\n";
  ck_assert_msg(strstr(text, words), "%s", text);
  ow_samples_clear(&report.directions[OW_FORWARD].samples);
}
END_TEST

/* JSON */

static json_t *json_output(const char *line, const struct ow_probe_report *report)
{
  static struct json_members told, documented;
  const char *text = output(line, report);
  json_error_t error;
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(object, "%s in %s", error.text, text);
  /* One line. */
  ck_assert_ptr_eq(strchr(text, '\n') + 1, strchr(text, '\0'));
  if (documented.count == 0)
    json_members_of_check(&documented);
  json_members_add(&told, object);
  json_members_expect_within(&told, &documented, "isn't in owamp-json(5)");
  return object;
}

static const json_t *result_of(const json_t *object, size_t index)
{
  return json_array_get(json_object_get(object, "results"), index);
}

static const char *string_in(const json_t *object, const char *name)
{
  const char *text = json_string_value(json_object_get(object, name));
  ck_assert_msg(text, "no string %s", name);
  return text;
}

static void assert_number(const json_t *object, const char *name, double value)
{
  const json_t *number = json_object_get(object, name);
  ck_assert_msg(json_is_number(number), "no number %s", name);
  ck_assert_msg(fabs(json_number_value(number) - value) < 1e-12, "%s is %g", name, json_number_value(number));
}

static void assert_absent(const json_t *object, const char *name)
{
  ck_assert_msg(json_is_object(object) && !json_object_get(object, name), "%s is there", name);
}

START_TEST(json_has_the_numbers)
{
  struct ow_probe_report report = good_report();
  json_t *object = json_output("-H h -w delay_p95@reverse=1ms --json", &report);
  ck_assert_str_eq(string_in(object, "host"), "h");
  assert_number(object, "schema", OW_JSON_SCHEMA);
  ck_assert_str_eq(string_in(object, "port"), "861");
  ck_assert_str_eq(string_in(json_object_get(object, "connection"), "address"), "192.0.2.1");
  assert_number(json_object_get(object, "connection"), "port", 861);
  ck_assert_str_eq(string_in(object, "mode"), "open");
  ck_assert_str_eq(string_in(object, "state"), "WARNING");
  ck_assert_str_eq(string_in(object, "reason"), "reverse delay_p95 11.8 ms, limit 1 ms; " FULL);
  ck_assert_str_eq(string_in(object, "step"), "done");
  ck_assert_uint_eq(json_array_size(json_object_get(object, "results")), 2);
  const json_t *forward = result_of(object, 0);
  ck_assert_str_eq(string_in(forward, "direction"), "forward");
  ck_assert_str_eq(string_in(forward, "completeness"), "complete");
  ck_assert_str_eq(string_in(json_object_get(forward, "sender"), "address"), "192.0.2.9");
  assert_number(json_object_get(forward, "sender"), "port", 40000);
  assert_number(json_object_get(forward, "receiver"), "port", 8761);
  ck_assert_str_eq(string_in(forward, "sid"), "a0000000000000000000000000000000");
  assert_number(forward, "sent", 50);
  assert_number(forward, "lost", 0);
  assert_number(forward, "loss_percent", 0);
  assert_number(forward, "jitter", 0.0002);
  assert_number(forward, "ipdv", 0.00005);
  assert_number(forward, "pdv", 0.0003);
  assert_number(json_object_get(forward, "delay"), "p95", 0.0123);
  assert_number(json_object_get(forward, "delay"), "min", 0.012);
  assert_number(json_object_get(forward, "hops"), "max", 4);
  assert_number(json_object_get(forward, "clock"), "error", 0.00025);
  ck_assert(json_is_true(json_object_get(json_object_get(forward, "clock"), "sender_synchronized")));
  assert_absent(json_object_get(forward, "clock"), "receive_stamp");
  ck_assert_ptr_null(json_object_get(forward, "packets"));
  const json_t *reverse = result_of(object, 1);
  ck_assert_str_eq(string_in(json_object_get(reverse, "clock"), "receive_stamp"), "kernel");
  const json_t *finding = json_array_get(json_object_get(object, "findings"), 0);
  ck_assert_str_eq(string_in(finding, "metric"), "delay_p95");
  ck_assert_str_eq(string_in(finding, "direction"), "reverse");
  ck_assert_str_eq(string_in(finding, "state"), "WARNING");
  ck_assert_str_eq(string_in(finding, "range"), "~:0.001");
  assert_number(finding, "value", 0.0118);
  ck_assert(json_is_false(json_object_get(finding, "uncertain")));
  json_decref(object);
}
END_TEST

START_TEST(json_lacks_what_is_unknown)
{
  struct ow_probe_report report = good_report();
  lose_all(&report.directions[OW_FORWARD].result);
  report.directions[OW_REVERSE].result = (struct ow_result){0};
  json_t *object = json_output("-H h --json", &report);
  const json_t *forward = result_of(object, 0);
  assert_number(forward, "loss_percent", 100);
  static const char *const unknown[] = {"delay", "jitter", "ipdv", "pdv", "hops", "clock"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    assert_absent(forward, unknown[i]);
    assert_absent(result_of(object, 1), unknown[i]);
  }
  ck_assert_ptr_null(json_object_get(result_of(object, 1), "sent"));
  ck_assert_str_eq(string_in(result_of(object, 1), "completeness"), "absent");
  json_decref(object);
}
END_TEST

START_TEST(json_of_a_failure)
{
  struct ow_probe_report report = failed_report(OW_TIMEOUT, OW_STEP_SETUP, "no greeting: \"\xff\x01\"");
  report.silent = true;
  json_t *object = json_output("-H h --json --direction reverse", &report);
  ck_assert_str_eq(string_in(object, "state"), "CRITICAL");
  ck_assert_str_eq(string_in(object, "reason"), "no greeting: \"??\"");
  ck_assert_str_eq(string_in(object, "step"), "setup");
  ck_assert_str_eq(string_in(object, "protocol"), "owamp");
  assert_absent(object, "mode");
  assert_absent(object, "connection");
  assert_absent(object, "setup_time");
  assert_absent(object, "clock_error");
  ck_assert_uint_eq(json_array_size(json_object_get(object, "results")), 1);
  json_decref(object);
}
END_TEST

START_TEST(delays_that_no_error_of_the_clocks_explains_are_remarked_on)
{
  static const char words[] = "reverse delay of -7200 s cannot be where clocks err by 1.00 s: one of them";
  struct ow_probe_report report = good_report();
  struct ow_result *reverse = &report.directions[OW_REVERSE].result;
  struct ow_delays all = {-7201 * OW_NS_PER_S, -7201 * OW_NS_PER_S, -7201 * OW_NS_PER_S,
                          -7201 * OW_NS_PER_S, -7200 * OW_NS_PER_S, -7200 * OW_NS_PER_S};
  const int64_t errors[] = {OW_NS_PER_S, 7200 * OW_NS_PER_S, OW_ERROR_UNKNOWN};
  reverse->delay = all;
  report.directions[OW_FORWARD].result.delay.median = 7202 * OW_NS_PER_S;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    reverse->clock.error_ns = errors[i];
    json_t *object = json_output("-H h --json", &report);
    ck_assert_msg(!strstr(string_in(object, "reason"), words) == (i > 0), "%s", string_in(object, "reason"));
    json_decref(object);
    const char *text = output("-H h", &report);
    ck_assert_msg(!strstr(text, "reverse below 0: a clock errs") == (i > 0), "%s", text);
  }
}
END_TEST

START_TEST(json_has_the_protocol)
{
  static const char *const words[] = {"owamp", "stamp", "twamp"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char line[64];
    struct ow_probe_report report = good_report();
    report.protocol = (enum ow_protocol)i;
    snprintf(line, sizeof line, "-H h --json --protocol %s", words[i]);
    json_t *object = json_output(line, &report);
    ck_assert_str_eq(string_in(object, "protocol"), words[i]);
    json_decref(object);
  }
}
END_TEST

START_TEST(a_negative_round_trip_is_remarked_on)
{
  static const char words[] = "rtt of -2.00 us cannot be: no offset between the clocks makes it negative";
  struct ow_probe_report report = good_report();
  for (int64_t reverse = -7000; reverse <= -4000; reverse += 3000) {
    bool below = reverse < -5000;
    report.directions[OW_FORWARD].result.delay.median = 5000;
    report.directions[OW_REVERSE].result.delay.median = reverse;
    json_t *object = json_output("-H h --json", &report);
    ck_assert(!strstr(string_in(object, "reason"), words) == !below);
    ck_assert_str_eq(string_in(object, "state"), "OK");
    json_decref(object);
    const char *text = output("-H h", &report);
    ck_assert_msg(!strstr(text, "rtt below 0: stamps err") == !below, "%s", text);
  }
}
END_TEST

START_TEST(json_has_the_packets)
{
  struct ow_probe_report report = good_report();
  add_packets(&report.directions[OW_REVERSE]);
  json_t *object = json_output("-H h --json -vvv", &report);
  ck_assert_uint_eq(json_array_size(json_object_get(result_of(object, 0), "packets")), 0);
  const json_t *packets = json_object_get(result_of(object, 1), "packets");
  ck_assert_uint_eq(json_array_size(packets), 3);
  const json_t *first = json_array_get(packets, 0);
  assert_number(first, "sequence", 7);
  ck_assert_msg(fabs(json_number_value(json_object_get(first, "delay")) - 0.125) < 1e-12,
                "the delay is wrong");
  assert_number(first, "ttl", 251);
  ck_assert_str_eq(string_in(first, "sent"), "2023-11-14T22:13:20.000000000Z");
  ck_assert(json_is_false(json_object_get(first, "lost")));
  ck_assert_str_eq(string_in(first, "departed"), "corrected");
  assert_absent(first, "stamp");
  const json_t *true_one = json_array_get(packets, 1);
  ck_assert_str_eq(string_in(true_one, "departed"), "kernel");
  ck_assert_str_eq(string_in(true_one, "sent"), "2023-11-14T22:13:20.000000000Z");
  ck_assert_str_eq(string_in(true_one, "stamp"), "2023-11-14T22:13:20.000001499Z");
  const json_t *second = json_array_get(packets, 2);
  assert_absent(second, "departed");
  ck_assert(json_is_true(json_object_get(second, "lost")));
  assert_absent(second, "delay");
  assert_absent(second, "received");
  assert_absent(second, "ttl");
  json_decref(object);
  ow_samples_clear(&report.directions[OW_REVERSE].samples);
}
END_TEST

/* Key files on disk */

static char key_path[] = "/tmp/owamp-check-test-XXXXXX";

static void write_key_file(const char *text, size_t octets, mode_t mode)
{
  int descriptor = mkstemp(key_path);
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(write(descriptor, text, octets), (ssize_t)octets);
  ck_assert_int_eq(fchmod(descriptor, mode), 0);
  close(descriptor);
}

static enum ow_status load(const char *key_id, struct check_options *options, struct ow_failure *failure)
{
  char line[128];
  snprintf(line, sizeof line, "-H h --key-id %s --key-file %s", key_id, key_path);
  *options = parsed(line);
  enum ow_status status = check_key_load(options, failure);
  unlink(key_path);
  return status;
}

START_TEST(a_key_is_loaded)
{
  struct check_options options;
  struct ow_failure failure = {0};
  write_key_file("joe 4a4b\n", 9, 0600);
  ck_assert_int_eq(load("joe", &options, &failure), OW_OK);
  ck_assert_str_eq(options.settings.peer.key_id, "joe");
  ck_assert_mem_eq(options.settings.peer.passphrase.octets, "JK", 2);
  ck_assert_str_eq(options.key_warning, "");
  check_options_clear(&options);
  ck_assert_uint_eq(options.settings.peer.passphrase.octets[0], 0);
}
END_TEST

static const struct {
  mode_t mode;
  const char *words;
} exposed[] = {{0644, "read"}, {0604, "read"}, {0646, "change"}, {0640, NULL}, {0660, NULL}, {0400, NULL}};

/* Without -v, and in JSON; that a group may read it is the usual way. */
START_TEST(a_key_file_that_everybody_may_read_is_told)
{
  struct check_options options;
  struct ow_failure failure = {0};
  struct check_outcome outcome;
  struct ow_probe_report report = good_report();
  char warning[200] = "";
  write_key_file("joe 4a4b\n", 9, exposed[_i].mode);
  if (exposed[_i].words)
    snprintf(warning, sizeof warning, "%s: everybody on this host can %s these passphrases; chmod o= it",
             key_path, exposed[_i].words);
  ck_assert_int_eq(load("joe", &options, &failure), OW_OK);
  ck_assert_str_eq(options.key_warning, warning);
  check_judge(&options, &report, NULL, &outcome);
  check_output_print(print_begin(), &options, &report, &outcome);
  const char *found = strstr(print_end(), "\nwarning: ");
  ck_assert(exposed[_i].words ? found && strstr(found, warning) : !found);
  check_json_print(print_begin(), &options, &report, &outcome);
  json_t *object = json_loads(print_end(), 0, NULL);
  ck_assert(exposed[_i].words ? strcmp(string_in(object, "warning"), warning) == 0
                              : !json_object_get(object, "warning"));
  json_decref(object);
  check_options_clear(&options);
}
END_TEST

/* ---- what to do next ---- */

static const struct {
  const char *line;
  enum ow_status status;
  enum ow_probe_step step;
  bool silent;
  const char *command; /* NULL: none */
} hints[] = {
    {"-H far", OW_NETWORK, OW_STEP_CONNECT, false, "check_owamp -H far --diagnose"},
    {"-H 2001:db8::1 -p 8610 -6 -w 20ms -t 5", OW_TIMEOUT, OW_STEP_CONNECT, true,
     "check_owamp -H 2001:db8::1 -p 8610 -6 --diagnose"},
    {"-H far -4 --source 192.0.2.7 --interface eth0", OW_TIMEOUT, OW_STEP_SETUP, true,
     "check_owamp -H far -4 --source 192.0.2.7 --interface eth0 --diagnose"},
    {"-H far --key-id joe --key-file /etc/o'w;a$mp", OW_NETWORK, OW_STEP_SETUP, false,
     "check_owamp -H far --key-id joe --key-file '/etc/o'\\''w;a$mp' --diagnose"},
    {"-H far --protocol twamp", OW_NETWORK, OW_STEP_CONNECT, false,
     "check_owamp -H far --protocol twamp --diagnose"},
    {"-H far --diagnose", OW_NETWORK, OW_STEP_CONNECT, false, NULL},
    {"-H far", OW_TIMEOUT, OW_STEP_CONNECT, false, NULL}, /* our own time was too short */
    {"-H far", OW_INVALID, OW_STEP_CONNECT, false, NULL}, /* its own sentence tells what to do */
    {"-H far", OW_NETWORK, OW_STEP_RESOLVE, false, NULL},
    {"-H far", OW_NETWORK, OW_STEP_RUN, false, NULL},
    {"-H far", OW_OK, OW_STEP_DONE, false, NULL},
    {"--query /s --name far", OW_NETWORK, OW_STEP_CONNECT, false, NULL},
};

START_TEST(who_gets_no_answer_is_pointed_to_the_diagnosis)
{
  struct check_options options = parsed(hints[_i].line);
  struct ow_probe_report report = failed_report(hints[_i].status, hints[_i].step, "why");
  struct check_outcome outcome;
  char expected[200] = "";
  report.silent = hints[_i].silent;
  check_judge(&options, &report, NULL, &outcome);
  if (hints[_i].command)
    snprintf(expected, sizeof expected, "\nto see where it fails: %s\n", hints[_i].command);
  check_output_print(print_begin(), &options, &report, &outcome);
  const char *found = strstr(print_end(), "\nto see where it fails: ");
  ck_assert_str_eq(found ? found : "", expected);
}
END_TEST

START_TEST(key_files_that_cant_be_used)
{
  struct check_options options;
  struct ow_failure failure = {0};
  write_key_file("joe 4a4b\n", 9, 0600);
  ck_assert_int_eq(load("ann", &options, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "has no key with the KeyID 'ann'"));
  /* It is gone now. */
  ck_assert_int_eq(load("joe", &options, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "there is no such file"));
  ck_assert_ptr_nonnull(strstr(failure.text, key_path));
  options = parsed("-H h --key-id joe --key-file /");
  ck_assert_int_eq(check_key_load(&options, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "/: not a regular file");
}
END_TEST

START_TEST(key_files_with_mistakes_name_the_line)
{
  struct check_options options;
  struct ow_failure failure = {0};
  write_key_file("joe 4a4b\nann\n", 13, 0600);
  ck_assert_int_eq(load("joe", &options, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, ":2: no passphrase follows the KeyID"));
}
END_TEST

START_TEST(key_files_are_bounded)
{
  struct check_options options;
  struct ow_failure failure = {0};
  enum { TOO_LONG = OW_TEXT_FILE_MOST + 1 };
  char *text = malloc(TOO_LONG);
  ck_assert_ptr_nonnull(text);
  memset(text, '#', TOO_LONG);
  write_key_file(text, TOO_LONG, 0600);
  free(text);
  ck_assert_int_eq(load("joe", &options, &failure), OW_LIMIT);
  ck_assert_ptr_nonnull(strstr(failure.text, "longer than 1048576 octets"));
}
END_TEST

/* Every number of the performance data is a member of the JSON object, and the same. */

struct pair {
  const char *label;
  const char *path[3]; /* below the direction's result, or, for those of both, below the top */
};

static const struct pair pairs[] = {
    {"delay_min", {"delay", "min"}}, {"delay_median", {"delay", "median"}},
    {"delay_p95", {"delay", "p95"}}, {"delay_max", {"delay", "max"}},
    {"jitter", {"jitter"}},          {"ipdv", {"ipdv"}},
    {"loss", {"loss_percent"}},      {"duplicates", {"duplicates"}},
    {"reordered", {"reordered"}},
};

/* The number behind label=, NAN for U. */
static double perfdata_number(const char *text, const char *label)
{
  char key[64];
  snprintf(key, sizeof key, "%s=", label);
  const char *at = strstr(text, key);
  ck_assert_msg(at != NULL && strchr("| ", at[-1]), "no %s in %s", label, text);
  at += strlen(key);
  return *at == 'U' ? (double)NAN : strtod(at, NULL);
}

static void assert_same(double perfdata, const json_t *value, const char *label)
{
  if (isnan(perfdata))
    ck_assert_msg(!value, "%s is known", label);
  else
    ck_assert_msg(json_is_number(value) &&
                      fabs(json_number_value(value) - perfdata) <= fabs(perfdata) * 1e-5 + 1e-9,
                  "%s", label);
}

static void assert_parity(const struct ow_probe_report *report)
{
  json_t *object = json_output("-H h --json", report);
  const char *text = output("-H h", report);
  for (size_t d = 0; d < OW_DIRECTIONS; d++) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
      char label[64];
      json_t *value = json_array_get(json_object_get(object, "results"), d);
      snprintf(label, sizeof label, "%s_%s", d ? "rev" : "fwd", pairs[i].label);
      for (size_t p = 0; pairs[i].path[p]; p++)
        value = json_object_get(value, pairs[i].path[p]);
      assert_same(perfdata_number(text, label), value, label);
    }
  }
  assert_same(perfdata_number(text, "asymmetry"), json_object_get(object, "asymmetry"), "asymmetry");
  assert_same(perfdata_number(text, "rtt"), json_object_get(object, "rtt"), "rtt");
  json_decref(object);
}

START_TEST(perfdata_and_json_are_the_same_numbers)
{
  struct ow_probe_report report = good_report();
  report.directions[OW_REVERSE].result.delay.median = -1234567;
  assert_parity(&report);
  report.directions[OW_FORWARD].result.clock.stepped = true;
  assert_parity(&report);
  report = good_report();
  report.directions[OW_REVERSE].result.received = 0;
  report.directions[OW_REVERSE].result.lost = 50;
  report.directions[OW_REVERSE].result.has_ipdv = false;
  assert_parity(&report);
}
END_TEST

START_TEST(a_histogram_counts_every_packet)
{
  struct ow_probe_report report = good_report();
  struct ow_samples *samples = &report.directions[OW_FORWARD].samples;
  struct ow_timestamp sent = {UINT64_C(4000000000) << 32};
  /* 0, 10, ... 90 ms, and five more at 0; one lost. */
  for (int i = 0; i < 16; i++) {
    int64_t delay = (int64_t)(i < 10 ? i * 10 : 0) * MS;
    struct ow_sample sample = {.sequence = (uint32_t)i, .sent = sent};
    if (i < 15)
      sample.received = ow_timestamp_plus(sent, delay);
    ck_assert_int_eq(ow_samples_append(samples, &sample), OW_OK);
  }
  report.directions[OW_FORWARD].result.delay.min = 0;
  report.directions[OW_FORWARD].result.delay.max = 90 * MS;
  const char *text = output("-H h -vv", &report);
  static const char words[] = "\nforward delays of 15 packets, in steps of 10 ms\n"
                              "             0 ms        6 ##############################\n"
                              "            10 ms        1 #####\n";
  ck_assert_msg(strstr(text, words), "%s", text);
  ck_assert_ptr_nonnull(strstr(text, "\n            90 ms        1 #####\n"));
  ck_assert_ptr_null(strstr(text, "\nreverse delays")); /* no packets, no bars */
  ck_assert_ptr_null(strstr(output("-H h -v", &report), "####"));
  ow_probe_report_clear(&report);
}
END_TEST

/* From command line to exit status, as far as no packet is needed */

static int run(const char *text, const char **out)
{
  struct line line;
  split(&line, text);
  int status = check_run(line.count, line.words, print_begin());
  *out = print_end();
  return status;
}

START_TEST(a_wrong_command_line_is_unknown)
{
  const char *out = NULL;
  ck_assert_int_eq(run("-H h --count none", &out), 3);
  ck_assert_str_eq(out, "OWAMP UNKNOWN - --count: 'none' is not a number from 1 to 25000000, see check_owamp "
                        "--help\n");
  ck_assert_int_eq(run("-H h --count none|x", &out), 3);
  ck_assert_ptr_null(strchr(out, '|'));
  ck_assert_int_eq(run("--json -H h --count none", &out), 3);
  json_t *object = json_loads(out, 0, NULL);
  ck_assert_str_eq(string_in(object, "state"), "UNKNOWN");
  ck_assert_ptr_null(json_object_get(object, "results"));
  json_decref(object);
}
END_TEST

START_TEST(help_and_version_are_unknown)
{
  const char *out = NULL;
  ck_assert_int_eq(run("-h", &out), 3);
  ck_assert_ptr_nonnull(strstr(out, "Usage: check_owamp -H HOST"));
  ck_assert_int_eq(run("-V", &out), 3);
  ck_assert_str_eq(out, "check_owamp " OWAMP_VERSION "\n");
}
END_TEST

START_TEST(what_cant_be_measured_is_unknown)
{
  const char *out = NULL;
  ck_assert_int_eq(run("-H h --mode encrypted", &out), 3);
  ck_assert_ptr_nonnull(strstr(out, "OWAMP UNKNOWN - authenticated and encrypted mode need a KeyID"));
  ck_assert_ptr_nonnull(strstr(out, "|fwd_delay_min=U"));
  ck_assert_int_eq(run("-H h -t 1", &out), 3);
  ck_assert_ptr_nonnull(strstr(out, "raise -t"));
  ck_assert_int_eq(run("-H h --key-id joe --key-file /nonexistent", &out), 3);
  ck_assert_ptr_nonnull(strstr(out, "OWAMP UNKNOWN - /nonexistent: there is no such file|"));
  ck_assert_int_eq(run("-H h --json -t 1", &out), 3);
  json_t *object = json_loads(out, 0, NULL);
  ck_assert_str_eq(string_in(object, "host"), "h");
  json_decref(object);
}
END_TEST

START_TEST(an_answer_that_nobody_can_read_is_unknown)
{
  struct line line;
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  split(&line, "-H h -V");
  ck_assert_int_eq(check_run(line.count, line.words, full), 3);
  fclose(full);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("check_owamp");
  TEST_CASE(suite, "options", defaults, options_for_the_peer, options_for_the_traffic,
            options_for_the_verdict, options_for_other_ways, timeout_states, options_for_security,
            help_outranks_mistakes, json_is_known_in_spite_of_a_mistake,
            a_plan_that_cant_end_in_time_is_refused, the_default_check_ends_in_time_but_once_in_a_billion,
            every_option_is_in_the_table_once, help_fits_the_screen_and_names_every_option);
  TEST_LOOP(suite, "mistakes", LENGTH(mistakes), mistakes_are_named);
  TEST_LOOP(suite, "times", LENGTH(times), times_have_three_digits);
  TEST_CASE(suite, "text", decimals_have_no_trailing_zeros, values_have_their_unit,
            text_is_bounded_and_clean);
  TEST_CASE(suite, "verdicts", all_is_well, perfdata_and_json_are_the_same_numbers,
            a_histogram_counts_every_packet, breaches_are_named, the_worst_comes_first,
            a_value_close_to_its_limit_does_not_look_like_it, of_many_breaches_some_are_named,
            uncertain_verdicts_say_so, clocks_that_are_not_synchronised, a_clock_of_unknown_error,
            negative_delays_are_shown, a_clock_that_was_set, nothing_arriving_is_critical,
            nothing_sent_is_unknown, a_sender_that_stood_still_is_unknown, partial_results_say_so,
            absent_results_without_a_failure, a_failure_without_words_has_some);
  TEST_LOOP(suite, "failures", LENGTH(failures), each_failure_has_its_verdict);
  TEST_CASE(suite, "time", time_that_ran_out_is_no_breach_and_hides_none);
  TEST_CASE(suite, "output", the_first_line_is_a_plugins, labels_are_the_same_whatever_happens,
            long_output_has_the_numbers, longer_output_has_the_sessions, long_output_of_a_failure,
            longest_output_has_the_packets);
  TEST_CASE(suite, "JSON", json_has_the_numbers, json_lacks_what_is_unknown, json_of_a_failure,
            json_has_the_protocol, json_has_the_packets, a_negative_round_trip_is_remarked_on,
            delays_that_no_error_of_the_clocks_explains_are_remarked_on);
  TEST_CASE(suite, "key files", a_key_is_loaded, key_files_that_cant_be_used,
            key_files_with_mistakes_name_the_line, key_files_are_bounded);
  TEST_LOOP(suite, "exposed keys", sizeof exposed / sizeof *exposed,
            a_key_file_that_everybody_may_read_is_told);
  TEST_LOOP(suite, "what to do next", sizeof hints / sizeof *hints,
            who_gets_no_answer_is_pointed_to_the_diagnosis);
  TEST_CASE(suite, "runs", a_wrong_command_line_is_unknown, help_and_version_are_unknown,
            what_cant_be_measured_is_unknown, an_answer_that_nobody_can_read_is_unknown);
  return test_run_apart(suite);
}
