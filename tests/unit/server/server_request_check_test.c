/* SPDX-License-Identifier: MIT */
/* server/request_check: which sessions a Server runs at all. */
#include <string.h>

#include "server/request_check.h"
#include "support/main.h"
#include "time/clock.h"
#include "wire/test_packet.h"

static const struct ow_endpoint CLIENT = {.version = 4, .address = {192, 0, 2, 1}, .port = 1000};
static const struct ow_endpoint OTHER = {.version = 4, .address = {192, 0, 2, 2}, .port = 1000};
static const struct ow_endpoint ANY = {.version = 4, .port = 1000};
static const struct ow_endpoint NO_PORT = {.version = 4, .address = {192, 0, 2, 1}};
static const struct ow_endpoint IPV6 = {.version = 6, .port = 1000};

static const struct ow_timestamp NOW = {UINT64_C(3) << 32}; /* 3 s into an era */

static struct ow_session_request request_of(bool server_sends)
{
  return (struct ow_session_request){.server_sends = server_sends,
                                     .server_receives = !server_sends,
                                     .slot_count = 1,
                                     .packets = 80,
                                     .sender = CLIENT,
                                     .receiver = CLIENT,
                                     .start = NOW,
                                     .timeout = ow_span_from_ns(OW_NS_PER_S)};
}

static struct ow_serve_config config(void)
{
  struct ow_serve_config config;
  ow_serve_defaults(&config);
  return config;
}

/* `piece` is in the sentence for the log. */
static void expect(const struct ow_session_request *request, const struct ow_serve_config *config,
                   const struct ow_serve_counts *counts, enum ow_accept accept, const char *piece)
{
  struct ow_failure why = {0};
  ck_assert_int_eq(ow_serve_check_request(request, NOW, &CLIENT, config, counts, &why), accept);
  ck_assert_msg(strstr(why.text, piece) != NULL, "\"%s\" is not in \"%s\"", piece, why.text);
}

static void expect_alone(const struct ow_session_request *request, enum ow_accept accept, const char *piece)
{
  const struct ow_serve_config defaults = config();
  expect(request, &defaults, &(struct ow_serve_counts){0}, accept, piece);
}

START_TEST(a_plain_session_may_be)
{
  struct ow_session_request request = request_of(_i);
  expect_alone(&request, OW_ACCEPT_OK, "");
  request.padding = OW_PADDING_MOST;
  request.timeout = ow_span_from_ns(86400 * OW_NS_PER_S);
  request.slot_count = OW_SLOTS_MOST;
  request.type_p = ow_type_p_from_dscp(46);
  expect_alone(&request, OW_ACCEPT_OK, "");
}
END_TEST

START_TEST(a_session_that_should_have_begun_long_ago_is_refused)
{
  struct ow_session_request request = request_of(_i);
  request.start = ow_timestamp_plus(NOW, -60 * OW_NS_PER_S);
  expect_alone(&request, OW_ACCEPT_OK, "");
  request.start = ow_timestamp_plus(NOW, -61 * OW_NS_PER_S);
  expect_alone(&request, OW_ACCEPT_FAILURE, "61 s back");
  request.timeout = ow_span_from_ns(62 * OW_NS_PER_S);
  expect_alone(&request, OW_ACCEPT_OK, "");
  request.start = ow_timestamp_plus(NOW, 86400 * OW_NS_PER_S);
  expect_alone(&request, OW_ACCEPT_OK, "");
}
END_TEST

START_TEST(what_cannot_be_is_not_supported)
{
  struct ow_session_request both = request_of(_i), neither = both, marked = both, large = both, slow = both,
                            long_schedule = both, other_family = both;
  both.server_sends = both.server_receives = true;
  expect_alone(&both, OW_ACCEPT_NOT_SUPPORTED, "exactly one");
  neither.server_sends = neither.server_receives = false;
  expect_alone(&neither, OW_ACCEPT_NOT_SUPPORTED, "exactly one");
  marked.type_p = UINT32_MAX;
  expect_alone(&marked, OW_ACCEPT_NOT_SUPPORTED, "Type-P");
  large.padding = OW_PADDING_MOST + 1;
  expect_alone(&large, OW_ACCEPT_NOT_SUPPORTED, "a padding of 65460 octets; 65459 fit");
  slow.timeout = ow_span_from_ns(86401 * OW_NS_PER_S);
  expect_alone(&slow, OW_ACCEPT_NOT_SUPPORTED, "more than a day");
  long_schedule.slot_count = OW_SLOTS_MOST + 1;
  expect_alone(&long_schedule, OW_ACCEPT_PERMANENT_LIMIT, "4097 slots; 4096 are supported");
  other_family.sender = IPV6;
  expect_alone(&other_family, OW_ACCEPT_NOT_SUPPORTED, "IPv6");
}
END_TEST

