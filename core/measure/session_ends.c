/* SPDX-License-Identifier: MIT */
/* The requests are planned here; a socket of ours is open before its port is told. */
#include "measure/session_ends.h"

#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "io/system_clock.h"
#include "measure/fetched_records.h"
#include "measure/session_plan.h"
#include "measure/test_socket.h"
#include "traffic/nat_opening.h"
#include "wire/sid.h"

static bool has_until(const struct ow_session_ends *ends)
{
  return !ow_timestamp_is_zero(ends->until);
}

/* ---- planning ---- */

static struct ow_sid make_sid(const struct ow_session_ends *ends)
{
  struct ow_endpoint own = ow_address_to_endpoint(&ends->local);
  return ow_sid_make(&own, ow_system_stamp(), &ow_system_random);
}

static struct ow_endpoint test_address(const struct ow_session_ends *ends, const union ow_address *address,
                                       uint16_t port)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  if (ends->zero_addresses)
    memset(endpoint.address, 0, sizeof endpoint.address);
  endpoint.port = port;
  return endpoint;
}

static enum ow_status open_socket(struct ow_session_ends *ends, enum ow_direction direction, uint16_t *port,
                                  struct ow_failure *failure)
{
  union ow_address own = ends->local;
  enum ow_test_socket_use use = direction == OW_FORWARD ? OW_SOCKET_SENDS : OW_SOCKET_RECEIVES;
  if (ends->sockets[direction] >= 0)
    close(ends->sockets[direction]);
  enum ow_status status = ow_test_socket_open(ends->peer, use, &own, &ends->sockets[direction], failure);
  if (status == OW_OK)
    *port = ow_address_port(&own);
  return status;
}

static enum ow_status plan_until(const struct ow_session_ends *ends, struct ow_session_request *request,
                                 struct ow_failure *failure)
{
  const struct ow_endpoint own = ow_address_to_endpoint(&ends->local);
  return ow_session_plan_until(request, ends->peer, request->server_receives ? NULL : &own, ends->until,
                               &ends->traffic->contexts, failure);
}

/* Which end is ours is all that differs between the directions (RFC 4656, 3.5). */
static struct ow_session_request describe(const struct ow_session_ends *ends, enum ow_direction direction,
                                          uint16_t our_port)
{
  const struct ow_peer *peer = ends->peer;
  struct ow_endpoint ours = test_address(ends, &ends->local, our_port);
  struct ow_endpoint theirs = test_address(ends, &ends->server, 0);
  bool forward = direction == OW_FORWARD;
  struct ow_session_request request = {
      .server_sends = !forward,
      .server_receives = forward,
      .slot_count = peer->slot_count,
      .packets = peer->packets,
      .sender = forward ? ours : theirs,
      .receiver = forward ? theirs : ours,
      .padding = peer->padding,
      .start = ends->requests[direction].start,
      .timeout = ow_span_from_ns(peer->loss_timeout),
      .type_p = ow_type_p_from_dscp(peer->dscp),
  };
  if (!forward)
    request.sid = make_sid(ends);
  return request;
}

enum ow_status ow_session_ends_plan(struct ow_session_ends *ends, enum ow_direction direction,
                                    struct ow_failure *failure)
{
  uint16_t port = 0;
  enum ow_status status = open_socket(ends, direction, &port, failure);
  if (status == OW_OK) {
    ends->requests[direction] = describe(ends, direction, port);
    if (has_until(ends))
      status = plan_until(ends, &ends->requests[direction], failure);
  }
  return status;
}

/* ---- what the server agreed to ---- */

static enum ow_status open_sender(struct ow_session_ends *ends, const struct ow_session_terms *terms,
                                  struct ow_failure *failure)
{
  union ow_address server = ends->server;
  int socket = ends->sockets[OW_FORWARD];
  ow_address_set_port(&server, terms->request->receiver.port);
  enum ow_status status = ow_udp_connect(socket, &server, failure);
  if (status == OW_OK) {
    ends->sockets[OW_FORWARD] = -1;
    status = ow_test_sender_open(&ends->sender, ends->traffic, socket, terms, ends->peer->zero_padding);
    if (status != OW_OK)
      ow_fail(failure, status, "no memory for a test sender");
    else if (has_until(ends))
      ow_sender_until(ends->sender.sender, ends->until);
    if (status == OW_OK) {
      ends->sender.busy_wait = ends->peer->busy_wait;
      ow_departures_begin(&ends->sender.departures, terms->request->packets);
    }
  }
  return status;
}

static enum ow_status open_receiver(struct ow_session_ends *ends, const struct ow_session_terms *terms,
                                    struct ow_failure *failure)
{
  struct ow_test_receiver *receiver = &ends->receiver;
  int socket = ends->sockets[OW_REVERSE];
  union ow_address from = ends->server;
  ow_address_set_port(&from, terms->request->sender.port);
  receiver->from = ow_address_to_endpoint(&from);
  if (ends->peer->nat)
    ow_nat_open(socket, &from);
  ends->sockets[OW_REVERSE] = -1;
  enum ow_status status = ow_test_receiver_open(receiver, ends->traffic, socket, terms,
                                                ow_duplicates_kept(terms->request->packets));
  if (status != OW_OK)
    ow_fail(failure, status, "no memory for a test receiver");
  return status;
}

/* The test keys follow from the SID. */
static enum ow_status open_end(struct ow_session_ends *ends, enum ow_direction direction,
                               const struct ow_client *client, struct ow_failure *failure)
{
  struct ow_keys keys;
  const struct ow_session_request *agreed = &ends->requests[direction];
  enum ow_status status = ow_client_test_keys(client, &agreed->sid, &keys);
  const struct ow_session_terms terms = {
      .mode = ow_client_mode(client),
      .keys = &keys,
      .request = agreed,
      .slots = ends->peer->slots,
      .contexts = &ends->traffic->contexts,
  };
  if (status != OW_OK)
    ow_fail(failure, status, "can't derive the test session's keys");
  else if (direction == OW_FORWARD)
    status = open_sender(ends, &terms, failure);
  else
    status = open_receiver(ends, &terms, failure);
  ow_wipe(&keys, sizeof keys);
  return status;
}

enum ow_status ow_session_ends_agree(struct ow_session_ends *ends, enum ow_direction direction,
                                     const struct ow_session_acceptance *acceptance,
                                     const struct ow_client *client, struct ow_failure *failure)
{
  struct ow_session_request *agreed = &ends->requests[direction];
  if (direction == OW_FORWARD) {
    agreed->sid = acceptance->sid;
    agreed->receiver.port = acceptance->port;
  } else {
    agreed->sender.port = acceptance->port;
  }
  return open_end(ends, direction, client, failure);
}

/* ---- life ---- */

void ow_session_ends_prepare(struct ow_session_ends *ends, const struct ow_peer *peer,
                             struct ow_traffic *traffic, const union ow_address *server,
                             const union ow_address *local, struct ow_timestamp start,
                             struct ow_timestamp until)
{
  ends->peer = peer;
  ends->traffic = traffic;
  ends->server = *server;
  ends->local = *local;
  ends->until = until;
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    ends->sockets[i] = -1;
    ends->requests[i].start = start;
  }
}

void ow_session_ends_close(struct ow_session_ends *ends)
{
  if (ends->traffic) {
    ow_test_sender_close(&ends->sender);
    ow_test_receiver_close(&ends->receiver);
    for (int i = 0; i < OW_DIRECTIONS; i++) {
      if (ends->sockets[i] >= 0)
        close(ends->sockets[i]);
      ends->sockets[i] = -1;
    }
  }
}
