/* SPDX-License-Identifier: MIT */
/* sd_notify(3) where libsystemd is there; without it nobody can be told. */
#include "responder/readiness.h"

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

#else

bool ow_readiness_tell(const char *format, ...)
{
  (void)format;
  return false;
}

#endif
