/* SPDX-License-Identifier: MIT */
/* The truth: a line for each packet that was matched, and for each copy. The README has the columns. */
#ifndef IMPAIR_TRUTH_LOG_H
#define IMPAIR_TRUTH_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "packet.h"

enum { HEAD_OCTETS = 32, DONE_TEXT = 96 };

struct record {
  int way;
  uint64_t number; /* in its flow */
  unsigned copy;
  int64_t in;
  int64_t out;               /* 0: it never left */
  struct flow_name flow;     /* as it came in */
  uint8_t ttl;               /* as it left */
  size_t length;             /* of the payload */
  uint8_t head[HEAD_OCTETS]; /* of the payload, as it came in */
  char done[DONE_TEXT];
};

/** Add to what was done, separated by commas. */
void record_note(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));
void truth_log_begin(FILE *log);
void truth_log_write(FILE *log, const struct record *record);

#endif
