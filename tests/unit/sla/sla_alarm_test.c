/* SPDX-License-Identifier: MIT */
/*
 * Alarms: X of Y, severities, what doesn't count, and random streams against a model that keeps everything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sla/alarm.h"
#include "support/main.h"
#include "support/seed.h"

enum { MS = 1000000 };

static struct ow_thresholds list_of(const char *text)
{
  struct ow_thresholds list;
  struct ow_failure failure = {0};
  ck_assert_msg(ow_thresholds_parse(text, &list, &failure) == OW_OK, "%s", failure.text);
  return list;
}

static struct ow_alarms *alarms_of(const char *warning, const char *critical, const char *rule_text,
                                   struct ow_alarm_rule rule)
{
  struct ow_thresholds warn = {0};
  struct ow_thresholds crit = {0};
  struct ow_failure failure = {0};
  if (warning)
    warn = list_of(warning);
  if (critical)
    crit = list_of(critical);
  if (rule_text)
    ck_assert_msg(ow_alarm_rule_parse(rule_text, &rule, &failure) == OW_OK, "%s", failure.text);
  struct ow_alarms *alarms = ow_alarms_create(warning ? &warn : NULL, critical ? &crit : NULL, &rule);
  ck_assert_ptr_nonnull(alarms);
  return alarms;
}

/* 50 packets; p95 in ms, as many lost; the clocks' error. */
static struct ow_result interval(int p95, uint32_t lost, int error)
{
  return (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .sent = 50,
      .received = 50 - lost,
      .lost = lost,
      .delay = {.median = (int64_t)p95 * MS, .p95 = (int64_t)p95 * MS},
      .clock = {.error_ns = (int64_t)error * MS},
  };
}

static struct ow_alarm_event events[OW_MAX_FINDINGS];
static char words[OW_ALARM_TEXT];

/* Forward alone. */
static size_t take(struct ow_alarms *alarms, struct ow_result result)
{
  const struct ow_result *results[OW_RESULTS] = {&result, NULL};
  return ow_alarms_take(alarms, results, events, OW_MAX_FINDINGS);
}

/*
 * p95 of 10 for '.', 30 for 'w', 70 for 'c', nothing known for '?'; '|': an event is due for the one before.
 */
static void play(struct ow_alarms *alarms, const char *story)
{
  for (const char *at = story; *at; at++) {
    int p95 = *at == 'c' ? 70 : 30;
    struct ow_result result = interval(*at == '.' ? 10 : p95, 0, 0);
    if (*at == '?')
      result = (struct ow_result){.completeness = OW_RESULT_ABSENT};
    size_t count = take(alarms, result);
    bool due = at[1] == '|';
    ck_assert_msg(count == (due ? 1 : 0), "%zu events at %zu of %s", count, (size_t)(at - story), story);
    if (due)
      at++;
  }
}

static const struct {
  const char *text;
  int raise, of; /* 0: refused */
} rules[] = {
    {"1/1", 1, 1},  {"3/5", 3, 5},       {"3", 3, 3},     {"32/32", 32, 32}, {"1/32", 1, 32},
    {"0", 0, 0},    {"0/5", 0, 0},       {"5/3", 0, 0},   {"33", 0, 0},      {"1/33", 0, 0},
    {"", 0, 0},     {"/", 0, 0},         {"3/", 0, 0},    {"/5", 0, 0},      {"3/5 ", 0, 0},
    {" 3/5", 0, 0}, {"-1", 0, 0},        {"3/5/7", 0, 0}, {"1.5/2", 0, 0},   {"4294967297", 0, 0},
    {"x", 0, 0},    {"1000/1000", 0, 0},
};

START_TEST(reads_rules)
{
  struct ow_alarm_rule rule = {9, 9, {.uncertain = OW_UNCERTAIN_IS_UNKNOWN, .least_packets = 7}};
  struct ow_failure failure = {0};
  enum ow_status status = ow_alarm_rule_parse(rules[_i].text, &rule, &failure);
  ck_assert_msg(status == (rules[_i].raise ? OW_OK : OW_INVALID), "%s", rules[_i].text);
  if (rules[_i].raise) {
    ck_assert_int_eq(rule.raise, rules[_i].raise);
    ck_assert_int_eq(rule.of, rules[_i].of);
    ck_assert(rule.how.uncertain == OW_UNCERTAIN_IS_UNKNOWN && rule.how.least_packets == 7);
  } else {
    ck_assert_ptr_nonnull(strstr(failure.text, "write X/Y"));
    ck_assert_int_eq(ow_alarm_rule_parse(rules[_i].text, &rule, NULL), OW_INVALID);
  }
}
END_TEST

