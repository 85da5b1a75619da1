/* SPDX-License-Identifier: MIT */
/* From a board to collectd: values, notifications, order. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "feed.h"
#include "support/fake_collectd.h"
#include "support/main.h"
#include "values.h"

enum { INTERVAL_S = 10, SENT = 100 };

static struct ow_board *board;
static struct owamp_feed *feed;
static const struct owamp_rules no_rules;

static void set_up(void)
{
  fake_collectd_reset();
  board = ow_board_create(OWAMP_LEAST_HISTORY);
  feed = owamp_feed_create(board, NULL, NULL);
  ck_assert(board && feed);
}

static void tear_down(void)
{
  owamp_feed_free(feed);
  ow_board_free(board);
}

static struct ow_stream_view a_view(const char *name)
{
  struct ow_stream_view view = {.host = "far.example.net", .port = "861", .directions = {true, true}};
  strcpy(view.name, name);
  view.interval = INTERVAL_S * OW_NS_PER_S;
  return view;
}

static void put(struct ow_board *where, const char *name)
{
  struct ow_stream_view view = a_view(name);
  ck_assert_int_eq(ow_board_put_stream(where, &view), OW_OK);
}

static void follow(const char *name, const struct owamp_rules *rules)
{
  put(board, name);
  ck_assert_int_eq(owamp_feed_add(feed, name, rules), OW_OK);
}

/* When interval 0 ended: 2026-01-01. */
static const struct timespec epoch = {.tv_sec = 1767225600};

static struct ow_result a_result(int64_t delay_ms, uint32_t lost)
{
  int64_t delay = delay_ms * OW_NS_PER_MS;
  return (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .sent = SENT,
      .received = SENT - lost,
      .lost = lost,
      .longest_loss_run = lost,
      .delay = {delay - 1000, delay, delay, delay + 2000, delay + 3000, delay + 4000},
      .jitter = 2000,
      .pdv = 3000,
      .has_ipdv = true,
      .ipdv = 500,
      .hops_min = 3,
      .hops_max = 4,
      .clock = {.sender_synchronized = true, .receiver_synchronized = true, .error_ns = 50000},
  };
}

static struct ow_interval an_interval(uint64_t number, int64_t delay_ms, uint32_t lost)
{
  struct ow_timestamp begin = ow_timestamp_from_unix(epoch);
  struct ow_interval interval = {.number = number, .mode = OW_MODE_OPEN};
  interval.begin = ow_timestamp_plus(begin, ((int64_t)number - 1) * INTERVAL_S * OW_NS_PER_S);
  interval.end = ow_timestamp_plus(begin, (int64_t)number * INTERVAL_S * OW_NS_PER_S);
  interval.results[OW_FORWARD] = a_result(delay_ms, lost);
  interval.results[OW_REVERSE] = a_result(-delay_ms, 0);
  return interval;
}

static void add(uint64_t number, int64_t delay_ms, uint32_t lost)
{
  struct ow_interval interval = an_interval(number, delay_ms, lost);
  ow_board_add_interval(board, "far", &interval);
}

static void expect_value(const char *name, double value)
{
  double found = fake_collectd_value("far", name);
  ck_assert_msg(fabs(found - value) < 1e-9, "%s is %.12g, not %.12g", name, found, value);
}

START_TEST(an_interval_becomes_values)
{
  follow("far", &no_rules);
  add(1, 20, 5);
  owamp_feed_poll(feed);
  expect_value("delay-forward-min", 0.019999);
  expect_value("delay-forward-mean", 0.020);
  expect_value("delay-forward-median", 0.020);
  expect_value("delay-forward-p95", 0.020002);
  expect_value("delay-forward-p99", 0.020003);
  expect_value("delay-forward-max", 0.020004);
  expect_value("delay-forward-jitter", 2e-6);
  expect_value("delay-forward-ipdv", 5e-7);
  expect_value("delay-forward-pdv", 3e-6);
  expect_value("percent-forward-loss", 5);
  expect_value("count-forward-sent", 100);
  expect_value("count-forward-received", 95);
  expect_value("count-forward-lost", 5);
  expect_value("count-forward-skipped", 0);
  expect_value("count-forward-longest_loss_run", 5);
  expect_value("count-forward-duplicates", 0);
  expect_value("count-forward-reordered", 0);
  expect_value("count-forward-discarded", 0);
  expect_value("count-forward-hops_min", 3);
  expect_value("count-forward-hops_max", 4);
  expect_value("bool-forward-up", 1);
  expect_value("delay-reverse-median", -0.020);
  expect_value("percent-reverse-loss", 0);
  expect_value("time_dispersion-clock", 5e-5);
  expect_value("bool-clock-synchronized", 1);
  expect_value("delay-asymmetry", 0.040);
  expect_value("delay-rtt", 0);
  ck_assert_uint_eq(fake_collectd.value_count, 2 * 21 + 4);
}
END_TEST

