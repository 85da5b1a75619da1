#include "measure/probe.h"

#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "measure/dialer.h"
#include "measure/measurement.h"
#include "traffic/traffic.h"

#define START_LEAD (100 * OW_NS_PER_MS)   /* beyond 4 round trips: what a slow server needs to get ready */
#define CLOSING_TIME (500 * OW_NS_PER_MS) /* kept free for stopping and fetching, beyond 4 round trips */

struct probe {
  const struct ow_peer *peer;
  const struct ow_log *log;
  struct ow_probe_report *report;
  struct ow_loop *loop;
  struct ow_traffic traffic;
  struct ow_dialer dialer;
  struct ow_client_connection control;
  struct ow_measurement measurement;
  bool measuring;
  struct ow_timer deadline;
  struct ow_timer closing;
  int64_t ends; /* monotonic ns */
  bool ended;
};

const char *ow_probe_step_name(enum ow_probe_step step)
{
  const char *name = "";
  switch (step) {
  case OW_STEP_RESOLVE: name = "resolve"; break;
  case OW_STEP_CONNECT: name = "connect"; break;
  case OW_STEP_SETUP: name = "setup"; break;
  case OW_STEP_REQUEST: name = "request"; break;
  case OW_STEP_START: name = "start"; break;
  case OW_STEP_RUN: name = "run"; break;
  case OW_STEP_STOP: name = "stop"; break;
  case OW_STEP_FETCH: name = "fetch"; break;
  case OW_STEP_DONE: name = "done"; break;
  }
  return name;
}

/* ---- the end ---- */

static void stop(struct probe *probe, enum ow_status status, const struct ow_failure *failure)
{
  if (!probe->ended) {
    probe->ended = true;
    probe->report->status = status;
    if (failure)
      probe->report->failure = *failure;
    ow_loop_stop(probe->loop);
  }
}

static void describe_endpoint(char *out, size_t size, const struct ow_session_request *request, bool sender)
{
  const struct ow_endpoint *endpoint = sender ? &request->sender : &request->receiver;
  union ow_address address = ow_address_from_endpoint(endpoint, NULL);
  char text[OW_ADDRESS_TEXT];
  snprintf(out, size, "%.*s", (int)size - 1, ow_address_print(text, sizeof text, &address));
}

static enum ow_probe_step step_of(const struct ow_measurement *measurement)
{
  enum ow_probe_step step = OW_STEP_DONE;
  switch (measurement->state) {
  case OW_MEASUREMENT_REQUEST_FORWARD:
  case OW_MEASUREMENT_REQUEST_REVERSE: step = OW_STEP_REQUEST; break;
  case OW_MEASUREMENT_STARTING: step = OW_STEP_START; break;
  case OW_MEASUREMENT_RUNNING:
  case OW_MEASUREMENT_SALVAGING: step = OW_STEP_RUN; break;
  case OW_MEASUREMENT_STOPPING: step = OW_STEP_STOP; break;
  case OW_MEASUREMENT_FETCHING: step = OW_STEP_FETCH; break;
  case OW_MEASUREMENT_DONE: break;
  }
  return step;
}

static struct ow_timestamp last_arrival(const struct ow_samples *samples, struct ow_timestamp latest)
{
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample *sample = ow_samples_at(samples, i);
    if (!ow_sample_lost(sample) &&
        (ow_timestamp_is_zero(latest) || ow_timestamp_after(sample->received, latest)))
      latest = sample->received;
  }
  return latest;
}

static enum ow_status copy_samples(const struct ow_samples *from, struct ow_samples *to)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < from->count && status == OW_OK; i++)
    status = ow_samples_append(to, ow_samples_at(from, i));
  return status;
}

static void report_forward(struct probe *probe)
{
  struct ow_measurement *measurement = &probe->measurement;
  struct ow_probe_direction *direction = &probe->report->directions[OW_FORWARD];
  direction->samples = measurement->forward;
  measurement->forward = (struct ow_samples){0};
  direction->departure_known = measurement->sender.departure.count > 0;
  direction->departure_offset = ow_departure_correction(&measurement->sender.departure);
}

