/* SPDX-License-Identifier: MIT */
/*
 * Three whole measurements of another implementation (tests/vectors), decoded to the last octet. The walk
 * through the control connection rests on AES and HMAC alone, and so is independent of the core's own
 * protected stream, which is then held against the same octets.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "control/protected_stream.h"
#include "crypto/cipher.h"
#include "crypto/hmac.h"
#include "crypto/keys.h"
#include "schedule/schedule.h"
#include "support/contexts.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/pcap.h"
#include "support/raw.h"
#include "support/token.h"
#include "wire/command.h"
#include "wire/fetch.h"
#include "wire/session_request.h"
#include "wire/setup.h"
#include "wire/start_stop.h"
#include "wire/test_packet.h"

#define PASSPHRASE "correct horse battery staple"

enum { SERVER_PORT = 8610, SESSIONS = 2, MOST_SLOTS = 2, MOST_PACKETS = 20, MOST_RECORD_OCTETS = 512 };
enum { CLIENT_HMACS = 7, SERVER_HMACS = 9 };
enum { CLIENT, SERVER };         /* sides of the connection */
enum { TO_SERVER, FROM_SERVER }; /* sessions, in the order of their requests */

static const struct expected {
  const char *name;
  enum ow_mode mode;
  uint32_t slots;
  uint32_t packets; /* each way */
  uint32_t padding;
  uint8_t dscp;
  long client_octets;
  long server_octets;
} captures[] = {
    {"open", OW_MODE_OPEN, 2, 20, 0, 0, 628, 1040},
    {"auth", OW_MODE_AUTHENTICATED, 1, 12, 0, 0, 596, 816},
    {"enc", OW_MODE_ENCRYPTED, 1, 12, 100, 46, 596, 816},
};
enum { CAPTURES = sizeof captures / sizeof *captures };

/* One direction of the control connection, as far as it was read. */
struct side {
  uint8_t *octets;
  struct ow_reader reader;
  struct ow_cipher *cipher; /* NULL: in clear */
  struct ow_hmac *hmac;
  unsigned hmacs;
};

/* A Request-Session, its slots and the answer; the octets as they were on the wire, decrypted. */
struct session {
  uint8_t octets[OW_REQUEST_SESSION];
  struct ow_session_request request;
  struct ow_slot slots[MOST_SLOTS];
  struct ow_session_acceptance acceptance;
  struct ow_keys test_keys;
};

struct stop {
  struct ow_stop_sessions message;
  struct ow_session_end end;
  uint8_t padding[8];
};

/* Everything that was said on the control connection. */
struct conversation {
  const struct expected *expected;
  struct test_capture capture;
  struct test_raw raw;
  struct side sides[2];

  uint8_t greeting_octets[OW_GREETING];
  uint8_t response_octets[OW_SETUP_RESPONSE];
  struct ow_greeting greeting;
  struct ow_setup_response response;
  struct ow_server_start start;
  struct ow_keys keys;
  struct session sessions[SESSIONS];
  uint8_t start_sessions[OW_START_SESSIONS];
  enum ow_accept start_ack;
  struct stop stops[2]; /* by side */
  struct ow_fetch_request fetch;
  struct ow_fetch_ack ack;
  struct session fetched;
  struct ow_sample records[MOST_PACKETS];
  uint8_t record_padding[16];
  size_t record_padding_octets;
};

/* Reading a side */

static void take(struct side *side, void *out, size_t octets)
{
  ow_read_octets(&side->reader, out, octets);
  ck_assert(!side->reader.overrun);
  if (side->cipher) {
    ck_assert_int_eq(ow_cipher_run(side->cipher, out, out, octets), OW_OK);
    ck_assert_int_eq(ow_hmac_update(side->hmac, out, octets), OW_OK);
  }
}

/* The HMAC itself is enciphered, and not covered by the next. */
static void take_hmac(struct side *side)
{
  uint8_t said[OW_HMAC];
  uint8_t sum[OW_HMAC] = {0};
  ow_read_octets(&side->reader, said, sizeof said);
  ck_assert(!side->reader.overrun);
  if (side->cipher) {
    ck_assert_int_eq(ow_cipher_run(side->cipher, said, said, sizeof said), OW_OK);
    ck_assert_int_eq(ow_hmac_finish(side->hmac, sum), OW_OK);
  }
  ck_assert_mem_eq(said, sum, sizeof sum);
  side->hmacs++;
}

static void open_side(struct conversation *all, int which)
{
  size_t octets;
  struct side *side = &all->sides[which];
  side->octets = test_capture_stream(&all->capture, which == SERVER, &octets);
  ck_assert_ptr_nonnull(side->octets);
  side->reader = ow_reader(side->octets, octets);
}

static void protect_side(struct side *side, const struct ow_keys *keys, const uint8_t iv[OW_IV])
{
  side->cipher = ow_cipher_create(OW_CBC_DECRYPT, keys->aes, iv);
  side->hmac = ow_hmac_create(keys->hmac);
  ck_assert_ptr_nonnull(side->cipher);
  ck_assert_ptr_nonnull(side->hmac);
}

static void close_side(struct side *side)
{
  ow_cipher_free(side->cipher);
  ow_hmac_free(side->hmac);
  free(side->octets);
}

/* The conversation, message by message */

static void take_setup(struct conversation *all)
{
  take(&all->sides[SERVER], all->greeting_octets, OW_GREETING);
  ow_greeting_decode(all->greeting_octets, &all->greeting);
  take(&all->sides[CLIENT], all->response_octets, OW_SETUP_RESPONSE);
  ow_setup_response_decode(all->response_octets, &all->response);
  ck_assert_uint_eq(all->response.mode, all->expected->mode);
}

static void take_keys(struct conversation *all)
{
  if (all->expected->mode == OW_MODE_OPEN)
    return;
  ck_assert_int_eq(test_token_open(PASSPHRASE, strlen(PASSPHRASE), &all->greeting.challenge,
                                   all->response.token, &all->keys),
                   OW_OK);
  protect_side(&all->sides[CLIENT], &all->keys, all->response.client_iv);
}

