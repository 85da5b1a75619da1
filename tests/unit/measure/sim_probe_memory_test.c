/* SPDX-License-Identifier: MIT */
/* A probe on the simulated network, each allocation of it or of its Server, OWAMP's or TWAMP's, failing in
 * turn.
 */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_reflector.h"
#include "sim/sim_serve.h"
#include "support/failing_memory.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/seed.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, DEAD = 9, PACKETS = 20 };

static enum ow_mode mode;
static enum ow_protocol protocol;
static const char *addresses = "127.0.0.2";
static struct ow_serve_policy policy;
static struct ow_loop *loop;
static struct ow_serve *server;
static bool spoke_of_memory; /* the server */

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  spoke_of_memory |= strstr(line, "memory") != NULL;
}
static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_INFO};

static bool keeps(void *context, const struct ow_serve_client *owner)
{
  (void)context, (void)owner;
  return false;
}

static void raise_curtain(void)
{
  struct ow_failure failure;
  struct ow_serve_config config = sim_serve_config(HOST);
  sim_begin(1);
  sim_leaving = 50 * INT64_C(1000);
  spoke_of_memory = false;
  sim_name("peer.example", addresses);
  sim_path(DEAD)->blackhole = true;
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  if (protocol == OW_PROTOCOL_TWAMP) {
    snprintf(config.twamp_address, sizeof config.twamp_address, "%s", config.address);
    snprintf(config.twamp_port, sizeof config.twamp_port, "862");
    config.reflect_port = 862;
  }
  policy = test_policy;
  policy.delete_on_fetch = keeps;
  server = sim_serve(loop, HOST, &config, &policy, &ears);
}

static void drop_curtain(void)
{
  sim_run(loop, 60 * S);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  ck_assert_uint_eq(ow_serve_count(server).sessions_running, 0);
  ow_serve_free(server);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static struct ow_peer peer_of(void)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "peer.example");
  snprintf(peer.port, sizeof peer.port, "%s", ow_protocol_port(protocol));
  peer.protocol = protocol;
  peer.packets = PACKETS;
  peer.modes = mode;
  test_policy_key(&peer);
  return peer;
}

/* Where nothing is reflected there are only the first two. */
static int results_of(void)
{
  return ow_protocol_reflects(protocol) ? OW_RESULTS : OW_DIRECTIONS;
}

/* All that a report says of a direction. */
static void assert_nothing_lost(const struct ow_probe_report *report)
{
  for (int d = 0; d < results_of(); d++) {
    const struct ow_result *result = &report->directions[d].result;
    ck_assert_msg(result->lost == 0, "run %u: %u lost", test_memory_run(), result->lost);
    if (report->status == OW_OK) {
      ck_assert_uint_eq(result->received, PACKETS);
      ck_assert_msg(d == OW_ROUND_TRIP || report->directions[d].samples.count == PACKETS,
                    "run %u: %zu records of %d", test_memory_run(), report->directions[d].samples.count,
                    PACKETS);
    }
  }
}

static void expect_memory(const struct ow_probe_report *report)
{
  if (report->status != OW_OK) {
    ck_assert(test_memory_failed());
    ck_assert_msg(spoke_of_memory || strstr(report->failure.text, "memory"), "run %u: %s", test_memory_run(),
                  report->failure.text);
  }
}

static void probe(void)
{
  struct ow_probe_report report;
  struct ow_peer peer = peer_of();
  test_memory_scarce(false);
  raise_curtain();
  test_memory_scarce(true);
  enum ow_status status = ow_probe_run(&peer, 20 * S, &ears, &report);
  test_memory_scarce(false);
  ck_assert_int_eq(status, report.status);
  assert_nothing_lost(&report);
  expect_memory(&report);
  ow_probe_report_clear(&report);
  ck_assert_msg(ow_probe_run(&peer, 20 * S, NULL, &report) == OW_OK, "run %u, afterwards: %s",
                test_memory_run(), report.failure.text);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}

START_TEST(a_probe_says_that_memory_is_short)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
  static const char *const names[] = {"a probe, open", "a probe, authenticated", "a probe, encrypted"};
  mode = modes[_i];
  test_memory_exhaust(names[_i], probe);
}
END_TEST

/* Also the memory for the sessions of its server's Session-Reflector. */
START_TEST(so_does_one_of_a_TWAMP_server)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_MIXED};
  static const char *const names[] = {"TWAMP, open", "TWAMP, authenticated", "TWAMP, encrypted",
                                      "TWAMP, mixed"};
  mode = modes[_i];
  protocol = OW_PROTOCOL_TWAMP;
  test_memory_exhaust(names[_i], probe);
}
END_TEST

