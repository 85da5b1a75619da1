/* SPDX-License-Identifier: MIT */
/*
 * Results, intervals and streams as JSON, and back. Times in seconds, stamps in UTC as ISO 8601 with
 * nanoseconds ("2026-11-24T12:00:00.000000000Z"), counts as integers; what isn't known is absent,
 * never 0 or null. owamp-json(5) has every member.
 */
#ifndef OWAMP_REPORT_JSON_H
#define OWAMP_REPORT_JSON_H

#include <jansson.h>

#include "base/status.h"
#include "report/interval.h"

/**
 * The number of what the members mean, in each document. It rises when one that there was means something
 * else or is gone; a new one leaves it. Documents without it are older than 1: what wasn't known was null in
 * them.
 */
enum { OW_JSON_SCHEMA = 1 };

/** "corrected", "kernel", "hardware": by enum ow_departed_by. */
extern const char *const ow_departed_names[];

/**
 * {"direction", "completeness", "begin", "end", "sent", "received", "lost", "loss_percent",
 * "longest_loss_run", "skipped", "duplicates", "reordered", "discarded", "delay": {"min", "mean", "median",
 * "p95", "p99", "max"}, "jitter", "ipdv", "pdv", "hops": {"min", "max"}, "clock": {"sender_synchronized",
 * "receiver_synchronized", "error", "receive_stamp", "departed", "stepped"}}. NULL without memory. The caller
 * decrefs.
 *
 * Beside them, where they mean something: "ipdv_pairs", "percentiles": {"99.9", ...} (those asked for),
 * "percentiles_from" ("histograms" or "summaries", if median, percentiles, jitter and pdv aren't exact) and
 * "histogram" (report/histogram_text.h).
 *
 * Only if there are any: "refused" and "refusal" (packets that the operating system would not send, and why),
 * "dropped" (datagrams that lacked buffer at the receiver's own socket), "incomplete" (true).
 *
 * Absent results have no begin, end and counts, but for packets that were discarded. There is no delay,
 * jitter, ipdv and pdv if nothing was received, or a clock was stepped: they mean nothing then. Seconds are
 * reals that tell the nanosecond with 15 digits, with which they should be printed; a time of 10^15 ns (11
 * days) or more, between clocks that nobody set, has beside it its nanoseconds as an integer: "max_ns" beside
 * "max".
 */
json_t *ow_result_to_json(const struct ow_result *result, enum ow_direction direction) OW_MUST_CHECK;
/**
 * Back, every number to the nanosecond; what is absent, or null in an older document, is zero. OW_INVALID
 * names the member that is missing or can't be. Members that it doesn't know are passed over. The histogram
 * is the caller's to drop; without memory for it there is none.
 */
enum ow_status ow_result_from_json(const json_t *object, struct ow_result *result,
                                   enum ow_direction *direction, struct ow_failure *failure) OW_MUST_CHECK;

/**
 * {"number", "begin", "end", "status", "reason", "mode", "results": [...]}; only directions of which anything
 * is known.
 */
json_t *ow_interval_to_json(const struct ow_interval *interval) OW_MUST_CHECK;
/** Back; ow_interval_drop() it. */
enum ow_status ow_interval_from_json(const json_t *object, struct ow_interval *interval,
                                     struct ow_failure *failure) OW_MUST_CHECK;

/**
 * {"name", "host", "port", "protocol", "directions": ["forward", "reverse"], "interval", "state", "since",
 * "status", "reason", "mode", "connection": {"address", "port"}, "newest", "intervals", "failed", "totals":
 * [{"direction", "sent", "received", "lost", "skipped", "duplicates", "reordered", "discarded"}, ...],
 * "single_connection", "version"}; totals of the directions that were asked for, and of a reflector's round
 * trip; with "loss_unknown" where intervals aren't in the first three sums, which are missing if none is.
 * "single_connection" may be missing when it is read: false; and "server" with "192.0.2.1 port 861" may stand
 * for "connection".
 */
json_t *ow_stream_to_json(const struct ow_stream_view *view) OW_MUST_CHECK;
enum ow_status ow_stream_from_json(const json_t *object, struct ow_stream_view *view,
                                   struct ow_failure *failure) OW_MUST_CHECK;

#endif
