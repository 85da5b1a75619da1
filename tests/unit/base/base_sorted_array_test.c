/* SPDX-License-Identifier: MIT */
/* core/base: an array that is kept sorted, against one that is sorted afterwards. */
#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"
#include "support/main.h"
#include "support/seed.h"

enum { KEYS = 300 };

static int compare(const void *key, const void *element)
{
  int a = *(const int *)key;
  int b = *(const int *)element;
  return (a > b) - (a < b);
}

START_TEST(an_empty_array_has_its_first_place_and_nothing_in_it)
{
  bool found = true;
  ck_assert_uint_eq(ow_sorted_place(NULL, 0, sizeof(int), &(int){7}, compare, &found), 0);
  ck_assert(!found);
}
END_TEST

static int *add(int *array, size_t *count, int key)
{
  bool found;
  size_t place = ow_sorted_place(array, *count, sizeof key, &key, compare, &found);
  ck_assert(!found);
  int *grown = ow_sorted_open(array, count, sizeof key, place);
  ck_assert_ptr_nonnull(grown);
  grown[place] = key;
  return grown;
}

static void take_out(int *array, size_t *count, int key)
{
  bool found;
  size_t place = ow_sorted_place(array, *count, sizeof key, &key, compare, &found);
  ck_assert(found);
  ck_assert_int_eq(array[place], key);
  ow_sorted_close(array, count, sizeof key, place);
}

/* Which keys are in it is known; they must stand there rising, and each at its place. */
static void check_all(const int *array, size_t count, const bool *in)
{
  size_t at = 0;
  for (int key = 0; key < KEYS; key++) {
    bool found;
    size_t place = ow_sorted_place(array, count, sizeof key, &key, compare, &found);
    ck_assert_int_eq(found, in[key]);
    ck_assert_uint_eq(place, at);
    if (in[key])
      ck_assert_int_eq(array[at++], key);
  }
  ck_assert_uint_eq(count, at);
}

START_TEST(what_comes_and_goes_at_random_stays_sorted)
{
  struct test_prng prng = test_prng(test_seed());
  bool in[KEYS] = {false};
  int *array = NULL;
  size_t count = 0;
  for (int step = 0; step < 3000; step++) {
    int key = (int)test_prng_below(&prng, KEYS);
    if (in[key])
      take_out(array, &count, key);
    else
      array = add(array, &count, key);
    in[key] = !in[key];
    if (step % 100 == 0)
      check_all(array, count, in);
  }
  check_all(array, count, in);
  free(array);
}
END_TEST

START_TEST(it_can_be_emptied_and_filled_again)
{
  int *array = NULL;
  size_t count = 0;
  for (int round = 0; round < 3; round++) {
    for (int key = 0; key < KEYS; key++)
      array = add(array, &count, KEYS - key);
    ck_assert_int_eq(array[0], 1);
    ck_assert_int_eq(array[KEYS - 1], KEYS);
    for (int key = 1; key <= KEYS; key++)
      take_out(array, &count, key);
    ck_assert_uint_eq(count, 0);
  }
  free(array);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("base: sorted array");
  TEST_CASE(suite, "sorted array", an_empty_array_has_its_first_place_and_nothing_in_it,
            what_comes_and_goes_at_random_stays_sorted, it_can_be_emptied_and_filled_again);
  return test_run(suite);
}
