/* SPDX-License-Identifier: MIT */
/*
 * Whole conversations between our client and our server over a wire that may change an octet or end. The
 * captured conversations are replayed in control_replay_test.c; single messages and states are in
 * control_client_test.c, control_server_test.c and control_pair_test.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/machine.h"
#include "support/main.h"
#include "wire/setup.h"

enum { KEYED = 2, DIRECTIONS = 2, SKIPS = 3, RECORDS = 5 };
enum { TO_SERVER, TO_CLIENT };

static const enum ow_mode keyed_modes[KEYED] = {OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};
static const uint32_t skip_counts[SKIPS] = {0, 1, 3};
static const uint32_t record_counts[RECORDS] = {0, 1, 160, 161, 1000};

/* ---- a wire ---- */

/* Counts octets; of one direction it may change one, or deliver only so many. */
struct wire {
  struct test_pair pair;
  size_t passed[DIRECTIONS];
  int direction;
  size_t changed;                   /* the number of an octet; SIZE_MAX: none */
  size_t most;                      /* octets until the connection ends; SIZE_MAX: all */
  struct ow_client_event at_client; /* the last of each */
  struct ow_server_event at_server;
};

static struct wire a_wire(int direction, size_t changed, size_t most)
{
  return (struct wire){.direction = direction, .changed = changed, .most = most};
}

static struct ow_buffer *on_the_way(struct wire *wire, int direction)
{
  return direction == TO_SERVER ? ow_client_output(wire->pair.client) : ow_server_output(wire->pair.server);
}

/* What the wire does to the octets that wait: change one, once; keep back those behind its end. */
static uint8_t *through(struct wire *wire, int direction, size_t *count)
{
  uint8_t *octets = test_take(on_the_way(wire, direction), count);
  size_t from = wire->passed[direction];
  if (direction == wire->direction) {
    if (wire->changed >= from && wire->changed < from + *count)
      octets[wire->changed - from] ^= (uint8_t)(1U << wire->changed % 8);
    if (wire->most < from + *count)
      *count = wire->most > from ? wire->most - from : 0;
  }
  wire->passed[direction] = from + *count;
  return octets;
}

/* Deliver what waits, which must be taken whole, with one event, of that kind, at its end. */
static bool server_hears(struct wire *wire, enum ow_server_event_kind kind)
{
  size_t count;
  uint8_t *octets = through(wire, TO_SERVER, &count);
  wire->at_server = test_server_feed(wire->pair.server, octets, count);
  free(octets);
  return wire->at_server.kind == kind;
}

static bool client_hears(struct wire *wire, enum ow_client_event_kind kind)
{
  size_t count;
  uint8_t *octets = through(wire, TO_CLIENT, &count);
  wire->at_client = test_client_feed(wire->pair.client, octets, count);
  free(octets);
  return wire->at_client.kind == kind;
}

/* ---- a conversation: every step says whether it went as it should ---- */

static bool done(enum ow_status status)
{
  ck_assert_int_eq(status, OW_OK);
  return true;
}

static bool set_up(struct wire *wire)
{
  struct test_pair *pair = &wire->pair;
  return client_hears(wire, OW_CLIENT_NOTHING) &&
         ow_client_state(pair->client) == OW_CLIENT_AWAIT_SERVER_START &&
         server_hears(wire, OW_SERVER_SET_UP) &&
         done(ow_server_set_up(pair->server, test_at(0), OW_ACCEPT_OK)) &&
         client_hears(wire, OW_CLIENT_SET_UP);
}

static bool session(struct wire *wire, bool server_sends, uint8_t number)
{
  struct ow_session_request request = test_request(server_sends, number);
  struct ow_session_acceptance acceptance = {.port = 9002, .sid = test_sid(number)};
  return done(ow_client_request_session(wire->pair.client, test_at(0), &request, test_slots)) &&
         server_hears(wire, OW_SERVER_REQUEST) && wire->at_server.request->padding == number &&
         done(ow_server_answer_session(wire->pair.server, test_at(0), &acceptance)) &&
         client_hears(wire, OW_CLIENT_SESSION) && wire->at_client.acceptance.accept == OW_ACCEPT_OK &&
         wire->at_client.acceptance.port == 9002;
}

static bool start(struct wire *wire)
{
  return done(ow_client_start_sessions(wire->pair.client, test_at(0))) &&
         server_hears(wire, OW_SERVER_START_ASKED) &&
         done(ow_server_answer_start(wire->pair.server, test_at(0), OW_ACCEPT_OK)) &&
         client_hears(wire, OW_CLIENT_STARTED) && wire->at_client.accept == OW_ACCEPT_OK;
}

