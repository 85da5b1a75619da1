/* SPDX-License-Identifier: MIT */
/* A bitmap that grows to the right; differences are taken modulo 2^32. */
#include "session/answer_numbers.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 32, BEFORE = 1024, FIRST_WORDS = 64 };

void ow_answer_numbers_clear(struct ow_answer_numbers *numbers)
{
  free(numbers->words);
  numbers->words = NULL;
  numbers->word_count = 0;
}

static bool grow(struct ow_answer_numbers *numbers, uint32_t words)
{
  uint32_t count = numbers->word_count ? numbers->word_count : FIRST_WORDS;
  while (count < words)
    count *= 2;
  uint32_t *grown = reallocarray(numbers->words, count, sizeof *grown);
  if (grown) {
    memset(grown + numbers->word_count, 0, (count - numbers->word_count) * sizeof *grown);
    numbers->words = grown;
    numbers->word_count = count;
  }
  return grown != NULL;
}

bool ow_answer_numbers_add(struct ow_answer_numbers *numbers, uint32_t number)
{
  if (!numbers->words)
    numbers->origin = number - BEFORE;
  uint32_t bit = number - numbers->origin;
  uint32_t word = bit / BITS;
  uint32_t mask = UINT32_C(1) << bit % BITS;
  bool room = numbers->words && word < numbers->word_count;
  if (bit >= (uint64_t)numbers->most + BEFORE || (!room && !grow(numbers, word + 1))) {
    numbers->beyond = true;
    return true;
  }
  bool first = !(numbers->words[word] & mask);
  numbers->words[word] |= mask;
  return first;
}

static uint32_t bits_of(uint32_t word)
{
  uint32_t bits = 0;
  for (; word; word &= word - 1)
    bits++;
  return bits;
}

/* Bits set in front of `bit`. */
static uint32_t set_before(const struct ow_answer_numbers *numbers, uint32_t bit)
{
  uint32_t set = 0;
  for (uint32_t word = 0; word < bit / BITS; word++)
    set += bits_of(numbers->words[word]);
  if (bit % BITS)
    set += bits_of(numbers->words[bit / BITS] & ((UINT32_C(1) << bit % BITS) - 1));
  return set;
}

bool ow_answer_numbers_missing(const struct ow_answer_numbers *numbers, uint32_t after, uint32_t before,
                               uint32_t *missing)
{
  uint32_t from = after + 1 - numbers->origin;
  uint32_t to = before - numbers->origin;
  bool known = !numbers->beyond && from <= to && to < (uint64_t)numbers->word_count * BITS;
  if (known)
    *missing = to - from - (set_before(numbers, to) - set_before(numbers, from));
  return known;
}
