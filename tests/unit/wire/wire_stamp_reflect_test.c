/* SPDX-License-Identifier: MIT */
/* TLVs as a Session-Reflector answers them, octet by octet. */
#include <stdlib.h>
#include <string.h>

#include "support/hex.h"
#include "support/main.h"
#include "support/seed.h"
#include "wire/stamp_reflect.h"

#define Z4 "00000000"
#define Z16 Z4 Z4 Z4 Z4

enum { ASKED = 5, ANSWERED = 3 };

static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED};

static const struct ow_tlv_facts facts = {
    .sync_in = OW_SYNC_NTP,
    .method_in = OW_METHOD_SOFTWARE,
    .sync_out = OW_SYNC_NTP,
    .method_out = OW_METHOD_SOFTWARE,
    .dscp = 10,
    .ecn = 1,
    .marked = true,
    .received = 998,
    .answered = 990,
    .follow_sequence = 2,
    .follow_sent = {UINT64_C(0xeeb1ee5630020000)},
    .follow_method = OW_METHOD_SOFTWARE,
};

static struct ow_stamp_codec *codec_of(enum ow_mode mode, bool with_key)
{
  uint8_t key[32];
  test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key, sizeof key);
  struct ow_stamp_codec *codec = ow_stamp_codec_create(mode, with_key ? key : NULL, sizeof key);
  ck_assert_ptr_nonnull(codec);
  return codec;
}

/* Octets that the digits are, at `out`. */
static size_t octets_of(const char *digits, uint8_t *out)
{
  size_t count = 0;
  for (const char *at = digits; *at; at++)
    count += *at != ' ';
  test_hex(digits, out, count / 2);
  return count / 2;
}

/* Question 5 with these TLVs is answered by number 3 with those, in place, and nothing behind is touched. */
static struct ow_tlv_wishes reflect(struct ow_stamp_codec *codec, const struct ow_tlv_facts *with,
                                    const char *question, const char *answer)
{
  const struct ow_reflection reflection = {.sequence = ANSWERED, .sender_sequence = ASKED};
  struct ow_tlv_wishes wishes;
  uint8_t tlvs[512];
  size_t head = ow_stamp_least(ow_stamp_codec_mode(codec));
  size_t octets = octets_of(question, tlvs);
  uint8_t *packet = malloc(head + octets);
  ck_assert_ptr_nonnull(packet);
  ow_stamp_answer_prepare(codec, &reflection, packet);
  memcpy(packet + head, tlvs, octets);
  ck_assert_int_eq(ow_tlv_reflect(codec, ASKED, with, packet, head + octets, &wishes), OW_OK);
  test_assert_hex(packet + head, octets, answer);
  free(packet);
  return wishes;
}

static struct ow_tlv_wishes reflect_open(const char *question, const char *answer)
{
  struct ow_stamp_codec *codec = codec_of(OW_MODE_OPEN, false);
  struct ow_tlv_wishes wishes = reflect(codec, &facts, question, answer);
  ow_stamp_codec_free(codec);
  return wishes;
}

START_TEST(each_tlv_is_filled_in)
{
  struct ow_tlv_wishes wishes = reflect_open(
      "8003000400000000 80040004b8000000 8005000c000003e80000000000000000 80070010" Z16 "80010004deadbeef",
      "0003000401020102 00040004b8a40000 0005000c000003e8000003e6000003de"
      "0007001000000002eeb1ee563002000002000000 00010004deadbeef");
  ck_assert(wishes.dscp_asked && wishes.follow_up && !wishes.distrusted);
  ck_assert_uint_eq(wishes.dscp, 46);
  wishes = reflect_open("", "");
  ck_assert(!wishes.dscp_asked && !wishes.follow_up && !wishes.distrusted);
}
END_TEST

START_TEST(what_isn_t_known_is_flagged_and_copied)
{
  struct ow_tlv_facts unmarked = facts;
  struct ow_stamp_codec *codec = codec_of(OW_MODE_OPEN, false);
  unmarked.marked = false;
  /* Whatever flag came; a location, an access report, one of no type, an HMAC without a key. */
  (void)reflect_open("80f00002abcd 00f00000 8002000401020304 8006000410010000 00000000 80080010" Z16,
                     "80f00002abcd 80f00000 8002000401020304 8006000410010000 80000000 80080010" Z16);
  struct ow_tlv_wishes wishes =
      reflect(codec, &unmarked, "80040004b8000000 80010000", "80040004b8000000 00010000");
  ck_assert(!wishes.dscp_asked);
  ow_stamp_codec_free(codec);
}
END_TEST

static const struct {
  const char *question, *answer;
} malformed[] = {
    {"80", "c0"},
    {"000400", "c00400"},
    {"80040004", "40040004"},
    {"80040003b80000", "40040003b80000"},
    {"8005000b" Z4 Z4 "000000", "4005000b" Z4 Z4 "000000"},
    {"80f00003abcd", "c0f00003abcd"},
    {"8004ffffb8000000", "4004ffffb8000000"},
    {"80010001aa 8003000300 00008003000400000000", "00010001aa 4003000300 00008003000400000000"},
};
enum { MALFORMED_ONES = sizeof malformed / sizeof *malformed };

