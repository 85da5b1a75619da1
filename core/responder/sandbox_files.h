/* SPDX-License-Identifier: MIT */
/* The files that answering takes, and no TCP beyond what listens: by Landlock, where the kernel has it. */
#ifndef OWAMP_RESPONDER_SANDBOX_FILES_H
#define OWAMP_RESPONDER_SANDBOX_FILES_H

#include "base/status.h"

/**
 * For good, for this thread and those that it starts: files are read below each of `folders` (ends with NULL)
 * and what every program reads, and removed from the folder `removing`; a path that is "", or isn't there,
 * needs no right. What else is opened fails with EACCES. OW_STATE if this kernel can't bound them. `failure`
 * must not be NULL.
 */
enum ow_status ow_sandbox_files(const char *const *folders, const char *removing,
                                struct ow_failure *failure) OW_MUST_CHECK;

#endif
