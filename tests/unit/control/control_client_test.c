/* SPDX-License-Identifier: MIT */
/* The Control-Client's machine alone: every state with every event, and servers that mean no good. */
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

static struct ow_client_event greet(struct test_pair *pair, uint32_t modes, uint32_t count)
{
  uint8_t octets[OW_GREETING];
  struct ow_greeting greeting = {.modes = modes, .challenge = {.count = count}};
  ow_greeting_encode(&greeting, octets);
  return test_client_feed(pair->client, octets, sizeof octets);
}

static void expect_mode_0(struct test_pair *pair)
{
  static const uint8_t zero[OW_SETUP_RESPONSE];
  struct ow_buffer *output = ow_client_output(pair->client);
  ck_assert_uint_eq(ow_buffer_length(output), OW_SETUP_RESPONSE);
  ck_assert_mem_eq(ow_buffer_head(output), zero, OW_SETUP_RESPONSE);
}

static const uint32_t bad_counts[] = {0,    1,    2,       512,     1000,       1023,       1025,
                                      1536, 3000, 1 << 16, 1 << 20, 0x80000000, 0xffffffff, 0x80000400};
enum { BAD_COUNTS = sizeof bad_counts / sizeof *bad_counts };

START_TEST(a_count_that_is_no_power_of_2_or_out_of_bounds_is_refused)
{
  struct test_pair pair;
  test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
  test_pair_create(&pair);
  struct ow_client_event event = greet(&pair, OW_MODES_ALL, bad_counts[_i]);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_LIMIT, "a power of 2 from 1024 to 32768 is accepted");
  expect_mode_0(&pair);
  test_pair_close(&pair);
}
END_TEST

START_TEST(every_count_within_bounds_is_computed)
{
  for (uint32_t count = OW_COUNT_LEAST; count <= 1 << 15; count *= 2) {
    struct test_pair pair;
    test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
    test_pair_create(&pair);
    ck_assert_int_eq(greet(&pair, OW_MODES_ALL, count).kind, OW_CLIENT_NOTHING);
    ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_AWAIT_SERVER_START);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(an_open_client_does_not_look_at_the_count)
{
  struct test_pair pair;
  test_pair_prepare(&pair, OW_MODE_OPEN);
  test_pair_create(&pair);
  ck_assert_int_eq(greet(&pair, OW_MODES_ALL, 0).kind, OW_CLIENT_NOTHING);
  ck_assert_int_eq(ow_client_mode(pair.client), OW_MODE_OPEN);
  test_pair_close(&pair);
}
END_TEST

START_TEST(modes_0_is_a_refusal_that_needs_no_answer)
{
  struct test_pair pair;
  test_pair_prepare(&pair, OW_MODE_OPEN);
  test_pair_create(&pair);
  struct ow_client_event event = greet(&pair, 0, OW_COUNT_LEAST);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_REFUSED, "the server refuses to talk");
  ck_assert_uint_eq(ow_buffer_length(ow_client_output(pair.client)), 0);
  test_pair_close(&pair);
}
END_TEST

static const struct {
  uint32_t offered;
  uint32_t allowed;
  bool key;
  const char *piece;
} no_common[] = {
    {OW_MODE_OPEN, OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED, true,
     "the server offers open, we may use authenticated, encrypted; allow one of the server's"},
    {OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED, OW_MODES_ALL, false,
     "the server offers authenticated, encrypted, we may use open; a KeyID and its key are needed"},
    {OW_MODE_ENCRYPTED, OW_MODE_AUTHENTICATED, true, "the server offers encrypted, we may use authenticated"},
    {OW_MODES_ALL, OW_MODE_ENCRYPTED, false, "we may use none; a KeyID and its key are needed"},
    {8, OW_MODES_ALL, true, "offers no mode"},
    {0xfffffff8, OW_MODES_ALL, true, "offers no mode"},
};
enum { NO_COMMON = sizeof no_common / sizeof *no_common };

START_TEST(without_a_common_mode_the_client_gives_up)
{
  struct test_pair pair;
  test_pair_prepare(&pair, OW_MODE_OPEN);
  pair.client_config.modes = no_common[_i].allowed;
  pair.client_config.key_id = no_common[_i].key ? TEST_KEY_ID : _i % 2 ? "" : NULL;
  test_pair_create(&pair);
  struct ow_client_event event = greet(&pair, no_common[_i].offered, OW_COUNT_LEAST);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_REFUSED, no_common[_i].piece);
  expect_mode_0(&pair);
  test_pair_close(&pair);
}
END_TEST

START_TEST(an_open_set_up_response_is_zero_but_for_the_mode)
{
  uint8_t expected[OW_SETUP_RESPONSE] = {[3] = OW_MODE_OPEN};
  struct test_pair pair;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_AWAIT_SERVER_START);
  struct ow_buffer *output = ow_client_output(pair.client);
  ck_assert_uint_eq(ow_buffer_length(output), sizeof expected);
  ck_assert_mem_eq(ow_buffer_head(output), expected, sizeof expected);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_longest_key_id_is_sent_whole)
{
  struct test_pair pair;
  char key_id[OW_KEY_ID + 1];
  memset(key_id, 'k', OW_KEY_ID);
  key_id[OW_KEY_ID] = '\0';
  test_pair_prepare(&pair, OW_MODE_ENCRYPTED);
  pair.client_config.key_id = key_id;
  test_pair_create(&pair);
  ck_assert_int_eq(greet(&pair, OW_MODES_ALL, OW_COUNT_LEAST).kind, OW_CLIENT_NOTHING);
  ck_assert_mem_eq(ow_buffer_head(ow_client_output(pair.client)) + 4, key_id, OW_KEY_ID);
  test_pair_close(&pair);
}
END_TEST

/* ---- Server-Start ---- */

