/* SPDX-License-Identifier: MIT */
/* Asked for, started, stopped; and the answer to a question. */
#include "server/tw_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "io/system_clock.h"
#include "server/accounts.h"
#include "server/reflections.h"
#include "server/test_address.h"
#include "traffic/port_answer.h"
#include "wire/sid.h"
#include "wire/test_packet.h"
#include "wire/twamp_packet.h"

enum { TTL_UNKNOWN = 255 };
#define REFWAIT (900 * OW_NS_PER_S)     /* RFC 5357, 4.2 */
#define TIMEOUT_MOST (50 * OW_NS_PER_S) /* after a stop: packets have come, its client may be gone */

struct ow_serve_tw_session {
  LIST_ENTRY(ow_serve_tw_session) among;
  struct ow_serve_common *common;
  struct ow_port_seat seat;
  struct ow_outlet_user user; /* of the outlet, for the answers' departures */
  struct ow_packet_codec codec;
  struct ow_twamp_format format;
  struct ow_serve_claim claim;
  struct ow_account *account;
  struct ow_timer timer; /* REFWAIT, or the Timeout after a stop */
  int64_t timeout;
  int64_t asked_at; /* monotonic */
  bool stopped;
  uint8_t dscp;
  uint32_t received;
  uint32_t answered;
  char name[OW_ADDRESS_TEXT]; /* the client's end */
};

/* ---- its end ---- */

static void leave_account(struct ow_serve_tw_session *session)
{
  struct ow_shares *shares = &session->common->shares;
  ow_shares_give(shares, session->account, OW_SHARE_REFLECTIONS, 1);
  ow_shares_leave(shares, session->account);
}

static void release_claim(const struct ow_serve_tw_session *session)
{
  const struct ow_serve_policy *policy = session->common->policy;
  policy->release_bandwidth(policy->context, &session->claim);
  policy->release_disk(policy->context, &session->claim);
}

static void end(struct ow_serve_tw_session *session)
{
  struct ow_serve_common *common = session->common;
  ow_log(common->log, OW_LOG_INFO, "client %s: TWAMP session ends, %u questions came and %u answers left",
         session->name, session->received, session->answered);
  ow_timer_cancel(common->loop, &session->timer);
  ow_outlet_forget(&session->seat.side->outlet, &session->user);
  ow_test_port_leave(&session->seat);
  release_claim(session);
  leave_account(session);
  ow_packet_codec_close(&session->codec);
  LIST_REMOVE(session, among);
  common->counts.reflections--;
  free(session);
}

static void on_time(struct ow_timer *timer)
{
  struct ow_serve_tw_session *session = OW_CONTAINER_OF(timer, struct ow_serve_tw_session, timer);
  struct ow_loop *loop = session->common->loop;
  if (session->stopped || ow_loop_now(loop).monotonic - session->asked_at >= REFWAIT)
    end(session);
  else
    ow_timer_set(loop, timer, session->asked_at + REFWAIT);
}

/* ---- answers ---- */

static void on_departed(struct ow_outlet_user *user, const struct ow_leaving *packet,
                        struct ow_timestamp departed)
{
  const struct ow_serve_tw_session *session = OW_CONTAINER_OF(user, struct ow_serve_tw_session, user);
  ow_port_answer_departed(session->seat.side, packet, departed);
}

static bool recognizes(struct ow_port_seat *seat, const struct ow_datagram *datagram)
{
  struct ow_serve_tw_session *session = OW_CONTAINER_OF(seat, struct ow_serve_tw_session, seat);
  struct ow_packet packet;
  return ow_packet_decode(&session->codec, datagram->octets, datagram->length, &packet) == OW_OK;
}

/* The question's padding, from its first octet on, as much of it as there is room for. */
static void copy_padding(const struct ow_serve_tw_session *session, const struct ow_datagram *datagram,
                         uint8_t *out, size_t octets)
{
  size_t from = ow_twamp_question_least(session->format);
  size_t to = ow_twamp_answer_least(session->format);
  size_t have = datagram->length > from ? datagram->length - from : 0;
  size_t room = octets - to;
  memset(out + to, 0, room);
  memcpy(out + to, datagram->octets + from, have < room ? have : room);
}