START_TEST(packets_go_to_nobody_but_the_client)
{
  struct ow_serve_config open = config();
  struct ow_session_request request = request_of(true);
  request.receiver = OTHER;
  expect_alone(&request, OW_ACCEPT_NOT_SUPPORTED, "another host");
  open.third_party = true;
  expect(&request, &open, &(struct ow_serve_counts){0}, OW_ACCEPT_OK, "");
  request.receiver = ANY;
  expect_alone(&request, OW_ACCEPT_OK, "");
  request.receiver = NO_PORT;
  expect_alone(&request, OW_ACCEPT_NOT_SUPPORTED, "port");

  /* Where the server receives it sends to nobody. */
  request = request_of(false);
  request.receiver = OTHER;
  request.receiver.port = 0;
  expect_alone(&request, OW_ACCEPT_OK, "");
}
END_TEST

START_TEST(records_and_sessions_are_bounded)
{
  struct ow_serve_config small = config();
  struct ow_session_request receives = request_of(false), sends = request_of(true);
  ck_assert_uint_eq(ow_serve_records_for(&receives), 80 + 10 + 16);
  ck_assert_uint_eq(ow_serve_records_for(&sends), 0);
  small.most_records = 141; /* of which one client has at most 106 */
  small.most_sessions = 2;
  expect(&receives, &small, &(struct ow_serve_counts){.sessions_running = 1}, OW_ACCEPT_OK, "");
  expect(&receives, &small, &(struct ow_serve_counts){.records = 36}, OW_ACCEPT_TEMPORARY_LIMIT, "full");
  expect(&sends, &small, &(struct ow_serve_counts){.records = 106}, OW_ACCEPT_OK, "");
  expect(&sends, &small, &(struct ow_serve_counts){.sessions_running = 2}, OW_ACCEPT_TEMPORARY_LIMIT, "full");
  small.most_records = 140;
  expect(&receives, &small, &(struct ow_serve_counts){0}, OW_ACCEPT_PERMANENT_LIMIT, "80 packets");
  /* A bound that was lowered meanwhile is no room. */
  small.most_records = 200;
  expect(&receives, &small, &(struct ow_serve_counts){.records = 201}, OW_ACCEPT_TEMPORARY_LIMIT, "full");
}
END_TEST

/* Four octets a packet, by records of 32; more than three quarters of all are not kept for one client. */
START_TEST(departures_are_counted_by_their_memory)
{
  static const struct {
    uint32_t packets;
    uint64_t most, records;
  } cases[] = {{8, 100, 1}, {9, 100, 2}, {80, 100, 10}, {600, 100, 75}, {601, 100, 0}, {UINT32_MAX, 100, 0}};
  struct ow_serve_config small = config();
  struct ow_session_request receives = request_of(false), sends = request_of(true);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    small.most_records = cases[i].most;
    sends.packets = cases[i].packets;
    ck_assert_uint_eq(ow_serve_departures_for(&sends, &small), cases[i].records);
  }
  ck_assert_uint_eq(ow_serve_departures_for(&receives, &small), 0);
}
END_TEST

