/* SPDX-License-Identifier: MIT */
/* core/text: a text into a member of fixed size, to the last octet that fits. */
#include <string.h>

#include "support/main.h"
#include "text/field.h"

START_TEST(what_fits_is_copied_and_the_rest_is_zero)
{
  char field[8];
  struct ow_failure failure;
  memset(field, 'x', sizeof field);
  ck_assert_int_eq(ow_field_copy(field, sizeof field, "seven77", &failure), OW_OK);
  ck_assert_str_eq(field, "seven77");
  ck_assert_int_eq(ow_field_copy(field, sizeof field, "a", &failure), OW_OK);
  ck_assert_mem_eq(field, "a\0\0\0\0\0\0", 8);
}
END_TEST

START_TEST(what_is_empty_or_too_long_is_refused_and_changes_nothing)
{
  char field[8] = "before";
  struct ow_failure failure;
  ck_assert_int_eq(ow_field_copy(field, sizeof field, "", &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "the value is empty");
  ck_assert_int_eq(ow_field_copy(field, sizeof field, "eight888", &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "the value is longer than 7 characters");
  ck_assert_str_eq(field, "before");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("text: field");
  TEST_CASE(suite, "field", what_fits_is_copied_and_the_rest_is_zero,
            what_is_empty_or_too_long_is_refused_and_changes_nothing);
  return test_run(suite);
}
