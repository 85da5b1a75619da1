/* SPDX-License-Identifier: MIT */
/* results/follower: what is new on a board is told, in order, and once. */
#include <stdio.h>
#include <string.h>

#include "results/follower.h"
#include "support/main.h"

enum { HISTORY = 4, LONG_HISTORY = 5 * OW_LOOK_INTERVALS, TOLD = 2048 };

static struct ow_board *board;
static struct ow_follower follower;
static char told[TOLD];

static void set_up(void)
{
  board = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(board);
  ow_follower_open(&follower, "far");
}

static void tear_down(void)
{
  ow_follower_close(&follower);
  ow_board_free(board);
}

static void put(void)
{
  struct ow_stream_view view = {.name = "far", .directions = {true, true}};
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
}

static void set_state(enum ow_stream_state state, const char *reason)
{
  struct ow_stream_view view = {.name = "far", .state = state};
  snprintf(view.reason, sizeof view.reason, "%s", reason);
  ow_board_set_state(board, &view, (struct ow_timestamp){1});
}

/* Interval `number` of a stream whose first one began at `epoch`. */
static struct ow_interval an_interval(uint64_t number, uint32_t epoch, uint32_t lost)
{
  struct ow_interval interval = {.number = number};
  interval.begin.ntp = (epoch + 60 * number) << 32;
  interval.end.ntp = (epoch + 60 * (number + 1)) << 32;
  for (int i = 0; i < OW_DIRECTIONS; i++)
    interval.results[i] = (struct ow_result){
        .completeness = OW_RESULT_COMPLETE, .sent = 100, .received = 100 - lost, .lost = lost};
  return interval;
}

static void add(uint64_t first, uint64_t last, uint32_t epoch)
{
  for (uint64_t number = first; number <= last; number++) {
    struct ow_interval interval = an_interval(number, epoch, 0);
    ow_board_add_interval(board, "far", &interval);
  }
}

static void add_lossy(uint64_t number, uint32_t lost)
{
  struct ow_interval interval = an_interval(number, 1000, lost);
  interval.results[OW_REVERSE].lost = 0;
  ow_board_add_interval(board, "far", &interval);
}

/* "anew 1 2 5-2 alarm:5:CRITICAL down:reason up": an interval's number, and how many before it are missed. */
static void write_down(const struct ow_news *news)
{
  size_t used = strlen(told);
  char *at = told + used;
  size_t room = sizeof told - used;
  const char *blank = used ? " " : "";
  ck_assert_uint_gt(room, 100);
  switch (news->kind) {
  case OW_NEWS_ANEW: snprintf(at, room, "%sanew", blank); break;
  case OW_NEWS_DOWN: snprintf(at, room, "%sdown:%s", blank, news->view->reason); break;
  case OW_NEWS_UP: snprintf(at, room, "%sup", blank); break;
  case OW_NEWS_SERVER: snprintf(at, room, "%s%s>%s", blank, news->before, news->view->server); break;
  case OW_NEWS_INTERVAL:
    snprintf(at, room, "%s%d", blank, (int)news->interval->number);
    if (news->missed)
      snprintf(at + strlen(at), room - strlen(at), "-%d", (int)news->missed);
    break;
  case OW_NEWS_ALARM:
    snprintf(at, room, "%salarm:%d:%s", blank, (int)news->interval->number,
             ow_verdict_name(news->alarm->now));
    break;
  }
}

static void expect(const char *what)
{
  struct ow_look look;
  struct ow_news news;
  told[0] = '\0';
  if (ow_follower_look(&follower, board, &look))
    while (ow_look_next(&look, &news))
      write_down(&news);
  ck_assert_msg(strcmp(told, what) == 0, "told \"%s\", not \"%s\"", told, what);
  ck_assert(!ow_look_next(&look, &news));
  ck_assert(!ow_follower_look(&follower, board, &look));
  ck_assert(!ow_look_next(&look, &news));
}

/* ---- addresses ---- */

static void set_server(enum ow_stream_state state, const char *server)
{
  struct ow_stream_view view = {.name = "far", .state = state};
  snprintf(view.server, sizeof view.server, "%s", server);
  ow_board_set_state(board, &view, (struct ow_timestamp){0});
}