START_TEST(one_of_one_by_default)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", "delay_p95=50ms", NULL, (struct ow_alarm_rule){0});
  play(alarms, "..w|w.|.c|cw|w.|.");
  ow_alarms_free(alarms);
  ow_alarms_free(NULL);
}
END_TEST

START_TEST(raises_and_clears_after_x_of_y)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", NULL, "3/5", (struct ow_alarm_rule){0});
  play(alarms, "ww...ww");
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_OK);
  play(alarms, "w|"); /* the last five: ..www */
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_WARNING);
  play(alarms, "..ww.|");
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_OK);
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(a_lenient_rule_does_not_flap)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", NULL, "2/5", (struct ow_alarm_rule){0});
  play(alarms, "w.w|.w.|w.w|.w.|");
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(severities_are_counted_on_their_own)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", "delay_p95=50ms", "2/3", (struct ow_alarm_rule){0});
  play(alarms, "wc|");
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_WARNING);
  ck_assert_int_eq(events[0].finding.verdict, OW_VERDICT_CRITICAL);
  play(alarms, "c|");
  ck_assert(events[0].before == OW_VERDICT_WARNING && events[0].now == OW_VERDICT_CRITICAL);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward delay_p95 70.0 ms is above 50.0 ms");
  play(alarms, "ww|");
  ck_assert(events[0].before == OW_VERDICT_CRITICAL && events[0].now == OW_VERDICT_WARNING);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward delay_p95 30.0 ms is above 20.0 ms");
  play(alarms, "..|");
  ck_assert_str_eq(ow_alarm_print(words, &events[0]),
                   "forward delay_p95 is within its limits again (10.0 ms)");
  ow_alarms_free(alarms);
}
END_TEST

