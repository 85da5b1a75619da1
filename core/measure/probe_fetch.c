/* A session that the server holds, from name to numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "measure/dialer.h"
#include "measure/probe.h"

struct fetch {
  struct ow_probe_report *report;
  struct ow_loop *loop;
  struct ow_dialer dialer;
  struct ow_client_connection control;
  struct ow_timer deadline;
  struct ow_sid sid;
  struct ow_fetch_ack ack;
  uint32_t packets;              /* that the session was to have */
  struct ow_skip_range *skipped; /* owned */
  bool ended;
};

static void stop(struct fetch *fetch, enum ow_status status, const struct ow_failure *failure)
{
  if (!fetch->ended) {
    fetch->ended = true;
    fetch->report->status = status;
    if (failure)
      fetch->report->failure = *failure;
    ow_loop_stop(fetch->loop);
  }
}

static void fail(struct fetch *fetch, enum ow_status status, const char *reason)
{
  struct ow_failure failure;
  ow_fail(&failure, status, "%s", reason);
  stop(fetch, status, &failure);
}

static void describe_endpoint(char *out, size_t size, const struct ow_endpoint *endpoint)
{
  union ow_address address = ow_address_from_endpoint(endpoint, NULL);
  char text[OW_ADDRESS_TEXT];
  snprintf(out, size, "%.*s", (int)size - 1, ow_address_print(text, sizeof text, &address));
}

static void on_ack(struct fetch *fetch, const struct ow_fetch_ack *ack)
{
  struct ow_failure failure;
  fetch->ack = *ack;
  if (ack->accept != OW_ACCEPT_OK) {
    ow_fail(&failure, OW_REFUSED, "server %s holds no such session for us: %s", fetch->control.server,
            ow_accept_text(ack->accept));
    stop(fetch, OW_REFUSED, &failure);
  }
}

static void on_session(struct fetch *fetch, const struct ow_client_event *event)
{
  struct ow_probe_direction *direction = &fetch->report->directions[OW_FORWARD];
  size_t octets = fetch->ack.skip_ranges * sizeof *fetch->skipped;
  fetch->packets = event->request->packets;
  describe_endpoint(direction->sender, sizeof direction->sender, &event->request->sender);
  describe_endpoint(direction->receiver, sizeof direction->receiver, &event->request->receiver);
  fetch->skipped = octets ? malloc(octets) : NULL;
  if (fetch->skipped)
    memcpy(fetch->skipped, event->skipped, octets);
  else if (octets)
    fail(fetch, OW_MEMORY, "no memory for the session's skip ranges");
}

static void on_records(struct fetch *fetch, const struct ow_client_event *event)
{
  struct ow_samples *samples = &fetch->report->directions[OW_FORWARD].samples;
  enum ow_status status = OW_OK;
  for (uint32_t i = 0; i < event->record_count && status == OW_OK; i++)
    status = ow_samples_append(samples, &event->records[i]);
  if (status != OW_OK)
    fail(fetch, status, "no memory for the fetched records");
}

/* A session that still runs tells nothing of what it has no record of. */
static void on_fetched(struct fetch *fetch)
{
  struct ow_probe_direction *direction = &fetch->report->directions[OW_FORWARD];
  struct ow_observation observation = {
      .samples = &direction->samples,
      .packets = fetch->ack.finished ? fetch->ack.next_sequence : fetch->packets,
      .skipped = fetch->skipped,
      .skip_ranges = fetch->ack.skip_ranges,
      .absent_is_lost = fetch->ack.finished,
      .partial = !fetch->ack.finished || fetch->ack.next_sequence < fetch->packets,
  };
  if (direction->samples.count == 0 && !observation.absent_is_lost) {
    stop(fetch, OW_OK, NULL);
  } else if (ow_result_compute(&observation, &direction->result) != OW_OK) {
    fail(fetch, OW_MEMORY, "no memory to work out the result");
  } else {
    stop(fetch, OW_OK, NULL);
  }
  fetch->report->step = OW_STEP_DONE;
}

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct fetch *fetch = connection->context;
  switch (event->kind) {
  case OW_CLIENT_FETCH_ACK: on_ack(fetch, &event->fetch_ack); break;
  case OW_CLIENT_FETCH_SESSION: on_session(fetch, event); break;
  case OW_CLIENT_FETCH_RECORDS: on_records(fetch, event); break;
  case OW_CLIENT_FETCHED: on_fetched(fetch); break;
  case OW_CLIENT_BROKEN: stop(fetch, event->failure.status, &event->failure); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_SET_UP:
  case OW_CLIENT_SESSION:
  case OW_CLIENT_STARTED:
  case OW_CLIENT_STOPPED: break;
  }
}

