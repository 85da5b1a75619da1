/* SPDX-License-Identifier: MIT */
/* core/text: hexadecimal digits. */
#include <string.h>

#include "support/main.h"
#include "text/hex.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(digits_have_their_value)
{
  static const char digits[] = "0123456789abcdefABCDEF";
  for (int c = 0; c < 256; c++) {
    const char *at = c ? strchr(digits, c) : NULL;
    int value = at ? (int)(at - digits) : -1;
    ck_assert_int_eq(ow_hex_digit((char)c), value > 15 ? value - 6 : value);
  }
}
END_TEST

START_TEST(octets_are_read)
{
  uint8_t out[5] = {0, 0, 0, 0, 0x55};
  ck_assert(ow_hex_parse(ow_piece_of("00fF4A9b"), out));
  ck_assert_mem_eq(out, "\x00\xff\x4a\x9b\x55", 5);
  ck_assert(ow_hex_parse(ow_piece_of(""), out));
  ck_assert(ow_hex_parse((struct ow_piece){"12xy", 2}, out));
  ck_assert_uint_eq(out[0], 0x12);
}
END_TEST

START_TEST(what_is_no_octets_is_refused)
{
  static const char *const bad[] = {"0", "123", "0g", "g0", "0x12", " 12 ", "12-34-"};
  uint8_t out[8];
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_hex_parse(ow_piece_of(bad[i]), out), "%s", bad[i]);
  ck_assert(!ow_hex_parse((struct ow_piece){"0\0", 2}, out));
}
END_TEST

START_TEST(octets_are_printed)
{
  char out[9];
  ck_assert_str_eq(ow_hex_print(out, (const uint8_t *)"\x00\xff\x4a\x9b", 4), "00ff4a9b");
  ck_assert_str_eq(ow_hex_print(out, (const uint8_t *)"", 0), "");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("hex");
  TEST_CASE(suite, "hex", digits_have_their_value, octets_are_read, what_is_no_octets_is_refused,
            octets_are_printed);
  return test_run(suite);
}
