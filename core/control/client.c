/* SPDX-License-Identifier: MIT */
/* State by state: the part of a message that has come, and the part that is expected next. */
#include "control/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "control/fetch_reader.h"
#include "control/intake.h"
#include "control/mode_choice.h"
#include "control/outbox.h"
#include "control/stop_list.h"
#include "control/stranger.h"
#include "wire/setup.h"

/* Requests are small; Stop-Sessions with many skip ranges is the largest thing a client says. */
enum { LARGEST_OUTPUT = 1 << 20 };

/* A measurement has two sessions: these are of the running one and of some before it. */
enum { SIDS_KEPT = 8 };

struct ow_client {
  struct ow_client_config config;
  enum ow_client_state state;
  struct ow_intake intake;
  struct ow_outbox outbox;
  int64_t deadline;

  bool greeted;
  uint32_t offered;
  enum ow_mode mode;
  uint32_t features;             /* TWAMP's, chosen beside it */
  struct ow_challenge challenge; /* while the key is awaited */
  struct ow_keys keys;
  struct ow_server_start server_start;
  bool server_start_opened; /* its clear part was read: what follows is protected */

  bool requested_server_sends;
  struct ow_sid requested_sid;   /* of a session that the server sends: ours */
  struct ow_sid sids[SIDS_KEPT]; /* of the sessions agreed last */
  uint32_t sid_count;            /* ever; the newest one took the place of the oldest */
  uint32_t agreed;               /* sessions since the last ones were stopped */
  uint32_t server_sending;       /* sessions that the server's Stop-Sessions may describe */
  struct ow_stop_list stop;
  struct ow_fetch_reader *fetch; /* NULL while nothing is fetched */
};

/* ---- life ---- */

struct ow_client *ow_client_create(const struct ow_client_config *config, struct ow_instant now)
{
  struct ow_client *client = calloc(1, sizeof *client);
  if (client) {
    client->config = *config;
    client->outbox.octets.limit = LARGEST_OUTPUT;
    client->state = OW_CLIENT_AWAIT_GREETING;
    client->deadline = now.monotonic + config->timeout;
    ow_intake_expect(&client->intake, OW_GREETING, false);
  }
  return client;
}

void ow_client_free(struct ow_client *client)
{
  if (client) {
    ow_intake_clear(&client->intake);
    ow_outbox_clear(&client->outbox);
    ow_stop_list_clear(&client->stop);
    ow_fetch_reader_free(client->fetch);
    ow_wipe(client, sizeof *client);
  }
  free(client);
}

/* ---- state ---- */

/* What a state waits for, in words; NULL if it waits for nothing. */
static const char *what_is_awaited(enum ow_client_state state)
{
  const char *what = NULL;
  switch (state) {
  case OW_CLIENT_AWAIT_GREETING: what = "its Server-Greeting"; break;
  case OW_CLIENT_AWAIT_KEY: break;
  case OW_CLIENT_AWAIT_SERVER_START: what = "its Server-Start (the answer to our key)"; break;
  case OW_CLIENT_READY: break;
  case OW_CLIENT_AWAIT_ACCEPT_SESSION: what = "its Accept-Session"; break;
  case OW_CLIENT_AWAIT_START_ACK: what = "its Start-Ack"; break;
  case OW_CLIENT_RUNNING: break;
  case OW_CLIENT_STOPPING: what = "its Stop-Sessions"; break;
  case OW_CLIENT_STOP_OWED: break;
  case OW_CLIENT_AWAIT_FETCH_ACK: what = "its Fetch-Ack"; break;
  case OW_CLIENT_FETCHING: what = "the rest of a fetched session"; break;
  case OW_CLIENT_FAILED: break;
  }
  return what;
}

static void enter_state(struct ow_client *client, enum ow_client_state state, struct ow_instant now)
{
  bool hurried = what_is_awaited(state) || state == OW_CLIENT_AWAIT_KEY;
  client->state = state;
  client->deadline = hurried ? now.monotonic + client->config.timeout : OW_NEVER;
}

static void break_off(struct ow_client *client, struct ow_client_event *event)
{
  client->state = OW_CLIENT_FAILED;
  client->deadline = OW_NEVER;
  event->kind = OW_CLIENT_BROKEN;
}

/* ---- set-up ---- */

