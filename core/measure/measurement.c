/* SPDX-License-Identifier: MIT */
/* The course's commands, carried out; what the connection and the ends tell, as its events. */
#include "measure/measurement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"

#define SETTLE_MARGIN (20 * OW_NS_PER_MS) /* beyond the loss timeout, for the last packet's record */

static struct ow_loop *loop_of(const struct ow_measurement *measurement)
{
  return measurement->traffic->loop;
}

static struct ow_instant now_of(const struct ow_measurement *measurement)
{
  return ow_loop_now(loop_of(measurement));
}

static bool has_until(const struct ow_measurement *measurement)
{
  return !ow_timestamp_is_zero(measurement->ends.until);
}

/* The first reason stays. */
static void keep_failure(struct ow_measurement *measurement, const struct ow_failure *failure)
{
  if (measurement->status == OW_OK) {
    measurement->status = failure->status;
    measurement->failure = malloc(sizeof *failure);
    if (measurement->failure)
      *measurement->failure = *failure;
  }
}

static void note_failure(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  struct ow_failure failure;
  ow_fail(&failure, status, "%s", reason);
  keep_failure(measurement, &failure);
}

static void tell_failure(const struct ow_measurement *measurement, struct ow_failure *failure)
{
  if (measurement->failure)
    *failure = *measurement->failure;
  else if (measurement->status != OW_OK)
    ow_fail(failure, measurement->status, "no memory to keep the reason");
}

static void note_refusal(struct ow_measurement *measurement, const char *what, enum ow_accept accept)
{
  char reason[OW_FAILURE_TEXT];
  snprintf(reason, sizeof reason, "server %s %s: %s", measurement->control->server, what,
           ow_accept_text(accept));
  note_failure(measurement, OW_REFUSED, reason);
}

/* ---- results ---- */

static void conclude(struct ow_measurement *measurement, enum ow_direction direction,
                     const struct ow_observation *observation, struct ow_result *result)
{
  if ((observation->samples->count || observation->skip_ranges || observation->absent_is_lost) &&
      ow_result_compute(observation, result) != OW_OK) {
    *result = (struct ow_result){.completeness = OW_RESULT_ABSENT};
    note_failure(measurement, OW_MEMORY, "no memory to work out the results");
  }
  /* Of some packets neither record nor loss timeout tells. */
  if (result->completeness == OW_RESULT_COMPLETE &&
      (uint64_t)result->sent + result->skipped < observation->packets)
    result->completeness = OW_RESULT_PARTIAL;
  measurement->early.reached[direction] = observation->packets;
  result->discarded = observation->discarded;
}

bool ow_measurement_clock_was_set(const struct ow_measurement *measurement)
{
  return ow_loop_clock_steps(loop_of(measurement)) != measurement->clock_steps;
}

/* Duplicates that the server kept no record of are counted nowhere: a fetch has no number of them. */
static void conclude_forward(struct ow_measurement *measurement, struct ow_result *result)
{
  struct ow_test_sender *ours = &measurement->ends.sender;
  const struct ow_sender *sender = ours->sender;
  struct ow_session_end end = ow_sender_end(sender);
  struct ow_timestamp due;
  bool whole = measurement->status == OW_OK && !measurement->early.records_lost;
  struct ow_observation observation = {
      .samples = &measurement->records.kept.samples,
      .packets = end.next_sequence,
      .skipped = end.skipped,
      .skip_ranges = end.skip_ranges,
      .percentiles = &measurement->peer->percentiles,
      .histogram = measurement->histograms,
      .absent_is_lost =
          ow_course_absent_is_lost(&measurement->course, whole) && !measurement->records_incomplete,
      .incomplete = measurement->records_incomplete,
      .partial = !whole || ow_sender_due(sender, &due),
      .stepped = ow_measurement_clock_was_set(measurement),
      .refused = ours->refused,
      .refusal = ours->last_error,
      .duplicates_unkept = measurement->records.kept.duplicates_unkept,
  };
  ow_departures_put_into(&ours->departures, &measurement->records.kept.samples,
                         ow_test_sender_departed_error(ours));
  conclude(measurement, OW_FORWARD, &observation, result);
}

