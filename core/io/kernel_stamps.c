/* SPDX-License-Identifier: MIT */
/* SO_TIMESTAMPING and its control messages: how stamps are asked for, and how they are read. */
#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>

#include "io/icmp_error.h"
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

int ow_stamps_send(int descriptor, const struct ow_udp_way *way, const void *packet, size_t octets, bool ask)
{
  const uint32_t flags = ask ? SOF_TIMESTAMPING_TX_SOFTWARE : 0;
  const struct cmsghdr header = {
      .cmsg_len = CMSG_LEN(sizeof flags), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING};
  size_t before = way ? way->control_octets : 0;
  union {
    struct cmsghdr header;
    uint8_t octets[OW_UDP_WAY_CONTROL];
  } control;
  union {
    const void *from;
    void *to; /* sendmsg() only reads, but its type says otherwise */
  } base = {.from = packet}, name = {.from = way ? &way->to : NULL};
  struct iovec data = {.iov_base = base.to, .iov_len = octets};
  struct msghdr message = {.msg_name = name.to,
                           .msg_namelen = way ? ow_address_length(&way->to) : 0,
                           .msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = before + CMSG_SPACE(sizeof flags)};
  if (way)
    memcpy(control.octets, way->control, before);
  memcpy(control.octets + before, &header, sizeof header);
  memcpy(control.octets + before + CMSG_LEN(0), &flags, sizeof flags);
  return sendmsg(descriptor, &message, 0) < 0 ? errno : 0;
}

/* By taking the numbering off and on. */
void ow_stamps_restart(int descriptor)
{
  unsigned flags = 0;
  socklen_t length = sizeof flags;
  struct ow_departed dropped[OW_DEPARTED_BATCH];
  bool more = true;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, &length) == 0 &&
      (flags & SOF_TIMESTAMPING_OPT_ID)) {
    unsigned off = flags & ~(unsigned)SOF_TIMESTAMPING_OPT_ID;
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof off);
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
  }
  while (more)
    (void)ow_stamps_departed(descriptor, dropped, &more);
}

/* What one message of the error queue says. */
struct report {
  bool numbered;
  bool stamped;
  int error; /* ICMP's */
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

static struct report read_report(struct msghdr *message, const union ow_address *to)
{
  struct report report = {0};
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING)
      read_stamp(header, &report);
    else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
             (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR)) {
      read_error(header, &report);
      report.error = ow_icmp_error(header, to);
    }
  }
  return report;
}

/* What comes with a stamp: itself, whose packet's it is, and a little room for what else the host may have
 * enabled. */
union report_control {
  struct cmsghdr header;
  uint8_t octets[256];
};

static int receive_reports(int descriptor, struct mmsghdr messages[OW_DEPARTED_BATCH],
                           union report_control control[OW_DEPARTED_BATCH],
                           union ow_address to[OW_DEPARTED_BATCH])
{
  int got;
  do {
    for (size_t i = 0; i < OW_DEPARTED_BATCH; i++)
      messages[i] = (struct mmsghdr){
          .msg_hdr = {.msg_name = &to[i],
                      .msg_namelen = sizeof to[i],
                      .msg_control = &control[i],
                      .msg_controllen = sizeof control[i]},
      };
    got = recvmmsg(descriptor, messages, OW_DEPARTED_BATCH, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
  } while (got < 0 && errno == EINTR);
  return got;
}

size_t ow_stamps_departed(int descriptor, struct ow_departed departed[OW_DEPARTED_BATCH], bool *more)
{
  struct mmsghdr messages[OW_DEPARTED_BATCH];
  union report_control control[OW_DEPARTED_BATCH];
  union ow_address to[OW_DEPARTED_BATCH];
  size_t count = 0;
  int got = receive_reports(descriptor, messages, control, to);
  for (int i = 0; i < got; i++) {
    struct report report = read_report(&messages[i].msg_hdr, &to[i]);
    if (report.error)
      departed[count++] = (struct ow_departed){.error = report.error, .to = to[i]};
    else if (report.numbered && report.stamped)
      departed[count++] =
          (struct ow_departed){.order = report.order, .at = ow_timestamp_from_unix(report.departed)};
  }
  *more = got == OW_DEPARTED_BATCH;
  return count;
}
