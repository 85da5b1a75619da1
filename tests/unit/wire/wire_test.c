/* SPDX-License-Identifier: MIT */
/* core/wire: each message at its octet positions, and everything that is refused. */
#include <stdlib.h>
#include <string.h>

#include "crypto/cipher.h"
#include "support/contexts.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/seed.h"
#include "wire/command.h"
#include "wire/endpoint.h"
#include "wire/fetch.h"
#include "wire/mode.h"
#include "wire/session_request.h"
#include "wire/setup.h"
#include "wire/start_stop.h"
#include "wire/test_packet.h"

#define SID "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define ZEROS_4 "00000000"
#define ZEROS_8 ZEROS_4 ZEROS_4
#define ZEROS_16 ZEROS_8 ZEROS_8

static struct ow_sid some_sid(void)
{
  struct ow_sid sid;
  test_hex(SID, sid.octets, sizeof sid.octets);
  return sid;
}

/* Modes and Accept */

START_TEST(modes_are_known_by_their_names)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_MIXED};
  static const char *const names[] = {"open", "authenticated", "encrypted", "mixed"};
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(ow_mode_of_packets(modes[i]), modes[i] == OW_MODE_MIXED ? OW_MODE_OPEN : modes[i]);
    ck_assert_str_eq(ow_mode_name(modes[i]), names[i]);
    ck_assert_int_eq(ow_mode_from_name(names[i]), modes[i]);
  }
  ck_assert_str_eq(ow_mode_name(OW_MODE_NONE), "none");
}
END_TEST

START_TEST(other_names_are_no_mode)
{
  static const char *const names[] = {"", "none", "Open", "open ", "encrypt", "encrypted2"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ck_assert_int_eq(ow_mode_from_name(names[i]), OW_MODE_NONE);
}
END_TEST

START_TEST(the_strongest_mode_is_chosen_and_other_bits_mean_nothing)
{
  static const enum ow_mode strongest[8] = {
      OW_MODE_NONE,      OW_MODE_OPEN,      OW_MODE_AUTHENTICATED, OW_MODE_AUTHENTICATED,
      OW_MODE_ENCRYPTED, OW_MODE_ENCRYPTED, OW_MODE_ENCRYPTED,     OW_MODE_ENCRYPTED,
  };
  for (uint32_t modes = 0; modes < 8; modes++) {
    ck_assert_int_eq(ow_mode_strongest(modes), strongest[modes]);
    ck_assert_int_eq(ow_mode_strongest(modes | 0xfffffff0), strongest[modes]);
    ck_assert_int_eq(ow_mode_strongest(modes | OW_MODE_MIXED), modes < 2 ? OW_MODE_MIXED : strongest[modes]);
  }
}
END_TEST

START_TEST(an_unassigned_accept_value_is_a_failure)
{
  for (unsigned value = 0; value < 256; value++)
    ck_assert_uint_eq(ow_accept_from_wire((uint8_t)value), value <= 5 ? value : OW_ACCEPT_UNASSIGNED);
}
END_TEST

START_TEST(every_accept_value_is_told_with_its_number)
{
  for (unsigned value = 0; value <= 5; value++) {
    char number[] = "(Accept 0)";
    number[8] = (char)('0' + value);
    ck_assert_ptr_nonnull(strstr(ow_accept_text((enum ow_accept)value), number));
  }
  ck_assert_ptr_nonnull(strstr(ow_accept_text(OW_ACCEPT_UNASSIGNED), "(Accept above 5)"));
}
END_TEST

/* Endpoints */

START_TEST(hosts_are_compared_without_ports)
{
  struct ow_endpoint a = {.version = 4, .address = {192, 0, 2, 1}, .port = 861};
  struct ow_endpoint b = a;
  b.port = 8760;
  ck_assert(ow_endpoint_same_host(&a, &b));
  b.address[15] = 1;
  ck_assert(!ow_endpoint_same_host(&a, &b));
  b = a;
  b.version = 6;
  ck_assert(!ow_endpoint_same_host(&a, &b));
}
END_TEST

START_TEST(a_zero_address_is_any)
{
  struct ow_endpoint endpoint = {.version = 6, .port = 861};
  ck_assert(ow_endpoint_is_any(&endpoint));
  endpoint.address[15] = 1;
  ck_assert(!ow_endpoint_is_any(&endpoint));
}
END_TEST

/* Set-up */

#define GREETING                                                                                             \
  ZEROS_8 ZEROS_4                                                                                            \
      "00000007"                                                                                             \
      "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f 00000800" ZEROS_8 ZEROS_4

static struct ow_greeting some_greeting(void)
{
  struct ow_greeting greeting = {.modes = OW_MODES_ALL, .challenge.count = 2048};
  for (uint8_t i = 0; i < 16; i++) {
    greeting.challenge.challenge[i] = i;
    greeting.challenge.salt[i] = (uint8_t)(16 + i);
  }
  return greeting;
}

START_TEST(a_greeting_is_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_GREETING];
  struct ow_greeting greeting = some_greeting();
  ow_greeting_encode(&greeting, out);
  test_assert_hex(out, sizeof out, GREETING);
}
END_TEST

START_TEST(a_greeting_is_read_and_its_unused_octets_are_not)
{
  uint8_t in[OW_GREETING];
  struct ow_greeting greeting;
  struct ow_greeting expected = some_greeting();
  test_hex(GREETING, in, sizeof in);
  memset(in, 0xee, 12);
  memset(in + 52, 0xee, 12);
  ow_greeting_decode(in, &greeting);
  ck_assert_uint_eq(greeting.modes, expected.modes);
  ck_assert_mem_eq(&greeting.challenge, &expected.challenge, sizeof expected.challenge);
}
END_TEST

START_TEST(modes_beyond_owamp_are_read_as_they_are)
{
  uint8_t in[OW_GREETING] = {[12] = 0x80, [15] = 0x05};
  struct ow_greeting greeting;
  ow_greeting_decode(in, &greeting);
  ck_assert_uint_eq(greeting.modes, 0x80000005);
}
END_TEST

