/* SPDX-License-Identifier: MIT */
/*
 * The Session-Reflector of STAMP. The first octet chooses mode, key and what is known of a question, the rest
 * is the question. An answer is as long as its question or the base packet, counts, and can be read by a
 * sender, who believes no more of it than the reflector answered; asked a second time it is the same but for
 * numbers.
 */
#include <string.h>

#include "session/reflector.h"
#include "target.h"
#include "wire/stamp_tlv.h"

static const char key[] = "a key of some octets";

static void look_at(struct ow_stamp_codec *codec, const uint8_t *answer, size_t octets, uint32_t number)
{
  const struct ow_tlv_plan plan = {.choices = OW_TLV_CHOICES,
                                   .hmac = ow_stamp_codec_mode(codec) == OW_MODE_AUTHENTICATED};
  struct ow_reflection reflection;
  struct ow_tlv_answer tlvs;
  FUZZ_CHECK(ow_stamp_answer_decode(codec, answer, octets, &reflection) == OW_OK);
  FUZZ_CHECK(reflection.sequence == number && reflection.received.ntp == 7);
  FUZZ_CHECK(ow_tlv_read(codec, &plan, answer, octets, &tlvs) == OW_OK);
}

static void ask(struct ow_reflector *reflector, struct ow_stamp_codec *codec,
                struct ow_reflector_question *question, uint32_t number)
{
  struct ow_reflector_answer answer;
  enum ow_mode mode = ow_stamp_codec_mode(codec);
  size_t octets = ow_reflector_octets(mode, question->length);
  uint8_t *out = malloc(octets);
  FUZZ_CHECK(out);
  FUZZ_CHECK(ow_reflector_prepare(reflector, codec, question, out, &answer) == OW_OK);
  FUZZ_CHECK(answer.octets == octets && octets >= ow_stamp_least(mode) && answer.dscp < 64);
  FUZZ_CHECK(octets == question->length || octets == ow_stamp_least(mode));
  FUZZ_CHECK(ow_stamp_answer_stamp(codec, (struct ow_timestamp){9}, (struct ow_error_estimate){1}, out) ==
             OW_OK);
  look_at(codec, out, octets, number);
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  if (octets == 0)
    return 0;
  struct ow_reflector reflector = {0};
  struct ow_stamp_codec *codec = ow_stamp_codec_create(input[0] & 1 ? OW_MODE_AUTHENTICATED : OW_MODE_OPEN,
                                                       input[0] & 3 ? key : NULL, sizeof key);
  uint8_t *copy = malloc(octets);
  FUZZ_CHECK(codec && copy);
  memcpy(copy, input + 1, octets - 1);
  /* A right HMAC is beyond chance. */
  if (input[0] & 1 && octets - 1 >= OW_STAMP_AUTHENTICATED)
    FUZZ_CHECK(ow_stamp_question_stamp(codec, (struct ow_timestamp){5}, (struct ow_error_estimate){1},
                                       copy) == OW_OK);
  struct ow_reflector_question question = {
      .octets = copy, .length = octets - 1, .received = {7}, .marked = input[0] & 4, .dscp = input[0] >> 3};
  enum ow_status status = ow_stamp_question_decode(codec, copy, octets - 1, &question.head);
  FUZZ_CHECK(status == OW_OK || status == OW_INVALID);
  if (status == OW_OK) {
    ask(&reflector, codec, &question, 0);
    ow_reflector_sent(&reflector);
    ow_reflector_departed(&reflector, 0, (struct ow_timestamp){9});
    ask(&reflector, codec, &question, 1);
    FUZZ_CHECK(reflector.received == 2 && reflector.answered == 1);
  }
  free(copy);
  ow_stamp_codec_free(codec);
  return 0;
}
