/* SPDX-License-Identifier: MIT */
/* A datagram is handed to the session that it belongs to. */
#include "traffic/test_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "schedule/schedule.h"

enum {
  BATCHES_AT_ONCE = 2, /* before timers get their turn */
  RECEIVES = true,
  TOLD_FIRST = 1000,
};
#define TENTH (100 * OW_NS_PER_MS)
#define LOOK_EVERY (50 * OW_NS_PER_MS)
#define ROOM_FIRST (UINT32_C(1) << 20) /* if the system allows it: strangers come, too */
#define ROOM_MOST (UINT32_C(1) << 26)

/* Among those of its host. */
struct ow_port_by_key {
  struct ow_tuple_entry by_host;
  struct ow_port_seat *seat;
};

/* ---- whose is it? ---- */

struct ow_tuple ow_tuple_of(const union ow_address *far)
{
  struct ow_tuple tuple = {.end = ow_address_to_endpoint(far)};
  if (ow_address_is_link_local(far))
    tuple.zone = ow_address_zone(far);
  return tuple;
}

static struct ow_tuple host_of(const struct ow_tuple *tuple)
{
  struct ow_tuple host = *tuple;
  host.end.port = 0;
  return host;
}

static struct ow_port_seat *of_tuple(struct ow_tuple_entry *entry)
{
  return entry ? OW_CONTAINER_OF(entry, struct ow_port_seat, by_tuple) : NULL;
}

static bool takes(const struct ow_port_seat *seat, const struct ow_endpoint *own)
{
  return seat->receives && seat->admitted && ow_endpoint_same_host(&seat->own, own);
}

/* Who is only expected there gives way, and so does whose packets came from there before a NAT gave it to
 * another. */
static void prove(struct ow_test_port *port, struct ow_port_seat *seat, const struct ow_tuple *tuple)
{
  struct ow_port_seat *there = of_tuple(ow_tuple_table_find(&port->tuples, tuple));
  bool yields = there && (!there->proven || there->by_key);
  if (yields) {
    ow_tuple_entry_remove(&there->by_tuple);
    there->proven = false;
  }
  if (!there || yields) {
    ow_tuple_entry_remove(&seat->by_tuple);
    seat->proven = ow_tuple_table_add(&port->tuples, &seat->by_tuple, tuple, 1);
  }
}

/* But for one that has been tried. */
static struct ow_port_seat *find_by_key(struct ow_test_port *port, const struct ow_tuple *tuple,
                                        const struct ow_endpoint *own, const struct ow_datagram *datagram,
                                        const struct ow_port_seat *tried)
{
  struct ow_tuple host = host_of(tuple);
  struct ow_port_seat *found = NULL;
  for (struct ow_tuple_entry *each = ow_tuple_table_find(&port->hosts, &host); each && !found;
       each = ow_tuple_entry_next(each)) {
    struct ow_port_seat *seat = OW_CONTAINER_OF(each, struct ow_port_by_key, by_host)->seat;
    if (seat != tried && takes(seat, own) && seat->recognizes(seat, datagram))
      found = seat;
  }
  if (found)
    prove(port, found, tuple);
  return found;
}

/* Some come late, after a session's end; of many the log tells, ever more rarely. */
static void count_stranger(struct ow_test_port *port)
{
  if (++port->strangers == port->told_at) {
    port->told_at *= 10;
    ow_log(port->log, OW_LOG_NOTICE, "UDP port %u: %llu datagrams so far belonged to no session",
           port->number, (unsigned long long)port->strangers);
  }
}

/* Of several that only their keys tell apart, a NAT may have given this far end to another one since. */
static bool is_certain(const struct ow_test_port *port, struct ow_port_seat *seat,
                       const struct ow_tuple *tuple, const struct ow_datagram *datagram)
{
  struct ow_tuple host = host_of(tuple);
  const struct ow_tuple_entry *first = seat->by_key ? ow_tuple_table_find(&port->hosts, &host) : NULL;
  return !first || !ow_tuple_entry_next(first) || seat->recognizes(seat, datagram);
}

static struct ow_port_seat *find_seat(struct ow_test_port *port, const struct ow_tuple *tuple,
                                      const struct ow_endpoint *own, const struct ow_datagram *datagram)
{
  struct ow_port_seat *there = of_tuple(ow_tuple_table_find(&port->tuples, tuple));
  struct ow_port_seat *found = NULL;
  if (there && !(there->proven && takes(there, own)))
    there = NULL;
  if (!there || !is_certain(port, there, tuple, datagram))
    found = find_by_key(port, tuple, own, datagram, there);
  return found ? found : there;
}

