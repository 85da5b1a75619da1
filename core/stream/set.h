/* SPDX-License-Identifier: MIT */
/*
 * Any number of streams on one loop. What stream/stream.h gives a thread of its own, and tests a simulated
 * loop.
 */
#ifndef OWAMP_STREAM_SET_H
#define OWAMP_STREAM_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "io/loop.h"
#include "measure/dialer.h"
#include "results/board.h"
#include "stream/run.h"
#include "stream/stream_config.h"
#include "traffic/traffic.h"

TAILQ_HEAD(ow_stream_runs, ow_stream_run);

/** Embed it. */
struct ow_stream_set {
  struct ow_board *board;
  struct ow_log log;
  struct ow_traffic traffic;
  struct ow_dial_gate gate;
  struct ow_lane_ground ground;
  struct ow_step_watcher steps;
  struct ow_stream_runs runs;
  uint64_t added; /* ever: spreads the beginnings */
};

/** `loop` and `board` must outlive it. `log` may be NULL. OW_MEMORY. */
enum ow_status ow_stream_set_open(struct ow_stream_set *set, struct ow_loop *loop, struct ow_board *board,
                                  const struct ow_log *log) OW_MUST_CHECK;
void ow_stream_set_close(struct ow_stream_set *set);
/** As ow_streams_add() and ow_streams_remove(), on the loop's thread. */
enum ow_status ow_stream_set_add(struct ow_stream_set *set, const struct ow_stream_config *config,
                                 struct ow_failure *failure) OW_MUST_CHECK;
bool ow_stream_set_remove(struct ow_stream_set *set, const char *name);

#endif