static struct ow_client_event answer_set_up(struct test_pair *pair, uint8_t accept)
{
  uint8_t octets[OW_SERVER_START] = {[15] = accept};
  return test_client_feed(pair->client, octets, sizeof octets);
}

START_TEST(an_unassigned_accept_is_a_refusal)
{
  static const uint8_t unassigned[] = {6, 9, 128, 255};
  for (size_t i = 0; i < sizeof unassigned; i++) {
    struct test_pair pair;
    test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_AWAIT_SERVER_START);
    struct ow_client_event event = answer_set_up(&pair, unassigned[i]);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_REFUSED, "(Accept above 5)");
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_key_is_asked_for_as_the_greeting_wants_it)
{
  struct test_pair pair;
  struct ow_token_key key;
  struct ow_client_event event;
  test_pair_prepare(&pair, keyed_modes[_i]);
  pair.server_config.pbkdf2_count = 2048;
  test_pair_create(&pair);
  const uint8_t *greeting = ow_buffer_head(ow_server_output(pair.server));
  uint8_t salt[OW_SALT];
  memcpy(salt, greeting + 32, OW_SALT); /* RFC 4656, 3.1 */
  event = test_client_hear(&pair);
  ck_assert_int_eq(event.kind, OW_CLIENT_DERIVE);
  ck_assert_ptr_eq(event.source.passphrase, pair.client_config.passphrase);
  ck_assert_uint_eq(event.source.octets, pair.client_config.passphrase_octets);
  ck_assert_uint_eq(event.source.count, 2048);
  ck_assert_mem_eq(event.source.salt, salt, OW_SALT);
  ck_assert(ow_client_was_greeted(pair.client));
  ck_assert_uint_eq(ow_buffer_length(ow_client_output(pair.client)), 0);
  ck_assert_int_eq(ow_token_key_derive(&event.source, &key), OW_OK);
  ow_client_use_key(pair.client, test_at(3), OW_OK, &key, NULL, &event);
  ck_assert_int_eq(event.kind, OW_CLIENT_NOTHING);
  ck_assert_int_eq(ow_client_deadline(pair.client), test_at(3 + TEST_CLIENT_SECONDS).monotonic);
  ck_assert_int_eq(test_server_next(&pair).kind, OW_SERVER_SET_UP);
  /* Said twice it is not used twice. */
  ow_client_use_key(pair.client, test_at(3), OW_OK, &key, NULL, &event);
  ck_assert_int_eq(event.kind, OW_CLIENT_NOTHING);
  ck_assert_uint_eq(ow_buffer_length(ow_client_output(pair.client)), 0);
  test_pair_close(&pair);
}
END_TEST

START_TEST(without_its_key_a_client_breaks)
{
  struct test_pair pair;
  struct ow_client_event event;
  struct ow_failure why;
  ow_fail(&why, OW_MEMORY, "no memory to derive a key");
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_KEY);
  ow_client_use_key(pair.client, test_at(0), OW_MEMORY, NULL, &why, &event);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_MEMORY, "no memory to derive a key");
  ck_assert_uint_eq(ow_buffer_length(ow_client_output(pair.client)), 0);
  test_pair_close(&pair);
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_KEY);
  ow_client_use_key(pair.client, test_at(0), OW_CRYPTO, NULL, NULL, &event);
  test_assert_failure(&event.failure, OW_CRYPTO, "the crypto library can't derive our key");
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_refused_key_is_told_by_its_key_id)
{
  struct test_pair pair;
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_SERVER_START);
  struct ow_client_event event = answer_set_up(&pair, 9);
  test_assert_failure(&event.failure, OW_AUTH, "KeyID \"monitor\", or the passphrase is another");
  ck_assert_ptr_null(strstr(event.failure.text, TEST_PASSPHRASE));
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_refusal_needs_only_the_clear_part)
{
  struct test_pair pair;
  uint8_t octets[OW_SERVER_START_CLEAR] = {[15] = OW_ACCEPT_TEMPORARY_LIMIT};
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_SERVER_START);
  struct ow_client_event event = test_client_feed(pair.client, octets, sizeof octets);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_REFUSED, "temporary resource limit");
  test_pair_close(&pair);
}
END_TEST

/* After Accept 0 the key can't be what is wrong. */
START_TEST(a_connection_lost_within_server_start_is_no_matter_of_the_key)
{
  struct test_pair pair;
  struct ow_client_event event;
  uint8_t octets[OW_SERVER_START_CLEAR] = {0};
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_SERVER_START);
  ck_assert_int_eq(test_client_feed(pair.client, octets, sizeof octets).kind, OW_CLIENT_NOTHING);
  ow_client_disconnected(pair.client, NULL, &event);
  test_assert_failure(&event.failure, OW_NETWORK, "where we waited for its Server-Start");
  test_pair_close(&pair);
}
END_TEST

/* ---- every state with every event ---- */

enum { STATES = OW_CLIENT_FAILED + 1 };

enum command { REQUEST, START, STOP, FETCH, COMMANDS };

static enum ow_status give(struct test_pair *pair, enum command command)
{
  struct ow_session_request request = test_request(false, 3);
  struct ow_fetch_request fetch = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  enum ow_status status = OW_INVALID;
  switch (command) {
  case REQUEST: status = ow_client_request_session(pair->client, test_at(0), &request, test_slots); break;
  case START: status = ow_client_start_sessions(pair->client, test_at(0)); break;
  case STOP: status = ow_client_stop_sessions(pair->client, test_at(0), OW_ACCEPT_FAILURE, NULL, 0); break;
  case FETCH: status = ow_client_fetch(pair->client, test_at(0), &fetch); break;
  case COMMANDS: break;
  }
  return status;
}

