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

/* SECONDS TIMES-A-SECOND */
int bench_timer(char **arguments)
{
  struct spread lateness = {0};
  double pace = atof(arguments[1]);
  double due = monotonic_seconds();
  double end = due + atof(arguments[0]);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  while ((due += -log(1 - drand48()) / pace) < end) {
    wait_for_timer(timer, due);
    spread_add(&lateness, monotonic_seconds() - due);
  }
  double wakes = (double)lateness.count;
  printf("{");
  spread_print(&lateness, "lateness_us", 1e6);
  printf("\"cpu_us_per_wake_up\": %.2f}\n", usage_of(0).cpu * 1e6 / wakes);
  close(timer);
  return EXIT_SUCCESS;
}