static bool speaks_twamp(const struct ow_client *client)
{
  return client->config.protocol == OW_PROTOCOL_TWAMP;
}

/* RFC 4656, 3.1: a client that can't go on says so with Mode 0, and closes. */
static void give_up(struct ow_client *client)
{
  uint8_t octets[OW_SETUP_RESPONSE];
  ow_setup_response_encode(&(struct ow_setup_response){.mode = OW_MODE_NONE}, octets);
  ow_outbox_clear_text(&client->outbox, octets, sizeof octets);
}

static enum ow_status choose_mode(struct ow_client *client, const struct ow_greeting *greeting,
                                  struct ow_failure *failure)
{
  const struct ow_client_config *config = &client->config;
  const struct ow_mode_limits limits = {
      .protocol = config->protocol, .modes = config->modes, .keyed = config->key_id && config->key_id[0]};
  client->greeted = true;
  client->offered = greeting->modes;
  client->features = speaks_twamp(client) ? greeting->modes & config->features : 0;
  enum ow_status status = ow_mode_choose(greeting->modes, &limits, &client->mode, failure);
  if (status == OW_OK && client->mode != OW_MODE_OPEN &&
      !ow_count_valid(greeting->challenge.count, config->most_count))
    status = ow_fail(failure, OW_LIMIT,
                     "the server asks for %u rounds of PBKDF2; a power of 2 from %u to %u is accepted",
                     greeting->challenge.count, (unsigned)OW_COUNT_LEAST, config->most_count);
  return status;
}

/* KeyID, Token and Client-IV; from here on what we send is protected. */
static enum ow_status fill_key(struct ow_client *client, const struct ow_token_key *key,
                               struct ow_setup_response *response)
{
  const struct ow_client_config *config = &client->config;
  memcpy(response->key_id, config->key_id, strnlen(config->key_id, OW_KEY_ID));
  ow_random_fill(&config->random, &client->keys, sizeof client->keys);
  ow_random_fill(&config->random, response->client_iv, OW_IV);
  enum ow_status status = ow_token_seal(key, &client->challenge, &client->keys, response->token);
  if (status == OW_OK)
    ow_protection_seal_from(&client->outbox.protection, &client->keys, response->client_iv);
  return status;
}

/* `key`: NULL in open mode. */
static enum ow_status respond(struct ow_client *client, struct ow_instant now, const struct ow_token_key *key,
                              struct ow_failure *failure)
{
  struct ow_setup_response response = {.mode = (uint32_t)client->mode | client->features};
  uint8_t octets[OW_SETUP_RESPONSE];
  if (key && fill_key(client, key, &response) != OW_OK)
    return ow_fail(failure, OW_CRYPTO, "the crypto library can't seal the session's keys");
  ow_setup_response_encode(&response, octets);
  ow_outbox_clear_text(&client->outbox, octets, sizeof octets);
  ow_intake_expect(&client->intake, OW_SERVER_START_CLEAR, false);
  enter_state(client, OW_CLIENT_AWAIT_SERVER_START, now);
  return OW_OK;
}

static void ask_for_key(struct ow_client *client, struct ow_instant now, const struct ow_challenge *challenge,
                        struct ow_client_event *event)
{
  client->challenge = *challenge;
  ow_intake_expect(&client->intake, 0, false);
  enter_state(client, OW_CLIENT_AWAIT_KEY, now);
  event->kind = OW_CLIENT_DERIVE;
  event->source = (struct ow_key_source){.passphrase = client->config.passphrase,
                                         .octets = client->config.passphrase_octets,
                                         .count = challenge->count};
  memcpy(event->source.salt, challenge->salt, OW_SALT);
}

static enum ow_status on_greeting(struct ow_client *client, struct ow_instant now,
                                  struct ow_client_event *event)
{
  struct ow_greeting greeting;
  ow_greeting_decode(ow_intake_message(&client->intake), &greeting);
  enum ow_status status = choose_mode(client, &greeting, &event->failure);
  if (status != OW_OK && greeting.modes) /* else the server has hung up already */
    give_up(client);
  if (status == OW_OK && client->mode == OW_MODE_OPEN)
    status = respond(client, now, NULL, &event->failure);
  else if (status == OW_OK)
    ask_for_key(client, now, &greeting.challenge, event);
  return status;
}

