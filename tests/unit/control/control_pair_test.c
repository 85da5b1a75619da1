/* SPDX-License-Identifier: MIT */
/* Our client against our server, in every mode: whole conversations, and each way to say no. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "control/stop_list.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/memory_held.h"

static const struct ow_session_end *no_ends = NULL;

/* ---- set-up ---- */

START_TEST(both_sides_know_the_mode_after_set_up)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_mode(pair.client), test_modes[_i]);
  ck_assert_int_eq(ow_server_mode(pair.server), test_modes[_i]);
  ck_assert_uint_eq(ow_client_modes_offered(pair.client), test_modes[_i]);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_client_learns_when_the_server_came_up)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_uint_eq(ow_client_server_start_time(pair.client).ntp, test_at(-3600).wall.ntp);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_server_learns_whose_key_it_was)
{
  struct test_pair pair;
  test_pair_prepare(&pair, test_modes[_i]);
  test_pair_create(&pair);
  ck_assert_int_eq(test_client_next(&pair).kind, OW_CLIENT_NOTHING);
  struct ow_server_event event = test_server_expect(&pair, OW_SERVER_SET_UP);
  ck_assert_str_eq(event.key_id, test_modes[_i] == OW_MODE_OPEN ? "" : TEST_KEY_ID);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_strongest_common_mode_is_taken)
{
  static const struct {
    uint32_t client;
    uint32_t server;
    enum ow_mode taken;
  } cases[] = {
      {OW_MODES_ALL, OW_MODES_ALL, OW_MODE_ENCRYPTED},
      {OW_MODES_ALL, OW_MODE_OPEN | OW_MODE_AUTHENTICATED, OW_MODE_AUTHENTICATED},
      {OW_MODE_OPEN | OW_MODE_AUTHENTICATED, OW_MODES_ALL, OW_MODE_AUTHENTICATED},
      {OW_MODES_ALL, OW_MODE_OPEN, OW_MODE_OPEN},
      {OW_MODE_OPEN, OW_MODES_ALL, OW_MODE_OPEN},
      {OW_MODES_ALL, OW_MODES_ALL | 8, OW_MODE_ENCRYPTED},
  };
  struct test_pair pair;
  test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
  pair.client_config.modes = cases[_i].client;
  pair.server_config.modes = cases[_i].server;
  test_pair_create(&pair);
  test_set_up(&pair);
  ck_assert_int_eq(ow_client_mode(pair.client), cases[_i].taken);
  test_pair_close(&pair);
}
END_TEST

static const enum ow_accept refusals[] = {OW_ACCEPT_FAILURE, OW_ACCEPT_INTERNAL_ERROR,
                                          OW_ACCEPT_NOT_SUPPORTED, OW_ACCEPT_PERMANENT_LIMIT,
                                          OW_ACCEPT_TEMPORARY_LIMIT};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

/* A keyed client reads Accept 1 as "wrong key": servers say no more than that. */
START_TEST(a_refused_set_up_ends_both_sides)
{
  for (int i = 0; i < REFUSALS; i++) {
    struct test_pair pair;
    bool key = test_modes[_i] != OW_MODE_OPEN && refusals[i] == OW_ACCEPT_FAILURE;
    test_server_at(&pair, test_modes[_i], OW_SERVER_DECIDE_SETUP);
    ck_assert_int_eq(ow_server_set_up(pair.server, test_at(0), refusals[i]), OW_OK);
    struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, key ? OW_AUTH : OW_REFUSED, ow_accept_text(refusals[i]));
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_FAILED);
    ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_FAILED);
    test_pair_close(&pair);
  }
}
END_TEST

/* ---- sessions ---- */

static void check_request(const struct ow_server_event *event, const struct ow_session_request *asked)
{
  uint8_t got[OW_REQUEST_SESSION];
  uint8_t expected[OW_REQUEST_SESSION];
  ow_session_request_encode(event->request, got);
  ow_session_request_encode(asked, expected);
  ck_assert_mem_eq(got, expected, sizeof got);
  ck_assert_int_eq(event->slots[0].kind, test_slots[0].kind);
  ck_assert_uint_eq(event->slots[1].parameter.ntp, test_slots[1].parameter.ntp);
}

