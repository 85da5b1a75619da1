/* SPDX-License-Identifier: MIT */
/* check_owamp's manual page, and the options that Icinga's command passes, against the table of options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_table.h"
#include "support/main.h"
#include "support/manual.h"

START_TEST(every_option_is_in_the_manual)
{
  struct manual manual;
  manual_read(&manual, "check_owamp.8", "DESCRIPTION");
  for (size_t i = 0; i < check_option_count; i++) {
    const struct check_option *option = &check_option_table[i];
    struct check_option_text text;
    check_option_describe(option, &text);
    const struct manual_item *item = manual_find(&manual, text.name);
    ck_assert_msg(item != NULL, "--%s isn't in check_owamp.8", text.name);
    if (option->of_peer && !option->flag)
      manual_expect_default(item, option->id, OW_USE_PROBE);
  }
}
END_TEST

START_TEST(every_option_of_the_manual_is_taken)
{
  struct manual manual;
  manual_read(&manual, "check_owamp.8", "DESCRIPTION");
  for (size_t i = 0; i < manual.count; i++)
    ck_assert_msg(check_option_find(ow_piece_of(manual.items[i].name)) != NULL, "there is no --%s",
                  manual.items[i].name);
}
END_TEST

START_TEST(icinga_passes_options_that_there_are)
{
  char *text = manual_file("docs/examples/icinga/owamp-command.conf");
  unsigned count = 0;
  for (const char *at = strstr(text, "\"--"); at; at = strstr(at + 1, "\"--")) {
    struct ow_piece name = {at + 3, strcspn(at + 3, "\"")};
    ck_assert_msg(check_option_find(name) != NULL, "there is no --%.*s", (int)name.length, name.at);
    count++;
  }
  ck_assert_uint_gt(count, 5);
  free(text);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp/documents");
  TEST_CASE(suite, "documents", every_option_is_in_the_manual, every_option_of_the_manual_is_taken,
            icinga_passes_options_that_there_are);
  return test_run(suite);
}
