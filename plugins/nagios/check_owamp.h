/* SPDX-License-Identifier: MIT */
/* check_owamp from its command line to its exit status. */
#ifndef CHECK_OWAMP_H
#define CHECK_OWAMP_H

#include <stdio.h>

/**
 * Read the command line, measure, judge and print the answer to `out`. Returns the exit status: 0 OK,
 * 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Takes SIGALRM and ignores SIGPIPE: the process is its own.
 */
int check_run(int argc, char **argv, FILE *out);

#endif