START_TEST(values_bear_the_intervals_end_and_the_streams_interval)
{
  follow("far", &no_rules);
  add(3, 20, 0);
  owamp_feed_poll(feed);
  for (size_t i = 0; i < fake_collectd.value_count; i++) {
    const value_list_t *list = &fake_collectd.values[i];
    ck_assert_uint_eq(list->time, TIME_T_TO_CDTIME_T(epoch.tv_sec + 3 * INTERVAL_S));
    ck_assert_uint_eq(list->interval, TIME_T_TO_CDTIME_T(INTERVAL_S));
    ck_assert_str_eq(list->plugin, "owamp");
    ck_assert_str_eq(list->plugin_instance, "far");
  }
}
END_TEST

START_TEST(every_interval_is_dispatched_once)
{
  follow("far", &no_rules);
  for (uint64_t number = 1; number <= 3; number++)
    add(number, 20, 0);
  owamp_feed_poll(feed);
  owamp_feed_poll(feed);
  add(4, 20, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd_count("far", "bool-forward-up"), 4);
  ck_assert_uint_eq(fake_collectd.lines, 0);
}
END_TEST

START_TEST(what_came_too_fast_is_named)
{
  follow("far", &no_rules);
  add(1, 20, 0);
  owamp_feed_poll(feed);
  for (uint64_t number = 2; number <= OWAMP_LEAST_HISTORY + 3; number++)
    add(number, 20, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd_count("far", "bool-forward-up"), 1 + OWAMP_LEAST_HISTORY);
  ck_assert_ptr_nonnull(fake_collectd_logged("far: 2 intervals are lost"));
}
END_TEST

START_TEST(what_is_not_known_is_nan)
{
  struct ow_interval interval = an_interval(1, 20, 0);
  interval.status = OW_NETWORK;
  memset(interval.results, 0, sizeof interval.results);
  follow("far", &no_rules);
  ow_board_add_interval(board, "far", &interval);
  owamp_feed_poll(feed);
  for (size_t i = 0; i < fake_collectd.value_count; i++) {
    const char *instance = fake_collectd.values[i].type_instance;
    bool up = strlen(instance) > 3 && strcmp(instance + strlen(instance) - 3, "-up") == 0;
    ck_assert(up ? fake_collectd.numbers[i] == 0 : isnan(fake_collectd.numbers[i]));
  }
  ck_assert_uint_eq(fake_collectd.value_count, 2 * 21 + 4);
}
END_TEST

static void expect_unknown(const char *name)
{
  ck_assert_msg(isnan(fake_collectd_value("far", name)), "%s is known", name);
}

START_TEST(a_reflector_has_round_trips_and_no_losses_that_nobody_tells_apart)
{
  struct ow_stream_view view = a_view("far");
  struct ow_interval interval = an_interval(1, 20, 0);
  view.protocol = OW_PROTOCOL_STAMP;
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
  ck_assert_int_eq(owamp_feed_add(feed, "far", &no_rules), OW_OK);
  interval.results[OW_FORWARD].loss_unknown = interval.results[OW_REVERSE].loss_unknown = true;
  interval.results[OW_ROUND_TRIP] = a_result(30, 5);
  interval.results[OW_ROUND_TRIP].has_dwell = true;
  interval.results[OW_ROUND_TRIP].dwell = (struct ow_delays){.median = 1000, .p95 = 2000, .max = 3000};
  ow_board_add_interval(board, "far", &interval);
  owamp_feed_poll(feed);
  expect_value("delay-forward-median", 0.020);
  expect_unknown("percent-forward-loss");
  expect_unknown("count-reverse-lost");
  expect_unknown("count-forward-sent");
  expect_unknown("count-forward-longest_loss_run");
  expect_value("delay-rtt", 0.030);
  expect_value("delay-rtt_min", 0.029999);
  expect_value("delay-rtt_mean", 0.030);
  expect_value("delay-rtt_p95", 0.030002);
  expect_value("delay-rtt_p99", 0.030003);
  expect_value("delay-rtt_max", 0.030004);
  expect_value("percent-rtt_loss", 5);
  expect_value("delay-dwell", 1e-6);
  expect_value("delay-dwell_p95", 2e-6);
  expect_value("delay-dwell_max", 3e-6);
  ck_assert_uint_eq(fake_collectd.value_count, 2 * 21 + 4 + 9);
}
END_TEST

