/* SPDX-License-Identifier: MIT */
/*
 * impair A-SIDE B-SIDE SCENARIO LOG: forward frames between two interfaces, and do to them what the scenario
 * says. SIGHUP reads the scenario again; SIGTERM ends it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "forward.h"

static int signal_descriptor(void)
{
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A scenario that can't be read leaves the old one in force. */
static bool load(struct forwarder *forwarder, const char *path)
{
  struct scenario scenario;
  char why[1024];
  bool good = scenario_read(&scenario, path, why, sizeof why);
  if (good) {
    scenario_free(&forwarder->scenario);
    forwarder->scenario = scenario;
    memset(&forwarder->flows, 0, sizeof forwarder->flows);
    fprintf(forwarder->log, "# scenario loaded at %lld\n", (long long)clock_ns(CLOCK_REALTIME));
  } else {
    scenario_free(&scenario);
    fprintf(stderr, "impair: %s\n", why);
  }
  printf("scenario %s\n", good ? "loaded" : "kept");
  fflush(stdout);
  return good;
}

/* True: go on. */
static bool take_signals(struct forwarder *forwarder, int descriptor, const char *path)
{
  struct signalfd_siginfo signal;
  bool on = true;
  while (read(descriptor, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGHUP)
      (void)load(forwarder, path);
    else
      on = false;
  }
  return on;
}

/* Stamps of what was just sent are there at once on a veth; the log is whole whenever this program sleeps. */
static void finish_turn(struct forwarder *forwarder)
{
  forward_departures(forwarder, FORWARD);
  forward_departures(forwarder, REVERSE);
  fflush(forwarder->log);
}

static void run(struct forwarder *forwarder, int signals, const char *path)
{
  struct pollfd watched[] = {
      {.fd = forwarder->ports[FORWARD].plain, .events = POLLIN},
      {.fd = forwarder->ports[REVERSE].plain, .events = POLLIN},
      {.fd = forwarder->ports[FORWARD].stamped}, /* POLLERR: a stamp came late */
      {.fd = forwarder->ports[REVERSE].stamped},
      {.fd = signals, .events = POLLIN},
  };
  bool on = true;
  while (on) {
    int64_t wait = forward_due(forwarder);
    finish_turn(forwarder);
    if (wait > 0)
      wait = forward_due(forwarder);
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    (void)ppoll(watched, sizeof watched / sizeof *watched, wait >= 0 ? &timeout : NULL, NULL);
    for (int way = 0; way < WAYS; way++)
      if (watched[way].revents)
        forward_arrivals(forwarder, way);
    on = !watched[4].revents || take_signals(forwarder, signals, path);
  }
}

static void report_drops(const struct forwarder *forwarder)
{
  for (int i = 0; i < WAYS; i++) {
    unsigned dropped = port_dropped(&forwarder->ports[i]);
    if (dropped)
      fprintf(forwarder->log, "# %u frames dropped at %s: this log is not the whole truth\n", dropped,
              forwarder->ports[i].name);
  }
}

static bool open_all(struct forwarder *forwarder, char **arguments)
{
  for (int i = 0; i < WAYS; i++)
    if (!port_open(&forwarder->ports[i], arguments[1 + i])) {
      fprintf(stderr, "impair: interface %s: %s\n", arguments[1 + i], strerror(errno));
      return false;
    }
  forwarder->log = fopen(arguments[4], "we");
  if (!forwarder->log) {
    fprintf(stderr, "impair: %s: %s\n", arguments[4], strerror(errno));
    return false;
  }
  truth_log_begin(forwarder->log);
  return load(forwarder, arguments[3]);
}

int main(int count, char **arguments)
{
  int status = EXIT_FAILURE;
  struct forwarder *forwarder = calloc(1, sizeof *forwarder);
  if (count != 5 || !forwarder || !(forwarder->batch = port_batch_create())) {
    fputs("usage: impair A-SIDE B-SIDE SCENARIO LOG\n", stderr);
    return status;
  }
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  int signals = signal_descriptor();
  if (open_all(forwarder, arguments)) {
    run(forwarder, signals, arguments[3]);
    forward_close(forwarder);
    report_drops(forwarder);
    status = fclose(forwarder->log) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  scenario_free(&forwarder->scenario);
  port_batch_free(forwarder->batch);
  free(forwarder);
  return status;
}
