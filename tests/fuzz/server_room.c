/* SPDX-License-Identifier: MIT */
/*
 * A responder of all three protocols with its policy on the simulated network, and many clients that say
 * anything in any order, whole or in pieces, send test packets, vanish and come back, while the clock is set:
 * whatever they do, nothing that they had claimed is left when they are gone.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cursor.h"
#include "io/channel.h"
#include "io/udp.h"
#include "io/udp_way.h"
#include "policy/policy.h"
#include "server/server.h"
#include "sim/sim.h"
#include "target.h"
#include "wire/fetch.h"
#include "wire/session_request.h"
#include "wire/setup.h"
#include "wire/start_stop.h"
#include "wire/tw_request.h"

enum {
  CLIENTS = 6,
  STEPS_MOST = 200,
  HMAC = 16,
  HOST = 2,
  OUTPUT_MOST = 1 << 20,
  REFLECTOR = 862,
  TEST_PORT = 5000
};

enum { FURTHER = 240 }; /* steps from here on are of another kind */

struct client {
  struct ow_channel channel;
  struct ow_buffer output;
  struct ow_sid sid; /* of the last Accept-Session, if that is what came last */
  uint16_t port;     /* likewise, ours for its packets */
  bool open;
};

struct room {
  struct ow_loop *loop;
  struct ow_policy *policy;
  struct ow_serve_policy answers;
  struct ow_serve *server;
  union ow_address address;
  union ow_address twamp;
  int socket; /* of whoever sends test packets */
  struct client clients[CLIENTS];
};

static void on_connected(struct ow_channel *channel)
{
  (void)channel;
}

static void on_received(struct ow_channel *channel)
{
  struct client *client = (struct client *)(void *)channel;
  struct ow_reader input = ow_channel_input(channel);
  size_t left = ow_reader_left(&input);
  if (left == OW_ACCEPT_SESSION + HMAC) {
    memcpy(&client->sid, input.at + 4, sizeof client->sid);
    client->port = (uint16_t)(input.at[2] << 8 | input.at[3]);
  }
  ow_read_skip(&input, left);
  ow_channel_taken(channel, &input);
}

static void leave(struct client *client)
{
  if (client->open)
    ow_channel_close(&client->channel);
  ow_buffer_clear(&client->output);
  client->open = false;
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  (void)reason;
  leave((struct client *)(void *)channel);
}

static void say(struct client *client, const void *octets, size_t count)
{
  if (client->open && ow_buffer_append(&client->output, octets, count) == OW_OK)
    ow_channel_flush(&client->channel);
}

static void enter(struct room *room, struct client *client, const union ow_address *address)
{
  uint8_t set_up[OW_SETUP_RESPONSE] = {0, 0, 0, OW_MODE_OPEN};
  struct ow_failure failure;
  leave(client);
  client->channel = (struct ow_channel){
      .output = &client->output, .connected = on_connected, .received = on_received, .over = on_over};
  client->output.limit = OUTPUT_MOST;
  client->open = ow_channel_connect(&client->channel, room->loop, address, NULL, NULL, &failure) == OW_OK;
  say(client, set_up, sizeof set_up);
}

static void request(struct client *client, struct ow_reader *input)
{
  uint8_t message[OW_REQUEST_SESSION + HMAC + OW_SLOT + HMAC] = {0};
  uint8_t kind = ow_read_u8(input);
  struct ow_slot slot = {kind & 8 ? OW_SLOT_FIXED : OW_SLOT_EXPONENTIAL, {ow_read_u32(input)}};
  struct ow_session_request session = {.server_sends = kind & 1,
                                       .server_receives = !(kind & 1),
                                       .slot_count = 1,
                                       .packets = 1 + ow_read_u16(input) % (kind & 2 ? UINT16_MAX : 50),
                                       .padding = kind & 4 ? ow_read_u16(input) : 0,
                                       .sender = {.version = 4, .port = 5000},
                                       .receiver = {.version = 4, .port = 5000}};
  session.start = ow_timestamp_plus(sim_wall(), (int64_t)(int32_t)ow_read_u32(input) * 1000);
  session.timeout.ntp = kind & 16 ? ow_read_u64(input) : UINT64_C(1) << 31;
  memset(session.sid.octets, kind, sizeof session.sid.octets);
  ow_session_request_encode(&session, message);
  ow_slot_encode(&slot, message + OW_REQUEST_SESSION + HMAC);
  say(client, message, sizeof message);
}

