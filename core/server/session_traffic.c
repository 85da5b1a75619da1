/* SPDX-License-Identifier: MIT */
/* The addresses decide whether it can be the shared port; then what needs the keys is made. */
#include "server/session_traffic.h"

#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "server/test_address.h"

/* So many answers that nobody listens there end a session: its client is gone, and its address another's. */
enum { CLOSED_MOST = 8 };

/* ---- traffic ---- */

static void on_sender_done(struct ow_test_sender *sender)
{
  struct ow_serve_session *session = sender->context;
  session->done(session);
}

static bool on_may_send(struct ow_test_sender *sender, size_t octets, int64_t now)
{
  struct ow_serve_session *session = sender->context;
  const struct ow_serve_policy *policy = session->common->policy;
  return policy->may_send(policy->context, &session->claim, octets, now);
}

static void on_receiver_done(struct ow_test_receiver *receiver)
{
  struct ow_serve_session *session = receiver->context;
  session->done(session);
}

/* Where the packets come to or leave from, and the client's end. */
struct place {
  union ow_address own;
  union ow_address far;
  bool shared; /* else: */
  int socket;
};

static enum ow_status open_sender(struct ow_serve_session *session, const struct place *place,
                                  const struct ow_session_terms *terms, struct ow_failure *why)
{
  struct ow_test_sender *sender = session->sender;
  enum ow_status status;
  sender->done = on_sender_done;
  sender->context = session;
  sender->may_send = on_may_send;
  sender->closed_most = CLOSED_MOST;
  sender->busy_wait = session->common->config.busy_wait;
  if (session->departing > 0)
    ow_departures_begin(&sender->departures, session->request.packets);
  if (place->shared)
    return ow_test_sender_open_joined(sender, terms);
  status = ow_udp_connect(place->socket, &place->far, why);
  if (status == OW_OK)
    return ow_test_sender_open(sender, &session->common->traffic, place->socket, terms, false);
  close(place->socket);
  return status;
}

/* With a zero address the client is behind NAT, which may change its port as well. */
static bool is_any_port(const struct ow_session_request *request)
{
  return request->sender.port == 0 || ow_endpoint_is_any(&request->sender);
}

static enum ow_status open_receiver(struct ow_serve_session *session, const struct place *place,
                                    const struct ow_session_terms *terms, const struct ow_endpoint *client)
{
  struct ow_test_receiver *receiver = session->receiver;
  const struct ow_session_request *request = terms->request;
  uint64_t surplus = session->reserved - session->beside - request->packets;
  receiver->from = ow_endpoint_is_any(&request->sender) ? *client : request->sender;
  receiver->any_port = is_any_port(request);
  receiver->from.port = request->sender.port;
  receiver->done = on_receiver_done;
  receiver->context = session;
  if (place->shared)
    return ow_test_receiver_open_joined(receiver, terms, surplus);
  enum ow_status status =
      ow_test_receiver_open(receiver, &session->common->traffic, place->socket, terms, surplus);
  if (status == OW_OK)
    ow_test_receiver_keep_out(receiver);
  return status;
}

/* ---- a socket of its own ---- */

static uint32_t buffer_for(const struct ow_serve_session *session)
{
  const struct ow_session_request *request = &session->request;
  return request->server_receives
             ? ow_test_receiver_buffer(session->slots, request->slot_count, request->padding)
             : 0;
}

static enum ow_status open_socket(struct ow_serve_session *session, struct place *place,
                                  struct ow_failure *why)
{
  const struct ow_serve_config *config = &session->common->config;
  bool ranged = !ow_serve_shares_port(config->test_port_low, config->test_port_high);
  struct ow_udp_options options = {.local = place->own,
                                   .port_low = ranged ? config->test_port_low : 0,
                                   .port_high = ranged ? config->test_port_high : 0,
                                   .transmit_stamps = session->request.server_sends,
                                   .receive_buffer = buffer_for(session)};
  (void)!ow_type_p_to_dscp(session->request.type_p, &options.dscp); /* checked before */
  enum ow_status status = ow_udp_open(&options, &place->socket, &place->own, why);
  if (status == OW_OK && !ow_test_receiver_has_buffer(place->socket, options.receive_buffer))
    ow_traffic_tell_of_room(&session->common->traffic, session->common->log, ow_address_port(&place->own),
                            options.receive_buffer, "rmem_max");
  return status;
}

/* ---- the shared port ---- */

