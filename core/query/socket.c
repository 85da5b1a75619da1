/* SPDX-License-Identifier: MIT */
/* Connecting, with advice if it fails; listening, under a lock of the folder. */
#include "query/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 50, LOCK_PAUSE_MS = 10, GROUP_BUFFER = 16384 };

static enum ow_status set_address(struct sockaddr_un *address, const char *path, struct ow_failure *failure)
{
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (!path || !path[0] || strlen(path) >= sizeof address->sun_path)
    return ow_fail(failure, OW_INVALID, "a socket's path has 1 to %zu octets", sizeof address->sun_path - 1);
  memcpy(address->sun_path, path, strlen(path) + 1);
  return OW_OK;
}

static const char *advice(int error)
{
  const char *text = "";
  if (error == ENOENT)
    text = "; does the daemon that runs the streams publish them there?";
  else if (error == ECONNREFUSED)
    text = "; the daemon that made the socket has ended";
  else if (error == EACCES)
    text = "; the socket's group and permissions say who may ask";
  return text;
}

/* Keeps errno, which tells more than the status. */
static int connect_to(const struct sockaddr_un *address)
{
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor >= 0 && connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    descriptor = -1;
  }
  return descriptor;
}

int ow_query_connect(const char *path, struct ow_failure *failure)
{
  struct sockaddr_un address;
  if (set_address(&address, path, failure) != OW_OK)
    return -1;
  int descriptor = connect_to(&address);
  int error = errno;
  if (descriptor < 0)
    ow_fail(failure, error == EAGAIN ? OW_TIMEOUT : OW_NETWORK, "cannot connect: %s%s",
            error == EAGAIN ? "too many wait to be let in" : strerrordesc_np(error), advice(error));
  return descriptor;
}

/* ---- listening ---- */

static enum ow_status find_group(const char *name, gid_t *group, struct ow_failure *failure)
{
  struct group entry;
  struct group *found = NULL;
  *group = (gid_t)-1;
  if (!name || !name[0])
    return OW_OK;
  char *buffer = malloc(GROUP_BUFFER);
  int error = buffer ? getgrnam_r(name, &entry, buffer, GROUP_BUFFER, &found) : ENOMEM;
  if (found)
    *group = found->gr_gid;
  free(buffer);
  if (found)
    return OW_OK;
  if (error)
    return ow_fail(failure, error == ENOMEM ? OW_MEMORY : OW_NETWORK, "cannot look for the group %s: %s",
                   name, error == ENOMEM ? "no memory" : strerrordesc_np(error));
  return ow_fail(failure, OW_INVALID, "there is no group %s", name);
}

/* A folder of /run is gone after each reboot. The socket's own permissions say who may ask, so all may pass.
 */
static void make_folder(const char *name)
{
  enum { FOR_ALL_TO_PASS = 0755 };
  struct stat made;
  int folder =
      mkdir(name, FOR_ALL_TO_PASS) == 0 ? open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  if (folder >= 0 && fstat(folder, &made) == 0 && made.st_uid == geteuid())
    (void)fchmod(folder, FOR_ALL_TO_PASS); /* whatever the umask left of it */
  if (folder >= 0)
    close(folder);
}

/* A lock that no file remains of. -1: the folder can't be read, and who can't read it can lock nobody out. */
static enum ow_status lock_folder(const char *path, int *folder, struct ow_failure *failure)
{
  char name[sizeof((struct sockaddr_un *)0)->sun_path] = ".";
  const char *slash = strrchr(path, '/');
  if (slash)
    snprintf(name, sizeof name, "%.*s", slash > path ? (int)(slash - path) : 1, path);
  make_folder(name);
  *folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int locked = *folder < 0 ? 0 : -1;
  for (int i = 0; i < LOCK_TRIES && locked != 0; i++) {
    locked = flock(*folder, LOCK_EX | LOCK_NB);
    if (locked != 0)
      nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_MS * OW_NS_PER_MS}, NULL);
  }
  if (locked != 0)
    return ow_fail(failure, OW_STATE, "its folder %s is locked by another process; try again", name);
  return OW_OK;
}