/* Where a command leads; -1: it is not possible. */
static const int leads_to[STATES][COMMANDS] = {
    [OW_CLIENT_AWAIT_GREETING] = {-1, -1, -1, -1},
    [OW_CLIENT_AWAIT_KEY] = {-1, -1, -1, -1},
    [OW_CLIENT_AWAIT_SERVER_START] = {-1, -1, -1, -1},
    [OW_CLIENT_READY] = {OW_CLIENT_AWAIT_ACCEPT_SESSION, OW_CLIENT_AWAIT_START_ACK, -1,
                         OW_CLIENT_AWAIT_FETCH_ACK},
    [OW_CLIENT_AWAIT_ACCEPT_SESSION] = {-1, -1, -1, -1},
    [OW_CLIENT_AWAIT_START_ACK] = {-1, -1, -1, -1},
    [OW_CLIENT_RUNNING] = {-1, -1, OW_CLIENT_STOPPING, -1},
    [OW_CLIENT_STOPPING] = {-1, -1, -1, -1},
    [OW_CLIENT_STOP_OWED] = {-1, -1, OW_CLIENT_READY, -1},
    [OW_CLIENT_AWAIT_FETCH_ACK] = {-1, -1, -1, -1},
    [OW_CLIENT_FETCHING] = {-1, -1, -1, -1},
    [OW_CLIENT_FAILED] = {-1, -1, -1, -1},
};

START_TEST(a_command_is_taken_only_where_it_belongs)
{
  for (int command = 0; command < COMMANDS; command++) {
    struct test_pair pair;
    int expected = leads_to[_i][command];
    test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
    size_t before = ow_buffer_length(ow_client_output(pair.client));
    enum ow_status status = give(&pair, (enum command)command);
    size_t after = ow_buffer_length(ow_client_output(pair.client));
    ck_assert_int_eq(status, expected < 0 ? OW_STATE : OW_OK);
    ck_assert_int_eq(ow_client_state(pair.client), expected < 0 ? _i : expected);
    ck_assert_int_eq(after > before, expected >= 0);
    test_pair_close(&pair);
  }
}
END_TEST

struct expected_failure {
  enum ow_client_event_kind kind;
  enum ow_status status;
  const char *piece;
};

static void check_broken(struct test_pair *pair, const struct ow_client_event *event,
                         const struct expected_failure *expected)
{
  ck_assert_int_eq(event->kind, expected->kind);
  if (expected->kind == OW_CLIENT_BROKEN)
    test_assert_failure(&event->failure, expected->status, expected->piece);
  ck_assert_int_eq(ow_client_state(pair->client), OW_CLIENT_FAILED);
  ck_assert_int_eq(ow_client_deadline(pair->client), OW_NEVER);
}

/* 0xff without end: in the encrypted mode as good as random. */
static const struct expected_failure on_octets[STATES] = {
    [OW_CLIENT_AWAIT_GREETING] = {OW_CLIENT_BROKEN, OW_LIMIT, "4294967295 rounds of PBKDF2"},
    [OW_CLIENT_AWAIT_KEY] = {OW_CLIENT_BROKEN, OW_PROTOCOL, "sent 256 octets that nothing had asked for"},
    [OW_CLIENT_AWAIT_SERVER_START] = {OW_CLIENT_BROKEN, OW_AUTH, "the server refused the key"},
    [OW_CLIENT_READY] = {OW_CLIENT_BROKEN, OW_PROTOCOL, "sent 256 octets that nothing had asked for"},
    [OW_CLIENT_AWAIT_ACCEPT_SESSION] = {OW_CLIENT_BROKEN, OW_AUTH, "wrong HMAC on its Accept-Session"},
    [OW_CLIENT_AWAIT_START_ACK] = {OW_CLIENT_BROKEN, OW_AUTH, "wrong HMAC on its Start-Ack"},
    [OW_CLIENT_RUNNING] = {OW_CLIENT_BROKEN, OW_PROTOCOL, "while sessions run, not Stop-Sessions (3)"},
    [OW_CLIENT_STOPPING] = {OW_CLIENT_BROKEN, OW_PROTOCOL, "while sessions run, not Stop-Sessions (3)"},
    [OW_CLIENT_STOP_OWED] = {OW_CLIENT_BROKEN, OW_PROTOCOL, "sent 256 octets that nothing had asked for"},
    [OW_CLIENT_AWAIT_FETCH_ACK] = {OW_CLIENT_BROKEN, OW_AUTH, "wrong HMAC on its Fetch-Ack"},
    [OW_CLIENT_FETCHING] = {OW_CLIENT_BROKEN, OW_AUTH, "wrong HMAC on the rest of a fetched session"},
    [OW_CLIENT_FAILED] = {OW_CLIENT_NOTHING, OW_OK, ""},
};

START_TEST(octets_without_meaning_break_every_state)
{
  struct test_pair pair;
  uint8_t octets[256];
  memset(octets, 0xff, sizeof octets);
  test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
  struct ow_client_event event = test_client_feed(pair.client, octets, sizeof octets);
  check_broken(&pair, &event, &on_octets[_i]);
  ck_assert_int_eq(test_client_feed(pair.client, octets, sizeof octets).kind, OW_CLIENT_NOTHING);
  test_pair_close(&pair);
}
END_TEST

