/* SPDX-License-Identifier: MIT */
/*
 * The query socket: whoever runs streams publishes its board on a Unix socket, as JSON lines, so that one
 * stream serves all who ask.
 *
 *   list\n             {"histograms": true, "streams": [{"name", "host", "port", "state", ...}, ...]}
 *   get NAME\n         {"stream": {...}, "intervals": [the newest]}
 *   get NAME COUNT\n   the last COUNT kept intervals, oldest first; OW_QUERY_INTERVALS at most
 *   get NAME COUNT histograms\n   the same, each result with its histogram
 *   anything else      {"error": "..."}
 *
 * Each answer is one line; the members are those of report/json.h. Who may ask is a matter of the socket's
 * permissions. A line of more than 255 octets is answered with an error, and ends the connection.
 */
#ifndef OWAMP_QUERY_QUERY_H
#define OWAMP_QUERY_QUERY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "base/status.h"
#include "results/board.h"

/** The most intervals that one answer holds: 2 MB as text, and up to 8 MB of histograms. */
enum { OW_QUERY_INTERVALS = 1000 };

/* ---- publishing ---- */

struct ow_query_options {
  const char *path;   /* its last folder is made if it is missing, with permissions 0755 */
  mode_t permissions; /* of the socket, whatever the umask; 0660 is wise */
  const char *group;  /* its group's name; NULL or "": as it comes */
};

struct ow_query_server;

/**
 * Publish `board`, which must outlive it, from a thread of its own with all signals blocked. A socket that a
 * dead process left at `path` is replaced; one that answers is not, nor any other kind of file (OW_STATE).
 * Up to 128 may ask at once; beyond that, one that has been idle for 5 s gives way, or else the new one is
 * refused with a sentence. Who has not taken an answer after 10 s is cut off, and holds up nobody until then;
 * so is who has not after a second, the slowest first, when 16 MiB of answers wait to be read. Meanwhile only
 * answers of up to 16 KiB, as of one stream, are given.
 * `log` (may be NULL) is copied. NULL with a failure that names the path.
 */
struct ow_query_server *ow_query_publish(const struct ow_board *board, const struct ow_query_options *options,
                                         const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
/** Ends the thread within a second and removes the socket. NULL: nothing. */
void ow_query_unpublish(struct ow_query_server *server);

/* ---- asking ---- */

/**
 * Ask once for the last `count` (1 at least; see OW_QUERY_INTERVALS) intervals of a stream; blocks for at
 * most `timeout` ns. `intervals` gets up to `count` of them, oldest first; `*got` says how many, each to be
 * dropped by ow_interval_drop(). They have histograms, unless who publishes knows none. OW_INVALID
 * (no path or name), OW_NETWORK (no socket there, nobody listens, no permission), OW_TIMEOUT, OW_PROTOCOL,
 * OW_REFUSED (no such stream; the sentence names those that there are). NULL is allowed for `failure`.
 */
enum ow_status ow_query_get(const char *path, const char *name, int64_t timeout, struct ow_stream_view *view,
                            struct ow_interval *intervals, size_t count, size_t *got,
                            struct ow_failure *failure) OW_MUST_CHECK;

struct ow_query_mirror;

/**
 * Keep `board`, which must outlive it, like the board that is published at `path`: from a thread of its own,
 * with all signals blocked, that asks about once a second for what has changed. What it missed for a while
 * is caught up with, as far as it is still kept there. While nobody answers, the streams that were seen stay,
 * as down, with the reason, and it tries again after 1 s, then 2, up to 16. A stream whose name is on the
 * board already is left out. `log` (may be NULL) is copied; it gets a line when the socket begins or ceases
 * to answer. NULL with a failure.
 */
struct ow_query_mirror *ow_query_follow(const char *path, struct ow_board *board, const struct ow_log *log,
                                        struct ow_failure *failure) OW_MUST_CHECK;
/** Ends the thread within a second, and takes its streams off the board. NULL: nothing. */
void ow_query_unfollow(struct ow_query_mirror *mirror);

#endif