/* How many were sent only Stop-Sessions tells (RFC 4656, 3.8): without it all is known only if all came. */
static void conclude_reverse(struct ow_measurement *measurement, struct ow_result *result)
{
  const struct ow_receiver *receiver = measurement->ends.receiver.receiver;
  uint32_t skip_ranges;
  const struct ow_skip_range *skipped = ow_receiver_skipped(receiver, &skip_ranges);
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  uint32_t planned = measurement->ends.requests[OW_REVERSE].packets;
  uint32_t reached = ow_receiver_next_sequence(receiver);
  struct ow_observation observation = {
      .samples = samples,
      .packets = reached,
      .skipped = skipped,
      .skip_ranges = skip_ranges,
      .percentiles = &measurement->peer->percentiles,
      .histogram = measurement->histograms,
      .partial = measurement->server_ended ? reached < planned : !ow_receiver_complete(receiver),
      .stepped = ow_measurement_clock_was_set(measurement),
      .discarded = ow_test_receiver_discarded(&measurement->ends.receiver),
      .dropped = measurement->ends.receiver.dropped,
      .duplicates_unkept = ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE_UNKEPT),
  };
  if (measurement->departures)
    ow_reverse_departures_put_into(measurement->departures, samples);
  conclude(measurement, OW_REVERSE, &observation, result);
}

/* What it sent until then is measured; what it would have sent is missing. */
static void note_early_end(struct ow_measurement *measurement, enum ow_status trouble)
{
  static const char *const reasons[] = {[OW_LIMIT] = "too many packets of the forward session were skipped",
                                        [OW_MEMORY] = "no memory to send the rest of the forward session",
                                        [OW_CRYPTO] = "the crypto library can't make test packets"};
  if (trouble != OW_OK)
    note_failure(measurement, trouble, reasons[trouble]);
}

static void work_out(struct ow_measurement *measurement, struct ow_outcome *outcome)
{
  struct ow_session_ends *ends = &measurement->ends;
  if (measurement->records.short_of_memory)
    note_failure(measurement, OW_MEMORY, "no memory for the fetched records");
  if (measurement->records.contradictory)
    note_failure(measurement, OW_PROTOCOL, ow_contradiction);
  if (ends->sender.open) {
    note_early_end(measurement, ow_sender_trouble(ends->sender.sender));
    conclude_forward(measurement, &outcome->results[OW_FORWARD]);
  }
  if (ends->receiver.open) {
    if (!ow_receiver_knows_all(ends->receiver.receiver))
      note_failure(measurement, OW_MEMORY, "no memory for the records of what was received");
    conclude_reverse(measurement, &outcome->results[OW_REVERSE]);
    ow_test_receiver_stop(&ends->receiver);
  }
  if (measurement->status == OW_OK)
    (void)ow_early_end_explain(&measurement->early, ends, outcome->results, outcome->remark);
  tell_failure(measurement, &outcome->failure);
}

static void drop_unsent(struct ow_receiver *receiver)
{
  while (!ow_receiver_stopped(receiver))
    continue; /* as many as we asked for */
}

/* What it did not send, and what it sent and was lost, are the same to us from its last packet on. */
static void end_without_server(struct ow_measurement *measurement)
{
  struct ow_test_receiver *ours = &measurement->ends.receiver;
  ow_test_receiver_catch_up(ours);
  (void)ow_receiver_sender_gone(ours->receiver, now_of(measurement).wall);
  drop_unsent(ours->receiver);
}

/* What is known now is all; it is worked out at the end of the turn. */
static void finish(struct ow_measurement *measurement)
{
  struct ow_session_ends *ends = &measurement->ends;
  ow_timer_cancel(loop_of(measurement), &measurement->settle_timer);
  if (measurement->departures)
    ow_reverse_departures_rest(measurement->departures);
  ow_forward_records_hang_up(&measurement->records);
  if (ends->sender.open)
    ow_test_sender_stop(&ends->sender);
  if (ends->receiver.open && !measurement->server_ended)
    end_without_server(measurement);
  ow_loop_deliver(loop_of(measurement), &measurement->finished);
}

