/* SPDX-License-Identifier: MIT */
/* session/window: what is appended is found until it is dropped, however the window grows and shrinks. */
#include "session/window.h"
#include "support/main.h"
#include "support/seed.h"
#include "wire/session_request.h"

/* Told from its number, so that nothing need be kept beside. */
static struct ow_timestamp due(uint32_t sequence)
{
  return (struct ow_timestamp){UINT64_C(0x9e3779b97f4a7c15) * (sequence + 1)};
}

static void append(struct ow_window *window)
{
  ck_assert_int_eq(ow_window_append(window, due(window->end)), OW_OK);
}

static void expect_all(const struct ow_window *window)
{
  uint32_t wrong = 0;
  for (uint32_t i = window->base; i != window->end; i++)
    wrong += ow_window_due(window, i).ntp != due(i).ntp;
  ck_assert_uint_eq(wrong, 0);
}

START_TEST(it_holds_what_is_open_and_nothing_else)
{
  struct ow_window window = {0};
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < 300; round++) {
    for (uint64_t more = test_prng_below(&prng, 300); more > 0; more--)
      append(&window);
    expect_all(&window);
    for (uint64_t fewer = test_prng_below(&prng, window.end - window.base + 1); fewer > 0; fewer--)
      ow_window_drop_first(&window);
    expect_all(&window);
  }
  ow_window_clear(&window);
}
END_TEST

/* By _i: with a mark for each, or without. */
START_TEST(what_was_seen_is_remembered)
{
  struct ow_window window = {.marked = _i == 1};
  for (uint32_t i = 0; i < 1000; i++) {
    append(&window);
    ck_assert(!ow_window_seen(&window, i));
    if (i % 3 == 0)
      ow_window_see(&window, i);
    ck_assert(!window.marked || ow_window_mark(&window, i) == 0);
    if (window.marked)
      ow_window_set_mark(&window, i, ~i);
  }
  expect_all(&window);
  for (uint32_t i = 0; i < 1000; i++) {
    ck_assert_int_eq(ow_window_seen(&window, i), i % 3 == 0);
    ck_assert(!window.marked || ow_window_mark(&window, i) == ~i);
  }
  ow_window_clear(&window);
}
END_TEST

/* Begun in the middle of a block, so that it takes one block more. */
START_TEST(as_many_as_may_be_open_and_no_more)
{
  struct ow_window window = {0};
  append(&window);
  ow_window_drop_first(&window);
  for (uint32_t i = 0; i < OW_OUTSTANDING_MOST; i++)
    append(&window);
  ck_assert_int_eq(ow_window_append(&window, due(window.end)), OW_LIMIT);
  expect_all(&window);
  ow_window_drop_first(&window);
  append(&window);
  expect_all(&window);
  ow_window_clear(&window);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session: window");
  TEST_CASE(suite, "window", it_holds_what_is_open_and_nothing_else, as_many_as_may_be_open_and_no_more);
  TEST_LOOP(suite, "seen", 2, what_was_seen_is_remembered);
  return test_run(suite);
}