/* In open mode nothing tells whose packets they are that come from where nobody knows. */
static enum ow_status join(struct ow_serve_session *session, const struct place *place,
                           const struct ow_serve_asked *asked, struct ow_failure *why)
{
  struct ow_test_port *port = &session->common->test_port;
  struct ow_endpoint client = ow_address_to_endpoint(&asked->remote);
  struct ow_endpoint far = ow_address_to_endpoint(&place->far);
  const struct ow_session_request *request = &session->request;
  struct ow_port_claim claim = {.far = place->far,
                                .own = place->own,
                                .receives = request->server_receives,
                                .by_key = request->server_receives && is_any_port(request),
                                .hearsay = !ow_endpoint_same_host(&far, &client),
                                .slots = session->slots,
                                .slot_count = request->slot_count,
                                .padding = request->padding};
  (void)!ow_type_p_to_dscp(request->type_p, &claim.dscp); /* checked before */
  if (claim.by_key && ow_server_mode(asked->machine) == OW_MODE_OPEN) {
    claim.by_key = false;
    ow_address_set_port(&claim.far, 0);
  }
  return claim.receives ? ow_test_receiver_join(session->receiver, port, &claim, why)
                        : ow_test_sender_join(session->sender, port, &claim, why);
}

static void tell_of_own_port(const struct ow_serve_common *common, const struct ow_serve_asked *asked,
                             uint16_t port, const char *why)
{
  char client[OW_ADDRESS_TEXT];
  ow_log(common->log, OW_LOG_NOTICE,
         "client %s: a test session gets a UDP port of its own, %u in place of %u: %s",
         ow_address_print(client, sizeof client, &asked->remote), port, common->test_port.number, why);
}

/* ---- both ---- */

/* From where nothing can be sent to, something may come all the same. */
static enum ow_status find_place(struct ow_serve_session *session, const struct ow_serve_asked *asked,
                                 struct place *place, struct ow_failure *why)
{
  struct ow_serve_common *common = session->common;
  const struct ow_session_request *request = &session->request;
  const struct ow_endpoint *theirs = request->server_sends ? &request->receiver : &request->sender;
  struct ow_failure unshared;
  enum ow_status far = OW_OK;
  enum ow_status status =
      ow_serve_test_address(request, &asked->local, &place->own, &session->own_address, why);
  if (status != OW_OK)
    return status;
  far = ow_serve_far_address(theirs, &asked->remote, &place->own, &place->far, &unshared);
  if (far == OW_OK && common->test_port.number)
    place->shared = join(session, place, asked, &unshared) == OW_OK;
  if (place->shared) {
    ow_address_set_port(&place->own, common->test_port.number);
  } else if (far == OW_OK || request->server_receives) {
    status = open_socket(session, place, why);
  } else {
    *why = unshared;
    status = far;
  }
  if (status == OW_OK && !place->shared && common->test_port.number)
    tell_of_own_port(common, asked, ow_address_port(&place->own), unshared.text);
  return status;
}

static void leave_place(struct ow_serve_session *session, const struct place *place)
{
  if (!place->shared)
    close(place->socket);
  else if (session->sender)
    ow_test_port_leave_free(&session->sender->seat);
  else
    ow_test_port_leave_free(&session->receiver->seat);
}

enum ow_status ow_serve_traffic_open(struct ow_serve_session *session, const struct ow_serve_asked *asked,
                                     uint16_t *port, struct ow_failure *why)
{
  struct ow_session_request *agreed = &session->request;
  struct ow_endpoint client = ow_address_to_endpoint(&asked->remote);
  struct ow_keys keys;
  struct place place = {.socket = -1};
  enum ow_status status = find_place(session, asked, &place, why);
  if (status != OW_OK)
    return status;
  *port = ow_address_port(&place.own);
  if (agreed->server_sends)
    agreed->sender.port = *port;
  else
    agreed->receiver.port = *port;
  status = ow_server_test_keys(asked->machine, &agreed->sid, &keys);
  const struct ow_session_terms terms = {
      .mode = ow_server_mode(asked->machine),
      .keys = &keys,
      .request = agreed,
      .slots = session->slots,
      .contexts = &session->common->traffic.contexts,
  };
  if (status != OW_OK)
    leave_place(session, &place);
  else if (agreed->server_sends)
    status = open_sender(session, &place, &terms, why);
  else
    status = open_receiver(session, &place, &terms, &client);
  ow_wipe(&keys, sizeof keys);
  return status;
}
