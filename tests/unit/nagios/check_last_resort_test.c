/* SPDX-License-Identifier: MIT */
/* The check ends, whatever its thread is doing: each in a process of its own, as it ends the process. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check_owamp.h"
#include "last_resort.h"
#include "support/main.h"
#include "time/timestamp.h"

#define SOON (100 * OW_NS_PER_MS)

static volatile unsigned long turns;

static void be_busy(void)
{
  for (;;)
    turns++;
}

/* As a resolver does that waits for its lock. */
static void hang(void)
{
  for (;;)
    pause();
}

static void lack_memory(void)
{
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_AS, &none);
  setrlimit(RLIMIT_DATA, &none);
  be_busy();
}

static void print_without_end(void)
{
  for (;;)
    puts("a line that nobody reads");
}

static void (*const doings[])(void) = {be_busy, hang, lack_memory, print_without_end};
enum { DOINGS = sizeof doings / sizeof *doings };

/* A pipe that has room for `free` octets. */
static void open_pipe(int ends[2], bool full)
{
  char octets[4096] = "";
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  while (full && write(ends[1], octets, sizeof octets) > 0)
    continue;
  ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
}

/* Ends within some seconds: what hangs is killed, and its status is none of an exit. */
static int status_of(pid_t child)
{
  int status = 0;
  pid_t gone = 0;
  for (int i = 0; i < 1000 && gone == 0; i++) {
    nanosleep(&(struct timespec){.tv_nsec = 10 * OW_NS_PER_MS}, NULL);
    gone = waitpid(child, &status, WNOHANG);
  }
  if (gone == 0) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_armed(int doing, int out, const char *protocol, bool json)
{
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* as whoever starts us may have done */
    dup2(out, STDOUT_FILENO);
    check_last_resort_arm(SOON, OW_VERDICT_CRITICAL, protocol, json);
    doings[doing]();
  }
  return status_of(child);
}

START_TEST(it_ends_and_says_so_whatever_is_done)
{
  static const char *const said[] = {
      "STAMP CRITICAL - the check did not end in time\n",
      "{\"schema\": 1, \"state\": \"CRITICAL\", \"reason\": \"the check did not end in time\"}\n"};
  for (int json = 0; json < 2; json++) {
    int ends[2];
    char text[256] = "";
    open_pipe(ends, false);
    ck_assert_int_eq(run_armed(_i, ends[1], "STAMP", json), 2);
    close(ends[1]);
    if (doings[_i] != print_without_end) {
      ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
      ck_assert_str_eq(text, said[json]);
    }
    close(ends[0]);
  }
}
END_TEST

START_TEST(it_ends_though_nobody_reads)
{
  int ends[2];
  open_pipe(ends, true);
  ck_assert_int_eq(run_armed(_i, ends[1], "OWAMP", false), 2);
  close(ends[0]);
  close(ends[1]);
}
END_TEST

/* The answer itself is what nobody reads. */
START_TEST(a_whole_check_ends_though_nobody_reads)
{
  int ends[2];
  char line[] = "check_owamp -H 127.0.0.1 -p 1 -t 1 --count 1 --loss-timeout 1ms";
  char *words[16];
  int count = 0;
  for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  open_pipe(ends, true);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    _exit(check_run(count, words, stdout));
  }
  ck_assert_int_eq(status_of(child), 3);
  close(ends[0]);
  close(ends[1]);
}
END_TEST

static bool alarm_stands(void)
{
  struct itimerval left;
  ck_assert_int_eq(getitimer(ITIMER_REAL, &left), 0);
  return left.it_value.tv_sec > 0 || left.it_value.tv_usec > 0;
}

START_TEST(disarmed_it_does_nothing)
{
  check_last_resort_arm(3600 * OW_NS_PER_S, OW_VERDICT_CRITICAL, "OWAMP", false);
  ck_assert(alarm_stands());
  check_last_resort_disarm();
  ck_assert(!alarm_stands());
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp's last resort");
  TEST_LOOP(suite, "last resort", DOINGS, it_ends_and_says_so_whatever_is_done, it_ends_though_nobody_reads);
  TEST_CASE(suite, "check", a_whole_check_ends_though_nobody_reads, disarmed_it_does_nothing);
  return test_run(suite);
}
