/* SPDX-License-Identifier: MIT */
/*
 * The Control-Client's machine as TWAMP's: four captured conversations of another implementation replayed, a
 * server with every habit, and every state with every command.
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
#include "support/twamp_server.h"
#include "wire/setup.h"

enum { PORT = 8620, MODES = 4 };

static const enum ow_mode modes[MODES] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED,
                                          OW_MODE_MIXED};

/* ---- captures ---- */

static const char *const names[MODES] = {"twamp-open", "twamp-auth", "twamp-enc", "twamp-mixed"};

struct conversation {
  uint8_t *client, *server; /* as captured */
  size_t client_octets, server_octets;
  struct ow_greeting greeting;
  struct ow_setup_response response;
  struct ow_keys keys;
  struct ow_tw_request request;
};

static void read_request(struct conversation *talk)
{
  uint8_t plain[OW_REQUEST_TW_SESSION];
  struct ow_failure failure = {0};
  memcpy(plain, talk->client + OW_SETUP_RESPONSE, sizeof plain);
  if (talk->response.mode != OW_MODE_OPEN) {
    struct ow_cipher *cipher = ow_cipher_create(OW_CBC_DECRYPT, talk->keys.aes, talk->response.client_iv);
    ck_assert_ptr_nonnull(cipher);
    ck_assert_int_eq(ow_cipher_run(cipher, plain, plain, sizeof plain), OW_OK);
    ow_cipher_free(cipher);
  }
  ck_assert_msg(ow_tw_request_decode(plain, &talk->request, &failure) == OW_OK, "%s", failure.text);
}

static void read_conversation(struct conversation *talk, int index)
{
  char path[256];
  struct test_capture capture;
  struct ow_failure failure = {0};
  snprintf(path, sizeof path, "%s/%s.pcap", OWAMP_VECTORS, names[index]);
  ck_assert_msg(test_capture_read(&capture, path, PORT, &failure) == OW_OK, "%s", failure.text);
  talk->client = test_capture_stream(&capture, false, &talk->client_octets);
  talk->server = test_capture_stream(&capture, true, &talk->server_octets);
  ck_assert(talk->client && talk->server);
  test_capture_clear(&capture);
  ow_greeting_decode(talk->server, &talk->greeting);
  ow_setup_response_decode(talk->client, &talk->response);
  ck_assert_uint_eq(talk->response.mode, modes[index]);
  if (talk->response.mode != OW_MODE_OPEN)
    ck_assert_int_eq(test_token_open(TEST_PASSPHRASE, strlen(TEST_PASSPHRASE), &talk->greeting.challenge,
                                     talk->response.token, &talk->keys),
                     OW_OK);
  read_request(talk);
}

/* What each event makes the client say. */
static void go_on(struct ow_client *client, const struct conversation *talk,
                  const struct ow_client_event *event)
{
  enum ow_status status = OW_OK;
  if (event->kind == OW_CLIENT_SET_UP) {
    status = ow_client_request_tw_session(client, test_at(0), &talk->request);
  } else if (event->kind == OW_CLIENT_SESSION) {
    ck_assert_int_eq(event->acceptance.accept, OW_ACCEPT_OK);
    ck_assert_uint_ge(event->acceptance.port, 18900);
    status = ow_client_start_sessions(client, test_at(0));
  } else if (event->kind == OW_CLIENT_STARTED) {
    ck_assert_int_eq(event->accept, OW_ACCEPT_OK);
    status = ow_client_stop_sessions(client, test_at(0), OW_ACCEPT_OK, NULL, 0);
  } else {
    ck_assert_msg(event->kind == OW_CLIENT_NOTHING, "%s", event->failure.text);
  }
  ck_assert_int_eq(status, OW_OK);
}

static struct ow_client *replaying_client(const struct conversation *talk, struct test_script *script)
{
  const struct ow_client_config config = {
      .protocol = OW_PROTOCOL_TWAMP,
      .features = OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN, /* which that server doesn't offer */
      .modes = talk->response.mode,
      .key_id = TEST_KEY_ID,
      .passphrase = TEST_PASSPHRASE,
      .passphrase_octets = strlen(TEST_PASSPHRASE),
      .most_count = 32768,
      .timeout = OW_NS_PER_S,
      .random = test_random_script(script),
  };
  struct ow_client *client = ow_client_create(&config, test_at(0));
  ck_assert_ptr_nonnull(client);
  return client;
}