/* The last block is the first of the server's protected stream. */
static void take_server_start(struct conversation *all)
{
  uint8_t octets[OW_SERVER_START];
  struct side *server = &all->sides[SERVER];
  take(server, octets, OW_SERVER_START_CLEAR);
  ow_server_start_decode_clear(octets, &all->start);
  if (all->expected->mode != OW_MODE_OPEN)
    protect_side(server, &all->keys, all->start.server_iv);
  take(server, octets + OW_SERVER_START_CLEAR, OW_SERVER_START - OW_SERVER_START_CLEAR);
  ow_server_start_decode_rest(octets + OW_SERVER_START_CLEAR, &all->start);
}

static void take_request(struct side *side, struct session *session)
{
  struct ow_failure failure = {.text = ""};
  take(side, session->octets, OW_REQUEST_SESSION);
  ck_assert_msg(ow_session_request_decode(session->octets, &session->request, &failure) == OW_OK, "%s",
                failure.text);
  take_hmac(side);
  ck_assert_uint_le(session->request.slot_count, MOST_SLOTS);
  for (uint32_t i = 0; i < session->request.slot_count; i++) {
    uint8_t octets[OW_SLOT];
    take(side, octets, sizeof octets);
    ck_assert_int_eq(ow_slot_decode(octets, &session->slots[i], NULL), OW_OK);
  }
  take_hmac(side);
}

static const struct ow_sid *sid_of(const struct session *session)
{
  return session->request.server_receives ? &session->acceptance.sid : &session->request.sid;
}

static void take_session(struct conversation *all, struct session *session)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  take_request(&all->sides[CLIENT], session);
  take(&all->sides[SERVER], octets, sizeof octets);
  take_hmac(&all->sides[SERVER]);
  ow_session_acceptance_decode(octets, &session->acceptance);
  if (all->expected->mode != OW_MODE_OPEN)
    ck_assert_int_eq(ow_test_keys_derive(&all->keys, sid_of(session), &session->test_keys), OW_OK);
}

static void take_start(struct conversation *all)
{
  uint8_t octets[OW_START_ACK];
  take(&all->sides[CLIENT], all->start_sessions, OW_START_SESSIONS);
  take_hmac(&all->sides[CLIENT]);
  take(&all->sides[SERVER], octets, sizeof octets);
  take_hmac(&all->sides[SERVER]);
  all->start_ack = ow_start_ack_decode(octets);
}

static void take_stop(struct side *side, struct stop *stop)
{
  uint8_t octets[32];
  take(side, octets, OW_STOP_SESSIONS);
  ck_assert_uint_eq(octets[0], OW_COMMAND_STOP_SESSIONS);
  ow_stop_sessions_decode(octets, &stop->message);
  ck_assert_uint_eq(stop->message.sessions, 1);
  ck_assert_uint_eq(ow_session_end_octets(0), sizeof octets);
  take(side, octets, sizeof octets);
  ow_session_end_decode(octets, &stop->end);
  memcpy(stop->padding, octets + OW_STOP_DESCRIPTION, sizeof stop->padding);
  take_hmac(side);
}

static void take_records(struct conversation *all)
{
  uint8_t octets[MOST_RECORD_OCTETS];
  struct side *server = &all->sides[SERVER];
  ck_assert_uint_le(all->ack.records, MOST_PACKETS);
  size_t length = (size_t)all->ack.records * OW_RECORD;
  take(server, octets, OW_WHOLE_BLOCKS(length));
  take_hmac(server);
  for (uint32_t i = 0; i < all->ack.records; i++)
    ow_record_decode(octets + (size_t)i * OW_RECORD, &all->records[i]);
  all->record_padding_octets = OW_WHOLE_BLOCKS(length) - length;
  memcpy(all->record_padding, octets + length, all->record_padding_octets);
}

static void take_fetch(struct conversation *all)
{
  uint8_t octets[OW_FETCH_SESSION];
  take(&all->sides[CLIENT], octets, OW_FETCH_SESSION);
  ck_assert_uint_eq(octets[0], OW_COMMAND_FETCH_SESSION);
  ow_fetch_request_decode(octets, &all->fetch);
  take_hmac(&all->sides[CLIENT]);
  take(&all->sides[SERVER], octets, OW_FETCH_ACK);
  ow_fetch_ack_decode(octets, &all->ack);
  take_hmac(&all->sides[SERVER]);
  ck_assert_int_eq(all->ack.accept, OW_ACCEPT_OK);
  take_request(&all->sides[SERVER], &all->fetched);
  ck_assert_uint_eq(all->ack.skip_ranges, 0);
  take_hmac(&all->sides[SERVER]);
  take_records(all);
}

static void read_files(struct conversation *all)
{
  char path[512];
  struct ow_failure failure = {.text = ""};
  snprintf(path, sizeof path, "%s/%s.pcap", OWAMP_VECTORS, all->expected->name);
  ck_assert_msg(test_capture_read(&all->capture, path, SERVER_PORT, &failure) == OW_OK, "%s", failure.text);
  snprintf(path, sizeof path, "%s/%s.raw", OWAMP_VECTORS, all->expected->name);
  test_raw_read(&all->raw, path);
}

/* All of it; every HMAC on the way is compared. */
static struct conversation *conversation(int which)
{
  struct conversation *all = calloc(1, sizeof *all);
  ck_assert_ptr_nonnull(all);
  all->expected = &captures[which];
  read_files(all);
  open_side(all, CLIENT);
  open_side(all, SERVER);
  take_setup(all);
  take_keys(all);
  take_server_start(all);
  take_session(all, &all->sessions[TO_SERVER]);
  take_session(all, &all->sessions[FROM_SERVER]);
  take_start(all);
  take_stop(&all->sides[CLIENT], &all->stops[CLIENT]);
  take_stop(&all->sides[SERVER], &all->stops[SERVER]);
  take_fetch(all);
  return all;
}