static const struct expected_failure on_end[STATES] = {
    [OW_CLIENT_AWAIT_GREETING] = {OW_CLIENT_BROKEN, OW_REFUSED, "closed the connection before any greeting"},
    [OW_CLIENT_AWAIT_KEY] = {OW_CLIENT_BROKEN, OW_NETWORK, "closed the connection while we derived our key"},
    [OW_CLIENT_AWAIT_SERVER_START] = {OW_CLIENT_BROKEN, OW_AUTH, "after our key: it does not know the KeyID"},
    [OW_CLIENT_READY] = {OW_CLIENT_BROKEN, OW_NETWORK, "the server closed the connection"},
    [OW_CLIENT_AWAIT_ACCEPT_SESSION] = {OW_CLIENT_BROKEN, OW_NETWORK,
                                        "where we waited for its Accept-Session"},
    [OW_CLIENT_AWAIT_START_ACK] = {OW_CLIENT_BROKEN, OW_NETWORK, "where we waited for its Start-Ack"},
    [OW_CLIENT_RUNNING] = {OW_CLIENT_BROKEN, OW_NETWORK, "while the sessions were running"},
    [OW_CLIENT_STOPPING] = {OW_CLIENT_BROKEN, OW_NETWORK, "where we waited for its Stop-Sessions"},
    [OW_CLIENT_STOP_OWED] = {OW_CLIENT_BROKEN, OW_NETWORK, "the server closed the connection"},
    [OW_CLIENT_AWAIT_FETCH_ACK] = {OW_CLIENT_BROKEN, OW_NETWORK, "where we waited for its Fetch-Ack"},
    [OW_CLIENT_FETCHING] = {OW_CLIENT_BROKEN, OW_NETWORK,
                            "where we waited for the rest of a fetched session"},
    [OW_CLIENT_FAILED] = {OW_CLIENT_BROKEN, OW_NETWORK, "the server closed the connection"},
};

START_TEST(the_end_of_the_connection_breaks_every_state)
{
  struct test_pair pair;
  struct ow_client_event event;
  test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
  ow_client_disconnected(pair.client, NULL, &event);
  check_broken(&pair, &event, &on_end[_i]);
  test_pair_close(&pair);
}
END_TEST

START_TEST(the_reason_of_a_lost_connection_is_told_in_every_state)
{
  struct test_pair pair;
  struct ow_client_event event;
  test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
  ow_client_disconnected(pair.client, "Connection reset by peer", &event);
  ck_assert_int_eq(strncmp(event.failure.text, "Connection reset by peer", 24), 0);
  test_pair_close(&pair);
}
END_TEST

/* ---- other servers' greetings ---- */

static const struct {
  const char *greeting;
  const char *quoted; /* at once; NULL: only when the time is over, or the connection ends */
  const char *late;
} strangers[] = {
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "\"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\"", NULL},
    {"220 mail.example.net ESMTP \"Post\"fix\r\n", "\"220 mail.example.net ESMTP 'Post'fix\"", NULL},
    {"HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
     "\"HTTP/1.1 408 Request Time-out\"", NULL},
    {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefgh",
     "\"0123456789abcdef0123456789abcdef0123456789abcdef\"", NULL},
    {"+OK POP3\r\n", NULL, "\"+OK POP3\""},
    {"ab\x07", NULL, NULL},
    {"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18 and so on, more than sixteen", NULL, NULL},
};

/* What is no text stays what it may be: a greeting that hasn't come whole. */
START_TEST(who_greets_with_text_is_no_owamp_server)
{
  const char *greeting = strangers[_i].greeting;
  const char *late = strangers[_i].late;
  struct test_pair pair;
  struct ow_client_event event;
  for (int ending = 0; ending < 2; ending++) {
    test_client_at(&pair, OW_MODE_ENCRYPTED, OW_CLIENT_AWAIT_GREETING);
    event = test_client_feed(pair.client, greeting, strlen(greeting));
    if (strangers[_i].quoted) {
      ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
      test_assert_failure(&event.failure, OW_PROTOCOL, strangers[_i].quoted);
      test_assert_failure(&event.failure, OW_PROTOCOL, "this is no OWAMP server");
      ck_assert_uint_eq(ow_buffer_length(ow_client_output(pair.client)), 0);
    } else {
      ck_assert_int_eq(event.kind, OW_CLIENT_NOTHING);
      if (ending)
        ow_client_expired(pair.client, &event);
      else
        ow_client_disconnected(pair.client, NULL, &event);
      test_assert_failure(&event.failure,
                          late     ? OW_PROTOCOL
                          : ending ? OW_TIMEOUT
                                   : OW_REFUSED,
                          late ? late : "no OWAMP server");
    }
    test_pair_close(&pair);
  }
}
END_TEST

/* Unused octets may hold anything. */
START_TEST(unused_octets_of_a_greeting_may_be_text)
{
  struct test_pair pair;
  uint8_t octets[OW_GREETING];
  struct ow_greeting greeting = {.modes = OW_MODES_ALL, .challenge = {.count = OW_COUNT_LEAST}};
  ow_greeting_encode(&greeting, octets);
  memset(octets, 'x', 12);
  test_client_at(&pair, OW_MODE_ENCRYPTED, OW_CLIENT_AWAIT_GREETING);
  ck_assert_int_eq(test_client_feed(pair.client, octets, 13).kind, OW_CLIENT_NOTHING);
  ck_assert_int_eq(test_client_feed(pair.client, octets + 13, sizeof octets - 13).kind, OW_CLIENT_NOTHING);
  ck_assert_int_eq(ow_client_state(pair.client), OW_CLIENT_AWAIT_SERVER_START);
  test_pair_close(&pair);
}
END_TEST

/* What the client says it waited for; NULL: the state has no deadline. */
static const char *const on_deadline[STATES] = {
    [OW_CLIENT_AWAIT_GREETING] = "its Server-Greeting",
    [OW_CLIENT_AWAIT_KEY] = "our key was not derived within 10 s: the server asks for 1024 rounds of PBKDF2",
    [OW_CLIENT_AWAIT_SERVER_START] = "its Server-Start",
    [OW_CLIENT_READY] = NULL,
    [OW_CLIENT_AWAIT_ACCEPT_SESSION] = "its Accept-Session",
    [OW_CLIENT_AWAIT_START_ACK] = "its Start-Ack",
    [OW_CLIENT_RUNNING] = NULL,
    [OW_CLIENT_STOPPING] = "its Stop-Sessions",
    [OW_CLIENT_STOP_OWED] = NULL,
    [OW_CLIENT_AWAIT_FETCH_ACK] = "its Fetch-Ack",
    [OW_CLIENT_FETCHING] = "the rest of a fetched session",
    [OW_CLIENT_FAILED] = NULL,
};

