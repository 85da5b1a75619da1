/* SPDX-License-Identifier: MIT */
/*
 * The packets of a reflected session as its Session-Sender needs them, whichever protocol it speaks: STAMP's
 * (wire/stamp_packet.h) or TWAMP-Test's (wire/twamp_packet.h).
 */
#ifndef OWAMP_WIRE_REFLECTED_CODEC_H
#define OWAMP_WIRE_REFLECTED_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"
#include "time/error_estimate.h"
#include "time/timestamp.h"
#include "wire/protocol.h"
#include "wire/reflected_packet.h"
#include "wire/stamp_packet.h"
#include "wire/twamp_packet.h"

/** How the packets look, and what protects them. */
struct ow_reflected_kind {
  enum ow_protocol protocol; /* STAMP or TWAMP */
  enum ow_mode mode;         /* of the packets: TWAMP's mixed one is open here */
  const void *key;           /* STAMP's; NULL: none; needed in authenticated mode */
  size_t key_octets;
  uint32_t features;            /* TWAMP's, as in struct ow_twamp_format */
  const struct ow_keys *keys;   /* TWAMP's test keys; not needed in open mode */
  struct ow_contexts *contexts; /* TWAMP's, of the loop, likewise: they outlive the codec */
};

struct ow_reflected_codec;

/** Copies the keys. NULL if memory is short or the crypto library fails. The caller frees. */
struct ow_reflected_codec *ow_reflected_codec_create(const struct ow_reflected_kind *kind) OW_MUST_CHECK;
void ow_reflected_codec_free(struct ow_reflected_codec *codec);

/** Octets of a question before its padding or its TLVs. */
size_t ow_reflected_question_head(const struct ow_reflected_codec *codec);
enum { OW_QUESTION_MOST = 112 };
/** Octets of a question that is as long as its answer at least: OW_QUESTION_MOST at most. */
size_t ow_reflected_question_least(const struct ow_reflected_codec *codec);
/** Write the head of question `sequence`, but its stamp. OW_CRYPTO. */
enum ow_status ow_reflected_question_prepare(struct ow_reflected_codec *codec, uint32_t sequence,
                                             uint16_t ssid, uint8_t *out) OW_MUST_CHECK;
/** Put the stamp into the question that was prepared last. Once for each. OW_CRYPTO. */
enum ow_status ow_reflected_question_stamp(struct ow_reflected_codec *codec, struct ow_timestamp sent,
                                           struct ow_error_estimate error, uint8_t *out) OW_MUST_CHECK;
/** OW_INVALID if it is too short, OW_AUTH if its HMAC is wrong, OW_CRYPTO if the library fails. */
enum ow_status ow_reflected_answer_decode(struct ow_reflected_codec *codec, const uint8_t *in, size_t octets,
                                          struct ow_reflection *answer) OW_MUST_CHECK;

/** True if the answers tell with which DSCP and ECN the questions came. */
bool ow_reflected_codec_tells_tos(const struct ow_reflected_codec *codec);
/** STAMP's codec, for its TLVs; NULL if the protocol is another. */
struct ow_stamp_codec *ow_reflected_codec_stamp(struct ow_reflected_codec *codec);

#endif
