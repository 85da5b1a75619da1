#include "engine/measurement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "wire/sid.h"

#define SETTLE_MARGIN (20 * OW_NS_PER_MS)        /* beyond the loss timeout, for the last packet's record */
#define FIRST_CONFIRMATION_WAIT (1 * OW_NS_PER_MS)
#define LONGEST_CONFIRMATION_WAIT (100 * OW_NS_PER_MS)

static void consider(struct ow_measurement *measurement);

static struct ow_loop *loop_of(const struct ow_measurement *measurement)
{
  return measurement->traffic->loop;
}

static bool wanted(const struct ow_measurement *measurement, enum ow_direction direction)
{
  return measurement->peer->directions[direction];
}

/* A server sends at most every packet twice in what it records; more is nonsense. */
static uint32_t most_records(const struct ow_measurement *measurement)
{
  uint64_t most = (uint64_t)measurement->peer->packets * 2 + 64;
  return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

/* ---- results ---- */

static void conclude(struct ow_measurement *measurement, enum ow_direction direction,
                     const struct ow_observation *observation)
{
  struct ow_result *result = &measurement->results[direction];
  if (observation->samples->count == 0 && !observation->absent_is_lost)
    *result = (struct ow_result){.completeness = OW_RESULT_ABSENT};
  else if (ow_result_compute(observation, result) != OW_OK)
    *result = (struct ow_result){.completeness = OW_RESULT_ABSENT};
  result->discarded = observation->discarded;
}

static bool clock_was_set(const struct ow_measurement *measurement)
{
  return ow_loop_clock_steps(loop_of(measurement)) != measurement->clock_steps;
}

static void conclude_forward(struct ow_measurement *measurement)
{
  struct ow_session_end end = ow_sender_end(measurement->sender.sender);
  struct ow_observation observation = {
      .samples = &measurement->forward,
      .packets = end.next_sequence,
      .skipped = end.skipped,
      .skip_ranges = end.skip_ranges,
      .absent_is_lost = measurement->status == OW_OK && (measurement->forward_waited || measurement->confirmed),
      .partial = measurement->status != OW_OK || end.next_sequence < measurement->peer->packets,
      .stepped = clock_was_set(measurement),
  };
  conclude(measurement, OW_FORWARD, &observation);
}

static void conclude_reverse(struct ow_measurement *measurement)
{
  const struct ow_receiver *receiver = measurement->receiver.receiver;
  uint32_t skip_ranges;
  const struct ow_skip_range *skipped = ow_receiver_skipped(receiver, &skip_ranges);
  uint32_t planned = measurement->peer->packets;
  uint32_t reached = measurement->server_ended ? measurement->server_next : ow_receiver_next_sequence(receiver);
  struct ow_observation observation = {
      .samples = ow_receiver_samples(receiver),
      .packets = reached,
      .skipped = skipped,
      .skip_ranges = skip_ranges,
      .partial = reached < planned || (measurement->status != OW_OK && !ow_receiver_finished(receiver)),
      .stepped = clock_was_set(measurement),
      .discarded = ow_test_receiver_discarded(&measurement->receiver),
  };
  conclude(measurement, OW_REVERSE, &observation);
}

static void finish(struct ow_measurement *measurement)
{
  if (measurement->state == OW_MEASUREMENT_DONE)
    return;
  measurement->state = OW_MEASUREMENT_DONE;
  ow_timer_cancel(loop_of(measurement), &measurement->confirm_timer);
  ow_timer_cancel(loop_of(measurement), &measurement->settle_timer);
  ow_client_connection_close(&measurement->confirmation);
  if (measurement->sender.open) {
    ow_test_sender_stop(&measurement->sender);
    conclude_forward(measurement);
  }
  if (measurement->receiver.open) {
    if (!measurement->server_ended)
      ow_test_receiver_catch_up(&measurement->receiver);
    conclude_reverse(measurement);
    ow_test_receiver_stop(&measurement->receiver);
  }
  measurement->done(measurement);
}

/* The first reason stays. */
static void note_failure(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  if (measurement->status == OW_OK)
    measurement->status = ow_fail(&measurement->failure, status, "%s", reason);
}

static void fail(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  note_failure(measurement, status, reason);
  finish(measurement);
}

/* ---- requesting ---- */

static struct ow_endpoint test_address(const struct ow_measurement *measurement, const union ow_address *address,
                                       uint16_t port)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  if (measurement->peer->nat)
    memset(endpoint.address, 0, sizeof endpoint.address);
  endpoint.port = port;
  return endpoint;
}

