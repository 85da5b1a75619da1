/* SPDX-License-Identifier: MIT */
/* Keys are derived off the loop by both sides, and whoever goes away meanwhile leaves nothing behind. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/client_connection.h"
#include "measure/probe.h"
#include "server/client_key.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/policy.h"

#define MS OW_NS_PER_MS
#define S OW_NS_PER_S
enum { HOST = 2, MOST = OW_SERVE_KEYS_MOST + 6 };

static struct ow_loop *loop;
static struct ow_serve *server;

/* A client that only sets up. */
struct caller {
  struct ow_peer peer;
  struct ow_client_connection control;
  unsigned set_up;
  unsigned broken;
  struct ow_failure failure;
};

static struct caller callers[MOST];

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  *sim_path(HOST) = (struct sim_path){.delay = {10 * MS, 5 * MS}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  server = sim_serve(loop, HOST, NULL, &test_policy, NULL);
}

static void hang_up(struct caller *caller)
{
  ow_client_connection_close(&caller->control);
  ow_peer_clear(&caller->peer);
}

static void drop_curtain(void)
{
  for (int i = 0; i < MOST; i++)
    if (callers[i].control.loop)
      hang_up(&callers[i]);
  ow_serve_free(server);
  sim_share_loop(NULL);
  ow_loop_free(loop);
  sim_end();
}

static void describe_peer(struct ow_peer *peer, const char *key_id)
{
  ow_peer_defaults(peer);
  snprintf(peer->host, sizeof peer->host, "127.0.0.%u", HOST);
  peer->packets = 10;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(10 * MS)};
  peer->slot_count = 1;
  peer->modes = OW_MODE_ENCRYPTED;
  test_policy_key(peer);
  if (key_id)
    snprintf(peer->key_id, sizeof peer->key_id, "%s", key_id);
}

static void on_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct caller *caller = control->context;
  caller->set_up += event->kind == OW_CLIENT_SET_UP;
  if (event->kind == OW_CLIENT_BROKEN) {
    caller->broken++;
    caller->failure = event->failure;
  }
}

/* `key_id`: NULL, the one that the server knows. */
static void call(struct caller *caller, const char *key_id)
{
  struct ow_failure failure;
  union ow_address to = {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000000 | HOST)}}};
  describe_peer(&caller->peer, key_id);
  to.v4.sin_port = htons(861);
  caller->control.event = on_event;
  caller->control.context = caller;
  ck_assert_int_eq(
      ow_client_connection_open(&caller->control, loop, &caller->peer, &to, NULL, 300 * S, &failure), OW_OK);
}

static enum ow_client_state state_of(const struct caller *caller)
{
  return ow_client_state(caller->control.client);
}

static void expect_quiet(const struct caller *caller)
{
  ck_assert_uint_eq(caller->set_up + caller->broken, 0);
}

START_TEST(both_sides_measure_with_keys_that_take_long)
{
  struct ow_peer peer;
  struct ow_probe_report report;
  sim_working = 700 * MS;
  describe_peer(&peer, NULL);
  ck_assert_msg(ow_probe_run(&peer, 60 * S, NULL, &report) == OW_OK, "%s", report.failure.text);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    ck_assert_uint_eq(report.directions[d].result.received, 10);
  ck_assert_uint_ge(sim_works_run, 2); /* a second connection may have asked for the records */
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}
END_TEST

/* It is nobody's silence but our own. */
START_TEST(a_client_whose_key_takes_too_long_says_so)
{
  struct ow_peer peer;
  struct ow_probe_report report;
  sim_working = 30 * S;
  describe_peer(&peer, NULL);
  ck_assert_int_eq(ow_probe_run(&peer, 5 * S, NULL, &report), OW_TIMEOUT);
  ck_assert_msg(strstr(report.failure.text, "raise the timeout") != NULL, "%s", report.failure.text);
  ck_assert_int_eq(report.step, OW_STEP_SETUP);
  ck_assert(!report.silent);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}
END_TEST

