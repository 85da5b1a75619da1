/* SPDX-License-Identifier: MIT */
/* STAMP's packets and TLVs, octet by octet; the vectors were made by another implementation. */
#include <stdlib.h>
#include <string.h>

#include "support/hex.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/stamp_vectors.h"
#include "wire/stamp_packet.h"
#include "wire/stamp_tlv.h"

static const struct ow_reflection reflection = {
    .sequence = 3,
    .sent = {UINT64_C(0xeeb1ee5640020000)},
    .error = 0x8b20,
    .ssid = 0x1234,
    .received = {UINT64_C(0xeeb1ee5640010000)},
    .sender_sequence = 5,
    .sender_sent = {UINT64_C(0xeeb1ee5640000000)},
    .sender_error = {0x8a10},
    .sender_ttl = 61,
};

static struct ow_stamp_codec *codec_of(enum ow_mode mode, bool with_key)
{
  uint8_t key[32];
  test_hex(STAMP_VECTOR_KEY, key, sizeof key);
  struct ow_stamp_codec *codec = ow_stamp_codec_create(mode, with_key ? key : NULL, sizeof key);
  ck_assert_ptr_nonnull(codec);
  return codec;
}

static struct ow_stamp_codec *new_codec(int which)
{
  return codec_of(stamp_vector_modes[which], stamp_vector_modes[which] == OW_MODE_AUTHENTICATED);
}

/* ---- packets ---- */

START_TEST(a_question_is_as_in_the_figure)
{
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  struct ow_stamp_question question;
  struct ow_stamp_codec *codec = new_codec(_i);
  memset(octets, 0xff, sizeof octets);
  ow_stamp_question_prepare(codec, 5, 0x1234, octets);
  for (int again = 0; again < 2; again++)
    ck_assert_int_eq(ow_stamp_question_stamp(codec, reflection.sender_sent, reflection.sender_error, octets),
                     OW_OK);
  test_assert_hex(octets, ow_stamp_least(stamp_vector_modes[_i]), stamp_vector_questions[_i]);
  ck_assert_int_eq(ow_stamp_question_decode(codec, octets, ow_stamp_least(stamp_vector_modes[_i]), &question),
                   OW_OK);
  ck_assert_uint_eq(question.sequence, 5);
  ck_assert_uint_eq(question.sent.ntp, reflection.sender_sent.ntp);
  ck_assert_uint_eq(question.error.bits, 0x8a10);
  ck_assert_uint_eq(question.ssid, 0x1234);
  ow_stamp_codec_free(codec);
}
END_TEST

static void expect_reflection(const struct ow_reflection *answer)
{
  ck_assert_uint_eq(answer->sequence, reflection.sequence);
  ck_assert_uint_eq(answer->sent.ntp, reflection.sent.ntp);
  ck_assert_uint_eq(answer->error, reflection.error);
  ck_assert_uint_eq(answer->ssid, reflection.ssid);
  ck_assert_uint_eq(answer->received.ntp, reflection.received.ntp);
  ck_assert_uint_eq(answer->sender_sequence, reflection.sender_sequence);
  ck_assert_uint_eq(answer->sender_sent.ntp, reflection.sender_sent.ntp);
  ck_assert_uint_eq(answer->sender_error.bits, reflection.sender_error.bits);
  ck_assert_uint_eq(answer->sender_ttl, reflection.sender_ttl);
}