/* Only a socket that nobody listens at any more is removed. */
static enum ow_status make_room(const struct sockaddr_un *address, struct ow_failure *failure)
{
  struct stat there;
  if (lstat(address->sun_path, &there) != 0)
    return OW_OK; /* bind(2) will say if it can't be */
  if (!S_ISSOCK(there.st_mode))
    return ow_fail(failure, OW_STATE,
                   "something else than a socket is there; remove it or choose another path");
  int answering = connect_to(address);
  if (answering >= 0)
    close(answering);
  if (answering >= 0 || errno != ECONNREFUSED)
    return ow_fail(failure, OW_STATE, "another process publishes there; choose another path");
  (void)unlink(address->sun_path);
  return OW_OK;
}

static enum ow_status fail_with(struct ow_failure *failure, const char *what)
{
  return ow_fail(failure, OW_NETWORK, "cannot %s: %s", what, strerrordesc_np(errno));
}

static enum ow_status cannot_give(struct ow_failure *failure)
{
  if (errno != EINVAL)
    return fail_with(failure, "give it to its group");
  return ow_fail(failure, OW_NETWORK,
                 "cannot give it to its group, which isn't among the groups of this process' user namespace "
                 "(PrivateUsers= of its systemd unit): let it be the unit's, Group=");
}

/* Somebody who may write in the folder can have put another file in its place, or a link to one: what isn't
 * ours alone is left as it is. */
static enum ow_status find_made(int made, struct ow_query_place *place, struct ow_failure *failure)
{
  struct stat there;
  if (made < 0 || fstat(made, &there) != 0)
    return fail_with(failure, "find the new socket");
  if (!S_ISSOCK(there.st_mode) || there.st_uid != geteuid() || there.st_nlink != 1)
    return ow_fail(
        failure, OW_STATE,
        "somebody put something else in the new socket's place; choose a folder that others can't write");
  place->device = there.st_dev;
  place->inode = there.st_ino;
  return OW_OK;
}

/* Nobody can connect before listen(2): until then it's of no matter what the umask left. Group and
 * permissions go to what was found, whatever is called so now. */
static enum ow_status open_to_all(int descriptor, const struct ow_query_options *options, gid_t group,
                                  struct ow_query_place *place, struct ow_failure *failure)
{
  char open_file[32];
  int made = open(place->address.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  enum ow_status status = find_made(made, place, failure);
  snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", made);
  if (status == OW_OK && group != (gid_t)-1 && fchownat(made, "", (uid_t)-1, group, AT_EMPTY_PATH) != 0)
    status = cannot_give(failure);
  if (status == OW_OK && chmod(open_file, options->permissions & 0777) != 0)
    status = fail_with(failure, "set its permissions");
  if (status == OW_OK && listen(descriptor, SOMAXCONN) != 0)
    status = fail_with(failure, "listen");
  if (made >= 0)
    close(made);
  return status;
}

static int bind_at(const struct ow_query_options *options, gid_t group, struct ow_query_place *place,
                   struct ow_failure *failure)
{
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool bound = descriptor >= 0 &&
               bind(descriptor, (const struct sockaddr *)&place->address, sizeof place->address) == 0;
  enum ow_status status =
      bound ? open_to_all(descriptor, options, group, place, failure) : fail_with(failure, "make the socket");
  if (status != OW_OK) {
    if (bound)
      ow_query_leave(place);
    if (descriptor >= 0)
      close(descriptor);
    descriptor = -1;
  }
  return descriptor;
}

int ow_query_listen(const struct ow_query_options *options, struct ow_query_place *place,
                    struct ow_failure *failure)
{
  gid_t group;
  int folder = -1;
  int descriptor = -1;
  enum ow_status status = set_address(&place->address, options->path, failure);
  if (status == OW_OK)
    status = find_group(options->group, &group, failure);
  if (status == OW_OK)
    status = lock_folder(options->path, &folder, failure);
  if (status == OW_OK)
    status = make_room(&place->address, failure);
  if (status == OW_OK)
    descriptor = bind_at(options, group, place, failure);
  if (folder >= 0)
    close(folder);
  return descriptor;
}

void ow_query_leave(const struct ow_query_place *place)
{
  struct stat there;
  if (lstat(place->address.sun_path, &there) == 0 && there.st_dev == place->device &&
      there.st_ino == place->inode)
    (void)unlink(place->address.sun_path);
}
