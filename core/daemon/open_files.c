/* SPDX-License-Identifier: MIT */
/* The soft limit is raised to the hard one. */
#include "daemon/open_files.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum ow_status ow_open_files_raise(struct ow_failure *failure)
{
  struct rlimit limit;
  enum ow_status status = OW_OK;
  int result = getrlimit(RLIMIT_NOFILE, &limit);
  if (result == 0) {
    limit.rlim_cur = limit.rlim_max;
    result = setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (result != 0)
    status = ow_fail(failure, OW_NETWORK, "can't raise the limit of open files: %s", strerror(errno));
  return status;
}
