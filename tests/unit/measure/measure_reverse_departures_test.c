/* SPDX-License-Identifier: MIT */
/* measure/reverse_departures: what of a server's word on its own packets is believed, and when. */
#include <stdlib.h>

#include "measure/reverse_departures.h"
#include "support/machine.h"
#include "support/main.h"

#define US INT64_C(1000)
#define MS OW_NS_PER_MS

enum { PACKETS = 8, BEYOND = PACKETS };

static const struct ow_timestamp STAMP = {UINT64_C(0xeeae485e00000000)};
static struct test_pair pair;
static struct ow_client_connection control;
static struct ow_reverse_departures departures;
static struct ow_samples samples;

static void on_late(struct ow_reverse_departures *late)
{
  (void)late;
  ck_abort_msg("nothing is late here");
}

/* A packet's own stamp claims 1 ms. */
static void set_up(void)
{
  struct ow_failure failure;
  struct ow_session_request session = test_request(true, 1);
  session.packets = PACKETS;
  session.sid = test_sid(1);
  test_pair_open(&pair, OW_MODE_OPEN);
  control = (struct ow_client_connection){
      .loop = ow_loop_create(&failure), .client = pair.client, .channel = {.watch = {.descriptor = -1}}};
  control.channel.output = ow_client_output(pair.client);
  departures = (struct ow_reverse_departures){.control = &control, .late = on_late};
  samples = (struct ow_samples){0};
  for (uint32_t i = 0; i < PACKETS; i++) {
    struct ow_sample sample = {.sequence = i,
                               .sent = STAMP,
                               .received = ow_timestamp_plus(STAMP, 20 * MS),
                               .send_error = ow_error_estimate(true, MS),
                               .ttl = 255};
    ck_assert_int_eq(ow_samples_append(&samples, &sample), OW_OK);
  }
  ck_assert(ow_reverse_departures_ask(&departures, &session));
}

static void tear_down(void)
{
  ow_reverse_departures_close(&departures);
  ow_samples_clear(&samples);
  ow_loop_free(control.loop);
  test_pair_close(&pair);
}

static bool say(enum ow_client_event_kind kind, enum ow_accept accept, bool marked)
{
  const struct ow_client_event event = {.kind = kind, .fetch_ack = {.accept = accept, .departures = marked}};
  return ow_reverse_departures_event(&departures, &event);
}

static void tell_all(const struct ow_departure_record *told, uint32_t count)
{
  const struct ow_client_event event = {
      .kind = OW_CLIENT_FETCH_DEPARTURES, .departures = told, .record_count = count};
  ck_assert(!ow_reverse_departures_event(&departures, &event));
}

static void tell(uint32_t sequence, int64_t offset, int64_t error, uint8_t source)
{
  const struct ow_departure_record told = {sequence, (int32_t)offset, ow_error_estimate(true, error), source};
  tell_all(&told, 1);
}

static struct ow_sample sample_after(uint32_t sequence)
{
  ow_reverse_departures_put_into(&departures, &samples);
  return ow_samples_at(&samples, sequence);
}

static void expect(uint32_t sequence, bool believed, int64_t offset)
{
  const struct ow_sample sample = sample_after(sequence);
  ck_assert_msg(sample.departed == (believed ? OW_DEPARTED_KERNEL : OW_DEPARTED_CORRECTED), "packet %u",
                sequence);
  ck_assert_int_le(llabs(ow_timestamp_difference(sample.sent, STAMP) - (believed ? offset : 0)), 1);
}

START_TEST(a_fetch_is_marked_and_has_an_explicit_range)
{
  struct ow_fetch_request asked = test_server_expect(&pair, OW_SERVER_FETCH).fetch;
  ck_assert(asked.departures);
  ck_assert_uint_eq(asked.begin, 0);
  ck_assert_uint_eq(asked.end, PACKETS - 1);
  ck_assert_mem_eq(asked.sid.octets, test_sid(1).octets, OW_SID);
}
END_TEST

