/* SPDX-License-Identifier: MIT */
/* Fetch a finished session's records again and again over one control connection. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "bench.h"
#include "config/peer_options.h"
#include "measure/measurement.h"

struct run {
  struct ow_peer peer;
  struct ow_loop *loop;
  struct ow_traffic traffic;
  struct ow_client_connection control;
  struct ow_measurement measurement;
  struct ow_post next; /* fetch again, when the measurement's own events are done */
  struct ow_fetch_request request;
  int responder;
  unsigned left;
  uint64_t records, all;
  double began, seconds;
  struct usage near, far;
};

static void fetch(struct ow_post *post)
{
  struct run *run = OW_CONTAINER_OF(post, struct run, next);
  if (run->left-- == 0) {
    ow_loop_stop(run->loop);
    return;
  }
  run->records = 0;
  run->began = monotonic_seconds();
  if (ow_client_fetch(run->control.client, ow_loop_now(run->loop), &run->request) != OW_OK)
    give_up("can't fetch");
  ow_client_connection_send(&run->control);
}

static void on_fetch_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct run *run = connection->context;
  if (event->kind == OW_CLIENT_FETCH_RECORDS) {
    run->records += event->record_count;
  } else if (event->kind == OW_CLIENT_FETCHED) {
    run->seconds += monotonic_seconds() - run->began;
    run->all += run->records;
    ow_loop_post(run->loop, &run->next);
  } else if (event->kind == OW_CLIENT_BROKEN) {
    give_up("%s", event->failure.text);
  }
}

static void on_done(struct ow_measurement *measurement, const struct ow_outcome *outcome)
{
  struct run *run = OW_CONTAINER_OF(measurement, struct run, measurement);
  if (measurement->status != OW_OK)
    give_up("%s", outcome->failure.text);
  run->request =
      (struct ow_fetch_request){.end = OW_FETCH_TO_END, .sid = measurement->ends.requests[OW_FORWARD].sid};
  run->control.event = on_fetch_event;
  run->near = usage_of(0);
  run->far = usage_of(run->responder);
  ow_loop_post(run->loop, &run->next);
}

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct run *run = connection->context;
  if (event->kind == OW_CLIENT_SET_UP) {
    run->measurement = (struct ow_measurement){
        .peer = &run->peer, .traffic = &run->traffic, .control = connection, .done = on_done};
    ow_measurement_begin(&run->measurement,
                         ow_timestamp_plus(ow_loop_now(run->loop).wall, 200 * OW_NS_PER_MS));
  } else if (run->measurement.traffic) {
    ow_measurement_event(&run->measurement, event);
  } else {
    give_up("%s", event->failure.text);
  }
}

static void prepare(struct run *run, char **arguments)
{
  ow_peer_defaults(&run->peer);
  snprintf(run->peer.host, sizeof run->peer.host, "%s", arguments[0]);
  use_mode(&run->peer, arguments[4], arguments[5], "bench");
  run->responder = atoi(arguments[2]);
  run->peer.packets = (uint32_t)atoi(arguments[3]);
  run->peer.directions[OW_REVERSE] = false;
  run->peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(20000)};
  run->left = 5;
  run->next.run = fetch;
  run->control.event = on_event;
  run->control.context = run;
}

/* ADDRESS PORT RESPONDER-PID RECORDS MODE KEY-FILE */
int bench_fetch(char **arguments)
{
  struct ow_failure failure;
  static struct run run;
  union ow_address server = parse_address(arguments[0], (uint16_t)atoi(arguments[1]));
  union ow_address source = {.v4 = {.sin_family = AF_INET}};
  prepare(&run, arguments);
  run.loop = ow_loop_create(&failure);
  if (!run.loop || ow_traffic_open(&run.traffic, run.loop) != OW_OK)
    give_up("no memory");
  if (ow_client_connection_open(&run.control, run.loop, &run.peer, &server, &source, 60 * OW_NS_PER_S,
                                &failure) != OW_OK ||
      ow_loop_run(run.loop, &failure) != OW_OK)
    give_up("%s", failure.text);
  printf("{\"mode\": \"%s\", \"records\": %lu, \"records_a_second\": %.0f, \"cpu_us_per_record\": "
         "{\"near\": %.3f, \"far\": %.3f}}\n",
         arguments[4], (unsigned long)run.records, (double)run.all / run.seconds,
         (usage_of(0).cpu - run.near.cpu) * 1e6 / (double)run.all,
         (usage_of(run.responder).cpu - run.far.cpu) * 1e6 / (double)run.all);
  return EXIT_SUCCESS;
}
