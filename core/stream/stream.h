/* SPDX-License-Identifier: MIT */
/*
 * Streams: gapless measurement of many peers in one thread of its own. Per peer two control connections take
 * turns: while one runs an interval's sessions, the other has the next interval's requested and started for
 * the instant at which this one ends. Results go to a board.
 *
 * An interval begins exactly where the one before ends. Its result is on the board at most its loss timeout
 * and a second after its end; an interval that could not be measured is there as failed, with the reason. A
 * peer that fails is tried again with growing, jittered delay, and its name is resolved anew each time; no
 * other peer is disturbed. A peer that has no room for a second connection is measured over one: an interval
 * then begins when the one before has been stopped and fetched. If the wall clock is stepped, the running
 * intervals end at once, marked as stepped, and new ones begin.
 */
#ifndef OWAMP_STREAM_STREAM_H
#define OWAMP_STREAM_STREAM_H

#include <stdbool.h>

#include "base/log.h"
#include "base/status.h"
#include "results/board.h"
#include "stream/stream_config.h"

struct ow_streams;

/**
 * Start the thread, with all signals blocked. `board` must outlive the streams. `log` (may be NULL) is
 * copied; it gets a line for each change of a stream's state, not for each interval; `emit` is called on the
 * streams' thread and must not block. NULL with a failure.
 */
struct ow_streams *ow_streams_create(struct ow_board *board, const struct ow_log *log,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Ends all streams and the thread, within a second; their names stay on the board. From any thread but its
 * own. NULL: nothing.
 */
void ow_streams_free(struct ow_streams *streams);

/**
 * Begin to measure; the stream is on the board when this returns. A stream of the same name ends first.
 * Copies the configuration. OW_INVALID, OW_MEMORY. From any thread but the streams' own.
 */
enum ow_status ow_streams_add(struct ow_streams *streams, const struct ow_stream_config *config,
                              struct ow_failure *failure) OW_MUST_CHECK;
/**
 * End a stream and take it off the board; when this returns it is gone. False if there is none. From any
 * thread but the streams' own.
 */
bool ow_streams_remove(struct ow_streams *streams, const char *name);

#endif
