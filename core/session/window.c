/* SPDX-License-Identifier: MIT */
/* Blocks of few packets, as most sessions have few open: the last one emptied is kept, so that a steady flow
 * allocates nothing. */
#include "session/window.h"

#include <stdlib.h>

#include "wire/session_request.h"

enum {
  BLOCK = 8,
  FIRST_SLOTS = 4,
  MOST_SLOTS = 2 * OW_OUTSTANDING_MOST / BLOCK, /* a power of 2, above the blocks of as many as may be open */
};

static struct ow_open_packet **block_of(const struct ow_window *window, uint32_t sequence)
{
  return &window->blocks[sequence / BLOCK & (window->block_slots - 1)];
}

struct ow_open_packet *ow_window_at(const struct ow_window *window, uint32_t sequence)
{
  return &(*block_of(window, sequence))[sequence % BLOCK];
}

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
    struct ow_open_packet *block = window->spare ? window->spare : malloc(BLOCK * sizeof *block);
    window->spare = NULL;
    *block_of(window, window->end) = block;
    status = block ? OW_OK : OW_MEMORY;
  }
  return status;
}

enum ow_status ow_window_append(struct ow_window *window, struct ow_timestamp due)
{
  enum ow_status status = window->end - window->base < OW_OUTSTANDING_MOST ? OW_OK : OW_LIMIT;
  if (status == OW_OK && window->end % BLOCK == 0)
    status = add_block(window);
  if (status == OW_OK) {
    *ow_window_at(window, window->end) = (struct ow_open_packet){.due = due};
    window->end++;
  }
  return status;
}

void ow_window_drop_first(struct ow_window *window)
{
  struct ow_open_packet **block = block_of(window, window->base);
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
