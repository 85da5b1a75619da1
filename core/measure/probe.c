/* SPDX-License-Identifier: MIT */
/* The dialogue, and the measurement when it is ready; then the report, direction by direction. */
#include "measure/probe.h"

#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "measure/dialogue.h"
#include "measure/measurement.h"
#include "measure/reflected_probe.h"
#include "measure/time_words.h"
#include "measure/twamp_probe.h"

#define START_LEAD (100 * OW_NS_PER_MS)   /* beyond 4 round trips: what a slow server needs to get ready */
#define CLOSING_TIME (500 * OW_NS_PER_MS) /* kept free for stopping and fetching, beyond 4 round trips */

struct probe {
  struct ow_dialogue dialogue;
  const struct ow_log *log;
  struct ow_traffic traffic;
  struct ow_measurement measurement;
  struct ow_timer closing;
  int64_t first_due; /* monotonic ns: Start Time */
};

/* ---- what was measured ---- */

static enum ow_probe_step step_of(const struct ow_measurement *measurement)
{
  enum ow_probe_step step = OW_STEP_DONE;
  switch (measurement->course.phase) {
  case OW_COURSE_REQUESTING_FORWARD:
  case OW_COURSE_REQUESTING_REVERSE: step = OW_STEP_REQUEST; break;
  case OW_COURSE_STARTING: step = OW_STEP_START; break;
  case OW_COURSE_RUNNING:
  case OW_COURSE_SALVAGING: step = OW_STEP_RUN; break;
  case OW_COURSE_STOPPING: step = OW_STEP_STOP; break;
  case OW_COURSE_FETCHING:
  case OW_COURSE_REFINING: step = OW_STEP_FETCH; break;
  case OW_COURSE_DONE:
  case OW_COURSE_PHASES: break;
  }
  return step;
}

static struct ow_timestamp last_arrival(const struct ow_samples *samples, struct ow_timestamp latest)
{
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    if (!ow_sample_lost(&sample) &&
        (ow_timestamp_is_zero(latest) || ow_timestamp_after(sample.received, latest)))
      latest = sample.received;
  }
  return latest;
}

static void report_forward(struct ow_probe_direction *direction, struct ow_measurement *measurement)
{
  const struct ow_departure *departure = &measurement->ends.sender.departure;
  direction->samples = measurement->records.kept.samples;
  measurement->records.kept.samples = (struct ow_samples){0};
  direction->departure_known = departure->count > 0;
  direction->departure_offset = ow_departure_correction(departure);
}

static enum ow_status report_reverse(struct ow_probe_direction *direction,
                                     const struct ow_measurement *measurement)
{
  enum ow_status status = OW_OK;
  const struct ow_test_receiver *receiver = &measurement->ends.receiver;
  direction->strangers = receiver->strangers;
  direction->remarked = receiver->remarked;
  direction->remarked_to = receiver->remarked_to;
  if (receiver->receiver)
    status = ow_samples_append_all(&direction->samples, ow_receiver_samples(receiver->receiver));
  if (status != OW_OK)
    ow_samples_clear(&direction->samples);
  return status;
}

/* Zero, where addresses are left out of the requests, is that of the control connection. */
static struct ow_endpoint of_server(const struct ow_endpoint *end, const union ow_address *server)
{
  struct ow_endpoint named = *end;
  if (ow_endpoint_is_any(end)) {
    named = ow_address_to_endpoint(server);
    named.port = end->port;
  }
  return named;
}

static void report_sessions(const struct probe *probe, const struct ow_outcome *outcome)
{
  const struct ow_measurement *measurement = &probe->measurement;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    struct ow_probe_direction *direction = &probe->dialogue.report->directions[i];
    direction->result = outcome->results[i];
    ow_result_share(&direction->result);
    if (measurement->peer->directions[i]) {
      const struct ow_session_request *request = &measurement->ends.requests[i];
      memcpy(direction->sid, request->sid.octets, OW_SID);
      const union ow_address *like = &measurement->ends.server;
      const struct ow_endpoint sender =
          request->server_sends ? of_server(&request->sender, like) : request->sender;
      const struct ow_endpoint receiver =
          request->server_receives ? of_server(&request->receiver, like) : request->receiver;
      ow_dialogue_print_endpoint(direction->sender, sizeof direction->sender, &sender, like);
      ow_dialogue_print_endpoint(direction->receiver, sizeof direction->receiver, &receiver, like);
    }
  }
}

static void on_measured(struct ow_measurement *measurement, const struct ow_outcome *outcome)
{
  struct probe *probe = OW_CONTAINER_OF(measurement, struct probe, measurement);
  struct ow_probe_report *report = probe->dialogue.report;
  struct ow_timestamp latest = {0};
  if (measurement->peer->nat && !measurement->ends.zero_addresses)
    report->addresses = OW_ADDRESSES_PLAIN;
  report_sessions(probe, outcome);
  report_forward(&report->directions[OW_FORWARD], measurement);
  struct ow_failure failure = outcome->failure;
  enum ow_status copied = report_reverse(&report->directions[OW_REVERSE], measurement);
  if (copied != OW_OK && failure.status == OW_OK)
    ow_fail(&failure, copied, "no memory for the reverse direction's records");
  for (int i = 0; i < OW_DIRECTIONS; i++)
    latest = last_arrival(&report->directions[i].samples, latest);
  if (!ow_timestamp_is_zero(latest))
    report->verdict_ns = ow_timestamp_difference(ow_system_stamp(), latest);
  if (measurement->started)
    report->setup_ns = measurement->started - probe->dialogue.control.began;
  if (failure.status == OW_OK)
    report->step = OW_STEP_DONE;
  memcpy(report->remark, outcome->remark, sizeof report->remark);
  ow_dialogue_end(&probe->dialogue, failure.status, &failure);
  if (failure.status == OW_OK && ow_measurement_explain_skew(measurement, &report->failure))
    report->status = OW_INVALID;
}

