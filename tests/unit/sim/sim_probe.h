/* SPDX-License-Identifier: MIT */
/* One probe of a reflector on a simulated network, by STAMP or TWAMP, and what it is to tell. */
#ifndef OWAMP_TEST_SIM_PROBE_H
#define OWAMP_TEST_SIM_PROBE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/peer.h"
#include "io/loop.h"
#include "measure/probe.h"
#include "sim/sim.h"

enum { SIM_PROBED_HOST = 2, SIM_PROBED_PACKETS = 50 };
#define SIM_PROBED_TIMEOUT (10 * OW_NS_PER_S)
/* ns: the path to the host and from it, and what the reflector is to take between. */
#define SIM_PROBED_THERE (10 * OW_NS_PER_MS)
#define SIM_PROBED_DWELL (2 * OW_NS_PER_MS)
#define SIM_PROBED_BACK (30 * OW_NS_PER_MS)

/** The stage of a test. */
struct sim_probed {
  struct ow_loop *loop;
  struct ow_peer peer; /* 127.0.0.2 port 862, SIM_PROBED_PACKETS packets, each 20 ms */
  struct ow_probe_report report;
  int64_t took; /* ns */
};
extern struct sim_probed sim_probed;

/** Begin anew; what answers at SIM_PROBED_HOST is the caller's to set up. */
void sim_probed_begin(enum ow_protocol protocol);
/** Everything that is still under way happens; then what answers can be closed. */
void sim_probed_settle(void);
/** The end, after sim_probed_settle(). */
void sim_probed_end(void);
/** The peer's key. */
void sim_probed_use_key(const char *key_id, const char *key);
/** Measure, within SIM_PROBED_TIMEOUT: `report` and `took`; sim_packets are those of this measurement. */
void sim_probed_run(void);

/** `direction`: one of OW_RESULTS. */
const struct ow_result *sim_probed_result(int direction);
/** True if one of the lines on the reflector has these words. */
bool sim_probed_said(const char *words);
/** To a microsecond. */
void sim_probed_expect_near(int64_t value, int64_t wanted);
/** The probe did its work, and so many packets' answers came. */
void sim_probed_expect_measured(uint32_t received);
/** All answers came, over the path as it is; the reflector's clock is so many ns ahead. */
void sim_probed_expect_three_results(int64_t ahead);
/**
 * Of the schedule's questions so many arrived: the losses by direction are just those, or none are told. True
 * if they are.
 */
bool sim_probed_expect_losses(uint32_t arrived);

/** A case of time that runs out, however the reflector is asked, with the fixture of the suite's others. */
void sim_probed_add_time_case(Suite *suite, void (*set_up)(void), void (*tear_down)(void));

#endif
