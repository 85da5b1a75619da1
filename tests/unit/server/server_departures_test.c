/* SPDX-License-Identifier: MIT */
/* What the Server sent: its departures are reserved, kept, handed over to whom they belong, and given back.
 */
#include "server/fetch_answer.h"
#include "support/main.h"
#include "support/serving.h"

enum { FEW = 80, HELD = FEW / 8, BESIDE = FEW / 2 / 4, MANY = 50000 };

static struct test_serving serving;
static struct ow_serve_kept_sessions kept;
static struct ow_serve_fetch fetch;
static struct ow_failure failure;

static void set_up(void)
{
  test_serving_open(&serving);
  serving.departures = true;
  ow_serve_kept_prepare(&kept, &serving.common);
  fetch = (struct ow_serve_fetch){0};
}

static void tear_down(void)
{
  ow_serve_fetch_abandon(&fetch, serving.pair.server);
  ow_serve_kept_clear(&kept);
  test_serving_close(&serving);
}

static int32_t offset_of(uint32_t sequence)
{
  return (int32_t)sequence * 3 - 7;
}

/* One of `packets`, of which all that are even have left, as their kernel says. */
static struct ow_serve_session *run_one(uint32_t packets, uint8_t sid)
{
  struct ow_session_request request = test_serving_request(true, packets);
  request.sid = test_sid(sid);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(ow_serve_keep(&kept, session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  for (uint32_t i = 0; i < packets; i += 2)
    ow_departures_note_offset(&session->sender->departures, i, offset_of(i));
  return session;
}

/* Its connection is through with it. */
static struct ow_serve_session *end(struct ow_serve_session *session, uint32_t sent)
{
  ow_serve_session_end(session, NULL);
  session->next_sequence = sent;
  ow_serve_session_drop(session);
  return session;
}

static struct ow_fetch_ack ask(uint8_t sid, uint32_t begin, uint32_t last, bool departures)
{
  const struct ow_fetch_request request = {begin, last, test_sid(sid), departures};
  ck_assert_int_eq(ow_client_fetch(serving.pair.client, test_at(0), &request), OW_OK);
  struct ow_server_event event = test_server_expect(&serving.pair, OW_SERVER_FETCH);
  ck_assert_int_eq(
      ow_serve_fetch_answer(&fetch, &kept, serving.pair.server, &serving.client, &event.fetch, &failure),
      OW_OK);
  if (fetch.session)
    ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  return test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK).fetch_ack;
}

static uint32_t check(const struct ow_client_event *event, uint32_t next)
{
  for (uint32_t i = 0; i < event->record_count; i++, next += 2) {
    const struct ow_departure_record *departure = &event->departures[i];
    ck_assert_uint_eq(departure->sequence, next);
    ck_assert_int_eq(departure->offset, offset_of(next));
    ck_assert_int_gt(ow_error_ns(departure->error), 0);
    ck_assert_uint_eq(departure->source, OW_DEPARTURE_BY_KERNEL);
  }
  return next;
}

/* The even ones of the range, in their order. */
static void expect_departures(uint8_t sid, uint32_t begin, uint32_t last)
{
  uint32_t next = begin + begin % 2;
  struct ow_fetch_ack ack = ask(sid, begin, last, true);
  ck_assert_int_eq(ack.accept, OW_ACCEPT_OK);
  ck_assert(ack.departures && ack.finished);
  ck_assert_uint_eq(ack.skip_ranges, 0);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_SESSION);
  ck_assert(event.request->server_sends);
  while (event.kind != OW_CLIENT_FETCHED) {
    event = test_client_next(&serving.pair);
    if (event.kind == OW_CLIENT_FETCH_DEPARTURES)
      next = check(&event, next);
    else if (event.kind == OW_CLIENT_NOTHING)
      ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  }
  ck_assert_uint_eq(next, last + 2 - last % 2);
  ck_assert_ptr_null(fetch.session);
  ck_assert_int_eq(ow_server_state(serving.pair.server), OW_SERVER_READY);
}

static void expect_refused(uint8_t sid, bool departures)
{
  struct ow_fetch_ack ack = ask(sid, 0, FEW - 1, departures);
  ck_assert_int_eq(ack.accept, OW_ACCEPT_FAILURE);
  ck_assert_int_eq(ack.departures, departures);
  ck_assert_ptr_null(fetch.session);
}

static bool is_kept(uint8_t sid)
{
  struct ow_sid wanted = test_sid(sid);
  return ow_serve_kept_find(&kept, &wanted, true) != NULL;
}

/* ---- memory ---- */

START_TEST(they_are_reserved_and_settled_as_records_are)
{
  struct ow_serve_session *session = run_one(FEW, 1);
  const struct ow_account *account = &session->account->share;
  ck_assert_uint_eq(serving.common.counts.records, HELD + BESIDE);
  ck_assert_uint_eq(account->held[OW_SHARE_RECORDS], HELD + BESIDE);
  ck_assert_uint_eq(account->held[OW_SHARE_RESULTS], 1);
  ow_serve_session_hold(session);
  end(session, FEW);
  ck_assert_uint_eq(serving.common.counts.records, HELD);
  ck_assert_uint_eq(account->held[OW_SHARE_RECORDS], HELD);
  ck_assert_uint_eq(serving.settled, 0); /* on disk nothing is claimed for them */
  ow_serve_forget(&kept, session);
  ck_assert_uint_eq(account->held[OW_SHARE_RESULTS], 0);
  ow_serve_session_drop(session);
  ck_assert_uint_eq(serving.common.counts.records, 0);
}
END_TEST

