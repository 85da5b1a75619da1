/* SPDX-License-Identifier: MIT */
/* Levels become syslog's severities, and each line says whose it is. */
#include "log.h"

#include <collectd/core/daemon/plugin.h>

static const int severities[] = {
    [OW_LOG_ERROR] = LOG_ERR, [OW_LOG_WARNING] = LOG_WARNING, [OW_LOG_NOTICE] = LOG_NOTICE,
    [OW_LOG_INFO] = LOG_INFO, [OW_LOG_DEBUG] = LOG_DEBUG,
};

static void emit(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  plugin_log(severities[level], "owamp plugin: %s", line);
}

const struct ow_log owamp_log = {.emit = emit, .most = OW_LOG_INFO};
