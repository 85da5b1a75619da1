/* SPDX-License-Identifier: MIT */
/* --extra-opts: options from an ini file, as the Monitoring Plugins read them. */
#ifndef CHECK_OWAMP_EXTRA_OPTS_H
#define CHECK_OWAMP_EXTRA_OPTS_H

#include "base/status.h"

/** A command line; the words of argv must outlive it. Free with check_words_clear(). */
struct check_words {
  char **list; /* ends with NULL */
  int count;
  char *text; /* what the file's words stand in */
};

/**
 * The command line with the file's options put first, wherever --extra-opts[=[SECTION][@FILE]] stands on it,
 * so that what is written on it outranks the file; without --extra-opts the command line as it is.
 *
 * SECTION is "check_owamp" if not given, and what is read if SECTION is not in the file. FILE, if not given,
 * is what MP_CONFIG_FILE names, or monitoring-plugins.ini, plugins.ini or nagios-plugins.ini in a folder of
 * NAGIOS_CONFIG_PATH (parted by ':'), or the first that there is of the usual places, /etc/nagios/plugins.ini
 * and others. A line "name=value" becomes --name=value, "x=value" -xvalue, "name=" the flag --name; blanks
 * around them don't count; '#' begins a comment, and so does ';' at the beginning of a line. No library for
 * ini files is used because they take indented lines for continued ones and ';' in a value for a comment,
 * which plugins don't.
 *
 * OW_INVALID, OW_LIMIT or OW_MEMORY with a sentence that begins with --extra-opts; `words` is the command
 * line even so, as far as there is memory.
 */
enum ow_status check_words_expand(int argc, char **argv, struct check_words *words,
                                  struct ow_failure *failure) OW_MUST_CHECK;
void check_words_clear(struct check_words *words);

#endif
