/* SPDX-License-Identifier: MIT */
/*
 * core/query: the query socket over real Unix sockets: who publishes, who asks, who follows, and who means
 * ill.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "query/query.h"
#include "report/answer.h"
#include "support/board.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/seed.h"

#define SECOND OW_NS_PER_S

enum { HISTORY = 50, MANY = 1000 };

static char folder[64];
static char path[96];
static struct ow_board *board;
static struct ow_query_server *server;
static struct ow_failure failure;

static struct ow_query_options options_for(const char *where)
{
  return (struct ow_query_options){.path = where, .permissions = 0660};
}

static void publish(void)
{
  struct ow_query_options options = options_for(path);
  server = ow_query_publish(board, &options, NULL, &failure);
  ck_assert_msg(server != NULL, "%s", failure.text);
}

static void unpublish(void)
{
  ow_query_unpublish(server);
  server = NULL;
}

static void set_up(void)
{
  snprintf(folder, sizeof folder, "/tmp/owamp-query-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/query.sock", folder);
  board = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(board);
  publish();
}

/* Nothing stays behind: the folder must be empty. */
static void tear_down(void)
{
  unpublish();
  ow_board_free(board);
  ck_assert_msg(rmdir(folder) == 0, "%s: %s", folder, strerror(errno));
}

static void add_stream(struct ow_board *to, const char *name)
{
  struct ow_stream_view view = {.host = "far.example.net",
                                .port = "861",
                                .directions = {true, true},
                                .interval = 60 * SECOND,
                                .state = OW_STREAM_UP,
                                .mode = OW_MODE_OPEN};
  snprintf(view.name, sizeof view.name, "%s", name);
  ck_assert_int_eq(ow_board_put_stream(to, &view), OW_OK);
  ow_board_set_state(to, &view, (struct ow_timestamp){1});
}

/* 59 packets, 10 ns apart from `number` ns on, and their histogram. */
static struct ow_result with_histogram(uint64_t number)
{
  enum { PACKETS = 59 };
  int64_t delays[PACKETS];
  for (int i = 0; i < PACKETS; i++)
    delays[i] = (int64_t)number + 10 * i;
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                            .sent = 60,
                            .received = 59,
                            .lost = 1,
                            .delay = ow_delays_summarize(delays, PACKETS),
                            .histogram = ow_histogram_of(delays, PACKETS)};
}

static void add_measured(struct ow_board *to, const char *name, uint64_t number)
{
  struct ow_interval interval = {.number = number, .mode = OW_MODE_OPEN};
  interval.begin.ntp = (1000 + 60 * number) << 32;
  interval.end.ntp = (1060 + 60 * number) << 32;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval.results[d] = with_histogram(number);
  ow_board_add_interval(to, name, &interval);
  ow_interval_drop(&interval);
}

static void add_interval(struct ow_board *to, const char *name, uint64_t number, uint32_t epoch)
{
  struct ow_interval interval = {.number = number, .mode = OW_MODE_OPEN};
  interval.begin.ntp = (uint64_t)(epoch + 60 * number) << 32;
  interval.end.ntp = (uint64_t)(epoch + 60 * (number + 1)) << 32;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval.results[d] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                             .sent = 60,
                                             .received = 59,
                                             .lost = 1,
                                             .delay = {.min = 1, .p95 = (int64_t)number}};
  ow_board_add_interval(to, name, &interval);
}

/* ---- raw clients ---- */

static int try_connect(void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval limit = {.tv_sec = 20};
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    close(descriptor);
    descriptor = -1;
  }
  return descriptor;
}

static int connect_raw(void)
{
  int descriptor = try_connect();
  ck_assert_int_ge(descriptor, 0);
  return descriptor;
}

static void put(int descriptor, const char *octets, size_t count)
{
  ck_assert_int_eq(send(descriptor, octets, count, MSG_NOSIGNAL), (ssize_t)count);
}

/* Up to the newline, or the end; which octets came. */
static size_t take_line(int descriptor, char *line, size_t size)
{
  size_t length = 0;
  while (length < size - 1 && recv(descriptor, line + length, 1, 0) == 1 && line[length] != '\n')
    length++;
  line[length] = '\0';
  return length;
}

static void assert_answer(int descriptor, const char *request, size_t octets, const char *piece)
{
  char line[16384];
  put(descriptor, request, octets);
  take_line(descriptor, line, sizeof line);
  ck_assert_msg(strstr(line, piece) != NULL, "%s is not in: %s", piece, line);
}

static void assert_closed(int descriptor)
{
  char rest[64];
  ssize_t got;
  while ((got = recv(descriptor, rest, sizeof rest, 0)) > 0)
    continue;
  ck_assert(got == 0 || errno == ECONNRESET);
  close(descriptor);
}

/* ---- publishing and asking ---- */

static enum ow_status get(const char *name, struct ow_stream_view *view, struct ow_interval *intervals,
                          size_t count, size_t *got)
{
  return ow_query_get(path, name, 20 * SECOND, view, intervals, count, got, &failure);
}