/* Every octet that theirs said is said by ours, and in pieces of any size it understands what it is told. */
static void replay(const struct conversation *talk, size_t piece)
{
  uint8_t random[sizeof talk->keys + OW_IV];
  memcpy(random, &talk->keys, sizeof talk->keys);
  memcpy(random + sizeof talk->keys, talk->response.client_iv, OW_IV);
  struct test_script script = {random, talk->response.mode == OW_MODE_OPEN ? 0 : sizeof random};
  struct ow_client *client = replaying_client(talk, &script);
  for (size_t at = 0; at < talk->server_octets;) {
    struct ow_client_event event;
    size_t count = talk->server_octets - at < piece ? talk->server_octets - at : piece;
    struct ow_reader reader = ow_reader(talk->server + at, count);
    ow_client_receive(client, test_at(0), &reader, &event);
    test_client_derive(client, &event);
    at += count - ow_reader_left(&reader);
    go_on(client, talk, &event);
  }
  struct ow_buffer *output = ow_client_output(client);
  ck_assert_uint_eq(ow_buffer_length(output), talk->client_octets);
  ck_assert_mem_eq(ow_buffer_head(output), talk->client, talk->client_octets);
  ck_assert_int_eq(ow_client_state(client), OW_CLIENT_READY);
  ow_client_free(client);
}

START_TEST(a_captured_conversation_is_said_octet_for_octet)
{
  static const size_t pieces[] = {1, 7, 16, 65536};
  struct conversation talk = {0};
  read_conversation(&talk, _i);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
    replay(&talk, pieces[i]);
  free(talk.client);
  free(talk.server);
}
END_TEST

/* ---- a server with habits ---- */

struct pair {
  struct test_prng prng;
  struct test_twamp_habits habits;
  struct test_twamp_server server;
  struct ow_client *client;
};

static const struct ow_tw_request request = {.sender = {.version = 4, .port = 9000},
                                             .receiver = {.version = 4, .port = 9000},
                                             .padding = 27,
                                             .timeout = {UINT64_C(1) << 32}};

static void create(struct pair *pair, uint32_t allowed)
{
  pair->prng = test_prng(5);
  const struct ow_client_config config = {.protocol = OW_PROTOCOL_TWAMP,
                                          .features = OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN,
                                          .modes = allowed,
                                          .key_id = TEST_KEY_ID,
                                          .passphrase = TEST_PASSPHRASE,
                                          .passphrase_octets = strlen(TEST_PASSPHRASE),
                                          .most_count = 32768,
                                          .timeout = OW_NS_PER_S,
                                          .random = test_random(&pair->prng)};
  pair->client = ow_client_create(&config, test_at(0));
  ck_assert_ptr_nonnull(pair->client);
  test_twamp_server_open(&pair->server, &pair->habits);
}

static void drop(struct pair *pair)
{
  test_twamp_server_close(&pair->server);
  ow_client_free(pair->client);
}

/* Hand octets to and fro until the client has an event, or all have fallen silent. */
static struct ow_client_event next(struct pair *pair)
{
  struct ow_client_event event = {0};
  struct ow_buffer *said = &pair->server.outbox.octets;
  struct ow_buffer *output = ow_client_output(pair->client);
  while (event.kind == OW_CLIENT_NOTHING && (ow_buffer_length(said) || ow_buffer_length(output))) {
    struct ow_reader there = ow_reader(ow_buffer_head(output), ow_buffer_length(output));
    test_twamp_server_receive(&pair->server, &there);
    ow_buffer_consume(output, ow_buffer_length(output));
    struct ow_reader back = ow_reader(ow_buffer_head(said), ow_buffer_length(said));
    ow_client_receive(pair->client, test_at(0), &back, &event);
    ow_buffer_consume(said, ow_buffer_length(said) - ow_reader_left(&back));
    test_client_derive(pair->client, &event);
  }
  if (event.kind == OW_CLIENT_NOTHING && pair->server.closed)
    ow_client_disconnected(pair->client, NULL, &event);
  return event;
}

