/* SPDX-License-Identifier: MIT */
/* core/text: durations, with a unit, and as owampd writes seconds. */
#include <string.h>

#include "support/main.h"
#include "text/duration.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const struct {
  const char *text;
  int64_t ns;
} durations[] = {
    {"10ms", 10 * OW_NS_PER_MS},
    {"2s", 2 * OW_NS_PER_S},
    {"500us", 500000},
    {"1us", 1000},
    {"2.5\u00b5s", 2500},
    {"3\u03bcs", 3000},
    {"2.5s", 2500 * OW_NS_PER_MS},
    {".5ms", 500000},
    {"1.s", OW_NS_PER_S},
    {"0.001us", 1},
    {"0.0000000019s", 1},
    {"1.0000000000000000000001s", OW_NS_PER_S},
    {"00000000000000000000000000001s", OW_NS_PER_S},
    {"86400s", OW_LONGEST_DURATION},
    {"86400000000us", OW_LONGEST_DURATION},
};

START_TEST(reads_durations)
{
  int64_t ns = 0;
  ck_assert_int_eq(ow_duration_parse(durations[_i].text, &ns, NULL), OW_OK);
  ck_assert_int_eq(ns, durations[_i].ns);
}
END_TEST

START_TEST(refuses_durations)
{
  static const char *const texts[] = {
      "",
      "10",
      "ms",
      ".",
      ".s",
      "-1s",
      "+1s",
      "0s",
      "0.0000000001s",
      "1 s",
      " 1s",
      "1s ",
      "1m",
      "1h",
      "1S",
      "1e3ms",
      "1,5s",
      "nan",
      "inf",
      "1..2s",
      "0x1s",
      "86401s",
      "86400.1s",
      "99999999999999999999999s",
      "9223372036854775807us",
      "18446744073709551617s",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int64_t ns = -7;
    struct ow_failure failure = {0};
    ck_assert_msg(ow_duration_parse(texts[i], &ns, &failure) == OW_INVALID, "'%s' was read", texts[i]);
    ck_assert_int_eq(ns, -7);
    ck_assert_ptr_nonnull(strstr(failure.text, "is not a duration"));
    ck_assert_int_eq(strstr(failure.text, "a point and not a comma") != NULL, strchr(texts[i], ',') != NULL);
  }
}
END_TEST

START_TEST(seconds_may_have_a_fraction)
{
  int64_t span;
  ck_assert(ow_seconds_parse("2", &span) && span == 2 * OW_NS_PER_S);
  ck_assert(ow_seconds_parse("0.25", &span) && span == 250 * OW_NS_PER_MS);
  ck_assert(ow_seconds_parse("1.0000000019", &span) && span == OW_NS_PER_S + 1);
  static const char *const bad[] = {"", ".", "-1", "1,5", "1e3", "nan", "99999999999"};
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_seconds_parse(bad[i], &span), "%s", bad[i]);
}
END_TEST

START_TEST(a_fraction_may_be_missing_but_not_the_seconds)
{
  int64_t span = -7;
  ck_assert(ow_seconds_parse("2.", &span) && span == 2 * OW_NS_PER_S);
  ck_assert(ow_seconds_parse("1000000000", &span) && span == OW_NS_PER_S * OW_NS_PER_S);
  static const char *const bad[] = {".5", "1000000001", "2s", "2 ", "-0", "1.5.", "18446744073709551617"};
  for (int i = 0; i < LENGTH(bad); i++)
    ck_assert_msg(!ow_seconds_parse(bad[i], &span), "%s", bad[i]);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("duration");
  TEST_LOOP(suite, "those that can be read", LENGTH(durations), reads_durations);
  TEST_CASE(suite, "those that can't", refuses_durations);
  TEST_CASE(suite, "seconds", seconds_may_have_a_fraction, a_fraction_may_be_missing_but_not_the_seconds);
  return test_run(suite);
}