static void hand_over(struct ow_port_side *side, const struct ow_datagram *datagram, struct ow_instant now)
{
  struct ow_test_port *port = side->port;
  struct ow_tuple tuple = ow_tuple_of(&datagram->from);
  struct ow_endpoint own = ow_address_to_endpoint(&datagram->to);
  struct ow_port_seat *seat = find_seat(port, &tuple, &own, datagram);
  if (seat)
    seat->arrived(seat, datagram, now);
  else if (!port->answerer || !port->answerer->asked(port->answerer, side, datagram, now))
    count_stranger(port);
}

/* ---- reading ---- */

/* What has the kernel's stamp may wait. True if that was all. */
static bool read_some(struct ow_port_side *side, unsigned batches)
{
  struct ow_test_port *port = side->port;
  struct ow_loop *loop = port->traffic->loop;
  struct ow_instant now = ow_loop_now(loop);
  struct ow_datagram datagrams[OW_UDP_BATCH];
  size_t count = OW_UDP_BATCH;
  for (unsigned i = 0; i < batches && count == OW_UDP_BATCH; i++) {
    count = ow_udp_receive(side->watch.descriptor, port->traffic->batch, datagrams);
    if (count > 0)
      ow_watch_set_patient(loop, &side->watch,
                           !port->answerer && datagrams[0].source == OW_STAMP_KERNEL ? side->pause : 0);
    for (size_t j = 0; j < count; j++)
      hand_over(side, &datagrams[j], now);
  }
  if (count < OW_UDP_BATCH)
    side->emptied = now;
  return count < OW_UDP_BATCH;
}

static void note_refusal(struct ow_port_side *side, const union ow_address *to, int error)
{
  struct ow_tuple tuple = ow_tuple_of(to);
  struct ow_port_seat *seat = of_tuple(ow_tuple_table_find(&side->port->tuples, &tuple));
  if (seat && seat->refused)
    seat->refused(seat, error);
}

static void on_refused(struct ow_outlet *outlet, const union ow_address *to, int error)
{
  note_refusal(OW_CONTAINER_OF(outlet, struct ow_port_side, outlet), to, error);
}

/* The kernel chooses by a hash which of the two sockets hears of it. */
static void take_refusals(struct ow_port_side *side)
{
  struct ow_udp_refusal refusal;
  for (unsigned i = 0; i < OW_UDP_BATCH && ow_udp_next_refusal(side->watch.descriptor, &refusal); i++)
    note_refusal(side, &refusal.to, refusal.error);
}

static void on_readable(struct ow_watch *watch, uint32_t events)
{
  struct ow_port_side *side = OW_CONTAINER_OF(watch, struct ow_port_side, watch);
  if (events & EPOLLERR)
    take_refusals(side);
  if ((events & EPOLLIN) && !read_some(side, BATCHES_AT_ONCE))
    ow_watch_look_again(side->port->traffic->loop, watch);
}

bool ow_test_port_drain_part(struct ow_port_side *side, struct ow_instant moment)
{
  if (side->emptied.monotonic < moment.monotonic)
    (void)read_some(side, 1);
  return side->emptied.monotonic >= moment.monotonic;
}

uint32_t ow_test_port_dropped(struct ow_port_side *side, bool now)
{
  int64_t moment = ow_loop_now(side->port->traffic->loop).monotonic;
  uint64_t overflows = side->overflows;
  if (!now && moment - side->looked_at < LOOK_EVERY)
    return side->dropped;
  side->looked_at = moment;
  uint32_t drops = ow_udp_dropped(side->watch.descriptor);
  uint32_t more = drops - side->drops;
  if (more) {
    bool known = ow_udp_overflows(&overflows);
    if (known && side->overflows_known)
      more = ow_udp_own_drops(more, side->overflows, overflows);
    side->overflows_known = known;
    side->overflows = overflows;
    side->drops = drops;
    side->dropped += more;
  }
  return side->dropped;
}

/* ---- room ---- */

static uint32_t room_for(uint64_t octets)
{
  uint32_t room = ROOM_FIRST;
  while (room < octets && room < ROOM_MOST)
    room *= 2;
  return room;
}

/* It grows with what is agreed, and never shrinks. */
static void make_room(struct ow_port_side *side, bool receives)
{
  uint32_t room = room_for(side->octets[receives]);
  if (room > side->asked[receives]) {
    side->asked[receives] = room;
    side->room[receives] = ow_udp_make_room(receives ? side->watch.descriptor : side->outlet.socket, room);
  }
  if (side->room[receives] < side->octets[receives])
    ow_traffic_tell_of_room(side->port->traffic, side->port->log, side->port->number, side->octets[receives],
                            receives ? "rmem_max" : "wmem_max or rmem_max");
}