START_TEST(a_client_that_hangs_up_while_its_key_is_derived_is_not_told)
{
  sim_working = S;
  call(&callers[0], NULL);
  call(&callers[1], NULL);
  sim_run(loop, 500 * MS);
  ck_assert_int_eq(state_of(&callers[0]), OW_CLIENT_AWAIT_KEY); /* at work, */
  ck_assert_int_eq(state_of(&callers[1]), OW_CLIENT_AWAIT_KEY); /* and waiting */
  hang_up(&callers[0]);
  hang_up(&callers[1]);
  sim_run(loop, 60 * S);
  expect_quiet(&callers[0]);
  expect_quiet(&callers[1]);
  ck_assert_uint_eq(sim_works_run, 1);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
}
END_TEST

/* Their own keys are theirs at once; the server's work is still to come. */
static void call_all(unsigned count, const char *const key_ids[2])
{
  for (unsigned i = 0; i < count; i++)
    call(&callers[i], key_ids[i % 2]);
  for (int i = 0; i < 1000 && !(callers[count - 1].control.client &&
                                state_of(&callers[count - 1]) == OW_CLIENT_AWAIT_SERVER_START);
       i++)
    sim_run(loop, MS);
  for (unsigned i = 0; i < count; i++)
    ck_assert_int_eq(state_of(&callers[i]), OW_CLIENT_AWAIT_SERVER_START);
  ck_assert_uint_eq(sim_works_run, count);
  sim_working = 2 * S;
  sim_run(loop, S);
}

static const char *const known[2] = {NULL, NULL};

START_TEST(whoever_leaves_while_the_server_derives_is_gone_at_once)
{
  call_all(2, known);
  ck_assert_uint_eq(ow_serve_count(server).connections, 2);
  hang_up(&callers[0]);
  hang_up(&callers[1]);
  sim_run(loop, 100 * MS);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  sim_run(loop, 60 * S);
  ck_assert_uint_eq(sim_works_run, 3); /* the one that was under way */
}
END_TEST

START_TEST(a_server_that_ends_while_it_derives_leaves_nothing)
{
  call_all(2, known);
  ow_serve_free(server);
  server = NULL;
  sim_run(loop, 60 * S);
  ck_assert_uint_eq(callers[0].broken, 1);
  ck_assert_uint_eq(callers[1].broken, 1);
}
END_TEST

/* Known or not, whoever finds the queue full hears the same; the others hear what becomes of their key. */
START_TEST(a_full_queue_is_told_alike_to_known_and_unknown)
{
  static const char *const key_ids[2] = {NULL, "nobody"};
  enum { REFUSED = MOST - OW_SERVE_KEYS_MOST - 1 }; /* one is under way */
  unsigned refused[2] = {0};
  call_all(MOST, key_ids);
  for (unsigned i = 0; i < MOST; i++) {
    const struct caller *caller = &callers[i];
    ck_assert_uint_eq(caller->set_up, 0);
    refused[i % 2] += caller->broken;
    if (caller->broken)
      ck_assert_msg(strstr(caller->failure.text, "a temporary resource limit (Accept 5)") != NULL, "%s",
                    caller->failure.text);
  }
  ck_assert_uint_eq(refused[0] + refused[1], REFUSED);
  ck_assert_uint_gt(refused[0], 0);
  ck_assert_uint_gt(refused[1], 0);
  sim_run(loop, 200 * S);
  for (unsigned i = 0; i < MOST; i++) {
    ck_assert_uint_eq(callers[i].set_up + callers[i].broken, 1);
    if (i % 2)
      ck_assert_uint_eq(callers[i].broken, 1);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sim_keys");
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "client", both_sides_measure_with_keys_that_take_long,
                 a_client_whose_key_takes_too_long_says_so,
                 a_client_that_hangs_up_while_its_key_is_derived_is_not_told);
  TEST_CASE_WITH(
      raise_curtain, drop_curtain, suite, "server", whoever_leaves_while_the_server_derives_is_gone_at_once,
      a_server_that_ends_while_it_derives_leaves_nothing, a_full_queue_is_told_alike_to_known_and_unknown);
  return test_run_apart(suite);
}
