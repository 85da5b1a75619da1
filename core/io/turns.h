/* SPDX-License-Identifier: MIT */
/* How long a loop's turns take, each from one wait to the next. Pure: the clocks are handed in. */
#ifndef OWAMP_IO_TURNS_H
#define OWAMP_IO_TURNS_H

#include <stdint.h>

/** How long one turn took: all of it, and what of it this thread ran. ns. */
struct ow_turn {
  int64_t wall;
  int64_t cpu;
};

/** Zero-initialised, and `cpu` set before the first turn. */
struct ow_turns {
  int64_t begin;          /* of this one, monotonic ns */
  int64_t cpu;            /* ns that the thread has run until the last one's end: it doesn't while it waits */
  struct ow_turn longest; /* by either */
};

/** The turn ends `now`, and the thread has run for `cpu` ns in all. */
void ow_turns_end(struct ow_turns *turns, int64_t now, int64_t cpu);
/** The longest by either since this was last asked. */
struct ow_turn ow_turns_longest(struct ow_turns *turns);

#endif
