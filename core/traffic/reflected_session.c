/* SPDX-License-Identifier: MIT */
/* Answers are taken in batches; losses are told by a timer; a closing question ends it. */
#include "traffic/reflected_session.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/udp.h"

enum {
  BATCHES_AT_ONCE = 8,              /* before others get their turn */
  USER_STAMP_ERROR_NS = 200 * 1000, /* a wake-up on a busy host, where the kernel gave no stamp */
};
#define EXPIRY_GRAIN (200 * OW_NS_PER_MS) /* how finely losses are noticed while packets are sent */
#define LAST_GRAIN (1 * OW_NS_PER_MS)     /* and afterwards */
#define CLOSING_LEAST                                                                                        \
  (50 * OW_NS_PER_MS) /* an answer to a closing question is waited for at least so long, */
#define CLOSING_MOST (500 * OW_NS_PER_MS) /* and at most */

static struct ow_instant now_of(const struct ow_test_reflected *session)
{
  return ow_loop_now(session->traffic->loop);
}

/* ---- answers ---- */

static void note_dscp(struct ow_test_reflected *session, const struct ow_datagram *datagram)
{
  if (datagram->dscp_known && datagram->dscp != session->dscp) {
    session->remarked++;
    session->remarked_to = datagram->dscp;
  }
}

static void take(struct ow_test_reflected *session, const struct ow_datagram *datagram, int64_t now)
{
  int64_t stamping = datagram->source == OW_STAMP_KERNEL ? 0 : USER_STAMP_ERROR_NS;
  enum ow_echo echo = ow_reflected_take(
      session->reflected, datagram->octets, datagram->length, datagram->received, datagram->source,
      ow_system_error(&session->traffic->clock, now, stamping), datagram->ttl);
  if (echo == OW_ECHO_ANSWER) {
    session->ttl_unknown |= !datagram->ttl_known;
    note_dscp(session, datagram);
  }
}

/* True if the socket is empty. */
static bool take_waiting(struct ow_test_reflected *session)
{
  struct ow_datagram datagrams[OW_UDP_BATCH];
  struct ow_instant now = now_of(session);
  size_t count = OW_UDP_BATCH;
  ow_reflected_look(session->reflected, now);
  for (unsigned i = 0; i < BATCHES_AT_ONCE && count == OW_UDP_BATCH; i++) {
    count = ow_udp_receive(session->sender.by->socket, session->traffic->batch, datagrams);
    for (size_t j = 0; j < count; j++)
      take(session, &datagrams[j], now.monotonic);
  }
  return count < OW_UDP_BATCH;
}

/* ---- the end ---- */

static void tell(struct ow_test_reflected *session)
{
  session->told = true;
  ow_timer_cancel(session->traffic->loop, &session->timer);
  session->done(session);
}

static int64_t closing_time(const struct ow_test_reflected *session)
{
  int64_t wait = 2 * session->round_trip;
  wait = wait < CLOSING_LEAST ? CLOSING_LEAST : wait;
  return wait < CLOSING_MOST ? wait : CLOSING_MOST;
}

/* One that can't be written or sent is as one that is lost. */
static void ask_closing(struct ow_test_reflected *session)
{
  uint8_t packet[OW_QUESTION_MOST];
  size_t octets;
  int64_t now = now_of(session).monotonic;
  struct ow_error_estimate error = ow_system_error(&session->traffic->clock, now, 0);
  session->closing = true;
  if (ow_reflected_close(session->reflected, ow_system_stamp(), error, packet, &octets) == OW_OK)
    (void)ow_udp_send_to(session->sender.by->socket, NULL, packet, octets, false);
  ow_timer_set(session->traffic->loop, &session->timer, now + closing_time(session));
}

static void await_expiry(struct ow_test_reflected *session)
{
  struct ow_timestamp when;
  struct ow_timestamp due;
  if (ow_reflected_next_expiry(session->reflected, &when)) {
    struct ow_instant now = now_of(session);
    bool sending = ow_sender_due(session->sender.sender, &due);
    int64_t grain = sending ? EXPIRY_GRAIN : LAST_GRAIN;
    int64_t wait = ow_timestamp_difference(when, now.wall) + 1; /* differences are rounded down */
    ow_timer_set(session->traffic->loop, &session->timer, now.monotonic + (wait > grain ? wait : grain));
  }
}

/* Whatever may have come to its end. The last act of a callback. */
static void go_on(struct ow_test_reflected *session)
{
  bool settled = ow_reflected_settled(session->reflected);
  if (session->told)
    return;
  if (settled && !ow_reflected_wants_closing(session->reflected))
    tell(session);
  else if (settled && !session->closing)
    ask_closing(session);
  else if (!settled && !session->timer.set)
    await_expiry(session);
}

/* ICMP's errors are told once, and before reading, which would pass them over. */
static void on_ready(struct ow_watch *watch, uint32_t events)
{
  struct ow_test_reflected *session = OW_CONTAINER_OF(watch, struct ow_test_reflected, watch);
  if (events & EPOLLERR) {
    int error = ow_udp_pending_error(watch->descriptor);
    session->unreachable += error != 0;
    if (error)
      session->last_unreachable = error;
    ow_outlet_hear(session->sender.by);
  }
  (void)take_waiting(session);
  go_on(session);
}

