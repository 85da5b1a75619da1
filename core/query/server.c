/* SPDX-License-Identifier: MIT */
/* The query socket's server: many clients, none of whom holds up another. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/limited_log.h"
#include "io/thread.h"
#include "query/answers.h"
#include "query/query.h"
#include "query/socket.h"

#define ANSWER_TIME (10 * OW_NS_PER_S)
#define IDLE_TIME (5 * OW_NS_PER_S)
#define REST (100 * OW_NS_PER_MS)
#define SLOW OW_NS_PER_S /* who has not read its answer after that is cut off when others lack memory */

enum {
  CLIENTS = 128,
  LINE_MOST = 256,
  REQUESTS_A_TURN = 32,
  WAITING_MOST = 16 << 20, /* octets of answers that wait to be read; one more is made below that */
  SHORT = 16 << 10,        /* one of so many octets is always given: who asks for one stream is answered */
};

/* One at a time is answered; what it asks meanwhile waits in its socket, so that nothing grows. */
struct client {
  struct ow_watch watch; /* descriptor -1: free */
  struct ow_timer deadline;
  struct ow_query_server *server;
  struct ow_query_text *answer; /* NULL: none waits */
  size_t sent;
  char input[LINE_MOST];
  size_t length;
  bool ended;   /* it will ask no more */
  bool closing; /* close when the answer is sent */
  int64_t active;
};

struct ow_query_server {
  struct ow_thread *thread;
  struct ow_loop *loop;
  struct ow_query_answers *answers;
  struct ow_query_place place;
  struct ow_log log;             /* the thread's own */
  struct ow_limited_log limited; /* of what clients cause */
  struct ow_watch listener;
  struct ow_timer rest; /* no descriptors were left: accept no more for a moment */
  size_t waiting;       /* octets of answers, each once, to however many it goes */
  struct client clients[CLIENTS];
};

static int64_t now_of(const struct ow_query_server *server)
{
  return ow_loop_now(server->loop).monotonic;
}

/* ---- one client ---- */

static void end_answer(struct client *client)
{
  ow_timer_cancel(client->server->loop, &client->deadline);
  if (client->answer && --client->answer->readers == 0)
    client->server->waiting -= client->answer->octets;
  ow_query_text_drop(client->answer);
  client->answer = NULL;
}

static void close_client(struct client *client)
{
  end_answer(client);
  ow_watch_close(client->server->loop, &client->watch);
}

static void cut_off(struct client *client)
{
  ow_log(&client->server->limited.log, OW_LOG_NOTICE, "query socket %s: cut off a client that doesn't read",
         client->server->place.address.sun_path);
  close_client(client);
}

static void on_deadline(struct ow_timer *timer)
{
  cut_off(OW_CONTAINER_OF(timer, struct client, deadline));
}

/* Whose answer has waited the longest, and too long where others lack memory; NULL: nobody's. */
static struct client *slowest_of(struct ow_query_server *server)
{
  struct client *slowest = NULL;
  int64_t since = now_of(server) - SLOW;
  for (size_t i = 0; i < CLIENTS; i++) {
    struct client *client = &server->clients[i];
    if (client->watch.descriptor >= 0 && client->answer &&
        client->active <= (slowest ? slowest->active : since))
      slowest = client;
  }
  return slowest;
}

/* For one more answer; who is slow makes room for it. */
static bool has_room(struct ow_query_server *server)
{
  struct client *slowest = NULL;
  while (server->waiting >= WAITING_MOST && (slowest = slowest_of(server)))
    cut_off(slowest);
  return server->waiting < WAITING_MOST;
}

/* Takes `answer` over; NULL, for want of memory, ends the connection. */
static void begin_answer(struct client *client, struct ow_query_text *answer)
{
  struct ow_query_server *server = client->server;
  client->answer = answer;
  client->sent = 0;
  client->active = now_of(server);
  if (answer) {
    if (answer->readers++ == 0)
      server->waiting += answer->octets;
    ow_timer_set(server->loop, &client->deadline, client->active + ANSWER_TIME);
  } else {
    ow_log(&server->limited.log, OW_LOG_ERROR, "query socket %s: no memory for an answer",
           server->place.address.sun_path);
    close_client(client);
  }
}