/* ---- what the course commands; each tells what is the next event at once, if there is one ---- */

static bool fail_course(struct ow_measurement *measurement, enum ow_status status, const char *reason,
                        enum ow_course_event *next)
{
  note_failure(measurement, status, reason);
  *next = OW_COURSE_FAILED;
  return true;
}

/* After a command to the client's machine: it goes out, or the course ends here. */
static bool send_command(struct ow_measurement *measurement, enum ow_status status, const char *message,
                         enum ow_course_event *next)
{
  char reason[OW_FAILURE_TEXT];
  if (status == OW_OK)
    ow_client_connection_send(measurement->control);
  else
    snprintf(reason, sizeof reason, "can't write %s%s", message, status == OW_MEMORY ? ": no memory" : "");
  return status != OW_OK && fail_course(measurement, status, reason, next);
}

static bool request_session(struct ow_measurement *measurement, enum ow_direction direction,
                            enum ow_course_event *next)
{
  struct ow_failure failure;
  enum ow_status status = ow_session_ends_plan(&measurement->ends, direction, &failure);
  if (status != OW_OK) {
    keep_failure(measurement, &failure);
    *next = OW_COURSE_FAILED;
    return true;
  }
  status = ow_client_request_session(measurement->control->client, now_of(measurement),
                                     &measurement->ends.requests[direction], measurement->peer->slots);
  return send_command(measurement, status, "the request for a session", next);
}

static bool start_sessions(struct ow_measurement *measurement, enum ow_course_event *next)
{
  enum ow_status status = ow_client_start_sessions(measurement->control->client, now_of(measurement));
  return send_command(measurement, status, "Start-Sessions", next);
}

static bool run_sessions(struct ow_measurement *measurement, enum ow_course_event *next)
{
  struct ow_session_ends *ends = &measurement->ends;
  struct ow_failure failure;
  enum ow_status status = OW_OK;
  measurement->started = now_of(measurement).monotonic;
  if (ends->receiver.open)
    status = ow_test_receiver_start(&ends->receiver, &failure);
  if (status == OW_OK && ends->sender.open)
    ow_test_sender_start(&ends->sender);
  return status != OW_OK &&
         fail_course(measurement, status, "can't begin to send and receive test packets", next);
}

static bool stop_sessions(struct ow_measurement *measurement, enum ow_course_event *next)
{
  struct ow_session_ends *ends = &measurement->ends;
  struct ow_session_end end = {0};
  ow_forward_records_rest(&measurement->records);
  if (ends->sender.open) {
    ow_test_sender_stop(&ends->sender);
    end = ow_sender_end(ends->sender.sender);
  }
  if (ends->receiver.open)
    ow_test_receiver_catch_up(&ends->receiver);
  enum ow_status status = ow_client_stop_sessions(measurement->control->client, now_of(measurement),
                                                  OW_ACCEPT_OK, &end, ends->sender.open);
  return send_command(measurement, status, "Stop-Sessions", next);
}

static bool answer_stop(struct ow_measurement *measurement, enum ow_course_event *next)
{
  *next = OW_COURSE_SERVER_STOPPED;
  (void)stop_sessions(measurement, next);
  return true;
}

static bool fetch_records(struct ow_measurement *measurement, enum ow_course_event *next)
{
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END,
                                         .sid = measurement->ends.requests[OW_FORWARD].sid};
  enum ow_status status = ow_client_fetch(measurement->control->client, now_of(measurement), &whole);
  if (status == OW_OK) {
    ow_forward_records_hang_up(&measurement->records);
    ow_forward_records_expect(&measurement->records);
  }
  return send_command(measurement, status, "Fetch-Session", next);
}

static void on_departures_late(struct ow_reverse_departures *departures);

