/* SPDX-License-Identifier: MIT */
/* A Server and its control connections: how they begin, and all the ways in which they end. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/server.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/serving.h"

enum {
  GREETING = 64,
  SERVER_START = 48,
  ACCEPT_SESSION = 48,
  START_ACK = 32,
  FETCH_ACK = 32,
  STOP_SESSIONS = 32,
  MODES_AT = 12,
  MANY = 200
};

static struct ow_loop *loop;
static struct ow_serve *server;
static struct ow_serve_policy policy;
static struct ow_serve_config config;
static uint32_t modes;
static enum ow_accept identifies;
static unsigned left;
static unsigned told[OW_LOG_DEBUG + 1]; /* lines of each level */
static char last_told[OW_LOG_DEBUG + 1][512];

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  told[level]++;
  snprintf(last_told[level], sizeof last_told[level], "%s", line);
}

static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_DEBUG};

/* Of all that is told by default there was one line, such a one. */
static void expect_one_line(enum ow_log_level level, const char *piece)
{
  for (int l = OW_LOG_ERROR; l <= OW_LOG_NOTICE; l++)
    ck_assert_msg(told[l] == (l == (int)level), "%u lines of level %d, the last: %s", told[l], l,
                  last_told[l]);
  ck_assert_msg(strstr(last_told[level], piece) != NULL, "%s", last_told[level]);
}

/* ---- a Server whose policy counts those who left ---- */

static uint32_t admit(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context, (void)client, (void)why;
  return modes;
}

static enum ow_accept identify(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context, (void)client, (void)why;
  return identifies;
}

static void leave(void *context, const struct ow_serve_client *client)
{
  (void)context, (void)client;
  left++;
}

static void prepare(void)
{
  modes = OW_MODES_ALL;
  identifies = OW_ACCEPT_OK;
  left = 0;
  memset(told, 0, sizeof told);
  policy = test_policy;
  policy.admit = admit;
  policy.identify = identify;
  policy.leave = leave;
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.1");
  snprintf(config.port, sizeof config.port, "0");
}

static void start(void)
{
  struct ow_failure failure;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  server = ow_serve_create(loop, &config, &policy, &ears, &failure);
  ck_assert_ptr_nonnull(server);
}

static void stop(void)
{
  ow_serve_free(server);
  ow_loop_free(loop);
}

static void on_slice(struct ow_timer *timer)
{
  (void)timer;
  ow_loop_stop(loop);
}

/* Run the Server until `done`; fails the test if that takes 10 s. */
static void run_until(bool (*done)(void))
{
  struct ow_failure failure;
  for (int i = 0; i < 1000 && !done(); i++) {
    struct ow_timer slice = {.expired = on_slice};
    ow_timer_set(loop, &slice, ow_loop_now(loop).monotonic + 10 * OW_NS_PER_MS);
    ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  }
  ck_assert(done());
}

static void run_for_a_moment(void)
{
  struct ow_failure failure;
  struct ow_timer slice = {.expired = on_slice};
  ow_timer_set(loop, &slice, ow_loop_now(loop).monotonic + 20 * OW_NS_PER_MS);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

static unsigned wanted; /* of what the next ones wait for */

static bool so_many_are_connected(void)
{
  return ow_serve_count(server).connections == wanted;
}

static void run_until_connected(unsigned connections)
{
  wanted = connections;
  run_until(so_many_are_connected);
}

static bool so_many_have_left(void)
{
  return left == wanted;
}

static void run_until_left(unsigned clients)
{
  wanted = clients;
  run_until(so_many_have_left);
}

static bool so_many_are_agreed(void)
{
  return ow_serve_count(server).sessions_total == wanted;
}

static bool so_many_are_refused(void)
{
  return ow_serve_count(server).refused_total == wanted;
}

static bool so_many_sessions_run(void)
{
  return ow_serve_count(server).sessions_running == wanted;
}

/* ---- clients ---- */

/* From 127.0.0.NUMBER. */
static int call_from(uint8_t number)
{
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK - 1 + number)}};
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(ow_serve_port(server))};
  ck_assert_int_ge(client, 0);
  ck_assert_int_eq(bind(client, (const struct sockaddr *)&own, sizeof own), 0);
  ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
  return client;
}

