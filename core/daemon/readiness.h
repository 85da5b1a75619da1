/* SPDX-License-Identifier: MIT */
/* What the service manager is told: ready, reloading, stopping, how it goes; and what it gives and wants. */
#ifndef OWAMP_DAEMON_READINESS_H
#define OWAMP_DAEMON_READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/given_sockets.h"

/**
 * Assignments of sd_notify(3), such as "READY=1", one a line. Returns whether it was told: nobody may have
 * asked for it (NOTIFY_SOCKET), and a build without libsystemd tells nobody.
 */
bool ow_readiness_tell(const char *format, ...) OW_PRINTF(1, 2);

/** How often the service manager wants to hear WATCHDOG=1, in ns; 0: not at all. */
int64_t ow_readiness_watchdog(void);

/** Sockets that it opened or keeps for us, as sd_listen_fds(3) tells. Once. */
struct ow_given_sockets ow_readiness_sockets(void);
/** It is to close its copies of those that it keeps, if it does. */
void ow_readiness_forget_sockets(void);

/**
 * The same, for who is about to open them anew (ExecStartPre=): they are closed when this returns. False if
 * there is no service manager that would keep any.
 */
bool ow_readiness_empty_store(void);
/**
 * Let it keep `count` sockets (its unit has FileDescriptorStoreMax=) and give them to the service's main
 * process, in whatever order; the caller has its own copies still. False if it can't be told; errno says why.
 */
bool ow_readiness_keep_sockets(const int *sockets, int count) OW_MUST_CHECK;

#endif
