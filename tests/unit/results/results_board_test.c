/* SPDX-License-Identifier: MIT */
/* results/board: what is put there can be read by any thread, and nothing else. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/board.h"
#include "support/board.h"
#include "support/main.h"
#include "support/seed.h"

enum { HISTORY = 4 };

static const struct ow_timestamp NOW = {UINT64_C(0xeeae485e00000000)};
static const struct ow_timestamp LATER = {UINT64_C(0xeeae485f00000000)};

static struct ow_stream_view view_named(const char *name)
{
  struct ow_stream_view view = {.interval = 60 * OW_NS_PER_S, .directions = {true, true}};
  snprintf(view.name, sizeof view.name, "%s", name);
  snprintf(view.host, sizeof view.host, "host-of-%s", name);
  snprintf(view.port, sizeof view.port, "861");
  return view;
}

static void put(struct ow_board *board, const char *name)
{
  struct ow_stream_view view = view_named(name);
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
}

static struct ow_interval interval_numbered(uint64_t number)
{
  struct ow_interval interval = {.number = number, .status = OW_OK};
  interval.results[OW_FORWARD] = (struct ow_result){
      .completeness = OW_RESULT_COMPLETE, .sent = 10, .received = 9, .lost = 1, .duplicates = 2};
  return interval;
}

static void add(struct ow_board *board, const char *name, uint64_t number)
{
  struct ow_interval interval = interval_numbered(number);
  ow_board_add_interval(board, name, &interval);
}

START_TEST(names_are_sorted_and_counted)
{
  static const char *const names[] = {"m", "zürich", "a", "mm", "b/c", "", "M", "b"};
  struct ow_board *board = ow_board_create(HISTORY);
  char found[8][OW_STREAM_NAME];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct ow_stream_view view = view_named(names[i]);
    bool valid = i != 1 && i != 4 && i != 5;
    ck_assert_int_eq(ow_board_put_stream(board, &view), valid ? OW_OK : OW_INVALID);
  }
  ck_assert_uint_eq(ow_board_count(board), 5);
  ck_assert_uint_eq(ow_board_names(board, found, 8), 5);
  ck_assert_str_eq(found[0], "M");
  ck_assert_str_eq(found[1], "a");
  ck_assert_str_eq(found[2], "b");
  ck_assert_str_eq(found[3], "m");
  ck_assert_str_eq(found[4], "mm");
  ow_board_remove_stream(board, "b");
  ow_board_remove_stream(board, "nobody");
  ck_assert_uint_eq(ow_board_names(board, found, 2), 4);
  ck_assert_str_eq(found[1], "a");
  size_t count;
  char(*all)[OW_STREAM_NAME];
  ck_assert_int_eq(ow_board_all_names(board, &all, &count), OW_OK);
  ck_assert_uint_eq(count, 4);
  ck_assert_str_eq(all[0], "M");
  ck_assert_str_eq(all[3], "mm");
  free(all);
  ow_board_free(board);
}
END_TEST

START_TEST(the_last_intervals_are_kept_and_all_are_counted)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_interval read[HISTORY + 1];
  struct ow_stream_view view;
  put(board, "a");
  ck_assert(!test_board_newest(board, "a", &read[0]));
  ck_assert_uint_eq(test_board_intervals(board, "a", 0, read, HISTORY), 0);
  for (uint64_t number = 1; number <= 11; number++) {
    uint64_t before = ow_board_version(board);
    add(board, "a", number);
    ck_assert_uint_gt(ow_board_version(board), before);
    ck_assert(test_board_newest(board, "a", &read[0]));
    ck_assert_uint_eq(read[0].number, number);
    size_t kept = test_board_intervals(board, "a", 0, read, HISTORY + 1);
    ck_assert_uint_eq(kept, number < HISTORY ? number : HISTORY);
    for (size_t i = 0; i < kept; i++)
      ck_assert_uint_eq(read[i].number, number - kept + 1 + i);
  }
  ck_assert_uint_eq(test_board_intervals(board, "a", 9, read, HISTORY), 2);
  ck_assert_uint_eq(test_board_intervals(board, "a", 8, read, 1), 1);
  ck_assert_uint_eq(read[0].number, 9);
  add(board, "a", 11); /* not again, and never back */
  add(board, "a", 3);
  ck_assert(ow_board_view(board, "a", &view));
  ck_assert_uint_eq(view.newest, 11);
  ck_assert_uint_eq(view.intervals, 11);
  ck_assert_uint_eq(view.failed, 0);
  ck_assert_uint_eq(view.totals[OW_FORWARD].sent, 110);
  ck_assert_uint_eq(view.totals[OW_FORWARD].lost, 11);
  ck_assert_uint_eq(view.totals[OW_REVERSE].sent, 0);
  ow_board_free(board);
}
END_TEST

