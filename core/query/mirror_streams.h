/* SPDX-License-Identifier: MIT */
/*
 * The streams that another process publishes: how far each was followed, what is to be asked next, and what
 * the answers change on our board. Text in, text out; mirror.c carries it.
 */
#ifndef OWAMP_QUERY_MIRROR_STREAMS_H
#define OWAMP_QUERY_MIRROR_STREAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "query/query.h"
#include "results/board.h"

enum {
  OW_MIRROR_BATCH = 32, /* questions under way at once; their text fits in any socket's buffer */
  OW_MIRROR_TEXT = OW_MIRROR_BATCH * (OW_STREAM_NAME + 32),
};

struct ow_mirrored_stream;

/** Zero-initialised but for the first three, which must outlive it. */
struct ow_mirror_streams {
  struct ow_board *board;
  const struct ow_log *log;
  const char *path;                /* for the log */
  struct ow_mirrored_stream *list; /* sorted by name; as all below, its own */
  size_t count;
  bool histograms; /* who publishes has them */
  size_t next;     /* to be looked at: are there news of it? */
  struct ow_mirrored_stream *asked[OW_MIRROR_BATCH];
  size_t wanted[OW_MIRROR_BATCH]; /* intervals, of each that was asked */
  size_t asked_count;
  size_t answered;
  struct ow_interval intervals[OW_QUERY_INTERVALS];
};

/**
 * Take the answer to "list": streams that are gone leave the board, and the others' news are to be asked for.
 * A name that is on the board already is left out, and logged when it appears. OW_PROTOCOL, OW_REFUSED,
 * OW_MEMORY.
 */
enum ow_status ow_mirror_streams_list(struct ow_mirror_streams *streams, const char *line, size_t octets,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/**
 * The next questions, when all before are answered, as many as can be answered in time; returns their length,
 * 0 if there are none.
 */
size_t ow_mirror_streams_ask(struct ow_mirror_streams *streams, char text[OW_MIRROR_TEXT]);
/** Take the answer to the first question that still waits for one. OW_PROTOCOL, OW_MEMORY. */
enum ow_status ow_mirror_streams_answer(struct ow_mirror_streams *streams, const char *line, size_t octets,
                                        struct ow_failure *failure) OW_MUST_CHECK;
/** How many intervals the answer that is awaited next was asked for; 0: none is awaited. */
size_t ow_mirror_streams_awaited(const struct ow_mirror_streams *streams);
/** True while a question waits for its answer. */
bool ow_mirror_streams_wait(const struct ow_mirror_streams *streams);

/** Nobody answers any more: they are down, for that reason. */
void ow_mirror_streams_down(struct ow_mirror_streams *streams, const struct ow_failure *failure,
                            struct ow_timestamp now);
/** Take them off the board, and free what holds them. */
void ow_mirror_streams_clear(struct ow_mirror_streams *streams);

#endif