/* With nothing to be made better, or not in the time that is left, nothing is asked for. */
static bool ask_for_departures(struct ow_measurement *measurement, enum ow_course_event *next)
{
  const struct ow_receiver *receiver = measurement->ends.receiver.receiver;
  bool worth_it = measurement->status == OW_OK && receiver && ow_receiver_received(receiver) > 0;
  *next = OW_COURSE_REFINED;
  if (worth_it)
    measurement->departures = calloc(1, sizeof *measurement->departures);
  if (!measurement->departures)
    return true;
  *measurement->departures = (struct ow_reverse_departures){.control = measurement->control,
                                                            .log = measurement->log,
                                                            .late = on_departures_late,
                                                            .context = measurement};
  return !ow_reverse_departures_ask(measurement->departures, &measurement->ends.requests[OW_REVERSE]);
}

/* Without a packet sent there is nothing to ask for. */
static bool salvage_records(struct ow_measurement *measurement, enum ow_course_event *next)
{
  bool sent_any = ow_sender_next_sequence(measurement->ends.sender.sender) > 0;
  ow_test_sender_stop(&measurement->ends.sender);
  if (sent_any)
    ow_forward_records_salvage(&measurement->records);
  *next = OW_COURSE_SALVAGED;
  return !sent_any;
}

static bool carry_out(struct ow_measurement *measurement, enum ow_course_command command,
                      enum ow_course_event *next)
{
  bool more = false;
  switch (command) {
  case OW_COURSE_NOTHING: break;
  case OW_COURSE_REQUEST_FORWARD: more = request_session(measurement, OW_FORWARD, next); break;
  case OW_COURSE_REQUEST_REVERSE: more = request_session(measurement, OW_REVERSE, next); break;
  case OW_COURSE_START: more = start_sessions(measurement, next); break;
  case OW_COURSE_RUN: more = run_sessions(measurement, next); break;
  case OW_COURSE_STOP: more = stop_sessions(measurement, next); break;
  case OW_COURSE_ANSWER_STOP: more = answer_stop(measurement, next); break;
  case OW_COURSE_FETCH: more = fetch_records(measurement, next); break;
  case OW_COURSE_REFINE: more = ask_for_departures(measurement, next); break;
  case OW_COURSE_SALVAGE: more = salvage_records(measurement, next); break;
  case OW_COURSE_FINISH: finish(measurement); break;
  }
  return more;
}

static void carry_on(struct ow_measurement *measurement, enum ow_course_command command)
{
  enum ow_course_event event;
  while (carry_out(measurement, command, &event))
    command = ow_course_advance(&measurement->course, event);
}

static void advance_course(struct ow_measurement *measurement, enum ow_course_event event)
{
  carry_on(measurement, ow_course_advance(&measurement->course, event));
}

/* ---- zero addresses, which not every server knows ---- */

/* True if the refusal may be of them: then the same is asked for the other way, once. What is short stays so.
 */
static bool ask_otherwise(struct ow_measurement *measurement, enum ow_direction direction,
                          enum ow_accept accept)
{
  struct ow_client_connection *control = measurement->control;
  bool repeats = measurement->peer->nat && !measurement->asked_otherwise && accept != OW_ACCEPT_OK &&
                 accept != OW_ACCEPT_PERMANENT_LIMIT && accept != OW_ACCEPT_TEMPORARY_LIMIT;
  if (repeats) {
    bool plain = measurement->ends.zero_addresses;
    if (plain)
      ow_log(measurement->log, OW_LOG_NOTICE,
             "server %s refuses a session with zero addresses, as NAT needs them (%s): it is asked for with "
             "plain addresses from now on",
             control->server, ow_accept_text(accept));
    measurement->asked_otherwise = true;
    measurement->ends.zero_addresses = !plain;
    control->plain_addresses = plain;
    carry_on(measurement, direction == OW_FORWARD ? OW_COURSE_REQUEST_FORWARD : OW_COURSE_REQUEST_REVERSE);
  }
  return repeats;
}

