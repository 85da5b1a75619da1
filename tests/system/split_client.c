/* SPDX-License-Identifier: MIT */
/*
 * split_client SERVER PORT TESTADDR LOCAL open|encrypted: measure a server by another of its addresses than
 * the one that is connected to, as `owping TESTADDR SERVER` does, and print what arrived.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/peer_options.h"
#include "support/policy.h"
#include "support/split_client.h"
#include "wire/mode.h"

enum { PACKETS = 20, ARGUMENTS = 6 };

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0". */
static bool read_address(char *text, union ow_address *address)
{
  char *zone = strchr(text, '%');
  memset(address, 0, sizeof *address);
  address->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
  if (zone) {
    *zone = '\0';
    address->v6.sin6_scope_id = if_nametoindex(zone + 1);
  }
  return inet_pton(address->any.sa_family, text,
                   address->any.sa_family == AF_INET6 ? (void *)&address->v6.sin6_addr
                                                      : (void *)&address->v4.sin_addr) == 1;
}

int main(int count, char **words)
{
  struct ow_peer peer;
  struct ow_failure failure = {0};
  struct test_split_report report;
  union ow_address server;
  union ow_address test;
  union ow_address local;
  if (count != ARGUMENTS || !read_address(words[1], &server) || !read_address(words[3], &test) ||
      !read_address(words[4], &local)) {
    fputs("usage: split_client SERVER PORT TESTADDR LOCAL open|authenticated|encrypted\n", stderr);
    return 2;
  }
  ow_address_set_port(&server, (uint16_t)strtoul(words[2], NULL, 10));
  ow_peer_defaults(&peer);
  peer.modes = (uint32_t)ow_mode_from_name(words[5]);
  test_policy_key(&peer);
  peer.packets = PACKETS;
  peer.loss_timeout = 500 * OW_NS_PER_MS;
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(5 * OW_NS_PER_MS)};
  peer.slot_count = 1;
  struct ow_loop *loop = ow_loop_create(&failure);
  if (!loop) {
    fprintf(stderr, "split_client: %s\n", failure.text);
    return 1;
  }
  test_split_measure(loop, &peer, &server, &test, &local, &report);
  printf("forward %u/%u reverse %u/%u accept %d %d%s%s\n", report.received[OW_FORWARD],
         report.sent[OW_FORWARD], report.received[OW_REVERSE], report.sent[OW_REVERSE],
         report.accepts[OW_FORWARD], report.accepts[OW_REVERSE], report.failure.text[0] ? ": " : "",
         report.failure.text);
  ow_peer_clear(&peer);
  ow_loop_free(loop);
  return report.failure.status == OW_OK ? 0 : 1;
}
