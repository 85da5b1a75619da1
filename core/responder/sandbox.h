/* SPDX-License-Identifier: MIT */
/*
 * What owamp-responder can do once it listens, whoever has taken it over: the system calls and files that
 * answering takes, and no others. The system calls by libseccomp, where it was built with it; files and TCP
 * by Landlock, where the kernel has it.
 */
#ifndef OWAMP_RESPONDER_SANDBOX_H
#define OWAMP_RESPONDER_SANDBOX_H

#include "base/log.h"
#include "base/status.h"
#include "policy/settings.h"

/**
 * For good, for this thread and those that it starts from now on; new privileges must have been renounced.
 * `paths` can be read again, the file `pidfile` ("": none) be removed, /etc, /usr, /proc and the like be
 * read, and nothing else be opened, nor any program be started. A system call that isn't needed fails with
 * EPERM, of which the kernel keeps a line in its own log; a file that isn't needed, and TCP that isn't
 * accepted, with EACCES. What this host or this build can't do is told by `log`, and left out: answering is
 * as good without.
 */
void ow_sandbox_enter(const struct ow_settings_paths *paths, const char *pidfile, const struct ow_log *log);

#endif
