/* SPDX-License-Identifier: MIT */
/* copy_nword() of Net-SNMP cuts them, up to a bound; config_perror() tells. */
#include "agentx/words.h"

#include <stdio.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

/* One handler runs at a time, on one thread. */
static struct words words;

struct words *words_split(char *line)
{
  words.count = 0;
  for (char *at = line; at && *at && words.count < WORDS_MOST;) {
    char *word = words.text[words.count];
    at = copy_nword(at, word, WORD);
    words.list[words.count++] = word;
  }
  return &words;
}

void words_refuse(const struct ow_failure *failure)
{
  char sentence[OW_FAILURE_TEXT + 8];
  snprintf(sentence, sizeof sentence, "%s", failure->text);
  config_perror(sentence);
}
