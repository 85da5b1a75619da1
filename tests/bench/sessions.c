/* SPDX-License-Identifier: MIT */
/* N concurrent measurements, both directions, in one loop, all sending in the same seconds. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "bench.h"
#include "config/peer_options.h"
#include "measure/measurement.h"
#include "schedule/schedule.h"

enum {
  OPENING_AT_ONCE = 32,
  CLIENTS = 2, /* addresses and keys that take turns: a responder leaves a quarter of its room to others */
};
#define ONE_WAY 20000 /* packets a second, from which on only forward ones are sent: two cores do no more */
#define SETTLE (1500 * OW_NS_PER_MS) /* after the start and before the end: not measured */
#define LINK_FROM_INPUT INT64_MIN

struct run;

struct one {
  struct ow_client_connection control;
  struct ow_measurement measurement;
  struct run *run;
  bool told; /* that it has started, or can't */
};

struct run {
  struct ow_peer peers[CLIENTS];
  union ow_address sources[CLIENTS];
  union ow_address server;
  struct ow_loop *loop;
  struct ow_traffic traffic;
  struct one *all;
  unsigned count, opened, started, done, failed;
  int responder; /* its process id */
  struct ow_timestamp start;
  int64_t length; /* ns that packets are sent for */
  struct ow_timer begin, end;
  struct usage near[2], far[2]; /* at the two moments */
  unsigned descriptors;         /* of the responder, at the second */
  double at[2];
  double set_up_from, set_up_to;
  struct ow_failure failure;
  struct spread lateness;
  struct spread error[OW_DIRECTIONS], off[OW_DIRECTIONS], stated[OW_DIRECTIONS]; /* off: the error, signed */
  uint64_t within[OW_DIRECTIONS];                                                /* what is stated */
  struct spread own[2]; /* forward, by the packet's own stamp: of packets that asked for theirs, and others */
  int64_t link;         /* ns: the true delay, from transmit stamp to receive stamp */
  uint64_t packets, lost, skipped;
};

static void open_next(struct run *run);

/* ---- results ---- */

/* It was measured meanwhile. */
static void await_link(struct run *run)
{
  if (run->link == LINK_FROM_INPUT && scanf("%" SCNd64, &run->link) != 1)
    give_up("standard input doesn't tell what the link takes");
}

static void note_error(struct run *run, enum ow_direction direction, const struct ow_sample *sample)
{
  double off = (double)(ow_sample_delay(sample) - run->link);
  double stated = (double)(ow_error_ns(sample->send_error) + ow_error_ns(sample->receive_error));
  spread_add(&run->off[direction], off);
  spread_add(&run->error[direction], fabs(off));
  spread_add(&run->stated[direction], stated);
  run->within[direction] += fabs(off) <= stated;
  if (direction == OW_FORWARD)
    spread_add(&run->own[sample->departed == OW_DEPARTED_CORRECTED], off + sample->stamped_before);
}

static void note_samples(struct run *run, enum ow_direction direction,
                         const struct ow_session_request *request, const struct ow_samples *samples)
{
  const struct ow_peer *peer = &run->peers[0];
  await_link(run);
  struct ow_schedule *schedule = ow_schedule_create(&request->sid, request->start, peer->slots,
                                                    peer->slot_count, &run->traffic.contexts);
  struct ow_timestamp *due = calloc(request->packets, sizeof *due);
  bool good = schedule && due;
  for (uint32_t i = 0; good && i < request->packets; i++)
    good = ow_schedule_next(schedule, &due[i]) == OW_OK;
  for (size_t i = 0; good && i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    if (!ow_sample_lost(&sample) && sample.sequence < request->packets) {
      spread_add(&run->lateness, (double)(ow_timestamp_difference(sample.sent, due[sample.sequence]) -
                                          sample.stamped_before));
      note_error(run, direction, &sample);
    }
  }
  free(due);
  ow_schedule_free(schedule);
}

