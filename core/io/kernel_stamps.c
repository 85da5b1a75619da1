/* SPDX-License-Identifier: MIT */
/* SO_TIMESTAMPING and its control messages: how stamps are asked for, and how they are read. */
#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>

#include "io/kernel_stamps.h"

static bool set_stamping(int descriptor, unsigned flags)
{
  return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}

/* Departures are only prepared here: OPT_ID numbers them, OPT_TSONLY spares us the packet's copy. */
void ow_stamps_enable(int descriptor, bool departures)
{
  const unsigned receive = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  const int on = 1;
  if (departures && set_stamping(descriptor, receive | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY))
    return;
  if (set_stamping(descriptor, receive))
    return;
  setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

/* ---- arrivals ---- */

int ow_stamps_keep_on(void)
{
  const unsigned flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  int keeper = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (keeper < 0)
    keeper = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (keeper >= 0)
    setsockopt(keeper, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
  return keeper;
}

/* SO_TIMESTAMPING has three stamps, software's first, SO_TIMESTAMPNS one. */
bool ow_stamps_arrival(const struct cmsghdr *header, struct ow_timestamp *arrived)
{
  struct timespec stamp = {0};
  size_t stamps = header->cmsg_type == SCM_TIMESTAMPING ? 3 : header->cmsg_type == SCM_TIMESTAMPNS ? 1 : 0;
  if (header->cmsg_level == SOL_SOCKET && stamps && header->cmsg_len >= CMSG_LEN(stamps * sizeof stamp))
    memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
  if (stamp.tv_sec != 0)
    *arrived = ow_timestamp_from_unix(stamp);
  return stamp.tv_sec != 0;
}

/* ---- departures ---- */

/* A control message that carries one value of its kind, aligned as the kernel wants it. */
union flags_message {
  struct cmsghdr header;
  uint8_t octets[CMSG_SPACE(sizeof(uint32_t))];
};

int ow_stamps_send(int descriptor, const void *packet, size_t octets)
{
  const uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
  union flags_message control = {
      .header = {.cmsg_len = CMSG_LEN(sizeof flags), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING}};
  union {
    const void *from;
    void *to; /* sendmsg() only reads, but its type says otherwise */
  } base = {.from = packet};
  struct iovec data = {.iov_base = base.to, .iov_len = octets};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  memcpy(CMSG_DATA(&control.header), &flags, sizeof flags);
  return sendmsg(descriptor, &message, 0) < 0 ? errno : 0;
}

/* By taking the numbering off and on. */
void ow_stamps_restart(int descriptor)
{
  unsigned flags = 0;
  socklen_t length = sizeof flags;
  uint32_t order;
  struct ow_timestamp departed;
  int error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, &length) == 0 &&
      (flags & SOF_TIMESTAMPING_OPT_ID)) {
    unsigned off = flags & ~(unsigned)SOF_TIMESTAMPING_OPT_ID;
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof off);
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
  }
  while (ow_stamps_next_departure(descriptor, &order, &departed, &error))
    continue;
}

/* What one message of the error queue says. */
struct report {
  bool numbered;
  bool stamped;
  uint32_t order;
  struct timespec departed;
};

static void read_error(const struct cmsghdr *header, struct report *report)
{
  struct sock_extended_err error;
  if (header->cmsg_len < CMSG_LEN(sizeof error))
    return;
  memcpy(&error, CMSG_DATA(header), sizeof error);
  report->numbered = error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && error.ee_info == SCM_TSTAMP_SND;
  report->order = error.ee_data;
}

static void read_stamp(const struct cmsghdr *header, struct report *report)
{
  struct timespec software; /* the first of three; the others are the hardware's */
  if (header->cmsg_len < CMSG_LEN(3 * sizeof software))
    return;
  memcpy(&software, CMSG_DATA(header), sizeof software);
  report->stamped = software.tv_sec != 0;
  report->departed = software;
}

static struct report read_report(struct msghdr *message)
{
  struct report report = {0};
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING)
      read_stamp(header, &report);
    else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
             (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR))
      read_error(header, &report);
  }
  return report;
}

/* An error that an ICMP message left at the socket would keep EPOLLERR up for ever. */
static int take_error(int descriptor)
{
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

bool ow_stamps_next_departure(int descriptor, uint32_t *order, struct ow_timestamp *departed, int *error)
{
  union {
    struct cmsghdr header;
    uint8_t octets[512];
  } control;
  struct report report = {0};
  ssize_t got;
  do {
    struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
    got = recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got >= 0)
      report = read_report(&message);
  } while ((got >= 0 && !(report.numbered && report.stamped)) || (got < 0 && errno == EINTR));
  *error = got < 0 ? take_error(descriptor) : 0;
  if (got < 0)
    return false;
  *order = report.order;
  *departed = ow_timestamp_from_unix(report.departed);
  return true;
}
