/* SPDX-License-Identifier: MIT */
/* Probe and Server against each other on loopback: the whole way, but for the programs around it. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/peer_options.h"
#include "io/loop.h"
#include "measure/probe.h"
#include "server/server.h"
#include "support/main.h"
#include "support/policy.h"

#define MS OW_NS_PER_MS
enum { PACKETS = 10 };

/* ---- a server in a thread of its own, which allows what the test says ---- */

struct server {
  struct ow_loop *loop;
  struct ow_serve *serve;
  struct ow_serve_config config;
  struct ow_serve_policy policy;
  pthread_t thread;
  uint32_t modes;
  enum ow_accept claim_answer;
  enum ow_accept identify_answer;
};

static uint32_t admit(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)client;
  ow_fail(why, OW_REFUSED, "the test says so");
  return ((struct server *)context)->modes;
}

static enum ow_accept identify(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)client;
  ow_fail(why, OW_REFUSED, "the test says so");
  return ((struct server *)context)->identify_answer;
}

static enum ow_accept claim(void *context, const struct ow_serve_client *client,
                            const struct ow_session_request *request, const struct ow_slot *slots,
                            struct ow_serve_claim *claimed, struct ow_failure *why)
{
  const struct server *server = context;
  enum ow_accept accept = test_policy.claim(context, client, request, slots, claimed, why);
  if (accept != OW_ACCEPT_OK)
    return accept;
  return server->claim_answer;
}

static bool delete_on_fetch(void *context, const struct ow_serve_client *owner)
{
  (void)context, (void)owner;
  return false;
}

static void *run_server(void *argument)
{
  struct ow_failure failure;
  struct server *server = argument;
  return ow_loop_run(server->loop, &failure) == OW_OK ? NULL : argument;
}

static void prepare_server(struct server *server)
{
  *server = (struct server){.modes = OW_MODES_ALL};
  ow_serve_defaults(&server->config);
  snprintf(server->config.address, sizeof server->config.address, "127.0.0.1");
  snprintf(server->config.port, sizeof server->config.port, "0");
  server->policy = test_policy;
  server->policy.context = server;
  server->policy.admit = admit;
  server->policy.identify = identify;
  server->policy.claim = claim;
  server->policy.delete_on_fetch = delete_on_fetch;
}

static void start_server(struct server *server)
{
  struct ow_failure failure = {0};
  server->loop = ow_loop_create(&failure);
  ck_assert_msg(server->loop != NULL, "%s", failure.text);
  server->serve = ow_serve_create(server->loop, &server->config, &server->policy, NULL, &failure);
  ck_assert_msg(server->serve != NULL, "%s", failure.text);
  ck_assert_int_eq(pthread_create(&server->thread, NULL, run_server, server), 0);
}

static void stop_server(struct server *server)
{
  ow_loop_stop(server->loop);
  ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
  ow_serve_free(server->serve);
  ow_loop_free(server->loop);
}

/* ---- a probe of it ---- */

static void describe_peer(struct ow_peer *peer, const struct server *server, uint32_t modes)
{
  ow_peer_defaults(peer);
  snprintf(peer->host, sizeof peer->host, "127.0.0.1");
  snprintf(peer->port, sizeof peer->port, "%u", ow_serve_port(server->serve));
  peer->modes = modes;
  if (modes != OW_MODE_OPEN)
    test_policy_key(peer);
  peer->packets = PACKETS;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(2 * MS)};
  peer->slot_count = 1;
}

/* Start a server, probe it, stop it; the report is the caller's. */
static void probe(struct server *server, uint32_t modes, struct ow_probe_report *report)
{
  struct ow_peer peer;
  start_server(server);
  describe_peer(&peer, server, modes);
  enum ow_status status = ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, report);
  ck_assert_int_eq(status, report->status);
  ow_peer_clear(&peer);
  stop_server(server);
}

static void expect_failure(struct server *server, uint32_t modes, enum ow_status status, const char *text)
{
  struct ow_probe_report report;
  probe(server, modes, &report);
  ck_assert_int_eq(report.status, status);
  ck_assert_msg(strstr(report.failure.text, text) != NULL, "\"%s\" is not in \"%s\"", text,
                report.failure.text);
  ck_assert_msg(strstr(report.failure.text, "127.0.0.1") != NULL, "no peer in \"%s\"", report.failure.text);
  for (int i = 0; i < OW_DIRECTIONS; i++)
    ck_assert_int_eq(report.directions[i].result.completeness, OW_RESULT_ABSENT);
  ow_probe_report_clear(&report);
}

