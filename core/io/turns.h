/* SPDX-License-Identifier: MIT */
/*
 * How long a loop's turns take, each from one wait to the next. Pure: the clocks are handed in. That of a
 * thread's CPU time is a system call, so it is read after long turns, and after some short ones.
 */
#ifndef OWAMP_IO_TURNS_H
#define OWAMP_IO_TURNS_H

#include <stdbool.h>
#include <stdint.h>

/** So many ns of turns may pass before the thread's CPU time is read. */
enum { OW_TURNS_UNREAD = 250 * 1000 };

/** How long one turn took: all of it, and what of it this thread ran. ns. */
struct ow_turn {
  int64_t wall;
  int64_t cpu;
};

/** Zero-initialised, and `cpu` set before the first turn. */
struct ow_turns {
  int64_t begin;          /* of this one, monotonic ns */
  int64_t cpu;            /* ns that the thread had run when that was read last, at a turn's end */
  int64_t unread;         /* ns of turns since then */
  struct ow_turn longest; /* by either */
};

/** The turn ends `now`. True: tell for how long the thread has run (ow_turns_ran()). */
bool ow_turns_end(struct ow_turns *turns, int64_t now);
/**
 * The thread has run for `cpu` ns in all, at the end of this turn. Of the short ones before that nobody asked
 * of it is taken that they ran all the time.
 */
void ow_turns_ran(struct ow_turns *turns, int64_t now, int64_t cpu);
/** The longest by either since this was last asked. */
struct ow_turn ow_turns_longest(struct ow_turns *turns);

#endif
