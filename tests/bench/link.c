/* SPDX-License-Identifier: MIT */
/* What the link itself takes, from the kernel's transmit stamp to its receive stamp, without any protocol. */
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { OCTETS = 14 };

static int socket_in(const char *namespace, unsigned stamps)
{
  char path[128];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int handle = open(path, O_RDONLY | O_CLOEXEC);
  if (handle < 0 || setns(handle, CLONE_NEWNET) < 0)
    give_up("can't enter the namespace %s", namespace);
  close(handle);
  int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct timeval most = {.tv_sec = 2};
  if (made < 0 || setsockopt(made, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) < 0 ||
      setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) < 0)
    give_up("no stamps in the namespace %s", namespace);
  return made;
}

/* Nanoseconds since 1970 that the kernel gave the next message, or with MSG_ERRQUEUE the last departure. */
static int64_t stamp_of_next(int from, int flags)
{
  char octets[OCTETS], control[512];
  struct iovec data = {.iov_base = octets, .iov_len = sizeof octets};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct timespec stamp = {0};
  if (recvmsg(from, &message, flags) < 0)
    give_up("a packet of the link is lost");
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head))
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_TIMESTAMPING)
      memcpy(&stamp, CMSG_DATA(head), sizeof stamp);
  if (stamp.tv_sec == 0)
    give_up("the kernel gave no stamp");
  return (int64_t)stamp.tv_sec * OW_NS_PER_S + stamp.tv_nsec;
}

/* NEAR-NAMESPACE FAR-NAMESPACE FAR-ADDRESS PACKETS PACKETS-A-SECOND: from one to the other, ns. */
int bench_link(char **arguments)
{
  union ow_address address = parse_address(arguments[2], 0);
  socklen_t length = sizeof address.v4;
  struct spread delays = {0};
  char octets[OCTETS] = {0};
  int far = socket_in(arguments[1], SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  int near = socket_in(arguments[0], SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                                         SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
  if (bind(far, &address.any, length) < 0 || getsockname(far, &address.any, &length) < 0 ||
      connect(near, &address.any, length) < 0)
    give_up("no sockets at both ends of the link");
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  double due = monotonic_seconds();
  for (long left = atol(arguments[3]); left > 0; left--) {
    wait_for_timer(timer, due += -log(1 - drand48()) / atof(arguments[4]));
    if (send(near, octets, sizeof octets, 0) != OCTETS)
      give_up("a packet of the link doesn't leave");
    int64_t arrived = stamp_of_next(far, 0);
    spread_add(&delays, (double)(arrived - stamp_of_next(near, MSG_ERRQUEUE)));
  }
  printf("{");
  spread_print(&delays, "link_ns", 1);
  printf("\"packets\": %s}\n", arguments[3]);
  return EXIT_SUCCESS;
}