START_TEST(nothing_is_believed_before_the_hmac_at_its_end)
{
  ck_assert(!say(OW_CLIENT_FETCH_ACK, OW_ACCEPT_OK, true));
  ck_assert(!say(OW_CLIENT_FETCH_SESSION, OW_ACCEPT_OK, true));
  tell(3, 5 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  expect(3, false, 0);
  ck_assert(say(OW_CLIENT_FETCHED, OW_ACCEPT_OK, true));
  expect(3, true, 5 * US);
  expect(4, false, 0);
}
END_TEST

START_TEST(what_comes_before_a_break_is_not_believed)
{
  ck_assert(!say(OW_CLIENT_FETCH_ACK, OW_ACCEPT_OK, true));
  tell(3, 5 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  ck_assert(say(OW_CLIENT_BROKEN, OW_ACCEPT_OK, false));
  expect(3, false, 0);
}
END_TEST

/* Packets that there are not, hours off, before the stamp, twice, without an error, from nowhere. */
START_TEST(lies_are_left_alone)
{
  const struct ow_departure_record none = {5, 1000, {0x8000}, OW_DEPARTURE_BY_KERNEL};
  tell(0, -MS - MS - 40 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(1, 101 * MS, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(2, INT32_MIN, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(3, 10 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(3, 90 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(4, 10 * US, 2 * US, 77);
  tell_all(&none, 1);
  tell(6, -MS, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(BEYOND, 10 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell(UINT32_MAX, 10 * US, 2 * US, OW_DEPARTURE_BY_KERNEL);
  ck_assert(say(OW_CLIENT_FETCHED, OW_ACCEPT_OK, true));
  for (uint32_t i = 0; i < PACKETS; i++)
    expect(i, i == 3 || i == 6, i == 3 ? 10 * US : -MS);
}
END_TEST

/* One estimate for all: none is claimed to be better than the server says of any. */
START_TEST(the_largest_error_counts_and_one_that_is_not_synchronised)
{
  const struct ow_departure_record unsure = {5, 0, ow_error_estimate(_i == 0, 9 * US),
                                             OW_DEPARTURE_BY_KERNEL};
  tell(4, 0, 2 * US, OW_DEPARTURE_BY_KERNEL);
  tell_all(&unsure, 1);
  for (int i = 0; i < 1000; i++) /* each rounds up if it is made anew */
    tell(6, 0, 3 * US, OW_DEPARTURE_BY_KERNEL);
  ck_assert(say(OW_CLIENT_FETCHED, OW_ACCEPT_OK, true));
  const struct ow_sample sample = sample_after(4);
  ck_assert_int_ge(ow_error_ns(sample.send_error), 9 * US);
  ck_assert_int_le(ow_error_ns(sample.send_error), 10 * US);
  ck_assert_int_eq(ow_error_synchronized(sample.send_error), _i == 0);
}
END_TEST

/* By _i: marked or not. Only who knows no departures at all isn't asked again. */
START_TEST(a_refusal_tells_whether_to_ask_again)
{
  const struct ow_session_request session = test_request(true, 2);
  ck_assert(say(OW_CLIENT_FETCH_ACK, OW_ACCEPT_FAILURE, _i));
  ck_assert_int_eq(control.departures_unknown, !_i);
  if (!_i)
    ck_assert(!ow_reverse_departures_ask(&departures, &session));
}
END_TEST

/* Records of a session with that SID, by who passed over the mark: they are read to their end. */
START_TEST(records_in_place_of_departures_are_left_alone)
{
  ck_assert(!say(OW_CLIENT_FETCH_ACK, OW_ACCEPT_OK, false));
  ck_assert(!say(OW_CLIENT_FETCH_RECORDS, OW_ACCEPT_OK, false));
  ck_assert(say(OW_CLIENT_FETCHED, OW_ACCEPT_OK, false));
  ck_assert(control.departures_unknown);
  for (uint32_t i = 0; i < PACKETS; i++)
    expect(i, false, 0);
}
END_TEST

/* It waits for an answer already. */
START_TEST(a_connection_that_is_not_idle_is_not_asked)
{
  const struct ow_session_request session = test_request(true, 2);
  ck_assert(!ow_reverse_departures_ask(&departures, &session));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("measure: reverse departures");
  TEST_CASE_WITH(set_up, tear_down, suite, "departures", a_fetch_is_marked_and_has_an_explicit_range,
                 nothing_is_believed_before_the_hmac_at_its_end, what_comes_before_a_break_is_not_believed,
                 lies_are_left_alone, records_in_place_of_departures_are_left_alone,
                 a_connection_that_is_not_idle_is_not_asked);
  TEST_LOOP_WITH(set_up, tear_down, suite, "answers", 2,
                 the_largest_error_counts_and_one_that_is_not_synchronised,
                 a_refusal_tells_whether_to_ask_again);
  return test_run(suite);
}
