/* SPDX-License-Identifier: MIT */
/*
 * Streams and their Server on the simulated network, each allocation of either failing in turn: what comes
 * after is measured as if nothing had been, what suffered says so, and no packet is called lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_reflector.h"
#include "sim/sim_serve.h"
#include "stream/set.h"
#include "support/board.h"
#include "support/failing_memory.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/seed.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, INTERVALS = 16, SPOKEN = 4096 };
static const int64_t INTERVAL = 10 * OW_NS_PER_S;

static const char KEYS[] = "monitor 636f727265637420686f727365206261747465727920737461706c65\n";

static enum ow_mode mode;
static enum ow_protocol protocol;
static struct ow_loop *loop;
static struct ow_board *board;
static struct ow_stream_set set;
static struct ow_policy *policy;
static struct ow_serve_policy answers;
static struct ow_serve *server;
static char spoken[SPOKEN]; /* all that was logged and refused */

static void speak(const char *line)
{
  size_t length = strlen(spoken);
  snprintf(spoken + length, sizeof spoken - length, "%s\n", line);
}

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  if (level <= OW_LOG_INFO)
    speak(line);
}
static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_NOTICE};

/* ---- the stage, which is there before memory gets scarce ---- */

static void install_rules(void)
{
  struct ow_failure failure;
  struct ow_keys_file keys = {0};
  struct ow_limits limits = {0};
  char rules[128];
  /* Just what the sessions of two lanes take: whatever a failure doesn't give back is missed at once. A
   * reflector's claim none beforehand. */
  unsigned bandwidth = mode == OW_MODE_OPEN ? 4 * 336 : 4 * 608;
  int length = snprintf(rules, sizeof rules,
                        "limit root with bandwidth=%u, disk=1M, allow_open_mode=on\n"
                        "assign stamp 127.0.0.1 root\n",
                        ow_protocol_reflects(protocol) ? 1000000 : bandwidth);
  policy = ow_policy_create();
  ck_assert_int_eq(ow_key_file_parse("keys", KEYS, sizeof KEYS - 1, &keys, NULL, &failure), OW_OK);
  ck_assert_msg(ow_limits_parse("limits", rules, (size_t)length, &keys, &limits, NULL, &failure) == OW_OK,
                "%s", failure.text);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  answers = ow_policy_answers(policy);
}

static void raise_curtain(void)
{
  struct ow_failure failure;
  struct ow_serve_config config = sim_serve_config(HOST);
  sim_begin(1);
  sim_leaving = 50 * INT64_C(1000);
  spoken[0] = '\0';
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  board = ow_board_create(INTERVALS);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, &ears), OW_OK);
  install_rules();
  if (ow_protocol_reflects(protocol)) {
    snprintf(config.twamp_address, sizeof config.twamp_address, "%s", config.address);
    snprintf(config.twamp_port, sizeof config.twamp_port, "862");
    config.reflect_port = 862;
    config.most_reflections = 64;
  }
  server = sim_serve(loop, HOST, &config, &answers, &ears);
}

static void drop_curtain(void)
{
  ow_stream_set_close(&set);
  ow_serve_free(server);
  ow_policy_free(policy);
  ow_board_free(board);
  sim_end();
  ow_loop_free(loop);
}

static void add_stream(void)
{
  struct ow_stream_config config;
  struct ow_failure failure = {0};
  ow_stream_defaults(&config);
  config.interval = INTERVAL;
  snprintf(config.name, sizeof config.name, "peer");
  snprintf(config.peer.host, sizeof config.peer.host, "127.0.0.%u", HOST);
  snprintf(config.peer.port, sizeof config.peer.port, "%s", ow_protocol_port(protocol));
  config.peer.modes = mode;
  config.peer.protocol = protocol;
  test_policy_key(&config.peer);
  if (ow_stream_set_add(&set, &config, &failure) != OW_OK) {
    speak(failure.text);
    ck_assert_int_eq(ow_stream_set_add(&set, &config, &failure), OW_OK);
  }
}

/* ---- what it comes to ---- */

static uint32_t truly_sent(bool to_host, const struct ow_interval *interval)
{
  uint32_t count = 0;
  for (size_t i = 0; i < sim_packet_count; i++)
    count += sim_packets[i].to_host == to_host && ow_timestamp_after(sim_packets[i].sent, interval->begin) &&
             !ow_timestamp_after(sim_packets[i].sent, interval->end);
  return count;
}

/* But those before a session's schedule, of which one may fail for want of memory. */
static void assert_all_questions(const struct ow_interval *interval, const struct ow_result *result)
{
  enum { BEFORE = 2 };
  uint32_t left = truly_sent(true, interval);
  ck_assert_msg(result->received <= left && result->received + BEFORE >= left,
                "run %u, interval %u: %u answered of %u, and all is well", test_memory_run(),
                (unsigned)interval->number, result->received, left);
}