static bool nothing_arrived(const struct ow_measurement *measurement,
                            const struct ow_result results[OW_DIRECTIONS])
{
  bool nothing = true;
  for (int i = 0; i < OW_DIRECTIONS; i++)
    nothing = nothing && (!measurement->peer->directions[i] ||
                          (results[i].sent > 0 && ow_result_nothing_arrived(&results[i], 0)));
  return nothing;
}

/* The next measurement tries the other way. Told once, not in each interval of an outage. */
static void doubt_addresses(struct ow_measurement *measurement, const struct ow_result results[OW_DIRECTIONS])
{
  struct ow_client_connection *control = measurement->control;
  bool doubted = measurement->peer->nat && nothing_arrived(measurement, results);
  if (doubted && !control->addresses_doubted)
    ow_log(
        measurement->log, OW_LOG_NOTICE,
        "server %s: nothing arrives with %s addresses in the requests: until something does, zero ones, as "
        "NAT needs them, and plain ones take turns",
        control->server, measurement->ends.zero_addresses ? "zero" : "plain");
  if (doubted)
    control->plain_addresses = measurement->ends.zero_addresses;
  if (doubted || measurement->started)
    control->addresses_doubted = doubted;
}

/* ---- what happens ---- */

static void on_acceptance(struct ow_measurement *measurement, const struct ow_session_acceptance *acceptance)
{
  bool forward = measurement->course.phase == OW_COURSE_REQUESTING_FORWARD;
  enum ow_direction direction = forward ? OW_FORWARD : OW_REVERSE;
  struct ow_failure failure;
  enum ow_status status = OW_REFUSED;
  if (ask_otherwise(measurement, direction, acceptance->accept))
    return;
  if (acceptance->accept != OW_ACCEPT_OK) {
    note_refusal(measurement, forward ? "refused the forward session" : "refused the reverse session",
                 acceptance->accept);
    measurement->control->plain_addresses = false; /* the next attempt begins as it was told to */
  } else {
    status = ow_session_ends_agree(&measurement->ends, direction, acceptance, measurement->control->client,
                                   &failure);
    if (status != OW_OK)
      keep_failure(measurement, &failure);
  }
  advance_course(measurement, status == OW_OK ? OW_COURSE_ACCEPTED : OW_COURSE_FAILED);
}

static void on_started(struct ow_measurement *measurement, enum ow_accept accept)
{
  if (accept != OW_ACCEPT_OK)
    note_refusal(measurement, "refused to start the sessions", accept);
  advance_course(measurement, accept == OW_ACCEPT_OK ? OW_COURSE_STARTED : OW_COURSE_FAILED);
}

static void apply_server_end(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  struct ow_session_ends *ends = &measurement->ends;
  const struct ow_session_request *request = &ends->requests[OW_REVERSE];
  for (uint32_t i = 0; i < event->end_count; i++) {
    const struct ow_session_end *end = &event->ends[i];
    if (ends->receiver.open && !measurement->server_ended &&
        memcmp(end->sid.octets, request->sid.octets, OW_SID) == 0) {
      ow_test_receiver_catch_up(&ends->receiver);
      measurement->server_ended = true;
      if (ow_receiver_stop(ends->receiver.receiver, now_of(measurement).wall, end) != OW_OK)
        note_failure(measurement, OW_MEMORY, "no memory for the server's skip ranges");
      drop_unsent(ends->receiver.receiver);
    }
  }
}

/* Packets are still to be sent, here or there, or may be on their way to us. */
static bool still_measuring(const struct ow_measurement *measurement)
{
  const struct ow_session_ends *ends = &measurement->ends;
  struct ow_timestamp due;
  bool sending = ends->sender.open && ow_sender_due(ends->sender.sender, &due);
  return sending || (ends->receiver.open && !ow_receiver_finished(ends->receiver.receiver));
}

static void on_stopped(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  if (event->accept != OW_ACCEPT_OK)
    note_refusal(measurement, "ended the sessions", event->accept);
  if (measurement->course.phase == OW_COURSE_RUNNING) {
    measurement->early.server_first = true;
    measurement->ended_early = still_measuring(measurement);
  }
  apply_server_end(measurement, event);
  advance_course(measurement, OW_COURSE_SERVER_STOPPED);
}

