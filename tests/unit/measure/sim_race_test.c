/* SPDX-License-Identifier: MIT */
/* A server with several addresses, of which some are dead: they race, and the first that greets us wins. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "io/resolver.h"
#include "measure/probe.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

/* The server's two addresses are two hosts here, so that each can fail by itself. */
enum { V4 = 2, V6 = 0x62, OTHERS = 0x70, PACKETS = 50 };
#define V4_TEXT "127.0.0.2"
#define V6_TEXT "fd00::62"
#define TIMEOUT (10 * S)

static struct ow_loop *loop;
static struct ow_serve *servers[256];
static struct ow_peer peer;
static struct ow_probe_report report;
static int64_t took;
static unsigned server_lines;

static void on_server_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)line;
  server_lines += level <= OW_LOG_NOTICE;
}

static void start_server(uint8_t host, const struct ow_serve_policy *policy)
{
  static const struct ow_log log = {.emit = on_server_log, .most = OW_LOG_NOTICE};
  ow_serve_free(servers[host]);
  servers[host] = sim_serve(loop, host, NULL, policy, &log);
}

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  *sim_path(V4) = *sim_path(V6) = (struct sim_path){.delay = {10 * MS, 10 * MS}};
  server_lines = 0;
  start_server(V4, &test_policy);
  start_server(V6, &test_policy);
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "peer.example");
  peer.packets = PACKETS;
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(10 * MS)};
  peer.slot_count = 1;
  peer.modes = OW_MODE_ENCRYPTED;
  test_policy_key(&peer);
}

static void drop_curtain(void)
{
  sim_run(loop, 60 * S);
  for (int host = 0; host < 256; host++) {
    ow_serve_free(servers[host]);
    servers[host] = NULL;
  }
  ow_peer_clear(&peer);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

/* Of a server with these addresses, in this order. */
static void probe(const char *addresses, int64_t timeout)
{
  int64_t began = sim_monotonic();
  sim_name("peer.example", addresses);
  (void)!ow_probe_run(&peer, timeout, NULL, &report);
  took = sim_monotonic() - began;
  ow_probe_report_clear(&report);
}

static unsigned attempts_at(uint8_t host)
{
  unsigned count = 0;
  for (size_t i = 0; i < sim_attempt_count; i++)
    count += sim_attempts[i].host == host;
  return count;
}

static void expect_measured(const char *server)
{
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_str_eq(report.server, server);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert_uint_eq(report.directions[d].result.received, PACKETS);
    ck_assert_uint_eq(report.directions[d].result.lost, 0);
  }
}

static void expect_failed(enum ow_status status, const char *words)
{
  ck_assert_int_eq(report.status, status);
  ck_assert_msg(strstr(report.failure.text, words) != NULL, "%s", report.failure.text);
}

static void expect_dead(const char *words)
{
  ck_assert_msg(strstr(report.dead_address.text, words) != NULL, "%s", report.dead_address.text);
}

/* ---- one of two is dead ---- */

enum { BLACK_HOLE, MUTE, CLOSED, DEATHS };

static void kill_host(uint8_t host, int death)
{
  sim_path(host)->blackhole = death == BLACK_HOLE;
  sim_path(host)->mute = death == MUTE;
  if (death == CLOSED) {
    ow_serve_free(servers[host]);
    servers[host] = NULL;
  }
}

/* By _i: the family that is dead, and how. It costs a quarter of a second, and not its share of the timeout.
 */
START_TEST(a_dead_address_costs_a_moment)
{
  static const char *const words[] = {
      [BLACK_HOLE] = "no answer to our TCP connection within 0.27 s",
      [MUTE] = "takes the connection, but no greeting came within 0.27 s",
      [CLOSED] = "Connection refused",
  };
  bool six = _i % 2;
  int death = _i / 2;
  raise_curtain();
  probe(six ? V4_TEXT : V6_TEXT, TIMEOUT);
  expect_measured(six ? V4_TEXT " port 861" : V6_TEXT " port 861");
  ck_assert_int_eq(report.dead_address.status, OW_OK);
  int64_t usual = took;
  kill_host(six ? V6 : V4, death);
  probe(six ? V6_TEXT " " V4_TEXT : V4_TEXT " " V6_TEXT, TIMEOUT);
  expect_measured(six ? V4_TEXT " port 861" : V6_TEXT " port 861");
  expect_dead(six ? V6_TEXT " port 861: " : V4_TEXT " port 861: ");
  expect_dead(words[death]);
  ck_assert_uint_eq(attempts_at(six ? V6 : V4), 1); /* the second connection goes to the winner */
  ck_assert_int_le(took, usual + (death == CLOSED ? 100 * MS : 350 * MS));
  drop_curtain();
}
END_TEST

