/* SPDX-License-Identifier: MIT */
/* core/text: the lines of text files. */
#include <string.h>

#include "support/main.h"
#include "text/lines.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const struct ow_lines_form form = {.blanks = " \t\r", .comments = "#;"};

/* The next line must be this one, with this number. */
static void expect(struct ow_lines *lines, const char *text, size_t number)
{
  struct ow_piece line;
  ck_assert_msg(ow_lines_next(lines, &line), "no line where '%s' should be", text);
  ck_assert_msg(ow_piece_is(line, text), "'%.*s' is not '%s'", (int)line.length, line.at, text);
  ck_assert_uint_eq(lines->number, number);
}

static void expect_end(struct ow_lines *lines)
{
  struct ow_piece line;
  ck_assert(!ow_lines_next(lines, &line));
  ck_assert(!ow_lines_next(lines, &line));
}

static struct ow_lines lines_of(const char *text)
{
  return ow_lines(&form, text, strlen(text));
}

START_TEST(lines_that_say_something_are_numbered)
{
  struct ow_lines lines = lines_of("one\n\n \t\r\n# none\n  ; none\n \ttwo # of two\t\r\n\\\nlast");
  expect(&lines, "one", 1);
  expect(&lines, "two # of two\t\r", 6);
  expect(&lines, "\\", 7);
  expect(&lines, "last", 8);
  expect_end(&lines);
}
END_TEST

START_TEST(a_text_may_say_nothing)
{
  static const char *const texts[] = {"", "\n", "\r\n\n", "#", " ;\n", "\xef\xbb\xbf", "\xef\xbb\xbf\n"};
  ck_assert_int_eq(LENGTH(texts), 7);
  struct ow_lines lines = lines_of(texts[_i]);
  expect_end(&lines);
}
END_TEST

START_TEST(a_byte_order_mark_is_no_part_of_the_first_line)
{
  struct ow_lines lines = lines_of("\xef\xbb\xbfone\n\xef\xbb\xbftwo");
  expect(&lines, "one", 1);
  expect(&lines, "\xef\xbb\xbftwo", 2);
  expect_end(&lines);
  lines = lines_of("\xef\xbb\xbf# none\n \xef\xbb\xbf");
  expect(&lines, "\xef\xbb\xbf", 2);
  lines = lines_of("\xef\xbb\xbf\xef\xbb\xbf");
  expect(&lines, "\xef\xbb\xbf", 1);
  lines = ow_lines(&form, "\xef\xbb\xbf", 2);
  expect(&lines, "\xef\xbb", 1);
}
END_TEST

START_TEST(a_nul_is_neither_blank_nor_comment)
{
  struct ow_lines lines = ow_lines(&form, "\0a\n", 3);
  struct ow_piece line;
  ck_assert(ow_lines_next(&lines, &line));
  ck_assert_uint_eq(line.length, 2);
}
END_TEST

START_TEST(a_line_can_be_joined_with_those_that_follow)
{
  struct ow_lines lines = lines_of(" a\n # b\nc\n\nd");
  struct ow_piece line;
  ck_assert(ow_lines_next(&lines, &line));
  ck_assert(ow_lines_join(&lines, &line));
  ck_assert(ow_piece_is(line, "a\n # b"));
  ck_assert(ow_lines_join(&lines, &line));
  ck_assert(ow_piece_is(line, "a\n # b\nc"));
  ck_assert_uint_eq(lines.number, 3);
  expect(&lines, "d", 5);
  lines = lines_of("a\n");
  ck_assert(ow_lines_next(&lines, &line));
  ck_assert(ow_lines_join(&lines, &line));
  ck_assert(ow_piece_is(line, "a\n"));
  ck_assert(!ow_lines_join(&lines, &line));
  lines = lines_of("a");
  ck_assert(ow_lines_next(&lines, &line));
  ck_assert(!ow_lines_join(&lines, &line));
  ck_assert(ow_piece_is(line, "a"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("lines");
  TEST_CASE(suite, "lines", lines_that_say_something_are_numbered,
            a_byte_order_mark_is_no_part_of_the_first_line, a_nul_is_neither_blank_nor_comment,
            a_line_can_be_joined_with_those_that_follow);
  TEST_LOOP(suite, "nothing", 7, a_text_may_say_nothing);
  return test_run(suite);
}
