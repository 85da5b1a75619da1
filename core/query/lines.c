/* SPDX-License-Identifier: MIT */
/* One buffer that doubles up to a bound; complete lines are handed out where they lie. */
#include "query/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FIRST_ROOM = 16384 };

/* After a call that moved nothing: can it be tried again? */
static enum ow_status check_error(int error, struct ow_failure *failure)
{
  bool passes = error == EAGAIN || error == EINTR;
  return passes ? OW_OK : ow_fail(failure, OW_NETWORK, "the connection broke: %s", strerrordesc_np(error));
}

enum ow_status ow_query_send(int descriptor, const char *text, size_t octets, size_t *sent,
                             struct ow_failure *failure)
{
  ssize_t count = send(descriptor, text, octets, MSG_NOSIGNAL | MSG_DONTWAIT);
  *sent = count > 0 ? (size_t)count : 0;
  return count < 0 ? check_error(errno, failure) : OW_OK;
}

/* Room for more at the end: what was handed out goes. */
static enum ow_status make_room(struct ow_query_lines *lines, struct ow_failure *failure)
{
  if (lines->first) {
    memmove(lines->octets, lines->octets + lines->first, lines->end - lines->first);
    lines->end -= lines->first;
    lines->scanned -= lines->first;
    lines->first = 0;
  }
  if (lines->end < lines->capacity)
    return OW_OK;
  size_t capacity = lines->capacity ? lines->capacity * 2 : FIRST_ROOM;
  if (capacity > lines->most + 1)
    capacity = lines->most + 1; /* the newline */
  if (capacity <= lines->capacity)
    return ow_fail(failure, OW_PROTOCOL, "the answer has no end within %zu octets; no more are possible",
                   lines->most);
  char *octets = realloc(lines->octets, capacity);
  if (!octets)
    return ow_fail(failure, OW_MEMORY, "no memory for an answer of %zu octets", capacity);
  lines->octets = octets;
  lines->capacity = capacity;
  return OW_OK;
}

enum ow_status ow_query_lines_receive(struct ow_query_lines *lines, int descriptor, size_t *got,
                                      struct ow_failure *failure)
{
  enum ow_status status = make_room(lines, failure);
  *got = 0;
  if (status != OW_OK)
    return status;
  ssize_t count = recv(descriptor, lines->octets + lines->end, lines->capacity - lines->end, MSG_DONTWAIT);
  if (count > 0)
    *got = (size_t)count;
  else if (count == 0)
    status = ow_fail(failure, OW_NETWORK, "the other side closed the connection");
  else
    status = check_error(errno, failure);
  lines->end += *got;
  return status;
}

bool ow_query_lines_next(struct ow_query_lines *lines, const char **line, size_t *octets)
{
  char *newline = NULL;
  if (lines->end > lines->scanned)
    newline = memchr(lines->octets + lines->scanned, '\n', lines->end - lines->scanned);
  lines->scanned = lines->end;
  if (newline) {
    *line = lines->octets + lines->first;
    *octets = (size_t)(newline - *line);
    lines->first += *octets + 1;
    lines->scanned = lines->first;
  }
  return newline != NULL;
}

void ow_query_lines_clear(struct ow_query_lines *lines)
{
  free(lines->octets);
  *lines = (struct ow_query_lines){.most = lines->most};
}
