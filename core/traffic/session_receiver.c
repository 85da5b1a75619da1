/* SPDX-License-Identifier: MIT */
/* Datagrams are taken in batches; losses are told by a timer, once the socket is empty. */
#include "traffic/session_receiver.h"

#include <string.h>
#include <sys/epoll.h>

#include "base/container_of.h"
#include "schedule/schedule.h"

enum {
  BATCHES_AT_ONCE = 8,              /* before others get their turn */
  BATCHES_MOST = 1024,              /* that waited; more are coming all the time */
  KERNEL_STAMP_ERROR_NS = 1000,     /* between the wire and the kernel's stamp */
  USER_STAMP_ERROR_NS = 200 * 1000, /* a wake-up on a busy host, where the kernel gave no stamp */
};
/* How finely losses are noticed, but the last: a timer for every packet would cost more than the packets. */
#define EXPIRY_GRAIN (200 * OW_NS_PER_MS)
/* For how long we may be away: a host that is busy, a virtual one that isn't run. */
#define AWAY (250 * OW_NS_PER_MS)
#define LAST_GRAIN (1 * OW_NS_PER_MS)
#define LATELY (20 * OW_NS_PER_MS)
/* What is due so shortly before the end is told at once, as somebody waits for it. */
#define NEAR_END (20 * OW_NS_PER_MS)
#define TENTH (100 * OW_NS_PER_MS)

static struct ow_test_receiver *of_watch(struct ow_watch *watch)
{
  return OW_CONTAINER_OF(watch, struct ow_test_receiver, watch);
}

static struct ow_test_receiver *of_timer(struct ow_timer *timer)
{
  return OW_CONTAINER_OF(timer, struct ow_test_receiver, timer);
}

/* ---- datagrams ---- */

static bool from_peer(const struct ow_test_receiver *receiver, const union ow_address *from)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(from);
  return ow_endpoint_same_host(&endpoint, &receiver->from) &&
         (receiver->any_port || endpoint.port == receiver->from.port);
}

static void note_dscp(struct ow_test_receiver *receiver, const struct ow_datagram *datagram)
{
  if (datagram->dscp_known && datagram->dscp != receiver->dscp) {
    receiver->remarked++;
    receiver->remarked_to = datagram->dscp;
  }
}

static void take(struct ow_test_receiver *receiver, const struct ow_datagram *datagram, int64_t now)
{
  int64_t stamping = datagram->source == OW_STAMP_KERNEL ? KERNEL_STAMP_ERROR_NS : USER_STAMP_ERROR_NS;
  receiver->ttl_unknown |= !datagram->ttl_known;
  note_dscp(receiver, datagram);
  (void)ow_receiver_packet(receiver->receiver, datagram->octets, datagram->length, datagram->received,
                           datagram->source, ow_system_error(&receiver->traffic->clock, now, stamping),
                           datagram->ttl);
}

static void be_patient(struct ow_test_receiver *receiver, bool stamped)
{
  bool may = stamped && ow_receiver_next_sequence(receiver->receiver) < receiver->patient_for;
  ow_watch_set_patient(receiver->traffic->loop, &receiver->watch, may ? receiver->pause : 0);
}

/* True if the socket is empty. */
static bool take_waiting(struct ow_test_receiver *receiver, unsigned batches, int64_t now)
{
  struct ow_datagram datagrams[OW_UDP_BATCH];
  size_t count = OW_UDP_BATCH;
  for (unsigned i = 0; i < batches && count == OW_UDP_BATCH; i++) {
    count = ow_udp_receive(receiver->watch.descriptor, receiver->traffic->batch, datagrams);
    for (size_t j = 0; j < count; j++)
      if (from_peer(receiver, &datagrams[j].from))
        take(receiver, &datagrams[j], now);
      else
        receiver->strangers++;
    if (count > 0)
      be_patient(receiver, datagrams[0].source == OW_STAMP_KERNEL);
  }
  return count < OW_UDP_BATCH;
}

/* At a shared port nobody knows whose they were: any session's that was there. */
static void note_shared_drops(struct ow_test_receiver *receiver, bool now)
{
  receiver->dropped =
      ow_test_port_dropped(receiver->seat->side, now) - receiver->drops_before + receiver->untaken;
}

