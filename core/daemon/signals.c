/* SPDX-License-Identifier: MIT */
/* They are blocked, and read from a signalfd, one a turn; SIGPIPE is ignored. */
#include "daemon/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/container_of.h"

void ow_signals_hold(struct ow_signals *signals, const int *numbers)
{
  signals->watch.descriptor = -1;
  sigemptyset(&signals->held);
  for (; *numbers; numbers++)
    sigaddset(&signals->held, *numbers);
  sigprocmask(SIG_BLOCK, &signals->held, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* One a turn, so that the callback is the last thing that happens here. */
static void ready(struct ow_watch *watch, uint32_t events)
{
  struct ow_signals *signals = OW_CONTAINER_OF(watch, struct ow_signals, watch);
  struct signalfd_siginfo signal;
  (void)events;
  if (read(watch->descriptor, &signal, sizeof signal) == (ssize_t)sizeof signal)
    signals->came(signals, (int)signal.ssi_signo);
}

enum ow_status ow_signals_watch(struct ow_loop *loop, struct ow_signals *signals, struct ow_failure *failure)
{
  signals->watch.ready = ready;
  signals->watch.descriptor = signalfd(-1, &signals->held, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals->watch.descriptor < 0)
    return ow_fail(failure, OW_NETWORK, "signalfd: %s", strerror(errno));
  enum ow_status status = ow_watch_open(loop, &signals->watch, EPOLLIN, failure);
  if (status != OW_OK)
    ow_watch_close(loop, &signals->watch);
  return status;
}

void ow_signals_close(struct ow_loop *loop, struct ow_signals *signals)
{
  ow_watch_close(loop, &signals->watch);
}
