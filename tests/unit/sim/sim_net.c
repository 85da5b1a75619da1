/* SPDX-License-Identifier: MIT */
/* io/channel.h, listener.h, udp.h, resolver.h: hosts that are nothing but addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "io/channel.h"
#include "io/kernel_stamps.h"
#include "io/listener.h"
#include "io/resolver.h"
#include "io/udp.h"
#include "io/udp_shared.h"
#include "sim.h"
#include "wire/command.h"
#include "wire/fetch.h"

enum { HOSTS = 256, DESCRIPTORS = 65536, PORTS = 65536, FIRST_PORT = 10000, QUEUE_MOST = 4096, NAMES = 8 };
enum { TWAMP = 862 }; /* its port */
enum { DEPARTURES = 128 };
enum { CLIENT = 0, SERVER = 1 };
#define RETRANSMISSION (200 * OW_NS_PER_MS)

int64_t sim_resolving;
uint8_t sim_opening;

struct datagram {
  STAILQ_ENTRY(datagram) next;
  union ow_address from;
  union ow_address to;
  size_t packet; /* of the list of those that were sent */
  struct ow_timestamp received;
  size_t length;
  uint8_t octets[];
};

struct udp {
  SLIST_ENTRY(udp) all;
  int descriptor;
  union ow_address local;
  union ow_address peer;
  STAILQ_HEAD(, datagram) queue;
  size_t waiting;
  uint32_t sent;
  struct ow_departed left[DEPARTURES]; /* in a ring, by order */
  uint32_t asked;                      /* for their stamps */
  uint32_t told;
};

struct connection {
  SLIST_ENTRY(connection) all;
  uint8_t host;
  bool cut;
  struct ow_channel *ends[2];
  union ow_address addresses[2];
};

/* What a descriptor is. */
struct endpoint {
  struct udp *udp;
  struct connection *connection;
  int side;
};

static SLIST_HEAD(, udp) all_udp = SLIST_HEAD_INITIALIZER(all_udp);
static SLIST_HEAD(, connection) all_connections = SLIST_HEAD_INITIALIZER(all_connections);
static struct endpoint endpoints[DESCRIPTORS];
static struct udp *by_port[PORTS];
static struct udp *shared[HOSTS]; /* whatever comes to that port of the host */
static uint16_t shared_port;
static struct ow_listeners *listening[HOSTS];
static struct ow_listeners *listening_beside[HOSTS]; /* of a server with two ports, at TWAMP's */
static struct sim_path paths[HOSTS];
static uint16_t next_port = FIRST_PORT;
static struct {
  const char *name;
  const char *address;
} names[NAMES];

struct sim_packet *sim_packets;
size_t sim_packet_count;
static size_t packet_slots;
struct sim_attempt *sim_attempts;
size_t sim_attempt_count;
static size_t attempt_slots;
uint32_t sim_udp_drops;
int64_t sim_leaving;

/* ---- what is common ---- */

static void *grow(void *list, size_t count, size_t *slots, size_t size)
{
  if (count == *slots) {
    *slots = *slots ? *slots * 2 : 1024;
    list = reallocarray(list, *slots, size);
    if (!list)
      abort();
  }
  return list;
}

static int open_descriptor(void)
{
  int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (descriptor < 0 || descriptor >= DESCRIPTORS)
    abort();
  endpoints[descriptor] = (struct endpoint){0};
  return descriptor;
}

/* The last octet, in either family: "127.0.0.2", "fd00::3". */
static uint8_t host_of(const union ow_address *address)
{
  return address->any.sa_family == AF_INET6 ? address->v6.sin6_addr.s6_addr[15]
                                            : (uint8_t)ntohl(address->v4.sin_addr.s_addr);
}

/* Of the family of `like`. */
static union ow_address address_of(uint8_t host, uint16_t port, const union ow_address *like)
{
  union ow_address address = {
      .v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000000U | host)}};
  if (like->any.sa_family == AF_INET6)
    address = (union ow_address){.v6 = {.sin6_family = AF_INET6,
                                        .sin6_port = htons(port),
                                        .sin6_addr.s6_addr = {[0] = 0xfd, [15] = host}}};
  return address;
}

