/* SPDX-License-Identifier: MIT */
/* Randomness is handed in, so that tests can replay a measurement octet for octet. */
#ifndef OWAMP_BASE_RANDOM_H
#define OWAMP_BASE_RANDOM_H

#include <stddef.h>

/** `fill` writes `octets` unpredictable octets to `out`; it can't fail. */
struct ow_random {
  void *context;
  void (*fill)(void *context, void *out, size_t octets);
};

static inline void ow_random_fill(const struct ow_random *random, void *out, size_t octets)
{
  random->fill(random->context, out, octets);
}

#endif
