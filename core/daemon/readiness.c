/* SPDX-License-Identifier: MIT */
/* sd_notify(3) where libsystemd is there; without it nobody can be told. */
#include "daemon/readiness.h"

#if OWAMP_SYSTEMD

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

bool ow_readiness_tell(const char *format, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return sd_notify(0, text) > 0;
}

int64_t ow_readiness_watchdog(void)
{
  uint64_t microseconds = 0;
  bool wanted = sd_watchdog_enabled(0, &microseconds) > 0 && microseconds <= INT64_MAX / 1000;
  return wanted ? (int64_t)microseconds * 1000 : 0;
}

struct ow_given_sockets ow_readiness_sockets(void)
{
  int count = sd_listen_fds(1);
  return ow_given_sockets_sort(SD_LISTEN_FDS_START, count > 0 ? count : 0);
}

#else

bool ow_readiness_tell(const char *format, ...)
{
  (void)format;
  return false;
}

int64_t ow_readiness_watchdog(void)
{
  return 0;
}

struct ow_given_sockets ow_readiness_sockets(void)
{
  return (struct ow_given_sockets){.first = -1};
}

#endif