START_TEST(a_request_arrives_as_it_was_asked)
{
  for (int server_sends = 0; server_sends <= 1; server_sends++) {
    struct test_pair pair;
    struct ow_session_request request = test_request(server_sends, 7);
    test_pair_open(&pair, test_modes[_i]);
    ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
    struct ow_server_event event = test_server_expect(&pair, OW_SERVER_REQUEST);
    check_request(&event, &request);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(an_acceptance_arrives_as_it_was_given)
{
  struct test_pair pair;
  struct ow_session_acceptance acceptance = {.port = 65535, .sid = test_sid(9)};
  test_server_at(&pair, test_modes[_i], OW_SERVER_DECIDE_SESSION);
  ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(0), &acceptance), OW_OK);
  struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_SESSION);
  ck_assert_int_eq(event.acceptance.accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(event.acceptance.port, 65535);
  ck_assert_mem_eq(event.acceptance.sid.octets, acceptance.sid.octets, OW_SID);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_longest_schedule_arrives_whole)
{
  struct test_pair pair;
  static struct ow_slot slots[OW_SLOTS_MOST];
  struct ow_session_request request = test_request(false, 1);
  for (uint32_t i = 0; i < OW_SLOTS_MOST; i++)
    slots[i] = (struct ow_slot){.kind = i % 3 ? OW_SLOT_FIXED : OW_SLOT_EXPONENTIAL, .parameter = {i + 1}};
  request.slot_count = OW_SLOTS_MOST;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, slots), OW_OK);
  struct ow_server_event event = test_server_expect(&pair, OW_SERVER_REQUEST);
  for (uint32_t i = 0; i < OW_SLOTS_MOST; i++) {
    ck_assert_int_eq(event.slots[i].kind, slots[i].kind);
    ck_assert_uint_eq(event.slots[i].parameter.ntp, i + 1);
  }
  test_pair_close(&pair);
}
END_TEST

/* One slot more than is run, and several parts more; both sides go on, with the HMACs right. */
START_TEST(a_schedule_that_is_too_long_is_read_past_and_answered)
{
  static const uint32_t counts[] = {OW_SLOTS_MOST + 1, 3 * OW_SLOTS_MOST, 3 * OW_SLOTS_MOST + 7};
  static struct ow_slot slots[3 * OW_SLOTS_MOST + 7];
  struct test_pair pair;
  struct ow_session_request request = test_request(false, 1);
  test_pair_open(&pair, test_modes[_i]);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    const struct ow_session_acceptance denial = {.accept = OW_ACCEPT_PERMANENT_LIMIT};
    request.slot_count = counts[i];
    ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, slots), OW_OK);
    struct ow_server_event event = test_server_expect(&pair, OW_SERVER_REQUEST);
    ck_assert_uint_eq(event.request->slot_count, counts[i]);
    ck_assert_ptr_null(event.slots);
    ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(0), &denial), OW_OK);
    ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_SESSION).acceptance.accept,
                     OW_ACCEPT_PERMANENT_LIMIT);
  }
  request.slot_count = 1;
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
  ck_assert_ptr_nonnull(test_server_expect(&pair, OW_SERVER_REQUEST).slots);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_denied_session_leaves_both_sides_ready)
{
  for (int i = 0; i < REFUSALS; i++) {
    struct test_pair pair;
    struct ow_session_acceptance denial = {.accept = refusals[i]};
    test_server_at(&pair, test_modes[_i], OW_SERVER_DECIDE_SESSION);
    ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(0), &denial), OW_OK);
    ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_SESSION).acceptance.accept, refusals[i]);
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_READY);
    ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_READY);
    test_pair_close(&pair);
  }
}
END_TEST