static void end(struct conversation *all)
{
  close_side(&all->sides[CLIENT]);
  close_side(&all->sides[SERVER]);
  test_capture_clear(&all->capture);
  free(all);
}

/* What all tests below rest on. */

START_TEST(both_streams_are_read_to_their_end)
{
  struct conversation *all = conversation(_i);
  ck_assert(ow_reader_done(&all->sides[CLIENT].reader));
  ck_assert(ow_reader_done(&all->sides[SERVER].reader));
  ck_assert_int_eq(all->sides[CLIENT].reader.at - all->sides[CLIENT].octets, captures[_i].client_octets);
  ck_assert_int_eq(all->sides[SERVER].reader.at - all->sides[SERVER].octets, captures[_i].server_octets);
  end(all);
}
END_TEST

START_TEST(every_hmac_of_the_control_connection_is_right)
{
  struct conversation *all = conversation(_i);
  ck_assert_uint_eq(all->sides[CLIENT].hmacs, CLIENT_HMACS);
  ck_assert_uint_eq(all->sides[SERVER].hmacs, SERVER_HMACS);
  end(all);
}
END_TEST

START_TEST(segments_follow_each_other_in_time)
{
  struct conversation *all = conversation(_i);
  const struct test_segment *segments = all->capture.segments;
  ck_assert_uint_ge(all->capture.segment_count, 14);
  ck_assert(segments[0].from_server);
  ck_assert_uint_eq(segments[0].length, OW_GREETING);
  for (size_t i = 1; i < all->capture.segment_count; i++)
    ck_assert(!ow_timestamp_after(segments[i - 1].wall, segments[i].wall));
  end(all);
}
END_TEST

/* Set-up */

START_TEST(the_greeting_offers_the_mode_and_a_count_of_2048)
{
  uint8_t again[OW_GREETING];
  struct conversation *all = conversation(_i);
  ck_assert(all->greeting.modes & captures[_i].mode);
  ck_assert_uint_eq(all->greeting.challenge.count, 2048);
  ck_assert(ow_count_valid(all->greeting.challenge.count, 2048));
  ow_greeting_encode(&all->greeting, again);
  ck_assert_mem_eq(again, all->greeting_octets, sizeof again);
  end(all);
}
END_TEST

START_TEST(the_response_names_the_key_where_the_mode_has_one)
{
  uint8_t again[OW_SETUP_RESPONSE];
  struct conversation *all = conversation(_i);
  ck_assert_str_eq(all->response.key_id, captures[_i].mode == OW_MODE_OPEN ? "" : "monitor");
  ow_setup_response_encode(&all->response, again);
  ck_assert_mem_eq(again, all->response_octets, sizeof again);
  end(all);
}
END_TEST

START_TEST(the_token_seals_to_the_same_octets)
{
  uint8_t again[OW_TOKEN] = {0};
  struct conversation *all = conversation(_i);
  if (captures[_i].mode != OW_MODE_OPEN)
    ck_assert_int_eq(
        test_token_seal(PASSPHRASE, strlen(PASSPHRASE), &all->greeting.challenge, &all->keys, again), OW_OK);
  ck_assert_mem_eq(again, all->response.token, sizeof again);
  end(all);
}
END_TEST

START_TEST(the_server_accepts_and_is_older_than_the_connection)
{
  struct conversation *all = conversation(_i);
  ck_assert_int_eq(all->start.accept, OW_ACCEPT_OK);
  ck_assert(!ow_timestamp_is_zero(all->start.start_time));
  ck_assert(ow_timestamp_after(all->capture.segments[0].wall, all->start.start_time));
  end(all);
}
END_TEST

/* Requests */

START_TEST(the_first_session_goes_to_the_server_and_the_second_comes_from_it)
{
  static const struct ow_sid none;
  struct conversation *all = conversation(_i);
  const struct session *to = &all->sessions[TO_SERVER];
  const struct session *from = &all->sessions[FROM_SERVER];
  ck_assert(to->request.server_receives && !to->request.server_sends);
  ck_assert(from->request.server_sends && !from->request.server_receives);
  ck_assert_mem_eq(to->request.sid.octets, none.octets, OW_SID);
  ck_assert_uint_eq(to->request.receiver.port, 0);
  ck_assert_uint_eq(from->request.sender.port, 0);
  end(all);
}
END_TEST

START_TEST(a_request_says_what_was_asked_for)
{
  uint8_t dscp;
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    const struct ow_session_request *request = &all->sessions[i].request;
    ck_assert_uint_eq(request->slot_count, captures[_i].slots);
    ck_assert_uint_eq(request->packets, captures[_i].packets);
    ck_assert_uint_eq(request->padding, captures[_i].padding);
    ck_assert(ow_type_p_to_dscp(request->type_p, &dscp));
    ck_assert_uint_eq(dscp, captures[_i].dscp);
    ck_assert_uint_eq(request->sender.version, 4);
    ck_assert_uint_gt(request->timeout.ntp, 0);
  }
  end(all);
}
END_TEST

/* As 32.32 seconds, cut: what the peer makes of its options. */
static uint64_t cut_ms(uint64_t milliseconds)
{
  return (milliseconds << 32) / 1000;
}

START_TEST(slots_are_exponential_then_fixed)
{
  struct conversation *all = conversation(_i);
  uint64_t mean = cut_ms(captures[_i].mode == OW_MODE_OPEN ? 20 : 30);
  for (size_t i = 0; i < SESSIONS; i++) {
    const struct ow_slot *slots = all->sessions[i].slots;
    ck_assert_int_eq(slots[0].kind, OW_SLOT_EXPONENTIAL);
    ck_assert_uint_eq(slots[0].parameter.ntp, mean);
    if (captures[_i].slots == 2) {
      ck_assert_int_eq(slots[1].kind, OW_SLOT_FIXED);
      ck_assert_uint_eq(slots[1].parameter.ntp, cut_ms(10));
    }
  }
  end(all);
}
END_TEST

