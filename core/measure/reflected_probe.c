/* SPDX-License-Identifier: MIT */
/* A loop of its own, until the results are in or the time is over. */
#include "measure/reflected_probe.h"

#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "measure/reach.h"
#include "measure/reflected_measurement.h"
#include "measure/reflected_report.h"
#include "measure/time_words.h"

#define START_LEAD (10 * OW_NS_PER_MS)    /* from the first answer to the schedule's start */
#define CLOSING_TIME (100 * OW_NS_PER_MS) /* kept free for working out the results */
#define PATIENCE_MOST                                                                                        \
  (1 * OW_NS_PER_S) /* until a reflector that does not answer is measured all the same                       \
                     */
#define PATIENCE_LEAST (100 * OW_NS_PER_MS)

struct probe {
  const struct ow_peer *peer;
  const struct ow_log *log;
  const struct ow_probe_watch *watch;
  struct ow_probe_report *report;
  struct ow_loop *loop;
  struct ow_traffic traffic;
  struct ow_reach reach;
  struct ow_reflected_measurement measurement;
  struct ow_timer deadline;
  struct ow_timer telling;
  int64_t began; /* monotonic ns */
  int64_t ends;
  int64_t first_due;
};

static int64_t now_of(const struct probe *probe)
{
  return ow_loop_now(probe->loop).monotonic;
}

static void end(struct probe *probe, enum ow_status status, const struct ow_failure *failure)
{
  probe->report->status = status;
  if (status != OW_OK)
    probe->report->failure = *failure;
  ow_loop_stop(probe->loop);
}

static void on_measured(struct ow_reflected_measurement *measurement)
{
  struct probe *probe = OW_CONTAINER_OF(measurement, struct probe, measurement);
  ow_reflected_report(measurement, &probe->reach.local, &probe->reach.remote, probe->report);
  end(probe, measurement->status, &measurement->failure);
}

/* ---- time ---- */

static void on_deadline(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, deadline);
  struct ow_failure failure;
  if (probe->measurement.running) {
    ow_explain_short_time(probe->peer, probe->first_due - probe->began + CLOSING_TIME,
                          ow_reflected_measurement_clock_was_set(&probe->measurement), &failure);
    ow_reflected_measurement_cut_short(&probe->measurement, OW_TIMEOUT, failure.text);
  } else if (probe->reach.busy) {
    ow_fail(&failure, OW_TIMEOUT, "time ran out at the step \"%s\" with %s port %s; raise the timeout",
            ow_probe_step_name(probe->report->step), probe->peer->host, probe->peer->port);
    end(probe, OW_TIMEOUT, &failure);
  }
}

/* What the schedule leaves of the time, a half of it: an outage is then measured to its end, too. */
static int64_t patience(const struct probe *probe)
{
  int64_t spare = (probe->ends - probe->began - ow_peer_duration(probe->peer)) / 2;
  spare = spare < PATIENCE_MOST ? spare : PATIENCE_MOST;
  return spare > PATIENCE_LEAST ? spare : PATIENCE_LEAST;
}

/* ---- measuring ---- */

static void on_reached(struct ow_reach *reach, enum ow_status status, const struct ow_failure *failure)
{
  struct probe *probe = OW_CONTAINER_OF(reach, struct probe, reach);
  struct ow_probe_report *report = probe->report;
  struct ow_instant now = ow_loop_now(probe->loop);
  if (reach->asking)
    report->step = OW_STEP_CONNECT;
  if (status != OW_OK) {
    end(probe, status, failure);
    return;
  }
  report->step = OW_STEP_RUN;
  report->mode = ow_peer_stamp_mode(probe->peer);
  report->setup_ns = now.monotonic - probe->began;
  snprintf(report->server, sizeof report->server, "%.63s", reach->server);
  if (ow_markers_any_answered(&reach->opening))
    ow_log(probe->log, OW_LOG_INFO, "reflector %s answers, mode %s, round trip %.3f ms", reach->server,
           ow_mode_name(report->mode), (double)reach->opening.round_trip / 1e6);
  else
    ow_log(probe->log, OW_LOG_INFO, "reflector %s does not answer; measured all the same", reach->server);
  probe->first_due = now.monotonic + START_LEAD;
  probe->measurement = (struct ow_reflected_measurement){
      .peer = probe->peer, .traffic = &probe->traffic, .histograms = true, .done = on_measured};
  const struct ow_reflected_path path = ow_reach_path(reach);
  ow_reflected_measurement_begin(&probe->measurement, &path, ow_timestamp_plus(now.wall, START_LEAD));
}

/* ---- how far it is ---- */

static void on_telling(struct ow_timer *timer)
{
  struct probe *probe = OW_CONTAINER_OF(timer, struct probe, telling);
  int64_t now = now_of(probe);
  struct ow_probe_progress progress = {.step = probe->report->step, .left = probe->ends - now};
  if (probe->measurement.running) {
    const struct ow_test_reflected *session = &probe->measurement.session;
    progress.packets = probe->peer->packets;
    progress.sent = ow_sender_next_sequence(session->sender.sender);
    progress.received = ow_reflected_answered(session->reflected);
  }
  probe->watch->tell(probe->watch->context, &progress);
  ow_timer_set(probe->loop, timer, now + probe->watch->period);
}

/* ---- life ---- */

static enum ow_status open_probe(struct probe *probe, int64_t timeout)
{
  struct ow_probe_report *report = probe->report;
  struct ow_clock_state clock = ow_system_clock_state();
  *report = (struct ow_probe_report){
      .protocol = OW_PROTOCOL_STAMP, .clock_synchronized = clock.synchronized, .clock_error = clock.error};
  enum ow_status status = ow_peer_check(probe->peer, &report->failure);
  if (status == OW_OK) {
    probe->loop = ow_loop_create(&report->failure);
    status = probe->loop ? ow_traffic_open(&probe->traffic, probe->loop) : report->failure.status;
    if (status == OW_MEMORY)
      ow_fail(&report->failure, status, "no memory for a measurement");
  }
  if (status == OW_OK) {
    probe->began = now_of(probe);
    probe->ends = probe->began + timeout;
    probe->deadline.expired = on_deadline;
    probe->telling.expired = on_telling;
    ow_timer_set(probe->loop, &probe->deadline, probe->ends - CLOSING_TIME);
    if (probe->watch)
      ow_timer_set(probe->loop, &probe->telling, probe->began + probe->watch->period);
  }
  return status;
}

static void close_probe(struct probe *probe)
{
  if (probe->loop) {
    ow_timer_cancel(probe->loop, &probe->deadline);
    ow_timer_cancel(probe->loop, &probe->telling);
    ow_reach_cancel(&probe->reach);
    ow_reflected_measurement_close(&probe->measurement);
    ow_traffic_close(&probe->traffic);
    ow_loop_free(probe->loop);
  }
}

enum ow_status ow_reflected_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                                      const struct ow_probe_watch *watch, struct ow_probe_report *report)
{
  struct probe probe = {.peer = peer, .log = log, .watch = watch, .report = report};
  enum ow_status status = open_probe(&probe, timeout);
  report->status = status;
  if (status == OW_OK) {
    probe.reach = (struct ow_reach){.traffic = &probe.traffic, .peer = peer, .done = on_reached};
    ow_reach_begin(&probe.reach, patience(&probe));
    status = ow_loop_run(probe.loop, &report->failure);
    if (status != OW_OK)
      report->status = status;
  }
  close_probe(&probe);
  return report->status;
}
