#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "io/thread.h"
#include "query/link.h"
#include "query/query.h"
#include "report/answer.h"

#define PERIOD OW_NS_PER_S
#define ANSWER_TIME (5 * OW_NS_PER_S)
#define DELAY_MOST (16 * OW_NS_PER_S)

enum {
  BATCH = 32,  /* questions under way at once; their text fits in any socket's buffer */
  OVERLAP = 2, /* intervals asked for beyond the missing: one that we have, one that ends meanwhile */
};

/* A stream that is published, and how far we have followed it. */
struct followed {
  char name[OW_STREAM_NAME];
  bool foreign; /* somebody else's on our board: not ours to touch */
  bool current; /* as of `version` */
  uint64_t version;
  uint64_t newest;           /* interval that we have; 0: none */
  struct ow_timestamp begin; /* its begin: tells a stream that began anew */
  uint64_t there;            /* the newest there */
};

struct ow_query_mirror {
  pthread_t thread;
  int cancel; /* an eventfd */
  char path[128];
  struct ow_board *board;
  struct ow_log log;
  struct ow_query_link link;
  struct followed *streams; /* sorted by name */
  size_t count;
  char told[OW_FAILURE_TEXT]; /* the last reason that was logged */
  struct ow_interval intervals[OW_QUERY_INTERVALS];
};

/* ---- the list ---- */

static int by_name(const void *a, const void *b)
{
  return strcmp(a, b);
}

static struct followed *find(const struct ow_query_mirror *mirror, const char *name)
{
  return mirror->count ? bsearch(name, mirror->streams, mirror->count, sizeof *mirror->streams, by_name)
                       : NULL;
}

/* One that appears. A name that is taken isn't ours. */
static struct followed follow_new(const struct ow_query_mirror *mirror, const char *name)
{
  struct followed stream = {.current = false};
  struct ow_stream_view taken;
  memcpy(stream.name, name, sizeof stream.name);
  stream.foreign = ow_board_view(mirror->board, name, &taken);
  if (stream.foreign)
    ow_log(&mirror->log, OW_LOG_WARNING,
           "query socket %s: stream %s is left out, there is one of that name already", mirror->path, name);
  return stream;
}

static struct followed merge(const struct ow_query_mirror *mirror, const struct ow_listed *listed)
{
  const struct followed *known = find(mirror, listed->name);
  struct followed stream = known ? *known : follow_new(mirror, listed->name);
  stream.current = stream.current && stream.version == listed->version;
  stream.there = listed->newest;
  return stream;
}

/* What is listed no more leaves the board. */
static void drop_gone(const struct ow_query_mirror *mirror, const struct followed *streams, size_t count)
{
  for (size_t i = 0; i < mirror->count; i++) {
    const struct followed *old = &mirror->streams[i];
    if (!old->foreign && !(count && bsearch(old->name, streams, count, sizeof *streams, by_name)))
      ow_board_remove_stream(mirror->board, old->name);
  }
}

/* `listed` is sorted here, whatever the other side did: the search relies on it. */
static enum ow_status take_list(struct ow_query_mirror *mirror, struct ow_listed *listed, size_t count,
                                struct ow_failure *failure)
{
  size_t kept = 0;
  struct followed *streams = calloc(count + 1, sizeof *streams);
  if (!streams)
    return ow_fail(failure, OW_MEMORY, "no memory for %zu streams", count);
  qsort(listed, count, sizeof *listed, by_name);
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || strcmp(streams[kept - 1].name, listed[i].name) != 0)
      streams[kept++] = merge(mirror, &listed[i]);
  drop_gone(mirror, streams, kept);
  free(mirror->streams);
  mirror->streams = streams;
  mirror->count = kept;
  return OW_OK;
}

static enum ow_status read_list(struct ow_query_mirror *mirror, int64_t deadline, struct ow_failure *failure)
{
  const char *line = NULL;
  struct ow_listed *listed = NULL;
  size_t octets = 0;
  size_t count = 0;
  enum ow_status status = ow_query_link_send(&mirror->link, "list\n", 5, deadline, failure);
  if (status == OW_OK)
    status = ow_query_link_read(&mirror->link, deadline, &line, &octets, failure);
  if (status == OW_OK)
    status = ow_answer_read_list(line, octets, &listed, &count, failure);
  if (status == OW_OK)
    status = take_list(mirror, listed, count, failure);
  free(listed);
  return status;
}

