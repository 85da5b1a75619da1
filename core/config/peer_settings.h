/* SPDX-License-Identifier: MIT */
/* All that a person configures of a peer: the measurement, its key's file, and what its results are worth. */
#ifndef OWAMP_CONFIG_PEER_SETTINGS_H
#define OWAMP_CONFIG_PEER_SETTINGS_H

#include <limits.h>
#include <stdint.h>

#include "config/peer.h"
#include "sla/alarm.h"

/** Filled in with ow_peer_settings_defaults(), then changed by options (peer_options.h). */
struct ow_peer_settings {
  struct ow_peer peer;     /* its passphrase stands in the key file, so it is absent until that is read */
  char key_file[PATH_MAX]; /* "": none */
  int64_t interval;        /* of a stream, nanoseconds */
  struct ow_thresholds warning;
  struct ow_thresholds critical;
  struct ow_alarm_rule rule;
  uint32_t history; /* intervals of a stream to keep */
};

#endif