/* The next may begin. */
static void tell_opened(struct one *one)
{
  if (!one->told) {
    one->told = true;
    open_next(one->run);
  }
}

static void on_done(struct ow_measurement *measurement, const struct ow_outcome *outcome)
{
  struct one *one = OW_CONTAINER_OF(measurement, struct one, measurement);
  struct run *run = one->run;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    run->packets += outcome->results[i].sent;
    run->lost += outcome->results[i].lost;
    run->skipped += outcome->results[i].skipped;
  }
  if (measurement->status != OW_OK) {
    run->failure = outcome->failure;
    run->failed++;
  } else {
    note_samples(run, OW_FORWARD, &measurement->ends.requests[OW_FORWARD],
                 &measurement->records.kept.samples);
    if (measurement->peer->directions[OW_REVERSE])
      note_samples(run, OW_REVERSE, &measurement->ends.requests[OW_REVERSE],
                   ow_receiver_samples(measurement->ends.receiver.receiver));
  }
  tell_opened(one);
  if (++run->done == run->count)
    ow_loop_stop(run->loop);
}

/* ---- the two moments ---- */

static void take_usage(struct run *run, int which)
{
  run->near[which] = usage_of(0);
  run->far[which] = usage_of(run->responder);
  run->at[which] = monotonic_seconds();
}

static void on_begin(struct ow_timer *timer)
{
  take_usage(OW_CONTAINER_OF(timer, struct run, begin), 0);
}

static void on_end(struct ow_timer *timer)
{
  struct run *run = OW_CONTAINER_OF(timer, struct run, end);
  take_usage(run, 1);
  run->descriptors = descriptors_of(run->responder);
}

/* ---- opening ---- */

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct one *one = connection->context;
  struct run *run = one->run;
  if (event->kind == OW_CLIENT_SET_UP) {
    one->measurement = (struct ow_measurement){.peer = &run->peers[(one - run->all) % CLIENTS],
                                               .traffic = &run->traffic,
                                               .control = connection,
                                               .done = on_done};
    ow_measurement_begin_until(&one->measurement, run->start, ow_timestamp_plus(run->start, run->length));
  } else if (one->measurement.traffic) {
    ow_measurement_event(&one->measurement, event);
    if (event->kind == OW_CLIENT_STARTED) {
      run->started++;
      run->set_up_to = monotonic_seconds();
      tell_opened(one);
    }
  } else {
    give_up("%s", event->failure.text);
  }
}

static void open_next(struct run *run)
{
  struct ow_failure failure;
  if (run->opened == run->count)
    return;
  unsigned client = run->opened % CLIENTS;
  struct one *one = &run->all[run->opened++];
  one->run = run;
  one->control.event = on_event;
  one->control.context = one;
  if (ow_client_connection_open(&one->control, run->loop, &run->peers[client], &run->server,
                                &run->sources[client], 60 * OW_NS_PER_S, &failure) != OW_OK)
    give_up("%s", failure.text);
}

static void plan(struct run *run)
{
  /* All are set up before the first packet: 4 ms each, at least 2 s. */
  struct ow_instant now = ow_loop_now(run->loop);
  int64_t lead = 2 * OW_NS_PER_S + run->count * 4 * OW_NS_PER_MS;
  run->start = ow_timestamp_plus(now.wall, lead);
  run->begin.expired = on_begin;
  run->end.expired = on_end;
  ow_timer_set(run->loop, &run->begin, now.monotonic + lead + SETTLE);
  ow_timer_set(run->loop, &run->end, now.monotonic + lead + run->length - SETTLE);
}