static enum ow_status open_socket(struct ow_measurement *measurement, enum ow_direction direction, uint16_t *port)
{
  const struct ow_peer *peer = measurement->peer;
  union ow_address bound;
  struct ow_udp_options options = {
      .local = ow_channel_local(&measurement->control->channel),
      .port_low = peer->test_port_low,
      .port_high = peer->test_port_high,
      .interface = peer->interface,
      .dscp = peer->dscp,
      .transmit_stamps = direction == OW_FORWARD,
  };
  enum ow_status status = ow_udp_open(&options, &measurement->sockets[direction], &bound, &measurement->failure);
  if (status == OW_OK)
    *port = ow_address_port(&bound);
  return status;
}

/* Which end is ours is all that differs between the directions (RFC 4656, 3.5). */
static struct ow_session_request describe(const struct ow_measurement *measurement, enum ow_direction direction,
                                          uint16_t our_port)
{
  const struct ow_peer *peer = measurement->peer;
  union ow_address local = ow_channel_local(&measurement->control->channel);
  union ow_address remote = ow_channel_remote(&measurement->control->channel);
  struct ow_endpoint own = ow_address_to_endpoint(&local);
  struct ow_endpoint ours = test_address(measurement, &local, our_port);
  struct ow_endpoint theirs = test_address(measurement, &remote, 0);
  bool forward = direction == OW_FORWARD;
  struct ow_session_request request = {
      .server_sends = !forward,
      .server_receives = forward,
      .slot_count = peer->slot_count,
      .packets = peer->packets,
      .sender = forward ? ours : theirs,
      .receiver = forward ? theirs : ours,
      .padding = peer->padding,
      .start = measurement->requests[direction].start,
      .timeout = ow_span_from_ns(peer->loss_timeout),
      .type_p = ow_type_p_from_dscp(peer->dscp),
  };
  if (!forward)
    request.sid = ow_sid_make(&own, ow_loop_now(loop_of(measurement)).wall, &ow_system_random);
  return request;
}

static void request(struct ow_measurement *measurement, enum ow_direction direction)
{
  uint16_t port = 0;
  enum ow_status status = open_socket(measurement, direction, &port);
  if (status == OW_OK) {
    measurement->requests[direction] = describe(measurement, direction, port);
    status = ow_client_request_session(measurement->control->client, ow_loop_now(loop_of(measurement)),
                                       &measurement->requests[direction], measurement->peer->slots);
    if (status == OW_OK)
      ow_client_connection_send(measurement->control);
    else
      ow_fail(&measurement->failure, status, "can't write the request for a session");
  }
  if (status != OW_OK) {
    measurement->status = status;
    finish(measurement);
  }
}

static void start(struct ow_measurement *measurement)
{
  measurement->state = OW_MEASUREMENT_STARTING;
  if (ow_client_start_sessions(measurement->control->client, ow_loop_now(loop_of(measurement))) == OW_OK)
    ow_client_connection_send(measurement->control);
  else
    fail(measurement, OW_STATE, "can't write Start-Sessions");
}

static void request_next(struct ow_measurement *measurement)
{
  if (measurement->state == OW_MEASUREMENT_REQUEST_FORWARD && wanted(measurement, OW_REVERSE)) {
    measurement->state = OW_MEASUREMENT_REQUEST_REVERSE;
    request(measurement, OW_REVERSE);
  } else {
    start(measurement);
  }
}

/* ---- what the server agreed to ---- */

static void on_sender_done(struct ow_test_sender *sender);
static void on_receiver_done(struct ow_test_receiver *receiver);

static enum ow_status open_sender(struct ow_measurement *measurement, const struct ow_session_terms *terms)
{
  union ow_address server = ow_channel_remote(&measurement->control->channel);
  int socket = measurement->sockets[OW_FORWARD];
  ow_address_set_port(&server, terms->request->receiver.port);
  enum ow_status status = ow_udp_connect(socket, &server, &measurement->failure);
  if (status == OW_OK) {
    measurement->sockets[OW_FORWARD] = -1;
    measurement->sender.done = on_sender_done;
    status = ow_test_sender_open(&measurement->sender, measurement->traffic, socket, terms,
                                 measurement->peer->zero_padding);
    if (status != OW_OK)
      ow_fail(&measurement->failure, status, "no memory for a test sender");
  }
  return status;
}