START_TEST(all_lost_is_a_hundred_percent)
{
  follow("far", &no_rules);
  add(1, 20, SENT);
  owamp_feed_poll(feed);
  expect_value("percent-forward-loss", 100);
  expect_value("bool-forward-up", 0);
  expect_value("bool-reverse-up", 1);
  ck_assert(isnan(fake_collectd_value("far", "delay-forward-p95")));
  ck_assert(isnan(fake_collectd_value("far", "count-forward-hops_max")));
  ck_assert(isnan(fake_collectd_value("far", "delay-rtt")));
  expect_value("time_dispersion-clock", 5e-5);
}
END_TEST

START_TEST(a_clock_of_unknown_error_has_no_value)
{
  struct ow_interval interval = an_interval(1, 20, 0);
  interval.results[OW_FORWARD].clock.error_ns = OW_ERROR_UNKNOWN;
  follow("far", &no_rules);
  ow_board_add_interval(board, "far", &interval);
  owamp_feed_poll(feed);
  ck_assert(isnan(fake_collectd_value("far", "time_dispersion-clock")));
  expect_value("bool-clock-synchronized", 1);
}
END_TEST

START_TEST(a_direction_that_was_not_asked_for_has_no_values)
{
  struct ow_stream_view view = a_view("far");
  view.directions[OW_REVERSE] = false;
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
  ck_assert_int_eq(owamp_feed_add(feed, "far", &no_rules), OW_OK);
  add(1, 20, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.value_count, 21 + 2);
  ck_assert_uint_eq(fake_collectd_count("far", "bool-reverse-up"), 0);
}
END_TEST

START_TEST(a_clock_that_went_back_yields_no_values_out_of_order)
{
  struct ow_interval interval = an_interval(1, 20, 0);
  follow("far", &no_rules);
  add(1, 20, 0);
  add(2, 20, 0);
  interval.number = 3;
  ow_board_add_interval(board, "far", &interval);
  interval.number = 4;
  ow_board_add_interval(board, "far", &interval);
  add(5, 20, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd_count("far", "bool-forward-up"), 3);
  ck_assert_ptr_nonnull(fake_collectd_logged("far: a clock was set back"));
  ck_assert_uint_eq(fake_collectd.lines, 1);
}
END_TEST

START_TEST(values_may_be_chosen)
{
  struct owamp_rules rules = {.values = {.selection = 0}};
  struct ow_failure failure;
  ck_assert_int_eq(owamp_selection_parse("median,loss,rtt", &rules.values.selection, &failure), OW_OK);
  follow("far", &rules);
  add(1, 20, 5);
  owamp_feed_poll(feed);
  expect_value("delay-forward-median", 0.020);
  expect_value("percent-forward-loss", 5);
  expect_value("delay-reverse-median", -0.020);
  expect_value("delay-rtt", 0);
  ck_assert_uint_eq(fake_collectd.value_count, 5);
}
END_TEST

/* Beside the chosen values, each once; unknown ones are NaN. */
START_TEST(percentiles_are_dispatched)
{
  struct owamp_rules rules = {.values = {.percentiles = {4, {25000, 95000, 99000, 99900}}}};
  struct ow_interval interval = an_interval(1, 20, 5);
  struct ow_failure failure;
  interval.results[OW_REVERSE].percentiles = (struct ow_percentiles){2, {25000, 99900}};
  interval.results[OW_REVERSE].percentile_delays[1] = 7 * OW_NS_PER_MS;
  ck_assert_int_eq(owamp_selection_parse("p95,loss", &rules.values.selection, &failure), OW_OK);
  follow("far", &rules);
  ow_board_add_interval(board, "far", &interval);
  owamp_feed_poll(feed);
  expect_value("delay-reverse-p99.9", 0.007);
  expect_value("delay-reverse-p25", 0);
  expect_value("delay-reverse-p99", -0.019997);
  expect_value("percent-forward-loss", 5);
  ck_assert(isnan(fake_collectd_value("far", "delay-forward-p99.9")));
  ck_assert_uint_eq(fake_collectd.value_count, 2 * 5);
}
END_TEST