static const enum ow_mode MODES[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

START_TEST(both_directions_are_measured_whole)
{
  struct server server;
  struct ow_probe_report report;
  prepare_server(&server);
  probe(&server, MODES[_i], &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(report.step, OW_STEP_DONE);
  ck_assert_int_eq(report.mode, MODES[_i]);
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    const struct ow_result *result = &report.directions[i].result;
    ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(result->sent, PACKETS);
    ck_assert_uint_eq(result->received, PACKETS);
    ck_assert_uint_eq(result->lost + result->duplicates + result->discarded, 0);
    ck_assert_uint_eq(result->hops_max, 0);
    ck_assert_uint_eq(report.directions[i].samples.count, PACKETS);
  }
  ck_assert_int_eq(report.directions[OW_FORWARD].result.clock.departed, OW_DEPARTED_KERNEL);
  ck_assert_int_ge(report.directions[OW_FORWARD].result.delay.min, 0);
  ow_probe_report_clear(&report);
}
END_TEST

/* Both measurements of one session are the same, to the record, but that the server has the packets' own
 * stamps. */
START_TEST(a_session_that_the_server_holds_is_fetched)
{
  struct server server;
  struct ow_peer peer;
  struct ow_probe_report measured;
  struct ow_probe_report fetched;
  prepare_server(&server);
  start_server(&server);
  describe_peer(&peer, &server, MODES[_i]);
  ck_assert_int_eq(ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, &measured), OW_OK);
  const struct ow_probe_direction *before = &measured.directions[OW_FORWARD];
  ck_assert_int_eq(ow_probe_fetch(&peer, before->sid, 20 * OW_NS_PER_S, &fetched), OW_OK);
  const struct ow_probe_direction *after = &fetched.directions[OW_FORWARD];
  ck_assert_int_eq(fetched.step, OW_STEP_DONE);
  ck_assert_int_eq(fetched.mode, MODES[_i]);
  ck_assert_int_eq(after->result.completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(after->result.received, PACKETS);
  ck_assert_int_eq(after->result.clock.departed, OW_DEPARTED_CORRECTED);
  ck_assert_uint_eq(after->samples.count, before->samples.count);
  for (size_t i = 0; i < PACKETS; i++) {
    const struct ow_sample sample = ow_samples_at(&before->samples, i);
    const struct ow_sample same = ow_samples_at(&after->samples, i);
    int64_t moved = ow_timestamp_difference(sample.sent, same.sent) - sample.stamped_before;
    ck_assert(sample.sequence == same.sequence && sample.received.ntp == same.received.ntp);
    ck_assert_int_le(llabs(moved), 1);
  }
  ck_assert_str_eq(after->sender, before->sender);
  ck_assert_str_eq(after->receiver, before->receiver);
  ck_assert_int_eq(fetched.directions[OW_REVERSE].result.completeness, OW_RESULT_ABSENT);
  ow_probe_report_clear(&measured);
  ow_probe_report_clear(&fetched);
  ow_peer_clear(&peer);
  stop_server(&server);
}
END_TEST

START_TEST(a_session_that_the_server_lacks_is_told)
{
  static const uint8_t nowhere[16] = {1, 2, 3};
  struct server server;
  struct ow_peer peer;
  struct ow_probe_report report;
  prepare_server(&server);
  start_server(&server);
  describe_peer(&peer, &server, OW_MODE_OPEN);
  ck_assert_int_eq(ow_probe_fetch(&peer, nowhere, 20 * OW_NS_PER_S, &report), OW_REFUSED);
  ck_assert_int_eq(report.step, OW_STEP_FETCH);
  ck_assert_ptr_nonnull(strstr(report.failure.text, "holds no such session"));
  ck_assert_ptr_nonnull(strstr(report.failure.text, "127.0.0.1"));
  ow_probe_report_clear(&report);
  stop_server(&server);
  /* Nobody listens any more. */
  ck_assert_int_eq(ow_probe_fetch(&peer, nowhere, 20 * OW_NS_PER_S, &report), OW_NETWORK);
  ck_assert_int_eq(report.step, OW_STEP_CONNECT);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}
END_TEST

START_TEST(a_server_without_our_mode_is_told_apart)
{
  struct server server;
  prepare_server(&server);
  server.modes = OW_MODE_ENCRYPTED;
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, "no common mode");
}
END_TEST

START_TEST(a_server_that_turns_us_away_is_told_apart)
{
  struct server server;
  prepare_server(&server);
  server.modes = 0;
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, "refuses to talk");
}
END_TEST