START_TEST(a_count_is_a_power_of_two_of_1024_at_least)
{
  for (unsigned bit = 0; bit < 32; bit++) {
    uint32_t power = UINT32_C(1) << bit;
    ck_assert_int_eq(ow_count_valid(power, UINT32_MAX), bit >= 10);
    ck_assert(!ow_count_valid(power + 1, UINT32_MAX));
    ck_assert(!ow_count_valid(power - 1, UINT32_MAX));
  }
  ck_assert(!ow_count_valid(0, UINT32_MAX));
  ck_assert(!ow_count_valid(UINT32_MAX, UINT32_MAX));
}
END_TEST

START_TEST(a_count_is_at_most_what_the_client_will_compute)
{
  ck_assert(ow_count_valid(65536, 65536));
  ck_assert(!ow_count_valid(131072, 65536));
  ck_assert(!ow_count_valid(1024, 1023));
}
END_TEST

static struct ow_setup_response some_response(void)
{
  struct ow_setup_response response = {.mode = OW_MODE_ENCRYPTED, .key_id = "monitor"};
  memset(response.token, 0x77, sizeof response.token);
  memset(response.client_iv, 0x99, sizeof response.client_iv);
  return response;
}

START_TEST(a_setup_response_is_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_SETUP_RESPONSE];
  uint8_t expected[OW_SETUP_RESPONSE] = {[3] = 4};
  struct ow_setup_response response = some_response();
  memcpy(expected + 4, "monitor", 7);
  memset(expected + 84, 0x77, 64);
  memset(expected + 148, 0x99, 16);
  ow_setup_response_encode(&response, out);
  ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(a_setup_response_comes_back)
{
  uint8_t octets[OW_SETUP_RESPONSE];
  struct ow_setup_response there = some_response();
  struct ow_setup_response back;
  memset(&back, 0xaa, sizeof back);
  ow_setup_response_encode(&there, octets);
  ow_setup_response_decode(octets, &back);
  ck_assert_uint_eq(back.mode, there.mode);
  ck_assert_str_eq(back.key_id, there.key_id);
  ck_assert_mem_eq(back.token, there.token, sizeof there.token);
  ck_assert_mem_eq(back.client_iv, there.client_iv, sizeof there.client_iv);
}
END_TEST

START_TEST(a_key_id_may_fill_its_field)
{
  uint8_t octets[OW_SETUP_RESPONSE];
  struct ow_setup_response there = some_response();
  struct ow_setup_response back;
  memset(&back, 0xaa, sizeof back);
  memset(there.key_id, 'k', OW_KEY_ID);
  ow_setup_response_encode(&there, octets);
  ck_assert_uint_eq(octets[4 + 79], 'k');
  ck_assert_uint_eq(octets[84], 0x77);
  ow_setup_response_decode(octets, &back);
  ck_assert_uint_eq(strlen(back.key_id), OW_KEY_ID);
}
END_TEST

#define SERVER_START                                                                                         \
  "000000000000000000000000000000 05 b0b1b2b3b4b5b6b7b8b9babbbcbdbebf eeae485e407b45f0" ZEROS_8

START_TEST(a_server_start_is_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_SERVER_START];
  struct ow_server_start start = {OW_ACCEPT_TEMPORARY_LIMIT, {0}, {UINT64_C(0xeeae485e407b45f0)}};
  test_hex("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf", start.server_iv, sizeof start.server_iv);
  ow_server_start_encode(&start, out);
  test_assert_hex(out, sizeof out, SERVER_START);
}
END_TEST

START_TEST(a_server_start_is_read_in_two_parts)
{
  uint8_t in[OW_SERVER_START];
  struct ow_server_start start;
  test_hex(SERVER_START, in, sizeof in);
  ow_server_start_decode_clear(in, &start);
  ow_server_start_decode_rest(in + OW_SERVER_START_CLEAR, &start);
  ck_assert_int_eq(start.accept, OW_ACCEPT_TEMPORARY_LIMIT);
  test_assert_hex(start.server_iv, sizeof start.server_iv, "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
  ck_assert_uint_eq(start.start_time.ntp, UINT64_C(0xeeae485e407b45f0));
}
END_TEST

START_TEST(an_unassigned_accept_in_any_answer_is_a_failure)
{
  uint8_t in[OW_SERVER_START_CLEAR] = {[0] = 6, [1] = 200, [15] = 6};
  struct ow_server_start start;
  struct ow_session_acceptance acceptance;
  struct ow_stop_sessions stop;
  struct ow_fetch_ack ack;
  ow_server_start_decode_clear(in, &start);
  ow_session_acceptance_decode(in, &acceptance);
  ow_stop_sessions_decode(in, &stop);
  ow_fetch_ack_decode(in, &ack);
  ck_assert_int_eq(start.accept, OW_ACCEPT_UNASSIGNED);
  ck_assert_int_eq(acceptance.accept, OW_ACCEPT_UNASSIGNED);
  ck_assert_int_eq(ow_start_ack_decode(in), OW_ACCEPT_UNASSIGNED);
  ck_assert_int_eq(stop.accept, OW_ACCEPT_UNASSIGNED);
  ck_assert_int_eq(ack.accept, OW_ACCEPT_UNASSIGNED);
}
END_TEST

/* Request-Session */

#define REQUEST                                                                                              \
  "01 06 00 01 00000002 00000014 2256 2494"                                                                  \
  "20010db8000000000000000000000001 20010db8000000000000000000000002" SID                                    \
  "00000064 eeae485e407b45f0 0000000280000000 2e000000" ZEROS_8

static struct ow_session_request some_request(void)
{
  struct ow_session_request request = {
      .server_receives = true,
      .slot_count = 2,
      .packets = 20,
      .sender = {.version = 6, .port = 8790},
      .receiver = {.version = 6, .port = 9364},
      .sid = some_sid(),
      .padding = 100,
      .start = {UINT64_C(0xeeae485e407b45f0)},
      .timeout = {UINT64_C(0x280000000)},
      .type_p = 0x2e000000,
  };
  test_hex("20010db8000000000000000000000001", request.sender.address, 16);
  test_hex("20010db8000000000000000000000002", request.receiver.address, 16);
  return request;
}

static void assert_same_endpoint(const struct ow_endpoint *a, const struct ow_endpoint *b)
{
  ck_assert(ow_endpoint_same_host(a, b));
  ck_assert_uint_eq(a->port, b->port);
}

static void assert_same_request(const struct ow_session_request *a, const struct ow_session_request *b)
{
  ck_assert_int_eq(a->server_sends, b->server_sends);
  ck_assert_int_eq(a->server_receives, b->server_receives);
  ck_assert_uint_eq(a->slot_count, b->slot_count);
  ck_assert_uint_eq(a->packets, b->packets);
  assert_same_endpoint(&a->sender, &b->sender);
  assert_same_endpoint(&a->receiver, &b->receiver);
  ck_assert_mem_eq(a->sid.octets, b->sid.octets, OW_SID);
  ck_assert_uint_eq(a->padding, b->padding);
  ck_assert_uint_eq(a->start.ntp, b->start.ntp);
  ck_assert_uint_eq(a->timeout.ntp, b->timeout.ntp);
  ck_assert_uint_eq(a->type_p, b->type_p);
}

static enum ow_status decode_request(const uint8_t in[OW_REQUEST_SESSION], struct ow_session_request *request)
{
  struct ow_failure failure = {.text = ""};
  enum ow_status status = ow_session_request_decode(in, request, &failure);
  ck_assert_int_eq(failure.status, status);
  ck_assert_int_eq(status == OW_OK, *failure.text == '\0');
  return status;
}

START_TEST(a_request_is_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_REQUEST_SESSION];
  struct ow_session_request request = some_request();
  ow_session_request_encode(&request, out);
  test_assert_hex(out, sizeof out, REQUEST);
}
END_TEST

