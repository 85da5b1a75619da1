/* SPDX-License-Identifier: MIT */
/* The words are made beforehand; the handler only writes them and exits. */
#include "last_resort.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"
#include "time/timestamp.h"
#include "verdict.h"

static char words[128];
static volatile int exit_status = 3;

static void leave(int number)
{
  (void)number;
  _exit(exit_status);
}

/*
 * Only what signal-safety(7) allows. What has no room for the words now has none when it is waited for; and
 * should they, or a terminal, hold us up nevertheless, the next alarm ends that.
 */
static void give_up(int number)
{
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
  struct sigaction action = {.sa_handler = leave};
  (void)number;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  alarm(1);
  if (poll(&out, 1, 0) == 1 && write(STDOUT_FILENO, words, strlen(words)) < 0)
    _exit(exit_status);
  check_progress_erase();
  _exit(exit_status);
}

/* Whoever started us may have blocked the signal. */
static void let_through(int number)
{
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void set_alarm(int64_t left)
{
  const int64_t least = OW_NS_PER_MS;
  if (left < least)
    left = least;
  struct itimerval timer = {.it_value = {.tv_sec = left / OW_NS_PER_S, .tv_usec = left % OW_NS_PER_S / 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

void check_last_resort_arm(int64_t left, enum ow_verdict verdict, const char *protocol, bool json)
{
  struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_NODEFER};
  static const char reason[] = "the check did not end in time";
  check_last_resort_disarm();
  if (json)
    check_json_least(words, sizeof words, verdict, reason);
  else
    snprintf(words, sizeof words, "%s %s - %s\n", protocol, ow_verdict_name(verdict), reason);
  exit_status = check_exit_status(verdict);
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  let_through(SIGALRM);
  set_alarm(left);
}

void check_last_resort_disarm(void)
{
  alarm(0);
}
