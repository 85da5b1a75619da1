/* SPDX-License-Identifier: MIT */
/*
 * What this machine takes for a packet at least: two hosts run this loop, which does nothing but wait for a
 * timer, send one packet, read the transmit stamps of eight together, and every 10 ms what has come. No
 * protocol, one socket each; as in a measurement of both directions each packet is sent by one side and taken
 * by the other.
 */
#include <errno.h>
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
#include "io/kernel_stamps.h"
#include "io/udp.h"

enum { PORT = 9000, STAMPS = 8, BATCH = 32, OCTETS = 64, ROUNDS = 4000 };
#define LOOK_EVERY 0.01 /* s */
#define NEAR 15e-6      /* s that aren't worth to fall asleep for */

struct end {
  int socket, timer;
  struct ow_udp_batch *batch;
  unsigned sent, received;
};

static const uint8_t packet[OCTETS];

static void open_end(struct end *end, const char *own, const char *peer)
{
  const union ow_address far = parse_address(peer, PORT);
  const struct ow_udp_options options = {.local = parse_address(own, 0),
                                         .port_low = PORT,
                                         .port_high = PORT,
                                         .receive_buffer = 1 << 22,
                                         .transmit_stamps = true};
  union ow_address bound;
  struct ow_failure failure;
  end->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  end->batch = ow_udp_batch_create();
  if (!end->batch || ow_udp_open(&options, &end->socket, &bound, &failure) != OW_OK ||
      ow_udp_connect(end->socket, &far, &failure) != OW_OK)
    give_up("the floor has no socket");
}

static void wait_until(int timer, double due)
{
  if (due - monotonic_seconds() > NEAR)
    wait_for_timer(timer, due);
  while (monotonic_seconds() < due)
    continue;
}

/* The other host may have begun a moment later, and ended a moment before. */
static void send_one(struct end *end)
{
  struct ow_departed departed[OW_DEPARTED_BATCH];
  bool more = true;
  int error = ow_stamps_send(end->socket, NULL, packet, sizeof packet, true);
  if (error && error != ECONNREFUSED)
    give_up("the floor's packets don't leave: %s", strerror(error));
  end->sent++;
  if (end->sent % STAMPS == 0)
    (void)ow_stamps_departed(end->socket, departed, &more);
}

static void take_all(struct end *end)
{
  struct ow_datagram datagrams[OW_UDP_BATCH];
  size_t got;
  while ((got = ow_udp_receive(end->socket, end->batch, datagrams)) > 0)
    end->received += (unsigned)got;
}

/* ---- what sendmmsg would spare ---- */

static struct mmsghdr messages[BATCH];

/* Of loopback's. */
static int open_sink(void)
{
  static struct iovec data = {.iov_len = OCTETS};
  static char octets[OCTETS];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int receives = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int sends = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(receives, (struct sockaddr *)&address, length) < 0 ||
      getsockname(receives, (struct sockaddr *)&address, &length) < 0 ||
      connect(sends, (struct sockaddr *)&address, length) < 0)
    give_up("no sockets for the floor");
  ow_udp_keep_out(receives);
  data.iov_base = octets;
  for (int i = 0; i < BATCH; i++)
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &data, .msg_iovlen = 1}};
  return sends;
}

/* us of CPU for a packet of a batch of so many. */
static double cost_of_batch(int sends, unsigned batch)
{
  double begin = usage_of(0).cpu;
  unsigned sent = 0;
  while (sent < ROUNDS * BATCH) {
    int left = batch == 1 ? send(sends, packet, OCTETS, 0) == OCTETS : sendmmsg(sends, messages, batch, 0);
    if (left <= 0)
      give_up("the floor's packets don't leave");
    sent += (unsigned)left;
  }
  return (usage_of(0).cpu - begin) * 1e6 / sent;
}

/* OWN-ADDRESS PEER-ADDRESS SECONDS SENDS-A-SECOND */
int bench_floor(char **arguments)
{
  struct end end = {0};
  double pace = atof(arguments[3]);
  open_end(&end, arguments[0], arguments[1]);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  srand48(getpid());
  double before = usage_of(0).cpu;
  double due = monotonic_seconds();
  double until = due + atof(arguments[2]);
  double look = due;
  while ((due += -log(1 - drand48()) / pace) < until) {
    wait_until(end.timer, due);
    send_one(&end);
    if (due - look > LOOK_EVERY) {
      take_all(&end);
      look = due;
    }
  }
  take_all(&end);
  printf("{\"cpu_us_per_packet\": %.2f, ", (usage_of(0).cpu - before) * 1e6 / (end.sent + end.received));
  int sends = open_sink();
  double alone = cost_of_batch(sends, 1);
  printf("\"sent_alone_us\": %.2f, \"sent_by_16_us\": %.2f}\n", alone, cost_of_batch(sends, 16));
  return EXIT_SUCCESS;
}
