/* SPDX-License-Identifier: MIT */
/*
 * Memory that fails on command. The core's objects as the programs *_memory_test have them call these in
 * place of malloc(3) and its kin (tests/CMakeLists.txt renames them), so that a test can fail the first, the
 * second,
 * ... allocation of a scenario in turn. Memory that the core has and doesn't give back fails the test.
 */
#ifndef OWAMP_TEST_FAILING_MEMORY_H
#define OWAMP_TEST_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Run `scenario` once for each of its allocations, that one failing, and once more, all succeeding; prints
 * how many they are. It must free all that it allocates by the core. With OWAMP_ALLOCATION=N in the
 * environment only the N-th fails.
 */
void test_memory_exhaust(const char *name, void (*scenario)(void));

/**
 * OpenSSL's allocations fail like the core's; before it is used at all. What it keeps for itself is no matter
 * of the test's.
 */
void test_memory_of_crypto(void);
/** Off: what the scenario allocates now is not counted and doesn't fail. On at its beginning. Returns what it
 * was. */
bool test_memory_scarce(bool scarce);
/** True as soon as this run's allocation has failed. */
bool test_memory_failed(void);
/** Its number, for messages. */
unsigned test_memory_run(void);

/* What the core's objects call. */
void *failing_malloc(size_t octets);
void *failing_calloc(size_t count, size_t octets);
void *failing_realloc(void *memory, size_t octets);
void *failing_reallocarray(void *memory, size_t count, size_t octets);
char *failing_strdup(const char *text);
void failing_free(void *memory);

#endif