START_TEST(who_answers_in_time_is_the_only_one_asked)
{
  raise_curtain();
  probe(V6_TEXT " " V4_TEXT, TIMEOUT);
  expect_measured(V6_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(V4), 0);
  ck_assert_int_eq(report.dead_address.status, OW_OK);
  drop_curtain();
}
END_TEST

/* Both are connected to; whoever comes second is left without a word. */
START_TEST(a_long_way_is_raced_and_the_loser_goes_quietly)
{
  raise_curtain();
  sim_path(V6)->delay[0] = sim_path(V6)->delay[1] = 300 * MS;
  probe(V6_TEXT " " V4_TEXT, TIMEOUT);
  expect_measured(V4_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(V6), 1);
  ck_assert_uint_eq(server_lines, 0);
  drop_curtain();
}
END_TEST

START_TEST(a_family_that_is_asked_for_is_alone)
{
  raise_curtain();
  peer.address_family = _i ? 6 : 4;
  kill_host(_i ? V4 : V6, BLACK_HOLE);
  probe(V6_TEXT " " V4_TEXT " " V6_TEXT, TIMEOUT);
  expect_measured(_i ? V6_TEXT " port 861" : V4_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(_i ? V4 : V6), 0);
  drop_curtain();
}
END_TEST

/* A source's family is the server's; of a name that has both, each has its own. */
START_TEST(a_source_goes_with_its_family)
{
  raise_curtain();
  snprintf(peer.source, sizeof peer.source, "127.0.0.1");
  probe(V6_TEXT " " V4_TEXT, TIMEOUT);
  expect_measured(V4_TEXT " port 861");
  ck_assert_uint_eq(attempts_at(V6), 0);
  kill_host(V4, BLACK_HOLE);
  snprintf(peer.source, sizeof peer.source, "here.example");
  sim_name("here.example", "127.0.0.1 fd00::1");
  probe(V4_TEXT " " V6_TEXT, TIMEOUT);
  expect_measured(V6_TEXT " port 861");
  snprintf(peer.source, sizeof peer.source, "127.0.0.1");
  probe(V6_TEXT, TIMEOUT);
  expect_failed(OW_INVALID, "no address of the source address's family");
  drop_curtain();
}
END_TEST

/* ---- answers, and silence ---- */

static uint32_t admit_nobody(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context, (void)client;
  ow_fail(why, OW_REFUSED, "nobody is admitted");
  return 0;
}

static void leave(void *context, const struct ow_serve_client *client)
{
  (void)context, (void)client;
}

/* What a server says decides, though it is a refusal: the other address' silence doesn't hide it. */
START_TEST(a_refusal_is_told_at_once)
{
  struct ow_serve_policy policy = test_policy;
  policy.admit = admit_nobody;
  policy.leave = leave;
  raise_curtain();
  kill_host(V6, BLACK_HOLE);
  if (_i == 0)
    snprintf(peer.key_id, sizeof peer.key_id, "stranger");
  else if (_i == 1)
    start_server(V4, &policy);
  else
    peer.most_pbkdf2_count = 1; /* no server asks for so little */
  for (int order = 0; order < 2; order++) {
    probe(order ? V4_TEXT " " V6_TEXT : V6_TEXT " " V4_TEXT, TIMEOUT);
    if (_i == 0)
      expect_failed(OW_AUTH, V4_TEXT " port 861: the server refused the key");
    else if (_i == 1)
      expect_failed(OW_REFUSED, V4_TEXT " port 861: the server refuses to talk to this address");
    else
      expect_failed(OW_LIMIT, V4_TEXT " port 861: the server asks for 1024 rounds");
    ck_assert_int_eq(report.step, OW_STEP_SETUP);
    ck_assert_str_eq(report.server, V4_TEXT " port 861");
    ck_assert_uint_eq(report.modes_offered, _i == 1 ? 0 : OW_MODES_ALL);
    ck_assert(!report.silent);
    ck_assert_int_le(took, 1 * S);
  }
  drop_curtain();
}
END_TEST

