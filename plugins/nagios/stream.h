/* SPDX-License-Identifier: MIT */
/* --query: the newest intervals of a running stream, judged as a measurement of one's own. */
#ifndef CHECK_OWAMP_STREAM_H
#define CHECK_OWAMP_STREAM_H

#include "options.h"
#include "query/query.h"
#include "verdict.h"

/**
 * Ask the socket; blocks for `timeout` ns at most. Fills in the report, whose status it returns, and
 * `stream`.
 */
enum ow_status check_stream_query(struct check_options *options, int64_t timeout,
                                  struct ow_probe_report *report, struct check_stream *stream) OW_MUST_CHECK;

/**
 * The same with the answer at hand: `count` intervals, oldest first. The directions are the stream's, unless
 * others were asked for. OW_STATE: nothing was measured yet, or it is too old; what the stream or its newest
 * interval failed with. OW_OK if that one was measured in part; the report's failure then says why.
 */
enum ow_status check_stream_take(struct check_options *options, const struct ow_stream_view *view,
                                 const struct ow_interval *intervals, size_t count, struct ow_timestamp now,
                                 struct ow_probe_report *report, struct check_stream *stream) OW_MUST_CHECK;

#endif
