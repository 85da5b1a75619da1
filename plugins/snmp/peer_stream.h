/* SPDX-License-Identifier: MIT */
/*
 * The stream of one peer: it begins, is read from a board as it goes on, with notices of its news, and ends.
 */
#ifndef OWAMP_SNMP_PEER_STREAM_H
#define OWAMP_SNMP_PEER_STREAM_H

#include "peer.h"

/**
 * It begins, or begins anew, by the peer's configuration; what was measured is forgotten. A failure is kept
 * in the row, and told.
 */
void peer_stream_start(struct peer *peer, const struct peers_host *host, struct ow_timestamp now);
/** It can't begin after all: kept in its row, and told. */
void peer_stream_refuse(struct peer *peer, const struct peers_host *host, enum ow_status status,
                        const struct ow_failure *failure);
/**
 * Another program's stream, which runs already; alarms are by these thresholds. A failure is kept in the row.
 */
void peer_stream_adopt(struct peer *peer, const struct peer_config *thresholds, struct ow_timestamp now);
/** It ends if it runs, and what was measured is forgotten. */
void peer_stream_stop(struct peer *peer, const struct peers_host *host);

/** Take what changed on the board; the last `history` intervals are kept. True if anything did. */
bool peer_stream_read(struct peer *peer, const struct peers_host *host, const struct ow_board *board,
                      size_t history, struct ow_timestamp now);

/** Free what a peer holds, which stops nothing. */
void peer_stream_clear(struct peer *peer);

#endif