static bool same_end(const struct ow_session_end *ends, uint32_t count, const struct ow_session_end *said)
{
  return count == 1 && memcmp(&ends->sid, &said->sid, sizeof said->sid) == 0 &&
         ends->next_sequence == said->next_sequence && ends->skip_ranges == said->skip_ranges &&
         (said->skip_ranges == 0 ||
          memcmp(ends->skipped, said->skipped, said->skip_ranges * sizeof *said->skipped) == 0);
}

static bool stop(struct wire *wire, uint32_t skips)
{
  struct ow_skip_range *ranges = test_ranges(skips);
  struct ow_session_end sent = test_end(1, ranges, skips);
  struct ow_session_end received = test_end(2, ranges, skips);
  struct test_pair *pair = &wire->pair;
  bool well = done(ow_client_stop_sessions(pair->client, test_at(0), OW_ACCEPT_OK, &sent, 1)) &&
              server_hears(wire, OW_SERVER_STOP) &&
              same_end(wire->at_server.ends, wire->at_server.end_count, &sent) &&
              done(test_server_stop(pair->server, test_at(0), OW_ACCEPT_OK, &received, 1)) &&
              client_hears(wire, OW_CLIENT_STOPPED) &&
              same_end(wire->at_client.ends, wire->at_client.end_count, &received);
  free(ranges);
  return well;
}

/*
 * The answer to a fetch makes several events. Its records are checked only if they may be trusted: none was
 * changed.
 */
static bool client_fetches(struct wire *wire, uint32_t records)
{
  size_t count;
  uint32_t seen = 0;
  uint8_t *octets = through(wire, TO_CLIENT, &count);
  struct ow_reader reader = ow_reader(octets, count);
  struct ow_client_event *event = &wire->at_client;
  do {
    ow_client_receive(wire->pair.client, test_at(0), &reader, event);
    for (uint32_t i = 0; event->kind == OW_CLIENT_FETCH_RECORDS && i < event->record_count; i++, seen++)
      ck_assert(wire->changed != SIZE_MAX || event->records[i].sent.ntp == test_record(seen).sent.ntp);
  } while (event->kind != OW_CLIENT_NOTHING && event->kind != OW_CLIENT_FETCHED &&
           event->kind != OW_CLIENT_BROKEN);
  free(octets);
  return event->kind == OW_CLIENT_FETCHED && seen == records;
}

static bool fetch(struct wire *wire, uint32_t records, uint32_t skips)
{
  struct ow_fetch_request request = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  bool asked = done(ow_client_fetch(wire->pair.client, test_at(0), &request)) &&
               server_hears(wire, OW_SERVER_FETCH) && wire->at_server.fetch.end == OW_FETCH_TO_END;
  if (asked) {
    struct ow_skip_range *ranges = test_ranges(skips);
    test_answer_fetch(&wire->pair, records, ranges, skips);
    free(ranges);
  }
  return asked && client_fetches(wire, records);
}

/* Two sessions from set-up to fetch. True if all of it went as it should. */
static bool converse(struct wire *wire, enum ow_mode mode, uint32_t records, uint32_t skips)
{
  test_pair_prepare(&wire->pair, mode);
  test_pair_create(&wire->pair);
  return set_up(wire) && session(wire, false, 1) && session(wire, true, 2) && start(wire) &&
         stop(wire, skips) && fetch(wire, records, skips);
}

/* ---- undisturbed ---- */

START_TEST(two_sessions_run_from_set_up_to_fetch)
{
  for (size_t skips = 0; skips < SKIPS; skips++)
    for (size_t records = 0; records < RECORDS; records++) {
      struct wire line = a_wire(TO_SERVER, SIZE_MAX, SIZE_MAX);
      ck_assert(converse(&line, test_modes[_i], record_counts[records], skip_counts[skips]));
      ck_assert_int_eq(ow_client_state(line.pair.client), OW_CLIENT_READY);
      ck_assert_int_eq(ow_server_state(line.pair.server), OW_SERVER_READY);
      test_pair_close(&line.pair);
    }
}
END_TEST

/* ---- disturbed ---- */

enum { FEW = 3, SOME = 3 }; /* records and skip ranges */

static size_t octets_in(enum ow_mode mode, int direction)
{
  struct wire undisturbed = a_wire(direction, SIZE_MAX, SIZE_MAX);
  ck_assert(converse(&undisturbed, mode, FEW, SOME));
  test_pair_close(&undisturbed.pair);
  return undisturbed.passed[direction];
}

