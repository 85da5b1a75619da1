/* SPDX-License-Identifier: MIT */
/* The whole <Plugin owamp> block, as it was written. */
#ifndef OWAMP_COLLECTD_CONFIG_H
#define OWAMP_COLLECTD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "peer_block.h"
#include "policy/embedded.h"
#include "query/query.h"
#include "stream/stream.h"

/** A path of a Unix socket, with its NUL. */
enum { OWAMP_SOCKET_PATH = 108, OWAMP_GROUP = 64 };

struct owamp_peer {
  struct ow_stream_config stream;
  struct owamp_rules rules;
};

struct owamp_query {
  char path[OWAMP_SOCKET_PATH];
  struct owamp_rules rules;
};

struct owamp_publish {
  char path[OWAMP_SOCKET_PATH]; /* "": nothing is published */
  char group[OWAMP_GROUP];
  mode_t permissions;
};

/** Zero-initialised: nothing. Clear with owamp_config_clear(). */
struct owamp_config {
  struct owamp_peer **peers; /* sorted by name */
  size_t peer_count;
  struct owamp_query **queries;
  size_t query_count;
  struct owamp_publish publish;
  uint32_t history; /* intervals of each stream to keep */
  bool responds;
  struct ow_embedded_options responder;
  unsigned refused; /* blocks and keywords */
};

/**
 * Add what a <Plugin owamp> block says. What can't be is refused, in collectd's log, with its name and the
 * reason, and counted: a block as a whole; the others stand. A default that can't be would change what every
 * peer means, so then each <Peer> and <Query> of the block is refused.
 */
void owamp_config_read(struct owamp_config *config, const oconfig_item_t *plugin);
/** What may stand in a <Responder>, for `options`. */
struct owamp_block owamp_responder_block(struct ow_embedded_options *options);
/** Wipes keys. */
void owamp_config_clear(struct owamp_config *config);

#endif
