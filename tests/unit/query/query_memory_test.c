/* SPDX-License-Identifier: MIT */
/* The query socket, each allocation failing in turn: its server, who asks, and who follows. */
#include <grp.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "query/answers.h"
#include "query/mirror_streams.h"
#include "query/query.h"
#include "support/failing_memory.h"
#include "support/main.h"

enum { HISTORY = 20, STREAMS = 12, INTERVALS = 3 };

static char folder[64];
static char path[96];
static struct ow_board *board;

/* ---- what is published; there before memory gets scarce ---- */

static struct ow_board *new_board(void)
{
  struct ow_board *made = ow_board_create(HISTORY);
  for (unsigned i = 0; i < STREAMS; i++) {
    struct ow_stream_view view = {.host = "far.example.net", .port = "861", .directions = {true, true}};
    snprintf(view.name, sizeof view.name, "peer%02u", i);
    ck_assert_int_eq(ow_board_put_stream(made, &view), OW_OK);
    for (unsigned j = 1; j <= INTERVALS; j++) {
      struct ow_interval interval = {.number = j, .begin.ntp = j, .end.ntp = j + 1};
      ow_board_add_interval(made, view.name, &interval);
    }
  }
  return made;
}

static void raise_curtain(void)
{
  test_memory_scarce(false);
  snprintf(folder, sizeof folder, "/tmp/owamp-query-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/query.sock", folder);
  board = new_board();
  test_memory_scarce(true);
}

/* Nothing stays behind, no socket either. */
static void drop_curtain(void)
{
  test_memory_scarce(false);
  ow_board_free(board);
  ck_assert_int_eq(rmdir(folder), 0);
}

static void expect_memory(bool well, const struct ow_failure *failure)
{
  ck_assert_msg(well == !test_memory_failed(), "run %u: %s", test_memory_run(), failure->text);
  if (!well)
    ck_assert_msg(failure->status == OW_MEMORY && strstr(failure->text, "memory"), "run %u: %s",
                  test_memory_run(), failure->text);
}

/* ---- beginning ---- */

static void publishing(void)
{
  struct ow_failure failure = {.text = ""};
  const struct group *own = getgrgid(getgid());
  raise_curtain();
  const struct ow_query_options options = {
      .path = path, .permissions = 0660, .group = own ? own->gr_name : NULL};
  struct ow_query_server *server = ow_query_publish(board, &options, NULL, &failure);
  expect_memory(server != NULL, &failure);
  ow_query_unpublish(server);
  drop_curtain();
}

static void following(void)
{
  struct ow_failure failure = {.text = ""};
  raise_curtain();
  struct ow_query_mirror *mirror = ow_query_follow(path, board, NULL, &failure);
  expect_memory(mirror != NULL, &failure);
  ow_query_unfollow(mirror);
  drop_curtain();
}

START_TEST(who_publishes_or_follows_says_that_memory_is_short)
{
  test_memory_exhaust(_i ? "following" : "publishing", _i ? following : publishing);
}
END_TEST

/* ---- answers ---- */

/* Whole or none; and whole when it is asked for again. */
static void expect_answer(struct ow_query_answers *answers, const char *request)
{
  struct ow_query_text *text = ow_query_answer(answers, request, strlen(request));
  ck_assert(text || test_memory_failed());
  for (int again = 0; again < 2; again++) {
    if (text)
      ck_assert_msg(text->octets > 2 && memcmp(text->line + text->octets - 2, "}\n", 2) == 0, "run %u: %s",
                    test_memory_run(), request);
    ow_query_text_drop(text);
    text = again ? NULL : ow_query_answer(answers, request, strlen(request));
    ck_assert(again || text || test_memory_failed());
  }
}

static void answering(void)
{
  raise_curtain();
  struct ow_query_answers *answers = ow_query_answers_create(board);
  if (answers) {
    expect_answer(answers, "list");
    expect_answer(answers, "get peer03 2");
    expect_answer(answers, "get nobody");
  }
  ck_assert(answers || test_memory_failed());
  ow_query_answers_free(answers);
  drop_curtain();
}

START_TEST(an_answer_is_whole_or_none)
{
  json_set_alloc_funcs(failing_malloc, failing_free);
  test_memory_exhaust("answers", answering);
}
END_TEST

/* ---- asking ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool spoke_of_memory; /* the server */

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  pthread_mutex_lock(&lock);
  spoke_of_memory |= strstr(line, "memory") != NULL;
  pthread_mutex_unlock(&lock);
}

