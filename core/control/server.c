/* SPDX-License-Identifier: MIT */
/* State by state: what the client may say, what the host must decide, and the answers. */
#include "control/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "control/intake.h"
#include "control/outbox.h"
#include "control/server_machine.h"
#include "control/server_twamp.h"
#include "control/stop_list.h"
#include "wire/setup.h"

enum {
  /* A fetch is written as fast as the connection takes it, so only one message must fit. */
  LARGEST_OUTPUT = 1 << 20,
  SLOTS_READ = 1 << 20, /* of a schedule that is refused */
};

/* ---- state ---- */

static void break_off(struct ow_server *server, struct ow_server_event *event)
{
  server->state = OW_SERVER_FAILED;
  server->deadline = OW_NEVER;
  event->kind = OW_SERVER_BROKEN;
}

/* ---- life ---- */

static void end_setup(struct ow_server *server)
{
  if (server->setup)
    ow_wipe(server->setup, sizeof *server->setup);
  free(server->setup);
  server->setup = NULL;
}

static enum ow_status greet(struct ow_server *server)
{
  const struct ow_server_config *config = &server->config;
  struct ow_greeting greeting = {.modes = config->modes, .challenge.count = config->pbkdf2_count};
  uint8_t octets[OW_GREETING];
  server->setup = calloc(1, sizeof *server->setup);
  if (!server->setup)
    return OW_MEMORY;
  ow_random_fill(&config->random, greeting.challenge.challenge, OW_CHALLENGE);
  ow_random_fill(&config->random, greeting.challenge.salt, OW_SALT);
  server->setup->challenge = greeting.challenge;
  ow_greeting_encode(&greeting, octets);
  ow_outbox_clear_text(&server->outbox, octets, sizeof octets);
  return server->outbox.status;
}

struct ow_server *ow_server_create(const struct ow_server_config *config, struct ow_instant now)
{
  struct ow_server *server = calloc(1, sizeof *server);
  if (server) {
    server->config = *config;
    server->outbox.octets.limit = LARGEST_OUTPUT;
    ow_intake_expect(&server->intake, OW_SETUP_RESPONSE, false);
    ow_server_enter(server, OW_SERVER_AWAIT_SETUP, now);
    if (greet(server) != OW_OK) { /* without a greeting the client would wait in vain */
      ow_server_free(server);
      server = NULL;
    }
  }
  return server;
}

void ow_server_free(struct ow_server *server)
{
  if (server) {
    end_setup(server);
    ow_intake_clear(&server->intake);
    ow_outbox_clear(&server->outbox);
    ow_stop_list_clear(&server->stop);
    ow_server_forget_request(server);
    free(server->pending);
    ow_wipe(server, sizeof *server);
  }
  free(server);
}

/* ---- set-up ---- */

static void decide_set_up(struct ow_server *server, struct ow_instant now, struct ow_server_event *event)
{
  ow_server_enter(server, OW_SERVER_DECIDE_SETUP, now);
  event->kind = OW_SERVER_SET_UP;
  event->key_id = server->setup->response.key_id;
}

/* An unknown KeyID is worked through with some passphrase, so that it costs the same time as a wrong one. */
static void ask_for_key(struct ow_server *server, struct ow_instant now, struct ow_server_event *event)
{
  static const char nobody[] = "no such key";
  const struct ow_server_config *config = &server->config;
  struct ow_key_source *source = &event->source;
  *source = (struct ow_key_source){nobody, sizeof nobody, {0}, server->setup->challenge.count};
  memcpy(source->salt, server->setup->challenge.salt, OW_SALT);
  server->setup->key_known =
      config->find_key && config->find_key(config->key_context, server->setup->response.key_id,
                                           &source->passphrase, &source->octets);
  ow_server_enter(server, OW_SERVER_AWAIT_KEY, now);
  event->kind = OW_SERVER_DERIVE;
}

