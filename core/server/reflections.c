/* SPDX-License-Identifier: MIT */
/* Whose question is it, may it be answered, and the answer: each in a few steps, whatever comes. */
#include "server/reflections.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "server/accounts.h"
#include "session/reflector.h"
#include "traffic/port_answer.h"

enum {
  ALIKE_MOST = 8,      /* SSIDs and addresses of ours that one address and port may ask */
  PORT_LEAST = 1024,   /* of a Session-Sender: behind lower ones are services that answer whatever comes */
  ENDED_AT_ONCE = 256, /* sessions, of those that are too old */
};
#define OLD (900 * OW_NS_PER_S) /* without a question: as REFWAIT (RFC 5357, 4.2) */
#define IDLE (10 * OW_NS_PER_S) /* after which one gives way, if there are too many */
#define LOOK_EVERY (60 * OW_NS_PER_S)

struct ow_serve_reflection {
  struct ow_tuple_entry by_tuple; /* where questions come from */
  TAILQ_ENTRY(ow_serve_reflection) in_queue;
  struct ow_outlet_user user; /* of the outlet, for the answers' departures */
  struct ow_serve_reflections *all;
  struct ow_port_side *side;
  struct ow_endpoint own; /* where they come to */
  uint16_t ssid;
  struct ow_serve_listed listed; /* without a codec: to be found anew */
  bool keyed;                    /* authenticated mode */
  struct ow_serve_claim claim;
  struct ow_account *account;
  struct ow_reflector machine;
  bool follow_up; /* it wants to know of departures */
  uint8_t dscp;   /* that its way is made for */
  struct ow_udp_way way;
  int64_t asked_at; /* monotonic */
};

/* ---- what isn't answered ---- */

static const char *const reasons[OW_UNANSWERED_KINDS] = {
    [OW_UNANSWERED_STRANGER] = "no \"assign stamp\" lists this address with this SSID",
    [OW_UNANSWERED_KEY] = "their HMAC is wrong; is it the key of \"assign stamp ... key=\"?",
    [OW_UNANSWERED_SIZE] = "they are shorter than their mode has it, or longer than 9216 octets",
    [OW_UNANSWERED_PORT] = "they come from a port below 1024 or our own, which no Session-Sender has",
    [OW_UNANSWERED_ROOM] = "there are too many sessions",
    [OW_UNANSWERED_BANDWIDTH] = "their class has used up its bandwidth",
    [OW_UNANSWERED_FAILED] = "their answers could not be sent",
};

/* The first is told of, the tenth, the hundredth ... */
static void leave_unanswered(struct ow_serve_reflections *all, enum ow_serve_unanswered why,
                             const union ow_address *from)
{
  uint64_t count = ++all->common->counts.unanswered[why];
  char name[OW_ADDRESS_TEXT];
  if (count == all->told_at[why]) {
    all->told_at[why] *= 10;
    ow_log(all->common->log, OW_LOG_NOTICE,
           "client %s: %llu questions to UDP port %u were not answered so far, this one the last: %s",
           ow_address_print(name, sizeof name, from), (unsigned long long)count, all->port->number,
           reasons[why]);
  }
}

static enum ow_serve_unanswered kind_of(enum ow_status status)
{
  return status == OW_AUTH      ? OW_UNANSWERED_KEY
         : status == OW_INVALID ? OW_UNANSWERED_SIZE
         : status == OW_REFUSED ? OW_UNANSWERED_STRANGER
                                : OW_UNANSWERED_FAILED;
}

void ow_serve_reflections_log(const struct ow_serve_reflections *all, const struct ow_log *log,
                              enum ow_log_level level)
{
  if (!all->common)
    return;
  const struct ow_serve_counts *counts = &all->common->counts;
  ow_log(log, level, "UDP port %u: %u reflected sessions, %llu questions answered", all->port->number,
         counts->reflections, (unsigned long long)counts->answered);
  for (int why = 0; why < OW_UNANSWERED_KINDS; why++)
    if (counts->unanswered[why] > 0)
      ow_log(log, level, "UDP port %u: %llu questions not answered: %s", all->port->number,
             (unsigned long long)counts->unanswered[why], reasons[why]);
}