static void note_dialing(struct fetch *fetch)
{
  static const enum ow_probe_step steps[] = {[OW_DIAL_RESOLVE] = OW_STEP_RESOLVE,
                                             [OW_DIAL_CONNECT] = OW_STEP_CONNECT,
                                             [OW_DIAL_SETUP] = OW_STEP_SETUP};
  fetch->report->step = fetch->control.client ? OW_STEP_SETUP : steps[fetch->dialer.stage];
  fetch->report->modes_offered = fetch->dialer.modes_offered;
  memcpy(fetch->report->server, fetch->control.server, sizeof fetch->report->server - 1);
}

static void on_dialed(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct fetch *fetch = OW_CONTAINER_OF(dialer, struct fetch, dialer);
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END, .sid = fetch->sid};
  note_dialing(fetch);
  if (status != OW_OK) {
    stop(fetch, status, failure);
    return;
  }
  fetch->report->mode = ow_client_mode(fetch->control.client);
  fetch->report->step = OW_STEP_FETCH;
  fetch->control.event = on_event;
  fetch->control.context = fetch;
  if (ow_client_fetch(fetch->control.client, ow_loop_now(fetch->loop), &whole, OW_FETCH_MOST) == OW_OK)
    ow_client_connection_send(&fetch->control);
  else
    fail(fetch, OW_STATE, "can't write Fetch-Session");
}

static void on_deadline(struct ow_timer *timer)
{
  struct fetch *fetch = OW_CONTAINER_OF(timer, struct fetch, deadline);
  struct ow_failure failure;
  if (fetch->report->step != OW_STEP_FETCH)
    note_dialing(fetch);
  ow_fail(&failure, OW_TIMEOUT, "time ran out at the step \"%s\" with %s; raise the timeout",
          ow_probe_step_name(fetch->report->step), fetch->control.server);
  stop(fetch, OW_TIMEOUT, &failure);
}

static enum ow_status run(struct fetch *fetch, const struct ow_peer *peer, int64_t timeout)
{
  struct ow_probe_report *report = fetch->report;
  int64_t ends = ow_loop_now(fetch->loop).monotonic + timeout;
  fetch->deadline.expired = on_deadline;
  ow_timer_set(fetch->loop, &fetch->deadline, ends);
  fetch->dialer =
      (struct ow_dialer){.loop = fetch->loop, .peer = peer, .control = &fetch->control, .done = on_dialed};
  ow_dialer_dial(&fetch->dialer, ends);
  enum ow_status status = ow_loop_run(fetch->loop, &report->failure);
  return status == OW_OK ? report->status : status;
}

static void tidy_up(struct fetch *fetch)
{
  ow_dialer_cancel(&fetch->dialer);
  ow_timer_cancel(fetch->loop, &fetch->deadline);
  ow_client_connection_close(&fetch->control);
  ow_loop_free(fetch->loop);
  free(fetch->skipped);
}

enum ow_status ow_probe_fetch(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                              struct ow_probe_report *report)
{
  struct fetch fetch = {.report = report};
  struct ow_clock_state clock = ow_system_clock_state();
  *report = (struct ow_probe_report){.clock_synchronized = clock.synchronized, .clock_error = clock.error};
  memcpy(fetch.sid.octets, sid, sizeof fetch.sid.octets);
  memcpy(report->directions[OW_FORWARD].sid, sid, sizeof fetch.sid.octets);
  report->status = ow_peer_check(peer, &report->failure);
  if (report->status == OW_OK) {
    fetch.loop = ow_loop_create(&report->failure);
    report->status = fetch.loop ? OW_OK : OW_NETWORK;
  }
  if (fetch.loop) {
    report->status = run(&fetch, peer, timeout);
    tidy_up(&fetch);
  }
  /* Records without the HMAC that ends them can't be trusted. */
  if (report->status != OW_OK)
    ow_samples_clear(&report->directions[OW_FORWARD].samples);
  return report->status;
}
