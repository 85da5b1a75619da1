/* SPDX-License-Identifier: MIT */
/* A peer's key, from its file. */
#ifndef OWAMP_MEASURE_PEER_KEY_H
#define OWAMP_MEASURE_PEER_KEY_H

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"

/**
 * Put the key `key_id` of the key file `path` into `peer`. A file that everybody may read or change is a
 * warning in `log` (may be NULL). OW_INVALID (missing, unreadable, malformed, without that KeyID), OW_LIMIT
 * (longer than OW_TEXT_FILE_MOST) or OW_MEMORY, with the path. `failure` must not be NULL.
 */
enum ow_status ow_peer_key_load(struct ow_peer *peer, const char *path, const char *key_id,
                                const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;

#endif
