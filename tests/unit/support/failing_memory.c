/* SPDX-License-Identifier: MIT */
/* Allocations are counted and kept in a tree; the n-th is refused, what stays is a leak. */
#include "support/failing_memory.h"

#include <check.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool scarce;
static unsigned count;   /* of allocations, in this run */
static unsigned failing; /* the one that fails; 0: none */
static unsigned failed;  /* how many have */
static size_t live;
static void *blocks; /* tsearch(3) tree of those that are live */

/* ---- what is live; with the lock held ---- */

static int compare(const void *a, const void *b)
{
  return ((const char *)a > (const char *)b) - ((const char *)a < (const char *)b);
}

static void enter(void *memory)
{
  if (memory && tsearch(memory, &blocks, compare))
    live++;
}

/* What the core frees may be the C library's, or an output of the test's. */
static void leave(const void *memory)
{
  if (memory && tdelete(memory, &blocks, compare))
    live--;
}

static bool may_allocate(void)
{
  bool may = true;
  if (scarce && ++count == failing) {
    failed++;
    may = false;
    errno = ENOMEM;
  }
  return may;
}

/* ---- in place of the C library's ---- */

static void *reallocate(void *memory, size_t size, size_t octets, bool zeroed)
{
  void *made = NULL;
  pthread_mutex_lock(&lock);
  if (may_allocate()) {
    leave(memory);
    made = zeroed ? calloc(size, octets) : reallocarray(memory, size, octets);
    enter(made ? made : memory);
  }
  pthread_mutex_unlock(&lock);
  return made;
}

void *failing_malloc(size_t octets)
{
  return reallocate(NULL, 1, octets, false);
}

void *failing_calloc(size_t size, size_t octets)
{
  return reallocate(NULL, size, octets, true);
}

void *failing_realloc(void *memory, size_t octets)
{
  return reallocate(memory, 1, octets, false);
}

void *failing_reallocarray(void *memory, size_t size, size_t octets)
{
  return reallocate(memory, size, octets, false);
}

char *failing_strdup(const char *text)
{
  size_t octets = strlen(text) + 1;
  char *copy = reallocate(NULL, 1, octets, false);
  if (copy)
    memcpy(copy, text, octets);
  return copy;
}

void failing_free(void *memory)
{
  pthread_mutex_lock(&lock);
  leave(memory);
  pthread_mutex_unlock(&lock);
  free(memory);
}

/* ---- OpenSSL's ---- */

static bool may_allocate_locked(void)
{
  pthread_mutex_lock(&lock);
  bool may = may_allocate();
  pthread_mutex_unlock(&lock);
  return may;
}

static void *crypto_malloc(size_t octets, const char *file, int line)
{
  (void)file, (void)line;
  return may_allocate_locked() ? malloc(octets) : NULL;
}

static void *crypto_realloc(void *memory, size_t octets, const char *file, int line)
{
  (void)file, (void)line;
  return may_allocate_locked() ? realloc(memory, octets) : NULL;
}

static void crypto_free(void *memory, const char *file, int line)
{
  (void)file, (void)line;
  free(memory);
}

void test_memory_of_crypto(void)
{
  if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
    abort();
}

/* ---- the runs ---- */

static void set(bool on, unsigned nth)
{
  pthread_mutex_lock(&lock);
  scarce = on;
  failing = nth;
  count = failed = 0;
  pthread_mutex_unlock(&lock);
}

static void run(const char *name, void (*scenario)(void), unsigned nth)
{
  size_t before = live;
  set(true, nth);
  scenario();
  scarce = false;
  ck_assert_msg(live == before, "%s: %zu blocks are left behind after allocation %u has failed", name,
                live - before, nth);
}

static void run_each(const char *name, void (*scenario)(void))
{
  run(name, scenario, 0); /* libraries begin, once for all */
  run(name, scenario, 0);
  ck_assert_msg(count > 0, "%s allocates nothing: are the core's objects those that ask here?", name);
  printf("%s: %u allocations\n", name, count);
  fflush(stdout);
  failed = 1;
  for (unsigned nth = 1; failed > 0; nth++)
    run(name, scenario, nth);
}

void test_memory_exhaust(const char *name, void (*scenario)(void))
{
  const char *only = getenv("OWAMP_ALLOCATION");
  if (only)
    run(name, scenario, (unsigned)strtoul(only, NULL, 10));
  else
    run_each(name, scenario);
}

bool test_memory_scarce(bool on)
{
  pthread_mutex_lock(&lock);
  bool was = scarce;
  scarce = on;
  pthread_mutex_unlock(&lock);
  return was;
}

bool test_memory_failed(void)
{
  pthread_mutex_lock(&lock);
  bool has = failed > 0;
  pthread_mutex_unlock(&lock);
  return has;
}

unsigned test_memory_run(void)
{
  return failing;
}
