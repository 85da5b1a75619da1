/* SPDX-License-Identifier: MIT */
/* Samples lie in blocks, so that what is kept never moves: small ones first, as most sessions are short. */
#include "time/sample.h"

#include <stdlib.h>

enum { BLOCK = 128, SMALL = 16, SMALL_BLOCKS = BLOCK / SMALL /* in place of the first block */ };

void ow_samples_clear(struct ow_samples *samples)
{
  ow_samples_shorten(samples, 0);
  free(samples->blocks);
  *samples = (struct ow_samples){0};
}

static size_t block_of(size_t index)
{
  return index < BLOCK ? index / SMALL : index / BLOCK + SMALL_BLOCKS - 1;
}

static size_t place_in_block(size_t index)
{
  return index % (index < BLOCK ? SMALL : BLOCK);
}

static size_t blocks_for(size_t count)
{
  return count ? block_of(count - 1) + 1 : 0;
}

/* Room for one more block, and the block itself. */
static enum ow_status add_block(struct ow_samples *samples)
{
  size_t used = blocks_for(samples->count);
  if (used == samples->block_slots) {
    size_t slots = samples->block_slots ? samples->block_slots * 2 : 4;
    struct ow_sample **blocks = reallocarray(samples->blocks, slots, sizeof *blocks);
    if (!blocks)
      return OW_MEMORY;
    samples->blocks = blocks;
    samples->block_slots = slots;
  }
  samples->blocks[used] = malloc((used < SMALL_BLOCKS ? SMALL : BLOCK) * sizeof **samples->blocks);
  return samples->blocks[used] ? OW_OK : OW_MEMORY;
}

enum ow_status ow_samples_append(struct ow_samples *samples, const struct ow_sample *sample)
{
  if (place_in_block(samples->count) == 0 && add_block(samples) != OW_OK)
    return OW_MEMORY;
  samples->count++;
  *ow_samples_at(samples, samples->count - 1) = *sample;
  return OW_OK;
}

struct ow_sample *ow_samples_at(const struct ow_samples *samples, size_t index)
{
  return &samples->blocks[block_of(index)][place_in_block(index)];
}

void ow_samples_shorten(struct ow_samples *samples, size_t count)
{
  size_t keep = blocks_for(count);
  for (size_t i = blocks_for(samples->count); i > keep; i--)
    free(samples->blocks[i - 1]);
  if (count < samples->count)
    samples->count = count;
}

void ow_samples_trim(struct ow_samples *samples)
{
  size_t used = blocks_for(samples->count);
  size_t rest = place_in_block(samples->count);
  if (rest) {
    struct ow_sample *last = realloc(samples->blocks[used - 1], rest * sizeof *last);
    if (last)
      samples->blocks[used - 1] = last;
  }
  if (used < samples->block_slots && used > 0) {
    struct ow_sample **blocks = reallocarray(samples->blocks, used, sizeof *blocks);
    if (blocks)
      samples->blocks = blocks;
    samples->block_slots = used;
  }
}

size_t ow_samples_memory(const struct ow_samples *samples)
{
  size_t used = blocks_for(samples->count);
  size_t room = used <= SMALL_BLOCKS ? used * SMALL : (used - SMALL_BLOCKS + 1) * BLOCK;
  return room * sizeof **samples->blocks + samples->block_slots * sizeof *samples->blocks;
}
