/* SPDX-License-Identifier: MIT */
/*
 * TWAMP-Test packets (RFC 5357, 4). The Session-Sender's question is OWAMP-Test's packet
 * (wire/test_packet.h): 14 octets in open mode and 48 in others, before its padding; with symmetrical size
 * (RFC 6038, 4) zeros follow up to what the answer has before its own. The Session-Reflector's answer has
 * wire/reflected_packet's layout, is protected with the same keys, and is as long as the question, but never
 * shorter than its head.
 *
 * RFC 5357 says 104 octets of the keyed answer, where its figure has 112: that is what others send, too.
 */
#ifndef OWAMP_WIRE_TWAMP_PACKET_H
#define OWAMP_WIRE_TWAMP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/mode.h"
#include "wire/reflected_packet.h"
#include "wire/test_packet.h"

enum {
  OW_TWAMP_OPEN = 41,      /* octets of an answer before its padding */
  OW_TWAMP_OPEN_DSCP = 44, /* with OW_TWAMP_DSCP_ECN */
  OW_TWAMP_SECURE = 112,
  OW_TWAMP_PORT = 862,
};

/** How a session's packets look: the mode of the packets (ow_mode_of_packets()), and the features agreed on.
 */
struct ow_twamp_format {
  enum ow_mode mode;
  uint32_t features; /* mask of enum ow_twamp_feature; only symmetrical size and DSCP and ECN matter */
};

/** Octets before the padding of a question, symmetrical size's zeros included; and of an answer. */
size_t ow_twamp_question_least(struct ow_twamp_format format);
size_t ow_twamp_answer_least(struct ow_twamp_format format);
/** Octets that are to be written before the padding of a question but are none of the packet's own: zeros. */
size_t ow_twamp_question_zeros(struct ow_twamp_format format);
/** Octets of the answer to a question of so many, whatever was agreed on: as many, or its head's. */
size_t ow_twamp_answer_octets(struct ow_twamp_format format, size_t question);

/**
 * Write an answer; `out` has ow_twamp_answer_least() octets. `codec` has the session's test keys, and is for
 * answers only: a question that is prepared and not yet stamped has begun its own HMAC. `sender_tos` is
 * written if it was agreed on. OW_CRYPTO.
 */
enum ow_status ow_twamp_answer_encode(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                                      const struct ow_reflection *answer, uint8_t *out) OW_MUST_CHECK;
/**
 * OW_INVALID if it is too short, OW_AUTH if its HMAC is wrong, OW_CRYPTO if the library fails. The HMAC
 * covers all of it in encrypted mode, and in authenticated mode its sequence number alone.
 */
enum ow_status ow_twamp_answer_decode(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                                      const uint8_t *in, size_t octets,
                                      struct ow_reflection *answer) OW_MUST_CHECK;

#endif
