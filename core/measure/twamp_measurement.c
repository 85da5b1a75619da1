/* SPDX-License-Identifier: MIT */
/* Two questions and their answers, then a reflected session; Stop-Sessions is the last word, and has no
 * answer. */
#include "measure/twamp_measurement.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "io/udp.h"
#include "measure/test_socket.h"

static struct ow_loop *loop_of(const struct ow_twamp_measurement *measurement)
{
  return measurement->traffic->loop;
}

static struct ow_client *client_of(const struct ow_twamp_measurement *measurement)
{
  return measurement->control->client;
}

static void close_socket(struct ow_twamp_measurement *measurement)
{
  if (measurement->socket >= 0)
    close(measurement->socket);
  measurement->socket = -1;
}

/* ---- the end ---- */

/* Nothing was measured. */
static void fail(struct ow_twamp_measurement *measurement, const struct ow_failure *failure)
{
  close_socket(measurement);
  measurement->phase = OW_TWAMP_OVER;
  ow_reflected_measurement_fail(&measurement->reflected, failure);
}

static void fail_saying(struct ow_twamp_measurement *measurement, enum ow_status status, const char *what)
{
  struct ow_failure failure;
  ow_fail(&failure, status, "%s", what);
  fail(measurement, &failure);
}

/* All is known, or as much as there was time for: the server may stop, if it still listens. */
static void on_measured(struct ow_reflected_measurement *reflected)
{
  struct ow_twamp_measurement *measurement =
      OW_CONTAINER_OF(reflected, struct ow_twamp_measurement, reflected);
  struct ow_client *client = client_of(measurement);
  measurement->phase = OW_TWAMP_OVER;
  if (client && ow_client_state(client) == OW_CLIENT_RUNNING &&
      ow_client_stop_sessions(client, ow_loop_now(loop_of(measurement)), OW_ACCEPT_OK, NULL, 0) == OW_OK)
    ow_client_connection_send(measurement->control);
  measurement->done(measurement);
}

/* ---- request ---- */

/* Both ways as long: where no symmetrical size is agreed on, padding makes up for the answer's longer head.
 */
static uint32_t padding_of(const struct ow_twamp_measurement *measurement)
{
  struct ow_twamp_format format = ow_client_twamp_format(client_of(measurement));
  uint32_t least = (uint32_t)(ow_twamp_answer_least(format) - ow_twamp_question_least(format));
  uint32_t zeros = (uint32_t)ow_twamp_question_zeros(format);
  uint32_t asked = measurement->peer->padding > zeros ? measurement->peer->padding - zeros : 0;
  return asked > least ? asked : least;
}

static struct ow_endpoint endpoint(const union ow_address *address, bool zero)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  if (zero)
    memset(endpoint.address, 0, sizeof endpoint.address);
  return endpoint;
}

/* The port that is wished for is the number of our own: each session has another, and so has it at the
 * server. */
static void describe(struct ow_twamp_measurement *measurement)
{
  const struct ow_peer *peer = measurement->peer;
  bool zero = peer->nat && !measurement->control->plain_addresses;
  measurement->request = (struct ow_tw_request){.sender = endpoint(&measurement->local, zero),
                                                .receiver = endpoint(&measurement->server, zero),
                                                .padding = padding_of(measurement),
                                                .start = measurement->start,
                                                .timeout = ow_span_from_ns(peer->loss_timeout),
                                                .type_p = ow_type_p_from_dscp(peer->dscp)};
  measurement->request.receiver.port = measurement->request.sender.port;
}

/* Each command's failure is of this host. */
static void send_command(struct ow_twamp_measurement *measurement, enum ow_status status, const char *what)
{
  struct ow_failure failure;
  if (status == OW_OK) {
    ow_client_connection_send(measurement->control);
  } else {
    ow_fail(&failure, status, "can't send %s to server %s%s", what, measurement->control->server,
            status == OW_MEMORY ? ": no memory" : "");
    fail(measurement, &failure);
  }
}

static void request(struct ow_twamp_measurement *measurement)
{
  describe(measurement);
  measurement->phase = OW_TWAMP_REQUESTING;
  send_command(measurement,
               ow_client_request_tw_session(client_of(measurement), ow_loop_now(loop_of(measurement)),
                                            &measurement->request),
               "Request-TW-Session");
}

/* ---- what the server says ---- */

static void refuse(struct ow_twamp_measurement *measurement, const char *what, enum ow_accept accept)
{
  struct ow_failure failure;
  ow_fail(&failure, OW_REFUSED, "server %s %s: %s", measurement->control->server, what,
          ow_accept_text(accept));
  fail(measurement, &failure);
}

/* True if the refusal may be of zero addresses, which not every server knows: then they are plain, once. */
static bool ask_otherwise(struct ow_twamp_measurement *measurement, enum ow_accept accept)
{
  struct ow_client_connection *control = measurement->control;
  bool repeats = measurement->peer->nat && !measurement->asked_otherwise && accept != OW_ACCEPT_OK &&
                 accept != OW_ACCEPT_PERMANENT_LIMIT && accept != OW_ACCEPT_TEMPORARY_LIMIT;
  if (repeats) {
    control->plain_addresses = !control->plain_addresses;
    measurement->asked_otherwise = true;
    ow_log(measurement->log, OW_LOG_NOTICE,
           "server %s refuses a session with %s addresses (%s): it is asked for with %s ones from now on",
           control->server, control->plain_addresses ? "zero" : "plain", ow_accept_text(accept),
           control->plain_addresses ? "plain" : "zero");
    request(measurement);
  }
  return repeats;
}

