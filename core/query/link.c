#include "query/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "query/socket.h"

#define PAUSE (10 * OW_NS_PER_MS)

enum { FIRST_ROOM = 16384, LINE_MOST = 16 << 20 };

int64_t ow_query_clock(void)
{
  return ow_system_now().monotonic;
}

/* poll(2) for `events` or the cancellation. OW_OK: try again. */
static enum ow_status await(int descriptor, short events, int cancel, int64_t deadline,
                            struct ow_failure *failure)
{
  struct pollfd both[2] = {{.fd = cancel, .events = POLLIN}, {.fd = descriptor, .events = events}};
  int64_t left = deadline == OW_NEVER ? OW_NEVER : deadline - ow_query_clock();
  struct timespec rest = {.tv_sec = (time_t)(left / OW_NS_PER_S), .tv_nsec = (long)(left % OW_NS_PER_S)};
  if (left <= 0)
    return ow_fail(failure, OW_TIMEOUT, "no answer in time");
  int ready = ppoll(both, 2, deadline == OW_NEVER ? NULL : &rest, NULL);
  if (ready < 0 && errno != EINTR)
    return ow_fail(failure, OW_NETWORK, "cannot wait for an answer: %s", strerrordesc_np(errno));
  return ready > 0 && both[0].revents ? ow_fail(failure, OW_STATE, "cancelled") : OW_OK;
}

bool ow_query_cancelled(int cancel, int64_t deadline)
{
  enum ow_status status = OW_OK;
  while (status == OW_OK)
    status = await(-1, 0, cancel, deadline, NULL);
  return status != OW_TIMEOUT;
}

/* A full backlog can't be waited for but by asking again. */
enum ow_status ow_query_link_open(struct ow_query_link *link, const char *path, int cancel, int64_t deadline,
                                  struct ow_failure *failure)
{
  struct ow_failure own = {.text = ""};
  *link = (struct ow_query_link){.cancel = cancel};
  while ((link->descriptor = ow_query_connect(path, &own)) < 0 && own.status == OW_TIMEOUT &&
         ow_query_clock() + PAUSE < deadline && !ow_query_cancelled(cancel, ow_query_clock() + PAUSE))
    continue;
  if (link->descriptor < 0 && failure)
    *failure = own;
  return link->descriptor < 0 ? own.status : OW_OK;
}

void ow_query_link_close(struct ow_query_link *link)
{
  if (link->descriptor >= 0)
    close(link->descriptor);
  link->descriptor = -1;
  free(link->octets);
  link->octets = NULL;
  link->begin = link->end = link->scanned = link->capacity = 0;
}

/* After a read or a write that didn't go: wait, unless it can't be mended. */
static enum ow_status retry(struct ow_query_link *link, short events, int64_t deadline,
                            struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (errno == EAGAIN)
    status = await(link->descriptor, events, link->cancel, deadline, failure);
  else if (errno != EINTR)
    status = ow_fail(failure, OW_NETWORK, "the connection broke: %s", strerrordesc_np(errno));
  return status;
}

enum ow_status ow_query_link_send(struct ow_query_link *link, const char *text, size_t octets,
                                  int64_t deadline, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  while (octets && status == OW_OK) {
    ssize_t sent = send(link->descriptor, text, octets, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      status = retry(link, POLLOUT, deadline, failure);
    } else {
      text += sent;
      octets -= (size_t)sent;
    }
  }
  return status;
}

/* Room for more at the end: what was handed out goes. */
static enum ow_status make_room(struct ow_query_link *link, struct ow_failure *failure)
{
  if (link->begin) {
    memmove(link->octets, link->octets + link->begin, link->end - link->begin);
    link->end -= link->begin;
    link->scanned -= link->begin;
    link->begin = 0;
  }
  if (link->end < link->capacity)
    return OW_OK;
  size_t capacity = link->capacity ? link->capacity * 2 : FIRST_ROOM;
  if (capacity > LINE_MOST)
    return ow_fail(failure, OW_PROTOCOL, "the answer has no end");
  char *octets = realloc(link->octets, capacity);
  if (!octets)
    return ow_fail(failure, OW_MEMORY, "no memory for an answer of %zu octets", capacity);
  link->octets = octets;
  link->capacity = capacity;
  return OW_OK;
}

static enum ow_status read_more(struct ow_query_link *link, int64_t deadline, struct ow_failure *failure)
{
  enum ow_status status = make_room(link, failure);
  if (status != OW_OK)
    return status;
  ssize_t got = recv(link->descriptor, link->octets + link->end, link->capacity - link->end, MSG_DONTWAIT);
  if (got > 0)
    link->end += (size_t)got;
  else if (got == 0)
    status = ow_fail(failure, OW_NETWORK, "the other side closed the connection");
  else
    status = retry(link, POLLIN, deadline, failure);
  return status;
}

enum ow_status ow_query_link_read(struct ow_query_link *link, int64_t deadline, const char **line,
                                  size_t *octets, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  char *newline = NULL;
  link->scanned = link->begin;
  while (status == OW_OK && !newline) {
    if (link->end > link->scanned)
      newline = memchr(link->octets + link->scanned, '\n', link->end - link->scanned);
    link->scanned = link->end;
    if (!newline)
      status = read_more(link, deadline, failure);
  }
  if (newline) {
    *line = link->octets + link->begin;
    *octets = (size_t)(newline - *line);
    link->begin += *octets + 1;
  }
  return status;
}
