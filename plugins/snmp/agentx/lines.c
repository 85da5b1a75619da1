/* SPDX-License-Identifier: MIT */
/* They wait under a lock until the SNMP thread writes them; too many are counted. */
#include "agentx/lines.h"

#include <pthread.h>
#include <stdio.h>
#include <syslog.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

enum { LINES = 256, LINE = 512 };

static struct {
  pthread_mutex_t lock;
  char lines[LINES][LINE];
  enum ow_log_level levels[LINES];
  size_t count;
  size_t lost;
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void emit(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  pthread_mutex_lock(&waiting.lock);
  if (waiting.count < LINES) {
    waiting.levels[waiting.count] = level;
    snprintf(waiting.lines[waiting.count++], LINE, "%s", line);
  } else {
    waiting.lost++;
  }
  pthread_mutex_unlock(&waiting.lock);
}

struct ow_log agent_lines_log(void)
{
  return (struct ow_log){.emit = emit, .most = OW_LOG_INFO};
}

static int priority_of(enum ow_log_level level)
{
  int priority = LOG_DEBUG;
  switch (level) {
  case OW_LOG_ERROR: priority = LOG_ERR; break;
  case OW_LOG_WARNING: priority = LOG_WARNING; break;
  case OW_LOG_NOTICE: priority = LOG_NOTICE; break;
  case OW_LOG_INFO: priority = LOG_INFO; break;
  case OW_LOG_DEBUG: break;
  }
  return priority;
}

void agent_lines_flush(void)
{
  pthread_mutex_lock(&waiting.lock);
  for (size_t i = 0; i < waiting.count; i++)
    snmp_log(priority_of(waiting.levels[i]), "%s\n", waiting.lines[i]);
  if (waiting.lost)
    snmp_log(LOG_WARNING, "%zu log lines were too many and are lost\n", waiting.lost);
  waiting.count = waiting.lost = 0;
  pthread_mutex_unlock(&waiting.lock);
}
