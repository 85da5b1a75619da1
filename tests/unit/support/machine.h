/* SPDX-License-Identifier: MIT */
/* The two machines of the control connection, face to face in memory, brought to where a test wants them. */
#ifndef OWAMP_TEST_MACHINE_H
#define OWAMP_TEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/client.h"
#include "control/server.h"
#include "support/seed.h"

#define TEST_KEY_ID "monitor"
#define TEST_PASSPHRASE "correct horse battery staple"

enum {
  TEST_CLIENT_SECONDS = 10, /* the client's timeout, */
  TEST_SETUP_SECONDS = 20,  /* the server's two; all different, so that a test can tell them apart */
  TEST_IDLE_SECONDS = 1800,
  TEST_RECORDS = 3, /* of the fetch in test_client_at() and test_server_at() */
};

/** The modes, weakest first, for tests that loop over them. */
enum { TEST_MODES = 3 };
extern const enum ow_mode test_modes[TEST_MODES];

/** The server's keyring, of one key; it counts the questions. */
struct test_keyring {
  unsigned asked;
};

/** A moment `seconds` after the one at which all machines are created. */
struct ow_instant test_at(int64_t seconds);

/** The server's Stop-Sessions, all at once; `ends` describes the sessions that it was sending. */
enum ow_status test_server_stop(struct ow_server *server, struct ow_instant now, enum ow_accept accept,
                                const struct ow_session_end *ends, uint32_t count) OW_MUST_CHECK;

/**
 * Zero the pair, then test_pair_prepare() or test_pair_open(). It must not move: the machines point into it.
 */
struct test_pair {
  struct test_prng prng;
  struct test_keyring keyring;
  struct ow_client_config client_config;
  struct ow_server_config server_config;
  struct ow_client *client;
  struct ow_server *server;
  size_t piece; /* octets that are handed over at once; 0: all there are */
};

/** Fill in both configurations for `mode` alone; a test may change them. */
void test_pair_prepare(struct test_pair *pair, enum ow_mode mode);
/** Create both machines as configured. */
void test_pair_create(struct test_pair *pair);
/** Prepare, create and set up. */
void test_pair_open(struct test_pair *pair, enum ow_mode mode);
void test_pair_close(struct test_pair *pair);

/**
 * Hand one side's octets to the other until it has an event, or no octets are left: the kind is then NOTHING.
 */
struct ow_client_event test_client_next(struct test_pair *pair);
struct ow_server_event test_server_next(struct test_pair *pair);
/** The same; fails the test unless the event is of that kind, and its failure is told. */
struct ow_client_event test_client_expect(struct test_pair *pair, enum ow_client_event_kind kind);
struct ow_server_event test_server_expect(struct test_pair *pair, enum ow_server_event_kind kind);

/** As test_client_next() and test_server_next(), which derive keys by the way: this event may ask for one. */
struct ow_client_event test_client_hear(struct test_pair *pair);
struct ow_server_event test_server_hear(struct test_pair *pair);
/** If the event asks for a key it is derived and used, and what follows is the event. */
void test_client_derive(struct ow_client *client, struct ow_client_event *event);
void test_server_derive(struct ow_server *server, struct ow_server_event *event);

/** Octets from nowhere; keys are derived by the way. */
struct ow_client_event test_client_feed(struct ow_client *client, const void *octets, size_t count);
struct ow_server_event test_server_feed(struct ow_server *server, const void *octets, size_t count);

/** Move all that waits in `output` to a block of its own, which the caller frees. */
uint8_t *test_take(struct ow_buffer *output, size_t *octets);

/** A session of two slots; `number` makes it different from others. */
struct ow_session_request test_request(bool server_sends, uint8_t number);
extern const struct ow_slot test_slots[2];
struct ow_sid test_sid(uint8_t number);
/** Ranges {0,0}, {2,2}, {4,4} and so on; the caller frees. */
struct ow_skip_range *test_ranges(uint32_t count);
/** The end of a session after `ranges`, which may be NULL if there are none. */
struct ow_session_end test_end(uint8_t number, const struct ow_skip_range *ranges, uint32_t count);
struct ow_sample test_record(uint32_t sequence);

/** Exchanges from READY on, both sides' events asserted. */
void test_set_up(struct test_pair *pair);
void test_session(struct test_pair *pair, bool server_sends, uint8_t number);
void test_start(struct test_pair *pair);
/** The server's answer to a fetch of session 1, from DECIDE_FETCH on: the octets wait in its output. */
void test_answer_fetch(struct test_pair *pair, uint32_t records, const struct ow_skip_range *ranges,
                       uint32_t count);

/**
 * A pair whose client, or server, is in `state`. From RUNNING on there are two sessions: 1, which the client
 * sends, and 2, which the server sends. In FETCHING the client has seen Fetch-Ack, and the rest waits; the
 * server lacks all records. Open mode has no AWAIT_KEY: that is of authenticated mode then.
 */
void test_client_at(struct test_pair *pair, enum ow_mode mode, enum ow_client_state state);
void test_server_at(struct test_pair *pair, enum ow_mode mode, enum ow_server_state state);

/** Fails the test unless the failure has that status, and `piece` is in its sentence. */
void test_assert_failure(const struct ow_failure *failure, enum ow_status status, const char *piece);

#endif
