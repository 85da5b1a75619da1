/* SPDX-License-Identifier: MIT */
/*
 * Captured conversations of a working OWAMP peer: each of our machines takes the place of one side, is fed
 * the other's octets, and must say what was captured, octet for octet. The peer leaves every unused and MBZ
 * octet zero, as we do, so nothing is masked: in the protected modes a single different octet would change
 * all that follows it.
 *
 * What only randomness decides comes from the capture: keys (out of the Token), IVs, challenge and salt.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cipher.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/pcap.h"
#include "support/token.h"
#include "wire/setup.h"

enum { PORT = 8610, SESSIONS = 2, MOST_SLOTS = 2, MOST_RECORDS = 20, MOST_OCTETS = 2048 };

static const char *const names[TEST_MODES] = {"open", "auth", "enc"};

struct stream {
  uint8_t octets[MOST_OCTETS]; /* as captured */
  uint8_t plain[MOST_OCTETS];  /* decrypted; HMACs are still in it */
  size_t count;
};

/* One conversation, taken apart without the machines. */
struct conversation {
  enum ow_mode mode;
  struct stream client;
  struct stream server;
  struct ow_greeting greeting;
  struct ow_setup_response response;
  struct ow_keys keys;
  struct ow_server_start start;
  struct ow_session_request requests[SESSIONS]; /* the first from the client to the server, the second back */
  struct ow_slot slots[MOST_SLOTS];
  struct ow_session_acceptance acceptances[SESSIONS];
  struct ow_session_end client_end;
  struct ow_session_end server_end;
  struct ow_fetch_request fetch;
  struct ow_fetch_ack ack;
  struct ow_session_request fetched;
  struct ow_sample records[MOST_RECORDS];
};

/* ---- taking it apart ---- */

static void read_capture(struct test_capture *capture, const char *name)
{
  char path[256];
  struct ow_failure failure = {0};
  snprintf(path, sizeof path, "%s/%s.pcap", OWAMP_VECTORS, name);
  ck_assert_msg(test_capture_read(capture, path, PORT, &failure) == OW_OK, "%s", failure.text);
}

static void read_streams(struct conversation *talk, const char *name)
{
  struct test_capture capture;
  struct stream *streams[] = {&talk->client, &talk->server};
  read_capture(&capture, name);
  for (size_t i = 0; i < 2; i++) {
    uint8_t *octets = test_capture_stream(&capture, i == 1, &streams[i]->count);
    ck_assert_ptr_nonnull(octets);
    ck_assert_uint_le(streams[i]->count, MOST_OCTETS);
    memcpy(streams[i]->octets, octets, streams[i]->count);
    memcpy(streams[i]->plain, octets, streams[i]->count);
    free(octets);
  }
  test_capture_clear(&capture);
}

static void decrypt(struct stream *stream, size_t from, const struct ow_keys *keys, const uint8_t iv[OW_IV])
{
  struct ow_cipher *cipher = ow_cipher_create(OW_CBC_DECRYPT, keys->aes, iv);
  ck_assert_ptr_nonnull(cipher);
  ck_assert_int_eq(ow_cipher_run(cipher, stream->octets + from, stream->plain + from, stream->count - from),
                   OW_OK);
  ow_cipher_free(cipher);
}

static void read_set_up(struct conversation *talk)
{
  ow_greeting_decode(talk->server.octets, &talk->greeting);
  ow_setup_response_decode(talk->client.octets, &talk->response);
  ow_server_start_decode_clear(talk->server.octets + OW_GREETING, &talk->start);
  talk->mode = (enum ow_mode)talk->response.mode;
  if (talk->mode != OW_MODE_OPEN) {
    ck_assert_int_eq(test_token_open(TEST_PASSPHRASE, strlen(TEST_PASSPHRASE), &talk->greeting.challenge,
                                     talk->response.token, &talk->keys),
                     OW_OK);
    decrypt(&talk->client, OW_SETUP_RESPONSE, &talk->keys, talk->response.client_iv);
    decrypt(&talk->server, OW_GREETING + OW_SERVER_START_CLEAR, &talk->keys, talk->start.server_iv);
  }
  ow_server_start_decode_rest(talk->server.plain + OW_GREETING + OW_SERVER_START_CLEAR, &talk->start);
}

