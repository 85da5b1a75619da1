/* SPDX-License-Identifier: MIT */
/* What a person configures of one stream. */
#ifndef OWAMP_STREAM_STREAM_CONFIG_H
#define OWAMP_STREAM_STREAM_CONFIG_H

#include <stdint.h>

#include "base/status.h"
#include "config/peer_options.h"
#include "report/interval.h"

/** Filled in with ow_stream_of_settings() or ow_stream_defaults(). */
struct ow_stream_config {
  char name[OW_STREAM_NAME];
  struct ow_peer peer; /* `packets` has no meaning: as many as the schedule has in an interval */
  int64_t interval;    /* ns, of a day at most; at least the loss timeout and 3 s */
};

/** What a stream needs of a peer's settings; a name is cut to what fits. Wipe with ow_peer_clear(). */
void ow_stream_of_settings(struct ow_stream_config *config, const char *name,
                           const struct ow_peer_settings *settings);
/** The table's defaults for streams: one packet a second, an interval of 60 s. The name is empty. */
void ow_stream_defaults(struct ow_stream_config *config);
/**
 * Everything that can be said against it before anything is sent, ow_peer_check() included. OW_INVALID with a
 * sentence.
 */
enum ow_status ow_stream_check(const struct ow_stream_config *config,
                               struct ow_failure *failure) OW_MUST_CHECK;

#endif