/* A nanosecond too much, or too little, is told apart from the limit. */
START_TEST(a_value_close_to_its_limit_does_not_look_like_it)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms,loss=99.97%", NULL, NULL, (struct ow_alarm_rule){0});
  struct ow_result result = interval(20, 0, 0);
  result.delay.p95++;
  ck_assert_uint_eq(take(alarms, result), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward delay_p95 20.000001 ms is above 20 ms");
  result.delay.p95 -= 2;
  ck_assert_uint_eq(take(alarms, result), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]),
                   "forward delay_p95 is within its limits again (19.999999 ms)");
  result.sent = result.lost = 10000;
  result.received = 0;
  ck_assert_uint_eq(take(alarms, result), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward loss 100 % (10000/10000) is above 99.97 %");
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(what_is_unknown_does_not_count)
{
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", NULL, "2/2", (struct ow_alarm_rule){0});
  play(alarms, "??w??w|??.??.|");
  struct ow_result stepped = interval(30, 0, 0);
  stepped.clock.stepped = true;
  for (int i = 0; i < 5; i++)
    ck_assert_uint_eq(take(alarms, stepped), 0);
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(uncertain_by_policy)
{
  const struct ow_alarm_rule plain = {0};
  const struct ow_alarm_rule strict = {.how.uncertain = OW_UNCERTAIN_IS_UNKNOWN};
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", "delay_p95=50ms", NULL, plain);
  ck_assert_uint_eq(take(alarms, interval(30, 0, 15)), 1);
  ck_assert(events[0].finding.uncertain);
  ow_alarms_free(alarms);
  alarms = alarms_of("delay_p95=20ms", "delay_p95=50ms", NULL, strict);
  ck_assert_uint_eq(take(alarms, interval(30, 0, 15)), 0);
  /* 45 +- 10: above the warning for certain, and perhaps critical. */
  ck_assert_uint_eq(take(alarms, interval(45, 0, 10)), 1);
  ck_assert_int_eq(events[0].now, OW_VERDICT_WARNING);
  /* 60 +- 15 neither raises CRITICAL nor clears WARNING. */
  ck_assert_uint_eq(take(alarms, interval(60, 0, 15)), 0);
  ck_assert_uint_eq(take(alarms, interval(70, 0, 15)), 1);
  ck_assert_uint_eq(take(alarms, interval(18, 0, 15)), 1); /* not critical for certain, WARNING unknown */
  ck_assert_int_eq(events[0].now, OW_VERDICT_WARNING);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward delay_p95 is no longer critical (18.0 ms)");
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(loss_of_too_few_does_not_count)
{
  struct ow_alarms *alarms =
      alarms_of("loss=5%", NULL, NULL, (struct ow_alarm_rule){.how.least_packets = 51});
  ck_assert_uint_eq(take(alarms, interval(1, 20, 0)), 0);
  ow_alarms_free(alarms);
  alarms = alarms_of("loss=5%", NULL, NULL, (struct ow_alarm_rule){.how.least_packets = 50});
  ck_assert_uint_eq(take(alarms, interval(1, 3, 0)), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward loss 6 % (3/50) is above 5 %");
  ow_alarms_free(alarms);
}
END_TEST

static struct ow_result outage(void)
{
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 60, .lost = 60};
}

/* Without any threshold; by the rule of the others, and in words of its own. */
START_TEST(an_outage_is_an_alarm_by_itself)
{
  const struct ow_alarm_rule rule = {
      .how = {.nothing_arrived = OW_VERDICT_CRITICAL, .partial = OW_VERDICT_UNKNOWN}};
  struct ow_alarms *alarms = alarms_of(NULL, NULL, "2/3", rule);
  ck_assert_uint_eq(take(alarms, interval(5, 0, 0)), 0);
  ck_assert_uint_eq(take(alarms, outage()), 0);
  ck_assert_uint_eq(take(alarms, outage()), 1);
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_CRITICAL);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: nothing arrived of 60 packets");
  ck_assert_uint_eq(take(alarms, (struct ow_result){.completeness = OW_RESULT_ABSENT}), 0);
  ck_assert_uint_eq(take(alarms, interval(5, 2, 0)), 0);
  ck_assert_uint_eq(take(alarms, interval(5, 2, 0)), 1);
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_OK);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: packets arrive again (48 of 50)");
  ow_alarms_free(alarms);
  alarms = alarms_of(NULL, "delay_p95=5s,loss=100%", NULL, rule);
  ck_assert_uint_eq(take(alarms, outage()), 1);
  ck_assert_int_eq(events[0].now, OW_VERDICT_CRITICAL);
  ow_alarms_free(alarms);
  alarms = alarms_of(NULL, "loss=100%", NULL, (struct ow_alarm_rule){0});
  ck_assert_uint_eq(take(alarms, outage()), 0);
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(what_is_refused_here_is_named)
{
  const struct ow_alarm_rule rule = {.how.nothing_arrived = OW_VERDICT_WARNING};
  struct ow_alarms *alarms = alarms_of(NULL, NULL, NULL, rule);
  struct ow_result refused = {
      .completeness = OW_RESULT_PARTIAL, .skipped = 60, .refused = 60, .refusal = EHOSTUNREACH};
  ck_assert_uint_eq(take(alarms, refused), 1);
  ck_assert_int_eq(events[0].now, OW_VERDICT_WARNING);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: nothing could be sent: No route to host");
  ow_alarms_free(alarms);
}
END_TEST

/* What was kept in a part may have been broken in the rest; what was broken stays so. */
START_TEST(a_part_raises_but_does_not_clear)
{
  struct ow_alarm_rule rule = {.how.partial = OW_VERDICT_UNKNOWN};
  struct ow_result bad = interval(30, 0, 0);
  struct ow_result good = interval(5, 0, 0);
  bad.completeness = good.completeness = OW_RESULT_PARTIAL;
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", NULL, NULL, rule);
  ck_assert_uint_eq(take(alarms, bad), 1);
  ck_assert_uint_eq(take(alarms, good), 0);
  good.completeness = OW_RESULT_COMPLETE;
  ck_assert_uint_eq(take(alarms, good), 1);
  ow_alarms_free(alarms);
  rule.how.partial = OW_VERDICT_OK;
  good.completeness = OW_RESULT_PARTIAL;
  alarms = alarms_of("delay_p95=20ms", NULL, NULL, rule);
  ck_assert_uint_eq(take(alarms, bad), 1);
  ck_assert_uint_eq(take(alarms, good), 1);
  ow_alarms_free(alarms);
}
END_TEST

/* If it is said to be worth an alarm. */
START_TEST(a_part_is_an_alarm_by_itself)
{
  struct ow_alarm_rule rule = {.how.partial = OW_VERDICT_WARNING};
  struct ow_alarms *alarms = alarms_of(NULL, NULL, NULL, rule);
  struct ow_result part = interval(5, 0, 0);
  part.completeness = OW_RESULT_PARTIAL;
  part.skipped = 22;
  ck_assert_uint_eq(take(alarms, part), 1);
  ck_assert(events[0].now == OW_VERDICT_WARNING && events[0].finding.metric == OW_METRIC_SKIPPED);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]),
                   "forward: measured in part only, 22 packets were never sent");
  ck_assert_uint_eq(take(alarms, (struct ow_result){.completeness = OW_RESULT_ABSENT}), 0);
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_WARNING);
  ck_assert_uint_eq(take(alarms, interval(5, 0, 0)), 1);
  ck_assert_int_eq(events[0].now, OW_VERDICT_OK);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: measured whole again");
  part.skipped = 0;
  ck_assert_uint_eq(take(alarms, part), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: measured in part only");
  ow_alarms_free(alarms);
  rule.how.partial = OW_VERDICT_UNKNOWN;
  alarms = alarms_of(NULL, NULL, NULL, rule);
  ck_assert_uint_eq(take(alarms, part), 0);
  ow_alarms_free(alarms);
}
END_TEST

