/* SPDX-License-Identifier: MIT */
/* What OWAMP-MIB shows: the peers, the rows made of them, and the host. */
#ifndef OWAMP_SNMP_MIB_STATE_H
#define OWAMP_SNMP_MIB_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "peers.h"
#include "rows.h"

/** What is told of the host itself. */
struct mib_system_state {
  bool clock_synchronized;
  int64_t clock_error;   /* ns */
  uint8_t notifications; /* BITS of owampNotificationsEnabled */
  uint64_t dropped;
};

struct mib {
  struct peers *peers;
  struct row_set rows;
  struct mib_system_state system;
  struct timespec now; /* tells the era of stamps */
};

#endif