START_TEST(every_state_that_waits_has_a_deadline)
{
  struct test_pair pair;
  test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
  ck_assert_int_eq(ow_client_deadline(pair.client),
                   on_deadline[_i] ? test_at(TEST_CLIENT_SECONDS).monotonic : OW_NEVER);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_deadline_that_passes_breaks_the_client)
{
  struct test_pair pair;
  struct ow_client_event event;
  struct expected_failure expected = {OW_CLIENT_BROKEN, OW_TIMEOUT, "the server was silent for 10 s"};
  if (_i == OW_CLIENT_AWAIT_KEY) /* no fault of the server's */
    expected.piece = on_deadline[_i];
  test_client_at(&pair, OW_MODE_ENCRYPTED, (enum ow_client_state)_i);
  ow_client_expired(pair.client, &event);
  check_broken(&pair, &event, &expected);
  test_assert_failure(&event.failure, OW_TIMEOUT, on_deadline[_i] ? on_deadline[_i] : "nothing");
  test_pair_close(&pair);
}
END_TEST

/* ---- a changed octet ---- */

static void say_accept_session(struct test_pair *pair)
{
  struct ow_session_acceptance acceptance = {.port = 9002, .sid = test_sid(1)};
  test_server_expect(pair, OW_SERVER_REQUEST);
  ck_assert_int_eq(ow_server_answer_session(pair->server, test_at(0), &acceptance), OW_OK);
}

static void say_start_ack(struct test_pair *pair)
{
  test_server_expect(pair, OW_SERVER_START_ASKED);
  ck_assert_int_eq(ow_server_answer_start(pair->server, test_at(0), OW_ACCEPT_OK), OW_OK);
}

static void say_stop(struct test_pair *pair)
{
  struct ow_skip_range ranges[] = {{1, 2}, {5, 5}, {9, 11}};
  struct ow_session_end end = test_end(2, ranges, 3);
  ck_assert_int_eq(test_server_stop(pair->server, test_at(0), OW_ACCEPT_OK, &end, 1), OW_OK);
}

static void say_fetched(struct test_pair *pair)
{
  struct ow_skip_range ranges[] = {{1, 2}, {5, 5}, {9, 11}};
  test_server_expect(pair, OW_SERVER_FETCH);
  test_answer_fetch(pair, 20, ranges, 3);
}

