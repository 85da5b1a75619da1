/* SPDX-License-Identifier: MIT */
/* A board kept like another process' board: one connection, a state for each thing it waits for. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/container_of.h"
#include "io/thread.h"
#include "query/lines.h"
#include "query/mirror_streams.h"
#include "query/query.h"
#include "query/socket.h"
#include "report/answer.h"
#include "report/answer_bounds.h"

#define PERIOD OW_NS_PER_S
#define ANSWER_TIME (5 * OW_NS_PER_S)
#define DELAY_MOST (16 * OW_NS_PER_S)
#define PAUSE (10 * OW_NS_PER_MS)

enum state {
  WAITING,     /* for the time of the next attempt */
  CONNECTING,  /* too many wait to be let in: again in a moment */
  LISTING,     /* it was asked for the list */
  CATCHING_UP, /* it was asked for some streams that have changed */
  RESTING,     /* all is as it is there, until the next round */
};

struct ow_query_mirror {
  struct ow_thread *thread;
  struct ow_loop *loop;
  char path[128];
  struct ow_log log;
  enum state state;
  struct ow_timer timer; /* the end of the state; while an answer is due it comes too late then */
  struct ow_watch watch; /* the connection, from LISTING on */
  struct ow_query_lines lines;
  char request[OW_MIRROR_TEXT];
  size_t request_length;
  size_t request_sent;
  int64_t connect_until;
  int64_t next_round;
  bool answered;              /* this connection, at least once all */
  int64_t delay;              /* after the last attempt; 0: none has failed yet */
  char told[OW_FAILURE_TEXT]; /* the last reason that was logged */
  struct ow_mirror_streams streams;
};

static int64_t now_of(const struct ow_query_mirror *mirror)
{
  return ow_loop_now(mirror->loop).monotonic;
}

static void enter_state(struct ow_query_mirror *mirror, enum state state, int64_t until)
{
  mirror->state = state;
  ow_timer_set(mirror->loop, &mirror->timer, until);
}

/* ---- the connection ends ---- */

static void tell_down(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  ow_fail_within(failure, "query socket %s", mirror->path);
  if (strcmp(mirror->told, failure->text) != 0)
    ow_log(&mirror->log, OW_LOG_WARNING, "%s", failure->text);
  memcpy(mirror->told, failure->text, sizeof mirror->told);
  ow_mirror_streams_down(&mirror->streams, failure, ow_loop_now(mirror->loop).wall);
}

/* 1, 2, 4, ... s; an attempt that came to an answer makes it 1 s again. */
static int64_t next_delay(const struct ow_query_mirror *mirror)
{
  int64_t delay = mirror->delay * 2;
  if (mirror->answered || mirror->delay == 0)
    delay = PERIOD;
  return delay < DELAY_MOST ? delay : DELAY_MOST;
}

static void disconnect_link(struct ow_query_mirror *mirror)
{
  ow_watch_close(mirror->loop, &mirror->watch);
  ow_query_lines_clear(&mirror->lines);
}

static void give_up(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  disconnect_link(mirror);
  tell_down(mirror, failure);
  mirror->delay = next_delay(mirror);
  enter_state(mirror, WAITING, now_of(mirror) + mirror->delay);
}

/* ---- asking ---- */

