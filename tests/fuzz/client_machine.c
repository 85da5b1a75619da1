/* SPDX-License-Identifier: MIT */
/* The Control-Client's machine, of OWAMP and of TWAMP: whatever a server sends, it goes on or breaks off. */
#include <string.h>

#include "control/client.h"
#include "target.h"
#include "wire/setup.h"

static void same_octets(void *context, void *out, size_t octets)
{
  (void)context;
  memset(out, 0x5a, octets);
}

static const struct ow_instant NOW = {.wall = {UINT64_C(0xe000000000000000)}, .monotonic = 1};

enum { SPEAKS_TWAMP = 16 }; /* of the first octet */

static void twamp_command(struct ow_client *client, uint8_t choice)
{
  const struct ow_tw_request request = {.sender = {.version = 4}, .receiver = {.version = 4}};
  enum ow_status status = OW_OK;
  if (ow_client_state(client) == OW_CLIENT_RUNNING && choice & 1)
    status = ow_client_stop_sessions(client, NOW, OW_ACCEPT_OK, NULL, 0);
  else if (ow_client_state(client) == OW_CLIENT_READY && choice & 2)
    status = ow_client_request_tw_session(client, NOW, &request);
  else if (ow_client_state(client) == OW_CLIENT_READY)
    status = ow_client_start_sessions(client, NOW);
  FUZZ_CHECK(status == OW_OK);
}

/* What the client does when it may: the fuzzer's first octet chooses. */
static void command(struct ow_client *client, uint8_t choice)
{
  const struct ow_session_request request = {.server_sends = choice & 4,
                                             .server_receives = !(choice & 4),
                                             .slot_count = 1,
                                             .packets = 3,
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  const struct ow_slot slot = {OW_SLOT_FIXED, {1}};
  const struct ow_fetch_request fetch = {.end = OW_FETCH_TO_END, .departures = choice & 8};
  enum ow_status status = OW_OK;
  if (ow_client_state(client) == OW_CLIENT_STOP_OWED)
    status = ow_client_stop_sessions(client, NOW, OW_ACCEPT_OK, NULL, 0);
  else if (ow_client_state(client) == OW_CLIENT_READY && choice % 3 == 0)
    status = ow_client_request_session(client, NOW, &request, &slot);
  else if (ow_client_state(client) == OW_CLIENT_READY && choice % 3 == 1)
    status = ow_client_start_sessions(client, NOW);
  else if (ow_client_state(client) == OW_CLIENT_READY)
    status = ow_client_fetch(client, NOW, &fetch);
  FUZZ_CHECK(status == OW_OK);
}

static void feed(struct ow_client *client, const uint8_t *octets, size_t count, uint8_t choices)
{
  bool twamp = choices & SPEAKS_TWAMP;
  struct ow_reader input = ow_reader(octets, count);
  struct ow_client_event event;
  do {
    ow_client_receive(client, NOW, &input, &event);
    twamp ? twamp_command(client, choices) : command(client, choices);
    ow_buffer_consume(ow_client_output(client), ow_buffer_length(ow_client_output(client)));
    choices = (uint8_t)(choices >> 1 | choices << 7);
  } while (event.kind != OW_CLIENT_NOTHING);
  FUZZ_CHECK(ow_reader_left(&input) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_client_config config = {.modes = OW_MODE_OPEN, .timeout = 1000, .random = {.fill = same_octets}};
  static const uint8_t start[OW_SERVER_START];
  uint8_t greeting[OW_GREETING];
  if (octets && input[0] & SPEAKS_TWAMP)
    config.protocol = OW_PROTOCOL_TWAMP;
  struct ow_client *client = ow_client_create(&config, NOW);
  FUZZ_CHECK(client != NULL);
  if (octets > 1) {
    ow_greeting_encode(&(struct ow_greeting){.modes = OW_MODE_OPEN}, greeting);
    feed(client, greeting, sizeof greeting, input[0]);
    feed(client, start, sizeof start, input[0]);
    feed(client, input + 1, octets - 1, input[0]);
  }
  ow_client_free(client);
  return 0;
}
