/* SPDX-License-Identifier: MIT */
/* Departures are fetched like records, in every mode; who doesn't know the mark answers as it always has. */
#include <check.h>
#include <stdlib.h>

#include "support/machine.h"
#include "support/main.h"

enum { PACKETS = 6000, LAST = PACKETS - 1 };

static struct ow_departure_record departure_of(uint32_t sequence)
{
  return (struct ow_departure_record){.sequence = sequence,
                                      .offset = (int32_t)(sequence * 7) - 1000,
                                      .error = {(uint16_t)(0x8000 | sequence)},
                                      .source = OW_DEPARTURE_BY_KERNEL};
}

static void ask(struct test_pair *pair)
{
  const struct ow_fetch_request wish = {.end = LAST, .sid = test_sid(1), .departures = true};
  ck_assert_int_eq(ow_client_fetch(pair->client, test_at(0), &wish), OW_OK);
  struct ow_fetch_request got = test_server_expect(pair, OW_SERVER_FETCH).fetch;
  ck_assert(got.departures);
  ck_assert_uint_eq(got.begin, 0);
  ck_assert_uint_eq(got.end, LAST);
  ck_assert_mem_eq(got.sid.octets, wish.sid.octets, OW_SID);
}

static void begin_answer(struct test_pair *pair, uint32_t records, bool marked)
{
  struct ow_session_request request = test_request(true, 1);
  const struct ow_fetch_ack ack = {
      .finished = true, .next_sequence = 1, .records = records, .departures = marked};
  request.sid = test_sid(1);
  ck_assert_int_eq(ow_server_begin_fetch(pair->server, test_at(0), &ack, &request, test_slots, NULL), OW_OK);
}

static void answer(struct test_pair *pair, uint32_t records)
{
  begin_answer(pair, records, true);
  for (uint32_t i = 0; i < records; i++) {
    struct ow_departure_record departure = departure_of(i);
    ck_assert_uint_eq(ow_server_fetch_left(pair->server), records - i);
    ck_assert_int_eq(ow_server_fetch_departure(pair->server, test_at(0), &departure), OW_OK);
  }
}

static void expect_departures(struct test_pair *pair, uint32_t records)
{
  uint32_t seen = 0;
  struct ow_client_event event = test_client_next(pair);
  for (; event.kind == OW_CLIENT_FETCH_DEPARTURES; event = test_client_next(pair))
    for (uint32_t i = 0; i < event.record_count; i++, seen++) {
      const struct ow_departure_record *got = &event.departures[i];
      struct ow_departure_record expected = departure_of(seen);
      ck_assert_uint_eq(got->sequence, expected.sequence);
      ck_assert_int_eq(got->offset, expected.offset);
      ck_assert_uint_eq(got->error.bits, expected.error.bits);
      ck_assert_uint_eq(got->source, expected.source);
    }
  ck_assert_int_eq(event.kind, OW_CLIENT_FETCHED);
  ck_assert_uint_eq(seen, records);
}

static void both_ready(const struct test_pair *pair)
{
  ck_assert_int_eq(ow_client_state(pair->client), OW_CLIENT_READY);
  ck_assert_int_eq(ow_server_state(pair->server), OW_SERVER_READY);
}

/* Three records of 12 octets leave a block unfilled, four fill three exactly; 160 are written at once. */
static const uint32_t counts[] = {0, 1, 3, 4, 5, 159, 160, 161, 640, 641, PACKETS};
enum { COUNTS = sizeof counts / sizeof *counts };

START_TEST(a_fetch_brings_all_departures)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  for (size_t i = 0; i < COUNTS; i++) {
    ask(&pair);
    answer(&pair, counts[i]);
    struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
    ck_assert(event.fetch_ack.departures);
    ck_assert_uint_eq(event.fetch_ack.records, counts[i]);
    ck_assert_mem_eq(test_client_expect(&pair, OW_CLIENT_FETCH_SESSION).request->sid.octets,
                     test_sid(1).octets, OW_SID);
    expect_departures(&pair, counts[i]);
    both_ready(&pair);
  }
  test_pair_close(&pair);
}
END_TEST

START_TEST(they_pass_octet_by_octet)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  pair.piece = 1;
  ask(&pair);
  answer(&pair, 9);
  test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
  test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
  expect_departures(&pair, 9);
  test_pair_close(&pair);
}
END_TEST

