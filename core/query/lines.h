/* SPDX-License-Identifier: MIT */
/* Lines over a stream socket, without waiting: what has come of them, cut at the newlines. */
#ifndef OWAMP_QUERY_LINES_H
#define OWAMP_QUERY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/** What was read and not handed out yet. Zero-initialised but for `most`: nothing. */
struct ow_query_lines {
  size_t most; /* octets of a line; may be changed before each call of ow_query_lines_receive() */
  char *octets;
  size_t capacity;
  size_t first;   /* not handed out */
  size_t scanned; /* up to here no newline */
  size_t end;
};

/** Send what the socket takes now; `*sent` may be 0. OW_NETWORK. */
enum ow_status ow_query_send(int descriptor, const char *text, size_t octets, size_t *sent,
                             struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Read once what the socket has now; `*got` may be 0. OW_NETWORK, also when the other side has closed;
 * OW_PROTOCOL for a line of more than `most` octets; OW_MEMORY.
 */
enum ow_status ow_query_lines_receive(struct ow_query_lines *lines, int descriptor, size_t *got,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/** The next whole line without its newline; valid until more is received. False: there is none yet. */
bool ow_query_lines_next(struct ow_query_lines *lines, const char **line, size_t *octets);
/** Forget all, and free what holds it. */
void ow_query_lines_clear(struct ow_query_lines *lines);

#endif
