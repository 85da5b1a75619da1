/* SPDX-License-Identifier: MIT */
/*
 * When to look at descriptors that may wait (a test packet has its stamp from the kernel). While little comes
 * whatever comes wakes the loop at once. While much comes it doesn't: they are looked at when the loop is
 * awake anyway, once a millisecond, and for their own sake after two. Pure: the time is handed in, monotonic
 * ns.
 */
#ifndef OWAMP_IO_PATIENCE_H
#define OWAMP_IO_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zero-initialised: what comes wakes at once. */
struct ow_patience {
  bool patient;      /* what comes wakes nobody */
  int64_t looked_at; /* patient: last */
  int64_t woken_at;  /* not patient: last */
  int64_t gap;       /* between wake-ups, on average */
  unsigned in_vain;  /* patient: the last looks found nothing */
};

/** Something came, and woke the loop: it is looked at now. */
void ow_patience_woken(struct ow_patience *patience, int64_t now);
/** True if it is time to look. */
bool ow_patience_looks(const struct ow_patience *patience, int64_t now);
/** So many were found by a look at `now`; `all`: there was nothing more. */
void ow_patience_found(struct ow_patience *patience, int64_t now, size_t count, bool all);
/** Look by then at the latest; INT64_MAX: what comes wakes the loop. */
int64_t ow_patience_until(const struct ow_patience *patience);

#endif
