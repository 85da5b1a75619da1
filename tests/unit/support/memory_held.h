/* SPDX-License-Identifier: MIT */
/* How much memory the program holds, so that a test can tell that a call released none. */
#ifndef OWAMP_TEST_MEMORY_HELD_H
#define OWAMP_TEST_MEMORY_HELD_H

#include <malloc.h>
#include <stddef.h>

/** Octets that are allocated now; always 0 where a sanitizer has taken the allocator's place. */
static inline size_t test_memory_held(void)
{
  return mallinfo2().uordblks;
}

#endif
