#include "server/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "wire/sid.h"
#include "wire/test_packet.h"

#define LONGEST_TIMEOUT (3600 * OW_NS_PER_S)

/* ---- may it be? ---- */

static enum ow_accept check_shape(const struct ow_session_request *request, struct ow_failure *why)
{
  uint8_t dscp;
  enum ow_accept accept = OW_ACCEPT_OK;
  if (request->server_sends == request->server_receives) {
    ow_fail(why, OW_INVALID, "exactly one of Conf-Sender and Conf-Receiver is supported");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (!ow_type_p_to_dscp(request->type_p, &dscp)) {
    ow_fail(why, OW_INVALID, "Type-P Descriptor %08x is not a plain DSCP", request->type_p);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->padding > OW_PACKET_LARGEST - OW_PACKET_SECURE) {
    ow_fail(why, OW_INVALID, "a padding of %u octets does not fit in a datagram", request->padding);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (ow_span_to_ns(request->timeout) > LONGEST_TIMEOUT) {
    ow_fail(why, OW_INVALID, "a loss timeout of more than an hour");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  }
  return accept;
}

/* RFC 4656, 6: who sends to third parties on request is a weapon. */
static enum ow_accept check_addresses(const struct ow_serve_common *common,
                                      const struct ow_session_request *request,
                                      const struct ow_endpoint *client, struct ow_failure *why)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  if (request->sender.version != client->version) {
    ow_fail(why, OW_INVALID, "the test is to be IPv%u, the control connection is IPv%u",
            request->sender.version, client->version);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->server_sends && !common->config.third_party &&
             !ow_endpoint_is_any(&request->receiver) && !ow_endpoint_same_host(&request->receiver, client)) {
    ow_fail(why, OW_REFUSED,
            "test packets are to go to another host than the client's "
            "(behind NAT, the client can request with zero addresses)");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->server_sends && request->receiver.port == 0) {
    ow_fail(why, OW_INVALID, "the client did not say on which port it receives");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  }
  return accept;
}

/* One record for each packet, and some for duplicates. */
static uint64_t records_for(const struct ow_session_request *request)
{
  return request->server_receives ? (uint64_t)request->packets + request->packets / 8 + 16 : 0;
}

static enum ow_accept check_bounds(const struct ow_serve_common *common,
                                   const struct ow_session_request *request, struct ow_failure *why)
{
  uint64_t records = records_for(request);
  enum ow_accept accept = OW_ACCEPT_OK;
  if (records > common->config.most_records) {
    ow_fail(why, OW_LIMIT, "%u packets are more than the server keeps records of", request->packets);
    accept = OW_ACCEPT_PERMANENT_LIMIT;
  } else if (records > common->config.most_records - common->counts.records ||
             common->counts.sessions_running >= common->config.most_sessions) {
    ow_fail(why, OW_LIMIT, "the server is full: %u sessions, %llu records reserved",
            common->counts.sessions_running, (unsigned long long)common->counts.records);
    accept = OW_ACCEPT_TEMPORARY_LIMIT;
  }
  return accept;
}

/* ---- opening ---- */

static void on_sender_done(struct ow_test_sender *sender)
{
  struct ow_serve_session *session = OW_CONTAINER_OF(sender, struct ow_serve_session, sender);
  session->done(session);
}

static void on_receiver_done(struct ow_test_receiver *receiver)
{
  struct ow_serve_session *session = OW_CONTAINER_OF(receiver, struct ow_serve_session, receiver);
  session->done(session);
}

static enum ow_status open_sender(struct ow_serve_session *session, int socket,
                                  const struct ow_session_terms *terms, const union ow_address *remote,
                                  struct ow_failure *why)
{
  const struct ow_endpoint *to = &terms->request->receiver;
  union ow_address address = ow_endpoint_is_any(to) ? *remote : ow_address_from_endpoint(to, remote);
  ow_address_set_port(&address, to->port);
  session->sender.done = on_sender_done;
  enum ow_status status = ow_udp_connect(socket, &address, why);
  if (status == OW_OK)
    return ow_test_sender_open(&session->sender, &session->common->traffic, socket, terms, false);
  close(socket);
  return status;
}

static enum ow_status open_receiver(struct ow_serve_session *session, int socket,
                                    const struct ow_session_terms *terms, const struct ow_endpoint *client)
{
  struct ow_test_receiver *receiver = &session->receiver;
  receiver->from = ow_endpoint_is_any(&terms->request->sender) ? *client : terms->request->sender;
  /* With a zero address the client is behind NAT, which may change its port as well. */
  receiver->any_port = terms->request->sender.port == 0 || ow_endpoint_is_any(&terms->request->sender);
  receiver->from.port = terms->request->sender.port;
  receiver->done = on_receiver_done;
  return ow_test_receiver_open(receiver, &session->common->traffic, socket, terms, session->reserved);
}

static enum ow_status open_traffic(struct ow_serve_session *session, const struct ow_server *machine,
                                   const union ow_address *local, const union ow_address *remote,
                                   uint16_t *port, struct ow_failure *why)
{
  const struct ow_serve_config *config = &session->common->config;
  struct ow_session_request *agreed = &session->request;
  struct ow_endpoint client = ow_address_to_endpoint(remote);
  struct ow_udp_options options = {.local = *local,
                                   .port_low = config->test_port_low,
                                   .port_high = config->test_port_high,
                                   .transmit_stamps = agreed->server_sends};
  union ow_address bound;
  struct ow_keys keys;
  int socket = -1;
  (void)!ow_type_p_to_dscp(agreed->type_p, &options.dscp); /* checked before */
  enum ow_status status = ow_udp_open(&options, &socket, &bound, why);
  if (status != OW_OK)
    return status;
  *port = ow_address_port(&bound);
  if (agreed->server_sends)
    agreed->sender.port = *port;
  else
    agreed->receiver.port = *port;
  status = ow_server_test_keys(machine, &agreed->sid, &keys);
  const struct ow_session_terms terms = {
      .mode = ow_server_mode(machine), .keys = &keys, .request = agreed, .slots = session->slots};
  if (status != OW_OK)
    close(socket);
  else if (agreed->server_sends)
    status = open_sender(session, socket, &terms, remote, why);
  else
    status = open_receiver(session, socket, &terms, &client);
  ow_wipe(&keys, sizeof keys);
  return status;
}

static struct ow_serve_session *allocate(struct ow_serve_common *common, const struct ow_serve_client *client,
                                         const struct ow_session_request *request,
                                         const struct ow_slot *slots, const struct ow_serve_claim *claim)
{
  struct ow_serve_session *session = calloc(1, sizeof *session);
  if (session) {
    session->slots = calloc(request->slot_count, sizeof *slots);
    session->common = common;
    session->owner = *client;
    session->request = *request;
    session->claim = *claim;
    session->reserved = records_for(request);
    common->counts.records += session->reserved;
    common->counts.sessions_running++;
    if (session->slots) {
      memcpy(session->slots, slots, request->slot_count * sizeof *slots);
    } else {
      ow_serve_session_free(session);
      session = NULL;
    }
  }
  return session;
}

enum ow_accept ow_serve_session_open(struct ow_serve_common *common, const struct ow_server *machine,
                                     const struct ow_serve_client *client, const union ow_address *local,
                                     const union ow_address *remote, const struct ow_session_request *request,
                                     const struct ow_slot *slots, struct ow_serve_session **session,
                                     struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  struct ow_serve_claim claim = {0};
  struct ow_endpoint own = ow_address_to_endpoint(local);
  enum ow_accept accept = check_shape(request, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_addresses(common, request, &client->address, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_bounds(common, request, why);
  if (accept == OW_ACCEPT_OK)
    accept = common->policy->claim(common->policy->context, client, request, slots, &claim, why);
  if (accept != OW_ACCEPT_OK)
    return accept;
  *session = allocate(common, client, request, slots, &claim);
  if (!*session) {
    common->policy->release_bandwidth(common->policy->context, &claim);
    common->policy->release_disk(common->policy->context, &claim);
    ow_fail(why, OW_MEMORY, "no memory for a test session");
    return OW_ACCEPT_INTERNAL_ERROR;
  }
  if (request->server_receives)
    (*session)->request.sid = ow_sid_make(&own, ow_system_stamp(), &ow_system_random);
  ow_fail(why, OW_MEMORY, "no memory for a test session");
  enum ow_status status = open_traffic(*session, machine, local, remote, &acceptance->port, why);
  if (status != OW_OK) {
    ow_serve_session_free(*session);
    *session = NULL;
    return status == OW_LIMIT ? OW_ACCEPT_TEMPORARY_LIMIT : OW_ACCEPT_INTERNAL_ERROR;
  }
  acceptance->sid = (*session)->request.sid;
  return OW_ACCEPT_OK;
}

/* ---- running ---- */

enum ow_status ow_serve_session_start(struct ow_serve_session *session, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  session->running = true;
  if (session->request.server_sends)
    ow_test_sender_start(&session->sender);
  else
    status = ow_test_receiver_start(&session->receiver, failure);
  return status;
}

bool ow_serve_session_finished(const struct ow_serve_session *session)
{
  struct ow_timestamp due;
  return session->ended || (session->request.server_sends ? !ow_sender_due(session->sender.sender, &due)
                                                          : ow_receiver_finished(session->receiver.receiver));
}

/* ---- the end ---- */

static void release_bandwidth(struct ow_serve_session *session)
{
  const struct ow_serve_policy *policy = session->common->policy;
  if (!session->bandwidth_released) {
    session->bandwidth_released = true;
    session->common->counts.sessions_running--;
    policy->release_bandwidth(policy->context, &session->claim);
  }
}

void ow_serve_session_end(struct ow_serve_session *session, const struct ow_session_end *end)
{
  if (session->ended)
    return;
  session->ended = true;
  if (session->receiver.open) {
    struct ow_receiver *receiver = session->receiver.receiver;
    if (session->running)
      ow_test_receiver_catch_up(&session->receiver);
    session->next_sequence = end ? end->next_sequence : ow_receiver_next_sequence(receiver);
    if (end && ow_receiver_stop(receiver, ow_system_stamp(), end) != OW_OK)
      ow_log(session->common->log, OW_LOG_ERROR, "no memory for a client's skip ranges; they are not kept");
    ow_test_receiver_stop(&session->receiver);
  }
  ow_test_sender_close(&session->sender);
  release_bandwidth(session);
}

void ow_serve_session_free(struct ow_serve_session *session)
{
  struct ow_serve_common *common = session->common;
  if (session->fetches) {
    session->condemned = true;
    return;
  }
  ow_serve_session_end(session, NULL);
  release_bandwidth(session);
  common->counts.records -= session->reserved;
  common->policy->release_disk(common->policy->context, &session->claim);
  ow_test_receiver_close(&session->receiver);
  free(session->slots);
  free(session);
}
