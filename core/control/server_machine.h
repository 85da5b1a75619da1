/* SPDX-License-Identifier: MIT */
/* What the parts of the Server's machine (control/server.h) have in common. For these alone. */
#ifndef OWAMP_CONTROL_SERVER_MACHINE_H
#define OWAMP_CONTROL_SERVER_MACHINE_H

#include "control/intake.h"
#include "control/outbox.h"
#include "control/server_events.h"
#include "control/stop_list.h"
#include "time/clock.h"
#include "wire/setup.h"
#include "wire/tw_request.h"

/* What only the set-up needs. */
struct ow_server_setup {
  struct ow_challenge challenge;
  struct ow_setup_response response;
  bool key_known; /* somebody has that KeyID */
};

/* What is asked for; which of them, config.twamp tells. */
union ow_server_asked {
  struct ow_session_request session;
  struct ow_tw_request tw;
};

struct ow_server {
  struct ow_server_config config;
  enum ow_server_state state;
  struct ow_intake intake;
  struct ow_outbox outbox;
  int64_t deadline;
  bool agreed; /* sessions that are not yet started: they keep ports and memory */

  struct ow_server_setup *setup; /* NULL once the client is accepted */
  struct ow_keys keys;
  enum ow_mode mode;
  uint32_t features; /* mask of enum ow_twamp_feature, chosen with it */

  union ow_server_asked *asked;          /* NULL while nothing is */
  uint32_t tw_sessions;                  /* agreed on since the last Stop-Sessions */
  struct ow_slot *slots;                 /* of it */
  enum { NOTHING, SLOTS, HMAC } passing; /* what is read past of a request */
  uint32_t slots_left;
  uint32_t client_sending; /* sessions that the client's Stop-Sessions may describe */
  uint32_t client_ranges;  /* that it may tell of their packets */
  struct ow_stop_list stop;
  uint32_t ends_left;        /* of our own Stop-Sessions */
  bool client_stopped_first; /* and this is the answer */

  uint32_t records_left;
  uint32_t records_pending;
  size_t record_octets; /* of each: they are packet records, or departures */
  uint8_t *pending;     /* only during a fetch, for connections live long and mostly idle */
};

/** What a state waits for from the client, in words; NULL if for nothing, or for as long as it may take. */
const char *ow_server_awaits(const struct ow_server *server, enum ow_server_state state);
/** For how long, ns. */
int64_t ow_server_patience(const struct ow_server *server, enum ow_server_state state);
void ow_server_enter(struct ow_server *server, enum ow_server_state state, struct ow_instant now);
/** Something is asked for: memory for it, or NULL with a sentence. */
union ow_server_asked *ow_server_ask(struct ow_server *server, struct ow_failure *failure) OW_MUST_CHECK;
/** It is answered: it and its slots are gone. */
void ow_server_forget_request(struct ow_server *server);
/** Enter READY. */
void ow_server_await_command(struct ow_server *server, struct ow_instant now);

#endif