/* Records are fetched before and after: each answer is read as what it was asked for. */
START_TEST(records_and_departures_take_turns)
{
  const struct ow_fetch_request records = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(ow_client_fetch(pair.client, test_at(0), &records), OW_OK);
    ck_assert(!test_server_expect(&pair, OW_SERVER_FETCH).fetch.departures);
    test_answer_fetch(&pair, 20, NULL, 0);
    ck_assert(!test_client_expect(&pair, OW_CLIENT_FETCH_ACK).fetch_ack.departures);
    test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
    ck_assert_uint_eq(test_client_expect(&pair, OW_CLIENT_FETCH_RECORDS).record_count, 20);
    test_client_expect(&pair, OW_CLIENT_FETCHED);
    ask(&pair);
    answer(&pair, 20);
    test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
    test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
    expect_departures(&pair, 20);
  }
  test_pair_close(&pair);
}
END_TEST

/* Whether a server knows departures, its answer's mark tells, whatever else it says. */
START_TEST(a_refusal_leaves_both_sides_ready)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  for (int marked = 0; marked <= 1; marked++) {
    const struct ow_fetch_ack denial = {.accept = OW_ACCEPT_FAILURE, .departures = marked};
    ask(&pair);
    ck_assert_int_eq(ow_server_begin_fetch(pair.server, test_at(0), &denial, NULL, NULL, NULL), OW_OK);
    struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
    ck_assert_int_eq(event.fetch_ack.accept, OW_ACCEPT_FAILURE);
    ck_assert_int_eq(event.fetch_ack.departures, marked);
    both_ready(&pair);
  }
  test_pair_close(&pair);
}
END_TEST

/* One that passes over the mark, and has records of a session with that SID. */
START_TEST(an_accepted_fetch_without_the_mark_brings_records)
{
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  ask(&pair);
  test_answer_fetch(&pair, 5, NULL, 0);
  ck_assert(!test_client_expect(&pair, OW_CLIENT_FETCH_ACK).fetch_ack.departures);
  test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
  struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_FETCH_RECORDS);
  ck_assert_uint_eq(event.record_count, 5);
  ck_assert_ptr_null(event.departures);
  test_client_expect(&pair, OW_CLIENT_FETCHED);
  both_ready(&pair);
  test_pair_close(&pair);
}
END_TEST

/* Those are octets that nobody reads, if nobody asked. */
START_TEST(a_mark_that_was_not_asked_for_means_nothing)
{
  const struct ow_fetch_request records = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_client_fetch(pair.client, test_at(0), &records), OW_OK);
  test_server_expect(&pair, OW_SERVER_FETCH);
  begin_answer(&pair, 0, true);
  ck_assert(!test_client_expect(&pair, OW_CLIENT_FETCH_ACK).fetch_ack.departures);
  test_client_expect(&pair, OW_CLIENT_FETCH_SESSION);
  test_client_expect(&pair, OW_CLIENT_FETCHED);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_server_gives_the_kind_of_record_that_it_announced)
{
  const struct ow_departure_record departure = departure_of(0);
  const struct ow_sample record = test_record(0);
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i]);
  ck_assert_int_eq(ow_server_fetch_departure(pair.server, test_at(0), &departure), OW_STATE);
  ask(&pair);
  begin_answer(&pair, 1, true);
  ck_assert_int_eq(ow_server_fetch_record(pair.server, test_at(0), &record), OW_STATE);
  ck_assert_int_eq(ow_server_fetch_departure(pair.server, test_at(0), &departure), OW_OK);
  ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_READY);
  test_pair_close(&pair);
}
END_TEST

/* What stands where others have zeros is protected like all else. */
START_TEST(a_mark_that_was_changed_on_the_way_ends_a_keyed_connection)
{
  enum { MARK_AT = 4 };
  struct test_pair pair;
  test_pair_open(&pair, test_modes[_i + 1]);
  const struct ow_fetch_request wish = {.end = LAST, .sid = test_sid(1), .departures = true};
  size_t octets;
  ck_assert_int_eq(ow_client_fetch(pair.client, test_at(0), &wish), OW_OK);
  uint8_t *message = test_take(ow_client_output(pair.client), &octets);
  ck_assert_uint_eq(octets, OW_FETCH_SESSION + OW_HMAC);
  message[MARK_AT] ^= 1;
  struct ow_server_event event = test_server_feed(pair.server, message, octets);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  free(message);
  test_pair_close(&pair);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control, departures");
  test_seed();
  TEST_LOOP(suite, "departures", TEST_MODES, a_fetch_brings_all_departures, they_pass_octet_by_octet,
            records_and_departures_take_turns, a_refusal_leaves_both_sides_ready,
            an_accepted_fetch_without_the_mark_brings_records, a_mark_that_was_not_asked_for_means_nothing,
            a_server_gives_the_kind_of_record_that_it_announced);
  TEST_LOOP(suite, "with a key", TEST_MODES - 1, a_mark_that_was_changed_on_the_way_ends_a_keyed_connection);
  return test_run(suite);
}
