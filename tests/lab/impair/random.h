/* SPDX-License-Identifier: MIT */
/* Reproducible randomness: the same seed and the same order of packets give the same decisions. */
#ifndef IMPAIR_RANDOM_H
#define IMPAIR_RANDOM_H

#include <stdint.h>

struct random {
  uint64_t state;
};

struct random random_seeded(uint64_t seed);
/** 0 <= x < 1. */
double random_uniform(struct random *random);
/** Mean 0, standard deviation 1. */
double random_normal(struct random *random);
uint64_t random_below(struct random *random, uint64_t limit);

#endif
