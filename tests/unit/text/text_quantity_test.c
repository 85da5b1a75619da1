/* SPDX-License-Identifier: MIT */
/* core/text: quantities. */
#include <stdint.h>

#include "support/main.h"
#include "text/quantity.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(quantities_know_suffixes_and_their_bounds)
{
  uint64_t value;
  ck_assert(ow_quantity_parse("0", &value) && value == 0);
  ck_assert(ow_quantity_parse("10k", &value) && value == 10000);
  ck_assert(ow_quantity_parse("20M", &value) && value == 20000000);
  ck_assert(ow_quantity_parse("10G", &value) && value == UINT64_C(10000000000));
  ck_assert(ow_quantity_parse("18446744073709551615", &value) && value == UINT64_MAX);
  ck_assert(ow_quantity_parse("18e", &value) && value == UINT64_C(18000000000000000000));
  static const char *const bad[] = {"",   "k", "-1", "+1", "1.5m", "1kk", "1x", " 1", "18446744073709551616",
                                    "19e"};
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_quantity_parse(bad[i], &value), "%s", bad[i]);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("quantity");
  TEST_CASE(suite, "quantities", quantities_know_suffixes_and_their_bounds);
  return test_run(suite);
}