static int call(void)
{
  return call_from(1);
}

static void say(int client, const void *octets, size_t count)
{
  ck_assert_int_eq(send(client, octets, count, MSG_NOSIGNAL), (ssize_t)count);
}

static size_t heard(int client, uint8_t *octets, size_t room)
{
  ssize_t count = recv(client, octets, room, MSG_DONTWAIT);
  return count > 0 ? (size_t)count : 0;
}

/* It has been told `count` octets, and then the Server closed. */
static void expect_closed_after(int client, size_t count)
{
  uint8_t octets[4096];
  struct timeval patience = {.tv_sec = 10};
  ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  ck_assert_uint_eq(count ? heard(client, octets, sizeof octets) : 0, count);
  ck_assert_int_eq(recv(client, octets, sizeof octets, 0), 0);
  close(client);
}

/* What a client says in open mode, from its first octet on; its answers come from a pair of machines. */
struct speech {
  struct test_pair pair;
  uint8_t octets[8192];
  size_t count;
  uint8_t requests;
};

static void note(struct speech *speech)
{
  const struct ow_buffer *said = ow_client_output(speech->pair.client);
  size_t count = ow_buffer_length(said);
  ck_assert_uint_le(speech->count + count, sizeof speech->octets);
  memcpy(speech->octets + speech->count, ow_buffer_head(said), count);
  speech->count += count;
}

static void speak_set_up(struct speech *speech)
{
  speech->count = 0;
  speech->requests = 0;
  test_pair_prepare(&speech->pair, OW_MODE_OPEN);
  test_pair_create(&speech->pair);
  ck_assert_int_eq(test_client_next(&speech->pair).kind, OW_CLIENT_NOTHING);
  note(speech);
  test_server_expect(&speech->pair, OW_SERVER_SET_UP);
  ck_assert_int_eq(ow_server_set_up(speech->pair.server, test_at(0), OW_ACCEPT_OK), OW_OK);
  test_client_expect(&speech->pair, OW_CLIENT_SET_UP);
}

static void speak_fetch(struct speech *speech)
{
  const struct ow_fetch_request request = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  const struct ow_fetch_ack refusal = {.accept = OW_ACCEPT_FAILURE};
  ck_assert_int_eq(ow_client_fetch(speech->pair.client, test_at(0), &request), OW_OK);
  note(speech);
  test_server_expect(&speech->pair, OW_SERVER_FETCH);
  ck_assert_int_eq(ow_server_begin_fetch(speech->pair.server, test_at(0), &refusal, NULL, NULL, NULL), OW_OK);
  test_client_expect(&speech->pair, OW_CLIENT_FETCH_ACK);
}

static void speak_this_request(struct speech *speech, struct ow_session_request request)
{
  static const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(1) << 19}}; /* 0.12 ms */
  struct ow_sid own = test_sid(++speech->requests);
  const struct ow_session_acceptance acceptance = {.port = 9002,
                                                   .sid = request.server_sends ? request.sid : own};
  ck_assert_int_eq(ow_client_request_session(speech->pair.client, test_at(0), &request, &slot), OW_OK);
  note(speech);
  test_server_expect(&speech->pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(speech->pair.server, test_at(0), &acceptance), OW_OK);
  test_client_expect(&speech->pair, OW_CLIENT_SESSION);
}

static void speak_request(struct speech *speech, bool server_sends)
{
  speak_this_request(speech, test_serving_request(server_sends, 5));
}

static void speak_start(struct speech *speech)
{
  ck_assert_int_eq(ow_client_start_sessions(speech->pair.client, test_at(0)), OW_OK);
  note(speech);
}

/* ---- tests ---- */