static void request_twamp(struct client *client, struct ow_reader *input)
{
  uint8_t message[OW_REQUEST_TW_SESSION + HMAC] = {0};
  uint8_t kind = ow_read_u8(input);
  struct ow_tw_request session = {.sender = {.version = 4, .port = TEST_PORT},
                                  .receiver = {.version = 4, .port = kind & 1 ? REFLECTOR : TEST_PORT},
                                  .padding = kind & 2 ? ow_read_u16(input) : 27,
                                  .type_p = kind & 4 ? ow_read_u32(input) : 0};
  session.start = ow_timestamp_plus(sim_wall(), (int64_t)(int32_t)ow_read_u32(input) * 1000);
  session.timeout.ntp = kind & 8 ? ow_read_u64(input) : UINT64_C(1) << 31;
  ow_tw_request_encode(&session, message);
  say(client, message, sizeof message);
}

/* OWAMP's and TWAMP's by the session's port, STAMP's with anything behind it: all begin alike. */
static void send_packet(const struct room *room, const struct client *client, struct ow_reader *input)
{
  uint8_t packet[OW_UDP_OCTETS] = {0};
  uint8_t kind = ow_read_u8(input);
  struct ow_writer out = ow_writer(packet, sizeof packet);
  const union ow_address from = {.v4 = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}}};
  union ow_address to = room->address;
  struct ow_udp_way way;
  size_t octets = kind & 2 ? ow_read_u8(input) : 44;
  ow_write_u32(&out, kind & 4 ? ow_read_u32(input) : ow_read_u8(input));
  ow_write_u64(&out, ow_timestamp_plus(sim_wall(), kind & 8 ? (int32_t)ow_read_u32(input) * 1000LL : 0).ntp);
  ow_write_u16(&out, kind & 16 ? ow_read_u16(input) : 0x8101);
  if (kind & 32)
    ow_read_octets(input, packet + 14, 50);
  if (kind & 64)
    octets += 44;
  to.v4.sin_port = htons(kind & 1 && client->port ? client->port : REFLECTOR);
  ow_udp_way_make(&way, &to, &from, 0);
  (void)ow_udp_send_to(room->socket, &way, packet, octets, false);
}

static void fetch(struct client *client, struct ow_reader *input)
{
  uint8_t message[OW_FETCH_SESSION + HMAC] = {0};
  uint8_t kind = ow_read_u8(input);
  struct ow_fetch_request wanted = {.begin = kind & 2 ? ow_read_u16(input) : 0,
                                    .end = kind & 4 ? ow_read_u16(input) : OW_FETCH_TO_END,
                                    .sid = client->sid,
                                    .departures = kind & 1};
  ow_fetch_request_encode(&wanted, message);
  say(client, message, sizeof message);
}

static void start_or_stop(struct client *client, bool start)
{
  uint8_t message[OW_STOP_SESSIONS + HMAC] = {0};
  if (start)
    ow_start_sessions_encode(message);
  else
    ow_stop_sessions_encode(&(struct ow_stop_sessions){.accept = OW_ACCEPT_OK}, message);
  say(client, message, sizeof message);
}

static void anything(struct client *client, struct ow_reader *input)
{
  uint8_t octets[64];
  size_t count = ow_read_u8(input) % sizeof octets;
  ow_read_octets(input, octets, count);
  say(client, octets, count);
}

