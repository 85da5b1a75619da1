/* SPDX-License-Identifier: MIT */
/* The files are read again by the loop's worker: what comes of it is told on the loop's thread. */
#include "policy/settings_reader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/main.h"

static char folder[64];
static char limits[96];
static struct ow_settings_paths where;
static struct ow_loop *loop;
static struct ow_settings_reader *reader;
static unsigned told;
static unsigned wanted;
static enum ow_status last;
static char said[512];
static char logged[512];
static size_t classes;
static bool gives_back; /* as ow_policy_install() does, which exchanges what was in force */

static void write_limits(const char *text)
{
  FILE *file = fopen(limits, "w");
  ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static pthread_t here;

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  ck_assert(pthread_equal(here, pthread_self()));
  snprintf(logged, sizeof logged, "%s", line);
}

static void on_read(void *context, enum ow_status status, struct ow_settings *settings,
                    const struct ow_failure *failure)
{
  ck_assert_ptr_eq(context, &told);
  ck_assert(pthread_equal(here, pthread_self()));
  last = status;
  classes = settings->limits.class_count;
  if (status != OW_OK)
    snprintf(said, sizeof said, "%s", failure->text);
  else if (!gives_back)
    ow_settings_clear(settings);
  if (++told == wanted)
    ow_loop_stop(loop);
}

static void set_up(void)
{
  static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_DEBUG};
  struct ow_failure failure;
  snprintf(folder, sizeof folder, "/tmp/owamp-reader-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(limits, sizeof limits, "%s/owamp-server.limits", folder);
  here = pthread_self();
  told = 0;
  gives_back = false;
  said[0] = logged[0] = '\0';
  ck_assert_int_eq(ow_settings_find(folder, &where, &failure), OW_OK);
  loop = ow_loop_create(&failure);
  reader = ow_settings_reader_create(loop, &where, &ears, on_read, &told);
  ck_assert(loop && reader);
}

static void tear_down(void)
{
  ow_settings_reader_free(reader);
  ow_loop_free(loop);
  unlink(limits);
  rmdir(folder);
}

static void read_now(unsigned times)
{
  struct ow_failure failure;
  for (unsigned i = 0; i < times; i++)
    ck_assert_int_eq(ow_settings_reader_read(reader, &failure), OW_OK);
}

static void run_until_told(unsigned times)
{
  struct ow_failure failure;
  wanted = times;
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  ck_assert_uint_eq(told, times);
}

START_TEST(what_was_read_is_told_on_the_loop)
{
  write_limits("limit root with bandwidth=1m\nlimit below with parent=root\n");
  gives_back = true; /* and the worker frees them */
  read_now(1);
  ck_assert_uint_eq(told, 0);
  run_until_told(1);
  ck_assert_int_eq(last, OW_OK);
  ck_assert_uint_eq(classes, 2);
  write_limits("limit root with bandwidth=1m\n");
  read_now(1);
  run_until_told(2);
  ck_assert_uint_eq(classes, 1);
}
END_TEST

START_TEST(a_fault_is_told_in_a_sentence)
{
  write_limits("limit root with bandwidth=much\nlimit root with disk=1\n");
  read_now(1);
  run_until_told(1);
  ck_assert_int_eq(last, OW_INVALID);
  ck_assert_uint_eq(classes, 0);
  ck_assert_msg(strstr(logged, "owamp-server.limits:1: "), "%s", logged);
  ck_assert_msg(strstr(said, "owamp-server.limits:"), "%s", said);
  write_limits("limit root with bandwidth=1m\n");
  read_now(1);
  run_until_told(2);
  ck_assert_int_eq(last, OW_OK);
}
END_TEST

/* As often as it is asked for meanwhile: what was written before the last of these is read. */
START_TEST(what_is_asked_for_meanwhile_is_read_once_more)
{
  write_limits("limit root with bandwidth=1m\n");
  read_now(5);
  run_until_told(2);
  ck_assert_int_eq(last, OW_OK);
}
END_TEST

/* While it is read, or what was before is freed: the loop waits for its worker. */
START_TEST(it_can_be_freed_at_any_time)
{
  write_limits("limit root with bandwidth=1m\n");
  read_now(1 + (unsigned)_i);
  if (_i > 0)
    run_until_told(1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy_settings_reader");
  TEST_CASE_WITH(set_up, tear_down, suite, "reading", what_was_read_is_told_on_the_loop,
                 a_fault_is_told_in_a_sentence, what_is_asked_for_meanwhile_is_read_once_more);
  TEST_LOOP_WITH(set_up, tear_down, suite, "freeing", 3, it_can_be_freed_at_any_time);
  return test_run(suite);
}
