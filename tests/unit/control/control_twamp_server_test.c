/* SPDX-License-Identifier: MIT */
/*
 * TWAMP-Control at the Server: what another implementation's client said in four captures, octet for octet,
 * and what no client may say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "control/server.h"
#include "control/server_twamp.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/pcap.h"

enum { PORT = 8620, GREETING = 64, START = 48, ACCEPT_AT = GREETING + START };

static const char *const names[] = {"open", "auth", "enc", "mixed"};
static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_MIXED};

/* ---- a server ---- */

static struct ow_server *server;
static const uint8_t *drawn[3]; /* what is random: challenge, salt, Server-IV */
static unsigned draws;

static void draw(void *context, void *out, size_t octets)
{
  (void)context;
  if (drawn[0])
    memcpy(out, drawn[draws++ % 3], octets);
  else
    memset(out, 7, octets);
}

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  (void)context;
  *passphrase = TEST_PASSPHRASE;
  *octets = strlen(TEST_PASSPHRASE);
  return strcmp(key_id, TEST_KEY_ID) == 0;
}

static void create(uint32_t offered, struct ow_timestamp up_since)
{
  const struct ow_server_config config = {.twamp = true,
                                          .modes = offered,
                                          .pbkdf2_count = 2048,
                                          .setup_timeout = TEST_SETUP_SECONDS * OW_NS_PER_S,
                                          .idle_timeout = TEST_IDLE_SECONDS * OW_NS_PER_S,
                                          .up_since = up_since,
                                          .random = {.fill = draw},
                                          .find_key = find_key};
  draws = 0;
  server = ow_server_create(&config, test_at(0));
  ck_assert_ptr_nonnull(server);
}

/* The next event of these octets; keys are derived by the way. */
static struct ow_server_event hear(struct ow_reader *input)
{
  struct ow_server_event event;
  ow_server_receive(server, test_at(1), input, &event);
  test_server_derive(server, &event);
  return event;
}

static struct ow_server_event expect(struct ow_reader *input, enum ow_server_event_kind kind)
{
  struct ow_server_event event = hear(input);
  ck_assert_msg(event.kind == kind, "event %d: %s", event.kind, event.failure.text);
  return event;
}

/* ---- the captures ---- */

static uint64_t number_at(const uint8_t *octets)
{
  struct ow_reader reader = ow_reader(octets, 8);
  return ow_read_u64(&reader);
}

static void accept_as_captured(const uint8_t *says)
{
  struct ow_tw_acceptance acceptance;
  ow_tw_acceptance_decode(says + ACCEPT_AT, &acceptance);
  if (acceptance.session.accept != OW_ACCEPT_OK || ow_server_mode(server) != OW_MODE_OPEN)
    acceptance = (struct ow_tw_acceptance){.session.port = 18929};
  ck_assert_int_eq(ow_server_answer_tw_session(server, test_at(1), &acceptance), OW_OK);
}

START_TEST(a_captured_client_is_understood)
{
  char path[256];
  struct test_capture capture;
  struct ow_failure failure;
  size_t hears_octets, says_octets;
  snprintf(path, sizeof path, "%s/twamp-%s.pcap", OWAMP_VECTORS, names[_i]);
  ck_assert_int_eq(test_capture_read(&capture, path, PORT, &failure), OW_OK);
  uint8_t *hears = test_capture_stream(&capture, false, &hears_octets);
  uint8_t *says = test_capture_stream(&capture, true, &says_octets);
  drawn[0] = says + 16;
  drawn[1] = says + 32;
  drawn[2] = says + GREETING + 16;
  create(OW_TWAMP_MODES, (struct ow_timestamp){number_at(says + GREETING + 32)});
  struct ow_reader input = ow_reader(hears, hears_octets);
  struct ow_server_event event = expect(&input, OW_SERVER_SET_UP);
  ck_assert_int_eq(ow_server_mode(server), modes[_i]);
  ck_assert_uint_eq(ow_server_features(server), 0);
  ck_assert_str_eq(event.key_id, _i ? TEST_KEY_ID : "");
  ck_assert_int_eq(ow_server_set_up(server, test_at(1), OW_ACCEPT_OK), OW_OK);
  event = expect(&input, OW_SERVER_TW_REQUEST);
  ck_assert_ptr_nonnull(event.tw_request);
  ck_assert_uint_eq(event.tw_request->sender.port, event.tw_request->receiver.port);
  ck_assert_uint_eq(event.tw_request->padding, modes[_i] == OW_MODE_ENCRYPTED       ? 100
                                               : modes[_i] == OW_MODE_AUTHENTICATED ? 64
                                                                                    : 27);
  ck_assert_uint_eq(event.tw_request->type_p, modes[_i] == OW_MODE_ENCRYPTED ? 0x2e000000 : 0);
  accept_as_captured(says);
  (void)expect(&input, OW_SERVER_START_ASKED);
  ck_assert_int_eq(ow_server_answer_start(server, test_at(1), OW_ACCEPT_OK), OW_OK);
  event = expect(&input, OW_SERVER_TW_STOP);
  ck_assert_int_eq(event.accept, OW_ACCEPT_OK);
  ck_assert_int_eq(ow_server_state(server), OW_SERVER_READY);
  ck_assert_uint_eq(ow_reader_left(&input), 0);
  ck_assert_uint_eq(ow_buffer_length(ow_server_output(server)), says_octets);
  size_t octets;
  uint8_t *said = test_take(ow_server_output(server), &octets);
  ck_assert_mem_eq(said, says, _i ? GREETING + 32 : says_octets);
  free(said);
  free(hears);
  free(says);
  ow_server_free(server);
  test_capture_clear(&capture);
  drawn[0] = NULL;
}
END_TEST