static struct ow_client_event expect(struct pair *pair, enum ow_client_event_kind kind)
{
  struct ow_client_event event = next(pair);
  ck_assert_msg(event.kind == kind, "event %d: %s", event.kind, event.failure.text);
  return event;
}

static void ask(struct pair *pair)
{
  expect(pair, OW_CLIENT_SET_UP);
  ck_assert_int_eq(ow_client_request_tw_session(pair->client, test_at(0), &request), OW_OK);
}

static void run(struct pair *pair)
{
  expect(pair, OW_CLIENT_SESSION);
  ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
  ck_assert_int_eq(expect(pair, OW_CLIENT_STARTED).accept, OW_ACCEPT_OK);
  ck_assert_int_eq(ow_client_state(pair->client), OW_CLIENT_RUNNING);
  ck_assert_int_eq(ow_client_deadline(pair->client), OW_NEVER);
}

START_TEST(sessions_run_one_after_another_on_a_connection)
{
  struct pair pair = {.habits = {.modes = modes[_i]}};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  for (unsigned i = 1; i <= 3; i++) {
    run(&pair);
    ck_assert_int_eq(ow_client_stop_sessions(pair.client, test_at(0), OW_ACCEPT_OK, NULL, 0), OW_OK);
    ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_READY);
    ck_assert_int_eq(ow_client_request_tw_session(pair.client, test_at(0), &request), OW_OK);
    if (i < 3)
      continue;
    expect(&pair, OW_CLIENT_SESSION);
    ck_assert_uint_eq(pair.server.stops, 3);
    ck_assert_uint_eq(pair.server.stop.sessions, 1);
  }
  ck_assert_int_eq(ow_client_mode(pair.client), modes[_i]);
  drop(&pair);
}
END_TEST

/* The keys of both sides are the same, and a mixed session has none. */
START_TEST(test_keys_follow_from_the_servers_sid)
{
  struct pair pair = {.habits = {.modes = modes[_i]}};
  struct ow_keys ours;
  static const struct ow_keys none;
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  struct ow_client_event event = expect(&pair, OW_CLIENT_SESSION);
  ck_assert_int_eq(ow_client_test_keys(pair.client, &event.acceptance.sid, &ours), OW_OK);
  struct ow_keys theirs = test_twamp_server_keys(&pair.server);
  ck_assert_mem_eq(&ours, &theirs, sizeof ours);
  bool open = modes[_i] == OW_MODE_OPEN || modes[_i] == OW_MODE_MIXED;
  ck_assert_int_eq(memcmp(&ours, &none, sizeof ours) == 0, open);
  ck_assert_int_eq(ow_client_twamp_format(pair.client).mode, open ? OW_MODE_OPEN : modes[_i]);
  drop(&pair);
}
END_TEST

START_TEST(only_features_that_are_offered_and_wanted_are_taken)
{
  static const struct {
    uint32_t offered, taken;
  } cases[] = {
      {0, 0},
      {OW_TWAMP_SYMMETRICAL, OW_TWAMP_SYMMETRICAL},
      {OW_TWAMP_DSCP_ECN | OW_TWAMP_INDIVIDUAL, OW_TWAMP_DSCP_ECN},
      {0xfffffff0, OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct pair pair = {.habits = {.modes = OW_MODE_OPEN | cases[i].offered}};
    create(&pair, OW_TWAMP_MODES);
    expect(&pair, OW_CLIENT_SET_UP);
    ck_assert_uint_eq(pair.server.format.features, cases[i].taken);
    ck_assert_uint_eq(ow_client_twamp_format(pair.client).features, cases[i].taken);
    drop(&pair);
  }
}
END_TEST

static const struct {
  uint32_t offered, allowed;
  enum ow_mode chosen; /* none: refused, and */
  const char *says;
} choices[] = {
    {15, OW_TWAMP_MODES, OW_MODE_ENCRYPTED, NULL},
    {OW_MODE_OPEN | OW_MODE_MIXED, OW_TWAMP_MODES, OW_MODE_MIXED, NULL},
    {15, OW_MODE_OPEN | OW_MODE_MIXED, OW_MODE_MIXED, NULL},
    {15, OW_MODE_OPEN, OW_MODE_OPEN, NULL},
    {OW_MODE_MIXED, OW_MODES_ALL, OW_MODE_NONE,
     "the server offers mixed, we may use open, authenticated, encrypted"},
    {OW_MODE_OPEN, OW_MODE_MIXED, OW_MODE_NONE, "the server offers open, we may use mixed"},
    {OW_TWAMP_SYMMETRICAL, OW_TWAMP_MODES, OW_MODE_NONE, "it offers no mode"},
};

START_TEST(the_strongest_common_mode_is_chosen)
{
  struct pair pair = {.habits = {.modes = choices[_i].offered}};
  create(&pair, choices[_i].allowed);
  struct ow_client_event event = next(&pair);
  if (choices[_i].chosen) {
    ck_assert_int_eq(event.kind, OW_CLIENT_SET_UP);
    ck_assert_int_eq(pair.server.mode, choices[_i].chosen);
  } else {
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_REFUSED, choices[_i].says);
  }
  drop(&pair);
}
END_TEST