void ow_client_use_key(struct ow_client *client, struct ow_instant now, enum ow_status derived,
                       const struct ow_token_key *key, const struct ow_failure *why,
                       struct ow_client_event *event)
{
  enum ow_status status = derived;
  *event = (struct ow_client_event){0};
  if (client->state != OW_CLIENT_AWAIT_KEY)
    return;
  if (status == OW_OK)
    status = respond(client, now, key, &event->failure);
  else if (why)
    event->failure = *why;
  else
    ow_fail(&event->failure, status, "the crypto library can't derive our key");
  if (status == OW_OK && client->outbox.status != OW_OK)
    status = ow_outbox_explain(&client->outbox, &event->failure);
  if (status != OW_OK)
    break_off(client, event);
}

static enum ow_status refused_set_up(const struct ow_client *client, struct ow_failure *failure)
{
  char key_id[OW_KEY_ID + 1];
  enum ow_accept accept = client->server_start.accept;
  bool unexplained = accept == OW_ACCEPT_FAILURE || accept == OW_ACCEPT_UNASSIGNED;
  if (client->mode == OW_MODE_OPEN || !unexplained)
    return ow_fail(failure, OW_REFUSED, "the server refused the connection: %s", ow_accept_text(accept));
  ow_printable(key_id, sizeof key_id, client->config.key_id, strlen(client->config.key_id));
  return ow_fail(
      failure, OW_AUTH,
      "the server refused the key: it does not know KeyID \"%s\", or the passphrase is another (%s)", key_id,
      ow_accept_text(accept));
}

/* Its clear part says whether we are accepted; what follows is the first block of the server's stream. */
static enum ow_status on_server_start(struct ow_client *client, struct ow_instant now,
                                      struct ow_client_event *event)
{
  const uint8_t *message = ow_intake_message(&client->intake);
  if (!client->server_start_opened) {
    ow_server_start_decode_clear(message, &client->server_start);
    client->server_start_opened = true;
    if (client->server_start.accept != OW_ACCEPT_OK)
      return refused_set_up(client, &event->failure);
    if (client->mode != OW_MODE_OPEN)
      ow_protection_open_from(&client->intake.protection, &client->keys, client->server_start.server_iv);
    ow_intake_expect(&client->intake, OW_SERVER_START - OW_SERVER_START_CLEAR, false);
  } else {
    ow_server_start_decode_rest(message, &client->server_start);
    ow_intake_expect(&client->intake, 0, false);
    enter_state(client, OW_CLIENT_READY, now);
    event->kind = OW_CLIENT_SET_UP;
  }
  return OW_OK;
}

/* ---- sessions ---- */

static bool same_sid(const struct ow_sid *a, const struct ow_sid *b)
{
  return memcmp(a->octets, b->octets, OW_SID) == 0;
}

static bool knows_sid(const struct ow_client *client, const struct ow_sid *sid)
{
  bool known = false;
  for (uint32_t i = 0; i < client->sid_count && i < SIDS_KEPT; i++)
    known = known || same_sid(&client->sids[i], sid);
  return known;
}

/*
 * RFC 4656, 3.5: the receiving side makes the SID. A server that sends has nothing to say of it: some repeat
 * ours, some leave it zero. What is agreed wrongly would look like a path that loses everything.
 */
static enum ow_status check_acceptance(const struct ow_client *client,
                                       const struct ow_session_acceptance *acceptance,
                                       struct ow_failure *failure)
{
  static const struct ow_sid none;
  bool theirs = !client->requested_server_sends;
  enum ow_status status = OW_OK;
  if (acceptance->port == 0)
    status = ow_fail(failure, OW_PROTOCOL, "Accept-Session names port 0: test packets %s no such port",
                     theirs ? "reach" : "leave from");
  else if (speaks_twamp(client))
    status = OW_OK; /* its SID is a name for keys alone, which both sides derive from whatever it is */
  else if (theirs && same_sid(&acceptance->sid, &none))
    status = ow_fail(failure, OW_PROTOCOL, "Accept-Session brings no SID (it is zero)");
  else if (theirs && knows_sid(client, &acceptance->sid))
    status = ow_fail(failure, OW_PROTOCOL, "Accept-Session brings the SID of another session");
  else if (!theirs && !same_sid(&acceptance->sid, &none) &&
           !same_sid(&acceptance->sid, &client->requested_sid))
    status = ow_fail(failure, OW_PROTOCOL, "Accept-Session answers with another SID than the one we chose");
  return status;
}