static enum ow_status on_setup_response(struct ow_server *server, struct ow_instant now,
                                        struct ow_server_event *event)
{
  ow_setup_response_decode(ow_intake_message(&server->intake), &server->setup->response);
  uint32_t chosen = server->setup->response.mode;
  bool twamp = server->config.twamp;
  uint32_t mode = twamp ? chosen & OW_TWAMP_MODES : chosen;
  if (chosen == OW_MODE_NONE)
    return ow_fail(&event->failure, OW_REFUSED, "the client gave up: none of the modes offered suits it");
  if (mode == 0 || (mode & (mode - 1)) != 0 || (chosen & ~server->config.modes) != 0 ||
      (!twamp && (chosen & OW_MODES_ALL) == 0))
    return ow_fail(&event->failure, OW_PROTOCOL, "the client chose mode %u, which was not offered", chosen);
  server->mode = (enum ow_mode)mode;
  server->features = chosen & ~mode;
  ow_intake_expect(&server->intake, 0, false);
  if (server->mode == OW_MODE_OPEN) {
    server->setup->response.key_id[0] = '\0';
    decide_set_up(server, now, event);
  } else {
    ask_for_key(server, now, event);
  }
  return OW_OK;
}

/* Known or not, the Token is opened: both take the same time. */
static enum ow_status prove_key(struct ow_server *server, const struct ow_token_key *key)
{
  enum ow_status status =
      ow_token_open(key, &server->setup->challenge, server->setup->response.token, &server->keys);
  return status == OW_OK && !server->setup->key_known ? OW_AUTH : status;
}

/* What the client hears, and what the host. */
static enum ow_accept refuse_key(const struct ow_server *server, enum ow_status status,
                                 struct ow_failure *failure)
{
  enum ow_accept accept = OW_ACCEPT_TEMPORARY_LIMIT;
  char key_id[OW_KEY_ID + 1];
  ow_printable(key_id, sizeof key_id, server->setup->response.key_id, strlen(server->setup->response.key_id));
  if (status == OW_AUTH) {
    accept = OW_ACCEPT_FAILURE;
    ow_fail(failure, status, "unknown KeyID or wrong passphrase for \"%s\"", key_id);
  } else if (status == OW_CRYPTO) {
    accept = OW_ACCEPT_INTERNAL_ERROR;
    ow_fail(failure, status, "the crypto library can't open the client's Token");
  } else {
    ow_fail(failure, status, "too many keys wait to be derived: \"%s\" is told to come again", key_id);
  }
  return accept;
}

void ow_server_use_key(struct ow_server *server, struct ow_instant now, enum ow_status derived,
                       const struct ow_token_key *key, const struct ow_failure *why,
                       struct ow_server_event *event)
{
  enum ow_status status = derived;
  *event = (struct ow_server_event){0};
  if (server->state != OW_SERVER_AWAIT_KEY)
    return;
  if (status == OW_OK)
    status = prove_key(server, key);
  decide_set_up(server, now, event);
  if (status != OW_OK) {
    enum ow_accept accept = refuse_key(server, status, &event->failure);
    (void)!ow_server_set_up(server, now, accept); /* the connection ends in any case */
    break_off(server, event);
    if (why)
      event->failure = *why;
  }
}

enum ow_status ow_server_set_up(struct ow_server *server, struct ow_instant now, enum ow_accept accept)
{
  struct ow_server_start start = {.accept = accept, .start_time = server->config.up_since};
  uint8_t octets[OW_SERVER_START];
  if (server->state != OW_SERVER_DECIDE_SETUP)
    return OW_STATE;
  if (accept == OW_ACCEPT_OK && server->mode != OW_MODE_OPEN) {
    ow_random_fill(&server->config.random, start.server_iv, OW_IV);
    ow_protection_seal_from(&server->outbox.protection, &server->keys, start.server_iv);
    ow_protection_open_from(&server->intake.protection, &server->keys, server->setup->response.client_iv);
  }
  ow_server_start_encode(&start, octets);
  ow_outbox_clear_text(&server->outbox, octets, OW_SERVER_START_CLEAR);
  ow_outbox_blocks(&server->outbox, octets + OW_SERVER_START_CLEAR, OW_SERVER_START - OW_SERVER_START_CLEAR);
  if (accept == OW_ACCEPT_OK) {
    end_setup(server);
    ow_server_await_command(server, now);
  } else {
    ow_server_enter(server, OW_SERVER_FAILED, now);
  }
  return server->outbox.status;
}

