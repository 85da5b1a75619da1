/* SPDX-License-Identifier: MIT */
/* Probes and a Server over a path that multiplies packets and loses none. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/seed.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, PACKETS = 500, SERVERS = PACKETS / 8 + 16 /* its surplus at least */ };
static const enum ow_mode MODES[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

static struct ow_serve_policy policy;
static struct ow_loop *loop;
static struct ow_serve *server;

static bool keeps(void *context, const struct ow_serve_client *owner)
{
  (void)context, (void)owner;
  return false;
}

static void raise_curtain(const struct sim_path *path, uint64_t most_records)
{
  struct ow_failure failure = {0};
  struct ow_serve_config config = sim_serve_config(HOST);
  sim_begin(1);
  *sim_path(HOST) = *path;
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  if (most_records)
    config.most_records = most_records;
  policy = test_policy;
  policy.delete_on_fetch = keeps;
  server = sim_serve(loop, HOST, &config, &policy, NULL);
}

static void drop_curtain(void)
{
  sim_run(loop, 60 * S);
  ow_serve_free(server);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static struct ow_peer peer_of(enum ow_mode mode)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = PACKETS;
  peer.slots[0].parameter = ow_span_from_ns(10 * MS);
  peer.modes = mode;
  test_policy_key(&peer);
  return peer;
}

static void expect_whole(const struct ow_result *result, uint32_t lost, uint32_t duplicates)
{
  ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(result->sent, PACKETS);
  ck_assert_uint_eq(result->received, PACKETS - lost);
  ck_assert_uint_eq(result->lost, lost);
  ck_assert_uint_eq(result->duplicates, duplicates);
  ck_assert_uint_eq(result->discarded, 0);
}

/* Measure, then fetch what the server holds: forward the same. */
static void expect(enum ow_mode mode, uint32_t forward, uint32_t reverse)
{
  struct ow_peer peer = peer_of(mode);
  struct ow_probe_report report;
  struct ow_probe_report fetched;
  enum ow_status status = ow_probe_run(&peer, 60 * S, NULL, &report);
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  expect_whole(&report.directions[OW_FORWARD].result, 0, forward);
  expect_whole(&report.directions[OW_REVERSE].result, 0, reverse);
  status = ow_probe_fetch(&peer, report.directions[OW_FORWARD].sid, 60 * S, &fetched);
  ck_assert_msg(status == OW_OK, "%s", fetched.failure.text);
  expect_whole(&fetched.directions[OW_FORWARD].result, 0, forward);
  ow_probe_report_clear(&fetched);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}

START_TEST(every_packet_many_times)
{
  for (uint32_t copies = 1; copies <= 3; copies++) {
    const struct sim_path path = {.delay = {20 * MS, 10 * MS}, .copies = {copies, copies}};
    uint32_t all = copies * PACKETS;
    uint32_t most = 2 * PACKETS + SERVERS;
    raise_curtain(&path, 0);
    expect(MODES[_i], all < most ? all : most, all);
    drop_curtain();
  }
}
END_TEST

START_TEST(one_packet_1500_times)
{
  enum { REPLAYED = 1500 };
  const struct sim_path path = {.delay = {20 * MS, 10 * MS}, .replayed = {REPLAYED, REPLAYED}};
  raise_curtain(&path, 0);
  expect(MODES[_i], 2 * PACKETS + SERVERS, REPLAYED);
  drop_curtain();
}
END_TEST

/* One that has no more than it must have still tells the truth of every packet. */
START_TEST(a_server_that_is_short_of_records)
{
  const struct sim_path path = {.delay = {20 * MS, 10 * MS}, .copies = {2, 2}};
  raise_curtain(&path, 2 * (PACKETS + SERVERS) - 1); /* half of all leaves nothing to spare */
  expect(MODES[_i], SERVERS, 2 * PACKETS);
  drop_curtain();
}
END_TEST

/* Each copy has its own delay, so copies of one packet come among others, in any order. */
START_TEST(losses_among_copies)
{
  const struct sim_path path = {
      .delay = {20 * MS, 10 * MS}, .jitter = {80 * MS, 80 * MS}, .loss = {100000, 200000}, .copies = {2, 2}};
  uint32_t arrived[OW_DIRECTIONS] = {0};
  struct ow_peer peer = peer_of(MODES[_i]);
  struct ow_probe_report report;
  raise_curtain(&path, 0);
  enum ow_status status = ow_probe_run(&peer, 60 * S, NULL, &report);
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  for (size_t i = 0; i < sim_packet_count; i++)
    arrived[sim_packets[i].to_host ? OW_FORWARD : OW_REVERSE] += sim_packets[i].arrived;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert_uint_lt(arrived[d], PACKETS);
    expect_whole(&report.directions[d].result, PACKETS - arrived[d], 2 * arrived[d]);
  }
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("duplicates on a simulated network");
  test_seed();
  TEST_LOOP(suite, "probes", 3, every_packet_many_times, one_packet_1500_times,
            a_server_that_is_short_of_records, losses_among_copies);
  return test_run(suite);
}
