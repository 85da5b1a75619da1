/* SPDX-License-Identifier: MIT */
/* A dialogue with the server, until the results are in or the time is over. */
#include "measure/twamp_probe.h"

#include "base/container_of.h"
#include "measure/dialogue.h"
#include "measure/reflected_report.h"
#include "measure/time_words.h"
#include "measure/twamp_measurement.h"

#define START_LEAD (20 * OW_NS_PER_MS)    /* and 4 round trips: from the request to the schedule's start */
#define CLOSING_TIME (100 * OW_NS_PER_MS) /* kept free for working out the results */

struct probe {
  struct ow_dialogue dialogue;
  const struct ow_log *log;
  struct ow_traffic traffic;
  struct ow_twamp_measurement measurement;
  struct ow_timer closing;
  int64_t first_due; /* monotonic ns */
};

static enum ow_probe_step step_of(const struct probe *probe)
{
  enum ow_probe_step step = OW_STEP_REQUEST;
  switch (probe->measurement.phase) {
  case OW_TWAMP_IDLE:
  case OW_TWAMP_REQUESTING: break;
  case OW_TWAMP_STARTING: step = OW_STEP_START; break;
  case OW_TWAMP_RUNNING: step = OW_STEP_RUN; break;
  case OW_TWAMP_OVER: step = probe->dialogue.report->step; break;
  }
  return step;
}

static void on_measured(struct ow_twamp_measurement *measurement)
{
  struct probe *probe = OW_CONTAINER_OF(measurement, struct probe, measurement);
  struct ow_reflected_measurement *reflected = &measurement->reflected;
  ow_reflected_report(reflected, &measurement->local, &measurement->server, probe->dialogue.report);
  ow_dialogue_end(&probe->dialogue, reflected->status, &reflected->failure);
}

/* ---- time ---- */

static void on_closing_time(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, closing);
  const struct ow_dialogue *dialogue = &probe->dialogue;
  struct ow_failure failure;
  ow_explain_short_time(dialogue->peer, probe->first_due - dialogue->began + CLOSING_TIME,
                        ow_reflected_measurement_clock_was_set(&probe->measurement.reflected), &failure);
  if (probe->measurement.phase == OW_TWAMP_RUNNING)
    ow_twamp_measurement_cut_short(&probe->measurement, OW_TIMEOUT, failure.text);
}

static void on_expired(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  struct ow_failure failure;
  ow_fail(&failure, OW_TIMEOUT, "time ran out while waiting for server %s (step: %s); raise the timeout",
          dialogue->report->server, ow_probe_step_name(dialogue->report->step));
  ow_twamp_measurement_cut_short(&probe->measurement, OW_TIMEOUT, failure.text);
}

/* ---- measuring ---- */

static void on_control_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct probe *probe = connection->context;
  ow_twamp_measurement_event(&probe->measurement, event);
  probe->dialogue.report->step = step_of(probe);
}

static void on_ready(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  struct ow_instant now = ow_loop_now(dialogue->loop);
  int64_t lead = 4 * dialogue->control.round_trip + START_LEAD;
  dialogue->report->step = OW_STEP_REQUEST;
  dialogue->report->setup_ns = now.monotonic - dialogue->began;
  dialogue->control.event = on_control_event;
  dialogue->control.context = probe;
  probe->measurement = (struct ow_twamp_measurement){.peer = dialogue->peer,
                                                     .traffic = &probe->traffic,
                                                     .control = &dialogue->control,
                                                     .log = probe->log,
                                                     .histograms = true,
                                                     .done = on_measured};
  probe->closing.expired = on_closing_time;
  ow_timer_set(dialogue->loop, &probe->closing, dialogue->ends - CLOSING_TIME);
  ow_log(probe->log, OW_LOG_INFO, "connected to %s, mode %s, round trip %.3f ms", dialogue->report->server,
         ow_mode_name(dialogue->report->mode), (double)dialogue->control.round_trip / 1e6);
  probe->first_due = now.monotonic + lead;
  ow_twamp_measurement_begin(&probe->measurement, ow_timestamp_plus(now.wall, lead));
}

static void on_over(struct ow_dialogue *dialogue)
{
  struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  ow_timer_cancel(dialogue->loop, &probe->closing);
  ow_twamp_measurement_close(&probe->measurement);
}

/* ---- how far it is ---- */

static void count(struct ow_dialogue *dialogue, struct ow_probe_progress *progress)
{
  const struct probe *probe = OW_CONTAINER_OF(dialogue, struct probe, dialogue);
  const struct ow_reflected_measurement *reflected = &probe->measurement.reflected;
  progress->step = step_of(probe);
  if (reflected->running) {
    progress->packets = dialogue->peer->packets;
    progress->sent = ow_sender_next_sequence(reflected->session.sender.sender);
    progress->received = ow_reflected_answered(reflected->session.reflected);
  }
}

/* ---- life ---- */

enum ow_status ow_twamp_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
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