START_TEST(a_request_is_read_field_by_field)
{
  uint8_t in[OW_REQUEST_SESSION];
  struct ow_session_request request;
  struct ow_session_request expected = some_request();
  memset(&request, 0xaa, sizeof request);
  test_hex(REQUEST, in, sizeof in);
  ck_assert_int_eq(decode_request(in, &request), OW_OK);
  assert_same_request(&request, &expected);
}
END_TEST

START_TEST(a_request_to_send_says_so)
{
  uint8_t out[OW_REQUEST_SESSION];
  struct ow_session_request there = some_request();
  struct ow_session_request back;
  there.server_sends = true;
  there.server_receives = false;
  ow_session_request_encode(&there, out);
  ck_assert_uint_eq(out[2], 1);
  ck_assert_uint_eq(out[3], 0);
  ck_assert_int_eq(decode_request(out, &back), OW_OK);
  assert_same_request(&back, &there);
}
END_TEST

START_TEST(octets_that_must_be_zero_are_not_read)
{
  uint8_t in[OW_REQUEST_SESSION];
  struct ow_session_request request;
  struct ow_session_request expected = some_request();
  test_hex(REQUEST, in, sizeof in);
  in[1] = 0xf6;
  memset(in + 88, 0xee, 8);
  ck_assert_int_eq(decode_request(in, &request), OW_OK);
  assert_same_request(&request, &expected);
}
END_TEST

START_TEST(an_ipv4_address_is_four_octets_whatever_follows)
{
  uint8_t in[OW_REQUEST_SESSION];
  struct ow_session_request request;
  test_hex(REQUEST, in, sizeof in);
  in[1] = 4;
  memset(in + 16, 0x55, 32);
  ck_assert_int_eq(decode_request(in, &request), OW_OK);
  ck_assert_uint_eq(request.sender.version, 4);
  ck_assert_uint_eq(request.receiver.version, 4);
  test_assert_hex(request.sender.address, 16, "55555555" ZEROS_8 ZEROS_4);
  test_assert_hex(request.receiver.address, 16, "55555555" ZEROS_8 ZEROS_4);
}
END_TEST

static const struct {
  size_t at;
  const char *digits;
  const char *named;
} refused_requests[] = {
    {1, "00", "IPVN"},          {1, "05", "IPVN"},          {1, "0f", "IPVN"},
    {2, "0000", "Conf-Sender"}, {2, "0200", "Conf-Sender"}, {2, "0102", "Conf-Receiver"},
    {2, "ff01", "Conf-Sender"}, {4, "00000000", "slot"},    {8, "00000000", "packets"},
};
enum { REFUSED_REQUESTS = sizeof refused_requests / sizeof *refused_requests };

START_TEST(an_impossible_request_is_refused_by_name)
{
  uint8_t in[OW_REQUEST_SESSION];
  struct ow_session_request request;
  struct ow_failure failure;
  test_hex(REQUEST, in, sizeof in);
  test_hex(refused_requests[_i].digits, in + refused_requests[_i].at,
           strlen(refused_requests[_i].digits) / 2);
  ck_assert_int_eq(ow_session_request_decode(in, &request, &failure), OW_PROTOCOL);
  ck_assert_ptr_nonnull(strstr(failure.text, refused_requests[_i].named));
  ck_assert_int_eq(ow_session_request_decode(in, &request, NULL), OW_PROTOCOL);
}
END_TEST

/* Slots, DSCP, Accept-Session */

START_TEST(slots_are_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_SLOT];
  ow_slot_encode(&(struct ow_slot){OW_SLOT_EXPONENTIAL, {UINT64_C(0x0102030405060708)}}, out);
  test_assert_hex(out, sizeof out, "0000000000000000 0102030405060708");
  ow_slot_encode(&(struct ow_slot){OW_SLOT_FIXED, {UINT64_C(0x0102030405060708)}}, out);
  test_assert_hex(out, sizeof out, "0100000000000000 0102030405060708");
}
END_TEST