static void report_reverse(struct probe *probe)
{
  const struct ow_receiver *receiver = probe->measurement.receiver.receiver;
  struct ow_probe_direction *direction = &probe->report->directions[OW_REVERSE];
  direction->strangers = probe->measurement.receiver.strangers;
  direction->remarked = probe->measurement.receiver.remarked;
  direction->remarked_to = probe->measurement.receiver.remarked_to;
  if (receiver && copy_samples(ow_receiver_samples(receiver), &direction->samples) != OW_OK)
    ow_samples_clear(&direction->samples);
}

static void on_measured(struct ow_measurement *measurement)
{
  struct probe *probe = OW_CONTAINER_OF(measurement, struct probe, measurement);
  struct ow_probe_report *report = probe->report;
  struct ow_timestamp latest = {0};
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    struct ow_probe_direction *direction = &report->directions[i];
    direction->result = measurement->results[i];
    if (probe->peer->directions[i]) {
      const struct ow_session_request *request = &measurement->requests[i];
      memcpy(direction->sid, request->sid.octets, OW_SID);
      describe_endpoint(direction->sender, sizeof direction->sender, request, true);
      describe_endpoint(direction->receiver, sizeof direction->receiver, request, false);
    }
  }
  report_forward(probe);
  report_reverse(probe);
  latest = last_arrival(&report->directions[OW_FORWARD].samples, latest);
  latest = last_arrival(&report->directions[OW_REVERSE].samples, latest);
  if (!ow_timestamp_is_zero(latest))
    report->verdict_ns = ow_timestamp_difference(ow_system_stamp(), latest);
  if (measurement->started)
    report->setup_ns = measurement->started - probe->control.began;
  if (measurement->status == OW_OK)
    report->step = OW_STEP_DONE;
  stop(probe, measurement->status, &measurement->failure);
  if (measurement->status == OW_OK && ow_measurement_explain_skew(measurement, &report->failure))
    report->status = OW_INVALID;
}

/* ---- time ---- */

static enum ow_probe_step step_of_dialing(const struct ow_dialer *dialer)
{
  static const enum ow_probe_step steps[] = {[OW_DIAL_RESOLVE] = OW_STEP_RESOLVE,
                                             [OW_DIAL_CONNECT] = OW_STEP_CONNECT,
                                             [OW_DIAL_SETUP] = OW_STEP_SETUP};
  return steps[dialer->stage];
}

static void note_dialing(struct probe *probe)
{
  struct ow_probe_report *report = probe->report;
  report->step = probe->control.client ? OW_STEP_SETUP : step_of_dialing(&probe->dialer);
  report->modes_offered = probe->dialer.modes_offered;
  _Static_assert(sizeof report->server <= sizeof probe->control.server, "cut, and ends in NUL");
  memcpy(report->server, probe->control.server, sizeof report->server - 1);
}

static void on_deadline(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, deadline);
  struct ow_failure failure;
  if (probe->measuring) {
    probe->report->step = step_of(&probe->measurement);
    ow_fail(&failure, OW_TIMEOUT, "time ran out while waiting for server %s (step: %s); raise the timeout",
            probe->report->server, ow_probe_step_name(probe->report->step));
    ow_measurement_abandon(&probe->measurement, OW_TIMEOUT, failure.text);
  } else {
    note_dialing(probe);
    ow_fail(&failure, OW_TIMEOUT, "time ran out at the step \"%s\" with %s port %s",
            ow_probe_step_name(probe->report->step), probe->peer->host, probe->peer->port);
    stop(probe, OW_TIMEOUT, &failure);
  }
}

static void on_closing_time(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, closing);
  if (probe->measuring)
    ow_measurement_cut_short(&probe->measurement,
                             "time ran out before the last packet's loss timeout; raise the timeout");
}

