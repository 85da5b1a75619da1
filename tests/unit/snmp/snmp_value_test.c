/* SPDX-License-Identifier: MIT */
/* Values as SNMP carries them: rounding, clamping, dates. */
#include <math.h>
#include <string.h>

#include "mib_value.h"
#include "support/main.h"

START_TEST(nanoseconds_to_microseconds)
{
  static const struct {
    int64_t ns;
    int32_t us;
    uint32_t up;
  } times[] = {{0, 0, 0},
               {1, 0, 1},
               {499, 0, 1},
               {500, 1, 1},
               {1000, 1, 1},
               {1001, 1, 2},
               {1499, 1, 2},
               {1500, 2, 2},
               {-499, 0, 0},
               {-500, -1, 0},
               {-1500, -2, 0},
               {INT64_C(2147483647499), INT32_MAX, 2147483648U},
               {INT64_C(2147483647500), INT32_MAX, 2147483648U},
               {INT64_C(-2147483648499), INT32_MIN, 0},
               {INT64_C(-2147483649000), INT32_MIN, 0},
               {INT64_C(4294967295000), INT32_MAX, UINT32_MAX},
               {INT64_C(4294967295001), INT32_MAX, UINT32_MAX},
               {INT64_MAX, INT32_MAX, UINT32_MAX},
               {INT64_MIN, INT32_MIN, 0}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    ck_assert_msg(mib_microseconds(times[i].ns) == times[i].us, "%lld", (long long)times[i].ns);
    ck_assert_msg(mib_microseconds_up(times[i].ns) == times[i].up, "%lld", (long long)times[i].ns);
  }
}
END_TEST

START_TEST(ratios_and_doubles)
{
  ck_assert_uint_eq(mib_loss_ratio(0, 100), 0);
  ck_assert_uint_eq(mib_loss_ratio(1, 3), 33333);
  ck_assert_uint_eq(mib_loss_ratio(2, 3), 66667);
  ck_assert_uint_eq(mib_loss_ratio(1, 200000), 1);
  ck_assert_uint_eq(mib_loss_ratio(1, 200001), 0);
  ck_assert_uint_eq(mib_loss_ratio(UINT32_MAX, UINT32_MAX), 100000);
  ck_assert_int_eq(mib_round(1.5), 2);
  ck_assert_int_eq(mib_round(-1.5), -2);
  ck_assert_int_eq(mib_round(1e300), INT32_MAX);
  ck_assert_int_eq(mib_round(-1e300), INT32_MIN);
  ck_assert_int_eq(mib_round(INFINITY), INT32_MAX);
  ck_assert_int_eq(mib_round(-INFINITY), INT32_MIN);
}
END_TEST

START_TEST(octets_are_cut)
{
  char text[MIB_OCTETS_MOST + 2];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  struct mib_value value = mib_text(text);
  ck_assert_uint_eq(value.length, MIB_OCTETS_MOST);
  ck_assert_uint_eq(value.octets[MIB_OCTETS_MOST], 0);
}
END_TEST

START_TEST(dates_are_of_their_era)
{
  /* 2036-02-07 06:28:16 UTC: seconds of NTP begin anew. */
  static const uint8_t anew[11] = {0x07, 0xf4, 2, 7, 6, 28, 16, 5, '+', 0, 0};
  struct ow_timestamp stamp = {.ntp = UINT64_C(1) << 31};
  struct mib_value value = mib_date(stamp, (struct timespec){.tv_sec = 2085978496});
  ck_assert_uint_eq(value.length, sizeof anew);
  ck_assert_mem_eq(value.octets, anew, sizeof anew);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp/value");
  TEST_CASE(suite, "values", nanoseconds_to_microseconds, ratios_and_doubles, octets_are_cut,
            dates_are_of_their_era);
  return test_run(suite);
}
