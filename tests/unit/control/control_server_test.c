/* SPDX-License-Identifier: MIT */
/* The Server's machine alone: every state with every event, and clients that mean no good. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "control/stop_list.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/memory_held.h"

enum { KEYED = 2, PUT_LARGEST = 8192 };

static const enum ow_mode keyed_modes[KEYED] = {OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

/* ---- greeting ---- */

START_TEST(the_greeting_waits_in_the_output)
{
  struct test_pair pair;
  struct ow_greeting greeting;
  test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
  pair.server_config.modes = OW_MODES_ALL;
  pair.server_config.pbkdf2_count = 4096;
  test_pair_create(&pair);
  ck_assert_uint_eq(ow_buffer_length(ow_server_output(pair.server)), OW_GREETING);
  ow_greeting_decode(ow_buffer_head(ow_server_output(pair.server)), &greeting);
  ck_assert_uint_eq(greeting.modes, OW_MODES_ALL);
  ck_assert_uint_eq(greeting.challenge.count, 4096);
  test_pair_close(&pair);
}
END_TEST

START_TEST(challenge_and_salt_are_new_for_every_connection)
{
  struct test_pair pair;
  struct ow_greeting first;
  struct ow_greeting second;
  test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
  test_pair_create(&pair);
  ow_greeting_decode(ow_buffer_head(ow_server_output(pair.server)), &first);
  ow_server_free(pair.server);
  pair.server = ow_server_create(&pair.server_config, test_at(0));
  ow_greeting_decode(ow_buffer_head(ow_server_output(pair.server)), &second);
  ck_assert_mem_ne(first.challenge.challenge, second.challenge.challenge, OW_CHALLENGE);
  ck_assert_mem_ne(first.challenge.salt, second.challenge.salt, OW_SALT);
  ck_assert_mem_ne(first.challenge.challenge, first.challenge.salt, OW_SALT);
  test_pair_close(&pair);
}
END_TEST

/* ---- Set-Up-Response ---- */

static const struct {
  uint32_t offered;
  uint32_t chosen;
  enum ow_status status;
  const char *piece;
} bad_modes[] = {
    {OW_MODES_ALL, 0, OW_REFUSED, "the client gave up"},
    {OW_MODES_ALL, 3, OW_PROTOCOL, "mode 3, which was not offered"},
    {OW_MODES_ALL, 5, OW_PROTOCOL, "mode 5, which was not offered"},
    {OW_MODES_ALL, 7, OW_PROTOCOL, "mode 7, which was not offered"},
    {OW_MODES_ALL, 8, OW_PROTOCOL, "mode 8, which was not offered"},
    {OW_MODES_ALL | 8, 8, OW_PROTOCOL, "mode 8, which was not offered"},
    {OW_MODES_ALL, 0x80000000, OW_PROTOCOL, "mode 2147483648, which was not offered"},
    {OW_MODES_ALL, 0xffffffff, OW_PROTOCOL, "mode 4294967295, which was not offered"},
    {OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED, OW_MODE_OPEN, OW_PROTOCOL, "mode 1, which was not offered"},
    {OW_MODE_OPEN, OW_MODE_ENCRYPTED, OW_PROTOCOL, "mode 4, which was not offered"},
    {0, OW_MODE_OPEN, OW_PROTOCOL, "mode 1, which was not offered"},
    {0, 0, OW_REFUSED, "the client gave up"},
};
enum { BAD_MODES = sizeof bad_modes / sizeof *bad_modes };

START_TEST(a_mode_that_was_not_offered_breaks_the_server)
{
  struct test_pair pair;
  uint8_t octets[OW_SETUP_RESPONSE];
  struct ow_setup_response response = {.mode = bad_modes[_i].chosen, .key_id = TEST_KEY_ID};
  test_pair_prepare(&pair, OW_MODE_OPEN);
  pair.server_config.modes = bad_modes[_i].offered;
  test_pair_create(&pair);
  ow_setup_response_encode(&response, octets);
  struct ow_server_event event = test_server_feed(pair.server, octets, sizeof octets);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, bad_modes[_i].status, bad_modes[_i].piece);
  ck_assert_uint_eq(pair.keyring.asked, 0);
  test_pair_close(&pair);
}
END_TEST

/* A client that says who it is with what key; returns the server's event. */
static struct ow_server_event prove(struct test_pair *pair, enum ow_mode mode, const char *key_id,
                                    const char *passphrase, size_t octets, uint32_t count)
{
  test_pair_prepare(pair, mode);
  pair->client_config.key_id = key_id;
  pair->client_config.passphrase = passphrase;
  pair->client_config.passphrase_octets = octets;
  pair->client_config.most_count = count;
  pair->server_config.pbkdf2_count = count;
  test_pair_create(pair);
  ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
  return test_server_next(pair);
}

static void check_key_refused(struct test_pair *pair, const struct ow_server_event *event)
{
  ck_assert_int_eq(event->kind, OW_SERVER_BROKEN);
  test_assert_failure(&event->failure, OW_AUTH, "unknown KeyID or wrong passphrase for");
  ck_assert_uint_eq(pair->keyring.asked, 1);
  ck_assert_int_eq(ow_server_state(pair->server), OW_SERVER_FAILED);
  ck_assert_uint_eq(ow_buffer_length(ow_server_output(pair->server)), OW_SERVER_START);
  ck_assert_uint_eq(ow_buffer_head(ow_server_output(pair->server))[15], OW_ACCEPT_FAILURE);
}