static const uint8_t *next(const uint8_t **at, size_t octets)
{
  const uint8_t *here = *at;
  *at += octets;
  return here;
}

static void read_request(const uint8_t **at, struct ow_session_request *request, struct ow_slot *slots)
{
  ck_assert_int_eq(ow_session_request_decode(next(at, OW_REQUEST_SESSION + OW_HMAC), request, NULL), OW_OK);
  ck_assert_uint_le(request->slot_count, MOST_SLOTS);
  for (uint32_t i = 0; i < request->slot_count; i++)
    ck_assert_int_eq(ow_slot_decode(next(at, OW_SLOT), &slots[i], NULL), OW_OK);
  next(at, OW_HMAC);
}

static void read_stop(const uint8_t **at, struct ow_session_end *end)
{
  struct ow_stop_sessions stop;
  ow_stop_sessions_decode(next(at, OW_STOP_SESSIONS), &stop);
  ck_assert_uint_eq(stop.sessions, 1);
  ow_session_end_decode(next(at, ow_session_end_octets(0)), end);
  ck_assert_uint_eq(end->skip_ranges, 0);
  next(at, OW_HMAC);
}

static void read_client(struct conversation *talk)
{
  const uint8_t *at = talk->client.plain + OW_SETUP_RESPONSE;
  for (size_t i = 0; i < SESSIONS; i++)
    read_request(&at, &talk->requests[i], talk->slots);
  next(&at, OW_START_SESSIONS + OW_HMAC);
  read_stop(&at, &talk->client_end);
  ow_fetch_request_decode(next(&at, OW_FETCH_SESSION + OW_HMAC), &talk->fetch);
  ck_assert_ptr_eq(at, talk->client.plain + talk->client.count);
}

static void read_server(struct conversation *talk)
{
  const uint8_t *at = talk->server.plain + OW_GREETING + OW_SERVER_START;
  for (size_t i = 0; i < SESSIONS; i++)
    ow_session_acceptance_decode(next(&at, OW_ACCEPT_SESSION + OW_HMAC), &talk->acceptances[i]);
  next(&at, OW_START_ACK + OW_HMAC);
  read_stop(&at, &talk->server_end);
  ow_fetch_ack_decode(next(&at, OW_FETCH_ACK + OW_HMAC), &talk->ack);
  read_request(&at, &talk->fetched, talk->slots);
  next(&at, OW_HMAC); /* of no skip ranges */
  ck_assert_uint_le(talk->ack.records, MOST_RECORDS);
  for (uint32_t i = 0; i < talk->ack.records; i++)
    ow_record_decode(at + (size_t)i * OW_RECORD, &talk->records[i]);
  next(&at, OW_WHOLE_BLOCKS((size_t)talk->ack.records * OW_RECORD) + OW_HMAC);
  ck_assert_ptr_eq(at, talk->server.plain + talk->server.count);
}

static void read_conversation(struct conversation *talk, int index)
{
  *talk = (struct conversation){0};
  read_streams(talk, names[index]);
  read_set_up(talk);
  ck_assert_int_eq(talk->mode, test_modes[index]);
  read_client(talk);
  read_server(talk);
}

/* ---- the other side's octets, in pieces ---- */

struct feed {
  const struct stream *stream;
  size_t at;
  size_t most;  /* octets to hand over in all */
  size_t piece; /* and at once; 0: all */
};

/* The next piece in a block of its own, so that reading beyond it is seen. The caller frees. */
static uint8_t *feed_piece(const struct feed *feed, size_t *count)
{
  size_t left = feed->most - feed->at;
  *count = feed->piece && feed->piece < left ? feed->piece : left;
  uint8_t *block = malloc(*count ? *count : 1);
  ck_assert_ptr_nonnull(block);
  memcpy(block, feed->stream->octets + feed->at, *count);
  return block;
}

static bool feed_client(struct feed *feed, struct ow_client *client, struct ow_client_event *event)
{
  size_t count;
  uint8_t *block = feed_piece(feed, &count);
  struct ow_reader reader = ow_reader(block, count);
  ow_client_receive(client, test_at(0), &reader, event);
  test_client_derive(client, event);
  feed->at += count - ow_reader_left(&reader);
  free(block);
  return count > 0;
}