/* ---- what has changed ---- */

static size_t wanted(const struct ow_query_mirror *mirror, const struct followed *stream)
{
  uint64_t count = ow_board_history(mirror->board);
  if (stream->newest > 0 && stream->there >= stream->newest)
    count = stream->there - stream->newest + OVERLAP;
  return count < OW_QUERY_INTERVALS ? (size_t)count : OW_QUERY_INTERVALS;
}

static enum ow_status ask(struct ow_query_mirror *mirror, struct followed *const *batch, size_t count,
                          int64_t deadline, struct ow_failure *failure)
{
  char text[BATCH * (OW_STREAM_NAME + 16)];
  size_t length = 0;
  for (size_t i = 0; i < count; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "get %s %zu\n", batch[i]->name,
                               wanted(mirror, batch[i]));
  return ow_query_link_send(&mirror->link, text, length, deadline, failure);
}

/* An interval that we have, but which begins at another time there: numbers began anew. */
static bool began_anew(const struct followed *stream, const struct ow_interval *intervals, size_t count)
{
  bool anew = false;
  for (size_t i = 0; i < count; i++)
    anew = anew || (intervals[i].number == stream->newest && intervals[i].begin.ntp != stream->begin.ntp);
  return anew;
}

static enum ow_status take_stream(struct ow_query_mirror *mirror, struct followed *stream,
                                  const struct ow_stream_view *view, size_t count, struct ow_failure *failure)
{
  if (strcmp(view->name, stream->name) != 0)
    return ow_fail(failure, OW_PROTOCOL, "the answer is about another stream, %s", view->name);
  if (began_anew(stream, mirror->intervals, count))
    ow_board_remove_stream(mirror->board, stream->name);
  if (ow_board_mirror(mirror->board, view, mirror->intervals, count) != OW_OK)
    return ow_fail(failure, OW_MEMORY, "no memory for stream %s", stream->name);
  stream->current = true;
  stream->version = view->version;
  stream->newest = count ? mirror->intervals[count - 1].number : 0;
  stream->begin = count ? mirror->intervals[count - 1].begin : (struct ow_timestamp){0};
  return OW_OK;
}

/* Refused: it has gone since it was listed. */
static enum ow_status read_stream(struct ow_query_mirror *mirror, struct followed *stream, int64_t deadline,
                                  struct ow_failure *failure)
{
  struct ow_stream_view view;
  const char *line = NULL;
  size_t octets = 0;
  size_t got = 0;
  enum ow_status status = ow_query_link_read(&mirror->link, deadline, &line, &octets, failure);
  if (status == OW_OK) {
    status = ow_answer_read_stream(line, octets, &view, mirror->intervals, OW_QUERY_INTERVALS, &got, failure);
    if (status == OW_REFUSED)
      return OW_OK;
  }
  if (status == OW_OK)
    status = take_stream(mirror, stream, &view, got, failure);
  return status;
}

static enum ow_status read_batch(struct ow_query_mirror *mirror, struct followed *const *batch, size_t count,
                                 struct ow_failure *failure)
{
  int64_t deadline = ow_query_clock() + ANSWER_TIME;
  enum ow_status status = ask(mirror, batch, count, deadline, failure);
  for (size_t i = 0; i < count && status == OW_OK; i++)
    status = read_stream(mirror, batch[i], deadline, failure);
  return status;
}

static enum ow_status catch_up(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  struct followed *batch[BATCH];
  size_t count = 0;
  enum ow_status status = read_list(mirror, ow_query_clock() + ANSWER_TIME, failure);
  for (size_t i = 0; i < mirror->count && status == OW_OK; i++) {
    struct followed *stream = &mirror->streams[i];
    if (!stream->current && !stream->foreign)
      batch[count++] = stream;
    if (count == BATCH) {
      status = read_batch(mirror, batch, count, failure);
      count = 0;
    }
  }
  if (count && status == OW_OK)
    status = read_batch(mirror, batch, count, failure);
  return status;
}

/* ---- nobody answers ---- */

