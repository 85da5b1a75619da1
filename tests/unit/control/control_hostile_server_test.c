/* SPDX-License-Identifier: MIT */
/* Answers that are well-formed and can't be true: each breaks the connection, and none becomes a measurement.
 */
#include <check.h>
#include <string.h>

#include "support/machine.h"
#include "support/main.h"

enum { OURS = 1, ANOTHER = 2, NONE = 0 };

static struct ow_sid sid_of(uint8_t number)
{
  return number ? test_sid(number) : (struct ow_sid){0};
}

/* A session is asked for, whose SID is OURS where we receive; the server accepts it so. */
static struct ow_client_event accept_session(struct test_pair *pair, bool server_sends, uint16_t port,
                                             uint8_t sid)
{
  const struct ow_session_request request = test_request(server_sends, OURS);
  const struct ow_session_acceptance acceptance = {.port = port, .sid = sid_of(sid)};
  ck_assert_int_eq(ow_client_request_session(pair->client, test_at(0), &request, test_slots), OW_OK);
  test_server_expect(pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair->server, test_at(0), &acceptance), OW_OK);
  return test_client_next(pair);
}

static const struct {
  bool server_sends;
  uint16_t port;
  uint8_t sid;
  const char *piece;
} impossible[] = {
    {false, 0, ANOTHER, "port 0: test packets reach no such port"},
    {true, 0, OURS, "port 0: test packets leave from no such port"},
    {false, 9002, NONE, "brings no SID"},
    {true, 9002, ANOTHER, "another SID than the one we chose"},
};
enum { IMPOSSIBLE = sizeof impossible / sizeof *impossible };

START_TEST(an_acceptance_that_cannot_be_meant_is_a_protocol_error)
{
  for (int i = 0; i < IMPOSSIBLE; i++) {
    struct test_pair pair;
    test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
    struct ow_client_event event =
        accept_session(&pair, impossible[i].server_sends, impossible[i].port, impossible[i].sid);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_PROTOCOL, impossible[i].piece);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_server_that_sends_may_repeat_our_sid_or_leave_it_out)
{
  static const uint8_t sids[] = {OURS, NONE};
  for (size_t i = 0; i < sizeof sids; i++) {
    struct test_pair pair;
    test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
    ck_assert_int_eq(accept_session(&pair, true, 9002, sids[i]).kind, OW_CLIENT_SESSION);
    test_pair_close(&pair);
  }
}
END_TEST

/* Ours, or its own of before. */
START_TEST(a_sid_that_another_session_has_is_a_protocol_error)
{
  for (int ours = 0; ours < 2; ours++) {
    struct test_pair pair;
    test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
    ck_assert_int_eq(accept_session(&pair, ours, 9002, ours ? OURS : ANOTHER).kind, OW_CLIENT_SESSION);
    struct ow_client_event event = accept_session(&pair, false, 9003, ours ? OURS : ANOTHER);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_PROTOCOL, "the SID of another session");
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_refusal_needs_neither_port_nor_sid)
{
  struct test_pair pair;
  const struct ow_session_request request = test_request(false, OURS);
  const struct ow_session_acceptance refusal = {.accept = OW_ACCEPT_TEMPORARY_LIMIT};
  test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
  test_server_expect(&pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(0), &refusal), OW_OK);
  ck_assert_int_eq(test_client_expect(&pair, OW_CLIENT_SESSION).acceptance.accept, OW_ACCEPT_TEMPORARY_LIMIT);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_end_of_a_session_that_was_never_agreed_on_is_a_protocol_error)
{
  struct test_pair pair;
  struct ow_session_end end = {.sid = test_sid(ANOTHER), .next_sequence = 1};
  test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
  ck_assert_int_eq(accept_session(&pair, true, 9002, OURS).kind, OW_CLIENT_SESSION);
  test_start(&pair);
  ck_assert_int_eq(test_server_stop(pair.server, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
  struct ow_client_event event = test_client_next(&pair);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "a session that we never agreed on");
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_fetched_session_of_more_packets_than_it_was_to_have_is_a_protocol_error)
{
  struct test_pair pair;
  struct ow_session_request session = test_request(false, OURS);
  const struct ow_fetch_request asked = {.end = OW_FETCH_TO_END, .sid = test_sid(OURS)};
  const struct ow_fetch_ack ack = {.finished = true, .next_sequence = session.packets + 1};
  session.sid = asked.sid;
  test_client_at(&pair, test_modes[_i], OW_CLIENT_READY);
  ck_assert_int_eq(ow_client_fetch(pair.client, test_at(0), &asked), OW_OK);
  test_server_expect(&pair, OW_SERVER_FETCH);
  ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &ack, &session, test_slots, NULL), OW_OK);
  test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
  struct ow_client_event event = test_client_next(&pair);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "packets of a session of");
  test_pair_close(&pair);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control, hostile server");
  TEST_LOOP(suite, "answers", TEST_MODES, an_acceptance_that_cannot_be_meant_is_a_protocol_error,
            a_server_that_sends_may_repeat_our_sid_or_leave_it_out,
            a_sid_that_another_session_has_is_a_protocol_error, a_refusal_needs_neither_port_nor_sid,
            the_end_of_a_session_that_was_never_agreed_on_is_a_protocol_error,
            a_fetched_session_of_more_packets_than_it_was_to_have_is_a_protocol_error);
  return test_run(suite);
}
