#include "key_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

/* Reads until the end or until `text` is full. -1: errno says why. */
static ssize_t read_all(int descriptor, char *text, size_t room)
{
  size_t length = 0;
  ssize_t got = 1;
  while (got > 0 && length < room) {
    do
      got = read(descriptor, text + length, room - length);
    while (got < 0 && errno == EINTR);
    length += got > 0 ? (size_t)got : 0;
  }
  return got < 0 ? -1 : (ssize_t)length;
}

static bool others_may_read(int descriptor)
{
  struct stat facts;
  return fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && (facts.st_mode & S_IROTH);
}

static enum ow_status take_key(struct check_options *options, const char *text, size_t length,
                               struct ow_failure *failure)
{
  struct ow_keys_file keys = {0};
  enum ow_status status = ow_key_file_parse(options->key_file, text, length, &keys, failure);
  if (status == OW_OK)
    status = ow_peer_use_key(&options->peer, &keys, options->key_file, options->key_id, failure);
  ow_key_file_clear(&keys);
  return status;
}

static enum ow_status read_key(struct check_options *options, int descriptor, struct ow_failure *failure)
{
  size_t room = (size_t)CHECK_KEY_FILE_MOST + 1;
  char *text = malloc(room);
  ssize_t length = text ? read_all(descriptor, text, room) : 0;
  enum ow_status status = OW_OK;
  if (!text)
    status = ow_fail(failure, OW_MEMORY, "no memory to read %s", options->key_file);
  else if (length < 0)
    status = ow_fail(failure, OW_INVALID, "can't read %s: %s", options->key_file, strerror(errno));
  else if (length > CHECK_KEY_FILE_MOST)
    status = ow_fail(failure, OW_INVALID, "%s is larger than a key file may be (%d octets)",
                     options->key_file, CHECK_KEY_FILE_MOST);
  else
    status = take_key(options, text, (size_t)length, failure);
  if (text)
    ow_wipe(text, room);
  free(text);
  return status;
}

enum ow_status check_key_load(struct check_options *options, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (options->key_file) {
    int descriptor = open(options->key_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
      status = ow_fail(failure, OW_INVALID, "can't read %s: %s", options->key_file, strerror(errno));
    } else {
      options->key_file_exposed = others_may_read(descriptor);
      status = read_key(options, descriptor, failure);
      close(descriptor);
    }
  }
  return status;
}