/* No address does: what tells more is told, and the other is known as well. */
START_TEST(of_two_failures_the_one_that_tells_more_is_told)
{
  static const struct {
    int v6, v4; /* its death */
    enum ow_status status;
    enum ow_probe_step step;
    bool silent;
    const char *told, *dead;
  } rows[] = {
      {BLACK_HOLE, CLOSED, OW_NETWORK, OW_STEP_CONNECT, false, V4_TEXT " port 861: Connection refused",
       V6_TEXT " port 861: no answer"},
      {CLOSED, BLACK_HOLE, OW_NETWORK, OW_STEP_CONNECT, false, V6_TEXT " port 861: Connection refused",
       V4_TEXT " port 861: no answer"},
      {CLOSED, CLOSED, OW_NETWORK, OW_STEP_CONNECT, false, V4_TEXT " port 861: Connection refused",
       V6_TEXT " port 861: Connection refused"},
      {BLACK_HOLE, BLACK_HOLE, OW_TIMEOUT, OW_STEP_CONNECT, true, "time ran out at the step \"connect\"",
       V6_TEXT " port 861: no answer"},
      {MUTE, BLACK_HOLE, OW_TIMEOUT, OW_STEP_SETUP, true, "it takes connections, but is no OWAMP server",
       V4_TEXT " port 861: no answer"},
      {BLACK_HOLE, MUTE, OW_TIMEOUT, OW_STEP_SETUP, true, "it takes connections, but is no OWAMP server",
       V6_TEXT " port 861: no answer"},
      {MUTE, CLOSED, OW_TIMEOUT, OW_STEP_SETUP, true, "it takes connections, but is no OWAMP server",
       V4_TEXT " port 861: Connection refused"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    raise_curtain();
    kill_host(V6, rows[i].v6);
    kill_host(V4, rows[i].v4);
    probe(V6_TEXT " " V4_TEXT, TIMEOUT);
    expect_failed(rows[i].status, rows[i].told);
    expect_dead(rows[i].dead);
    ck_assert_int_eq(report.step, rows[i].step);
    ck_assert_msg(report.silent == rows[i].silent, "%zu", i);
    ck_assert_str_ne(report.server, "");
    ck_assert_ptr_null(strstr(report.dead_address.text, report.server));
    ck_assert_int_le(took, TIMEOUT);
    drop_curtain();
  }
}
END_TEST

/* ---- many ---- */

/* As many as a name is resolved to, and the last alone is alive: it has its chance in any timeout. */
START_TEST(many_addresses_come_closer)
{
  char addresses[512] = "";
  raise_curtain();
  peer.packets = 5;
  for (int i = 0; i < OW_RESOLVED_MOST - 1; i++) {
    snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), "127.0.0.%d ", OTHERS + i);
    sim_path((uint8_t)(OTHERS + i))->blackhole = true;
  }
  snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), V4_TEXT " 127.0.0.9");
  probe(addresses, 3 * S);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_str_eq(report.server, V4_TEXT " port 861");
  for (int i = 0; i < OW_RESOLVED_MOST - 1; i++)
    ck_assert_uint_eq(attempts_at((uint8_t)(OTHERS + i)), 1);
  ck_assert_uint_eq(attempts_at(9), 0);
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("addresses that race");
  TEST_LOOP(suite, "one is dead", 2 * DEATHS, a_dead_address_costs_a_moment);
  TEST_CASE(suite, "both are alive", who_answers_in_time_is_the_only_one_asked,
            a_long_way_is_raced_and_the_loser_goes_quietly);
  TEST_LOOP(suite, "families", 2, a_family_that_is_asked_for_is_alone);
  TEST_CASE(suite, "sources", a_source_goes_with_its_family);
  TEST_LOOP(suite, "refusals", 3, a_refusal_is_told_at_once);
  TEST_CASE(suite, "failures", of_two_failures_the_one_that_tells_more_is_told, many_addresses_come_closer);
  return test_run(suite);
}