START_TEST(a_request_encodes_to_the_same_octets)
{
  uint8_t again[OW_REQUEST_SESSION];
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    ow_session_request_encode(&all->sessions[i].request, again);
    ck_assert_mem_eq(again, all->sessions[i].octets, sizeof again);
  }
  end(all);
}
END_TEST

/* SID = address of its maker, a time, 4 random octets. */
START_TEST(sessions_are_accepted_with_a_port_and_a_sid_of_the_receivers_making)
{
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    const struct session *session = &all->sessions[i];
    ck_assert_int_eq(session->acceptance.accept, OW_ACCEPT_OK);
    ck_assert_uint_ne(session->acceptance.port, 0);
    test_assert_hex(sid_of(session)->octets, 4, "7f000001");
  }
  ck_assert_mem_ne(sid_of(&all->sessions[0])->octets, sid_of(&all->sessions[1])->octets, OW_SID);
  end(all);
}
END_TEST

/* Start and stop */

START_TEST(sessions_are_started_and_the_server_agrees)
{
  uint8_t expected[OW_START_SESSIONS];
  struct conversation *all = conversation(_i);
  ow_start_sessions_encode(expected);
  ck_assert_mem_eq(all->start_sessions, expected, sizeof expected);
  ck_assert_int_eq(all->start_ack, OW_ACCEPT_OK);
  end(all);
}
END_TEST

/* Completed, that is: as many packets as were asked for. */
START_TEST(each_side_stops_the_session_that_it_sent)
{
  static const uint8_t zeros[8];
  struct conversation *all = conversation(_i);
  for (int side = CLIENT; side <= SERVER; side++) {
    const struct stop *stop = &all->stops[side];
    const struct session *sent = &all->sessions[side == CLIENT ? TO_SERVER : FROM_SERVER];
    ck_assert_int_eq(stop->message.accept, OW_ACCEPT_OK);
    ck_assert_mem_eq(stop->end.sid.octets, sid_of(sent)->octets, OW_SID);
    ck_assert_uint_eq(stop->end.next_sequence, captures[_i].packets);
    ck_assert_uint_eq(stop->end.skip_ranges, 0);
    ck_assert_mem_eq(stop->padding, zeros, sizeof zeros);
  }
  end(all);
}
END_TEST

/* Fetch */

START_TEST(the_whole_first_session_is_fetched)
{
  struct conversation *all = conversation(_i);
  ck_assert_uint_eq(all->fetch.begin, 0);
  ck_assert_uint_eq(all->fetch.end, OW_FETCH_TO_END);
  ck_assert_mem_eq(all->fetch.sid.octets, sid_of(&all->sessions[TO_SERVER])->octets, OW_SID);
  ck_assert(all->ack.finished);
  ck_assert_uint_eq(all->ack.next_sequence, captures[_i].packets);
  ck_assert_uint_eq(all->ack.records, captures[_i].packets);
  end(all);
}
END_TEST

START_TEST(the_fetched_request_is_the_one_agreed_on)
{
  struct conversation *all = conversation(_i);
  const struct ow_session_request *asked = &all->sessions[TO_SERVER].request;
  const struct ow_session_request *fetched = &all->fetched.request;
  ck_assert_mem_eq(fetched->sid.octets, sid_of(&all->sessions[TO_SERVER])->octets, OW_SID);
  ck_assert_uint_eq(fetched->sender.port, asked->sender.port);
  ck_assert_uint_eq(fetched->receiver.port, all->sessions[TO_SERVER].acceptance.port);
  ck_assert_uint_eq(fetched->packets, asked->packets);
  ck_assert_uint_eq(fetched->start.ntp, asked->start.ntp);
  ck_assert_uint_eq(fetched->timeout.ntp, asked->timeout.ntp);
  ck_assert_uint_eq(fetched->slot_count, asked->slot_count);
  for (uint32_t i = 0; i < fetched->slot_count; i++) {
    ck_assert_int_eq(all->fetched.slots[i].kind, all->sessions[TO_SERVER].slots[i].kind);
    ck_assert_uint_eq(all->fetched.slots[i].parameter.ntp, all->sessions[TO_SERVER].slots[i].parameter.ntp);
  }
  end(all);
}
END_TEST

/* The client prints six digits. */
static void assert_error(struct ow_error_estimate estimate, bool synchronized, double seconds)
{
  double said = ldexp(estimate.bits & 0xff, (estimate.bits >> 8 & 0x3f) - 32);
  ck_assert(ow_error_valid(estimate));
  ck_assert_int_eq(ow_error_synchronized(estimate), synchronized);
  ck_assert_double_le(fabs(said - seconds), seconds * 1e-5);
}

START_TEST(fetched_records_are_what_the_client_printed)
{
  static const uint8_t zeros[16];
  struct conversation *all = conversation(_i);
  ck_assert_uint_eq(all->raw.count, 2 * captures[_i].packets);
  for (uint32_t i = 0; i < captures[_i].packets; i++) {
    const struct ow_sample *record = &all->records[i];
    const struct test_raw_line *line = &all->raw.lines[i];
    ck_assert_uint_eq(record->sequence, line->sequence);
    ck_assert_uint_eq(record->sent.ntp, line->sent.ntp);
    ck_assert_uint_eq(record->received.ntp, line->received.ntp);
    ck_assert_uint_eq(record->ttl, line->ttl);
    assert_error(record->send_error, line->send_synchronized, line->send_error);
    assert_error(record->receive_error, line->receive_synchronized, line->receive_error);
  }
  ck_assert_mem_eq(all->record_padding, zeros, all->record_padding_octets);
  end(all);
}
END_TEST

/* Test packets */

