/* SPDX-License-Identifier: MIT */
/* core/text: words without regard to capitals. */
#include <stdbool.h>

#include "support/main.h"
#include "text/word.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(capitals_make_no_difference)
{
  static const struct {
    const char *a;
    const char *b;
    bool same;
  } rows[] = {
      {"", "", true},
      {"on", "ON", true},
      {"LOG_", "log_", true},
      {"azAZ", "AZaz", true},
      {"on", "o", false},
      {"o", "on", false},
      {"on", "of", false},
      {"", "a", false},
      {"@", "`", false},
      {"[", "{", false},
      {"\xc3\xa4", "\xc3\x84", false},
  };
  for (int i = 0; i < LENGTH(rows); i++)
    ck_assert_msg(ow_same_word(rows[i].a, rows[i].b) == rows[i].same, "%s %s", rows[i].a, rows[i].b);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("word");
  TEST_CASE(suite, "words", capitals_make_no_difference);
  return test_run(suite);
}
