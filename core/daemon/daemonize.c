/* SPDX-License-Identifier: MIT */
/* The parent waits at a pipe for one octet, and exits as it comes or as the pipe closes. */
#include "daemon/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_for(int child)
{
  char ready;
  ssize_t got;
  do
    got = read(child, &ready, 1);
  while (got < 0 && errno == EINTR);
  _exit(got == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

enum ow_status ow_daemon_begin(struct ow_daemon *self, struct ow_failure *failure)
{
  int ends[2];
  self->parent = -1;
  if (pipe2(ends, O_CLOEXEC) != 0)
    return ow_fail(failure, OW_NETWORK, "pipe: %s", strerror(errno));
  pid_t child = fork();
  if (child > 0) {
    close(ends[1]);
    wait_for(ends[0]);
  }
  close(ends[0]);
  if (child < 0 || setsid() < 0) {
    int error = errno;
    close(ends[1]);
    return ow_fail(failure, OW_NETWORK, "can't go into the background: %s", strerror(error));
  }
  self->parent = ends[1];
  return OW_OK;
}

static enum ow_status leave_terminal(struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int descriptor = 0; descriptor <= 2 && status == OW_OK; descriptor++)
    if (nowhere < 0 || dup2(nowhere, descriptor) < 0)
      status = ow_fail(failure, OW_NETWORK, "can't let go of the terminal: %s", strerror(errno));
  if (nowhere > 2)
    close(nowhere);
  return status;
}

enum ow_status ow_daemon_ready(struct ow_daemon *self, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (self->parent < 0)
    return OW_OK;
  if (chdir("/") != 0)
    status = ow_fail(failure, OW_NETWORK, "can't let go of the folder: %s", strerror(errno));
  if (status == OW_OK && !self->keeps_terminal)
    status = leave_terminal(failure);
  if (status == OW_OK && write(self->parent, "", 1) != 1)
    status = ow_fail(failure, OW_NETWORK, "the starting process is gone: %s", strerror(errno));
  close(self->parent);
  self->parent = -1;
  return status;
}
