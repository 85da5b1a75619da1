/* SPDX-License-Identifier: MIT */
/* A probe whose host's clock, which is the server's too, is set by an hour while packets are under way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, PACKETS = 50, TIME = 30 };

static struct ow_loop *loop;
static int64_t step;

static void set_clock(void *context)
{
  free(context);
  sim_step_clock(loop, step);
}

static void probe(struct ow_probe_report *report)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = PACKETS;
  peer.modes = OW_MODE_OPEN;
  (void)!ow_probe_run(&peer, TIME * S, NULL, report);
  ow_peer_clear(&peer);
}

/* By _i: forwards, back. */
START_TEST(what_was_measured_is_told_and_the_next_one_is_right)
{
  struct ow_failure failure;
  struct ow_probe_report report;
  step = (_i ? -3600 : 3600) * S;
  sim_begin(1);
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  struct ow_serve *server = sim_serve(loop, HOST, NULL, &test_policy, NULL);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  sim_at(sim_monotonic() + 2 * S, set_clock, NULL);
  int64_t begun = sim_monotonic();
  probe(&report);
  ck_assert_int_le(sim_monotonic() - begun, TIME * S);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report.directions[d].result;
    ck_assert(result->clock.stepped && result->completeness == OW_RESULT_PARTIAL);
    ck_assert_uint_gt(result->received, 0);
    ck_assert_uint_eq(result->lost, 0);
  }
  if (_i)
    ck_assert_ptr_nonnull(strstr(report.failure.text, "this host's clock was set back meanwhile"));
  ow_probe_report_clear(&report);
  probe(&report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report.directions[d].result;
    ck_assert(!result->clock.stepped && result->received == PACKETS);
    ck_assert_int_le(result->delay.max, 30 * MS);
    ck_assert_int_ge(result->delay.min, 0);
  }
  ow_probe_report_clear(&report);
  sim_run(loop, 60 * S);
  ow_serve_free(server);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("probes while a clock is set");
  TEST_LOOP(suite, "by an hour", 2, what_was_measured_is_told_and_the_next_one_is_right);
  return test_run(suite);
}
