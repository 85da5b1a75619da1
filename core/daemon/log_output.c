/* SPDX-License-Identifier: MIT */
/* Each level has its priority for syslog(3) and the journal, and a mark for eyes. */
#include "daemon/log_output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "base/units.h"

#define PATIENCE (500 * OW_NS_PER_MS)

static const struct {
  int priority;
  const char *mark; /* for eyes; the journal and syslog have the priority */
} levels[] = {
    [OW_LOG_ERROR] = {LOG_ERR, "error: "}, [OW_LOG_WARNING] = {LOG_WARNING, "warning: "},
    [OW_LOG_NOTICE] = {LOG_NOTICE, ""},    [OW_LOG_INFO] = {LOG_INFO, ""},
    [OW_LOG_DEBUG] = {LOG_DEBUG, ""},
};

/* One write a line, so that lines of several programs don't mix. */
static void write_to_stderr(const char *text, size_t octets)
{
  ssize_t written = 1;
  while (octets > 0 && (written > 0 || errno == EINTR)) {
    written = write(STDERR_FILENO, text, octets);
    if (written > 0) {
      text += written;
      octets -= (size_t)written;
    }
  }
}

static void write_line(void *context, int level, const char *line)
{
  const struct ow_log_output *output = context;
  char text[OW_LOG_QUEUE_LINE + 64];
  int octets = 0;
  if (output->to_syslog)
    syslog(levels[level].priority, "%s", line);
  else if (output->to_journal)
    octets = snprintf(text, sizeof text, "<%d>%s\n", levels[level].priority, line);
  else
    octets = snprintf(text, sizeof text, "owamp-responder: %s%s\n", levels[level].mark, line);
  write_to_stderr(text, (size_t)octets);
}

static bool takes_a_line(const struct ow_log_output *output)
{
  struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
  return output->to_syslog || poll(&out, 1, 0) == 1;
}

static void emit(void *context, enum ow_log_level level, const char *line)
{
  struct ow_log_output *output = context;
  if (output->queue)
    ow_log_queue_put(output->queue, output, (int)level, line);
  else if (takes_a_line(output))
    write_line(output, (int)level, line);
  else
    output->lost++;
}

void ow_log_output_open(struct ow_log_output *output)
{
  *output = (struct ow_log_output){0};
  output->to_journal = getenv("JOURNAL_STREAM") != NULL;
  output->log = (struct ow_log){.context = output, .emit = emit, .most = OW_LOG_NOTICE};
}

void ow_log_output_unblock(struct ow_log_output *output)
{
  struct ow_failure failure;
  output->queue = ow_log_queue_create(write_line, OW_LOG_WARNING, &failure);
  if (!output->queue)
    ow_log(&output->log, OW_LOG_WARNING, "%s: a log that nobody reads loses lines", failure.text);
  else if (output->lost > 0)
    ow_log(&output->log, OW_LOG_WARNING, "%llu lines of the start were lost: nobody took them",
           (unsigned long long)output->lost);
  output->lost = 0;
}

void ow_log_output_close(struct ow_log_output *output)
{
  struct ow_log_queue *queue = output->queue;
  if (ow_log_queue_end(queue, PATIENCE))
    output->queue = NULL;
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
