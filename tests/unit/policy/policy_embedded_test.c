/* SPDX-License-Identifier: MIT */
/* The responder inside another program: it answers from a thread of its own, and ends when told to. */
#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "control/client.h"
#include "io/system_clock.h"
#include "policy/embedded.h"
#include "support/main.h"
#include "wire/mode.h"

static struct ow_embedded_options options;
static struct ow_failure failure;

static void set_up(void)
{
  ow_embedded_defaults(&options);
  strcpy(options.listen, "127.0.0.1:0");
  failure = (struct ow_failure){.text = ""};
}

static int connect_to(uint16_t port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval patience = {.tv_sec = 10};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ck_assert_int_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  return descriptor;
}

/* The Modes of its Server-Greeting (RFC 4656, 3.1). */
static unsigned offered(uint16_t port)
{
  unsigned char greeting[64];
  int descriptor = connect_to(port);
  ck_assert_int_eq(recv(descriptor, greeting, sizeof greeting, MSG_WAITALL), sizeof greeting);
  close(descriptor);
  return greeting[15];
}

START_TEST(it_answers_and_ends)
{
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  uint16_t port = ow_embedded_port(embedded);
  ck_assert_uint_eq(offered(port), OW_MODE_OPEN);
  int descriptor = connect_to(port);
  ow_embedded_stop(embedded);
  unsigned char greeting[65];
  ck_assert_int_le(recv(descriptor, greeting, sizeof greeting, MSG_WAITALL), 64);
  close(descriptor);
}
END_TEST

/* A free UDP port, for now. */
static uint16_t free_port(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
  close(descriptor);
  return ntohs(address.sin_port);
}

static ssize_t ask(uint16_t port)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct timeval patience = {.tv_sec = 10};
  unsigned char packet[64] = {[3] = 1, [13] = 1};
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ck_assert_int_eq(sendto(descriptor, packet, 14, 0, (struct sockaddr *)&address, sizeof address), 14);
  ssize_t got = recv(descriptor, packet, sizeof packet, 0);
  close(descriptor);
  return got;
}

START_TEST(it_reflects_whom_the_limits_list)
{
  char path[] = "/tmp/owamp-embedded-XXXXXX";
  static const char limits[] = "limit root with bandwidth=1m\nassign stamp 127.0.0.0/8 root\n";
  int file = mkstemp(path);
  ck_assert_int_eq(write(file, limits, sizeof limits - 1), sizeof limits - 1);
  close(file);
  strcpy(options.limits_file, path);
  options.reflect_port = free_port();
  ck_assert_int_eq(ow_embedded_check(&options, &failure), OW_OK);
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  ck_assert_int_eq(ask(options.reflect_port), 44);
  ck_assert_ptr_null(ow_embedded_start(&options, NULL, &failure));
  ck_assert_msg(strstr(failure.text, "reflectport: "), "%s", failure.text);
  ow_embedded_stop(embedded);
  unlink(path);
}
END_TEST

static unsigned heard;

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)line;
  heard += level == OW_LOG_INFO;
}

/* Lines of its thread are counted once that has ended. */
START_TEST(who_comes_and_goes_is_logged_if_that_is_asked_for)
{
  const struct ow_log log = {.emit = on_log, .most = OW_LOG_INFO};
  options.verbose = _i;
  heard = 0;
  struct ow_embedded *embedded = ow_embedded_start(&options, &log, &failure);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  ck_assert_uint_eq(offered(ow_embedded_port(embedded)), OW_MODE_OPEN);
  ow_embedded_stop(embedded);
  ck_assert_uint_eq(heard, (unsigned)_i);
}
END_TEST

/* As owampd does, which listens on one socket for both. */
START_TEST(every_ipv6_address_is_every_address)
{
  strcpy(options.listen, "[::]:0");
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  ck_assert_uint_eq(offered(ow_embedded_port(embedded)), OW_MODE_OPEN);
  ow_embedded_stop(embedded);
}
END_TEST

START_TEST(the_hosts_signals_stay_as_they_are)
{
  struct sigaction before;
  struct sigaction after;
  sigset_t blocked;
  sigaction(SIGPIPE, NULL, &before);
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  ck_assert_ptr_nonnull(embedded);
  sigaction(SIGPIPE, NULL, &after);
  ck_assert_ptr_eq((void *)after.sa_handler, (void *)before.sa_handler);
  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  ck_assert(!sigismember(&blocked, SIGTERM) && !sigismember(&blocked, SIGHUP));
  ow_embedded_stop(embedded);
}
END_TEST

START_TEST(keys_bring_the_keyed_modes)
{
  snprintf(options.key_file, sizeof options.key_file, "/tmp/owamp-embedded-%d.pfs", getpid());
  FILE *file = fopen(options.key_file, "w");
  ck_assert(file && fputs("monitor 736563726574\n", file) >= 0 && fclose(file) == 0);
  options.modes = OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED;
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  unlink(options.key_file);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  ck_assert_uint_eq(offered(ow_embedded_port(embedded)), OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED);
  ow_embedded_stop(embedded);
}
END_TEST

static void expect_refusal(const char *why)
{
  ck_assert_int_ne(ow_embedded_check(&options, &failure), OW_OK);
  ck_assert_msg(strstr(failure.text, why) != NULL, "%s", failure.text);
  ck_assert_ptr_null(ow_embedded_start(&options, NULL, &failure));
}

