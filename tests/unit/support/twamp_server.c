/* SPDX-License-Identifier: MIT */
/* Message by message, on the core's own codecs and protection. */
#include "support/twamp_server.h"

#include <check.h>
#include <string.h>

#include "support/machine.h"
#include "support/token.h"
#include "wire/endpoint.h"
#include "wire/setup.h"

enum { IV_OCTET = 0x77, LARGEST_OUTPUT = 1 << 16 };

void test_twamp_server_open(struct test_twamp_server *server, const struct test_twamp_habits *habits)
{
  uint8_t octets[OW_GREETING];
  struct ow_greeting greeting = {.modes = habits->modes, .challenge = {.count = OW_COUNT_LEAST}};
  memset(greeting.challenge.challenge, 0x11, OW_CHALLENGE);
  memset(greeting.challenge.salt, 0x22, OW_SALT);
  *server = (struct test_twamp_server){.habits = habits, .challenge = greeting.challenge};
  server->outbox.octets.limit = LARGEST_OUTPUT;
  ow_greeting_encode(&greeting, octets);
  ow_outbox_clear_text(&server->outbox, octets, sizeof octets);
  ow_intake_expect(&server->intake, OW_SETUP_RESPONSE, false);
}

void test_twamp_server_close(struct test_twamp_server *server)
{
  ow_intake_clear(&server->intake);
  ow_outbox_clear(&server->outbox);
}

struct ow_keys test_twamp_server_keys(const struct test_twamp_server *server)
{
  struct ow_keys keys = {0};
  if (server->format.mode != OW_MODE_OPEN)
    ck_assert_int_eq(ow_test_keys_derive(&server->keys, &server->acceptance.session.sid, &keys), OW_OK);
  return keys;
}

/* ---- set-up ---- */

static void protect(struct test_twamp_server *server, const struct ow_setup_response *response,
                    const struct ow_server_start *start)
{
  ck_assert_str_eq(response->key_id, TEST_KEY_ID);
  ck_assert_int_eq(test_token_open(TEST_PASSPHRASE, strlen(TEST_PASSPHRASE), &server->challenge,
                                   response->token, &server->keys),
                   OW_OK);
  ow_protection_open_from(&server->intake.protection, &server->keys, response->client_iv);
  ow_protection_seal_from(&server->outbox.protection, &server->keys, start->server_iv);
}

static void on_response(struct test_twamp_server *server)
{
  uint8_t octets[OW_SERVER_START];
  struct ow_setup_response response;
  struct ow_server_start start = {.accept = OW_ACCEPT_OK};
  ow_setup_response_decode(ow_intake_message(&server->intake), &response);
  if (response.mode == 0) {
    server->closed = true;
    return;
  }
  ck_assert_uint_eq(response.mode & ~server->habits->modes, 0);
  server->mode = (enum ow_mode)(response.mode & OW_TWAMP_MODES);
  server->format = (struct ow_twamp_format){ow_mode_of_packets(server->mode), response.mode & ~15U};
  memset(start.server_iv, IV_OCTET, sizeof start.server_iv);
  ow_server_start_encode(&start, octets);
  ow_outbox_clear_text(&server->outbox, octets, OW_SERVER_START_CLEAR);
  if (server->mode != OW_MODE_OPEN)
    protect(server, &response, &start);
  ow_outbox_blocks(&server->outbox, octets + OW_SERVER_START_CLEAR, OW_SERVER_START - OW_SERVER_START_CLEAR);
  server->stage = TEST_TWAMP_COMMANDS;
  ow_intake_expect(&server->intake, OW_BLOCK, false);
}

/* ---- commands ---- */

static enum ow_accept accept_of(const struct test_twamp_server *server)
{
  bool zero = ow_endpoint_is_any(&server->request.sender);
  return zero && server->habits->no_zero_addresses ? OW_ACCEPT_NOT_SUPPORTED : server->habits->session;
}

static void on_request(struct test_twamp_server *server)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  struct ow_failure failure = {0};
  struct ow_session_acceptance *session = &server->acceptance.session;
  ck_assert_msg(ow_tw_request_decode(ow_intake_message(&server->intake), &server->request, &failure) == OW_OK,
                "%s", failure.text);
  server->requests++;
  server->acceptance = (struct ow_tw_acceptance){.session = {.accept = accept_of(server)}};
  if (session->accept == OW_ACCEPT_OK) {
    const struct test_twamp_habits *habits = server->habits;
    session->port = habits->port ? habits->port : server->request.receiver.port;
    session->port = habits->no_port ? 0 : session->port;
    if (!habits->no_sid)
      memset(session->sid.octets, ++server->sids, OW_SID);
    server->agreed++;
  }
  ow_tw_acceptance_encode(&server->acceptance, octets);
  server->closed = server->habits->closes;
  if (!server->habits->silent && !server->closed)
    ow_outbox_message(&server->outbox, octets, sizeof octets);
}

static void on_start(struct test_twamp_server *server)
{
  uint8_t octets[OW_START_ACK];
  ow_start_ack_encode(server->habits->start, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  server->starts++;
  server->closed = server->habits->closes_running;
  if (server->habits->talks)
    ow_outbox_message(&server->outbox, octets, sizeof octets);
}

static void on_stop(struct test_twamp_server *server)
{
  ow_stop_sessions_decode(ow_intake_message(&server->intake), &server->stop);
  ck_assert_uint_eq(server->stop.sessions, server->agreed);
  server->agreed = 0;
  server->stops++;
}

/* A command's first block says how long it is; the rest ends with the HMAC. */
static void on_command(struct test_twamp_server *server)
{
  uint8_t command = ow_intake_message(&server->intake)[0];
  bool whole = ow_intake_octets(&server->intake) > OW_BLOCK;
  size_t octets = command == OW_COMMAND_REQUEST_TW_SESSION ? OW_REQUEST_TW_SESSION : OW_BLOCK;
  if (!whole) {
    ow_intake_expect_more(&server->intake, octets - OW_BLOCK + OW_HMAC, true);
    return;
  }
  switch (command) {
  case OW_COMMAND_REQUEST_TW_SESSION: on_request(server); break;
  case OW_COMMAND_START_SESSIONS: on_start(server); break;
  case OW_COMMAND_STOP_SESSIONS: on_stop(server); break;
  default: ck_abort_msg("the client said %u", command);
  }
  ow_intake_expect(&server->intake, OW_BLOCK, false);
}

void test_twamp_server_receive(struct test_twamp_server *server, struct ow_reader *input)
{
  while (ow_reader_left(input) && !server->closed) {
    bool complete;
    ck_assert_int_eq(ow_intake_feed(&server->intake, input, &complete), OW_OK);
    if (complete && server->stage == TEST_TWAMP_SET_UP)
      on_response(server);
    else if (complete)
      on_command(server);
    ck_assert_int_eq(server->outbox.status, OW_OK);
  }
  if (server->closed)
    ow_read_skip(input, ow_reader_left(input));
}
