/* SPDX-License-Identifier: MIT */
/* The core's log lines, and ours, to collectd's log. */
#ifndef OWAMP_COLLECTD_LOG_H
#define OWAMP_COLLECTD_LOG_H

#include "base/log.h"

/** Lines up to INFO; from any thread. */
extern const struct ow_log owamp_log;

#endif