START_TEST(one_asks_for_a_streams_intervals)
{
  struct ow_stream_view view;
  struct ow_interval intervals[OW_QUERY_INTERVALS];
  size_t got;
  add_stream(board, "far");
  ck_assert_int_eq(get("far", &view, intervals, 1, &got), OW_OK);
  ck_assert_uint_eq(got, 0);
  for (uint64_t n = 1; n <= HISTORY + 5; n++)
    add_interval(board, "far", n, 1000);
  ck_assert_int_eq(get("far", &view, intervals, 1, &got), OW_OK);
  ck_assert_uint_eq(got, 1);
  ck_assert_uint_eq(intervals[0].number, HISTORY + 5);
  ck_assert_str_eq(view.host, "far.example.net");
  ck_assert_uint_eq(view.totals[OW_REVERSE].lost, HISTORY + 5);
  ck_assert_int_eq(get("far", &view, intervals, OW_QUERY_INTERVALS, &got), OW_OK);
  ck_assert_uint_eq(got, HISTORY);
  for (uint64_t n = 0; n < HISTORY; n++)
    ck_assert_uint_eq(intervals[n].number, n + 6);
  ck_assert_int_eq(get("far", &view, intervals, 3, &got), OW_OK);
  ck_assert_uint_eq(got, 3);
  ck_assert_uint_eq(intervals[0].number, HISTORY + 3);
  ck_assert_int_eq(intervals[0].results[OW_FORWARD].delay.p95, HISTORY + 3);
}
END_TEST

START_TEST(histograms_come_along)
{
  struct ow_stream_view view;
  struct ow_interval intervals[HISTORY];
  char line[32768];
  size_t got;
  add_stream(board, "far");
  for (uint64_t n = 1; n <= 3; n++)
    add_measured(board, "far", n);
  ck_assert_int_eq(get("far", &view, intervals, HISTORY, &got), OW_OK);
  ck_assert_uint_eq(got, 3);
  for (size_t i = 0; i < got; i++) {
    ck_assert_ptr_nonnull(intervals[i].results[OW_REVERSE].histogram);
    ck_assert_uint_eq(ow_histogram_entries(intervals[i].results[OW_FORWARD].histogram), 59);
    ow_interval_drop(&intervals[i]);
  }
  /* Who doesn't ask for them, as older ones don't, gets none, and no more octets than before. */
  int client = connect_raw();
  put(client, "get far 3\n", 10);
  take_line(client, line, sizeof line);
  ck_assert_ptr_null(strstr(line, "histogram"));
  put(client, "get far 3 histograms\n", 21);
  take_line(client, line, sizeof line);
  ck_assert_ptr_nonnull(strstr(line, "\"histogram\":\"0 9 9 9"));
  assert_answer(client, "list\n", 5, "\"histograms\":true");
  close(client);
}
END_TEST

/* One that is older than histograms: no request of theirs is one to it. */
static void *answer_as_of_old(void *context)
{
  static const char refusal[] = "{\"error\":\"this is no request; ask \\\"list\\\" or \\\"get NAME\\\"\"}\n";
  const struct ow_stream_view view = {.name = "far", .host = "far.example.net", .port = "861"};
  const struct ow_interval interval = {.number = 7, .begin.ntp = 1, .end.ntp = 2};
  char line[256];
  size_t octets;
  int client = accept(*(int *)context, NULL, NULL);
  take_line(client, line, sizeof line);
  if (strcmp(line, "get far 1 histograms") == 0)
    put(client, refusal, sizeof refusal - 1);
  take_line(client, line, sizeof line);
  char *answer = ow_answer_stream(&view, &interval, 1, &octets);
  if (strcmp(line, "get far 1") == 0) {
    put(client, answer, octets);
    put(client, "\n", 1);
  }
  free(answer);
  close(client);
  return NULL;
}

START_TEST(an_older_one_is_asked_without_histograms)
{
  struct ow_stream_view view;
  struct ow_interval interval;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  pthread_t thread;
  size_t got;
  unpublish();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(listener, 1), 0);
  ck_assert_int_eq(pthread_create(&thread, NULL, answer_as_of_old, &listener), 0);
  ck_assert_msg(get("far", &view, &interval, 1, &got) == OW_OK, "%s", failure.text);
  ck_assert(got == 1 && interval.number == 7);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  close(listener);
  unlink(path);
}
END_TEST

START_TEST(what_fails_is_told)
{
  struct ow_stream_view view;
  struct ow_interval interval;
  size_t got = 7;
  for (int i = 0; i < 8; i++)
    add_stream(board, (const char[]){'s', (char)('0' + i), '\0'});
  ck_assert_int_eq(get("far", &view, &interval, 1, &got), OW_REFUSED);
  ck_assert_ptr_nonnull(
      strstr(failure.text, "no stream \"far\", but there are: s0, s1, s2, s3, s4 and 3 more"));
  ck_assert_ptr_nonnull(strstr(failure.text, path));
  ck_assert_uint_eq(got, 0);
  ck_assert_int_eq(get("f r", &view, &interval, 1, &got), OW_INVALID);
  unpublish();
  ck_assert_int_eq(get("far", &view, &interval, 1, &got), OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(failure.text, "No such file"));
  ck_assert_int_eq(ow_query_get("", "far", SECOND, &view, &interval, 1, &got, &failure), OW_INVALID);
}
END_TEST