/* ---- time ---- */

static void on_expired(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  struct ow_probe_report *report = dialogue->report;
  struct ow_failure failure;
  if (probe->measurement.course.phase == OW_COURSE_DONE)
    return; /* its end comes in this turn */
  report->step = step_of(&probe->measurement);
  ow_fail(&failure, OW_TIMEOUT, "time ran out while waiting for server %s (step: %s); raise the timeout",
          report->server, ow_probe_step_name(report->step));
  ow_measurement_abandon(&probe->measurement, OW_TIMEOUT, failure.text);
}

static int64_t closing_time(const struct ow_dialogue *dialogue)
{
  return CLOSING_TIME + 4 * dialogue->control.round_trip;
}

static void on_closing_time(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, closing);
  const struct ow_dialogue *dialogue = &probe->dialogue;
  struct ow_failure failure;
  ow_explain_short_time(dialogue->peer, probe->first_due - dialogue->began + closing_time(dialogue),
                        ow_measurement_clock_was_set(&probe->measurement), &failure);
  ow_measurement_cut_short(&probe->measurement, failure.text);
}

/* ---- measuring ---- */

static void on_control_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct probe *probe = connection->context;
  if (probe->measurement.course.phase != OW_COURSE_DONE)
    probe->dialogue.report->step = step_of(&probe->measurement);
  ow_measurement_event(&probe->measurement, event);
}

static void on_ready(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  struct ow_instant now = ow_loop_now(dialogue->loop);
  int64_t lead = 4 * dialogue->control.round_trip + START_LEAD;
  dialogue->report->step = OW_STEP_REQUEST;
  dialogue->control.event = on_control_event;
  dialogue->control.context = probe;
  probe->measurement = (struct ow_measurement){.peer = dialogue->peer,
                                               .traffic = &probe->traffic,
                                               .control = &dialogue->control,
                                               .log = probe->log,
                                               .histograms = true,
                                               .done = on_measured};
  probe->closing.expired = on_closing_time;
  ow_timer_set(dialogue->loop, &probe->closing, dialogue->ends - closing_time(dialogue));
  ow_log(probe->log, OW_LOG_INFO, "connected to %s, mode %s, round trip %.3f ms", dialogue->report->server,
         ow_mode_name(dialogue->report->mode), (double)dialogue->control.round_trip / 1e6);
  probe->first_due = now.monotonic + lead;
  ow_measurement_begin(&probe->measurement, ow_timestamp_plus(now.wall, lead));
}

static void on_over(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  ow_timer_cancel(dialogue->loop, &probe->closing);
  ow_measurement_close(&probe->measurement);
}

/* ---- how far it is ---- */

static void count(struct ow_dialogue *dialogue, struct ow_probe_progress *progress)
{
  const struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  const struct ow_session_ends *ends = &probe->measurement.ends;
  int64_t now = ow_loop_now(dialogue->loop).monotonic;
  int64_t until = probe->first_due;
  progress->step = step_of(&probe->measurement);
  progress->packets = dialogue->peer->packets;
  if (ends->sender.sender)
    progress->sent = ow_sender_next_sequence(ends->sender.sender);
  if (ends->receiver.receiver)
    progress->received = ow_receiver_received(ends->receiver.receiver);
  bool known = !__builtin_add_overflow(until, ow_peer_duration(dialogue->peer), &until);
  if (known && progress->step == OW_STEP_RUN && until - now < progress->left)
    progress->left = until - now;
}

/* ---- life ---- */

static enum ow_status run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                          const struct ow_probe_watch *watch, struct ow_probe_report *report)
{
  struct probe probe = {.dialogue = {.peer = peer,
                                     .report = report,
                                     .ready = on_ready,
                                     .expired = on_expired,
                                     .watch = watch,
                                     .count = count,
                                     .traffic = &probe.traffic,
                                     .over = on_over},
                        .log = log};
  return ow_dialogue_run(&probe.dialogue, timeout);
}

enum ow_status ow_probe_run_watched(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                                    const struct ow_probe_watch *watch, struct ow_probe_report *report)
{
  enum ow_status status = OW_INVALID;
  switch (peer->protocol) {
  case OW_PROTOCOL_OWAMP: status = run(peer, timeout, log, watch, report); break;
  case OW_PROTOCOL_STAMP: status = ow_reflected_probe_run(peer, timeout, log, watch, report); break;
  case OW_PROTOCOL_TWAMP: status = ow_twamp_probe_run(peer, timeout, log, watch, report); break;
  }
  return status;
}

enum ow_status ow_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                            struct ow_probe_report *report)
{
  return ow_probe_run_watched(peer, timeout, log, NULL, report);
}
