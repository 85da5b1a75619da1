/* SPDX-License-Identifier: MIT */
/* A key is derived, each allocation failing in turn. */
#include <string.h>

#include "derive/derivation.h"
#include "support/failing_memory.h"
#include "support/main.h"

static struct ow_loop *loop;
static unsigned told;

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key)
{
  (void)context, (void)key;
  told++;
  ck_assert(!test_memory_failed());
  ck_assert_int_eq(status, OW_OK);
  ow_loop_stop(loop);
}

static void one_key(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_key_source source = {"secret", 6, {0}, 1024};
  test_memory_scarce(false);
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  test_memory_scarce(true);
  told = 0;
  if (ow_derivation_begin(loop, &source, 0, 0, 1, on_derived, NULL, &failure)) {
    ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
    ck_assert_uint_eq(told, 1);
  } else {
    ck_assert(test_memory_failed());
    ck_assert_int_eq(failure.status, OW_MEMORY);
    ck_assert_msg(strstr(failure.text, "memory") != NULL, "%s", failure.text);
  }
  ow_loop_free(loop);
}

START_TEST(a_key_without_memory_is_told)
{
  test_memory_exhaust("a key", one_key);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("derive_memory");
  TEST_CASE(suite, "memory", a_key_without_memory_is_told);
  return test_run(suite);
}
