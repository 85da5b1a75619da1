/* SPDX-License-Identifier: MIT */
/* Randomness for tests: from a seed that is printed and can be given again, or from a script. */
#ifndef OWAMP_TEST_SEED_H
#define OWAMP_TEST_SEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

/**
 * OWAMP_SEED from the environment, or else from the time. The first call prints "seed N" on stdout;
 * make it in main(), so that all tests, which run in children, share it.
 */
uint64_t test_seed(void);

/** A small generator (SplitMix64); any seed will do. */
struct test_prng {
  uint64_t state;
};

struct test_prng test_prng(uint64_t seed);
uint64_t test_prng_next(struct test_prng *prng);
/** From 0 to `limit` - 1. */
uint64_t test_prng_below(struct test_prng *prng, uint64_t limit);
void test_prng_fill(struct test_prng *prng, void *out, size_t octets);

/** Randomness for the core from `prng`, which must outlive it: the same seed gives the same octets. */
struct ow_random test_random(struct test_prng *prng);

/** Octets to be handed out one after another. */
struct test_script {
  const uint8_t *octets;
  size_t left;
};

/** Randomness for the core from `script`, which must outlive it; fails the test if the script runs out. */
struct ow_random test_random_script(struct test_script *script);

#endif