/* 80 packets: 106 records at least, 266 at most, as far as half of all stays free. */
START_TEST(duplicates_get_room_from_the_first_half_only)
{
  static const struct {
    uint64_t most, taken, reserved;
  } cases[] = {
      {UINT64_C(16) << 20, 0, 266},
      {532, 0, 266},
      {532, 1, 265},
      {532, 160, 106},
      {532, 161, 106},
      {532, 266, 106},
      {106, 0, 106},
      {50, 100, 106},
      {1000, 5000, 106},
  };
  struct ow_session_request receives = request_of(false), sends = request_of(true);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ow_serve_config sized = config();
    struct ow_serve_counts counts = {.records = cases[i].taken};
    sized.most_records = cases[i].most;
    ck_assert_uint_eq(ow_serve_records_to_reserve(&receives, &sized, &counts), cases[i].reserved);
    ck_assert_uint_eq(ow_serve_records_to_reserve(&sends, &sized, &counts), 0);
  }
  receives.packets = UINT32_MAX;
  ck_assert_uint_gt(ow_serve_records_to_reserve(&receives, &(struct ow_serve_config){.most_records = 9},
                                                &(struct ow_serve_counts){0}),
                    UINT32_MAX);
}
END_TEST

START_TEST(what_other_servers_run_has_room)
{
  struct ow_session_request request = request_of(false);
  request.packets = 20 * 1000 * 1000;
  expect_alone(&request, OW_ACCEPT_OK, "");
  request.packets = 80;
  request.slot_count = 1000;
  ck_assert_uint_eq(ow_serve_slots_for(&request), 1000);
  request.slot_count = 17;
  ck_assert_uint_eq(ow_serve_slots_for(&request), 17);
  request.slot_count = 16;
  ck_assert_uint_eq(ow_serve_slots_for(&request), 0);
}
END_TEST

/* By their memory: 16 octets for a packet that is open, 8 for a skip range, 32 for a record. */
START_TEST(what_a_session_takes_beside_records_counts)
{
  const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = ow_span_from_ns(OW_NS_PER_S)};
  struct ow_session_request receives = request_of(false), sends = request_of(true);
  receives.slot_count = sends.slot_count = 1;
  receives.timeout = ow_span_from_ns(3600 * OW_NS_PER_S);
  ck_assert_uint_eq(ow_serve_beside_for(&receives, &slot), 80 / 2);
  ck_assert_uint_eq(ow_serve_beside_for(&sends, &slot), 80 / 2 / 4);
  receives.packets = 10000;
  ck_assert_uint_ge(ow_serve_beside_for(&receives, &slot), 3600 / 2);
  ck_assert_uint_lt(ow_serve_beside_for(&receives, &slot), 4500 / 2);
  sends.packets = UINT32_MAX;
  ck_assert_uint_eq(ow_serve_beside_for(&sends, &slot), 16384 / 4);
}
END_TEST

START_TEST(packets_within_one_loss_timeout_are_bounded)
{
  const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = ow_span_from_ns(OW_NS_PER_MS)};
  struct ow_session_request receives = request_of(false), sends = request_of(true);
  struct ow_failure why = {0};
  receives.packets = sends.packets = OW_OUTSTANDING_MOST + 1;
  receives.timeout = sends.timeout = ow_span_from_ns(3600 * OW_NS_PER_S);
  ck_assert_int_eq(ow_serve_check_window(&receives, &slot, &why), OW_ACCEPT_PERMANENT_LIMIT);
  ck_assert_msg(strstr(why.text, "within one loss timeout; 1048576 can") != NULL, "%s", why.text);
  ck_assert_int_eq(ow_serve_check_window(&sends, &slot, &why), OW_ACCEPT_OK);
  receives.packets = OW_OUTSTANDING_MOST;
  ck_assert_int_eq(ow_serve_check_window(&receives, &slot, &why), OW_ACCEPT_OK);
  receives.packets = 20 * 1000 * 1000;
  receives.timeout = ow_span_from_ns(1000 * OW_NS_PER_S);
  ck_assert_int_eq(ow_serve_check_window(&receives, &slot, &why), OW_ACCEPT_OK);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_request_check");
  TEST_LOOP(suite, "shape", 2, a_plain_session_may_be, a_session_that_should_have_begun_long_ago_is_refused,
            what_cannot_be_is_not_supported);
  TEST_CASE(suite, "bounds", packets_go_to_nobody_but_the_client, records_and_sessions_are_bounded,
            departures_are_counted_by_their_memory, duplicates_get_room_from_the_first_half_only,
            what_other_servers_run_has_room, what_a_session_takes_beside_records_counts,
            packets_within_one_loss_timeout_are_bounded);
  return test_run(suite);
}
