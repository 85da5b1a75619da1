/* SPDX-License-Identifier: MIT */
/* A probe makes its own loop, which is the simulation's; whatever it leaves behind has a minute to end. */
#include "sim/sim_probe.h"

#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

struct sim_probed sim_probed;

/* ---- the stage ---- */

void sim_probed_begin(enum ow_protocol protocol)
{
  struct ow_failure failure;
  struct ow_peer *peer = &sim_probed.peer;
  sim_begin(1);
  sim_probed.loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(sim_probed.loop);
  sim_share_loop(sim_probed.loop);
  *sim_path(SIM_PROBED_HOST) = (struct sim_path){.delay = {SIM_PROBED_THERE, SIM_PROBED_BACK}};
  ow_peer_defaults(peer);
  peer->protocol = protocol;
  snprintf(peer->port, sizeof peer->port, "862");
  snprintf(peer->host, sizeof peer->host, "127.0.0.%d", SIM_PROBED_HOST);
  peer->packets = SIM_PROBED_PACKETS;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(20 * MS)};
  peer->slot_count = 1;
}

void sim_probed_settle(void)
{
  sim_run(sim_probed.loop, 60 * S);
}

void sim_probed_end(void)
{
  ow_probe_report_clear(&sim_probed.report);
  ow_peer_clear(&sim_probed.peer);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(sim_probed.loop);
}

void sim_probed_use_key(const char *key_id, const char *key)
{
  struct ow_peer *peer = &sim_probed.peer;
  snprintf(peer->key_id, sizeof peer->key_id, "%s", key_id);
  peer->passphrase.length = strlen(key);
  memcpy(peer->passphrase.octets, key, peer->passphrase.length);
}

void sim_probed_run(void)
{
  int64_t began = sim_monotonic();
  ow_probe_report_clear(&sim_probed.report);
  sim_packet_count = 0;
  (void)!ow_probe_run(&sim_probed.peer, SIM_PROBED_TIMEOUT, NULL, &sim_probed.report);
  sim_probed.took = sim_monotonic() - began;
}

/* ---- what it tells ---- */

const struct ow_result *sim_probed_result(int direction)
{
  return &sim_probed.report.directions[direction].result;
}

bool sim_probed_said(const char *words)
{
  const struct ow_probe_report *report = &sim_probed.report;
  bool found = false;
  for (size_t i = 0; i < report->reflector_lines; i++)
    found = found || strstr(report->reflector_words[i], words);
  return found;
}

void sim_probed_expect_near(int64_t value, int64_t wanted)
{
  ck_assert_int_ge(value, wanted - 1000);
  ck_assert_int_le(value, wanted + 1000);
}

void sim_probed_expect_measured(uint32_t received)
{
  ck_assert_msg(sim_probed.report.status == OW_OK, "%s", sim_probed.report.failure.text);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->sent, SIM_PROBED_PACKETS);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->received, received);
}

void sim_probed_expect_three_results(int64_t ahead)
{
  const struct ow_result *round_trip = sim_probed_result(OW_ROUND_TRIP);
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_str_eq(sim_probed.report.server, "127.0.0.2 port 862");
  ck_assert_str_eq(sim_probed.report.remark, "");
  sim_probed_expect_near(sim_probed_result(OW_FORWARD)->delay.median, SIM_PROBED_THERE + ahead);
  sim_probed_expect_near(sim_probed_result(OW_REVERSE)->delay.median, SIM_PROBED_BACK - ahead);
  sim_probed_expect_near(round_trip->delay.min, SIM_PROBED_THERE + SIM_PROBED_BACK);
  sim_probed_expect_near(round_trip->delay.max, SIM_PROBED_THERE + SIM_PROBED_BACK);
  sim_probed_expect_near(round_trip->dwell.median, SIM_PROBED_DWELL);
  for (int d = 0; d < OW_RESULTS; d++) {
    const struct ow_result *result = sim_probed_result(d);
    ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(result->sent, SIM_PROBED_PACKETS);
    ck_assert_uint_eq(result->received, SIM_PROBED_PACKETS);
    ck_assert_uint_eq(result->lost, 0);
    ck_assert_uint_eq(result->reordered, 0);
    ck_assert(!result->loss_unknown);
  }
}

bool sim_probed_expect_losses(uint32_t arrived)
{
  const struct ow_result *forward = sim_probed_result(OW_FORWARD);
  const struct ow_result *reverse = sim_probed_result(OW_REVERSE);
  const struct ow_result *round_trip = sim_probed_result(OW_ROUND_TRIP);
  sim_probed_expect_measured(SIM_PROBED_PACKETS - round_trip->lost);
  ck_assert_int_eq(forward->loss_unknown, reverse->loss_unknown);
  if (!forward->loss_unknown) {
    ck_assert_uint_eq(forward->sent, SIM_PROBED_PACKETS);
    ck_assert_uint_eq(forward->lost, SIM_PROBED_PACKETS - arrived);
    ck_assert_uint_eq(reverse->sent, arrived);
    ck_assert_uint_eq(reverse->lost, arrived - round_trip->received);
  }
  return !forward->loss_unknown;
}

/* ---- time that runs out ---- */

static void expect_out_of_time(const char *why)
{
  ck_assert_int_eq(sim_probed.report.status, OW_TIMEOUT);
  ck_assert_msg(strstr(sim_probed.report.failure.text, why) != NULL, "%s", sim_probed.report.failure.text);
  ck_assert_int_le(sim_probed.took, SIM_PROBED_TIMEOUT);
  ck_assert_int_eq(sim_probed_result(OW_ROUND_TRIP)->completeness, OW_RESULT_PARTIAL);
}

START_TEST(time_that_runs_out_makes_it_partial)
{
  sim_probed.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(S)};
  sim_probed_run();
  expect_out_of_time("raise the timeout");
  ck_assert_uint_ge(sim_probed_result(OW_ROUND_TRIP)->received, 8);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, 0);
}
END_TEST

static void set_back(void *context)
{
  (void)context;
  sim_step_clock(sim_probed.loop, -3600 * S);
}

/* Its last packets are due in an hour: more time is no advice. */
START_TEST(a_clock_that_is_set_back_is_why_time_runs_out)
{
  sim_at(sim_monotonic() + 300 * MS, set_back, NULL);
  sim_probed_run();
  expect_out_of_time("this host's clock was set back meanwhile");
  ck_assert(sim_probed_result(OW_ROUND_TRIP)->clock.stepped);
}
END_TEST

void sim_probed_add_time_case(Suite *suite, void (*set_up)(void), void (*tear_down)(void))
{
  TEST_CASE_WITH(set_up, tear_down, suite, "time that runs out", time_that_runs_out_makes_it_partial,
                 a_clock_that_is_set_back_is_why_time_runs_out);
}
