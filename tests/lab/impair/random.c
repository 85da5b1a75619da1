/* SPDX-License-Identifier: MIT */
/* SplitMix64, and what is made from it: uniform, normal and bounded numbers. */
#include "random.h"

#include <math.h>

struct random random_seeded(uint64_t seed)
{
  return (struct random){.state = seed};
}

/* SplitMix64: one addition and a mix, of full period. */
static uint64_t next(struct random *random)
{
  uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double random_uniform(struct random *random)
{
  return (double)(next(random) >> 11) * 0x1p-53;
}

double random_normal(struct random *random)
{
  double radius = sqrt(-2 * log(1 - random_uniform(random)));
  return radius * cos(2 * M_PI * random_uniform(random));
}

uint64_t random_below(struct random *random, uint64_t limit)
{
  return limit ? next(random) % limit : 0;
}
