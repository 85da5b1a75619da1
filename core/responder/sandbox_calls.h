/* SPDX-License-Identifier: MIT */
/* The system calls that answering takes, and no others: by libseccomp, where this was built with it. */
#ifndef OWAMP_RESPONDER_SANDBOX_CALLS_H
#define OWAMP_RESPONDER_SANDBOX_CALLS_H

#include "base/status.h"

/**
 * For good, for this thread and those that it starts; what isn't needed fails with EPERM, of which the kernel
 * keeps a line. OW_STATE if this build or this kernel can't filter them. `failure` must not be NULL.
 */
enum ow_status ow_sandbox_calls(struct ow_failure *failure) OW_MUST_CHECK;

#endif
