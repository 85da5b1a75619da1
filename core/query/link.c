/* SPDX-License-Identifier: MIT */
/* Each step tries first, and waits with ppoll(2) only if nothing moved. */
#include "query/link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "query/socket.h"

#define PAUSE (10 * OW_NS_PER_MS)

int64_t ow_query_clock(void)
{
  return ow_system_now().monotonic;
}

/* poll(2) for `events`. OW_OK: try again. */
static enum ow_status await(const struct ow_query_link *link, short events, int64_t deadline,
                            struct ow_failure *failure)
{
  struct pollfd one = {.fd = link->descriptor, .events = events};
  int64_t left = deadline - ow_query_clock();
  struct timespec rest = {.tv_sec = (time_t)(left / OW_NS_PER_S), .tv_nsec = (long)(left % OW_NS_PER_S)};
  if (left <= 0)
    return ow_fail(failure, OW_TIMEOUT, "no answer in time");
  if (ppoll(&one, 1, &rest, NULL) < 0 && errno != EINTR)
    return ow_fail(failure, OW_NETWORK, "cannot wait for an answer: %s", strerrordesc_np(errno));
  return OW_OK;
}

/* A full backlog can't be waited for but by asking again. */
enum ow_status ow_query_link_open(struct ow_query_link *link, const char *path, int64_t deadline,
                                  struct ow_failure *failure)
{
  struct ow_failure own = {.text = ""};
  *link = (struct ow_query_link){.descriptor = -1};
  while ((link->descriptor = ow_query_connect(path, &own)) < 0 && own.status == OW_TIMEOUT &&
         ow_query_clock() + PAUSE < deadline)
    nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
  if (link->descriptor < 0 && failure)
    *failure = own;
  return link->descriptor < 0 ? own.status : OW_OK;
}

void ow_query_link_close(struct ow_query_link *link)
{
  if (link->descriptor >= 0)
    close(link->descriptor);
  link->descriptor = -1;
  ow_query_lines_clear(&link->lines);
}

enum ow_status ow_query_link_send(struct ow_query_link *link, const char *text, size_t octets,
                                  int64_t deadline, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  while (octets && status == OW_OK) {
    size_t sent;
    status = ow_query_send(link->descriptor, text, octets, &sent, failure);
    text += sent;
    octets -= sent;
    if (status == OW_OK && sent == 0)
      status = await(link, POLLOUT, deadline, failure);
  }
  return status;
}

enum ow_status ow_query_link_read(struct ow_query_link *link, int64_t deadline, const char **line,
                                  size_t *octets, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  while (status == OW_OK && !ow_query_lines_next(&link->lines, line, octets)) {
    size_t got;
    status = ow_query_lines_receive(&link->lines, link->descriptor, &got, failure);
    if (status == OW_OK && got == 0)
      status = await(link, POLLIN, deadline, failure);
  }
  return status;
}
