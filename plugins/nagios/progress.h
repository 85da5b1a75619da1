/* SPDX-License-Identifier: MIT */
/*
 * Who waits at a terminal sees how far a long check is: one line on the standard error output, written over
 * again and erased at the end. Nothing at all where that is no terminal, as under a scheduler. There is one
 * terminal, and so one line.
 */
#ifndef CHECK_OWAMP_PROGRESS_H
#define CHECK_OWAMP_PROGRESS_H

#include "measure/probe_watch.h"
#include "option_values.h"

/** A check begins: from 2 s of watching on, it is shown. `options` must stay until the next one. */
void check_progress_begin(const struct check_options *options);
/** For each of the check's probes. NULL: there is no terminal. */
const struct ow_probe_watch *check_progress_watch(void);

/** Erase the line if there is one. May be called in a signal handler; the next telling shows it again. */
void check_progress_erase(void);

#endif