START_TEST(a_refusal_is_an_answer_and_the_connection_stays)
{
  struct pair pair = {.habits = {.modes = modes[_i], .session = OW_ACCEPT_TEMPORARY_LIMIT}};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  ck_assert_int_eq(expect(&pair, OW_CLIENT_SESSION).acceptance.accept, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_READY);
  pair.habits.session = OW_ACCEPT_OK;
  pair.habits.start = OW_ACCEPT_INTERNAL_ERROR;
  ck_assert_int_eq(ow_client_request_tw_session(pair.client, test_at(0), &request), OW_OK);
  expect(&pair, OW_CLIENT_SESSION);
  ck_assert_int_eq(ow_client_start_sessions(pair.client, test_at(0)), OW_OK);
  ck_assert_int_eq(expect(&pair, OW_CLIENT_STARTED).accept, OW_ACCEPT_INTERNAL_ERROR);
  ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_READY);
  drop(&pair);
}
END_TEST

START_TEST(a_session_without_a_port_is_none_and_one_without_a_sid_is)
{
  struct pair pair = {.habits = {.modes = OW_MODE_OPEN, .no_port = true}};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  struct ow_client_event event = expect(&pair, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "names port 0");
  drop(&pair);
  pair.habits = (struct test_twamp_habits){.modes = OW_MODE_OPEN, .no_sid = true, .port = 862};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  ck_assert_uint_eq(expect(&pair, OW_CLIENT_SESSION).acceptance.port, 862);
  drop(&pair);
}
END_TEST

START_TEST(a_server_that_closes_at_the_first_request_may_be_owamps)
{
  struct pair pair = {.habits = {.modes = modes[_i], .closes = true}};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  struct ow_client_event event = expect(&pair, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_NETWORK, "is it an OWAMP server, and not TWAMP's?");
  drop(&pair);
}
END_TEST

START_TEST(a_server_that_keeps_silent_is_waited_for_until_the_deadline)
{
  struct pair pair = {.habits = {.modes = modes[_i], .silent = true}};
  struct ow_client_event event;
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  expect(&pair, OW_CLIENT_NOTHING);
  ck_assert_int_eq(ow_client_deadline(pair.client), test_at(1).monotonic);
  ow_client_expired(pair.client, &event);
  test_assert_failure(&event.failure, OW_TIMEOUT, "where we waited for its Accept-Session");
  drop(&pair);
}
END_TEST

/* In TWAMP it is the client alone that speaks while sessions run. */
START_TEST(a_server_that_talks_while_sessions_run_is_none)
{
  struct pair pair = {.habits = {.modes = modes[_i], .talks = true}};
  create(&pair, OW_TWAMP_MODES);
  ask(&pair);
  run(&pair);
  struct ow_client_event event = expect(&pair, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "32 octets that nothing had asked for");
  drop(&pair);
}
END_TEST

START_TEST(a_changed_octet_of_any_answer_is_noticed_in_keyed_modes)
{
  for (size_t at = 0; at < OW_ACCEPT_SESSION + OW_HMAC; at++) {
    struct pair pair = {.habits = {.modes = modes[_i + 1]}};
    struct ow_client_event event;
    create(&pair, OW_TWAMP_MODES);
    ask(&pair);
    struct ow_buffer *output = ow_client_output(pair.client);
    struct ow_reader there = ow_reader(ow_buffer_head(output), ow_buffer_length(output));
    test_twamp_server_receive(&pair.server, &there);
    struct ow_buffer *said = &pair.server.outbox.octets;
    ow_buffer_head(said)[at] ^= 1;
    struct ow_reader back = ow_reader(ow_buffer_head(said), ow_buffer_length(said));
    ow_client_receive(pair.client, test_at(0), &back, &event);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_AUTH, "wrong HMAC on its Accept-Session");
    drop(&pair);
  }
}
END_TEST

