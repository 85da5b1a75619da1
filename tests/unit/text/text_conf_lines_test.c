/* SPDX-License-Identifier: MIT */
/* core/text: the lines of owampd's configuration files. */
#include <string.h>

#include "support/main.h"
#include "text/conf_lines.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* What all lines of the text say, a blank behind each word and ';' behind each line, or the failure. */
static const char *read_all(const char *text)
{
  static char out[OW_FAILURE_TEXT];
  struct ow_failure failure = {0};
  struct ow_conf_lines lines;
  char *line = NULL;
  out[0] = '\0';
  enum ow_status status = ow_conf_lines_open(&lines, "t.conf", text, strlen(text), &failure);
  if (status == OW_OK)
    status = ow_conf_lines_next(&lines, &line, &failure);
  while (status == OW_OK && line) {
    for (char *word = ow_conf_word(&line); word; word = ow_conf_word(&line)) {
      strcat(out, word);
      strcat(out, " ");
    }
    strcat(out, ";");
    status = ow_conf_lines_next(&lines, &line, &failure);
  }
  ow_conf_lines_close(&lines);
  return status == OW_OK ? out : strcpy(out, failure.text);
}

static const struct {
  const char *text;
  const char *said;
} rows[] = {
    {"", ""},
    {"\n\r\n \t\v\f\n", ""},
    {"a b\nc\r\n", "a b ;c ;"},
    {"# a\n \t# b \\\n c # d", "c # d ;"},
    {"a\\\nb \\\r\n\tc\nd", "ab c ;d ;"},
    {"a b\\\r\nc\\\nd\\\n e\n", "a bcd e ;"},
    {"a\\\n# b\n", "a# b ;"},
    {"\\\n\n", ""},
    {"\\\n # a\nb\n", "b ;"},
    {" \\\n\\\na\n", "a ;"},
    {"a \\\n\nb", "a ;b ;"},
    {"a \\\n", "a ;"},
    {"\xef\xbb\xbf# a\nb", "b ;"},
    {"\xef\xbb\xbf\ta\\\nb", "ab ;"},
    {"\n\\", "t.conf:2: a continued line, but the file ends here"},
    {"a\\\n b\\\r", "t.conf:2: a continued line, but the file ends here"},
    {"a\\b\n", "t.conf:1: a backslash can stand only at the end of a line, to continue it"},
    {"a\\\nb\\c\\\nd", "t.conf:2: a backslash can stand only at the end of a line, to continue it"},
    {"\xef\xbb\xbf\na\\ \nb", "t.conf:2: blanks behind the backslash that continues the line; remove them"},
};

START_TEST(lines_are_joined_and_cut_into_words)
{
  ck_assert_str_eq(read_all(rows[_i].text), rows[_i].said);
}
END_TEST

START_TEST(a_failure_names_the_line_of_any_part)
{
  static const char text[] = "\xef\xbb\xbf# a\nb \\\n c\nd";
  struct ow_failure failure;
  struct ow_conf_lines lines;
  char *line = NULL;
  ck_assert_int_eq(ow_conf_lines_open(&lines, "t.conf", text, sizeof text - 1, &failure), OW_OK);
  ck_assert_int_eq(ow_conf_lines_next(&lines, &line, &failure), OW_OK);
  const char *b = ow_conf_word(&line);
  const char *c = ow_conf_word(&line);
  ck_assert_uint_eq(ow_conf_lines_number(&lines, b), 2);
  ck_assert_int_eq(ow_conf_lines_fail(&lines, c, &failure, "\"%s\x1b\"", c), OW_INVALID);
  ck_assert_str_eq(failure.text, "t.conf:3: \"c?\"");
  ow_conf_lines_close(&lines);
  ck_assert_int_eq(ow_conf_lines_open(&lines, "t.conf", "a\n\0", 3, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "t.conf:2: a NUL octet; this is not a text file");
  ow_conf_lines_close(&lines);
}
END_TEST

START_TEST(blanks_are_cut_off_both_ends)
{
  char text[] = " \t a b\r\n";
  char none[] = " \v\f";
  ck_assert_str_eq(ow_conf_trim(text), "a b");
  ck_assert_str_eq(ow_conf_trim(none), "");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("conf_lines");
  TEST_LOOP(suite, "lines", LENGTH(rows), lines_are_joined_and_cut_into_words);
  TEST_CASE(suite, "parts", a_failure_names_the_line_of_any_part, blanks_are_cut_off_both_ends);
  return test_run(suite);
}
