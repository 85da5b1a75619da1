/* SPDX-License-Identifier: MIT */
/* Those for datagrams get numbers behind all others, which close up. */
#include "io/given_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_for_datagrams(int descriptor)
{
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

struct ow_given_sockets ow_given_sockets_sort(int first, int count)
{
  struct ow_given_sockets sorted = {.first = first};
  for (int descriptor = first; descriptor < first + count; descriptor++) {
    bool apart = sorted.datagrams.count < OW_UDP_GIVEN && is_for_datagrams(descriptor);
    int to =
        apart ? fcntl(descriptor, F_DUPFD_CLOEXEC, first + count) : dup2(descriptor, first + sorted.count);
    if (to != descriptor)
      close(descriptor);
    if (apart)
      sorted.datagrams.sockets[sorted.datagrams.count++] = to;
    else
      sorted.count++;
  }
  return sorted;
}
