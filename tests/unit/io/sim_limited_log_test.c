/* SPDX-License-Identifier: MIT */
/* io/limited_log: what is held back is told of by itself, when the minute is over or the log ends. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "io/limited_log.h"
#include "sim/sim.h"
#include "support/main.h"

static struct ow_loop *loop;
static struct ow_limited_log limited;
static char last[512];
static unsigned lines;

static void emit(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  (void)level;
  lines++;
  snprintf(last, sizeof last, "%s", line);
}

static struct ow_log sink = {.emit = emit, .most = OW_LOG_NOTICE};

static void set_up(void)
{
  struct ow_failure failure;
  sim_begin(1);
  loop = ow_loop_create(&failure);
  memset(&limited, 0, sizeof limited);
  lines = 0;
  ow_limited_log_open(&limited, loop, &sink);
}

static void tear_down(void)
{
  ow_limited_log_close(&limited);
  ow_limited_log_close(&limited);
  ow_loop_free(loop);
  sim_end();
}

static void refuse(unsigned count)
{
  for (unsigned i = 0; i < count; i++)
    ow_log(&limited.log, OW_LOG_NOTICE, "client 192.0.2.1 port %u: turned away", i);
}

START_TEST(held_lines_are_told_of_when_the_minute_is_over)
{
  refuse(100);
  ck_assert_uint_eq(lines, OW_LOG_LIMIT_OF_KIND);
  sim_run(loop, 59 * OW_NS_PER_S);
  ck_assert_uint_eq(lines, OW_LOG_LIMIT_OF_KIND);
  sim_run(loop, 2 * OW_NS_PER_S);
  ck_assert_uint_eq(lines, OW_LOG_LIMIT_OF_KIND + 1);
  ck_assert_str_eq(last, "90 more lines like this within a minute: client 192.0.2.1 port 99: turned away");
  refuse(100);
  sim_run(loop, 61 * OW_NS_PER_S);
  ck_assert_uint_eq(lines, 2 * (OW_LOG_LIMIT_OF_KIND + 1));
}
END_TEST

START_TEST(held_lines_are_told_of_at_the_end)
{
  refuse(11);
  ow_limited_log_close(&limited);
  ck_assert_str_eq(last, "1 more line like this within a minute: client 192.0.2.1 port 10: turned away");
}
END_TEST

START_TEST(what_the_sink_does_not_take_is_nothing)
{
  ow_log(&limited.log, OW_LOG_INFO, "client 192.0.2.1 port 1: gone");
  ck_assert_uint_eq(lines, 0);
  ow_limited_log_close(&limited);
  ow_limited_log_open(&limited, loop, NULL);
  ow_log(&limited.log, OW_LOG_ERROR, "client 192.0.2.1 port 1: gone");
  ck_assert_uint_eq(lines, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io/limited_log");
  TEST_CASE_WITH(set_up, tear_down, suite, "limited", held_lines_are_told_of_when_the_minute_is_over,
                 held_lines_are_told_of_at_the_end, what_the_sink_does_not_take_is_nothing);
  return test_run(suite);
}
