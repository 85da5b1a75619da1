/* SPDX-License-Identifier: MIT */
/* core/text: whole numbers. */
#include <string.h>

#include "support/main.h"
#include "text/number.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(digits_end_where_something_else_stands)
{
  static const struct {
    const char *text;
    struct ow_digits expected;
  } rows[] = {
      {"", {0, 0, 0, true}},
      {"x1", {0, 0, 0, true}},
      {"0", {1, 0, 0, true}},
      {"0070-1", {4, 2, 70, true}},
      {"18446744073709551615", {20, 20, UINT64_MAX, true}},
      {"18446744073709551616", {20, 20, UINT64_MAX, false}},
      {"99999999999999999999999", {23, 23, UINT64_MAX, false}},
  };
  for (int i = 0; i < LENGTH(rows); i++) {
    struct ow_digits digits = ow_digits_read(ow_piece_of(rows[i].text));
    ck_assert_msg(digits.count == rows[i].expected.count &&
                      digits.significant == rows[i].expected.significant &&
                      digits.value == rows[i].expected.value && digits.fits == rows[i].expected.fits,
                  "%s", rows[i].text);
  }
  /* Nor beyond the piece. */
  ck_assert_uint_eq(ow_digits_read((struct ow_piece){"1234", 2}).value, 12);
}
END_TEST

START_TEST(digits_are_told_from_other_characters)
{
  ck_assert(ow_is_digit('0') && ow_is_digit('9'));
  ck_assert(!ow_is_digit('/') && !ow_is_digit(':') && !ow_is_digit('\0'));
  ck_assert(ow_all_digits("") && ow_all_digits("0123456789"));
  ck_assert(!ow_all_digits("12a") && !ow_all_digits("-1") && !ow_all_digits(" 1"));
}
END_TEST

START_TEST(whole_numbers_have_64_bits)
{
  uint64_t value;
  ck_assert(ow_whole_parse("0", &value) && value == 0);
  ck_assert(ow_whole_parse("18446744073709551615", &value) && value == UINT64_MAX);
  ck_assert(ow_whole_parse("000000000000000000000000000000012", &value) && value == 12);
  static const char *const bad[] = {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1k"};
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_whole_parse(bad[i], &value), "%s", bad[i]);
}
END_TEST

START_TEST(octal_numbers_have_octal_digits)
{
  uint32_t value;
  ck_assert(ow_octal_parse("0660", &value) && value == 0660);
  ck_assert(ow_octal_parse("7777777777", &value) && value == 07777777777);
  static const char *const bad[] = {"", "8", "068", "0o7", "-1", " 1", "1 ", "00000000000"};
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_octal_parse(bad[i], &value), "%s", bad[i]);
}
END_TEST

START_TEST(reads_numbers)
{
  uint32_t value = 0;
  ck_assert_int_eq(ow_number_parse("4294967295", 0, UINT32_MAX, &value, NULL), OW_OK);
  ck_assert_uint_eq(value, UINT32_MAX);
  ck_assert_int_eq(ow_number_parse("0", 0, 9, &value, NULL), OW_OK);
  ck_assert_uint_eq(value, 0);
  ck_assert_int_eq(ow_number_parse("0012", 1, 12, &value, NULL), OW_OK);
  ck_assert_uint_eq(value, 12);
}
END_TEST

START_TEST(refuses_numbers)
{
  static const char *const texts[] = {
      "",    "4294967296", "99999999999", "18446744073709551617", "-1", "+1", " 1", "1 ", "0x1", "1.0",
      "one", "0",          "11"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint32_t value = 7;
    struct ow_failure failure = {0};
    ck_assert_msg(ow_number_parse(texts[i], 1, 10, &value, &failure) == OW_INVALID, "'%s' was read",
                  texts[i]);
    ck_assert_uint_eq(value, 7);
    ck_assert_ptr_nonnull(strstr(failure.text, "is not a number from 1 to 10"));
  }
}
END_TEST

START_TEST(numbers_have_ten_digits_at_most)
{
  uint32_t value = 7;
  ck_assert_int_eq(ow_number_parse("0000000001", 1, 10, &value, NULL), OW_OK);
  ck_assert_uint_eq(value, 1);
  ck_assert_int_eq(ow_number_parse("00000000002", 1, 10, &value, NULL), OW_INVALID);
  ck_assert_uint_eq(value, 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("number");
  TEST_CASE(suite, "digits", digits_end_where_something_else_stands, digits_are_told_from_other_characters);
  TEST_CASE(suite, "numbers", whole_numbers_have_64_bits, octal_numbers_have_octal_digits, reads_numbers,
            refuses_numbers, numbers_have_ten_digits_at_most);
  return test_run(suite);
}