static enum ow_status open_receiver(struct ow_measurement *measurement, const struct ow_session_terms *terms)
{
  union ow_address server = ow_channel_remote(&measurement->control->channel);
  struct ow_test_receiver *receiver = &measurement->receiver;
  receiver->from = ow_address_to_endpoint(&server);
  receiver->from.port = terms->request->sender.port;
  receiver->any_port = terms->request->sender.port == 0;
  receiver->done = on_receiver_done;
  enum ow_status status = ow_test_receiver_open(receiver, measurement->traffic, measurement->sockets[OW_REVERSE], terms,
                                                most_records(measurement));
  measurement->sockets[OW_REVERSE] = -1;
  if (status != OW_OK)
    ow_fail(&measurement->failure, status, "no memory for a test receiver");
  return status;
}

/* The agreed terms, and the test keys that follow from the SID. */
static enum ow_status open_end(struct ow_measurement *measurement, enum ow_direction direction)
{
  struct ow_keys keys;
  const struct ow_client *client = measurement->control->client;
  const struct ow_session_request *agreed = &measurement->requests[direction];
  enum ow_status status = ow_client_test_keys(client, &agreed->sid, &keys);
  const struct ow_session_terms terms = {
      .mode = ow_client_mode(client), .keys = &keys, .request = agreed, .slots = measurement->peer->slots};
  if (status != OW_OK)
    ow_fail(&measurement->failure, status, "can't derive the test session's keys");
  else if (direction == OW_FORWARD)
    status = open_sender(measurement, &terms);
  else
    status = open_receiver(measurement, &terms);
  ow_wipe(&keys, sizeof keys);
  return status;
}

static void on_acceptance(struct ow_measurement *measurement, const struct ow_session_acceptance *acceptance)
{
  enum ow_direction direction = measurement->state == OW_MEASUREMENT_REQUEST_FORWARD ? OW_FORWARD : OW_REVERSE;
  struct ow_session_request *agreed = &measurement->requests[direction];
  if (acceptance->accept != OW_ACCEPT_OK) {
    char reason[OW_FAILURE_TEXT];
    snprintf(reason, sizeof reason, "server %s refused the %s session: %s", measurement->control->server,
             ow_direction_name(direction), ow_accept_text(acceptance->accept));
    fail(measurement, OW_REFUSED, reason);
    return;
  }
  if (direction == OW_FORWARD) {
    agreed->sid = acceptance->sid;
    agreed->receiver.port = acceptance->port;
  } else {
    agreed->sender.port = acceptance->port;
  }
  enum ow_status status = open_end(measurement, direction);
  if (status == OW_OK) {
    request_next(measurement);
  } else {
    measurement->status = status;
    finish(measurement);
  }
}

/* ---- confirmation ---- */

static bool all_arrived(const struct ow_measurement *measurement)
{
  struct ow_session_end end = ow_sender_end(measurement->sender.sender);
  uint64_t missing = end.next_sequence;
  uint8_t *seen = calloc(end.next_sequence / 8 + 1, 1);
  for (uint32_t i = 0; i < end.skip_ranges; i++)
    missing -= (uint64_t)end.skipped[i].last - end.skipped[i].first + 1;
  for (size_t i = 0; seen && i < measurement->forward.count; i++) {
    const struct ow_sample *sample = ow_samples_at(&measurement->forward, i);
    uint8_t bit = (uint8_t)(1U << sample->sequence % 8);
    if (sample->sequence < end.next_sequence && !ow_sample_lost(sample) && !(seen[sample->sequence / 8] & bit)) {
      seen[sample->sequence / 8] |= bit;
      missing--;
    }
  }
  free(seen);
  return missing == 0;
}

static void keep_fetched(struct ow_measurement *measurement)
{
  ow_samples_clear(&measurement->forward);
  measurement->forward = measurement->fetching;
  measurement->fetching = (struct ow_samples){0};
}

