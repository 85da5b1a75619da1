/* SPDX-License-Identifier: MIT */
/* The columns' names once, and then a record as a line. */
#include "truth_log.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void record_note(struct record *record, const char *format, ...)
{
  size_t used = strlen(record->done);
  va_list arguments;
  if (used && used + 1 < sizeof record->done)
    record->done[used++] = ',';
  va_start(arguments, format);
  vsnprintf(record->done + used, sizeof record->done - used, format, arguments);
  va_end(arguments);
}

void truth_log_begin(FILE *log)
{
  fputs("# way\tsource\ttarget\tnumber\tcopy\tin_ns\tout_ns\tttl\tlength\tdone\thead\n", log);
}

static void write_end(FILE *log, const struct flow_name *flow, const uint8_t *address, uint16_t port)
{
  char text[INET6_ADDRSTRLEN];
  bool six = flow->version == 6;
  inet_ntop(six ? AF_INET6 : AF_INET, address, text, sizeof text);
  fprintf(log, six ? "\t[%s]:%u" : "\t%s:%u", text, port);
}

void truth_log_write(FILE *log, const struct record *record)
{
  fputs(record->way == FORWARD ? "forward" : "reverse", log);
  write_end(log, &record->flow, record->flow.source, record->flow.source_port);
  write_end(log, &record->flow, record->flow.target, record->flow.target_port);
  fprintf(log, "\t%" PRIu64 "\t%u\t%" PRId64, record->number, record->copy, record->in);
  if (record->out)
    fprintf(log, "\t%" PRId64 "\t%u", record->out, record->ttl);
  else
    fputs("\t-\t-", log);
  fprintf(log, "\t%zu\t%s\t", record->length, *record->done ? record->done : "-");
  for (size_t i = 0; i < HEAD_OCTETS && i < record->length; i++)
    fprintf(log, "%02x", record->head[i]);
  fputc('\n', log);
}
