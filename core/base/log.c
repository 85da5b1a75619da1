/* SPDX-License-Identifier: MIT */
/* A line is formatted only if the log takes its level. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

bool ow_log_takes(const struct ow_log *log, enum ow_log_level level)
{
  return log && log->emit && level <= log->most;
}

void ow_log(const struct ow_log *log, enum ow_log_level level, const char *format, ...)
{
  if (!ow_log_takes(log, level))
    return;
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  log->emit(log->context, level, line);
}