static enum ow_status on_accept_session(struct ow_client *client, struct ow_instant now,
                                        struct ow_client_event *event)
{
  const struct ow_session_acceptance *acceptance = &event->acceptance;
  enum ow_status status = OW_OK;
  ow_session_acceptance_decode(ow_intake_message(&client->intake), &event->acceptance);
  ow_intake_expect(&client->intake, 0, false);
  if (acceptance->accept == OW_ACCEPT_OK)
    status = check_acceptance(client, acceptance, &event->failure);
  if (status != OW_OK)
    return status;
  if (acceptance->accept == OW_ACCEPT_OK) {
    bool ours = client->requested_server_sends;
    client->sids[client->sid_count++ % SIDS_KEPT] = ours ? client->requested_sid : acceptance->sid;
    client->server_sending += ours;
    client->agreed++;
  }
  enter_state(client, OW_CLIENT_READY, now);
  event->kind = OW_CLIENT_SESSION;
  return OW_OK;
}

static void on_start_ack(struct ow_client *client, struct ow_instant now, struct ow_client_event *event)
{
  bool running;
  event->accept = ow_start_ack_decode(ow_intake_message(&client->intake));
  running = event->accept == OW_ACCEPT_OK;
  ow_stop_list_clear(&client->stop);
  ow_intake_expect(&client->intake, running && !speaks_twamp(client) ? OW_STOP_SESSIONS : 0, false);
  enter_state(client, running ? OW_CLIENT_RUNNING : OW_CLIENT_READY, now);
  event->kind = OW_CLIENT_STARTED;
}

static void sessions_over(struct ow_client *client, struct ow_instant now)
{
  client->server_sending = 0;
  client->agreed = 0;
  ow_intake_expect(&client->intake, 0, false);
  enter_state(client, OW_CLIENT_READY, now);
}

/* A session that it didn't send has no end that it could tell. */
static enum ow_status check_ends(const struct ow_client *client, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  bool all_kept = client->agreed <= SIDS_KEPT;
  for (uint32_t i = 0; i < client->stop.count && status == OW_OK && all_kept; i++)
    if (!knows_sid(client, &client->stop.ends[i].sid))
      status = ow_fail(failure, OW_PROTOCOL, "Stop-Sessions describes a session that we never agreed on");
  return status;
}

/* Stop-Sessions, the only thing that a server may say while sessions run (RFC 4656, 3.8). */
static enum ow_status on_stop_part(struct ow_client *client, struct ow_instant now,
                                   struct ow_client_event *event)
{
  bool complete = false;
  const uint8_t *message = ow_intake_message(&client->intake);
  if (!client->stop.ends && message[0] != OW_COMMAND_STOP_SESSIONS)
    return ow_fail(&event->failure, OW_PROTOCOL,
                   "the server said %u while sessions run, not Stop-Sessions (3)", message[0]);
  enum ow_status status = ow_stop_list_read(&client->stop, &client->intake, client->server_sending,
                                            OW_SKIP_RANGES_IN_ALL, &complete, &event->failure);
  if (status == OW_OK && complete)
    status = check_ends(client, &event->failure);
  if (status == OW_OK && complete) {
    event->accept = client->stop.accept;
    event->ends = client->stop.ends;
    event->end_count = client->stop.count;
    event->kind = OW_CLIENT_STOPPED;
    if (client->state == OW_CLIENT_STOPPING)
      sessions_over(client, now);
    else
      enter_state(client, OW_CLIENT_STOP_OWED, now);
  }
  return status;
}

/* ---- fetch ---- */