static bool belongs(const struct test_datagram *datagram, const struct session *session)
{
  bool to_server = session->request.server_receives;
  uint16_t sender = to_server ? session->request.sender.port : session->acceptance.port;
  uint16_t receiver = to_server ? session->acceptance.port : session->request.receiver.port;
  return datagram->source.port == sender && datagram->destination.port == receiver &&
         ow_endpoint_same_host(&datagram->source, &session->request.sender) &&
         ow_endpoint_same_host(&datagram->destination, &session->request.receiver);
}

struct arrival {
  const struct test_datagram *datagram;
  struct ow_packet packet;
};

/*
 * The session's datagrams in the order of the capture, each HMAC checked by the core's codec. Returns how
 * many.
 */
static uint32_t decode_packets(const struct conversation *all, const struct session *session,
                               struct arrival arrivals[MOST_PACKETS])
{
  uint32_t count = 0;
  struct ow_packet_codec codec;
  ck_assert_int_eq(ow_packet_codec_open(&codec, all->expected->mode, &session->test_keys, test_contexts()),
                   OW_OK);
  for (size_t i = 0; i < all->capture.datagram_count; i++) {
    const struct test_datagram *datagram = &all->capture.datagrams[i];
    if (!belongs(datagram, session))
      continue;
    ck_assert_uint_lt(count, MOST_PACKETS);
    arrivals[count].datagram = datagram;
    ck_assert_int_eq(ow_packet_decode(&codec, datagram->octets, datagram->length, &arrivals[count].packet),
                     OW_OK);
    count++;
  }
  ow_packet_codec_close(&codec);
  return count;
}

START_TEST(every_datagram_is_a_packet_of_one_session_with_a_right_hmac)
{
  uint32_t count = 0;
  struct arrival arrivals[MOST_PACKETS];
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    uint32_t packets = decode_packets(all, &all->sessions[i], arrivals);
    ck_assert_uint_eq(packets, captures[_i].packets);
    count += packets;
  }
  ck_assert_uint_eq(count, all->capture.datagram_count);
  ck_assert_uint_eq(count, captures[_i].mode == OW_MODE_OPEN ? 40 : 24);
  end(all);
}
END_TEST

START_TEST(a_datagram_is_of_the_size_dscp_and_ttl_agreed_on)
{
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < all->capture.datagram_count; i++) {
    const struct test_datagram *datagram = &all->capture.datagrams[i];
    ck_assert_uint_eq(datagram->length, ow_packet_least(captures[_i].mode) + captures[_i].padding);
    ck_assert_uint_eq(datagram->dscp, captures[_i].dscp);
    ck_assert_uint_eq(datagram->ttl, 255);
  }
  end(all);
}
END_TEST

START_TEST(packets_say_what_the_client_printed)
{
  uint32_t count = 0;
  struct arrival arrivals[MOST_PACKETS];
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++)
    for (uint32_t j = 0, packets = decode_packets(all, &all->sessions[i], arrivals); j < packets; j++) {
      const struct test_raw_line *line = &all->raw.lines[count++];
      ck_assert_uint_eq(arrivals[j].packet.sequence, line->sequence);
      ck_assert_uint_eq(arrivals[j].packet.sent.ntp, line->sent.ntp);
      ck_assert_uint_eq(arrivals[j].datagram->ttl, line->ttl);
      assert_error(arrivals[j].packet.error, line->send_synchronized, line->send_error);
    }
  ck_assert_uint_eq(count, all->raw.count);
  end(all);
}
END_TEST

START_TEST(packets_encode_to_the_same_octets)
{
  uint32_t count = 0;
  uint8_t again[OW_PACKET_SECURE];
  struct arrival arrivals[MOST_PACKETS];
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    struct ow_packet_codec codec;
    ck_assert_int_eq(
        ow_packet_codec_open(&codec, captures[_i].mode, &all->sessions[i].test_keys, test_contexts()), OW_OK);
    for (uint32_t j = 0, packets = decode_packets(all, &all->sessions[i], arrivals); j < packets;
         j++, count++) {
      const struct ow_packet *packet = &arrivals[j].packet;
      ck_assert_int_eq(ow_packet_prepare(&codec, packet->sequence, again), OW_OK);
      ck_assert_int_eq(ow_packet_stamp(&codec, packet->sequence, packet->sent, packet->error, again), OW_OK);
      ck_assert_mem_eq(again, arrivals[j].datagram->octets, ow_packet_least(captures[_i].mode));
    }
    ow_packet_codec_close(&codec);
  }
  ck_assert_uint_eq(count, all->capture.datagram_count);
  end(all);
}
END_TEST

/* Sent no earlier than scheduled, and no later than a busy host needs. */
START_TEST(packets_leave_when_the_schedule_says)
{
  uint32_t count = 0;
  struct arrival arrivals[MOST_PACKETS];
  struct conversation *all = conversation(_i);
  for (size_t i = 0; i < SESSIONS; i++) {
    const struct session *session = &all->sessions[i];
    struct ow_schedule *schedule = ow_schedule_create(sid_of(session), session->request.start, session->slots,
                                                      session->request.slot_count, test_contexts());
    ck_assert_ptr_nonnull(schedule);
    for (uint32_t j = 0, packets = decode_packets(all, session, arrivals); j < packets; j++, count++) {
      struct ow_timestamp due;
      ck_assert_int_eq(ow_schedule_next(schedule, &due), OW_OK);
      int64_t late = ow_timestamp_difference(arrivals[j].packet.sent, due);
      ck_assert_int_ge(late, 0);
      ck_assert_int_le(late, 5 * OW_NS_PER_MS);
    }
    ow_schedule_free(schedule);
  }
  ck_assert_uint_eq(count, 2 * captures[_i].packets);
  end(all);
}
END_TEST

