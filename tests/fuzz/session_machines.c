/* SPDX-License-Identifier: MIT */
/*
 * A Session-Sender and a Session-Receiver by one hostile request: any slots, start, timeout and padding, at
 * any times and in any order. No packet counts twice, every one ends as sent or skipped, and what was
 * received makes a result.
 */
#include <stdbool.h>

#include "base/cursor.h"
#include "contexts.h"
#include "session/receiver.h"
#include "session/sender.h"
#include "stats/result.h"
#include "target.h"
#include "wire/test_packet.h"

enum { SLOTS_MOST = 3, PACKETS_MOST = 600, STEPS_MOST = 400, SURPLUS = 20 };

static const struct ow_keys keys = {.aes = "a key of 16 octe", .hmac = "a key of 32 octets, for the HMAC"};

struct machines {
  struct ow_session_request request;
  struct ow_slot slots[SLOTS_MOST];
  struct ow_session_terms terms;
  struct ow_sender *sender;
  struct ow_receiver *receiver;
  struct ow_timestamp now;
  uint8_t last[OW_PACKET_LARGEST]; /* what left last */
  size_t last_octets;
  uint32_t taken; /* different packets */
};

static void read_request(struct machines *machines, struct ow_reader *input)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_OPEN};
  struct ow_session_request *request = &machines->request;
  uint8_t kind = ow_read_u8(input);
  request->slot_count = 1 + kind % SLOTS_MOST;
  request->packets = 1 + ow_read_u16(input) % PACKETS_MOST;
  request->padding = kind & 16 ? ow_read_u16(input) : 0;
  request->timeout.ntp = kind & 32 ? ow_read_u64(input) : UINT64_C(1) << 32;
  machines->now.ntp = UINT64_C(0xe000000000000000);
  request->start.ntp = kind & 64 ? ow_read_u64(input) : machines->now.ntp;
  for (uint32_t i = 0; i < request->slot_count; i++) {
    uint8_t slot = ow_read_u8(input);
    machines->slots[i].kind = slot & 1 ? OW_SLOT_FIXED : OW_SLOT_EXPONENTIAL;
    machines->slots[i].parameter.ntp = slot & 2 ? ow_read_u64(input) : ow_read_u32(input);
  }
  machines->terms = (struct ow_session_terms){.mode = modes[kind >> 2 & 3],
                                              .keys = &keys,
                                              .request = request,
                                              .slots = machines->slots,
                                              .contexts = fuzz_contexts()};
}

/* It leaves, or not. */
static void send_one(struct machines *machines, bool leaves)
{
  struct ow_timestamp due;
  size_t octets = 0;
  if (!ow_sender_due(machines->sender, &due) || ow_timestamp_after(due, machines->now))
    return;
  if (ow_sender_ready(machines->sender, machines->now) != OW_SENDER_SEND)
    return;
  const uint8_t *packet =
      ow_sender_stamp(machines->sender, machines->now, ow_error_estimate(true, 1000), &octets);
  FUZZ_CHECK(packet && octets == ow_sender_octets(machines->sender) && octets <= sizeof machines->last);
  memcpy(machines->last, packet, octets);
  machines->last_octets = octets;
  ow_sender_sent(machines->sender, leaves);
}

static void receive(struct machines *machines, const uint8_t *octets, size_t count)
{
  uint8_t *exact = (uint8_t *)fuzz_text(octets, count);
  while (!ow_receiver_follow(machines->receiver, machines->now))
    ;
  enum ow_reception reception = ow_receiver_packet(machines->receiver, exact, count, machines->now,
                                                   OW_STAMP_KERNEL, ow_error_estimate(true, 1000), 255);
  FUZZ_CHECK(reception < OW_RECEPTIONS);
  machines->taken += reception == OW_RECEIVED;
  free(exact);
}

static void step(struct machines *machines, struct ow_reader *input)
{
  uint8_t what = ow_read_u8(input);
  struct ow_timestamp due;
  switch (what % 8) {
  case 0: machines->now.ntp += ow_read_u32(input); break;
  case 1: machines->now.ntp += (uint64_t)(int64_t)(int32_t)ow_read_u32(input) << (what >> 3); break;
  case 2:
  case 3: send_one(machines, what % 8 == 2); break;
  case 4: receive(machines, machines->last, machines->last_octets); break;
  case 5:
    if (machines->last_octets > 0)
      machines->last[what % machines->last_octets] ^= ow_read_u8(input);
    receive(machines, machines->last, machines->last_octets);
    break;
  case 6:
    if (ow_sender_due(machines->sender, &due))
      machines->now = due;
    break;
  default: (void)ow_receiver_expire(machines->receiver, machines->now); break;
  }
}

static void check_end(struct machines *machines, struct ow_session_end *end)
{
  uint64_t least = 0;
  ow_sender_give_up(machines->sender);
  *end = ow_sender_end(machines->sender);
  FUZZ_CHECK(end->next_sequence <= machines->request.packets);
  for (uint32_t i = 0; i < end->skip_ranges; i++) {
    FUZZ_CHECK(end->skipped[i].first >= least && end->skipped[i].last >= end->skipped[i].first);
    FUZZ_CHECK(end->skipped[i].last < end->next_sequence);
    least = (uint64_t)end->skipped[i].last + 1;
  }
}

static void check_result(const struct machines *machines)
{
  const struct ow_samples *samples = ow_receiver_samples(machines->receiver);
  struct ow_result result;
  struct ow_observation seen = {
      .samples = samples, .packets = ow_receiver_next_sequence(machines->receiver), .histogram = true};
  seen.skipped = ow_receiver_skipped(machines->receiver, &seen.skip_ranges);
  FUZZ_CHECK(samples->count <= (size_t)machines->request.packets + SURPLUS);
  FUZZ_CHECK(ow_receiver_received(machines->receiver) <= machines->request.packets);
  FUZZ_CHECK(machines->taken >= ow_receiver_received(machines->receiver));
  FUZZ_CHECK(ow_result_compute(&seen, &result) == OW_OK);
  FUZZ_CHECK(result.sent == result.received + result.lost && result.received <= machines->taken);
  ow_result_drop(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_reader reader = ow_reader(input, octets);
  struct machines *machines = calloc(1, sizeof *machines);
  struct ow_session_end end;
  FUZZ_CHECK(machines);
  read_request(machines, &reader);
  machines->sender = ow_sender_create(&machines->terms, true);
  machines->receiver = ow_receiver_create(&machines->terms, SURPLUS);
  if (machines->sender && machines->receiver) {
    for (int i = 0; i < STEPS_MOST && ow_reader_left(&reader) > 0; i++)
      step(machines, &reader);
    check_end(machines, &end);
    FUZZ_CHECK(ow_receiver_stop(machines->receiver, machines->now, &end) == OW_OK);
    while (!ow_receiver_stopped(machines->receiver))
      ;
    check_result(machines);
  }
  ow_receiver_free(machines->receiver);
  ow_sender_free(machines->sender);
  free(machines);
  return 0;
}