struct sim_path *sim_path(uint8_t host)
{
  return &paths[host];
}

static int64_t travel(const struct sim_path *path, int way)
{
  int64_t jitter = path->jitter[way] ? (int64_t)sim_random((uint64_t)path->jitter[way]) : 0;
  return path->delay[way] + jitter;
}

/* ---- TCP ---- */

/* Octets on their way to one side; none: the other side has closed. */
struct segment {
  struct connection *connection;
  int side;
  size_t length;
  uint8_t octets[];
};

static void arrive(void *context);

static void send_segment(struct segment *segment, int64_t after)
{
  sim_at(sim_monotonic() + after, arrive, segment);
}

static void babble(const struct segment *segment, struct ow_channel *channel)
{
  static const uint8_t unasked[16] = {OW_COMMAND_STOP_SESSIONS};
  if (segment->side == CLIENT && paths[segment->connection->host].babbles &&
      segment->octets[0] == OW_COMMAND_STOP_SESSIONS &&
      ow_buffer_append(&channel->input, unasked, sizeof unasked) != OW_OK)
    abort();
}

/* The mark is where such a one expects zeros. */
static void age(struct segment *segment)
{
  enum { FETCH_OCTETS = OW_FETCH_SESSION + OW_HMAC, MARK_AT = 4, MARK = 4 };
  if (segment->side == SERVER && paths[segment->connection->host].old && segment->length == FETCH_OCTETS &&
      segment->octets[0] == OW_COMMAND_FETCH_SESSION)
    memset(segment->octets + MARK_AT, 0, MARK);
}

static void arrive(void *context)
{
  struct segment *segment = context;
  struct connection *connection = segment->connection;
  struct ow_channel *channel = connection->ends[segment->side];
  if (connection->cut || !channel) {
    free(segment);
  } else if (paths[connection->host].blackhole) {
    send_segment(segment, RETRANSMISSION);
  } else if (segment->length == 0) {
    free(segment);
    ow_channel_input_ends(channel, NULL);
  } else {
    age(segment);
    bool held = ow_buffer_append(&channel->input, segment->octets, segment->length) == OW_OK;
    babble(segment, channel);
    free(segment);
    if (held)
      channel->received(channel);
    else
      ow_channel_input_ends(channel, "no memory for what was received");
  }
}

static void transmit(struct connection *connection, int side, const void *octets, size_t length)
{
  struct segment *segment = calloc(1, sizeof *segment + length);
  if (!segment)
    abort();
  *segment = (struct segment){.connection = connection, .side = side, .length = length};
  if (length)
    memcpy(segment->octets, octets, length);
  send_segment(segment, paths[connection->host].delay[side == CLIENT]);
}

static struct endpoint *endpoint_of(const struct ow_channel *channel)
{
  return &endpoints[channel->watch.descriptor];
}

static void adopt(struct ow_channel *channel, struct ow_loop *loop, int descriptor,
                  struct connection *connection, int side)
{
  ow_channel_begin(channel, loop, 1 << 20);
  channel->watch = (struct ow_watch){.descriptor = descriptor};
  endpoints[descriptor] = (struct endpoint){.connection = connection, .side = side};
  connection->ends[side] = channel;
}

struct handshake {
  struct connection *connection;
};

static void complete(void *context)
{
  struct connection *connection = ((struct handshake *)context)->connection;
  struct ow_channel *channel = connection->ends[CLIENT];
  free(context);
  if (channel && !connection->cut) {
    channel->connecting = false;
    channel->connected(channel);
  }
}

static void refuse(void *context)
{
  struct connection *connection = ((struct handshake *)context)->connection;
  struct ow_channel *channel = connection->ends[CLIENT];
  free(context);
  if (channel) {
    channel->error = ECONNREFUSED;
    channel->over(channel, "Connection refused");
  }
}