static void on_records(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  for (uint32_t i = 0; i < event->record_count; i++)
    if (ow_samples_append(&measurement->fetching, &event->records[i]) != OW_OK)
      note_failure(measurement, OW_MEMORY, "no memory for the fetched records");
}

static void await_confirmation(struct ow_measurement *measurement, int64_t wait)
{
  int64_t now = ow_loop_now(loop_of(measurement)).monotonic;
  (void)!ow_timer_set(loop_of(measurement), &measurement->confirm_timer, now + wait);
}

static void on_confirmation_answer(struct ow_measurement *measurement)
{
  measurement->confirmation_busy = false;
  keep_fetched(measurement);
  measurement->confirmed = all_arrived(measurement);
  if (measurement->confirmed) {
    consider(measurement);
  } else {
    await_confirmation(measurement, measurement->confirmation_wait);
    if (measurement->confirmation_wait < LONGEST_CONFIRMATION_WAIT)
      measurement->confirmation_wait *= 2;
  }
}

static void give_up_confirmation(struct ow_measurement *measurement, const char *reason)
{
  ow_log(measurement->log, OW_LOG_INFO, "can't ask for records while the session runs, so its end is waited for: %s",
         reason);
  ow_client_connection_close(&measurement->confirmation);
  measurement->confirmation_ready = false;
  measurement->confirmation_busy = false;
}

static void on_confirmation_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct ow_measurement *measurement =
      (struct ow_measurement *)((char *)connection - offsetof(struct ow_measurement, confirmation));
  switch (event->kind) {
    case OW_CLIENT_SET_UP: measurement->confirmation_ready = true; break;
    case OW_CLIENT_FETCH_ACK:
      if (event->fetch_ack.accept != OW_ACCEPT_OK)
        give_up_confirmation(measurement, ow_accept_text(event->fetch_ack.accept));
      break;
    case OW_CLIENT_FETCH_RECORDS: on_records(measurement, event); break;
    case OW_CLIENT_FETCHED: on_confirmation_answer(measurement); break;
    case OW_CLIENT_BROKEN: give_up_confirmation(measurement, event->failure.text); break;
    case OW_CLIENT_NOTHING:
    case OW_CLIENT_SESSION:
    case OW_CLIENT_STARTED:
    case OW_CLIENT_STOPPED:
    case OW_CLIENT_FETCH_SESSION: break;
  }
}

/* A server that is asked for an explicit range answers at once, with what it has. */
static void on_confirm_timer(struct ow_timer *timer)
{
  struct ow_measurement *measurement =
      (struct ow_measurement *)((char *)timer - offsetof(struct ow_measurement, confirm_timer));
  uint32_t next = ow_sender_next_sequence(measurement->sender.sender);
  const struct ow_fetch_request range = {.end = next - 1, .sid = measurement->requests[OW_FORWARD].sid};
  if (measurement->state != OW_MEASUREMENT_RUNNING || measurement->confirmation_busy || next == 0)
    return;
  if (!measurement->confirmation_ready) {
    if (measurement->confirmation.channel.open)
      await_confirmation(measurement, FIRST_CONFIRMATION_WAIT);
  } else if (ow_client_fetch(measurement->confirmation.client, ow_loop_now(loop_of(measurement)), &range,
                             most_records(measurement)) == OW_OK) {
    ow_samples_clear(&measurement->fetching);
    measurement->confirmation_busy = true;
    ow_client_connection_send(&measurement->confirmation);
  }
}

static void open_confirmation(struct ow_measurement *measurement)
{
  struct ow_failure failure;
  union ow_address server = ow_channel_remote(&measurement->control->channel);
  union ow_address source = ow_channel_local(&measurement->control->channel);
  ow_address_set_port(&source, 0);
  measurement->confirmation.event = on_confirmation_event;
  if (ow_client_connection_open(&measurement->confirmation, loop_of(measurement), measurement->peer, &server, &source,
                                measurement->control->config.timeout, &failure) != OW_OK)
    give_up_confirmation(measurement, failure.text);
}

/* ---- running ---- */