static void deny_session(struct test_pair *pair, bool server_sends)
{
  struct ow_session_request request = test_request(server_sends, 3);
  struct ow_session_acceptance denial = {.accept = OW_ACCEPT_TEMPORARY_LIMIT};
  ck_assert_int_eq(ow_client_request_session(pair->client, test_at(0), &request, test_slots), OW_OK);
  test_server_expect(pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair->server, test_at(0), &denial), OW_OK);
  test_client_expect(pair, OW_CLIENT_SESSION);
}

START_TEST(a_denied_session_is_not_expected_in_stop_sessions)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  deny_session(&pair, false);
  deny_session(&pair, true);
  test_start(&pair);
  ck_assert_int_eq(ow_client_stop_sessions(pair.client, test_at(0), OW_ACCEPT_OK, no_ends, 0), OW_OK);
  ck_assert_uint_eq(test_server_expect(&pair, OW_SERVER_STOP).end_count, 0);
  ck_assert_int_eq(test_server_stop(pair.server, test_at(0), OW_ACCEPT_OK, no_ends, 0), OW_OK);
  ck_assert_uint_eq(test_client_expect(&pair, OW_CLIENT_STOPPED).end_count, 0);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_denied_start_can_be_asked_again)
{
  for (int i = 0; i < REFUSALS; i++) {
    struct test_pair pair;
    test_server_at(&pair, test_modes[_i], OW_SERVER_DECIDE_START);
    ck_assert_int_eq(ow_server_answer_start(pair.server, test_at(0), refusals[i]), OW_OK);
    ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_STARTED).accept, refusals[i]);
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_READY);
    ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_READY);
    test_start(&pair);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(both_sides_derive_the_same_test_keys)
{
  static const struct ow_keys zero;
  struct test_pair pair;
  struct ow_keys client;
  struct ow_keys server;
  struct ow_keys other;
  struct ow_sid sid = test_sid(1);
  struct ow_sid other_sid = test_sid(2);
  bool open = test_modes[_i] == OW_MODE_OPEN;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_test_keys(pair.client, &sid, &client), OW_OK);
  ck_assert_int_eq(ow_server_test_keys(pair.server, &sid, &server), OW_OK);
  ck_assert_int_eq(ow_server_test_keys(pair.server, &other_sid, &other), OW_OK);
  ck_assert_mem_eq(&client, &server, sizeof client);
  ck_assert(open == (memcmp(&client, &other, sizeof client) == 0));
  ck_assert(open == (memcmp(&client, &zero, sizeof client) == 0));
  test_pair_close(&pair);
}
END_TEST

/* ---- stop ---- */

static void client_stops(struct test_pair *pair, const struct ow_session_end *ends, uint32_t count)
{
  ck_assert_int_eq(ow_client_stop_sessions(pair->client, test_at(0), OW_ACCEPT_OK, ends, count), OW_OK);
}

static void server_stops(struct test_pair *pair, const struct ow_session_end *ends, uint32_t count)
{
  ck_assert_int_eq(test_server_stop(pair->server, test_at(0), OW_ACCEPT_OK, ends, count), OW_OK);
}

static void both_ready(const struct test_pair *pair)
{
  ck_assert_int_eq(ow_client_state(pair->client), OW_CLIENT_READY);
  ck_assert_int_eq(ow_server_state(pair->server), OW_SERVER_READY);
  ck_assert_int_eq(ow_client_deadline(pair->client), OW_NEVER);
  ck_assert_int_eq(ow_server_deadline(pair->server), test_at(TEST_IDLE_SECONDS).monotonic);
}

START_TEST(the_client_may_stop_first)
{
  struct test_pair pair;
  struct ow_session_end sent = test_end(1, NULL, 0);
  struct ow_session_end received = test_end(2, NULL, 0);
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  client_stops(&pair, &sent, 1);
  ck_assert_mem_eq(test_server_expect(&pair, OW_SERVER_STOP).ends[0].sid.octets, sent.sid.octets, OW_SID);
  ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_DECIDE_STOP);
  server_stops(&pair, &received, 1);
  ck_assert_mem_eq(test_client_expect(&pair, OW_CLIENT_STOPPED).ends[0].sid.octets, received.sid.octets,
                   OW_SID);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_server_may_stop_first)
{
  struct test_pair pair;
  struct ow_session_end sent = test_end(1, NULL, 0);
  struct ow_session_end received = test_end(2, NULL, 0);
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  server_stops(&pair, &received, 1);
  test_client_expect(&pair, OW_CLIENT_STOPPED);
  ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_STOP_OWED);
  client_stops(&pair, &sent, 1);
  test_server_expect(&pair, OW_SERVER_STOP);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