/* ---- places ---- */

static struct ow_port_side *side_of(struct ow_test_port *port, const union ow_address *far)
{
  struct ow_port_side *side = &port->sides[far->any.sa_family == AF_INET6];
  return side->outlet.open ? side : NULL;
}

/* Where one's packets are told by their HMAC, it is enough to expect them at a port that nobody has. */
static enum ow_status take_place(struct ow_test_port *port, struct ow_port_seat *seat,
                                 const struct ow_port_claim *claim, struct ow_failure *why)
{
  char text[OW_ADDRESS_TEXT];
  struct ow_tuple tuple = ow_tuple_of(&claim->far);
  struct ow_tuple host = host_of(&tuple);
  enum ow_status status = OW_OK;
  if (claim->hearsay)
    status = ow_fail(why, OW_LIMIT, "only %s itself can ask for a place at it",
                     ow_address_print_host(text, sizeof text, &claim->far));
  else if (tuple.end.port == 0 && !claim->by_key)
    status = ow_fail(why, OW_LIMIT, "without a key nothing tells the client's packets from others'");
  else if (claim->by_key &&
           !ow_tuple_table_add(&port->hosts, &seat->by_key->by_host, &host, OW_PORT_BY_KEY_MOST))
    status = ow_fail(why, OW_LIMIT, "%d sessions with %s are only told apart by their keys",
                     OW_PORT_BY_KEY_MOST, ow_address_print_host(text, sizeof text, &claim->far));
  else if (tuple.end.port && !ow_tuple_table_add(&port->tuples, &seat->by_tuple, &tuple, 1) && !claim->by_key)
    status = ow_fail(why, OW_LIMIT, "another session is with %s",
                     ow_address_print(text, sizeof text, &claim->far));
  return status;
}

struct ow_port_seat *ow_test_port_seat_of(const struct ow_test_port *port, const union ow_address *far)
{
  struct ow_tuple tuple = ow_tuple_of(far);
  return of_tuple(ow_tuple_table_find(&port->tuples, &tuple));
}

static void empty_seat(struct ow_port_seat *seat)
{
  free(seat->way);
  free(seat->by_key);
  seat->way = NULL;
  seat->by_key = NULL;
}

/* What not every session needs. */
static enum ow_status furnish_seat(struct ow_port_seat *seat, const struct ow_port_claim *claim,
                                   struct ow_failure *why)
{
  seat->way = claim->receives ? NULL : malloc(sizeof *seat->way);
  seat->by_key = claim->by_key ? calloc(1, sizeof *seat->by_key) : NULL;
  if (seat->way)
    ow_udp_way_make(seat->way, &claim->far, &claim->own, claim->dscp);
  if (seat->by_key)
    seat->by_key->seat = seat;
  return (seat->way || claim->receives) && (seat->by_key || !claim->by_key)
             ? OW_OK
             : ow_fail(why, OW_MEMORY, "no memory for a place at it");
}

enum ow_status ow_test_port_join(struct ow_test_port *port, struct ow_port_seat *seat,
                                 const struct ow_port_claim *claim, struct ow_failure *why)
{
  struct ow_port_side *side = side_of(port, &claim->far);
  if (!side)
    return ow_fail(why, OW_LIMIT, "it is not open for this family of addresses");
  enum ow_status status = furnish_seat(seat, claim, why);
  if (status == OW_OK)
    status = take_place(port, seat, claim, why);
  if (status != OW_OK) {
    empty_seat(seat);
  } else {
    seat->side = side;
    seat->own = ow_address_to_endpoint(&claim->own);
    seat->receives = claim->receives;
    seat->proven = !claim->by_key;
    seat->packets = ow_slots_most_packets(claim->slots, claim->slot_count, TENTH);
    seat->octets = ow_udp_room_for(seat->packets, claim->padding);
    side->packets[seat->receives] += seat->packets;
    side->octets[seat->receives] += seat->octets;
    make_room(side, seat->receives);
    side->pause = ow_udp_pause(side->room[RECEIVES], side->octets[RECEIVES]);
  }
  return status;
}

void ow_test_port_leave(struct ow_port_seat *seat)
{
  struct ow_port_side *side = seat->side;
  if (side) {
    ow_tuple_entry_remove(&seat->by_tuple);
    if (seat->by_key)
      ow_tuple_entry_remove(&seat->by_key->by_host);
    side->packets[seat->receives] -= seat->packets;
    side->octets[seat->receives] -= seat->octets;
    side->pause = ow_udp_pause(side->room[RECEIVES], side->octets[RECEIVES]);
    seat->side = NULL;
    empty_seat(seat);
  }
}

