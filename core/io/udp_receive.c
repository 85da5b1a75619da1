/* SPDX-License-Identifier: MIT */
/* Receiving datagrams in batches, each with its stamp, TTL and DSCP. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/kernel_stamps.h"
#include "io/system_clock.h"
#include "io/udp.h"

/*
 * What comes with a datagram: its TTL and its stamp, and a little room for what else the host may have
 * enabled.
 */
union control {
  struct cmsghdr header;
  uint8_t octets[256];
};

struct ow_udp_batch {
  int stamp_keeper;
  size_t written; /* so many messages were last filled in: the others are as they were prepared */
  struct mmsghdr messages[OW_UDP_BATCH];
  struct iovec data[OW_UDP_BATCH];
  union ow_address from[OW_UDP_BATCH];
  union control control[OW_UDP_BATCH];
  uint8_t octets[OW_UDP_BATCH][OW_UDP_OCTETS];
};

struct ow_udp_batch *ow_udp_batch_create(void)
{
  struct ow_udp_batch *batch = calloc(1, sizeof *batch);
  if (batch) {
    batch->stamp_keeper = ow_stamps_keep_on();
    batch->written = OW_UDP_BATCH;
  }
  return batch;
}

void ow_udp_batch_free(struct ow_udp_batch *batch)
{
  if (batch && batch->stamp_keeper >= 0)
    close(batch->stamp_keeper);
  free(batch);
}

/* The kernel writes the lengths back, so they are set afresh where it did. */
static void prepare_batch(struct ow_udp_batch *batch)
{
  for (size_t i = 0; i < batch->written; i++) {
    batch->data[i] = (struct iovec){.iov_base = batch->octets[i], .iov_len = OW_UDP_OCTETS};
    batch->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &batch->from[i],
        .msg_namelen = sizeof batch->from[i],
        .msg_iov = &batch->data[i],
        .msg_iovlen = 1,
        .msg_control = &batch->control[i],
        .msg_controllen = sizeof batch->control[i],
    };
  }
}

static void take_kernel_stamp(struct ow_datagram *datagram, const struct cmsghdr *header)
{
  if (ow_stamps_arrival(header, &datagram->received))
    datagram->source = OW_STAMP_KERNEL;
}

static void take_ttl(struct ow_datagram *datagram, const struct cmsghdr *header)
{
  int ttl;
  if (header->cmsg_len < CMSG_LEN(sizeof ttl))
    return;
  memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
  datagram->ttl = (uint8_t)ttl;
  datagram->ttl_known = true;
}

/* One octet over IPv4, an int over IPv6. */
static void take_traffic_class(struct ow_datagram *datagram, const struct cmsghdr *header)
{
  uint8_t octet = 0;
  int whole = 0;
  if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_len >= CMSG_LEN(sizeof whole)) {
    memcpy(&whole, CMSG_DATA(header), sizeof whole);
    octet = (uint8_t)whole;
  } else if (header->cmsg_len >= CMSG_LEN(sizeof octet)) {
    octet = *CMSG_DATA(header);
  }
  datagram->dscp = octet >> 2;
  datagram->ecn = octet & 3;
  datagram->dscp_known = true;
}

/* Which of our addresses it came to: a shared port has them all. */
static void take_destination(struct ow_datagram *datagram, const struct cmsghdr *header)
{
  struct in_pktinfo v4;
  struct in6_pktinfo v6;
  if (header->cmsg_type == IP_PKTINFO && header->cmsg_level == IPPROTO_IP &&
      header->cmsg_len >= CMSG_LEN(sizeof v4)) {
    memcpy(&v4, CMSG_DATA(header), sizeof v4);
    datagram->to.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = v4.ipi_addr};
  } else if (header->cmsg_type == IPV6_PKTINFO && header->cmsg_level == IPPROTO_IPV6 &&
             header->cmsg_len >= CMSG_LEN(sizeof v6)) {
    memcpy(&v6, CMSG_DATA(header), sizeof v6);
    datagram->to.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = v6.ipi6_addr};
    if (ow_address_is_link_local(&datagram->to))
      datagram->to.v6.sin6_scope_id = v6.ipi6_ifindex;
  }
}

static void take_control(struct ow_datagram *datagram, struct msghdr *message)
{
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET)
      take_kernel_stamp(datagram, header);
    else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
             (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT))
      take_ttl(datagram, header);
    else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) ||
             (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS))
      take_traffic_class(datagram, header);
    else
      take_destination(datagram, header);
  }
}

/* An error here is an ICMP message's, told once for each; the datagrams behind it are wanted. */
static size_t receive(int descriptor, struct ow_udp_batch *batch)
{
  int got = -1;
  for (int tries = 0; got < 0 && tries < OW_UDP_BATCH; tries++) {
    prepare_batch(batch);
    got = recvmmsg(descriptor, batch->messages, OW_UDP_BATCH, MSG_DONTWAIT, NULL);
    batch->written = got > 0 ? (size_t)got : 0;
    if (got < 0 && (errno == EAGAIN || errno == EBADF))
      got = 0;
  }
  return got < 0 ? 0 : (size_t)got;
}

size_t ow_udp_receive(int descriptor, struct ow_udp_batch *batch, struct ow_datagram datagrams[OW_UDP_BATCH])
{
  size_t count = receive(descriptor, batch);
  struct ow_timestamp now = ow_system_stamp();
  for (size_t i = 0; i < count; i++) {
    struct mmsghdr *message = &batch->messages[i];
    datagrams[i] = (struct ow_datagram){
        .octets = batch->octets[i],
        .length = message->msg_len,
        .received = now,
        .source = OW_STAMP_USER,
        .from = batch->from[i],
        .cut = message->msg_hdr.msg_flags & MSG_TRUNC,
    };
    take_control(&datagrams[i], &message->msg_hdr);
  }
  return count;
}
