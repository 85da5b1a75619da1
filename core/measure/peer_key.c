/* SPDX-License-Identifier: MIT */
/* Read, parsed and wiped again; a file that everybody can read is told to the log. */
#include "measure/peer_key.h"

#include "io/text_file.h"

static enum ow_status take_key(struct ow_peer *peer, const char *path, const char *key_id,
                               const struct ow_text_file *file, struct ow_failure *failure)
{
  struct ow_keys_file keys = {0};
  enum ow_status status = ow_key_file_parse(path, file->text, file->octets, &keys, NULL, failure);
  if (status == OW_OK)
    status = ow_peer_use_key(peer, &keys, path, key_id, failure);
  ow_key_file_clear(&keys);
  return status;
}

enum ow_status ow_peer_key_load(struct ow_peer *peer, const char *path, const char *key_id,
                                const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_text_file file;
  enum ow_status status = ow_text_file_read(path, &file, failure);
  if (status == OW_OK && file.missing)
    status = ow_fail(failure, OW_INVALID, "%s: there is no such file", path);
  else if (status == OW_OK)
    status = take_key(peer, path, key_id, &file, failure);
  ow_text_file_warn_exposed(path, &file, log);
  ow_text_file_clear(&file);
  return status;
}
