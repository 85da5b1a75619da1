/* SPDX-License-Identifier: MIT */
/* From plaintext messages to the octets that leave. */
#ifndef OWAMP_CONTROL_OUTBOX_H
#define OWAMP_CONTROL_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "control/protected_stream.h"
#include "schedule/slot.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"

/**
 * Zero-initialised but for octets.limit. The first failure sticks: nothing more is written, `status` tells.
 */
struct ow_outbox {
  struct ow_protection protection;
  struct ow_buffer octets; /* ready to send */
  enum ow_status status;
};

void ow_outbox_clear(struct ow_outbox *outbox);
/** The failure that stuck, as a sentence; its status is returned. */
enum ow_status ow_outbox_explain(const struct ow_outbox *outbox, struct ow_failure *failure);

/** Octets that are not protected: the set-up. */
void ow_outbox_clear_text(struct ow_outbox *outbox, const uint8_t *octets, size_t count);
/** Whole blocks, sealed. */
void ow_outbox_blocks(struct ow_outbox *outbox, const uint8_t *octets, size_t count);
/** The HMAC of all blocks since the last one. */
void ow_outbox_hmac(struct ow_outbox *outbox);
/** Blocks, then their HMAC. */
void ow_outbox_message(struct ow_outbox *outbox, const uint8_t *octets, size_t count);

/** Request-Session and its schedule, both HMACs included. */
void ow_outbox_session_request(struct ow_outbox *outbox, const struct ow_session_request *request,
                               const struct ow_slot *slots);
/** The head of Stop-Sessions, a description of each of its `count` sessions, then ow_outbox_hmac(). */
void ow_outbox_begin_stop(struct ow_outbox *outbox, enum ow_accept accept, uint32_t count);
void ow_outbox_session_end(struct ow_outbox *outbox, const struct ow_session_end *end);
/** All of it. */
void ow_outbox_stop_sessions(struct ow_outbox *outbox, enum ow_accept accept,
                             const struct ow_session_end *ends, uint32_t count);
/** A fetch's skip ranges, padded to whole blocks, and their HMAC. */
void ow_outbox_skip_ranges(struct ow_outbox *outbox, const struct ow_skip_range *ranges, uint32_t count);

#endif
