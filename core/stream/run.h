/* SPDX-License-Identifier: MIT */
/*
 * One stream on a loop: the grid of its intervals, its two lanes and what each is to do next, its state, and
 * what it tells the board.
 */
#ifndef OWAMP_STREAM_RUN_H
#define OWAMP_STREAM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "results/board.h"
#include "stream/lane.h"
#include "stream/stream_config.h"

enum { OW_LANES = 2 };

struct ow_stream_run {
  TAILQ_ENTRY(ow_stream_run) in_set;
  const struct ow_lane_ground *ground;
  struct ow_board *board;
  struct ow_stream_config config;
  struct ow_timestamp anchor; /* when interval `anchor_number` begins; all others follow */
  uint64_t anchor_number;
  uint64_t next_number; /* of the first interval that no lane has taken */
  struct ow_stream_lane lanes[OW_LANES];
  bool in_trouble;    /* it was said that intervals aren't measured whole */
  unsigned failures;  /* in a row */
  uint64_t failed_at; /* the interval of the last of them */
  unsigned broken;    /* times that sessions of either lane broke since an interval was last measured */
  bool ran;           /* sessions have been running since the last of them */
  int64_t retry_at;   /* monotonic ns: no attempt to reach the peer before */
  bool has_winner;    /* no attempt has failed since an address of the server was measured: */
  union ow_address winner;
  int64_t won_at; /* monotonic ns */
  struct ow_failure last_failure;
  struct ow_stream_view state; /* as the board was last told */
  /* The peer has no room for a second lane, though the first is well: */
  unsigned crowded;   /* intervals in a row that a lane could not begin for that, or only late */
  bool single;        /* found to be so: one lane measures, with pauses, and the other is idle */
  int64_t probe_at;   /* monotonic ns: the second one is tried again */
  int64_t probe_wait; /* ns until it is tried again the next time */
  bool too_short;     /* the pauses leave too little of an interval: down, whatever is measured of some */
};

/**
 * A stream whose first interval begins as soon as it can be prepared, plus `offset` ns. It is on the board.
 * `ground` and `board` must outlive it. OW_MEMORY, OW_INVALID.
 */
enum ow_status ow_stream_run_open(struct ow_stream_run *run, const struct ow_lane_ground *ground,
                                  struct ow_board *board, const struct ow_stream_config *config,
                                  int64_t offset) OW_MUST_CHECK;
/** Ends at once; its name stays on the board. */
void ow_stream_run_close(struct ow_stream_run *run);
/** The wall clock was set. */
void ow_stream_run_stepped(struct ow_stream_run *run);

#endif
