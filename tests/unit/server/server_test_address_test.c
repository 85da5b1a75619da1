/* SPDX-License-Identifier: MIT */
/* server/test_address: which of its addresses the Server's end of a session has, and what comes of it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "config/peer_options.h"
#include "server/server.h"
#include "support/address.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/serving.h"
#include "support/split_client.h"

#define MS OW_NS_PER_MS
enum { PACKETS = 10 };

static struct ow_endpoint endpoint_of(const char *text)
{
  union ow_address address = test_address(text, 0);
  return ow_address_to_endpoint(&address);
}

/* ---- which address ---- */

static struct test_serving serving;

static void open_serving(void)
{
  test_serving_open(&serving);
}

static void close_serving(void)
{
  test_serving_close(&serving);
}

/* A session of which the client asks that the Server's end be at `wish`. */
static struct ow_session_request request_at(bool server_sends, const char *wish)
{
  struct ow_session_request request = test_serving_request(server_sends, 5);
  if (server_sends)
    request.sender = endpoint_of(wish);
  else
    request.receiver = endpoint_of(wish);
  return request;
}

static void expect_bound(struct ow_serve_session *session, const char *expected)
{
  union ow_address bound;
  socklen_t size = sizeof bound;
  char text[OW_ADDRESS_TEXT];
  int socket =
      session->request.server_sends ? session->sender->by->socket : session->receiver->watch.descriptor;
  ck_assert_int_eq(getsockname(socket, &bound.any, &size), 0);
  ck_assert_str_eq(ow_address_print_host(text, sizeof text, &bound), expected);
}

START_TEST(the_address_that_was_asked_for_is_bound_if_it_is_ours)
{
  static const struct {
    const char *asked;
    const char *bound;
    enum ow_serve_own_address kind;
  } rows[] = {
      {"127.0.0.1", "127.0.0.1", OW_SERVE_ADDRESS_OF_CONTROL},
      {"0.0.0.0", "127.0.0.1", OW_SERVE_ADDRESS_OF_CONTROL},
      {"127.0.0.2", "127.0.0.2", OW_SERVE_ADDRESS_ASKED},
      {"192.0.2.1", "127.0.0.1", OW_SERVE_ADDRESS_FOREIGN},
      {"224.0.0.1", "127.0.0.1", OW_SERVE_ADDRESS_FOREIGN},
      {"255.255.255.255", "127.0.0.1", OW_SERVE_ADDRESS_FOREIGN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ow_session_request request = request_at(_i, rows[i].asked);
    struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
    expect_bound(session, rows[i].bound);
    ck_assert_int_eq(session->own_address, rows[i].kind);
    ow_serve_session_drop(session);
  }
}
END_TEST

static struct ow_endpoint mapped(uint8_t last)
{
  return (struct ow_endpoint){
      .version = 6, .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = last}, .port = 9};
}

START_TEST(ipv4_in_ipv6s_clothes_is_ipv4)
{
  struct ow_session_request request = test_serving_request(_i, 5);
  request.sender = mapped(_i ? 2 : 1);
  request.receiver = mapped(_i ? 1 : 2);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  expect_bound(session, "127.0.0.2");
  ck_assert_uint_eq(session->request.sender.version, 4);
  ck_assert_uint_eq(session->request.receiver.version, 4);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(loopback_is_for_clients_of_this_host)
{
  struct ow_session_request request = request_at(_i, "127.0.0.2");
  union ow_address control = test_address("192.0.2.9", 0);
  union ow_address local;
  enum ow_serve_own_address kind;
  char text[OW_ADDRESS_TEXT];
  ck_assert_int_eq(ow_serve_test_address(&request, &control, &local, &kind, NULL), OW_OK);
  ck_assert_int_eq(kind, OW_SERVE_ADDRESS_FOREIGN);
  ck_assert_str_eq(ow_address_print_host(text, sizeof text, &local), "192.0.2.9");
}
END_TEST

/* Nothing of the other family can take the place of an address that isn't ours. */
START_TEST(a_foreign_address_of_the_other_family_is_refused)
{
  struct ow_session_request request = test_serving_request(false, 5);
  request.sender = endpoint_of("2001:db8::1");
  request.receiver = endpoint_of("2001:db8::2");
  test_serving_session(&serving, &request, OW_ACCEPT_NOT_SUPPORTED);
}
END_TEST

/* ---- measured ---- */

static struct ow_loop *loop;
static struct ow_serve *server;
static char told[512];

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  if (strstr(line, "test address"))
    snprintf(told, sizeof told, "%s", line);
}

