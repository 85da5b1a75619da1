/* SPDX-License-Identifier: MIT */
/* server/fetch_answer: who gets records, which, and no more at once than the connection takes. */
#include "server/fetch_answer.h"
#include "support/main.h"
#include "support/serving.h"

enum { FEW = 10, MANY = 20000 };

static struct test_serving serving;
static struct ow_serve_kept_sessions kept;
static struct ow_serve_fetch fetch;
static struct ow_failure failure;

static void set_up(void)
{
  test_serving_open(&serving);
  ow_serve_kept_prepare(&kept, &serving.common);
  fetch = (struct ow_serve_fetch){0};
}

static void tear_down(void)
{
  ow_serve_fetch_abandon(&fetch, serving.pair.server);
  ow_serve_kept_clear(&kept);
  test_serving_close(&serving);
}

static struct ow_serve_session *begin_one(uint32_t packets)
{
  struct ow_session_request request = test_serving_request(false, packets);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(ow_serve_keep(&kept, session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  return session;
}

/* A running session that has a record, of loss, for each of its packets. */
static struct ow_serve_session *run_one(uint32_t packets)
{
  struct ow_serve_session *session = begin_one(packets);
  ow_test_receiver_catch_up(session->receiver);
  return session;
}

/* The same, but the last one came: its end has nothing to drop. */
static struct ow_serve_session *run_to_the_last(uint32_t packets)
{
  struct ow_serve_session *session = begin_one(packets);
  test_serving_arrival(session, packets - 1);
  ow_test_receiver_catch_up(session->receiver);
  return session;
}

/* The client asks for it, and is answered. */
static enum ow_status fetch_records(const struct ow_sid *sid, uint32_t begin, uint32_t end)
{
  const struct ow_fetch_request request = {.begin = begin, .end = end, .sid = *sid};
  ck_assert_int_eq(ow_client_fetch(serving.pair.client, test_at(0), &request), OW_OK);
  struct ow_server_event event = test_server_expect(&serving.pair, OW_SERVER_FETCH);
  enum ow_status status =
      ow_serve_fetch_answer(&fetch, &kept, serving.pair.server, &serving.client, &event.fetch, &failure);
  return status == OW_OK && fetch.session ? test_serving_fetch_go_on(&serving, &fetch, &kept, &failure)
                                          : status;
}

/* The client takes all that waits; returns how many records it got. */
static uint32_t take(enum ow_client_event_kind *last)
{
  uint32_t records = 0;
  struct ow_client_event event = test_client_next(&serving.pair);
  for (*last = event.kind; event.kind != OW_CLIENT_NOTHING; event = test_client_next(&serving.pair)) {
    ck_assert_int_ne(event.kind, OW_CLIENT_BROKEN);
    records += event.kind == OW_CLIENT_FETCH_RECORDS ? event.record_count : 0;
    *last = event.kind;
  }
  return records;
}

static void expect_fetched(uint32_t records)
{
  enum ow_client_event_kind last;
  ck_assert_uint_eq(take(&last), records);
  ck_assert_int_eq(last, OW_CLIENT_FETCHED);
  ck_assert_ptr_null(fetch.session);
  ck_assert_int_eq(ow_server_state(serving.pair.server), OW_SERVER_READY);
}

static void expect_refused(const struct ow_sid *sid)
{
  ck_assert_int_eq(fetch_records(sid, 0, OW_FETCH_TO_END), OW_OK);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_FAILURE);
  ck_assert_ptr_null(fetch.session);
  ck_assert_int_eq(ow_server_state(serving.pair.server), OW_SERVER_READY);
}

START_TEST(records_of_the_range_are_sent)
{
  struct ow_serve_session *session = run_one(FEW);
  const struct ow_sid sid = session->request.sid;
  ck_assert_int_eq(fetch_records(&sid, 0, OW_FETCH_TO_END), OW_OK);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_OK);
  ck_assert(!event.fetch_ack.finished);
  ck_assert_uint_eq(event.fetch_ack.records, FEW);
  ck_assert_uint_eq(event.fetch_ack.next_sequence, FEW);
  expect_fetched(FEW);
  ck_assert_int_eq(fetch_records(&sid, 2, 4), OW_OK);
  expect_fetched(3);
  ck_assert_int_eq(fetch_records(&sid, FEW, FEW + 1), OW_OK);
  expect_fetched(0);

  test_serving_stop(session);
  ck_assert_int_eq(fetch_records(&sid, 0, OW_FETCH_TO_END), OW_OK);
  event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert(event.fetch_ack.finished);
  expect_fetched(FEW);
  ow_serve_session_drop(session);
}
END_TEST

