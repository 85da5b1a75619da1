#include "measure/measurement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "measure/forward_records.h"
#include "schedule/schedule.h"
#include "wire/sid.h"

#define SETTLE_MARGIN (20 * OW_NS_PER_MS) /* beyond the loss timeout, for the last packet's record */

static struct ow_loop *loop_of(const struct ow_measurement *measurement)
{
  return measurement->traffic->loop;
}

static bool has_until(const struct ow_measurement *measurement)
{
  return !ow_timestamp_is_zero(measurement->until);
}

static bool wanted(const struct ow_measurement *measurement, enum ow_direction direction)
{
  return measurement->peer->directions[direction];
}

/* A server sends at most every packet twice in what it records; more is nonsense. */
uint32_t ow_measurement_most_records(const struct ow_measurement *measurement, enum ow_direction direction)
{
  uint64_t most = (uint64_t)measurement->requests[direction].packets * 2 + 64;
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
  struct ow_timestamp due;
  struct ow_observation observation = {
      .samples = &measurement->forward,
      .packets = end.next_sequence,
      .skipped = end.skipped,
      .skip_ranges = end.skip_ranges,
      .absent_is_lost =
          measurement->status == OW_OK && (measurement->forward_waited || measurement->confirmed),
      .partial = measurement->status != OW_OK || ow_sender_due(measurement->sender.sender, &due),
      .stepped = clock_was_set(measurement),
  };
  conclude(measurement, OW_FORWARD, &observation);
}

static void conclude_reverse(struct ow_measurement *measurement)
{
  const struct ow_receiver *receiver = measurement->receiver.receiver;
  uint32_t skip_ranges;
  const struct ow_skip_range *skipped = ow_receiver_skipped(receiver, &skip_ranges);
  uint32_t planned = measurement->requests[OW_REVERSE].packets;
  uint32_t reached =
      measurement->server_ended ? measurement->server_next : ow_receiver_next_sequence(receiver);
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

void ow_measurement_finish(struct ow_measurement *measurement)
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
void ow_measurement_note_failure(struct ow_measurement *measurement, enum ow_status status,
                                 const char *reason)
{
  if (measurement->status == OW_OK)
    measurement->status = ow_fail(&measurement->failure, status, "%s", reason);
}

static void fail(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  ow_measurement_note_failure(measurement, status, reason);
  ow_measurement_finish(measurement);
}

/* ---- requesting ---- */

static struct ow_endpoint test_address(const struct ow_measurement *measurement,
                                       const union ow_address *address, uint16_t port)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  if (measurement->peer->nat)
    memset(endpoint.address, 0, sizeof endpoint.address);
  endpoint.port = port;
  return endpoint;
}

static enum ow_status open_socket(struct ow_measurement *measurement, enum ow_direction direction,
                                  uint16_t *port)
{
  const struct ow_peer *peer = measurement->peer;
  union ow_address bound;
  struct ow_udp_options options = {
      .local = measurement->local,
      .port_low = peer->test_port_low,
      .port_high = peer->test_port_high,
      .interface = peer->interface,
      .dscp = peer->dscp,
      .transmit_stamps = direction == OW_FORWARD,
  };
  enum ow_status status =
      ow_udp_open(&options, &measurement->sockets[direction], &bound, &measurement->failure);
  if (status == OW_OK)
    *port = ow_address_port(&bound);
  return status;
}

/*
 * Of a session whose SID is ours its packets can be counted; one that has none is thrown again. For the
 * others more than enough are asked for, and the sender stops in time.
 */
static enum ow_status plan_until(struct ow_measurement *measurement, struct ow_session_request *request)
{
  const struct ow_peer *peer = measurement->peer;
  struct ow_endpoint own = ow_address_to_endpoint(&measurement->local);
  int64_t length = ow_timestamp_difference(measurement->until, request->start);
  uint32_t most = ow_slots_most_packets(peer->slots, peer->slot_count, length);
  enum { TRIES = 100 };
  enum ow_status status = OW_OK;
  request->packets = request->server_receives ? most : 0;
  for (int i = 0; i < TRIES && status == OW_OK && request->packets == 0; i++) {
    request->sid = ow_sid_make(&own, ow_loop_now(loop_of(measurement)).wall, &ow_system_random);
    status = ow_schedule_count(&request->sid, request->start, peer->slots, peer->slot_count,
                               measurement->until, most, &request->packets);
  }
  if (status != OW_OK || request->packets == 0)
    status = ow_fail(&measurement->failure, status != OW_OK ? status : OW_INVALID,
                     "no packet of the schedule falls into the time to measure");
  return status;
}