static enum ow_status on_fetch_part(struct ow_client *client, struct ow_instant now,
                                    struct ow_client_event *event)
{
  struct ow_fetch_reader *fetch = client->fetch;
  enum ow_fetch_part part;
  enum ow_status status = ow_fetch_reader_read(fetch, &client->intake, &part, &event->failure);
  if (status != OW_OK)
    return status;
  enter_state(client, OW_CLIENT_FETCHING, now);
  event->fetch_ack = fetch->ack;
  switch (part) {
  case OW_FETCH_PART_ACK: event->kind = OW_CLIENT_FETCH_ACK; break;
  case OW_FETCH_PART_REQUEST: break;
  case OW_FETCH_PART_SLOTS: break;
  case OW_FETCH_PART_SKIPS:
    event->kind = OW_CLIENT_FETCH_SESSION;
    event->request = &fetch->request;
    event->slots = fetch->slots;
    event->skipped = fetch->skipped;
    break;
  case OW_FETCH_PART_RECORDS:
    event->kind = fetch->ack.departures ? OW_CLIENT_FETCH_DEPARTURES : OW_CLIENT_FETCH_RECORDS;
    event->records = fetch->chunk;
    event->departures = fetch->departures;
    event->record_count = fetch->chunk_count;
    break;
  case OW_FETCH_PART_HMAC: event->kind = OW_CLIENT_FETCHED; break;
  case OW_FETCH_PART_END: break;
  }
  if (fetch->part == OW_FETCH_PART_END) {
    ow_fetch_reader_free(fetch);
    client->fetch = NULL;
    ow_intake_expect(&client->intake, 0, false);
    enter_state(client, OW_CLIENT_READY, now);
  }
  return OW_OK;
}

/* ---- octets in ---- */

static enum ow_status act(struct ow_client *client, struct ow_instant now, struct ow_client_event *event)
{
  enum ow_status status = OW_OK;
  switch (client->state) {
  case OW_CLIENT_AWAIT_GREETING: status = on_greeting(client, now, event); break;
  case OW_CLIENT_AWAIT_SERVER_START: status = on_server_start(client, now, event); break;
  case OW_CLIENT_AWAIT_ACCEPT_SESSION: status = on_accept_session(client, now, event); break;
  case OW_CLIENT_AWAIT_START_ACK: on_start_ack(client, now, event); break;
  case OW_CLIENT_RUNNING:
  case OW_CLIENT_STOPPING: status = on_stop_part(client, now, event); break;
  case OW_CLIENT_AWAIT_FETCH_ACK:
  case OW_CLIENT_FETCHING: status = on_fetch_part(client, now, event); break;
  case OW_CLIENT_AWAIT_KEY:
  case OW_CLIENT_READY:
  case OW_CLIENT_STOP_OWED:
  case OW_CLIENT_FAILED: status = OW_STATE; break;
  }
  return status;
}

/* Else nothing may come: it is OWAMP's server alone that stops sessions. */
static bool expects_input(const struct ow_client *client)
{
  return what_is_awaited(client->state) || (client->state == OW_CLIENT_RUNNING && !speaks_twamp(client));
}

/* Where a greeting is awaited, text came. */
static bool is_stranger(const struct ow_client *client)
{
  return client->state == OW_CLIENT_AWAIT_GREETING &&
         ow_stranger_speaks(ow_intake_message(&client->intake), ow_intake_octets(&client->intake));
}

static enum ow_status explain_stranger(const struct ow_client *client, struct ow_failure *failure)
{
  return ow_stranger_explain(client->config.protocol, ow_intake_message(&client->intake),
                             ow_intake_octets(&client->intake), failure);
}

static enum ow_status receive_part(struct ow_client *client, struct ow_instant now, struct ow_reader *input,
                                   struct ow_client_event *event)
{
  bool complete = false;
  if (!expects_input(client))
    return ow_fail(&event->failure, OW_PROTOCOL, "the server sent %zu octets that nothing had asked for",
                   ow_reader_left(input));
  enum ow_status status = ow_intake_feed(&client->intake, input, &complete);
  if (status == OW_AUTH)
    ow_fail(&event->failure, status,
            "wrong HMAC on %s: octets were changed on the way, or the server is another",
            what_is_awaited(client->state) ? what_is_awaited(client->state) : "its Stop-Sessions");
  else if (status != OW_OK)
    ow_fail(&event->failure, status,
            "no memory, or the crypto library failed, while reading from the server");
  if (status == OW_OK && is_stranger(client) && ow_intake_octets(&client->intake) >= OW_STRANGER_CERTAIN)
    status = explain_stranger(client, &event->failure);
  else if (status == OW_OK && complete)
    status = act(client, now, event);
  return status;
}

