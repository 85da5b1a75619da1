/* SPDX-License-Identifier: MIT */
/* As the daemons load one; what those would log is kept for the answer. */
#include "key_load.h"

#include <stdio.h>

#include "measure/peer_key.h"

static void keep_warning(void *context, enum ow_log_level level, const char *line)
{
  struct check_options *options = context;
  (void)level;
  snprintf(options->key_warning, sizeof options->key_warning, "%s", line);
}

enum ow_status check_key_load(struct check_options *options, struct ow_failure *failure)
{
  struct ow_peer *peer = &options->settings.peer;
  const struct ow_log log = {options, keep_warning, OW_LOG_WARNING};
  const char *path = options->settings.key_file;
  return path[0] ? ow_peer_key_load(peer, path, peer->key_id, &log, failure) : OW_OK;
}