static bool has_room(const struct sim_path *path, uint8_t host)
{
  const struct connection *connection;
  unsigned open = 0;
  SLIST_FOREACH(connection, &all_connections, all)
  open += connection->host == host && connection->ends[SERVER] != NULL;
  return path->room == 0 || open < path->room;
}

static void knock(void *context);

static void turn_away(struct connection *connection, void *context)
{
  const struct sim_path *path = &paths[connection->host];
  switch (path->full) {
  case SIM_REFUSES: sim_at(sim_monotonic() + path->delay[1], refuse, context); break;
  case SIM_DROPS: sim_at(sim_monotonic() + OW_NS_PER_S, knock, context); break;
  case SIM_CLOSES:
    sim_at(sim_monotonic() + path->delay[1], complete, context);
    transmit(connection, CLIENT, NULL, 0);
    break;
  case SIM_WAITS: sim_at(sim_monotonic() + path->delay[1], complete, context); break;
  }
}

static void knock(void *context)
{
  struct connection *connection = ((struct handshake *)context)->connection;
  struct sim_path *path = &paths[connection->host];
  bool beside = connection->addresses[SERVER].v4.sin_port == htons(TWAMP);
  struct ow_listeners *listeners =
      (beside && listening_beside[connection->host] ? listening_beside : listening)[connection->host];
  if (!connection->ends[CLIENT]) {
    free(context); /* given up */
  } else if (path->blackhole) {
    sim_at(sim_monotonic() + OW_NS_PER_S, knock, context);
  } else if (path->mute) {
    sim_at(sim_monotonic() + path->delay[1], complete, context);
  } else if (!listeners) {
    sim_at(sim_monotonic() + path->delay[1], refuse, context);
  } else if (!has_room(path, connection->host)) {
    turn_away(connection, context);
  } else {
    int descriptor = open_descriptor();
    endpoints[descriptor] = (struct endpoint){.connection = connection, .side = SERVER};
    sim_at(sim_monotonic() + path->delay[1], complete, context);
    listeners->accepted(listeners, descriptor, &connection->addresses[CLIENT]);
  }
}

static uint16_t free_port(void);

enum ow_status ow_channel_connect(struct ow_channel *channel, struct ow_loop *loop,
                                  const union ow_address *server, const union ow_address *source,
                                  const char *interface, struct ow_failure *failure)
{
  struct connection *connection = calloc(1, sizeof *connection);
  struct handshake *handshake = calloc(1, sizeof *handshake);
  (void)source, (void)interface, (void)failure;
  if (!connection || !handshake)
    abort();
  SLIST_INSERT_HEAD(&all_connections, connection, all);
  connection->host = host_of(server);
  connection->addresses[CLIENT] = address_of(1, free_port(), server);
  connection->addresses[SERVER] = *server;
  adopt(channel, loop, open_descriptor(), connection, CLIENT);
  channel->connecting = true;
  handshake->connection = connection;
  sim_at(sim_monotonic() + paths[connection->host].delay[0], knock, handshake);
  sim_attempts = grow(sim_attempts, sim_attempt_count, &attempt_slots, sizeof *sim_attempts);
  sim_attempts[sim_attempt_count++] = (struct sim_attempt){sim_monotonic(), connection->host};
  return OW_OK;
}

enum ow_status ow_channel_adopt(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                struct ow_failure *failure)
{
  (void)failure;
  adopt(channel, loop, socket, endpoints[socket].connection, SERVER);
  return OW_OK;
}

enum ow_status ow_channel_move(struct ow_channel *channel, struct ow_channel *from,
                               struct ow_failure *failure)
{
  struct ow_loop *loop = from->loop;
  int descriptor = ow_watch_release(loop, &from->watch);
  (void)failure;
  adopt(channel, loop, descriptor, endpoints[descriptor].connection, endpoints[descriptor].side);
  ow_channel_take_over(channel, from);
  return OW_OK;
}