static void on_sender_done(struct ow_test_sender *sender)
{
  struct ow_measurement *measurement =
      (struct ow_measurement *)((char *)sender - offsetof(struct ow_measurement, sender));
  struct ow_instant now = ow_loop_now(loop_of(measurement));
  int64_t since_due = ow_timestamp_difference(now.wall, ow_sender_last_due(sender->sender));
  int64_t settled = now.monotonic - since_due + measurement->peer->loss_timeout + SETTLE_MARGIN;
  measurement->confirmation_wait = FIRST_CONFIRMATION_WAIT;
  await_confirmation(measurement, measurement->control->round_trip / 2 + FIRST_CONFIRMATION_WAIT);
  (void)!ow_timer_set(loop_of(measurement), &measurement->settle_timer, settled);
}

static void on_receiver_done(struct ow_test_receiver *receiver)
{
  consider((struct ow_measurement *)((char *)receiver - offsetof(struct ow_measurement, receiver)));
}

static void on_settled(struct ow_timer *timer)
{
  struct ow_measurement *measurement =
      (struct ow_measurement *)((char *)timer - offsetof(struct ow_measurement, settle_timer));
  measurement->forward_waited = true;
  consider(measurement);
}

static void on_started(struct ow_measurement *measurement, enum ow_accept accept)
{
  enum ow_status status = OW_OK;
  if (accept != OW_ACCEPT_OK) {
    char reason[OW_FAILURE_TEXT];
    snprintf(reason, sizeof reason, "server %s refused to start the sessions: %s", measurement->control->server,
             ow_accept_text(accept));
    fail(measurement, OW_REFUSED, reason);
    return;
  }
  measurement->state = OW_MEASUREMENT_RUNNING;
  measurement->started = ow_loop_now(loop_of(measurement)).monotonic;
  if (measurement->receiver.open)
    status = ow_test_receiver_start(&measurement->receiver, &measurement->failure);
  if (status == OW_OK && measurement->sender.open)
    status = ow_test_sender_start(&measurement->sender);
  if (status != OW_OK)
    fail(measurement, status, "can't begin to send and receive test packets");
}

/* ---- stopping ---- */

static void send_stop(struct ow_measurement *measurement)
{
  struct ow_session_end end = {0};
  if (measurement->sender.open) {
    ow_test_sender_stop(&measurement->sender);
    end = ow_sender_end(measurement->sender.sender);
  }
  if (measurement->receiver.open)
    ow_test_receiver_catch_up(&measurement->receiver);
  if (ow_client_stop_sessions(measurement->control->client, ow_loop_now(loop_of(measurement)), OW_ACCEPT_OK, &end,
                              measurement->sender.open) == OW_OK)
    ow_client_connection_send(measurement->control);
  else
    fail(measurement, OW_STATE, "can't write Stop-Sessions");
}

/* Both directions are settled when nothing that matters can still come. */
static void consider(struct ow_measurement *measurement)
{
  bool forward = !measurement->sender.open || measurement->confirmed || measurement->forward_waited;
  bool reverse = !measurement->receiver.open || ow_receiver_finished(measurement->receiver.receiver);
  if (measurement->state == OW_MEASUREMENT_RUNNING && forward && reverse) {
    measurement->state = OW_MEASUREMENT_STOPPING;
    send_stop(measurement);
  }
}

static void apply_server_end(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  struct ow_instant now = ow_loop_now(loop_of(measurement));
  for (uint32_t i = 0; i < event->end_count; i++) {
    const struct ow_session_end *end = &event->ends[i];
    if (measurement->receiver.open && !measurement->server_ended &&
        memcmp(end->sid.octets, measurement->requests[OW_REVERSE].sid.octets, OW_SID) == 0) {
      ow_test_receiver_catch_up(&measurement->receiver);
      measurement->server_ended = true;
      measurement->server_next =
          end->next_sequence < measurement->peer->packets ? end->next_sequence : measurement->peer->packets;
      if (ow_receiver_stop(measurement->receiver.receiver, now.wall, end) != OW_OK)
        note_failure(measurement, OW_MEMORY, "no memory for the server's skip ranges");
    }
  }
}

static void fetch_or_finish(struct ow_measurement *measurement)
{
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END, .sid = measurement->requests[OW_FORWARD].sid};
  if (!measurement->sender.open || measurement->confirmed) {
    finish(measurement);
  } else if (ow_client_fetch(measurement->control->client, ow_loop_now(loop_of(measurement)), &whole,
                             most_records(measurement)) == OW_OK) {
    measurement->state = OW_MEASUREMENT_FETCHING;
    ow_samples_clear(&measurement->fetching);
    ow_client_connection_close(&measurement->confirmation);
    ow_client_connection_send(measurement->control);
  } else {
    fail(measurement, OW_STATE, "can't write Fetch-Session");
  }
}

