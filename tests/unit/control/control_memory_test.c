/* SPDX-License-Identifier: MIT */
/* A whole conversation of the control machines, each allocation of either failing in turn. */
#include <stdlib.h>
#include <string.h>

#include "support/failing_memory.h"
#include "support/machine.h"
#include "support/main.h"

enum { RANGES = 40, RECORDS = 30 };

static enum ow_mode mode;
static struct test_pair pair;
static bool over; /* one of the two has failed, and told */
static enum ow_client_event_kind reached;
static unsigned fetched; /* fetches that came to their end */
static struct ow_skip_range *ranges;

static struct ow_instant now(void)
{
  return test_at(0);
}

/* What a command, or a broken machine, says: nothing but memory may be wrong. */
static void told(enum ow_status status, const char *sentence)
{
  if (status != OW_OK) {
    ck_assert_msg(test_memory_failed() && status == OW_MEMORY, "run %u: status %d, %s", test_memory_run(),
                  (int)status, sentence);
    over = true;
  }
}

static void broken(const struct ow_failure *failure)
{
  ck_assert_msg(strstr(failure->text, "memory"), "run %u: %s", test_memory_run(), failure->text);
  told(failure->status, failure->text);
}

/* ---- the client's side: request, start, stop, fetch ---- */

static void client_acts(const struct ow_client_event *event)
{
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END, .sid = test_sid(1)};
  const struct ow_fetch_request departures = {.end = RECORDS, .sid = test_sid(1), .departures = true};
  struct ow_session_request request = test_request(false, 1);
  struct ow_session_end end = test_end(1, ranges, RANGES);
  enum ow_status status = OW_OK;
  reached = event->kind;
  switch (event->kind) {
  case OW_CLIENT_SET_UP: status = ow_client_request_session(pair.client, now(), &request, test_slots); break;
  case OW_CLIENT_SESSION: status = ow_client_start_sessions(pair.client, now()); break;
  case OW_CLIENT_STARTED: status = ow_client_stop_sessions(pair.client, now(), OW_ACCEPT_OK, &end, 1); break;
  case OW_CLIENT_STOPPED: status = ow_client_fetch(pair.client, now(), &whole); break;
  case OW_CLIENT_BROKEN: broken(&event->failure); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_FETCH_ACK:
  case OW_CLIENT_FETCH_SESSION:
  case OW_CLIENT_FETCH_RECORDS:
  case OW_CLIENT_FETCH_DEPARTURES: break;
  case OW_CLIENT_FETCHED:
    if (fetched++ == 0)
      status = ow_client_fetch(pair.client, now(), &departures);
    break;
  }
  told(status, "a client's command");
}

/* ---- the server's ---- */

static void answer_fetch(bool departures)
{
  const struct ow_departure_record departure = {.source = OW_DEPARTURE_BY_KERNEL};
  const struct ow_fetch_ack ack = {.accept = OW_ACCEPT_OK,
                                   .finished = true,
                                   .next_sequence = RECORDS,
                                   .skip_ranges = RANGES,
                                   .records = RECORDS,
                                   .departures = departures};
  struct ow_session_request request = test_request(false, 1);
  request.sid = test_sid(1);
  enum ow_status status = ow_server_begin_fetch(pair.server, now(), &ack, &request, test_slots, ranges);
  for (uint32_t i = 0; i < RECORDS && status == OW_OK; i++) {
    struct ow_sample record = test_record(i);
    status = departures ? ow_server_fetch_departure(pair.server, now(), &departure)
                        : ow_server_fetch_record(pair.server, now(), &record);
  }
  told(status, "the server's answer to a fetch");
}

static void server_acts(const struct ow_server_event *event)
{
  const struct ow_session_acceptance acceptance = {.accept = OW_ACCEPT_OK, .port = 9, .sid = test_sid(1)};
  enum ow_status status = OW_OK;
  switch (event->kind) {
  case OW_SERVER_SET_UP: status = ow_server_set_up(pair.server, now(), OW_ACCEPT_OK); break;
  case OW_SERVER_REQUEST: status = ow_server_answer_session(pair.server, now(), &acceptance); break;
  case OW_SERVER_TW_REQUEST:
  case OW_SERVER_TW_STOP: ck_abort_msg("that is TWAMP's"); break;
  case OW_SERVER_START_ASKED: status = ow_server_answer_start(pair.server, now(), OW_ACCEPT_OK); break;
  case OW_SERVER_STOP: status = test_server_stop(pair.server, now(), OW_ACCEPT_OK, NULL, 0); break;
  case OW_SERVER_FETCH: answer_fetch(event->fetch.departures); break;
  case OW_SERVER_BROKEN: broken(&event->failure); break;
  case OW_SERVER_NOTHING:
  case OW_SERVER_DERIVE: break;
  }
  told(status, "a server's answer");
}

/* ---- both ---- */

/* True if octets passed. */
static bool to_client(void)
{
  struct ow_buffer *output = ow_server_output(pair.server);
  struct ow_reader reader = ow_reader(ow_buffer_head(output), ow_buffer_length(output));
  bool any = ow_reader_left(&reader) > 0;
  while (!over && ow_reader_left(&reader)) {
    struct ow_client_event event;
    ow_client_receive(pair.client, now(), &reader, &event);
    test_client_derive(pair.client, &event);
    client_acts(&event);
  }
  ow_buffer_consume(output, ow_buffer_length(output));
  return any;
}

static bool to_server(void)
{
  struct ow_buffer *output = ow_client_output(pair.client);
  struct ow_reader reader = ow_reader(ow_buffer_head(output), ow_buffer_length(output));
  bool any = ow_reader_left(&reader) > 0;
  while (!over && ow_reader_left(&reader)) {
    struct ow_server_event event;
    ow_server_receive(pair.server, now(), &reader, &event);
    test_server_derive(pair.server, &event);
    server_acts(&event);
  }
  ow_buffer_consume(output, ow_buffer_length(output));
  return any;
}

static void converse(void)
{
  over = false;
  fetched = 0;
  reached = OW_CLIENT_NOTHING;
  pair = (struct test_pair){0};
  test_pair_prepare(&pair, mode);
  pair.client = ow_client_create(&pair.client_config, now());
  pair.server = ow_server_create(&pair.server_config, now());
  if (pair.client && pair.server) {
    while (!over && (to_client() || to_server()))
      continue;
    ck_assert_msg(over || fetched == 2, "run %u: came to event %d and no further", test_memory_run(),
                  (int)reached);
  } else {
    ck_assert(test_memory_failed());
  }
  ow_client_free(pair.client);
  ow_server_free(pair.server);
}

START_TEST(machines_say_that_memory_is_short)
{
  static const char *const names[] = {"a conversation, open", "a conversation, authenticated",
                                      "a conversation, encrypted"};
  mode = test_modes[_i];
  ranges = test_ranges(RANGES);
  test_memory_exhaust(names[_i], converse);
  free(ranges);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("control without memory");
  test_seed();
  TEST_LOOP(suite, "conversations", TEST_MODES, machines_say_that_memory_is_short);
  return test_run(suite);
}
