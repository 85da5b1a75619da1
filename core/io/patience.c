/* SPDX-License-Identifier: MIT */
/* A wake-up costs more than all that is done with a packet: so as many share one as can wait. */
#include "io/patience.h"

#include "time/timestamp.h"

enum {
  AVERAGED = 8, /* gaps, about */
  IN_VAIN_MOST = 4,
};
#define LOOK_EARLIEST (1 * OW_NS_PER_MS)
#define LOOK_LATEST (2 * OW_NS_PER_MS)
#define GAP_MOST (8 * LOOK_LATEST) /* a pause weighs no more, so that it is soon forgotten */

void ow_patience_woken(struct ow_patience *patience, int64_t now)
{
  int64_t gap = now - patience->woken_at;
  if (patience->woken_at == 0)
    patience->gap = GAP_MOST;
  patience->gap += ((gap < GAP_MOST ? gap : GAP_MOST) - patience->gap) / AVERAGED;
  patience->woken_at = now;
  if (patience->gap < LOOK_LATEST)
    *patience = (struct ow_patience){.patient = true, .looked_at = now};
}

bool ow_patience_looks(const struct ow_patience *patience, int64_t now)
{
  return patience->patient && now - patience->looked_at >= LOOK_EARLIEST;
}

void ow_patience_found(struct ow_patience *patience, int64_t now, size_t count, bool all)
{
  patience->looked_at = all ? now : now - LOOK_LATEST;
  patience->in_vain = count ? 0 : patience->in_vain + 1;
  if (patience->in_vain == IN_VAIN_MOST)
    *patience = (struct ow_patience){.patient = false};
}

int64_t ow_patience_until(const struct ow_patience *patience)
{
  return patience->patient ? patience->looked_at + LOOK_LATEST : INT64_MAX;
}
