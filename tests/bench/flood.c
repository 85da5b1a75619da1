/* SPDX-License-Identifier: MIT */
/* One test sender as fast as it can: its schedule is always behind. And the same without a socket. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "session/receiver.h"
#include "traffic/session_sender.h"
#include "wire/test_packet.h"

static struct ow_loop *loop;

static void on_done(struct ow_test_sender *sender)
{
  (void)sender;
  ow_loop_stop(loop);
}

static struct ow_session_request request_of(uint32_t packets)
{
  return (struct ow_session_request){
      .server_receives = true,
      .slot_count = 1,
      .packets = packets,
      .start = ow_timestamp_plus(ow_system_stamp(), 50 * OW_NS_PER_MS),
      .timeout = ow_span_from_ns(3600 * OW_NS_PER_S),
  };
}

static int open_socket(const char *address)
{
  struct ow_failure failure;
  union ow_address bound;
  union ow_address peer = parse_address(address, 9);
  struct ow_udp_options options = {.local = {.v4 = {.sin_family = AF_INET}}, .transmit_stamps = true};
  int descriptor;
  if (ow_udp_open(&options, &descriptor, &bound, &failure) != OW_OK ||
      ow_udp_connect(descriptor, &peer, &failure) != OW_OK)
    give_up("%s", failure.text);
  return descriptor;
}

static void print_rate(const char *mode, double packets, double seconds, double cpu)
{
  printf("{\"mode\": \"%s\", \"packets_a_second\": %.0f, \"cpu_us_per_packet\": %.3f}\n", mode,
         packets / seconds, cpu * 1e6 / packets);
}

/* ADDRESS PACKETS INTERVAL-NS MODE */
int bench_flood(char **arguments)
{
  struct ow_failure failure;
  struct ow_traffic traffic;
  struct ow_test_sender sender = {.done = on_done};
  const struct ow_keys keys = {.aes = {1}, .hmac = {2}};
  const struct ow_slot slot = {OW_SLOT_FIXED, ow_span_from_ns(atoi(arguments[2]))};
  uint32_t packets = (uint32_t)atoi(arguments[1]);
  const struct ow_session_request request = request_of(packets);
  const struct ow_session_terms terms = {.mode = ow_mode_from_name(arguments[3]),
                                         .keys = &keys,
                                         .request = &request,
                                         .slots = &slot,
                                         .contexts = &traffic.contexts};
  loop = ow_loop_create(&failure);
  if (!loop || ow_traffic_open(&traffic, loop) != OW_OK ||
      ow_test_sender_open(&sender, &traffic, open_socket(arguments[0]), &terms, true) != OW_OK)
    give_up("can't open a test sender");
  ow_test_sender_start(&sender);
  double waited = 0.05;
  double began = monotonic_seconds();
  struct usage before = usage_of(0);
  if (ow_loop_run(loop, &failure) != OW_OK)
    give_up("%s", failure.text);
  print_rate(arguments[3], packets - sender.refused, monotonic_seconds() - began - waited,
             usage_of(0).cpu - before.cpu);
  return EXIT_SUCCESS;
}

/* PACKETS MODE: build, stamp, decode and record in memory, as both ends' state machines do. */
int bench_packets(char **arguments)
{
  const struct ow_keys keys = {.aes = {1}, .hmac = {2}};
  const struct ow_slot slot = {OW_SLOT_EXPONENTIAL, ow_span_from_ns(1000)};
  const struct ow_error_estimate error = ow_error_estimate(true, 1000);
  uint32_t packets = (uint32_t)atoi(arguments[0]);
  const struct ow_session_request request = request_of(packets);
  struct ow_contexts contexts;
  const struct ow_session_terms terms = {.mode = ow_mode_from_name(arguments[1]),
                                         .keys = &keys,
                                         .request = &request,
                                         .slots = &slot,
                                         .contexts = &contexts};
  if (ow_contexts_open(&contexts, &ow_system_random) != OW_OK)
    give_up("no memory");
  struct ow_sender *sender = ow_sender_create(&terms, true);
  struct ow_receiver *receiver = ow_receiver_create(&terms, packets);
  struct ow_timestamp due;
  size_t octets;
  if (!sender || !receiver)
    give_up("no memory");
  double began = monotonic_seconds();
  struct usage before = usage_of(0);
  while (ow_sender_due(sender, &due) && ow_sender_ready(sender, due) == OW_SENDER_SEND) {
    const uint8_t *packet = ow_sender_stamp(sender, due, error, &octets);
    (void)ow_receiver_packet(receiver, packet, octets, due, OW_STAMP_KERNEL, error, 255);
    ow_sender_sent(sender, true);
  }
  print_rate(arguments[1], ow_receiver_received(receiver), monotonic_seconds() - began,
             usage_of(0).cpu - before.cpu);
  return EXIT_SUCCESS;
}
