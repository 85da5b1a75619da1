/* SPDX-License-Identifier: MIT */
/* What the service manager is told: ready, reloading, stopping, and how it goes. */
#ifndef OWAMP_RESPONDER_READINESS_H
#define OWAMP_RESPONDER_READINESS_H

#include <stdbool.h>

#include "base/status.h"

/**
 * Assignments of sd_notify(3), such as "READY=1", one a line. Returns whether it was told: nobody may have
 * asked for it (NOTIFY_SOCKET), and a build without libsystemd tells nobody.
 */
bool ow_readiness_tell(const char *format, ...) OW_PRINTF(1, 2);

#endif