/* What leaves the server, and what the operator reads, must not tell one from the other. */
START_TEST(an_unknown_key_id_and_a_wrong_passphrase_look_alike)
{
  struct test_pair unknown;
  struct test_pair wrong;
  struct ow_server_event first =
      prove(&unknown, keyed_modes[_i], "nobody", TEST_PASSPHRASE, 28, OW_COUNT_LEAST);
  struct ow_server_event second = prove(&wrong, keyed_modes[_i], TEST_KEY_ID, "another", 7, OW_COUNT_LEAST);
  check_key_refused(&unknown, &first);
  check_key_refused(&wrong, &second);
  ck_assert_mem_eq(ow_buffer_head(ow_server_output(unknown.server)),
                   ow_buffer_head(ow_server_output(wrong.server)), OW_SERVER_START);
  ck_assert_str_eq(first.failure.text, "unknown KeyID or wrong passphrase for \"nobody\"");
  ck_assert_str_eq(second.failure.text, "unknown KeyID or wrong passphrase for \"monitor\"");
  test_pair_close(&unknown);
  test_pair_close(&wrong);
}
END_TEST

/* The passphrase that an unknown KeyID is worked through with is no secret. */
START_TEST(the_stand_in_passphrase_opens_nothing)
{
  static const char stand_in[] = "no such key";
  for (size_t octets = sizeof stand_in - 1; octets <= sizeof stand_in; octets++) {
    struct test_pair pair;
    struct ow_server_event event = prove(&pair, keyed_modes[_i], "nobody", stand_in, octets, OW_COUNT_LEAST);
    check_key_refused(&pair, &event);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_server_without_keys_refuses_every_key)
{
  struct test_pair pair;
  test_pair_prepare(&pair, keyed_modes[_i]);
  pair.server_config.find_key = NULL;
  test_pair_create(&pair);
  ck_assert_int_eq(test_client_next(&pair).kind, OW_CLIENT_NOTHING);
  struct ow_server_event event = test_server_expect(&pair, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, OW_AUTH, "unknown KeyID or wrong passphrase");
  test_pair_close(&pair);
}
END_TEST

/* Up to the question for the key of that KeyID. */
static struct ow_server_event ask_key(struct test_pair *pair, enum ow_mode mode, const char *key_id)
{
  test_pair_prepare(pair, mode);
  pair->client_config.key_id = key_id;
  test_pair_create(pair);
  ck_assert_int_eq(test_client_next(pair).kind, OW_CLIENT_NOTHING);
  struct ow_server_event event = test_server_hear(pair);
  ck_assert_int_eq(event.kind, OW_SERVER_DERIVE);
  ck_assert_int_eq(ow_server_state(pair->server), OW_SERVER_AWAIT_KEY);
  return event;
}

/* As many rounds for both, so that the time that it takes does not tell whether there is such a KeyID. */
START_TEST(a_key_is_asked_for_whosever_it_is)
{
  struct test_pair known;
  struct test_pair unknown;
  struct ow_server_event first = ask_key(&known, keyed_modes[_i], TEST_KEY_ID);
  struct ow_server_event second = ask_key(&unknown, keyed_modes[_i], "nobody");
  ck_assert_uint_eq(first.source.octets, strlen(TEST_PASSPHRASE));
  ck_assert_mem_eq(first.source.passphrase, TEST_PASSPHRASE, first.source.octets);
  ck_assert_uint_gt(second.source.octets, 0);
  ck_assert_uint_eq(first.source.count, OW_COUNT_LEAST);
  ck_assert_uint_eq(second.source.count, OW_COUNT_LEAST);
  ck_assert_mem_eq(first.source.salt, second.source.salt, OW_SALT); /* the same randomness */
  test_pair_close(&known);
  test_pair_close(&unknown);
}
END_TEST

static void check_no_key(struct test_pair *pair, enum ow_status status, enum ow_accept accept,
                         const char *piece)
{
  struct ow_server_event event;
  ow_server_use_key(pair->server, test_at(0), status, NULL, NULL, &event);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, status, piece);
  ck_assert_int_eq(ow_server_state(pair->server), OW_SERVER_FAILED);
  ck_assert_uint_eq(ow_buffer_length(ow_server_output(pair->server)), OW_SERVER_START);
  ck_assert_uint_eq(ow_buffer_head(ow_server_output(pair->server))[15], accept);
}

/* What leaves the server must not tell whether there is such a KeyID. */
START_TEST(too_many_keys_are_told_alike_to_known_and_unknown)
{
  struct test_pair known;
  struct test_pair unknown;
  ask_key(&known, keyed_modes[_i], TEST_KEY_ID);
  ask_key(&unknown, keyed_modes[_i], "nobody");
  check_no_key(&known, OW_LIMIT, OW_ACCEPT_TEMPORARY_LIMIT, "too many keys wait to be derived: \"monitor\"");
  check_no_key(&unknown, OW_LIMIT, OW_ACCEPT_TEMPORARY_LIMIT, "too many keys wait to be derived: \"nobody\"");
  ck_assert_mem_eq(ow_buffer_head(ow_server_output(known.server)),
                   ow_buffer_head(ow_server_output(unknown.server)), OW_SERVER_START);
  struct ow_client_event event = test_client_expect(&known, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_REFUSED,
                      "the server refused the connection: a temporary resource limit");
  test_pair_close(&known);
  test_pair_close(&unknown);
}
END_TEST

START_TEST(a_key_that_the_library_cant_derive_is_an_internal_error)
{
  struct test_pair pair;
  ask_key(&pair, keyed_modes[_i], TEST_KEY_ID);
  check_no_key(&pair, OW_CRYPTO, OW_ACCEPT_INTERNAL_ERROR, "the crypto library");
  test_pair_close(&pair);
}
END_TEST

