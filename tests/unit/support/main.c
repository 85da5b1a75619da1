/* SPDX-License-Identifier: MIT */
/* Each case has its time limit, and may run its tests several times. */
#include "support/main.h"

#include <stdlib.h>

TCase *test_case(Suite *suite, const char *name, int times, const TTest *const *tests)
{
  TCase *added = tcase_create(name);
  tcase_set_timeout(added, TEST_SECONDS);
  for (; *tests; tests++)
    tcase_add_loop_test(added, *tests, 0, times);
  suite_add_tcase(suite, added);
  return added;
}

static int run(SRunner *runner)
{
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int test_run(Suite *suite)
{
  return run(srunner_create(suite));
}

int test_run_apart(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  srunner_set_fork_status(runner, CK_FORK);
  return run(runner);
}
