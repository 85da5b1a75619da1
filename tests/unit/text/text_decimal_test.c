/* SPDX-License-Identifier: MIT */
/* core/text: decimal numbers. */
#include <stdint.h>

#include "support/main.h"
#include "text/decimal.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(decimals_end_where_something_else_stands)
{
  static const struct {
    const char *text;
    struct ow_decimal expected;
  } rows[] = {
      /* length, negative, point, digits before and behind it, significant ones, whole, billionths */
      {"", {0, false, false, 0, 0, 0, 0, 0}},
      {"x", {0, false, false, 0, 0, 0, 0, 0}},
      {"-", {1, true, false, 0, 0, 0, 0, 0}},
      {".", {1, false, true, 0, 0, 0, 0, 0}},
      {"12", {2, false, false, 2, 0, 2, 12, 0}},
      {"+1", {0, false, false, 0, 0, 0, 0, 0}},
      {"-012.50ms", {7, true, true, 3, 2, 4, 12, 500000000}},
      {"1.", {2, false, true, 1, 0, 1, 1, 0}},
      {".5s", {2, false, true, 0, 1, 1, 0, 500000000}},
      {"0.0000000019", {12, false, true, 1, 10, 2, 0, 1}},
      {"0.123456789987654321", {20, false, true, 1, 18, 18, 0, 123456789}},
      {"1..2", {2, false, true, 1, 0, 1, 1, 0}},
      {"1e3", {1, false, false, 1, 0, 1, 1, 0}},
      {"1,5", {1, false, false, 1, 0, 1, 1, 0}},
      {"99999999999999999999.25", {23, false, true, 20, 2, 22, UINT64_MAX, 250000000}},
  };
  for (int i = 0; i < LENGTH(rows); i++) {
    const struct ow_decimal *expected = &rows[i].expected;
    struct ow_decimal decimal = ow_decimal_read(ow_piece_of(rows[i].text));
    ck_assert_msg(decimal.length == expected->length && decimal.negative == expected->negative &&
                      decimal.point == expected->point && decimal.whole_digits == expected->whole_digits &&
                      decimal.places == expected->places && decimal.significant == expected->significant &&
                      decimal.whole == expected->whole && decimal.billionths == expected->billionths,
                  "%s", rows[i].text);
  }
  /* Nor beyond the piece. */
  ck_assert_uint_eq(ow_decimal_read((struct ow_piece){"1.25", 3}).billionths, 200000000);
  ck_assert(!ow_decimal_read((struct ow_piece){"1.25", 1}).point);
}
END_TEST

START_TEST(decimals_are_printed_in_fixed_notation)
{
  char out[48];
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, 1.5, 3, false), "1.500");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, 1.5, 3, true), "1.5");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, 100, 9, true), "100");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, 100, 0, true), "100");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, -0.000000001, 9, true), "-0.000000001");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, -1e-12, 9, true), "0");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, 0.9996, 3, false), "1.000");
  ck_assert_str_eq(ow_decimal_print(out, sizeof out, -1e30, 0, false), "-1000000000000000000");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("decimal");
  TEST_CASE(suite, "decimals", decimals_end_where_something_else_stands,
            decimals_are_printed_in_fixed_notation);
  return test_run(suite);
}
