/* SPDX-License-Identifier: MIT */
/*
 * OWAMP-Test packets (RFC 4656, 4.1.2).
 *
 * A packet is built in two steps, so that as little as possible happens between the reading of the clock
 * and the departure: ow_packet_prepare() does all that needs no timestamp, ow_packet_stamp() the rest.
 */
#ifndef OWAMP_WIRE_TEST_PACKET_H
#define OWAMP_WIRE_TEST_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/contexts.h"
#include "crypto/keys.h"
#include "time/error_estimate.h"
#include "time/timestamp.h"
#include "wire/mode.h"

enum {
  OW_PACKET_OPEN = 14,
  OW_PACKET_SECURE = 48,
  OW_PACKET_LARGEST = 65507, /* with padding: what fits in a UDP datagram of either family */
  OW_PADDING_MOST = OW_PACKET_LARGEST - OW_PACKET_SECURE, /* in every mode */
};

/** Octets before the padding, in that mode. */
size_t ow_packet_least(enum ow_mode mode);

/** How the packets of one test session are written and read. Embed it. */
struct ow_packet_codec {
  enum ow_mode mode;
  struct ow_contexts *contexts;
  struct ow_keys *keys; /* NULL in open mode */
};

/**
 * `keys` are the session's test keys, which are copied; they and `contexts`, which outlive the codec, are not
 * used, may be NULL, in open mode. OW_MEMORY.
 */
enum ow_status ow_packet_codec_open(struct ow_packet_codec *codec, enum ow_mode mode,
                                    const struct ow_keys *keys, struct ow_contexts *contexts) OW_MUST_CHECK;
/** Wipes the keys, wherever they are. Nothing happens if it isn't open (zero-initialised). */
void ow_packet_codec_close(struct ow_packet_codec *codec);

/** Write everything but the stamp of packet `sequence`; `out` has ow_packet_least() octets. OW_CRYPTO. */
enum ow_status ow_packet_prepare(const struct ow_packet_codec *codec, uint32_t sequence,
                                 uint8_t *out) OW_MUST_CHECK;
/** Put the stamp into packet `sequence`, which is prepared. Once for each ow_packet_prepare(). OW_CRYPTO. */
enum ow_status ow_packet_stamp(const struct ow_packet_codec *codec, uint32_t sequence,
                               struct ow_timestamp sent, struct ow_error_estimate error,
                               uint8_t *out) OW_MUST_CHECK;

/**
 * For packets of another layout (wire/twamp_packet.h): protect the first `covered` octets of `octets`, whole
 * blocks, as the mode does its own, and write their HMAC to `hmac_at`; and the reverse: OW_AUTH if the HMAC
 * is wrong, then `plain`, of `covered` octets, is of no use. Not in open mode. OW_CRYPTO.
 */
enum ow_status ow_packet_seal(const struct ow_packet_codec *codec, uint8_t *octets, size_t covered,
                              size_t hmac_at) OW_MUST_CHECK;
enum ow_status ow_packet_open(const struct ow_packet_codec *codec, const uint8_t *in, uint8_t *plain,
                              size_t covered, size_t hmac_at) OW_MUST_CHECK;

struct ow_packet {
  uint32_t sequence;
  struct ow_timestamp sent;
  struct ow_error_estimate error;
};

/** OW_INVALID if it is too short, OW_AUTH if its HMAC is wrong, OW_CRYPTO if the library fails. */
enum ow_status ow_packet_decode(const struct ow_packet_codec *codec, const uint8_t *in, size_t octets,
                                struct ow_packet *packet) OW_MUST_CHECK;

#endif