/* Which end is ours is all that differs between the directions (RFC 4656, 3.5). */
static struct ow_session_request describe(const struct ow_measurement *measurement,
                                          enum ow_direction direction, uint16_t our_port)
{
  const struct ow_peer *peer = measurement->peer;
  struct ow_endpoint own = ow_address_to_endpoint(&measurement->local);
  struct ow_endpoint ours = test_address(measurement, &measurement->local, our_port);
  struct ow_endpoint theirs = test_address(measurement, &measurement->server, 0);
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
    if (has_until(measurement))
      status = plan_until(measurement, &measurement->requests[direction]);
  }
  if (status == OW_OK) {
    status = ow_client_request_session(measurement->control->client, ow_loop_now(loop_of(measurement)),
                                       &measurement->requests[direction], measurement->peer->slots);
    if (status == OW_OK)
      ow_client_connection_send(measurement->control);
    else
      ow_fail(&measurement->failure, status, "can't write the request for a session");
  }
  if (status != OW_OK) {
    measurement->status = status;
    ow_measurement_finish(measurement);
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
  union ow_address server = measurement->server;
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
    else if (has_until(measurement))
      ow_sender_until(measurement->sender.sender, measurement->until);
  }
  return status;
}

/*
 * A NAT in front of us lets in only what answers to something: an empty datagram to where the server's
 * packets come from. It works with a NAT that keeps the port, which is the usual case; the server ignores it.
 */
static void open_the_way(const struct ow_measurement *measurement, const struct ow_session_terms *terms)
{
  union ow_address from = measurement->server;
  if (measurement->peer->nat && terms->request->sender.port != 0) {
    ow_address_set_port(&from, terms->request->sender.port);
    (void)!sendto(measurement->sockets[OW_REVERSE], "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, &from.any,
                  ow_address_length(&from));
  }
}

static enum ow_status open_receiver(struct ow_measurement *measurement, const struct ow_session_terms *terms)
{
  struct ow_test_receiver *receiver = &measurement->receiver;
  receiver->from = ow_address_to_endpoint(&measurement->server);
  receiver->from.port = terms->request->sender.port;
  receiver->any_port = terms->request->sender.port == 0;
  receiver->done = on_receiver_done;
  open_the_way(measurement, terms);
  enum ow_status status =
      ow_test_receiver_open(receiver, measurement->traffic, measurement->sockets[OW_REVERSE], terms,
                            ow_measurement_most_records(measurement, OW_REVERSE));
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
  enum ow_direction direction =
      measurement->state == OW_MEASUREMENT_REQUEST_FORWARD ? OW_FORWARD : OW_REVERSE;
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
    ow_measurement_finish(measurement);
  }
}

/* ---- running ---- */

static void on_broken(struct ow_measurement *measurement, const struct ow_failure *failure)
{
  ow_measurement_note_failure(measurement, failure->status, failure->text);
  if (!ow_forward_salvage(measurement))
    ow_measurement_finish(measurement);
}

static void on_sender_done(struct ow_test_sender *sender)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(sender, struct ow_measurement, sender);
  struct ow_instant now = ow_loop_now(loop_of(measurement));
  int64_t since_due = ow_timestamp_difference(now.wall, ow_sender_last_due(sender->sender));
  int64_t settled = now.monotonic - since_due + measurement->peer->loss_timeout + SETTLE_MARGIN;
  if (ow_sender_next_sequence(sender->sender) == 0)
    settled = now.monotonic; /* no packet was due at all: there is nothing to wait for */
  if (!has_until(measurement))
    ow_forward_confirm(measurement);
  ow_timer_set(loop_of(measurement), &measurement->settle_timer, settled);
}

static void on_receiver_done(struct ow_test_receiver *receiver)
{
  ow_measurement_consider(OW_CONTAINER_OF(receiver, struct ow_measurement, receiver));
}

static void on_settled(struct ow_timer *timer)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(timer, struct ow_measurement, settle_timer);
  measurement->forward_waited = true;
  ow_measurement_consider(measurement);
}

static void on_started(struct ow_measurement *measurement, enum ow_accept accept)
{
  enum ow_status status = OW_OK;
  if (accept != OW_ACCEPT_OK) {
    char reason[OW_FAILURE_TEXT];
    snprintf(reason, sizeof reason, "server %s refused to start the sessions: %s",
             measurement->control->server, ow_accept_text(accept));
    fail(measurement, OW_REFUSED, reason);
    return;
  }
  measurement->state = OW_MEASUREMENT_RUNNING;
  measurement->started = ow_loop_now(loop_of(measurement)).monotonic;
  if (measurement->receiver.open)
    status = ow_test_receiver_start(&measurement->receiver, &measurement->failure);
  if (status == OW_OK && measurement->sender.open)
    ow_test_sender_start(&measurement->sender);
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
  if (ow_client_stop_sessions(measurement->control->client, ow_loop_now(loop_of(measurement)), OW_ACCEPT_OK,
                              &end, measurement->sender.open) == OW_OK)
    ow_client_connection_send(measurement->control);
  else
    fail(measurement, OW_STATE, "can't write Stop-Sessions");
}

