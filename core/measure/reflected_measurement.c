/* SPDX-License-Identifier: MIT */
/* Plan, run, conclude: there is nothing to agree on, and nothing to fetch. */
#include "measure/reflected_measurement.h"

#include <stdio.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/refusal.h"
#include "io/system_clock.h"
#include "measure/reflector_words.h"
#include "measure/session_plan.h"
#include "stats/reflected_results.h"
#include "wire/sid.h"

static struct ow_loop *loop_of(const struct ow_reflected_measurement *measurement)
{
  return measurement->traffic->loop;
}

bool ow_reflected_measurement_clock_was_set(const struct ow_reflected_measurement *measurement)
{
  return ow_loop_clock_steps(loop_of(measurement)) != measurement->clock_steps;
}

/* The first reason stays. */
static void note_failure(struct ow_reflected_measurement *measurement, enum ow_status status,
                         const char *reason)
{
  if (measurement->status == OW_OK)
    measurement->status = ow_fail(&measurement->failure, status, "%s", reason);
}

/* ---- results ---- */

static void observe_losses(const struct ow_reflected *reflected, struct ow_reflected_observation *observation)
{
  observation->losses_known =
      ow_reflected_losses(reflected, &observation->losses[OW_FORWARD], &observation->losses[OW_REVERSE]);
  observation->duplicates[OW_FORWARD] = ow_reflected_count(reflected, OW_ECHO_DUPLICATE_FORWARD);
  observation->duplicates[OW_REVERSE] = ow_reflected_count(reflected, OW_ECHO_DUPLICATE_REVERSE);
}

static void work_out(struct ow_reflected_measurement *measurement)
{
  const struct ow_test_reflected *session = &measurement->session;
  const struct ow_reflected *reflected = session->reflected;
  struct ow_session_end end = ow_sender_end(session->sender.sender);
  bool settled = ow_reflected_settled(reflected) && ow_reflected_knows_all(reflected) &&
                 !ow_reflected_clock_was_set(reflected);
  struct ow_reflected_observation observation = {
      .forward = ow_reflected_forward(reflected),
      .reverse = ow_reflected_reverse(reflected),
      .lost = ow_reflected_losses_list(reflected),
      .packets = end.next_sequence,
      .skipped = end.skipped,
      .skip_ranges = end.skip_ranges,
      .partial =
          !settled || measurement->status != OW_OK || ow_reflected_count(reflected, OW_ECHO_STAMPS) > 0,
      .stepped = ow_reflected_measurement_clock_was_set(measurement),
      .discarded = ow_test_reflected_discarded(session),
      .refused = session->sender.refused,
      .refusal = session->sender.last_error,
      .dropped = session->dropped,
      .percentiles = &measurement->peer->percentiles,
      .histogram = measurement->histograms,
  };
  observe_losses(reflected, &observation);
  if (!settled) /* of the packets whose fate is open nothing is known, nor so of the others' directions */
    observation.losses_known = false;
  if (ow_reflected_results(&observation, measurement->results) != OW_OK)
    note_failure(measurement, OW_MEMORY, "no memory to work out the results");
}

static void conclude(struct ow_reflected_measurement *measurement)
{
  struct ow_test_reflected *session = &measurement->session;
  ow_test_reflected_stop(session);
  if (ow_sender_trouble(session->sender.sender) != OW_OK)
    note_failure(measurement, ow_sender_trouble(session->sender.sender),
                 "no memory to send the rest of the session");
  if (!ow_reflected_knows_all(session->reflected))
    note_failure(measurement, OW_MEMORY, "no memory for the records of what was received");
  measurement->running = false;
  work_out(measurement);
  if (measurement->status == OW_OK)
    ow_reflector_remark(session, measurement->remark);
  ow_loop_deliver(loop_of(measurement), &measurement->finished);
}

/* ---- planning ---- */

static enum ow_status plan(struct ow_reflected_measurement *measurement, const struct ow_reflected_path *path,
                           struct ow_timestamp start)
{
  const struct ow_peer *peer = measurement->peer;
  struct ow_endpoint own = ow_address_to_endpoint(&path->local);
  measurement->request = (struct ow_session_request){.slot_count = peer->slot_count,
                                                     .packets = peer->packets,
                                                     .padding = path->padding,
                                                     .start = start,
                                                     .timeout = ow_span_from_ns(peer->loss_timeout)};
  measurement->request.sid = ow_sid_make(&own, ow_system_stamp(), &ow_system_random);
  return ow_timestamp_is_zero(measurement->until)
             ? OW_OK
             : ow_session_plan_until(&measurement->request, measurement->peer, &own, measurement->until,
                                     &measurement->traffic->contexts, &measurement->failure);
}

