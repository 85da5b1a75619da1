/* SPDX-License-Identifier: MIT */
/* A board and who follows it, each allocation failing in turn. */
#include <stdio.h>
#include <string.h>

#include "results/board.h"
#include "results/follower.h"
#include "support/board.h"
#include "support/failing_memory.h"
#include "support/main.h"

enum { HISTORY = 20, STREAMS = 12, INTERVALS = 30 };

static struct ow_board *board;

static struct ow_stream_view view_of(unsigned number)
{
  struct ow_stream_view view = {.host = "far.example.net", .port = "861", .directions = {true, true}};
  snprintf(view.name, sizeof view.name, "peer%02u", number);
  return view;
}

static struct ow_interval interval_of(unsigned number)
{
  return (struct ow_interval){.number = number, .begin.ntp = number, .end.ntp = number + 1};
}

/* One that could not be put is not there, and can be put later. */
static void put_streams(void)
{
  for (unsigned i = 0; i < STREAMS; i++) {
    struct ow_stream_view view = view_of(i);
    bool before = test_memory_failed();
    enum ow_status status = ow_board_put_stream(board, &view);
    ck_assert_int_eq(status, before == test_memory_failed() ? OW_OK : OW_MEMORY);
    ck_assert_int_eq(ow_board_view(board, view.name, &view), status == OW_OK);
    view = view_of(i);
    if (status != OW_OK)
      ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
  }
}

static void expect_streams(void)
{
  char(*names)[OW_STREAM_NAME];
  size_t count;
  enum ow_status status = ow_board_all_names(board, &names, &count);
  ck_assert_uint_eq(count, status == OW_OK ? ow_board_count(board) : 0);
  ck_assert(status == OW_OK || (status == OW_MEMORY && !names));
  ck_assert_uint_eq(ow_board_count(board), STREAMS);
  failing_free(names);
}

/* Without memory for more the oldest go early; the newest are always there, in order. */
static void add_intervals(void)
{
  struct ow_interval kept[HISTORY];
  struct ow_stream_view view = view_of(STREAMS);
  if (ow_board_put_stream(board, &view) == OW_OK) {
    for (unsigned i = 1; i <= INTERVALS; i++) {
      struct ow_interval interval = interval_of(i);
      bool before = test_memory_failed();
      ow_board_add_interval(board, view.name, &interval);
      bool newest = test_board_newest(board, view.name, &interval);
      ck_assert(newest || before != test_memory_failed());
      ck_assert(!newest || interval.number == i);
    }
    size_t count = test_board_intervals(board, view.name, 0, kept, HISTORY);
    ck_assert_uint_eq(count, HISTORY);
    for (size_t i = 0; i < count; i++)
      ck_assert_uint_eq(kept[i].number, INTERVALS - HISTORY + 1 + i);
  } else {
    ck_assert(test_memory_failed());
  }
}

static void mirror_stream(void)
{
  struct ow_stream_view view = view_of(STREAMS + 1);
  const struct ow_interval intervals[] = {interval_of(1), interval_of(2)};
  enum ow_status status = ow_board_mirror(board, &view, intervals, 2);
  ck_assert(status == OW_OK || (status == OW_MEMORY && test_memory_failed()));
}

static void follow(void)
{
  const struct ow_thresholds none = {.count = 0};
  const struct ow_thresholds some = {.count = 1};
  const struct ow_alarm_rule rule = {.raise = 1, .of = 1};
  struct ow_follower follower;
  ow_follower_open(&follower, "peer00");
  bool before = test_memory_failed();
  enum ow_status status = ow_follower_judge(&follower, &some, &none, &rule);
  ck_assert_int_eq(status, before == test_memory_failed() ? OW_OK : OW_MEMORY);
  ow_follower_close(&follower);
}

static void a_board(void)
{
  board = ow_board_create(HISTORY);
  if (board) {
    put_streams();
    expect_streams();
    add_intervals();
    mirror_stream();
    follow();
  } else {
    ck_assert(test_memory_failed());
  }
  ow_board_free(board);
}

START_TEST(a_board_holds_what_there_is_memory_for)
{
  test_memory_exhaust("a board", a_board);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("results without memory");
  TEST_CASE(suite, "board", a_board_holds_what_there_is_memory_for);
  return test_run(suite);
}