START_TEST(behind_a_malformed_one_all_is_copied)
{
  struct ow_tlv_wishes wishes = reflect_open(malformed[_i].question, malformed[_i].answer);
  ck_assert(!wishes.distrusted && !wishes.dscp_asked);
}
END_TEST

START_TEST(an_hmac_is_verified_and_made_anew)
{
  struct ow_stamp_codec *codec = codec_of(modes[_i], true);
  struct ow_tlv_wishes wishes = reflect(codec, &facts,
                                        "80040004b8000000 8005000c000003e80000000000000000"
                                        "80080010 53440e72492dfe5603f2e8fa79502e4d 80010002abcd",
                                        "00040004b8a40000 0005000c000003e8000003e6000003de"
                                        "00080010 84d4329792f8e2e8ed7dd78a003f393b 00010002abcd");
  ck_assert(!wishes.distrusted && wishes.dscp_asked);
  wishes = reflect(codec, &facts, "80010002abcd 80010000", "00010002abcd 00010000");
  ck_assert(!wishes.distrusted);
  ow_stamp_codec_free(codec);
}
END_TEST

/* In the first of them one octet of the sum is wrong; then of what it covers; the HMAC isn't the last. */
static const struct {
  const char *question, *answer;
} wrong[] = {
    {"80040004b8000000 8005000c000003e80000000000000000 80080010 53440e72492dfe5603f2e8fa79502e4e",
     "a0040004b8000000 a005000c000003e80000000000000000 a0080010 53440e72492dfe5603f2e8fa79502e4e"},
    {"80040004b8000000 8005000c000003e90000000000000000 80080010 53440e72492dfe5603f2e8fa79502e4d",
     "a0040004b8000000 a005000c000003e90000000000000000 a0080010 53440e72492dfe5603f2e8fa79502e4d"},
    {"80040004b8000000 8005000c000003e80000000000000000 80080010 53440e72492dfe5603f2e8fa79502e4d 80f00000",
     "a0040004b8000000 a005000c000003e80000000000000000 a0080010 53440e72492dfe5603f2e8fa79502e4d a0f00000"},
    {"80040004b8000000 8005000c000003e80000000000000000 80080010 53440e72492dfe5603f2e8fa79502e4d 80",
     "a0040004b8000000 a005000c000003e80000000000000000 a0080010 53440e72492dfe5603f2e8fa79502e4d a0"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(without_the_right_hmac_nothing_is_answered)
{
  struct ow_stamp_codec *codec = codec_of(modes[_i % 2], true);
  struct ow_tlv_wishes wishes = reflect(codec, &facts, wrong[_i / 2].question, wrong[_i / 2].answer);
  ck_assert(wishes.distrusted && !wishes.dscp_asked && !wishes.follow_up);
  ow_stamp_codec_free(codec);
}
END_TEST

START_TEST(in_authenticated_mode_an_hmac_must_be_there)
{
  struct ow_stamp_codec *open = codec_of(OW_MODE_OPEN, true);
  struct ow_stamp_codec *keyed = codec_of(OW_MODE_AUTHENTICATED, true);
  ck_assert(reflect(keyed, &facts, "80010000 80040004b8000000", "a0010000 a0040004b8000000").distrusted);
  ck_assert(reflect(keyed, &facts, "80f00000 8004", "a0f00000 a004").distrusted);
  ck_assert(!reflect(open, &facts, "80010000 80040004b8000000", "00010000 00040004b8a40000").distrusted);
  ow_stamp_codec_free(open);
  ow_stamp_codec_free(keyed);
}
END_TEST

/* As long as the question, and no octet before the first TLV or behind the last one is touched. */
START_TEST(whatever_comes_stays_where_it_is)
{
  struct test_prng prng = test_prng(18);
  for (int round = 0; round < 20000; round++) {
    enum ow_mode mode = modes[round % 2];
    struct ow_stamp_codec *codec = codec_of(mode, round % 4 != 0 || mode != OW_MODE_OPEN);
    size_t head = ow_stamp_least(mode), octets = head + test_prng_below(&prng, 80);
    uint8_t *packet = malloc(octets);
    uint8_t before[OW_STAMP_AUTHENTICATED];
    struct ow_tlv_wishes wishes;
    ck_assert_ptr_nonnull(packet);
    for (size_t i = 0; i < octets; i++)
      packet[i] =
          (uint8_t)(test_prng_below(&prng, 3) ? test_prng_below(&prng, 17) : test_prng_below(&prng, 256));
    memcpy(before, packet, head);
    ck_assert_int_eq(ow_tlv_reflect(codec, ASKED, &facts, packet, octets, &wishes), OW_OK);
    ck_assert_mem_eq(before, packet, head);
    free(packet);
    ow_stamp_codec_free(codec);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("wire_stamp_reflect");
  TEST_CASE(suite, "TLVs", each_tlv_is_filled_in, what_isn_t_known_is_flagged_and_copied,
            in_authenticated_mode_an_hmac_must_be_there);
  TEST_LOOP(suite, "malformed", MALFORMED_ONES, behind_a_malformed_one_all_is_copied);
  TEST_LOOP(suite, "HMAC", 2, an_hmac_is_verified_and_made_anew);
  TEST_LOOP(suite, "wrong HMACs", 2 * WRONG, without_the_right_hmac_nothing_is_answered);
  TEST_CASE(suite, "at random", whatever_comes_stays_where_it_is);
  return test_run(suite);
}
