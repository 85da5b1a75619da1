/* SPDX-License-Identifier: MIT */
/* control/stop_index: each session's end is found, among few and many, with and without one. */
#include "control/stop_index.h"
#include "support/main.h"

enum { MOST = 1000 };

static struct ow_session_end ends[MOST];

static struct ow_sid sid_of(uint32_t number)
{
  uint32_t mixed = number * 2654435761U;
  return (struct ow_sid){
      {(uint8_t)mixed, (uint8_t)(mixed >> 8), (uint8_t)(mixed >> 16), (uint8_t)(mixed >> 24)}};
}

START_TEST(each_is_found_and_no_other)
{
  static const uint32_t counts[] = {0, 1, 8, 9, MOST};
  uint32_t count = counts[_i];
  struct ow_stop_index index;
  for (uint32_t i = 0; i < count; i++)
    ends[i].sid = sid_of(i);
  ow_stop_index_make(&index, count ? ends : NULL, count);
  for (uint32_t i = 0; i < MOST; i++) {
    struct ow_sid sid = sid_of(i);
    ck_assert_ptr_eq(ow_stop_index_find(&index, &sid), i < count ? &ends[i] : NULL);
  }
  ow_stop_index_clear(&index);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control: stop index");
  TEST_LOOP(suite, "index", 5, each_is_found_and_no_other);
  return test_run(suite);
}
