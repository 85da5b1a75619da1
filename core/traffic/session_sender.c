/* SPDX-License-Identifier: MIT */
/* A timer waits for the next due packet; the clock is read last, just before it is sent. */
#include "traffic/session_sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/udp.h"
#include "schedule/schedule.h"

enum {
  AT_ONCE = 64,     /* packets that one wake-up may send before others get their turn */
  FIRST = 64,       /* packets of a session whose stamps are wanted soon */
  TRIES_SHARED = 4, /* other sessions' ICMP errors are many */
};
#define STAMPING 3000            /* ns between the kernel's stamp and the wire */
#define SLOW (50 * OW_NS_PER_MS) /* between packets: a session that needs room for few stamps */
#define UNREAD_SHARED (20 * OW_NS_PER_MS)
#define UNREAD_MOST (1 * OW_NS_PER_S) /* stamps wait no longer than until the first packet after it */

/* ---- departures ---- */

static void on_departed(struct ow_outlet_user *user, const struct ow_leaving *packet,
                        struct ow_timestamp departed)
{
  struct ow_test_sender *sender = OW_CONTAINER_OF(user, struct ow_test_sender, user);
  int64_t offset = ow_timestamp_difference(departed, packet->reading);
  ow_departure_add(&sender->departure, offset);
  ow_departure_add(&sender->traffic->departure, offset);
  ow_departures_note(&sender->departures, packet->sequence, packet->reading, packet->correction, departed);
}

/*
 * At once while little is known; else when many wait, or the first has waited for long. At a shared port many
 * are read together, soon enough for whoever knows little.
 */
static void read_departures(struct ow_test_sender *sender, uint32_t sequence, int64_t now)
{
  struct ow_port_side *side = sender->seat ? sender->seat->side : NULL;
  int64_t *last = side ? &side->stamps_read : &sender->drained;
  bool soon = !side && sequence < FIRST && !ow_departure_is_settled(&sender->departure);
  if (soon || ow_outlet_is_full(sender->by) || now - *last >= (side ? UNREAD_SHARED : UNREAD_MOST)) {
    ow_outlet_drain(sender->by);
    *last = now;
  }
}

/* ---- sending ---- */

static struct ow_error_estimate stamp_error(struct ow_test_sender *sender, int64_t now)
{
  return ow_system_error(&sender->traffic->clock, now, ow_departure_spread(&sender->departure));
}

/*
 * An ICMP error belongs to an earlier packet and kept this one back: it gets a second try (EACCES and
 * others can be such a one of IPv6; EPERM is this host's firewall alone). At a shared port it is told whose
 * packet it was.
 */
static int send_packet(struct ow_test_sender *sender, const uint8_t *packet, size_t octets,
                       const struct ow_leaving *leaving, bool ask)
{
  const struct ow_udp_way *way = sender->seat ? sender->seat->way : NULL;
  unsigned left = way ? TRIES_SHARED : 2;
  int error = ow_outlet_send(sender->by, &sender->user, way, packet, octets, leaving, ask);
  sender->closed += !way && error == ECONNREFUSED;
  while (error && error != EPERM && --left > 0)
    error = ow_outlet_send(sender->by, &sender->user, way, packet, octets, leaving, ask);
  return error;
}

static void on_refused(struct ow_port_seat *seat, int error)
{
  struct ow_test_sender *sender = seat->holder;
  sender->closed += error == ECONNREFUSED;
}

/* Sessions that began together need not find out alone what the first packets of all of them have told. */
static void learn_from_others(struct ow_test_sender *sender)
{
  const struct ow_departure *others = &sender->traffic->departure;
  if (!ow_departure_is_settled(&sender->departure) && ow_departure_is_settled(others))
    sender->departure = *others;
}

/* Everything that can be done before the clock is read is done before. */
static void send_one(struct ow_test_sender *sender, int64_t now)
{
  size_t octets;
  int error = EIO;
  learn_from_others(sender);
  struct ow_leaving leaving = {.sequence = ow_sender_next_sequence(sender->sender),
                               .correction = (int32_t)ow_departure_correction(&sender->departure)};
  bool ask = ow_traffic_asks(sender->traffic, leaving.sequence, now);
  struct ow_error_estimate estimate = stamp_error(sender, now);

  leaving.reading = ow_system_stamp();
  struct ow_timestamp stamp = ow_timestamp_plus(leaving.reading, leaving.correction);
  const uint8_t *packet = ow_sender_stamp(sender->sender, stamp, estimate, &octets);
  if (packet)
    error = send_packet(sender, packet, octets, &leaving, ask);
  if (error != 0) {
    sender->refused++;
    sender->last_error = error;
  }
  ow_sender_sent(sender->sender, error == 0);
  read_departures(sender, leaving.sequence, now);
}

/* Whoever has the address of a client that vanished must not get the rest of its packets. */
bool ow_test_sender_gave_up(const struct ow_test_sender *sender)
{
  return sender->closed_most > 0 && sender->closed >= sender->closed_most;
}

static bool may_send(struct ow_test_sender *sender, int64_t now)
{
  return !sender->may_send || sender->may_send(sender, ow_sender_octets(sender->sender), now);
}

static void be_awake(struct ow_test_sender *sender, bool awake)
{
  if (sender->awake != awake)
    ow_loop_wait_awake(sender->traffic->loop, awake);
  sender->awake = awake;
}

/*
 * As many as one wake-up may; what is too late to be sent is skipped when nothing else is due. The clocks are
 * read again only for more: what became due meanwhile is the timer's.
 */
