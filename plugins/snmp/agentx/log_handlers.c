/* SPDX-License-Identifier: MIT */
/* Each handler queues its line; the thread calls what stood there before, with a copy of the handler. */
#include "agentx/log_handlers.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/units.h"
#include "io/log_queue.h"

#define PATIENCE (500 * OW_NS_PER_MS)

enum { HANDLERS = 16 }; /* one for each -L; those beyond stay as they are */

/* Copies, since Net-SNMP frees its own at the end, when a line may still hang. */
static struct {
  netsnmp_log_handler copies[HANDLERS];
  netsnmp_log_handler *handlers[HANDLERS];
  int count;
  struct ow_log_queue *queue;
} log_handlers;

/* Net-SNMP's lines end in a newline, but for parts of its debugging; the queue's own don't. */
static void write_line(void *context, int level, const char *line)
{
  netsnmp_log_handler *copy = context;
  char whole[OW_LOG_QUEUE_LINE + 1];
  size_t length = strlen(line);
  bool ends = level == LOG_DEBUG || (length > 0 && line[length - 1] == '\n');
  snprintf(whole, sizeof whole, "%s%s", line, ends ? "" : "\n");
  copy->handler(copy, level, whole);
}

static int queue_line(netsnmp_log_handler *handler, int level, const char *line)
{
  for (int i = 0; i < log_handlers.count; i++)
    if (log_handlers.handlers[i] == handler)
      ow_log_queue_put(log_handlers.queue, &log_handlers.copies[i], level, line);
  return 1;
}

enum ow_status agent_log_handlers_unblock(struct ow_failure *failure)
{
  log_handlers.queue = ow_log_queue_create(write_line, LOG_WARNING, failure);
  if (!log_handlers.queue)
    return failure->status;
  netsnmp_log_handler *handler = get_logh_head();
  for (; handler && log_handlers.count < HANDLERS; handler = handler->next) {
    log_handlers.handlers[log_handlers.count] = handler;
    log_handlers.copies[log_handlers.count++] = *handler;
    handler->handler = queue_line;
  }
  return OW_OK;
}

/* Net-SNMP closes its files at the end, and waits for whoever writes to them. */
static void leave_alone(netsnmp_log_handler *handler)
{
  handler->handler = log_handler_null;
  handler->magic = NULL;
  handler->enabled = 0;
}

bool agent_log_handlers_end(void)
{
  bool written = ow_log_queue_end(log_handlers.queue, PATIENCE);
  for (int i = 0; i < log_handlers.count; i++) {
    netsnmp_log_handler *handler = log_handlers.handlers[i];
    if (written)
      handler->handler = log_handlers.copies[i].handler;
    else
      leave_alone(handler);
  }
  log_handlers.count = 0;
  log_handlers.queue = NULL;
  return written;
}