/* The session was stopped: a server that doesn't call it finished has not seen all of its packets' fates. */
static void on_fetch_ack(struct ow_measurement *measurement, const struct ow_fetch_ack *ack)
{
  if (ack->accept != OW_ACCEPT_OK) {
    note_refusal(measurement, "refused to hand over the forward session's records", ack->accept);
    advance_course(measurement, OW_COURSE_FAILED);
  } else {
    measurement->records_incomplete = !ack->finished;
  }
}

static void on_fetched(struct ow_measurement *measurement)
{
  ow_forward_records_keep(&measurement->records);
  advance_course(measurement, OW_COURSE_FETCHED);
}

/* A server that has ended the sessions is about to go: no wonder, and no further failure. */
static void on_broken(struct ow_measurement *measurement, const struct ow_failure *failure)
{
  if (measurement->ended_early && failure->status == OW_NETWORK)
    measurement->early.records_lost = measurement->peer->directions[OW_FORWARD];
  else
    keep_failure(measurement, failure);
  advance_course(measurement, OW_COURSE_LOST);
}

static void on_event(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  switch (event->kind) {
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_SET_UP: break;
  case OW_CLIENT_SESSION: on_acceptance(measurement, &event->acceptance); break;
  case OW_CLIENT_STARTED: on_started(measurement, event->accept); break;
  case OW_CLIENT_STOPPED: on_stopped(measurement, event); break;
  case OW_CLIENT_FETCH_ACK: on_fetch_ack(measurement, &event->fetch_ack); break;
  case OW_CLIENT_FETCH_SESSION: break;
  case OW_CLIENT_FETCH_RECORDS: ow_forward_records_add(&measurement->records, event); break;
  case OW_CLIENT_FETCH_DEPARTURES: break;
  case OW_CLIENT_FETCHED: on_fetched(measurement); break;
  case OW_CLIENT_BROKEN: on_broken(measurement, &event->failure); break;
  }
}

static void on_departures(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  if (ow_reverse_departures_event(measurement->departures, event))
    advance_course(measurement, event->kind == OW_CLIENT_BROKEN ? OW_COURSE_LOST : OW_COURSE_REFINED);
}

static void on_departures_late(struct ow_reverse_departures *departures)
{
  advance_course(departures->context, OW_COURSE_REFINED);
}

void ow_measurement_event(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  if (measurement->course.phase == OW_COURSE_REFINING)
    on_departures(measurement, event);
  else if (measurement->course.phase != OW_COURSE_DONE) /* then its results stand, `done` is on its way */
    on_event(measurement, event);
}

static void on_sender_done(struct ow_test_sender *sender)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(sender, struct ow_measurement, ends.sender);
  struct ow_instant now = now_of(measurement);
  int64_t since_due = ow_timestamp_difference(now.wall, ow_sender_last_due(sender->sender));
  int64_t settled = now.monotonic - since_due + measurement->peer->loss_timeout + SETTLE_MARGIN;
  if (ow_sender_next_sequence(sender->sender) == 0)
    settled = now.monotonic; /* no packet was due at all: there is nothing to wait for */
  if (!has_until(measurement))
    ow_forward_records_confirm(&measurement->records, measurement->control->round_trip);
  ow_timer_set(loop_of(measurement), &measurement->settle_timer, settled);
}

static void on_receiver_done(struct ow_test_receiver *receiver)
{
  advance_course(OW_CONTAINER_OF(receiver, struct ow_measurement, ends.receiver), OW_COURSE_REVERSE_ENDED);
}

static void on_settled(struct ow_timer *timer)
{
  advance_course(OW_CONTAINER_OF(timer, struct ow_measurement, settle_timer), OW_COURSE_FORWARD_WAITED);
}

static void on_records(struct ow_forward_records *records)
{
  advance_course(OW_CONTAINER_OF(records, struct ow_measurement, records),
                 records->purpose == OW_RECORDS_SALVAGING ? OW_COURSE_SALVAGED : OW_COURSE_FORWARD_ARRIVED);
}