void ow_channel_flush(struct ow_channel *channel)
{
  struct ow_buffer *output = channel->output;
  size_t length = ow_buffer_length(output);
  if (channel->open && length && !channel->connecting) {
    struct endpoint *endpoint = endpoint_of(channel);
    transmit(endpoint->connection, !endpoint->side, ow_buffer_head(output), length);
    ow_buffer_consume(output, length);
    ow_channel_output_left(channel);
  }
}

union ow_address ow_channel_local(const struct ow_channel *channel)
{
  const struct endpoint *endpoint = endpoint_of(channel);
  return endpoint->connection->addresses[endpoint->side];
}

union ow_address ow_channel_remote(const struct ow_channel *channel)
{
  const struct endpoint *endpoint = endpoint_of(channel);
  return endpoint->connection->addresses[!endpoint->side];
}

void ow_channel_close(struct ow_channel *channel)
{
  if (channel->open) {
    struct endpoint *endpoint = endpoint_of(channel);
    endpoint->connection->ends[endpoint->side] = NULL;
    transmit(endpoint->connection, !endpoint->side, NULL, 0);
    ow_channel_end(channel);
  }
}

void sim_cut(uint8_t host)
{
  struct connection *connection;
  SLIST_FOREACH(connection, &all_connections, all)
  if (connection->host == host && !connection->cut) {
    connection->cut = true;
    for (int side = 0; side < 2; side++) {
      struct ow_channel *channel = connection->ends[side];
      if (channel)
        ow_channel_input_ends(channel, "Connection reset by peer");
    }
  }
}

/* ---- listening ---- */

void ow_listeners_prepare(struct ow_listeners *listeners, struct ow_loop *loop,
                          void (*accepted)(struct ow_listeners *listeners, int socket,
                                           const union ow_address *remote))
{
  *listeners = (struct ow_listeners){.loop = loop, .accepted = accepted};
}

enum ow_status ow_listeners_open(struct ow_listeners *listeners, const char *host, const char *port,
                                 struct ow_failure *failure)
{
  union ow_address address = {.v4 = {.sin_family = AF_INET}};
  (void)failure;
  if (inet_pton(AF_INET, host, &address.v4.sin_addr) != 1)
    abort();
  uint8_t at = host_of(&address);
  bool beside = listening[at] && atoi(port) == TWAMP;
  listeners->port = beside ? TWAMP : 861;
  (beside ? listening_beside : listening)[at] = listeners;
  return OW_OK;
}

/* Nobody else opens sockets here. */
enum ow_status ow_listeners_adopt(struct ow_listeners *listeners, int first, int count,
                                  struct ow_failure *failure)
{
  (void)listeners;
  return ow_fail(failure, OW_INVALID, "no socket %d to %d is simulated", first, first + count - 1);
}

void ow_listeners_close(struct ow_listeners *listeners)
{
  for (int i = 0; i < HOSTS; i++)
    if (listening[i] == listeners)
      listening[i] = NULL;
    else if (listening_beside[i] == listeners)
      listening_beside[i] = NULL;
}

/* ---- names ---- */

void sim_name(const char *name, const char *address)
{
  for (int i = 0; i < NAMES; i++)
    if (!names[i].name || strcmp(names[i].name, name) == 0) {
      names[i].name = name;
      names[i].address = address;
      return;
    }
  abort();
}

struct ow_resolution {
  ow_resolved *done;
  void *context;
  bool cancelled;
  union ow_address addresses[OW_RESOLVED_MOST];
  size_t count;
};

static void resolved(void *context)
{
  struct ow_resolution *resolution = context;
  struct ow_failure failure;
  ow_fail(&failure, OW_NETWORK, "cannot resolve the name");
  if (!resolution->cancelled)
    resolution->done(resolution->context, resolution->count ? OW_OK : OW_NETWORK, resolution->addresses,
                     resolution->count, &failure);
  free(resolution);
}

