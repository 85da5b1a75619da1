/* SPDX-License-Identifier: MIT */
/*
 * When to look at descriptors that may wait (a test packet has its stamp from the kernel). While little comes
 * whatever comes wakes the loop at once. While much comes it doesn't: they are looked at when the loop is
 * awake anyway, every 5 ms, and for their own sake after 10; sooner if one of them can't wait for so long.
 * Pure: the time is handed in, monotonic ns.
 */
#ifndef OWAMP_IO_PATIENCE_H
#define OWAMP_IO_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time/timestamp.h"

/** Nobody waits for longer, and who can't wait for as long as that doesn't wait at all. */
#define OW_PATIENCE_MOST (10 * OW_NS_PER_MS)
#define OW_PATIENCE_LEAST (OW_NS_PER_MS / 2)

/** Zero-initialised: what comes wakes at once, and everybody can wait. */
struct ow_patience {
  bool patient;      /* what comes wakes nobody */
  int64_t looked_at; /* patient: last */
  int64_t woken_at;  /* not patient: last */
  int64_t gap;       /* between wake-ups, on average */
  unsigned in_vain;  /* patient: the last looks found nothing */
  unsigned brief;    /* so many can't wait for OW_PATIENCE_MOST, */
  int64_t least;     /* and all of them for so long */
  int64_t shortened; /* patient: they wait for so long only, as too much gathers; 0: they don't */
  bool left;         /* patient: the last look left something, */
  bool again;        /* so it is of the same pause as the one before */
};

/** For how long who can wait for `most` ns does: OW_PATIENCE_MOST at most; 0: not at all. */
int64_t ow_patience_within(int64_t most);
/** A descriptor waits for `to` ns from now on, as above, and no longer for `*wait`, which becomes that. */
void ow_patience_change(struct ow_patience *patience, int64_t *wait, int64_t to);
/** Something came, and woke the loop: it is looked at now. */
void ow_patience_woken(struct ow_patience *patience, int64_t now);
/** True if it is time to look. */
bool ow_patience_looks(const struct ow_patience *patience, int64_t now);
/** So many were found by a look at `now`; `all`: there was nothing more. */
void ow_patience_found(struct ow_patience *patience, int64_t now, size_t count, bool all);
/**
 * One of them had more than is taken at once: it is looked at again at once, and pauses are shorter until
 * that doesn't happen any more.
 */
void ow_patience_look_again(struct ow_patience *patience);
/** Look by then at the latest; INT64_MAX: what comes wakes the loop. */
int64_t ow_patience_until(const struct ow_patience *patience);

#endif
