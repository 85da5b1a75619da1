/* SPDX-License-Identifier: MIT */
/* The least of two rounds: it follows at once where wake-ups get faster, and within two where they get
 * slower. */
#include "io/wake_up.h"

enum { ROUND = 32 };

static void note(struct ow_wake_up *wake_up, int64_t late)
{
  int64_t counts = late < OW_WAKE_UP_EARLIEST ? late : OW_WAKE_UP_EARLIEST;
  if (wake_up->counted == 0 || counts < wake_up->least)
    wake_up->least = counts;
  if (++wake_up->counted == ROUND) {
    wake_up->before = wake_up->least;
    wake_up->counted = 0;
  }
}

void ow_wake_up_await(struct ow_wake_up *wake_up, int64_t rings_at, int64_t now)
{
  wake_up->rings_at = rings_at > now ? rings_at : 0;
}

void ow_wake_up_rung(struct ow_wake_up *wake_up, int64_t now)
{
  if (wake_up->rings_at > 0 && now >= wake_up->rings_at)
    note(wake_up, now - wake_up->rings_at);
  wake_up->rings_at = 0;
}

int64_t ow_wake_up_early(const struct ow_wake_up *wake_up)
{
  return wake_up->counted > 0 && wake_up->least < wake_up->before ? wake_up->least : wake_up->before;
}