/* A socket that lets one in, and says nothing, or nonsense. */
START_TEST(who_does_not_answer_is_not_waited_for)
{
  struct ow_stream_view view;
  struct ow_interval interval;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t got;
  unpublish();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(get("far", &view, &interval, 1, &got), OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(failure.text, "has ended"));
  ck_assert_int_eq(listen(listener, 0), 0);
  ck_assert_int_eq(ow_query_get(path, "far", SECOND / 20, &view, &interval, 1, &got, &failure), OW_TIMEOUT);
  /* The one of before fills the backlog: even connecting has its end. */
  ck_assert_int_eq(ow_query_get(path, "far", SECOND / 20, &view, &interval, 1, &got, &failure), OW_TIMEOUT);
  close(listener);
  unlink(path);
}
END_TEST

/* One that lets one in, hears the question, and answers without end. */
static void *answer_without_end(void *context)
{
  static char octets[1 << 16];
  int client = accept(*(int *)context, NULL, NULL);
  memset(octets, '[', sizeof octets);
  ssize_t sent = recv(client, octets + sizeof octets / 2, 1, 0);
  while (sent > 0)
    sent = send(client, octets, sizeof octets, MSG_NOSIGNAL);
  close(client);
  return NULL;
}

START_TEST(an_answer_without_end_is_read_no_further_than_an_answer_can_be)
{
  enum { ROOM = 1 << 20 };
  struct ow_stream_view view;
  struct ow_interval interval;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  pthread_t thread;
  size_t got;
  unpublish();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(listener, 1), 0);
  ck_assert_int_eq(pthread_create(&thread, NULL, answer_without_end, &listener), 0);
  size_t before = test_memory_peak();
  ck_assert_int_eq(get("far", &view, &interval, 1, &got), OW_PROTOCOL);
  ck_assert_msg(strstr(failure.text, "no end within") != NULL, "%s", failure.text);
  ck_assert_uint_le(test_memory_peak(), before + ROOM);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  close(listener);
  unlink(path);
}
END_TEST

START_TEST(requests_are_lines)
{
  int client = connect_raw();
  char line[4096];
  add_stream(board, "far");
  add_interval(board, "far", 1, 1000);
  assert_answer(client, "list\n", 5, "\"name\":\"far\"");
  assert_answer(client, "list\r\n", 6, "\"newest\":1");
  assert_answer(client, "get far\n", 8, "\"intervals\":[{\"number\":1");
  put(client, "get f", 5);
  assert_answer(client, "ar 99999999999999999999999\n", 27, "\"number\":1");
  put(client, "list\nget far\nget nobody\n", 24);
  take_line(client, line, sizeof line);
  ck_assert_ptr_nonnull(strstr(line, "streams"));
  take_line(client, line, sizeof line);
  ck_assert_ptr_nonnull(strstr(line, "intervals"));
  take_line(client, line, sizeof line);
  ck_assert_ptr_nonnull(strstr(line, "nobody"));
  /* What was asked before the end is answered; half a line isn't. */
  put(client, "list\nlist", 9);
  shutdown(client, SHUT_WR);
  take_line(client, line, sizeof line);
  ck_assert_ptr_nonnull(strstr(line, "streams"));
  ck_assert_uint_eq(take_line(client, line, sizeof line), 0);
  assert_closed(client);
}
END_TEST

START_TEST(what_is_no_request_is_answered_so)
{
  static const char *const bad[] = {"\n",
                                    "LIST\n",
                                    "list \n",
                                    "list x\n",
                                    "get\n",
                                    "get \n",
                                    "get far 0\n",
                                    "get far -1\n",
                                    "get far 1x\n",
                                    "get far 1 1\n",
                                    "get far \n",
                                    "get a/b\n",
                                    "get far histograms\n",
                                    "get far 1 histogram\n",
                                    "get far 1 histograms 1\n",
                                    "get far 1 histograms \n",
                                    " list\n",
                                    "\r\n",
                                    "get far\xff\n"};
  int client = connect_raw();
  add_stream(board, "far");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_answer(client, bad[i], strlen(bad[i]), "this is no request");
  assert_answer(client, "list\0\n", 6, "this is no request");
  assert_answer(client, "get far\0 1\n", 11, "this is no request");
  close(client);
}
END_TEST

START_TEST(a_line_without_end_ends_the_connection)
{
  char line[300];
  int client = connect_raw();
  memset(line, 'x', sizeof line);
  assert_answer(client, line, 256, "more than 255 octets");
  assert_closed(client);
  client = connect_raw();
  line[255] = '\n';
  assert_answer(client, line, 256, "this is no request");
  close(client);
}
END_TEST

START_TEST(random_octets_do_no_harm)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < 200; i++) {
    char octets[600];
    int client = connect_raw();
    test_prng_fill(&prng, octets, sizeof octets);
    (void)!send(client, octets, test_prng_below(&prng, sizeof octets), MSG_NOSIGNAL);
    close(client);
  }
  int client = connect_raw();
  assert_answer(client, "list\n", 5, "\"streams\":[]}");
  close(client);
}
END_TEST

/* ---- who may, and where ---- */

