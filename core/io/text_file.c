/* SPDX-License-Identifier: MIT */
/* Regular files only, up to a bound, with a note of whether everybody can read or write them. */
#include "io/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

void ow_text_file_clear(struct ow_text_file *file)
{
  if (file->text)
    ow_wipe(file->text, file->octets);
  free(file->text);
  *file = (struct ow_text_file){0};
}

/* A file that is read again after the start is read by another user than before. */
static enum ow_status refused(const char *path, int error, struct ow_failure *failure)
{
  if (error == EACCES)
    return ow_fail(failure, OW_INVALID,
                   "%s: %s for user id %u; let that user read it (chown, chmod), or restart", path,
                   strerror(error), (unsigned)geteuid());
  return ow_fail(failure, OW_INVALID, "%s: %s", path, strerror(error));
}

/* One octet more than allowed is asked for, so that a file that grows while it is read is noticed too. */
static enum ow_status read_all(const char *path, int descriptor, struct ow_text_file *file,
                               struct ow_failure *failure)
{
  file->text = malloc(OW_TEXT_FILE_MOST + 2);
  if (!file->text)
    return ow_fail(failure, OW_MEMORY, "%s: no memory", path);
  ssize_t got = 1;
  while (got > 0 && file->octets <= OW_TEXT_FILE_MOST) {
    got = read(descriptor, file->text + file->octets, OW_TEXT_FILE_MOST + 1 - file->octets);
    if (got > 0)
      file->octets += (size_t)got;
    else if (got < 0 && errno == EINTR)
      got = 1;
  }
  file->text[file->octets] = '\0';
  if (got < 0)
    return refused(path, errno, failure);
  if (file->octets > OW_TEXT_FILE_MOST)
    return ow_fail(failure, OW_LIMIT, "%s: longer than %d octets; is it the right file?", path,
                   OW_TEXT_FILE_MOST);
  return OW_OK;
}

static enum ow_status read_open(const char *path, int descriptor, struct ow_text_file *file,
                                struct ow_failure *failure)
{
  struct stat about;
  if (fstat(descriptor, &about) != 0)
    return refused(path, errno, failure);
  if (!S_ISREG(about.st_mode))
    return ow_fail(failure, OW_INVALID, "%s: not a regular file", path);
  file->others_read = (about.st_mode & S_IROTH) != 0;
  file->others_write = (about.st_mode & S_IWOTH) != 0;
  return read_all(path, descriptor, file, failure);
}

enum ow_status ow_text_file_read(const char *path, struct ow_text_file *file, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *file = (struct ow_text_file){0};
  /* O_NONBLOCK: to open a FIFO must not hang. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor >= 0) {
    status = read_open(path, descriptor, file, failure);
    close(descriptor);
  } else if (errno == ENOENT) {
    file->missing = true;
  } else {
    status = refused(path, errno, failure);
  }
  if (status != OW_OK)
    ow_text_file_clear(file);
  return status;
}

void ow_text_file_warn_exposed(const char *path, const struct ow_text_file *file, const struct ow_log *log)
{
  if (file->others_read || file->others_write)
    ow_log(log, OW_LOG_WARNING, "%s: everybody on this host can %s these passphrases; chmod o= it", path,
           file->others_write ? "change" : "read");
}