static void note_own_drops(struct ow_test_receiver *receiver)
{
  uint64_t overflows = 0;
  uint32_t drops = receiver->drops_seen;
  if (receiver->watch.descriptor >= 0)
    drops = ow_udp_dropped(receiver->watch.descriptor);
  if (drops == receiver->drops_seen)
    return;
  receiver->drops_seen = drops;
  receiver->dropped = drops - receiver->drops_before;
  if (receiver->overflows_known && ow_udp_overflows(&overflows))
    receiver->dropped = ow_udp_own_drops(receiver->dropped, receiver->overflows_before, overflows);
}

static void note_drops(struct ow_test_receiver *receiver, bool now)
{
  if (receiver->seat && receiver->started)
    note_shared_drops(receiver, now);
  else if (!receiver->seat)
    note_own_drops(receiver);
}

uint32_t ow_test_receiver_buffer(const struct ow_slot *slots, uint32_t slot_count, uint32_t padding)
{
  return ow_udp_buffer_for(ow_slots_most_packets(slots, slot_count, AWAY), padding);
}

bool ow_test_receiver_has_buffer(int socket, uint32_t wanted)
{
  return ow_udp_receive_buffer(socket) >= wanted;
}

/* ---- the end ---- */

static void tell_if_done(struct ow_test_receiver *receiver)
{
  if (!receiver->told && ow_receiver_finished(receiver->receiver)) {
    receiver->told = true;
    ow_timer_cancel(receiver->traffic->loop, &receiver->timer);
    receiver->done(receiver);
  }
}

/* By the loop: whoever caused it doesn't expect it. */
static void tell_soon(struct ow_test_receiver *receiver)
{
  if (receiver->started && !receiver->told && ow_receiver_finished(receiver->receiver))
    ow_timer_set(receiver->traffic->loop, &receiver->timer, ow_loop_now(receiver->traffic->loop).monotonic);
}

static void await_expiry(struct ow_test_receiver *receiver)
{
  struct ow_timestamp when;
  if (!receiver->told && ow_receiver_next_expiry(receiver->receiver, &when)) {
    struct ow_instant now = ow_loop_now(receiver->traffic->loop);
    struct ow_timestamp end;
    int64_t grain = EXPIRY_GRAIN;
    void (*set)(struct ow_loop *, struct ow_timer *, int64_t) = ow_timer_set_patient;
    if (ow_receiver_ends_by(receiver->receiver, ow_timestamp_plus(now.wall, EXPIRY_GRAIN), &end)) {
      grain = LAST_GRAIN;
      set = ow_timer_set;
    } else {
      end = when;
    }
    int64_t wait = ow_timestamp_difference(end, now.wall) + 1; /* differences are rounded down */
    set(receiver->traffic->loop, &receiver->timer, now.monotonic + (wait > grain ? wait : grain));
  }
}

/* Reading waits until the schedule is worked out up to now: after a gap that can be a million packets. */
static bool follow(struct ow_test_receiver *receiver, struct ow_instant now)
{
  ow_receiver_look(receiver->receiver, now);
  bool followed = ow_receiver_follow(receiver->receiver, now.wall);
  if (!followed)
    ow_loop_background(receiver->traffic->loop, &receiver->behind);
  if (receiver->watch.descriptor >= 0)
    ow_watch_change(receiver->traffic->loop, &receiver->watch, followed ? EPOLLIN : 0);
  return followed;
}

static void read_waiting(struct ow_test_receiver *receiver)
{
  struct ow_instant now = ow_loop_now(receiver->traffic->loop);
  if (follow(receiver, now)) {
    if (!take_waiting(receiver, BATCHES_AT_ONCE, now.monotonic))
      ow_watch_look_again(receiver->traffic->loop, &receiver->watch);
    tell_if_done(receiver);
  }
}

/* Others' packets don't wait for this one's schedule. */
static void on_arrived(struct ow_port_seat *seat, const struct ow_datagram *datagram, struct ow_instant now)
{
  struct ow_test_receiver *receiver = seat->holder;
  if (follow(receiver, now)) {
    take(receiver, datagram, now.monotonic);
    tell_soon(receiver);
  } else {
    receiver->untaken++;
  }
}

static bool on_recognizes(struct ow_port_seat *seat, const struct ow_datagram *datagram)
{
  struct ow_test_receiver *receiver = seat->holder;
  return ow_receiver_recognizes(receiver->receiver, datagram->octets, datagram->length);
}

