/* SPDX-License-Identifier: MIT */
/* How late a program is that does nothing but wait for a timer: what a sender's lateness is held against. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static double clock_s(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* At once if `due` has passed. */
static void wait_until(int timer, double due)
{
  uint64_t rings;
  double whole = floor(due);
  struct itimerspec setting = {.it_value = {.tv_sec = (time_t)whole, .tv_nsec = (long)((due - whole) * 1e9)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
  if (read(timer, &rings, sizeof rings) < 0)
    give_up("the timer cannot be read");
}

/* SECONDS TIMES-A-SECOND */
int bench_timer(char **arguments)
{
  struct spread lateness = {0};
  double pace = atof(arguments[1]);
  double due = clock_s(CLOCK_MONOTONIC);
  double end = due + atof(arguments[0]);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  while ((due += -log(1 - drand48()) / pace) < end) {
    wait_until(timer, due);
    spread_add(&lateness, clock_s(CLOCK_MONOTONIC) - due);
  }
  double wakes = (double)lateness.count;
  printf("{");
  spread_print(&lateness, "lateness_us", 1e6);
  printf("\"cpu_us_per_wake_up\": %.2f}\n", usage_of(0).cpu * 1e6 / wakes);
  close(timer);
  return EXIT_SUCCESS;
}