/* A message of the server, and where in its octets begins what the given event does not rest on. */
static const struct {
  enum ow_client_state state;
  void (*say)(struct test_pair *pair);
  struct {
    enum ow_client_event_kind kind;
    size_t covers; /* octets that must be right before this event */
  } events[5];
} messages[] = {
    {OW_CLIENT_AWAIT_ACCEPT_SESSION, say_accept_session, {{OW_CLIENT_SESSION, 48}}},
    {OW_CLIENT_AWAIT_START_ACK, say_start_ack, {{OW_CLIENT_STARTED, 32}}},
    {OW_CLIENT_RUNNING, say_stop, {{OW_CLIENT_STOPPED, 80}}},
    {OW_CLIENT_STOPPING, say_stop, {{OW_CLIENT_STOPPED, 80}}},
    {OW_CLIENT_AWAIT_FETCH_ACK,
     say_fetched,
     {{OW_CLIENT_FETCH_ACK, 32},
      {OW_CLIENT_FETCH_SESSION, 32 + 112 + 48 + 48},
      {OW_CLIENT_FETCH_RECORDS, 32 + 112 + 48 + 48},
      {OW_CLIENT_FETCHED, 32 + 112 + 48 + 48 + 512 + 16}}},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

static size_t covered_by(size_t message, enum ow_client_event_kind kind)
{
  size_t covers = 0;
  for (size_t i = 0; i < sizeof messages[message].events / sizeof messages[message].events[0]; i++)
    if (messages[message].events[i].kind == kind)
      covers = messages[message].events[i].covers;
  ck_assert_msg(covers > 0, "event %d has no business here", (int)kind);
  return covers;
}

static void feed_until_broken(struct test_pair *pair, size_t message, const uint8_t *octets, size_t count,
                              size_t at)
{
  struct ow_client_event event = {0};
  struct ow_reader reader = ow_reader(octets, count);
  do {
    ow_client_receive(pair->client, test_at(0), &reader, &event);
    if (event.kind != OW_CLIENT_NOTHING && event.kind != OW_CLIENT_BROKEN)
      ck_assert_msg(at >= covered_by(message, event.kind), "event %d in spite of octet %zu", (int)event.kind,
                    at);
  } while (event.kind != OW_CLIENT_NOTHING && event.kind != OW_CLIENT_BROKEN);
  if (event.kind == OW_CLIENT_NOTHING) /* a count was changed, so that more is awaited */
    ow_client_disconnected(pair->client, NULL, &event);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  ck_assert_int_ne(event.failure.status, OW_OK);
}

/* Returns the octets of the message. */
static size_t change_octet(enum ow_mode mode, size_t message, size_t at)
{
  struct test_pair pair;
  size_t count;
  test_client_at(&pair, mode, messages[message].state);
  messages[message].say(&pair);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  octets[at] ^= (uint8_t)(1U << at % 8);
  feed_until_broken(&pair, message, octets, count, at);
  free(octets);
  test_pair_close(&pair);
  return count;
}

START_TEST(no_changed_octet_is_acted_on)
{
  size_t message = (size_t)_i / KEYED;
  size_t count = 1;
  for (size_t at = 0; at < count; at++)
    count = change_octet(keyed_modes[_i % KEYED], message, at);
  ck_assert_uint_ge(count, 32);
}
END_TEST

/* Its clear part has no HMAC, and its last block only the next message's. */
START_TEST(a_changed_server_start_is_found_out_at_once_or_by_the_next_hmac)
{
  for (size_t at = 0; at < OW_SERVER_START; at++) {
    struct test_pair pair;
    size_t count;
    bool unused = at < 15; /* MBZ and not covered by any HMAC: ignored */
    test_server_at(&pair, keyed_modes[_i], OW_SERVER_DECIDE_SETUP);
    ck_assert_int_eq(ow_server_set_up(pair.server, test_at(0), OW_ACCEPT_OK), OW_OK);
    uint8_t *octets = test_take(ow_server_output(pair.server), &count);
    octets[at] ^= 0x10;
    struct ow_client_event event = test_client_feed(pair.client, octets, count);
    if (event.kind == OW_CLIENT_SET_UP) {
      ck_assert_int_eq(ow_client_start_sessions(pair.client, test_at(0)), OW_OK);
      say_start_ack(&pair);
      event = test_client_next(&pair);
    }
    ck_assert_int_eq(event.kind, unused ? OW_CLIENT_STARTED : OW_CLIENT_BROKEN);
    free(octets);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(an_open_client_ignores_hmacs)
{
  struct test_pair pair;
  size_t count;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_AWAIT_START_ACK);
  say_start_ack(&pair);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  memset(octets + OW_START_ACK, 0xff, OW_HMAC);
  ck_assert_int_eq(test_client_feed(pair.client, octets, count).kind, OW_CLIENT_STARTED);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_message_said_twice_is_not_taken_twice)
{
  struct test_pair pair;
  size_t count;
  test_client_at(&pair, keyed_modes[_i], OW_CLIENT_AWAIT_ACCEPT_SESSION);
  say_accept_session(&pair);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  ck_assert_int_eq(test_client_feed(pair.client, octets, count).kind, OW_CLIENT_SESSION);
  ck_assert_int_eq(give(&pair, REQUEST), OW_OK);
  struct ow_client_event event = test_client_feed(pair.client, octets, count);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_AUTH, "wrong HMAC");
  free(octets);
  test_pair_close(&pair);
}
END_TEST

/* ---- absurd messages: open mode, so that they can be written by hand ---- */

static struct ow_client_event say_at(struct test_pair *pair, enum ow_client_state state, const void *octets,
                                     size_t count)
{
  test_client_at(pair, OW_MODE_OPEN, state);
  return test_client_feed(pair->client, octets, count);
}

static size_t put_stop(uint8_t *out, uint32_t sessions, const struct ow_session_end *ends)
{
  struct ow_stop_sessions stop = {.sessions = sessions};
  size_t count = OW_STOP_SESSIONS;
  ow_stop_sessions_encode(&stop, out);
  for (uint32_t i = 0; i < sessions && ends; i++) {
    ow_session_end_encode(&ends[i], out + count);
    count += ow_session_end_octets(ends[i].skip_ranges);
  }
  memset(out + count, 0, OW_HMAC);
  return count + OW_HMAC;
}

static void expect_bad_stop(const uint8_t *octets, size_t count, const char *piece)
{
  static const enum ow_client_state states[] = {OW_CLIENT_RUNNING, OW_CLIENT_STOPPING};
  for (size_t i = 0; i < 2; i++) {
    struct test_pair pair;
    struct ow_client_event event = say_at(&pair, states[i], octets, count);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_PROTOCOL, piece);
    test_pair_close(&pair);
  }
}