START_TEST(slots_are_read_and_their_unused_octets_are_not)
{
  uint8_t in[OW_SLOT];
  struct ow_slot slot;
  for (uint8_t kind = 0; kind <= 1; kind++) {
    test_hex("00eeeeeeeeeeeeee 0102030405060708", in, sizeof in);
    in[0] = kind;
    ck_assert_int_eq(ow_slot_decode(in, &slot, NULL), OW_OK);
    ck_assert_uint_eq(slot.kind, kind);
    ck_assert_uint_eq(slot.parameter.ntp, UINT64_C(0x0102030405060708));
  }
}
END_TEST

START_TEST(a_slot_of_unknown_type_is_refused)
{
  struct ow_slot slot;
  struct ow_failure failure;
  for (unsigned kind = 2; kind < 256; kind++) {
    uint8_t in[OW_SLOT] = {(uint8_t)kind};
    ck_assert_int_eq(ow_slot_decode(in, &slot, &failure), OW_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(failure.text, "slot"));
  }
}
END_TEST

START_TEST(a_dscp_becomes_a_descriptor_and_comes_back)
{
  for (uint8_t dscp = 0; dscp < 64; dscp++) {
    uint8_t back = 255;
    ck_assert_uint_eq(ow_type_p_from_dscp(dscp), (uint32_t)dscp << 24);
    ck_assert(ow_type_p_to_dscp(ow_type_p_from_dscp(dscp), &back));
    ck_assert_uint_eq(back, dscp);
  }
  ck_assert_uint_eq(ow_type_p_from_dscp(46), 0x2e000000);
}
END_TEST

START_TEST(a_descriptor_that_is_no_plain_dscp_is_told_apart)
{
  static const uint32_t others[] = {0x40000000, 0x6e000000, 0x80000000, 0xc0000000,
                                    0x2e000001, 0x2e800000, 1};
  uint8_t dscp;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    ck_assert(!ow_type_p_to_dscp(others[i], &dscp));
}
END_TEST

START_TEST(an_acceptance_is_laid_out_as_in_the_rfc_and_comes_back)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  struct ow_session_acceptance back;
  struct ow_session_acceptance there = {OW_ACCEPT_NOT_SUPPORTED, 8852, some_sid()};
  ow_session_acceptance_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "03 00 2294" SID ZEROS_8 ZEROS_4);
  ow_session_acceptance_decode(octets, &back);
  ck_assert_int_eq(back.accept, OW_ACCEPT_NOT_SUPPORTED);
  ck_assert_uint_eq(back.port, 8852);
  ck_assert_mem_eq(back.sid.octets, there.sid.octets, OW_SID);
}
END_TEST

/* Start and stop */

START_TEST(start_sessions_is_its_command_and_zeros)
{
  uint8_t out[OW_START_SESSIONS];
  ow_start_sessions_encode(out);
  test_assert_hex(out, sizeof out, "02000000" ZEROS_4 ZEROS_8);
}
END_TEST

START_TEST(a_start_ack_is_its_accept_and_zeros)
{
  uint8_t out[OW_START_ACK];
  ow_start_ack_encode(OW_ACCEPT_PERMANENT_LIMIT, out);
  test_assert_hex(out, sizeof out, "04000000" ZEROS_4 ZEROS_8);
  ck_assert_int_eq(ow_start_ack_decode(out), OW_ACCEPT_PERMANENT_LIMIT);
}
END_TEST

START_TEST(stop_sessions_is_laid_out_as_in_the_rfc_and_comes_back)
{
  uint8_t octets[OW_STOP_SESSIONS];
  struct ow_stop_sessions back;
  ow_stop_sessions_encode(&(struct ow_stop_sessions){OW_ACCEPT_INTERNAL_ERROR, 0x01020304}, octets);
  test_assert_hex(octets, sizeof octets, "03 02 0000 01020304" ZEROS_8);
  ow_stop_sessions_decode(octets, &back);
  ck_assert_int_eq(back.accept, OW_ACCEPT_INTERNAL_ERROR);
  ck_assert_uint_eq(back.sessions, 0x01020304);
}
END_TEST

static const struct ow_skip_range some_ranges[] = {{1, 1}, {3, 7}, {8, 0x0a0b0c0d}};

/* A description of 24 octets and 8 for each range, filled up with zeros to whole blocks. */
static const struct {
  uint32_t ranges;
  size_t octets;
  const char *tail;
} session_ends[] = {
    {0, 32, ZEROS_8},
    {1, 32, "0000000100000001"},
    {2, 48, "00000001000000010000000300000007" ZEROS_8},
    {3, 48, "00000001000000010000000300000007000000080a0b0c0d"},
};
enum { SESSION_ENDS = sizeof session_ends / sizeof *session_ends };

static struct ow_session_end session_end(uint32_t ranges)
{
  return (struct ow_session_end){some_sid(), 0x0a0b0c0e, ranges, some_ranges};
}

START_TEST(a_session_end_is_padded_to_whole_blocks)
{
  uint8_t out[64];
  struct ow_session_end end = session_end(session_ends[_i].ranges);
  memset(out, 0xee, sizeof out);
  ck_assert_uint_eq(ow_session_end_octets(end.skip_ranges), session_ends[_i].octets);
  ow_session_end_encode(&end, out);
  test_assert_hex(out, OW_SID, SID);
  test_assert_hex(out + 16, 4, "0a0b0c0e");
  ck_assert_uint_eq(out[23], session_ends[_i].ranges);
  test_assert_hex(out + 24, session_ends[_i].octets - 24, session_ends[_i].tail);
  ck_assert_uint_eq(out[session_ends[_i].octets], 0xee);
}
END_TEST

