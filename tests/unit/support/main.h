/* SPDX-License-Identifier: MIT */
/* The main() of a test program: one suite, its cases as lists of tests. */
#ifndef OWAMP_TEST_MAIN_H
#define OWAMP_TEST_MAIN_H

#include <check.h>

enum { TEST_SECONDS = 60 }; /* one test may take that long: sanitizers are slow */

/** Add a case of the tests named, which START_TEST has defined; returns it, the suite's. */
#define TEST_CASE(suite, name, ...) test_case(suite, name, 1, (const TTest *const[]){__VA_ARGS__, NULL})
/** The same, each test run for _i from 0 to `times` - 1. */
#define TEST_LOOP(suite, name, times, ...)                                                                   \
  test_case(suite, name, times, (const TTest *const[]){__VA_ARGS__, NULL})
/** The same, `set_up` running before each test and `tear_down` after it. */
#define TEST_CASE_WITH(set_up, tear_down, suite, ...)                                                        \
  tcase_add_checked_fixture(TEST_CASE(suite, __VA_ARGS__), set_up, tear_down)
#define TEST_LOOP_WITH(set_up, tear_down, suite, name, ...)                                                  \
  tcase_add_checked_fixture(TEST_LOOP(suite, name, __VA_ARGS__), set_up, tear_down)
TCase *test_case(Suite *suite, const char *name, int times, const TTest *const *tests);

/** Run the suite and free it; what main() returns. CK_VERBOSITY says how much is printed. */
int test_run(Suite *suite);

/** As test_run(), with a process for each test whatever CK_FORK says: a test leaves behind what the next
 * would meet. */
int test_run_apart(Suite *suite);

#endif
