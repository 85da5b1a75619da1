/* SPDX-License-Identifier: MIT */
/* core/text: parts of a text. */
#include <string.h>

#include "support/main.h"
#include "text/piece.h"

static void expect(struct ow_piece piece, const char *text)
{
  ck_assert_msg(ow_piece_is(piece, text), "'%.*s' is not '%s'", (int)piece.length, piece.at, text);
}

START_TEST(a_piece_is_a_text_or_not)
{
  ck_assert(ow_piece_is((struct ow_piece){"abc", 2}, "ab"));
  ck_assert(!ow_piece_is((struct ow_piece){"abc", 2}, "abc"));
  ck_assert(!ow_piece_is((struct ow_piece){"abc", 2}, "a"));
  ck_assert(!ow_piece_is((struct ow_piece){"abc", 2}, "aB"));
  ck_assert(ow_piece_is(ow_piece_of(""), ""));
}
END_TEST

START_TEST(blanks_are_trimmed)
{
  expect(ow_piece_trim(ow_piece_of(" \ta b\t "), " \t"), "a b");
  expect(ow_piece_trim(ow_piece_of(" \ta"), " "), "\ta");
  expect(ow_piece_trim(ow_piece_of("  "), " "), "");
  expect(ow_piece_trim(ow_piece_of(""), " "), "");
  expect(ow_piece_trim_start(ow_piece_of("  a "), " "), "a ");
  ck_assert_uint_eq(ow_piece_trim((struct ow_piece){"\0 ", 2}, " ").length, 1);
}
END_TEST

START_TEST(words_are_cut_off)
{
  struct ow_piece rest = {" one\ttwo  x!", 11};
  expect(ow_piece_word(&rest, " \t"), "one");
  expect(ow_piece_word(&rest, " \t"), "two");
  expect(ow_piece_word(&rest, " \t"), "x");
  expect(ow_piece_word(&rest, " \t"), "");
  ck_assert_uint_eq(rest.length, 0);
  rest = (struct ow_piece){"a\0b c", 5};
  ck_assert_uint_eq(ow_piece_word(&rest, " ").length, 3);
}
END_TEST

START_TEST(a_piece_is_shown_cut_and_printable)
{
  char shown[OW_PIECE_TEXT];
  char text[OW_PIECE_TEXT + 1];
  memset(text, 'x', sizeof text);
  ck_assert_str_eq(ow_piece_print(shown, (struct ow_piece){"a\x1b[b", 3}), "a?[");
  ck_assert_uint_eq(strlen(ow_piece_print(shown, (struct ow_piece){text, sizeof text})), OW_PIECE_TEXT - 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("piece");
  TEST_CASE(suite, "pieces", a_piece_is_a_text_or_not, blanks_are_trimmed, words_are_cut_off,
            a_piece_is_shown_cut_and_printable);
  return test_run(suite);
}