static void on_readable(struct ow_watch *watch, uint32_t events)
{
  (void)events;
  read_waiting(of_watch(watch));
}

static void begin_to_catch_up(struct ow_test_receiver *receiver)
{
  receiver->catching_up = true;
  receiver->caught_up = ow_loop_now(receiver->traffic->loop);
  ow_receiver_look(receiver->receiver, receiver->caught_up);
  receiver->emptied = receiver->watch.descriptor < 0 && !receiver->seat;
  receiver->batches_left = BATCHES_MOST;
}

static void expire(struct ow_test_receiver *receiver)
{
  if (ow_test_receiver_catch_up_part(receiver)) {
    if (receiver->watch.descriptor >= 0)
      ow_watch_change(receiver->traffic->loop, &receiver->watch, EPOLLIN);
    await_expiry(receiver);
    tell_if_done(receiver);
  } else {
    ow_loop_background(receiver->traffic->loop, &receiver->behind);
  }
}

/* What a shared port was found to be empty a moment ago needs no look of its own. */
static void on_expiry(struct ow_timer *timer)
{
  struct ow_test_receiver *receiver = of_timer(timer);
  const struct ow_port_side *side = receiver->seat ? receiver->seat->side : NULL;
  if (side && !receiver->catching_up) {
    begin_to_catch_up(receiver);
    if (receiver->caught_up.monotonic - side->emptied.monotonic < LATELY)
      receiver->caught_up = side->emptied;
  }
  expire(receiver);
}

static void on_behind(struct ow_completion *part)
{
  struct ow_test_receiver *receiver = OW_CONTAINER_OF(part, struct ow_test_receiver, behind);
  if (receiver->catching_up)
    expire(receiver);
  else if (receiver->seat)
    (void)follow(receiver, ow_loop_now(receiver->traffic->loop));
  else
    read_waiting(receiver);
}

static bool empty_part(struct ow_test_receiver *receiver)
{
  return receiver->seat ? ow_test_port_drain_part(receiver->seat->side, receiver->caught_up)
                        : take_waiting(receiver, 1, ow_loop_now(receiver->traffic->loop).monotonic);
}

/*
 * Only an empty socket tells that a packet has not come; losses are judged by the time before it was looked
 * at. Whoever else asks for the records may find that they are all: the owner is told by the loop.
 */
bool ow_test_receiver_catch_up_part(struct ow_test_receiver *receiver)
{
  bool done = false;
  if (!receiver->catching_up)
    begin_to_catch_up(receiver);
  if (!ow_receiver_follow(receiver->receiver, receiver->caught_up.wall))
    return false;
  if (!receiver->emptied && receiver->batches_left > 0) {
    receiver->batches_left--;
    receiver->emptied = empty_part(receiver);
  }
  if (receiver->emptied)
    done = ow_receiver_expire(receiver->receiver, receiver->caught_up.wall);
  else
    done = receiver->batches_left == 0;
  if (done) {
    receiver->catching_up = false;
    note_drops(receiver, !receiver->seat);
    tell_soon(receiver);
  }
  return done;
}

void ow_test_receiver_catch_up(struct ow_test_receiver *receiver)
{
  while (!ow_test_receiver_catch_up_part(receiver))
    continue;
}

/* ---- life ---- */

/* How long what comes may wait. */
static void set_patience(struct ow_test_receiver *receiver, const struct ow_session_terms *terms)
{
  const struct ow_session_request *request = terms->request;
  uint32_t tenth = ow_slots_most_packets(terms->slots, request->slot_count, TENTH);
  int64_t gap = ow_slots_mean_ns(terms->slots, request->slot_count);
  int64_t last = NEAR_END / (gap > 0 ? gap : 1) + 2;
  if (receiver->watch.descriptor >= 0)
    receiver->pause = ow_udp_pause(ow_udp_receive_buffer(receiver->watch.descriptor),
                                   ow_udp_room_for(tenth, request->padding));
  receiver->patient_for = request->packets > last ? request->packets - (uint32_t)last : 0;
}

