/* SPDX-License-Identifier: MIT */
/* Samples lie in blocks, so that what is kept never moves: small ones first, as most sessions are short. */
#include "time/sample.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128, SMALL = 16, SMALL_BLOCKS = BLOCK / SMALL /* in place of the first block */ };

/* A sample but for its `stamped_before`, with nothing aligned: there are many. */
struct record {
  uint8_t sent[sizeof(struct ow_timestamp)];
  uint8_t received[sizeof(struct ow_timestamp)];
  uint8_t sequence[sizeof(uint32_t)];
  uint8_t send_error[sizeof(struct ow_error_estimate)];
  uint8_t receive_error[sizeof(struct ow_error_estimate)];
  uint8_t ttl;
  uint8_t by; /* `source`, and in the upper half `departed` */
};

_Static_assert(sizeof(struct record) == 26, "a record has no holes");
_Static_assert(sizeof(struct record) + sizeof(int32_t) <= 32, "a kept record takes at most 32 octets");

struct ow_sample_block {
  int32_t *stamped_before; /* of each; NULL: 0 */
  struct record records[];
};

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

/* How many samples that block is for, */
static size_t room_of(size_t block)
{
  return block < SMALL_BLOCKS ? SMALL : BLOCK;
}

/* and what so many take. */
static size_t octets_of(size_t samples)
{
  return sizeof(struct ow_sample_block) + samples * sizeof(struct record);
}

/* Room for one more block, and the block itself. */
static enum ow_status add_block(struct ow_samples *samples)
{
  size_t used = blocks_for(samples->count);
  if (used == samples->block_slots) {
    size_t slots = samples->block_slots ? samples->block_slots * 2 : 4;
    struct ow_sample_block **blocks = reallocarray(samples->blocks, slots, sizeof *blocks);
    if (!blocks)
      return OW_MEMORY;
    samples->blocks = blocks;
    samples->block_slots = slots;
  }
  struct ow_sample_block *block = malloc(octets_of(room_of(used)));
  samples->blocks[used] = block;
  if (block)
    block->stamped_before = NULL;
  return block ? OW_OK : OW_MEMORY;
}

static void free_block(struct ow_sample_block *block)
{
  free(block->stamped_before);
  free(block);
}

enum ow_status ow_samples_append(struct ow_samples *samples, const struct ow_sample *sample)
{
  if (place_in_block(samples->count) == 0 && add_block(samples) != OW_OK)
    return OW_MEMORY;
  samples->count++;
  bool put = ow_samples_put(samples, samples->count - 1, sample);
  if (!put)
    ow_samples_shorten(samples, samples->count - 1);
  return put ? OW_OK : OW_MEMORY;
}

enum ow_status ow_samples_append_all(struct ow_samples *samples, const struct ow_samples *from)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < from->count && status == OW_OK; i++) {
    const struct ow_sample sample = ow_samples_at(from, i);
    status = ow_samples_append(samples, &sample);
  }
  return status;
}

struct ow_sample ow_samples_at(const struct ow_samples *samples, size_t index)
{
  const struct ow_sample_block *block = samples->blocks[block_of(index)];
  const struct record *record = &block->records[place_in_block(index)];
  struct ow_sample sample = {.ttl = record->ttl, .source = record->by & 15, .departed = record->by >> 4};
  memcpy(&sample.sent, record->sent, sizeof record->sent);
  memcpy(&sample.received, record->received, sizeof record->received);
  memcpy(&sample.sequence, record->sequence, sizeof record->sequence);
  memcpy(&sample.send_error, record->send_error, sizeof record->send_error);
  memcpy(&sample.receive_error, record->receive_error, sizeof record->receive_error);
  if (block->stamped_before)
    sample.stamped_before = block->stamped_before[place_in_block(index)];
  return sample;
}

bool ow_samples_put(const struct ow_samples *samples, size_t index, const struct ow_sample *sample)
{
  struct ow_sample_block *block = samples->blocks[block_of(index)];
  struct record *record = &block->records[place_in_block(index)];
  if (sample->stamped_before != 0 && !block->stamped_before) {
    block->stamped_before = calloc(room_of(block_of(index)), sizeof *block->stamped_before);
    if (!block->stamped_before)
      return false;
  }
  memcpy(record->sent, &sample->sent, sizeof record->sent);
  memcpy(record->received, &sample->received, sizeof record->received);
  memcpy(record->sequence, &sample->sequence, sizeof record->sequence);
  memcpy(record->send_error, &sample->send_error, sizeof record->send_error);
  memcpy(record->receive_error, &sample->receive_error, sizeof record->receive_error);
  record->ttl = sample->ttl;
  record->by = (uint8_t)(sample->source | sample->departed << 4);
  if (block->stamped_before)
    block->stamped_before[place_in_block(index)] = sample->stamped_before;
  return true;
}

void ow_samples_shorten(struct ow_samples *samples, size_t count)
{
  size_t keep = blocks_for(count);
  for (size_t i = blocks_for(samples->count); i > keep; i--)
    free_block(samples->blocks[i - 1]);
  if (count < samples->count)
    samples->count = count;
}

void ow_samples_trim(struct ow_samples *samples)
{
  size_t used = blocks_for(samples->count);
  size_t rest = place_in_block(samples->count);
  if (rest) {
    struct ow_sample_block *last = realloc(samples->blocks[used - 1], octets_of(rest));
    if (last)
      samples->blocks[used - 1] = last;
  }
  if (used < samples->block_slots && used > 0) {
    struct ow_sample_block **blocks = reallocarray(samples->blocks, used, sizeof *blocks);
    if (blocks)
      samples->blocks = blocks;
    samples->block_slots = used;
  }
}

size_t ow_samples_memory(const struct ow_samples *samples)
{
  size_t octets = samples->block_slots * sizeof *samples->blocks;
  for (size_t i = 0; i < blocks_for(samples->count); i++) {
    octets += octets_of(room_of(i));
    if (samples->blocks[i]->stamped_before)
      octets += room_of(i) * sizeof *samples->blocks[i]->stamped_before;
  }
  return octets;
}
