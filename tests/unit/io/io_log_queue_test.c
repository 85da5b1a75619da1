/* SPDX-License-Identifier: MIT */
/* io/log_queue: nobody waits for what writes the lines, and what is lost is counted where it is missing. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "io/log_queue.h"
#include "support/main.h"

#define PATIENCE (20 * OW_NS_PER_S)

/* ---- what writes: it stops at a gate ---- */

enum { MOST = 2000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_closed;
static bool waiting; /* at the gate */
static char written[MOST][160];
static int levels[MOST];
static size_t count;

static void write_line(void *context, int level, const char *line)
{
  pthread_mutex_lock(&lock);
  waiting = true;
  pthread_cond_broadcast(&changed);
  while (gate_closed)
    pthread_cond_wait(&changed, &lock);
  waiting = false;
  ck_assert_ptr_eq(context, written);
  levels[count] = level;
  snprintf(written[count++], sizeof *written, "%s", line);
  pthread_mutex_unlock(&lock);
}

static void set_gate(bool closed)
{
  pthread_mutex_lock(&lock);
  gate_closed = closed;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void await_waiting(void)
{
  pthread_mutex_lock(&lock);
  while (!waiting)
    pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

static struct ow_log_queue *open_queue(void)
{
  struct ow_failure failure;
  count = 0;
  struct ow_log_queue *queue = ow_log_queue_create(write_line, 4, &failure);
  ck_assert_ptr_nonnull(queue);
  return queue;
}

static void put_lines(struct ow_log_queue *queue, unsigned from, unsigned to)
{
  char line[32];
  for (unsigned i = from; i < to; i++) {
    snprintf(line, sizeof line, "line %u", i);
    ow_log_queue_put(queue, written, 7, line);
  }
}

START_TEST(lines_are_written_in_their_order)
{
  struct ow_log_queue *queue = open_queue();
  put_lines(queue, 0, OW_LOG_QUEUE_LINES / 2);
  ck_assert(ow_log_queue_end(queue, PATIENCE));
  ck_assert_uint_eq(count, OW_LOG_QUEUE_LINES / 2);
  for (unsigned i = 0; i < count; i++) {
    char line[32];
    snprintf(line, sizeof line, "line %u", i);
    ck_assert_str_eq(written[i], line);
    ck_assert_int_eq(levels[i], 7);
  }
}
END_TEST

/* One is being written, as many as there is room for wait, the others are lost. */
START_TEST(what_is_lost_is_told_where_it_is_missing)
{
  enum { LOST = 500, LAST = 1 + OW_LOG_QUEUE_LINES + LOST };
  struct ow_log_queue *queue = open_queue();
  set_gate(true);
  put_lines(queue, 0, 1);
  await_waiting();
  put_lines(queue, 1, LAST);
  set_gate(false);
  ck_assert(ow_log_queue_end(queue, PATIENCE));
  ck_assert_uint_eq(count, 1 + OW_LOG_QUEUE_LINES + 1);
  ck_assert_str_eq(written[OW_LOG_QUEUE_LINES], "line 256");
  ck_assert_str_eq(written[OW_LOG_QUEUE_LINES + 1],
                   "500 lines were lost here: they came faster than they were taken");
  ck_assert_int_eq(levels[OW_LOG_QUEUE_LINES + 1], 4);
}
END_TEST

START_TEST(when_it_flows_again_so_does_the_log)
{
  struct ow_log_queue *queue = open_queue();
  unsigned long lost = 0;
  unsigned long lines = 0;
  set_gate(true);
  put_lines(queue, 0, 1);
  await_waiting();
  put_lines(queue, 1, 400);
  set_gate(false);
  put_lines(queue, 400, 1000);
  ck_assert(ow_log_queue_end(queue, PATIENCE));
  for (size_t i = 0; i < count; i++) {
    unsigned long number;
    if (sscanf(written[i], "%lu lines were lost", &number) == 1)
      lost += number;
    else
      lines++;
  }
  ck_assert_uint_ge(lost, 400 - 1 - OW_LOG_QUEUE_LINES);
  ck_assert_uint_eq(lost + lines, 1000);
}
END_TEST

START_TEST(an_end_does_not_wait_for_ever)
{
  struct ow_log_queue *queue = open_queue();
  set_gate(true);
  put_lines(queue, 0, 2);
  await_waiting();
  ck_assert(!ow_log_queue_end(queue, OW_NS_PER_S / 50));
  put_lines(queue, 2, 2000); /* to no effect, and no harm */
}
END_TEST

START_TEST(a_long_line_is_cut)
{
  char line[2 * OW_LOG_QUEUE_LINE];
  struct ow_log_queue *queue = open_queue();
  memset(line, 'x', sizeof line - 1);
  line[sizeof line - 1] = '\0';
  ow_log_queue_put(queue, written, 7, line);
  ck_assert(ow_log_queue_end(queue, PATIENCE));
  ck_assert_uint_eq(strlen(written[0]), sizeof *written - 1);
  ck_assert(ow_log_queue_end(NULL, 0));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io/log_queue");
  TEST_CASE(suite, "queue", lines_are_written_in_their_order, what_is_lost_is_told_where_it_is_missing,
            when_it_flows_again_so_does_the_log, an_end_does_not_wait_for_ever, a_long_line_is_cut);
  return test_run_apart(suite);
}