/* Both directions are settled when nothing that matters can still come. */
void ow_measurement_consider(struct ow_measurement *measurement)
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
      uint32_t planned = measurement->requests[OW_REVERSE].packets;
      measurement->server_next = end->next_sequence < planned ? end->next_sequence : planned;
      if (ow_receiver_stop(measurement->receiver.receiver, now.wall, end) != OW_OK)
        ow_measurement_note_failure(measurement, OW_MEMORY, "no memory for the server's skip ranges");
    }
  }
}

static void fetch_or_finish(struct ow_measurement *measurement)
{
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END,
                                         .sid = measurement->requests[OW_FORWARD].sid};
  if (!measurement->sender.open || measurement->confirmed) {
    ow_measurement_finish(measurement);
  } else if (ow_client_fetch(measurement->control->client, ow_loop_now(loop_of(measurement)), &whole,
                             ow_measurement_most_records(measurement, OW_FORWARD)) == OW_OK) {
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
    ow_measurement_note_failure(measurement, OW_REFUSED, reason);
  }
  apply_server_end(measurement, event);
  if (measurement->state == OW_MEASUREMENT_RUNNING) { /* the server stopped first: answer */
    send_stop(measurement);
    measurement->state =
        measurement->state == OW_MEASUREMENT_DONE ? measurement->state : OW_MEASUREMENT_STOPPING;
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
  case OW_CLIENT_FETCH_RECORDS: ow_forward_take(measurement, event); break;
  case OW_CLIENT_FETCHED:
    ow_forward_keep(measurement);
    ow_measurement_finish(measurement);
    break;
  case OW_CLIENT_BROKEN: on_broken(measurement, &event->failure); break;
  }
}

/* ---- life ---- */

void ow_measurement_begin(struct ow_measurement *measurement, struct ow_timestamp start_time)
{
  ow_measurement_begin_until(measurement, start_time, (struct ow_timestamp){0});
}

void ow_measurement_begin_until(struct ow_measurement *measurement, struct ow_timestamp start_time,
                                struct ow_timestamp until)
{
  measurement->until = until;
  measurement->server = ow_channel_remote(&measurement->control->channel);
  measurement->local = ow_channel_local(&measurement->control->channel);
  ow_forward_prepare(measurement);
  measurement->settle_timer.expired = on_settled;
  measurement->clock_steps = ow_loop_clock_steps(loop_of(measurement));
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    measurement->sockets[i] = -1;
    measurement->requests[i].start = start_time;
  }
  if (wanted(measurement, OW_FORWARD)) {
    measurement->state = OW_MEASUREMENT_REQUEST_FORWARD;
    if (!has_until(measurement))
      ow_forward_connect(measurement);
    request(measurement, OW_FORWARD);
  } else {
    measurement->state = OW_MEASUREMENT_REQUEST_REVERSE;
    request(measurement, OW_REVERSE);
  }
}

void ow_measurement_cut_short(struct ow_measurement *measurement, const char *reason)
{
  if (measurement->state == OW_MEASUREMENT_RUNNING) {
    ow_measurement_note_failure(measurement, OW_TIMEOUT, reason);
    measurement->state = OW_MEASUREMENT_STOPPING;
    send_stop(measurement);
  }
}

void ow_measurement_abandon(struct ow_measurement *measurement, enum ow_status status, const char *reason)
{
  fail(measurement, status, reason);
}

bool ow_measurement_explain_skew(const struct ow_measurement *measurement, struct ow_failure *failure)
{
  const struct ow_receiver *receiver = measurement->receiver.receiver;
  uint32_t late = receiver ? ow_receiver_count(receiver, OW_IGNORED_LATE) : 0;
  uint32_t off = receiver ? ow_receiver_count(receiver, OW_IGNORED_OFF_SCHEDULE) : 0;
  bool skewed = receiver && ow_receiver_received(receiver) == 0 && late + off > 0;
  if (skewed)
    ow_fail(failure, OW_INVALID,
            "%u packets came from %s, but all outside the loss timeout by their stamps: the two hosts' "
            "clocks differ by "
            "more than it; synchronise them (NTP or PTP)",
            late + off, measurement->control->server);
  return skewed;
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