/* One alarm stands for a metric: what is over is said of what was breached. */
START_TEST(a_threshold_beside_a_law_keeps_its_words)
{
  const struct ow_alarm_rule rule = {.how.nothing_arrived = OW_VERDICT_CRITICAL};
  struct ow_alarms *alarms = alarms_of("received=45:", NULL, NULL, rule);
  ck_assert_uint_eq(take(alarms, interval(5, 10, 0)), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward received 40 is below 45");
  ck_assert_uint_eq(take(alarms, interval(5, 0, 0)), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward received is within its limits again (50)");
  ck_assert_uint_eq(take(alarms, outage()), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: nothing arrived of 60 packets");
  ck_assert_uint_eq(take(alarms, interval(5, 0, 0)), 1);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward: packets arrive again (50 of 50)");
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(each_metric_and_direction_has_its_own)
{
  struct ow_alarms *alarms =
      alarms_of("delay_p95=20ms,loss@reverse=1%,rtt=30ms", "lost=@2:4", NULL, (struct ow_alarm_rule){0});
  struct ow_result forward = interval(25, 0, 0);
  struct ow_result reverse = interval(10, 3, 0);
  const struct ow_result *results[OW_RESULTS] = {&forward, &reverse};
  ck_assert_uint_eq(ow_alarms_take(alarms, results, events, OW_MAX_FINDINGS), 4);
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_CRITICAL);
  static const char *const texts[] = {"forward delay_p95 25.0 ms is above 20.0 ms",
                                      "reverse loss 6 % (3/50) is above 1 %",
                                      "reverse lost 3 is within 2 to 4", "rtt 35.0 ms is above 30.0 ms"};
  for (size_t i = 0; i < 4; i++)
    ck_assert_str_eq(ow_alarm_print(words, &events[i]), texts[i]);
  /* One that isn't asked for stays as it is; no more events are written than there is room for. */
  results[OW_REVERSE] = NULL;
  ck_assert_uint_eq(ow_alarms_take(alarms, results, events, OW_MAX_FINDINGS), 0);
  forward = interval(5, 0, 0);
  reverse = interval(5, 0, 0);
  results[OW_REVERSE] = &reverse;
  ck_assert_uint_eq(ow_alarms_take(alarms, results, events, 1), 1);
  ck_assert_int_eq(ow_alarms_severity(alarms), OW_VERDICT_OK);
  ow_alarms_free(alarms);
}
END_TEST

START_TEST(a_value_below_its_range)
{
  struct ow_alarms *alarms = alarms_of(NULL, "delay_p95=20ms:", NULL, (struct ow_alarm_rule){0});
  ck_assert_uint_eq(take(alarms, interval(5, 0, 0)), 1);
  ck_assert_int_eq(events[0].now, OW_VERDICT_CRITICAL);
  ck_assert_str_eq(ow_alarm_print(words, &events[0]), "forward delay_p95 5.00 ms is below 20.0 ms");
  ow_alarms_free(alarms);
}
END_TEST

/* ---- the model: all intervals since a change, each counted anew ---- */

enum { ROUNDS = 300, LENGTH = 120 };

struct model {
  int history[LENGTH]; /* 1 breached, 0 kept */
  int count;
  bool raised;
};

/* known: -1 not, else as in the history. */
static void model_take(struct model *model, int known, int x, int y)
{
  int matching = 0;
  if (known < 0)
    return;
  model->history[model->count++] = known;
  for (int i = model->count - 1; i >= 0 && i >= model->count - y; i--)
    matching += model->history[i] != (int)model->raised;
  if (matching >= x) {
    model->raised = !model->raised;
    model->count = 0;
  }
}

static enum ow_verdict model_severity(const struct model *warning, const struct model *critical)
{
  enum ow_verdict raised = warning->raised ? OW_VERDICT_WARNING : OW_VERDICT_OK;
  return critical->raised ? OW_VERDICT_CRITICAL : raised;
}

static void random_stream(struct test_prng *prng)
{
  struct ow_alarm_rule rule = {0};
  struct model warning = {0};
  struct model critical = {0};
  rule.of = (uint8_t)(1 + test_prng_below(prng, OW_ALARM_WINDOW));
  rule.raise = (uint8_t)(1 + test_prng_below(prng, rule.of));
  struct ow_alarms *alarms = alarms_of("delay_p95=20ms", "delay_p95=50ms", NULL, rule);
  for (int i = 0; i < LENGTH; i++) {
    /* Persistent moods, so that long rules change too. */
    int p95 = test_prng_below(prng, 40) < (uint64_t)(i / 40 * 10 + 10) ? 30 + 40 * (i % 2) : 10;
    bool absent = test_prng_below(prng, 8) == 0;
    struct ow_result result = interval(p95, 0, 0);
    if (absent)
      result.completeness = OW_RESULT_ABSENT;
    enum ow_verdict before = model_severity(&warning, &critical);
    model_take(&warning, absent ? -1 : p95 > 20, rule.raise, rule.of);
    model_take(&critical, absent ? -1 : p95 > 50, rule.raise, rule.of);
    enum ow_verdict now = model_severity(&warning, &critical);
    size_t count = take(alarms, result);
    ck_assert_msg(count == (now != before ? 1 : 0), "rule %u/%u at %d", rule.raise, rule.of, i);
    ck_assert(count == 0 || (events[0].before == before && events[0].now == now));
    ck_assert_int_eq(ow_alarms_severity(alarms), now);
  }
  ow_alarms_free(alarms);
}

START_TEST(random_streams_agree_with_the_model)
{
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < ROUNDS; round++)
    random_stream(&prng);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("sla alarms");
  TEST_LOOP(suite, "rules", sizeof rules / sizeof *rules, reads_rules);
  TEST_CASE(suite, "alarms", one_of_one_by_default, a_value_close_to_its_limit_does_not_look_like_it,
            raises_and_clears_after_x_of_y, a_lenient_rule_does_not_flap, severities_are_counted_on_their_own,
            what_is_unknown_does_not_count, uncertain_by_policy, loss_of_too_few_does_not_count,
            each_metric_and_direction_has_its_own, a_value_below_its_range, an_outage_is_an_alarm_by_itself,
            what_is_refused_here_is_named, a_part_raises_but_does_not_clear, a_part_is_an_alarm_by_itself,
            a_threshold_beside_a_law_keeps_its_words);
  TEST_CASE(suite, "at random", random_streams_agree_with_the_model);
  return test_run(suite);
}