static bool answer(struct ow_serve_tw_session *session, const struct ow_datagram *datagram,
                   const struct ow_packet *question, size_t octets, int64_t now)
{
  struct ow_port_side *side = session->seat.side;
  uint8_t *packet = session->common->packet;
  struct ow_udp_way way;
  ow_port_answer_hear(side, false, now);
  struct ow_reflection reflection = {
      .sequence = session->answered,
      .error = ow_port_answer_error(side, now).bits,
      .received = datagram->received,
      .sender_sequence = question->sequence,
      .sender_sent = question->sent,
      .sender_error = question->error,
      .sender_ttl = datagram->ttl_known ? datagram->ttl : TTL_UNKNOWN,
  };
  if (datagram->dscp_known)
    reflection.sender_tos = (uint8_t)(datagram->dscp << 2 | datagram->ecn);
  copy_padding(session, datagram, packet, octets);
  ow_udp_way_make(&way, &datagram->from, &datagram->to, session->dscp);
  struct ow_leaving leaving = ow_port_answer_leaving(side, session->answered);
  leaving.reading = ow_system_stamp();
  reflection.sent = ow_timestamp_plus(leaving.reading, leaving.correction);
  return ow_twamp_answer_encode(&session->codec, session->format, &reflection, packet) == OW_OK &&
         ow_port_answer_send(side, &session->user, &way, packet, octets, &leaving, now);
}

/* What isn't answered is counted with what isn't of STAMP's. */
static void on_arrived(struct ow_port_seat *seat, const struct ow_datagram *datagram, struct ow_instant now)
{
  struct ow_serve_tw_session *session = OW_CONTAINER_OF(seat, struct ow_serve_tw_session, seat);
  struct ow_serve_counts *counts = &session->common->counts;
  const struct ow_serve_policy *policy = session->common->policy;
  size_t octets = ow_twamp_answer_octets(session->format, datagram->length);
  struct ow_packet question;
  enum ow_status status = ow_packet_decode(&session->codec, datagram->octets, datagram->length, &question);
  if (!ow_serve_reflects_to(session->common, ow_address_port(&datagram->from))) {
    counts->unanswered[OW_UNANSWERED_PORT]++;
  } else if (datagram->cut || status == OW_INVALID) {
    counts->unanswered[OW_UNANSWERED_SIZE]++;
  } else if (status != OW_OK) {
    counts->unanswered[OW_UNANSWERED_KEY]++;
  } else {
    session->received++;
    session->asked_at = now.monotonic;
    if (!policy->may_send(policy->context, &session->claim, octets, now.monotonic)) {
      counts->unanswered[OW_UNANSWERED_BANDWIDTH]++;
    } else if (answer(session, datagram, &question, octets, now.monotonic)) {
      session->answered++;
      counts->answered++;
    } else {
      counts->unanswered[OW_UNANSWERED_FAILED]++;
    }
  }
}

/* ---- agreeing ---- */

static enum ow_accept check(const struct ow_serve_common *common, const struct ow_serve_tw_asked *asked,
                            struct ow_twamp_format format, uint8_t *dscp, struct ow_failure *why)
{
  const struct ow_tw_request *request = asked->request;
  const struct ow_endpoint *client = &asked->client->address;
  enum ow_accept accept = OW_ACCEPT_NOT_SUPPORTED;
  size_t octets = ow_packet_least(format.mode) + (size_t)request->padding;
  if (!ow_endpoint_is_any(&request->sender) && !ow_endpoint_same_host(&request->sender, client))
    ow_fail(why, OW_REFUSED, "questions are to come from another host than the client's");
  else if (request->sender.version != client->version)
    ow_fail(why, OW_REFUSED, "the test is to be of another family than the control connection");
  else if (request->sender.port == 0)
    ow_fail(why, OW_INVALID, "the client did not say from which port it asks");
  else if (!ow_serve_reflects_to(common, request->sender.port))
    ow_fail(why, OW_INVALID, "questions from port %u: none below 1024, or the server's own, is answered",
            request->sender.port);
  else if (octets > OW_UDP_OCTETS)
    ow_fail(why, OW_INVALID, "questions of %zu octets; %d at most are answered", octets, OW_UDP_OCTETS);
  else if (!ow_type_p_to_dscp(request->type_p, dscp))
    ow_fail(why, OW_INVALID, "Type-P %08x is no DSCP", request->type_p);
  else
    accept = OW_ACCEPT_OK;
  return accept;
}

