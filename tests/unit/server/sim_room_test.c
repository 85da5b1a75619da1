/* SPDX-License-Identifier: MIT */
/* A responder with its real policy on the simulated network: it refuses nobody for good. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "policy/policy.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, PACKETS = 20, RECORD = 25 };

static const char KEYS[] = "alice 616c696365\nbob 626f62\n";
static struct ow_policy *policy;
static struct ow_serve_policy answers;
static struct ow_loop *loop;
static struct ow_serve *server;
static struct ow_serve_config config;
static char told[4096]; /* by the responder, since it was last emptied */

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  strncat(told, line, sizeof told - strlen(told) - 1);
}
static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_INFO};

static void install(const char *text)
{
  struct ow_failure failure;
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, sizeof KEYS - 1, &keys, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_limits_parse("t.limits", text, strlen(text), &keys, &limits, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  ow_limits_clear(&limits); /* what was in force before */
  ow_key_file_clear(&keys);
}

static void raise_curtain(const char *limits, uint64_t most_records)
{
  struct ow_failure failure;
  sim_begin(1);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  policy = ow_policy_create();
  install(limits);
  answers = ow_policy_answers(policy);
  config = sim_serve_config(HOST);
  config.most_records = most_records;
  server = sim_serve(loop, HOST, &config, &answers, &ears);
  told[0] = '\0';
}

static void expect_use(const char *line)
{
  told[0] = '\0';
  ow_policy_log_use(policy, &ears, OW_LOG_INFO);
  ck_assert_msg(strstr(told, line), "%s, not %s", told, line);
  told[0] = '\0';
}

/* Nothing is left that anybody had claimed. */
static void drop_curtain(void)
{
  ow_serve_free(server);
  expect_use("class root: 0 bit/s, 0 octets of records");
  ow_policy_free(policy);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static struct ow_peer peer_of(const char *key_id, uint32_t packets)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = packets;
  peer.directions[OW_REVERSE] = false;
  peer.modes = *key_id ? OW_MODE_ENCRYPTED : OW_MODE_OPEN;
  snprintf(peer.key_id, sizeof peer.key_id, "%s", key_id);
  peer.passphrase.length = strlen(key_id);
  memcpy(peer.passphrase.octets, key_id, strlen(key_id));
  return peer;
}

static enum ow_status measure(const char *key_id, uint32_t packets, uint8_t sid[16])
{
  struct ow_probe_report report;
  struct ow_peer peer = peer_of(key_id, packets);
  told[0] = '\0';
  enum ow_status status = ow_probe_run(&peer, 20 * S, NULL, &report);
  ck_assert_msg(status == OW_OK || status == OW_REFUSED, "%s", report.failure.text);
  memcpy(sid, report.directions[OW_FORWARD].sid, 16);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  return status;
}

/* All its records, or none. */
static bool can_fetch(const char *key_id, const uint8_t sid[16])
{
  struct ow_probe_report report;
  struct ow_peer peer = peer_of(key_id, PACKETS);
  enum ow_status status = ow_probe_fetch(&peer, sid, 20 * S, &report);
  ck_assert(status == OW_OK || status == OW_REFUSED);
  if (status == OW_OK)
    ck_assert_uint_eq(report.directions[OW_FORWARD].samples.count, PACKETS);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  return status == OW_OK;
}

/* ---- the numbers, 5000 times smaller ---- */

START_TEST(four_hundred_proper_sessions_are_accepted_one_after_the_other)
{
  enum { MANY = 400, ROOM = 149 * (PACKETS + PACKETS / 8 + 16) };
  static const char *const key_ids[] = {"", "alice"};
  uint8_t sids[MANY][16];
  raise_curtain("limit root with allow_open_mode=on\n", ROOM);
  for (int i = 0; i < MANY; i++) {
    ck_assert_msg(measure(key_ids[_i], PACKETS, sids[i]) == OW_OK, "%d: %s", i, told);
    ck_assert(can_fetch(key_ids[_i], sids[i]));
    ck_assert_uint_le(ow_serve_count(server).records, ROOM);
  }
  ck_assert(!can_fetch(key_ids[_i], sids[0]));
  ck_assert(can_fetch(key_ids[_i], sids[MANY - 10]));
  drop_curtain();
}
END_TEST

START_TEST(an_interrupted_session_holds_what_was_sent)
{
  enum { ASKED = 3500000 };
  struct ow_probe_report report;
  struct ow_peer peer = peer_of("", ASKED);
  raise_curtain("limit root with disk=120m\n", UINT64_C(16) << 20);
  ck_assert_int_ne(ow_probe_run(&peer, 3 * S, NULL, &report), OW_OK);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  sim_run(loop, 10 * S);
  struct ow_serve_counts counts = ow_serve_count(server);
  ck_assert_uint_eq(counts.sessions_running, 0);
  ck_assert_uint_eq(counts.sessions_kept, 1);
  ck_assert_uint_gt(counts.records, 0);
  ck_assert_uint_le(counts.records, sim_packet_count);
  char use[64];
  snprintf(use, sizeof use, "%llu octets of records", (unsigned long long)counts.records * RECORD);
  expect_use(use);
  drop_curtain();
}
END_TEST

/* Three results of 500 octets fit, a fourth does not. */
static const char THREE[] = "limit root with disk=10000\n"
                            "limit shared with parent=root, disk=1900\n"
                            "assign default shared\nassign user alice shared\nassign user bob root\n";

START_TEST(the_disk_of_a_class_is_made_by_those_in_it)
{
  uint8_t bobs[16], first[16], next[16];
  raise_curtain(THREE, UINT64_C(16) << 20);
  ck_assert_int_eq(measure("bob", PACKETS, bobs), OW_OK); /* the oldest, and of no help */
  sim_run(loop, 60 * S);
  ck_assert_int_eq(measure("alice", PACKETS, first), OW_OK);
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(measure("alice", PACKETS, next), OW_OK);
  expect_use("class shared: 0 bit/s, 1500 octets");
  ck_assert_int_eq(measure("alice", PACKETS, next), OW_REFUSED); /* the first is too young */
  ck_assert_msg(strstr(told, "no result can make room"), "%s", told);
  ck_assert_msg(strstr(told, "class shared has 1900 octets of disk"), "%s", told);
  ck_assert(can_fetch("alice", first));
  sim_run(loop, 31 * S);
  ck_assert_int_eq(measure("alice", PACKETS, next), OW_OK);
  ck_assert(can_fetch("bob", bobs));
  expect_use("class shared: 0 bit/s, 1500 octets");
  drop_curtain();
}
END_TEST

/* The class's one modest client loses nothing to the greedy one, who gets in again once its own may go. */
START_TEST(the_modest_keep_theirs_and_the_greedy_wait)
{
  uint8_t modest[16], greedy[2][16], next[16];
  raise_curtain(THREE, UINT64_C(16) << 20);
  ck_assert_int_eq(measure("", PACKETS, modest), OW_OK);
  sim_run(loop, 60 * S);
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(measure("alice", PACKETS, greedy[i]), OW_OK);
  ck_assert_int_eq(measure("alice", PACKETS, next), OW_REFUSED);
  ck_assert(can_fetch("", modest));
  sim_run(loop, 31 * S);
  ck_assert_int_eq(measure("alice", PACKETS, next), OW_OK);
  ck_assert(can_fetch("", modest));
  ck_assert(can_fetch("alice", next));
  drop_curtain();
}
END_TEST

/* A reload that leaves less than is held: what is too much makes room, too. */
START_TEST(a_lowered_limit_is_met_by_those_that_are_too_many)
{
  uint8_t sids[3][16], next[16];
  raise_curtain(THREE, UINT64_C(16) << 20);
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(measure("alice", PACKETS, sids[i]), OW_OK);
  sim_run(loop, 31 * S);
  install("limit root with disk=1000\n");
  ck_assert_int_eq(measure("alice", PACKETS, next), OW_OK);
  expect_use("class root: 0 bit/s, 1000 octets");
  ck_assert(!can_fetch("alice", sids[0]) && !can_fetch("alice", sids[1]) && can_fetch("alice", sids[2]));
  drop_curtain();
}
END_TEST

/* ---- shares ---- */

/*
 * Of eight results one client keeps six, with those of others, its own oldest going first; however many it
 * makes, another's stays. A third gets in beside it at once, and the greedy one's go for it.
 */
START_TEST(who_makes_many_results_drives_out_its_own)
{
  enum { MANY = 12, KEPT = 8 };
  uint8_t modest[16], greedy[MANY][16], third[3][16];
  raise_curtain("limit root with allow_open_mode=on\n", UINT64_C(16) << 20);
  config.most_sessions_kept = KEPT;
  ow_serve_reconfigure(server, &config);
  ck_assert_int_eq(measure("bob", PACKETS, modest), OW_OK);
  for (int i = 0; i < MANY; i++) {
    sim_run(loop, 31 * S);
    ck_assert_msg(measure("alice", PACKETS, greedy[i]) == OW_OK, "%d: %s", i, told);
  }
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, KEPT * 3 / 4);
  ck_assert(can_fetch("alice", greedy[MANY - 5]) && !can_fetch("alice", greedy[MANY - 6]));
  for (int i = 0; i < 3; i++)
    ck_assert_msg(measure("", PACKETS, third[i]) == OW_OK, "%d: %s", i, told);
  ck_assert(can_fetch("", third[0]) && can_fetch("", third[2]));
  /* The eighth is for who has a key. */
  ck_assert(can_fetch("alice", greedy[MANY - 3]) && !can_fetch("alice", greedy[MANY - 4]));
  ck_assert(can_fetch("bob", modest));
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("room on a simulated network");
  TEST_LOOP(suite, "many", 2, four_hundred_proper_sessions_are_accepted_one_after_the_other);
  TEST_CASE(suite, "interrupted", an_interrupted_session_holds_what_was_sent);
  TEST_CASE(suite, "disk", the_disk_of_a_class_is_made_by_those_in_it,
            the_modest_keep_theirs_and_the_greedy_wait, a_lowered_limit_is_met_by_those_that_are_too_many);
  TEST_CASE(suite, "shares", who_makes_many_results_drives_out_its_own);
  return test_run(suite);
}
