/* SPDX-License-Identifier: MIT */
/*
 * TWAMP's answers, and its Request-TW-Session. The first octet chooses mode and features; the rest is decoded
 * as it is, and is also taken as the fields of an answer that is encoded and must come back, and of which no
 * changed octet goes unnoticed where the HMAC covers it.
 */
#include <string.h>

#include "base/cursor.h"
#include "contexts.h"
#include "target.h"
#include "wire/tw_request.h"
#include "wire/twamp_packet.h"

static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
static const struct ow_keys keys = {.aes = "a key of 16 octe", .hmac = "a key of 32 octets, for the HMAC"};

static bool covered(enum ow_mode mode, size_t at)
{
  return mode == OW_MODE_ENCRYPTED || (mode == OW_MODE_AUTHENTICATED && (at < 16 || at >= 96));
}

/* A copy of just the size, so that a read beyond its end is seen. */
static void decode_as_it_is(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                            const uint8_t *in, size_t octets)
{
  struct ow_reflection answer;
  uint8_t *copy = malloc(octets + 1);
  FUZZ_CHECK(copy);
  if (octets)
    memcpy(copy + 1, in, octets);
  enum ow_status status = ow_twamp_answer_decode(codec, format, copy + 1, octets, &answer);
  FUZZ_CHECK((status == OW_INVALID) == (octets < ow_twamp_answer_least(format)));
  FUZZ_CHECK(status == OW_OK || status == OW_INVALID || (status == OW_AUTH && format.mode != OW_MODE_OPEN));
  free(copy);
}

static void encode_and_change(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                              struct ow_reader fields)
{
  uint8_t octets[OW_TWAMP_SECURE];
  size_t least = ow_twamp_answer_least(format);
  struct ow_reflection back;
  struct ow_reflection there = {.sequence = ow_read_u32(&fields)};
  there.sent.ntp = ow_read_u64(&fields);
  there.received.ntp = ow_read_u64(&fields);
  there.sender_sent.ntp = ow_read_u64(&fields);
  there.sender_sequence = ow_read_u32(&fields);
  there.error = ow_read_u16(&fields);
  there.sender_tos = ow_read_u8(&fields);
  size_t at = ow_read_u8(&fields) % least;
  uint8_t change = ow_read_u8(&fields);

  FUZZ_CHECK(ow_twamp_answer_encode(codec, format, &there, octets) == OW_OK);
  FUZZ_CHECK(ow_twamp_answer_decode(codec, format, octets, least, &back) == OW_OK);
  FUZZ_CHECK(back.sequence == there.sequence && back.sent.ntp == there.sent.ntp);
  FUZZ_CHECK(back.received.ntp == there.received.ntp && back.sender_sent.ntp == there.sender_sent.ntp);
  FUZZ_CHECK(back.sender_sequence == there.sender_sequence && back.error == there.error);
  FUZZ_CHECK(back.sender_tos == (format.features & OW_TWAMP_DSCP_ECN ? there.sender_tos : 0));

  octets[at] ^= change;
  enum ow_status status = ow_twamp_answer_decode(codec, format, octets, least, &back);
  FUZZ_CHECK(status == (change && covered(format.mode, at) ? OW_AUTH : OW_OK));
}

/* What is accepted comes back; what is reserved is lost on the way, so it is the second encoding that must be
 * the first. */
static void decode_request(const uint8_t *in, size_t octets)
{
  uint8_t first[OW_REQUEST_TW_SESSION];
  uint8_t second[OW_REQUEST_TW_SESSION];
  struct ow_tw_request request;
  struct ow_failure failure;
  if (octets < OW_REQUEST_TW_SESSION || ow_tw_request_decode(in, &request, &failure) != OW_OK)
    return;
  FUZZ_CHECK(request.sender.version == 4 || request.sender.version == 6);
  ow_tw_request_encode(&request, first);
  FUZZ_CHECK(ow_tw_request_decode(first, &request, &failure) == OW_OK);
  ow_tw_request_encode(&request, second);
  FUZZ_CHECK(memcmp(first, second, sizeof first) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  if (octets == 0)
    return 0;
  struct ow_twamp_format format = {.mode = modes[input[0] % 3]};
  format.features = (input[0] & 4 ? OW_TWAMP_DSCP_ECN : 0U) | (input[0] & 8 ? OW_TWAMP_SYMMETRICAL : 0U);
  struct ow_packet_codec codec;
  FUZZ_CHECK(ow_packet_codec_open(&codec, format.mode, &keys, fuzz_contexts()) == OW_OK);
  decode_as_it_is(&codec, format, input + 1, octets - 1);
  encode_and_change(&codec, format, ow_reader(input + 1, octets - 1));
  decode_request(input + 1, octets - 1);
  ow_packet_codec_close(&codec);
  return 0;
}