static void asking(void)
{
  const struct ow_log ears = {.emit = on_log, .most = OW_LOG_INFO};
  struct ow_failure failure = {.text = ""};
  struct ow_stream_view view;
  struct ow_interval intervals[INTERVALS];
  size_t got;
  raise_curtain();
  test_memory_scarce(false);
  spoke_of_memory = false;
  const struct ow_query_options options = {.path = path, .permissions = 0660};
  struct ow_query_server *server = ow_query_publish(board, &options, &ears, &failure);
  ck_assert_ptr_nonnull(server);
  test_memory_scarce(true);
  enum ow_status status =
      ow_query_get(path, "peer03", 10 * OW_NS_PER_S, &view, intervals, INTERVALS, &got, &failure);
  test_memory_scarce(false);
  ck_assert_uint_eq(got, status == OW_OK ? INTERVALS : 0);
  ck_assert_int_eq(status == OW_OK, !test_memory_failed());
  pthread_mutex_lock(&lock);
  ck_assert_msg(status == OW_OK || spoke_of_memory || strstr(failure.text, "memory"), "run %u: %s",
                test_memory_run(), failure.text);
  pthread_mutex_unlock(&lock);
  ck_assert_int_eq(
      ow_query_get(path, "peer03", 10 * OW_NS_PER_S, &view, intervals, INTERVALS, &got, &failure), OW_OK);
  ow_query_unpublish(server);
  drop_curtain();
}

START_TEST(who_asks_learns_that_memory_is_short)
{
  test_memory_exhaust("asking", asking);
}
END_TEST

/* ---- following ---- */

/* The other side has memory enough. */
static struct ow_query_text *answer(struct ow_query_answers *answers, const char *question, size_t octets)
{
  test_memory_scarce(false);
  struct ow_query_text *text = ow_query_answer(answers, question, octets);
  test_memory_scarce(true);
  ck_assert_ptr_nonnull(text);
  return text;
}

static enum ow_status mirror_list(struct ow_mirror_streams *streams, struct ow_query_answers *answers,
                                  struct ow_failure *failure)
{
  struct ow_query_text *text = answer(answers, "list", 4);
  enum ow_status status = ow_mirror_streams_list(streams, text->line, text->octets, failure);
  ow_query_text_drop(text);
  return status;
}

static enum ow_status mirror_news(struct ow_mirror_streams *streams, struct ow_query_answers *answers,
                                  const char *questions, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  while (status == OW_OK && ow_mirror_streams_wait(streams)) {
    size_t octets = strcspn(questions, "\n");
    struct ow_query_text *text = answer(answers, questions, octets);
    status = ow_mirror_streams_answer(streams, text->line, text->octets, failure);
    ow_query_text_drop(text);
    questions += octets + 1;
  }
  return status;
}

/* The list, and then all that is new; false when it came to a failure, which is told. */
static bool mirror_round(struct ow_mirror_streams *streams, struct ow_query_answers *answers)
{
  struct ow_failure failure = {.text = ""};
  char questions[OW_MIRROR_TEXT];
  enum ow_status status = mirror_list(streams, answers, &failure);
  while (status == OW_OK && ow_mirror_streams_ask(streams, questions))
    status = mirror_news(streams, answers, questions, &failure);
  if (status != OW_OK) {
    ck_assert_msg(status == OW_MEMORY && strstr(failure.text, "memory"), "run %u: %s", test_memory_run(),
                  failure.text);
    ow_mirror_streams_down(streams, &failure, (struct ow_timestamp){1});
  }
  return status == OW_OK;
}

static void mirroring(void)
{
  raise_curtain();
  test_memory_scarce(false);
  struct ow_query_answers *answers = ow_query_answers_create(board);
  struct ow_board *own = ow_board_create(HISTORY);
  struct ow_mirror_streams *streams = calloc(1, sizeof *streams);
  streams->board = own;
  streams->path = path;
  test_memory_scarce(true);
  if (!mirror_round(streams, answers)) {
    ck_assert(test_memory_failed());
    ck_assert(mirror_round(streams, answers));
  }
  test_memory_scarce(false);
  ck_assert_uint_eq(ow_board_count(own), STREAMS);
  ow_mirror_streams_clear(streams);
  ck_assert_uint_eq(ow_board_count(own), 0);
  free(streams);
  ow_query_answers_free(answers);
  ow_board_free(own);
  drop_curtain();
}

START_TEST(a_mirror_catches_up_after_a_lack_of_memory)
{
  test_memory_exhaust("mirroring", mirroring);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("query without memory");
  TEST_LOOP(suite, "beginning", 2, who_publishes_or_follows_says_that_memory_is_short);
  TEST_CASE(suite, "answers", an_answer_is_whole_or_none);
  TEST_CASE(suite, "asking", who_asks_learns_that_memory_is_short);
  TEST_CASE(suite, "following", a_mirror_catches_up_after_a_lack_of_memory);
  return test_run_apart(suite);
}