/* ---- Request-Session ---- */

/* A schedule that is longer than what can be run is read past in parts, so that the request is answered. */
static enum ow_status pass_slots(struct ow_server *server, struct ow_instant now,
                                 struct ow_server_event *event)
{
  uint32_t part = server->slots_left < OW_SLOTS_MOST ? server->slots_left : (uint32_t)OW_SLOTS_MOST;
  server->slots_left -= part;
  if (part > 0) {
    ow_intake_expect(&server->intake, (size_t)part * OW_SLOT, false);
  } else if (server->passing == SLOTS) {
    server->passing = HMAC;
    ow_intake_expect(&server->intake, OW_HMAC, true);
  } else {
    server->passing = NOTHING;
    ow_server_enter(server, OW_SERVER_DECIDE_SESSION, now);
    event->kind = OW_SERVER_REQUEST;
    event->request = &server->asked->session;
  }
  return OW_OK;
}

static enum ow_status read_request_head(struct ow_server *server, struct ow_instant now,
                                        struct ow_server_event *event)
{
  union ow_server_asked *asked = ow_server_ask(server, &event->failure);
  if (!asked)
    return OW_MEMORY;
  struct ow_session_request *request = &asked->session;
  enum ow_status status =
      ow_session_request_decode(ow_intake_message(&server->intake), request, &event->failure);
  if (status != OW_OK)
    return status;
  if (request->slot_count <= OW_SLOTS_MOST) {
    ow_intake_expect_more(&server->intake, (size_t)request->slot_count * OW_SLOT + OW_HMAC, true);
  } else if (request->slot_count <= SLOTS_READ) {
    server->passing = SLOTS;
    server->slots_left = request->slot_count;
    status = pass_slots(server, now, event);
  } else {
    status = ow_fail(&event->failure, OW_LIMIT, "the client asks for %u schedule slots; %u are read at most",
                     request->slot_count, (unsigned)SLOTS_READ);
  }
  return status;
}

static enum ow_status read_request_slots(struct ow_server *server, struct ow_instant now,
                                         struct ow_server_event *event)
{
  uint32_t count = server->asked->session.slot_count;
  const uint8_t *at = ow_intake_message(&server->intake) + OW_REQUEST_SESSION + OW_HMAC;
  enum ow_status status = OW_OK;
  server->slots = calloc(count, sizeof *server->slots);
  if (!server->slots)
    status = ow_fail(&event->failure, OW_MEMORY, "no memory for %u schedule slots", count);
  for (uint32_t i = 0; status == OW_OK && i < count; i++)
    status = ow_slot_decode(at + (size_t)i * OW_SLOT, &server->slots[i], &event->failure);
  if (status == OW_OK) {
    ow_server_enter(server, OW_SERVER_DECIDE_SESSION, now);
    event->kind = OW_SERVER_REQUEST;
    event->request = &server->asked->session;
    event->slots = server->slots;
  }
  return status;
}

/* Its parts: the first block, the rest of the head, the slots. */
static enum ow_status on_request(struct ow_server *server, struct ow_instant now,
                                 struct ow_server_event *event)
{
  size_t have = server->intake.opened;
  enum ow_status status = OW_OK;
  if (have == OW_BLOCK)
    ow_intake_expect_more(&server->intake, OW_REQUEST_SESSION - OW_BLOCK + OW_HMAC, true);
  else if (have == OW_REQUEST_SESSION + OW_HMAC)
    status = read_request_head(server, now, event);
  else
    status = read_request_slots(server, now, event);
  return status;
}

