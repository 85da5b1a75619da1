/* SPDX-License-Identifier: MIT */
/* Octets are carried between them in pieces; the usual exchanges are done for a test. */
#include "support/machine.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

const enum ow_mode test_modes[TEST_MODES] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

const struct ow_slot test_slots[2] = {
    {.kind = OW_SLOT_EXPONENTIAL, .parameter = {UINT64_C(0x051eb851)}},
    {.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(0x028f5c28)}},
};

enum { COUNT = OW_COUNT_LEAST, PACKETS = 100000, SEED = 4656 };

struct ow_instant test_at(int64_t seconds)
{
  struct ow_timestamp epoch = {UINT64_C(0xeeae485e00000000)};
  return (struct ow_instant){.wall = ow_timestamp_plus(epoch, seconds * OW_NS_PER_S),
                             .monotonic = (1000 + seconds) * OW_NS_PER_S};
}

enum ow_status test_server_stop(struct ow_server *server, struct ow_instant now, enum ow_accept accept,
                                const struct ow_session_end *ends, uint32_t count)
{
  enum ow_status status = ow_server_begin_stop(server, now, accept, count);
  for (uint32_t i = 0; i < count && status == OW_OK; i++)
    status = ow_server_describe_end(server, now, &ends[i]);
  return status;
}

/* ---- both machines ---- */

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  struct test_keyring *keyring = context;
  bool known = strcmp(key_id, TEST_KEY_ID) == 0;
  keyring->asked++;
  if (known) {
    *passphrase = TEST_PASSPHRASE;
    *octets = strlen(TEST_PASSPHRASE);
  }
  return known;
}

void test_pair_prepare(struct test_pair *pair, enum ow_mode mode)
{
  *pair = (struct test_pair){.prng = test_prng(SEED)};
  pair->client_config = (struct ow_client_config){
      .modes = mode,
      .key_id = mode == OW_MODE_OPEN ? NULL : TEST_KEY_ID,
      .passphrase = TEST_PASSPHRASE,
      .passphrase_octets = strlen(TEST_PASSPHRASE),
      .most_count = 1 << 15,
      .timeout = TEST_CLIENT_SECONDS * OW_NS_PER_S,
      .random = test_random(&pair->prng),
  };
  pair->server_config = (struct ow_server_config){
      .modes = mode,
      .pbkdf2_count = COUNT,
      .setup_timeout = TEST_SETUP_SECONDS * OW_NS_PER_S,
      .idle_timeout = TEST_IDLE_SECONDS * OW_NS_PER_S,
      .up_since = test_at(-3600).wall,
      .random = test_random(&pair->prng),
      .key_context = &pair->keyring,
      .find_key = find_key,
  };
}

void test_pair_create(struct test_pair *pair)
{
  pair->client = ow_client_create(&pair->client_config, test_at(0));
  pair->server = ow_server_create(&pair->server_config, test_at(0));
  ck_assert_ptr_nonnull(pair->client);
  ck_assert_ptr_nonnull(pair->server);
}

void test_pair_open(struct test_pair *pair, enum ow_mode mode)
{
  test_pair_prepare(pair, mode);
  test_pair_create(pair);
  test_set_up(pair);
}

void test_pair_close(struct test_pair *pair)
{
  ow_client_free(pair->client);
  ow_server_free(pair->server);
  pair->client = NULL;
  pair->server = NULL;
}

/* ---- octets ---- */

static size_t piece_of(const struct test_pair *pair, const struct ow_buffer *output)
{
  size_t all = ow_buffer_length(output);
  return pair->piece && pair->piece < all ? pair->piece : all;
}

void test_client_derive(struct ow_client *client, struct ow_client_event *event)
{
  struct ow_token_key key;
  if (event->kind == OW_CLIENT_DERIVE) {
    enum ow_status status = ow_token_key_derive(&event->source, &key);
    ow_client_use_key(client, test_at(0), status, &key, NULL, event);
  }
}

void test_server_derive(struct ow_server *server, struct ow_server_event *event)
{
  struct ow_token_key key;
  if (event->kind == OW_SERVER_DERIVE) {
    enum ow_status status = ow_token_key_derive(&event->source, &key);
    ow_server_use_key(server, test_at(0), status, &key, NULL, event);
  }
}

struct ow_client_event test_client_hear(struct test_pair *pair)
{
  struct ow_buffer *output = ow_server_output(pair->server);
  struct ow_client_event event = {0};
  while (event.kind == OW_CLIENT_NOTHING && ow_buffer_length(output)) {
    size_t piece = piece_of(pair, output);
    struct ow_reader reader = ow_reader(ow_buffer_head(output), piece);
    ow_client_receive(pair->client, test_at(0), &reader, &event);
    ow_buffer_consume(output, piece - ow_reader_left(&reader));
  }
  return event;
}

