/* SPDX-License-Identifier: MIT */
/*
 * The Control-Client's side of OWAMP-Control (RFC 4656, 3) and of TWAMP-Control (RFC 5357, 3), without any
 * I/O: octets and time in, octets and events out. Both have the same set-up, start and protection.
 *
 *   AWAIT_GREETING -> AWAIT_SERVER_START -> READY in open mode
 *   AWAIT_GREETING -> AWAIT_KEY -> AWAIT_SERVER_START -> READY in others: ow_client_use_key()
 *   READY -> AWAIT_ACCEPT_SESSION -> READY        ow_client_request_session()
 *   READY -> AWAIT_START_ACK -> RUNNING           ow_client_start_sessions()
 *   RUNNING -> STOPPING -> READY                  ow_client_stop_sessions(); the server answers with its own
 *   RUNNING -> STOP_OWED -> READY                 the server stopped first; ow_client_stop_sessions() answers
 *   READY -> AWAIT_FETCH_ACK -> FETCHING -> READY ow_client_fetch(), not in TWAMP
 *   RUNNING -> READY                              ow_client_stop_sessions() in TWAMP, whose server only
 * listens any -> FAILED                                 for good; the event's failure says why
 */
#ifndef OWAMP_CONTROL_CLIENT_H
#define OWAMP_CONTROL_CLIENT_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/random.h"
#include "base/status.h"
#include "crypto/keys.h"
#include "time/clock.h"
#include "time/sample.h"
#include "wire/fetch.h"
#include "wire/mode.h"
#include "wire/protocol.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"
#include "wire/tw_request.h"
#include "wire/twamp_packet.h"

enum ow_client_state {
  OW_CLIENT_AWAIT_GREETING,
  OW_CLIENT_AWAIT_KEY,
  OW_CLIENT_AWAIT_SERVER_START,
  OW_CLIENT_READY,
  OW_CLIENT_AWAIT_ACCEPT_SESSION,
  OW_CLIENT_AWAIT_START_ACK,
  OW_CLIENT_RUNNING,
  OW_CLIENT_STOPPING,
  OW_CLIENT_STOP_OWED,
  OW_CLIENT_AWAIT_FETCH_ACK,
  OW_CLIENT_FETCHING,
  OW_CLIENT_FAILED,
};

struct ow_client_config {
  enum ow_protocol protocol; /* OWAMP or TWAMP */
  uint32_t features;         /* mask of enum ow_twamp_feature: those that are taken if they are offered */
  uint32_t modes;            /* that may be used; keyed ones only count with a KeyID */
  const char *key_id;        /* "" or NULL: none. Key and passphrase must stay until the client is ready. */
  const void *passphrase;
  size_t passphrase_octets;
  uint32_t most_count; /* largest PBKDF2 Count that is computed */
  int64_t timeout;     /* ns to wait for each answer */
  struct ow_random random;
};

enum ow_client_event_kind {
  OW_CLIENT_NOTHING = 0,
  OW_CLIENT_DERIVE,           /* `source`: derive the key of it, and ow_client_use_key() */
  OW_CLIENT_SET_UP,           /* Server-Start accepted us: commands can be given */
  OW_CLIENT_SESSION,          /* `acceptance`: the answer to a request */
  OW_CLIENT_STARTED,          /* `accept`: the answer to a start; 0: running */
  OW_CLIENT_STOPPED,          /* the server's Stop-Sessions: `accept`, `ends`, `end_count` */
  OW_CLIENT_FETCH_ACK,        /* `fetch_ack`; if its Accept is not 0, the fetch has ended */
  OW_CLIENT_FETCH_SESSION,    /* `request`, `slots`, `skipped` (fetch_ack.skip_ranges of them) */
  OW_CLIENT_FETCH_RECORDS,    /* `records`, `record_count`: some of them */
  OW_CLIENT_FETCH_DEPARTURES, /* `departures`, `record_count`: in place of records, if they were asked for */
  OW_CLIENT_FETCHED,          /* all records came, and their HMAC is right: only now may they be trusted */
  OW_CLIENT_BROKEN,           /* `failure`: the connection is of no more use; send what is left and close */
};

/** What pointers point to is the client's, valid until the next call. */
struct ow_client_event {
  enum ow_client_event_kind kind;
  struct ow_key_source source; /* its passphrase is the configuration's */
  enum ow_accept accept;
  struct ow_session_acceptance acceptance;
  const struct ow_session_end *ends;
  uint32_t end_count;
  struct ow_fetch_ack fetch_ack;
  const struct ow_session_request *request;
  const struct ow_slot *slots;
  const struct ow_skip_range *skipped;
  const struct ow_sample *records;
  const struct ow_departure_record *departures;
  uint32_t record_count;
  struct ow_failure failure;
};

