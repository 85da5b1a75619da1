/* SPDX-License-Identifier: MIT */
/* core/text: percentiles. */
#include "support/main.h"
#include "text/percentile.h"

static const struct {
  const char *text;
  uint32_t thousandths;
  const char *printed;
} good[] = {
    {"50", 50000, "50"},    {"99.9", 99900, "99.9"},    {"0.001", 1, "0.001"},       {"100", 100000, "100"},
    {"007.5", 7500, "7.5"}, {"100.000", 100000, "100"}, {"12.345", 12345, "12.345"},
};

START_TEST(percentiles_come_back)
{
  char out[OW_PERCENTILE_TEXT];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    uint32_t value = 0;
    ck_assert_msg(ow_percentile_parse(ow_piece_of(good[i].text), &value), "%s", good[i].text);
    ck_assert_uint_eq(value, good[i].thousandths);
    ck_assert_str_eq(ow_percentile_print(out, value), good[i].printed);
  }
}
END_TEST

START_TEST(every_one_is_printed_so_that_it_can_be_read)
{
  char out[OW_PERCENTILE_TEXT];
  for (uint32_t percentile = 1; percentile <= OW_PERCENTILE_MOST; percentile++) {
    uint32_t back = 0;
    ck_assert(ow_percentile_parse(ow_piece_of(ow_percentile_print(out, percentile)), &back));
    ck_assert_uint_eq(back, percentile);
  }
}
END_TEST

START_TEST(what_is_none_is_refused)
{
  static const char *const bad[] = {"",
                                    "0",
                                    "0.000",
                                    "-1",
                                    "-0.5",
                                    "100.001",
                                    "101",
                                    "1.2345",
                                    "50.",
                                    ".5",
                                    "5 ",
                                    " 5",
                                    "p95",
                                    "1e1",
                                    "+5",
                                    "5,5",
                                    "99999999999999999999"};
  uint32_t value = 7;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!ow_percentile_parse(ow_piece_of(bad[i]), &value), "%s", bad[i]);
  ck_assert_uint_eq(value, 7);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("percentile");
  TEST_CASE(suite, "percentiles", percentiles_come_back, every_one_is_printed_so_that_it_can_be_read,
            what_is_none_is_refused);
  return test_run(suite);
}