START_TEST(a_wrong_key_is_told_apart)
{
  struct server server;
  struct ow_peer peer;
  struct ow_probe_report report;
  prepare_server(&server);
  start_server(&server);
  describe_peer(&peer, &server, OW_MODE_ENCRYPTED);
  peer.passphrase.octets[0] ^= 1;
  ck_assert_int_eq(ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, &report), OW_AUTH);
  ck_assert_int_eq(report.step, OW_STEP_SETUP);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  stop_server(&server);
}
END_TEST

START_TEST(every_refusal_of_a_session_is_told_in_words)
{
  struct server server;
  prepare_server(&server);
  server.claim_answer = (enum ow_accept)(_i + 1);
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, ow_accept_text(server.claim_answer));
}
END_TEST

START_TEST(every_refusal_at_the_set_up_is_told_in_words)
{
  struct server server;
  prepare_server(&server);
  server.identify_answer = (enum ow_accept)(_i + 1);
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, ow_accept_text(server.identify_answer));
}
END_TEST

START_TEST(the_server_keeps_no_more_records_than_it_may)
{
  struct server server;
  prepare_server(&server);
  server.config.most_records = PACKETS;
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, ow_accept_text(OW_ACCEPT_PERMANENT_LIMIT));
}
END_TEST

struct socket {
  int descriptor;
  uint16_t port;
};

/* A UDP port of 127.0.0.1 that somebody has. */
static struct socket take_port(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct socket taken = {.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ck_assert_int_eq(bind(taken.descriptor, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(getsockname(taken.descriptor, (struct sockaddr *)&address, &size), 0);
  taken.port = ntohs(address.sin_port);
  return taken;
}

/* One of a range of two is taken, so only one session fits. */
START_TEST(a_server_without_free_ports_says_that_it_is_temporary)
{
  struct server server;
  struct socket taken = take_port();
  prepare_server(&server);
  server.config.test_port_low = (uint16_t)(taken.port - 1);
  server.config.test_port_high = taken.port;
  expect_failure(&server, OW_MODE_OPEN, OW_REFUSED, ow_accept_text(OW_ACCEPT_TEMPORARY_LIMIT));
  close(taken.descriptor);
}
END_TEST

/* ---- zero addresses ---- */

static void probe_with_nat(struct server *server, uint32_t modes, struct ow_probe_report *report)
{
  struct ow_peer peer;
  start_server(server);
  describe_peer(&peer, server, modes);
  peer.nat = true;
  peer.loss_timeout = 200 * MS;
  (void)!ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, report);
  ow_peer_clear(&peer);
  stop_server(server);
}

START_TEST(a_server_that_refuses_zero_addresses_gets_plain_ones)
{
  struct server server;
  struct ow_probe_report report;
  prepare_server(&server);
  test_policy_zero = _i % 2 ? TEST_ZERO_KNOWN : TEST_ZERO_REFUSED;
  probe_with_nat(&server, _i / 2 ? OW_MODE_ENCRYPTED : OW_MODE_OPEN, &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(report.addresses, _i % 2 ? OW_ADDRESSES_AS_ASKED : OW_ADDRESSES_PLAIN);
  for (int i = 0; i < OW_DIRECTIONS; i++)
    ck_assert_uint_eq(report.directions[i].result.received, PACKETS);
  ow_probe_report_clear(&report);
}
END_TEST

START_TEST(who_refuses_plain_addresses_too_has_refused)
{
  struct server server;
  struct ow_probe_report report;
  prepare_server(&server);
  server.claim_answer = OW_ACCEPT_NOT_SUPPORTED;
  probe_with_nat(&server, OW_MODE_OPEN, &report);
  ck_assert_int_eq(report.status, OW_REFUSED);
  ck_assert_int_eq(report.step, OW_STEP_REQUEST);
  ck_assert_int_eq(report.addresses, OW_ADDRESSES_PLAIN);
  ow_probe_report_clear(&report);
}
END_TEST

START_TEST(what_is_short_is_not_asked_for_again)
{
  struct server server;
  struct ow_probe_report report;
  prepare_server(&server);
  server.claim_answer = OW_ACCEPT_TEMPORARY_LIMIT;
  probe_with_nat(&server, OW_MODE_OPEN, &report);
  ck_assert_int_eq(report.status, OW_REFUSED);
  ck_assert_int_eq(report.addresses, OW_ADDRESSES_AS_ASKED);
  ow_probe_report_clear(&report);
}
END_TEST

START_TEST(a_server_that_mistakes_zero_addresses_gets_nothing_across)
{
  struct server server;
  struct ow_probe_report report;
  prepare_server(&server);
  test_policy_zero = TEST_ZERO_MISTAKEN;
  probe_with_nat(&server, OW_MODE_ENCRYPTED, &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    /* The Server sends no more after 8 answers that nobody listens there. */
    ck_assert_uint_ge(report.directions[i].result.sent, i == OW_FORWARD ? PACKETS : 8);
    ck_assert_uint_le(report.directions[i].result.sent, PACKETS);
    ck_assert_uint_eq(report.directions[i].result.received, 0);
  }
  ow_probe_report_clear(&report);
}
END_TEST

START_TEST(a_name_that_does_not_resolve_is_told_apart)
{
  struct ow_peer peer;
  struct ow_probe_report report;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "no-such-host.invalid");
  ck_assert_int_ne(ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, &report), OW_OK);
  ck_assert_int_eq(report.step, OW_STEP_RESOLVE);
  ck_assert_ptr_nonnull(strstr(report.failure.text, "no-such-host.invalid"));
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}
END_TEST

/* Each is this host's, and none of it an outage of the peer. */
START_TEST(what_this_host_lacks_is_told_apart_from_what_the_peer_lacks)
{
  static const struct {
    const char *source, *interface;
    bool taken; /* the test port */
    enum ow_status status;
    int error;
    enum ow_probe_step step;
    const char *words;
  } cases[] = {
      {"192.0.2.99", "", false, OW_INVALID, EADDRNOTAVAIL, OW_STEP_CONNECT,
       "no interface of this host has it"},
      {"", "nosuch0", false, OW_INVALID, ENODEV, OW_STEP_CONNECT, "this host has none of that name"},
      {"::1", "", false, OW_INVALID, 0, OW_STEP_CONNECT, "no address of the source address's family"},
      {"", "", true, OW_LIMIT, EADDRINUSE, OW_STEP_REQUEST, "is taken"},
  };
  struct server server;
  struct ow_peer peer;
  struct ow_probe_report report;
  prepare_server(&server);
  start_server(&server);
  describe_peer(&peer, &server, OW_MODE_OPEN);
  snprintf(peer.source, sizeof peer.source, "%s", cases[_i].source);
  snprintf(peer.interface, sizeof peer.interface, "%s", cases[_i].interface);
  struct socket taken = cases[_i].taken ? take_port() : (struct socket){-1, 0};
  peer.test_port_low = peer.test_port_high = taken.port;
  peer.directions[OW_REVERSE] = !taken.port;
  ck_assert_int_eq(ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, &report), cases[_i].status);
  ck_assert_int_eq(report.failure.error, cases[_i].error);
  ck_assert_int_eq(report.step, cases[_i].step);
  ck_assert_msg(strstr(report.failure.text, cases[_i].words) != NULL, "%s", report.failure.text);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  if (taken.descriptor >= 0)
    close(taken.descriptor);
  stop_server(&server);
}
END_TEST

