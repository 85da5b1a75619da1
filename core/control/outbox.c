/* SPDX-License-Identifier: MIT */
/* Each message is written at the buffer's tail and sealed there; the first failure sticks. */
#include "control/outbox.h"

#include <string.h>

void ow_outbox_clear(struct ow_outbox *outbox)
{
  ow_protection_end(&outbox->protection);
  ow_buffer_clear(&outbox->octets);
}

enum ow_status ow_outbox_explain(const struct ow_outbox *outbox, struct ow_failure *failure)
{
  const char *why = "the crypto library can't protect what is to be sent";
  if (outbox->status == OW_MEMORY)
    why = "no memory for what is to be sent";
  else if (outbox->status == OW_LIMIT)
    why = "no room for what is to be sent";
  return ow_fail(failure, outbox->status, "%s", why);
}

/* Why the buffer could not be extended. */
static enum ow_status no_room(const struct ow_buffer *octets, size_t count)
{
  return count > octets->limit - ow_buffer_length(octets) ? OW_LIMIT : OW_MEMORY;
}

/* Room at the tail, zeroed; NULL after a failure, which sticks. */
static uint8_t *room_for_message(struct ow_outbox *outbox, size_t count)
{
  uint8_t *at = NULL;
  if (outbox->status == OW_OK) {
    at = ow_buffer_extend(&outbox->octets, count);
    if (at)
      memset(at, 0, count);
    else
      outbox->status = no_room(&outbox->octets, count);
  }
  return at;
}

static void seal_message(struct ow_outbox *outbox, uint8_t *at, size_t count)
{
  outbox->status = ow_protection_seal(&outbox->protection, at, count);
}

void ow_outbox_clear_text(struct ow_outbox *outbox, const uint8_t *octets, size_t count)
{
  uint8_t *at = room_for_message(outbox, count);
  if (at)
    memcpy(at, octets, count);
}

void ow_outbox_blocks(struct ow_outbox *outbox, const uint8_t *octets, size_t count)
{
  uint8_t *at = room_for_message(outbox, count);
  if (at) {
    memcpy(at, octets, count);
    seal_message(outbox, at, count);
  }
}

void ow_outbox_hmac(struct ow_outbox *outbox)
{
  uint8_t *at = room_for_message(outbox, OW_HMAC);
  if (at)
    outbox->status = ow_protection_seal_hmac(&outbox->protection, at);
}

void ow_outbox_message(struct ow_outbox *outbox, const uint8_t *octets, size_t count)
{
  ow_outbox_blocks(outbox, octets, count);
  ow_outbox_hmac(outbox);
}

void ow_outbox_session_request(struct ow_outbox *outbox, const struct ow_session_request *request,
                               const struct ow_slot *slots)
{
  uint8_t head[OW_REQUEST_SESSION];
  ow_session_request_encode(request, head);
  ow_outbox_message(outbox, head, sizeof head);
  for (uint32_t i = 0; i < request->slot_count; i++) {
    uint8_t slot[OW_SLOT];
    ow_slot_encode(&slots[i], slot);
    ow_outbox_blocks(outbox, slot, sizeof slot);
  }
  ow_outbox_hmac(outbox);
}

void ow_outbox_begin_stop(struct ow_outbox *outbox, enum ow_accept accept, uint32_t count)
{
  uint8_t head[OW_STOP_SESSIONS];
  ow_stop_sessions_encode(&(struct ow_stop_sessions){.accept = accept, .sessions = count}, head);
  ow_outbox_blocks(outbox, head, sizeof head);
}

void ow_outbox_session_end(struct ow_outbox *outbox, const struct ow_session_end *end)
{
  size_t octets = ow_session_end_octets(end->skip_ranges);
  uint8_t *at = room_for_message(outbox, octets);
  if (at) {
    ow_session_end_encode(end, at);
    seal_message(outbox, at, octets);
  }
}

void ow_outbox_stop_sessions(struct ow_outbox *outbox, enum ow_accept accept,
                             const struct ow_session_end *ends, uint32_t count)
{
  ow_outbox_begin_stop(outbox, accept, count);
  for (uint32_t i = 0; i < count; i++)
    ow_outbox_session_end(outbox, &ends[i]);
  ow_outbox_hmac(outbox);
}

void ow_outbox_skip_ranges(struct ow_outbox *outbox, const struct ow_skip_range *ranges, uint32_t count)
{
  size_t octets = OW_WHOLE_BLOCKS((size_t)count * OW_SKIP_RANGE);
  uint8_t *at = room_for_message(outbox, octets);
  if (at) {
    ow_skip_ranges_encode(ranges, count, at);
    seal_message(outbox, at, octets);
  }
  ow_outbox_hmac(outbox);
}
