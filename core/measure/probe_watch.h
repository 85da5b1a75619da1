/* SPDX-License-Identifier: MIT */
/* How far a probe or a fetch is while it runs, for who shows it. */
#ifndef OWAMP_MEASURE_PROBE_WATCH_H
#define OWAMP_MEASURE_PROBE_WATCH_H

#include <stdint.h>

#include "measure/probe_report.h"

struct ow_probe_progress {
  enum ow_probe_step step;
  uint32_t packets;  /* that are to be sent in each direction; 0 before there are sessions, and of a fetch */
  uint32_t sent;     /* forward, by this host, with those that it skipped */
  uint32_t received; /* reverse, by this host: different packets */
  /** ns: while packets are on their way, until that should be over, if one is lost; else until time runs out.
   * Never negative. */
  int64_t left;
};

/** Zero-initialised: nobody watches. What it points to must stay until the call that it was given to is over.
 */
struct ow_probe_watch {
  int64_t period; /* ns, above 0 */
  /** Called every `period`, by the loop of the probe, in the thread that waits for it. Must not block. */
  void (*tell)(void *context, const struct ow_probe_progress *progress);
  void *context;
};

#endif
