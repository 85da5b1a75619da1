/* SPDX-License-Identifier: MIT */
/* What a Server's log says of its clients, sessions and fetches, at which level, on a simulated network. */
#include <regex.h>
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
#define CLIENT "^client 127\\.0\\.0\\.1 port [0-9]+: "
#define SESSION CLIENT "session [0-9a-f]{32}: "

enum { HOST = 2, PACKETS = 20, LINES = 200 };

/* ---- the stage ---- */

static const char KEYS[] = "alice 616c696365\nbob 626f62\nmal\033[31m 6d616c\n";
static const char LIMITS[] = "limit root with allow_open_mode=on\n"
                             "limit small with parent=root, bandwidth=1m\n"
                             "limit single with parent=root, test_sessions=1\n"
                             "assign default root\nassign user alice small\nassign user bob single\n";
static struct ow_policy *policy;
static struct ow_serve_policy answers;
static struct ow_loop *loop;
static struct ow_serve *server;

static struct {
  enum ow_log_level level;
  char text[512];
} lines[LINES];
static unsigned line_count;

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  ck_assert_uint_lt(line_count, LINES);
  lines[line_count].level = level;
  snprintf(lines[line_count++].text, sizeof lines->text, "%s", line);
}

static struct ow_log ears = {.emit = on_log};

static void raise_curtain(enum ow_log_level most)
{
  struct ow_failure failure;
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  ears.most = most;
  line_count = 0;
  sim_begin(1);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  policy = ow_policy_create();
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, sizeof KEYS - 1, &keys, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_limits_parse("t.limits", LIMITS, sizeof LIMITS - 1, &keys, &limits, NULL, &failure),
                   OW_OK);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  answers = ow_policy_answers(policy);
  server = sim_serve(loop, HOST, NULL, &answers, &ears);
}

static void drop_curtain(void)
{
  ow_serve_free(server);
  ow_policy_free(policy);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

/* ---- clients ---- */

static struct ow_peer peer_of(const char *key_id, const char *passphrase)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.%u", HOST);
  peer.packets = PACKETS;
  peer.modes = *key_id ? OW_MODE_ENCRYPTED : OW_MODE_OPEN;
  snprintf(peer.key_id, sizeof peer.key_id, "%s", key_id);
  peer.passphrase.length = strlen(passphrase);
  memcpy(peer.passphrase.octets, passphrase, strlen(passphrase));
  return peer;
}

static enum ow_status measure(struct ow_peer peer, int64_t within, uint8_t sid[16])
{
  struct ow_probe_report report;
  enum ow_status status = ow_probe_run(&peer, within, NULL, &report);
  if (sid)
    memcpy(sid, report.directions[OW_FORWARD].sid, 16);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  sim_run(loop, S); /* the ends of connections arrive */
  return status;
}

static enum ow_status fetch(struct ow_peer peer, const uint8_t sid[16])
{
  struct ow_probe_report report;
  enum ow_status status = ow_probe_fetch(&peer, sid, 20 * S, &report);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  sim_run(loop, S);
  return status;
}

/* ---- what was said ---- */

static unsigned count_lines(enum ow_log_level level, const char *pattern)
{
  regex_t expression;
  unsigned count = 0;
  ck_assert_int_eq(regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), 0);
  for (unsigned i = 0; i < line_count; i++)
    count += lines[i].level == level && regexec(&expression, lines[i].text, 0, NULL, 0) == 0;
  regfree(&expression);
  return count;
}

static unsigned count_level(enum ow_log_level level)
{
  return count_lines(level, "");
}

static void expect(unsigned count, enum ow_log_level level, const char *pattern)
{
  unsigned found = count_lines(level, pattern);
  if (found != count)
    for (unsigned i = 0; i < line_count; i++)
      fprintf(stderr, "%d %s\n", lines[i].level, lines[i].text);
  ck_assert_msg(found == count, "%u lines, not %u, are like %s", found, count, pattern);
}

/* ---- tests ---- */

