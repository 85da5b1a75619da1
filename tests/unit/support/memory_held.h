/* SPDX-License-Identifier: MIT */
/* How much memory the program holds, so that a test can tell that a call released none. */
#ifndef OWAMP_TEST_MEMORY_HELD_H
#define OWAMP_TEST_MEMORY_HELD_H

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Octets that are allocated now; always 0 where a sanitizer has taken the allocator's place. */
static inline size_t test_memory_held(void)
{
  return mallinfo2().uordblks;
}

/*
 * The sanitizers' own memory is several times the program's, and tells nothing of it.
 */
#ifndef __has_feature /* which is clang's word for them */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||     \
    __has_feature(thread_sanitizer)
enum { TEST_MEMORY_TELLS = 0 };
#else
enum { TEST_MEMORY_TELLS = 1 };
#endif

/** The most memory that the program ever had in use at once, octets; 0 where that can't be read, or tells
 * nothing. */
static inline size_t test_memory_peak(void)
{
  char line[128];
  unsigned long kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "re");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "VmHWM:", 6) == 0)
      kilobytes = strtoul(line + 6, NULL, 10);
  if (status)
    fclose(status);
  return TEST_MEMORY_TELLS ? (size_t)kilobytes * 1024 : 0;
}

#endif