static bool feed_server(struct feed *feed, struct ow_server *server, struct ow_server_event *event)
{
  size_t count;
  uint8_t *block = feed_piece(feed, &count);
  struct ow_reader reader = ow_reader(block, count);
  ow_server_receive(server, test_at(0), &reader, event);
  test_server_derive(server, event);
  feed->at += count - ow_reader_left(&reader);
  free(block);
  return count > 0;
}

static void check_output(struct ow_buffer *output, const struct stream *captured)
{
  ck_assert_uint_eq(ow_buffer_length(output), captured->count);
  ck_assert_mem_eq(ow_buffer_head(output), captured->octets, captured->count);
}

/* ---- our client in the place of theirs ---- */

struct client_replay {
  const struct conversation *talk;
  struct ow_client *client;
  struct test_script script;
  uint8_t random[sizeof(struct ow_keys) + OW_IV];
  bool stop_first; /* at once, instead of after the server's Stop-Sessions */
  int sessions;
  uint32_t records;
  bool stopped;
  bool fetched;
  struct ow_failure failure;
};

static void client_begin(struct client_replay *replay, const struct conversation *talk)
{
  *replay = (struct client_replay){.talk = talk};
  memcpy(replay->random, &talk->keys, sizeof talk->keys);
  memcpy(replay->random + sizeof talk->keys, talk->response.client_iv, OW_IV);
  replay->script =
      (struct test_script){replay->random, talk->mode == OW_MODE_OPEN ? 0 : sizeof replay->random};
  struct ow_client_config config = {
      .modes = talk->mode,
      .key_id = TEST_KEY_ID,
      .passphrase = TEST_PASSPHRASE,
      .passphrase_octets = strlen(TEST_PASSPHRASE),
      .most_count = 2048,
      .timeout = OW_NS_PER_S,
      .random = test_random_script(&replay->script),
  };
  replay->client = ow_client_create(&config, test_at(0));
  ck_assert_ptr_nonnull(replay->client);
}

static void client_ask(struct client_replay *replay)
{
  const struct conversation *talk = replay->talk;
  enum ow_status status = replay->sessions < SESSIONS
                              ? ow_client_request_session(replay->client, test_at(0),
                                                          &talk->requests[replay->sessions], talk->slots)
                              : ow_client_start_sessions(replay->client, test_at(0));
  ck_assert_int_eq(status, OW_OK);
}

static void client_stop(struct client_replay *replay)
{
  ck_assert_int_eq(
      ow_client_stop_sessions(replay->client, test_at(0), OW_ACCEPT_OK, &replay->talk->client_end, 1), OW_OK);
}