static bool measured_whole(const struct ow_interval *interval)
{
  bool whole = interval->status == OW_OK;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &interval->results[d];
    whole = whole && result->completeness == OW_RESULT_COMPLETE;
    ck_assert_msg(result->lost == 0, "run %u, interval %u: %u lost", test_memory_run(),
                  (unsigned)interval->number, result->lost);
    if (interval->status == OW_OK && protocol == OW_PROTOCOL_OWAMP)
      ck_assert_msg(result->received == truly_sent(d == OW_FORWARD, interval),
                    "run %u, interval %u: %u received of %u, and all is well", test_memory_run(),
                    (unsigned)interval->number, result->received, truly_sent(d == OW_FORWARD, interval));
    else if (interval->status == OW_OK)
      assert_all_questions(interval, result);
  }
  if (interval->status != OW_OK)
    speak(interval->reason);
  return whole;
}

static void assert_measured(void)
{
  struct ow_interval intervals[INTERVALS];
  size_t count = test_board_intervals(board, "peer", 0, intervals, INTERVALS);
  size_t whole = 0;
  ck_assert_msg(count >= 5, "run %u: only %zu intervals", test_memory_run(), count);
  for (size_t i = 0; i < count; i++) {
    bool is_whole = measured_whole(&intervals[i]);
    whole += is_whole;
    ck_assert_msg(is_whole || i < count - 2, "run %u, interval %u: %s", test_memory_run(),
                  (unsigned)intervals[i].number, intervals[i].reason);
  }
  ck_assert_msg(whole == count || strstr(spoken, "memory"), "run %u: nobody speaks of memory but: %s",
                test_memory_run(), spoken);
}

static void assert_all_given_back(void)
{
  /* Whom nobody tells of the end, a STAMP reflector, keeps a session for 15 minutes. */
  ow_stream_set_remove(&set, "peer");
  sim_run(loop, protocol == OW_PROTOCOL_STAMP ? 1000 * S : 60 * S);
  struct ow_serve_counts counts = ow_serve_count(server);
  ck_assert_uint_eq(counts.connections, 0);
  ck_assert_uint_eq(counts.sessions_running, 0);
  spoken[0] = '\0';
  ow_policy_log_use(policy, &ears, OW_LOG_NOTICE);
  ck_assert_msg(strstr(spoken, "class root: 0 bit/s"), "run %u: %s", test_memory_run(), spoken);
}

static void measure(void)
{
  test_memory_scarce(false);
  raise_curtain();
  test_memory_scarce(true);
  add_stream();
  sim_run(loop, 2 * INTERVAL + 5 * S);
  test_memory_scarce(false);
  sim_run(loop, 5 * INTERVAL);
  assert_measured();
  assert_all_given_back();
  drop_curtain();
}

START_TEST(a_stream_gets_over_a_lack_of_memory)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_ENCRYPTED};
  static const char *const names[] = {"a stream, open", "a stream, encrypted"};
  mode = modes[_i];
  test_memory_exhaust(names[_i], measure);
}
END_TEST

/* ---- a reflector ---- */

static void raise_reflector(struct sim_reflector *reflector)
{
  struct ow_failure failure;
  sim_begin(1);
  sim_leaving = 50 * INT64_C(1000);
  spoken[0] = '\0';
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  sim_reflect(HOST, reflector);
  loop = ow_loop_create(&failure);
  board = ow_board_create(INTERVALS);
  ck_assert_int_eq(ow_stream_set_open(&set, loop, board, &ears), OW_OK);
}

static void reflected_stream(void)
{
  static struct sim_reflector reflector;
  test_memory_scarce(false);
  reflector = (struct sim_reflector){.mode = OW_MODE_OPEN, .dwell = MS};
  raise_reflector(&reflector);
  test_memory_scarce(true);
  add_stream();
  sim_run(loop, 2 * INTERVAL + 5 * S);
  test_memory_scarce(false);
  sim_run(loop, 5 * INTERVAL);
  assert_measured();
  ow_stream_set_close(&set);
  ow_board_free(board);
  sim_end();
  ow_loop_free(loop);
}

START_TEST(so_does_a_stream_of_a_reflector)
{
  protocol = OW_PROTOCOL_STAMP;
  mode = OW_MODE_OPEN;
  test_memory_exhaust("a stream of a reflector", reflected_stream);
}
END_TEST

/* Its memory may be what is short: what was claimed for sessions is given back. */
START_TEST(so_does_a_stream_of_our_own_reflectors)
{
  static const struct {
    enum ow_protocol protocol;
    enum ow_mode mode;
    const char *name;
  } kinds[] = {{OW_PROTOCOL_STAMP, OW_MODE_OPEN, "a stream of our STAMP reflector"},
               {OW_PROTOCOL_TWAMP, OW_MODE_OPEN, "a stream of our TWAMP server"},
               {OW_PROTOCOL_TWAMP, OW_MODE_ENCRYPTED, "a stream of our TWAMP server, encrypted"}};
  protocol = kinds[_i].protocol;
  mode = kinds[_i].mode;
  test_memory_exhaust(kinds[_i].name, measure);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams without memory");
  test_seed();
  TEST_LOOP(suite, "stream", 2, a_stream_gets_over_a_lack_of_memory);
  TEST_CASE(suite, "reflector", so_does_a_stream_of_a_reflector);
  TEST_LOOP(suite, "our reflectors", 3, so_does_a_stream_of_our_own_reflectors);
  return test_run(suite);
}