static void mark_down(struct ow_query_mirror *mirror, const struct ow_failure *failure)
{
  struct ow_stream_view view;
  for (size_t i = 0; i < mirror->count; i++) {
    struct followed *stream = &mirror->streams[i];
    stream->current = false; /* another process' versions say nothing */
    if (!stream->foreign && ow_board_view(mirror->board, stream->name, &view) &&
        (view.state != OW_STREAM_DOWN || strcmp(view.reason, failure->text) != 0)) {
      view.state = OW_STREAM_DOWN;
      view.status = failure->status;
      memcpy(view.reason, failure->text, sizeof view.reason);
      ow_board_set_state(mirror->board, &view, ow_system_stamp());
    }
  }
}

static void tell_down(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  ow_fail_within(failure, "query socket %s", mirror->path);
  if (strcmp(mirror->told, failure->text) != 0)
    ow_log(&mirror->log, OW_LOG_WARNING, "%s", failure->text);
  memcpy(mirror->told, failure->text, sizeof mirror->told);
  mark_down(mirror, failure);
}

static void tell_up(struct ow_query_mirror *mirror)
{
  ow_log(&mirror->log, OW_LOG_NOTICE, "query socket %s answers: %zu streams", mirror->path, mirror->count);
  mirror->told[0] = '\0';
}

/* One connection's life: until it fails, or is cancelled. True if it ever answered. */
static bool stay_connected(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  bool answered = false;
  enum ow_status status = ow_query_link_open(&mirror->link, mirror->path, mirror->cancel,
                                             ow_query_clock() + ANSWER_TIME, failure);
  while (status == OW_OK) {
    int64_t next = ow_query_clock() + PERIOD;
    status = catch_up(mirror, failure);
    if (status == OW_OK && !answered)
      tell_up(mirror);
    answered = answered || status == OW_OK;
    if (status == OW_OK && ow_query_cancelled(mirror->cancel, next))
      status = ow_fail(failure, OW_STATE, "cancelled");
  }
  ow_query_link_close(&mirror->link);
  return answered;
}

static void *run(void *argument)
{
  struct ow_query_mirror *mirror = argument;
  int64_t delay = 0;
  do {
    struct ow_failure failure = {.text = ""};
    bool answered = stay_connected(mirror, &failure);
    if (failure.status != OW_STATE)
      tell_down(mirror, &failure);
    delay = answered || delay == 0 ? PERIOD : delay < DELAY_MOST ? delay * 2 : DELAY_MOST;
  } while (!ow_query_cancelled(mirror->cancel, ow_query_clock() + delay));
  return NULL;
}

/* ---- life ---- */

static enum ow_status begin(struct ow_query_mirror *mirror, const char *path, struct ow_failure *failure)
{
  if (!path || !path[0] || strlen(path) >= sizeof mirror->path)
    return ow_fail(failure, OW_INVALID, "a query socket's path has 1 to %zu octets", sizeof mirror->path - 1);
  memcpy(mirror->path, path, strlen(path) + 1);
  mirror->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (mirror->cancel < 0)
    return ow_fail(failure, OW_NETWORK, "query socket %s: cannot make an eventfd: %s", path,
                   strerrordesc_np(errno));
  int error = ow_thread_create_deaf(&mirror->thread, run, mirror);
  return error ? ow_fail(failure, OW_NETWORK, "query socket %s: cannot start a thread: %s", path,
                         strerrordesc_np(error))
               : OW_OK;
}

static void discard(struct ow_query_mirror *mirror)
{
  if (mirror->cancel >= 0)
    close(mirror->cancel);
  free(mirror->streams);
  free(mirror);
}

struct ow_query_mirror *ow_query_follow(const char *path, struct ow_board *board, const struct ow_log *log,
                                        struct ow_failure *failure)
{
  struct ow_query_mirror *mirror = calloc(1, sizeof *mirror);
  if (!mirror) {
    ow_fail(failure, OW_MEMORY, "no memory to follow a query socket");
    return NULL;
  }
  mirror->board = board;
  mirror->log = log ? *log : (struct ow_log){0};
  mirror->cancel = mirror->link.descriptor = -1;
  if (begin(mirror, path, failure) != OW_OK) {
    discard(mirror);
    mirror = NULL;
  }
  return mirror;
}

void ow_query_unfollow(struct ow_query_mirror *mirror)
{
  static const uint64_t one = 1;
  if (!mirror)
    return;
  while (write(mirror->cancel, &one, sizeof one) < 0 && errno == EINTR)
    continue;
  pthread_join(mirror->thread, NULL);
  drop_gone(mirror, NULL, 0);
  discard(mirror);
}
