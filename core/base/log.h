/* SPDX-License-Identifier: MIT */
/* Where messages go is the host's choice: a daemon's log, collectd's, Net-SNMP's, or nowhere. */
#ifndef OWAMP_BASE_LOG_H
#define OWAMP_BASE_LOG_H

#include <stdbool.h>

#include "base/status.h"

enum ow_log_level { OW_LOG_ERROR, OW_LOG_WARNING, OW_LOG_NOTICE, OW_LOG_INFO, OW_LOG_DEBUG };

/** A sink. `emit` gets one line without a newline; it must not block. NULL drops everything. */
struct ow_log {
  void *context;
  void (*emit)(void *context, enum ow_log_level level, const char *line);
  enum ow_log_level most; /* lines above this level are not even formatted */
};

/** True if lines of that level are emitted: for what has to be looked up only for one. `log` may be NULL. */
bool ow_log_takes(const struct ow_log *log, enum ow_log_level level);
/** Send a line to `log` (may be NULL). Lines longer than 511 octets are cut. */
void ow_log(const struct ow_log *log, enum ow_log_level level, const char *format, ...) OW_PRINTF(3, 4);

#endif