/* The first is no change, nor is none; it is told after the state, and before the intervals. */
START_TEST(another_address_is_told_once)
{
  put();
  set_server(OW_STREAM_UP, "one");
  expect("");
  set_server(OW_STREAM_UP, "two");
  expect("one>two");
  set_server(OW_STREAM_UP, "");
  expect("");
  set_server(OW_STREAM_DOWN, "two");
  expect("down:");
  set_server(OW_STREAM_UP, "three");
  add(1, 1, 1000);
  expect("up two>three 1");
  put();
  add(1, 1, 9000);
  set_server(OW_STREAM_UP, "four");
  expect("anew 1");
  set_server(OW_STREAM_UP, "five");
  expect("four>five");
}
END_TEST

/* ---- intervals ---- */

START_TEST(each_interval_is_told_once_and_in_order)
{
  expect("");
  put();
  expect("");
  add(1, 2, 1000);
  expect("1 2");
  add(3, 3, 1000);
  expect("3");
  set_state(OW_STREAM_UP, "");
  expect("");
}
END_TEST

START_TEST(what_is_not_kept_any_more_is_missed)
{
  put();
  add(1, 7, 1000); /* before the first look nothing is missed */
  expect("4 5 6 7");
  add(8, 13, 1000);
  expect("10-2 11 12 13");
  add(15, 15, 1000); /* a number that was never given */
  expect("15-1");
}
END_TEST

START_TEST(however_many_there_are)
{
  struct ow_look look;
  struct ow_news news;
  ow_board_free(board);
  board = ow_board_create(LONG_HISTORY);
  ck_assert_ptr_nonnull(board);
  put();
  for (uint64_t some = 1; some <= LONG_HISTORY; some++) {
    uint64_t first = follower.mark.number + 1;
    uint64_t expected = first;
    add(first, first + some - 1, 1000);
    ck_assert(ow_follower_look(&follower, board, &look));
    for (; ow_look_next(&look, &news); expected++) {
      ck_assert_int_eq(news.kind, OW_NEWS_INTERVAL);
      ck_assert_uint_eq(news.interval->number, expected);
      ck_assert_uint_eq(news.missed, 0);
    }
    ck_assert_uint_eq(expected, first + some);
  }
}
END_TEST

START_TEST(what_comes_while_it_looks_is_told_too)
{
  struct ow_look look;
  struct ow_news news;
  ow_board_free(board);
  board = ow_board_create(LONG_HISTORY);
  ck_assert_ptr_nonnull(board);
  put();
  add(1, OW_LOOK_INTERVALS, 1000);
  ck_assert(ow_follower_look(&follower, board, &look));
  ck_assert(ow_look_next(&look, &news));
  set_state(OW_STREAM_DOWN, "refused");
  add(OW_LOOK_INTERVALS + 1, OW_LOOK_INTERVALS + 1, 1000);
  told[0] = '\0';
  while (ow_look_next(&look, &news))
    write_down(&news);
  ck_assert_str_eq(told, "2 3 4 5 6 7 8 down:refused 9");
  expect("");
  add(10, 10, 1000);
  ck_assert(ow_follower_look(&follower, board, &look));
  add(11, 11, 1000); /* behind what was read: the next look's */
  told[0] = '\0';
  while (ow_look_next(&look, &news))
    write_down(&news);
  ck_assert_str_eq(told, "10");
  expect("11");
}
END_TEST

START_TEST(one_that_is_gone_may_come_back)
{
  struct ow_look look;
  put();
  add(1, 2, 1000);
  expect("1 2");
  ow_board_remove_stream(board, "far");
  expect("");
  put();
  ck_assert(ow_follower_look(&follower, board, &look));
  ck_assert_uint_eq(look.view.newest, 0);
  add(1, 1, 5000);
  expect("1");
}
END_TEST

START_TEST(a_look_says_how_the_stream_stands)
{
  struct ow_look look;
  struct ow_news news;
  put();
  set_state(OW_STREAM_UP, "");
  ck_assert(ow_follower_look(&follower, board, &look));
  ck_assert(!ow_look_next(&look, &news));
  ck_assert_int_eq(look.view.state, OW_STREAM_UP);
  add(1, 3, 1000);
  ck_assert(ow_follower_look(&follower, board, &look));
  ck_assert(ow_look_next(&look, &news));
  ck_assert_uint_eq(news.view->newest, 3);
  ck_assert_uint_eq(news.view->totals[OW_FORWARD].sent, 300);
}
END_TEST