static void report(struct run *run, double pace)
{
  double seconds = run->at[1] - run->at[0];
  double packets = pace * 2 * run->count * seconds;
  printf("{\"sessions\": %u, \"failed\": %u, \"packets\": %lu, \"lost\": %lu, \"skipped\": %lu, ", run->count,
         run->failed, (unsigned long)run->packets, (unsigned long)run->lost, (unsigned long)run->skipped);
  printf("\"set_up_ms_each\": %.3f, ", (run->set_up_to - run->set_up_from) * 1e3 / run->count);
  spread_print(&run->lateness, "lateness_us", 1e-3);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    double count = run->off[d].count ? (double)run->off[d].count : 1;
    printf("\"%s\": {\"within\": %.4f, ", ow_direction_name((enum ow_direction)d),
           (double)run->within[d] / count);
    spread_print(&run->off[d], "off_us", 1e-3);
    spread_print(&run->error[d], "error_us", 1e-3);
    spread_print(&run->stated[d], "stated_us", 1e-3);
    printf("\"link_us\": %.3f}, ", (double)run->link / 1e3);
  }
  spread_print(&run->own[0], "asked_us", 1e-3);
  spread_print(&run->own[1], "unasked_us", 1e-3);
  printf("\"cores\": {\"near\": %.4f, \"far\": %.4f}, ", (run->near[1].cpu - run->near[0].cpu) / seconds,
         (run->far[1].cpu - run->far[0].cpu) / seconds);
  printf("\"cpu_us_per_packet\": {\"near\": %.3f, \"far\": %.3f}, ",
         (run->near[1].cpu - run->near[0].cpu) * 1e6 / packets,
         (run->far[1].cpu - run->far[0].cpu) * 1e6 / packets);
  printf("\"descriptors\": %u, ", run->descriptors);
  printf("\"memory\": {\"near\": %.0f, \"far\": %.0f}", run->near[1].memory, run->far[1].memory);
  if (run->failed)
    printf(", \"failure\": \"%s\"", run->failure.text);
  puts("}");
}

static void describe_client(struct run *run, int which, char **arguments)
{
  static const char *const keys[CLIENTS] = {"bench", "bench-2"};
  double pace = atof(arguments[5]);
  struct ow_peer *peer = &run->peers[which];
  ow_peer_defaults(peer);
  snprintf(peer->host, sizeof peer->host, "%s", arguments[0]);
  use_mode(peer, arguments[6], arguments[7], keys[which]);
  run->sources[which] = parse_address(arguments[9 + which], 0);
  peer->slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns((int64_t)(1e9 / pace))};
  peer->packets = (uint32_t)(atof(arguments[4]) * pace);
  peer->loss_timeout = 2 * OW_NS_PER_S;
  peer->directions[OW_REVERSE] = pace < ONE_WAY;
  peer->busy_wait = getenv("BUSY_WAIT") != NULL;
}

/* ADDRESS PORT RESPONDER-PID COUNT SECONDS PACKETS-A-SECOND MODE KEY-FILE LINK-NS SOURCE SOURCE; LINK-NS -:
 * read from standard input at the end */
int bench_sessions(char **arguments)
{
  struct ow_failure failure;
  static struct run run;
  for (int i = 0; i < CLIENTS; i++)
    describe_client(&run, i, arguments);
  run.server = parse_address(arguments[0], (uint16_t)atoi(arguments[1]));
  run.responder = atoi(arguments[2]);
  run.link = strcmp(arguments[8], "-") == 0 ? LINK_FROM_INPUT : atoll(arguments[8]);
  run.count = (unsigned)atoi(arguments[3]);
  run.length = (int64_t)(atof(arguments[4]) * 1e9);
  run.all = calloc(run.count, sizeof *run.all);
  run.loop = ow_loop_create(&failure);
  if (!run.all || !run.loop || ow_traffic_open(&run.traffic, run.loop) != OW_OK)
    give_up("no memory");
  plan(&run);
  run.set_up_from = monotonic_seconds();
  for (int i = 0; i < OPENING_AT_ONCE; i++)
    open_next(&run);
  if (ow_loop_run(run.loop, &failure) != OW_OK)
    give_up("%s", failure.text);
  report(&run, atof(arguments[5]));
  return EXIT_SUCCESS; /* the kernel frees all that at once */
}
