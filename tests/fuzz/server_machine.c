/* SPDX-License-Identifier: MIT */
/*
 * The Server's machine: whatever a client sends, it answers or breaks off, and never says anything for
 * nothing.
 */
#include <string.h>

#include "control/server.h"
#include "control/server_twamp.h"
#include "target.h"

static void same_octets(void *context, void *out, size_t octets)
{
  (void)context;
  memset(out, 0x5a, octets);
}

static const struct ow_instant NOW = {.wall = {UINT64_C(0xe000000000000000)}, .monotonic = 1};

/* Decide everything in the client's favour, so that the machine goes as far as it can. */
static void decide(struct ow_server *server, const struct ow_server_event *event)
{
  const struct ow_session_acceptance acceptance = {.port = 9};
  const struct ow_tw_acceptance tw_acceptance = {.session.port = 9};
  const struct ow_fetch_ack ack = {.records = 3, .finished = true, .departures = event->fetch.departures};
  const struct ow_session_request request = {.server_receives = true,
                                             .slot_count = 1,
                                             .packets = 3,
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  const struct ow_slot slot = {OW_SLOT_FIXED, {1}};
  const struct ow_sample record = {0};
  const struct ow_departure_record departure = {.source = OW_DEPARTURE_BY_KERNEL};
  switch (event->kind) {
  case OW_SERVER_NOTHING:
  case OW_SERVER_DERIVE:
  case OW_SERVER_BROKEN: break;
  case OW_SERVER_SET_UP: FUZZ_CHECK(ow_server_set_up(server, NOW, OW_ACCEPT_OK) == OW_OK); break;
  case OW_SERVER_REQUEST: FUZZ_CHECK(ow_server_answer_session(server, NOW, &acceptance) == OW_OK); break;
  case OW_SERVER_TW_REQUEST:
    FUZZ_CHECK(ow_server_answer_tw_session(server, NOW, &tw_acceptance) == OW_OK);
    break;
  case OW_SERVER_TW_STOP: FUZZ_CHECK(ow_server_state(server) == OW_SERVER_READY); break;
  case OW_SERVER_START_ASKED: FUZZ_CHECK(ow_server_answer_start(server, NOW, OW_ACCEPT_OK) == OW_OK); break;
  case OW_SERVER_STOP: FUZZ_CHECK(ow_server_begin_stop(server, NOW, OW_ACCEPT_OK, 0) == OW_OK); break;
  case OW_SERVER_FETCH:
    FUZZ_CHECK(ow_server_begin_fetch(server, NOW, &ack, &request, &slot, NULL) == OW_OK);
    while (ow_server_fetch_left(server))
      FUZZ_CHECK((ack.departures ? ow_server_fetch_departure(server, NOW, &departure)
                                 : ow_server_fetch_record(server, NOW, &record)) == OW_OK);
    break;
  }
}

static void serve(bool twamp, const uint8_t *input, size_t octets)
{
  const struct ow_server_config config = {.twamp = twamp,
                                          .modes = OW_MODES_ALL,
                                          .pbkdf2_count = OW_COUNT_LEAST,
                                          .setup_timeout = 1000,
                                          .idle_timeout = 1000,
                                          .random = {.fill = same_octets}};
  struct ow_server *server = ow_server_create(&config, NOW);
  /* In open mode, or the fuzzer would have to guess an HMAC. */
  uint8_t set_up[OW_SETUP_RESPONSE] = {0, 0, 0, OW_MODE_OPEN};
  struct ow_reader readers[] = {ow_reader(set_up, sizeof set_up), ow_reader(input, octets)};
  FUZZ_CHECK(server != NULL);
  for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
    struct ow_server_event event;
    do {
      ow_server_receive(server, NOW, &readers[i], &event);
      decide(server, &event);
      ow_buffer_consume(ow_server_output(server), ow_buffer_length(ow_server_output(server)));
    } while (event.kind != OW_SERVER_NOTHING);
    FUZZ_CHECK(ow_reader_left(&readers[i]) == 0);
  }
  ow_server_free(server);
}

/* The same octets to a server of either protocol. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  serve(false, input, octets);
  serve(true, input, octets);
  return 0;
}