/* The memory that is short may be that of the only address that is alive. */
START_TEST(so_does_one_of_many_addresses)
{
  addresses = "127.0.0.9 127.0.0.2";
  mode = OW_MODE_OPEN;
  test_memory_exhaust("a probe of two addresses", probe);
  addresses = "127.0.0.2";
}
END_TEST

/* ---- fetching what the server holds ---- */

static void step(void *context)
{
  (void)context;
  sim_step_clock(loop, 30 * S);
}

/* A session of which packets were skipped, because the clock was set. */
static void measure_with_skips(const struct ow_peer *peer, uint8_t sid[16])
{
  struct ow_probe_report report;
  sim_at(sim_monotonic() + 1500 * MS, step, NULL);
  (void)!ow_probe_run(peer, 20 * S, NULL, &report);
  ck_assert_uint_gt(report.directions[OW_FORWARD].result.skipped, 0);
  memcpy(sid, report.directions[OW_FORWARD].sid, 16);
  ow_probe_report_clear(&report);
}

static void fetch(void)
{
  struct ow_probe_report report;
  struct ow_peer peer = peer_of();
  uint8_t sid[16];
  peer.packets = 30;
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)}; /* the step falls among them */
  test_memory_scarce(false);
  raise_curtain();
  measure_with_skips(&peer, sid);
  test_memory_scarce(true);
  enum ow_status status = ow_probe_fetch(&peer, sid, 20 * S, &report);
  test_memory_scarce(false);
  ck_assert_int_eq(status, report.status);
  expect_memory(&report);
  if (status == OW_OK)
    ck_assert_uint_gt(report.directions[OW_FORWARD].result.skipped, 0);
  ow_probe_report_clear(&report);
  ck_assert_msg(ow_probe_fetch(&peer, sid, 20 * S, &report) == OW_OK, "run %u, afterwards: %s",
                test_memory_run(), report.failure.text);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}

START_TEST(a_fetch_says_that_memory_is_short)
{
  mode = OW_MODE_OPEN;
  test_memory_exhaust("a fetch", fetch);
}
END_TEST

/* ---- a reflector ---- */

static struct sim_reflector reflector;

static struct ow_peer reflecting_peer(void)
{
  struct ow_peer peer = peer_of();
  peer.tlvs = OW_TLV_CHOICES;
  peer.padding = 40;
  return peer;
}

static void reflected_probe(void)
{
  struct ow_probe_report report;
  test_memory_scarce(false);
  struct ow_peer peer = reflecting_peer();
  sim_begin(1);
  sim_leaving = 50 * INT64_C(1000);
  spoke_of_memory = false;
  sim_name("peer.example", addresses);
  sim_path(DEAD)->blackhole = true;
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  sim_reflect(HOST, &reflector);
  test_memory_scarce(true);
  enum ow_status status = ow_probe_run(&peer, 20 * S, &ears, &report);
  test_memory_scarce(false);
  ck_assert_int_eq(status, report.status);
  assert_nothing_lost(&report);
  expect_memory(&report);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  sim_end();
}

START_TEST(so_does_a_probe_of_a_reflector)
{
  mode = OW_MODE_AUTHENTICATED;
  protocol = OW_PROTOCOL_STAMP;
  struct ow_peer peer = reflecting_peer();
  static char key[64];
  ck_assert_uint_lt(peer.passphrase.length, sizeof key);
  memcpy(key, peer.passphrase.octets, peer.passphrase.length);
  reflector =
      (struct sim_reflector){.mode = OW_MODE_AUTHENTICATED, .key = key, .dwell = MS, .knows_tlvs = true};
  test_memory_exhaust("a probe of a reflector", reflected_probe);
  addresses = "127.0.0.9 127.0.0.2";
  test_memory_exhaust("a probe of a reflector of two addresses", reflected_probe);
  addresses = "127.0.0.2";
  ow_peer_clear(&peer);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("probes without memory");
  test_seed();
  TEST_LOOP(suite, "probe", 3, a_probe_says_that_memory_is_short);
  TEST_LOOP(suite, "TWAMP", 4, so_does_one_of_a_TWAMP_server);
  TEST_CASE(suite, "addresses", so_does_one_of_many_addresses);
  TEST_CASE(suite, "reflector", so_does_a_probe_of_a_reflector);
  TEST_CASE(suite, "fetch", a_fetch_says_that_memory_is_short);
  return test_run_apart(suite);
}