static void send_due(struct ow_test_sender *sender)
{
  enum ow_sender_turn turn = OW_SENDER_SEND;
  struct ow_timestamp due;
  struct ow_instant now = ow_system_now();
  for (unsigned sent = 0; sent < AT_ONCE && turn == OW_SENDER_SEND && ow_sender_due(sender->sender, &due) &&
                          !ow_timestamp_after(due, now.wall);
       sent++) {
    if (sent > 0)
      now = ow_system_now();
    turn = ow_sender_ready(sender->sender, now.wall);
    if (turn == OW_SENDER_SEND && !may_send(sender, now.monotonic)) {
      sender->withheld++;
      ow_sender_sent(sender->sender, false);
    } else if (turn == OW_SENDER_SEND) {
      send_one(sender, now.monotonic);
      if (ow_test_sender_gave_up(sender))
        ow_sender_give_up(sender->sender);
    }
  }
  if (turn == OW_SENDER_SKIPPING)
    ow_loop_background(sender->traffic->loop, &sender->skipping);
  else if (ow_sender_due(sender->sender, &due))
    ow_timer_set_wall(sender->traffic->loop, &sender->timer, due);
  else {
    be_awake(sender, false);
    sender->done(sender);
  }
}

static void on_due(struct ow_timer *timer)
{
  send_due(OW_CONTAINER_OF(timer, struct ow_test_sender, timer));
}

static void on_skipping(struct ow_completion *part)
{
  send_due(OW_CONTAINER_OF(part, struct ow_test_sender, skipping));
}

/* ---- life ---- */

static void prepare(struct ow_test_sender *sender, struct ow_traffic *traffic, struct ow_sender *machine)
{
  sender->traffic = traffic;
  sender->user.departed = on_departed;
  sender->open = true;
  sender->timer.expired = on_due;
  sender->skipping.run = on_skipping;
  sender->departure = traffic->departure;
  sender->sender = machine;
}

static enum ow_status open_sender(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                  struct ow_sender *machine, uint32_t stamps)
{
  prepare(sender, traffic, machine);
  sender->by = calloc(1, sizeof *sender->by);
  enum ow_status status = sender->by ? ow_outlet_open(sender->by, socket, stamps) : OW_MEMORY;
  if (status != OW_OK)
    close(socket);
  if (status != OW_OK || !sender->sender) {
    ow_test_sender_close(sender);
    status = OW_MEMORY;
  }
  return status;
}

enum ow_status ow_test_sender_open(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                   const struct ow_session_terms *terms, bool zero_padding)
{
  bool slow = ow_slots_mean_ns(terms->slots, terms->request->slot_count) >= SLOW;
  ow_udp_keep_out(socket);
  return open_sender(sender, traffic, socket, ow_sender_create(terms, zero_padding),
                     slow ? OW_OUTLET_SLOW : OW_OUTLET_OWN);
}

enum ow_status ow_test_sender_open_with(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                        struct ow_sender *machine)
{
  sender->borrowed = true;
  return open_sender(sender, traffic, socket, machine, OW_OUTLET_OWN);
}

enum ow_status ow_test_sender_join(struct ow_test_sender *sender, struct ow_test_port *port,
                                   const struct ow_port_claim *claim, struct ow_failure *why)
{
  const struct ow_port_seat seat = {.holder = sender, .refused = on_refused};
  return ow_test_port_join_new(port, &sender->seat, &seat, claim, why);
}

enum ow_status ow_test_sender_open_joined(struct ow_test_sender *sender, const struct ow_session_terms *terms)
{
  prepare(sender, sender->seat->side->port->traffic, ow_sender_create(terms, false));
  sender->by = &sender->seat->side->outlet;
  if (!sender->sender)
    ow_test_sender_close(sender);
  return sender->open ? OW_OK : OW_MEMORY;
}

/* Without any packet it wakes at once, to be done. */
void ow_test_sender_start(struct ow_test_sender *sender)
{
  struct ow_timestamp due;
  if (!ow_sender_due(sender->sender, &due))
    due = ow_system_stamp();
  be_awake(sender, sender->busy_wait);
  ow_timer_set_wall(sender->traffic->loop, &sender->timer, due);
}

void ow_test_sender_stop(struct ow_test_sender *sender)
{
  if (sender->open) {
    ow_timer_cancel(sender->traffic->loop, &sender->timer);
    ow_loop_withdraw_background(sender->traffic->loop, &sender->skipping);
    be_awake(sender, false);
    if (sender->by)
      ow_outlet_drain(sender->by);
  }
}

struct ow_error_estimate ow_test_sender_departed_error(struct ow_test_sender *sender)
{
  return ow_system_error(&sender->traffic->clock, ow_system_now().monotonic, STAMPING);
}

/* Of the way out. */
static void let_go(struct ow_test_sender *sender)
{
  if (sender->seat) {
    ow_outlet_forget(sender->by, &sender->user);
    ow_test_port_leave_free(&sender->seat);
  } else if (sender->by) {
    ow_outlet_close(sender->by);
    free(sender->by);
  }
  sender->by = NULL;
}

void ow_test_sender_close(struct ow_test_sender *sender)
{
  if (sender->open) {
    ow_test_sender_stop(sender);
    let_go(sender);
    ow_departures_clear(&sender->departures);
    if (!sender->borrowed)
      ow_sender_free(sender->sender);
    sender->sender = NULL;
    sender->open = false;
  }
}