/* The number, if it is one of the family (0: any). */
static bool read_number(const char *number, int family, union ow_address *address)
{
  memset(address, 0, sizeof *address);
  if (family != 6 && inet_pton(AF_INET, number, &address->v4.sin_addr) == 1)
    address->any.sa_family = AF_INET;
  else if (family != 4 && inet_pton(AF_INET6, number, &address->v6.sin6_addr) == 1)
    address->any.sa_family = AF_INET6;
  return address->any.sa_family != AF_UNSPEC;
}

static void read_numbers(struct ow_resolution *resolution, const char *numbers, int family, uint16_t port)
{
  char copy[512];
  char *rest = copy;
  snprintf(copy, sizeof copy, "%s", numbers);
  for (const char *number = strtok_r(copy, " ", &rest); number && resolution->count < OW_RESOLVED_MOST;
       number = strtok_r(NULL, " ", &rest)) {
    union ow_address *address = &resolution->addresses[resolution->count];
    if (read_number(number, family, address)) {
      ow_address_set_port(address, port);
      resolution->count++;
    }
  }
}

struct ow_resolution *ow_resolve(struct ow_loop *loop, const char *host, const char *port, int family,
                                 ow_resolved *done, void *context)
{
  struct ow_resolution *resolution = calloc(1, sizeof *resolution);
  (void)loop;
  if (!resolution)
    abort();
  *resolution = (struct ow_resolution){.done = done, .context = context};
  for (int i = 0; i < NAMES; i++)
    if (names[i].name && strcmp(names[i].name, host) == 0)
      host = names[i].address ? names[i].address : "gone";
  read_numbers(resolution, host, family, (uint16_t)strtoul(port, NULL, 10));
  sim_at(sim_monotonic() + sim_resolving, resolved, resolution);
  return resolution;
}

void ow_resolve_cancel(struct ow_resolution *resolution)
{
  if (resolution)
    resolution->cancelled = true;
}

/* ---- UDP ---- */

static void free_udp(struct udp *udp)
{
  struct datagram *datagram;
  while ((datagram = STAILQ_FIRST(&udp->queue))) {
    STAILQ_REMOVE_HEAD(&udp->queue, next);
    free(datagram);
  }
  SLIST_REMOVE(&all_udp, udp, udp, all);
  for (int i = 0; i < HOSTS; i++)
    if (shared[i] == udp)
      shared[i] = NULL;
  if (by_port[ow_address_port(&udp->local)] == udp)
    by_port[ow_address_port(&udp->local)] = NULL;
  free(udp);
}

/* Sockets are closed by close(2), which nobody tells: their descriptor is another one's then, or nobody's. */
static bool is_open(const struct udp *udp)
{
  return endpoints[udp->descriptor].udp == udp && fcntl(udp->descriptor, F_GETFD) >= 0;
}

static uint16_t free_port(void)
{
  do
    next_port = next_port == PORTS - 1 ? FIRST_PORT : (uint16_t)(next_port + 1);
  while (by_port[next_port] && is_open(by_port[next_port]));
  if (by_port[next_port])
    free_udp(by_port[next_port]);
  return next_port;
}

enum ow_status ow_udp_open(const struct ow_udp_options *options, int *descriptor, union ow_address *bound,
                           struct ow_failure *failure)
{
  struct udp *udp = calloc(1, sizeof *udp);
  (void)failure;
  if (!udp)
    abort();
  udp->descriptor = open_descriptor();
  udp->local = address_of(host_of(&options->local), free_port(), &options->local);
  STAILQ_INIT(&udp->queue);
  SLIST_INSERT_HEAD(&all_udp, udp, all);
  endpoints[udp->descriptor].udp = udp;
  by_port[ow_address_port(&udp->local)] = udp;
  *descriptor = udp->descriptor;
  *bound = udp->local;
  return OW_OK;
}

static void give_port(int descriptor, uint16_t port)
{
  struct udp *udp = endpoints[descriptor].udp;
  by_port[ow_address_port(&udp->local)] = NULL;
  ow_address_set_port(&udp->local, port);
}

