/* SPDX-License-Identifier: MIT */
/*
 * What this machine takes for a packet at least: a loop that does nothing but wait for a timer, send one
 * packet, and read what has come every 10 ms. No protocol, no stamps, one session; its sockets are
 * loopback's. It is a side's loop: of two packets it sends one and takes one, so each that it sends to itself
 * is two.
 */
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { BATCH = 32, OCTETS = 64, ROUNDS = 4000 };
#define LOOK_EVERY 0.01 /* s */
#define NEAR 15e-6      /* s that aren't worth to fall asleep for */

struct ends {
  int sends, receives, timer;
};

static struct mmsghdr messages[BATCH];

static void open_ends(struct ends *ends)
{
  static struct iovec data[BATCH];
  static char octets[BATCH][OCTETS];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  ends->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  ends->sends = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ends->receives = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bind(ends->receives, (struct sockaddr *)&address, length) < 0 ||
      getsockname(ends->receives, (struct sockaddr *)&address, &length) < 0 ||
      connect(ends->sends, (struct sockaddr *)&address, length) < 0)
    give_up("no sockets for the floor");
  for (int i = 0; i < BATCH; i++) {
    data[i] = (struct iovec){.iov_base = octets[i], .iov_len = OCTETS};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &data[i], .msg_iovlen = 1}};
  }
}

static unsigned take_all(const struct ends *ends)
{
  unsigned all = 0;
  int got;
  while ((got = recvmmsg(ends->receives, messages, BATCH, MSG_DONTWAIT, NULL)) > 0)
    all += (unsigned)got;
  return all;
}

static void wait_until(int timer, double due)
{
  if (due - monotonic_seconds() > NEAR)
    wait_for_timer(timer, due);
  while (monotonic_seconds() < due)
    continue;
}

/* us of CPU for a packet of a batch of so many. */
static double cost_of_batch(const struct ends *ends, unsigned batch)
{
  double begin = usage_of(0).cpu;
  unsigned sent = 0;
  while (sent < ROUNDS * BATCH) {
    int left = batch == 1 ? send(ends->sends, messages, OCTETS, 0) == OCTETS
                          : sendmmsg(ends->sends, messages, batch, 0);
    if (left <= 0)
      give_up("the floor's packets don't leave");
    sent += (unsigned)left;
    if (sent % (4 * BATCH) == 0)
      take_all(ends);
  }
  return (usage_of(0).cpu - begin) * 1e6 / sent;
}

/* SECONDS SENDS-A-SECOND */
int bench_floor(char **arguments)
{
  struct ends ends;
  double pace = atof(arguments[1]);
  unsigned packets = 0;
  open_ends(&ends);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  double before = usage_of(0).cpu;
  double due = monotonic_seconds();
  double end = due + atof(arguments[0]);
  double look = due;
  while ((due += -log(1 - drand48()) / pace) < end) {
    wait_until(ends.timer, due);
    packets += send(ends.sends, messages, OCTETS, 0) == OCTETS;
    if (due - look > LOOK_EVERY) {
      packets += take_all(&ends);
      look = due;
    }
  }
  packets += take_all(&ends);
  printf("{\"cpu_us_per_packet\": %.2f, ", (usage_of(0).cpu - before) * 1e6 / (2.0 * packets));
  double alone = cost_of_batch(&ends, 1);
  printf("\"sent_alone_us\": %.2f, \"sent_by_16_us\": %.2f}\n", alone, cost_of_batch(&ends, 16));
  return EXIT_SUCCESS;
}
