/* SPDX-License-Identifier: MIT */
/* SO_REUSEPORT makes a group of the two sockets, and a filter chooses among them: always the first. */
#include "io/udp_shared.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

#include "base/refusal.h"
#include "io/icmp_error.h"
#include "io/udp.h"

/* ---- opening ---- */

static bool set(int descriptor, int level, int name, int value)
{
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

/* ICMP errors come back with the destination: an unconnected socket gets none otherwise. */
static bool set_up(int descriptor, sa_family_t family)
{
  return family == AF_INET6
             ? set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
                   set(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1)
             : set(descriptor, IPPROTO_IP, IP_PKTINFO, 1) && set(descriptor, IPPROTO_IP, IP_RECVERR, 1);
}

/* By its place in the group, which is that of its bind(2). */
static bool choose_first(int descriptor)
{
  struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
  const struct sock_fprog program = {.len = 1, .filter = &first};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0;
}

static enum ow_status make_pair(const struct ow_udp_shared *shared, sa_family_t family,
                                struct ow_failure *failure)
{
  bool made =
      choose_first(shared->sends) && set_up(shared->receives, family) && set_up(shared->sends, family);
  return made ? OW_OK : ow_fail(failure, OW_NETWORK, "cannot share a UDP port: %s", strerror(errno));
}

/* The first is bound alone, which tells whether somebody else has the port, and then allows the second. */
static enum ow_status open_both(struct ow_udp_options *options, struct ow_udp_shared *shared,
                                struct ow_failure *failure)
{
  union ow_address bound;
  sa_family_t family = options->local.any.sa_family;
  enum ow_status status = ow_udp_open(options, &shared->receives, &bound, failure);
  if (status == OW_OK && !set(shared->receives, SOL_SOCKET, SO_REUSEPORT, 1))
    status = ow_fail(failure, OW_NETWORK, "cannot share a UDP port: %s", strerror(errno));
  options->beside = options->transmit_stamps = true;
  if (status == OW_OK)
    status = ow_udp_open(options, &shared->sends, &bound, failure);
  return status == OW_OK ? make_pair(shared, family, failure) : status;
}

enum ow_status ow_udp_shared_open(sa_family_t family, uint16_t port, struct ow_udp_shared *shared,
                                  struct ow_failure *failure)
{
  struct ow_udp_options options = {.local.any.sa_family = family, .port_low = port, .port_high = port};
  *shared = (struct ow_udp_shared){-1, -1};
  enum ow_status status = open_both(&options, shared, failure);
  if (status == OW_OK) {
    ow_udp_keep_out(shared->sends);
  } else {
    if (shared->sends >= 0)
      close(shared->sends);
    if (shared->receives >= 0)
      close(shared->receives);
    *shared = (struct ow_udp_shared){-1, -1};
  }
  return status;
}

/* ---- those that are open already ---- */

static int number_of(int descriptor, int level, int name)
{
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : 0;
}

static union ow_address address_of(int descriptor)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  (void)getsockname(descriptor, &address.any, &size);
  return address;
}