struct ow_client_event test_client_next(struct test_pair *pair)
{
  struct ow_client_event event;
  do {
    event = test_client_hear(pair);
    test_client_derive(pair->client, &event);
  } while (event.kind == OW_CLIENT_NOTHING && ow_buffer_length(ow_server_output(pair->server)));
  return event;
}

struct ow_server_event test_server_hear(struct test_pair *pair)
{
  struct ow_buffer *output = ow_client_output(pair->client);
  struct ow_server_event event = {0};
  bool stuck = false;
  while (event.kind == OW_SERVER_NOTHING && ow_buffer_length(output) && !stuck) {
    size_t piece = piece_of(pair, output);
    struct ow_reader reader = ow_reader(ow_buffer_head(output), piece);
    ow_server_receive(pair->server, test_at(0), &reader, &event);
    stuck = ow_reader_left(&reader) == piece;
    ow_buffer_consume(output, piece - ow_reader_left(&reader));
  }
  return event;
}

/* It hears until it has an event, or takes no more. */
struct ow_server_event test_server_next(struct test_pair *pair)
{
  struct ow_server_event event = test_server_hear(pair);
  test_server_derive(pair->server, &event);
  return event;
}

struct ow_client_event test_client_expect(struct test_pair *pair, enum ow_client_event_kind kind)
{
  struct ow_client_event event = test_client_next(pair);
  ck_assert_msg(event.kind == kind, "the client's event is %d, not %d: %s", (int)event.kind, (int)kind,
                event.failure.text);
  return event;
}

struct ow_server_event test_server_expect(struct test_pair *pair, enum ow_server_event_kind kind)
{
  struct ow_server_event event = test_server_next(pair);
  ck_assert_msg(event.kind == kind, "the server's event is %d, not %d: %s", (int)event.kind, (int)kind,
                event.failure.text);
  return event;
}

/* A block of its own, so that reading beyond it is seen. */
static uint8_t *copy(const void *octets, size_t count)
{
  uint8_t *block = malloc(count ? count : 1);
  ck_assert_ptr_nonnull(block);
  if (count)
    memcpy(block, octets, count);
  return block;
}

struct ow_client_event test_client_feed(struct ow_client *client, const void *octets, size_t count)
{
  struct ow_client_event event;
  uint8_t *block = copy(octets, count);
  struct ow_reader reader = ow_reader(block, count);
  ow_client_receive(client, test_at(0), &reader, &event);
  test_client_derive(client, &event);
  if (event.kind == OW_CLIENT_NOTHING && ow_reader_left(&reader))
    ow_client_receive(client, test_at(0), &reader, &event);
  free(block);
  return event;
}

struct ow_server_event test_server_feed(struct ow_server *server, const void *octets, size_t count)
{
  struct ow_server_event event;
  uint8_t *block = copy(octets, count);
  struct ow_reader reader = ow_reader(block, count);
  ow_server_receive(server, test_at(0), &reader, &event);
  test_server_derive(server, &event);
  free(block);
  return event;
}

uint8_t *test_take(struct ow_buffer *output, size_t *octets)
{
  *octets = ow_buffer_length(output);
  uint8_t *block = copy(ow_buffer_head(output), *octets);
  ow_buffer_consume(output, *octets);
  return block;
}

/* ---- what is said ---- */

struct ow_sid test_sid(uint8_t number)
{
  struct ow_sid sid = {{127, 0, 0, 1, 0xee, 0xae, 0x48, 0x5e}};
  sid.octets[OW_SID - 1] = number;
  return sid;
}

struct ow_session_request test_request(bool server_sends, uint8_t number)
{
  struct ow_session_request request = {
      .server_sends = server_sends,
      .server_receives = !server_sends,
      .slot_count = 2,
      .packets = PACKETS,
      .sender = {.version = 4, .address = {192, 0, 2, 1}, .port = server_sends ? 0 : 9000},
      .receiver = {.version = 4, .address = {192, 0, 2, 2}, .port = server_sends ? 9001 : 0},
      .padding = number,
      .start = test_at(5).wall,
      .timeout = ow_span_from_ns(2 * OW_NS_PER_S),
      .type_p = ow_type_p_from_dscp(46),
  };
  if (server_sends)
    request.sid = test_sid(number);
  return request;
}

struct ow_skip_range *test_ranges(uint32_t count)
{
  struct ow_skip_range *ranges = calloc(count ? count : 1, sizeof *ranges);
  ck_assert_ptr_nonnull(ranges);
  for (uint32_t i = 0; i < count; i++)
    ranges[i] = (struct ow_skip_range){2 * i, 2 * i};
  return ranges;
}

struct ow_session_end test_end(uint8_t number, const struct ow_skip_range *ranges, uint32_t count)
{
  return (struct ow_session_end){
      .sid = test_sid(number), .next_sequence = PACKETS, .skip_ranges = count, .skipped = ranges};
}