START_TEST(what_cannot_work_is_refused)
{
  strcpy(options.listen, "localhost:861");
  expect_refusal("numeric address");
  strcpy(options.listen, "[::1");
  expect_refusal("[::1");
  set_up();
  options.modes = OW_MODE_ENCRYPTED;
  expect_refusal("nobody could connect");
  set_up();
  strcpy(options.key_file, "/nowhere/keys.pfs");
  expect_refusal("/nowhere/keys.pfs: there is no such file");
  set_up();
  strcpy(options.limits_file, "/nowhere/rules.limits");
  expect_refusal("/nowhere/rules.limits: there is no such file");
}
END_TEST

START_TEST(a_port_that_is_taken_is_named)
{
  struct ow_embedded *first = ow_embedded_start(&options, NULL, &failure);
  ck_assert_ptr_nonnull(first);
  snprintf(options.listen, sizeof options.listen, "127.0.0.1:%u", ow_embedded_port(first));
  ck_assert_int_eq(ow_embedded_check(&options, &failure), OW_OK);
  ck_assert_ptr_null(ow_embedded_start(&options, NULL, &failure));
  ck_assert_msg(strstr(failure.text, "127.0.0.1") != NULL, "%s", failure.text);
  ow_embedded_stop(first);
}
END_TEST

/* ---- a client with a session, by hand ---- */

static const struct ow_instant epoch; /* nothing here expires */

/* Send what the machine has to say, and hear the server until it has an event. */
static struct ow_client_event next_event(struct ow_client *client, int descriptor)
{
  struct ow_client_event event = {.kind = OW_CLIENT_NOTHING};
  uint8_t octet;
  do {
    struct ow_buffer *said = ow_client_output(client);
    size_t count = ow_buffer_length(said);
    if (count)
      ck_assert_int_eq(send(descriptor, ow_buffer_head(said), count, MSG_NOSIGNAL), (ssize_t)count);
    ow_buffer_consume(said, count);
    ck_assert_int_eq(recv(descriptor, &octet, 1, 0), 1);
    struct ow_reader input = ow_reader(&octet, 1);
    ow_client_receive(client, epoch, &input, &event);
  } while (event.kind == OW_CLIENT_NOTHING);
  return event;
}

/* The server is to send, to a port where nobody hears it, for a minute. */
static void start_session(struct ow_client *client, int descriptor)
{
  static const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(1) << 30}};
  const struct ow_endpoint loopback = {.version = 4, .address = {127, 0, 0, 1}, .port = 9};
  const struct ow_session_request request = {.server_sends = true,
                                             .slot_count = 1,
                                             .packets = 240,
                                             .sender = loopback,
                                             .receiver = loopback,
                                             .sid = {{1}},
                                             .start = ow_system_stamp(),
                                             .timeout = ow_span_from_ns(OW_NS_PER_S)};
  ck_assert_int_eq(next_event(client, descriptor).kind, OW_CLIENT_SET_UP);
  ck_assert_int_eq(ow_client_request_session(client, epoch, &request, &slot), OW_OK);
  struct ow_client_event event = next_event(client, descriptor);
  ck_assert_int_eq(event.kind, OW_CLIENT_SESSION);
  ck_assert_int_eq(event.acceptance.accept, OW_ACCEPT_OK);
  ck_assert_int_eq(ow_client_start_sessions(client, epoch), OW_OK);
  ck_assert_int_eq(next_event(client, descriptor).kind, OW_CLIENT_STARTED);
}

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* It is told that its session ends, and waited for; but it hears nothing before the host has gone on. */
START_TEST(who_does_not_answer_holds_the_host_no_longer_than_2_s)
{
  const struct ow_client_config config = {
      .modes = OW_MODE_OPEN, .timeout = 60 * OW_NS_PER_S, .random = ow_system_random};
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  ck_assert_msg(embedded != NULL, "%s", failure.text);
  struct ow_client *client = ow_client_create(&config, epoch);
  int descriptor = connect_to(ow_embedded_port(embedded));
  start_session(client, descriptor);
  double before = seconds();
  ow_embedded_stop(embedded);
  double took = seconds() - before;
  ck_assert_double_ge(took, 1.9);
  ck_assert_double_lt(took, 10);
  struct ow_client_event event = next_event(client, descriptor);
  ck_assert_int_eq(event.kind, OW_CLIENT_STOPPED);
  ck_assert_int_eq(event.accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(event.end_count, 1);
  ck_assert_uint_lt(event.ends[0].next_sequence, 240);
  ow_client_free(client);
  close(descriptor);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy/embedded");
  TCase *tests = tcase_create("embedded");
  tcase_add_checked_fixture(tests, set_up, NULL);
  tcase_add_test(tests, it_answers_and_ends);
  tcase_add_test(tests, it_reflects_whom_the_limits_list);
  tcase_add_loop_test(tests, who_comes_and_goes_is_logged_if_that_is_asked_for, 0, 2);
  tcase_add_test(tests, every_ipv6_address_is_every_address);
  tcase_add_test(tests, the_hosts_signals_stay_as_they_are);
  tcase_add_test(tests, keys_bring_the_keyed_modes);
  tcase_add_test(tests, what_cannot_work_is_refused);
  tcase_add_test(tests, a_port_that_is_taken_is_named);
  tcase_add_test(tests, who_does_not_answer_holds_the_host_no_longer_than_2_s);
  suite_add_tcase(suite, tests);
  return test_run(suite);
}