START_TEST(who_is_not_admitted_hears_that_we_do_not_talk)
{
  uint8_t greeting[GREETING];
  prepare();
  modes = 0;
  start();
  int client = call();
  run_until_left(1);
  ck_assert_int_eq(recv(client, greeting, sizeof greeting, MSG_PEEK), GREETING);
  ck_assert_mem_eq(greeting + MODES_AT, "\0\0\0\0", 4);
  expect_closed_after(client, GREETING);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  ck_assert_uint_eq(ow_serve_count(server).refused_total, 1);
  expect_one_line(OW_LOG_NOTICE, ": turned away: ");
  stop();
}
END_TEST

START_TEST(connections_are_bounded)
{
  prepare();
  config.most_connections = 1;
  start();
  int first = call();
  run_until_connected(1);
  int second = call();
  run_until_left(1);
  expect_closed_after(second, GREETING);
  ck_assert_uint_eq(ow_serve_count(server).connections, 1);
  close(first);
  run_until_left(2);
  int third = call();
  run_until_connected(1);
  ck_assert_uint_eq(ow_serve_count(server).refused_total, 1);
  close(third);
  stop();
}
END_TEST

START_TEST(who_says_nothing_on_many_makes_room_for_another)
{
  int silent[3];
  prepare();
  config.most_connections = 4;
  start();
  for (int i = 0; i < 3; i++)
    silent[i] = call();
  run_until_connected(3);
  int fourth = call(); /* the last quarter is others' */
  run_until_left(1);
  expect_closed_after(fourth, GREETING);
  int others[] = {call_from(2), call_from(3)};
  run_until_left(2);
  expect_closed_after(silent[0], GREETING);
  run_until_connected(4);
  ck_assert_uint_eq(ow_serve_count(server).refused_total, 1);
  close(silent[1]);
  close(silent[2]);
  run_until_connected(2);
  close(others[0]);
  close(others[1]);
  stop();
}
END_TEST

START_TEST(who_breaks_the_protocol_is_left)
{
  uint8_t nonsense[4096];
  memset(nonsense, 0xff, sizeof nonsense);
  prepare();
  start();
  int client = call();
  say(client, nonsense, sizeof nonsense);
  run_until_left(1);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  expect_one_line(OW_LOG_WARNING,
                  ": connection ended: the client chose mode 4294967295, which was not offered");
  close(client);
  stop();
}
END_TEST