START_TEST(the_open_capture_s_first_send_times_are_known)
{
  static const uint64_t due[] = {UINT64_C(17198763596751857479), UINT64_C(17198763596794807151),
                                 UINT64_C(17198763596864786011)};
  struct conversation *all = conversation(0);
  const struct session *session = &all->sessions[FROM_SERVER];
  test_assert_hex(sid_of(session)->octets, OW_SID, "7f000001eeae485d4c9e668716ae3a7b");
  ck_assert_uint_eq(session->request.start.ntp, UINT64_C(0xeeae485e407b45f0));
  struct ow_schedule *schedule = ow_schedule_create(sid_of(session), session->request.start, session->slots,
                                                    session->request.slot_count, test_contexts());
  for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
    struct ow_timestamp when;
    ck_assert_int_eq(ow_schedule_next(schedule, &when), OW_OK);
    ck_assert_uint_eq(when.ntp, due[i]);
  }
  ow_schedule_free(schedule);
  end(all);
}
END_TEST

/* That the checks above can fail: an octet changed on the wire shows. */

START_TEST(a_changed_test_packet_has_a_wrong_hmac)
{
  struct ow_packet packet;
  for (int which = 1; which < CAPTURES; which++) {
    struct conversation *all = conversation(which);
    for (size_t i = 0; i < all->capture.datagram_count; i++) {
      const struct test_datagram *datagram = &all->capture.datagrams[i];
      uint8_t octets[OW_PACKET_SECURE];
      const struct session *session = &all->sessions[belongs(datagram, &all->sessions[1])];
      struct ow_packet_codec codec;
      ck_assert_int_eq(
          ow_packet_codec_open(&codec, captures[which].mode, &session->test_keys, test_contexts()), OW_OK);
      memcpy(octets, datagram->octets, sizeof octets);
      octets[i % 16] ^= 1;
      ck_assert_int_eq(ow_packet_decode(&codec, octets, sizeof octets, &packet), OW_AUTH);
      ow_packet_codec_close(&codec);
    }
    end(all);
  }
}
END_TEST

START_TEST(another_passphrase_does_not_open_the_token)
{
  for (int which = 1; which < CAPTURES; which++) {
    struct ow_keys keys;
    struct conversation *all = conversation(which);
    ck_assert_int_eq(test_token_open("incorrect", 9, &all->greeting.challenge, all->response.token, &keys),
                     OW_AUTH);
    end(all);
  }
}
END_TEST

/* The core's own protected stream, on the same octets */

enum { MOST_PARTS = 9, MOST_PART = 640 };

/* One direction from its first protected octet on; what lies between the HMACs. */
struct layout {
  const uint8_t *octets;
  const uint8_t *iv;
  size_t parts[MOST_PARTS];
  unsigned count;
};

static struct layout layout_of(const struct conversation *all, int which)
{
  size_t slots = (size_t)all->expected->slots * OW_SLOT;
  size_t stop = OW_STOP_SESSIONS + ow_session_end_octets(0);
  size_t records = OW_WHOLE_BLOCKS((size_t)all->ack.records * OW_RECORD);
  size_t started = OW_SERVER_START - OW_SERVER_START_CLEAR;
  return which == CLIENT ? (struct layout){all->sides[CLIENT].octets + OW_SETUP_RESPONSE,
                                           all->response.client_iv,
                                           {OW_REQUEST_SESSION, slots, OW_REQUEST_SESSION, slots,
                                            OW_START_SESSIONS, stop, OW_FETCH_SESSION},
                                           CLIENT_HMACS}
                         : (struct layout){all->sides[SERVER].octets + OW_GREETING + OW_SERVER_START_CLEAR,
                                           all->start.server_iv,
                                           {started + OW_ACCEPT_SESSION, OW_ACCEPT_SESSION, OW_START_ACK,
                                            stop, OW_FETCH_ACK, OW_REQUEST_SESSION, slots, 0, records},
                                           SERVER_HMACS};
}

static struct ow_protection protection(const struct conversation *all, const struct layout *layout,
                                       bool sealing)
{
  struct ow_protection made = {0};
  if (all->expected->mode != OW_MODE_OPEN)
    (sealing ? ow_protection_seal_from : ow_protection_open_from)(&made, &all->keys, layout->iv);
  return made;
}

/* Open part after part, octet `changed` (if there are as many) being another; how many HMACs were right. */
static unsigned right_hmacs(const struct conversation *all, const struct layout *layout, size_t changed)
{
  struct ow_protection opening = protection(all, layout, false);
  enum ow_status status = OW_OK;
  unsigned right = 0;
  size_t at = 0;
  while (status == OW_OK && right < layout->count) {
    uint8_t part[MOST_PART];
    size_t octets = layout->parts[right];
    memcpy(part, layout->octets + at, octets + OW_HMAC);
    if (changed >= at && changed < at + octets + OW_HMAC)
      part[changed - at] ^= (uint8_t)(1U << changed % 8);
    ck_assert_int_eq(ow_protection_open(&opening, part, octets), OW_OK);
    status = ow_protection_check_hmac(&opening, part + octets);
    ck_assert(status == OW_OK || status == OW_AUTH);
    right += status == OW_OK;
    at += octets + OW_HMAC;
  }
  ow_protection_end(&opening);
  return right;
}

START_TEST(the_protected_stream_opens_every_message)
{
  struct conversation *all = conversation(_i);
  for (int which = CLIENT; which <= SERVER; which++) {
    struct layout layout = layout_of(all, which);
    ck_assert_uint_eq(right_hmacs(all, &layout, SIZE_MAX), layout.count);
  }
  end(all);
}
END_TEST

