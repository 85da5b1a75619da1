/* SPDX-License-Identifier: MIT */
/* OWAMP_SEED or the time; numbers are SplitMix64's. */
#include "support/seed.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t choose(void)
{
  const char *given = getenv("OWAMP_SEED");
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  return given && *given ? strtoull(given, NULL, 10)
                         : (uint64_t)now.tv_sec * 1000000007U + (uint64_t)now.tv_nsec;
}

uint64_t test_seed(void)
{
  static bool chosen;
  static uint64_t seed;
  if (!chosen) {
    chosen = true;
    seed = choose();
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
  }
  return seed;
}

struct test_prng test_prng(uint64_t seed)
{
  return (struct test_prng){seed};
}

/* Wrapping arithmetic is the point. */
uint64_t test_prng_next(struct test_prng *prng)
{
  uint64_t mixed = prng->state += UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
  return mixed ^ mixed >> 31;
}

uint64_t test_prng_below(struct test_prng *prng, uint64_t limit)
{
  return test_prng_next(prng) % limit;
}

void test_prng_fill(struct test_prng *prng, void *out, size_t octets)
{
  uint8_t *at = out;
  for (size_t i = 0; i < octets; i++)
    at[i] = (uint8_t)(test_prng_next(prng) >> 56);
}

static void fill_from_prng(void *context, void *out, size_t octets)
{
  test_prng_fill(context, out, octets);
}

struct ow_random test_random(struct test_prng *prng)
{
  return (struct ow_random){.context = prng, .fill = fill_from_prng};
}

static void fill_from_script(void *context, void *out, size_t octets)
{
  struct test_script *script = context;
  ck_assert_msg(octets <= script->left, "%zu random octets wanted, %zu left in the script", octets,
                script->left);
  memcpy(out, script->octets, octets);
  script->octets += octets;
  script->left -= octets;
}

struct ow_random test_random_script(struct test_script *script)
{
  return (struct ow_random){.context = script, .fill = fill_from_script};
}