START_TEST(stops_may_cross)
{
  struct test_pair pair;
  struct ow_session_end sent = test_end(1, NULL, 0);
  struct ow_session_end received = test_end(2, NULL, 0);
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  server_stops(&pair, &received, 1);
  client_stops(&pair, &sent, 1);
  test_client_expect(&pair, OW_CLIENT_STOPPED);
  test_server_expect(&pair, OW_SERVER_STOP);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

/* Each side says its own when the other's has come in part: what came must not be lost. */
START_TEST(a_stop_may_cross_one_that_has_come_in_part)
{
  enum { LAST_OCTET = 1 };
  struct test_pair pair;
  struct ow_session_end sent = test_end(1, NULL, 0);
  struct ow_session_end received = test_end(2, NULL, 0);
  size_t from_server;
  size_t from_client;
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  server_stops(&pair, &received, 1);
  uint8_t *server_said = test_take(ow_server_output(pair.server), &from_server);
  ck_assert_int_eq(test_client_feed(pair.client, server_said, from_server - LAST_OCTET).kind,
                   OW_CLIENT_NOTHING);
  client_stops(&pair, &sent, 1);
  uint8_t *client_said = test_take(ow_client_output(pair.client), &from_client);
  ck_assert_int_eq(test_server_feed(pair.server, client_said, from_client - LAST_OCTET).kind,
                   OW_SERVER_NOTHING);
  ck_assert_int_eq(test_client_feed(pair.client, server_said + from_server - LAST_OCTET, LAST_OCTET).kind,
                   OW_CLIENT_STOPPED);
  ck_assert_int_eq(test_server_feed(pair.server, client_said + from_client - LAST_OCTET, LAST_OCTET).kind,
                   OW_SERVER_STOP);
  both_ready(&pair);
  free(server_said);
  free(client_said);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_server_may_stop_when_the_clients_stop_has_come_in_part)
{
  struct test_pair pair;
  struct ow_session_end sent = test_end(1, NULL, 0);
  struct ow_session_end received = test_end(2, NULL, 0);
  size_t octets;
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  client_stops(&pair, &sent, 1);
  uint8_t *said = test_take(ow_client_output(pair.client), &octets);
  ck_assert_int_eq(test_server_feed(pair.server, said, octets / 2).kind, OW_SERVER_NOTHING);
  server_stops(&pair, &received, 1);
  ck_assert_int_eq(test_server_feed(pair.server, said + octets / 2, octets - octets / 2).kind,
                   OW_SERVER_STOP);
  test_client_expect(&pair, OW_CLIENT_STOPPED);
  both_ready(&pair);
  free(said);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_stop_with_a_failure_says_so)
{
  struct test_pair pair;
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  ck_assert_int_eq(test_server_stop(pair.server, test_at(0), OW_ACCEPT_INTERNAL_ERROR, no_ends, 0), OW_OK);
  ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_STOPPED).accept, OW_ACCEPT_INTERNAL_ERROR);
  ck_assert_int_eq(ow_client_stop_sessions(pair.client, test_at(0), OW_ACCEPT_FAILURE, no_ends, 0), OW_OK);
  ck_assert_int_eq(test_server_expect(&pair, OW_SERVER_STOP).accept, OW_ACCEPT_FAILURE);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

static void check_end(const struct ow_session_end *got, const struct ow_session_end *expected)
{
  ck_assert_mem_eq(got->sid.octets, expected->sid.octets, OW_SID);
  ck_assert_uint_eq(got->next_sequence, expected->next_sequence);
  ck_assert_uint_eq(got->skip_ranges, expected->skip_ranges);
  if (expected->skip_ranges)
    ck_assert_mem_eq(got->skipped, expected->skipped, expected->skip_ranges * sizeof *expected->skipped);
  else
    ck_assert_ptr_null(got->skipped);
}