START_TEST(view_and_intervals_are_read_together)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_interval read[HISTORY];
  struct ow_stream_view view;
  size_t count = 7;
  ck_assert(!ow_board_read(board, "a", 0, &view, read, HISTORY, &count));
  ck_assert_uint_eq(count, 0);
  ck_assert(!ow_board_read_last(board, "a", &view, read, HISTORY, &count));
  ck_assert_uint_eq(ow_board_stream_version(board, "a"), 0);
  put(board, "a");
  ck_assert(ow_board_read_last(board, "a", &view, read, HISTORY, &count));
  ck_assert_uint_eq(count, 0);
  ck_assert_uint_eq(ow_board_stream_version(board, "a"), view.version);
  for (uint64_t number = 2; number <= 12; number += 2)
    add(board, "a", number);
  ck_assert_uint_gt(ow_board_stream_version(board, "a"), view.version);
  ck_assert(ow_board_read(board, "a", 8, &view, read, HISTORY, &count));
  ck_assert_uint_eq(view.newest, 12);
  ck_assert_uint_eq(count, 2);
  ck_assert_uint_eq(read[0].number, 10);
  ck_assert(ow_board_read(board, "a", 0, &view, read, 3, &count));
  ck_assert_uint_eq(count, 3);
  ck_assert_uint_eq(read[0].number, 6);
  ck_assert(ow_board_read_last(board, "a", &view, read, 3, &count));
  ck_assert_uint_eq(count, 3);
  ck_assert_uint_eq(read[0].number, 8);
  ck_assert_uint_eq(read[2].number, 12);
  ow_board_free(board);
}
END_TEST

static const int64_t one_delay = 1;

static void add_with_histogram(struct ow_board *board, uint64_t number)
{
  struct ow_interval interval = interval_numbered(number);
  interval.results[OW_REVERSE] = (struct ow_result){
      .completeness = OW_RESULT_COMPLETE, .received = 1, .histogram = ow_histogram_of(&one_delay, 1)};
  ow_board_add_interval(board, "far", &interval);
  ow_interval_drop(&interval);
}

/* Whoever asks for them is a user of theirs, also when the board has dropped them; sanitizers tell the rest.
 */
START_TEST(histograms_are_shared)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_board *copy = ow_board_create(HISTORY);
  struct ow_interval kept[HISTORY];
  struct ow_stream_view view;
  size_t count;
  put(board, "far");
  for (uint64_t n = 1; n <= HISTORY + 2; n++)
    add_with_histogram(board, n);
  ck_assert_uint_eq(test_board_intervals(board, "far", 0, kept, HISTORY), HISTORY);
  ck_assert_ptr_null(kept[0].results[OW_REVERSE].histogram);
  ck_assert(ow_board_read_last(board, "far", &view, kept, HISTORY, &count));
  ck_assert_ptr_null(kept[0].results[OW_REVERSE].histogram);
  ck_assert(ow_board_read_whole(board, "far", &view, kept, HISTORY, &count));
  ck_assert_uint_eq(count, HISTORY);
  ck_assert_int_eq(ow_board_mirror(copy, &view, kept, count), OW_OK);
  put(board, "far");
  ow_board_free(board);
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(ow_histogram_entries(kept[i].results[OW_REVERSE].histogram), 1);
    ow_interval_drop(&kept[i]);
  }
  ck_assert(ow_board_read_whole(copy, "far", &view, kept, 1, &count));
  ck_assert_uint_eq(kept[0].number, HISTORY + 2);
  ck_assert_uint_eq(ow_histogram_entries(kept[0].results[OW_REVERSE].histogram), 1);
  ow_interval_drop(&kept[0]);
  ck_assert(!ow_board_read_whole(copy, "nobody", &view, kept, 1, &count));
  ow_board_free(copy);
}
END_TEST

START_TEST(a_state_keeps_the_time_since_when)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_stream_view view = view_named("a");
  struct ow_stream_view read;
  put(board, "a");
  view.state = OW_STREAM_DOWN;
  view.status = OW_NETWORK;
  snprintf(view.reason, sizeof view.reason, "Connection refused");
  ow_board_set_state(board, &view, NOW);
  snprintf(view.reason, sizeof view.reason, "No route to host");
  ow_board_set_state(board, &view, LATER);
  ck_assert(ow_board_view(board, "a", &read));
  ck_assert_uint_eq(read.since.ntp, NOW.ntp);
  ck_assert_str_eq(read.reason, "No route to host");
  ck_assert_str_eq(read.host, "host-of-a");
  view.state = OW_STREAM_UP;
  ow_board_set_state(board, &view, LATER);
  ck_assert(ow_board_view(board, "a", &read));
  ck_assert_uint_eq(read.since.ntp, LATER.ntp);
  view = view_named("nobody");
  ow_board_set_state(board, &view, NOW);
  ck_assert(!ow_board_view(board, "nobody", &read));
  ow_board_free(board);
}
END_TEST

START_TEST(a_stream_that_is_put_again_begins_anew)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_stream_view view;
  put(board, "a");
  add(board, "a", 7);
  put(board, "a");
  ck_assert(ow_board_view(board, "a", &view));
  ck_assert_uint_eq(view.newest, 0);
  ck_assert_uint_eq(view.totals[OW_FORWARD].sent, 0);
  add(board, "a", 1);
  ck_assert(ow_board_view(board, "a", &view));
  ck_assert_uint_eq(view.newest, 1);
  ow_board_free(board);
}
END_TEST