/* ---- a session's life ---- */

static void on_departed(struct ow_outlet_user *user, const struct ow_leaving *packet,
                        struct ow_timestamp departed)
{
  struct ow_serve_reflection *session = OW_CONTAINER_OF(user, struct ow_serve_reflection, user);
  ow_port_answer_departed(session->side, packet, departed);
  ow_reflector_departed(&session->machine, packet->sequence, departed);
}

/* "begins", or what became of it. */
static void log_session(const struct ow_serve_reflection *session, const char *what)
{
  const struct ow_log *log = session->all->common->log;
  char name[OW_ADDRESS_TEXT];
  if (ow_log_takes(log, OW_LOG_INFO))
    ow_log(log, OW_LOG_INFO, "client %s: STAMP with SSID %u, class %s, %s: %s",
           ow_address_print(name, sizeof name, &session->way.to), session->ssid,
           session->claim.class_name ? session->claim.class_name : "none",
           session->keyed ? "authenticated" : "open mode", what);
}

static void log_end(const struct ow_serve_reflection *session)
{
  char what[80];
  (void)snprintf(what, sizeof what, "ends, %u questions came and %u answers left", session->machine.received,
                 session->machine.answered);
  log_session(session, what);
}

static void release_claim(struct ow_serve_reflection *session)
{
  const struct ow_serve_policy *policy = session->all->common->policy;
  policy->release_bandwidth(policy->context, &session->claim);
  policy->release_disk(policy->context, &session->claim);
  session->claim = (struct ow_serve_claim){0};
}

static void leave_account(struct ow_serve_reflection *session)
{
  struct ow_shares *shares = &session->all->common->shares;
  ow_shares_give(shares, session->account, OW_SHARE_REFLECTIONS, 1);
  ow_shares_leave(shares, session->account);
  session->account = NULL;
}

static void end_session(struct ow_serve_reflection *session)
{
  struct ow_serve_reflections *all = session->all;
  log_end(session);
  ow_outlet_forget(&session->side->outlet, &session->user);
  ow_tuple_entry_remove(&session->by_tuple);
  release_claim(session);
  leave_account(session);
  TAILQ_REMOVE(&all->by_age, session, in_queue);
  TAILQ_INSERT_HEAD(&all->unused, session, in_queue);
  all->common->counts.reflections--;
}

/* One that has been idle for a while gives way to one that asks now. */
static struct ow_serve_reflection *find_place(struct ow_serve_reflections *all, int64_t now)
{
  struct ow_serve_reflection *oldest = TAILQ_FIRST(&all->by_age);
  if (TAILQ_EMPTY(&all->unused) && oldest && now - oldest->asked_at >= IDLE)
    end_session(oldest);
  return TAILQ_FIRST(&all->unused);
}

static enum ow_status join_account(struct ow_serve_reflection *session, const struct ow_endpoint *from)
{
  struct ow_serve_common *common = session->all->common;
  struct ow_failure why;
  struct ow_account_key key = ow_account_key_of(session->listed.key_id, from);
  const struct ow_account *found = ow_shares_find(&common->shares, &key);
  enum ow_status status =
      ow_shares_check(&common->shares, found, OW_SHARE_REFLECTIONS, common->config.most_reflections, 1, &why);
  if (status == OW_OK) {
    session->account = ow_shares_join(&common->shares, &key);
    status = session->account ? OW_OK : OW_MEMORY;
  }
  if (status == OW_OK)
    ow_shares_take(&common->shares, session->account, OW_SHARE_REFLECTIONS, 1);
  return status;
}

static enum ow_status claim(struct ow_serve_reflection *session, const struct ow_endpoint *from)
{
  const struct ow_serve_policy *policy = session->all->common->policy;
  return policy->claim_listed(policy->context, &session->listed, from, &session->claim);
}