static void client_on_session(struct client_replay *replay, const struct ow_client_event *event)
{
  const struct ow_session_acceptance *expected = &replay->talk->acceptances[replay->sessions];
  ck_assert_int_eq(event->acceptance.accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(event->acceptance.port, expected->port);
  ck_assert_mem_eq(event->acceptance.sid.octets, expected->sid.octets, OW_SID);
  replay->sessions++;
  client_ask(replay);
}

static void client_on_stopped(struct client_replay *replay, const struct ow_client_event *event)
{
  const struct conversation *talk = replay->talk;
  ck_assert_int_eq(event->accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(event->end_count, 1);
  ck_assert_mem_eq(event->ends[0].sid.octets, talk->requests[1].sid.octets, OW_SID);
  ck_assert_uint_eq(event->ends[0].next_sequence, talk->requests[1].packets);
  replay->stopped = true;
  if (!replay->stop_first)
    client_stop(replay);
  ck_assert_int_eq(ow_client_fetch(replay->client, test_at(0), &talk->fetch), OW_OK);
}

static void client_on_fetched_session(const struct client_replay *replay, const struct ow_client_event *event)
{
  const struct conversation *talk = replay->talk;
  ck_assert_uint_eq(event->request->receiver.port, talk->acceptances[0].port);
  ck_assert_mem_eq(event->request->sid.octets, talk->acceptances[0].sid.octets, OW_SID);
  ck_assert_uint_eq(event->request->slot_count, talk->requests[0].slot_count);
  for (uint32_t i = 0; i < event->request->slot_count; i++)
    ck_assert_uint_eq(event->slots[i].parameter.ntp, talk->slots[i].parameter.ntp);
}

static void client_on_records(struct client_replay *replay, const struct ow_client_event *event)
{
  for (uint32_t i = 0; i < event->record_count; i++, replay->records++) {
    const struct ow_sample *expected = &replay->talk->records[replay->records];
    ck_assert_uint_eq(event->records[i].sequence, expected->sequence);
    ck_assert_uint_eq(event->records[i].sent.ntp, expected->sent.ntp);
    ck_assert_uint_eq(event->records[i].received.ntp, expected->received.ntp);
  }
}

static void client_on(struct client_replay *replay, const struct ow_client_event *event)
{
  switch (event->kind) {
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_FETCH_DEPARTURES: break;
  case OW_CLIENT_SET_UP: client_ask(replay); break;
  case OW_CLIENT_SESSION: client_on_session(replay, event); break;
  case OW_CLIENT_STARTED:
    if (replay->stop_first)
      client_stop(replay);
    break;
  case OW_CLIENT_STOPPED: client_on_stopped(replay, event); break;
  case OW_CLIENT_FETCH_ACK: ck_assert_uint_eq(event->fetch_ack.records, replay->talk->ack.records); break;
  case OW_CLIENT_FETCH_SESSION: client_on_fetched_session(replay, event); break;
  case OW_CLIENT_FETCH_RECORDS: client_on_records(replay, event); break;
  case OW_CLIENT_FETCHED: replay->fetched = true; break;
  case OW_CLIENT_BROKEN: replay->failure = event->failure; break;
  }
}

static void client_run(struct client_replay *replay, struct feed feed)
{
  struct ow_client_event event;
  while (feed_client(&feed, replay->client, &event))
    client_on(replay, &event);
}

static void client_check(struct client_replay *replay)
{
  const struct conversation *talk = replay->talk;
  ck_assert_str_eq(replay->failure.text, "");
  ck_assert(replay->fetched);
  ck_assert_uint_eq(replay->records, talk->ack.records);
  ck_assert_uint_eq(replay->script.left, 0);
  ck_assert_uint_eq(ow_client_server_start_time(replay->client).ntp, talk->start.start_time.ntp);
  ck_assert_uint_eq(ow_client_modes_offered(replay->client), OW_MODES_ALL);
  check_output(ow_client_output(replay->client), &talk->client);
}

static void client_says_what_was_captured(int index, size_t piece, bool stop_first)
{
  struct conversation talk;
  struct client_replay replay;
  read_conversation(&talk, index);
  client_begin(&replay, &talk);
  replay.stop_first = stop_first;
  client_run(&replay, (struct feed){.stream = &talk.server, .most = talk.server.count, .piece = piece});
  client_check(&replay);
  ow_client_free(replay.client);
}

START_TEST(the_client_says_what_was_captured_fed_in_one_piece)
{
  client_says_what_was_captured(_i, 0, true);
}
END_TEST

START_TEST(the_client_says_what_was_captured_fed_octet_by_octet)
{
  client_says_what_was_captured(_i, 1, true);
}
END_TEST

START_TEST(the_client_says_what_was_captured_fed_across_block_boundaries)
{
  client_says_what_was_captured(_i, 37, true);
}
END_TEST

START_TEST(the_client_says_what_was_captured_when_the_server_stops_first)
{
  client_says_what_was_captured(_i, 0, false);
}
END_TEST

/* As it was: each segment of the server after those of the client that came before it. */
START_TEST(the_client_says_each_segment_before_the_servers_answer)
{
  struct conversation talk;
  struct client_replay replay;
  struct test_capture capture;
  struct ow_client_event event;
  size_t said = 0;
  size_t fed = 0;
  read_conversation(&talk, _i);
  client_begin(&replay, &talk);
  read_capture(&capture, names[_i]);
  replay.stop_first = _i == 0; /* in the others the server's whole Stop-Sessions was there first */
  for (size_t i = 0; i < capture.segment_count; i++) {
    const struct test_segment *segment = &capture.segments[i];
    struct feed feed = {.stream = &talk.server, .at = fed, .most = fed + segment->length};
    if (segment->from_server) {
      while (feed_client(&feed, replay.client, &event))
        client_on(&replay, &event);
      fed = feed.at;
    } else {
      said += segment->length;
      ck_assert_uint_ge(ow_buffer_length(ow_client_output(replay.client)), said);
    }
  }
  client_check(&replay);
  test_capture_clear(&capture);
  ow_client_free(replay.client);
}
END_TEST

/* ---- our server in the place of theirs ---- */

struct server_replay {
  const struct conversation *talk;
  struct ow_server *server;
  struct test_keyring keyring;
  struct test_script script;
  uint8_t random[OW_CHALLENGE + OW_SALT + OW_IV];
  bool stop_first;
  int sessions;
  bool stopped;
  bool fetched;
  struct ow_failure failure;
};

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  struct test_keyring *keyring = context;
  keyring->asked++;
  *passphrase = TEST_PASSPHRASE;
  *octets = strlen(TEST_PASSPHRASE);
  return strcmp(key_id, TEST_KEY_ID) == 0;
}

static void server_begin(struct server_replay *replay, const struct conversation *talk)
{
  *replay = (struct server_replay){.talk = talk};
  memcpy(replay->random, talk->greeting.challenge.challenge, OW_CHALLENGE);
  memcpy(replay->random + OW_CHALLENGE, talk->greeting.challenge.salt, OW_SALT);
  memcpy(replay->random + OW_CHALLENGE + OW_SALT, talk->start.server_iv, OW_IV);
  replay->script.octets = replay->random;
  replay->script.left = sizeof replay->random - (talk->mode == OW_MODE_OPEN ? OW_IV : 0);
  struct ow_server_config config = {
      .modes = talk->greeting.modes,
      .pbkdf2_count = talk->greeting.challenge.count,
      .setup_timeout = OW_NS_PER_S,
      .idle_timeout = OW_NS_PER_S,
      .up_since = talk->start.start_time,
      .random = test_random_script(&replay->script),
      .key_context = &replay->keyring,
      .find_key = find_key,
  };
  replay->server = ow_server_create(&config, test_at(0));
  ck_assert_ptr_nonnull(replay->server);
}

static void check_request(const struct ow_session_request *got, const struct ow_session_request *expected)
{
  uint8_t got_octets[OW_REQUEST_SESSION];
  uint8_t expected_octets[OW_REQUEST_SESSION];
  ow_session_request_encode(got, got_octets);
  ow_session_request_encode(expected, expected_octets);
  ck_assert_mem_eq(got_octets, expected_octets, sizeof got_octets);
}

static void server_on_request(struct server_replay *replay, const struct ow_server_event *event)
{
  const struct conversation *talk = replay->talk;
  check_request(event->request, &talk->requests[replay->sessions]);
  for (uint32_t i = 0; i < event->request->slot_count; i++) {
    ck_assert_int_eq(event->slots[i].kind, talk->slots[i].kind);
    ck_assert_uint_eq(event->slots[i].parameter.ntp, talk->slots[i].parameter.ntp);
  }
  ck_assert_int_eq(ow_server_answer_session(replay->server, test_at(0), &talk->acceptances[replay->sessions]),
                   OW_OK);
  replay->sessions++;
}

static void server_stop(struct server_replay *replay)
{
  ck_assert_int_eq(test_server_stop(replay->server, test_at(0), OW_ACCEPT_OK, &replay->talk->server_end, 1),
                   OW_OK);
}

static void server_on_stop(struct server_replay *replay, const struct ow_server_event *event)
{
  const struct conversation *talk = replay->talk;
  ck_assert_int_eq(event->accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(event->end_count, 1);
  ck_assert_mem_eq(event->ends[0].sid.octets, talk->acceptances[0].sid.octets, OW_SID);
  ck_assert_uint_eq(event->ends[0].next_sequence, talk->requests[0].packets);
  replay->stopped = true;
  if (!replay->stop_first)
    server_stop(replay);
}

static void server_on_fetch(struct server_replay *replay, const struct ow_server_event *event)
{
  const struct conversation *talk = replay->talk;
  ck_assert_uint_eq(event->fetch.begin, 0);
  ck_assert_uint_eq(event->fetch.end, OW_FETCH_TO_END);
  ck_assert_mem_eq(event->fetch.sid.octets, talk->acceptances[0].sid.octets, OW_SID);
  ck_assert_int_eq(
      ow_server_begin_fetch(replay->server, test_at(0), &talk->ack, &talk->fetched, talk->slots, NULL),
      OW_OK);
  for (uint32_t i = 0; i < talk->ack.records; i++)
    ck_assert_int_eq(ow_server_fetch_record(replay->server, test_at(0), &talk->records[i]), OW_OK);
  replay->fetched = true;
}

static void server_on_start(struct server_replay *replay)
{
  ck_assert_int_eq(replay->sessions, SESSIONS);
  ck_assert_int_eq(ow_server_answer_start(replay->server, test_at(0), OW_ACCEPT_OK), OW_OK);
  if (replay->stop_first)
    server_stop(replay);
}

static void server_on(struct server_replay *replay, const struct ow_server_event *event)
{
  switch (event->kind) {
  case OW_SERVER_NOTHING:
  case OW_SERVER_DERIVE: break;
  case OW_SERVER_SET_UP:
    ck_assert_str_eq(event->key_id, replay->talk->mode == OW_MODE_OPEN ? "" : TEST_KEY_ID);
    ck_assert_int_eq(ow_server_set_up(replay->server, test_at(0), OW_ACCEPT_OK), OW_OK);
    break;
  case OW_SERVER_REQUEST: server_on_request(replay, event); break;
  case OW_SERVER_TW_REQUEST:
  case OW_SERVER_TW_STOP: ck_abort_msg("that is TWAMP's"); break;
  case OW_SERVER_START_ASKED: server_on_start(replay); break;
  case OW_SERVER_STOP: server_on_stop(replay, event); break;
  case OW_SERVER_FETCH: server_on_fetch(replay, event); break;
  case OW_SERVER_BROKEN: replay->failure = event->failure; break;
  }
}

static void server_run(struct server_replay *replay, struct feed feed)
{
  struct ow_server_event event;
  while (feed_server(&feed, replay->server, &event))
    server_on(replay, &event);
}

static void server_says_what_was_captured(int index, size_t piece, bool stop_first)
{
  struct conversation talk;
  struct server_replay replay;
  read_conversation(&talk, index);
  ck_assert_uint_eq(talk.greeting.challenge.count, 2048);
  server_begin(&replay, &talk);
  replay.stop_first = stop_first;
  server_run(&replay, (struct feed){.stream = &talk.client, .most = talk.client.count, .piece = piece});
  ck_assert_str_eq(replay.failure.text, "");
  ck_assert(replay.stopped && replay.fetched);
  ck_assert_uint_eq(replay.script.left, 0);
  ck_assert_uint_eq(replay.keyring.asked, talk.mode == OW_MODE_OPEN ? 0 : 1);
  check_output(ow_server_output(replay.server), &talk.server);
  ow_server_free(replay.server);
}

START_TEST(the_server_says_what_was_captured_fed_in_one_piece)
{
  server_says_what_was_captured(_i, 0, false);
}
END_TEST

START_TEST(the_server_says_what_was_captured_fed_octet_by_octet)
{
  server_says_what_was_captured(_i, 1, false);
}
END_TEST

START_TEST(the_server_says_what_was_captured_fed_across_block_boundaries)
{
  server_says_what_was_captured(_i, 37, false);
}
END_TEST

START_TEST(the_server_says_what_was_captured_when_it_stops_first)
{
  server_says_what_was_captured(_i, 0, true);
}
END_TEST

/* ---- the capture itself ---- */

START_TEST(the_test_keys_are_those_of_the_capture)
{
  struct conversation talk;
  struct client_replay client;
  struct server_replay server;
  struct ow_keys expected = {0};
  struct ow_keys got;
  read_conversation(&talk, _i);
  client_begin(&client, &talk);
  server_begin(&server, &talk);
  client.stop_first = true;
  client_run(&client, (struct feed){.stream = &talk.server, .most = talk.server.count});
  server_run(&server, (struct feed){.stream = &talk.client, .most = talk.client.count});
  if (talk.mode != OW_MODE_OPEN)
    ck_assert_int_eq(ow_test_keys_derive(&talk.keys, &talk.acceptances[0].sid, &expected), OW_OK);
  ck_assert_int_eq(ow_client_test_keys(client.client, &talk.acceptances[0].sid, &got), OW_OK);
  ck_assert_mem_eq(&got, &expected, sizeof got);
  ck_assert_int_eq(ow_server_test_keys(server.server, &talk.acceptances[0].sid, &got), OW_OK);
  ck_assert_mem_eq(&got, &expected, sizeof got);
  ow_client_free(client.client);
  ow_server_free(server.server);
}
END_TEST

/* ---- cut short ---- */

static enum ow_status status_of_cut(const struct conversation *talk, size_t at)
{
  enum ow_status status = OW_NETWORK;
  if (at < OW_GREETING)
    status = OW_REFUSED;
  else if (at < OW_GREETING + OW_SERVER_START_CLEAR && talk->mode != OW_MODE_OPEN)
    status = OW_AUTH;
  return status;
}

START_TEST(the_client_breaks_wherever_the_connection_ends)
{
  struct conversation talk;
  struct ow_client_event event;
  read_conversation(&talk, _i);
  for (size_t at = 0; at < talk.server.count; at++) {
    struct client_replay replay;
    client_begin(&replay, &talk);
    replay.stop_first = true;
    client_run(&replay, (struct feed){.stream = &talk.server, .most = at});
    ck_assert_str_eq(replay.failure.text, "");
    ck_assert(!replay.fetched);
    ow_client_disconnected(replay.client, NULL, &event);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, status_of_cut(&talk, at), "the server closed the connection");
    ck_assert_int_eq(ow_client_state(replay.client), OW_CLIENT_FAILED);
    ow_client_free(replay.client);
  }
}
END_TEST

START_TEST(the_server_breaks_wherever_the_client_falls_silent)
{
  struct conversation talk;
  struct ow_server_event event;
  read_conversation(&talk, _i);
  for (size_t at = 0; at < talk.client.count; at++) {
    struct server_replay replay;
    server_begin(&replay, &talk);
    replay.stop_first = true;
    server_run(&replay, (struct feed){.stream = &talk.client, .most = at});
    ck_assert_str_eq(replay.failure.text, "");
    ck_assert(!replay.fetched);
    ck_assert_int_eq(ow_server_deadline(replay.server), test_at(1).monotonic);
    ow_server_expired(replay.server, &event);
    ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
    test_assert_failure(&event.failure, OW_TIMEOUT, "the client was silent for 1 s where we waited for");
    ck_assert_ptr_null(strstr(event.failure.text, "nothing"));
    ow_server_free(replay.server);
  }
}
END_TEST

/* ---- garbled ---- */

enum { GARBLED_RUNS = 200 };

/* Flip, repeat or drop some octets; in the protected modes most of this ends at an HMAC. */
static void garble(struct stream *stream, struct test_prng *prng)
{
  uint64_t flips = test_prng_below(prng, 4) + 1;
  for (uint64_t i = 0; i < flips; i++)
    stream->octets[test_prng_below(prng, stream->count)] ^= (uint8_t)(1U << test_prng_below(prng, 8));
  if (test_prng_below(prng, 4) == 0) {
    size_t from = (size_t)test_prng_below(prng, stream->count);
    size_t gone = (size_t)test_prng_below(prng, stream->count - from);
    memmove(stream->octets + from, stream->octets + from + gone, stream->count - from - gone);
    stream->count -= gone;
  }
}

/* Commands and decisions on a garbled stream, without the asserts of a replay. */
static void client_go_on(struct client_replay *replay, const struct ow_client_event *event)
{
  const struct conversation *talk = replay->talk;
  enum ow_status status = OW_OK;
  struct ow_client *client = replay->client;
  if (event->kind == OW_CLIENT_SET_UP || (event->kind == OW_CLIENT_SESSION && ++replay->sessions < SESSIONS))
    status = ow_client_request_session(client, test_at(0), &talk->requests[replay->sessions], talk->slots);
  else if (event->kind == OW_CLIENT_SESSION)
    status = ow_client_start_sessions(client, test_at(0));
  else if (event->kind == OW_CLIENT_STARTED && event->accept == OW_ACCEPT_OK)
    status = ow_client_stop_sessions(client, test_at(0), OW_ACCEPT_OK, &talk->client_end, 1);
  else if (event->kind == OW_CLIENT_STARTED || event->kind == OW_CLIENT_STOPPED)
    status = ow_client_fetch(client, test_at(0), &talk->fetch);
  ck_assert_int_eq(status, OW_OK);
}

START_TEST(a_garbled_server_never_harms_the_client)
{
  struct test_prng prng = test_prng(test_seed() + (uint64_t)_i);
  for (int run = 0; run < GARBLED_RUNS; run++) {
    struct conversation talk;
    struct client_replay replay;
    struct ow_client_event event;
    read_conversation(&talk, _i);
    client_begin(&replay, &talk);
    garble(&talk.server, &prng);
    struct feed feed = {
        .stream = &talk.server, .most = talk.server.count, .piece = (size_t)test_prng_below(&prng, 100)};
    while (feed_client(&feed, replay.client, &event))
      client_go_on(&replay, &event);
    ow_client_disconnected(replay.client, "cut", &event);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    ow_client_free(replay.client);
  }
}
END_TEST

static void server_go_on(struct server_replay *replay, const struct ow_server_event *event)
{
  const struct conversation *talk = replay->talk;
  struct ow_server *server = replay->server;
  enum ow_status status = OW_OK;
  if (event->kind == OW_SERVER_SET_UP)
    status = ow_server_set_up(server, test_at(0), OW_ACCEPT_OK);
  else if (event->kind == OW_SERVER_REQUEST)
    status = ow_server_answer_session(server, test_at(0), &talk->acceptances[0]);
  else if (event->kind == OW_SERVER_START_ASKED)
    status = ow_server_answer_start(server, test_at(0), OW_ACCEPT_OK);
  else if (event->kind == OW_SERVER_STOP)
    status = test_server_stop(server, test_at(0), OW_ACCEPT_OK, &talk->server_end, 1);
  else if (event->kind == OW_SERVER_FETCH)
    status = ow_server_begin_fetch(server, test_at(0), &(struct ow_fetch_ack){.accept = OW_ACCEPT_FAILURE},
                                   NULL, NULL, NULL);
  ck_assert_int_eq(status, OW_OK);
}

START_TEST(a_garbled_client_never_harms_the_server)
{
  struct test_prng prng = test_prng(test_seed() + 100 + (uint64_t)_i);
  for (int run = 0; run < GARBLED_RUNS; run++) {
    struct conversation talk;
    struct server_replay replay;
    struct ow_server_event event;
    read_conversation(&talk, _i);
    server_begin(&replay, &talk);
    garble(&talk.client, &prng);
    struct feed feed = {
        .stream = &talk.client, .most = talk.client.count, .piece = (size_t)test_prng_below(&prng, 100)};
    replay.script.left = sizeof replay.random - OW_CHALLENGE - OW_SALT; /* a garbled mode may need an IV */
    while (feed_server(&feed, replay.server, &event))
      server_go_on(&replay, &event);
    ow_server_free(replay.server);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_replay");
  test_seed();
  TEST_LOOP(suite, "client", TEST_MODES, the_client_says_what_was_captured_fed_in_one_piece,
            the_client_says_what_was_captured_fed_octet_by_octet,
            the_client_says_what_was_captured_fed_across_block_boundaries,
            the_client_says_what_was_captured_when_the_server_stops_first,
            the_client_says_each_segment_before_the_servers_answer);
  TEST_LOOP(suite, "server", TEST_MODES, the_server_says_what_was_captured_fed_in_one_piece,
            the_server_says_what_was_captured_fed_octet_by_octet,
            the_server_says_what_was_captured_fed_across_block_boundaries,
            the_server_says_what_was_captured_when_it_stops_first);
  TEST_LOOP(suite, "keys", TEST_MODES, the_test_keys_are_those_of_the_capture);
  TEST_LOOP(suite, "cut", TEST_MODES, the_client_breaks_wherever_the_connection_ends,
            the_server_breaks_wherever_the_client_falls_silent);
  TEST_LOOP(suite, "garbled", TEST_MODES, a_garbled_server_never_harms_the_client,
            a_garbled_client_never_harms_the_server);
  return test_run(suite);
}
