/* SPDX-License-Identifier: MIT */
/* A lock by fcntl(2) says that nobody else runs; its holder is named when it is refused. */
#include "daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The same kind of lock that owampd takes, so that the two exclude each other. */
static enum ow_status lock(const struct ow_pidfile *file, const char *setting, struct ow_failure *failure)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(file->descriptor, F_SETLK, &whole) == 0)
    return OW_OK;
  int error = errno;
  struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if ((error == EACCES || error == EAGAIN) && fcntl(file->descriptor, F_GETLK, &holder) == 0 &&
      holder.l_pid > 0)
    return ow_fail(failure, OW_STATE, "%.200s: process %ld is already running; stop it, or set another %s",
                   file->path, (long)holder.l_pid, setting);
  return ow_fail(failure, OW_INVALID, "%.200s: can't lock it: %s", file->path, strerror(error));
}

static enum ow_status write_id(const struct ow_pidfile *file, struct ow_failure *failure)
{
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  bool written =
      ftruncate(file->descriptor, 0) == 0 && pwrite(file->descriptor, text, (size_t)length, 0) == length;
  return written ? OW_OK : ow_fail(failure, OW_INVALID, "%.200s: %s", file->path, strerror(errno));
}

static enum ow_status open_file(struct ow_pidfile *file, const char *path, const char *setting,
                                struct ow_failure *failure)
{
  file->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                          S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (file->descriptor < 0 || !realpath(path, file->path))
    return ow_fail(failure, OW_INVALID, "%.200s: %s; is %s right?", path, strerror(errno), setting);
  return OW_OK;
}

/* Who may write in its folder can have made it a link to another file, which we would empty; and of a file of
 * his own he can change whom a script stops by it. */
static enum ow_status check_file(const struct ow_pidfile *file, const char *setting,
                                 struct ow_failure *failure)
{
  struct stat there;
  const char *fault = NULL;
  if (fstat(file->descriptor, &there) != 0)
    fault = strerror(errno);
  else if (!S_ISREG(there.st_mode))
    fault = "it is no file";
  else if (there.st_nlink != 1)
    fault = "it has another name, too";
  else if (there.st_uid != geteuid() && there.st_uid != 0)
    fault = "it belongs to another user";
  return fault ? ow_fail(failure, OW_INVALID, "%.200s: %s; remove it, or set another %s", file->path, fault,
                         setting)
               : OW_OK;
}

/* Is what was opened still what is called so? */
static bool is_there(const struct ow_pidfile *file)
{
  struct stat there, ours;
  return lstat(file->path, &there) == 0 && fstat(file->descriptor, &ours) == 0 &&
         there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

enum ow_status ow_pidfile_lock(struct ow_pidfile *file, const char *path, const char *setting,
                               struct ow_failure *failure)
{
  enum ow_status status = open_file(file, path, setting, failure);
  if (status == OW_OK)
    status = check_file(file, setting, failure);
  if (status == OW_OK)
    status = lock(file, setting, failure);
  if (status == OW_OK && !is_there(file))
    status = ow_fail(failure, OW_STATE, "%.200s: another process just removed it; try again", file->path);
  if (status == OW_OK)
    status = write_id(file, failure);
  if (status != OW_OK && file->descriptor >= 0) {
    close(file->descriptor);
    file->descriptor = -1;
  }
  return status;
}

/* Having stepped down we may be unable to remove it; empty, it misleads nobody. */
void ow_pidfile_release(struct ow_pidfile *file)
{
  if (file->descriptor >= 0) {
    if (ftruncate(file->descriptor, 0) == 0 && is_there(file))
      (void)unlink(file->path);
    close(file->descriptor);
    file->descriptor = -1;
  }
}