void ow_client_receive(struct ow_client *client, struct ow_instant now, struct ow_reader *input,
                       struct ow_client_event *event)
{
  *event = (struct ow_client_event){0};
  if (client->state == OW_CLIENT_FAILED)
    ow_read_skip(input, ow_reader_left(input));
  while (event->kind == OW_CLIENT_NOTHING && ow_reader_left(input)) {
    enum ow_status status = receive_part(client, now, input, event);
    if (status == OW_OK && client->outbox.status != OW_OK)
      status = ow_outbox_explain(&client->outbox, &event->failure);
    if (status != OW_OK) {
      ow_read_skip(input, ow_reader_left(input));
      break_off(client, event);
    }
  }
}

struct ow_buffer *ow_client_output(struct ow_client *client)
{
  return &client->outbox.octets;
}

int64_t ow_client_deadline(const struct ow_client *client)
{
  return client->deadline;
}

enum ow_status ow_client_explain_silence(const struct ow_client *client, int64_t silence,
                                         struct ow_failure *failure)
{
  const char *what = what_is_awaited(client->state);
  char who[160] = "";
  if (is_stranger(client))
    return explain_stranger(client, failure);
  if (client->state == OW_CLIENT_AWAIT_KEY)
    return ow_fail(failure, OW_TIMEOUT,
                   "our key was not derived within %.3g s: the server asks for %u rounds of PBKDF2, or this "
                   "host has too much to do; raise the timeout, or lower the server's count",
                   (double)silence / (double)OW_NS_PER_S, client->challenge.count);
  if (client->state == OW_CLIENT_AWAIT_GREETING)
    snprintf(who, sizeof who,
             ": it takes connections, but is no %s server (those of HTTP and TLS keep silent so), or hangs",
             ow_protocol_name(client->config.protocol));
  return ow_fail(failure, OW_TIMEOUT, "the server was silent for %.3g s where we waited for %s%s",
                 (double)silence / (double)OW_NS_PER_S, what ? what : "nothing", who);
}

void ow_client_expired(struct ow_client *client, struct ow_client_event *event)
{
  *event = (struct ow_client_event){0};
  (void)!ow_client_explain_silence(client, client->config.timeout, &event->failure);
  break_off(client, event);
}

/* Both protocols' greetings are the same: which it was shows at the first request. */
static const char *other_protocol(const struct ow_client *client)
{
  const char *hint = "";
  if (client->state == OW_CLIENT_AWAIT_ACCEPT_SESSION && client->sid_count == 0)
    hint = speaks_twamp(client) ? ": is it an OWAMP server, and not TWAMP's?"
                                : ": is it a TWAMP server, and not OWAMP's?";
  return hint;
}

void ow_client_disconnected(struct ow_client *client, const char *reason, struct ow_client_event *event)
{
  const char *what = what_is_awaited(client->state);
  const char *how = reason ? reason : "the server closed the connection";
  *event = (struct ow_client_event){0};
  if (is_stranger(client))
    (void)!explain_stranger(client, &event->failure);
  else if (client->state == OW_CLIENT_AWAIT_GREETING)
    ow_fail(&event->failure, OW_REFUSED,
            "%s before any greeting: it refuses this address, is too busy, or is no %s server", how,
            ow_protocol_name(client->config.protocol));
  else if (client->state == OW_CLIENT_AWAIT_KEY)
    ow_fail(&event->failure, OW_NETWORK, "%s while we derived our key", how);
  else if (client->state == OW_CLIENT_AWAIT_SERVER_START && client->mode != OW_MODE_OPEN &&
           !client->server_start_opened)
    ow_fail(&event->failure, OW_AUTH,
            "%s after our key: it does not know the KeyID, or the passphrase is another", how);
  else if (what)
    ow_fail(&event->failure, OW_NETWORK, "%s where we waited for %s%s", how, what, other_protocol(client));
  else
    ow_fail(&event->failure, OW_NETWORK, "%s%s", how,
            client->state == OW_CLIENT_RUNNING ? " while the sessions were running" : "");
  break_off(client, event);
}

/* ---- commands ---- */

enum ow_status ow_client_request_session(struct ow_client *client, struct ow_instant now,
                                         const struct ow_session_request *request,
                                         const struct ow_slot *slots)
{
  if (client->state != OW_CLIENT_READY || speaks_twamp(client))
    return OW_STATE;
  client->requested_server_sends = request->server_sends;
  client->requested_sid = request->sid;
  ow_outbox_session_request(&client->outbox, request, slots);
  ow_intake_expect(&client->intake, OW_ACCEPT_SESSION + OW_HMAC, true);
  enter_state(client, OW_CLIENT_AWAIT_ACCEPT_SESSION, now);
  return client->outbox.status;
}