static void on_done(struct ow_test_reflected *session)
{
  conclude(OW_CONTAINER_OF(session, struct ow_reflected_measurement, session));
}

static void on_finished(struct ow_completion *completion)
{
  struct ow_reflected_measurement *measurement =
      OW_CONTAINER_OF(completion, struct ow_reflected_measurement, finished);
  measurement->done(measurement);
}

static enum ow_status open_session(struct ow_reflected_measurement *measurement,
                                   const struct ow_reflected_path *path)
{
  const struct ow_peer *peer = measurement->peer;
  bool stamp = path->kind.protocol == OW_PROTOCOL_STAMP;
  struct ow_reflected_terms terms = {.kind = path->kind,
                                     .request = &measurement->request,
                                     .slots = peer->slots,
                                     .ssid = (uint16_t)peer->ssid,
                                     .tlvs = stamp ? ow_peer_tlv_plan(peer) : (struct ow_tlv_plan){0},
                                     .zero_padding = peer->zero_padding,
                                     .opening = path->opening};
  terms.kind.contexts = &measurement->traffic->contexts;
  measurement->session = (struct ow_test_reflected){.dscp = peer->dscp, .done = on_done};
  enum ow_status status =
      ow_test_reflected_open(&measurement->session, measurement->traffic, path->socket, &terms);
  measurement->session.sender.busy_wait = peer->busy_wait;
  if (status == OW_OK)
    status = ow_test_reflected_start(&measurement->session, &measurement->failure);
  else
    ow_fail(&measurement->failure, status, "no memory for a session");
  return status;
}

static void begin(struct ow_reflected_measurement *measurement, const struct ow_reflected_path *path,
                  struct ow_timestamp start)
{
  measurement->finished.run = on_finished;
  measurement->clock_steps = ow_loop_clock_steps(loop_of(measurement));
  enum ow_status status = plan(measurement, path, start);
  if (status != OW_OK)
    close(path->socket);
  else
    status = open_session(measurement, path);
  if (status == OW_OK && !ow_timestamp_is_zero(measurement->until))
    ow_sender_until(measurement->session.sender.sender, measurement->until);
  measurement->running = status == OW_OK;
  measurement->status = status;
  if (status != OW_OK)
    ow_loop_deliver(loop_of(measurement), &measurement->finished);
}

/* ---- life ---- */

struct ow_reflected_path ow_reach_path(const struct ow_reach *reach)
{
  return (struct ow_reflected_path){.socket = reach->socket,
                                    .local = reach->local,
                                    .kind = ow_peer_stamp_kind(reach->peer),
                                    .opening = &reach->opening};
}

void ow_reflected_measurement_begin(struct ow_reflected_measurement *measurement,
                                    const struct ow_reflected_path *path, struct ow_timestamp start)
{
  measurement->until = (struct ow_timestamp){0};
  begin(measurement, path, start);
}

void ow_reflected_measurement_begin_until(struct ow_reflected_measurement *measurement,
                                          const struct ow_reflected_path *path, struct ow_timestamp start,
                                          struct ow_timestamp until)
{
  measurement->until = until;
  begin(measurement, path, start);
}

void ow_reflected_measurement_fail(struct ow_reflected_measurement *measurement,
                                   const struct ow_failure *failure)
{
  measurement->finished.run = on_finished;
  measurement->status = failure->status;
  measurement->failure = *failure;
  ow_loop_deliver(loop_of(measurement), &measurement->finished);
}

void ow_reflected_measurement_cut_short(struct ow_reflected_measurement *measurement, enum ow_status status,
                                        const char *reason)
{
  if (measurement->running) {
    bool settled = ow_reflected_settled(measurement->session.reflected); /* only a counter was waited for */
    if (!settled)
      note_failure(measurement, status, reason);
    conclude(measurement);
  }
}

void ow_reflected_measurement_close(struct ow_reflected_measurement *measurement)
{
  for (int i = 0; i < OW_RESULTS; i++)
    ow_result_drop(&measurement->results[i]);
  if (measurement->traffic) {
    ow_loop_withdraw(loop_of(measurement), &measurement->finished);
    ow_test_reflected_close(&measurement->session);
    measurement->running = false;
  }
}
