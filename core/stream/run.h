/* One stream on a loop: the grid of its intervals, its two lanes, its state, and what it tells the board. */
#ifndef OWAMP_STREAM_RUN_H
#define OWAMP_STREAM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "stream/lane.h"
#include "stream/set.h"
#include "stream/stream.h"

enum { OW_LANES = 2 };

struct ow_stream_run {
  TAILQ_ENTRY(ow_stream_run) in_set;
  struct ow_stream_set *set;
  struct ow_stream_config config;
  struct ow_timestamp anchor; /* when interval `anchor_number` begins; all others follow */
  uint64_t anchor_number;
  uint64_t next_number; /* of the first interval that no lane has taken */
  struct ow_stream_lane lanes[OW_LANES];
  unsigned failures; /* in a row */
  int64_t retry_at;  /* monotonic ns: no attempt to reach the peer before */
  struct ow_failure last_failure;
  struct ow_stream_view state; /* as the board was last told */
};

/**
 * A stream of `set` whose first interval begins as soon as it can be prepared, plus `offset` ns. It is on the
 * board. OW_MEMORY, OW_INVALID.
 */
enum ow_status ow_stream_run_open(struct ow_stream_run *run, struct ow_stream_set *set,
                                  const struct ow_stream_config *config, int64_t offset) OW_MUST_CHECK;
/** Ends at once; its name stays on the board. */
void ow_stream_run_close(struct ow_stream_run *run);
/** The wall clock was set. */
void ow_stream_run_stepped(struct ow_stream_run *run);

/* ---- for its lanes ---- */

/** How long before an interval its sessions are to be requested. */
int64_t ow_stream_run_lead(const struct ow_stream_run *run);
/** Give an interval its place on the grid by its number. */
void ow_stream_run_place(const struct ow_stream_run *run, struct ow_interval *interval);
/** The other lane. */
struct ow_stream_lane *ow_stream_run_other(struct ow_stream_run *run, const struct ow_stream_lane *lane);
/** Sessions run, or were measured whole: the peer is well. */
void ow_stream_run_succeeded(struct ow_stream_run *run, const struct ow_client_connection *control);
/** An attempt, or a measurement, failed: the next attempt waits longer than the last. */
void ow_stream_run_failed(struct ow_stream_run *run, const struct ow_failure *failure);
/** An interval has ended. */
void ow_stream_run_report(struct ow_stream_run *run, const struct ow_interval *interval);

#endif