/* Send what the socket takes. */
static void send_answer(struct client *client)
{
  struct ow_query_text *answer = client->answer;
  ssize_t sent = send(client->watch.descriptor, answer->line + client->sent, answer->octets - client->sent,
                      MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0)
    client->sent += (size_t)sent;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    close_client(client);
  } else if (client->sent == answer->octets) {
    end_answer(client);
    if (client->closing)
      close_client(client);
  }
}

static struct ow_query_text *answer_to(struct ow_query_server *server, const char *request, size_t octets)
{
  struct ow_query_text *answer = ow_query_answer(server->answers, request, octets);
  if (answer && answer->octets > SHORT && !has_room(server)) {
    ow_query_text_drop(answer);
    answer = ow_query_complain("too much waits to be read by others; try again in a moment");
  }
  return answer;
}

/* True if there was a whole line, or too much of one: the answer to it now waits. */
static bool take_request(struct client *client)
{
  char *newline = memchr(client->input, '\n', client->length);
  if (newline) {
    size_t octets = (size_t)(newline - client->input);
    struct ow_query_text *answer = answer_to(client->server, client->input, octets);
    client->length -= octets + 1;
    memmove(client->input, newline + 1, client->length);
    begin_answer(client, answer);
  } else if (client->length == sizeof client->input) {
    client->closing = true;
    begin_answer(client, ow_query_complain("a request of more than 255 octets is none"));
  }
  return newline || client->closing;
}

/* True if there is more to look at. */
static bool receive(struct client *client)
{
  ssize_t got = recv(client->watch.descriptor, client->input + client->length,
                     sizeof client->input - client->length, MSG_DONTWAIT);
  if (got > 0)
    client->length += (size_t)got;
  else if (got == 0)
    client->ended = true;
  else if (errno != EAGAIN && errno != EINTR)
    close_client(client);
  return got >= 0;
}

/* One step; false if there is nothing to do before the next event. */
static bool step(struct client *client)
{
  bool more = true;
  if (client->answer) {
    send_answer(client);
    more = !client->answer;
  } else if (!take_request(client)) {
    if (client->ended)
      close_client(client);
    else
      more = receive(client);
  }
  return more && client->watch.descriptor >= 0;
}

/* After its turn it comes again when the others have had theirs: writable it is at any time. */
static void on_client(struct ow_watch *watch, uint32_t events)
{
  struct client *client = OW_CONTAINER_OF(watch, struct client, watch);
  bool more = true;
  (void)events;
  for (int i = 0; i < 3 * REQUESTS_A_TURN && more; i++)
    more = step(client);
  if (client->watch.descriptor >= 0)
    ow_watch_change(client->server->loop, watch, more || client->answer ? EPOLLOUT : EPOLLIN);
}

/* ---- all of them ---- */

/* A place for a new one: a free one, or that of who has been idle the longest. NULL: all are busy. */
static struct client *find_place(struct ow_query_server *server)
{
  struct client *best = NULL;
  int64_t idle_since = now_of(server) - IDLE_TIME;
  for (size_t i = 0; i < CLIENTS; i++) {
    struct client *client = &server->clients[i];
    if (client->watch.descriptor < 0)
      return client;
    if (!client->answer && client->active <= (best ? best->active : idle_since))
      best = client;
  }
  return best;
}

/* A last word, if the socket takes it at once. */
static void say(int descriptor, const char *sentence)
{
  struct ow_query_text *text = ow_query_complain(sentence);
  if (text)
    (void)!send(descriptor, text->line, text->octets, MSG_NOSIGNAL | MSG_DONTWAIT);
  ow_query_text_drop(text);
}