START_TEST(an_answer_is_as_in_the_figure)
{
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  struct ow_reflection answer;
  struct ow_stamp_codec *codec = new_codec(_i);
  ck_assert_int_eq(ow_stamp_answer_encode(codec, &reflection, octets), OW_OK);
  test_assert_hex(octets, ow_stamp_least(stamp_vector_modes[_i]), stamp_vector_answers[_i]);
  ck_assert_int_eq(ow_stamp_answer_decode(codec, octets, ow_stamp_least(stamp_vector_modes[_i]), &answer),
                   OW_OK);
  expect_reflection(&answer);
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(any_octet_changed_or_missing_is_noticed_in_authenticated_mode)
{
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  struct ow_reflection answer;
  struct ow_stamp_question question;
  struct ow_stamp_codec *codec = new_codec(1);
  test_hex(stamp_vector_answers[1], octets, sizeof octets);
  for (size_t i = 0; i < sizeof octets; i++) {
    octets[i] ^= 1;
    ck_assert_int_eq(ow_stamp_answer_decode(codec, octets, sizeof octets, &answer), OW_AUTH);
    octets[i] ^= 1;
    ck_assert_int_eq(ow_stamp_answer_decode(codec, octets, i, &answer), OW_INVALID);
    ck_assert_int_eq(ow_stamp_question_decode(codec, octets, i, &question), OW_INVALID);
  }
  ck_assert_int_eq(ow_stamp_answer_decode(codec, octets, sizeof octets, &answer), OW_OK);
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(an_open_answer_may_be_as_long_as_twamp_light_makes_it)
{
  struct ow_reflection answer;
  struct ow_stamp_codec *codec = new_codec(0);
  for (size_t octets = 0; octets <= OW_STAMP_OPEN; octets++) {
    uint8_t *exact = malloc(octets + 1);
    uint8_t whole[OW_STAMP_OPEN];
    ck_assert_ptr_nonnull(exact);
    test_hex(stamp_vector_answers[0], whole, sizeof whole);
    memcpy(exact + 1, whole, octets);
    enum ow_status status = ow_stamp_answer_decode(codec, exact + 1, octets, &answer);
    ck_assert_int_eq(status, octets < 41 ? OW_INVALID : OW_OK);
    if (status == OW_OK)
      expect_reflection(&answer);
    free(exact);
  }
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(an_open_question_may_be_as_short_as_twamp_light_makes_it)
{
  uint8_t octets[OW_STAMP_OPEN];
  struct ow_stamp_question question;
  struct ow_stamp_codec *codec = new_codec(0);
  test_hex(stamp_vector_questions[0], octets, sizeof octets);
  for (size_t i = 0; i <= OW_STAMP_OPEN; i++) {
    enum ow_status status = ow_stamp_question_decode(codec, octets, i, &question);
    ck_assert_int_eq(status, i < OW_STAMP_SHORTEST ? OW_INVALID : OW_OK);
    if (status == OW_OK)
      ck_assert_uint_eq(question.ssid, i < OW_STAMP_OPEN ? 0 : 0x1234);
  }
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(padding_of_twamp_light_is_no_ssid)
{
  uint8_t octets[OW_STAMP_OPEN + 4] = {0};
  test_hex(stamp_vector_questions[0], octets, OW_STAMP_OPEN);
  for (size_t at = 16; at < sizeof octets; at++) {
    octets[at] = 1;
    ck_assert_uint_eq(ow_stamp_question_ssid(OW_MODE_OPEN, octets, sizeof octets),
                      at < OW_STAMP_OPEN ? 0 : 0x1234);
    octets[at] = 0;
  }
}
END_TEST

START_TEST(ptp_stamps_are_turned_into_ours)
{
  /* 2026-11-26 12:00:00.25 as PTP would have it in UTC. */
  struct ow_reflection ptp = {.error = 0xca10,
                              .sent = {UINT64_C(1795694400) << 32 | 250000000},
                              .received = {UINT64_C(1795694400) << 32 | 999999999}};
  struct ow_reflection plain = reflection;
  struct ow_error_estimate error;
  ck_assert(ow_reflection_stamps(&ptp, &error));
  ck_assert_uint_eq(ptp.sent.ntp, (UINT64_C(1795694400) + UINT64_C(2208988800)) << 32 | 0x40000000);
  ck_assert_int_eq(ow_timestamp_difference(ptp.received, ptp.sent), 749999999);
  ck_assert_uint_eq(error.bits, 0x8a10);
  ck_assert(!ow_reflection_stamps(&plain, &error));
  ck_assert_uint_eq(plain.sent.ntp, reflection.sent.ntp);
  ck_assert_uint_eq(error.bits, 0x8b20);
  ptp = (struct ow_reflection){.error = 0x4001};
  ck_assert(ow_reflection_stamps(&ptp, &error));
  ck_assert_uint_eq(ptp.sent.ntp, 0);
}
END_TEST

/* ---- TLVs ---- */

static const struct ow_tlv_plan everything = {
    .choices = OW_TLV_CHOICES, .dscp = 46, .hmac = true, .padding = 8};

static void append(uint8_t *packet, size_t *octets, const char *digits)
{
  size_t count = 0;
  for (const char *at = digits; *at; at++)
    count += *at != ' ';
  test_hex(digits, packet + *octets, count / 2);
  *octets += count / 2;
}

/* The answer with number 3 and what follows it. */
static struct ow_tlv_answer read_tlvs(int which, const struct ow_tlv_plan *plan, const char *digits)
{
  uint8_t packet[512];
  size_t octets = 0;
  struct ow_tlv_answer answer;
  struct ow_stamp_codec *codec = codec_of(stamp_vector_modes[which], true);
  append(packet, &octets, stamp_vector_answers[which]);
  append(packet, &octets, digits);
  uint8_t *exact = malloc(octets + 1);
  ck_assert_ptr_nonnull(exact);
  memcpy(exact + 1, packet, octets);
  ck_assert_int_eq(ow_tlv_read(codec, plan, exact + 1, octets, &answer), OW_OK);
  free(exact);
  ow_stamp_codec_free(codec);
  return answer;
}

START_TEST(a_sender_writes_what_it_is_told)
{
  uint8_t packet[512] = {0};
  struct ow_stamp_codec *codec = codec_of(stamp_vector_modes[_i], true);
  size_t head = ow_stamp_least(stamp_vector_modes[_i]);
  ow_stamp_question_prepare(codec, 5, 0, packet);
  memset(packet + head, 0xaa, sizeof packet - head);
  ck_assert_int_eq(ow_tlv_write(codec, &everything, 1000, packet), OW_OK);
  ck_assert_uint_eq(ow_tlv_fill(&everything), 4);
  test_assert_hex(packet + head, 8 + 8 + 16, "8003000400000000 80040004b8000000 8005000c000003e8" Z4 Z4);
  test_assert_hex(packet + head + 32, 20, "80070010" Z16);
  test_assert_hex(packet + head + 52, 4, "80080010");
  test_assert_hex(packet + head + 72, 9, "80010004 aaaaaaaa aa");
  ck_assert_uint_eq(ow_tlv_octets(&everything), 80);
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(the_hmac_covers_number_and_tlvs_of_question_and_answer)
{
  const struct ow_tlv_plan plan = {
      .choices = 1 << OW_TLV_CLASS_OF_SERVICE | 1 << OW_TLV_COUNTERS, .dscp = 46, .hmac = true};
  uint8_t packet[512];
  struct ow_stamp_codec *codec = codec_of(stamp_vector_modes[_i], true);
  size_t head = ow_stamp_least(stamp_vector_modes[_i]);
  ow_stamp_question_prepare(codec, 5, 0, packet);
  ck_assert_int_eq(ow_tlv_write(codec, &plan, 1000, packet), OW_OK);
  test_assert_hex(packet + head + 24, 20, "80080010 53440e72492dfe5603f2e8fa79502e4d");
  ow_stamp_codec_free(codec);
  struct ow_tlv_answer answer = read_tlvs(_i, &plan,
                                          "00040004b8a40000 0005000c000003e8000003e6000003de"
                                          "00080010 84d4329792f8e2e8ed7dd78a003f393b 00010002abcd");
  ck_assert(!answer.distrusted && !answer.malformed);
  ck_assert_uint_eq(answer.known, plan.choices | 1 << OW_TLV_HMAC | 1 << OW_TLV_PADDING);
  ck_assert_uint_eq(answer.dscp_in, 10);
  ck_assert_uint_eq(answer.ecn_in, 1);
  ck_assert(!answer.dscp_refused);
  ck_assert_uint_eq(answer.counter_sent, 1000);
  ck_assert_uint_eq(answer.counter_received, 998);
  ck_assert_uint_eq(answer.counter_answered, 990);
}
END_TEST

static const struct {
  const char *digits;
} wrong_hmacs[] = {
    {"00040004b8a40000 0005000c000003e8000003e6000003de 00080010 84d4329792f8e2e8ed7dd78a003f393c"},
    {"00040004b8a40000 0005000c000003e8000003e6000003df 00080010 84d4329792f8e2e8ed7dd78a003f393b"},
    {"00040004b8a40000 0005000c000003e8000003e6000003de"},
    {"00040004b8a40000 0005000c000003e8000003e6000003de 80080010 84d4329792f8e2e8ed7dd78a003f393b"},
    {"00080010 84d4329792f8e2e8ed7dd78a003f393b 00040004b8a40000 0005000c000003e8000003e6000003de"},
    {"00040004b8a40000 0005000c000003e8000003e6000003de 00080010 84d4329792f8e2e8ed7dd78a003f393b"
     "0003000401020102"},
    {"20040004b8a40000 2005000c000003e8000003e6000003de 20080010 84d4329792f8e2e8ed7dd78a003f393b"},
};
enum { WRONG_HMACS = sizeof wrong_hmacs / sizeof *wrong_hmacs };

START_TEST(what_has_no_right_hmac_counts_for_nothing)
{
  struct ow_tlv_answer answer = read_tlvs(_i % 2, &everything, wrong_hmacs[_i / 2].digits);
  ck_assert(answer.distrusted);
  ck_assert_uint_eq(answer.known, 0);
}
END_TEST

START_TEST(each_value_is_read)
{
  const struct ow_tlv_plan plan = {.choices = OW_TLV_CHOICES};
  struct ow_tlv_answer answer = read_tlvs(
      _i, &plan,
      "0003000401020403 00040004b8a50000 0007001000000002eeb1ee563002000002000000 00010004deadbeef");
  ck_assert(!answer.distrusted && !answer.malformed);
  ck_assert_uint_eq(answer.sync_in, OW_SYNC_NTP);
  ck_assert_uint_eq(answer.method_in, OW_METHOD_SOFTWARE);
  ck_assert_uint_eq(answer.sync_out, OW_SYNC_GNSS);
  ck_assert_uint_eq(answer.method_out, OW_METHOD_CONTROL);
  ck_assert(answer.dscp_refused);
  ck_assert_uint_eq(answer.follow_sequence, 2);
  ck_assert_uint_eq(answer.follow_sent.ntp, UINT64_C(0xeeb1ee5630020000));
  ck_assert_uint_eq(answer.follow_method, OW_METHOD_SOFTWARE);
  ck_assert_uint_eq(answer.known, 1 << OW_TLV_TIMESTAMPS | 1 << OW_TLV_CLASS_OF_SERVICE |
                                      1 << OW_TLV_FOLLOW_UP | 1 << OW_TLV_PADDING);
}
END_TEST

START_TEST(flags_are_obeyed)
{
  const struct ow_tlv_plan plan = {.choices = OW_TLV_CHOICES};
  struct ow_tlv_answer answer = read_tlvs(_i, &plan, "8003000400000000 80f00002abcd 00040004b8a40000");
  ck_assert_uint_eq(answer.unknown, 1 << OW_TLV_TIMESTAMPS);
  ck_assert_uint_eq(answer.known, 1 << OW_TLV_CLASS_OF_SERVICE);
  ck_assert(!answer.malformed);
  answer = read_tlvs(_i, &plan, "00040004b8a40000 4003000400000000 0007001000000002eeb1ee563002000002000000");
  ck_assert_uint_eq(answer.known, 1 << OW_TLV_CLASS_OF_SERVICE);
  ck_assert_uint_eq(answer.unknown, 0);
  ck_assert(answer.malformed && !answer.distrusted);
  answer = read_tlvs(_i, &plan, "20040004b8a40000");
  ck_assert_uint_eq(answer.known, 0);
  ck_assert(answer.distrusted);
}
END_TEST

START_TEST(a_length_beyond_the_packet_or_its_type_ends_the_reading)
{
  static const char *const digits[] = {"00",
                                       "000400",
                                       "00040004",
                                       "00040004b8a400",
                                       "0004ffffb8a40000",
                                       "00040003b8a400",
                                       "00080011" Z16 "00",
                                       "0005000b" Z4 Z4 "000000"};
  const struct ow_tlv_plan plan = {.choices = OW_TLV_CHOICES};
  struct ow_tlv_answer answer = read_tlvs(_i % 2, &plan, digits[_i / 2]);
  ck_assert(answer.malformed);
  ck_assert_uint_eq(answer.known, 0);
  ck_assert_uint_eq(answer.unknown, 0);
}
END_TEST

START_TEST(an_answer_without_tlvs_says_nothing_of_them)
{
  struct ow_tlv_answer answer = read_tlvs(_i, &everything, "");
  ck_assert_uint_eq(answer.known, 0);
  ck_assert_uint_eq(answer.unknown, 0);
  ck_assert(!answer.malformed && !answer.distrusted);
}
END_TEST

START_TEST(a_reflector_that_copies_what_it_doesn_t_know_is_told_by_the_flag)
{
  uint8_t packet[512];
  struct ow_tlv_answer answer;
  struct ow_stamp_codec *codec = codec_of(stamp_vector_modes[_i], true);
  ow_stamp_question_prepare(codec, 3, 0, packet);
  memset(packet + ow_stamp_least(stamp_vector_modes[_i]), 0, 100);
  ck_assert_int_eq(ow_tlv_write(codec, &everything, 1, packet), OW_OK);
  ck_assert_int_eq(ow_stamp_answer_encode(codec, &reflection, packet), OW_OK);
  ck_assert_int_eq(ow_tlv_read(codec, &everything, packet,
                               ow_stamp_least(stamp_vector_modes[_i]) + ow_tlv_octets(&everything), &answer),
                   OW_OK);
  ck_assert_uint_eq(answer.known, 0);
  ck_assert_uint_eq(answer.unknown, OW_TLV_CHOICES | 1 << OW_TLV_HMAC | 1 << OW_TLV_PADDING);
  ck_assert(!answer.malformed && !answer.distrusted);
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(a_tlv_is_chosen_by_its_name)
{
  static const enum ow_tlv chosen[] = {OW_TLV_TIMESTAMPS, OW_TLV_CLASS_OF_SERVICE, OW_TLV_COUNTERS,
                                       OW_TLV_FOLLOW_UP};
  for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
    ck_assert_int_eq(ow_tlv_from_name(ow_tlv_name(chosen[i])), chosen[i]);
  ck_assert_int_eq(ow_tlv_from_name("hmac"), 0);
  ck_assert_int_eq(ow_tlv_from_name("padding"), 0);
  ck_assert_int_eq(ow_tlv_from_name(""), 0);
  ck_assert_str_eq(ow_tlv_name((enum ow_tlv)6), "");
}
END_TEST

START_TEST(without_a_key_nothing_is_keyed)
{
  uint8_t sum[16];
  ck_assert_ptr_null(ow_stamp_codec_create(OW_MODE_AUTHENTICATED, NULL, 0));
  struct ow_stamp_codec *codec = new_codec(0);
  ck_assert_int_eq(ow_stamp_codec_sum(codec, sum, sum, 0, sum), OW_CRYPTO);
  ow_stamp_codec_free(codec);
  ow_stamp_codec_free(NULL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("wire_stamp");
  TEST_LOOP(suite, "packets", 2, a_question_is_as_in_the_figure, an_answer_is_as_in_the_figure);
  TEST_CASE(suite, "lengths and changes", any_octet_changed_or_missing_is_noticed_in_authenticated_mode,
            an_open_answer_may_be_as_long_as_twamp_light_makes_it,
            an_open_question_may_be_as_short_as_twamp_light_makes_it, padding_of_twamp_light_is_no_ssid,
            ptp_stamps_are_turned_into_ours, without_a_key_nothing_is_keyed, a_tlv_is_chosen_by_its_name);
  TEST_LOOP(suite, "TLVs", 2, a_sender_writes_what_it_is_told,
            the_hmac_covers_number_and_tlvs_of_question_and_answer, each_value_is_read, flags_are_obeyed,
            an_answer_without_tlvs_says_nothing_of_them,
            a_reflector_that_copies_what_it_doesn_t_know_is_told_by_the_flag);
  TEST_LOOP(suite, "wrong HMACs", 2 * WRONG_HMACS, what_has_no_right_hmac_counts_for_nothing);
  TEST_LOOP(suite, "wrong lengths", 2 * 8, a_length_beyond_the_packet_or_its_type_ends_the_reading);
  return test_run(suite);
}
