/* SPDX-License-Identifier: MIT */
/*
 * The packets of a schedule whose fate is open, by sequence number: a ring of blocks. It grows without moving
 * what it holds, and has memory for as many as are open, however many there are for a while.
 */
#ifndef OWAMP_SESSION_WINDOW_H
#define OWAMP_SESSION_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "time/timestamp.h"

/** When some packets in a row are due, and whether they came. */
struct ow_window_block;

/** Zero-initialised: empty, and the first packet is number 0. Sequence numbers base .. end - 1 are open. */
struct ow_window {
  uint32_t base;
  uint32_t end;
  struct ow_window_block **blocks;
  uint32_t block_slots; /* a power of 2 */
  bool marked;          /* set before the first packet: there is room for marks, too */
  struct ow_window_block *spare;
};

/**
 * The packet after the last is open, too, and due then. OW_LIMIT: as many are open as may be
 * (OW_OUTSTANDING_MOST). OW_MEMORY. The window is then as before.
 */
enum ow_status ow_window_append(struct ow_window *window, struct ow_timestamp due) OW_MUST_CHECK;
/** Of an open packet: when it is due, */
struct ow_timestamp ow_window_due(const struct ow_window *window, uint32_t sequence);
/** whether it was seen, */
bool ow_window_seen(const struct ow_window *window, uint32_t sequence);
void ow_window_see(struct ow_window *window, uint32_t sequence);
/** and, in a marked window, whatever its owner noted of it; 0 before that. */
uint32_t ow_window_mark(const struct ow_window *window, uint32_t sequence);
void ow_window_set_mark(struct ow_window *window, uint32_t sequence, uint32_t mark);
/** The first open packet's fate is decided. There must be one. */
void ow_window_drop_first(struct ow_window *window);
/** Give back all memory; nothing is open any more. */
void ow_window_clear(struct ow_window *window);

#endif
