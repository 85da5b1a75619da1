/* SPDX-License-Identifier: MIT */
/* Each level has its priority for syslog(3) and the journal, and a mark for eyes. */
#include "daemon/log_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

static const struct {
  int priority;
  const char *mark; /* for eyes; the journal and syslog have the priority */
} levels[] = {
    [OW_LOG_ERROR] = {LOG_ERR, "error: "}, [OW_LOG_WARNING] = {LOG_WARNING, "warning: "},
    [OW_LOG_NOTICE] = {LOG_NOTICE, ""},    [OW_LOG_INFO] = {LOG_INFO, ""},
    [OW_LOG_DEBUG] = {LOG_DEBUG, ""},
};

static void emit(void *context, enum ow_log_level level, const char *line)
{
  const struct ow_log_output *output = context;
  if (output->to_syslog)
    syslog(levels[level].priority, "%s", line);
  else if (output->to_journal)
    fprintf(stderr, "<%d>%s\n", levels[level].priority, line);
  else
    fprintf(stderr, "owamp-responder: %s%s\n", levels[level].mark, line);
}

void ow_log_output_open(struct ow_log_output *output)
{
  *output = (struct ow_log_output){0};
  output->to_journal = getenv("JOURNAL_STREAM") != NULL;
  output->log = (struct ow_log){.context = output, .emit = emit, .most = OW_LOG_NOTICE};
  /* One write a line, so that lines of several programs don't mix. */
  setvbuf(stderr, NULL, _IOLBF, 0);
}

void ow_log_output_to_syslog(struct ow_log_output *output, int facility)
{
  openlog("owamp-responder", LOG_PID | LOG_NDELAY, facility);
  output->to_syslog = true;
}

void ow_log_output_limit(struct ow_log_output *output, enum ow_log_level most, bool nothing)
{
  output->log.most = most;
  output->log.emit = nothing ? NULL : emit;
}
