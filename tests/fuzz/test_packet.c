/* SPDX-License-Identifier: MIT */
/*
 * Test packets in the three modes. The first octet chooses the mode; the rest is decoded as it is, and is
 * also taken as the fields of a packet that is encoded, must come back, and must not survive a change where
 * the HMAC covers it.
 */
#include <stdbool.h>
#include <string.h>

#include "base/cursor.h"
#include "contexts.h"
#include "target.h"
#include "wire/test_packet.h"

static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
static const struct ow_keys keys = {.aes = "a key of 16 octe", .hmac = "a key of 32 octets, for the HMAC"};

static bool covered(enum ow_mode mode, size_t at)
{
  return mode == OW_MODE_ENCRYPTED || (mode == OW_MODE_AUTHENTICATED && (at < 16 || at >= 32));
}

/* A copy of just the size, so that a read beyond its end is seen. */
static enum ow_status decode(struct ow_packet_codec *codec, const uint8_t *in, size_t octets,
                             struct ow_packet *packet)
{
  uint8_t *copy = malloc(octets + 1);
  FUZZ_CHECK(copy);
  uint8_t *exact = copy + 1;
  if (octets)
    memcpy(exact, in, octets);
  enum ow_status status = ow_packet_decode(codec, exact, octets, packet);
  free(copy);
  return status;
}

static void decode_as_it_is(enum ow_mode mode, struct ow_packet_codec *codec, const uint8_t *in,
                            size_t octets)
{
  struct ow_packet packet;
  enum ow_status status = decode(codec, in, octets, &packet);
  FUZZ_CHECK((status == OW_INVALID) == (octets < ow_packet_least(mode)));
  FUZZ_CHECK(status == OW_OK || status == OW_INVALID || (status == OW_AUTH && mode != OW_MODE_OPEN));
}

static void encode_and_change(enum ow_mode mode, struct ow_packet_codec *codec, struct ow_reader fields)
{
  uint8_t octets[OW_PACKET_SECURE];
  struct ow_packet back;
  struct ow_packet there;
  there.sequence = ow_read_u32(&fields);
  there.sent.ntp = ow_read_u64(&fields);
  there.error.bits = ow_read_u16(&fields);
  size_t at = ow_read_u8(&fields) % ow_packet_least(mode);
  uint8_t change = ow_read_u8(&fields);

  FUZZ_CHECK(ow_packet_prepare(codec, there.sequence, octets) == OW_OK);
  FUZZ_CHECK(ow_packet_stamp(codec, there.sequence, there.sent, there.error, octets) == OW_OK);
  FUZZ_CHECK(decode(codec, octets, ow_packet_least(mode), &back) == OW_OK);
  FUZZ_CHECK(back.sequence == there.sequence && back.sent.ntp == there.sent.ntp);
  FUZZ_CHECK(back.error.bits == there.error.bits);

  octets[at] ^= change;
  enum ow_status status = decode(codec, octets, ow_packet_least(mode), &back);
  FUZZ_CHECK(status == (change && covered(mode, at) ? OW_AUTH : OW_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  if (octets == 0)
    return 0;
  enum ow_mode mode = modes[input[0] % 3];
  struct ow_packet_codec codec;
  FUZZ_CHECK(ow_packet_codec_open(&codec, mode, &keys, fuzz_contexts()) == OW_OK);
  decode_as_it_is(mode, &codec, input + 1, octets - 1);
  encode_and_change(mode, &codec, ow_reader(input + 1, octets - 1));
  ow_packet_codec_close(&codec);
  return 0;
}
