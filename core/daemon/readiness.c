/* SPDX-License-Identifier: MIT */
/* sd_notify(3) where libsystemd is there; without it nobody can be told, and nobody keeps sockets. */
#include "daemon/readiness.h"

#if OWAMP_SYSTEMD

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

/* What the sockets are called that it keeps for us. */
#define KEPT "owamp-ports"
enum { PATIENCE = 10 * 1000 * 1000 }; /* us, until it has read what it was told */

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
  char **names = NULL;
  int named = sd_listen_fds_with_names(0, &names); /* a failure if it names more or fewer than it gives */
  int count = sd_listen_fds(1);
  struct ow_kept_sockets kept = {0};
  for (int i = 0; i < named; i++) {
    if (strcmp(names[i], KEPT) == 0)
      ow_kept_sockets_add(&kept, SD_LISTEN_FDS_START + i);
    free(names[i]);
  }
  free(names);
  struct ow_given_sockets sockets = ow_given_sockets_sort(SD_LISTEN_FDS_START, count > 0 ? count : 0);
  sockets.kept = kept;
  return sockets;
}

void ow_readiness_forget_sockets(void)
{
  ow_readiness_tell("FDSTOREREMOVE=1\nFDNAME=" KEPT);
}

bool ow_readiness_empty_store(void)
{
  ow_readiness_forget_sockets();
  return sd_notify_barrier(0, PATIENCE) > 0;
}

bool ow_readiness_keep_sockets(const int *sockets, int count)
{
  int told = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=" KEPT, sockets, (unsigned)count);
  if (told > 0)
    told = sd_notify_barrier(0, PATIENCE);
  if (told < 0)
    errno = -told;
  return told > 0;
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

void ow_readiness_forget_sockets(void)
{
}

bool ow_readiness_empty_store(void)
{
  return false;
}

bool ow_readiness_keep_sockets(const int *sockets, int count)
{
  (void)sockets;
  (void)count;
  return false;
}

#endif
