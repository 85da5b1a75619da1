/* SPDX-License-Identifier: MIT */
/* Opening UDP sockets for test packets: options, ports of a range, addresses. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "base/refusal.h"
#include "io/kernel_stamps.h"
#include "io/own_end.h"
#include "io/system_clock.h"
#include "io/udp.h"

enum {
  BUFFER_LEAST = 1 << 18,
  BUFFER_MOST = 1 << 25,
  DATAGRAM_OVERHEAD = 2304, /* what drivers charge for a small one, at most */
  DSCP_MOST = 63,
};

struct option {
  int level;
  int name;
  int value;
  const char *what;
};

static enum ow_status set_options(int descriptor, const struct option *options, size_t count,
                                  struct ow_failure *failure)
{
  for (size_t i = 0; i < count; i++) {
    const struct option *option = &options[i];
    if (setsockopt(descriptor, option->level, option->name, &option->value, sizeof option->value) < 0)
      return ow_fail(failure, OW_NETWORK, "cannot set %s of a UDP socket: %s", option->what, strerror(errno));
  }
  return OW_OK;
}

/*
 * TTL 255 out (RFC 4656, 4.1.2), TTL in for the records. Path MTU discovery is off, so that padding beyond
 * the MTU is fragmented and not refused.
 */
static enum ow_status set_v4(int descriptor, uint8_t dscp, struct ow_failure *failure)
{
  const struct option options[] = {
      {IPPROTO_IP, IP_TTL, 255, "the TTL"},
      {IPPROTO_IP, IP_RECVTTL, 1, "reception of the TTL"},
      {IPPROTO_IP, IP_RECVTOS, 1, "reception of the DSCP"},
      {IPPROTO_IP, IP_TOS, dscp << 2, "the DSCP"},
      {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, "fragmentation"},
  };
  return set_options(descriptor, options, sizeof options / sizeof *options, failure);
}

static enum ow_status set_v6(int descriptor, uint8_t dscp, struct ow_failure *failure)
{
  const struct option options[] = {
      {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255, "the hop limit"},
      {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "reception of the hop limit"},
      {IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "reception of the DSCP"},
      {IPPROTO_IPV6, IPV6_TCLASS, dscp << 2, "the DSCP"},
      {IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT, "fragmentation"},
  };
  return set_options(descriptor, options, sizeof options / sizeof *options, failure);
}

static enum ow_status set_family(int descriptor, const struct ow_udp_options *options,
                                 struct ow_failure *failure)
{
  return options->local.any.sa_family == AF_INET6 ? set_v6(descriptor, options->dscp, failure)
                                                  : set_v4(descriptor, options->dscp, failure);
}

uint64_t ow_udp_room_for(uint32_t datagrams, uint32_t octets)
{
  return (uint64_t)datagrams * ((uint64_t)DATAGRAM_OVERHEAD + 2 * (uint64_t)octets);
}

uint32_t ow_udp_buffer_for(uint32_t datagrams, uint32_t octets)
{
  uint64_t room = ow_udp_room_for(datagrams, octets);
  return room < BUFFER_LEAST ? BUFFER_LEAST : room > BUFFER_MOST ? BUFFER_MOST : (uint32_t)room;
}

size_t ow_udp_receive_buffer(int descriptor)
{
  int octets = 0;
  socklen_t size = sizeof octets;
  (void)getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, &size);
  return octets > 0 ? (size_t)octets : 0;
}

/* Unprivileged, the system's limit caps it; that is no failure. */
static void enlarge_buffer(int descriptor, uint32_t wanted)
{
  const int octets = (int)(wanted ? wanted : BUFFER_LEAST);
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) < 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

static enum ow_status bind_to_interface(int descriptor, const char *interface, struct ow_failure *failure)
{
  if (!interface || !*interface)
    return OW_OK;
  if (setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) == 0)
    return OW_OK;
  return ow_fail_interface(failure, interface, errno);
}

static enum ow_status fail_range(struct ow_failure *failure, const struct ow_udp_options *options)
{
  char text[OW_ADDRESS_TEXT];
  union ow_address address = options->local;
  ow_address_set_port(&address, options->port_low);
  if (options->port_high == options->port_low)
    return ow_fail_errno(failure, OW_LIMIT, EADDRINUSE, "UDP %s is taken",
                         ow_address_print(text, sizeof text, &address));
  return ow_fail_errno(failure, OW_LIMIT, EADDRINUSE, "every UDP port of the range is taken: %s to %u",
                       ow_address_print(text, sizeof text, &address), options->port_high);
}

static bool bind_to_port(int descriptor, union ow_address *address, uint16_t port)
{
  ow_address_set_port(address, port);
  return bind(descriptor, &address->any, ow_address_length(address)) == 0;
}

/*
 * From a random port on, so that a port that was just given back isn't the next one taken: late packets go to
 * it.
 */
static enum ow_status bind_in_range(int descriptor, const struct ow_udp_options *options,
                                    union ow_address *address, struct ow_failure *failure)
{
  uint32_t start;
  uint32_t count = (uint32_t)options->port_high - options->port_low + 1;
  ow_random_fill(&ow_system_random, &start, sizeof start);
  for (uint32_t i = 0; i < count; i++) {
    uint16_t port = (uint16_t)(options->port_low + (start % count + i) % count);
    if (bind_to_port(descriptor, address, port))
      return OW_OK;
    if (errno != EADDRINUSE)
      return ow_fail_bind(failure, "UDP", address, errno);
  }
  return fail_range(failure, options);
}