struct ow_sample test_record(uint32_t sequence)
{
  return (struct ow_sample){
      .sequence = sequence,
      .sent = test_at((int64_t)sequence).wall,
      .received = ow_timestamp_plus(test_at((int64_t)sequence).wall, 250000),
      .send_error = {0x0001},
      .receive_error = {0x8a05},
      .ttl = 255,
  };
}

/* ---- exchanges ---- */

void test_set_up(struct test_pair *pair)
{
  ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
  test_server_expect(pair, OW_SERVER_SET_UP);
  ck_assert_int_eq(ow_server_set_up(pair->server, test_at(0), OW_ACCEPT_OK), OW_OK);
  test_client_expect(pair, OW_CLIENT_SET_UP);
}

static void ask_session(struct test_pair *pair, bool server_sends, uint8_t number)
{
  struct ow_session_request request = test_request(server_sends, number);
  ck_assert_int_eq(ow_client_request_session(pair->client, test_at(0), &request, test_slots), OW_OK);
}

void test_session(struct test_pair *pair, bool server_sends, uint8_t number)
{
  struct ow_session_acceptance acceptance = {.port = 9002, .sid = test_sid(number)};
  ask_session(pair, server_sends, number);
  test_server_expect(pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair->server, test_at(0), &acceptance), OW_OK);
  test_client_expect(pair, OW_CLIENT_SESSION);
}

void test_start(struct test_pair *pair)
{
  ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
  test_server_expect(pair, OW_SERVER_START_ASKED);
  ck_assert_int_eq(ow_server_answer_start(pair->server, test_at(0), OW_ACCEPT_OK), OW_OK);
  test_client_expect(pair, OW_CLIENT_STARTED);
}

static void ask_fetch(struct test_pair *pair)
{
  struct ow_fetch_request fetch = {.begin = 0, .end = OW_FETCH_TO_END, .sid = test_sid(1)};
  ck_assert_int_eq(ow_client_fetch(pair->client, test_at(0), &fetch), OW_OK);
}

static void begin_fetch(struct test_pair *pair, uint32_t records, const struct ow_skip_range *ranges,
                        uint32_t count)
{
  struct ow_session_request request = test_request(false, 1);
  struct ow_fetch_ack ack = {
      .finished = true, .next_sequence = PACKETS, .skip_ranges = count, .records = records};
  request.sid = test_sid(1);
  ck_assert_int_eq(ow_server_begin_fetch(pair->server, test_at(0), &ack, &request, test_slots, ranges),
                   OW_OK);
}

void test_answer_fetch(struct test_pair *pair, uint32_t records, const struct ow_skip_range *ranges,
                       uint32_t count)
{
  begin_fetch(pair, records, ranges, count);
  for (uint32_t i = 0; i < records; i++) {
    struct ow_sample record = test_record(i);
    ck_assert_uint_eq(ow_server_fetch_left(pair->server), records - i);
    ck_assert_int_eq(ow_server_fetch_record(pair->server, test_at(0), &record), OW_OK);
  }
}

static void two_sessions_run(struct test_pair *pair)
{
  test_session(pair, false, 1);
  test_session(pair, true, 2);
  test_start(pair);
}

