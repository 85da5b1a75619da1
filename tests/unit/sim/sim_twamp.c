/* SPDX-License-Identifier: MIT */
/* A session is found by both ports; it is answered from Start-Ack to Stop-Sessions. */
#include "sim/sim_twamp.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/channel.h"
#include "support/contexts.h"
#include "support/twamp_server.h"
#include "wire/twamp_packet.h"

struct sim_twamp_connection {
  struct sim_twamp *twamp;
  struct sim_twamp_connection *next;
  struct ow_channel channel;
  struct test_twamp_server server;
  uint32_t counter; /* of the running session's answers */
  unsigned starts;  /* counted for */
};

/* An answer in the making. */
struct answer {
  struct sim_twamp *twamp;
  struct sim_question question;
  struct ow_timestamp arrived;
  uint8_t octets[4096];
};

/* ---- connections ---- */

static void forget(struct sim_twamp_connection *connection)
{
  struct sim_twamp_connection **at = &connection->twamp->connections;
  while (*at != connection)
    at = &(*at)->next;
  *at = connection->next;
  ow_channel_close(&connection->channel);
  test_twamp_server_close(&connection->server);
  free(connection);
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  (void)reason;
  forget(OW_CONTAINER_OF(channel, struct sim_twamp_connection, channel));
}

static void on_received(struct ow_channel *channel)
{
  struct sim_twamp_connection *connection = OW_CONTAINER_OF(channel, struct sim_twamp_connection, channel);
  struct ow_reader input = ow_channel_input(channel);
  test_twamp_server_receive(&connection->server, &input);
  ow_channel_taken(channel, &input);
  ow_channel_flush(channel);
  if (connection->server.starts != connection->starts)
    connection->counter = connection->twamp->first_number;
  connection->starts = connection->server.starts;
  if (connection->server.closed)
    forget(connection);
}

static void on_accepted(struct ow_listeners *listeners, int socket, const union ow_address *remote)
{
  struct sim_twamp *twamp = OW_CONTAINER_OF(listeners, struct sim_twamp, listeners);
  struct sim_twamp_connection *connection = calloc(1, sizeof *connection);
  struct ow_failure failure = {0};
  (void)remote;
  if (!connection)
    abort();
  connection->twamp = twamp;
  connection->next = twamp->connections;
  twamp->connections = connection;
  twamp->connected++;
  test_twamp_server_open(&connection->server, &twamp->habits);
  connection->channel = (struct ow_channel){
      .output = &connection->server.outbox.octets, .received = on_received, .over = on_over};
  if (ow_channel_adopt(&connection->channel, twamp->loop, socket, &failure) != OW_OK)
    abort();
  ow_channel_flush(&connection->channel);
}

/* ---- packets ---- */

static struct sim_twamp_connection *session_of(const struct sim_twamp *twamp,
                                               const struct sim_question *question)
{
  struct sim_twamp_connection *at = twamp->connections;
  while (at && !(at->server.starts > at->server.stops &&
                 at->server.request.sender.port == ow_address_port(&question->from) &&
                 at->server.acceptance.session.port == ow_address_port(&question->to)))
    at = at->next;
  return at;
}

static void answer_one(struct answer *answer, struct sim_twamp_connection *connection,
                       const struct ow_packet_codec *codec, const struct ow_packet *packet)
{
  struct sim_twamp *twamp = answer->twamp;
  uint8_t octets[sizeof answer->octets] = {0};
  struct ow_twamp_format format = connection->server.format;
  const struct ow_reflection reflection = {
      .sequence = twamp->stateless ? packet->sequence : connection->counter++,
      .sent = ow_timestamp_plus(sim_wall(), twamp->ahead),
      .error = twamp->no_error ? 0 : ow_error_estimate(true, 1000000).bits,
      .received = answer->arrived,
      .sender_sequence = packet->sequence,
      .sender_sent = packet->sent,
      .sender_error = packet->error,
      .sender_ttl = 254,
      .sender_tos = twamp->tos,
  };
  if (ow_twamp_answer_encode(codec, format, &reflection, octets) != OW_OK)
    abort();
  octets[ow_twamp_answer_least(format) - 1] ^= twamp->wrong_hmac;
  twamp->answers++;
  sim_answer(&answer->question, octets, ow_twamp_answer_octets(format, answer->question.length));
}

static void reply(void *context)
{
  struct answer *answer = context;
  struct ow_packet packet;
  struct sim_twamp_connection *connection = session_of(answer->twamp, &answer->question);
  if (connection && !answer->twamp->deaf) {
    struct ow_keys keys = test_twamp_server_keys(&connection->server);
    struct ow_packet_codec codec;
    if (ow_packet_codec_open(&codec, connection->server.format.mode, &keys, test_contexts()) != OW_OK)
      abort();
    if (ow_packet_decode(&codec, answer->octets, answer->question.length, &packet) == OW_OK)
      for (unsigned i = 0; i <= answer->twamp->times; i++)
        answer_one(answer, connection, &codec, &packet);
    ow_packet_codec_close(&codec);
  }
  answer->twamp->strangers += !connection;
  free(answer);
}

static void on_asked(void *context, const struct sim_question *question)
{
  struct sim_twamp *twamp = context;
  struct answer *answer = calloc(1, sizeof *answer);
  if (!answer || question->length > sizeof answer->octets)
    abort();
  answer->twamp = twamp;
  answer->question = *question;
  answer->arrived = ow_timestamp_plus(sim_wall(), twamp->ahead);
  memcpy(answer->octets, question->octets, question->length);
  if (!twamp->shortest || question->length < twamp->shortest)
    twamp->shortest = question->length;
  if (question->length > twamp->longest)
    twamp->longest = question->length;
  sim_at(sim_monotonic() + twamp->dwell, reply, answer);
}

/* ---- life ---- */

void sim_twamp_open(struct sim_twamp *twamp, struct ow_loop *loop, uint8_t host, const char *address)
{
  struct ow_failure failure = {0};
  twamp->loop = loop;
  ow_listeners_prepare(&twamp->listeners, loop, on_accepted);
  if (ow_listeners_open(&twamp->listeners, address, "862", &failure) != OW_OK)
    abort();
  sim_when_asked(host, on_asked, twamp);
}

void sim_twamp_close(struct sim_twamp *twamp)
{
  while (twamp->connections)
    forget(twamp->connections);
  ow_listeners_close(&twamp->listeners);
}
