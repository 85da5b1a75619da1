/* SPDX-License-Identifier: MIT */
/*
 * The subagent's bridge to our loop, with a Net-SNMP of which this test says what it has open and waits for.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "agentx/bridge.h"
#include "support/main.h"

enum { ENDS_MOST = 4, BIG = 3000 };

/* ---- the fake ---- */

static struct {
  int open[ENDS_MOST]; /* -1: none */
  int64_t wait;        /* ns */
  size_t reads;
  size_t timeouts;
  size_t alarms;
  size_t checks;
  char got[64];
  size_t got_count;
  void (*then)(void); /* at the end of what it does */
} fake;

static struct ow_loop *loop;

int snmp_select_info2(int *count, netsnmp_large_fd_set *set, struct timeval *wait, int *block)
{
  ck_assert_int_eq(*block, 0);
  ck_assert_int_le(wait->tv_sec * OW_NS_PER_S + wait->tv_usec * 1000, OW_NS_PER_S); /* to the next look */
  for (size_t i = 0; i < ENDS_MOST; i++) {
    if (fake.open[i] >= 0) {
      NETSNMP_LARGE_FD_SET(fake.open[i], set);
      *count = *count > fake.open[i] ? *count : fake.open[i] + 1;
    }
  }
  if (fake.wait < wait->tv_sec * OW_NS_PER_S + wait->tv_usec * 1000)
    *wait = (struct timeval){fake.wait / OW_NS_PER_S, fake.wait % OW_NS_PER_S / 1000};
  return 0;
}

static void do_then(void)
{
  if (fake.then)
    fake.then();
}

void snmp_read2(netsnmp_large_fd_set *set)
{
  fake.reads++;
  for (size_t i = 0; i < ENDS_MOST; i++) {
    if (fake.open[i] >= 0 && NETSNMP_LARGE_FD_ISSET(fake.open[i], set)) {
      ssize_t got = recv(fake.open[i], fake.got + fake.got_count, 1, MSG_DONTWAIT);
      ck_assert_msg(got >= 0, "nothing to read there");
      fake.got_count += (size_t)got;
    }
  }
  do_then();
}

void snmp_timeout(void)
{
  fake.timeouts++;
}

void run_alarms(void)
{
  fake.alarms++;
  do_then();
}

void netsnmp_check_outstanding_agent_requests(void)
{
  fake.checks++;
}

/* ---- what the tests share ---- */

static struct agent_bridge *bridge;

static void set_up(void)
{
  struct ow_failure failure;
  memset(&fake, 0, sizeof fake);
  memset(fake.open, -1, sizeof fake.open);
  fake.wait = 10 * OW_NS_PER_S;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
}

static void tear_down(void)
{
  agent_bridge_close(bridge);
  ow_loop_free(loop);
}

static void build_bridge(void)
{
  bridge = agent_bridge_open(loop);
  ck_assert_ptr_nonnull(bridge);
}

static void run(void)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_loop_run(loop, &failure) == OW_OK, "%s", failure.text);
}

static void stop(void)
{
  ow_loop_stop(loop);
}

