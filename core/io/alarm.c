/* SPDX-License-Identifier: MIT */
/* timerfd_create(2): TFD_TIMER_CANCEL_ON_SET is what tells that the clock was set. */
#include "io/alarm.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "time/timestamp.h"

#define A_YEAR (365 * 86400 * OW_NS_PER_S)

enum { READINGS = 4 }; /* of the clocks: an interruption between two of them shows in one pair */

static int64_t clock_ns(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * OW_NS_PER_S + now.tv_nsec;
}

static int set_descriptor(int descriptor, int flags, int64_t when)
{
  struct itimerspec setting = {
      .it_value = {.tv_sec = (time_t)(when / OW_NS_PER_S), .tv_nsec = (long)(when % OW_NS_PER_S)}};
  return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | flags, &setting, NULL);
}

/*
 * It must be set to tell of steps: for next year. timerfd_settime(2) may be the first to tell that the clock
 * was set: it then fails with ECANCELED, and yet has set the alarm (its NOTES). Returns 0 or errno.
 */
static int await_step(struct ow_alarm *alarm)
{
  int64_t next_year = clock_ns(CLOCK_REALTIME) + A_YEAR;
  return set_descriptor(alarm->steps, TFD_TIMER_CANCEL_ON_SET, next_year) < 0 ? errno : 0;
}

enum ow_status ow_alarm_open(struct ow_alarm *alarm, struct ow_failure *failure)
{
  bool open = true;
  for (int i = 0; i < OW_ALARM_RINGS; i++) {
    alarm->when[i] = 0;
    alarm->rings[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    open &= alarm->rings[i] >= 0;
  }
  alarm->steps = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (!open || alarm->steps < 0)
    return ow_fail(failure, OW_NETWORK, "cannot make an event loop: %s", strerror(errno));
  int error = await_step(alarm);
  if (error && error != ECANCELED)
    return ow_fail(failure, OW_NETWORK, "cannot set a timer of the event loop: %s", strerror(error));
  return OW_OK;
}

static void close_descriptor(int *descriptor)
{
  if (*descriptor >= 0)
    close(*descriptor);
  *descriptor = -1;
}

void ow_alarm_close(struct ow_alarm *alarm)
{
  for (int i = 0; i < OW_ALARM_RINGS; i++)
    close_descriptor(&alarm->rings[i]);
  close_descriptor(&alarm->steps);
}

static enum ow_status set_ring(struct ow_alarm *alarm, int ring, int64_t when, struct ow_failure *failure)
{
  alarm->when[ring] = when;
  if (set_descriptor(alarm->rings[ring], 0, when < 1 ? 1 : when) < 0)
    return ow_fail(failure, OW_NETWORK, "cannot set a timer of the event loop: %s", strerror(errno));
  return OW_OK;
}

/* The farther ring is the one to tell: the nearer may stand. */
enum ow_status ow_alarm_set(struct ow_alarm *alarm, int64_t first, int64_t second, int64_t now,
                            struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  int64_t stands[OW_ALARM_RINGS];
  for (int i = 0; i < OW_ALARM_RINGS; i++)
    stands[i] = alarm->when[i] > now ? alarm->when[i] : INT64_MAX;
  int far = stands[0] >= stands[1] ? 0 : 1;
  if (stands[!far] > first) {
    status = set_ring(alarm, far, first, failure);
    far = !far;
  }
  if (status == OW_OK && stands[far] > second)
    status = set_ring(alarm, far, second, failure);
  return status;
}

/* Readable without a step, it has rung, a year later. */
unsigned ow_alarm_steps(struct ow_alarm *alarm)
{
  uint64_t rings;
  unsigned steps = 0;
  if (read(alarm->steps, &rings, sizeof rings) < 0 && errno == ECANCELED)
    steps++;
  if (await_step(alarm) == ECANCELED)
    steps++;
  return steps;
}

/* The wall clock is read first, and of several readings the closest counts. */
int64_t ow_alarm_wall_ahead(void)
{
  int64_t ahead = INT64_MIN;
  for (int i = 0; i < READINGS; i++) {
    int64_t wall = clock_ns(CLOCK_REALTIME);
    int64_t distance = wall - clock_ns(CLOCK_MONOTONIC);
    ahead = distance > ahead ? distance : ahead;
  }
  return ahead;
}