START_TEST(permissions_are_as_asked_for)
{
  struct stat made;
  struct ow_query_options options = options_for(path);
  for (unsigned i = 0; i < 3; i++) {
    static const mode_t modes[] = {0600, 0660, 0666};
    unpublish();
    options.permissions = modes[i];
    mode_t before = umask(077);
    server = ow_query_publish(board, &options, NULL, &failure);
    ck_assert_uint_eq(umask(before), 077);
    ck_assert_ptr_nonnull(server);
    ck_assert_int_eq(stat(path, &made), 0);
    ck_assert_uint_eq(made.st_mode & 0777, modes[i]);
  }
  unpublish();
  options.group = "no such group";
  ck_assert_ptr_null(ow_query_publish(board, &options, NULL, &failure));
  ck_assert_int_eq(failure.status, OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "no such group"));
  options.group = "root";
  server = ow_query_publish(board, &options, NULL, &failure);
  if (geteuid() == 0) {
    ck_assert_ptr_nonnull(server);
    ck_assert_int_eq(stat(path, &made), 0);
    ck_assert_uint_eq(made.st_gid, 0);
  }
}
END_TEST

/* As in /run after a reboot; for all to pass through, whatever the umask. */
START_TEST(the_sockets_own_folder_is_made)
{
  char inner[sizeof folder + 8];
  char there[sizeof inner + 16];
  struct stat made;
  unpublish();
  snprintf(inner, sizeof inner, "%s/owamp", folder);
  snprintf(there, sizeof there, "%s/query.sock", inner);
  struct ow_query_options options = options_for(there);
  mode_t before = umask(0077);
  server = ow_query_publish(board, &options, NULL, &failure);
  umask(before);
  ck_assert_msg(server != NULL, "%s", failure.text);
  ck_assert_int_eq(stat(inner, &made), 0);
  ck_assert_uint_eq(made.st_mode & 07777, 0755);
  unpublish();
  /* One that is there keeps what it has. */
  ck_assert_int_eq(chmod(inner, 02750), 0);
  server = ow_query_publish(board, &options, NULL, &failure);
  ck_assert_msg(server != NULL, "%s", failure.text);
  ck_assert_int_eq(stat(inner, &made), 0);
  ck_assert_uint_eq(made.st_mode & 07777, 02750);
  unpublish();
  ck_assert_int_eq(rmdir(inner), 0);
}
END_TEST

START_TEST(a_dead_process_socket_is_replaced)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  unpublish();
  int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  ck_assert_int_eq(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
  close(dead);
  publish();
  int client = connect_raw();
  assert_answer(client, "list\n", 5, "streams");
  close(client);
}
END_TEST

START_TEST(two_do_not_publish_at_one_path)
{
  struct ow_query_options options = options_for(path);
  ck_assert_ptr_null(ow_query_publish(board, &options, NULL, &failure));
  ck_assert_int_eq(failure.status, OW_STATE);
  ck_assert_ptr_nonnull(strstr(failure.text, path));
  int client = connect_raw();
  assert_answer(client, "list\n", 5, "streams");
  close(client);
}
END_TEST