static void catch_up(struct ow_test_reflected *session)
{
  struct ow_timestamp now = now_of(session).wall;
  bool caught_up = take_waiting(session) && ow_reflected_expire(session->reflected, now);
  if (!caught_up)
    ow_loop_background(session->traffic->loop, &session->behind);
  else
    go_on(session);
}

static void on_timer(struct ow_timer *timer)
{
  struct ow_test_reflected *session = OW_CONTAINER_OF(timer, struct ow_test_reflected, timer);
  if (session->closing && ow_reflected_wants_closing(session->reflected))
    ask_closing(session);
  else
    catch_up(session);
}

static void on_behind(struct ow_completion *part)
{
  catch_up(OW_CONTAINER_OF(part, struct ow_test_reflected, behind));
}

static void on_sent(struct ow_test_sender *sender)
{
  struct ow_test_reflected *session = OW_CONTAINER_OF(sender, struct ow_test_reflected, sender);
  ow_timer_cancel(session->traffic->loop, &session->timer); /* losses are noticed more finely now */
  go_on(session);
}

/* ---- life ---- */

enum ow_status ow_test_reflected_open(struct ow_test_reflected *session, struct ow_traffic *traffic,
                                      int socket, const struct ow_reflected_terms *terms)
{
  enum ow_status status = OW_MEMORY;
  session->traffic = traffic;
  session->watch = (struct ow_watch){.descriptor = -1, .ready = on_ready};
  session->timer.expired = on_timer;
  session->behind.run = on_behind;
  session->round_trip = terms->opening ? terms->opening->round_trip : 0;
  session->reflected = ow_reflected_create(terms);
  if (session->reflected)
    status =
        ow_test_sender_open_with(&session->sender, traffic, socket, ow_reflected_sender(session->reflected));
  else
    close(socket);
  session->open = status == OW_OK;
  session->sender.done = on_sent;
  if (status == OW_OK)
    ow_departures_begin(&session->sender.departures, terms->request->packets);
  if (status != OW_OK) {
    ow_reflected_free(session->reflected);
    session->reflected = NULL;
  }
  return status;
}

/* A watch closes what it watches, which is the sender's. */
static void unwatch(struct ow_test_reflected *session)
{
  if (session->watch.descriptor >= 0)
    (void)!ow_watch_release(session->traffic->loop, &session->watch);
}

enum ow_status ow_test_reflected_start(struct ow_test_reflected *session, struct ow_failure *failure)
{
  struct ow_instant now = now_of(session);
  ow_reflected_look(session->reflected, now);
  session->drops_before = ow_udp_dropped(session->sender.by->socket);
  session->overflows_known =
      ow_traffic_overflows(session->traffic, now.monotonic, &session->overflows_before);
  session->watch.descriptor = session->sender.by->socket;
  enum ow_status status = ow_watch_open(session->traffic->loop, &session->watch, EPOLLIN, failure);
  if (status == OW_OK)
    ow_test_sender_start(&session->sender);
  return status;
}

/* Drops for a wrong checksum are the path's doing: only as many as lacked buffer meanwhile are ours. */
static void note_drops(struct ow_test_reflected *session)
{
  uint64_t overflows = 0;
  session->dropped = ow_udp_dropped(session->sender.by->socket) - session->drops_before;
  if (session->dropped && session->overflows_known && ow_udp_overflows(&overflows) &&
      overflows - session->overflows_before < session->dropped)
    session->dropped = (uint32_t)(overflows - session->overflows_before);
}

void ow_test_reflected_stop(struct ow_test_reflected *session)
{
  if (session->open && session->watch.descriptor >= 0) {
    struct ow_timestamp now = now_of(session).wall;
    session->told = true;
    ow_test_sender_stop(&session->sender);
    (void)take_waiting(session);
    while (!ow_reflected_expire(session->reflected, now))
      continue;
    note_drops(session);
    ow_outlet_drain(session->sender.by);
    ow_departures_put_into(&session->sender.departures, ow_reflected_forward(session->reflected),
                           ow_test_sender_departed_error(&session->sender));
    ow_timer_cancel(session->traffic->loop, &session->timer);
    ow_loop_withdraw_background(session->traffic->loop, &session->behind);
    unwatch(session);
  }
}

void ow_test_reflected_close(struct ow_test_reflected *session)
{
  if (session->open) {
    ow_test_reflected_stop(session);
    ow_test_sender_close(&session->sender);
    ow_reflected_free(session->reflected);
    session->reflected = NULL;
    session->open = false;
  }
}

uint32_t ow_test_reflected_discarded(const struct ow_test_reflected *session)
{
  uint32_t discarded = 0;
  for (int i = OW_ECHO_SHORT; i < OW_ECHOES; i++)
    discarded += ow_reflected_count(session->reflected, (enum ow_echo)i);
  return discarded;
}
