/* SPDX-License-Identifier: MIT */
/* Those that are told apart get numbers behind all others, which close up. */
#include "io/given_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/address.h"

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

void ow_kept_sockets_add(struct ow_kept_sockets *kept, int descriptor)
{
  struct stat about;
  if (kept->count < OW_SOCKETS_KEPT && fstat(descriptor, &about) == 0)
    kept->inodes[kept->count++] = about.st_ino;
}

bool ow_given_sockets_kept(const struct ow_given_sockets *given, int descriptor)
{
  struct stat about;
  bool found = false;
  if (fstat(descriptor, &about) == 0)
    for (int i = 0; i < given->kept.count; i++)
      found = found || given->kept.inodes[i] == about.st_ino;
  return found;
}

static uint16_t port_of(int descriptor)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  return getsockname(descriptor, &address.any, &size) == 0 ? ow_address_port(&address) : 0;
}

static void renumber(int descriptor, int to)
{
  if (descriptor != to) {
    (void)dup2(descriptor, to);
    close(descriptor);
  }
}

int ow_given_sockets_drop_kept(const struct ow_given_sockets *given, int first, int count)
{
  int rest = 0;
  for (int descriptor = first; descriptor < first + count; descriptor++) {
    if (ow_given_sockets_kept(given, descriptor))
      close(descriptor);
    else
      renumber(descriptor, first + rest++);
  }
  return rest;
}

int ow_given_sockets_last(int first, int count, uint16_t port)
{
  int apart[OW_UDP_GIVEN];
  int rest = 0, last = 0;
  for (int descriptor = first; descriptor < first + count; descriptor++) {
    if (last < OW_UDP_GIVEN && port_of(descriptor) == port) {
      apart[last++] = fcntl(descriptor, F_DUPFD_CLOEXEC, first + count);
      close(descriptor);
    } else {
      renumber(descriptor, first + rest++);
    }
  }
  for (int i = 0; i < last; i++)
    renumber(apart[i], first + rest + i);
  return last;
}

struct ow_udp_given ow_udp_given_take(struct ow_udp_given *from, uint16_t port)
{
  struct ow_udp_given taken = {.count = 0};
  int rest = 0;
  for (int i = 0; i < from->count; i++) {
    if (port_of(from->sockets[i]) == port)
      taken.sockets[taken.count++] = from->sockets[i];
    else
      from->sockets[rest++] = from->sockets[i];
  }
  from->count = rest;
  return taken;
}