/*
 * Of three that came the last is FEW - 4: what is missing before it is lost, behind it nobody knows. If all
 * came, all is known.
 */
START_TEST(what_a_client_that_vanished_may_never_have_sent_is_no_loss)
{
  bool all = _i;
  struct ow_serve_session *session = begin_one(FEW);
  for (uint32_t i = all ? 0 : FEW - 6; i < (all ? FEW : FEW - 3); i++)
    test_serving_arrival(session, i);
  ow_test_receiver_catch_up(session->receiver);
  ck_assert_uint_eq(ow_receiver_samples(session->receiver->receiver)->count, FEW);
  ow_serve_session_end(session, NULL);
  ck_assert_uint_eq(ow_receiver_received(session->receiver->receiver), all ? FEW : 3);
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_OK);
  ck_assert_int_eq(event.fetch_ack.finished, all);
  ck_assert_uint_eq(event.fetch_ack.next_sequence, all ? FEW : FEW - 3);
  ck_assert_uint_eq(event.fetch_ack.records, all ? FEW : FEW - 3);
  expect_fetched(all ? FEW : FEW - 3);
  ow_serve_session_drop(session);
}
END_TEST

/* Nobody knows which ones they were, so none is told as lost, nor is the session called finished. */
START_TEST(what_our_own_socket_dropped_is_no_loss)
{
  struct ow_serve_session *session = run_one(FEW);
  session->receiver->dropped = 3;
  test_serving_stop(session);
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_OK);
  ck_assert(!event.fetch_ack.finished);
  ck_assert_uint_eq(event.fetch_ack.records, 0);
  expect_fetched(0);
  ow_serve_session_drop(session);
}
END_TEST

/* Losses that were told before hold; what came by a clock that was set back is not handed over. */
START_TEST(what_our_clock_made_of_packets_is_not_told)
{
  struct ow_serve_session *session = run_one(FEW);
  struct ow_receiver *receiver = session->receiver->receiver;
  struct ow_samples *samples = (struct ow_samples *)(uintptr_t)ow_receiver_samples(receiver);
  const int64_t timeout = ow_span_to_ns(session->request.timeout);
  for (size_t i = 0; i < 2; i++) {
    struct ow_sample sample = ow_samples_at(samples, i);
    sample.ttl = 60;
    sample.received = ow_timestamp_plus(sample.sent, i ? -timeout - OW_NS_PER_S : OW_NS_PER_MS);
    ck_assert(ow_samples_put(samples, i, &sample));
  }
  struct ow_instant now = ow_loop_now(serving.common.loop);
  now.wall = ow_timestamp_plus(now.wall, -3600 * OW_NS_PER_S);
  ow_receiver_look(receiver, now);
  test_serving_stop(session);
  ck_assert(!ow_serve_session_settled(session));
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  struct ow_client_event event = test_client_expect(&serving.pair, OW_CLIENT_FETCH_ACK);
  ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_OK);
  ck_assert(!event.fetch_ack.finished);
  ck_assert_uint_eq(event.fetch_ack.records, FEW - 1);
  expect_fetched(FEW - 1);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(a_stranger_cannot_tell_which_sessions_there_are)
{
  struct ow_session_request request = test_serving_request(false, FEW);
  const struct ow_sid strange = test_sid(1);
  struct ow_serve_session *session = run_one(FEW);
  struct ow_serve_session *agreed = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(ow_serve_keep(&kept, agreed));
  expect_refused(&strange);
  expect_refused(&agreed->request.sid); /* it has not begun */
  serving.forbids_fetch = true;
  expect_refused(&session->request.sid);
  ow_serve_session_drop(agreed);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(no_more_than_the_connection_takes)
{
  uint32_t got = 0;
  enum ow_client_event_kind last;
  struct ow_serve_session *session = run_one(MANY);
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  while (fetch.session) {
    size_t waits = ow_buffer_length(ow_server_output(serving.pair.server));
    ck_assert_uint_ge(waits, TEST_FETCH_WINDOW);
    ck_assert_uint_lt(waits, 2 * TEST_FETCH_WINDOW);
    ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure),
                     OW_OK); /* too early: nothing was taken */
    ck_assert_uint_eq(ow_buffer_length(ow_server_output(serving.pair.server)), waits);
    got += take(&last);
    ck_assert_uint_lt(got, MANY);
    ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  }
  expect_fetched(MANY - got);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(records_fetched_whole_are_deleted_if_the_policy_says_so)
{
  serving.deletes_on_fetch = _i;
  struct ow_serve_session *session = run_one(FEW);
  const struct ow_sid sid = session->request.sid;
  ck_assert_int_eq(fetch_records(&sid, 0, OW_FETCH_TO_END), OW_OK); /* it runs still */
  expect_fetched(FEW);
  ck_assert_ptr_nonnull(ow_serve_kept_find(&kept, &sid, false));
  test_serving_stop(session);
  ow_serve_session_drop(session);
  ck_assert_int_eq(fetch_records(&sid, 0, FEW), OW_OK); /* not asked for as the whole */
  expect_fetched(FEW);
  ck_assert_ptr_nonnull(ow_serve_kept_find(&kept, &sid, false));
  ck_assert_int_eq(fetch_records(&sid, 0, OW_FETCH_TO_END), OW_OK);
  expect_fetched(FEW);
  ck_assert_int_eq(ow_serve_kept_find(&kept, &sid, false) == NULL, _i);
  ck_assert_uint_eq(serving.disk_released, (unsigned)_i);
}
END_TEST