/* ---- what else may be said, in open mode ---- */

static struct ow_reader say(const uint8_t *octets, size_t count)
{
  return ow_reader(octets, count);
}

static void set_up(uint32_t offered, uint32_t chosen, enum ow_server_event_kind expected)
{
  uint8_t octets[OW_SETUP_RESPONSE];
  create(offered, (struct ow_timestamp){1});
  ow_setup_response_encode(&(struct ow_setup_response){.mode = chosen}, octets);
  struct ow_reader input = say(octets, sizeof octets);
  (void)expect(&input, expected);
  if (expected == OW_SERVER_SET_UP)
    ck_assert_int_eq(ow_server_set_up(server, test_at(1), OW_ACCEPT_OK), OW_OK);
}

START_TEST(features_are_chosen_with_one_mode)
{
  const uint32_t offered = OW_MODE_OPEN | OW_MODE_MIXED | OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN;
  static const struct {
    uint32_t chosen;
    enum ow_server_event_kind event;
  } choices[] = {
      {OW_MODE_OPEN, OW_SERVER_SET_UP},
      {OW_MODE_OPEN | OW_TWAMP_SYMMETRICAL, OW_SERVER_SET_UP},
      {OW_MODE_OPEN | OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN, OW_SERVER_SET_UP},
      {OW_MODE_OPEN | OW_TWAMP_REFLECT, OW_SERVER_BROKEN},
      {OW_MODE_OPEN | OW_MODE_MIXED, OW_SERVER_BROKEN},
      {OW_TWAMP_SYMMETRICAL, OW_SERVER_BROKEN},
      {OW_MODE_ENCRYPTED, OW_SERVER_BROKEN},
      {0, OW_SERVER_BROKEN},
  };
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
    set_up(offered, choices[i].chosen, choices[i].event);
    if (choices[i].event == OW_SERVER_SET_UP)
      ck_assert_uint_eq(ow_server_features(server), choices[i].chosen & ~(uint32_t)OW_MODE_OPEN);
    ow_server_free(server);
  }
}
END_TEST

enum { MESSAGE = OW_REQUEST_TW_SESSION + 16 };

static void request(uint8_t octets[MESSAGE])
{
  const struct ow_tw_request request = {.sender = {.version = 4, .port = 9}, .receiver = {.version = 4}};
  memset(octets, 0, MESSAGE);
  ow_tw_request_encode(&request, octets);
}

static void agree(void)
{
  uint8_t octets[MESSAGE];
  request(octets);
  struct ow_reader input = say(octets, MESSAGE);
  ck_assert_ptr_nonnull(expect(&input, OW_SERVER_TW_REQUEST).tw_request);
  const struct ow_tw_acceptance acceptance = {.session.port = 9};
  ck_assert_int_eq(ow_server_answer_tw_session(server, test_at(1), &acceptance), OW_OK);
}

static void start(void)
{
  uint8_t octets[OW_START_SESSIONS + 16] = {0};
  ow_start_sessions_encode(octets);
  struct ow_reader input = say(octets, sizeof octets);
  (void)expect(&input, OW_SERVER_START_ASKED);
  ck_assert_int_eq(ow_server_answer_start(server, test_at(1), OW_ACCEPT_OK), OW_OK);
}