static void step_further(struct room *room, uint8_t what, struct ow_reader *input)
{
  struct client *client = &room->clients[ow_read_u8(input) % CLIENTS];
  switch (what % 8) {
  case 0: enter(room, client, &room->twamp); break;
  case 1:
  case 2: request_twamp(client, input); break;
  case 3: sim_step_clock(room->loop, (int32_t)ow_read_u32(input) * (int64_t)OW_NS_PER_MS); break;
  default: send_packet(room, client, input); break;
  }
}

static void step(struct room *room, struct ow_reader *input)
{
  uint8_t what = ow_read_u8(input);
  struct client *client = &room->clients[(what >> 4) % CLIENTS];
  if (what >= FURTHER) {
    step_further(room, what, input);
    return;
  }
  switch (what % 10) {
  case 0: enter(room, client, &room->address); break;
  case 1:
  case 2: request(client, input); break;
  case 3: start_or_stop(client, true); break;
  case 4: start_or_stop(client, false); break;
  case 5: fetch(client, input); break;
  case 6: anything(client, input); break;
  case 7: leave(client); break;
  case 8: sim_run(room->loop, ow_read_u16(input) * OW_NS_PER_MS / 100); break;
  default: sim_run(room->loop, ow_read_u8(input) * OW_NS_PER_S); break;
  }
}

static void open_socket(struct room *room)
{
  const struct ow_udp_options options = {
      .local.v4 = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}}, .port_low = TEST_PORT, .port_high = TEST_PORT};
  union ow_address bound;
  struct ow_failure failure;
  FUZZ_CHECK(ow_udp_open(&options, &room->socket, &bound, &failure) == OW_OK);
}

static void open_room(struct room *room)
{
  static const char text[] = "limit root with allow_open_mode=on, disk=1m, bandwidth=1m\n"
                             "assign stamp 127.0.0.1 root\n";
  struct ow_serve_config config;
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  struct ow_failure failure;
  sim_begin(1);
  sim_path(HOST)->delay[0] = OW_NS_PER_MS;
  room->loop = ow_loop_create(&failure);
  sim_share_loop(room->loop);
  room->policy = ow_policy_create();
  FUZZ_CHECK(ow_limits_parse("limits", text, sizeof text - 1, &keys, &limits, NULL, &failure) == OW_OK);
  FUZZ_CHECK(ow_policy_install(room->policy, &limits, &keys, OW_MODES_ALL) == OW_OK);
  ow_limits_clear(&limits);
  ow_key_file_clear(&keys);
  room->answers = ow_policy_answers(room->policy);
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.%d", HOST);
  snprintf(config.twamp_address, sizeof config.twamp_address, "127.0.0.%d", HOST);
  snprintf(config.twamp_port, sizeof config.twamp_port, "%d", REFLECTOR);
  config.reflect_port = REFLECTOR;
  config.most_reflections = 4;
  config.most_records = 20000;
  sim_opening = HOST;
  room->server = ow_serve_create(room->loop, &config, &room->answers, NULL, &failure);
  FUZZ_CHECK(room->server);
  room->address.v4.sin_family = AF_INET;
  room->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + HOST - 1);
  room->twamp = room->address;
  room->twamp.v4.sin_port = htons(ow_serve_twamp_port(room->server));
  room->address.v4.sin_port = htons(ow_serve_port(room->server));
  open_socket(room);
}

/* Long after the last of them has gone no connection and no session is left. */
static void close_room(struct room *room)
{
  for (int i = 0; i < CLIENTS; i++)
    leave(&room->clients[i]);
  close(room->socket);
  sim_run(room->loop, 3600 * OW_NS_PER_S);
  struct ow_serve_counts counts = ow_serve_count(room->server);
  FUZZ_CHECK(counts.connections == 0 && counts.sessions_running == 0 && counts.records <= 20000);
  FUZZ_CHECK(counts.reflections == 0);
  ow_serve_free(room->server);
  ow_policy_free(room->policy);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(room->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_reader reader = ow_reader(input, octets);
  static struct room room;
  room = (struct room){0};
  open_room(&room);
  for (int i = 0; i < STEPS_MOST && ow_reader_left(&reader) > 0; i++)
    step(&room, &reader);
  close_room(&room);
  return 0;
}