START_TEST(why_there_is_no_key_is_told_as_it_was)
{
  struct test_pair pair;
  struct ow_server_event event;
  struct ow_failure why;
  ow_fail(&why, OW_NETWORK, "no threads today");
  ask_key(&pair, keyed_modes[_i], TEST_KEY_ID);
  ow_server_use_key(pair.server, test_at(0), OW_NETWORK, NULL, &why, &event);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, OW_NETWORK, "no threads today");
  ck_assert_uint_eq(ow_buffer_head(ow_server_output(pair.server))[15], OW_ACCEPT_TEMPORARY_LIMIT);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_key_id_is_told_printably)
{
  struct test_pair pair;
  struct ow_server_event event =
      prove(&pair, keyed_modes[_i], "\x1b[31m\nroot\xc3\xa4", "another", 7, OW_COUNT_LEAST);
  test_assert_failure(&event.failure, OW_AUTH, "for \"?[31m?root??\"");
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_key_id_of_80_octets_is_read_within_its_bounds)
{
  struct test_pair pair;
  char key_id[OW_KEY_ID + 1];
  memset(key_id, 'k', OW_KEY_ID);
  key_id[OW_KEY_ID] = '\0';
  struct ow_server_event event = prove(&pair, keyed_modes[_i], key_id, "another", 7, OW_COUNT_LEAST);
  test_assert_failure(&event.failure, OW_AUTH, key_id);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_key_id_means_nothing_in_open_mode)
{
  struct test_pair pair;
  uint8_t octets[OW_SETUP_RESPONSE];
  struct ow_setup_response response = {.mode = OW_MODE_OPEN, .key_id = TEST_KEY_ID};
  test_pair_prepare(&pair, OW_MODE_OPEN);
  test_pair_create(&pair);
  ow_setup_response_encode(&response, octets);
  struct ow_server_event event = test_server_feed(pair.server, octets, sizeof octets);
  ck_assert_int_eq(event.kind, OW_SERVER_SET_UP);
  ck_assert_str_eq(event.key_id, "");
  ck_assert_uint_eq(pair.keyring.asked, 0);
  test_pair_close(&pair);
}
END_TEST

START_TEST(what_follows_a_refused_key_is_swallowed)
{
  static const uint8_t more[100];
  struct test_pair pair;
  size_t count;
  test_pair_prepare(&pair, keyed_modes[_i]);
  pair.client_config.passphrase_octets = 3;
  test_pair_create(&pair);
  ck_assert_int_eq(test_client_next(&pair).kind, OW_CLIENT_NOTHING);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  ck_assert_int_eq(test_server_feed(pair.server, octets, count).kind, OW_SERVER_BROKEN);
  ck_assert_int_eq(test_server_feed(pair.server, more, sizeof more).kind, OW_SERVER_NOTHING);
  ck_assert_int_eq(ow_server_set_up(pair.server, test_at(0), OW_ACCEPT_OK), OW_STATE);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

/* ---- every state with every event ---- */

enum { STATES = OW_SERVER_FAILED + 1 };

enum decision { SET_UP, SESSION, START, STOP, BEGIN_FETCH, RECORD, NO_KEY, END, DECISIONS };

static enum ow_status begin_fetch(struct test_pair *pair)
{
  struct ow_fetch_ack ack = {.finished = true, .records = 2};
  struct ow_session_request request = test_request(false, 1);
  return ow_server_begin_fetch(pair->server, test_at(0), &ack, &request, test_slots, NULL);
}

/* Whether it was taken. */
static enum ow_status refuse_key(struct test_pair *pair)
{
  struct ow_server_event event;
  ow_server_use_key(pair->server, test_at(0), OW_LIMIT, NULL, NULL, &event);
  return event.kind == OW_SERVER_BROKEN ? OW_OK : OW_STATE;
}

static enum ow_status decide(struct test_pair *pair, enum decision decision)
{
  struct ow_server *server = pair->server;
  struct ow_session_acceptance acceptance = {.port = 9002, .sid = test_sid(1)};
  struct ow_session_end end = test_end(2, NULL, 0);
  struct ow_sample record = test_record(0);
  enum ow_status status = OW_INVALID;
  switch (decision) {
  case SET_UP: status = ow_server_set_up(server, test_at(0), OW_ACCEPT_OK); break;
  case SESSION: status = ow_server_answer_session(server, test_at(0), &acceptance); break;
  case START: status = ow_server_answer_start(server, test_at(0), OW_ACCEPT_OK); break;
  case STOP: status = test_server_stop(server, test_at(0), OW_ACCEPT_OK, &end, 1); break;
  case BEGIN_FETCH: status = begin_fetch(pair); break;
  case RECORD: status = ow_server_fetch_record(server, test_at(0), &record); break;
  case NO_KEY: status = refuse_key(pair); break;
  case END: status = ow_server_describe_end(server, test_at(0), &end); break;
  case DECISIONS: break;
  }
  return status;
}

/* Where a decision leads; -1: it is not possible. */
static const int leads_to[STATES][DECISIONS] = {
    [OW_SERVER_AWAIT_SETUP] = {-1, -1, -1, -1, -1, -1, -1, -1},
    [OW_SERVER_AWAIT_KEY] = {-1, -1, -1, -1, -1, -1, OW_SERVER_FAILED, -1},
    [OW_SERVER_DECIDE_SETUP] = {OW_SERVER_READY, -1, -1, -1, -1, -1, -1, -1},
    [OW_SERVER_READY] = {-1, -1, -1, -1, -1, -1, -1, -1},
    [OW_SERVER_DECIDE_SESSION] = {-1, OW_SERVER_READY, -1, -1, -1, -1, -1, -1},
    [OW_SERVER_DECIDE_START] = {-1, -1, OW_SERVER_RUNNING, -1, -1, -1, -1, -1},
    [OW_SERVER_RUNNING] = {-1, -1, -1, OW_SERVER_STOPPING, -1, -1, -1, -1},
    [OW_SERVER_DECIDE_STOP] = {-1, -1, -1, OW_SERVER_READY, -1, -1, -1, -1},
    [OW_SERVER_TELLING_STOP] = {-1, -1, -1, -1, -1, -1, -1, OW_SERVER_STOPPING},
    [OW_SERVER_STOPPING] = {-1, -1, -1, -1, -1, -1, -1, -1},
    [OW_SERVER_DECIDE_FETCH] = {-1, -1, -1, -1, OW_SERVER_FETCHING, -1, -1, -1},
    [OW_SERVER_FETCHING] = {-1, -1, -1, -1, -1, OW_SERVER_FETCHING, -1, -1},
    [OW_SERVER_FAILED] = {-1, -1, -1, -1, -1, -1, -1, -1},
};

START_TEST(a_decision_is_taken_only_where_it_belongs)
{
  for (int decision = 0; decision < DECISIONS; decision++) {
    struct test_pair pair;
    int expected = leads_to[_i][decision];
    test_server_at(&pair, OW_MODE_ENCRYPTED, (enum ow_server_state)_i);
    size_t before = ow_buffer_length(ow_server_output(pair.server));
    enum ow_status status = decide(&pair, (enum decision)decision);
    size_t after = ow_buffer_length(ow_server_output(pair.server));
    ck_assert_int_eq(status, expected < 0 ? OW_STATE : OW_OK);
    ck_assert_int_eq(ow_server_state(pair.server), expected < 0 ? _i : expected);
    if (expected < 0)
      ck_assert_uint_eq(after, before);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(the_last_record_ends_the_fetch)
{
  struct test_pair pair;
  struct ow_sample record = test_record(0);
  test_server_at(&pair, OW_MODE_ENCRYPTED, OW_SERVER_FETCHING);
  for (uint32_t left = TEST_RECORDS; left > 0; left--) {
    ck_assert_uint_eq(ow_server_fetch_left(pair.server), left);
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_FETCHING);
    ck_assert_int_eq(ow_server_fetch_record(pair.server, test_at(0), &record), OW_OK);
  }
  ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_READY);
  ck_assert_int_eq(ow_server_fetch_record(pair.server, test_at(0), &record), OW_STATE);
  test_pair_close(&pair);
}
END_TEST

/* Who stopped first decides what comes after the last description; until then nothing is heard. */
START_TEST(the_last_description_ends_the_stop)
{
  const enum ow_server_state before = _i ? OW_SERVER_DECIDE_STOP : OW_SERVER_RUNNING;
  const struct ow_session_end end = test_end(2, NULL, 0);
  struct test_pair pair;
  test_server_at(&pair, OW_MODE_ENCRYPTED, before);
  ck_assert_int_eq(ow_server_describe_end(pair.server, test_at(0), &end), OW_STATE);
  ck_assert_int_eq(ow_server_begin_stop(pair.server, test_at(0), OW_ACCEPT_OK, 3), OW_OK);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_TELLING_STOP);
    ck_assert_int_eq(ow_server_begin_stop(pair.server, test_at(0), OW_ACCEPT_OK, 0), OW_STATE);
    ck_assert_int_eq(ow_server_describe_end(pair.server, test_at(0), &end), OW_OK);
  }
  ck_assert_int_eq(ow_server_state(pair.server), _i ? OW_SERVER_READY : OW_SERVER_STOPPING);
  ck_assert_int_eq(ow_server_describe_end(pair.server, test_at(0), &end), OW_STATE);
  test_pair_close(&pair);
}
END_TEST

