/* SPDX-License-Identifier: MIT */
/* Each message is written at the buffer's tail and sealed there; the first failure sticks. */
#include "control/outlet.h"

#include <string.h>

void ow_outlet_clear(struct ow_outlet *outlet)
{
  ow_protection_end(&outlet->protection);
  ow_buffer_clear(&outlet->octets);
}

enum ow_status ow_outlet_explain(const struct ow_outlet *outlet, struct ow_failure *failure)
{
  const char *why = "the crypto library can't protect what is to be sent";
  if (outlet->status == OW_MEMORY)
    why = "no memory for what is to be sent";
  else if (outlet->status == OW_LIMIT)
    why = "no room for what is to be sent";
  return ow_fail(failure, outlet->status, "%s", why);
}

/* Why the buffer could not be extended. */
static enum ow_status no_room(const struct ow_buffer *octets, size_t count)
{
  return count > octets->limit - ow_buffer_length(octets) ? OW_LIMIT : OW_MEMORY;
}

/* Room at the tail, zeroed; NULL after a failure, which sticks. */
static uint8_t *room_for_message(struct ow_outlet *outlet, size_t count)
{
  uint8_t *at = NULL;
  if (outlet->status == OW_OK) {
    at = ow_buffer_extend(&outlet->octets, count);
    if (at)
      memset(at, 0, count);
    else
      outlet->status = no_room(&outlet->octets, count);
  }
  return at;
}

static void seal_message(struct ow_outlet *outlet, uint8_t *at, size_t count)
{
  outlet->status = ow_protection_seal(&outlet->protection, at, count);
}

void ow_outlet_clear_text(struct ow_outlet *outlet, const uint8_t *octets, size_t count)
{
  uint8_t *at = room_for_message(outlet, count);
  if (at)
    memcpy(at, octets, count);
}

void ow_outlet_blocks(struct ow_outlet *outlet, const uint8_t *octets, size_t count)
{
  uint8_t *at = room_for_message(outlet, count);
  if (at) {
    memcpy(at, octets, count);
    seal_message(outlet, at, count);
  }
}

void ow_outlet_hmac(struct ow_outlet *outlet)
{
  uint8_t *at = room_for_message(outlet, OW_HMAC);
  if (at)
    outlet->status = ow_protection_seal_hmac(&outlet->protection, at);
}

void ow_outlet_message(struct ow_outlet *outlet, const uint8_t *octets, size_t count)
{
  ow_outlet_blocks(outlet, octets, count);
  ow_outlet_hmac(outlet);
}

void ow_outlet_session_request(struct ow_outlet *outlet, const struct ow_session_request *request,
                               const struct ow_slot *slots)
{
  uint8_t head[OW_REQUEST_SESSION];
  ow_session_request_encode(request, head);
  ow_outlet_message(outlet, head, sizeof head);
  for (uint32_t i = 0; i < request->slot_count; i++) {
    uint8_t slot[OW_SLOT];
    ow_slot_encode(&slots[i], slot);
    ow_outlet_blocks(outlet, slot, sizeof slot);
  }
  ow_outlet_hmac(outlet);
}

void ow_outlet_begin_stop(struct ow_outlet *outlet, enum ow_accept accept, uint32_t count)
{
  uint8_t head[OW_STOP_SESSIONS];
  ow_stop_sessions_encode(&(struct ow_stop_sessions){.accept = accept, .sessions = count}, head);
  ow_outlet_blocks(outlet, head, sizeof head);
}

void ow_outlet_session_end(struct ow_outlet *outlet, const struct ow_session_end *end)
{
  size_t octets = ow_session_end_octets(end->skip_ranges);
  uint8_t *at = room_for_message(outlet, octets);
  if (at) {
    ow_session_end_encode(end, at);
    seal_message(outlet, at, octets);
  }
}

void ow_outlet_stop_sessions(struct ow_outlet *outlet, enum ow_accept accept,
                             const struct ow_session_end *ends, uint32_t count)
{
  ow_outlet_begin_stop(outlet, accept, count);
  for (uint32_t i = 0; i < count; i++)
    ow_outlet_session_end(outlet, &ends[i]);
  ow_outlet_hmac(outlet);
}

void ow_outlet_skip_ranges(struct ow_outlet *outlet, const struct ow_skip_range *ranges, uint32_t count)
{
  size_t octets = OW_WHOLE_BLOCKS((size_t)count * OW_SKIP_RANGE);
  uint8_t *at = room_for_message(outlet, octets);
  if (at) {
    ow_skip_ranges_encode(ranges, count, at);
    seal_message(outlet, at, octets);
  }
  ow_outlet_hmac(outlet);
}
