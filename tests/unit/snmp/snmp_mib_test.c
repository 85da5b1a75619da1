/* SPDX-License-Identifier: MIT */
/* The order of rows, GET and GETNEXT, values, and the life of a row: without SNMP. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib.h"
#include "notify_queue.h"
#include "peer_set.h"
#include "row_text.h"
#include "support/main.h"

static struct ow_board *board;
static struct peers peers;
static struct mib mib;
static size_t started, stopped, noticed;

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  (void)failure;
  struct ow_stream_view view = {.interval = peer->config.stream.interval, .directions = {true, true}};
  memcpy(view.name, peer->stream, sizeof view.name);
  started++;
  return ow_board_put_stream(board, &view);
}

static void stop(void *context, const struct peer *peer)
{
  (void)context;
  ow_board_remove_stream(board, peer->stream);
  stopped++;
}

static void notice(void *context, const struct notice *told)
{
  (void)context;
  (void)told;
  noticed++;
}

static void open_all(void)
{
  struct peers_host host = {NULL, start, stop, notice};
  board = ow_board_create(3);
  ck_assert_ptr_nonnull(board);
  peers_init(&peers, &host, board, 3);
  peers.changed = true;
  mib = (struct mib){.peers = &peers, .now = {.tv_sec = 1800000000}};
  started = stopped = noticed = 0;
}

static void close_all(void)
{
  mib_clear(&mib);
  peers_clear(&peers);
  ow_board_free(board);
}

static struct peer *add(const char *owner, const char *name)
{
  struct peer *peer = NULL;
  struct ow_failure failure = {0};
  ck_assert_int_eq(peers_add(&peers, owner, name, PEER_OF_FILE, &peer, &failure), OW_OK);
  ck_assert_int_eq(peer_config_set(&peer->config, "host", "192.0.2.1", &failure), OW_OK);
  peer_start(&peers, peer, (struct ow_timestamp){1});
  return peer;
}

static void measure(const char *name, uint64_t number, uint32_t received)
{
  struct ow_interval interval = {.number = number, .mode = OW_MODE_OPEN};
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    interval.results[i] = (struct ow_result){
        .completeness = OW_RESULT_COMPLETE, .sent = 10, .received = received, .lost = 10 - received};
    interval.results[i].delay.p95 = -1500;
  }
  ow_board_add_interval(board, name, &interval);
}

static void refresh(void)
{
  peers_refresh(&peers, (struct ow_timestamp){2});
  ck_assert(mib_update(&mib));
}

START_TEST(order_is_that_of_lengths)
{
  add("", "aa");
  add("", "b");
  add("", "a");
  add("z", "a");
  refresh();
  ck_assert_str_eq(peers.list[0]->stream, "a");
  ck_assert_str_eq(peers.list[1]->stream, "b");
  ck_assert_str_eq(peers.list[2]->stream, "aa");
  ck_assert_str_eq(peers.list[3]->stream, "z:a");
}
END_TEST

/* Walk everything: identifiers rise, GET agrees with GETNEXT, and presence with the value. */
START_TEST(walk_agrees_with_get)
{
  unsigned long at[MIB_OID_MOST];
  unsigned long next[MIB_OID_MOST];
  size_t count = 0;
  size_t seen = 0;
  struct mib_value value, again;
  bool object;
  for (const char *name = "abcde"; *name; name++)
    add("", (char[]){*name, '\0'});
  measure("b", 1, 10);
  measure("b", 2, 0);
  measure("d", 7, 5);
  refresh();
  for (size_t length; (length = mib_next(&mib, at, count, next, &value)) > 0; seen++) {
    ck_assert_int_gt(mib_compare(next, length, at, count), 0);
    memcpy(at, next, length * sizeof *at);
    count = length;
    ck_assert(mib_get(&mib, at, count, &again, &object));
    ck_assert_int_eq(memcmp(&value, &again, sizeof value), 0);
  }
  ck_assert_uint_gt(seen, 200);
}
END_TEST

START_TEST(absent_is_absent)
{
  struct mib_value value;
  bool object;
  add("", "b");
  measure("b", 1, 10);
  refresh();
  const unsigned long p95[] = {MIB_RESULTS, 1, MIB_RESULT_DELAY_P95, 0, 1, 'b', 1};
  ck_assert(mib_get(&mib, p95, 7, &value, &object));
  ck_assert_int_eq(value.integer, -2);
  measure("b", 2, 0);
  refresh();
  ck_assert(!mib_get(&mib, p95, 7, &value, &object));
  ck_assert(object);
  const unsigned long sent[] = {MIB_RESULTS, 1, MIB_RESULT_SENT, 0, 1, 'b', 1};
  ck_assert(mib_get(&mib, sent, 7, &value, &object));
  ck_assert_uint_eq(value.gauge, 10);
}
END_TEST