/* Net-SNMP opens a connection; the master's end is returned. */
static int connect_end(size_t i)
{
  int pair[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  fake.open[i] = pair[0];
  return pair[1];
}

static void tell(int end, const char *text)
{
  ck_assert_int_eq(write(end, text, strlen(text)), (ssize_t)strlen(text));
}

static bool is_closed(int end)
{
  char octet;
  return recv(end, &octet, 1, MSG_DONTWAIT) == 0;
}

/* ---- descriptors ---- */

static void stop_after_three(void)
{
  if (fake.got_count == 3)
    stop();
}

START_TEST(all_that_comes_is_read)
{
  int first = connect_end(0);
  int second = connect_end(1);
  build_bridge();
  tell(first, "ab");
  tell(second, "c");
  fake.then = stop_after_three;
  run();
  ck_assert_uint_eq(fake.reads, 3);
  ck_assert_uint_eq(fake.checks, 3);
  ck_assert_uint_eq(fake.timeouts, 0);
  close(first);
  close(second);
}
END_TEST

static int other_end;

/* The master has gone; its connection is closed, and nothing is in its place. */
static void close_first(void)
{
  close(fake.open[0]);
  fake.open[0] = -1;
  fake.wait = 0;
  fake.then = stop;
}

START_TEST(a_connection_that_was_closed_is_let_go_of)
{
  other_end = connect_end(0);
  build_bridge();
  tell(other_end, "a");
  fake.then = close_first;
  run();
  ck_assert_uint_eq(fake.reads, 1);
  ck_assert(is_closed(other_end));
  close(other_end);
}
END_TEST

/* The master has come back: another connection, by chance with the same number. */
static void connect_again(void)
{
  int number = fake.open[0];
  int end = connect_end(0);
  ck_assert_int_eq(dup2(fake.open[0], number), number);
  close(fake.open[0]);
  fake.open[0] = number;
  tell(end, "b");
  fake.then = stop;
  other_end = end;
}

START_TEST(another_connection_with_the_same_number_is_another)
{
  int end = connect_end(0);
  build_bridge();
  tell(end, "a");
  fake.then = connect_again;
  run();
  ck_assert_uint_eq(fake.reads, 2);
  ck_assert_uint_eq(fake.got_count, 2);
  ck_assert_int_eq(memcmp(fake.got, "ab", 2), 0);
  ck_assert(is_closed(end));
  close(end);
  close(other_end);
}
END_TEST

START_TEST(another_connection_is_found_within_a_second_whatever_was_read)
{
  int end = connect_end(0);
  int quiet_end = connect_end(1);
  build_bridge();
  /* The loud one is read, and in it the quiet one is replaced. */
  int loud = fake.open[0];
  fake.open[0] = fake.open[1];
  fake.open[1] = loud;
  tell(end, "a");
  fake.then = connect_again;
  run();
  ck_assert_int_eq(memcmp(fake.got, "a", 1), 0);
  run();
  ck_assert_uint_eq(fake.got_count, 2);
  close(end);
  close(quiet_end);
  close(other_end);
}
END_TEST

START_TEST(one_that_is_opened_elsewhere_is_watched_from_the_next_look_on)
{
  build_bridge();
  int end = connect_end(0);
  /* Beyond what a set is made for. */
  ck_assert_int_ge(dup2(fake.open[0], BIG), 0);
  close(fake.open[0]);
  fake.open[0] = BIG;
  agent_bridge_follow(bridge);
  tell(end, "a");
  fake.then = stop;
  run();
  ck_assert_uint_eq(fake.got_count, 1);
  close(end);
}
END_TEST

START_TEST(closing_the_bridge_leaves_connections_open)
{
  int end = connect_end(0);
  build_bridge();
  agent_bridge_close(bridge);
  bridge = NULL;
  ck_assert(!is_closed(end));
  close(fake.open[0]);
  ck_assert(is_closed(end));
  close(end);
}
END_TEST

/* ---- time ---- */

static void find_too_late(struct ow_timer *timer)
{
  (void)timer;
  ck_abort_msg("the alarm waited for what came later");
}

static struct ow_timer too_late = {.expired = find_too_late};

START_TEST(timeouts_and_alarms_come_when_they_are_due)
{
  fake.wait = 20000000;
  int64_t due = ow_loop_now(loop).monotonic + fake.wait;
  build_bridge();
  fake.then = stop;
  ow_timer_set(loop, &too_late, due + OW_NS_PER_S / 2);
  run();
  ow_timer_cancel(loop, &too_late);
  ck_assert_uint_eq(fake.timeouts, 1);
  ck_assert_uint_eq(fake.alarms, 1);
  ck_assert_uint_eq(fake.checks, 1);
  ck_assert_uint_eq(fake.reads, 0);
  ck_assert_int_ge(ow_loop_now(loop).monotonic, due);
}
END_TEST

/* What it now waits for is sooner than what it waited for, and than the bridge's own look after a second. */
static void alarm_soon(void)
{
  fake.wait = 1000;
  fake.then = stop;
  ow_timer_set(loop, &too_late, ow_loop_now(loop).monotonic + OW_NS_PER_S / 2);
}

START_TEST(what_is_read_may_move_the_next_alarm)
{
  fake.wait = 3600 * OW_NS_PER_S;
  int end = connect_end(0);
  build_bridge();
  tell(end, "a");
  fake.then = alarm_soon;
  run();
  ck_assert_uint_eq(fake.reads, 1);
  ck_assert_uint_eq(fake.alarms, 1);
  ow_timer_cancel(loop, &too_late);
  close(end);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp/bridge");
  TEST_CASE_WITH(set_up, tear_down, suite, "descriptors", all_that_comes_is_read,
                 a_connection_that_was_closed_is_let_go_of,
                 another_connection_with_the_same_number_is_another,
                 another_connection_is_found_within_a_second_whatever_was_read,
                 one_that_is_opened_elsewhere_is_watched_from_the_next_look_on,
                 closing_the_bridge_leaves_connections_open);
  TEST_CASE_WITH(set_up, tear_down, suite, "time", timeouts_and_alarms_come_when_they_are_due,
                 what_is_read_may_move_the_next_alarm);
  return test_run(suite);
}
