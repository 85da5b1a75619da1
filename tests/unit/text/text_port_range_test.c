/* SPDX-License-Identifier: MIT */
/* core/text: ranges of ports. */
#include <string.h>

#include "support/main.h"
#include "text/port_range.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(reads_ports)
{
  uint16_t low = 0;
  uint16_t high = 0;
  ck_assert_int_eq(ow_port_range_parse("8760-9960", &low, &high, NULL), OW_OK);
  ck_assert_uint_eq(low, 8760);
  ck_assert_uint_eq(high, 9960);
  ck_assert_int_eq(ow_port_range_parse("861", &low, &high, NULL), OW_OK);
  ck_assert_uint_eq(low, 861);
  ck_assert_uint_eq(high, 861);
  ck_assert_int_eq(ow_port_range_parse("1-65535", &low, &high, NULL), OW_OK);
  ck_assert_uint_eq(low, 1);
  ck_assert_uint_eq(high, 65535);
}
END_TEST

START_TEST(refuses_ports)
{
  static const char *const texts[] = {"",      "-",     "0",       "0-5",   "5-0",
                                      "10-9",  "65536", "1-65536", "8760-", "-9960",
                                      "1-2-3", "1 - 2", "a-b",     "1:2",   "000000008760"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint16_t low = 7;
    uint16_t high = 8;
    struct ow_failure failure = {0};
    ck_assert_msg(ow_port_range_parse(texts[i], &low, &high, &failure) == OW_INVALID, "'%s' was read",
                  texts[i]);
    ck_assert_uint_eq(low, 7);
    ck_assert_uint_eq(high, 8);
    ck_assert_ptr_nonnull(strstr(failure.text, "is not a range of ports"));
  }
}
END_TEST

/* Zeros before a number are read, as long as it isn't absurd. */
START_TEST(zeros_before_a_port_have_a_bound)
{
  uint16_t low = 0;
  uint16_t high = 0;
  ck_assert_int_eq(ow_port_range_parse("0008760-0000009960", &low, &high, NULL), OW_OK);
  ck_assert_uint_eq(low, 8760);
  ck_assert_uint_eq(high, 9960);
  ck_assert_int_eq(ow_port_range_parse("00008760", &low, &high, NULL), OW_INVALID);
  ck_assert_int_eq(ow_port_range_parse("8760-00000009960", &low, &high, NULL), OW_INVALID);
  ck_assert(ow_port_range_or_any_parse("8760-00000009960", &low, &high));
}
END_TEST

START_TEST(owampd_takes_0_for_any)
{
  static const char *const bad[] = {"",        "-",     "0-5",   "5-0",   "10-9", "65536",
                                    "1-65536", "8760-", "-9960", "1-2-3", "a"};
  uint16_t low = 7;
  uint16_t high = 8;
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_port_range_or_any_parse(bad[i], &low, &high), "%s", bad[i]);
  ck_assert(low == 7 && high == 8);
  ck_assert(ow_port_range_or_any_parse("8760-9960", &low, &high) && low == 8760 && high == 9960);
  ck_assert(ow_port_range_or_any_parse("0", &low, &high) && low == 0 && high == 0);
  ck_assert(ow_port_range_or_any_parse("861", &low, &high) && low == 861 && high == 861);
  ck_assert(ow_port_range_or_any_parse("0-0", &low, &high) && low == 0 && high == 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("port_range");
  TEST_CASE(suite, "of a peer", reads_ports, refuses_ports, zeros_before_a_port_have_a_bound);
  TEST_CASE(suite, "of owampd", owampd_takes_0_for_any);
  return test_run(suite);
}