static enum ow_status prepare(struct ow_test_receiver *receiver, struct ow_traffic *traffic, int socket,
                              const struct ow_session_terms *terms, uint64_t surplus)
{
  receiver->traffic = traffic;
  receiver->watch = (struct ow_watch){.descriptor = socket, .ready = on_readable};
  receiver->timer.expired = on_expiry;
  receiver->behind.run = on_behind;
  receiver->open = true;
  set_patience(receiver, terms);
  (void)!ow_type_p_to_dscp(terms->request->type_p,
                           &receiver->dscp); /* anything else was refused as a request */
  receiver->receiver = ow_receiver_create(terms, surplus);
  if (!receiver->receiver) {
    ow_test_receiver_close(receiver);
    return OW_MEMORY;
  }
  ow_receiver_look(receiver->receiver, ow_loop_now(traffic->loop));
  return OW_OK;
}

enum ow_status ow_test_receiver_open(struct ow_test_receiver *receiver, struct ow_traffic *traffic,
                                     int socket, const struct ow_session_terms *terms, uint64_t surplus)
{
  return prepare(receiver, traffic, socket, terms, surplus);
}

enum ow_status ow_test_receiver_join(struct ow_test_receiver *receiver, struct ow_test_port *port,
                                     const struct ow_port_claim *claim, struct ow_failure *why)
{
  const struct ow_port_seat seat = {.holder = receiver, .arrived = on_arrived, .recognizes = on_recognizes};
  return ow_test_port_join_new(port, &receiver->seat, &seat, claim, why);
}

enum ow_status ow_test_receiver_open_joined(struct ow_test_receiver *receiver,
                                            const struct ow_session_terms *terms, uint64_t surplus)
{
  return prepare(receiver, receiver->seat->side->port->traffic, -1, terms, surplus);
}

void ow_test_receiver_keep_out(struct ow_test_receiver *receiver)
{
  receiver->kept_out = true;
  ow_udp_keep_out(receiver->watch.descriptor);
}

void ow_test_receiver_let_in(struct ow_test_receiver *receiver)
{
  if (receiver->seat)
    receiver->seat->admitted = true;
  else
    ow_udp_let_in(receiver->watch.descriptor);
}

/* Whatever is dropped from now on may be this session's. */
enum ow_status ow_test_receiver_start(struct ow_test_receiver *receiver, struct ow_failure *failure)
{
  int64_t now = ow_loop_now(receiver->traffic->loop).monotonic;
  enum ow_status status = OW_OK;
  receiver->started = true;
  if (receiver->seat) {
    receiver->seat->admitted = true;
    receiver->drops_before = ow_test_port_dropped(receiver->seat->side, false);
  } else {
    if (receiver->kept_out)
      receiver->drops_seen = receiver->drops_before = ow_udp_dropped(receiver->watch.descriptor);
    receiver->overflows_known = ow_traffic_overflows(receiver->traffic, now, &receiver->overflows_before);
    status = ow_watch_open(receiver->traffic->loop, &receiver->watch, EPOLLIN, failure);
  }
  if (status == OW_OK) {
    await_expiry(receiver);
    tell_soon(receiver);
  }
  return status;
}

void ow_test_receiver_hush(struct ow_test_receiver *receiver)
{
  ow_timer_cancel(receiver->traffic->loop, &receiver->timer);
  receiver->told = true;
}

void ow_test_receiver_stop(struct ow_test_receiver *receiver)
{
  if (receiver->open) {
    note_drops(receiver, true);
    ow_timer_cancel(receiver->traffic->loop, &receiver->timer);
    ow_loop_withdraw_background(receiver->traffic->loop, &receiver->behind);
    ow_watch_close(receiver->traffic->loop, &receiver->watch);
    ow_test_port_leave_free(&receiver->seat);
    receiver->told = true;
  }
}

void ow_test_receiver_close(struct ow_test_receiver *receiver)
{
  if (receiver->open) {
    ow_test_receiver_stop(receiver);
    ow_receiver_free(receiver->receiver);
    receiver->receiver = NULL;
    receiver->open = false;
  }
}

uint32_t ow_test_receiver_discarded(const struct ow_test_receiver *receiver)
{
  uint32_t discarded = receiver->strangers;
  for (int i = OW_IGNORED_SHORT; i < OW_RECEPTIONS; i++)
    discarded += ow_receiver_count(receiver->receiver, (enum ow_reception)i);
  return discarded;
}
