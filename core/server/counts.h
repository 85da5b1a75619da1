/* SPDX-License-Identifier: MIT */
/* How much a Server carries, and has carried. */
#ifndef OWAMP_SERVER_COUNTS_H
#define OWAMP_SERVER_COUNTS_H

#include <stdint.h>

/** Numbers for a person or a monitor. */
struct ow_serve_counts {
  uint32_t connections;
  uint32_t sessions_running; /* or agreed */
  uint32_t sessions_kept;    /* that can be fetched, or will be */
  uint64_t records;          /* reserved, over all sessions */
  uint64_t sessions_total;
  uint64_t strangers;     /* datagrams at the shared test port that belong to no session */
  uint64_t refused_total; /* connections, set-ups and sessions */
};

#endif
