/* SPDX-License-Identifier: MIT */
/* N streams as collectd and owamp-agentx run them, by any protocol: what they cost, lose and tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "stream/stream.h"

enum { CLIENTS = 2 };           /* addresses and keys that take turns, as in `sessions` */
#define POLL 0.1                /* s */
#define PATIENCE 90.0           /* s until all streams run */
#define LOSS_TIMEOUT 1000000000 /* ns */
#define RESULT_AFTER 2.0        /* s behind its loss timeout by which an interval's result is there */

struct arguments {
  const char *address, *port;
  int responder;
  enum ow_protocol protocol;
  const char *mode;
  unsigned count;
  double pace, interval;
  const char *key_file;
  int64_t link; /* ns */
  char *const *sources;
};

struct told {
  unsigned up, ended; /* streams that run; that have an interval */
  uint64_t intervals, failed;
  uint64_t packets, lost, unknown, skipped;
  struct spread off[OW_DIRECTIONS], stated[OW_DIRECTIONS]; /* of the medians of the last intervals */
  char reason[OW_FAILURE_TEXT];
};

static void wait_for(double seconds)
{
  struct timespec pause = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)};
  nanosleep(&pause, NULL);
}

static void describe(struct ow_stream_config *config, const struct arguments *arguments, unsigned number)
{
  static const char *const keys[CLIENTS] = {"bench", "bench-2"};
  struct ow_peer *peer = &config->peer;
  ow_stream_defaults(config);
  snprintf(config->name, sizeof config->name, "stream-%u", number);
  config->interval = (int64_t)(arguments->interval * 1e9);
  peer->protocol = arguments->protocol;
  snprintf(peer->host, sizeof peer->host, "%s", arguments->address);
  snprintf(peer->port, sizeof peer->port, "%s", arguments->port);
  snprintf(peer->source, sizeof peer->source, "%s", arguments->sources[number % CLIENTS]);
  use_mode(peer, arguments->mode, arguments->key_file, keys[number % CLIENTS]);
  if (peer->protocol == OW_PROTOCOL_STAMP && peer->modes != OW_MODE_OPEN)
    peer->ssid = 9; /* which the responder lists with a key */
  peer->slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns((int64_t)(1e9 / arguments->pace))};
  peer->slot_count = 1;
  peer->loss_timeout = LOSS_TIMEOUT;
}

static void note_interval(struct told *told, const struct arguments *arguments,
                          const struct ow_interval *interval)
{
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &interval->results[d];
    if (result->completeness != OW_RESULT_ABSENT && result->received > 0) {
      spread_add(&told->off[d], (double)(result->delay.median - arguments->link));
      spread_add(&told->stated[d], (double)result->clock.error_ns);
    }
  }
}

static void note_stream(struct told *told, const struct arguments *arguments, struct ow_board *board,
                        unsigned number)
{
  char name[OW_STREAM_NAME];
  struct ow_stream_view view;
  struct ow_interval last;
  size_t count;
  snprintf(name, sizeof name, "stream-%u", number);
  if (!ow_board_read_last(board, name, &view, &last, 1, &count))
    give_up("%s is not on the board", name);
  told->up += view.state == OW_STREAM_UP;
  told->ended += count > 0;
  told->intervals += view.intervals;
  told->failed += view.failed;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    told->packets += view.totals[d].sent;
    told->lost += view.totals[d].lost;
    told->unknown += view.totals[d].loss_unknown;
    told->skipped += view.totals[d].skipped;
  }
  if (count > 0)
    note_interval(told, arguments, &last);
  if (view.reason[0])
    snprintf(told->reason, sizeof told->reason, "%s", view.reason);
}

static struct told look(const struct arguments *arguments, struct ow_board *board)
{
  struct told told = {0};
  for (unsigned i = 0; i < arguments->count; i++)
    note_stream(&told, arguments, board, i);
  return told;
}

static void drop(struct told *told)
{
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    free(told->off[d].values);
    free(told->stated[d].values);
  }
}

/* Until all run; how long that took. */
static double start(const struct arguments *arguments, struct ow_board *board)
{
  double begin = monotonic_seconds();
  struct told told;
  do {
    wait_for(POLL);
    told = look(arguments, board);
    drop(&told);
    if (monotonic_seconds() - begin > PATIENCE)
      give_up("%u of %u streams run: %s", told.up, arguments->count, told.reason);
  } while (told.up < arguments->count);
  return monotonic_seconds() - begin;
}

