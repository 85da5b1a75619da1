/* SPDX-License-Identifier: MIT */
/* A schedule is a list of slots, used in turn, again and again (RFC 4656, 3.5 and 3.6). */
#ifndef OWAMP_SCHEDULE_SLOT_H
#define OWAMP_SCHEDULE_SLOT_H

#include <stdint.h>

#include "time/timestamp.h"

enum ow_slot_kind { OW_SLOT_EXPONENTIAL = 0, OW_SLOT_FIXED = 1 }; /* values as on the wire */

enum {
  OW_MAX_SLOTS = 256,   /* of a schedule that is configured here */
  OW_SLOTS_MOST = 4096, /* of one that another host asks for, or tells of */
};

struct ow_slot {
  enum ow_slot_kind kind;
  struct ow_span parameter; /* the mean, or the fixed quantity */
};

#endif