START_TEST(skip_ranges_arrive_in_both_directions)
{
  static const uint32_t counts[] = {0, 1, 2, 3, 4, 1000, OW_MAX_SKIP_RANGES - 1, OW_MAX_SKIP_RANGES};
  struct ow_skip_range *ranges = test_ranges(OW_MAX_SKIP_RANGES);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    struct test_pair pair;
    struct ow_session_end sent = test_end(1, ranges, counts[i]);
    struct ow_session_end received = test_end(2, ranges, counts[i]);
    test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
    client_stops(&pair, &sent, 1);
    check_end(test_server_expect(&pair, OW_SERVER_STOP).ends, &sent);
    server_stops(&pair, &received, 1);
    check_end(test_client_expect(&pair, OW_CLIENT_STOPPED).ends, &received);
    both_ready(&pair);
    test_pair_close(&pair);
  }
  free(ranges);
}
END_TEST

enum { MANY = 5 };

START_TEST(many_sessions_with_different_skips_stop_together)
{
  struct test_pair pair;
  struct ow_skip_range *ranges = test_ranges(MANY);
  struct ow_session_end sent[MANY];
  struct ow_session_end received[MANY];
  test_pair_open(&pair, test_modes[_i]);
  for (uint8_t i = 0; i < MANY; i++) {
    test_session(&pair, false, (uint8_t)(10 + i));
    test_session(&pair, true, (uint8_t)(20 + i));
    sent[i] = test_end((uint8_t)(10 + i), ranges, i);
    received[i] = test_end((uint8_t)(20 + i), ranges, (uint32_t)(MANY - 1 - i));
  }
  test_start(&pair);
  client_stops(&pair, sent, MANY);
  struct ow_server_event at_server = test_server_expect(&pair, OW_SERVER_STOP);
  server_stops(&pair, received, MANY);
  struct ow_client_event at_client = test_client_expect(&pair, OW_CLIENT_STOPPED);
  ck_assert_uint_eq(at_server.end_count, MANY);
  ck_assert_uint_eq(at_client.end_count, MANY);
  for (size_t i = 0; i < MANY; i++) {
    check_end(&at_server.ends[i], &sent[i]);
    check_end(&at_client.ends[i], &received[i]);
  }
  free(ranges);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_second_round_of_sessions_runs_like_the_first)
{
  struct test_pair pair;
  struct ow_session_end sent = test_end(3, NULL, 0);
  struct ow_session_end received[] = {test_end(4, NULL, 0), test_end(5, NULL, 0)};
  struct ow_session_end first_sent = test_end(1, NULL, 0);
  struct ow_session_end first_received = test_end(2, NULL, 0);
  test_client_at(&pair, test_modes[_i], OW_CLIENT_RUNNING);
  client_stops(&pair, &first_sent, 1);
  server_stops(&pair, &first_received, 1);
  test_server_expect(&pair, OW_SERVER_STOP);
  test_client_expect(&pair, OW_CLIENT_STOPPED);
  test_session(&pair, false, 3);
  test_session(&pair, true, 4);
  test_session(&pair, true, 5);
  test_start(&pair);
  server_stops(&pair, received, 2);
  ck_assert_uint_eq(test_client_expect(&pair, OW_CLIENT_STOPPED).end_count, 2);
  client_stops(&pair, &sent, 1);
  check_end(test_server_expect(&pair, OW_SERVER_STOP).ends, &sent);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

/* ---- fetch ---- */

static void ask_fetch(struct test_pair *pair)
{
  struct ow_fetch_request fetch = {.begin = 17, .end = 42, .sid = test_sid(1)};
  ck_assert_int_eq(ow_client_fetch(pair->client, test_at(0), &fetch), OW_OK);
  struct ow_fetch_request got = test_server_expect(pair, OW_SERVER_FETCH).fetch;
  ck_assert_uint_eq(got.begin, 17);
  ck_assert_uint_eq(got.end, 42);
  ck_assert_mem_eq(got.sid.octets, fetch.sid.octets, OW_SID);
}

static void check_record(const struct ow_sample *got, const struct ow_sample *expected)
{
  ck_assert_uint_eq(got->sequence, expected->sequence);
  ck_assert_uint_eq(got->sent.ntp, expected->sent.ntp);
  ck_assert_uint_eq(got->received.ntp, expected->received.ntp);
  ck_assert_uint_eq(got->send_error.bits, expected->send_error.bits);
  ck_assert_uint_eq(got->receive_error.bits, expected->receive_error.bits);
  ck_assert_uint_eq(got->ttl, expected->ttl);
}

static void expect_records(struct test_pair *pair, uint32_t records)
{
  uint32_t seen = 0;
  struct ow_client_event event = test_client_next(pair);
  for (; event.kind == OW_CLIENT_FETCH_RECORDS; event = test_client_next(pair))
    for (uint32_t i = 0; i < event.record_count; i++, seen++) {
      struct ow_sample expected = test_record(seen);
      check_record(&event.records[i], &expected);
    }
  ck_assert_int_eq(event.kind, OW_CLIENT_FETCHED);
  ck_assert_uint_eq(seen, records);
}

static void expect_session(struct test_pair *pair, const struct ow_skip_range *ranges, uint32_t count)
{
  struct ow_client_event event = test_client_expect(pair, OW_CLIENT_FETCH_SESSION);
  ck_assert_mem_eq(event.request->sid.octets, test_sid(1).octets, OW_SID);
  ck_assert_uint_eq(event.request->slot_count, 2);
  ck_assert_uint_eq(event.slots[1].parameter.ntp, test_slots[1].parameter.ntp);
  ck_assert_uint_eq(event.fetch_ack.skip_ranges, count);
  if (count)
    ck_assert_mem_eq(event.skipped, ranges, count * sizeof *ranges);
}

static void fetch(struct test_pair *pair, uint32_t records, const struct ow_skip_range *ranges,
                  uint32_t count)
{
  ask_fetch(pair);
  test_answer_fetch(pair, records, ranges, count);
  struct ow_client_event event = test_client_expect(pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_OK);
  ck_assert(event.fetch_ack.finished);
  ck_assert_uint_eq(event.fetch_ack.records, records);
  expect_session(pair, ranges, count);
  expect_records(pair, records);
  both_ready(pair);
}

static const uint32_t record_counts[] = {0, 1, 15, 16, 17, 159, 160, 161, 320, 5000};
enum { RECORD_COUNTS = sizeof record_counts / sizeof *record_counts };

START_TEST(a_fetch_brings_all_records)
{
  for (size_t i = 0; i < RECORD_COUNTS; i++) {
    struct test_pair pair;
    test_pair_open(&pair, test_modes[_i]);
    fetch(&pair, record_counts[i], NULL, 0);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_fetch_brings_all_skip_ranges)
{
  static const uint32_t counts[] = {1, 2, 3, OW_MAX_SKIP_RANGES};
  struct ow_skip_range *ranges = test_ranges(OW_MAX_SKIP_RANGES);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    struct test_pair pair;
    test_pair_open(&pair, test_modes[_i]);
    fetch(&pair, 7, ranges, counts[i]);
    test_pair_close(&pair);
  }
  free(ranges);
}
END_TEST

START_TEST(fetches_may_follow_each_other)
{
  struct test_pair pair;
  struct ow_skip_range *ranges = test_ranges(3);
  test_pair_open(&pair, test_modes[_i]);
  fetch(&pair, 161, ranges, 3);
  fetch(&pair, 0, NULL, 0);
  fetch(&pair, 20, ranges, 1);
  free(ranges);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_denied_fetch_leaves_both_sides_ready)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  for (int i = 0; i < REFUSALS; i++) {
    struct ow_fetch_ack denial = {.accept = refusals[i]};
    ask_fetch(&pair);
    ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &denial, NULL, NULL, NULL), OW_OK);
    ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_FETCH_ACK).fetch_ack.accept, refusals[i]);
    both_ready(&pair);
  }
  fetch(&pair, 5, NULL, 0);
  test_pair_close(&pair);
}
END_TEST

