/* SPDX-License-Identifier: MIT */
/*
 * bench_query [STREAMS]: what a query socket costs when that many streams (1000) are published. Prints,
 * asserts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "query/query.h"

enum { GETS = 2000, FOLLOW_GIVE_UP_MS = 30000 };

static double seconds(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *what)
{
  fprintf(stderr, "bench_query: %s\n", what);
  exit(EXIT_FAILURE);
}

static const char *name_of(char out[OW_STREAM_NAME], int number)
{
  snprintf(out, OW_STREAM_NAME, "peer%06d.example.net", number);
  return out;
}

static void add_interval(struct ow_board *board, int number, uint64_t serial)
{
  char name[OW_STREAM_NAME];
  struct ow_interval interval = {.number = serial, .begin.ntp = serial << 38, .end.ntp = (serial + 1) << 38};
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval.results[d] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                             .sent = 60,
                                             .received = 60,
                                             .jitter = 12345,
                                             .pdv = 23456,
                                             .has_ipdv = true,
                                             .ipdv = 3456,
                                             .delay = {1234567, 2345678, 2234567, 3456789, 4567890, 5678901}};
  ow_board_add_interval(board, name_of(name, number), &interval);
}

static struct ow_board *fill(int streams)
{
  struct ow_board *board = ow_board_create(10);
  for (int i = 0; board && i < streams; i++) {
    struct ow_stream_view view = {.host = "peer.example.net", .port = "861", .directions = {true, true}};
    name_of(view.name, i);
    if (ow_board_put_stream(board, &view) != OW_OK)
      stop("no memory");
    for (uint64_t n = 1; n <= 10; n++)
      add_interval(board, i, n);
  }
  return board;
}

static int by_size(const void *a, const void *b)
{
  double difference = *(const double *)a - *(const double *)b;
  return difference < 0 ? -1 : difference > 0;
}

/* Each with a connection of its own, as check_owamp does. */
static void bench_get(const char *path, int streams)
{
  static double times[GETS];
  struct ow_failure failure = {.text = ""};
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < GETS; i++) {
    char name[OW_STREAM_NAME];
    struct ow_stream_view view;
    struct ow_interval interval;
    size_t got;
    double begin = seconds(CLOCK_MONOTONIC);
    if (ow_query_get(path, name_of(name, i % streams), OW_NS_PER_S, &view, &interval, 1, &got, &failure) !=
        OW_OK)
      stop(failure.text);
    times[i] = seconds(CLOCK_MONOTONIC) - begin;
    ow_interval_drop(&interval);
  }
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  qsort(times, GETS, sizeof *times, by_size);
  printf("  get, %d streams, %d times (microseconds): median %.0f  p99 %.0f  max %.0f  processor, both ends "
         "%.0f\n",
         streams, GETS, times[GETS / 2] * 1e6, times[GETS * 99 / 100] * 1e6, times[GETS - 1] * 1e6,
         cpu / GETS * 1e6);
}

static bool all_there(const struct ow_board *copy, int streams, uint64_t newest)
{
  char name[OW_STREAM_NAME];
  struct ow_stream_view view;
  bool there = ow_board_count(copy) == (size_t)streams;
  for (int i = 0; i < streams && there; i++)
    there = ow_board_view(copy, name_of(name, i), &view) && view.newest == newest;
  return there;
}

static double until_all_there(const struct ow_board *copy, int streams, uint64_t newest)
{
  double begin = seconds(CLOCK_MONOTONIC);
  for (int i = 0; !all_there(copy, streams, newest); i++) {
    if (i > FOLLOW_GIVE_UP_MS)
      stop("the mirror doesn't follow");
    usleep(1000);
  }
  return seconds(CLOCK_MONOTONIC) - begin;
}

static void bench_follow(struct ow_board *board, const char *path, int streams)
{
  struct ow_failure failure = {.text = ""};
  struct ow_board *copy = ow_board_create(10);
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  struct ow_query_mirror *mirror = copy ? ow_query_follow(path, copy, NULL, &failure) : NULL;
  if (!mirror)
    stop(failure.text);
  double took = until_all_there(copy, streams, 10);
  printf("  mirror, %d streams x 10 intervals: caught up in %.0f ms", streams, took * 1e3);
  printf(", processor, both ends %.0f ms\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3);
  for (int i = 0; i < streams; i++)
    add_interval(board, i, 11);
  took = until_all_there(copy, streams, 11);
  printf("  a new interval of each: seen after %.0f ms, asked for once a second\n", took * 1e3);
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  sleep(5);
  printf("  nothing new: %.2f %% of a processor, both ends\n",
         (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 5 * 100);
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < 100; i++) {
    add_interval(board, i * streams / 100, 12);
    usleep(50000);
  }
  printf("  20 new intervals a second: %.2f %% of a processor, both ends\n",
         (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 5 * 100);
  ow_query_unfollow(mirror);
  ow_board_free(copy);
}

int main(int argc, char **argv)
{
  char folder[] = "/tmp/owamp-bench-XXXXXX";
  char path[64];
  int streams = argc > 1 ? atoi(argv[1]) : 1000;
  struct ow_failure failure = {.text = ""};
  if (streams < 1 || !mkdtemp(folder))
    stop("usage: bench_query [STREAMS], and /tmp must be writable");
  snprintf(path, sizeof path, "%s/query.sock", folder);
  struct ow_board *board = fill(streams);
  struct ow_query_options options = {.path = path, .permissions = 0600};
  struct ow_query_server *server = board ? ow_query_publish(board, &options, NULL, &failure) : NULL;
  if (!server)
    stop(failure.text);
  printf("query socket:\n");
  bench_get(path, streams);
  bench_follow(board, path, streams);
  ow_query_unpublish(server);
  ow_board_free(board);
  rmdir(folder);
  return EXIT_SUCCESS;
}
