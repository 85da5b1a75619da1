/* SPDX-License-Identifier: MIT */
/* The thread that streams run in, each allocation failing in turn. (What they measure: sim_memory_test.c.) */
#include <stdio.h>
#include <string.h>

#include "stream/stream.h"
#include "support/failing_memory.h"
#include "support/main.h"

static void expect_memory(bool well, const struct ow_failure *failure)
{
  ck_assert(well || test_memory_failed());
  if (!well)
    ck_assert_msg(failure->status == OW_MEMORY && strstr(failure->text, "memory"), "run %u: %s",
                  test_memory_run(), failure->text);
}

/* One that could not be added is not on the board, and can be added again. */
static void add_stream(struct ow_streams *streams, const struct ow_board *board)
{
  struct ow_stream_config config;
  struct ow_failure failure = {.text = ""};
  ow_stream_defaults(&config);
  snprintf(config.name, sizeof config.name, "peer");
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.1");
  enum ow_status status = ow_streams_add(streams, &config, &failure);
  expect_memory(status == OW_OK, &failure);
  ck_assert_uint_eq(ow_board_count(board), status == OW_OK);
  if (status != OW_OK)
    ck_assert_int_eq(ow_streams_add(streams, &config, &failure), OW_OK);
  ck_assert(ow_streams_remove(streams, "peer"));
}

static void life(void)
{
  struct ow_failure failure = {.text = ""};
  test_memory_scarce(false);
  struct ow_board *board = ow_board_create(1);
  test_memory_scarce(true);
  struct ow_streams *streams = ow_streams_create(board, NULL, &failure);
  expect_memory(streams != NULL, &failure);
  if (streams)
    add_stream(streams, board);
  ow_streams_free(streams);
  ow_board_free(board);
}

START_TEST(streams_say_that_memory_is_short)
{
  test_memory_exhaust("streams", life);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams' life without memory");
  TEST_CASE(suite, "life", streams_say_that_memory_is_short);
  return test_run(suite);
}
