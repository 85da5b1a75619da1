/* SPDX-License-Identifier: MIT */
/* What every fuzz target has: its entry point, and a check that stops it. */
#ifndef OWAMP_FUZZ_TARGET_H
#define OWAMP_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets);

/** Holds for every input; not an assert(), which a release build would drop. */
#define FUZZ_CHECK(condition)                                                                                \
  do {                                                                                                       \
    if (!(condition))                                                                                        \
      abort();                                                                                               \
  } while (0)

/** A copy of just the size, and a NUL behind it, so that a read beyond its end is seen. The caller frees. */
static inline char *fuzz_text(const uint8_t *input, size_t octets)
{
  char *text = malloc(octets + 1);
  FUZZ_CHECK(text);
  if (octets)
    memcpy(text, input, octets);
  text[octets] = '\0';
  return text;
}

#endif