START_TEST(an_unfinished_session_is_fetched_as_such)
{
  struct test_pair pair;
  struct ow_session_request request = test_request(false, 1);
  struct ow_fetch_ack ack = {.finished = false, .next_sequence = 12};
  request.sid = test_sid(1);
  test_pair_open(&pair, test_modes[_i]);
  ask_fetch(&pair);
  ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &ack, &request, test_slots, NULL), OW_OK);
  struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
  ck_assert(!event.fetch_ack.finished);
  ck_assert_uint_eq(event.fetch_ack.next_sequence, 12);
  test_pair_close(&pair);
}
END_TEST

/* A server that never comes to an end: it costs time, which the owner limits, and no memory. */
START_TEST(any_number_of_records_is_read_a_chunk_at_a_time)
{
  enum { CHUNK = 640, CHUNKS = 200, SETTLED = 2 };
  struct test_pair pair;
  struct ow_session_request request = test_request(false, 1);
  struct ow_fetch_ack ack = {.finished = true, .next_sequence = 1, .records = UINT32_MAX};
  struct ow_sample record = test_record(0);
  size_t held = 0;
  request.sid = test_sid(1);
  test_pair_open(&pair, test_modes[_i]);
  ask_fetch(&pair);
  ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &ack, &request, test_slots, NULL), OW_OK);
  ck_assert_uint_eq(test_client_expect(&pair, OW_CLIENT_FETCH_ACK).fetch_ack.records, UINT32_MAX);
  test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
  for (int i = 0; i < CHUNKS; i++) {
    for (int j = 0; j < CHUNK; j++)
      ck_assert_int_eq(ow_server_fetch_record(pair.server, test_at(0), &record), OW_OK);
    ck_assert_uint_eq(test_client_expect(&pair, OW_CLIENT_FETCH_RECORDS).record_count, CHUNK);
    if (i == SETTLED)
      held = test_memory_held();
  }
  ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_FETCHING);
  ck_assert_uint_le(test_memory_held(), held);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_fetch_of_another_session_breaks_the_client)
{
  struct test_pair pair;
  struct ow_fetch_request fetch = {.end = OW_FETCH_TO_END, .sid = test_sid(200)};
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_fetch(pair.client, test_at(0), &fetch), OW_OK);
  test_server_expect(&pair, OW_SERVER_FETCH);
  test_answer_fetch(&pair, 1, NULL, 0);
  test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
  struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "not the one that was asked for");
  test_pair_close(&pair);
}
END_TEST

