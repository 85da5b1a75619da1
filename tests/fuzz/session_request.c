/* SPDX-License-Identifier: MIT */
/*
 * A Request-Session and the slots behind it, without HMACs: what is accepted comes back, and can be
 * scheduled.
 */
#include <string.h>

#include "contexts.h"
#include "schedule/schedule.h"
#include "target.h"
#include "wire/session_request.h"

enum { TIMES = 16 };

/* The reserved octets are lost on the way, so it is the second encoding that must be the first. */
static void encode_again(const struct ow_session_request *request)
{
  uint8_t first[OW_REQUEST_SESSION];
  uint8_t second[OW_REQUEST_SESSION];
  struct ow_session_request back;
  ow_session_request_encode(request, first);
  FUZZ_CHECK(ow_session_request_decode(first, &back, NULL) == OW_OK);
  ow_session_request_encode(&back, second);
  FUZZ_CHECK(memcmp(first, second, sizeof first) == 0);
}

static void check_request(const struct ow_session_request *request)
{
  uint8_t version = request->sender.version;
  FUZZ_CHECK(version == 4 || version == 6);
  FUZZ_CHECK(request->receiver.version == version);
  FUZZ_CHECK(request->server_sends || request->server_receives);
  FUZZ_CHECK(request->slot_count > 0 && request->packets > 0);
}

static uint32_t decode_slots(const uint8_t *in, size_t octets, struct ow_slot slots[OW_MAX_SLOTS])
{
  uint32_t count = 0;
  uint8_t again[OW_SLOT];
  struct ow_failure failure;
  for (; octets >= OW_SLOT && count < OW_MAX_SLOTS; octets -= OW_SLOT, in += OW_SLOT) {
    enum ow_status status = ow_slot_decode(in, &slots[count], &failure);
    FUZZ_CHECK((status == OW_OK) == (in[0] <= 1));
    if (status == OW_OK) {
      ow_slot_encode(&slots[count++], again);
      FUZZ_CHECK(again[0] == in[0] && memcmp(again + 8, in + 8, 8) == 0);
    }
  }
  return count;
}

static void schedule_some(const struct ow_session_request *request, const struct ow_slot *slots,
                          uint32_t count)
{
  struct ow_timestamp when;
  struct ow_schedule *schedule =
      ow_schedule_create(&request->sid, request->start, slots, count, fuzz_contexts());
  FUZZ_CHECK((schedule != NULL) == (count > 0));
  FUZZ_CHECK(ow_slots_mean_ns(slots, count) > 0);
  for (int i = 0; schedule && i < TIMES; i++)
    FUZZ_CHECK(ow_schedule_next(schedule, &when) == OW_OK);
  ow_schedule_free(schedule);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_session_request request;
  struct ow_failure failure;
  struct ow_slot slots[OW_MAX_SLOTS];
  if (octets < OW_REQUEST_SESSION || ow_session_request_decode(input, &request, &failure) != OW_OK)
    return 0;
  check_request(&request);
  encode_again(&request);
  uint32_t count = decode_slots(input + OW_REQUEST_SESSION, octets - OW_REQUEST_SESSION, slots);
  schedule_some(&request, slots, count);
  return 0;
}