static void server_stops(struct test_pair *pair)
{
  struct ow_session_end end = test_end(2, NULL, 0);
  ck_assert_int_eq(test_server_stop(pair->server, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
}

static void client_stops(struct test_pair *pair)
{
  struct ow_session_end end = test_end(1, NULL, 0);
  ck_assert_int_eq(ow_client_stop_sessions(pair->client, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
}

/* ---- where a test wants them ---- */

static void from_greeting(struct test_pair *pair, enum ow_client_state state)
{
  struct ow_client_event event;
  if (state == OW_CLIENT_AWAIT_KEY)
    ck_assert_int_eq(test_client_hear(pair).kind, OW_CLIENT_DERIVE);
  else if (state == OW_CLIENT_AWAIT_SERVER_START)
    ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
  else if (state == OW_CLIENT_FAILED)
    ow_client_disconnected(pair->client, NULL, &event);
}

static void from_ready(struct test_pair *pair, enum ow_client_state state)
{
  test_set_up(pair);
  if (state == OW_CLIENT_AWAIT_ACCEPT_SESSION) {
    ask_session(pair, false, 1);
  } else if (state == OW_CLIENT_AWAIT_START_ACK) {
    ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
  } else if (state == OW_CLIENT_AWAIT_FETCH_ACK) {
    ask_fetch(pair);
  } else if (state == OW_CLIENT_FETCHING) {
    ask_fetch(pair);
    test_server_expect(pair, OW_SERVER_FETCH);
    test_answer_fetch(pair, TEST_RECORDS, NULL, 0);
    test_client_expect(pair, OW_CLIENT_FETCH_ACK);
  }
}

static void from_running(struct test_pair *pair, enum ow_client_state state)
{
  test_set_up(pair);
  two_sessions_run(pair);
  if (state == OW_CLIENT_STOPPING) {
    client_stops(pair);
  } else if (state == OW_CLIENT_STOP_OWED) {
    server_stops(pair);
    test_client_expect(pair, OW_CLIENT_STOPPED);
  }
}

void test_client_at(struct test_pair *pair, enum ow_mode mode, enum ow_client_state state)
{
  bool keyed = state == OW_CLIENT_AWAIT_KEY && mode == OW_MODE_OPEN;
  test_pair_prepare(pair, keyed ? OW_MODE_AUTHENTICATED : mode);
  test_pair_create(pair);
  switch (state) {
  case OW_CLIENT_AWAIT_GREETING:
  case OW_CLIENT_AWAIT_KEY:
  case OW_CLIENT_AWAIT_SERVER_START:
  case OW_CLIENT_FAILED: from_greeting(pair, state); break;
  case OW_CLIENT_READY:
  case OW_CLIENT_AWAIT_ACCEPT_SESSION:
  case OW_CLIENT_AWAIT_START_ACK:
  case OW_CLIENT_AWAIT_FETCH_ACK:
  case OW_CLIENT_FETCHING: from_ready(pair, state); break;
  case OW_CLIENT_RUNNING:
  case OW_CLIENT_STOPPING:
  case OW_CLIENT_STOP_OWED: from_running(pair, state); break;
  }
  ck_assert_int_eq(ow_client_state(pair->client), state);
}

static void server_from_start(struct test_pair *pair, enum ow_server_state state)
{
  struct ow_server_event event;
  if (state == OW_SERVER_AWAIT_KEY) {
    ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
    ck_assert_int_eq(test_server_hear(pair).kind, OW_SERVER_DERIVE);
  } else if (state == OW_SERVER_DECIDE_SETUP) {
    ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
    test_server_expect(pair, OW_SERVER_SET_UP);
  } else if (state == OW_SERVER_FAILED) {
    ow_server_expired(pair->server, &event);
  }
}

static void server_from_ready(struct test_pair *pair, enum ow_server_state state)
{
  test_set_up(pair);
  if (state == OW_SERVER_DECIDE_SESSION) {
    ask_session(pair, false, 1);
    test_server_expect(pair, OW_SERVER_REQUEST);
  } else if (state == OW_SERVER_DECIDE_START) {
    ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
    test_server_expect(pair, OW_SERVER_START_ASKED);
  } else if (state == OW_SERVER_DECIDE_FETCH || state == OW_SERVER_FETCHING) {
    ask_fetch(pair);
    test_server_expect(pair, OW_SERVER_FETCH);
    if (state == OW_SERVER_FETCHING)
      begin_fetch(pair, TEST_RECORDS, NULL, 0);
  }
}

static void server_from_running(struct test_pair *pair, enum ow_server_state state)
{
  test_set_up(pair);
  two_sessions_run(pair);
  if (state == OW_SERVER_STOPPING) {
    server_stops(pair);
  } else if (state == OW_SERVER_TELLING_STOP) {
    ck_assert_int_eq(ow_server_begin_stop(pair->server, test_at(0), OW_ACCEPT_OK, 1), OW_OK);
  } else if (state == OW_SERVER_DECIDE_STOP) {
    client_stops(pair);
    test_server_expect(pair, OW_SERVER_STOP);
  }
}

void test_server_at(struct test_pair *pair, enum ow_mode mode, enum ow_server_state state)
{
  bool keyed = state == OW_SERVER_AWAIT_KEY && mode == OW_MODE_OPEN;
  test_pair_prepare(pair, keyed ? OW_MODE_AUTHENTICATED : mode);
  test_pair_create(pair);
  switch (state) {
  case OW_SERVER_AWAIT_SETUP:
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP:
  case OW_SERVER_FAILED: server_from_start(pair, state); break;
  case OW_SERVER_READY:
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING: server_from_ready(pair, state); break;
  case OW_SERVER_RUNNING:
  case OW_SERVER_TELLING_STOP:
  case OW_SERVER_STOPPING:
  case OW_SERVER_DECIDE_STOP: server_from_running(pair, state); break;
  }
  ck_assert_int_eq(ow_server_state(pair->server), state);
}

void test_assert_failure(const struct ow_failure *failure, enum ow_status status, const char *piece)
{
  ck_assert_msg(failure->status == status, "status %d, not %d: %s", (int)failure->status, (int)status,
                failure->text);
  ck_assert_msg(strstr(failure->text, piece) != NULL, "\"%s\" is not in \"%s\"", piece, failure->text);
}
