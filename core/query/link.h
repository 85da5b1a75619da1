/* SPDX-License-Identifier: MIT */
/* A connection to a query socket, for a thread that may wait: lines out, lines in, until a deadline. */
#ifndef OWAMP_QUERY_LINK_H
#define OWAMP_QUERY_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "query/lines.h"

struct ow_query_link {
  int descriptor; /* -1: closed */
  struct ow_query_lines lines;
};

/** Monotonic, ns. */
int64_t ow_query_clock(void);

/** `deadline` on ow_query_clock(). OW_NETWORK, OW_TIMEOUT, OW_INVALID; the link is closed if it fails. */
enum ow_status ow_query_link_open(struct ow_query_link *link, const char *path, int64_t deadline,
                                  struct ow_failure *failure) OW_MUST_CHECK;
enum ow_status ow_query_link_send(struct ow_query_link *link, const char *text, size_t octets,
                                  int64_t deadline, struct ow_failure *failure) OW_MUST_CHECK;
/** The next line without its newline; valid until the next call. As ow_query_lines_receive(); OW_TIMEOUT. */
enum ow_status ow_query_link_read(struct ow_query_link *link, int64_t deadline, const char **line,
                                  size_t *octets, struct ow_failure *failure) OW_MUST_CHECK;
void ow_query_link_close(struct ow_query_link *link);

#endif
