/* SPDX-License-Identifier: MIT */
/* What the plugin's top level, a <Peer> and a <Query> block say of streams: which options each takes. */
#ifndef OWAMP_COLLECTD_PEER_BLOCK_H
#define OWAMP_COLLECTD_PEER_BLOCK_H

#include "config/peer_options.h"
#include "keyword.h"
#include "stream/stream.h"
#include "values.h"

/** What of a stream's results is dispatched, and when they are worth a notification. */
struct owamp_rules {
  struct owamp_wanted values;
  struct ow_thresholds warning;
  struct ow_thresholds critical;
  struct ow_alarm_rule rule;
};

struct owamp_peer_settings {
  struct ow_peer_settings peer;
  owamp_selection values;
};

enum { OWAMP_IN_DEFAULTS = 1, OWAMP_IN_PEER = 2, OWAMP_IN_QUERY = 4 };

/** All options that a <Peer> takes. */
extern const struct ow_peer_face owamp_peer_face;

/** Those of a stream. Wipe with ow_peer_clear(&settings->peer.peer). */
void owamp_peer_defaults(struct owamp_peer_settings *settings);

/** A block of that kind, to be read into `settings`. */
struct owamp_block owamp_peer_block(struct owamp_peer_settings *settings, unsigned place);

/**
 * After the last item: what one keyword alone can't know. For a <Peer> also reads the key. OW_INVALID with a
 * sentence. `failure` must not be NULL.
 */
enum ow_status owamp_peer_block_end(const struct owamp_block *block,
                                    struct ow_failure *failure) OW_MUST_CHECK;

/** What of the settings concerns the results. */
void owamp_peer_rules(const struct owamp_peer_settings *settings, struct owamp_rules *rules);

#endif