/* So that what is read of a Stop-Sessions takes no more memory than the records that were agreed on. */
static uint32_t more_ranges(uint32_t ranges, uint32_t packets)
{
  uint32_t more = packets < OW_MAX_SKIP_RANGES ? packets : OW_MAX_SKIP_RANGES;
  return ranges < OW_SKIP_RANGES_IN_ALL ? ranges + more : ranges;
}

enum ow_status ow_server_answer_session(struct ow_server *server, struct ow_instant now,
                                        const struct ow_session_acceptance *acceptance)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  if (server->state != OW_SERVER_DECIDE_SESSION)
    return OW_STATE;
  const struct ow_session_request *request = &server->asked->session;
  if (acceptance->accept == OW_ACCEPT_OK && !request->server_sends) {
    server->client_sending++;
    server->client_ranges = more_ranges(server->client_ranges, request->packets);
  }
  server->agreed = server->agreed || acceptance->accept == OW_ACCEPT_OK;
  ow_server_forget_request(server);
  ow_session_acceptance_encode(acceptance, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  ow_server_await_command(server, now);
  return server->outbox.status;
}

/* ---- Start-Sessions, Stop-Sessions ---- */

static void on_start(struct ow_server *server, struct ow_instant now, struct ow_server_event *event)
{
  if (server->intake.opened == OW_BLOCK) {
    ow_intake_expect_more(&server->intake, OW_HMAC, true);
  } else {
    ow_server_enter(server, OW_SERVER_DECIDE_START, now);
    event->kind = OW_SERVER_START_ASKED;
  }
}

