/* SPDX-License-Identifier: MIT */
/* core/text: the known word that is written most like another one. */
#include "support/main.h"
#include "text/nearest.h"

static const char *nearest_of(const char *wanted)
{
  static const char *const known[] = {"host", "port", "ports", "loss-timeout", "nat", "padding"};
  static struct ow_nearest nearest;
  nearest = ow_nearest(ow_piece_of(wanted));
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    ow_nearest_offer(&nearest, known[i]);
  return nearest.word;
}

START_TEST(a_word_that_is_nearly_right)
{
  ck_assert_str_eq(nearest_of("hots"), "host"); /* swapped */
  ck_assert_str_eq(nearest_of("hst"), "host");
  ck_assert_str_eq(nearest_of("hoost"), "host");
  ck_assert_str_eq(nearest_of("most"), "host");
  ck_assert_str_eq(nearest_of("HOST"), "host");
  ck_assert_str_eq(nearest_of("tport"), "port"); /* the first of two that are as near */
  ck_assert_str_eq(nearest_of("losstimeuot"), "loss-timeout");
  ck_assert_str_eq(nearest_of("nta"), "nat");
}
END_TEST

START_TEST(a_word_that_is_like_none)
{
  char text[OW_NEAREST_TEXT] = "?";
  struct ow_nearest nearest = ow_nearest(ow_piece_of("h"));
  ow_nearest_offer(&nearest, "host");
  ck_assert_str_eq(nearest.word, "");
  ck_assert_str_eq(nearest_of(""), "");
  ck_assert_str_eq(nearest_of("colour"), "");
  ck_assert_str_eq(nearest_of("ho"), "");
  ck_assert_str_eq(nearest_of("a-word-that-is-much-longer-than-any-other-one"), "");
  nearest = ow_nearest(ow_piece_of("colour"));
  ow_nearest_offer(&nearest, "an-option-that-is-much-longer-than-any-other-one");
  ck_assert_str_eq(ow_nearest_print(text, &nearest), "");
}
END_TEST

START_TEST(it_is_told)
{
  char text[OW_NEAREST_TEXT];
  struct ow_nearest nearest = ow_nearest((struct ow_piece){"--hsot=far", 6});
  ow_nearest_offer(&nearest, "--host");
  ck_assert_str_eq(ow_nearest_print(text, &nearest), "; did you mean --host?");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("nearest word");
  TEST_CASE(suite, "nearest", a_word_that_is_nearly_right, a_word_that_is_like_none, it_is_told);
  return test_run(suite);
}