START_TEST(a_session_end_comes_back_with_its_ranges)
{
  uint8_t octets[64];
  struct ow_session_end back;
  struct ow_skip_range ranges[3];
  struct ow_session_end there = session_end(session_ends[_i].ranges);
  ow_session_end_encode(&there, octets);
  ow_session_end_decode(octets, &back);
  ck_assert_mem_eq(back.sid.octets, there.sid.octets, OW_SID);
  ck_assert_uint_eq(back.next_sequence, there.next_sequence);
  ck_assert_uint_eq(back.skip_ranges, there.skip_ranges);
  ck_assert_ptr_null(back.skipped);
  ck_assert_int_eq(
      ow_skip_ranges_decode(octets + OW_STOP_DESCRIPTION, back.skip_ranges, back.next_sequence, ranges, NULL),
      OW_OK);
  for (uint32_t i = 0; i < back.skip_ranges; i++) {
    ck_assert_uint_eq(ranges[i].first, some_ranges[i].first);
    ck_assert_uint_eq(ranges[i].last, some_ranges[i].last);
  }
}
END_TEST

START_TEST(the_size_of_a_session_end_does_not_wrap)
{
  ck_assert_uint_eq(ow_session_end_octets(UINT32_MAX), 24 + (size_t)UINT32_MAX * 8);
}
END_TEST

static const struct {
  enum ow_status status;
  uint32_t count;
  uint32_t next;
  struct ow_skip_range ranges[3];
} range_lists[] = {
    {OW_OK, 0, 0, {{0}}},
    {OW_OK, 1, 1, {{0, 0}}},
    {OW_OK, 3, 20, {{0, 4}, {5, 5}, {19, 19}}},
    {OW_OK, 2, UINT32_MAX, {{0, 1}, {7, UINT32_MAX - 1}}},
    {OW_PROTOCOL, 1, 0, {{0, 0}}},   /* nothing was sent */
    {OW_PROTOCOL, 1, 20, {{5, 4}}},  /* ends before it begins */
    {OW_PROTOCOL, 1, 20, {{0, 20}}}, /* not below Next Seqno */
    {OW_PROTOCOL, 1, UINT32_MAX, {{0, UINT32_MAX}}},
    {OW_PROTOCOL, 2, 20, {{0, 4}, {4, 5}}},                  /* overlap */
    {OW_PROTOCOL, 2, 20, {{0, 4}, {0, 4}}},                  /* twice */
    {OW_PROTOCOL, 2, 20, {{5, 6}, {0, 1}}},                  /* falling */
    {OW_PROTOCOL, 3, 20, {{0, 4}, {6, 9}, {7, 8}}},          /* one within another */
    {OW_PROTOCOL, 2, UINT32_MAX, {{0, UINT32_MAX}, {0, 0}}}, /* one beyond the last number is no wrap */
};
enum { RANGE_LISTS = sizeof range_lists / sizeof *range_lists };

START_TEST(skip_ranges_rise_without_overlap_below_next_seqno)
{
  uint8_t octets[3 * OW_SKIP_RANGE];
  struct ow_skip_range ranges[3];
  struct ow_failure failure = {.text = ""};
  ow_skip_ranges_encode(range_lists[_i].ranges, range_lists[_i].count, octets);
  ck_assert_int_eq(
      ow_skip_ranges_decode(octets, range_lists[_i].count, range_lists[_i].next, ranges, &failure),
      range_lists[_i].status);
  ck_assert_int_eq(*failure.text == '\0', range_lists[_i].status == OW_OK);
}
END_TEST

/* Fetch */

START_TEST(a_fetch_request_is_laid_out_as_in_the_rfc_and_comes_back)
{
  uint8_t octets[OW_FETCH_SESSION];
  struct ow_fetch_request back;
  struct ow_fetch_request there = {.begin = 0x01020304, .end = OW_FETCH_TO_END, .sid = some_sid()};
  ow_fetch_request_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "04 00000000000000 01020304 ffffffff" SID);
  ow_fetch_request_decode(octets, &back);
  ck_assert_uint_eq(back.begin, there.begin);
  ck_assert_uint_eq(back.end, there.end);
  ck_assert_mem_eq(back.sid.octets, there.sid.octets, OW_SID);
  ck_assert(!back.departures);
}
END_TEST

START_TEST(a_fetch_ack_is_laid_out_as_in_the_rfc_and_comes_back)
{
  uint8_t octets[OW_FETCH_ACK];
  struct ow_fetch_ack back;
  struct ow_fetch_ack there = {OW_ACCEPT_OK, true, 0x01020304, 0x05060708, 0x090a0b0c, false};
  ow_fetch_ack_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "00 01 0000 01020304 05060708 090a0b0c");
  ow_fetch_ack_decode(octets, &back);
  ck_assert_int_eq(back.accept, OW_ACCEPT_OK);
  ck_assert(back.finished);
  ck_assert_uint_eq(back.next_sequence, there.next_sequence);
  ck_assert_uint_eq(back.skip_ranges, there.skip_ranges);
  ck_assert_uint_eq(back.records, there.records);
  ck_assert(!back.departures);
}
END_TEST

/* 2 with a Next Seqno of 0 is how perfSONAR's owampd tells of a session that ended without Stop-Sessions. */
START_TEST(a_session_is_finished_if_it_was_stopped)
{
  uint8_t octets[OW_FETCH_ACK] = {0};
  struct ow_fetch_ack ack;
  ow_fetch_ack_decode(octets, &ack);
  ck_assert(!ack.finished);
  octets[1] = 2;
  ow_fetch_ack_decode(octets, &ack);
  ck_assert(!ack.finished);
  octets[1] = 1;
  ow_fetch_ack_decode(octets, &ack);
  ck_assert(ack.finished);
  octets[1] = 0x80;
  ow_fetch_ack_decode(octets, &ack);
  ck_assert(ack.finished);
}
END_TEST