/* What each state makes of a message of any command; `taken` is false where nothing is read. */
struct answer {
  bool taken;
  enum ow_server_event_kind kind;
  enum ow_status status;
  const char *piece;
};

static const struct answer untouched = {false, OW_SERVER_NOTHING, OW_OK, ""};
static const struct answer swallowed = {true, OW_SERVER_NOTHING, OW_OK, ""};

static struct answer ready_answer(unsigned command)
{
  struct answer answer = {true, OW_SERVER_BROKEN, OW_PROTOCOL, "unknown command "};
  if (command == OW_COMMAND_REQUEST_SESSION)
    answer.piece = "Request-Session: IPVN is 0, not 4 or 6"; /* the rest is zero */
  else if (command == OW_COMMAND_START_SESSIONS)
    answer = (struct answer){true, OW_SERVER_START_ASKED, OW_OK, ""};
  else if (command == OW_COMMAND_STOP_SESSIONS)
    answer.piece = "Stop-Sessions while no session runs";
  else if (command == OW_COMMAND_FETCH_SESSION)
    answer = (struct answer){true, OW_SERVER_FETCH, OW_OK, ""};
  return answer;
}

static struct answer running_answer(unsigned command)
{
  struct answer answer = {true, OW_SERVER_BROKEN, OW_PROTOCOL, "only Stop-Sessions (3) is possible"};
  if (command == OW_COMMAND_STOP_SESSIONS)
    answer = (struct answer){true, OW_SERVER_STOP, OW_OK, ""};
  return answer;
}

static struct answer expected_answer(enum ow_server_state state, unsigned command)
{
  struct answer answer = untouched;
  switch (state) {
  case OW_SERVER_AWAIT_SETUP:
    answer = (struct answer){true, OW_SERVER_BROKEN, OW_PROTOCOL, "was not offered"};
    break;
  case OW_SERVER_READY: answer = ready_answer(command); break;
  case OW_SERVER_RUNNING:
  case OW_SERVER_STOPPING: answer = running_answer(command); break;
  case OW_SERVER_FAILED: answer = swallowed; break;
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP:
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_TELLING_STOP:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING: break;
  }
  return answer;
}

/*
 * A message of any command, long enough for each; as Stop-Sessions it is one with Accept 1 and no
 * descriptions.
 */