static void open_client(struct ow_query_server *server, struct client *client, int descriptor)
{
  *client = (struct client){.watch = {.descriptor = descriptor, .ready = on_client},
                            .deadline.expired = on_deadline,
                            .server = server,
                            .active = now_of(server)};
  if (ow_watch_open(server->loop, &client->watch, EPOLLIN, NULL) != OW_OK)
    ow_watch_close(server->loop, &client->watch);
}

static void take_in(struct ow_query_server *server, int descriptor)
{
  struct client *client = find_place(server);
  if (client && client->watch.descriptor >= 0) {
    say(client->watch.descriptor, "idle for too long while others wait; connect again");
    close_client(client);
  }
  if (client) {
    open_client(server, client, descriptor);
  } else {
    say(descriptor, "too many ask at once; try again in a moment");
    close(descriptor);
  }
}

static void on_connection(struct ow_watch *watch, uint32_t events)
{
  struct ow_query_server *server = OW_CONTAINER_OF(watch, struct ow_query_server, listener);
  (void)events;
  int descriptor = accept4(watch->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    take_in(server, descriptor);
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    ow_watch_change(server->loop, watch, 0);
    ow_timer_set(server->loop, &server->rest, now_of(server) + REST);
  }
}

static void on_rested(struct ow_timer *timer)
{
  struct ow_query_server *server = OW_CONTAINER_OF(timer, struct ow_query_server, rest);
  ow_watch_change(server->loop, &server->listener, EPOLLIN);
}

/* ---- life ---- */

static struct ow_query_server *create(const struct ow_board *board, const struct ow_log *log)
{
  struct ow_query_server *server = calloc(1, sizeof *server);
  if (server) {
    server->log = log ? *log : (struct ow_log){0};
    server->listener = (struct ow_watch){.descriptor = -1, .ready = on_connection};
    server->rest.expired = on_rested;
    for (size_t i = 0; i < CLIENTS; i++)
      server->clients[i].watch.descriptor = -1;
    server->answers = ow_query_answers_create(board);
    if (!server->answers) {
      free(server);
      server = NULL;
    }
  }
  return server;
}

static enum ow_status begin(struct ow_query_server *server, const struct ow_query_options *options,
                            struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  server->thread = ow_thread_create(failure);
  if (!server->thread)
    return failure->status;
  server->loop = ow_thread_loop(server->thread);
  ow_limited_log_open(&server->limited, server->loop, &server->log);
  server->listener.descriptor = ow_query_listen(options, &server->place, failure);
  if (server->listener.descriptor < 0)
    return failure->status;
  status = ow_watch_open(server->loop, &server->listener, EPOLLIN, failure);
  if (status == OW_OK)
    status = ow_thread_start(server->thread, "owamp-query", &server->log, failure);
  return status;
}

struct ow_query_server *ow_query_publish(const struct ow_board *board, const struct ow_query_options *options,
                                         const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_failure own = {.text = ""};
  struct ow_query_server *server = create(board, log);
  enum ow_status status =
      server ? begin(server, options, &own) : ow_fail(&own, OW_MEMORY, "no memory to publish");
  if (status != OW_OK) {
    ow_fail_within(&own, "query socket %s", options->path ? options->path : "");
    if (failure)
      *failure = own;
    ow_query_unpublish(server);
    server = NULL;
  }
  return server;
}

void ow_query_unpublish(struct ow_query_server *server)
{
  if (!server)
    return;
  if (server->thread) {
    ow_thread_stop(server->thread);
    for (size_t i = 0; i < CLIENTS; i++)
      if (server->clients[i].watch.descriptor >= 0)
        close_client(&server->clients[i]);
    /* First the name, so that nobody finds a socket that is closed. */
    if (server->listener.descriptor >= 0)
      ow_query_leave(&server->place);
    ow_timer_cancel(server->loop, &server->rest);
    ow_limited_log_close(&server->limited);
    ow_watch_close(server->loop, &server->listener);
    ow_thread_free(server->thread);
  }
  ow_query_answers_free(server->answers);
  free(server);
}