enum ow_status ow_client_request_tw_session(struct ow_client *client, struct ow_instant now,
                                            const struct ow_tw_request *request)
{
  uint8_t octets[OW_REQUEST_TW_SESSION];
  if (client->state != OW_CLIENT_READY || !speaks_twamp(client))
    return OW_STATE;
  client->requested_server_sends = false;
  ow_tw_request_encode(request, octets);
  ow_outbox_message(&client->outbox, octets, sizeof octets);
  ow_intake_expect(&client->intake, OW_ACCEPT_SESSION + OW_HMAC, true);
  enter_state(client, OW_CLIENT_AWAIT_ACCEPT_SESSION, now);
  return client->outbox.status;
}

enum ow_status ow_client_start_sessions(struct ow_client *client, struct ow_instant now)
{
  uint8_t octets[OW_START_SESSIONS];
  if (client->state != OW_CLIENT_READY)
    return OW_STATE;
  ow_start_sessions_encode(octets);
  ow_outbox_message(&client->outbox, octets, sizeof octets);
  ow_intake_expect(&client->intake, OW_START_ACK + OW_HMAC, true);
  enter_state(client, OW_CLIENT_AWAIT_START_ACK, now);
  return client->outbox.status;
}

/* TWAMP's (RFC 5357, 3.8): a number and no descriptions, and the server says nothing to it. */
static enum ow_status stop_tw_sessions(struct ow_client *client, struct ow_instant now, enum ow_accept accept)
{
  uint8_t octets[OW_STOP_SESSIONS];
  const struct ow_stop_sessions stop = {.accept = accept, .sessions = client->agreed};
  ow_stop_sessions_encode(&stop, octets);
  ow_outbox_message(&client->outbox, octets, sizeof octets);
  sessions_over(client, now);
  return client->outbox.status;
}

enum ow_status ow_client_stop_sessions(struct ow_client *client, struct ow_instant now, enum ow_accept accept,
                                       const struct ow_session_end *ends, uint32_t count)
{
  enum ow_client_state state = client->state;
  if (state != OW_CLIENT_RUNNING && state != OW_CLIENT_STOP_OWED)
    return OW_STATE;
  if (speaks_twamp(client))
    return stop_tw_sessions(client, now, accept);
  ow_outbox_stop_sessions(&client->outbox, accept, ends, count);
  if (state == OW_CLIENT_RUNNING)
    enter_state(client, OW_CLIENT_STOPPING, now);
  else
    sessions_over(client, now);
  return client->outbox.status;
}

enum ow_status ow_client_fetch(struct ow_client *client, struct ow_instant now,
                               const struct ow_fetch_request *request)
{
  uint8_t octets[OW_FETCH_SESSION];
  if (client->state != OW_CLIENT_READY || speaks_twamp(client))
    return OW_STATE;
  client->fetch = ow_fetch_reader_create(request, &client->intake);
  if (!client->fetch)
    return OW_MEMORY;
  ow_fetch_request_encode(request, octets);
  ow_outbox_message(&client->outbox, octets, sizeof octets);
  enter_state(client, OW_CLIENT_AWAIT_FETCH_ACK, now);
  return client->outbox.status;
}

/* ---- what is known ---- */

enum ow_client_state ow_client_state(const struct ow_client *client)
{
  return client->state;
}

enum ow_mode ow_client_mode(const struct ow_client *client)
{
  return client->mode;
}

uint32_t ow_client_modes_offered(const struct ow_client *client)
{
  return client->offered;
}

bool ow_client_was_greeted(const struct ow_client *client)
{
  return client->greeted;
}

struct ow_timestamp ow_client_server_start_time(const struct ow_client *client)
{
  return client->server_start.start_time;
}

struct ow_twamp_format ow_client_twamp_format(const struct ow_client *client)
{
  return (struct ow_twamp_format){ow_mode_of_packets(client->mode), client->features};
}

enum ow_status ow_client_test_keys(const struct ow_client *client, const struct ow_sid *sid,
                                   struct ow_keys *keys)
{
  *keys = (struct ow_keys){0};
  bool keyed = ow_mode_of_packets(client->mode) != OW_MODE_OPEN;
  return keyed ? ow_test_keys_derive(&client->keys, sid, keys) : OW_OK;
}