/* The place of a new session, filled; NULL if there is no room for it. */
static struct ow_serve_reflection *begin_session(struct ow_serve_reflections *all, struct ow_port_side *side,
                                                 const struct ow_datagram *datagram,
                                                 const struct ow_serve_listed *listed, uint16_t ssid,
                                                 int64_t now)
{
  struct ow_tuple tuple = ow_tuple_of(&datagram->from);
  struct ow_serve_reflection *session = find_place(all, now);
  if (!session)
    return NULL;
  *session = (struct ow_serve_reflection){.in_queue = session->in_queue,
                                          .user.departed = on_departed,
                                          .all = all,
                                          .side = side,
                                          .own = ow_address_to_endpoint(&datagram->to),
                                          .ssid = ssid,
                                          .listed = *listed,
                                          .keyed = listed->key_id[0] != '\0'};
  ow_udp_way_make(&session->way, &datagram->from, &datagram->to, 0);
  if (join_account(session, &tuple.end) != OW_OK)
    return NULL;
  if (claim(session, &tuple.end) != OW_OK) {
    leave_account(session);
    return NULL;
  }
  TAILQ_REMOVE(&all->unused, session, in_queue);
  TAILQ_INSERT_TAIL(&all->by_age, session, in_queue);
  all->common->counts.reflections++;
  log_session(session, "begins");
  if (!ow_tuple_table_add(&all->tuples, &session->by_tuple, &tuple, ALIKE_MOST)) {
    end_session(session);
    session = NULL;
  }
  return session;
}

/* ---- whose question is it? ---- */

/* The session of this tuple, of that address of ours, whose SSID stands where its mode has it. */
static struct ow_serve_reflection *find_session(const struct ow_serve_reflections *all,
                                                const struct ow_datagram *datagram)
{
  struct ow_tuple tuple = ow_tuple_of(&datagram->from);
  struct ow_endpoint own = ow_address_to_endpoint(&datagram->to);
  struct ow_serve_reflection *found = NULL;
  for (struct ow_tuple_entry *each = ow_tuple_table_find(&all->tuples, &tuple); each && !found;
       each = ow_tuple_entry_next(each)) {
    struct ow_serve_reflection *session = OW_CONTAINER_OF(each, struct ow_serve_reflection, by_tuple);
    enum ow_mode mode = session->keyed ? OW_MODE_AUTHENTICATED : OW_MODE_OPEN;
    if (ow_endpoint_same_host(&session->own, &own) &&
        session->ssid == ow_stamp_question_ssid(mode, datagram->octets, datagram->length))
      found = session;
  }
  return found;
}

static enum ow_status find_listed(struct ow_serve_reflections *all, const struct ow_datagram *datagram,
                                  struct ow_serve_listed *listed, struct ow_stamp_question *question)
{
  const struct ow_serve_policy *policy = all->common->policy;
  struct ow_endpoint from = ow_address_to_endpoint(&datagram->from);
  return policy->find_listed(policy->context, &from, datagram->octets, datagram->length, listed, question);
}

/* The rules have changed: it may be somebody else's now, or nobody's. */
static enum ow_status list_anew(struct ow_serve_reflection *session, const struct ow_datagram *datagram,
                                struct ow_stamp_question *question)
{
  struct ow_endpoint from = ow_address_to_endpoint(&datagram->from);
  enum ow_status status = find_listed(session->all, datagram, &session->listed, question);
  if (status == OW_OK) {
    release_claim(session);
    status = claim(session, &from);
    session->keyed = session->listed.key_id[0] != '\0';
  }
  if (status != OW_OK)
    end_session(session);
  return status;
}

/* The session that a question belongs to, which begins with it if it is the first; else why not. */
static struct ow_serve_reflection *find_or_begin(struct ow_serve_reflections *all, struct ow_port_side *side,
                                                 const struct ow_datagram *datagram, int64_t now,
                                                 struct ow_stamp_question *question,
                                                 enum ow_serve_unanswered *why)
{
  struct ow_serve_reflection *session = find_session(all, datagram);
  struct ow_serve_listed listed;
  enum ow_status status;
  if (session && session->listed.codec)
    status = ow_stamp_question_decode(session->listed.codec, datagram->octets, datagram->length, question);
  else if (session)
    status = list_anew(session, datagram, question);
  else
    status = find_listed(all, datagram, &listed, question);
  *why = kind_of(status);
  if (status == OW_OK && !session) {
    session = begin_session(all, side, datagram, &listed, question->ssid, now);
    *why = OW_UNANSWERED_ROOM;
  }
  return status == OW_OK ? session : NULL;
}