START_TEST(values_that_there_are_not_are_named)
{
  static const char *const bad[] = {"",    "median,",      ",median",    "median,,loss",
                                    "p50", "median, loss", "forward-p95"};
  owamp_selection selection = 1;
  struct ow_failure failure;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert_int_eq(owamp_selection_parse(bad[i], &selection, &failure), OW_INVALID);
    ck_assert_ptr_nonnull(strstr(failure.text, "is not the name of a value"));
  }
  ck_assert_uint_eq(selection, 1);
}
END_TEST

/* ---- notifications ---- */

static void set_state(enum ow_stream_state state, const char *reason)
{
  struct ow_stream_view view = a_view("far");
  view.state = state;
  view.status = reason[0] ? OW_NETWORK : OW_OK;
  strcpy(view.reason, reason);
  ow_board_set_state(board, &view, ow_timestamp_from_unix(epoch));
  owamp_feed_poll(feed);
}

START_TEST(down_and_up_are_told_once)
{
  follow("far", &no_rules);
  set_state(OW_STREAM_UP, "");
  ck_assert_uint_eq(fake_collectd.notification_count, 0);
  set_state(OW_STREAM_DOWN, "connection refused");
  set_state(OW_STREAM_DOWN, "connection refused again");
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  const struct fake_notification *first = &fake_collectd.notifications[0];
  ck_assert_int_eq(first->told.severity, NOTIF_FAILURE);
  ck_assert_str_eq(first->told.message, "far: down: connection refused");
  ck_assert_str_eq(first->told.host, "here");
  ck_assert_str_eq(first->told.plugin, "owamp");
  ck_assert_str_eq(first->told.plugin_instance, "far");
  ck_assert_uint_eq(first->told.time, TIME_T_TO_CDTIME_T(epoch.tv_sec));
  ck_assert_ptr_nonnull(strstr(first->meta, "reason=connection refused;"));
  ck_assert_ptr_nonnull(strstr(first->meta, "protocol=owamp;"));
  set_state(OW_STREAM_UP, "");
  set_state(OW_STREAM_UP, "");
  ck_assert_uint_eq(fake_collectd.notification_count, 2);
  ck_assert_int_eq(fake_collectd.notifications[1].told.severity, NOTIF_OKAY);
}
END_TEST

START_TEST(what_this_host_cannot_use_is_not_called_down)
{
  struct ow_stream_view view = a_view("far");
  follow("far", &no_rules);
  view.state = OW_STREAM_DOWN;
  view.status = OW_INVALID;
  strcpy(view.reason, "cannot use interface eth7: this host has none of that name");
  ow_board_set_state(board, &view, ow_timestamp_from_unix(epoch));
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  ck_assert_str_eq(
      fake_collectd.notifications[0].told.message,
      "far: can't be measured from here: cannot use interface eth7: this host has none of that name");
}
END_TEST

START_TEST(another_address_is_told_with_both)
{
  struct ow_stream_view view = a_view("far");
  follow("far", &no_rules);
  view.state = OW_STREAM_UP;
  snprintf(view.server, sizeof view.server, "2001:db8::1 port 861");
  ow_board_set_state(board, &view, ow_timestamp_from_unix(epoch));
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 0);
  snprintf(view.server, sizeof view.server, "192.0.2.1 port 861");
  ow_board_set_state(board, &view, ow_timestamp_from_unix(epoch));
  owamp_feed_poll(feed);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  const struct fake_notification *first = &fake_collectd.notifications[0];
  ck_assert_int_eq(first->told.severity, NOTIF_OKAY);
  ck_assert_str_eq(first->told.message,
                   "far: measured by its address 192.0.2.1 port 861, by 2001:db8::1 port 861 before");
  ck_assert_ptr_nonnull(strstr(first->meta, "server=192.0.2.1 port 861;"));
  ck_assert_ptr_nonnull(strstr(first->meta, "before=2001:db8::1 port 861;"));
}
END_TEST