static enum ow_status bind_socket(int descriptor, const struct ow_udp_options *options,
                                  union ow_address *bound, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  socklen_t length = sizeof *bound;
  *bound = options->local;
  if (options->port_low)
    status = bind_in_range(descriptor, options, bound, failure);
  else if (!bind_to_port(descriptor, bound, 0))
    status = ow_fail_bind(failure, "UDP", bound, errno);
  if (status == OW_OK && getsockname(descriptor, &bound->any, &length) < 0)
    status = ow_fail(failure, OW_NETWORK, "cannot read the address of a UDP socket: %s", strerror(errno));
  return status;
}

static enum ow_status check(const struct ow_udp_options *options, struct ow_failure *failure)
{
  sa_family_t family = options->local.any.sa_family;
  if (family != AF_INET && family != AF_INET6)
    return ow_fail(failure, OW_INVALID, "a UDP socket needs an IPv4 or IPv6 address");
  if (options->port_low > options->port_high)
    return ow_fail(failure, OW_INVALID, "UDP port range %u-%u: the first is above the last",
                   options->port_low, options->port_high);
  if (options->port_low == 0 && options->port_high != 0)
    return ow_fail(failure, OW_INVALID, "UDP port range 0-%u: it must begin at 1 or above",
                   options->port_high);
  if (options->dscp > DSCP_MOST)
    return ow_fail(failure, OW_INVALID, "DSCP %u: it must be %d or below", options->dscp, DSCP_MOST);
  return OW_OK;
}

static enum ow_status set_up(int descriptor, const struct ow_udp_options *options, union ow_address *bound,
                             struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (options->local.any.sa_family == AF_INET6) {
    const struct option alone = {IPPROTO_IPV6, IPV6_V6ONLY, 1, "the address family"};
    status = set_options(descriptor, &alone, 1, failure);
  }
  if (status == OW_OK)
    status = set_family(descriptor, options, failure);
  if (status == OW_OK)
    status = bind_to_interface(descriptor, options->interface, failure);
  if (status == OW_OK && options->beside) {
    const struct option beside = {SOL_SOCKET, SO_REUSEPORT, 1, "the sharing"};
    status = set_options(descriptor, &beside, 1, failure);
  }
  if (status == OW_OK) {
    enlarge_buffer(descriptor, options->receive_buffer);
    ow_stamps_enable(descriptor, options->transmit_stamps);
    status = bind_socket(descriptor, options, bound, failure);
  }
  return status;
}

enum ow_status ow_udp_open(const struct ow_udp_options *options, int *descriptor, union ow_address *bound,
                           struct ow_failure *failure)
{
  int opened = -1;
  enum ow_status status = check(options, failure);
  if (status == OW_OK) {
    opened = socket(options->local.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (opened < 0)
      status = ow_fail_errno(failure, OW_NETWORK, errno, "cannot open a UDP socket: %s", strerror(errno));
  }
  if (status == OW_OK)
    status = set_up(opened, options, bound, failure);
  if (status != OW_OK && opened >= 0) {
    close(opened);
    opened = -1;
  }
  *descriptor = opened;
  return status;
}

enum ow_status ow_udp_adopt(const struct ow_udp_options *options, int descriptor, struct ow_failure *failure)
{
  enum ow_status status = set_family(descriptor, options, failure);
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  (void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  if (status == OW_OK)
    ow_stamps_enable(descriptor, options->transmit_stamps);
  return status;
}

/* Whatever else is in the way, a lack of descriptors or ports, the socket proper will tell. */
bool ow_udp_can_bind(const union ow_address *address)
{
  union ow_address wish = *address;
  int descriptor = socket(wish.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  bool bound = descriptor >= 0 && bind_to_port(descriptor, &wish, 0);
  int error = errno;
  if (descriptor >= 0)
    close(descriptor);
  return bound || (error != EADDRNOTAVAIL && error != EINVAL && error != EAFNOSUPPORT);
}

enum ow_status ow_udp_connect(int descriptor, const union ow_address *peer, struct ow_failure *failure)
{
  char text[OW_ADDRESS_TEXT];
  if (connect(descriptor, &peer->any, ow_address_length(peer)) == 0)
    return OW_OK;
  int error = errno;
  return ow_fail_errno(failure, OW_NETWORK, error, "cannot send UDP to %s: %s",
                       ow_address_print(text, sizeof text, peer), ow_refusal_text(error));
}

union ow_address ow_udp_local(int descriptor)
{
  union ow_address local = {0};
  socklen_t length = sizeof local;
  (void)getsockname(descriptor, &local.any, &length);
  return local;
}

int ow_udp_pending_error(int descriptor)
{
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* Where there is no such filter nothing is kept out, and takes the socket's buffer at most. */
void ow_udp_keep_out(int descriptor)
{
  struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
  const struct sock_fprog program = {.len = 1, .filter = &none};
  (void)setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

void ow_udp_let_in(int descriptor)
{
  const int unused = 0;
  (void)setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}