/* ---- began anew ---- */

START_TEST(a_number_that_went_back_is_another_streams)
{
  put();
  add(1, 3, 1000);
  expect("1 2 3");
  put();
  expect("anew");
  add(1, 2, 5000);
  expect("1 2");
  put();
  add(1, 1, 9000);
  expect("anew 1");
}
END_TEST

START_TEST(an_interval_that_began_at_another_time_is_another_streams)
{
  for (uint64_t newest = 3; newest <= 5; newest++) {
    uint32_t epoch = (uint32_t)(10000 * newest);
    put();
    expect(newest == 3 ? "" : "anew");
    add(1, 3, 1000);
    expect("1 2 3");
    put();
    add(1, newest, epoch);
    expect(newest == 3 ? "anew 1 2 3" : newest == 4 ? "anew 1 2 3 4" : "anew 2 3 4 5");
  }
}
END_TEST

/* The interval that is known isn't kept any more, but what was counted speaks. */
START_TEST(counts_that_fell_are_another_streams)
{
  struct ow_interval interval = an_interval(20, 1000, 0);
  put();
  add(1, 10, 1000);
  expect("7 8 9 10");
  put();
  ow_board_add_interval(board, "far", &interval);
  expect("anew 20");
}
END_TEST

START_TEST(the_same_stream_goes_on)
{
  static const struct ow_stream_view view = {.newest = 9, .intervals = 9, .totals[OW_FORWARD].sent = 900};
  struct ow_interval kept[] = {an_interval(8, 1000, 0), an_interval(9, 1000, 0)};
  struct ow_stream_mark mark = {.number = 0};
  ck_assert(!ow_stream_began_anew(&mark, &view, kept, 2));
  ow_stream_mark_interval(&mark, &kept[1]);
  ow_stream_mark_counts(&mark, &view);
  ck_assert(!ow_stream_began_anew(&mark, &view, kept, 2));
  ck_assert(!ow_stream_began_anew(&mark, &view, kept, 1));
  ck_assert(!ow_stream_began_anew(&mark, &view, NULL, 0));
  kept[1].begin.ntp++;
  ck_assert(ow_stream_began_anew(&mark, &view, kept, 2));
  mark.sent[OW_FORWARD]++;
  ck_assert(ow_stream_began_anew(&mark, &view, NULL, 0));
}
END_TEST

/* ---- states ---- */

START_TEST(down_is_told_once_and_up_once_after_it)
{
  put();
  set_state(OW_STREAM_UP, "");
  expect("");
  set_state(OW_STREAM_DOWN, "refused");
  expect("down:refused");
  set_state(OW_STREAM_DOWN, "refused again");
  expect("");
  set_state(OW_STREAM_STARTING, "");
  expect("");
  set_state(OW_STREAM_DOWN, "refused");
  expect("");
  set_state(OW_STREAM_UP, "");
  expect("up");
  set_state(OW_STREAM_UP, "");
  expect("");
  set_state(OW_STREAM_DOWN, "refused");
  set_state(OW_STREAM_UP, ""); /* between two looks: never seen */
  expect("");
}
END_TEST

START_TEST(the_state_comes_before_the_intervals)
{
  put();
  add(1, 1, 1000);
  set_state(OW_STREAM_DOWN, "refused");
  expect("down:refused 1");
  put();
  set_state(OW_STREAM_UP, "");
  add(1, 1, 5000);
  expect("anew up 1");
}
END_TEST

/* ---- alarms ---- */

static void judge(const char *warning, const char *critical, const char *raise)
{
  struct ow_thresholds lists[2] = {{.count = 0}, {.count = 0}};
  struct ow_alarm_rule rule = {.raise = 0};
  struct ow_failure failure;
  if (warning)
    ck_assert_int_eq(ow_thresholds_parse(warning, &lists[0], &failure), OW_OK);
  if (critical)
    ck_assert_int_eq(ow_thresholds_parse(critical, &lists[1], &failure), OW_OK);
  ck_assert_int_eq(ow_alarm_rule_parse(raise, &rule, &failure), OW_OK);
  ck_assert_int_eq(ow_follower_judge(&follower, &lists[0], &lists[1], &rule), OW_OK);
}