static struct owamp_rules some_rules(const char *raise)
{
  struct owamp_rules rules = {.warning.count = 0};
  struct ow_failure failure;
  ck_assert_int_eq(ow_thresholds_parse("delay_p95@forward=20ms", &rules.warning, &failure), OW_OK);
  ck_assert_int_eq(ow_thresholds_parse("delay_p95@forward=50ms,loss=10%", &rules.critical, &failure), OW_OK);
  ck_assert_int_eq(ow_alarm_rule_parse(raise, &rules.rule, &failure), OW_OK);
  return rules;
}

START_TEST(a_breach_is_raised_and_cleared)
{
  struct owamp_rules rules = some_rules("2/3");
  follow("far", &rules);
  add(1, 30, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 0);
  add(2, 31, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  const struct fake_notification *raised = &fake_collectd.notifications[0];
  ck_assert_int_eq(raised->told.severity, NOTIF_WARNING);
  ck_assert_str_eq(raised->told.type, "delay");
  ck_assert_str_eq(raised->told.type_instance, "forward-p95");
  ck_assert_ptr_nonnull(strstr(raised->told.message, "far: forward delay_p95 31"));
  ck_assert_str_eq(
      raised->meta,
      "protocol=owamp;metric=delay_p95;direction=forward;value=0.031002;threshold=~:0.02;before=OK;"
      "now=WARNING;uncertain=0;");
  add(3, 10, 0);
  add(4, 10, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 2);
  ck_assert_int_eq(fake_collectd.notifications[1].told.severity, NOTIF_OKAY);
}
END_TEST

START_TEST(critical_is_failure)
{
  struct owamp_rules rules = some_rules("1");
  follow("far", &rules);
  add(1, 10, SENT / 2);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  ck_assert_int_eq(fake_collectd.notifications[0].told.severity, NOTIF_FAILURE);
  ck_assert_str_eq(fake_collectd.notifications[0].told.type, "percent");
  ck_assert_str_eq(fake_collectd.notifications[0].told.type_instance, "forward-loss");
}
END_TEST

/* Without a threshold; in the log, too. */
START_TEST(an_outage_is_told_and_so_is_its_end)
{
  const struct owamp_rules rules = {
      .rule = {.how = {.nothing_arrived = OW_VERDICT_CRITICAL, .partial = OW_VERDICT_UNKNOWN}}};
  follow("far", &rules);
  add(1, 10, SENT);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  const struct fake_notification *raised = &fake_collectd.notifications[0];
  ck_assert_int_eq(raised->told.severity, NOTIF_FAILURE);
  ck_assert_str_eq(raised->told.type, "count");
  ck_assert_str_eq(raised->told.type_instance, "forward-received");
  ck_assert_str_eq(raised->told.message, "far: forward: nothing arrived of 100 packets");
  ck_assert_str_eq(raised->meta,
                   "protocol=owamp;metric=received;direction=forward;value=0;threshold=1:;before=OK;"
                   "now=CRITICAL;uncertain=0;");
  ck_assert_ptr_nonnull(fake_collectd_logged("far: forward: nothing arrived of 100 packets"));
  add(2, 10, 3);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 2);
  ck_assert_int_eq(fake_collectd.notifications[1].told.severity, NOTIF_OKAY);
  ck_assert_str_eq(fake_collectd.notifications[1].told.message,
                   "far: forward: packets arrive again (97 of 100)");
  ck_assert_ptr_nonnull(fake_collectd_logged("far: forward: packets arrive again (97 of 100)"));
}
END_TEST

START_TEST(metrics_of_both_directions_are_alarmed_too)
{
  struct owamp_rules rules = {.warning.count = 0};
  struct ow_failure failure;
  ck_assert_int_eq(ow_thresholds_parse("asymmetry=20ms", &rules.warning, &failure), OW_OK);
  follow("far", &rules);
  add(1, 30, 0);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd.notification_count, 1);
  ck_assert_str_eq(fake_collectd.notifications[0].told.type_instance, "asymmetry");
  ck_assert_ptr_null(strstr(fake_collectd.notifications[0].meta, "direction="));
}
END_TEST

