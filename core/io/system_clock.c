/* SPDX-License-Identifier: MIT */
/* The bound is made of the errors that adjtimex(2) tells, as far as they can be believed. */
#include "io/system_clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

#define NS_PER_US INT64_C(1000)

/* The unit in which the kernel keeps its errors. */
#define RESOLUTION NS_PER_US

/* NTP_PHASE_LIMIT: what the kernel's errors saturate at. */
#define ERROR_MOST (16 * OW_NS_PER_S)

/*
 * The kernel lets maxerror grow by 500 ppm from the last word of whoever steers it (MAXFREQ). One that polls
 * as seldom as is usual (2^10 s, systemd-timesyncd 2^11 s) leaves it below this, with the way to the primary
 * clock in it.
 */
#define ERROR_OF_SILENCE (1 * OW_NS_PER_S)
/* More than two hours without a word: nobody steers the clock any more. The kernel says so only after nine.
 */
#define ERROR_OF_NOBODY (4 * OW_NS_PER_S)
/* What a clock drifts meanwhile, 15 ppm (PHI of RFC 5905, 7.3), for the 500 ppm of maxerror. */
enum { DRIFT = 15, GROWTH = 500 };

/* What one may expect of a simple NTP client over the Internet that says nothing of its error. */
#define ERROR_UNESTIMATED (10 * OW_NS_PER_MS)

struct ow_timestamp ow_system_stamp(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ow_timestamp_from_unix(now);
}

struct ow_instant ow_system_now(void)
{
  struct timespec now;
  struct ow_timestamp wall = ow_system_stamp();
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (struct ow_instant){.wall = wall, .monotonic = (int64_t)now.tv_sec * OW_NS_PER_S + now.tv_nsec};
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
  return value < least ? least : value > most ? most : value;
}

/* What the kernel's own loop has still to slew away: known to be wrong now, and so part of the error. */
static int64_t pending_offset(const struct timex *kernel)
{
  int64_t offset = kernel->status & STA_NANO ? kernel->offset : kernel->offset * NS_PER_US;
  return kernel->status & STA_PLL ? (offset < 0 ? -offset : offset) : 0;
}

/*
 * Of the kernel's two errors, esterror is what the daemon that steers the clock expects it to be off by, and
 * maxerror the worst that could be, with half the way to the primary clock. perfSONAR reports the former, so
 * it is ours too, to be comparable, wherever somebody maintains it (chronyd, ntpd). Not all do:
 *  - phc2sys leaves esterror at its limit and clears maxerror: esterror above maxerror says nothing;
 *  - systemd-timesyncd clears both whenever it steers the kernel's loop (STA_PLL), so that maxerror is but
 *    the drift since: never believed below what one may expect of such a client;
 *  - when all are gone esterror stays as it was left, and the kernel lets maxerror grow to 16 s, before it
 * sets STA_UNSYNC: so the error grows with the silence, and after two hours the clock isn't called
 * synchronised.
 */
static int64_t believable_error(const struct timex *kernel)
{
  int64_t estimated = kernel->esterror * NS_PER_US;
  int64_t maximum = kernel->maxerror * NS_PER_US;
  int64_t error = estimated > 0 && estimated < maximum ? estimated : maximum;
  if (estimated == 0 && (kernel->status & STA_PLL) && error < ERROR_UNESTIMATED)
    error = ERROR_UNESTIMATED;
  if (maximum > ERROR_OF_SILENCE)
    error += (maximum - ERROR_OF_SILENCE) / GROWTH * DRIFT;
  return clamp(error + pending_offset(kernel), RESOLUTION, ERROR_MOST);
}

struct ow_clock_state ow_clock_state_from(int result, const struct timex *kernel)
{
  /* A sandbox may forbid to ask. */
  if (result < 0)
    return (struct ow_clock_state){.error = ERROR_MOST, .maximum = ERROR_MOST};
  bool steered = kernel->maxerror * NS_PER_US < ERROR_OF_NOBODY;
  bool synchronized = result != TIME_ERROR && !(kernel->status & STA_UNSYNC) && steered;
  int64_t maximum = clamp(kernel->maxerror * NS_PER_US, RESOLUTION, ERROR_MOST);
  return (struct ow_clock_state){
      .synchronized = synchronized,
      .error = synchronized ? believable_error(kernel) : maximum,
      .maximum = maximum,
  };
}

struct ow_clock_state ow_system_clock_state(void)
{
  struct timex kernel = {.modes = 0};
  int result = adjtimex(&kernel);
  return ow_clock_state_from(result, &kernel);
}

struct ow_error_estimate ow_system_error(struct ow_clock_cache *cache, int64_t now, int64_t stamping)
{
  if (!cache->filled || now - cache->read_at >= OW_NS_PER_S) {
    cache->state = ow_system_clock_state();
    cache->read_at = now;
    cache->filled = true;
  }
  return ow_error_estimate(cache->state.synchronized, cache->state.error + stamping);
}

/*
 * Without randomness there is no secrecy, and no kernel that has epoll and timerfd lacks it: abort() never
 * happens.
 */
static void fill_random(void *context, void *out, size_t octets)
{
  unsigned char *at = out;
  (void)context;
  while (octets) {
    ssize_t got = getrandom(at, octets < 256 ? octets : 256, 0);
    if (got < 0)
      abort();
    at += got;
    octets -= (size_t)got;
  }
}

const struct ow_random ow_system_random = {.fill = fill_random};