enum ow_status ow_udp_shared_open(sa_family_t family, uint16_t port, struct ow_udp_shared *opened,
                                  struct ow_failure *failure)
{
  struct ow_udp_options options = {.local.any.sa_family = family};
  union ow_address bound;
  if (family == AF_INET6)
    return ow_fail_errno(failure, OW_INVALID, EAFNOSUPPORT, "IPv6 has no shared port here");
  enum ow_status status = ow_udp_open(&options, &opened->receives, &bound, failure);
  if (status == OW_OK)
    status = ow_udp_open(&options, &opened->sends, &bound, failure);
  give_port(opened->sends, port);
  give_port(opened->receives, port);
  shared[sim_opening] = endpoints[opened->receives].udp;
  shared_port = port;
  return status;
}

/* Nobody gives sockets here. */
enum ow_status ow_udp_shared_adopt(const struct ow_udp_given *given, sa_family_t family, uint16_t port,
                                   struct ow_udp_shared *opened, struct ow_failure *failure)
{
  (void)given, (void)family, (void)port, (void)opened;
  return ow_fail(failure, OW_INVALID, "no UDP socket was given");
}

size_t ow_udp_make_room(int descriptor, uint32_t octets)
{
  (void)descriptor;
  return octets;
}

bool ow_udp_next_refusal(int descriptor, struct ow_udp_refusal *refusal)
{
  (void)descriptor, (void)refusal;
  return false;
}

uint64_t ow_udp_room_for(uint32_t datagrams, uint32_t octets)
{
  return (uint64_t)datagrams * octets;
}

bool ow_udp_can_bind(const union ow_address *address)
{
  return ow_address_is_loopback(address);
}

/* Any address of this host is its first one's. */
enum ow_status ow_udp_connect(int descriptor, const union ow_address *peer, struct ow_failure *failure)
{
  struct udp *udp = endpoints[descriptor].udp;
  (void)failure;
  udp->peer = *peer;
  if (host_of(&udp->local) == 0)
    udp->local = address_of(1, ow_address_port(&udp->local), peer);
  return OW_OK;
}

union ow_address ow_udp_local(int descriptor)
{
  return endpoints[descriptor].udp->local;
}

int ow_udp_pending_error(int descriptor)
{
  (void)descriptor;
  return 0;
}

static void (*askers[HOSTS])(void *context, const struct sim_question *question);
static void *asker_contexts[HOSTS];

void sim_when_asked(uint8_t host, void (*asked)(void *context, const struct sim_question *question),
                    void *context)
{
  askers[host] = asked;
  asker_contexts[host] = context;
}

/* True if the host has no sockets, but somebody who looks at what comes there. */
static bool is_asked(struct datagram *datagram)
{
  uint8_t host = host_of(&datagram->to);
  if (askers[host]) {
    const struct sim_question question = {
        .octets = datagram->octets, .length = datagram->length, .from = datagram->from, .to = datagram->to};
    sim_packets[datagram->packet].arrived = true;
    askers[host](asker_contexts[host], &question);
    free(datagram);
  }
  return askers[host] != NULL;
}

static void land(void *context)
{
  struct datagram *datagram = context;
  if (is_asked(datagram))
    return;
  uint16_t port = ow_address_port(&datagram->to);
  struct udp *udp = port == shared_port ? shared[host_of(&datagram->to)] : by_port[port];
  if (udp && is_open(udp) && udp->waiting < QUEUE_MOST) {
    struct ow_watch *watch = sim_watch_of(udp->descriptor);
    datagram->received = sim_wall();
    if (!sim_packets[datagram->packet].arrived)
      sim_packets[datagram->packet].received = datagram->received;
    sim_packets[datagram->packet].arrived = true;
    STAILQ_INSERT_TAIL(&udp->queue, datagram, next);
    udp->waiting++;
    if (watch)
      watch->ready(watch, EPOLLIN);
  } else {
    free(datagram);
  }
}

static void note_packet(uint8_t host, bool to_host, uint16_t port)
{
  sim_packets = grow(sim_packets, sim_packet_count, &packet_slots, sizeof *sim_packets);
  sim_packets[sim_packet_count++] =
      (struct sim_packet){.sent = sim_wall(), .host = host, .to_host = to_host, .port = port};
}

