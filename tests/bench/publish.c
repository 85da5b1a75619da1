/* SPDX-License-Identifier: MIT */
/* A query socket with many peers, as a daemon that measures them would have it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "query/query.h"

static struct ow_timestamp now(void)
{
  struct timespec moment;
  clock_gettime(CLOCK_REALTIME, &moment);
  return ow_timestamp_from_unix(moment);
}

/* 60 packets each way, `ms` milliseconds, one lost on the way back. */
static void fill(struct ow_interval *interval, int64_t ms)
{
  enum { PACKETS = 60 };
  int64_t delay = ms * OW_NS_PER_MS;
  int64_t delays[PACKETS];
  for (int i = 0; i < PACKETS; i++)
    delays[i] = delay;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval->results[d] = (struct ow_result){
        .completeness = OW_RESULT_COMPLETE,
        .begin = interval->begin,
        .end = interval->end,
        .sent = 60,
        .received = d == OW_REVERSE ? 59 : 60,
        .lost = d == OW_REVERSE ? 1 : 0,
        .longest_loss_run = d == OW_REVERSE ? 1 : 0,
        .delay = {delay, delay, delay, delay, delay, delay},
        .clock = {true, true, 1000, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false},
        .has_ipdv = true,
        .ipdv_pairs = 58,
        .histogram = ow_histogram_of(delays, d == OW_REVERSE ? PACKETS - 1 : PACKETS),
    };
}

/* "peer-1" takes 1 ms, "peer-2" 2 ms ...; the newest of five intervals has just ended. */
static enum ow_status put_peer(struct ow_board *board, int number)
{
  struct ow_stream_view view = {
      .host = "far.example.net", .port = "861", .directions = {true, true}, .interval = 60 * OW_NS_PER_S};
  snprintf(view.name, sizeof view.name, "peer-%d", number);
  enum ow_status status = ow_board_put_stream(board, &view);
  view.state = OW_STREAM_UP;
  view.mode = OW_MODE_OPEN;
  if (status == OW_OK)
    ow_board_set_state(board, &view, now());
  for (int i = 4; i >= 0 && status == OW_OK; i--) {
    struct ow_interval interval = {.number = (uint64_t)(5 - i), .mode = OW_MODE_OPEN};
    interval.end = ow_timestamp_plus(now(), -i * view.interval);
    interval.begin = ow_timestamp_plus(interval.end, -view.interval);
    fill(&interval, number);
    ow_board_add_interval(board, view.name, &interval);
    ow_interval_drop(&interval);
  }
  return status;
}

int bench_publish(char **arguments)
{
  const struct ow_query_options options = {.path = arguments[0], .permissions = 0660};
  struct ow_failure failure = {.text = "no memory"};
  struct ow_board *board = ow_board_create(5);
  struct ow_query_server *server = NULL;
  int peers = atoi(arguments[1]);
  for (int i = 1; i <= peers && board; i++)
    if (put_peer(board, i) != OW_OK)
      return EXIT_FAILURE;
  if (board)
    server = ow_query_publish(board, &options, NULL, &failure);
  if (server) {
    printf("published %zu peers\n", ow_board_count(board));
    fflush(stdout);
    while (getchar() != EOF)
      continue;
  } else {
    fprintf(stderr, "%s\n", failure.text);
  }
  ow_query_unpublish(server);
  ow_board_free(board);
  return server ? EXIT_SUCCESS : EXIT_FAILURE;
}
