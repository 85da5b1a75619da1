/* SPDX-License-Identifier: MIT */
/* One stream of a reflector on a simulated network, by STAMP or TWAMP, and what it is to tell. */
#ifndef OWAMP_TEST_SIM_STREAMED_H
#define OWAMP_TEST_SIM_STREAMED_H

#include <stddef.h>
#include <stdint.h>

#include "results/board.h"
#include "sim/sim.h"
#include "stream/set.h"

enum { SIM_STREAMED_HOST = 2, SIM_STREAMED_INTERVAL = 10 /* s */, SIM_STREAMED_MOST = 1000 };

/** The stage of a test. */
struct sim_streamed {
  struct ow_loop *loop;
  struct ow_board *board;
  struct ow_stream_set set;
  /** "router", 127.0.0.2 port 862: a packet each 100 ms on average. */
  struct ow_stream_config config;
  struct ow_interval intervals[SIM_STREAMED_MOST]; /* as last read */
  size_t count;
};
extern struct sim_streamed sim_streamed;

/** Begin anew; what answers at SIM_STREAMED_HOST is the caller's to set up. */
void sim_streamed_begin(enum ow_protocol protocol);
/** The stream ends; then what answered can be closed. */
void sim_streamed_settle(void);
/** The end, after sim_streamed_settle(). */
void sim_streamed_end(void);
/** Add the stream, and let so many seconds pass. */
void sim_streamed_run(int seconds);
/** Read `intervals` and `count`. */
void sim_streamed_read(void);
struct ow_stream_view sim_streamed_view(void);

/** Of an undisturbed path: each interval whole and none lost, no gap between them; returns the questions
 * sent. */
uint64_t sim_streamed_expect_seamless(enum ow_mode mode);
/** Of a path that loses one of 100 packets there and two on the way back. */
void sim_streamed_expect_losses(void);

#endif