/* By the control message that a shared port's packets carry. */
static union ow_address source_of(const struct udp *udp, const struct ow_udp_way *way)
{
  union ow_address source = udp->local;
  if (way && way->to.any.sa_family == AF_INET6) {
    struct in6_pktinfo info;
    memcpy(&info, way->control + CMSG_LEN(0), sizeof info);
    source.v6.sin6_addr = info.ipi6_addr;
  } else if (way) {
    struct in_pktinfo info;
    memcpy(&info, way->control + CMSG_LEN(0), sizeof info);
    source.v4.sin_addr = info.ipi_spec_dst;
  }
  return source;
}

static void transmit_datagram(const union ow_address *from, const union ow_address *to, int64_t travels,
                              const void *packet, size_t octets)
{
  struct datagram *datagram = calloc(1, sizeof *datagram + octets);
  if (!datagram)
    abort();
  datagram->to = *to;
  datagram->packet = sim_packet_count - 1;
  datagram->from = *from;
  datagram->length = octets;
  memcpy(datagram->octets, packet, octets);
  sim_at(sim_monotonic() + travels, land, datagram);
}

/* When it leaves; the kernel says so at once. */
static int64_t leave(struct udp *udp, bool want_stamp)
{
  int64_t late = sim_leaving > 0 ? (int64_t)sim_random((uint64_t)sim_leaving) : 0;
  if (want_stamp && sim_leaving > 0)
    udp->left[udp->asked % DEPARTURES] =
        (struct ow_departed){.order = udp->asked, .at = ow_timestamp_plus(sim_wall(), late)};
  udp->asked += want_stamp;
  return late;
}

void sim_answer(const struct sim_question *question, const void *packet, size_t octets)
{
  const struct sim_path *path = &paths[host_of(&question->to)];
  note_packet(host_of(&question->to), false, ow_address_port(&question->to));
  if (!path->blackhole && sim_random(1000000) >= path->loss[1])
    for (uint32_t i = 0; i <= path->copies[1]; i++)
      transmit_datagram(&question->to, &question->from, travel(path, 1), packet, octets);
}

int ow_udp_send_to(int descriptor, const struct ow_udp_way *way, const void *packet, size_t octets,
                   bool want_stamp)
{
  struct udp *udp = endpoints[descriptor].udp;
  union ow_address from = source_of(udp, way);
  const union ow_address *to = way ? &way->to : &udp->peer;
  bool to_host = host_of(&from) == 1;
  uint8_t host = host_of(to_host ? to : &from);
  const struct sim_path *path = &paths[host];
  if (to_host)
    ow_address_set_port(&from, (uint16_t)(ow_address_port(&from) + path->rewrites));
  if (path->refusal[!to_host])
    return path->refusal[!to_host];
  note_packet(host, to_host, ow_address_port(to_host ? to : &from));
  int64_t left = leave(udp, want_stamp);
  bool fits = path->largest[!to_host] == 0 || octets <= path->largest[!to_host];
  if (fits && !path->blackhole && sim_random(1000000) >= path->loss[!to_host]) {
    uint32_t copies = path->copies[!to_host] + (udp->sent == 0 ? path->replayed[!to_host] : 0);
    for (uint32_t i = 0; i <= copies; i++)
      transmit_datagram(&from, to, left + travel(path, !to_host), packet, octets);
  }
  udp->sent++;
  return 0;
}

void ow_udp_keep_out(int descriptor)
{
  (void)descriptor;
}

void ow_udp_let_in(int descriptor)
{
  (void)descriptor;
}

uint32_t ow_udp_dropped(int descriptor)
{
  return sim_watch_of(descriptor) ? sim_udp_drops : 0;
}

bool ow_udp_overflows(uint64_t *count)
{
  static uint64_t sum; /* as other sockets have drops, too */
  *count = sum += sim_udp_drops;
  return true;
}