static void check_command(enum ow_server_state state, unsigned command)
{
  struct test_pair pair;
  struct ow_server_event event;
  uint8_t octets[OW_SETUP_RESPONSE] = {(uint8_t)command,
                                       OW_ACCEPT_FAILURE * (command == OW_COMMAND_STOP_SESSIONS)};
  struct ow_reader reader = ow_reader(octets, sizeof octets);
  struct answer expected = expected_answer(state, command);
  test_server_at(&pair, OW_MODE_OPEN, state);
  ow_server_receive(pair.server, test_at(0), &reader, &event);
  ck_assert_int_eq(ow_reader_left(&reader) < sizeof octets, expected.taken);
  ck_assert_int_eq(event.kind, expected.kind);
  if (expected.kind == OW_SERVER_BROKEN) {
    test_assert_failure(&event.failure, expected.status, expected.piece);
    ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_FAILED);
    ck_assert_int_eq(ow_server_deadline(pair.server), OW_NEVER);
  }
  test_pair_close(&pair);
}

/* Mode 0 of a Set-Up-Response is told apart from the others: see above. */
START_TEST(a_command_is_heard_only_where_it_belongs)
{
  for (unsigned command = _i == OW_SERVER_AWAIT_SETUP; command < 256; command++)
    check_command((enum ow_server_state)_i, command);
}
END_TEST

static const struct {
  int64_t seconds; /* 0: no deadline */
  const char *piece;
} deadlines[STATES] = {
    [OW_SERVER_AWAIT_SETUP] = {TEST_SETUP_SECONDS, "silent for 20 s where we waited for its Set-Up-Response"},
    [OW_SERVER_AWAIT_KEY] = {0, "nothing"},
    [OW_SERVER_DECIDE_SETUP] = {0, "nothing"},
    [OW_SERVER_READY] = {TEST_IDLE_SECONDS, "silent for 1800 s where we waited for a command"},
    [OW_SERVER_DECIDE_SESSION] = {0, "nothing"},
    [OW_SERVER_DECIDE_START] = {0, "nothing"},
    [OW_SERVER_RUNNING] = {0, "nothing"},
    [OW_SERVER_DECIDE_STOP] = {0, "nothing"},
    [OW_SERVER_TELLING_STOP] = {0, "nothing"},
    [OW_SERVER_STOPPING] = {TEST_SETUP_SECONDS, "silent for 20 s where we waited for its Stop-Sessions"},
    [OW_SERVER_DECIDE_FETCH] = {0, "nothing"},
    [OW_SERVER_FETCHING] = {0, "nothing"},
    [OW_SERVER_FAILED] = {0, "nothing"},
};

START_TEST(a_state_that_waits_has_a_deadline_that_breaks_it)
{
  struct test_pair pair;
  struct ow_server_event event;
  int64_t seconds = deadlines[_i].seconds;
  test_server_at(&pair, OW_MODE_ENCRYPTED, (enum ow_server_state)_i);
  ck_assert_int_eq(ow_server_deadline(pair.server), seconds ? test_at(seconds).monotonic : OW_NEVER);
  ow_server_expired(pair.server, &event);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, OW_TIMEOUT, deadlines[_i].piece);
  ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_FAILED);
  ck_assert_int_eq(ow_server_deadline(pair.server), OW_NEVER);
  test_pair_close(&pair);
}
END_TEST

static void feed_at(struct test_pair *pair, int64_t seconds, const uint8_t *octets, size_t count)
{
  struct ow_server_event event;
  struct ow_reader reader = ow_reader(octets, count);
  ow_server_receive(pair->server, test_at(seconds), &reader, &event);
  ck_assert_int_eq(event.kind, OW_SERVER_NOTHING);
}

static void check_message_deadline(struct test_pair *pair, int64_t seconds)
{
  struct ow_server_event event;
  ck_assert_int_eq(ow_server_deadline(pair->server), test_at(seconds + TEST_SETUP_SECONDS).monotonic);
  ow_server_expired(pair->server, &event);
  test_assert_failure(&event.failure, OW_TIMEOUT,
                      "silent for 20 s where we waited for the rest of a message");
}

/* Nobody holds a connection for the idle time, or for ever, with one octet of a message. */
START_TEST(a_command_that_began_must_end_soon)
{
  struct test_pair pair;
  struct ow_session_request request = test_request(false, 1);
  size_t count;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  feed_at(&pair, 1000, octets, 1);
  for (size_t i = 1; i < count - 1; i++)
    feed_at(&pair, 1001 + (int64_t)i, octets + i, 1);
  check_message_deadline(&pair, 1000);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_stop_that_began_must_end_soon)
{
  struct test_pair pair;
  struct ow_session_end end = test_end(1, NULL, 0);
  size_t count;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_RUNNING);
  ck_assert_int_eq(ow_client_stop_sessions(pair.client, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  for (size_t i = 0; i < count - OW_HMAC; i++) /* up to between two of its parts */
    feed_at(&pair, 7 + (int64_t)i, octets + i, 1);
  check_message_deadline(&pair, 7);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_command_heard_whole_gives_back_the_idle_time)
{
  struct test_pair pair;
  const struct ow_session_acceptance refusal = {.accept = OW_ACCEPT_FAILURE};
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_DECIDE_SESSION);
  ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(3), &refusal), OW_OK);
  ck_assert_int_eq(ow_server_deadline(pair.server), test_at(3 + TEST_IDLE_SECONDS).monotonic);
  test_pair_close(&pair);
}
END_TEST

/* It keeps a port and memory. */
START_TEST(a_session_that_was_agreed_on_must_start_soon)
{
  struct test_pair pair;
  struct ow_server_event event;
  const struct ow_session_acceptance agreement = {.port = 9002};
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_DECIDE_SESSION);
  ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(3), &agreement), OW_OK);
  ck_assert_int_eq(ow_server_deadline(pair.server), test_at(3 + TEST_SETUP_SECONDS).monotonic);
  ow_server_expired(pair.server, &event);
  test_assert_failure(&event.failure, OW_TIMEOUT, "silent for 20 s where we waited for its Start-Sessions");
  test_pair_close(&pair);
}
END_TEST

/* ---- a changed octet ---- */