START_TEST(without_any_nothing_is_kept)
{
  struct ow_session_request request = test_serving_request(true, FEW);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(ow_serve_keep(&kept, session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  end(session, FEW);
  ck_assert_uint_eq(serving.common.counts.sessions_kept, 0);
  ck_assert_uint_eq(serving.common.counts.records, 0);
}
END_TEST

START_TEST(they_make_room_like_any_result)
{
  const struct ow_serve_lack lack = {.what = OW_SERVE_SCARCE_RECORDS};
  struct ow_failure why = {.text = ""};
  struct ow_serve_session *session = end(run_one(FEW, 1), FEW);
  ck_assert(!ow_serve_kept_make_room(&kept, &serving.client, &lack, &why)); /* too young */
  session->ended_at -= OW_SERVE_LEAST_KEPT;
  ck_assert(ow_serve_kept_make_room(&kept, &serving.client, &lack, &why));
  ck_assert(!is_kept(1));
}
END_TEST

/* The client has chosen it: who chooses one that is in use already goes without departures. */
START_TEST(a_sid_that_is_taken_is_not_taken_twice)
{
  struct ow_session_request request = test_serving_request(true, FEW);
  struct ow_serve_session *first = run_one(FEW, 1);
  request.sid = test_sid(1);
  struct ow_serve_session *second = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(!ow_serve_keep(&kept, second));
  ow_serve_session_drop(second);
  end(first, FEW);
  expect_departures(1, 0, FEW - 1);
  ck_assert(!is_kept(1));
}
END_TEST

/* Not even if it is that of a session that was received, whose records stay what they are. */
START_TEST(a_sid_of_ours_is_another_session)
{
  struct ow_session_request request = test_serving_request(false, FEW);
  struct ow_serve_session *received = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  const struct ow_sid sid = received->request.sid;
  ck_assert(ow_serve_keep(&kept, received));
  request = test_serving_request(true, FEW);
  request.sid = sid;
  struct ow_serve_session *sent = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(ow_serve_keep(&kept, sent));
  ck_assert_ptr_eq(ow_serve_kept_find(&kept, &sid, false), received);
  ck_assert_ptr_eq(ow_serve_kept_find(&kept, &sid, true), sent);
  ow_serve_forget(&kept, sent);
  ck_assert_ptr_eq(ow_serve_kept_find(&kept, &sid, false), received);
  ow_serve_session_drop(sent);
  ow_serve_session_drop(received);
}
END_TEST

/* ---- handing over ---- */

START_TEST(they_are_handed_over_once_as_a_whole)
{
  end(run_one(FEW, 1), FEW);
  expect_departures(1, 10, 19);
  expect_departures(1, 0, FEW - 2);
  expect_departures(1, 3, FEW - 1);
  ck_assert(is_kept(1));
  expect_departures(1, 0, FEW - 1);
  ck_assert(!is_kept(1));
  ck_assert_uint_eq(serving.common.counts.records, 0);
  expect_refused(1, true);
}
END_TEST

START_TEST(many_are_handed_over_in_parts)
{
  end(run_one(MANY, 1), MANY);
  expect_departures(1, 0, MANY - 1);
}
END_TEST

START_TEST(what_was_sent_is_no_record)
{
  struct ow_serve_session *session = run_one(FEW, 1);
  expect_refused(1, true); /* it runs */
  end(session, FEW);
  expect_refused(1, false);
  serving.forbids_fetch = true;
  expect_refused(1, true);
  serving.forbids_fetch = false;
  expect_departures(1, 0, FEW - 1);
  expect_refused(2, true); /* there is none */
}
END_TEST

START_TEST(what_was_received_has_no_departures_here)
{
  struct ow_session_request request = test_serving_request(false, FEW);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  const struct ow_fetch_request wish = {0, FEW - 1, session->request.sid, true};
  ck_assert(ow_serve_keep(&kept, session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  ow_serve_session_end(session, NULL);
  ck_assert_int_eq(ow_client_fetch(serving.pair.client, test_at(0), &wish), OW_OK);
  struct ow_server_event event = test_server_expect(&serving.pair, OW_SERVER_FETCH);
  ck_assert_int_eq(
      ow_serve_fetch_answer(&fetch, &kept, serving.pair.server, &serving.client, &event.fetch, &failure),
      OW_OK);
  ck_assert_int_eq(test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK).fetch_ack.accept,
                   OW_ACCEPT_FAILURE);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(a_fetch_of_what_is_forgotten_meanwhile_comes_to_its_end)
{
  uint32_t got = 0;
  struct ow_serve_session *session = end(run_one(MANY, 1), MANY);
  ck_assert_uint_eq(ask(1, 0, MANY - 1, true).records, MANY / 2);
  ow_serve_forget(&kept, session);
  while (fetch.session) {
    struct ow_client_event event = test_client_next(&serving.pair);
    ck_assert_int_ne(event.kind, OW_CLIENT_BROKEN);
    got += event.kind == OW_CLIENT_FETCH_DEPARTURES ? event.record_count : 0;
    if (event.kind == OW_CLIENT_NOTHING)
      ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  }
  ck_assert_uint_gt(got, 0);
  ck_assert_uint_eq(serving.common.counts.records, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server: departures");
  TEST_CASE_WITH(set_up, tear_down, suite, "memory", they_are_reserved_and_settled_as_records_are,
                 without_any_nothing_is_kept, they_make_room_like_any_result,
                 a_sid_that_is_taken_is_not_taken_twice, a_sid_of_ours_is_another_session);
  TEST_CASE_WITH(set_up, tear_down, suite, "handing over", they_are_handed_over_once_as_a_whole,
                 many_are_handed_over_in_parts, what_was_sent_is_no_record,
                 what_was_received_has_no_departures_here,
                 a_fetch_of_what_is_forgotten_meanwhile_comes_to_its_end);
  return test_run(suite);
}
