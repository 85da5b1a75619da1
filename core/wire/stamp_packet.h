/* SPDX-License-Identifier: MIT */
/*
 * STAMP's packets (RFC 8762, 4; SSID: RFC 8972, 3): the Session-Sender's question, the Session-Reflector's
 * answer. Nothing is encrypted; in authenticated mode an HMAC-SHA-256 of 16 octets covers all before it. What
 * follows these octets are TLVs (wire/stamp_tlv.h).
 *
 * A question is built in two steps, as little as possible between the reading of the clock and the departure.
 */
#ifndef OWAMP_WIRE_STAMP_PACKET_H
#define OWAMP_WIRE_STAMP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/error_estimate.h"
#include "time/timestamp.h"
#include "wire/mode.h"
#include "wire/reflected_packet.h"

enum {
  OW_STAMP_OPEN = 44,
  OW_STAMP_AUTHENTICATED = 112,
  OW_STAMP_SHORTEST = 14, /* of an open question: TWAMP Light's (RFC 5357, appendix I) */
  OW_STAMP_PORT = 862,
};

/** The modes that STAMP has, open and authenticated. */
enum { OW_STAMP_MODES = OW_MODE_OPEN | OW_MODE_AUTHENTICATED };

/** Octets before TLVs, of question and answer alike. */
size_t ow_stamp_least(enum ow_mode mode);

/** The mode and the HMAC of one session, both ways. */
struct ow_stamp_codec;

/**
 * `key` is the session's own, of any length; not used, may be NULL, in open mode without an HMAC TLV. NULL if
 * memory is short or the crypto library fails. The caller frees.
 */
struct ow_stamp_codec *ow_stamp_codec_create(enum ow_mode mode, const void *key, size_t octets) OW_MUST_CHECK;
void ow_stamp_codec_free(struct ow_stamp_codec *codec);
enum ow_mode ow_stamp_codec_mode(const struct ow_stamp_codec *codec);
/** True if it was given a key. */
bool ow_stamp_codec_has_key(const struct ow_stamp_codec *codec);

struct ow_stamp_question {
  uint32_t sequence;
  struct ow_timestamp sent;
  struct ow_error_estimate error;
  uint16_t ssid; /* 0: none */
};

/** Write all of question `sequence` but the stamp; `out` has ow_stamp_least() octets. */
void ow_stamp_question_prepare(const struct ow_stamp_codec *codec, uint32_t sequence, uint16_t ssid,
                               uint8_t *out);
/** Put the stamp into a prepared question, and the HMAC. May be done anew. OW_CRYPTO. */
enum ow_status ow_stamp_question_stamp(struct ow_stamp_codec *codec, struct ow_timestamp sent,
                                       struct ow_error_estimate error, uint8_t *out) OW_MUST_CHECK;
/**
 * OW_INVALID if it is too short, OW_AUTH if its HMAC is wrong, OW_CRYPTO if the library fails. An open one
 * may be as short as OW_STAMP_SHORTEST. The SSID is ow_stamp_question_ssid()'s.
 */
enum ow_status ow_stamp_question_decode(struct ow_stamp_codec *codec, const uint8_t *in, size_t octets,
                                        struct ow_stamp_question *question) OW_MUST_CHECK;

/**
 * The SSID in a question of that mode, before it is decoded; 0 if it has none: an open one that is shorter
 * than STAMP's, or has something else than zeros behind the SSID's place, is TWAMP Light's with its padding.
 */
uint16_t ow_stamp_question_ssid(enum ow_mode mode, const uint8_t *in, size_t octets);

/** Write all of an answer but T3 and its error; `out` has ow_stamp_least() octets. */
void ow_stamp_answer_prepare(const struct ow_stamp_codec *codec, const struct ow_reflection *answer,
                             uint8_t *out);
/** Put T3 and its error into a prepared answer, and the HMAC. May be done anew. OW_CRYPTO. */
enum ow_status ow_stamp_answer_stamp(struct ow_stamp_codec *codec, struct ow_timestamp sent,
                                     struct ow_error_estimate error, uint8_t *out) OW_MUST_CHECK;
/** Write an answer; `out` has ow_stamp_least() octets. OW_CRYPTO. */
enum ow_status ow_stamp_answer_encode(struct ow_stamp_codec *codec, const struct ow_reflection *answer,
                                      uint8_t *out) OW_MUST_CHECK;
/**
 * OW_INVALID if it is too short, OW_AUTH if its HMAC is wrong, OW_CRYPTO if the library fails. An open one
 * may be 41 octets long, as TWAMP's are.
 */
enum ow_status ow_stamp_answer_decode(struct ow_stamp_codec *codec, const uint8_t *in, size_t octets,
                                      struct ow_reflection *answer) OW_MUST_CHECK;

/**
 * The HMAC that the HMAC TLV holds (RFC 8972, 4.8): over the packet's own sequence number, its first 4
 * octets, and `octets` octets of TLVs. OW_CRYPTO, also for a codec without a key.
 */
enum ow_status ow_stamp_codec_sum(struct ow_stamp_codec *codec, const uint8_t sequence[4],
                                  const uint8_t *tlvs, size_t octets, uint8_t sum[16]) OW_MUST_CHECK;

#endif
