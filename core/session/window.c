/* SPDX-License-Identifier: MIT */
/* Blocks of few packets, as most sessions have few open: the last one emptied is kept, so that a steady flow
 * allocates nothing. */
#include "session/window.h"

#include <stddef.h>
#include <stdlib.h>

#include "wire/session_request.h"

enum {
  BLOCK = 8,
  FIRST_SLOTS = 4,
  MOST_SLOTS = 2 * OW_OUTSTANDING_MOST / BLOCK, /* a power of 2, above the blocks of as many as may be open */
};

struct ow_window_block {
  struct ow_timestamp due[BLOCK];
  uint8_t seen;    /* a bit for each */
  uint32_t mark[]; /* of a marked window; BLOCK of them */
};

_Static_assert(BLOCK <= 8, "`seen` has a bit for each packet of a block");

static struct ow_window_block **block_of(const struct ow_window *window, uint32_t sequence)
{
  return &window->blocks[sequence / BLOCK & (window->block_slots - 1)];
}

static struct ow_window_block *create_block(const struct ow_window *window)
{
  size_t octets = sizeof(struct ow_window_block);
  if (window->marked)
    octets = offsetof(struct ow_window_block, mark) + BLOCK * sizeof(uint32_t);
  return malloc(octets);
}

/* ---- a packet ---- */

struct ow_timestamp ow_window_due(const struct ow_window *window, uint32_t sequence)
{
  return (*block_of(window, sequence))->due[sequence % BLOCK];
}

bool ow_window_seen(const struct ow_window *window, uint32_t sequence)
{
  return (*block_of(window, sequence))->seen >> sequence % BLOCK & 1;
}

void ow_window_see(struct ow_window *window, uint32_t sequence)
{
  (*block_of(window, sequence))->seen |= (uint8_t)(1U << sequence % BLOCK);
}

uint32_t ow_window_mark(const struct ow_window *window, uint32_t sequence)
{
  return (*block_of(window, sequence))->mark[sequence % BLOCK];
}

void ow_window_set_mark(struct ow_window *window, uint32_t sequence, uint32_t mark)
{
  (*block_of(window, sequence))->mark[sequence % BLOCK] = mark;
}

/* ---- which are open ---- */

/* Twice as many slots for blocks. */
static enum ow_status widen(struct ow_window *window)
{
  struct ow_window wider = *window;
  wider.block_slots = window->block_slots ? window->block_slots * 2 : FIRST_SLOTS;
  if (wider.block_slots > MOST_SLOTS)
    return OW_LIMIT;
  wider.blocks = calloc(wider.block_slots, sizeof *wider.blocks);
  if (!wider.blocks)
    return OW_MEMORY;
  for (uint32_t i = 0; i < window->block_slots; i++) {
    uint32_t sequence = window->base + i * BLOCK;
    *block_of(&wider, sequence) = *block_of(window, sequence);
  }
  free(window->blocks);
  window->blocks = wider.blocks;
  window->block_slots = wider.block_slots;
  return OW_OK;
}

/* The slot of the next block is taken while the ring's oldest packets are still open. */
static enum ow_status add_block(struct ow_window *window)
{
  enum ow_status status = OW_OK;
  if (!window->blocks || *block_of(window, window->end))
    status = widen(window);
  if (status == OW_OK) {
    struct ow_window_block *block = window->spare ? window->spare : create_block(window);
    window->spare = NULL;
    *block_of(window, window->end) = block;
    if (block)
      block->seen = 0;
    else
      status = OW_MEMORY;
  }
  return status;
}

enum ow_status ow_window_append(struct ow_window *window, struct ow_timestamp due)
{
  enum ow_status status = window->end - window->base < OW_OUTSTANDING_MOST ? OW_OK : OW_LIMIT;
  if (status == OW_OK && window->end % BLOCK == 0)
    status = add_block(window);
  if (status == OW_OK) {
    (*block_of(window, window->end))->due[window->end % BLOCK] = due;
    if (window->marked)
      ow_window_set_mark(window, window->end, 0);
    window->end++;
  }
  return status;
}

void ow_window_drop_first(struct ow_window *window)
{
  struct ow_window_block **block = block_of(window, window->base);
  window->base++;
  if (window->base % BLOCK == 0) {
    free(window->spare);
    window->spare = *block;
    *block = NULL;
  }
}

void ow_window_clear(struct ow_window *window)
{
  for (uint32_t i = 0; window->blocks && i < window->block_slots; i++)
    free(window->blocks[i]);
  free(window->blocks);
  free(window->spare);
  window->blocks = NULL;
  window->spare = NULL;
  window->block_slots = 0;
  window->base = window->end;
}
