/* SPDX-License-Identifier: MIT */
/*
 * A Server's start and its sessions, each allocation failing in turn: what was claimed is given back once,
 * and a class with a limit accepts as before. (The whole conversation: stream/sim_memory_test.c.)
 */
#include <stdio.h>
#include <string.h>

#include "policy/policy.h"
#include "server/kept_sessions.h"
#include "server/server.h"
#include "support/failing_memory.h"
#include "support/main.h"
#include "support/policy.h"
#include "support/serving.h"

enum { PACKETS = 50 };

static bool sends;  /* the server */
static bool shared; /* one port */
static struct test_serving serving;
static const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(1) << 32}}; /* 1 s */

/* ---- a policy with room for one session ---- */

static struct ow_policy *policy;

static void install_limit(void)
{
  static const char text[] = "limit root with bandwidth=500, disk=2000, allow_open_mode=on\n";
  struct ow_failure failure;
  struct ow_keys_file keys = {0};
  struct ow_limits limits = {0};
  policy = ow_policy_create();
  ck_assert_int_eq(ow_limits_parse("limits", text, sizeof text - 1, &keys, &limits, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  serving.policy = ow_policy_answers(policy);
  serving.client.mode = OW_MODE_OPEN;
  ck_assert_uint_ne(serving.policy.admit(policy, &serving.client, &failure), 0);
}

static struct ow_serve_session *ask(struct ow_session_acceptance *acceptance, struct ow_failure *why)
{
  struct ow_session_request request = test_serving_request(sends, PACKETS);
  const union ow_address address = ow_address_from_endpoint(&request.sender, NULL);
  const struct ow_serve_asked asked = {.request = &request,
                                       .slots = &slot,
                                       .client = &serving.client,
                                       .machine = serving.pair.server,
                                       .local = address,
                                       .remote = address};
  return ow_serve_session_open(&serving.common, &asked, acceptance, &serving.lack, why);
}

static void expect_accepted(void)
{
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {.text = ""};
  struct ow_serve_session *session = ask(&acceptance, &why);
  ck_assert_msg(session != NULL, "run %u, afterwards: %s", test_memory_run(), why.text);
  ow_serve_session_drop(session);
}

static void a_session(void)
{
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {.text = ""};
  struct ow_serve_kept_sessions kept;
  test_memory_scarce(false);
  test_serving_open(&serving);
  install_limit();
  if (shared)
    test_serving_share_port(&serving);
  ow_serve_kept_prepare(&kept, &serving.common);
  test_memory_scarce(true);
  struct ow_serve_session *session = ask(&acceptance, &why);
  test_memory_scarce(false);
  if (session) {
    ow_serve_session_drop(session);
  } else {
    ck_assert_int_eq(acceptance.accept, OW_ACCEPT_INTERNAL_ERROR);
    ck_assert_msg(strstr(why.text, "no memory"), "run %u: %s", test_memory_run(), why.text);
  }
  expect_accepted();
  expect_accepted();
  serving.policy.leave(policy, &serving.client);
  test_serving_close(&serving);
  ow_policy_free(policy);
}

START_TEST(a_class_with_a_limit_accepts_after_a_session_had_no_memory)
{
  sends = _i % 2;
  shared = _i / 2;
  test_memory_exhaust(sends ? "a session that the server sends" : "a session that it receives", a_session);
}
END_TEST

/* ---- records ---- */

static void records(void)
{
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {.text = ""};
  test_memory_scarce(false);
  sends = false;
  test_serving_open(&serving);
  struct ow_serve_session *session = ask(&acceptance, &why);
  struct ow_serve_kept_sessions kept;
  ow_serve_kept_prepare(&kept, &serving.common);
  session->running = true;
  ck_assert(ow_serve_keep(&kept, session));
  test_memory_scarce(true);
  test_serving_stop(session);
  const struct ow_receiver *receiver = session->receiver->receiver;
  /* What fails last only gives memory back, and may. */
  ck_assert_int_eq(ow_receiver_knows_all(receiver), ow_receiver_samples(receiver)->count == PACKETS);
  ck_assert(test_memory_failed() || ow_receiver_knows_all(receiver));
  test_memory_scarce(false);
  ow_serve_kept_clear(&kept);
  ow_serve_session_drop(session);
  test_serving_close(&serving);
}

START_TEST(a_lack_of_memory_for_records_is_known)
{
  test_memory_exhaust("records of losses", records);
}
END_TEST

/* ---- life ---- */

static uint16_t shared_port;

static void a_start(void)
{
  struct ow_serve_config config;
  struct ow_failure failure = {.text = ""};
  test_memory_scarce(false);
  struct ow_loop *loop = ow_loop_create(&failure);
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.1");
  snprintf(config.port, sizeof config.port, "0");
  if (shared)
    config.test_port_low = config.test_port_high = shared_port;
  test_memory_scarce(true);
  struct ow_serve *server = ow_serve_create(loop, &config, &test_policy, NULL, &failure);
  test_memory_scarce(false);
  if (!server)
    ck_assert_msg(failure.status == OW_MEMORY && strstr(failure.text, "memory"), "run %u: %s",
                  test_memory_run(), failure.text);
  ck_assert_int_eq(server == NULL, test_memory_failed());
  ow_serve_free(server);
  ow_loop_free(loop);
}

/* A port that was free a moment ago. */
static uint16_t find_port(void)
{
  uint16_t port;
  test_serving_open(&serving);
  port = test_serving_share_port(&serving);
  test_serving_close(&serving);
  return port;
}

START_TEST(a_server_without_memory_does_not_start)
{
  shared = _i;
  test_memory_scarce(false);
  shared_port = find_port();
  test_memory_exhaust("a server's start", a_start);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server without memory");
  TEST_LOOP(suite, "sessions", 4, a_class_with_a_limit_accepts_after_a_session_had_no_memory);
  TEST_CASE(suite, "records", a_lack_of_memory_for_records_is_known);
  TEST_LOOP(suite, "life", 2, a_server_without_memory_does_not_start);
  return test_run(suite);
}