START_TEST(a_refused_connection_has_its_errno)
{
  struct server server;
  struct ow_peer peer;
  struct ow_probe_report report;
  prepare_server(&server);
  start_server(&server);
  describe_peer(&peer, &server, OW_MODE_OPEN);
  stop_server(&server);
  ck_assert_int_eq(ow_probe_run(&peer, 20 * OW_NS_PER_S, NULL, &report), OW_NETWORK);
  ck_assert_int_eq(report.failure.error, ECONNREFUSED);
  ck_assert_int_eq(report.step, OW_STEP_CONNECT);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("measure: probe, and server");
  TEST_LOOP(suite, "measuring", 3, both_directions_are_measured_whole);
  TEST_LOOP(suite, "fetching", 3, a_session_that_the_server_holds_is_fetched);
  TEST_CASE(suite, "nothing to fetch", a_session_that_the_server_lacks_is_told);
  TEST_CASE(
      suite, "refusals", a_server_without_our_mode_is_told_apart, a_server_that_turns_us_away_is_told_apart,
      a_wrong_key_is_told_apart, the_server_keeps_no_more_records_than_it_may,
      a_server_without_free_ports_says_that_it_is_temporary, a_name_that_does_not_resolve_is_told_apart);
  TEST_LOOP(suite, "this host's own", 4, what_this_host_lacks_is_told_apart_from_what_the_peer_lacks);
  TEST_CASE(suite, "refused", a_refused_connection_has_its_errno);
  TEST_LOOP(suite, "zero addresses", 4, a_server_that_refuses_zero_addresses_gets_plain_ones);
  TEST_CASE(suite, "zero addresses fail", who_refuses_plain_addresses_too_has_refused,
            what_is_short_is_not_asked_for_again, a_server_that_mistakes_zero_addresses_gets_nothing_across);
  TEST_LOOP(suite, "Accept values", 5, every_refusal_of_a_session_is_told_in_words,
            every_refusal_at_the_set_up_is_told_in_words);
  return test_run(suite);
}