/* ---- another program's streams ---- */

START_TEST(a_mirrored_board_is_followed_as_it_comes)
{
  struct ow_board *other = ow_board_create(OWAMP_LEAST_HISTORY);
  struct owamp_feed *second = owamp_feed_create(other, feed, &no_rules);
  struct ow_interval interval = an_interval(7, 20, 0);
  follow("own", &no_rules);
  put(other, "own");
  put(other, "theirs");
  ow_board_add_interval(other, "own", &interval);
  ow_board_add_interval(other, "theirs", &interval);
  owamp_feed_poll(second);
  ck_assert_uint_eq(fake_collectd_count("theirs", "bool-forward-up"), 1);
  ck_assert_uint_eq(fake_collectd_count("own", "bool-forward-up"), 0);
  ck_assert_ptr_nonnull(fake_collectd_logged("stream own of a query socket is left out"));
  owamp_feed_free(second);
  ow_board_free(other);
}
END_TEST

START_TEST(numbers_that_begin_anew_are_followed)
{
  struct ow_board *other = ow_board_create(OWAMP_LEAST_HISTORY);
  struct owamp_feed *second = owamp_feed_create(other, feed, &no_rules);
  struct ow_interval interval = an_interval(50, 20, 0);
  put(other, "theirs");
  ow_board_add_interval(other, "theirs", &interval);
  owamp_feed_poll(second);
  put(other, "theirs");
  interval = an_interval(51, 20, 0);
  interval.number = 1;
  ow_board_add_interval(other, "theirs", &interval);
  owamp_feed_poll(second);
  ck_assert_uint_eq(fake_collectd_count("theirs", "bool-forward-up"), 2);
  ck_assert_uint_eq(fake_collectd.lines, 0);
  owamp_feed_free(second);
  ow_board_free(other);
}
END_TEST

/* As many intervals as before, but later ones. */
START_TEST(another_streams_intervals_of_the_same_numbers_are_new)
{
  struct ow_interval interval = an_interval(3, 20, 0);
  follow("far", &no_rules);
  add(1, 20, 0);
  owamp_feed_poll(feed);
  put(board, "far");
  interval.number = 1;
  ow_board_add_interval(board, "far", &interval);
  owamp_feed_poll(feed);
  ck_assert_uint_eq(fake_collectd_count("far", "bool-forward-up"), 2);
  ck_assert_uint_eq(fake_collectd.lines, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("collectd/feed");
  TCase *tests = tcase_create("feed");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_test(tests, an_interval_becomes_values);
  tcase_add_test(tests, values_bear_the_intervals_end_and_the_streams_interval);
  tcase_add_test(tests, every_interval_is_dispatched_once);
  tcase_add_test(tests, what_came_too_fast_is_named);
  tcase_add_test(tests, what_is_not_known_is_nan);
  tcase_add_test(tests, a_reflector_has_round_trips_and_no_losses_that_nobody_tells_apart);
  tcase_add_test(tests, all_lost_is_a_hundred_percent);
  tcase_add_test(tests, a_clock_of_unknown_error_has_no_value);
  tcase_add_test(tests, a_direction_that_was_not_asked_for_has_no_values);
  tcase_add_test(tests, a_clock_that_went_back_yields_no_values_out_of_order);
  tcase_add_test(tests, values_may_be_chosen);
  tcase_add_test(tests, percentiles_are_dispatched);
  tcase_add_test(tests, values_that_there_are_not_are_named);
  tcase_add_test(tests, down_and_up_are_told_once);
  tcase_add_test(tests, what_this_host_cannot_use_is_not_called_down);
  tcase_add_test(tests, another_address_is_told_with_both);
  tcase_add_test(tests, a_breach_is_raised_and_cleared);
  tcase_add_test(tests, critical_is_failure);
  tcase_add_test(tests, an_outage_is_told_and_so_is_its_end);
  tcase_add_test(tests, metrics_of_both_directions_are_alarmed_too);
  tcase_add_test(tests, a_mirrored_board_is_followed_as_it_comes);
  tcase_add_test(tests, numbers_that_begin_anew_are_followed);
  tcase_add_test(tests, another_streams_intervals_of_the_same_numbers_are_new);
  suite_add_tcase(suite, tests);
  return test_run(suite);
}
