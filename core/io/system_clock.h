/* SPDX-License-Identifier: MIT */
/* The system's clocks, and an honest bound of how wrong the wall clock may be. */
#ifndef OWAMP_IO_SYSTEM_CLOCK_H
#define OWAMP_IO_SYSTEM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "time/clock.h"

struct timex;

/** CLOCK_REALTIME and CLOCK_MONOTONIC. */
struct ow_instant ow_system_now(void);
/** CLOCK_REALTIME only, for stamps. */
struct ow_timestamp ow_system_stamp(void);

/** What the kernel knows of its clock (adjtimex(2)). */
struct ow_clock_state {
  bool synchronized; /* STA_UNSYNC is clear and the clock is disciplined, within two hours */
  int64_t error; /* ns, to report: esterror where somebody maintains it, and the drift since; else maxerror; 1
                    us to 16 s */
  int64_t maximum; /* ns: maxerror, the worst that could be; 1 us to 16 s */
};
/** What adjtimex(2) says: `result` is what it returned, `kernel` what it filled in. */
struct ow_clock_state ow_clock_state_from(int result, const struct timex *kernel);
/** Read afresh. If the kernel may not be asked, unsynchronised with an error of 16 s. */
struct ow_clock_state ow_system_clock_state(void);

/**
 * The clock's error estimate plus `stamping` ns for the taking of the stamp itself. The kernel is asked at
 * most once a second (by `now`, monotonic ns). One cache per loop: zero-initialise.
 */
struct ow_clock_cache {
  struct ow_clock_state state;
  int64_t read_at;
  bool filled;
};
struct ow_error_estimate ow_system_error(struct ow_clock_cache *cache, int64_t now, int64_t stamping);

/** getrandom(2). */
extern const struct ow_random ow_system_random;

#endif