static void report(const struct arguments *arguments, struct told *told, const struct usage near[2],
                   const struct usage far[2], double seconds, double started)
{
  double packets = arguments->count * arguments->pace * 2 * seconds; /* both ways: the one-way samples */
  printf("{\"protocol\": \"%s\", \"mode\": \"%s\", \"streams\": %u, \"pace\": %g, \"started_s\": %.1f, ",
         ow_protocol_word(arguments->protocol), arguments->mode, arguments->count, arguments->pace, started);
  printf("\"intervals\": %lu, \"failed\": %lu, \"packets\": %lu, \"lost\": %lu, \"loss_unknown\": %lu, "
         "\"skipped\": %lu, ",
         (unsigned long)told->intervals, (unsigned long)told->failed, (unsigned long)told->packets,
         (unsigned long)told->lost, (unsigned long)told->unknown, (unsigned long)told->skipped);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    printf("\"%s\": {", ow_direction_name((enum ow_direction)d));
    spread_print(&told->off[d], "off_us", 1e-3);
    spread_print(&told->stated[d], "stated_us", 1e-3);
    printf("\"link_us\": %.3f}, ", (double)arguments->link / 1e3);
  }
  printf("\"packets_a_second\": %.0f, \"cores\": {\"near\": %.4f, \"far\": %.4f}, ", packets / seconds,
         (near[1].cpu - near[0].cpu) / seconds, (far[1].cpu - far[0].cpu) / seconds);
  printf("\"cpu_us_per_sample\": {\"near\": %.3f, \"far\": %.3f}, ",
         (near[1].cpu - near[0].cpu) * 1e6 / packets, (far[1].cpu - far[0].cpu) * 1e6 / packets);
  printf("\"memory\": {\"near\": %.0f, \"far\": %.0f}", near[1].memory, far[1].memory);
  if (told->failed)
    printf(", \"failure\": \"%s\"", told->reason);
  puts("}");
}

static enum ow_protocol protocol_called(const char *word)
{
  int protocol = OW_PROTOCOL_OWAMP;
  while (protocol < OW_PROTOCOL_TWAMP && strcmp(word, ow_protocol_word((enum ow_protocol)protocol)) != 0)
    protocol++;
  return (enum ow_protocol)protocol;
}

static void add_streams(const struct arguments *arguments, struct ow_streams *streams)
{
  struct ow_failure failure;
  for (unsigned i = 0; i < arguments->count; i++) {
    static struct ow_stream_config config;
    describe(&config, arguments, i);
    if (ow_stream_check(&config, &failure) != OW_OK || ow_streams_add(streams, &config, &failure) != OW_OK)
      give_up("%s", failure.text);
  }
}

/* ADDRESS PORT RESPONDER-PID PROTOCOL MODE STREAMS PACKETS-A-SECOND INTERVAL-SECONDS KEY-FILE LINK-NS SOURCE
 * SOURCE */
int bench_streams(char **given)
{
  struct ow_failure failure;
  const struct arguments arguments = {.address = given[0],
                                      .port = given[1],
                                      .responder = atoi(given[2]),
                                      .protocol = protocol_called(given[3]),
                                      .mode = given[4],
                                      .count = (unsigned)atoi(given[5]),
                                      .pace = atof(given[6]),
                                      .interval = atof(given[7]),
                                      .key_file = given[8],
                                      .link = atoll(given[9]),
                                      .sources = &given[10]};
  struct usage near[2], far[2];
  struct ow_board *board = ow_board_create(2);
  struct ow_streams *streams = board ? ow_streams_create(board, NULL, &failure) : NULL;
  if (!streams)
    give_up("no streams");
  add_streams(&arguments, streams);
  double started = start(&arguments, board);
  double begin = monotonic_seconds();
  near[0] = usage_of(0);
  far[0] = usage_of(arguments.responder);
  wait_for(arguments.interval); /* each stream is asked for one interval in it */
  near[1] = usage_of(0);
  far[1] = usage_of(arguments.responder);
  double seconds = monotonic_seconds() - begin;
  wait_for(LOSS_TIMEOUT / 1e9 + RESULT_AFTER);
  struct told told = look(&arguments, board);
  report(&arguments, &told, near, far, seconds, started);
  return EXIT_SUCCESS; /* the kernel frees all that at once */
}