/* ---- every state, every command ---- */

enum command { REQUEST, OWAMP_REQUEST, START, STOP, FETCH, COMMANDS };

static enum ow_status give(struct ow_client *client, enum command command)
{
  const struct ow_session_request owamp = test_request(false, 1);
  const struct ow_fetch_request fetch = {.end = 1};
  enum ow_status status = OW_OK;
  switch (command) {
  case REQUEST: status = ow_client_request_tw_session(client, test_at(0), &request); break;
  case OWAMP_REQUEST: status = ow_client_request_session(client, test_at(0), &owamp, test_slots); break;
  case START: status = ow_client_start_sessions(client, test_at(0)); break;
  case STOP: status = ow_client_stop_sessions(client, test_at(0), OW_ACCEPT_OK, NULL, 0); break;
  case FETCH: status = ow_client_fetch(client, test_at(0), &fetch); break;
  case COMMANDS: break;
  }
  return status;
}

static void bring_to(struct pair *pair, enum ow_client_state state)
{
  create(pair, OW_TWAMP_MODES);
  if (state == OW_CLIENT_AWAIT_GREETING)
    return;
  if (state == OW_CLIENT_READY) {
    expect(pair, OW_CLIENT_SET_UP);
    return;
  }
  ask(pair);
  if (state == OW_CLIENT_AWAIT_ACCEPT_SESSION)
    return;
  expect(pair, OW_CLIENT_SESSION);
  ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
  if (state == OW_CLIENT_RUNNING)
    expect(pair, OW_CLIENT_STARTED);
}

START_TEST(a_command_out_of_its_state_is_refused_and_says_nothing)
{
  static const struct {
    enum ow_client_state state;
    bool allowed[COMMANDS];
  } table[] = {
      {OW_CLIENT_AWAIT_GREETING, {0}},       {OW_CLIENT_READY, {[REQUEST] = true, [START] = true}},
      {OW_CLIENT_AWAIT_ACCEPT_SESSION, {0}}, {OW_CLIENT_AWAIT_START_ACK, {0}},
      {OW_CLIENT_RUNNING, {[STOP] = true}},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    for (int command = 0; command < COMMANDS; command++) {
      struct pair pair = {.habits = {.modes = modes[_i]}};
      bring_to(&pair, table[i].state);
      ck_assert_int_eq(ow_client_state(pair.client), table[i].state);
      size_t before = ow_buffer_length(ow_client_output(pair.client));
      bool allowed = table[i].allowed[command];
      ck_assert_int_eq(give(pair.client, (enum command)command), allowed ? OW_OK : OW_STATE);
      ck_assert_int_eq(ow_buffer_length(ow_client_output(pair.client)) > before, allowed);
      drop(&pair);
    }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_twamp");
  TEST_LOOP(suite, "modes", MODES, a_captured_conversation_is_said_octet_for_octet,
            sessions_run_one_after_another_on_a_connection, test_keys_follow_from_the_servers_sid,
            a_refusal_is_an_answer_and_the_connection_stays,
            a_server_that_closes_at_the_first_request_may_be_owamps,
            a_server_that_keeps_silent_is_waited_for_until_the_deadline,
            a_server_that_talks_while_sessions_run_is_none,
            a_command_out_of_its_state_is_refused_and_says_nothing);
  TEST_LOOP(suite, "choices", sizeof choices / sizeof *choices, the_strongest_common_mode_is_chosen);
  TEST_CASE(suite, "others", only_features_that_are_offered_and_wanted_are_taken,
            a_session_without_a_port_is_none_and_one_without_a_sid_is);
  TEST_LOOP(suite, "keyed modes", MODES - 1, a_changed_octet_of_any_answer_is_noticed_in_keyed_modes);
  return test_run(suite);
}