/* ---- octets and their bounds ---- */

/* All there is, handed over octet by octet in both directions. */
START_TEST(a_whole_conversation_passes_octet_by_octet)
{
  struct test_pair pair;
  struct ow_skip_range *ranges = test_ranges(5);
  struct ow_session_end sent = test_end(1, ranges, 5);
  struct ow_session_end received = test_end(2, ranges, 4);
  test_pair_prepare(&pair, test_modes[_i]);
  test_pair_create(&pair);
  pair.piece = 1;
  test_set_up(&pair);
  test_session(&pair, false, 1);
  test_session(&pair, true, 2);
  test_start(&pair);
  client_stops(&pair, &sent, 1);
  check_end(test_server_expect(&pair, OW_SERVER_STOP).ends, &sent);
  server_stops(&pair, &received, 1);
  check_end(test_client_expect(&pair, OW_CLIENT_STOPPED).ends, &received);
  fetch(&pair, 170, ranges, 3);
  free(ranges);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_fetch_that_nobody_takes_reaches_the_limit)
{
  enum { TOO_MANY = 60000 };
  struct test_pair pair;
  struct ow_session_request request = test_request(false, 1);
  struct ow_fetch_ack ack = {.finished = true, .records = TOO_MANY};
  struct ow_sample record = test_record(0);
  enum ow_status status = OW_OK;
  test_server_at(&pair, test_modes[_i], OW_SERVER_DECIDE_FETCH);
  ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &ack, &request, test_slots, NULL), OW_OK);
  while (status == OW_OK && ow_server_fetch_left(pair.server))
    status = ow_server_fetch_record(pair.server, test_at(0), &record);
  ck_assert_int_eq(status, OW_LIMIT);
  ck_assert_uint_gt(ow_server_fetch_left(pair.server), 0);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_stop_that_is_too_long_reaches_the_limit_for_good)
{
  enum { TOO_MANY = 9 };
  struct test_pair pair;
  struct ow_session_end ends[TOO_MANY];
  struct ow_skip_range *ranges = test_ranges(OW_MAX_SKIP_RANGES);
  for (size_t i = 0; i < TOO_MANY; i++)
    ends[i] = test_end(1, ranges, OW_MAX_SKIP_RANGES);
  test_client_at(&pair, test_modes[_i], OW_CLIENT_STOP_OWED);
  ck_assert_int_eq(ow_client_stop_sessions(pair.client, test_at(0), OW_ACCEPT_OK, ends, TOO_MANY), OW_LIMIT);
  ck_assert_int_eq(ow_client_start_sessions(pair.client, test_at(0)), OW_LIMIT);
  struct ow_client_event event = test_client_feed(pair.client, "", 1);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_LIMIT, "what is to be sent");
  free(ranges);
  test_pair_close(&pair);
}
END_TEST