START_TEST(a_session_has_a_line_as_it_starts_and_one_as_it_ends)
{
  raise_curtain(OW_LOG_INFO);
  ck_assert_int_eq(measure(peer_of("", ""), 20 * S, NULL), OW_OK);
  expect(2, OW_LOG_INFO, CLIENT "set up, open mode$"); /* it has two connections */
  expect(1, OW_LOG_INFO,
         SESSION
         "started, receiving 20 packets from 127\\.0\\.0\\.1 port [1-9][0-9]*, on port [1-9][0-9]*, class "
         "root, open mode$");
  expect(1, OW_LOG_INFO,
         SESSION
         "started, sending 20 packets to 127\\.0\\.0\\.1 port [1-9][0-9]*, from port [1-9][0-9]*, class "
         "root, open mode$");
  expect(1, OW_LOG_INFO, SESSION "ended, received 20 of 20 packets: stopped by the client$");
  expect(1, OW_LOG_INFO, SESSION "ended, sent 20 of 20 packets: stopped by the client$");
  expect(1, OW_LOG_INFO, SESSION "fetched, 20 records of packets 0 to 19 so far$");
  expect(2, OW_LOG_INFO, CLIENT "connection ended: the client closed its connection$");
  ck_assert_uint_eq(count_level(OW_LOG_INFO), line_count);
  drop_curtain();
}
END_TEST

START_TEST(a_keyed_session_tells_whose_it_is)
{
  raise_curtain(OW_LOG_INFO);
  ck_assert_int_eq(measure(peer_of("alice", "alice"), 20 * S, NULL), OW_OK);
  expect(2, OW_LOG_INFO, CLIENT "set up, KeyID \"alice\", encrypted$");
  expect(2, OW_LOG_INFO, SESSION "started, .*, class small, KeyID \"alice\", encrypted$");
  ck_assert_int_eq(measure(peer_of("mal\033[31m", "mal"), 20 * S, NULL), OW_OK);
  expect(2, OW_LOG_INFO, SESSION "started, .*, class root, KeyID \"mal\\?\\[31m\", encrypted$");
  drop_curtain();
}
END_TEST

/* By default nobody who behaves has a line, and DEBUG has what is said, waited for and agreed on. */
START_TEST(each_level_says_more)
{
  unsigned counts[OW_LOG_DEBUG + 1];
  for (int most = OW_LOG_NOTICE; most <= OW_LOG_DEBUG; most++) {
    uint8_t sid[16];
    raise_curtain((enum ow_log_level)most);
    ck_assert_int_eq(measure(peer_of("", ""), 20 * S, sid), OW_OK);
    ck_assert_int_eq(fetch(peer_of("", ""), sid), OW_OK);
    counts[most] = line_count;
    if (most < OW_LOG_DEBUG)
      drop_curtain();
  }
  ck_assert_uint_eq(counts[OW_LOG_NOTICE], 0);
  ck_assert_uint_ge(counts[OW_LOG_DEBUG], 2 * counts[OW_LOG_INFO]);
  ck_assert_uint_ge(count_lines(OW_LOG_DEBUG, CLIENT "connected, is offered Modes 7$"), 2);
  expect(2, OW_LOG_DEBUG, CLIENT "says Request-Session$");
  expect(1, OW_LOG_DEBUG, CLIENT "says Start-Sessions$");
  expect(1, OW_LOG_DEBUG, CLIENT "says Stop-Sessions$");
  expect(1, OW_LOG_DEBUG, CLIENT "running$");
  ck_assert_uint_ge(count_lines(OW_LOG_DEBUG, CLIENT "ready, for 1800 s at most$"), 3);
  expect(1, OW_LOG_DEBUG,
         SESSION "agreed on, to receive 20 packets, our port [1-9][0-9]*, slots 1, padding 0, ");
  expect(1, OW_LOG_DEBUG, SESSION "agreed on, to send 20 packets, .*room for [0-9]+ records$");
  drop_curtain();
  expect(1, OW_LOG_DEBUG, "^session [0-9a-f]{32}: forgotten, with 20 records$");
}
END_TEST

START_TEST(a_fetch_has_a_line_with_what_was_given_or_why_not)
{
  uint8_t sid[16];
  static const uint8_t nowhere[16] = {0xab};
  raise_curtain(OW_LOG_INFO);
  ck_assert_int_eq(measure(peer_of("alice", "alice"), 20 * S, sid), OW_OK);
  line_count = 0;
  ck_assert_int_eq(fetch(peer_of("alice", "alice"), sid), OW_OK);
  expect(1, OW_LOG_INFO, SESSION "fetched, 20 records of all packets$");
  ck_assert_int_eq(fetch(peer_of("bob", "bob"), sid), OW_REFUSED);
  expect(1, OW_LOG_INFO, SESSION "not fetched, all packets: it is another client's$");
  ck_assert_int_eq(fetch(peer_of("bob", "bob"), nowhere), OW_REFUSED);
  expect(1, OW_LOG_INFO, CLIENT "session ab0{30}: not fetched, all packets: no such session is kept$");
  drop_curtain();
}
END_TEST