uint32_t ow_udp_buffer_for(uint32_t datagrams, uint32_t octets)
{
  (void)datagrams, (void)octets;
  return 0;
}

size_t ow_udp_receive_buffer(int descriptor)
{
  (void)descriptor;
  return SIZE_MAX;
}

struct ow_udp_batch {
  struct datagram *taken[OW_UDP_BATCH];
};

struct ow_udp_batch *ow_udp_batch_create(void)
{
  return calloc(1, sizeof(struct ow_udp_batch));
}

static void forget_taken(struct ow_udp_batch *batch)
{
  for (int i = 0; i < OW_UDP_BATCH; i++) {
    free(batch->taken[i]);
    batch->taken[i] = NULL;
  }
}

void ow_udp_batch_free(struct ow_udp_batch *batch)
{
  if (batch)
    forget_taken(batch);
  free(batch);
}

size_t ow_udp_receive(int descriptor, struct ow_udp_batch *batch, struct ow_datagram datagrams[OW_UDP_BATCH])
{
  struct udp *udp = endpoints[descriptor].udp;
  size_t count = 0;
  struct datagram *datagram;
  forget_taken(batch);
  while (count < OW_UDP_BATCH && (datagram = STAILQ_FIRST(&udp->queue))) {
    STAILQ_REMOVE_HEAD(&udp->queue, next);
    udp->waiting--;
    batch->taken[count] = datagram;
    bool cut = datagram->length > OW_UDP_OCTETS;
    datagrams[count++] = (struct ow_datagram){.octets = datagram->octets,
                                              .length = cut ? OW_UDP_OCTETS : datagram->length,
                                              .cut = cut,
                                              .received = datagram->received,
                                              .source = OW_STAMP_KERNEL,
                                              .ttl = 255,
                                              .ttl_known = true,
                                              .from = datagram->from,
                                              .to = datagram->to};
  }
  return count;
}

/* What nobody reads in time is lost, as where the kernel's queue is full. */
size_t ow_stamps_departed(int descriptor, struct ow_departed departed[OW_DEPARTED_BATCH], bool *more)
{
  struct udp *udp = endpoints[descriptor].udp;
  size_t count = 0;
  if (udp->asked - udp->told > DEPARTURES)
    udp->told = udp->asked - DEPARTURES;
  for (; sim_leaving > 0 && udp->told != udp->asked && count < OW_DEPARTED_BATCH; udp->told++)
    departed[count++] = udp->left[udp->told % DEPARTURES];
  *more = count == OW_DEPARTED_BATCH;
  return count;
}

void ow_stamps_restart(int descriptor)
{
  struct udp *udp = endpoints[descriptor].udp;
  udp->asked = udp->told = 0;
}

struct wake {
  int descriptor;
};

static void wake(void *context)
{
  struct ow_watch *watch = sim_watch_of(((struct wake *)context)->descriptor);
  free(context);
  if (watch)
    watch->ready(watch, EPOLLIN);
}

void sim_net_watched(struct ow_loop *loop, int descriptor)
{
  const struct udp *udp = endpoints[descriptor].udp;
  struct wake *waking = udp && udp->waiting ? calloc(1, sizeof *waking) : NULL;
  (void)loop;
  if (waking) {
    waking->descriptor = descriptor;
    sim_at(sim_monotonic(), wake, waking);
  }
}

/* ---- the end ---- */

void sim_net_end(void)
{
  struct udp *udp;
  struct connection *connection;
  while ((udp = SLIST_FIRST(&all_udp)))
    free_udp(udp);
  while ((connection = SLIST_FIRST(&all_connections))) {
    SLIST_REMOVE_HEAD(&all_connections, all);
    free(connection);
  }
  free(sim_packets);
  free(sim_attempts);
  sim_packets = NULL;
  sim_attempts = NULL;
  sim_packet_count = packet_slots = sim_attempt_count = attempt_slots = 0;
  memset(paths, 0, sizeof paths);
  memset(shared, 0, sizeof shared);
  memset(names, 0, sizeof names);
  memset(askers, 0, sizeof askers);
}
