/* SPDX-License-Identifier: MIT */
/* A wake-up costs more than all that is done with a packet: so as many share one as can wait. */
#include "io/patience.h"

enum {
  AVERAGED = 8, /* gaps, about */
  IN_VAIN_MOST = 4,
  PAUSE_WEIGHS = 8, /* no more than so many looks, so that a pause is soon forgotten */
};

static int64_t latest(const struct ow_patience *patience)
{
  int64_t agreed = patience->brief ? patience->least : OW_PATIENCE_MOST;
  return patience->shortened && patience->shortened < agreed ? patience->shortened : agreed;
}

static int64_t earliest(const struct ow_patience *patience)
{
  return latest(patience) / 2;
}

int64_t ow_patience_within(int64_t most)
{
  int64_t wait = most < OW_PATIENCE_MOST ? most : OW_PATIENCE_MOST;
  return wait < OW_PATIENCE_LEAST ? 0 : wait;
}

static bool is_brief(int64_t wait)
{
  return wait > 0 && wait < OW_PATIENCE_MOST;
}

/* The least patient one may have left: then others wait less than they could, until all such ones have. */
void ow_patience_change(struct ow_patience *patience, int64_t *wait, int64_t to)
{
  patience->brief -= is_brief(*wait);
  if (is_brief(to)) {
    patience->least = patience->brief && patience->least < to ? patience->least : to;
    patience->brief++;
  }
  *wait = to;
}

static void set_patient(struct ow_patience *patience, bool patient, int64_t now)
{
  patience->patient = patient;
  patience->looked_at = now;
  patience->woken_at = 0;
  patience->in_vain = 0;
  patience->shortened = 0;
  patience->left = patience->again = false;
}

/* Looking by itself must spare the half of the wake-ups at least. */
void ow_patience_woken(struct ow_patience *patience, int64_t now)
{
  int64_t most = PAUSE_WEIGHS * latest(patience);
  int64_t gap = now - patience->woken_at;
  if (patience->woken_at == 0)
    patience->gap = most;
  patience->gap += ((gap < most ? gap : most) - patience->gap) / AVERAGED;
  patience->woken_at = now;
  if (patience->gap < earliest(patience))
    set_patient(patience, true, now);
}

bool ow_patience_looks(const struct ow_patience *patience, int64_t now)
{
  return patience->patient && now - patience->looked_at >= earliest(patience);
}

void ow_patience_found(struct ow_patience *patience, int64_t now, size_t count, bool all)
{
  if (!patience->left && patience->shortened < OW_PATIENCE_MOST)
    patience->shortened += patience->shortened / 8;
  patience->again = patience->left;
  patience->left = false;
  patience->looked_at = all ? now : now - latest(patience);
  patience->in_vain = count ? 0 : patience->in_vain + 1;
  if (patience->in_vain == IN_VAIN_MOST)
    set_patient(patience, false, now);
}

void ow_patience_look_again(struct ow_patience *patience)
{
  int64_t pause = latest(patience);
  patience->looked_at -= pause;
  if (!patience->again && !patience->left)
    patience->shortened = pause / 2 > OW_PATIENCE_LEAST ? pause / 2 : OW_PATIENCE_LEAST;
  patience->left = true;
}

int64_t ow_patience_until(const struct ow_patience *patience)
{
  return patience->patient ? patience->looked_at + latest(patience) : INT64_MAX;
}