static void stop(uint32_t sessions, enum ow_server_event_kind expected)
{
  uint8_t octets[OW_STOP_SESSIONS + 16] = {0};
  ow_stop_sessions_encode(&(struct ow_stop_sessions){OW_ACCEPT_FAILURE, sessions}, octets);
  struct ow_reader input = say(octets, sizeof octets);
  struct ow_server_event event = expect(&input, expected);
  if (expected == OW_SERVER_TW_STOP)
    ck_assert_int_eq(event.accept, OW_ACCEPT_FAILURE);
}

START_TEST(a_connection_runs_sessions_again_and_again)
{
  set_up(OW_MODE_OPEN, OW_MODE_OPEN, OW_SERVER_SET_UP);
  for (uint32_t round = 1; round < 4; round++) {
    for (uint32_t i = 0; i < round; i++)
      agree();
    start();
    ck_assert_int_eq(ow_server_deadline(server), OW_NEVER);
    size_t octets = ow_buffer_length(ow_server_output(server));
    stop(round, OW_SERVER_TW_STOP);
    ck_assert_uint_eq(ow_buffer_length(ow_server_output(server)), octets); /* it has no answer */
    ck_assert_int_eq(ow_server_deadline(server), test_at(1 + TEST_IDLE_SECONDS).monotonic);
  }
  ow_server_free(server);
}
END_TEST

START_TEST(a_stop_of_another_number_ends_the_connection)
{
  set_up(OW_MODE_OPEN, OW_MODE_OPEN, OW_SERVER_SET_UP);
  agree();
  start();
  stop(2, OW_SERVER_BROKEN);
  ow_server_free(server);
}
END_TEST

START_TEST(a_request_for_another_role_is_answered)
{
  static const uint8_t fields[] = {1, 2, 3, 7, 11}; /* IPVN, roles, slots, packets */
  for (size_t i = 0; i < sizeof fields; i++) {
    uint8_t octets[MESSAGE];
    set_up(OW_MODE_OPEN, OW_MODE_OPEN, OW_SERVER_SET_UP);
    request(octets);
    octets[fields[i]] = 1;
    struct ow_reader input = say(octets, MESSAGE);
    struct ow_server_event event = expect(&input, OW_SERVER_TW_REQUEST);
    ck_assert_ptr_null(event.tw_request);
    ck_assert_str_ne(event.failure.text, "");
    ck_assert_int_eq(
        ow_server_answer_tw_session(server, test_at(1),
                                    &(struct ow_tw_acceptance){.session.accept = OW_ACCEPT_NOT_SUPPORTED}),
        OW_OK);
    ck_assert_int_eq(ow_server_state(server), OW_SERVER_READY);
    ow_server_free(server);
  }
}
END_TEST

/* OWAMP's request and fetch, and what is nobody's: Accept-Session says 3; a stop of nothing has no answer. */
START_TEST(other_commands_end_the_connection)
{
  static const uint8_t commands[] = {0, 1, 3, 4, 6, 7, 255};
  for (size_t i = 0; i < sizeof commands; i++) {
    uint8_t octets[MESSAGE] = {commands[i]};
    uint8_t answer[OW_ACCEPT_SESSION + 16] = {OW_ACCEPT_NOT_SUPPORTED}; /* and all else 0 */
    set_up(OW_MODE_OPEN, OW_MODE_OPEN, OW_SERVER_SET_UP);
    const struct ow_buffer *output = ow_server_output(server);
    size_t before = ow_buffer_length(output);
    struct ow_reader input = say(octets, sizeof octets);
    (void)expect(&input, OW_SERVER_BROKEN);
    if (commands[i] == OW_COMMAND_STOP_SESSIONS) {
      ck_assert_uint_eq(ow_buffer_length(output), before);
    } else {
      ck_assert_uint_eq(ow_buffer_length(output), before + sizeof answer);
      ck_assert_mem_eq(ow_buffer_head(output) + before, answer, sizeof answer);
    }
    ow_server_free(server);
  }
  set_up(OW_MODE_OPEN, OW_MODE_OPEN, OW_SERVER_SET_UP);
  agree();
  start();
  uint8_t octets[MESSAGE];
  request(octets);
  struct ow_reader input = say(octets, MESSAGE);
  (void)expect(&input, OW_SERVER_BROKEN);
  ow_server_free(server);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control_twamp_server");
  TEST_LOOP(suite, "captures", 4, a_captured_client_is_understood);
  TEST_CASE(suite, "open mode", features_are_chosen_with_one_mode, a_connection_runs_sessions_again_and_again,
            a_stop_of_another_number_ends_the_connection, a_request_for_another_role_is_answered,
            other_commands_end_the_connection);
  return test_run(suite);
}