static enum ow_status send_request(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  size_t sent;
  enum ow_status status = ow_query_send(mirror->watch.descriptor, mirror->request + mirror->request_sent,
                                        mirror->request_length - mirror->request_sent, &sent, failure);
  mirror->request_sent += sent;
  ow_watch_change(mirror->loop, &mirror->watch,
                  mirror->request_sent < mirror->request_length ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return status;
}

/* What stands in `request`. */
static enum ow_status ask(struct ow_query_mirror *mirror, enum state state, size_t length,
                          struct ow_failure *failure)
{
  mirror->request_length = length;
  mirror->request_sent = 0;
  enter_state(mirror, state, now_of(mirror) + ANSWER_TIME);
  return send_request(mirror, failure);
}

static enum ow_status ask_list(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  static const char list[] = "list\n";
  mirror->next_round = now_of(mirror) + PERIOD;
  memcpy(mirror->request, list, sizeof list - 1);
  return ask(mirror, LISTING, sizeof list - 1, failure);
}

static void rest(struct ow_query_mirror *mirror)
{
  if (!mirror->answered)
    ow_log(&mirror->log, OW_LOG_NOTICE, "query socket %s answers: %zu streams", mirror->path,
           mirror->streams.count);
  mirror->answered = true;
  mirror->told[0] = '\0';
  enter_state(mirror, RESTING, mirror->next_round);
}

static enum ow_status ask_for_news(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  size_t length = ow_mirror_streams_ask(&mirror->streams, mirror->request);
  if (length)
    status = ask(mirror, CATCHING_UP, length, failure);
  else
    rest(mirror);
  return status;
}

static enum ow_status try_to_connect(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  mirror->watch.descriptor = ow_query_connect(mirror->path, failure);
  if (mirror->watch.descriptor >= 0) {
    status = ow_watch_open(mirror->loop, &mirror->watch, EPOLLIN, failure);
    if (status == OW_OK)
      status = ask_list(mirror, failure);
  } else if (failure->status == OW_TIMEOUT && now_of(mirror) + PAUSE < mirror->connect_until) {
    enter_state(mirror, CONNECTING, now_of(mirror) + PAUSE);
  } else {
    status = failure->status;
  }
  return status;
}

static enum ow_status connect_anew(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  mirror->answered = false;
  mirror->connect_until = now_of(mirror) + ANSWER_TIME;
  return try_to_connect(mirror, failure);
}

static void on_timer(struct ow_timer *timer)
{
  struct ow_query_mirror *mirror = OW_CONTAINER_OF(timer, struct ow_query_mirror, timer);
  struct ow_failure failure = {.text = ""};
  enum ow_status status = OW_OK;
  switch (mirror->state) {
  case WAITING: status = connect_anew(mirror, &failure); break;
  case CONNECTING: status = try_to_connect(mirror, &failure); break;
  case LISTING:
  case CATCHING_UP: status = ow_fail(&failure, OW_TIMEOUT, "no answer in time"); break;
  case RESTING: status = ask_list(mirror, &failure); break;
  }
  if (status != OW_OK)
    give_up(mirror, &failure);
}

/* ---- answers ---- */

/* It says why it is about to close the connection. */
static enum ow_status take_last_word(const char *line, size_t octets, struct ow_failure *failure)
{
  struct ow_listed *listed = NULL;
  size_t count;
  bool histograms;
  enum ow_status status = ow_answer_read_list(line, octets, &listed, &count, &histograms, failure);
  free(listed);
  return status == OW_OK ? ow_fail(failure, OW_PROTOCOL, "an answer came that wasn't asked for") : status;
}

static enum ow_status take_line(struct ow_query_mirror *mirror, const char *line, size_t octets,
                                struct ow_failure *failure)
{
  struct ow_mirror_streams *streams = &mirror->streams;
  enum ow_status status = OW_OK;
  switch (mirror->state) {
  case LISTING: status = ow_mirror_streams_list(streams, line, octets, failure); break;
  case CATCHING_UP: status = ow_mirror_streams_answer(streams, line, octets, failure); break;
  case WAITING: /* no connection: no line */
  case CONNECTING:
  case RESTING: status = take_last_word(line, octets, failure); break;
  }
  if (status == OW_OK && !ow_mirror_streams_wait(streams))
    status = ask_for_news(mirror, failure);
  return status;
}

static size_t longest_line(const struct ow_query_mirror *mirror)
{
  size_t intervals = mirror->state == CATCHING_UP ? ow_mirror_streams_awaited(&mirror->streams) : 0;
  struct ow_answer_bounds bounds = mirror->state == LISTING
                                       ? ow_answer_bounds_of_list()
                                       : ow_answer_bounds_of_stream(intervals, mirror->streams.histograms);
  return bounds.octets;
}

static enum ow_status receive(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  const char *line;
  size_t octets;
  mirror->lines.most = longest_line(mirror);
  enum ow_status status = ow_query_lines_receive(&mirror->lines, mirror->watch.descriptor, &octets, failure);
  while (status == OW_OK && ow_query_lines_next(&mirror->lines, &line, &octets))
    status = take_line(mirror, line, octets, failure);
  return status;
}

static void on_connection(struct ow_watch *watch, uint32_t events)
{
  struct ow_query_mirror *mirror = OW_CONTAINER_OF(watch, struct ow_query_mirror, watch);
  struct ow_failure failure = {.text = ""};
  enum ow_status status = OW_OK;
  if (events & EPOLLOUT)
    status = send_request(mirror, &failure);
  if (status == OW_OK && events & ~(uint32_t)EPOLLOUT)
    status = receive(mirror, &failure);
  if (status != OW_OK)
    give_up(mirror, &failure);
}

/* ---- life ---- */

static struct ow_query_mirror *create(const char *path, struct ow_board *board, const struct ow_log *log)
{
  struct ow_query_mirror *mirror = calloc(1, sizeof *mirror);
  if (mirror) {
    memcpy(mirror->path, path, strlen(path) + 1);
    mirror->log = log ? *log : (struct ow_log){0};
    mirror->timer.expired = on_timer;
    mirror->watch = (struct ow_watch){.descriptor = -1, .ready = on_connection};
    mirror->streams.path = mirror->path;
    mirror->streams.board = board;
    mirror->streams.log = &mirror->log;
  }
  return mirror;
}

static enum ow_status start(struct ow_query_mirror *mirror, struct ow_failure *failure)
{
  mirror->thread = ow_thread_create(failure);
  if (!mirror->thread)
    return failure->status;
  mirror->loop = ow_thread_loop(mirror->thread);
  enter_state(mirror, WAITING, now_of(mirror));
  return ow_thread_start(mirror->thread, "owamp-mirror", &mirror->log, failure);
}

struct ow_query_mirror *ow_query_follow(const char *path, struct ow_board *board, const struct ow_log *log,
                                        struct ow_failure *failure)
{
  struct ow_query_mirror *mirror = NULL;
  struct ow_failure own = {.text = ""};
  enum ow_status status = OW_OK;
  if (!path || !path[0] || strlen(path) >= sizeof mirror->path)
    status = ow_fail(&own, OW_INVALID, "a query socket's path has 1 to %zu octets", sizeof mirror->path - 1);
  else if (!(mirror = create(path, board, log)))
    status = ow_fail(&own, OW_MEMORY, "no memory to follow a query socket");
  else if ((status = start(mirror, &own)) != OW_OK)
    ow_fail_within(&own, "query socket %s", path);
  if (status != OW_OK) {
    ow_query_unfollow(mirror);
    mirror = NULL;
    if (failure)
      *failure = own;
  }
  return mirror;
}

void ow_query_unfollow(struct ow_query_mirror *mirror)
{
  if (!mirror)
    return;
  if (mirror->thread) {
    ow_thread_stop(mirror->thread);
    disconnect_link(mirror);
    ow_timer_cancel(mirror->loop, &mirror->timer);
    ow_thread_free(mirror->thread);
  }
  ow_mirror_streams_clear(&mirror->streams);
  free(mirror);
}