static void on_stopped(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  char reason[OW_FAILURE_TEXT];
  if (event->accept != OW_ACCEPT_OK) {
    snprintf(reason, sizeof reason, "server %s ended the sessions: %s", measurement->control->server,
             ow_accept_text(event->accept));
    note_failure(measurement, OW_REFUSED, reason);
  }
  apply_server_end(measurement, event);
  if (measurement->state == OW_MEASUREMENT_RUNNING) { /* the server stopped first: answer */
    send_stop(measurement);
    measurement->state = measurement->state == OW_MEASUREMENT_DONE ? measurement->state : OW_MEASUREMENT_STOPPING;
  }
  if (measurement->state == OW_MEASUREMENT_STOPPING)
    fetch_or_finish(measurement);
}

/* ---- fetching ---- */

static void on_fetch_ack(struct ow_measurement *measurement, enum ow_accept accept)
{
  if (accept != OW_ACCEPT_OK) {
    char reason[OW_FAILURE_TEXT];
    snprintf(reason, sizeof reason, "server %s refused to hand over the forward session's records: %s",
             measurement->control->server, ow_accept_text(accept));
    fail(measurement, OW_REFUSED, reason);
  }
}

/* ---- events of the control connection ---- */

void ow_measurement_event(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  switch (event->kind) {
    case OW_CLIENT_NOTHING:
    case OW_CLIENT_SET_UP: break;
    case OW_CLIENT_SESSION: on_acceptance(measurement, &event->acceptance); break;
    case OW_CLIENT_STARTED: on_started(measurement, event->accept); break;
    case OW_CLIENT_STOPPED: on_stopped(measurement, event); break;
    case OW_CLIENT_FETCH_ACK: on_fetch_ack(measurement, event->fetch_ack.accept); break;
    case OW_CLIENT_FETCH_SESSION: break;
    case OW_CLIENT_FETCH_RECORDS: on_records(measurement, event); break;
    case OW_CLIENT_FETCHED:
      keep_fetched(measurement);
      finish(measurement);
      break;
    case OW_CLIENT_BROKEN: fail(measurement, event->failure.status, event->failure.text); break;
  }
}

/* ---- life ---- */

void ow_measurement_begin(struct ow_measurement *measurement, struct ow_timestamp start_time)
{
  measurement->confirm_timer.expired = on_confirm_timer;
  measurement->settle_timer.expired = on_settled;
  measurement->clock_steps = ow_loop_clock_steps(loop_of(measurement));
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    measurement->sockets[i] = -1;
    measurement->requests[i].start = start_time;
  }
  if (wanted(measurement, OW_FORWARD)) {
    measurement->state = OW_MEASUREMENT_REQUEST_FORWARD;
    open_confirmation(measurement);
    request(measurement, OW_FORWARD);
  } else {
    measurement->state = OW_MEASUREMENT_REQUEST_REVERSE;
    request(measurement, OW_REVERSE);
  }
}

void ow_measurement_cut_short(struct ow_measurement *measurement, const char *reason)
{
  if (measurement->state == OW_MEASUREMENT_RUNNING) {
    note_failure(measurement, OW_TIMEOUT, reason);
    measurement->state = OW_MEASUREMENT_STOPPING;
    send_stop(measurement);
  }
}

void ow_measurement_abandon(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  fail(measurement, status, reason);
}

void ow_measurement_close(struct ow_measurement *measurement)
{
  if (measurement->traffic) {
    ow_timer_cancel(loop_of(measurement), &measurement->confirm_timer);
    ow_timer_cancel(loop_of(measurement), &measurement->settle_timer);
    ow_client_connection_close(&measurement->confirmation);
    ow_test_sender_close(&measurement->sender);
    ow_test_receiver_close(&measurement->receiver);
    for (int i = 0; i < OW_DIRECTIONS; i++) {
      if (measurement->sockets[i] > 0)
        close(measurement->sockets[i]);
      measurement->sockets[i] = -1;
    }
    ow_samples_clear(&measurement->fetching);
    ow_samples_clear(&measurement->forward);
  }
}