static void on_finished(struct ow_completion *completion)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(completion, struct ow_measurement, finished);
  struct ow_outcome outcome = {.remark = ""};
  work_out(measurement, &outcome);
  doubt_addresses(measurement, outcome.results);
  measurement->done(measurement, &outcome);
  for (int i = 0; i < OW_DIRECTIONS; i++)
    ow_result_drop(&outcome.results[i]);
}

/* ---- life ---- */

void ow_measurement_begin(struct ow_measurement *measurement, struct ow_timestamp start_time)
{
  ow_measurement_begin_until(measurement, start_time, (struct ow_timestamp){0});
}

void ow_measurement_begin_until(struct ow_measurement *measurement, struct ow_timestamp start_time,
                                struct ow_timestamp until)
{
  const struct ow_client_connection *control = measurement->control;
  const bool *directions = measurement->peer->directions;
  union ow_address server = ow_channel_remote(&control->channel);
  union ow_address local = ow_channel_local(&control->channel);
  ow_session_ends_prepare(&measurement->ends, measurement->peer, measurement->traffic, &server, &local,
                          start_time, until);
  measurement->early.server = control->server;
  measurement->early.directions = directions;
  measurement->ends.zero_addresses = measurement->peer->nat && !control->plain_addresses;
  measurement->ends.sender.done = on_sender_done;
  measurement->ends.receiver.done = on_receiver_done;
  ow_forward_records_prepare(&measurement->records, loop_of(measurement), &measurement->ends,
                             measurement->log, control->timeout);
  measurement->records.done = on_records;
  measurement->settle_timer.expired = on_settled;
  measurement->finished.run = on_finished;
  measurement->clock_steps = ow_loop_clock_steps(loop_of(measurement));
  if (directions[OW_FORWARD] && !has_until(measurement))
    ow_forward_records_connect(&measurement->records);
  carry_on(measurement,
           ow_course_begin(&measurement->course, directions[OW_FORWARD], directions[OW_REVERSE]));
}

void ow_measurement_cut_short(struct ow_measurement *measurement, const char *reason)
{
  if (measurement->course.phase == OW_COURSE_RUNNING) {
    note_failure(measurement, OW_TIMEOUT, reason);
    advance_course(measurement, OW_COURSE_CUT_SHORT);
  }
}

void ow_measurement_abandon(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  if (measurement->course.phase != OW_COURSE_DONE) {
    if (measurement->course.phase != OW_COURSE_REFINING) /* all that counts is known */
      note_failure(measurement, status, reason);
    advance_course(measurement, OW_COURSE_FAILED);
  }
}

bool ow_measurement_explain_skew(const struct ow_measurement *measurement, struct ow_failure *failure)
{
  const struct ow_receiver *receiver = measurement->ends.receiver.receiver;
  uint32_t late = receiver ? ow_receiver_count(receiver, OW_IGNORED_LATE) : 0;
  uint32_t off = receiver ? ow_receiver_count(receiver, OW_IGNORED_OFF_SCHEDULE) : 0;
  bool skewed = receiver && ow_receiver_received(receiver) == 0 && late + off > 0;
  if (skewed)
    ow_fail(failure, OW_INVALID,
            "%u packets came from %s, but all outside the loss timeout by their stamps: the two hosts' "
            "clocks differ by more than it; synchronise them (NTP or PTP)",
            late + off, measurement->control->server);
  return skewed;
}

void ow_measurement_close(struct ow_measurement *measurement)
{
  if (measurement->traffic) {
    ow_timer_cancel(loop_of(measurement), &measurement->settle_timer);
    ow_loop_withdraw(loop_of(measurement), &measurement->finished);
    ow_forward_records_close(&measurement->records);
    if (measurement->departures)
      ow_reverse_departures_close(measurement->departures);
    free(measurement->departures);
    measurement->departures = NULL;
    free(measurement->failure);
    measurement->failure = NULL;
    ow_session_ends_close(&measurement->ends);
  }
}
