/* SPDX-License-Identifier: MIT */
/*
 * Where the newest results of all streams stand. Whoever measures, or reads a query socket, writes; any
 * thread reads. Everything is copied, under a lock that is held for no longer than a copy takes: measuring
 * never waits for a reader.
 */
#ifndef OWAMP_RESULTS_BOARD_H
#define OWAMP_RESULTS_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "report/interval.h"

struct ow_board;

/**
 * Keeps the last `history` intervals of each stream, 1 at least. NULL without memory. The caller frees, when
 * nobody uses it any more.
 */
struct ow_board *ow_board_create(uint32_t history) OW_MUST_CHECK;
void ow_board_free(struct ow_board *board);

/* ---- writing ---- */

/**
 * A stream appears, or takes another's place with nothing kept: name, host, port, directions and interval are
 * taken from `view`, the rest is its own. OW_MEMORY; OW_INVALID for a name that can't be.
 */
enum ow_status ow_board_put_stream(struct ow_board *board, const struct ow_stream_view *view) OW_MUST_CHECK;
/** It is gone, with all that was kept. */
void ow_board_remove_stream(struct ow_board *board, const char *name);
/**
 * Its state: state, status, reason, mode, server and single_connection are taken from `view`, which need not
 * hold more than the name beside them; `since` is `now` if the state is another one than before.
 */
void ow_board_set_state(struct ow_board *board, const struct ow_stream_view *view, struct ow_timestamp now);
/**
 * An interval has ended; its number is higher than all before. Totals and counts follow. The board becomes a
 * user of its histograms.
 */
void ow_board_add_interval(struct ow_board *board, const char *name, const struct ow_interval *interval);
/**
 * A stream that another process keeps, as it stands there: replaces the view, but for its version, and adds
 * the intervals that are newer than those that are here (`count`, rising, may be 0). If it began anew, by the
 * rule of results/mark.h, what was kept is dropped. The board becomes a user of their histograms. OW_MEMORY,
 * OW_INVALID.
 */
enum ow_status ow_board_mirror(struct ow_board *board, const struct ow_stream_view *view,
                               const struct ow_interval *intervals, size_t count) OW_MUST_CHECK;

/* ---- reading ---- */

/** Changes with every change. Cheap. */
uint64_t ow_board_version(const struct ow_board *board);
/** How many intervals of a stream it keeps. */
uint32_t ow_board_history(const struct ow_board *board);
/** How many streams there are. */
size_t ow_board_count(const struct ow_board *board);
/** Up to `most` names, sorted by strcmp(); returns how many there are, which may be more. */
size_t ow_board_names(const struct ow_board *board, char (*names)[OW_STREAM_NAME], size_t most);
/** All names, sorted by strcmp(); the caller frees. OW_MEMORY; there are none then, and nothing to free. */
enum ow_status ow_board_all_names(const struct ow_board *board, char (**names)[OW_STREAM_NAME],
                                  size_t *count) OW_MUST_CHECK;
/** A stream's version, that of its view; 0 if there is no such stream. */
uint64_t ow_board_stream_version(const struct ow_board *board, const char *name);
/** False if there is no such stream. */
bool ow_board_view(const struct ow_board *board, const char *name, struct ow_stream_view *view);
/**
 * View and intervals of one moment: of a stream that was measured on meanwhile, neither is ahead of the
 * other. The intervals are the oldest kept with a number above `after`, in order, `most` at most. False, and
 * no intervals, if there is no such stream. They are without histograms, as they are copied by value.
 */
bool ow_board_read(const struct ow_board *board, const char *name, uint64_t after,
                   struct ow_stream_view *view, struct ow_interval *intervals, size_t most, size_t *count);
/** The same with the last kept intervals, `most` at most. */
bool ow_board_read_last(const struct ow_board *board, const char *name, struct ow_stream_view *view,
                        struct ow_interval *intervals, size_t most, size_t *count);
/** The same with their histograms: ow_interval_drop() each of them. */
bool ow_board_read_whole(const struct ow_board *board, const char *name, struct ow_stream_view *view,
                         struct ow_interval *intervals, size_t most, size_t *count);

#endif
