/* SPDX-License-Identifier: MIT */
/*
 * All peers, in the order of their rows, with what is configured and what was last read from the boards. They
 * belong to the SNMP thread alone: between two refreshes nothing that was measured changes, so the values of
 * a row fit together, and neither side waits for the other.
 */
#ifndef OWAMP_SNMP_PEERS_H
#define OWAMP_SNMP_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"
#include "results/board.h"

struct peers {
  struct peers_host host;
  const struct ow_board *own;       /* of this program's streams */
  const struct ow_board *mirror;    /* of a query socket; NULL: none */
  struct peer_config mirror_config; /* of its streams: their thresholds */
  uint32_t history;
  struct peer **list;
  size_t count;
  uint64_t own_version;
  uint64_t mirror_version;
  bool changed; /* since rows were last made of it */
};

void peers_init(struct peers *peers, const struct peers_host *host, const struct ow_board *own,
                uint32_t history);
/** Frees all; streams are not stopped. */
void peers_clear(struct peers *peers);

/** 0 to 32, or 1 to 63, characters that may be in an owner's, or a peer's, name. */
bool peer_owner_valid(const char *owner);
/** NULL: there is none. */
struct peer *peers_find(const struct peers *peers, const char *owner, const char *name);
/** True if neither such a row nor another of the same stream's name is there. */
bool peers_name_free(const struct peers *peers, const char *owner, const char *name);
/**
 * Make a row that does nothing yet, not ready, with every default. OW_INVALID (a name that can't be),
 * OW_STATE (the row, or its stream's name, is there already), OW_MEMORY.
 */
enum ow_status peers_add(struct peers *peers, const char *owner, const char *name, enum peer_origin origin,
                         struct peer **peer, struct ow_failure *failure) OW_MUST_CHECK;
/** Its stream ends. */
void peers_remove(struct peers *peers, struct peer *peer);
/** Its stream begins, or begins anew; what was measured is forgotten. A failure is kept in its row. */
void peer_start(struct peers *peers, struct peer *peer, struct ow_timestamp now);
void peer_stop(struct peers *peers, struct peer *peer);
/** A stream that was to begin later can't; nothing happens if there is no such peer, or it is not to. */
void peers_refuse(struct peers *peers, const char *owner, const char *name, enum ow_status status,
                  const struct ow_failure *failure);

/**
 * Show the streams of `board`, with these thresholds. It must outlive the peers, or peers_drop_mirrored().
 */
void peers_mirror(struct peers *peers, const struct ow_board *board, const struct peer_config *thresholds);
/** Show them no longer. */
void peers_drop_mirrored(struct peers *peers);

/** Take what changed on the boards. True if anything did. */
bool peers_refresh(struct peers *peers, struct ow_timestamp now);

#endif