START_TEST(alarms_are_told_with_their_interval)
{
  judge("loss@forward=5%", "loss@forward=50%", "2/3");
  put();
  add_lossy(1, 10);
  expect("1");
  add_lossy(2, 10);
  expect("2 alarm:2:WARNING");
  add_lossy(3, 60);
  add_lossy(4, 60);
  expect("3 4 alarm:4:CRITICAL");
  ck_assert_int_eq(ow_follower_severity(&follower), OW_VERDICT_CRITICAL);
  add_lossy(5, 0);
  add_lossy(6, 0);
  expect("5 6 alarm:6:OK");
  ck_assert_int_eq(ow_follower_severity(&follower), OW_VERDICT_OK);
}
END_TEST

START_TEST(every_alarm_of_an_interval_is_told)
{
  judge("lost=1:,duplicates=1:", NULL, "1");
  put();
  add(1, 1, 1000);
  expect("1 alarm:1:WARNING alarm:1:WARNING alarm:1:WARNING alarm:1:WARNING");
}
END_TEST

START_TEST(without_thresholds_there_are_no_alarms)
{
  judge(NULL, NULL, "1");
  put();
  add_lossy(1, 100);
  expect("1");
}
END_TEST

START_TEST(an_outage_and_a_part_need_no_threshold)
{
  const struct ow_thresholds none = {.count = 0};
  const struct ow_alarm_rule outage = {.raise = 2, .of = 2, .how.nothing_arrived = OW_VERDICT_CRITICAL};
  const struct ow_alarm_rule part = {.how.partial = OW_VERDICT_WARNING};
  ck_assert_int_eq(ow_follower_judge(&follower, &none, &none, &outage), OW_OK);
  put();
  for (uint64_t number = 1; number <= 2; number++) {
    struct ow_interval dark = an_interval(number, 1000, 100);
    ow_board_add_interval(board, "far", &dark);
  }
  expect("1 2 alarm:2:CRITICAL alarm:2:CRITICAL");
  ck_assert_int_eq(ow_follower_severity(&follower), OW_VERDICT_CRITICAL);
  add_lossy(3, 99);
  add_lossy(4, 0);
  expect("3 4 alarm:4:OK alarm:4:OK");
  ow_follower_close(&follower);
  ck_assert_int_eq(ow_follower_judge(&follower, &none, &none, &part), OW_OK);
  struct ow_interval interval = an_interval(5, 1000, 0);
  interval.results[OW_REVERSE].completeness = OW_RESULT_PARTIAL;
  ow_board_add_interval(board, "far", &interval);
  add_lossy(6, 0);
  expect("5 alarm:5:WARNING 6 alarm:6:OK");
}
END_TEST

START_TEST(a_direction_that_was_not_asked_for_raises_nothing)
{
  struct ow_stream_view view = {.name = "far", .directions = {false, true}};
  judge("loss=5%", NULL, "1");
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
  add_lossy(1, 100);
  expect("1");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("results: follower");
  TEST_CASE_WITH(set_up, tear_down, suite, "intervals", each_interval_is_told_once_and_in_order,
                 what_is_not_kept_any_more_is_missed, however_many_there_are,
                 what_comes_while_it_looks_is_told_too, one_that_is_gone_may_come_back,
                 a_look_says_how_the_stream_stands);
  TEST_CASE_WITH(set_up, tear_down, suite, "began anew", a_number_that_went_back_is_another_streams,
                 an_interval_that_began_at_another_time_is_another_streams,
                 counts_that_fell_are_another_streams, the_same_stream_goes_on);
  TEST_CASE_WITH(set_up, tear_down, suite, "states", down_is_told_once_and_up_once_after_it,
                 the_state_comes_before_the_intervals, another_address_is_told_once);
  TEST_CASE_WITH(set_up, tear_down, suite, "alarms", alarms_are_told_with_their_interval,
                 every_alarm_of_an_interval_is_told, without_thresholds_there_are_no_alarms,
                 an_outage_and_a_part_need_no_threshold, a_direction_that_was_not_asked_for_raises_nothing);
  return test_run(suite);
}