START_TEST(a_stop_describes_exactly_the_sessions_that_were_sent)
{
  static const struct {
    uint32_t sessions;
    const char *piece;
  } cases[] = {
      {0, "describes 0 sessions, but the peer was sending 1"},
      {2, "describes 2 sessions, but the peer was sending 1"},
      {0xffffffff, "describes 4294967295 sessions, but the peer was sending 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t octets[PUT_LARGEST];
    size_t count = put_stop(octets, cases[i].sessions, NULL);
    expect_bad_stop(octets, count, cases[i].piece);
  }
}
END_TEST

START_TEST(a_stop_with_too_many_skip_ranges_breaks_the_client)
{
  static const uint32_t announced[] = {OW_MAX_SKIP_RANGES + 1, 0x10000000, 0x1fffffff, 0xffffffff};
  for (size_t i = 0; i < sizeof announced / sizeof *announced; i++) {
    uint8_t octets[PUT_LARGEST];
    struct ow_session_end end = test_end(2, NULL, 0);
    size_t count = put_stop(octets, 1, &end);
    struct ow_writer writer = ow_writer(octets + OW_STOP_SESSIONS + 20, 4);
    ow_write_u32(&writer, announced[i]);
    expect_bad_stop(octets, count, "skip ranges for one session; 16384 are possible");
  }
}
END_TEST

static const struct {
  struct ow_skip_range ranges[2];
  uint32_t next_sequence;
} bad_ranges[] = {
    {{{3, 2}, {5, 6}}, 100},                 /* ends before it begins */
    {{{5, 6}, {3, 4}}, 100},                 /* falling */
    {{{3, 5}, {5, 6}}, 100},                 /* overlapping */
    {{{3, 4}, {3, 4}}, 100},                 /* twice */
    {{{3, 4}, {99, 100}}, 100},              /* beyond Next Seqno */
    {{{0, 0xffffffff}, {0, 0}}, 0xffffffff}, /* no more can follow */
    {{{0, 0xfffffffe}, {0, 1}}, 0xffffffff}, /* wraps */
    {{{0, 0}, {1, 1}}, 0},                   /* nothing was sent */
};
enum { BAD_RANGES = sizeof bad_ranges / sizeof *bad_ranges };

START_TEST(skip_ranges_out_of_order_break_the_client)
{
  uint8_t octets[PUT_LARGEST];
  struct ow_session_end end = test_end(2, bad_ranges[_i].ranges, 2);
  end.next_sequence = bad_ranges[_i].next_sequence;
  expect_bad_stop(octets, put_stop(octets, 1, &end), "is out of order or not below Next Seqno");
}
END_TEST

START_TEST(only_stop_sessions_is_heard_while_sessions_run)
{
  for (unsigned command = 0; command < 256; command++) {
    struct test_pair pair;
    uint8_t octets[OW_STOP_SESSIONS] = {(uint8_t)command, OW_ACCEPT_FAILURE};
    struct ow_client_event event = say_at(&pair, OW_CLIENT_RUNNING, octets, sizeof octets);
    ck_assert_int_eq(event.kind, command == OW_COMMAND_STOP_SESSIONS ? OW_CLIENT_NOTHING : OW_CLIENT_BROKEN);
    if (event.kind == OW_CLIENT_BROKEN)
      test_assert_failure(&event.failure, OW_PROTOCOL, "not Stop-Sessions (3)");
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(octets_behind_a_stop_break_the_client)
{
  struct test_pair pair;
  uint8_t octets[PUT_LARGEST];
  struct ow_session_end end = test_end(2, NULL, 0);
  size_t count = put_stop(octets, 1, &end);
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_RUNNING);
  ck_assert_int_eq(test_client_feed(pair.client, octets, count).kind, OW_CLIENT_STOPPED);
  struct ow_client_event event = test_client_feed(pair.client, octets, 1);
  test_assert_failure(&event.failure, OW_PROTOCOL, "1 octets that nothing had asked for");
  test_pair_close(&pair);
}
END_TEST

/* ---- absurd fetches ---- */

static void put_ack(uint8_t *out, uint32_t ranges)
{
  struct ow_fetch_ack ack = {.finished = true, .skip_ranges = ranges};
  memset(out, 0, OW_FETCH_ACK + OW_HMAC);
  ow_fetch_ack_encode(&ack, out);
}

static const struct {
  uint32_t ranges;
  const char *piece;
} bad_acks[] = {
    {OW_MAX_SKIP_RANGES + 1, "announces 16385 skip ranges; 16384 are possible"},
    {0xffffffff, "announces 4294967295 skip ranges"},
    {0x20000000, "announces 536870912 skip ranges"},
};
enum { BAD_ACKS = sizeof bad_acks / sizeof *bad_acks };

START_TEST(absurd_counts_in_fetch_ack_break_the_client)
{
  struct test_pair pair;
  uint8_t octets[OW_FETCH_ACK + OW_HMAC];
  put_ack(octets, bad_acks[_i].ranges);
  struct ow_client_event event = say_at(&pair, OW_CLIENT_AWAIT_FETCH_ACK, octets, sizeof octets);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, OW_PROTOCOL, bad_acks[_i].piece);
  test_pair_close(&pair);
}
END_TEST

/* An octet of the fetched Request-Session (or of its first slot, from 112 on) that makes it impossible. */
static const struct {
  size_t at;
  uint8_t value;
  enum ow_status status;
  const char *piece;
} bad_fetched[] = {
    {0, 2, OW_PROTOCOL, "2 follows Fetch-Ack where the Request-Session (1) belongs"},
    {1, 5, OW_PROTOCOL, "IPVN is 5"},
    {2, 2, OW_PROTOCOL, "Conf-Sender is 2"},
    {3, 0, OW_PROTOCOL, "Conf-Sender is 0 and Conf-Receiver is 0"},
    {7, 0, OW_PROTOCOL, "the schedule has no slot"},
    {6, 16, OW_LIMIT, "4098 schedule slots; 4096 are supported"},
    {4, 255, OW_LIMIT, "4278190082 schedule slots"},
    {48 + 15, 99, OW_PROTOCOL, "not the one that was asked for"},
    {112, 2, OW_PROTOCOL, "slot of unknown type 2"},
};
enum { BAD_FETCHED = sizeof bad_fetched / sizeof *bad_fetched };

START_TEST(an_impossible_fetched_session_breaks_the_client)
{
  struct test_pair pair;
  size_t count;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_FETCHING);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  octets[bad_fetched[_i].at] = bad_fetched[_i].value;
  struct ow_client_event event = test_client_feed(pair.client, octets, count);
  ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
  test_assert_failure(&event.failure, bad_fetched[_i].status, bad_fetched[_i].piece);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

START_TEST(a_fetched_session_without_packets_breaks_the_client)
{
  struct test_pair pair;
  size_t count;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_FETCHING);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  memset(octets + 8, 0, 4);
  struct ow_client_event event = test_client_feed(pair.client, octets, count);
  test_assert_failure(&event.failure, OW_PROTOCOL, "the number of packets is 0");
  free(octets);
  test_pair_close(&pair);
}
END_TEST

/* In order, and below the session's number of packets, 100000. */
START_TEST(impossible_fetched_skip_ranges_break_the_client)
{
  static const struct ow_skip_range impossible[][2] = {{{5, 6}, {3, 4}}, {{5, 6}, {99999, 100000}}};
  static const char *const pieces[] = {"skip range 1 (3 to 4) is out of order",
                                       "skip range 1 (99999 to 100000) is out of order or not below"};
  for (size_t i = 0; i < 2; i++) {
    struct test_pair pair;
    test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_AWAIT_FETCH_ACK);
    test_server_expect(&pair, OW_SERVER_FETCH);
    test_answer_fetch(&pair, 1, impossible[i], 2);
    test_client_expect(&pair, OW_CLIENT_FETCH_ACK);
    struct ow_client_event event = test_client_expect(&pair, OW_CLIENT_BROKEN);
    test_assert_failure(&event.failure, OW_PROTOCOL, pieces[i]);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(a_fetch_that_goes_on_moves_its_deadline)
{
  struct test_pair pair;
  struct ow_client_event event;
  size_t count;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_FETCHING);
  uint8_t *octets = test_take(ow_server_output(pair.server), &count);
  struct ow_reader reader = ow_reader(octets, OW_REQUEST_SESSION + OW_HMAC);
  ow_client_receive(pair.client, test_at(5), &reader, &event);
  ck_assert_int_eq(ow_client_deadline(pair.client), test_at(5 + TEST_CLIENT_SECONDS).monotonic);
  free(octets);
  test_pair_close(&pair);
}
END_TEST

