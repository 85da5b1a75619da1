/* SPDX-License-Identifier: MIT */
/* The Session-Reflector's machine: answers octet by octet, its counters, and lengths. */
#include <stdlib.h>
#include <string.h>

#include "session/reflector.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/stamp_vectors.h"

static const struct ow_timestamp T2 = {UINT64_C(0xeeb1ee5640010000)}, T3 = {UINT64_C(0xeeb1ee5640020000)};
static const struct ow_error_estimate ERROR = {0x8b20};

static struct ow_stamp_codec *codec_of(enum ow_mode mode)
{
  uint8_t key[32];
  test_hex(STAMP_VECTOR_KEY, key, sizeof key);
  struct ow_stamp_codec *codec =
      ow_stamp_codec_create(mode, mode == OW_MODE_AUTHENTICATED ? key : NULL, sizeof key);
  ck_assert_ptr_nonnull(codec);
  return codec;
}

static struct ow_reflector_question question_of(struct ow_stamp_codec *codec, const uint8_t *octets,
                                                size_t length)
{
  struct ow_reflector_question question = {.octets = octets,
                                           .length = length,
                                           .received = T2,
                                           .by_kernel = true,
                                           .synchronized = true,
                                           .ttl_known = true,
                                           .ttl = 61,
                                           .marked = true,
                                           .dscp = 10,
                                           .ecn = 1};
  ck_assert_int_eq(ow_stamp_question_decode(codec, octets, length, &question.head), OW_OK);
  return question;
}

/* The answer to it, as it leaves. */
static struct ow_reflector_answer reflect(struct ow_reflector *reflector, struct ow_stamp_codec *codec,
                                          const struct ow_reflector_question *question, uint8_t *out)
{
  struct ow_reflector_answer answer;
  ck_assert_int_eq(ow_reflector_prepare(reflector, codec, question, out, &answer), OW_OK);
  ck_assert_int_eq(ow_stamp_answer_stamp(codec, T3, ERROR, out), OW_OK);
  ck_assert_uint_eq(answer.octets, ow_reflector_octets(ow_stamp_codec_mode(codec), question->length));
  return answer;
}

START_TEST(an_answer_is_as_in_the_figure)
{
  struct ow_reflector reflector = {.answered = 3};
  struct ow_stamp_codec *codec = codec_of(stamp_vector_modes[_i]);
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  uint8_t out[OW_STAMP_AUTHENTICATED];
  size_t length = ow_stamp_least(stamp_vector_modes[_i]);
  test_hex(stamp_vector_questions[_i], octets, length);
  struct ow_reflector_question question = question_of(codec, octets, length);
  struct ow_reflector_answer answer = reflect(&reflector, codec, &question, out);
  test_assert_hex(out, answer.octets, stamp_vector_answers[_i]);
  ck_assert_uint_eq(answer.dscp, 10);
  ck_assert(!answer.follow_up);
  question.ttl_known = question.marked = false;
  answer = reflect(&reflector, codec, &question, out);
  ck_assert_uint_eq(out[stamp_vector_modes[_i] == OW_MODE_OPEN ? 40 : 80], 255);
  ck_assert_uint_eq(answer.dscp, 0);
  ow_stamp_codec_free(codec);
}
END_TEST

/* 14 octets get 44, of which those that aren't known are zero; longer ones as many as they have. */
START_TEST(an_answer_is_as_long_as_its_question_but_never_less_than_the_base_packet)
{
  struct ow_stamp_codec *codec = codec_of(OW_MODE_OPEN);
  for (size_t length = OW_STAMP_SHORTEST; length < 100; length++) {
    struct ow_reflector reflector = {0};
    uint8_t *octets = calloc(1, length);
    uint8_t *out = malloc(ow_reflector_octets(OW_MODE_OPEN, length));
    ck_assert(octets && out);
    memset(octets + OW_STAMP_SHORTEST, length < 44 ? 0xaa : 0, length - OW_STAMP_SHORTEST);
    struct ow_reflector_question question = question_of(codec, octets, length);
    struct ow_reflector_answer answer = reflect(&reflector, codec, &question, out);
    ck_assert_uint_eq(answer.octets, length < 44 ? 44 : length);
    ck_assert_uint_eq(out[43], 0);
    free(octets);
    free(out);
  }
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(it_counts_what_came_and_what_left)
{
  struct ow_reflector reflector = {0};
  struct ow_stamp_codec *codec = codec_of(OW_MODE_OPEN);
  uint8_t octets[OW_STAMP_OPEN + 16 + 20] = {0}, out[sizeof octets];
  test_hex("8005000c" Z4 Z4 Z4, octets + OW_STAMP_OPEN, 16);
  test_hex("80070010" Z16, octets + OW_STAMP_OPEN + 16, 20);
  struct ow_reflector_question question = question_of(codec, octets, sizeof octets);
  ck_assert(reflect(&reflector, codec, &question, out).follow_up);
  test_assert_hex(out, 4, "00000000");
  test_assert_hex(out + OW_STAMP_OPEN, 36, "0005000c" Z4 "00000001 00000001 00070010" Z16);
  /* That one could not be sent: its number is the next one's. */
  (void)reflect(&reflector, codec, &question, out);
  test_assert_hex(out, 4, "00000000");
  test_assert_hex(out + OW_STAMP_OPEN, 16, "0005000c" Z4 "00000002 00000001");
  ow_reflector_sent(&reflector);
  ow_reflector_departed(&reflector, 0, T3);
  (void)reflect(&reflector, codec, &question, out);
  ow_reflector_sent(&reflector);
  test_assert_hex(out, 4, "00000001");
  test_assert_hex(out + OW_STAMP_OPEN, 36,
                  "0005000c" Z4 "00000003 00000002 00070010 00000000 eeb1ee5640020000 02000000");
  /* What left before the last that is known is no news. */
  ow_reflector_departed(&reflector, 7, T3);
  ow_reflector_departed(&reflector, 6, T2);
  (void)reflect(&reflector, codec, &question, out);
  test_assert_hex(out + OW_STAMP_OPEN + 20, 12, "00000007 eeb1ee5640020000");
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(the_class_of_service_says_how_the_answer_is_marked)
{
  struct ow_reflector reflector = {0};
  struct ow_stamp_codec *codec = codec_of(OW_MODE_OPEN);
  uint8_t octets[OW_STAMP_OPEN + 8] = {0}, out[sizeof octets];
  test_hex("80040004b8000000", octets + OW_STAMP_OPEN, 8);
  struct ow_reflector_question question = question_of(codec, octets, sizeof octets);
  ck_assert_uint_eq(reflect(&reflector, codec, &question, out).dscp, 46);
  test_assert_hex(out + OW_STAMP_OPEN, 8, "00040004b8a40000");
  question.synchronized = question.by_kernel = false;
  test_hex("8003000400000000", octets + OW_STAMP_OPEN, 8);
  ck_assert_uint_eq(reflect(&reflector, codec, &question, out).dscp, 10);
  test_assert_hex(out + OW_STAMP_OPEN, 8, "0003000405030502");
  ow_stamp_codec_free(codec);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session_reflector");
  TEST_LOOP(suite, "packets", 2, an_answer_is_as_in_the_figure);
  TEST_CASE(suite, "sessions", an_answer_is_as_long_as_its_question_but_never_less_than_the_base_packet,
            it_counts_what_came_and_what_left, the_class_of_service_says_how_the_answer_is_marked);
  return test_run(suite);
}
