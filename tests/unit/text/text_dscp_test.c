/* SPDX-License-Identifier: MIT */
/* core/text: DSCPs. */
#include <string.h>

#include "support/main.h"
#include "text/dscp.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const struct {
  const char *text;
  uint8_t dscp;
} dscps[] = {{"0", 0},     {"63", 63},   {"46", 46},   {"0x2e", 46}, {"0X2E", 46}, {"0x0", 0},   {"EF", 46},
             {"ef", 46},   {"AF41", 34}, {"af13", 14}, {"CS0", 0},   {"CS1", 8},   {"cs7", 56},  {"DF", 0},
             {"be", 0},    {"LE", 1},    {"VA", 44},   {"AF11", 10}, {"AF12", 12}, {"AF21", 18}, {"AF22", 20},
             {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30}, {"AF42", 36}, {"AF43", 38}, {"CS2", 16},
             {"CS3", 24},  {"CS4", 32},  {"CS5", 40},  {"CS6", 48},  {"0x3f", 63}};

START_TEST(reads_dscps)
{
  uint8_t dscp = 99;
  ck_assert_int_eq(ow_dscp_parse(dscps[_i].text, &dscp, NULL), OW_OK);
  ck_assert_uint_eq(dscp, dscps[_i].dscp);
}
END_TEST

START_TEST(refuses_dscps)
{
  static const char *const texts[] = {"",    "64", "-1",   "0x40", "0x",  "0x2e0", "0xg",   "E",
                                      "EFF", "AF", "AF44", "AF51", "CS8", "46 ",   "0x0x1", "x2e"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint8_t dscp = 99;
    struct ow_failure failure = {0};
    ck_assert_msg(ow_dscp_parse(texts[i], &dscp, &failure) == OW_INVALID, "'%s' was read", texts[i]);
    ck_assert_uint_eq(dscp, 99);
    ck_assert_ptr_nonnull(strstr(failure.text, "is not a DSCP"));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("dscp");
  TEST_LOOP(suite, "those that can be read", LENGTH(dscps), reads_dscps);
  TEST_CASE(suite, "those that can't", refuses_dscps);
  return test_run(suite);
}