/* Octet by octet just before each deadline: the message as a whole has one. */
START_TEST(a_trickle_does_not_move_the_deadline_of_a_message)
{
  struct test_pair pair;
  struct ow_client_event event;
  uint8_t octet = 0;
  test_client_at(&pair, OW_MODE_OPEN, OW_CLIENT_AWAIT_ACCEPT_SESSION);
  for (int i = 0; i < TEST_CLIENT_SECONDS; i++) {
    struct ow_reader reader = ow_reader(&octet, 1);
    ow_client_receive(pair.client, test_at(i), &reader, &event);
    ck_assert_int_eq(ow_client_deadline(pair.client), test_at(TEST_CLIENT_SECONDS).monotonic);
  }
  test_pair_close(&pair);
}
END_TEST

/* ---- noise ---- */

static void feed_noise(struct ow_client *client, struct test_prng *prng)
{
  enum { NOISE = 400 };
  uint8_t octets[NOISE];
  struct ow_client_event event = {0};
  test_prng_fill(prng, octets, sizeof octets);
  for (size_t i = 0; i < 16; i++) /* small numbers, so that counts are not always absurd */
    octets[test_prng_below(prng, NOISE)] = (uint8_t)test_prng_below(prng, 5);
  for (size_t at = 0; at < NOISE && event.kind != OW_CLIENT_BROKEN;) {
    size_t piece = (size_t)test_prng_below(prng, NOISE - at) + 1;
    event = test_client_feed(client, octets + at, piece);
    at += piece;
  }
}

START_TEST(noise_harms_no_state)
{
  struct test_prng prng = test_prng(test_seed() + (uint64_t)_i);
  for (int run = 0; run < 100; run++) {
    struct test_pair pair;
    struct ow_client_event event;
    enum ow_mode mode = test_modes[run % TEST_MODES];
    test_client_at(&pair, mode, (enum ow_client_state)_i);
    feed_noise(pair.client, &prng);
    ow_client_disconnected(pair.client, NULL, &event);
    ck_assert_int_eq(event.kind, OW_CLIENT_BROKEN);
    test_pair_close(&pair);
  }
}
END_TEST

START_TEST(freeing_nothing_is_allowed)
{
  size_t held = test_memory_held();
  ow_client_free(NULL);
  ck_assert_uint_eq(test_memory_held(), held);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_client");
  test_seed();
  TEST_LOOP(suite, "counts", BAD_COUNTS, a_count_that_is_no_power_of_2_or_out_of_bounds_is_refused);
  TEST_LOOP(suite, "modes", NO_COMMON, without_a_common_mode_the_client_gives_up);
  TEST_CASE(suite, "greeting", every_count_within_bounds_is_computed,
            an_open_client_does_not_look_at_the_count, modes_0_is_a_refusal_that_needs_no_answer,
            an_open_set_up_response_is_zero_but_for_the_mode, the_longest_key_id_is_sent_whole,
            an_unassigned_accept_is_a_refusal);
  TEST_LOOP(suite, "key", KEYED, a_key_is_asked_for_as_the_greeting_wants_it,
            without_its_key_a_client_breaks);
  TEST_LOOP(suite, "keyed set-up", KEYED, a_refused_key_is_told_by_its_key_id,
            a_refusal_needs_only_the_clear_part,
            a_connection_lost_within_server_start_is_no_matter_of_the_key);
  TEST_LOOP(suite, "state by event", STATES, a_command_is_taken_only_where_it_belongs,
            octets_without_meaning_break_every_state, the_end_of_the_connection_breaks_every_state,
            the_reason_of_a_lost_connection_is_told_in_every_state, every_state_that_waits_has_a_deadline,
            a_deadline_that_passes_breaks_the_client);
  TEST_LOOP(suite, "other servers", sizeof strangers / sizeof *strangers,
            who_greets_with_text_is_no_owamp_server);
  TEST_CASE(suite, "unused octets", unused_octets_of_a_greeting_may_be_text);
  TEST_LOOP(suite, "changed octets", MESSAGES * KEYED, no_changed_octet_is_acted_on);
  TEST_LOOP(suite, "keyed", KEYED, a_changed_server_start_is_found_out_at_once_or_by_the_next_hmac,
            a_message_said_twice_is_not_taken_twice);
  TEST_CASE(suite, "open", an_open_client_ignores_hmacs, a_stop_describes_exactly_the_sessions_that_were_sent,
            a_stop_with_too_many_skip_ranges_breaks_the_client,
            only_stop_sessions_is_heard_while_sessions_run, octets_behind_a_stop_break_the_client,
            a_fetched_session_without_packets_breaks_the_client,
            impossible_fetched_skip_ranges_break_the_client, a_fetch_that_goes_on_moves_its_deadline,
            a_trickle_does_not_move_the_deadline_of_a_message, freeing_nothing_is_allowed);
  TEST_LOOP(suite, "skip ranges", BAD_RANGES, skip_ranges_out_of_order_break_the_client);
  TEST_LOOP(suite, "fetch ack", BAD_ACKS, absurd_counts_in_fetch_ack_break_the_client);
  TEST_LOOP(suite, "fetched session", BAD_FETCHED, an_impossible_fetched_session_breaks_the_client);
  TEST_LOOP(suite, "noise", STATES, noise_harms_no_state);
  return test_run(suite);
}