static bool contains(const uint8_t *octets, size_t count, const void *piece, size_t length)
{
  return memmem(octets, count, piece, length) != NULL;
}

START_TEST(a_protected_request_shows_nothing_of_itself)
{
  struct test_pair pair;
  struct ow_session_request request = test_request(true, 2);
  size_t count;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  ck_assert_uint_eq(count % OW_BLOCK, 0);
  ck_assert(contains(octets, count, request.sid.octets, OW_SID) == (test_modes[_i] == OW_MODE_OPEN));
  free(octets);
  test_pair_close(&pair);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_pair");
  TEST_LOOP(suite, "set-up", TEST_MODES, both_sides_know_the_mode_after_set_up,
            the_client_learns_when_the_server_came_up, the_server_learns_whose_key_it_was,
            a_refused_set_up_ends_both_sides);
  TEST_LOOP(suite, "modes", 6, the_strongest_common_mode_is_taken);
  TEST_LOOP(suite, "sessions", TEST_MODES, a_request_arrives_as_it_was_asked,
            an_acceptance_arrives_as_it_was_given, the_longest_schedule_arrives_whole,
            a_schedule_that_is_too_long_is_read_past_and_answered, a_denied_session_leaves_both_sides_ready,
            a_denied_session_is_not_expected_in_stop_sessions, a_denied_start_can_be_asked_again,
            both_sides_derive_the_same_test_keys);
  TEST_LOOP(suite, "stop", TEST_MODES, the_client_may_stop_first, the_server_may_stop_first, stops_may_cross,
            a_stop_may_cross_one_that_has_come_in_part,
            a_server_may_stop_when_the_clients_stop_has_come_in_part, a_stop_with_a_failure_says_so,
            skip_ranges_arrive_in_both_directions, many_sessions_with_different_skips_stop_together,
            a_second_round_of_sessions_runs_like_the_first);
  TEST_LOOP(suite, "fetch", TEST_MODES, a_fetch_brings_all_records, a_fetch_brings_all_skip_ranges,
            fetches_may_follow_each_other, a_denied_fetch_leaves_both_sides_ready,
            an_unfinished_session_is_fetched_as_such, any_number_of_records_is_read_a_chunk_at_a_time,
            the_fetch_of_another_session_breaks_the_client);
  TEST_LOOP(suite, "octets", TEST_MODES, a_whole_conversation_passes_octet_by_octet,
            a_fetch_that_nobody_takes_reaches_the_limit, a_stop_that_is_too_long_reaches_the_limit_for_good,
            a_protected_request_shows_nothing_of_itself);
  return test_run(suite);
}