START_TEST(who_is_not_identified_is_told_so)
{
  static struct speech speech;
  prepare();
  identifies = OW_ACCEPT_FAILURE;
  speak_set_up(&speech);
  start();
  int client = call();
  say(client, speech.octets, speech.count);
  run_until_left(1);
  expect_closed_after(client, GREETING + SERVER_START);
  ck_assert_uint_eq(ow_serve_count(server).refused_total, 1);
  ck_assert_uint_eq(told[OW_LOG_WARNING], 1);
  ck_assert_uint_eq(told[OW_LOG_NOTICE], 0);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

/* A reset, which is what closing without reading comes to as well. */
static void reset(int client)
{
  const struct linger at_once = {.l_onoff = 1};
  ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  close(client);
}

/* 0: it had nothing yet; 1: a session was refused, and that has its line; 2: its session runs. */
START_TEST(a_reset_is_told_by_what_it_ends)
{
  static struct speech speech;
  prepare();
  speak_set_up(&speech);
  if (_i > 0)
    speak_request(&speech, false);
  if (_i > 1)
    speak_start(&speech);
  test_policy_claims = _i == 1 ? OW_ACCEPT_TEMPORARY_LIMIT : OW_ACCEPT_OK;
  start();
  int client = call();
  say(client, speech.octets, speech.count);
  wanted = 1;
  run_until(_i == 1 ? so_many_are_refused : _i == 2 ? so_many_sessions_run : so_many_are_connected);
  run_for_a_moment();
  reset(client);
  run_until_left(1);
  static const char line[] = ": connection ended: Connection reset by peer";
  if (_i == 1)
    expect_one_line(OW_LOG_NOTICE, ": session refused with a temporary resource limit (Accept 5): ");
  else if (_i == 2)
    expect_one_line(OW_LOG_NOTICE, line);
  else
    ck_assert_uint_eq(told[OW_LOG_NOTICE] + told[OW_LOG_WARNING] + told[OW_LOG_ERROR], 0);
  if (_i < 2)
    ck_assert_msg(strstr(last_told[_i == 1 ? OW_LOG_DEBUG : OW_LOG_INFO], line) != NULL, "%s",
                  last_told[OW_LOG_DEBUG]);
  test_policy_claims = OW_ACCEPT_OK;
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

START_TEST(a_silent_client_is_left)
{
  prepare();
  config.control_timeout = 20 * OW_NS_PER_MS;
  start();
  int client = call();
  run_until_left(1);
  expect_closed_after(client, GREETING);
  expect_one_line(OW_LOG_WARNING,
                  ": connection ended: the client was silent for 0.02 s where we waited for its "
                  "Set-Up-Response");
  stop();
}
END_TEST

static int listener;
static size_t listened;
static size_t to_hear;
static uint8_t answers[65536];

static bool so_much_is_heard(void)
{
  listened += heard(listener, answers + listened, sizeof answers - listened);
  return listened >= to_hear;
}

/* So many octets are the listener's `answers`, and no more. */
static void hear(size_t octets)
{
  listened = 0;
  to_hear = octets;
  run_until(so_much_is_heard);
  ck_assert_uint_eq(listened, octets);
}

/* All at once in its socket, one event a turn. */
START_TEST(every_command_of_many_is_answered)
{
  static struct speech speech;
  prepare();
  speak_set_up(&speech);
  size_t set_up = speech.count;
  speak_fetch(&speech);
  start();
  listener = call();
  say(listener, speech.octets, speech.count);
  for (int i = 0; i < MANY; i++)
    say(listener, speech.octets + set_up, speech.count - set_up);
  hear(GREETING + SERVER_START + (MANY + 1) * FETCH_ACK);
  close(listener);
  run_until_left(1);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

/*
 * What was started can be fetched still, what was not is gone. Of what the Server sent nothing had left, and
 * of what never came to it nobody knows whether it was sent: there are no records.
 */
START_TEST(sessions_end_with_their_connection)
{
  static struct speech speech;
  bool starts = _i;
  prepare();
  speak_set_up(&speech);
  speak_request(&speech, false);
  speak_request(&speech, true);
  if (starts)
    speak_start(&speech);
  start();
  int client = call();
  say(client, speech.octets, speech.count);
  wanted = 2;
  run_until(so_many_sessions_run);
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, 2);
  close(client);
  run_until_left(1);
  struct ow_serve_counts counts = ow_serve_count(server);
  ck_assert_uint_eq(counts.connections, 0);
  ck_assert_uint_eq(counts.sessions_running, 0);
  ck_assert_uint_eq(counts.sessions_total, 2);
  ck_assert_uint_eq(counts.sessions_kept, starts);
  ck_assert_uint_eq(counts.records, 0);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

static void speak_stop(struct speech *speech, const struct ow_session_end *ends, uint32_t count)
{
  test_server_expect(&speech->pair, OW_SERVER_START_ASKED);
  ck_assert_int_eq(ow_server_answer_start(speech->pair.server, test_at(0), OW_ACCEPT_OK), OW_OK);
  test_client_expect(&speech->pair, OW_CLIENT_STARTED);
  ck_assert_int_eq(ow_client_stop_sessions(speech->pair.client, test_at(0), OW_ACCEPT_OK, ends, count),
                   OW_OK);
  note(speech);
}

static void speak_stop_of_all(struct speech *speech)
{
  struct ow_session_end ends[UINT8_MAX];
  for (uint8_t i = 0; i < speech->requests; i++)
    ends[i] = (struct ow_session_end){.sid = test_sid((uint8_t)(i + 1))};
  speak_stop(speech, ends, speech->requests);
  test_server_expect(&speech->pair, OW_SERVER_STOP);
  ck_assert_int_eq(test_server_stop(speech->pair.server, test_at(0), OW_ACCEPT_OK, NULL, 0), OW_OK);
  test_client_expect(&speech->pair, OW_CLIENT_STOPPED);
}

/* More than are started or ended in one turn; 0: they are stopped, and what comes after is heard then; 1: the
 * client vanishes; 2: the server ends. */
START_TEST(many_sessions_of_one_connection_start_and_end_in_parts)
{
  enum { SESSIONS = 40 };
  static struct speech speech;
  struct ow_session_request request = test_serving_request(false, 5);
  request.start = ow_timestamp_plus(request.start, 2 * 3600 * OW_NS_PER_S); /* they run until then */
  prepare();
  speak_set_up(&speech);
  for (int i = 0; i < SESSIONS; i++)
    speak_this_request(&speech, request);
  speak_start(&speech);
  size_t started = speech.count;
  speak_stop_of_all(&speech);
  size_t stopped = speech.count;
  speak_fetch(&speech);
  start();
  listener = call();
  say(listener, speech.octets, started);
  wanted = SESSIONS;
  run_until(so_many_sessions_run);
  hear(GREETING + SERVER_START + SESSIONS * ACCEPT_SESSION + START_ACK);
  say(listener, speech.octets + started, (_i == 0 ? speech.count : stopped) - started);
  if (_i == 1)
    close(listener);
  wanted = 0;
  if (_i < 2)
    run_until(so_many_sessions_run);
  if (_i == 0) {
    hear(STOP_SESSIONS + FETCH_ACK);
  }
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, SESSIONS);
  stop();
  ck_assert_uint_eq(left, 1);
  if (_i != 1)
    close(listener);
  test_pair_close(&speech.pair);
}
END_TEST

static void on_drained(struct ow_completion *drained)
{
  (void)drained;
}

/* Its sessions, which we send, are described in their order, and none has begun. */
static void expect_stop_of(const uint8_t *octets, const struct speech *speech)
{
  struct ow_stop_sessions stop;
  ow_stop_sessions_decode(octets, &stop);
  ck_assert_int_eq(octets[0], OW_COMMAND_STOP_SESSIONS);
  ck_assert_int_eq(stop.accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(stop.sessions, speech->requests);
  for (uint8_t i = 0; i < speech->requests; i++) {
    struct ow_session_end end;
    struct ow_sid sid = test_sid((uint8_t)(i + 1));
    ow_session_end_decode(octets + OW_STOP_SESSIONS + i * ow_session_end_octets(0), &end);
    ck_assert_mem_eq(&end.sid, &sid, sizeof sid);
    ck_assert_uint_eq(end.next_sequence, 0);
    ck_assert_uint_eq(end.skip_ranges, 0);
  }
}

/* More than are described in one turn. 0: the client stops them, and what it says besides is heard after
 * that; 1: the Server takes leave, while the client's own Stop-Sessions is under way. */
START_TEST(how_far_many_sessions_got_is_told_in_parts)
{
  enum { SESSIONS = 40 };
  static struct speech speech;
  const size_t told_octets = STOP_SESSIONS + SESSIONS * ow_session_end_octets(0);
  struct ow_completion drained = {.run = on_drained};
  struct ow_session_end ends[SESSIONS];
  struct ow_session_request request = test_serving_request(true, 5);
  request.start = ow_timestamp_plus(request.start, 2 * 3600 * OW_NS_PER_S); /* they run until then */
  prepare();
  speak_set_up(&speech);
  for (uint8_t i = 0; i < SESSIONS; i++) {
    request.sid = test_sid((uint8_t)(i + 1));
    ends[i] = (struct ow_session_end){.sid = request.sid};
    speak_this_request(&speech, request);
  }
  speak_start(&speech);
  size_t started = speech.count;
  speak_stop(&speech, NULL, 0);
  size_t stopped = speech.count;
  test_server_expect(&speech.pair, OW_SERVER_STOP);
  ck_assert_int_eq(test_server_stop(speech.pair.server, test_at(0), OW_ACCEPT_OK, ends, SESSIONS), OW_OK);
  test_client_expect(&speech.pair, OW_CLIENT_STOPPED);
  speak_fetch(&speech);
  start();
  listener = call();
  say(listener, speech.octets, started);
  wanted = SESSIONS;
  run_until(so_many_sessions_run);
  hear(GREETING + SERVER_START + SESSIONS * ACCEPT_SESSION + START_ACK);
  if (_i == 1)
    ow_serve_drain(server, 10 * OW_NS_PER_S, &drained);
  say(listener, speech.octets + started, (_i == 0 ? speech.count : stopped) - started);
  wanted = 0;
  run_until(so_many_sessions_run);
  hear(told_octets + (_i == 0 ? FETCH_ACK : 0));
  expect_stop_of(answers, &speech);
  if (_i == 1)
    run_until_left(1);
  stop();
  close(listener);
  test_pair_close(&speech.pair);
}
END_TEST

START_TEST(a_server_is_freed_with_all_that_runs)
{
  static struct speech speech;
  prepare();
  speak_set_up(&speech);
  speak_request(&speech, false);
  speak_request(&speech, true);
  speak_start(&speech);
  start();
  int clients[] = {call(), call(), call()};
  say(clients[0], speech.octets, speech.count);
  say(clients[1], speech.octets, speech.count);
  wanted = 4;
  run_until(so_many_sessions_run);
  run_until_connected(3);
  stop();
  ck_assert_uint_eq(left, 3);
  for (int i = 0; i < 3; i++)
    close(clients[i]);
  test_pair_close(&speech.pair);
}
END_TEST

/* Each asks for 100,000 packets and sends none: 149 of them once filled the Server for good. */
START_TEST(sessions_that_have_ended_reserve_nothing)
{
  enum { SESSIONS = 400 };
  static struct speech speech;
  struct ow_session_request request = test_serving_request(false, 100000);
  request.start = ow_timestamp_plus(request.start, 2 * 3600 * OW_NS_PER_S); /* in an hour */
  prepare();
  speak_set_up(&speech);
  speak_this_request(&speech, request);
  speak_start(&speech);
  start();
  for (unsigned i = 0; i < SESSIONS; i++) {
    int client = call();
    say(client, speech.octets, speech.count);
    wanted = 1;
    run_until(so_many_sessions_run);
    ck_assert_uint_ge(ow_serve_count(server).records, 100000);
    close(client);
    run_until_left(i + 1);
    ck_assert_uint_eq(ow_serve_count(server).records, 0);
  }
  ck_assert_uint_eq(ow_serve_count(server).sessions_total, SESSIONS);
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, SESSIONS);
  ck_assert_uint_eq(ow_serve_count(server).refused_total, 0);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

/* As many results as may be kept, and all too young: the next session waits. */
START_TEST(results_are_not_driven_out_at_once)
{
  static struct speech speech;
  prepare();
  config.most_sessions_kept = 2;
  speak_set_up(&speech);
  speak_request(&speech, false);
  speak_start(&speech);
  start();
  for (unsigned i = 0; i < 3; i++) {
    int client = call();
    say(client, speech.octets, speech.count);
    run_until_connected(1);
    wanted = i < 2 ? i + 1 : 1;
    run_until(i < 2 ? so_many_are_agreed : so_many_are_refused);
    close(client);
    run_until_left(i + 1);
  }
  ck_assert_uint_eq(ow_serve_count(server).sessions_kept, 2);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

/* ---- leaving while a client fetches ---- */

enum { SID_AT = 4, STOP_SID_AT = 16, LOST = 400000, RECORD = 25 };

static struct ow_completion left_all;
static bool has_left_all;
static size_t fetched;

static void on_left_all(struct ow_completion *completion)
{
  (void)completion;
  has_left_all = true;
}

static bool a_session_is_kept(void)
{
  struct ow_serve_counts counts = ow_serve_count(server);
  return counts.sessions_kept == 1 && counts.sessions_running == 0;
}

/* Only now does the client read. */
static bool is_fetched_and_left(void)
{
  static uint8_t octets[65536];
  size_t count;
  while ((count = heard(listener, octets, sizeof octets)) > 0)
    fetched += count;
  return has_left_all;
}

static void fetch_the_rest(void)
{
  static uint8_t octets[65536];
  struct timeval patience = {.tv_sec = 10};
  ssize_t count;
  ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  while ((count = recv(listener, octets, sizeof octets, 0)) > 0)
    fetched += (size_t)count;
  ck_assert_int_eq(count, 0);
}

static void say_fetch(int client, const uint8_t sid[OW_SID])
{
  struct ow_fetch_request request = {.end = OW_FETCH_TO_END};
  uint8_t octets[OW_FETCH_SESSION + OW_HMAC] = {0};
  memcpy(request.sid.octets, sid, OW_SID);
  ow_fetch_request_encode(&request, octets);
  say(client, octets, sizeof octets);
}

/* A client that fetches more records than the sockets hold between them, and doesn't read: the Server waits.
 */
static void begin_slow_fetch(struct speech *speech)
{
  uint8_t said[GREETING + SERVER_START + ACCEPT_SESSION];
  const int fixed = 200000; /* or it would grow as need be */
  speak_set_up(speech);
  speak_this_request(speech, test_serving_request(false, LOST));
  size_t until_request = speech->count;
  speak_start(speech);
  const struct ow_session_end end = {.sid = test_sid(1), .next_sequence = LOST};
  size_t until_stop = speech->count;
  speak_stop(speech, &end, 1);
  start();
  listener = call();
  fetched = 0;
  ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &fixed, sizeof fixed), 0);
  say(listener, speech->octets, until_request);
  wanted = 1;
  run_until(so_many_sessions_run);
  ck_assert_int_eq(recv(listener, said, sizeof said, MSG_WAITALL), sizeof said);
  memcpy(speech->octets + until_stop + STOP_SID_AT, said + GREETING + SERVER_START + SID_AT, OW_SID);
  say(listener, speech->octets + until_request, speech->count - until_request);
  run_until(a_session_is_kept);
  say_fetch(listener, said + GREETING + SERVER_START + SID_AT);
  run_for_a_moment();
}

START_TEST(a_fetch_that_is_under_way_is_finished)
{
  static struct speech speech;
  prepare();
  has_left_all = false;
  left_all.run = on_left_all;
  begin_slow_fetch(&speech);
  ow_serve_drain(server, 30 * OW_NS_PER_S, &left_all);
  run_for_a_moment();
  ck_assert(!has_left_all);
  run_until(is_fetched_and_left);
  fetch_the_rest(); /* that the kernel has taken */
  ck_assert_uint_gt(fetched, (size_t)LOST * RECORD);
  ck_assert_uint_eq(left, 1);
  close(listener);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

START_TEST(whoever_takes_nothing_of_what_it_fetches_is_left)
{
  static struct speech speech;
  prepare();
  config.control_timeout = OW_NS_PER_S;
  begin_slow_fetch(&speech);
  ck_assert_uint_eq(left, 0);
  run_until_left(1);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  close(listener);
  test_pair_close(&speech.pair);
  stop();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_connection");
  TEST_CASE(suite, "admission", who_is_not_admitted_hears_that_we_do_not_talk, connections_are_bounded,
            who_says_nothing_on_many_makes_room_for_another);
  TEST_CASE(suite, "ends", who_breaks_the_protocol_is_left, who_is_not_identified_is_told_so,
            a_silent_client_is_left, a_server_is_freed_with_all_that_runs);
  TEST_LOOP(suite, "resets", 3, a_reset_is_told_by_what_it_ends);
  TEST_CASE(suite, "commands", every_command_of_many_is_answered);
  TEST_CASE(suite, "leave", a_fetch_that_is_under_way_is_finished,
            whoever_takes_nothing_of_what_it_fetches_is_left);
  TEST_LOOP(suite, "many sessions", 3, many_sessions_of_one_connection_start_and_end_in_parts);
  TEST_LOOP(suite, "told", 2, how_far_many_sessions_got_is_told_in_parts);
  TEST_LOOP(suite, "sessions", 2, sessions_end_with_their_connection);
  TEST_CASE(suite, "room", sessions_that_have_ended_reserve_nothing, results_are_not_driven_out_at_once);
  return test_run(suite);
}