struct ow_client;

/** A client on a connection that was just made. NULL without memory. The caller frees; secrets are wiped. */
struct ow_client *ow_client_create(const struct ow_client_config *config,
                                   struct ow_instant now) OW_MUST_CHECK;
void ow_client_free(struct ow_client *client);

/**
 * Take octets from the server, up to the first event or the end of `input`. Call again until the event is
 * OW_CLIENT_NOTHING: then `input` is used up.
 */
void ow_client_receive(struct ow_client *client, struct ow_instant now, struct ow_reader *input,
                       struct ow_client_event *event);
/**
 * The key that OW_CLIENT_DERIVE asked for; or, with a status, what became of it instead: OW_CLIENT_BROKEN
 * then, with `why`, which may be NULL. Nothing happens in any state but AWAIT_KEY.
 */
void ow_client_use_key(struct ow_client *client, struct ow_instant now, enum ow_status derived,
                       const struct ow_token_key *key, const struct ow_failure *why,
                       struct ow_client_event *event);
/** Octets for the server: send from the head and consume. All of one message is there at once. */
struct ow_buffer *ow_client_output(struct ow_client *client);
/** When ow_client_expired() is due, monotonic ns; OW_NEVER if nothing is awaited. */
int64_t ow_client_deadline(const struct ow_client *client);
/**
 * What the server has not said for `silence` ns: OW_TIMEOUT, or OW_PROTOCOL if what it greeted with is no
 * Server-Greeting.
 */
enum ow_status ow_client_explain_silence(const struct ow_client *client, int64_t silence,
                                         struct ow_failure *failure);
/** The deadline has passed: OW_CLIENT_BROKEN with a sentence on what the server did not say. */
void ow_client_expired(struct ow_client *client, struct ow_client_event *event);
/** The connection has ended (or broke, with `reason`, which may be NULL). */
void ow_client_disconnected(struct ow_client *client, const char *reason, struct ow_client_event *event);

/*
 * Commands. OW_STATE if the state doesn't allow them, OW_LIMIT or OW_MEMORY if the message can't be held,
 * OW_CRYPTO. The answer is an event.
 */
enum ow_status ow_client_request_session(struct ow_client *client, struct ow_instant now,
                                         const struct ow_session_request *request,
                                         const struct ow_slot *slots) OW_MUST_CHECK;
/** The same of TWAMP (RFC 5357, 3.5). */
enum ow_status ow_client_request_tw_session(struct ow_client *client, struct ow_instant now,
                                            const struct ow_tw_request *request) OW_MUST_CHECK;
enum ow_status ow_client_start_sessions(struct ow_client *client, struct ow_instant now) OW_MUST_CHECK;
/** `ends` describes the sessions that this side was sending; TWAMP's Stop-Sessions has none. */
enum ow_status ow_client_stop_sessions(struct ow_client *client, struct ow_instant now, enum ow_accept accept,
                                       const struct ow_session_end *ends, uint32_t count) OW_MUST_CHECK;
/**
 * The records come as events, however many the server has: how many are kept, and how long they may come, is
 * the owner's to decide. Of a request for departures fetch_ack.departures tells whether the server knows it.
 */
enum ow_status ow_client_fetch(struct ow_client *client, struct ow_instant now,
                               const struct ow_fetch_request *request) OW_MUST_CHECK;

enum ow_client_state ow_client_state(const struct ow_client *client);
/** The mode in use; OW_MODE_NONE before the greeting. */
enum ow_mode ow_client_mode(const struct ow_client *client);
/** The greeting's mask of modes; 0 before it. */
uint32_t ow_client_modes_offered(const struct ow_client *client);
/** True once the server's greeting has come, whatever it said. */
bool ow_client_was_greeted(const struct ow_client *client);
/** When the server says it came up; zero before Server-Start. */
struct ow_timestamp ow_client_server_start_time(const struct ow_client *client);
/** How the test packets of TWAMP's sessions of this connection look. */
struct ow_twamp_format ow_client_twamp_format(const struct ow_client *client);
/** Test keys of a session of this connection; zero if its packets are open. The caller wipes. OW_CRYPTO. */
enum ow_status ow_client_test_keys(const struct ow_client *client, const struct ow_sid *sid,
                                   struct ow_keys *keys) OW_MUST_CHECK;

#endif
