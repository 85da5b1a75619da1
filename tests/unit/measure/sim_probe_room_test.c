/* SPDX-License-Identifier: MIT */
/* A probe of a server with room for one control connection: the second one, that asks early, is not needed.
 */
#include <stdio.h>
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

enum { HOST = 2, PACKETS = 50 };

/* How it has no room, by _i / 2; open mode and encrypted, by _i % 2. */
static const struct {
  unsigned room; /* TCP connections */
  enum sim_full full;
  struct test_policy_room policy;
} refusals[] = {
    {1, SIM_REFUSES, {0}},  {1, SIM_DROPS, {0}},   {1, SIM_CLOSES, {0}},   {1, SIM_WAITS, {0}},
    {0, 0, {.greeted = 1}}, {0, 0, {.set_up = 1}}, {0, 0, {.running = 2}},
};
enum { REFUSALS = 2 * sizeof refusals / sizeof *refusals };

static unsigned log_lines;

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)line;
  log_lines += level <= OW_LOG_NOTICE;
}

static void probe(uint32_t modes, struct ow_probe_report *report)
{
  const struct ow_log log = {.emit = on_log, .most = OW_LOG_INFO};
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = PACKETS;
  peer.modes = modes;
  test_policy_key(&peer);
  log_lines = 0;
  (void)!ow_probe_run(&peer, 30 * S, &log, report);
  ow_peer_clear(&peer);
}

START_TEST(a_probe_does_without_a_second_connection)
{
  struct ow_failure failure;
  struct ow_probe_report report;
  sim_begin(1);
  struct ow_loop *loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  struct ow_serve *server = sim_serve(loop, HOST, NULL, &test_policy, NULL);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  sim_path(HOST)->room = refusals[_i / 2].room;
  sim_path(HOST)->full = refusals[_i / 2].full;
  test_policy_room = refusals[_i / 2].policy;
  probe(_i % 2 ? OW_MODE_ENCRYPTED : OW_MODE_OPEN, &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert_int_eq(report.directions[d].result.completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(report.directions[d].result.received, PACKETS);
    ck_assert_uint_eq(report.directions[d].result.lost, 0);
  }
  ck_assert_int_le(report.verdict_ns, 2500 * MS); /* the last packet's loss timeout, stop and fetch */
  ck_assert_uint_eq(log_lines, 0);
  ow_probe_report_clear(&report);
  sim_run(loop, 60 * S);
  ow_serve_free(server);
  test_policy_room = (struct test_policy_room){0};
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("probes of a server with room for one");
  TEST_LOOP(suite, "room for one connection", REFUSALS, a_probe_does_without_a_second_connection);
  return test_run(suite);
}
