/* A connection to a query socket, for a thread that may wait: lines out, lines in, until a deadline. */
#ifndef OWAMP_QUERY_LINK_H
#define OWAMP_QUERY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct ow_query_link {
  int descriptor; /* -1: closed */
  int cancel;     /* waiting ends with OW_STATE when this can be read; -1: nothing cancels */
  char *octets;
  size_t capacity;
  size_t begin; /* what was read and not handed out yet */
  size_t end;
  size_t scanned; /* up to here no newline */
};

/** Monotonic, ns. */
int64_t ow_query_clock(void);
/** Wait until `deadline`, or forever (OW_NEVER). True if it was cancelled. */
bool ow_query_cancelled(int cancel, int64_t deadline);

/** `deadline` on ow_query_clock(). OW_NETWORK, OW_TIMEOUT, OW_STATE; the link is closed if it fails. */
enum ow_status ow_query_link_open(struct ow_query_link *link, const char *path, int cancel, int64_t deadline,
                                  struct ow_failure *failure) OW_MUST_CHECK;
enum ow_status ow_query_link_send(struct ow_query_link *link, const char *text, size_t octets,
                                  int64_t deadline, struct ow_failure *failure) OW_MUST_CHECK;
/** The next line without its newline; valid until the next call. OW_PROTOCOL if it has no end. */
enum ow_status ow_query_link_read(struct ow_query_link *link, int64_t deadline, const char **line,
                                  size_t *octets, struct ow_failure *failure) OW_MUST_CHECK;
void ow_query_link_close(struct ow_query_link *link);

#endif
