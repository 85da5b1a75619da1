/* SPDX-License-Identifier: MIT */
/* A line of Net-SNMP's configuration as words, and what is said of one that can't be read. */
#ifndef OWAMP_SNMP_WORDS_H
#define OWAMP_SNMP_WORDS_H

#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

enum { WORDS_MOST = 64, WORD = 512 };

struct words {
  char text[WORDS_MOST][WORD];
  char *list[WORDS_MOST];
  size_t count;
};

/** What follows a token, without quotation marks. Valid until the next call; on one thread only. */
struct words *words_split(char *line);
/** A log whose lines are logged so, for faults of which each is told. */
struct ow_log words_log(void);
/** Log the sentence, with the file and line that Net-SNMP is reading. */
void words_refuse(const struct ow_failure *failure);

#endif
