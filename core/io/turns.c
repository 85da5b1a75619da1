/* SPDX-License-Identifier: MIT */
/* The longest wall time and the longest CPU time may be different turns'. */
#include "io/turns.h"

void ow_turns_end(struct ow_turns *turns, int64_t now, int64_t cpu)
{
  int64_t wall = now - turns->begin;
  int64_t ran = cpu - turns->cpu;
  if (wall > turns->longest.wall)
    turns->longest.wall = wall;
  if (ran > turns->longest.cpu)
    turns->longest.cpu = ran;
  turns->cpu = cpu;
}

struct ow_turn ow_turns_longest(struct ow_turns *turns)
{
  struct ow_turn longest = turns->longest;
  turns->longest = (struct ow_turn){0};
  return longest;
}