static void start(const char *address)
{
  static const struct ow_log log = {.emit = on_log, .most = OW_LOG_INFO};
  struct ow_serve_config config;
  struct ow_failure failure = {0};
  told[0] = '\0';
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "%s", address);
  snprintf(config.port, sizeof config.port, "0");
  loop = ow_loop_create(&failure);
  server = loop ? ow_serve_create(loop, &config, &test_policy, &log, &failure) : NULL;
  ck_assert_msg(server != NULL, "%s", failure.text);
}

static void stop(void)
{
  ow_serve_free(server);
  ow_loop_free(loop);
}

static void measure(uint32_t mode, const char *control, const char *test, const char *local,
                    struct test_split_report *report)
{
  struct ow_peer peer;
  union ow_address connected = test_address(control, 0);
  union ow_address ends[] = {test_address(test, 0), test_address(local, 0)};
  ow_address_set_port(&connected, ow_serve_port(server));
  ow_peer_defaults(&peer);
  peer.modes = mode;
  test_policy_key(&peer);
  peer.packets = PACKETS;
  peer.loss_timeout = 500 * MS;
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(2 * MS)};
  peer.slot_count = 1;
  test_split_measure(loop, &peer, &connected, &ends[0], &ends[1], report);
  ow_peer_clear(&peer);
}

START_TEST(another_address_of_the_server_is_measured_both_ways)
{
  struct test_split_report report;
  start("127.0.0.1");
  measure((uint32_t)test_modes[_i], "127.0.0.1", "127.0.0.2", "127.0.0.1", &report);
  ck_assert_msg(report.failure.status == OW_OK, "%s", report.failure.text);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert_int_eq(report.accepts[d], OW_ACCEPT_OK);
    ck_assert_uint_eq(report.received[d], PACKETS);
  }
  ck_assert_msg(strstr(told, "asked for test address 127.0.0.2, which is ours"), "%s", told);
  stop();
}
END_TEST

/*
 * The Server receives on its IPv6 address what was agreed over IPv4; it sends to no address that isn't the
 * control connection's.
 */
START_TEST(the_other_family_is_received_and_never_sent_to)
{
  struct test_split_report report;
  start("127.0.0.1");
  measure(OW_MODE_ENCRYPTED, "127.0.0.1", "::1", "::1", &report);
  ck_assert_int_eq(report.accepts[OW_FORWARD], OW_ACCEPT_OK);
  ck_assert_uint_eq(report.received[OW_FORWARD], PACKETS);
  ck_assert_int_eq(report.accepts[OW_REVERSE], OW_ACCEPT_NOT_SUPPORTED);
  stop();
}
END_TEST

/* An address of ours to send from is no leave to send to others. */
START_TEST(no_third_party_is_sent_to)
{
  struct test_split_report report;
  start("127.0.0.1");
  measure(OW_MODE_OPEN, "127.0.0.1", "127.0.0.2", "127.0.0.3", &report);
  ck_assert_int_eq(report.accepts[OW_REVERSE], OW_ACCEPT_NOT_SUPPORTED);
  ck_assert_uint_eq(report.received[OW_FORWARD], PACKETS);
  stop();
}
END_TEST

START_TEST(what_is_bound_instead_of_a_foreign_address_is_told)
{
  struct test_split_report report; /* its failure: from 127.0.0.1 nothing can be sent there */
  start("127.0.0.1");
  measure(OW_MODE_OPEN, "127.0.0.1", "192.0.2.1", "127.0.0.1", &report);
  ck_assert_int_eq(report.accepts[OW_FORWARD], OW_ACCEPT_OK);
  ck_assert_msg(strstr(told,
                       "asked for test address 192.0.2.1, which is not ours: bound to 127.0.0.1, that of the "
                       "control connection"),
                "%s", told);
  stop();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_test_address");
  TEST_LOOP_WITH(open_serving, close_serving, suite, "addresses", 2,
                 the_address_that_was_asked_for_is_bound_if_it_is_ours, ipv4_in_ipv6s_clothes_is_ipv4,
                 loopback_is_for_clients_of_this_host);
  TEST_CASE_WITH(open_serving, close_serving, suite, "families",
                 a_foreign_address_of_the_other_family_is_refused);
  TEST_LOOP(suite, "measured", TEST_MODES, another_address_of_the_server_is_measured_both_ways);
  TEST_CASE(suite, "far end", the_other_family_is_received_and_never_sent_to, no_third_party_is_sent_to,
            what_is_bound_instead_of_a_foreign_address_is_told);
  return test_run(suite);
}