enum ow_status ow_test_port_join_new(struct ow_test_port *port, struct ow_port_seat **seat,
                                     const struct ow_port_seat *like, const struct ow_port_claim *claim,
                                     struct ow_failure *why)
{
  enum ow_status status = ow_fail(why, OW_MEMORY, "no memory for a place at it");
  *seat = malloc(sizeof **seat);
  if (*seat) {
    **seat = *like;
    status = ow_test_port_join(port, *seat, claim, why);
  }
  if (status != OW_OK)
    ow_test_port_leave_free(seat);
  return status;
}

void ow_test_port_leave_free(struct ow_port_seat **seat)
{
  if (*seat)
    ow_test_port_leave(*seat);
  free(*seat);
  *seat = NULL;
}

/* ---- life ---- */

static void close_side(struct ow_port_side *side)
{
  ow_watch_close(side->port->traffic->loop, &side->watch);
  ow_outlet_close(&side->outlet);
}

static enum ow_status open_side(struct ow_test_port *port, struct ow_port_side *side, sa_family_t family,
                                const struct ow_udp_given *given, struct ow_failure *failure)
{
  struct ow_udp_shared shared;
  enum ow_status status = given ? ow_udp_shared_adopt(given, family, port->number, &shared, failure)
                                : ow_udp_shared_open(family, port->number, &shared, failure);
  if (status != OW_OK)
    return status;
  side->watch.descriptor = shared.receives;
  if (ow_outlet_open(&side->outlet, shared.sends, OW_OUTLET_SHARED) != OW_OK) {
    close(shared.sends);
    return ow_fail(failure, OW_MEMORY, "no memory for a UDP port");
  }
  side->outlet.refused = on_refused;
  make_room(side, false);
  make_room(side, RECEIVES);
  side->drops = ow_udp_dropped(shared.receives);
  side->overflows_known = ow_udp_overflows(&side->overflows);
  return ow_watch_open(port->traffic->loop, &side->watch, EPOLLIN, failure);
}

/* A host without one of the families has the other. */
static enum ow_status open_sides(struct ow_test_port *port, const struct ow_udp_given *given,
                                 struct ow_failure *failure)
{
  static const sa_family_t families[OW_PORT_SIDES] = {AF_INET, AF_INET6};
  enum ow_status status = OW_OK;
  unsigned open = 0;
  for (int i = 0; i < OW_PORT_SIDES && status == OW_OK; i++) {
    status = open_side(port, &port->sides[i], families[i], given, failure);
    open += status == OW_OK;
    if (status != OW_OK && failure->error == EAFNOSUPPORT && (i == 0 || open > 0))
      status = OW_OK;
  }
  return status;
}

enum ow_status ow_test_port_open(struct ow_test_port *port, struct ow_traffic *traffic, uint16_t number,
                                 const struct ow_log *log, struct ow_failure *failure)
{
  return ow_test_port_adopt(port, traffic, NULL, number, log, failure);
}

enum ow_status ow_test_port_adopt(struct ow_test_port *port, struct ow_traffic *traffic,
                                  const struct ow_udp_given *given, uint16_t number, const struct ow_log *log,
                                  struct ow_failure *failure)
{
  *port = (struct ow_test_port){.traffic = traffic, .log = log, .number = number, .told_at = TOLD_FIRST};
  for (int i = 0; i < OW_PORT_SIDES; i++)
    port->sides[i] = (struct ow_port_side){
        .port = port, .watch = {.descriptor = -1, .ready = on_readable}, .pause = TENTH};
  enum ow_status status = OW_OK;
  if (ow_tuple_table_open(&port->tuples, &ow_system_random) != OW_OK ||
      ow_tuple_table_open(&port->hosts, &ow_system_random) != OW_OK)
    status = ow_fail(failure, OW_MEMORY, "no memory for a UDP port");
  if (status == OW_OK)
    status = open_sides(port, given, failure);
  if (status != OW_OK)
    ow_test_port_close(port);
  return status;
}

void ow_test_port_close(struct ow_test_port *port)
{
  if (port->number) {
    for (int i = 0; i < OW_PORT_SIDES; i++)
      close_side(&port->sides[i]);
    ow_tuple_table_close(&port->tuples);
    ow_tuple_table_close(&port->hosts);
    port->number = 0;
  }
}