enum ow_status ow_server_answer_start(struct ow_server *server, struct ow_instant now, enum ow_accept accept)
{
  uint8_t octets[OW_START_ACK];
  if (server->state != OW_SERVER_DECIDE_START)
    return OW_STATE;
  ow_start_ack_encode(accept, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  server->agreed = server->agreed && accept != OW_ACCEPT_OK;
  ow_server_await_command(server, now);
  if (accept == OW_ACCEPT_OK) {
    ow_stop_list_clear(&server->stop);
    ow_server_enter(server, OW_SERVER_RUNNING, now);
  }
  return server->outbox.status;
}

static enum ow_status on_stop_part(struct ow_server *server, struct ow_instant now,
                                   struct ow_server_event *event)
{
  bool complete = false;
  const uint8_t *message = ow_intake_message(&server->intake);
  if (!server->stop.ends && message[0] != OW_COMMAND_STOP_SESSIONS)
    return ow_fail(&event->failure, OW_PROTOCOL,
                   "command %u while sessions run; only Stop-Sessions (3) is possible", message[0]);
  enum ow_status status = ow_stop_list_read(&server->stop, &server->intake, server->client_sending,
                                            server->client_ranges, &complete, &event->failure);
  if (status == OW_OK && complete) {
    event->kind = OW_SERVER_STOP;
    event->accept = server->stop.accept;
    event->ends = server->stop.ends;
    event->end_count = server->stop.count;
    server->client_sending = server->client_ranges = 0;
    if (server->state == OW_SERVER_STOPPING)
      ow_server_await_command(server, now);
    else
      ow_server_enter(server, OW_SERVER_DECIDE_STOP, now);
  }
  return status;
}

static void end_stop(struct ow_server *server, struct ow_instant now)
{
  ow_outbox_hmac(&server->outbox);
  if (server->client_stopped_first)
    ow_server_await_command(server, now);
  else
    ow_server_enter(server, OW_SERVER_STOPPING, now);
}

enum ow_status ow_server_begin_stop(struct ow_server *server, struct ow_instant now, enum ow_accept accept,
                                    uint32_t count)
{
  if (server->state != OW_SERVER_RUNNING && server->state != OW_SERVER_DECIDE_STOP)
    return OW_STATE;
  server->client_stopped_first = server->state == OW_SERVER_DECIDE_STOP;
  server->ends_left = count;
  ow_server_enter(server, OW_SERVER_TELLING_STOP, now);
  ow_outbox_begin_stop(&server->outbox, accept, count);
  if (count == 0)
    end_stop(server, now);
  return server->outbox.status;
}

enum ow_status ow_server_describe_end(struct ow_server *server, struct ow_instant now,
                                      const struct ow_session_end *end)
{
  if (server->state != OW_SERVER_TELLING_STOP)
    return OW_STATE;
  ow_outbox_session_end(&server->outbox, end);
  if (--server->ends_left == 0)
    end_stop(server, now);
  return server->outbox.status;
}

void ow_server_forget_ends(struct ow_server *server)
{
  bool stopped = server->state != OW_SERVER_RUNNING && server->state != OW_SERVER_TELLING_STOP &&
                 server->state != OW_SERVER_STOPPING;
  if (stopped)
    ow_stop_list_clear(&server->stop);
}

/* ---- Fetch-Session ---- */

static void on_fetch(struct ow_server *server, struct ow_instant now, struct ow_server_event *event)
{
  if (server->intake.opened == OW_BLOCK) {
    ow_intake_expect_more(&server->intake, OW_FETCH_SESSION - OW_BLOCK + OW_HMAC, true);
  } else {
    ow_fetch_request_decode(ow_intake_message(&server->intake), &event->fetch);
    ow_server_enter(server, OW_SERVER_DECIDE_FETCH, now);
    event->kind = OW_SERVER_FETCH;
  }
}

/* ---- octets in ---- */

static enum ow_status on_unknown(struct ow_server *server, uint8_t command, struct ow_failure *failure)
{
  return server->config.twamp ? ow_server_tw_refuse(server, command, failure)
                              : ow_fail(failure, OW_PROTOCOL, "unknown command %u", command);
}

static enum ow_status on_command(struct ow_server *server, struct ow_instant now,
                                 struct ow_server_event *event)
{
  uint8_t command = ow_intake_message(&server->intake)[0];
  bool foreign = command == OW_COMMAND_REQUEST_SESSION || command == OW_COMMAND_FETCH_SESSION;
  enum ow_status status = OW_OK;
  if (server->config.twamp ? foreign : command == OW_COMMAND_REQUEST_TW_SESSION)
    return on_unknown(server, command, &event->failure);
  switch (command) {
  case OW_COMMAND_REQUEST_SESSION: status = on_request(server, now, event); break;
  case OW_COMMAND_REQUEST_TW_SESSION: status = ow_server_tw_request(server, now, event); break;
  case OW_COMMAND_START_SESSIONS: on_start(server, now, event); break;
  case OW_COMMAND_STOP_SESSIONS:
    status = ow_fail(&event->failure, OW_PROTOCOL, "Stop-Sessions while no session runs");
    break;
  case OW_COMMAND_FETCH_SESSION: on_fetch(server, now, event); break;
  default: /* any octet may come from the wire */
    status = on_unknown(server, command, &event->failure);
    break;
  }
  return status;
}

static enum ow_status act(struct ow_server *server, struct ow_instant now, struct ow_server_event *event)
{
  enum ow_status status = OW_OK;
  switch (server->state) {
  case OW_SERVER_AWAIT_SETUP: status = on_setup_response(server, now, event); break;
  case OW_SERVER_READY:
    status = server->passing ? pass_slots(server, now, event) : on_command(server, now, event);
    break;
  case OW_SERVER_RUNNING:
  case OW_SERVER_STOPPING:
    status = server->config.twamp ? ow_server_tw_stop(server, now, event) : on_stop_part(server, now, event);
    break;
  case OW_SERVER_AWAIT_KEY:
  case OW_SERVER_DECIDE_SETUP:
  case OW_SERVER_DECIDE_SESSION:
  case OW_SERVER_DECIDE_START:
  case OW_SERVER_DECIDE_STOP:
  case OW_SERVER_TELLING_STOP:
  case OW_SERVER_DECIDE_FETCH:
  case OW_SERVER_FETCHING:
  case OW_SERVER_FAILED: status = OW_STATE; break;
  }
  return status;
}

static bool takes_input(const struct ow_server *server)
{
  return ow_server_awaits(server, server->state) || server->state == OW_SERVER_RUNNING;
}

/* True in the states that have no haste until a message begins. */
static bool at_leisure(const struct ow_server *server)
{
  return server->state == OW_SERVER_READY || server->state == OW_SERVER_RUNNING;
}

/* A Stop-Sessions is taken off the intake part by part. */
static bool within_message(const struct ow_server *server)
{
  return ow_intake_begun(&server->intake) || server->passing ||
         (server->state == OW_SERVER_RUNNING && server->stop.ends);
}

static enum ow_status receive_part(struct ow_server *server, struct ow_instant now, struct ow_reader *input,
                                   struct ow_server_event *event)
{
  bool complete = false;
  if (at_leisure(server) && !within_message(server)) /* a message must not take for ever */
    server->deadline = now.monotonic + server->config.setup_timeout;
  enum ow_status status = ow_intake_feed(&server->intake, input, &complete);
  if (status == OW_AUTH)
    ow_fail(&event->failure, status, "wrong HMAC on a message of the client: octets were changed on the way");
  else if (status != OW_OK)
    ow_fail(&event->failure, status,
            "no memory, or the crypto library failed, while reading from the client");
  if (status == OW_OK && complete)
    status = act(server, now, event);
  if (status == OW_OK && server->outbox.status != OW_OK)
    status = ow_outbox_explain(&server->outbox, &event->failure);
  return status;
}

void ow_server_receive(struct ow_server *server, struct ow_instant now, struct ow_reader *input,
                       struct ow_server_event *event)
{
  *event = (struct ow_server_event){0};
  if (server->state == OW_SERVER_FAILED)
    ow_read_skip(input, ow_reader_left(input));
  while (event->kind == OW_SERVER_NOTHING && takes_input(server) && ow_reader_left(input)) {
    enum ow_status status = receive_part(server, now, input, event);
    if (status != OW_OK) {
      ow_read_skip(input, ow_reader_left(input));
      break_off(server, event);
    }
  }
}

struct ow_buffer *ow_server_output(struct ow_server *server)
{
  return &server->outbox.octets;
}

int64_t ow_server_deadline(const struct ow_server *server)
{
  return server->deadline;
}

void ow_server_expired(struct ow_server *server, struct ow_server_event *event)
{
  bool within = at_leisure(server) && within_message(server);
  const char *what = within ? "the rest of a message" : ow_server_awaits(server, server->state);
  int64_t waited = within ? server->config.setup_timeout : ow_server_patience(server, server->state);
  *event = (struct ow_server_event){0};
  ow_fail(&event->failure, OW_TIMEOUT, "the client was silent for %g s where we waited for %s",
          (double)waited / (double)OW_NS_PER_S, what ? what : "nothing");
  break_off(server, event);
}

/* ---- what is known ---- */

enum ow_server_state ow_server_state(const struct ow_server *server)
{
  return server->state;
}

const char *ow_server_claimed_key(const struct ow_server *server)
{
  const struct ow_server_setup *setup = server->setup;
  return setup && setup->key_known ? setup->response.key_id : "";
}

enum ow_mode ow_server_mode(const struct ow_server *server)
{
  return server->mode;
}

uint32_t ow_server_features(const struct ow_server *server)
{
  return server->features;
}

uint32_t ow_server_fetch_left(const struct ow_server *server)
{
  return server->records_left;
}

enum ow_status ow_server_test_keys(const struct ow_server *server, const struct ow_sid *sid,
                                   struct ow_keys *keys)
{
  *keys = (struct ow_keys){0};
  return server->mode == OW_MODE_OPEN ? OW_OK : ow_test_keys_derive(&server->keys, sid, keys);
}