START_TEST(a_record_is_laid_out_as_in_the_rfc_and_comes_back)
{
  uint8_t octets[OW_RECORD];
  struct ow_sample back;
  struct ow_sample there = {.sequence = 0x01020304,
                            .send_error = {0x0506},
                            .receive_error = {0x0708},
                            .sent = {UINT64_C(0x1112131415161718)},
                            .received = {UINT64_C(0x2122232425262728)},
                            .ttl = 0x33,
                            .source = OW_STAMP_KERNEL};
  ow_record_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "01020304 0506 0708 1112131415161718 2122232425262728 33");
  ow_record_decode(octets, &back);
  ck_assert_uint_eq(back.sequence, there.sequence);
  ck_assert_uint_eq(back.send_error.bits, there.send_error.bits);
  ck_assert_uint_eq(back.receive_error.bits, there.receive_error.bits);
  ck_assert_uint_eq(back.sent.ntp, there.sent.ntp);
  ck_assert_uint_eq(back.received.ntp, there.received.ntp);
  ck_assert_uint_eq(back.ttl, there.ttl);
  ck_assert_uint_eq(back.source, OW_STAMP_UNKNOWN);
}
END_TEST

START_TEST(a_record_of_a_lost_packet_is_lost)
{
  uint8_t octets[OW_RECORD] = {[8] = 1, [24] = 255};
  struct ow_sample sample;
  ow_record_decode(octets, &sample);
  ck_assert(ow_sample_lost(&sample));
  ck_assert_uint_eq(sample.ttl, OW_TTL_LOST);
}
END_TEST

/* Departures: docs/protocol-extensions.md */

START_TEST(a_fetch_of_departures_is_marked_where_others_have_zeros)
{
  uint8_t octets[OW_FETCH_SESSION];
  struct ow_fetch_request back;
  struct ow_fetch_request there = {.begin = 0, .end = 99, .sid = some_sid(), .departures = true};
  ow_fetch_request_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "04 000000 44455031 00000000 00000063" SID);
  ow_fetch_request_decode(octets, &back);
  ck_assert(back.departures);
  ck_assert_uint_eq(back.end, 99);
}
END_TEST

START_TEST(its_answer_is_marked_as_well)
{
  uint8_t octets[OW_FETCH_ACK];
  struct ow_fetch_ack back;
  struct ow_fetch_ack there = {OW_ACCEPT_OK, true, 0x01020304, 0x05060708, 0x090a0b0c, true};
  ow_fetch_ack_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "00 01 4431 01020304 05060708 090a0b0c");
  ow_fetch_ack_decode(octets, &back);
  ck_assert(back.departures);
  ck_assert_uint_eq(back.records, there.records);
}
END_TEST

/* Whatever else somebody leaves in octets that nobody uses. */
START_TEST(only_the_whole_mark_counts)
{
  uint8_t request[OW_FETCH_SESSION];
  uint8_t answer[OW_FETCH_ACK];
  for (unsigned bit = 0; bit < 32; bit++) {
    struct ow_fetch_request asked = {.departures = true};
    ow_fetch_request_encode(&asked, request);
    request[4 + bit / 8] ^= (uint8_t)(1U << bit % 8);
    ow_fetch_request_decode(request, &asked);
    ck_assert_msg(!asked.departures, "bit %u", bit);
  }
  for (unsigned bit = 0; bit < 16; bit++) {
    struct ow_fetch_ack ack = {.departures = true};
    ow_fetch_ack_encode(&ack, answer);
    answer[2 + bit / 8] ^= (uint8_t)(1U << bit % 8);
    ow_fetch_ack_decode(answer, &ack);
    ck_assert_msg(!ack.departures, "bit %u", bit);
  }
}
END_TEST

START_TEST(a_departure_is_laid_out_as_specified_and_comes_back)
{
  static const struct {
    int32_t offset;
    const char *octets;
  } cases[] = {
      {0x11223344, "01020304 11223344 8a64 01 00"},
      {-1, "01020304 ffffffff 8a64 01 00"},
      {INT32_MIN, "01020304 80000000 8a64 01 00"},
  };
  uint8_t octets[OW_DEPARTURE_RECORD];
  struct ow_departure_record back;
  struct ow_departure_record there = {0x01020304, cases[_i].offset, {0x8a64}, OW_DEPARTURE_BY_KERNEL};
  ow_departure_record_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, cases[_i].octets);
  ow_departure_record_decode(octets, &back);
  ck_assert_uint_eq(back.sequence, there.sequence);
  ck_assert_int_eq(back.offset, there.offset);
  ck_assert_uint_eq(back.error.bits, 0x8a64);
  ck_assert_uint_eq(back.source, OW_DEPARTURE_BY_KERNEL);
}
END_TEST

/*
 * Test packets; what is enciphered was computed with the openssl program, see crypto_test.c for the commands.
 */

static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
enum { MODES = sizeof modes / sizeof *modes };

#define PACKET_STAMP UINT64_C(0xeeae485e407b45f0)
static const char *const packets[] = {
    "01020304 eeae485e407b45f0 8a64",
    "e887f4b5a90e009e166ea4b45f14acd1 eeae485e407b45f0 8a64 000000000000 3dd99cc6f04cb5cf463d072825bc5745",
    "e887f4b5a90e009e166ea4b45f14acd1 444126e9a0d0093ed2cf54cefed696f8 60114313a7cd113469ec82812db58532",
};

static struct ow_packet_codec codec_of(enum ow_mode mode)
{
  struct ow_packet_codec codec;
  struct ow_keys keys;
  test_hex("202122232425262728292a2b2c2d2e2f", keys.aes, sizeof keys.aes);
  test_hex("303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f", keys.hmac, sizeof keys.hmac);
  if (mode == OW_MODE_OPEN)
    ck_assert_int_eq(ow_packet_codec_open(&codec, mode, NULL, NULL), OW_OK);
  else
    ck_assert_int_eq(ow_packet_codec_open(&codec, mode, &keys, test_contexts()), OW_OK);
  return codec;
}