/* A changed count may leave the reader waiting for more. Then nothing was acted on, and its patience ends. */
static void reader_is_broken(struct wire *wire)
{
  if (wire->direction == TO_SERVER) {
    if (wire->at_server.kind == OW_SERVER_NOTHING)
      ow_server_expired(wire->pair.server, &wire->at_server);
    ck_assert_int_eq(wire->at_server.kind, OW_SERVER_BROKEN);
    ck_assert_int_eq(ow_server_state(wire->pair.server), OW_SERVER_FAILED);
  } else {
    if (wire->at_client.kind == OW_CLIENT_NOTHING)
      ow_client_disconnected(wire->pair.client, NULL, &wire->at_client);
    ck_assert_int_eq(wire->at_client.kind, OW_CLIENT_BROKEN);
    ck_assert_int_eq(ow_client_state(wire->pair.client), OW_CLIENT_FAILED);
  }
}

START_TEST(a_bit_changed_in_any_protected_octet_breaks_the_reader)
{
  enum ow_mode mode = keyed_modes[_i / DIRECTIONS];
  int direction = _i % DIRECTIONS;
  size_t protected_from = direction == TO_SERVER ? OW_SETUP_RESPONSE : OW_GREETING + OW_SERVER_START_CLEAR;
  size_t count = octets_in(mode, direction);
  ck_assert_uint_gt(count, protected_from);
  for (size_t at = protected_from; at < count; at++) {
    struct wire changing = a_wire(direction, at, SIZE_MAX);
    ck_assert_msg(!converse(&changing, mode, FEW, SOME), "octet %zu of %zu was acted on", at, count);
    reader_is_broken(&changing);
    test_pair_close(&changing.pair);
  }
}
END_TEST

/*
 * Every octet in turn is cut off in control_replay_test.c. Here the steps fall on each place in a block in
 * turn.
 */
START_TEST(a_connection_that_ends_anywhere_breaks_the_reader)
{
  enum { STEP = 5 };
  enum ow_mode mode = test_modes[_i / DIRECTIONS];
  int direction = _i % DIRECTIONS;
  size_t count = octets_in(mode, direction);
  for (size_t most = 0; most < count; most += STEP) {
    struct wire ending = a_wire(direction, SIZE_MAX, most);
    ck_assert_msg(!converse(&ending, mode, FEW, SOME), "%zu octets of %zu were enough", most, count);
    reader_is_broken(&ending);
    ck_assert_uint_eq(ending.passed[direction], most);
    test_pair_close(&ending.pair);
  }
}
END_TEST

/* ---- the wrong key ---- */

static void refused_key(struct wire *wire, const char *key_id, const char *passphrase)
{
  struct test_pair *pair = &wire->pair;
  pair->client_config.key_id = key_id;
  pair->client_config.passphrase = passphrase;
  pair->client_config.passphrase_octets = strlen(passphrase);
  test_pair_create(pair);
  ck_assert(!set_up(wire));
  ck_assert_int_eq(wire->at_server.kind, OW_SERVER_BROKEN);
  test_assert_failure(&wire->at_server.failure, OW_AUTH, key_id);
  ck_assert_ptr_null(strstr(wire->at_server.failure.text, passphrase));
  ck_assert(client_hears(wire, OW_CLIENT_BROKEN));
  test_assert_failure(&wire->at_client.failure, OW_AUTH, key_id);
  ck_assert_ptr_null(strstr(wire->at_client.failure.text, passphrase));
}

START_TEST(both_sides_learn_that_a_key_is_wrong)
{
  static const char *const wrong[][2] = {
      {TEST_KEY_ID, "correct horse battery stapler"},
      {TEST_KEY_ID, "correct horse battery stapl"},
      {"nobody", TEST_PASSPHRASE},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct wire line = a_wire(TO_SERVER, SIZE_MAX, SIZE_MAX);
    test_pair_prepare(&line.pair, keyed_modes[_i]);
    refused_key(&line, wrong[i][0], wrong[i][1]);
    test_pair_close(&line.pair);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control");
  TEST_LOOP(suite, "undisturbed", TEST_MODES, two_sessions_run_from_set_up_to_fetch);
  TEST_LOOP(suite, "changed", KEYED * DIRECTIONS, a_bit_changed_in_any_protected_octet_breaks_the_reader);
  TEST_LOOP(suite, "ended", TEST_MODES * DIRECTIONS, a_connection_that_ends_anywhere_breaks_the_reader);
  TEST_LOOP(suite, "wrong key", KEYED, both_sides_learn_that_a_key_is_wrong);
  return test_run(suite);
}
