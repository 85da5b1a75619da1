/* SPDX-License-Identifier: MIT */
/*
 * Plain packet sockets with recvmmsg(): rings would hand frames over by the block, milliseconds late, and at
 * the rates of a lab nothing is dropped without them (README.md).
 */
#include "port.h"

#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RECEIVE_BUFFER = 64 << 20 };

union control {
  struct cmsghdr header;
  uint8_t octets[256];
};

struct port_batch {
  struct mmsghdr messages[PORT_BATCH];
  struct iovec parts[PORT_BATCH][2];
  struct virtio_net_hdr offload[PORT_BATCH];
  union control control[PORT_BATCH];
  uint8_t octets[PORT_BATCH][MOST_FRAME];
};

int64_t clock_ns(int clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t stamp_ns(const struct timespec *stamp)
{
  return (int64_t)stamp->tv_sec * 1000000000 + stamp->tv_nsec;
}

struct port_batch *port_batch_create(void)
{
  return calloc(1, sizeof(struct port_batch));
}

void port_batch_free(struct port_batch *batch)
{
  free(batch);
}

static bool set(int descriptor, int level, int option, int value)
{
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

static bool bind_to(int descriptor, const char *name, uint16_t protocol)
{
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)if_nametoindex(name)};
  return address.sll_ifindex > 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
}

bool port_open(struct port *port, const char *name)
{
  const int receive = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  const int transmit = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
                       SOF_TIMESTAMPING_OPT_TSONLY;
  port->name = name;
  port->plain = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  port->stamped = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return port->plain >= 0 && port->stamped >= 0 &&
         set(port->plain, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) &&
         set(port->plain, SOL_SOCKET, SO_TIMESTAMPING, receive) &&
         set(port->plain, SOL_PACKET, PACKET_VNET_HDR, 1) &&
         set(port->plain, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) &&
         set(port->stamped, SOL_SOCKET, SO_TIMESTAMPING, transmit) &&
         set(port->stamped, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) &&
         set(port->stamped, SOL_PACKET, PACKET_VNET_HDR, 1) && bind_to(port->stamped, name, 0) &&
         bind_to(port->plain, name, ETH_P_ALL);
}

/* ---- receiving ---- */

static void prepare(struct port_batch *batch)
{
  for (size_t i = 0; i < PORT_BATCH; i++) {
    batch->parts[i][0] = (struct iovec){&batch->offload[i], sizeof batch->offload[i]};
    batch->parts[i][1] = (struct iovec){batch->octets[i], MOST_FRAME};
    batch->messages[i].msg_hdr = (struct msghdr){
        .msg_iov = batch->parts[i],
        .msg_iovlen = 2,
        .msg_control = &batch->control[i],
        .msg_controllen = sizeof batch->control[i],
    };
  }
}

/* Software's stamp is the first of three. 0: none came. */
static int64_t stamp_of(struct msghdr *message)
{
  struct timespec stamp = {0};
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING)
      memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
  return stamp_ns(&stamp);
}

size_t port_receive(const struct port *port, struct port_batch *batch, struct arrival arrivals[PORT_BATCH])
{
  prepare(batch);
  int got = recvmmsg(port->plain, batch->messages, PORT_BATCH, MSG_DONTWAIT, NULL);
  size_t count = 0;
  for (int i = 0; i < got; i++) {
    size_t length = batch->messages[i].msg_len;
    int64_t stamp = stamp_of(&batch->messages[i].msg_hdr);
    if (length > sizeof batch->offload[i])
      arrivals[count++] = (struct arrival){
          .frame = {&batch->offload[i], batch->octets[i], length - sizeof batch->offload[i]},
          .stamp = stamp ? stamp : clock_ns(CLOCK_REALTIME),
      };
  }
  return count;
}

unsigned port_dropped(const struct port *port)
{
  struct tpacket_stats stats = {0};
  socklen_t length = sizeof stats;
  getsockopt(port->plain, SOL_PACKET, PACKET_STATISTICS, &stats, &length);
  return stats.tp_drops;
}

/* ---- sending ---- */

bool port_send(struct port *port, const struct frame *frame, bool stamped, uint32_t *order)
{
  struct iovec parts[2] = {{frame->offload, sizeof *frame->offload}, {frame->octets, frame->length}};
  bool sent = writev(stamped ? port->stamped : port->plain, parts, 2) >= 0;
  if (sent && stamped)
    *order = port->sent++;
  return sent;
}

static bool read_departure(struct msghdr *message, struct departure *departure)
{
  bool numbered = false;
  departure->stamp = stamp_of(message);
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header))
    if (header->cmsg_level == SOL_PACKET && header->cmsg_type == PACKET_TX_TIMESTAMP) {
      struct sock_extended_err error;
      memcpy(&error, CMSG_DATA(header), sizeof error);
      departure->order = error.ee_data;
      numbered = error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
    }
  return numbered && departure->stamp;
}

size_t port_departures(const struct port *port, struct departure departures[PORT_BATCH])
{
  struct mmsghdr messages[PORT_BATCH];
  union control control[PORT_BATCH];
  size_t count = 0;
  for (size_t i = 0; i < PORT_BATCH; i++)
    messages[i].msg_hdr = (struct msghdr){.msg_control = &control[i], .msg_controllen = sizeof control[i]};
  int got = recvmmsg(port->stamped, messages, PORT_BATCH, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
  for (int i = 0; i < got; i++)
    count += read_departure(&messages[i].msg_hdr, &departures[count]);
  return count;
}