START_TEST(the_protected_stream_seals_to_the_same_octets)
{
  struct conversation *all = conversation(_i);
  for (int which = CLIENT; which <= SERVER; which++) {
    struct layout layout = layout_of(all, which);
    struct ow_protection opening = protection(all, &layout, false);
    struct ow_protection sealing = protection(all, &layout, true);
    const uint8_t *at = layout.octets;
    for (unsigned i = 0; i < layout.count; at += layout.parts[i] + OW_HMAC, i++) {
      uint8_t part[MOST_PART];
      memcpy(part, at, layout.parts[i] + OW_HMAC);
      ck_assert_int_eq(ow_protection_open(&opening, part, layout.parts[i]), OW_OK);
      ck_assert_int_eq(ow_protection_check_hmac(&opening, part + layout.parts[i]), OW_OK);
      ck_assert_int_eq(ow_protection_seal(&sealing, part, layout.parts[i]), OW_OK);
      ck_assert_int_eq(ow_protection_seal_hmac(&sealing, part + layout.parts[i]), OW_OK);
      ck_assert_mem_eq(part, at, layout.parts[i] + OW_HMAC);
    }
    ck_assert_ptr_eq(at, all->sides[which].reader.end);
    ow_protection_end(&opening);
    ow_protection_end(&sealing);
  }
  end(all);
}
END_TEST

/* The first HMAC behind the octet is wrong, not an earlier one and not a later one. */
START_TEST(each_changed_octet_is_told_by_the_next_hmac)
{
  for (int which = 1; which < CAPTURES; which++) {
    struct conversation *all = conversation(which);
    struct layout layout = layout_of(all, _i);
    size_t at = 0;
    for (unsigned part = 0; part < layout.count; part++)
      for (size_t end_of_part = at + layout.parts[part] + OW_HMAC; at < end_of_part; at++)
        ck_assert_uint_eq(right_hmacs(all, &layout, at), part);
    end(all);
  }
}
END_TEST

/* The reader of captures itself, on files made here. */

struct made {
  uint8_t octets[1024];
  struct ow_writer writer;
  bool little;
  size_t link_header;
};

static void put_u32(struct made *made, uint32_t value)
{
  ow_write_u32(&made->writer, made->little ? __builtin_bswap32(value) : value);
}

static void make_file(struct made *made, bool little, uint32_t magic, uint32_t link, size_t link_header)
{
  *made = (struct made){.little = little, .link_header = link_header};
  made->writer = ow_writer(made->octets, sizeof made->octets);
  put_u32(made, magic);
  ow_write_zeros(&made->writer, 16);
  put_u32(made, link);
}

static size_t made_octets(const struct made *made)
{
  ck_assert(!made->writer.overrun);
  return (size_t)(made->writer.at - made->octets);
}

/*
 * An IPv4 packet from 192.0.2.1 to 192.0.2.2, DSCP 46, TTL 64; stamped `fraction` after Unix time 1000000000.
 */
static void make_packet(struct made *made, uint32_t fraction, uint8_t protocol, const void *payload,
                        size_t octets)
{
  uint32_t length = (uint32_t)(made->link_header + 20 + octets);
  put_u32(made, 1000000000);
  put_u32(made, fraction);
  put_u32(made, length);
  put_u32(made, length);
  ow_write_zeros(&made->writer, made->link_header);
  ow_write_u16(&made->writer, 0x45b8);
  ow_write_u16(&made->writer, (uint16_t)(20 + octets));
  ow_write_zeros(&made->writer, 4);
  ow_write_u8(&made->writer, 64);
  ow_write_u8(&made->writer, protocol);
  ow_write_u16(&made->writer, 0);
  ow_write_u32(&made->writer, 0xc0000201);
  ow_write_u32(&made->writer, 0xc0000202);
  ow_write_octets(&made->writer, payload, octets);
}

/* A segment of the control connection. */
static void make_segment(struct made *made, uint16_t client_port, bool from_server, uint32_t sequence,
                         const char *text)
{
  uint8_t octets[64];
  struct ow_writer writer = ow_writer(octets, sizeof octets);
  ow_write_u16(&writer, from_server ? SERVER_PORT : client_port);
  ow_write_u16(&writer, from_server ? client_port : SERVER_PORT);
  ow_write_u32(&writer, sequence);
  ow_write_u32(&writer, 0);
  ow_write_u32(&writer, 0x50180000);
  ow_write_u32(&writer, 0);
  ow_write_octets(&writer, text, strlen(text));
  make_packet(made, 0, 6, octets, (size_t)(writer.at - octets));
}

static void make_plain_file(struct made *made)
{
  make_file(made, true, 0xa1b2c3d4, 101, 0);
}

static enum ow_status parse_made(const struct made *made, struct test_capture *capture)
{
  struct ow_failure failure;
  return test_capture_parse(capture, made->octets, made_octets(made), SERVER_PORT, &failure);
}

static void assert_stream(const struct test_capture *capture, bool from_server, const char *text)
{
  size_t octets;
  uint8_t *stream = test_capture_stream(capture, from_server, &octets);
  ck_assert_uint_eq(octets, strlen(text));
  ck_assert_mem_eq(stream, text, octets);
  free(stream);
}

static const struct {
  uint32_t link;
  size_t header;
} links[] = {{0, 4}, {1, 14}, {101, 0}, {113, 16}, {276, 20}};
enum { LINKS = sizeof links / sizeof *links };

#define DATAGRAM                                                                                             \
  "\x22\x56\x22\x94\x00\x0b\x00\x00"                                                                         \
  "abc"

static void assert_datagram(const struct test_capture *capture)
{
  const struct test_datagram *datagram = capture->datagrams;
  ck_assert_uint_eq(capture->datagram_count, 1);
  ck_assert_uint_eq(datagram->source.port, 8790);
  ck_assert_uint_eq(datagram->destination.port, 8852);
  test_assert_hex(datagram->source.address, 16, "c0000201 000000000000000000000000");
  test_assert_hex(datagram->destination.address, 16, "c0000202 000000000000000000000000");
  ck_assert_uint_eq(datagram->length, 3);
  ck_assert_mem_eq(datagram->octets, "abc", 3);
  ck_assert_uint_eq(datagram->ttl, 64);
  ck_assert_uint_eq(datagram->dscp, 46);
  ck_assert_uint_eq(datagram->wall.ntp, UINT64_C(3208988800) << 32 | 0x80000000);
}