/* ---- answers ---- */

/* The clock is read last. False: the answer has not left. */
static bool stamp_and_send(struct ow_serve_reflection *session, uint8_t *packet, size_t octets,
                           struct ow_error_estimate error, int64_t now)
{
  struct ow_leaving leaving = ow_port_answer_leaving(session->side, session->machine.answered);
  leaving.reading = ow_system_stamp();
  return ow_stamp_answer_stamp(session->listed.codec, ow_timestamp_plus(leaving.reading, leaving.correction),
                               error, packet) == OW_OK &&
         ow_port_answer_send(session->side, &session->user, &session->way, packet, octets, &leaving, now);
}

static enum ow_status prepare(struct ow_serve_reflection *session, const struct ow_datagram *datagram,
                              const struct ow_stamp_question *head, bool synchronized, uint8_t *packet,
                              struct ow_reflector_answer *answer)
{
  const struct ow_reflector_question question = {.octets = datagram->octets,
                                                 .length = datagram->length,
                                                 .head = *head,
                                                 .received = datagram->received,
                                                 .by_kernel = datagram->source == OW_STAMP_KERNEL,
                                                 .synchronized = synchronized,
                                                 .ttl_known = datagram->ttl_known,
                                                 .ttl = datagram->ttl,
                                                 .marked = datagram->dscp_known,
                                                 .dscp = datagram->dscp,
                                                 .ecn = datagram->ecn};
  return ow_reflector_prepare(&session->machine, session->listed.codec, &question, packet, answer);
}

/* Departures that are asked for are read before each batch of answers, others now and then. */
static bool answer(struct ow_serve_reflection *session, const struct ow_datagram *datagram,
                   const struct ow_stamp_question *head, int64_t now)
{
  struct ow_reflector_answer answer;
  uint8_t *packet = session->all->common->packet;
  ow_port_answer_hear(session->side, session->follow_up, now);
  struct ow_error_estimate error = ow_port_answer_error(session->side, now);
  bool sent = prepare(session, datagram, head, ow_error_synchronized(error), packet, &answer) == OW_OK;
  session->follow_up = answer.follow_up;
  if (answer.dscp != session->dscp) {
    ow_udp_way_make(&session->way, &datagram->from, &datagram->to, answer.dscp);
    session->dscp = answer.dscp;
  }
  sent = sent && stamp_and_send(session, packet, answer.octets, error, now);
  if (sent) {
    ow_reflector_sent(&session->machine);
    session->all->common->counts.answered++;
  }
  return sent;
}

static bool may_send(const struct ow_serve_reflection *session, size_t question, int64_t now)
{
  const struct ow_serve_policy *policy = session->all->common->policy;
  size_t octets = ow_reflector_octets(ow_stamp_codec_mode(session->listed.codec), question);
  return policy->may_send(policy->context, &session->claim, octets, now);
}

bool ow_serve_reflects_to(const struct ow_serve_common *common, uint16_t port)
{
  return port >= PORT_LEAST && port != common->reflect_port->number;
}

/* A stranger's, where sessions share the port, may be a late packet of one of theirs. */
static bool on_asked(struct ow_port_answerer *answerer, struct ow_port_side *side,
                     const struct ow_datagram *datagram, struct ow_instant now)
{
  struct ow_serve_reflections *all = OW_CONTAINER_OF(answerer, struct ow_serve_reflections, answerer);
  struct ow_serve_reflection *session = NULL;
  struct ow_stamp_question question;
  enum ow_serve_unanswered why = OW_UNANSWERED_KINDS;
  if (!ow_serve_reflects_to(all->common, ow_address_port(&datagram->from)))
    why = OW_UNANSWERED_PORT;
  else if (datagram->cut)
    why = OW_UNANSWERED_SIZE;
  else if ((session = find_or_begin(all, side, datagram, now.monotonic, &question, &why)))
    why = OW_UNANSWERED_KINDS;
  if (session) {
    session->asked_at = now.monotonic;
    TAILQ_REMOVE(&all->by_age, session, in_queue);
    TAILQ_INSERT_TAIL(&all->by_age, session, in_queue);
    if (!may_send(session, datagram->length, now.monotonic))
      why = OW_UNANSWERED_BANDWIDTH;
    else if (!answer(session, datagram, &question, now.monotonic))
      why = OW_UNANSWERED_FAILED;
  }
  if (why != OW_UNANSWERED_KINDS)
    leave_unanswered(all, why, &datagram->from);
  return why != OW_UNANSWERED_STRANGER || all->port == &all->own;
}