/* One for both families would need other code for each packet. */
static bool can_be_shared(int descriptor, const union ow_address *address, uint16_t port)
{
  struct ow_endpoint own = ow_address_to_endpoint(address);
  bool alone = address->any.sa_family != AF_INET6 || number_of(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
  return alone && ow_endpoint_is_any(&own) && own.port == port &&
         number_of(descriptor, SOL_SOCKET, SO_REUSEPORT) != 0;
}

/* It can only be the one that sends, of a pair that was in use: which of them was bound first is settled. */
static bool is_kept_out(int descriptor)
{
  socklen_t instructions = 0;
  return getsockopt(descriptor, SOL_SOCKET, SO_GET_FILTER, NULL, &instructions) == 0 && instructions > 0;
}

static void put_in_order(struct ow_udp_shared *shared)
{
  if (is_kept_out(shared->receives)) {
    int sends = shared->receives;
    shared->receives = shared->sends;
    shared->sends = sends;
  }
}

static enum ow_status find_both(const struct ow_udp_given *given, sa_family_t family, uint16_t port,
                                struct ow_udp_shared *shared, struct ow_failure *failure)
{
  const char *name = family == AF_INET6 ? "IPv6" : "IPv4";
  int *const places[] = {&shared->receives, &shared->sends};
  int right = 0;
  int all = 0;
  for (int i = 0; i < given->count; i++) {
    union ow_address address = address_of(given->sockets[i]);
    if (address.any.sa_family == family) {
      all++;
      if (can_be_shared(given->sockets[i], &address, port) && right < 2)
        *places[right++] = given->sockets[i];
    }
  }
  if (all == 0)
    return ow_fail_errno(failure, OW_INVALID, EAFNOSUPPORT, "no UDP socket of %s was given", name);
  if (all != 2 || right != 2)
    return ow_fail(
        failure, OW_INVALID,
        "the service manager opened UDP sockets that can't be used: for %s there must be two, of every "
        "address and port %u, with ReusePort=yes and BindIPv6Only=ipv6-only",
        name, port);
  put_in_order(shared);
  return OW_OK;
}

/* What came before there was a filter would never be read. */
static void empty(int descriptor)
{
  uint8_t octet;
  while (recv(descriptor, &octet, sizeof octet, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == EINTR)
    ;
}

enum ow_status ow_udp_shared_adopt(const struct ow_udp_given *given, sa_family_t family, uint16_t port,
                                   struct ow_udp_shared *shared, struct ow_failure *failure)
{
  struct ow_udp_options options = {.local.any.sa_family = family};
  enum ow_status status = find_both(given, family, port, shared, failure);
  if (status == OW_OK)
    status = ow_udp_adopt(&options, shared->receives, failure);
  options.transmit_stamps = true;
  if (status == OW_OK)
    status = ow_udp_adopt(&options, shared->sends, failure);
  if (status == OW_OK)
    status = make_pair(shared, family, failure);
  if (status == OW_OK) {
    ow_udp_keep_out(shared->sends);
    empty(shared->sends);
  } else {
    *shared = (struct ow_udp_shared){-1, -1};
  }
  return status;
}

/* The service manager may have given more than we may. */
static size_t make_room(int descriptor, int forced, int asked, uint32_t octets)
{
  int got = number_of(descriptor, SOL_SOCKET, asked);
  if (got / 2 >= (int)octets)
    return (size_t)got;
  if (!set(descriptor, SOL_SOCKET, forced, (int)octets))
    (void)set(descriptor, SOL_SOCKET, asked, (int)octets);
  got = number_of(descriptor, SOL_SOCKET, asked);
  return got > 0 ? (size_t)got : 0;
}

size_t ow_udp_make_room(int descriptor, uint32_t octets)
{
  size_t in = make_room(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, octets);
  size_t out = make_room(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, octets);
  return in < out ? in : out;
}

/* ---- refusals ---- */

static int icmp_error(struct msghdr *message, const union ow_address *to)
{
  int found = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header && !found;
       header = CMSG_NXTHDR(message, header))
    found = ow_icmp_error(header, to);
  return found;
}

bool ow_udp_next_refusal(int descriptor, struct ow_udp_refusal *refusal)
{
  union {
    struct cmsghdr header;
    uint8_t octets[512];
  } control;
  ssize_t got;
  *refusal = (struct ow_udp_refusal){.error = 0};
  do {
    struct msghdr message = {.msg_name = &refusal->to,
                             .msg_namelen = sizeof refusal->to,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    got = recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got >= 0)
      refusal->error = icmp_error(&message, &refusal->to);
  } while ((got >= 0 && refusal->error == 0) || (got < 0 && errno == EINTR));
  return got >= 0;
}
