/* SPDX-License-Identifier: MIT */
/*
 * The Server's side of OWAMP-Control (RFC 4656, 3), or of TWAMP-Control (RFC 5357, 3), without any I/O:
 * octets and time in, octets and events out. Where a decision is the host's, the machine waits in a DECIDE
 * state for the call that brings it, and takes no octets; so it does in AWAIT_KEY, while somebody else
 * derives the client's key.
 *
 *   AWAIT_SETUP -> DECIDE_SETUP -> READY                ow_server_set_up()
 *   AWAIT_SETUP -> AWAIT_KEY -> DECIDE_SETUP            with a key: ow_server_use_key()
 *   READY -> DECIDE_SESSION -> READY                    ow_server_answer_session(), or, in TWAMP,
 *                                                       ow_server_answer_tw_session() (server_twamp.h)
 *   READY -> DECIDE_START -> RUNNING or READY           ow_server_answer_start()
 *   RUNNING -> DECIDE_STOP -> TELLING_STOP -> READY     the client stopped; ow_server_begin_stop() answers
 *   RUNNING -> TELLING_STOP -> STOPPING -> READY        ow_server_begin_stop() first; the client answers
 *   READY -> DECIDE_FETCH -> FETCHING -> READY          ow_server_begin_fetch(), ow_server_fetch_record() or
 *                                                       ow_server_fetch_departure()
 *   RUNNING -> READY                                    TWAMP's client stopped
 *   any -> FAILED                                       for good; the event's failure says why
 */
#ifndef OWAMP_CONTROL_SERVER_H
#define OWAMP_CONTROL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/status.h"
#include "control/server_events.h"
#include "crypto/keys.h"
#include "time/clock.h"
#include "time/sample.h"
#include "wire/fetch.h"
#include "wire/mode.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"

struct ow_server;

/** A server on a connection that was just accepted; its greeting waits in the output. NULL without memory. */
struct ow_server *ow_server_create(const struct ow_server_config *config,
                                   struct ow_instant now) OW_MUST_CHECK;
void ow_server_free(struct ow_server *server);

/** As ow_client_receive(). In a DECIDE state and in AWAIT_KEY nothing is taken: call again afterwards. */
void ow_server_receive(struct ow_server *server, struct ow_instant now, struct ow_reader *input,
                       struct ow_server_event *event);
/**
 * The key that OW_SERVER_DERIVE asked for: OW_SERVER_SET_UP, or BROKEN if it doesn't open the client's Token
 * or nobody has that KeyID, to both of which the answer is the same. Or, with a status and `why` (may be
 * NULL), why there is none: OW_CRYPTO is an internal error, all else a temporary want of resources, and the
 * client is told so, whatever its KeyID. Nothing happens in any state but AWAIT_KEY.
 */
void ow_server_use_key(struct ow_server *server, struct ow_instant now, enum ow_status derived,
                       const struct ow_token_key *key, const struct ow_failure *why,
                       struct ow_server_event *event);
struct ow_buffer *ow_server_output(struct ow_server *server);
int64_t ow_server_deadline(const struct ow_server *server);
/** The deadline has passed: OW_SERVER_BROKEN with a sentence on what the client did not say. */
void ow_server_expired(struct ow_server *server, struct ow_server_event *event);

/*
 * Decisions and commands. OW_STATE if the state doesn't allow them, OW_LIMIT or OW_MEMORY if the message
 * can't be held, OW_CRYPTO.
 */
/** Answer the set-up. If `accept` is not 0 the connection has ended: send what is left and close. */
enum ow_status ow_server_set_up(struct ow_server *server, struct ow_instant now,
                                enum ow_accept accept) OW_MUST_CHECK;
enum ow_status ow_server_answer_session(struct ow_server *server, struct ow_instant now,
                                        const struct ow_session_acceptance *acceptance) OW_MUST_CHECK;
enum ow_status ow_server_answer_start(struct ow_server *server, struct ow_instant now,
                                      enum ow_accept accept) OW_MUST_CHECK;
/**
 * Stop-Sessions: `count` calls of ow_server_describe_end() must follow, one for each session that this side
 * was sending. Until then nothing is taken, as in a DECIDE state, so that it can be written in parts.
 */
enum ow_status ow_server_begin_stop(struct ow_server *server, struct ow_instant now, enum ow_accept accept,
                                    uint32_t count) OW_MUST_CHECK;
enum ow_status ow_server_describe_end(struct ow_server *server, struct ow_instant now,
                                      const struct ow_session_end *end) OW_MUST_CHECK;
/** The `ends` of OW_SERVER_STOP are not needed any more; they may take megabytes. Nothing happens while
 * sessions run, or are being stopped. */
void ow_server_forget_ends(struct ow_server *server);
/**
 * If ack->accept is 0, ack->records calls of ow_server_fetch_record() must follow, or, if ack->departures, of
 * ow_server_fetch_departure(); `request` as it was agreed.
 */
enum ow_status ow_server_begin_fetch(struct ow_server *server, struct ow_instant now,
                                     const struct ow_fetch_ack *ack, const struct ow_session_request *request,
                                     const struct ow_slot *slots,
                                     const struct ow_skip_range *skipped) OW_MUST_CHECK;
enum ow_status ow_server_fetch_record(struct ow_server *server, struct ow_instant now,
                                      const struct ow_sample *record) OW_MUST_CHECK;
enum ow_status ow_server_fetch_departure(struct ow_server *server, struct ow_instant now,
                                         const struct ow_departure_record *record) OW_MUST_CHECK;

enum ow_server_state ow_server_state(const struct ow_server *server);
/** "ready", "running", ... for a person. */
const char *ow_server_state_text(enum ow_server_state state);
/** The KeyID that the client claims in a set-up which is not accepted yet; "" if nobody has that. */
const char *ow_server_claimed_key(const struct ow_server *server);
enum ow_mode ow_server_mode(const struct ow_server *server);
/** TWAMP's, that the client chose: mask of enum ow_twamp_feature. */
uint32_t ow_server_features(const struct ow_server *server);
/** Records that the fetch still lacks. */
uint32_t ow_server_fetch_left(const struct ow_server *server);
/** Test keys of a session of this connection; zero in open mode. The caller wipes. OW_CRYPTO. */
enum ow_status ow_server_test_keys(const struct ow_server *server, const struct ow_sid *sid,
                                   struct ow_keys *keys) OW_MUST_CHECK;

#endif