/* ---- the port ---- */

static void on_aging(struct ow_timer *timer)
{
  struct ow_serve_reflections *all = OW_CONTAINER_OF(timer, struct ow_serve_reflections, aging);
  struct ow_loop *loop = all->common->loop;
  int64_t now = ow_loop_now(loop).monotonic;
  struct ow_serve_reflection *oldest = TAILQ_FIRST(&all->by_age);
  for (int ended = 0; ended < ENDED_AT_ONCE && oldest && now - oldest->asked_at >= OLD; ended++) {
    end_session(oldest);
    oldest = TAILQ_FIRST(&all->by_age);
  }
  ow_timer_set(loop, timer, now + LOOK_EVERY);
}

static enum ow_status open_port(struct ow_serve_reflections *all, struct ow_failure *failure)
{
  struct ow_serve_common *common = all->common;
  uint16_t number = common->config.reflect_port;
  enum ow_status status = OW_OK;
  all->port = number == common->test_port.number ? &common->test_port : &all->own;
  const struct ow_udp_given *given = &common->config.reflect_sockets;
  if (all->port == &all->own)
    status = ow_test_port_adopt(&all->own, &common->traffic, given->count > 0 ? given : NULL, number,
                                common->log, failure);
  if (status == OW_OK) {
    all->port->answerer = &all->answerer;
    common->reflect_port = all->port;
  }
  return status;
}

enum ow_status ow_serve_reflections_open(struct ow_serve_reflections *all, struct ow_serve_common *common,
                                         struct ow_failure *failure)
{
  uint32_t most = common->config.most_reflections;
  *all = (struct ow_serve_reflections){.common = common, .answerer.asked = on_asked};
  TAILQ_INIT(&all->unused);
  TAILQ_INIT(&all->by_age);
  for (int why = 0; why < OW_UNANSWERED_KINDS; why++)
    all->told_at[why] = 1;
  all->aging.expired = on_aging;
  all->places = calloc(most, sizeof *all->places);
  enum ow_status status = ow_tuple_table_open(&all->tuples, &ow_system_random);
  if (status != OW_OK || !all->places)
    status = ow_fail(failure, OW_MEMORY, "no memory for %u reflected sessions", most);
  for (uint32_t i = 0; i < most && status == OW_OK; i++)
    TAILQ_INSERT_TAIL(&all->unused, &all->places[i], in_queue);
  if (status == OW_OK)
    status = open_port(all, failure);
  if (status == OW_OK)
    ow_timer_set(common->loop, &all->aging, ow_loop_now(common->loop).monotonic + LOOK_EVERY);
  else
    ow_serve_reflections_close(all);
  return status;
}

void ow_serve_reflections_close(struct ow_serve_reflections *all)
{
  if (!all->common)
    return;
  ow_timer_cancel(all->common->loop, &all->aging);
  while (!TAILQ_EMPTY(&all->by_age))
    end_session(TAILQ_FIRST(&all->by_age));
  if (all->port)
    all->port->answerer = NULL;
  all->common->reflect_port = NULL;
  ow_test_port_close(&all->own);
  ow_tuple_table_close(&all->tuples);
  free(all->places);
  *all = (struct ow_serve_reflections){0};
}

void ow_serve_reflections_ask_anew(struct ow_serve_reflections *all)
{
  struct ow_serve_reflection *each;
  if (!all->common)
    return;
  TAILQ_FOREACH(each, &all->by_age, in_queue)
  {
    each->listed.codec = NULL;
  }
}
