/* SPDX-License-Identifier: MIT */
/*
 * From a board to collectd: what is new on it since the last look, as values and notifications. One thread at
 * a time.
 */
#ifndef OWAMP_COLLECTD_FEED_H
#define OWAMP_COLLECTD_FEED_H

#include <stdbool.h>

#include "peer_block.h"
#include "results/board.h"

struct owamp_feed;

/**
 * `board`, and `above` (may be NULL), must outlive it. `rules`, if not NULL, are those of every stream that
 * appears on the board; else only streams that are added are followed. A stream whose name a feed above has,
 * or one above that, is left out, with a warning: its values would mix. NULL without memory.
 */
struct owamp_feed *owamp_feed_create(const struct ow_board *board, const struct owamp_feed *above,
                                     const struct owamp_rules *rules) OW_MUST_CHECK;
void owamp_feed_free(struct owamp_feed *feed);

/** Follow a stream of that name, which isn't followed yet. OW_MEMORY. */
enum ow_status owamp_feed_add(struct owamp_feed *feed, const char *name,
                              const struct owamp_rules *rules) OW_MUST_CHECK;
/** Dispatch all that is new. Waits for nothing but the board's lock. */
void owamp_feed_poll(struct owamp_feed *feed);

/** Intervals that a board has to keep at least, so that none is lost between two looks. */
enum { OWAMP_LEAST_HISTORY = 8 };

#endif