START_TEST(a_fetch_of_what_is_forgotten_meanwhile_comes_to_its_end)
{
  uint32_t got = 0;
  enum ow_client_event_kind last;
  serving.deletes_on_fetch = true;
  struct ow_serve_session *session = run_to_the_last(MANY);
  const struct ow_sid sid = session->request.sid;
  ow_serve_session_end(session, NULL);
  ow_serve_session_drop(session);
  ck_assert_int_eq(fetch_records(&sid, 0, OW_FETCH_TO_END), OW_OK);
  ow_serve_forget(&kept, session);
  ck_assert_uint_eq(serving.disk_released, 0);
  for (; fetch.session; got += take(&last))
    ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  ck_assert_uint_eq(got, MANY);
  ck_assert_uint_eq(serving.disk_released, 1);
}
END_TEST

START_TEST(a_fetch_that_is_abandoned_lets_the_session_go)
{
  struct ow_serve_session *session = run_to_the_last(MANY);
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  ow_serve_session_drop(session);
  ow_serve_forget(&kept, session);
  ck_assert_uint_eq(serving.disk_released, 0);
  ow_serve_fetch_abandon(&fetch, serving.pair.server);
  ck_assert_uint_eq(serving.disk_released, 1);
  ow_serve_fetch_abandon(&fetch, serving.pair.server);
}
END_TEST

/* The client stops the session over one connection, or vanishes there, while it is fetched over another. */
START_TEST(records_that_are_dropped_meanwhile_are_not_read)
{
  bool vanishes = _i;
  enum ow_client_event_kind last;
  struct ow_serve_session *session = run_one(MANY);
  struct ow_session_end end = {.sid = session->request.sid, .next_sequence = 1};
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  ow_serve_session_end(session, vanishes ? NULL : &end);
  ck_assert_uint_gt(take(&last), 0);
  ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_STATE);
  test_assert_failure(&failure, OW_STATE, "stopped");
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(a_fetch_of_what_its_client_has_left_meanwhile_comes_to_its_end)
{
  uint32_t got = 0;
  enum ow_client_event_kind last;
  struct ow_serve_session *session = run_to_the_last(MANY);
  ck_assert_int_eq(fetch_records(&session->request.sid, 0, OW_FETCH_TO_END), OW_OK);
  ow_serve_session_end(session, NULL);
  for (; fetch.session; got += take(&last))
    ck_assert_int_eq(test_serving_fetch_go_on(&serving, &fetch, &kept, &failure), OW_OK);
  ck_assert_uint_eq(got, MANY);
  ow_serve_session_drop(session);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_fetch_answer");
  TEST_CASE_WITH(set_up, tear_down, suite, "answer", records_of_the_range_are_sent,
                 what_our_own_socket_dropped_is_no_loss, what_our_clock_made_of_packets_is_not_told,
                 a_stranger_cannot_tell_which_sessions_there_are, no_more_than_the_connection_takes);
  TEST_LOOP_WITH(set_up, tear_down, suite, "deleting", 2,
                 records_fetched_whole_are_deleted_if_the_policy_says_so);
  TEST_LOOP_WITH(set_up, tear_down, suite, "vanished", 2,
                 what_a_client_that_vanished_may_never_have_sent_is_no_loss);
  TEST_CASE_WITH(set_up, tear_down, suite, "meanwhile",
                 a_fetch_of_what_is_forgotten_meanwhile_comes_to_its_end,
                 a_fetch_that_is_abandoned_lets_the_session_go,
                 a_fetch_of_what_its_client_has_left_meanwhile_comes_to_its_end);
  TEST_LOOP_WITH(set_up, tear_down, suite, "dropped", 2, records_that_are_dropped_meanwhile_are_not_read);
  return test_run(suite);
}