START_TEST(a_mirror_takes_each_interval_once)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_stream_view view = view_named("a");
  struct ow_stream_view read;
  struct ow_interval some[] = {interval_numbered(5), interval_numbered(6), interval_numbered(7)};
  view.newest = 7;
  view.intervals = 7;
  view.totals[OW_REVERSE].lost = 99;
  ck_assert_int_eq(ow_board_mirror(board, &view, some, 2), OW_OK);
  ck_assert_int_eq(ow_board_mirror(board, &view, some, 3), OW_OK);
  struct ow_interval kept[HISTORY];
  ck_assert_uint_eq(test_board_intervals(board, "a", 0, kept, HISTORY), 3);
  ck_assert(ow_board_view(board, "a", &read));
  ck_assert_uint_eq(read.newest, 7);
  ck_assert_uint_eq(read.totals[OW_REVERSE].lost, 99);
  view.newest = 1; /* the other process began anew */
  some[0].number = 1;
  ck_assert_int_eq(ow_board_mirror(board, &view, some, 1), OW_OK);
  ck_assert_uint_eq(test_board_intervals(board, "a", 0, kept, HISTORY), 1);
  ck_assert_uint_eq(kept[0].number, 1);
  ow_board_free(board);
}
END_TEST

/* Numbers that are ahead of those here, but another stream's. */
START_TEST(a_mirror_keeps_nothing_of_another_stream)
{
  struct ow_board *board = ow_board_create(HISTORY);
  struct ow_stream_view view = view_named("a");
  struct ow_interval some[] = {interval_numbered(1), interval_numbered(2), interval_numbered(3)};
  struct ow_interval kept[HISTORY];
  view.newest = 2;
  ck_assert_int_eq(ow_board_mirror(board, &view, some, 2), OW_OK);
  view.newest = 3;
  some[1].begin = some[2].begin = NOW;
  ck_assert_int_eq(ow_board_mirror(board, &view, &some[1], 2), OW_OK);
  ck_assert_uint_eq(test_board_intervals(board, "a", 0, kept, HISTORY), 2);
  ck_assert_uint_eq(kept[0].begin.ntp, NOW.ntp);
  ow_board_free(board);
}
END_TEST

/* ---- threads ---- */

enum { WRITES = 20000, READERS = 3, STREAMS = 8 };

struct shared {
  struct ow_board *board;
  atomic_bool done;
};

static void *write_intervals(void *argument)
{
  struct shared *shared = argument;
  char name[OW_STREAM_NAME];
  for (uint64_t i = 0; i < WRITES; i++) {
    snprintf(name, sizeof name, "s%u", (unsigned)(i % STREAMS));
    add(shared->board, name, i / STREAMS + 1);
  }
  atomic_store(&shared->done, true);
  return NULL;
}

/* A row is never half old and half new. */
static void *read_rows(void *argument)
{
  struct shared *shared = argument;
  struct ow_interval kept[HISTORY];
  struct ow_stream_view view;
  size_t wrong = 0;
  size_t count = 0;
  while (!atomic_load(&shared->done)) {
    count = test_board_intervals(shared->board, "s3", 0, kept, HISTORY);
    for (size_t i = 1; i < count; i++)
      wrong += kept[i].number != kept[i - 1].number + 1;
    if (ow_board_view(shared->board, "s3", &view))
      wrong += view.totals[OW_FORWARD].sent != view.intervals * 10 || view.newest != view.intervals;
    if (ow_board_read_last(shared->board, "s3", &view, kept, HISTORY, &count) && count)
      wrong += kept[count - 1].number != view.newest;
  }
  return wrong ? argument : NULL;
}

START_TEST(readers_see_whole_rows_while_another_thread_writes)
{
  struct shared shared = {.board = ow_board_create(HISTORY)};
  pthread_t writer;
  pthread_t readers[READERS];
  for (unsigned i = 0; i < STREAMS; i++) {
    char name[OW_STREAM_NAME];
    snprintf(name, sizeof name, "s%u", i);
    put(shared.board, name);
  }
  for (int i = 0; i < READERS; i++)
    ck_assert_int_eq(pthread_create(&readers[i], NULL, read_rows, &shared), 0);
  ck_assert_int_eq(pthread_create(&writer, NULL, write_intervals, &shared), 0);
  pthread_join(writer, NULL);
  for (int i = 0; i < READERS; i++) {
    void *wrong;
    pthread_join(readers[i], &wrong);
    ck_assert_ptr_null(wrong);
  }
  ow_board_free(shared.board);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("results: board");
  TEST_CASE(suite, "streams and intervals", names_are_sorted_and_counted,
            the_last_intervals_are_kept_and_all_are_counted, view_and_intervals_are_read_together,
            a_state_keeps_the_time_since_when, histograms_are_shared, a_stream_that_is_put_again_begins_anew,
            a_mirror_takes_each_interval_once, a_mirror_keeps_nothing_of_another_stream);
  TEST_CASE(suite, "threads", readers_see_whole_rows_while_another_thread_writes);
  return test_run(suite);
}
