/* SPDX-License-Identifier: MIT */
/* server/session: what a session claims and reserves, it gives back, once. */
#include <sys/socket.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "support/main.h"
#include "support/serving.h"

static struct test_serving serving;

static void on_slice(struct ow_timer *timer)
{
  (void)timer;
  ow_loop_stop(serving.common.loop);
}

/* What its end leaves to be done is done in the background. */
static void await_settled(const struct ow_serve_session *session)
{
  struct ow_failure failure;
  while (!session->settled) {
    struct ow_timer slice = {.expired = on_slice};
    ow_timer_set(serving.common.loop, &slice, ow_loop_now(serving.common.loop).monotonic + OW_NS_PER_MS);
    ck_assert_int_eq(ow_loop_run(serving.common.loop, &failure), OW_OK);
  }
}

static void set_up(void)
{
  test_serving_open(&serving);
}

static void tear_down(void)
{
  test_serving_close(&serving);
}

START_TEST(a_session_reserves_until_it_ends)
{
  bool sends = _i;
  struct ow_session_request request = test_serving_request(sends, 80);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert_uint_eq(serving.common.counts.sessions_running, 1);
  /* All are open within a loss timeout, two a record by their memory; of skip ranges four, and 40 at most. */
  ck_assert_uint_eq(serving.common.counts.records, sends ? 40 / 4 : 80 + 10 + 16 + 2 * 80 + 80 / 2);
  const struct ow_account *account = &session->account->share;
  ck_assert_uint_eq(account->held[OW_SHARE_RECORDS], serving.common.counts.records);
  ck_assert_uint_eq(account->held[OW_SHARE_SESSIONS], 1);
  ck_assert_uint_ne(sends ? session->request.sender.port : session->request.receiver.port, 9);

  ow_serve_session_end(session, NULL);
  ow_serve_session_end(session, NULL);
  ck_assert_uint_eq(serving.common.counts.sessions_running, 0);
  ck_assert_uint_eq(serving.bandwidth_released, 1);
  ck_assert_uint_eq(serving.disk_released, 0);
  ck_assert_uint_eq(serving.common.counts.records, 0); /* it never ran */
  ck_assert_uint_eq(account->held[OW_SHARE_RECORDS], 0);
  ck_assert_uint_eq(account->held[OW_SHARE_SESSIONS], 0);
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(a_session_that_never_ran_gives_back_all)
{
  struct ow_session_request request = test_serving_request(_i, 80);
  ow_serve_session_drop(test_serving_session(&serving, &request, OW_ACCEPT_OK));
  ck_assert_uint_eq(serving.claimed, 1);
}
END_TEST

START_TEST(what_the_policy_refuses_claims_nothing)
{
  struct ow_session_request request = test_serving_request(_i, 80);
  serving.claims = OW_ACCEPT_TEMPORARY_LIMIT;
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
}
END_TEST

/* One port alone would be shared: a range of two. */
static uint16_t take_two_ports(int taken[2])
{
  struct ow_udp_options options = {.local.any.sa_family = AF_INET};
  union ow_address bound;
  uint16_t first = 0;
  for (int tries = 0; tries < 100 && first == 0; tries++) {
    struct ow_udp_options next = options;
    ck_assert_int_eq(ow_udp_open(&options, &taken[0], &bound, NULL), OW_OK);
    next.port_low = next.port_high = (uint16_t)(ow_address_port(&bound) + 1);
    if (next.port_low != 0 && ow_udp_open(&next, &taken[1], &bound, NULL) == OW_OK)
      first = (uint16_t)(next.port_low - 1);
    else
      close(taken[0]);
  }
  return first;
}

START_TEST(without_a_free_port_the_claim_is_given_back_once)
{
  struct ow_session_request request = test_serving_request(_i, 80);
  int taken[2];
  uint16_t first = take_two_ports(taken);
  ck_assert_uint_ne(first, 0);
  serving.common.config.test_port_low = first;
  serving.common.config.test_port_high = (uint16_t)(first + 1);
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_uint_eq(serving.claimed, 1);
  close(taken[0]);
  close(taken[1]);
}
END_TEST

/* Both ends are 127.0.0.1, the client's has port 9. */
START_TEST(all_share_a_port_but_those_that_nothing_would_tell_apart)
{
  struct ow_session_request request = test_serving_request(_i, 80);
  uint16_t port = test_serving_share_port(&serving);
  struct ow_serve_session *sessions[4];
  uint16_t theirs[4] = {9, 9, _i ? 10 : 0, 11}; /* twice the same, and one who doesn't say */
  for (int i = 0; i < 4; i++) {
    request.sender.port = request.receiver.port = theirs[i];
    sessions[i] = test_serving_session(&serving, &request, OW_ACCEPT_OK);
    const struct ow_endpoint *own = ow_serve_own_end(&sessions[i]->request);
    bool shared = i == 0 || i == 3 || (_i && i == 2);
    ck_assert_int_eq(own->port == port, shared);
    ck_assert_uint_ne(own->port, 0);
  }
  ow_serve_session_drop(sessions[0]);
  request.sender.port = request.receiver.port = 9;
  sessions[0] = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert_uint_eq(ow_serve_own_end(&sessions[0]->request)->port, port);
  for (int i = 0; i < 4; i++)
    ow_serve_session_drop(sessions[i]);
}
END_TEST

START_TEST(what_cannot_be_is_not_put_to_the_policy)
{
  struct ow_session_request request = test_serving_request(_i, 80);
  request.type_p = UINT32_MAX;
  test_serving_session(&serving, &request, OW_ACCEPT_NOT_SUPPORTED);
  ck_assert_uint_eq(serving.claimed, 0);
}
END_TEST

START_TEST(overdue_packets_are_records_of_loss)
{
  struct ow_session_request request = test_serving_request(false, 5);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert(!ow_serve_session_finished(session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  test_serving_stop(session);
  ck_assert(ow_serve_session_finished(session));
  ck_assert_uint_eq(session->next_sequence, 5);
  ck_assert_uint_eq(ow_receiver_samples(session->receiver->receiver)->count, 5);
  ck_assert_uint_eq(serving.common.counts.records, 5);
  ck_assert_uint_eq(serving.settled, 5);
  ow_serve_session_drop(session);
}
END_TEST

/* An interrupted client had asked for 3.5 million packets and sent twenty, whether it says so or vanishes. */
START_TEST(what_did_not_come_is_not_kept)
{
  bool vanishes = _i;
  struct ow_session_request request = test_serving_request(false, 3500000);
  const struct ow_session_end end = {.sid = request.sid, .next_sequence = 20};
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  test_serving_arrival(session, 19);
  ow_serve_session_end(session, vanishes ? NULL : &end);
  ck_assert(!session->settled); /* some 60,000 are overdue */
  await_settled(session);
  ck_assert_uint_eq(ow_receiver_samples(session->receiver->receiver)->count, 20);
  ck_assert_uint_eq(serving.common.counts.records, 20);
  ck_assert_uint_eq(serving.settled, 20);
  ck_assert_uint_le(ow_samples_memory(ow_receiver_samples(session->receiver->receiver)), 128 * 32 + 64);
  ow_serve_session_drop(session);
}
END_TEST

/* Nothing arrived: that is known. Something arrived too late by our clock: it may be the clock that is wrong.
 */
START_TEST(what_was_only_received_is_settled_unless_the_clocks_differ)
{
  static const uint8_t late[14] = {[13] = 1}; /* packet 0, sent in 1900 */
  struct ow_session_request request = test_serving_request(false, 5);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  ck_assert(!ow_serve_session_settled(session));
  ow_test_receiver_catch_up(session->receiver);
  ck_assert(ow_serve_session_settled(session));
  ck_assert_int_eq(ow_receiver_packet(session->receiver->receiver, late, sizeof late, ow_system_stamp(),
                                      OW_STAMP_KERNEL, ow_error_estimate(false, 1), 255),
                   OW_IGNORED_LATE);
  ck_assert(ow_serve_session_finished(session) && !ow_serve_session_settled(session));
  ow_serve_session_drop(session);

  struct ow_session_request sends = test_serving_request(true, 5);
  session = test_serving_session(&serving, &sends, OW_ACCEPT_OK);
  ck_assert(!ow_serve_session_settled(session));
  ow_serve_session_drop(session);
}
END_TEST

START_TEST(what_is_lacking_is_told)
{
  struct ow_session_request request = test_serving_request(false, 80);
  serving.common.config.most_records = 200;
  struct ow_serve_session *first = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(serving.lack.what, OW_SERVE_SCARCE_RECORDS);
  serving.common.config.most_sessions = 1;
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(serving.lack.what, OW_SERVE_ENOUGH); /* nothing that has ended would help */
  ow_serve_session_drop(first);
  serving.claims = OW_ACCEPT_TEMPORARY_LIMIT;
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(serving.lack.what, OW_SERVE_ENOUGH);
  serving.short_of = 1;
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(serving.lack.what, OW_SERVE_SCARCE_DISK);
}
END_TEST

/* Without a key it has at most three of four sessions, though nobody else is there; then another has one. */
START_TEST(one_who_hoards_leaves_a_quarter_of_all_to_others)
{
  struct ow_session_request request = test_serving_request(false, 5);
  struct ow_serve_session *hoard[6], *others[2];
  serving.common.config.most_sessions = 8;
  for (int i = 0; i < 6; i++)
    hoard[i] = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(serving.lack.what, OW_SERVE_ENOUGH);
  serving.client.address.address[3]++;
  for (int i = 0; i < 2; i++)
    others[i] = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  test_serving_session(&serving, &request, OW_ACCEPT_TEMPORARY_LIMIT);
  for (int i = 0; i < 6; i++)
    ow_serve_session_drop(hoard[i]);
  ow_serve_session_drop(others[0]);
  ow_serve_session_drop(others[1]);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_session");
  TEST_LOOP_WITH(set_up, tear_down, suite, "claims", 2, a_session_reserves_until_it_ends,
                 a_session_that_never_ran_gives_back_all, what_the_policy_refuses_claims_nothing,
                 without_a_free_port_the_claim_is_given_back_once,
                 all_share_a_port_but_those_that_nothing_would_tell_apart,
                 what_cannot_be_is_not_put_to_the_policy);
  TEST_CASE_WITH(set_up, tear_down, suite, "records", overdue_packets_are_records_of_loss,
                 what_is_lacking_is_told, one_who_hoards_leaves_a_quarter_of_all_to_others,
                 what_was_only_received_is_settled_unless_the_clocks_differ);
  TEST_LOOP_WITH(set_up, tear_down, suite, "missing", 2, what_did_not_come_is_not_kept);
  return test_run(suite);
}