/* Both connections of bob's client end at once: one was refused, and the other was not yet set up. */
START_TEST(a_refusal_is_one_notice_and_what_comes_of_it_none)
{
  raise_curtain(OW_LOG_DEBUG);
  ck_assert_int_eq(measure(peer_of("bob", "bob"), 20 * S, NULL), OW_REFUSED);
  expect(1, OW_LOG_NOTICE,
         CLIENT "session refused with a permanent resource limit \\(Accept 4\\): class single ");
  expect(1, OW_LOG_DEBUG, CLIENT "connection ended: .*, with its sessions open$");
  expect(1, OW_LOG_INFO, SESSION "ended, not started: the client closed its connection$");
  ck_assert_uint_eq(count_level(OW_LOG_NOTICE), 1);
  ck_assert_uint_eq(count_level(OW_LOG_WARNING) + count_level(OW_LOG_ERROR), 0);
  drop_curtain();
}
END_TEST

START_TEST(a_wrong_passphrase_is_one_line)
{
  raise_curtain(OW_LOG_INFO);
  ck_assert_int_ne(measure(peer_of("alice", "bob"), 20 * S, NULL), OW_OK);
  ck_assert_uint_ge(line_count, 1);
  ck_assert_uint_eq(count_lines(OW_LOG_WARNING,
                                CLIENT "connection ended: unknown KeyID or wrong passphrase for \"alice\"$"),
                    line_count);
  drop_curtain();
}
END_TEST

static void cut(void *context)
{
  (void)context;
  sim_cut(HOST);
}

START_TEST(a_connection_that_breaks_ends_its_sessions)
{
  struct ow_peer peer = peer_of("", "");
  peer.packets = 10000;
  raise_curtain(OW_LOG_INFO);
  sim_at(sim_monotonic() + 5 * S, cut, NULL);
  ck_assert_int_ne(measure(peer, 20 * S, NULL), OW_OK);
  expect(1, OW_LOG_NOTICE, CLIENT "connection ended: Connection reset by peer, with its sessions open$");
  expect(1, OW_LOG_INFO,
         SESSION "ended, received [1-9][0-9]* packets, of 10000 agreed on: Connection reset by peer$");
  expect(1, OW_LOG_INFO, SESSION "ended, sent [1-9][0-9]* of 10000 packets: Connection reset by peer$");
  ck_assert_uint_eq(count_level(OW_LOG_NOTICE), 1);
  drop_curtain();
}
END_TEST

static struct ow_completion drained;

static void on_drained(struct ow_completion *completion)
{
  (void)completion;
}

static void drain(void *context)
{
  (void)context;
  drained.run = on_drained;
  ow_serve_drain(server, 2 * S, &drained);
}

START_TEST(what_the_server_ends_says_why)
{
  struct ow_peer forward = peer_of("", "");
  struct ow_peer long_one = peer_of("", "");
  forward.directions[OW_REVERSE] = false;
  long_one.packets = 10000;
  raise_curtain(OW_LOG_INFO);
  ck_assert_int_eq(measure(forward, 20 * S, NULL), OW_OK);
  expect(1, OW_LOG_INFO,
         SESSION "ended, received 20 of 20 packets: stopped by us, for all that was to come has$");
  sim_at(sim_monotonic() + 5 * S, drain, NULL);
  (void)!measure(long_one, 20 * S, NULL);
  expect(1, OW_LOG_INFO,
         SESSION
         "ended, received [1-9][0-9]* of [1-9][0-9]* packets, of 10000 agreed on: stopped by us, for the "
         "server stops$");
  expect(1, OW_LOG_INFO,
         SESSION "ended, sent [1-9][0-9]* of 10000 packets: stopped by us, for the server stops$");
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server log on a simulated network");
  TEST_CASE(suite, "sessions", a_session_has_a_line_as_it_starts_and_one_as_it_ends,
            a_keyed_session_tells_whose_it_is, each_level_says_more);
  TEST_CASE(suite, "fetches", a_fetch_has_a_line_with_what_was_given_or_why_not);
  TEST_CASE(suite, "ends", a_refusal_is_one_notice_and_what_comes_of_it_none, a_wrong_passphrase_is_one_line,
            a_connection_that_breaks_ends_its_sessions, what_the_server_ends_says_why);
  return test_run(suite);
}
