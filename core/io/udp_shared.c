/* SPDX-License-Identifier: MIT */
/* SO_REUSEPORT makes a group of the two sockets, and a filter chooses among them: always the first. */
#include "io/udp_shared.h"

#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

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
  if (status == OW_OK &&
      !(choose_first(shared->sends) && set_up(shared->receives, family) && set_up(shared->sends, family)))
    status = ow_fail(failure, OW_NETWORK, "cannot share a UDP port: %s", strerror(errno));
  return status;
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

static size_t make_room(int descriptor, int forced, int asked, uint32_t octets)
{
  int got = 0;
  socklen_t size = sizeof got;
  if (!set(descriptor, SOL_SOCKET, forced, (int)octets))
    (void)set(descriptor, SOL_SOCKET, asked, (int)octets);
  (void)getsockopt(descriptor, SOL_SOCKET, asked, &got, &size);
  return got > 0 ? (size_t)got : 0;
}

size_t ow_udp_make_room(int descriptor, uint32_t octets)
{
  size_t in = make_room(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, octets);
  size_t out = make_room(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, octets);
  return in < out ? in : out;
}

/* ---- refusals ---- */

static int icmp_error(struct msghdr *message)
{
  struct sock_extended_err error;
  int found = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header))
    if (((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
         (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR)) &&
        header->cmsg_len >= CMSG_LEN(sizeof error)) {
      memcpy(&error, CMSG_DATA(header), sizeof error);
      if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6)
        found = (int)error.ee_errno;
    }
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
      refusal->error = icmp_error(&message);
  } while ((got >= 0 && refusal->error == 0) || (got < 0 && errno == EINTR));
  return got >= 0;
}
