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

/** A packet that is not yet overdue. */
struct ow_open_packet {
  struct ow_timestamp due;
  bool seen;
  uint32_t mark; /* of reflected sessions: tells copies of the answer from other answers */
};

/** Zero-initialised: empty, and the first packet is number 0. Sequence numbers base .. end - 1 are open. */
struct ow_window {
  uint32_t base;
  uint32_t end;
  struct ow_open_packet **blocks;
  uint32_t block_slots; /* a power of 2 */
  struct ow_open_packet *spare;
};

/**
 * The packet after the last is open, too, and due then. OW_LIMIT: as many are open as may be
 * (OW_OUTSTANDING_MOST). OW_MEMORY. The window is then as before.
 */
enum ow_status ow_window_append(struct ow_window *window, struct ow_timestamp due) OW_MUST_CHECK;
/** An open packet; valid until it is dropped. */
struct ow_open_packet *ow_window_at(const struct ow_window *window, uint32_t sequence);
/** The first open packet's fate is decided. There must be one. */
void ow_window_drop_first(struct ow_window *window);
/** Give back all memory; nothing is open any more. */
void ow_window_clear(struct ow_window *window);

#endif