START_TEST(files_of_every_kind_are_read)
{
  for (int kind = 0; kind < 4; kind++) {
    struct made made;
    struct test_capture capture;
    bool nanoseconds = kind / 2;
    make_file(&made, kind % 2, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, links[_i].link, links[_i].header);
    make_packet(&made, nanoseconds ? 500000000 : 500000, 17, DATAGRAM, sizeof DATAGRAM - 1);
    ck_assert_int_eq(parse_made(&made, &capture), OW_OK);
    assert_datagram(&capture);
    test_capture_clear(&capture);
  }
}
END_TEST

START_TEST(octets_sent_again_are_dropped)
{
  struct made made;
  struct test_capture capture;
  make_plain_file(&made);
  make_segment(&made, 4000, true, UINT32_MAX - 1, "abc"); /* sequence numbers wrap */
  make_segment(&made, 4000, false, 77, "XY");
  make_segment(&made, 4000, true, UINT32_MAX - 1, "abc");
  make_segment(&made, 4000, true, UINT32_MAX, "bcde");
  make_segment(&made, 4000, true, 3, "");
  ck_assert_int_eq(parse_made(&made, &capture), OW_OK);
  ck_assert_uint_eq(capture.segment_count, 3);
  assert_stream(&capture, true, "abcde");
  assert_stream(&capture, false, "XY");
  ck_assert(capture.segments[0].from_server && !capture.segments[1].from_server &&
            capture.segments[2].from_server);
  test_capture_clear(&capture);
}
END_TEST

START_TEST(other_traffic_is_passed_over)
{
  struct made made;
  struct test_capture capture;
  make_plain_file(&made);
  make_packet(&made, 0, 1, "ping", 4);
  made.octets[made_octets(&made) - 24] = 0x60; /* the same as IPv6 */
  make_packet(&made, 0, 1, "ping", 4);
  make_packet(&made, 0, 6, "\x00\x50\x00\x51 not the control connection", 32);
  ck_assert_int_eq(parse_made(&made, &capture), OW_OK);
  ck_assert_uint_eq(capture.segment_count + capture.datagram_count, 0);
  test_capture_clear(&capture);
}
END_TEST

START_TEST(a_gap_in_the_stream_is_refused)
{
  struct made made;
  struct test_capture capture;
  make_plain_file(&made);
  make_segment(&made, 4000, true, 1, "abc");
  make_segment(&made, 4000, true, 5, "e");
  ck_assert_int_eq(parse_made(&made, &capture), OW_INVALID);
}
END_TEST

START_TEST(a_second_control_connection_is_refused)
{
  struct made made;
  struct test_capture capture;
  make_plain_file(&made);
  make_segment(&made, 4000, true, 1, "abc");
  make_segment(&made, 4001, true, 1, "abc");
  ck_assert_int_eq(parse_made(&made, &capture), OW_INVALID);
}
END_TEST

START_TEST(a_fragment_is_refused)
{
  struct made made;
  struct test_capture capture;
  make_plain_file(&made);
  make_packet(&made, 0, 17, DATAGRAM, sizeof DATAGRAM - 1);
  made.octets[24 + 16 + 6] = 0x20;
  ck_assert_int_eq(parse_made(&made, &capture), OW_INVALID);
}
END_TEST

START_TEST(a_file_cut_anywhere_within_a_record_is_refused)
{
  struct made made;
  make_plain_file(&made);
  make_packet(&made, 0, 17, DATAGRAM, sizeof DATAGRAM - 1);
  size_t octets = made_octets(&made);
  for (size_t cut = 0; cut < octets; cut++) {
    struct test_capture capture;
    struct ow_failure failure;
    enum ow_status expected = cut == 24 ? OW_OK : OW_INVALID; /* a header alone is a file without packets */
    ck_assert_int_eq(test_capture_parse(&capture, made.octets, cut, SERVER_PORT, &failure), expected);
    test_capture_clear(&capture);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("capture");
  TEST_LOOP(
      suite, "control connection", CAPTURES, both_streams_are_read_to_their_end,
      every_hmac_of_the_control_connection_is_right, segments_follow_each_other_in_time,
      the_greeting_offers_the_mode_and_a_count_of_2048, the_response_names_the_key_where_the_mode_has_one,
      the_token_seals_to_the_same_octets, the_server_accepts_and_is_older_than_the_connection,
      the_first_session_goes_to_the_server_and_the_second_comes_from_it, a_request_says_what_was_asked_for,
      slots_are_exponential_then_fixed, a_request_encodes_to_the_same_octets,
      sessions_are_accepted_with_a_port_and_a_sid_of_the_receivers_making,
      sessions_are_started_and_the_server_agrees, each_side_stops_the_session_that_it_sent,
      the_whole_first_session_is_fetched, the_fetched_request_is_the_one_agreed_on,
      fetched_records_are_what_the_client_printed);
  TEST_LOOP(suite, "test packets", CAPTURES, every_datagram_is_a_packet_of_one_session_with_a_right_hmac,
            a_datagram_is_of_the_size_dscp_and_ttl_agreed_on, packets_say_what_the_client_printed,
            packets_encode_to_the_same_octets, packets_leave_when_the_schedule_says);
  TEST_CASE(suite, "known answers", the_open_capture_s_first_send_times_are_known,
            a_changed_test_packet_has_a_wrong_hmac, another_passphrase_does_not_open_the_token);
  TEST_LOOP(suite, "protected stream", CAPTURES, the_protected_stream_opens_every_message,
            the_protected_stream_seals_to_the_same_octets);
  TEST_LOOP(suite, "changed octets", 2, each_changed_octet_is_told_by_the_next_hmac);
  TEST_LOOP(suite, "kinds of files", LINKS, files_of_every_kind_are_read);
  TEST_CASE(suite, "reader", octets_sent_again_are_dropped, other_traffic_is_passed_over,
            a_gap_in_the_stream_is_refused, a_second_control_connection_is_refused, a_fragment_is_refused,
            a_file_cut_anywhere_within_a_record_is_refused);
  return test_run(suite);
}