static enum ow_accept join_account(struct ow_serve_tw_session *session, const struct ow_serve_client *client,
                                   struct ow_failure *why)
{
  struct ow_serve_common *common = session->common;
  struct ow_account_key key = ow_account_key_of(client->key_id, &client->address);
  const struct ow_account *found = ow_shares_find(&common->shares, &key);
  if (ow_shares_check(&common->shares, found, OW_SHARE_REFLECTIONS, common->config.most_reflections, 1,
                      why) != OW_OK)
    return OW_ACCEPT_TEMPORARY_LIMIT;
  session->account = ow_shares_join(&common->shares, &key);
  if (!session->account) {
    ow_fail(why, OW_MEMORY, "no memory for an account");
    return OW_ACCEPT_INTERNAL_ERROR;
  }
  ow_shares_take(&common->shares, session->account, OW_SHARE_REFLECTIONS, 1);
  return OW_ACCEPT_OK;
}

/* The test keys, if the mode has any; the caller has set the SID. */
static enum ow_status make_codec(struct ow_serve_tw_session *session, const struct ow_serve_tw_asked *asked,
                                 const struct ow_sid *sid)
{
  struct ow_keys keys;
  enum ow_status status = ow_server_test_keys(asked->machine, sid, &keys);
  if (status == OW_OK)
    status = ow_packet_codec_open(&session->codec, session->format.mode, &keys,
                                  &session->common->traffic.contexts);
  ow_wipe(&keys, sizeof keys);
  return status;
}

/* A client that asks again from the same port has no use any more for the session that it stopped. */
static void replace_stopped(const struct ow_serve_tw_session *session, const union ow_address *far)
{
  struct ow_port_seat *seat = ow_test_port_seat_of(session->common->reflect_port, far);
  if (seat && seat->arrived == on_arrived) {
    struct ow_serve_tw_session *before = OW_CONTAINER_OF(seat, struct ow_serve_tw_session, seat);
    if (before->stopped && before->account == session->account)
      end(before);
  }
}

/* As if it were OWAMP's, whose addresses are found in the same way. The client itself is who asks. */
static enum ow_status take_seat(struct ow_serve_tw_session *session, const struct ow_serve_tw_asked *asked,
                                struct ow_failure *why)
{
  static const struct ow_slot usual = {OW_SLOT_FIXED, {UINT64_C(1) << 25}}; /* 128 packets a second */
  const struct ow_tw_request *request = asked->request;
  const struct ow_session_request like = {
      .server_receives = true, .sender = request->sender, .receiver = request->receiver};
  struct ow_port_claim claim = {.receives = true,
                                .by_key = ow_endpoint_is_any(&request->sender) &&
                                          session->format.mode != OW_MODE_OPEN,
                                .slots = &usual,
                                .slot_count = 1,
                                .padding = request->padding,
                                .dscp = session->dscp};
  enum ow_serve_own_address kind;
  enum ow_status status = ow_serve_test_address(&like, &asked->local, &claim.own, &kind, why);
  if (status == OW_OK)
    status = ow_serve_far_address(&request->sender, &asked->remote, &claim.own, &claim.far, why);
  if (status == OW_OK) {
    replace_stopped(session, &claim.far);
    status = ow_test_port_join(session->common->reflect_port, &session->seat, &claim, why);
  }
  if (status == OW_OK)
    ow_address_print(session->name, sizeof session->name, &claim.far);
  return status;
}

static struct ow_serve_tw_session *
allocate(struct ow_serve_common *common, const struct ow_serve_tw_asked *asked, struct ow_twamp_format format)
{
  struct ow_serve_tw_session *session = calloc(1, sizeof *session);
  int64_t timeout = ow_span_to_ns(asked->request->timeout);
  if (session) {
    session->common = common;
    session->format = format;
    session->user.departed = on_departed;
    session->timer.expired = on_time;
    session->seat.arrived = on_arrived;
    session->seat.recognizes = recognizes;
    session->timeout = timeout < TIMEOUT_MOST ? timeout : TIMEOUT_MOST;
  }
  return session;
}