static void say_request(struct test_pair *pair)
{
  struct ow_session_request request = test_request(true, 2);
  ck_assert_int_eq(ow_client_request_session(pair->client, test_at(0), &request, test_slots), OW_OK);
}

static void say_start(struct test_pair *pair)
{
  ck_assert_int_eq(ow_client_start_sessions(pair->client, test_at(0)), OW_OK);
}

static void say_stop(struct test_pair *pair)
{
  struct ow_skip_range ranges[] = {{1, 2}, {5, 5}, {9, 11}};
  struct ow_session_end end = test_end(1, ranges, 3);
  ck_assert_int_eq(ow_client_stop_sessions(pair->client, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
}

static void say_fetch(struct test_pair *pair)
{
  struct ow_fetch_request fetch = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  ck_assert_int_eq(ow_client_fetch(pair->client, test_at(0), &fetch), OW_OK);
}

static const struct {
  enum ow_server_state state;
  void (*say)(struct test_pair *pair);
  size_t octets;
} messages[] = {
    {OW_SERVER_READY, say_request, 160}, {OW_SERVER_READY, say_start, 32},   {OW_SERVER_READY, say_fetch, 48},
    {OW_SERVER_RUNNING, say_stop, 80},   {OW_SERVER_STOPPING, say_stop, 80},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

static void change_octet(enum ow_mode mode, size_t message, size_t at)
{
  struct test_pair pair;
  size_t count;
  test_server_at(&pair, mode, messages[message].state);
  messages[message].say(&pair);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  ck_assert_uint_eq(count, messages[message].octets);
  octets[at] ^= (uint8_t)(1U << at % 8);
  struct ow_server_event event = test_server_feed(pair.server, octets, count);
  if (event.kind == OW_SERVER_NOTHING) { /* a count was changed, so that more is awaited */
    ck_assert_int_ne(ow_server_deadline(pair.server), OW_NEVER);
    ow_server_expired(pair.server, &event);
  }
  ck_assert_msg(event.kind == OW_SERVER_BROKEN, "event %d in spite of octet %zu", (int)event.kind, at);
  ck_assert_int_ne(event.failure.status, OW_OK);
  ck_assert_int_eq(ow_server_state(pair.server), OW_SERVER_FAILED);
  free(octets);
  test_pair_close(&pair);
}

START_TEST(no_changed_octet_is_acted_on)
{
  size_t message = (size_t)_i / KEYED;
  for (size_t at = 0; at < messages[message].octets; at++)
    change_octet(keyed_modes[_i % KEYED], message, at);
}
END_TEST

/* It has no HMAC: what the Challenge in the Token doesn't reveal, the first command's HMAC does. */
START_TEST(a_changed_set_up_response_is_found_out_by_the_first_command)
{
  enum { UNUSED_FROM = 4 + sizeof TEST_KEY_ID, UNUSED_TO = 4 + OW_KEY_ID }; /* behind the KeyID's end */
  for (size_t at = 0; at < OW_SETUP_RESPONSE; at++) {
    struct test_pair pair;
    size_t count;
    bool unused = at >= UNUSED_FROM && at < UNUSED_TO;
    test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_SERVER_START);
    uint8_t *octets = test_take(ow_client_output(pair.client), &count);
    octets[at] ^= (uint8_t)(1U << at % 8);
    struct ow_server_event event = test_server_feed(pair.server, octets, count);
    if (event.kind == OW_SERVER_SET_UP) {
      ck_assert_int_eq(ow_server_set_up(pair.server, test_at(0), OW_ACCEPT_OK), OW_OK);
      test_client_expect(&pair, OW_CLIENT_SET_UP);
      say_start(&pair);
      event = test_server_next(&pair);
    }
    ck_assert_int_eq(event.kind, unused ? OW_SERVER_START_ASKED : OW_SERVER_BROKEN);
    free(octets);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_wrong_hmac_is_told_as_such)
{
  struct test_pair pair;
  size_t count;
  test_server_at(&pair, keyed_modes[_i], OW_SERVER_READY);
  say_start(&pair);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  octets[count - 1] ^= 1;
  struct ow_server_event event = test_server_feed(pair.server, octets, count);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, OW_AUTH, "wrong HMAC on a message of the client");
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_command_said_twice_is_not_taken_twice)
{
  struct test_pair pair;
  size_t count;
  test_server_at(&pair, keyed_modes[_i], OW_SERVER_READY);
  say_request(&pair);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  ck_assert_int_eq(test_server_feed(pair.server, octets, count).kind, OW_SERVER_REQUEST);
  ck_assert_int_eq(decide(&pair, SESSION), OW_OK);
  ck_assert_int_eq(test_server_feed(pair.server, octets, count).kind, OW_SERVER_BROKEN);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(an_open_server_ignores_hmacs)
{
  struct test_pair pair;
  uint8_t octets[OW_START_SESSIONS + OW_HMAC];
  memset(octets, 0xff, sizeof octets);
  ow_start_sessions_encode(octets);
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  ck_assert_int_eq(test_server_feed(pair.server, octets, sizeof octets).kind, OW_SERVER_START_ASKED);
  test_pair_close(&pair);
}
END_TEST

/* ---- absurd requests: open mode, so that they can be written by hand ---- */

static const struct {
  size_t at;
  uint8_t value;
  enum ow_status status;
  const char *piece;
} bad_requests[] = {
    {1, 0, OW_PROTOCOL, "IPVN is 0"},
    {1, 5, OW_PROTOCOL, "IPVN is 5"},
    {2, 2, OW_PROTOCOL, "Conf-Sender is 2"},
    {2, 0, OW_PROTOCOL, "Conf-Sender is 0 and Conf-Receiver is 0"},
    {3, 255, OW_PROTOCOL, "Conf-Receiver is 255"},
    {7, 0, OW_PROTOCOL, "the schedule has no slot"},
    {5, 16, OW_LIMIT, "1048578 schedule slots; 1048576 are read at most"},
    {4, 16, OW_LIMIT, "268435458 schedule slots"},
    {4, 255, OW_LIMIT, "4278190082 schedule slots"},
    {112, 2, OW_PROTOCOL, "slot of unknown type 2"},
    {128, 255, OW_PROTOCOL, "slot of unknown type 255"},
};
enum { BAD_REQUESTS = sizeof bad_requests / sizeof *bad_requests };

START_TEST(an_impossible_request_breaks_the_server)
{
  struct test_pair pair;
  size_t count;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  say_request(&pair);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  octets[bad_requests[_i].at] = bad_requests[_i].value;
  struct ow_server_event event = test_server_feed(pair.server, octets, count);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, bad_requests[_i].status, bad_requests[_i].piece);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_request_without_packets_breaks_the_server)
{
  struct test_pair pair;
  size_t count;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  say_request(&pair);
  uint8_t *octets = test_take(ow_client_output(pair.client), &count);
  memset(octets + 8, 0, 4);
  struct ow_server_event event = test_server_feed(pair.server, octets, count);
  test_assert_failure(&event.failure, OW_PROTOCOL, "the number of packets is 0");
  free(octets);
  test_pair_close(&pair);
}
END_TEST

static void expect_bad_stop(const uint8_t *octets, size_t count, const char *piece)
{
  static const enum ow_server_state states[] = {OW_SERVER_RUNNING, OW_SERVER_STOPPING};
  for (size_t i = 0; i < 2; i++) {
    struct test_pair pair;
    test_server_at(&pair, OW_MODE_OPEN, states[i]);
    struct ow_server_event event = test_server_feed(pair.server, octets, count);
    ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
    test_assert_failure(&event.failure, OW_PROTOCOL, piece);
    test_pair_close(&pair);
  }
}

START_TEST(a_stop_describes_exactly_the_sessions_that_were_sent)
{
  static const struct {
    uint32_t sessions;
    enum ow_accept accept;
    const char *piece;
  } cases[] = {
      {0, OW_ACCEPT_OK, "describes 0 sessions, but the peer was sending 1"},
      {2, OW_ACCEPT_OK, "describes 2 sessions, but the peer was sending 1"},
      {2, OW_ACCEPT_FAILURE, "describes 2 sessions, but the peer was sending 1"},
      {0xffffffff, OW_ACCEPT_OK, "describes 4294967295 sessions, but the peer was sending 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t octets[OW_STOP_SESSIONS];
    ow_stop_sessions_encode(&(struct ow_stop_sessions){cases[i].accept, cases[i].sessions}, octets);
    expect_bad_stop(octets, sizeof octets, cases[i].piece);
  }
}
END_TEST

static size_t put_stop(uint8_t *out, const struct ow_session_end *end)
{
  size_t octets = ow_session_end_octets(end->skip_ranges);
  ow_stop_sessions_encode(&(struct ow_stop_sessions){OW_ACCEPT_OK, 1}, out);
  ow_session_end_encode(end, out + OW_STOP_SESSIONS);
  memset(out + OW_STOP_SESSIONS + octets, 0, OW_HMAC);
  return OW_STOP_SESSIONS + octets + OW_HMAC;
}

START_TEST(a_stop_with_too_many_skip_ranges_breaks_the_server)
{
  static const uint32_t announced[] = {OW_MAX_SKIP_RANGES + 1, 0x1fffffff, 0xffffffff};
  for (size_t i = 0; i < sizeof announced / sizeof *announced; i++) {
    uint8_t octets[PUT_LARGEST];
    struct ow_session_end end = test_end(1, NULL, 0);
    size_t count = put_stop(octets, &end);
    struct ow_writer writer = ow_writer(octets + OW_STOP_SESSIONS + 20, 4);
    ow_write_u32(&writer, announced[i]);
    expect_bad_stop(octets, count, "skip ranges for one session; 16384 are possible");
  }
}
END_TEST

/* One for each packet of its sessions is the most that can mean anything. */
START_TEST(a_stop_with_more_skip_ranges_than_packets_breaks_the_server)
{
  enum { FEW = 3 };
  struct test_pair pair;
  uint8_t octets[PUT_LARGEST];
  struct ow_session_request request = test_request(false, 1);
  const struct ow_session_acceptance acceptance = {.port = 9002, .sid = test_sid(1)};
  struct ow_session_end end = test_end(1, NULL, 0);
  size_t count = put_stop(octets, &end);
  struct ow_writer writer = ow_writer(octets + OW_STOP_SESSIONS + 20, 4);
  ow_write_u32(&writer, FEW + 1);
  request.packets = FEW;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  ck_assert_int_eq(ow_client_request_session(pair.client, test_at(0), &request, test_slots), OW_OK);
  test_server_expect(&pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair.server, test_at(0), &acceptance), OW_OK);
  test_client_expect(&pair, OW_CLIENT_SESSION);
  test_start(&pair);
  struct ow_server_event event = test_server_feed(pair.server, octets, count);
  ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, "Stop-Sessions announces more than 3 skip ranges in all");
  test_pair_close(&pair);
}
END_TEST

START_TEST(skip_ranges_out_of_order_break_the_server)
{
  uint8_t octets[PUT_LARGEST];
  struct ow_skip_range ranges[] = {{1, 1}, {9, 11}, {11, 12}};
  struct ow_session_end end = test_end(1, ranges, 3);
  expect_bad_stop(octets, put_stop(octets, &end), "skip range 2 (11 to 12) is out of order");
}
END_TEST

START_TEST(a_stop_answered_is_not_answered_again)
{
  struct test_pair pair;
  test_server_at(&pair, OW_MODE_ENCRYPTED, OW_SERVER_DECIDE_STOP);
  ck_assert_int_eq(decide(&pair, STOP), OW_OK);
  ck_assert_int_eq(decide(&pair, STOP), OW_STATE);
  test_pair_close(&pair);
}
END_TEST

/* The next message waits until the decision about this one, and is then taken. */
START_TEST(a_command_behind_another_waits_for_the_decision)
{
  struct test_pair pair;
  struct ow_server_event event;
  size_t count;
  test_server_at(&pair, OW_MODE_OPEN, OW_SERVER_READY);
  say_request(&pair);
  uint8_t *first = test_take(ow_client_output(pair.client), &count);
  uint8_t *both = realloc(first, 2 * count);
  ck_assert_ptr_nonnull(both);
  memcpy(both + count, both, count);
  struct ow_reader reader = ow_reader(both, 2 * count);
  for (size_t i = 1; i <= 2; i++) {
    ow_server_receive(pair.server, test_at(0), &reader, &event);
    ck_assert_int_eq(event.kind, OW_SERVER_REQUEST);
    ck_assert_uint_eq(ow_reader_left(&reader), (2 - i) * count);
    ck_assert_int_eq(decide(&pair, SESSION), OW_OK);
  }
  free(both);
  test_pair_close(&pair);
}
END_TEST

/* ---- noise ---- */

static void feed_noise(struct test_pair *pair, struct test_prng *prng)
{
  enum { NOISE = 400 };
  uint8_t octets[NOISE];
  test_prng_fill(prng, octets, sizeof octets);
  octets[0] = (uint8_t)test_prng_below(prng, 5);
  for (size_t i = 0; i < 16; i++) /* small numbers, so that counts are not always absurd */
    octets[test_prng_below(prng, NOISE)] = (uint8_t)test_prng_below(prng, 5);
  for (size_t at = 0; at < NOISE && ow_server_state(pair->server) != OW_SERVER_FAILED;) {
    struct ow_server_event event;
    size_t piece = (size_t)test_prng_below(prng, NOISE - at) + 1;
    struct ow_reader reader = ow_reader(octets + at, piece);
    ow_server_receive(pair->server, test_at(0), &reader, &event);
    at += piece - ow_reader_left(&reader);
    for (int decision = 0; decision < DECISIONS && event.kind != OW_SERVER_BROKEN; decision++)
      if (leads_to[ow_server_state(pair->server)][decision] >= 0 && ow_reader_left(&reader))
        ck_assert_int_eq(decide(pair, (enum decision)decision), OW_OK);
  }
}

START_TEST(noise_harms_no_state)
{
  struct test_prng prng = test_prng(test_seed() + (uint64_t)_i);
  for (int run = 0; run < 100; run++) {
    struct test_pair pair;
    struct ow_server_event event;
    test_server_at(&pair, test_modes[run % TEST_MODES], (enum ow_server_state)_i);
    feed_noise(&pair, &prng);
    ow_server_expired(pair.server, &event);
    ck_assert_int_eq(event.kind, OW_SERVER_BROKEN);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(freeing_nothing_is_allowed)
{
  size_t held = test_memory_held();
  ow_server_free(NULL);
  ck_assert_uint_eq(test_memory_held(), held);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_server");
  test_seed();
  TEST_CASE(suite, "greeting", the_greeting_waits_in_the_output,
            challenge_and_salt_are_new_for_every_connection);
  TEST_LOOP(suite, "modes", BAD_MODES, a_mode_that_was_not_offered_breaks_the_server);
  TEST_LOOP(suite, "key", KEYED, a_key_is_asked_for_whosever_it_is,
            too_many_keys_are_told_alike_to_known_and_unknown,
            a_key_that_the_library_cant_derive_is_an_internal_error, why_there_is_no_key_is_told_as_it_was);
  TEST_LOOP(suite, "keys", KEYED, an_unknown_key_id_and_a_wrong_passphrase_look_alike,
            the_stand_in_passphrase_opens_nothing, a_server_without_keys_refuses_every_key,
            a_key_id_is_told_printably, a_key_id_of_80_octets_is_read_within_its_bounds,
            what_follows_a_refused_key_is_swallowed);
  TEST_CASE(suite, "set-up", a_key_id_means_nothing_in_open_mode);
  TEST_LOOP(suite, "state by event", STATES, a_decision_is_taken_only_where_it_belongs,
            a_command_is_heard_only_where_it_belongs, a_state_that_waits_has_a_deadline_that_breaks_it);
  TEST_CASE(suite, "time", a_command_that_began_must_end_soon, a_stop_that_began_must_end_soon,
            a_command_heard_whole_gives_back_the_idle_time, a_session_that_was_agreed_on_must_start_soon);
  TEST_LOOP(suite, "changed octets", MESSAGES * KEYED, no_changed_octet_is_acted_on);
  TEST_LOOP(suite, "keyed", KEYED, a_changed_set_up_response_is_found_out_by_the_first_command,
            a_wrong_hmac_is_told_as_such, a_command_said_twice_is_not_taken_twice);
  TEST_LOOP(suite, "requests", BAD_REQUESTS, an_impossible_request_breaks_the_server);
  TEST_LOOP(suite, "stop", 2, the_last_description_ends_the_stop);
  TEST_CASE(suite, "open", the_last_record_ends_the_fetch, an_open_server_ignores_hmacs,
            a_request_without_packets_breaks_the_server, a_stop_describes_exactly_the_sessions_that_were_sent,
            a_stop_with_too_many_skip_ranges_breaks_the_server,
            a_stop_with_more_skip_ranges_than_packets_breaks_the_server,
            skip_ranges_out_of_order_break_the_server, a_stop_answered_is_not_answered_again,
            a_command_behind_another_waits_for_the_decision, freeing_nothing_is_allowed);
  TEST_LOOP(suite, "noise", STATES, noise_harms_no_state);
  return test_run(suite);
}