static void on_acceptance(struct ow_twamp_measurement *measurement,
                          const struct ow_session_acceptance *acceptance)
{
  struct ow_failure failure;
  if (ask_otherwise(measurement, acceptance->accept))
    return;
  if (acceptance->accept != OW_ACCEPT_OK) {
    refuse(measurement, "refused the session", acceptance->accept);
    return;
  }
  ow_address_set_port(&measurement->server, acceptance->port);
  enum ow_status status = ow_udp_connect(measurement->socket, &measurement->server, &failure);
  if (status != OW_OK) {
    fail(measurement, &failure);
    return;
  }
  measurement->sid = acceptance->sid;
  measurement->phase = OW_TWAMP_STARTING;
  send_command(measurement,
               ow_client_start_sessions(client_of(measurement), ow_loop_now(loop_of(measurement))),
               "Start-Sessions");
}

static void run(struct ow_twamp_measurement *measurement, const struct ow_keys *keys)
{
  struct ow_twamp_format format = ow_client_twamp_format(client_of(measurement));
  struct ow_timestamp now = ow_loop_now(loop_of(measurement)).wall;
  struct ow_timestamp start = ow_timestamp_after(now, measurement->start) ? now : measurement->start;
  const struct ow_reflected_path path = {
      .socket = measurement->socket,
      .local = measurement->local,
      .kind = {.protocol = OW_PROTOCOL_TWAMP, .mode = format.mode, .features = format.features, .keys = keys},
      .padding = measurement->request.padding};
  measurement->socket = -1;
  measurement->ran = true;
  measurement->phase = OW_TWAMP_RUNNING;
  if (ow_timestamp_is_zero(measurement->until))
    ow_reflected_measurement_begin(&measurement->reflected, &path, start);
  else
    ow_reflected_measurement_begin_until(&measurement->reflected, &path, start, measurement->until);
}

static void on_started(struct ow_twamp_measurement *measurement, enum ow_accept accept)
{
  struct ow_keys keys;
  if (accept != OW_ACCEPT_OK)
    refuse(measurement, "refused to start the session", accept);
  else if (ow_client_test_keys(client_of(measurement), &measurement->sid, &keys) != OW_OK)
    fail_saying(measurement, OW_CRYPTO, "can't derive the test session's keys");
  else
    run(measurement, &keys);
  ow_wipe(&keys, sizeof keys);
}

/* A server that loses its client ends its sessions: what has come till now is all there will be. */
static void on_broken(struct ow_twamp_measurement *measurement, const struct ow_failure *failure)
{
  if (measurement->phase == OW_TWAMP_RUNNING)
    ow_reflected_measurement_cut_short(&measurement->reflected, failure->status, failure->text);
  else
    fail(measurement, failure);
}

void ow_twamp_measurement_event(struct ow_twamp_measurement *measurement, const struct ow_client_event *event)
{
  if (measurement->phase == OW_TWAMP_OVER || measurement->phase == OW_TWAMP_IDLE)
    return;
  switch (event->kind) {
  case OW_CLIENT_SESSION: on_acceptance(measurement, &event->acceptance); break;
  case OW_CLIENT_STARTED: on_started(measurement, event->accept); break;
  case OW_CLIENT_BROKEN: on_broken(measurement, &event->failure); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_SET_UP:
  case OW_CLIENT_STOPPED:
  case OW_CLIENT_FETCH_ACK:
  case OW_CLIENT_FETCH_SESSION:
  case OW_CLIENT_FETCH_RECORDS:
  case OW_CLIENT_FETCH_DEPARTURES:
  case OW_CLIENT_FETCHED: break;
  }
}

/* ---- life ---- */

void ow_twamp_measurement_begin(struct ow_twamp_measurement *measurement, struct ow_timestamp start)
{
  ow_twamp_measurement_begin_until(measurement, start, (struct ow_timestamp){0});
}

void ow_twamp_measurement_begin_until(struct ow_twamp_measurement *measurement, struct ow_timestamp start,
                                      struct ow_timestamp until)
{
  struct ow_failure failure;
  measurement->start = start;
  measurement->until = until;
  measurement->server = ow_channel_remote(&measurement->control->channel);
  measurement->local = ow_channel_local(&measurement->control->channel);
  measurement->reflected = (struct ow_reflected_measurement){.peer = measurement->peer,
                                                             .traffic = measurement->traffic,
                                                             .histograms = measurement->histograms,
                                                             .done = on_measured};
  if (ow_test_socket_open(measurement->peer, OW_SOCKET_REFLECTED, &measurement->local, &measurement->socket,
                          &failure) == OW_OK)
    request(measurement);
  else
    fail(measurement, &failure);
}

void ow_twamp_measurement_cut_short(struct ow_twamp_measurement *measurement, enum ow_status status,
                                    const char *reason)
{
  if (measurement->phase == OW_TWAMP_RUNNING)
    ow_reflected_measurement_cut_short(&measurement->reflected, status, reason);
  else if (measurement->phase != OW_TWAMP_OVER && measurement->phase != OW_TWAMP_IDLE)
    fail_saying(measurement, status, reason);
}

void ow_twamp_measurement_close(struct ow_twamp_measurement *measurement)
{
  if (measurement->phase != OW_TWAMP_IDLE)
    close_socket(measurement);
  ow_reflected_measurement_close(&measurement->reflected);
  measurement->phase = OW_TWAMP_IDLE;
}