static void encode_packet(struct ow_packet_codec *codec, const struct ow_packet *packet, uint8_t *out)
{
  ck_assert_int_eq(ow_packet_prepare(codec, packet->sequence, out), OW_OK);
  ck_assert_int_eq(ow_packet_stamp(codec, packet->sequence, packet->sent, packet->error, out), OW_OK);
}

static void assert_packet(struct ow_packet_codec *codec, const uint8_t *in, size_t octets,
                          const struct ow_packet *expected)
{
  struct ow_packet packet = {0};
  ck_assert_int_eq(ow_packet_decode(codec, in, octets, &packet), OW_OK);
  ck_assert_uint_eq(packet.sequence, expected->sequence);
  ck_assert_uint_eq(packet.sent.ntp, expected->sent.ntp);
  ck_assert_uint_eq(packet.error.bits, expected->error.bits);
}

static const struct ow_packet some_packet = {0x01020304, {PACKET_STAMP}, {0x8a64}};

START_TEST(a_test_packet_is_laid_out_as_in_the_rfc)
{
  uint8_t out[OW_PACKET_SECURE];
  struct ow_packet_codec codec = codec_of(modes[_i]);
  ck_assert_uint_eq(ow_packet_least(modes[_i]), modes[_i] == OW_MODE_OPEN ? 14 : 48);
  encode_packet(&codec, &some_packet, out);
  test_assert_hex(out, ow_packet_least(modes[_i]), packets[_i]);
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(a_test_packet_is_read)
{
  uint8_t in[OW_PACKET_SECURE];
  size_t least = ow_packet_least(modes[_i]);
  struct ow_packet_codec codec = codec_of(modes[_i]);
  test_hex(packets[_i], in, least);
  assert_packet(&codec, in, least, &some_packet);
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(padding_is_not_read)
{
  uint8_t in[OW_PACKET_SECURE + 100];
  size_t least = ow_packet_least(modes[_i]);
  struct ow_packet_codec codec = codec_of(modes[_i]);
  memset(in, 0xee, sizeof in);
  test_hex(packets[_i], in, least);
  assert_packet(&codec, in, least + 1, &some_packet);
  assert_packet(&codec, in, sizeof in, &some_packet);
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(many_packets_pass_through_one_codec_each_way)
{
  struct test_prng prng = test_prng(test_seed());
  struct ow_packet_codec sender = codec_of(modes[_i]);
  struct ow_packet_codec receiver = codec_of(modes[_i]);
  for (int i = 0; i < 1000; i++) {
    uint8_t octets[OW_PACKET_SECURE];
    struct ow_packet packet = {
        (uint32_t)test_prng_next(&prng), {test_prng_next(&prng)}, {(uint16_t)test_prng_next(&prng)}};
    encode_packet(&sender, &packet, octets);
    assert_packet(&receiver, octets, ow_packet_least(modes[_i]), &packet);
  }
  ow_packet_codec_close(&sender);
  ow_packet_codec_close(&receiver);
}
END_TEST

START_TEST(a_short_packet_is_invalid)
{
  uint8_t in[OW_PACKET_SECURE];
  size_t least = ow_packet_least(modes[_i]);
  struct ow_packet packet;
  struct ow_packet_codec codec = codec_of(modes[_i]);
  test_hex(packets[_i], in, least);
  for (size_t octets = 0; octets < least; octets++) {
    uint8_t *exact = malloc(octets ? octets : 1); /* so that a sanitizer sees a read beyond the end */
    memcpy(exact, in, octets);
    ck_assert_int_eq(ow_packet_decode(&codec, exact, octets, &packet), OW_INVALID);
    free(exact);
  }
  ow_packet_codec_close(&codec);
}
END_TEST

/* Mode 1 has no HMAC; in mode 2 it covers the first block, in mode 4 both. */
static bool change_is_seen(enum ow_mode mode, size_t at)
{
  bool in_second_block = at >= 16 && at < 32;
  return mode == OW_MODE_ENCRYPTED || (mode == OW_MODE_AUTHENTICATED && !in_second_block);
}

START_TEST(a_change_of_any_octet_is_seen_where_the_hmac_covers_it)
{
  uint8_t in[OW_PACKET_SECURE];
  size_t least = ow_packet_least(modes[_i]);
  struct ow_packet packet;
  struct ow_packet_codec codec = codec_of(modes[_i]);
  test_hex(packets[_i], in, least);
  for (size_t at = 0; at < least; at++)
    for (unsigned bit = 0; bit < 8; bit++) {
      in[at] ^= (uint8_t)(1U << bit);
      ck_assert_int_eq(ow_packet_decode(&codec, in, least, &packet),
                       change_is_seen(modes[_i], at) ? OW_AUTH : OW_OK);
      in[at] ^= (uint8_t)(1U << bit);
    }
  assert_packet(&codec, in, least, &some_packet);
  ow_packet_codec_close(&codec);
}
END_TEST

/* A stamp that was changed on its way in mode 2 is read as it came: the mode leaves it open to that. */
START_TEST(the_stamp_of_mode_2_stands_in_clear)
{
  uint8_t in[OW_PACKET_SECURE];
  struct ow_packet changed = {0x01020304, {PACKET_STAMP ^ 0xff}, {0x0064}};
  struct ow_packet_codec codec = codec_of(OW_MODE_AUTHENTICATED);
  test_hex(packets[1], in, sizeof in);
  in[23] ^= 0xff;
  in[24] = 0;
  assert_packet(&codec, in, sizeof in, &changed);
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(a_packet_under_other_keys_is_refused)
{
  static const struct ow_keys other = {{1}, {2}};
  uint8_t in[OW_PACKET_SECURE];
  struct ow_packet packet;
  for (size_t i = 1; i < MODES; i++) {
    struct ow_packet_codec codec;
    ck_assert_int_eq(ow_packet_codec_open(&codec, modes[i], &other, test_contexts()), OW_OK);
    test_hex(packets[i], in, sizeof in);
    ck_assert_int_eq(ow_packet_decode(&codec, in, sizeof in, &packet), OW_AUTH);
    ow_packet_codec_close(&codec);
  }
}
END_TEST

START_TEST(a_packet_of_the_other_keyed_mode_is_refused)
{
  uint8_t in[OW_PACKET_SECURE];
  struct ow_packet packet;
  for (size_t i = 1; i < MODES; i++) {
    struct ow_packet_codec codec = codec_of(modes[i]);
    test_hex(packets[MODES - i], in, sizeof in);
    ck_assert_int_eq(ow_packet_decode(&codec, in, sizeof in, &packet), OW_AUTH);
    ow_packet_codec_close(&codec);
  }
}
END_TEST

/* Sessions take turns: a packet that is prepared waits for its stamp while others are sealed and opened. */
START_TEST(codecs_of_different_keys_take_turns_with_one_set_of_contexts)
{
  static const struct ow_keys other = {{1}, {2}};
  const struct ow_packet stranger = {7, {UINT64_C(8) << 32}, {0x0101}};
  uint8_t out[OW_PACKET_SECURE];
  uint8_t between[OW_PACKET_SECURE];
  struct ow_packet_codec codec = codec_of(modes[_i]);
  struct ow_packet_codec another;
  ck_assert_int_eq(ow_packet_codec_open(&another, modes[_i], &other, test_contexts()), OW_OK);
  ck_assert_int_eq(ow_packet_prepare(&codec, some_packet.sequence, out), OW_OK);
  encode_packet(&another, &stranger, between);
  assert_packet(&another, between, ow_packet_least(modes[_i]), &stranger);
  ow_packet_codec_close(&another);
  ck_assert_int_eq(ow_packet_stamp(&codec, some_packet.sequence, some_packet.sent, some_packet.error, out),
                   OW_OK);
  test_assert_hex(out, ow_packet_least(modes[_i]), packets[_i]);
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(no_codec_can_be_closed)
{
  size_t held = test_memory_held();
  struct ow_packet_codec codec = {0};
  ow_packet_codec_close(&codec);
  ck_assert_uint_eq(test_memory_held(), held);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("wire");
  test_seed();
  TEST_CASE(suite, "mode", modes_are_known_by_their_names, other_names_are_no_mode,
            the_strongest_mode_is_chosen_and_other_bits_mean_nothing, an_unassigned_accept_value_is_a_failure,
            every_accept_value_is_told_with_its_number);
  TEST_CASE(suite, "endpoint", hosts_are_compared_without_ports, a_zero_address_is_any);
  TEST_CASE(suite, "set-up", a_greeting_is_laid_out_as_in_the_rfc,
            a_greeting_is_read_and_its_unused_octets_are_not, modes_beyond_owamp_are_read_as_they_are,
            a_count_is_a_power_of_two_of_1024_at_least, a_count_is_at_most_what_the_client_will_compute,
            a_setup_response_is_laid_out_as_in_the_rfc, a_setup_response_comes_back,
            a_key_id_may_fill_its_field, a_server_start_is_laid_out_as_in_the_rfc,
            a_server_start_is_read_in_two_parts, an_unassigned_accept_in_any_answer_is_a_failure);
  TEST_CASE(suite, "request", a_request_is_laid_out_as_in_the_rfc, a_request_is_read_field_by_field,
            a_request_to_send_says_so, octets_that_must_be_zero_are_not_read,
            an_ipv4_address_is_four_octets_whatever_follows, slots_are_laid_out_as_in_the_rfc,
            slots_are_read_and_their_unused_octets_are_not, a_slot_of_unknown_type_is_refused,
            a_dscp_becomes_a_descriptor_and_comes_back, a_descriptor_that_is_no_plain_dscp_is_told_apart,
            an_acceptance_is_laid_out_as_in_the_rfc_and_comes_back);
  TEST_LOOP(suite, "refused requests", REFUSED_REQUESTS, an_impossible_request_is_refused_by_name);
  TEST_CASE(suite, "start and stop", start_sessions_is_its_command_and_zeros,
            a_start_ack_is_its_accept_and_zeros, stop_sessions_is_laid_out_as_in_the_rfc_and_comes_back,
            the_size_of_a_session_end_does_not_wrap);
  TEST_LOOP(suite, "session ends", SESSION_ENDS, a_session_end_is_padded_to_whole_blocks,
            a_session_end_comes_back_with_its_ranges);
  TEST_LOOP(suite, "skip ranges", RANGE_LISTS, skip_ranges_rise_without_overlap_below_next_seqno);
  TEST_CASE(suite, "fetch", a_fetch_request_is_laid_out_as_in_the_rfc_and_comes_back,
            a_fetch_ack_is_laid_out_as_in_the_rfc_and_comes_back, a_session_is_finished_if_it_was_stopped,
            a_record_is_laid_out_as_in_the_rfc_and_comes_back, a_record_of_a_lost_packet_is_lost);
  TEST_CASE(suite, "departures", a_fetch_of_departures_is_marked_where_others_have_zeros,
            its_answer_is_marked_as_well, only_the_whole_mark_counts);
  TEST_LOOP(suite, "departure", 3, a_departure_is_laid_out_as_specified_and_comes_back);
  TEST_LOOP(suite, "test packet", MODES, a_test_packet_is_laid_out_as_in_the_rfc, a_test_packet_is_read,
            padding_is_not_read, many_packets_pass_through_one_codec_each_way, a_short_packet_is_invalid,
            a_change_of_any_octet_is_seen_where_the_hmac_covers_it,
            codecs_of_different_keys_take_turns_with_one_set_of_contexts);
  TEST_CASE(suite, "test packet's keys", the_stamp_of_mode_2_stands_in_clear,
            a_packet_under_other_keys_is_refused, a_packet_of_the_other_keyed_mode_is_refused,
            no_codec_can_be_closed);
  return test_run(suite);
}
