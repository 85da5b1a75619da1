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

static void refuse(void *context, enum ow_log_level level, const char *line)
{
  char sentence[OW_FAILURE_TEXT + 8];
  (void)context;
  (void)level;
  snprintf(sentence, sizeof sentence, "%s", line);
  config_perror(sentence);
}

struct ow_log words_log(void)
{
  return (struct ow_log){.emit = refuse, .most = OW_LOG_ERROR};
}

void words_refuse(const struct ow_failure *failure)
{
  refuse(NULL, OW_LOG_ERROR, failure->text);
}
