/* SPDX-License-Identifier: MIT */
/* The soft limit is raised to the hard one; a file that has the highest number for a moment makes the table
 * grow. */
#include "daemon/open_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROOM_MOST = 65536 }; /* 8 octets of the kernel's memory for each */

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

void ow_open_files_make_room(void)
{
  struct rlimit limit;
  int some = open("/", O_PATH | O_CLOEXEC);
  if (some >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    int most = limit.rlim_cur < ROOM_MOST ? (int)limit.rlim_cur : ROOM_MOST;
    int highest = fcntl(some, F_DUPFD_CLOEXEC, most - 1);
    if (highest >= 0)
      close(highest);
  }
  if (some >= 0)
    close(some);
}