/* ---- connecting ---- */

static void begin_measurement(struct probe *probe)
{
  struct ow_measurement *measurement = &probe->measurement;
  struct ow_timestamp now = ow_loop_now(probe->loop).wall;
  int64_t round_trips = 4 * probe->control.round_trip;
  probe->measuring = true;
  probe->report->mode = ow_client_mode(probe->control.client);
  probe->report->step = OW_STEP_REQUEST;
  *measurement = (struct ow_measurement){
      .peer = probe->peer,
      .traffic = &probe->traffic,
      .control = &probe->control,
      .log = probe->log,
      .done = on_measured,
  };
  ow_timer_set(probe->loop, &probe->closing, probe->ends - CLOSING_TIME - round_trips);
  ow_log(probe->log, OW_LOG_INFO, "connected to %s, mode %s, round trip %.3f ms", probe->report->server,
         ow_mode_name(probe->report->mode), (double)probe->control.round_trip / 1e6);
  ow_measurement_begin(measurement, ow_timestamp_plus(now, round_trips + START_LEAD));
}

static void on_control_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct probe *probe = connection->context;
  if (probe->measurement.state != OW_MEASUREMENT_DONE)
    probe->report->step = step_of(&probe->measurement);
  ow_measurement_event(&probe->measurement, event);
}

static void on_dialed(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct probe *probe = OW_CONTAINER_OF(dialer, struct probe, dialer);
  note_dialing(probe);
  if (status == OW_OK) {
    probe->control.event = on_control_event;
    probe->control.context = probe;
    begin_measurement(probe);
  } else {
    stop(probe, status, failure);
  }
}

/* ---- life ---- */

static void report_clock(struct ow_probe_report *report)
{
  struct ow_clock_state state = ow_system_clock_state();
  report->clock_synchronized = state.synchronized;
  report->clock_error = state.error;
}

static enum ow_status run(struct probe *probe, int64_t timeout)
{
  struct ow_probe_report *report = probe->report;
  enum ow_status status;
  probe->deadline.expired = on_deadline;
  probe->closing.expired = on_closing_time;
  probe->ends = ow_loop_now(probe->loop).monotonic + timeout;
  status = ow_traffic_open(&probe->traffic, probe->loop);
  if (status != OW_OK)
    return ow_fail(&report->failure, status, "no memory for a measurement");
  ow_timer_set(probe->loop, &probe->deadline, probe->ends);
  probe->dialer = (struct ow_dialer){
      .loop = probe->loop, .peer = probe->peer, .control = &probe->control, .done = on_dialed};
  ow_dialer_dial(&probe->dialer, probe->ends);
  status = ow_loop_run(probe->loop, &report->failure);
  return status == OW_OK ? report->status : status;
}

static void tidy_up(struct probe *probe)
{
  ow_dialer_cancel(&probe->dialer);
  ow_timer_cancel(probe->loop, &probe->deadline);
  ow_timer_cancel(probe->loop, &probe->closing);
  ow_measurement_close(&probe->measurement);
  ow_client_connection_close(&probe->control);
  ow_traffic_close(&probe->traffic);
  ow_loop_free(probe->loop);
}

enum ow_status ow_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                            struct ow_probe_report *report)
{
  struct probe probe = {.peer = peer, .log = log, .report = report};
  *report = (struct ow_probe_report){0};
  report_clock(report);
  report->status = ow_peer_check(peer, &report->failure);
  if (report->status == OW_OK) {
    probe.loop = ow_loop_create(&report->failure);
    report->status = probe.loop ? OW_OK : OW_NETWORK;
  }
  if (probe.loop) {
    report->status = run(&probe, timeout);
    tidy_up(&probe);
  }
  return report->status;
}

void ow_probe_report_clear(struct ow_probe_report *report)
{
  for (int i = 0; i < OW_DIRECTIONS; i++)
    ow_samples_clear(&report->directions[i].samples);
}