START_TEST(other_files_stay)
{
  struct ow_query_options options = options_for(path);
  unpublish();
  int file = open(path, O_CREAT | O_WRONLY, 0600);
  ck_assert_ptr_null(ow_query_publish(board, &options, NULL, &failure));
  ck_assert_int_eq(failure.status, OW_STATE);
  ck_assert_int_eq(access(path, F_OK), 0);
  close(file);
  unlink(path);
  options.path = "/no/such/folder/query.sock";
  ck_assert_ptr_null(ow_query_publish(board, &options, NULL, &failure));
  ck_assert_ptr_nonnull(strstr(failure.text, "No such file"));
  char longest[200];
  memset(longest, 'x', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  options.path = longest;
  ck_assert_ptr_null(ow_query_publish(board, &options, NULL, &failure));
  ck_assert_int_eq(failure.status, OW_INVALID);
}
END_TEST

/* The path was taken over meanwhile: what is there now stays. */
START_TEST(only_the_own_socket_is_removed)
{
  unlink(path);
  int file = open(path, O_CREAT | O_WRONLY, 0600);
  unpublish();
  ck_assert_int_eq(access(path, F_OK), 0);
  close(file);
  unlink(path);
}
END_TEST

struct rivals {
  pthread_barrier_t barrier;
  atomic_int won;
  struct ow_query_server *servers[4];
};

struct rival {
  struct rivals *all;
  int index;
};

static void *compete(void *argument)
{
  struct rival *rival = argument;
  struct ow_query_options options = options_for(path);
  struct ow_failure why;
  pthread_barrier_wait(&rival->all->barrier);
  rival->all->servers[rival->index] = ow_query_publish(board, &options, NULL, &why);
  if (rival->all->servers[rival->index])
    rival->all->won++;
  return NULL;
}

START_TEST(of_those_that_begin_at_once_one_wins)
{
  for (int round = 0; round < 10; round++) {
    struct rivals rivals = {.won = 0};
    struct rival each[4];
    pthread_t threads[4];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    unpublish();
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ck_assert_int_eq(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    close(dead);
    pthread_barrier_init(&rivals.barrier, NULL, 4);
    for (int i = 0; i < 4; i++) {
      each[i] = (struct rival){&rivals, i};
      ck_assert_int_eq(pthread_create(&threads[i], NULL, compete, &each[i]), 0);
    }
    for (int i = 0; i < 4; i++)
      pthread_join(threads[i], NULL);
    ck_assert_int_eq(rivals.won, 1);
    for (int i = 0; i < 4; i++)
      if (rivals.servers[i])
        server = rivals.servers[i];
    int client = connect_raw();
    assert_answer(client, "list\n", 5, "streams");
    close(client);
    pthread_barrier_destroy(&rivals.barrier);
  }
}
END_TEST

/* ---- many, slow, and too many ---- */

static void *ask_often(void *argument)
{
  struct ow_stream_view view;
  struct ow_interval intervals[3];
  struct ow_failure why = {.text = ""};
  intptr_t wrong = 0;
  size_t got;
  (void)argument;
  for (int i = 0; i < 200; i++) {
    wrong += ow_query_get(path, "far", 20 * SECOND, &view, intervals, 3, &got, &why) != OW_OK ||
             (got && intervals[got - 1].number != view.newest);
    for (size_t n = 0; n < got; n++)
      ow_interval_drop(&intervals[n]);
  }
  return (void *)wrong;
}

START_TEST(many_ask_while_it_changes)
{
  pthread_t readers[8];
  add_stream(board, "far");
  for (size_t i = 0; i < 8; i++)
    ck_assert_int_eq(pthread_create(&readers[i], NULL, ask_often, NULL), 0);
  for (uint64_t n = 1; n <= 2000; n++)
    add_measured(board, "far", n);
  for (size_t i = 0; i < 8; i++) {
    void *wrong;
    pthread_join(readers[i], &wrong);
    ck_assert_ptr_null(wrong);
  }
}
END_TEST

static void fill_board(void)
{
  for (int i = 0; i < MANY; i++) {
    char name[16];
    snprintf(name, sizeof name, "peer%04d", i);
    add_stream(board, name);
    add_interval(board, name, 1, 1000);
  }
}

/* It asks for more than its socket holds, and never reads. */
START_TEST(a_slow_reader_is_cut_off_and_hurts_nobody)
{
  int slow = connect_raw();
  int quick = connect_raw();
  int small = 4096;
  char line[1024];
  setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  fill_board();
  for (int i = 0; i < 40; i++)
    put(slow, "list\n", 5);
  assert_answer(quick, "get peer0500\n", 13, "peer0500");
  /* Closed by the server while most of the answers have not been sent. */
  struct pollfd end = {.fd = slow, .events = 0};
  while (poll(&end, 1, 50) == 0)
    assert_answer(quick, "get peer0999\n", 13, "peer0999");
  ck_assert_int_ne(end.revents & POLLHUP, 0);
  size_t lines = 0;
  ssize_t got;
  while ((got = recv(slow, line, sizeof line, 0)) > 0)
    for (ssize_t i = 0; i < got; i++)
      lines += line[i] == '\n';
  ck_assert_uint_lt(lines, 40);
  close(slow);
  assert_answer(quick, "list\n", 5, "peer0000");
  close(quick);
}
END_TEST

static size_t list_octets(int descriptor)
{
  char octet = '\0';
  size_t octets = 0;
  put(descriptor, "list\n", 5);
  while (octet != '\n' && recv(descriptor, &octet, 1, 0) == 1)
    octets++;
  return octets;
}

static size_t mapped_too(void)
{
  struct mallinfo2 held = mallinfo2();
  return held.uordblks + held.hblkhd;
}

/* Each has a list of its own, as the board changes, and reads nothing of it: together they hold 16 MiB. */
START_TEST(what_many_do_not_read_takes_a_bounded_memory)
{
  enum { SLOW = 120, BOUND = 16 << 20, SPARE = 12 << 20 /* buffers grow by doubling */ };
  int slow[SLOW];
  int quick = connect_raw();
  fill_board();
  for (int i = 0; i < 3 * MANY; i++) {
    char name[16];
    snprintf(name, sizeof name, "more%04d", i);
    add_stream(board, name);
  }
  size_t octets = list_octets(quick);
  ck_assert_uint_gt(octets * SLOW, BOUND + 2 * SPARE);
  size_t before = mapped_too();
  for (int i = 0; i < SLOW; i++) {
    slow[i] = connect_raw();
    put(slow[i], "list\nlist\nlist\n", 15); /* of which one fits into its socket */
    assert_answer(quick, "get peer0500\n", 13, "peer0500");
    add_interval(board, "peer0500", (uint64_t)i + 2, 1000);
  }
  ck_assert_uint_lt(mapped_too(), before + BOUND + SPARE);
  for (int i = 0; i < SLOW; i++)
    close(slow[i]);
  ck_assert_uint_ge(list_octets(quick), octets);
  close(quick);
}
END_TEST

START_TEST(thousands_of_connections_are_borne)
{
  enum { CROWD = 2000, PLACES = 128 };
  static int crowd[CROWD];
  int most = 0;
  struct rlimit limit = {.rlim_cur = 8192, .rlim_max = 8192};
  char line[256];
  int count = 0;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  most = limit.rlim_cur < 2 * CROWD ? (int)limit.rlim_cur / 2 - 64 : CROWD;
  ck_assert_int_gt(most, PLACES);
  for (; count < most && (crowd[count] = try_connect()) >= 0; count++)
    continue;
  ck_assert_int_eq(count, most);
  /* All come within 5 s: the first are let in, the last is told why it isn't. */
  assert_answer(crowd[0], "list\n", 5, "streams");
  take_line(crowd[count - 1], line, sizeof line);
  ck_assert_msg(strstr(line, "too many") != NULL || strstr(line, "idle") != NULL || line[0] == '\0', "%s",
                line);
  for (int i = 0; i < count; i++)
    close(crowd[i]);
  int client = -1;
  for (int tries = 0; tries < 1000; tries++) {
    client = connect_raw();
    ssize_t sent = send(client, "list\n", 5, MSG_NOSIGNAL);
    take_line(client, line, sizeof line);
    if (sent == 5 && strstr(line, "streams"))
      break;
    close(client);
    client = -1;
  }
  ck_assert_int_ge(client, 0);
  close(client);
}
END_TEST

/* ---- following ---- */

static struct ow_board *copy;
static struct ow_query_mirror *mirror;

static void follow(void)
{
  copy = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(copy);
  mirror = ow_query_follow(path, copy, NULL, &failure);
  ck_assert_msg(mirror != NULL, "%s", failure.text);
}

static void unfollow(void)
{
  ow_query_unfollow(mirror);
  ck_assert_uint_eq(ow_board_count(copy), 0);
  ow_board_free(copy);
}

/* Wait until `name` on the copy has that state and newest interval; fails the test after a while. */
static struct ow_stream_view await_copy(const char *name, enum ow_stream_state state, uint64_t newest)
{
  struct ow_stream_view view = {.name = ""};
  struct timespec pause = {.tv_nsec = 5 * OW_NS_PER_MS};
  bool there = false;
  for (int i = 0; i < 8000 && !there; i++) {
    there = ow_board_view(copy, name, &view) && view.state == state && view.newest == newest;
    if (!there)
      nanosleep(&pause, NULL);
  }
  ck_assert_msg(there, "%s: state %d, newest %d, %s", name, (int)view.state, (int)view.newest, view.reason);
  return view;
}

static void assert_kept(const char *name, uint64_t first, uint64_t last)
{
  struct ow_interval intervals[HISTORY];
  size_t count = test_board_intervals(copy, name, 0, intervals, HISTORY);
  ck_assert_uint_eq(count, last - first + 1);
  for (size_t i = 0; i < count; i++)
    ck_assert_uint_eq(intervals[i].number, first + i);
}

START_TEST(a_mirror_is_like_the_board)
{
  fill_board();
  follow();
  struct ow_stream_view view = await_copy("peer0999", OW_STREAM_UP, 1);
  ck_assert_uint_eq(ow_board_count(copy), MANY);
  ck_assert_str_eq(view.host, "far.example.net");
  ck_assert_uint_eq(view.totals[OW_FORWARD].received, 59);
  for (uint64_t n = 2; n <= 20; n++)
    add_interval(board, "peer0007", n, 1000);
  view = await_copy("peer0007", OW_STREAM_UP, 20);
  ck_assert_uint_eq(view.totals[OW_FORWARD].lost, 20);
  assert_kept("peer0007", 1, 20);
  ow_board_remove_stream(board, "peer0008");
  add_stream(board, "late");
  await_copy("late", OW_STREAM_UP, 0);
  ck_assert(!ow_board_view(copy, "peer0008", &view));
  unfollow();
}
END_TEST

/* More than one answer's worth for some peers at once, and more than the server's board keeps of one. */
START_TEST(a_mirror_keeps_as_many_as_there_are)
{
  enum { KEPT = 600 };
  struct ow_interval *intervals = calloc(KEPT, sizeof *intervals);
  struct ow_board *small = board;
  ck_assert_ptr_nonnull(intervals);
  unpublish();
  board = ow_board_create(KEPT);
  for (int i = 0; i < 3; i++) {
    const char name[] = {'s', (char)('0' + i), '\0'};
    add_stream(board, name);
    for (uint64_t n = 1; n <= KEPT + 1; n++)
      add_interval(board, name, n, 1000);
  }
  publish();
  copy = ow_board_create(OW_QUERY_INTERVALS);
  mirror = ow_query_follow(path, copy, NULL, &failure);
  ck_assert_msg(mirror != NULL, "%s", failure.text);
  for (int i = 0; i < 3; i++) {
    const char name[] = {'s', (char)('0' + i), '\0'};
    await_copy(name, OW_STREAM_UP, KEPT + 1);
    ck_assert_uint_eq(test_board_intervals(copy, name, 0, intervals, KEPT), KEPT);
    ck_assert(intervals[0].number == 2 && intervals[KEPT - 1].number == KEPT + 1);
  }
  unfollow();
  unpublish();
  ow_board_free(board);
  board = small;
  free(intervals);
}
END_TEST

START_TEST(a_mirror_outlives_its_server)
{
  add_stream(board, "far");
  add_interval(board, "far", 1, 1000);
  follow();
  await_copy("far", OW_STREAM_UP, 1);
  unpublish();
  struct ow_stream_view view = await_copy("far", OW_STREAM_DOWN, 1);
  ck_assert_ptr_nonnull(strstr(view.reason, path));
  ck_assert_int_eq(view.status, OW_NETWORK);
  assert_kept("far", 1, 1);
  for (uint64_t n = 2; n <= 9; n++)
    add_interval(board, "far", n, 1000);
  publish();
  view = await_copy("far", OW_STREAM_UP, 9);
  ck_assert_str_eq(view.reason, "");
  assert_kept("far", 1, 9);
  unfollow();
}
END_TEST

/* Another process with other streams of the same names, behind and ahead of what was seen. */
START_TEST(a_mirror_sees_that_a_stream_began_anew)
{
  for (int ahead = 0; ahead < 2; ahead++) {
    uint64_t newest = ahead ? 5 : 2;
    add_stream(board, "far");
    for (uint64_t n = 1; n <= 3; n++)
      add_interval(board, "far", n, 1000);
    follow();
    await_copy("far", OW_STREAM_UP, 3);
    unpublish();
    await_copy("far", OW_STREAM_DOWN, 3);
    add_stream(board, "far");
    for (uint64_t n = 1; n <= newest; n++)
      add_interval(board, "far", n, 50000);
    publish();
    await_copy("far", OW_STREAM_UP, newest);
    struct ow_interval intervals[HISTORY];
    size_t count = test_board_intervals(copy, "far", 0, intervals, HISTORY);
    for (size_t i = 0; i < count; i++)
      ck_assert_uint_ge(intervals[i].begin.ntp >> 32, 50000);
    ck_assert_uint_eq(intervals[count - 1].number, newest);
    unfollow();
  }
}
END_TEST

START_TEST(a_mirror_leaves_others_streams_alone)
{
  copy = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(copy);
  add_stream(copy, "mine");
  add_stream(board, "mine");
  add_interval(board, "mine", 1, 1000);
  add_stream(board, "other");
  mirror = ow_query_follow(path, copy, NULL, &failure);
  ck_assert_ptr_nonnull(mirror);
  await_copy("other", OW_STREAM_UP, 0);
  await_copy("mine", OW_STREAM_UP, 0);
  ow_query_unfollow(mirror);
  ck_assert_uint_eq(ow_board_count(copy), 1);
  ow_board_free(copy);
}
END_TEST

START_TEST(a_mirror_has_the_histograms)
{
  struct ow_stream_view view;
  struct ow_interval intervals[3];
  size_t got;
  follow();
  add_stream(board, "far");
  for (uint64_t n = 1; n <= 3; n++)
    add_measured(board, "far", n);
  await_copy("far", OW_STREAM_UP, 3);
  ck_assert(ow_board_read_whole(copy, "far", &view, intervals, 3, &got));
  ck_assert_uint_eq(got, 3);
  unfollow();
  for (size_t i = 0; i < got; i++) {
    ck_assert_uint_eq(ow_histogram_entries(intervals[i].results[OW_REVERSE].histogram), 59);
    ow_interval_drop(&intervals[i]);
  }
}
END_TEST

START_TEST(a_mirror_waits_for_the_first_server)
{
  unpublish();
  follow();
  add_stream(board, "far");
  publish();
  await_copy("far", OW_STREAM_UP, 0);
  unfollow();
  unpublish();
  follow();
  unfollow();
  ow_query_unfollow(NULL);
  ck_assert_ptr_null(ow_query_follow("", board, NULL, &failure));
  ck_assert_int_eq(failure.status, OW_INVALID);
}
END_TEST

/* ---- following one that is written by hand ---- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char logged[2048];

static void keep_line(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  (void)level;
  pthread_mutex_lock(&log_lock);
  size_t used = strlen(logged);
  snprintf(logged + used, sizeof logged - used, "%s\n", line);
  pthread_mutex_unlock(&log_lock);
}

static void await_logged(const char *piece)
{
  struct timespec pause = {.tv_nsec = 5 * OW_NS_PER_MS};
  bool there = false;
  for (int i = 0; i < 4000 && !there; i++) {
    pthread_mutex_lock(&log_lock);
    there = strstr(logged, piece) != NULL;
    pthread_mutex_unlock(&log_lock);
    if (!there)
      nanosleep(&pause, NULL);
  }
  ck_assert_msg(there, "%s is not in: %s", piece, logged);
}

/* In the server's place; the mirror follows. */
static int listen_raw(void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct ow_log log = {.emit = keep_line, .most = OW_LOG_DEBUG};
  unpublish();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(listener, 1), 0);
  copy = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(copy);
  mirror = ow_query_follow(path, copy, &log, &failure);
  ck_assert_msg(mirror != NULL, "%s", failure.text);
  return listener;
}

static void close_raw(int listener)
{
  unfollow();
  close(listener);
  unlink(path);
}

static void expect_request(int client, const char *request)
{
  char line[256];
  take_line(client, line, sizeof line);
  ck_assert_str_eq(line, request);
}

static const char far_listed[] = "{\"streams\":[{\"name\":\"far\",\"newest\":0,\"version\":1}]}\n";

START_TEST(a_mirror_takes_answers_in_pieces)
{
  char answer[4096];
  add_stream(board, "far");
  int asked = connect_raw();
  put(asked, "get far 1\n", 10);
  size_t length = take_line(asked, answer, sizeof answer - 1);
  answer[length++] = '\n';
  close(asked);
  int listener = listen_raw();
  int client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  for (size_t i = 0; i < sizeof far_listed - 1; i++)
    put(client, far_listed + i, 1);
  expect_request(client, "get far 50");
  for (size_t i = 0; i < length; i++)
    put(client, answer + i, 1);
  await_copy("far", OW_STREAM_UP, 0);
  expect_request(client, "list"); /* the next round */
  close(client);
  await_copy("far", OW_STREAM_DOWN, 0);
  close_raw(listener);
}
END_TEST

/* Who says in its list that it has histograms is asked for them. */
START_TEST(a_mirror_asks_for_histograms)
{
  static const char listed[] =
      "{\"histograms\":true,\"streams\":[{\"name\":\"far\",\"newest\":3,\"version\":1}]}\n";
  int listener = listen_raw();
  int client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  put(client, listed, sizeof listed - 1);
  expect_request(client, "get far 50 histograms");
  close(client);
  close_raw(listener);
}
END_TEST

START_TEST(a_mirror_hears_why_it_is_cut_off)
{
  int listener = listen_raw();
  int client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  put(client, "{\"streams\":[]}\n", 15);
  await_logged("answers: 0 streams");
  put(client, "{\"error\":\"others wait\"}\n", 24);
  close(client);
  await_logged("others wait");
  client = accept(listener, NULL, NULL); /* it comes again */
  expect_request(client, "list");
  put(client, "{\"streams\":[]}\n{\"streams\":[]}\n", 30);
  await_logged("wasn't asked for");
  close(client);
  close_raw(listener);
}
END_TEST

/* Until the other side has had enough. */
static void flood(int descriptor, char octet)
{
  char octets[1 << 16];
  memset(octets, octet, sizeof octets);
  while (send(descriptor, octets, sizeof octets, MSG_NOSIGNAL) > 0)
    continue;
}

START_TEST(a_mirror_reads_no_more_than_an_answer_can_be)
{
  enum { ROOM = 24 << 20 };
  int listener = listen_raw();
  size_t before = test_memory_peak();
  int client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  flood(client, ' ');
  await_logged("no end within 8486912 octets");
  assert_closed(client);
  client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  put(client, far_listed, sizeof far_listed - 1);
  expect_request(client, "get far 50");
  flood(client, ' ');
  await_logged("no end within 405504 octets");
  assert_closed(client);
  ck_assert_uint_le(test_memory_peak(), before + ROOM);
  close_raw(listener);
}
END_TEST

/* Nonsense, another stream's answer, no answer. */
START_TEST(a_mirror_leaves_who_makes_no_sense)
{
  int listener = listen_raw();
  int client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  put(client, "hello\n", 6);
  assert_closed(client);
  client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  put(client, far_listed, sizeof far_listed - 1);
  expect_request(client, "get far 50");
  put(client, far_listed, sizeof far_listed - 1);
  assert_closed(client);
  client = accept(listener, NULL, NULL);
  expect_request(client, "list");
  await_logged("no answer in time");
  assert_closed(client);
  close_raw(listener);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("query/query");
  test_seed();
  TEST_CASE_WITH(set_up, tear_down, suite, "asking", one_asks_for_a_streams_intervals, histograms_come_along,
                 an_older_one_is_asked_without_histograms, what_fails_is_told,
                 who_does_not_answer_is_not_waited_for, requests_are_lines,
                 an_answer_without_end_is_read_no_further_than_an_answer_can_be);
  TEST_CASE_WITH(set_up, tear_down, suite, "hostile", what_is_no_request_is_answered_so,
                 a_line_without_end_ends_the_connection, random_octets_do_no_harm,
                 a_slow_reader_is_cut_off_and_hurts_nobody, what_many_do_not_read_takes_a_bounded_memory,
                 thousands_of_connections_are_borne);
  TEST_CASE_WITH(set_up, tear_down, suite, "place", permissions_are_as_asked_for,
                 the_sockets_own_folder_is_made, a_dead_process_socket_is_replaced,
                 two_do_not_publish_at_one_path, other_files_stay, only_the_own_socket_is_removed,
                 of_those_that_begin_at_once_one_wins);
  TEST_CASE_WITH(set_up, tear_down, suite, "readers", many_ask_while_it_changes);
  TEST_CASE_WITH(set_up, tear_down, suite, "mirror", a_mirror_is_like_the_board,
                 a_mirror_keeps_as_many_as_there_are, a_mirror_outlives_its_server,
                 a_mirror_sees_that_a_stream_began_anew, a_mirror_leaves_others_streams_alone,
                 a_mirror_waits_for_the_first_server, a_mirror_has_the_histograms);
  TEST_CASE_WITH(set_up, tear_down, suite, "mirror by hand", a_mirror_takes_answers_in_pieces,
                 a_mirror_asks_for_histograms, a_mirror_hears_why_it_is_cut_off,
                 a_mirror_leaves_who_makes_no_sense, a_mirror_reads_no_more_than_an_answer_can_be);
  return test_run(suite);
}