START_TEST(microseconds_are_rounded_and_clamped)
{
  ck_assert_int_eq(mib_microseconds(499), 0);
  ck_assert_int_eq(mib_microseconds(-500), -1);
  ck_assert_int_eq(mib_microseconds(INT64_MAX), INT32_MAX);
  ck_assert_int_eq(mib_microseconds(INT64_MIN), INT32_MIN);
  ck_assert_uint_eq(mib_microseconds_up(1), 1);
  ck_assert_uint_eq(mib_loss_ratio(1, 3), 33333);
}
END_TEST

static enum set_error set_one(unsigned long column, struct mib_value value)
{
  const unsigned long name[] = {column, 1, 'o', 1, 'n'};
  struct set_variable variable = {name, 5, value};
  struct peer_set set;
  size_t wrong;
  enum set_error error = peer_set_check(&set, &peers, &variable, 1, &wrong);
  if (error == SET_OK)
    ck_assert(peer_set_apply(&set, (struct ow_timestamp){3}));
  peer_set_finish(&set);
  return error;
}

START_TEST(life_of_a_row)
{
  ck_assert_int_eq(set_one(MIB_PEER_PORT, mib_gauge(1)), SET_INCONSISTENT_NAME);
  ck_assert_int_eq(set_one(MIB_PEER_ROW_STATUS, mib_integer(ROW_CREATE_AND_GO)), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_one(MIB_PEER_ROW_STATUS, mib_integer(ROW_CREATE_AND_WAIT)), SET_OK);
  ck_assert_int_eq(peers_find(&peers, "o", "n")->status, ROW_NOT_READY);
  ck_assert_int_eq(set_one(MIB_PEER_ROW_STATUS, mib_integer(ROW_ACTIVE)), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_one(MIB_PEER_PORT, mib_gauge(0)), SET_WRONG_VALUE);
  ck_assert_int_eq(set_one(MIB_PEER_PORT, mib_integer(5)), SET_WRONG_TYPE);
  ck_assert_int_eq(set_one(MIB_PEER_STATE, mib_integer(1)), SET_NOT_WRITABLE);
  ck_assert_uint_eq(started, 0);
  ck_assert_int_eq(set_one(MIB_PEER_ROW_STATUS, mib_integer(ROW_DESTROY)), SET_OK);
  ck_assert_ptr_null(peers_find(&peers, "o", "n"));
}
END_TEST

START_TEST(undo_puts_all_back)
{
  struct peer_set set;
  size_t wrong;
  const unsigned long status[] = {MIB_PEER_ROW_STATUS, 0, 1, 'n'};
  struct set_variable variable = {status, 4, mib_integer(ROW_CREATE_AND_WAIT)};
  ck_assert_int_eq(peer_set_check(&set, &peers, &variable, 1, &wrong), SET_OK);
  ck_assert(peer_set_apply(&set, (struct ow_timestamp){3}));
  ck_assert_ptr_nonnull(peers_find(&peers, "", "n"));
  peer_set_undo(&set, (struct ow_timestamp){3});
  peer_set_finish(&set);
  ck_assert_ptr_null(peers_find(&peers, "", "n"));
}
END_TEST

START_TEST(notices_are_bounded)
{
  struct notify_queue queue;
  struct notice told = {.kind = NOTICE_PEER_DOWN};
  size_t sent = 0;
  ck_assert(notify_queue_init(&queue, 0));
  for (int i = 0; i < NOTIFY_QUEUE + 5; i++)
    notify_queue_put(&queue, &told);
  ck_assert_uint_eq(queue.dropped, 5);
  while (notify_queue_take(&queue, 0, &told))
    sent++;
  ck_assert_uint_eq(sent, NOTIFY_BURST);
  while (notify_queue_take(&queue, OW_NS_PER_S, &told))
    sent++;
  ck_assert_uint_eq(sent, NOTIFY_BURST + NOTIFY_RATE);
  notify_queue_clear(&queue);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp_mib");
  TCase *test_case = tcase_create("mib");
  tcase_add_checked_fixture(test_case, open_all, close_all);
  tcase_add_test(test_case, order_is_that_of_lengths);
  tcase_add_test(test_case, walk_agrees_with_get);
  tcase_add_test(test_case, absent_is_absent);
  tcase_add_test(test_case, microseconds_are_rounded_and_clamped);
  tcase_add_test(test_case, life_of_a_row);
  tcase_add_test(test_case, undo_puts_all_back);
  tcase_add_test(test_case, notices_are_bounded);
  suite_add_tcase(suite, test_case);
  return test_run(suite);
}
