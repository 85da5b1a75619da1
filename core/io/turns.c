/* SPDX-License-Identifier: MIT */
/* The longest wall time and the longest CPU time may be different turns'. */
#include "io/turns.h"

bool ow_turns_end(struct ow_turns *turns, int64_t now)
{
  int64_t wall = now - turns->begin;
  if (wall > turns->longest.wall)
    turns->longest.wall = wall;
  turns->unread += wall;
  return turns->unread >= OW_TURNS_UNREAD;
}

/* What the waits between took of the CPU is told with it. */
void ow_turns_ran(struct ow_turns *turns, int64_t now, int64_t cpu)
{
  int64_t wall = now - turns->begin;
  int64_t ran = cpu - turns->cpu - (turns->unread - wall);
  ran = ran < wall ? ran : wall;
  if (ran > turns->longest.cpu)
    turns->longest.cpu = ran;
  turns->cpu = cpu;
  turns->unread = 0;
}

struct ow_turn ow_turns_longest(struct ow_turns *turns)
{
  struct ow_turn longest = turns->longest;
  turns->longest = (struct ow_turn){0};
  return longest;
}
