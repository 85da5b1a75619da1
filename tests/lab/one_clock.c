/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD for programs in the lab. All its hosts share one clock, so between them the clocks' error is
 * none at all. This says so in place of the kernel: what then remains of a program's error estimates is what
 * it says of its own stamping (and the resolution that it adds), and that is what the truth log can judge.
 */
#include <sys/timex.h>

__attribute__((visibility("default"))) int adjtimex(struct timex *kernel)
{
  *kernel = (struct timex){.status = STA_PLL | STA_NANO, .esterror = 1, .maxerror = 1};
  return TIME_OK;
}
