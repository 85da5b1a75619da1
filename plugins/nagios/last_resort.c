/* SPDX-License-Identifier: MIT */
/* The words are made beforehand; the handler only writes them and exits. */
#include "last_resort.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"
#include "time/timestamp.h"
#include "verdict.h"

static char words[128];
static volatile int exit_status = 3;

/* Only what signal-safety(7) allows. */
static void give_up(int number)
{
  (void)number;
  check_progress_erase();
  if (write(STDOUT_FILENO, words, strlen(words)) < 0)
    _exit(exit_status);
  _exit(exit_status);
}

void check_last_resort_arm(int64_t timeout, enum ow_verdict verdict, bool json)
{
  struct sigaction action = {.sa_handler = give_up};
  static const char reason[] = "the check did not end in time";
  if (json)
    check_json_least(words, sizeof words, verdict, reason);
  else
    snprintf(words, sizeof words, "OWAMP %s - %s\n", ow_verdict_name(verdict), reason);
  exit_status = check_exit_status(verdict);
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  alarm((unsigned)((timeout + OW_NS_PER_S - 1) / OW_NS_PER_S) + 1);
}

void check_last_resort_disarm(void)
{
  alarm(0);
}