/* From account to seat; what was taken is given back if it fails. */
static enum ow_accept claim_all(struct ow_serve_tw_session *session, const struct ow_serve_tw_asked *asked,
                                const struct ow_sid *sid, struct ow_failure *why)
{
  const struct ow_serve_policy *policy = session->common->policy;
  enum ow_accept accept = join_account(session, asked->client, why);
  if (accept != OW_ACCEPT_OK)
    return accept;
  accept = policy->claim_reflected(policy->context, asked->client, asked->request->sender.version,
                                   &session->claim, why);
  bool claimed = accept == OW_ACCEPT_OK;
  if (claimed && make_codec(session, asked, sid) != OW_OK) {
    ow_fail(why, OW_MEMORY, "no memory for a session's keys");
    accept = OW_ACCEPT_INTERNAL_ERROR;
  }
  if (accept == OW_ACCEPT_OK) {
    enum ow_status status = take_seat(session, asked, why);
    if (status != OW_OK)
      accept = status == OW_LIMIT ? OW_ACCEPT_TEMPORARY_LIMIT : OW_ACCEPT_NOT_SUPPORTED;
  }
  if (accept != OW_ACCEPT_OK) {
    ow_packet_codec_close(&session->codec);
    if (claimed)
      release_claim(session);
    leave_account(session);
  }
  return accept;
}

bool ow_serve_tw_open(struct ow_serve_common *common, struct ow_serve_tw_list *sessions,
                      const struct ow_serve_tw_asked *asked, struct ow_tw_acceptance *acceptance,
                      struct ow_failure *why)
{
  const struct ow_twamp_format format = {.mode = ow_mode_of_packets(ow_server_mode(asked->machine)),
                                         .features = ow_server_features(asked->machine)};
  struct ow_endpoint own = ow_address_to_endpoint(&asked->local);
  struct ow_sid sid = ow_sid_make(&own, ow_system_stamp(), &ow_system_random);
  uint8_t dscp = 0;
  enum ow_accept accept = check(common, asked, format, &dscp, why);
  struct ow_serve_tw_session *session = accept == OW_ACCEPT_OK ? allocate(common, asked, format) : NULL;
  if (session) {
    session->dscp = dscp;
    accept = claim_all(session, asked, &sid, why);
  } else if (accept == OW_ACCEPT_OK) {
    ow_fail(why, OW_MEMORY, "no memory for a session");
    accept = OW_ACCEPT_INTERNAL_ERROR;
  }
  *acceptance = (struct ow_tw_acceptance){.session.accept = accept};
  if (accept == OW_ACCEPT_OK) {
    acceptance->session.port = common->reflect_port->number;
    acceptance->session.sid = sid;
    LIST_INSERT_HEAD(sessions, session, among);
    common->counts.reflections++;
    common->counts.sessions_total++;
    ow_log(common->log, OW_LOG_INFO, "client %s: TWAMP session agreed on, class %s, packets %s",
           session->name, session->claim.class_name ? session->claim.class_name : "none",
           ow_mode_name(format.mode));
  } else {
    free(session);
  }
  return accept == OW_ACCEPT_OK;
}

/* ---- all of a connection ---- */

void ow_serve_tw_start(struct ow_serve_tw_list *sessions)
{
  struct ow_serve_tw_session *session;
  LIST_FOREACH(session, sessions, among)
  {
    struct ow_loop *loop = session->common->loop;
    session->seat.admitted = true;
    session->asked_at = ow_loop_now(loop).monotonic;
    ow_timer_set(loop, &session->timer, session->asked_at + REFWAIT);
  }
}

void ow_serve_tw_stop(struct ow_serve_tw_list *sessions)
{
  struct ow_serve_tw_session *session;
  while ((session = LIST_FIRST(sessions))) {
    struct ow_loop *loop = session->common->loop;
    session->stopped = true;
    LIST_REMOVE(session, among);
    LIST_INSERT_HEAD(&session->common->stopped, session, among);
    ow_timer_set(loop, &session->timer, ow_loop_now(loop).monotonic + session->timeout);
  }
}

void ow_serve_tw_end(struct ow_serve_tw_list *sessions)
{
  while (!LIST_EMPTY(sessions))
    end(LIST_FIRST(sessions)); /* NOLINT(clang-analyzer-unix.Malloc): it unlinks what it frees */
}
