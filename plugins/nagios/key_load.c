/* SPDX-License-Identifier: MIT */
/* Read, parsed and wiped again; whether everybody can read the file is noted for the answer. */
#include "key_load.h"

#include "io/text_file.h"

static enum ow_status take_key(struct check_options *options, const struct ow_text_file *file,
                               struct ow_failure *failure)
{
  const char *path = options->settings.key_file;
  struct ow_peer *peer = &options->settings.peer;
  struct ow_keys_file keys = {0};
  enum ow_status status = ow_key_file_parse(path, file->text, file->octets, &keys, NULL, failure);
  if (status == OW_OK)
    status = ow_peer_use_key(peer, &keys, path, peer->key_id, failure);
  ow_key_file_clear(&keys);
  return status;
}

/* Not ow_peer_key_load(), which tells a log of an exposed file; here that belongs into the answer. */
enum ow_status check_key_load(struct check_options *options, struct ow_failure *failure)
{
  const char *path = options->settings.key_file;
  struct ow_text_file file = {0};
  enum ow_status status = OW_OK;
  if (!path[0])
    return OW_OK;
  status = ow_text_file_read(path, &file, failure);
  if (status == OW_OK && file.missing)
    status = ow_fail(failure, OW_INVALID, "%s: there is no such file", path);
  else if (status == OW_OK)
    status = take_key(options, &file, failure);
  options->key_file_exposed = file.world_readable;
  ow_text_file_clear(&file);
  return status;
}
