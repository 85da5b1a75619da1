/* SPDX-License-Identifier: MIT */
/*
 * From a byte stream to whole, opened messages. A message is expected in parts, because its head says how
 * long the rest is and because an HMAC is checked before anything that it covers is acted on.
 */
#ifndef OWAMP_CONTROL_INTAKE_H
#define OWAMP_CONTROL_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/status.h"
#include "control/protected_stream.h"

/** Zero-initialised but for the protection: expects nothing. */
struct ow_intake {
  struct ow_protection protection;
  struct ow_buffer message; /* what came of the message so far, opened up to `opened` */
  size_t opened;
  size_t expected; /* octets of the part that is awaited */
  bool ends_with_hmac;
};

void ow_intake_clear(struct ow_intake *intake);

/**
 * Forget the message and await a new one, whose first part has `octets` octets, its HMAC (if any) included.
 */
void ow_intake_expect(struct ow_intake *intake, size_t octets, bool ends_with_hmac);
/** Await a further part of the same message. */
void ow_intake_expect_more(struct ow_intake *intake, size_t octets, bool ends_with_hmac);

/**
 * Take from `input` what the awaited part lacks. `complete` tells whether it is there, opened and its HMAC
 * right. OW_AUTH if the HMAC is wrong; OW_LIMIT, OW_MEMORY, OW_CRYPTO.
 */
enum ow_status ow_intake_feed(struct ow_intake *intake, struct ow_reader *input,
                              bool *complete) OW_MUST_CHECK;

/** True if some octets of the awaited message have come. */
bool ow_intake_begun(const struct ow_intake *intake);

/** How many octets of the message have come so far. */
size_t ow_intake_octets(const struct ow_intake *intake);

/** The plaintext of the message so far, from its first octet. Valid until the next call. */
const uint8_t *ow_intake_message(const struct ow_intake *intake);

#endif
