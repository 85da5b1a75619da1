/* SPDX-License-Identifier: MIT */
/*
 * STAMP's answers and questions, and the TLVs behind them. The first octet chooses mode, key and plan; the
 * rest is decoded as it is, and is also taken as the fields of an answer that is encoded and must come back,
 * and of which no changed octet goes unnoticed in authenticated mode.
 */
#include <string.h>

#include "base/cursor.h"
#include "target.h"
#include "wire/stamp_packet.h"
#include "wire/stamp_tlv.h"

static const char key[] = "a key of some octets";

/* A copy of just the size, so that a read beyond its end is seen. */
static void decode_as_it_is(struct ow_stamp_codec *codec, const struct ow_tlv_plan *plan, const uint8_t *in,
                            size_t octets)
{
  struct ow_reflection answer;
  struct ow_stamp_question question;
  struct ow_tlv_answer tlvs;
  uint8_t *copy = malloc(octets + 1);
  FUZZ_CHECK(copy);
  if (octets)
    memcpy(copy + 1, in, octets);
  enum ow_status status = ow_stamp_answer_decode(codec, copy + 1, octets, &answer);
  FUZZ_CHECK(status == OW_OK || status == OW_INVALID || status == OW_AUTH);
  status = ow_stamp_question_decode(codec, copy + 1, octets, &question);
  FUZZ_CHECK(status == OW_OK || status == OW_INVALID || status == OW_AUTH);
  FUZZ_CHECK(ow_tlv_read(codec, plan, copy + 1, octets, &tlvs) == OW_OK);
  FUZZ_CHECK(!tlvs.distrusted || tlvs.known == 0);
  free(copy);
}

static void encode_and_change(struct ow_stamp_codec *codec, struct ow_reader fields)
{
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  struct ow_reflection back;
  struct ow_reflection there = {.sequence = ow_read_u32(&fields)};
  there.sent.ntp = ow_read_u64(&fields);
  there.received.ntp = ow_read_u64(&fields);
  there.sender_sent.ntp = ow_read_u64(&fields);
  there.sender_sequence = ow_read_u32(&fields);
  there.error = ow_read_u16(&fields);
  there.ssid = ow_read_u16(&fields);
  size_t at = ow_read_u8(&fields) % ow_stamp_least(ow_stamp_codec_mode(codec));
  uint8_t change = ow_read_u8(&fields);

  FUZZ_CHECK(ow_stamp_answer_encode(codec, &there, octets) == OW_OK);
  FUZZ_CHECK(ow_stamp_answer_decode(codec, octets, ow_stamp_least(ow_stamp_codec_mode(codec)), &back) ==
             OW_OK);
  FUZZ_CHECK(back.sequence == there.sequence && back.sent.ntp == there.sent.ntp);
  FUZZ_CHECK(back.received.ntp == there.received.ntp && back.sender_sent.ntp == there.sender_sent.ntp);
  FUZZ_CHECK(back.sender_sequence == there.sender_sequence && back.error == there.error);
  FUZZ_CHECK(back.ssid == there.ssid);

  octets[at] ^= change;
  enum ow_status status =
      ow_stamp_answer_decode(codec, octets, ow_stamp_least(ow_stamp_codec_mode(codec)), &back);
  FUZZ_CHECK(status == (change && ow_stamp_codec_mode(codec) == OW_MODE_AUTHENTICATED ? OW_AUTH : OW_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  if (octets == 0)
    return 0;
  struct ow_tlv_plan plan = {.choices = OW_TLV_CHOICES, .hmac = input[0] & 2};
  struct ow_stamp_codec *codec =
      ow_stamp_codec_create(input[0] & 1 ? OW_MODE_AUTHENTICATED : OW_MODE_OPEN, key, sizeof key);
  FUZZ_CHECK(codec);
  decode_as_it_is(codec, &plan, input + 1, octets - 1);
  encode_and_change(codec, ow_reader(input + 1, octets - 1));
  ow_stamp_codec_free(codec);
  return 0;
}
