/* SPDX-License-Identifier: MIT */
/* What the channel and the timer tell becomes the machine's events, one a call, to the owner. */
#include "measure/client_connection.h"

#include <limits.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"

/* What there is to send until there is a machine. Nobody writes to it. */
static struct ow_buffer nothing;

static struct ow_client_connection *of_channel(struct ow_channel *channel)
{
  return OW_CONTAINER_OF(channel, struct ow_client_connection, channel);
}

static struct ow_client_connection *of_timer(struct ow_timer *timer)
{
  return OW_CONTAINER_OF(timer, struct ow_client_connection, timer);
}

static void watch_deadline(struct ow_client_connection *connection)
{
  int64_t deadline = ow_client_deadline(connection->client);
  if (deadline == OW_NEVER)
    ow_timer_cancel(connection->loop, &connection->timer);
  else
    ow_timer_set(connection->loop, &connection->timer, deadline);
}

/* Always the last act: the owner may close, and free, the connection. */
static void tell_owner(struct ow_client_connection *connection, struct ow_client_event *event)
{
  if (event->kind == OW_CLIENT_BROKEN) {
    ow_timer_cancel(connection->loop, &connection->timer);
    ow_derivation_cancel(connection->derivation);
    connection->derivation = NULL;
    ow_channel_close(&connection->channel);
    ow_fail_within(&event->failure, "server %s", connection->server);
  }
  connection->event(connection, event);
}

static void tell_failure(struct ow_client_connection *connection, enum ow_status status, int error,
                         const char *reason)
{
  struct ow_client_event event = {.kind = OW_CLIENT_BROKEN};
  ow_fail_errno(&event.failure, status, error, "%s", reason);
  tell_owner(connection, &event);
}

static struct ow_client *make_client(const struct ow_client_connection *connection, struct ow_instant now)
{
  const struct ow_peer *peer = connection->peer;
  const struct ow_client_config config = {
      .protocol = peer->protocol,
      .features = OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN,
      .modes = peer->modes,
      .key_id = peer->key_id,
      .passphrase = peer->passphrase.octets,
      .passphrase_octets = peer->passphrase.length,
      .most_count = peer->most_pbkdf2_count,
      .timeout = connection->timeout,
      .random = ow_system_random,
  };
  return ow_client_create(&config, now);
}

static void on_connected(struct ow_channel *channel)
{
  struct ow_client_connection *connection = of_channel(channel);
  struct ow_instant now = ow_loop_now(connection->loop);
  connection->heard = now.monotonic;
  connection->round_trip = now.monotonic - connection->began;
  connection->client = make_client(connection, now);
  if (!connection->client) {
    tell_failure(connection, OW_MEMORY, 0, "no memory for a control connection");
  } else {
    channel->output = ow_client_output(connection->client);
    watch_deadline(connection);
  }
}

/* A handshake may include a lost SYN or the search for a neighbour; a set-up, what the server derives. */
static void measure_round_trip(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  int64_t now = ow_loop_now(connection->loop).monotonic;
  if (event->kind == OW_CLIENT_SET_UP && now - connection->answered < connection->round_trip)
    connection->round_trip = now - connection->answered;
  else if (!connection->answered && ow_client_state(connection->client) == OW_CLIENT_AWAIT_SERVER_START)
    connection->answered = now;
}

/* What has happened since we last heard of the server was our own doing, and no silence of its. */
static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key)
{
  struct ow_client_connection *connection = context;
  struct ow_instant now = ow_loop_now(connection->loop);
  struct ow_client_event event;
  connection->derivation = NULL;
  connection->heard = now.monotonic;
  ow_client_use_key(connection->client, now, status, key, NULL, &event);
  measure_round_trip(connection, &event);
  ow_client_connection_send(connection);
  if (event.kind != OW_CLIENT_NOTHING)
    tell_owner(connection, &event);
}

/* Each connection asks once, so their number bounds what waits. */
static void derive_key(struct ow_client_connection *connection, struct ow_client_event *event)
{
  struct ow_failure why;
  connection->derivation =
      ow_derivation_begin(connection->loop, &event->source, 0, 0, UINT_MAX, on_derived, connection, &why);
  if (!connection->derivation)
    ow_client_use_key(connection->client, ow_loop_now(connection->loop), why.status, NULL, &why, event);
  else
    *event = (struct ow_client_event){0};
}

/* One event a call; what follows it is offered again. */
static void on_received(struct ow_channel *channel)
{
  struct ow_client_connection *connection = of_channel(channel);
  struct ow_reader input = ow_channel_input(channel);
  struct ow_client_event event;
  bool greeted_before = ow_client_was_greeted(connection->client);
  ow_client_receive(connection->client, ow_loop_now(connection->loop), &input, &event);
  ow_channel_taken(channel, &input);
  connection->heard = ow_loop_now(connection->loop).monotonic;
  if (event.kind != OW_CLIENT_NOTHING)
    ow_channel_offer(channel);
  if (event.kind == OW_CLIENT_DERIVE)
    derive_key(connection, &event);
  measure_round_trip(connection, &event);
  ow_client_connection_send(connection);
  if (event.kind != OW_CLIENT_NOTHING)
    tell_owner(connection, &event);
  else if (!greeted_before && ow_client_was_greeted(connection->client) && connection->greeted)
    connection->greeted(connection);
}

/* A connection lives long, and says little. */
static void on_drained(struct ow_channel *channel)
{
  ow_buffer_shrink(channel->output);
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  struct ow_client_connection *connection = of_channel(channel);
  struct ow_client_event event;
  if (connection->client) {
    ow_client_disconnected(connection->client, reason, &event);
    tell_owner(connection, &event);
  } else {
    tell_failure(connection, OW_NETWORK, channel->error,
                 reason ? reason : "the connection was closed as it was made");
  }
}

static void on_deadline(struct ow_timer *timer)
{
  struct ow_client_connection *connection = of_timer(timer);
  struct ow_client_event event;
  if (connection->client) {
    ow_client_expired(connection->client, &event);
    tell_owner(connection, &event);
  } else {
    tell_failure(connection, OW_TIMEOUT, 0,
                 "no answer to our TCP connection: the host is down, or a firewall drops it");
  }
}

static void prepare(struct ow_client_connection *connection, struct ow_loop *loop, struct ow_buffer *output)
{
  connection->loop = loop;
  connection->channel = (struct ow_channel){
      .output = output,
      .connected = on_connected,
      .received = on_received,
      .drained = on_drained,
      .over = on_over,
      .watch = {.descriptor = -1},
  };
  connection->timer.expired = on_deadline;
}

enum ow_status ow_client_connection_open(struct ow_client_connection *connection, struct ow_loop *loop,
                                         const struct ow_peer *peer, const union ow_address *server,
                                         const union ow_address *source, int64_t timeout,
                                         struct ow_failure *failure)
{
  prepare(connection, loop, &nothing);
  connection->client = NULL;
  connection->derivation = NULL;
  connection->departures_unknown = false;
  connection->answered = 0;
  connection->heard = 0;
  connection->peer = peer;
  connection->timeout = timeout;
  ow_address_print(connection->server, sizeof connection->server, server);
  connection->began = ow_loop_now(loop).monotonic;
  enum ow_status status =
      ow_channel_connect(&connection->channel, loop, server, source, peer->interface, failure);
  if (status != OW_OK)
    ow_fail_within(failure, "server %s", connection->server);
  else
    ow_timer_set(loop, &connection->timer, connection->began + timeout);
  return status;
}

enum ow_status ow_client_connection_move(struct ow_client_connection *connection,
                                         struct ow_client_connection *from, struct ow_failure *failure)
{
  connection->client = from->client;
  from->client = NULL;
  connection->derivation = from->derivation;
  from->derivation = NULL;
  if (connection->derivation)
    ow_derivation_redirect(connection->derivation, connection);
  connection->peer = from->peer;
  connection->timeout = from->timeout;
  memcpy(connection->server, from->server, sizeof connection->server);
  connection->departures_unknown = from->departures_unknown;
  connection->began = from->began;
  connection->answered = from->answered;
  connection->heard = from->heard;
  connection->round_trip = from->round_trip;
  prepare(connection, from->loop, ow_client_output(connection->client));
  enum ow_status status = ow_channel_move(&connection->channel, &from->channel, failure);
  ow_client_connection_close(from);
  if (status == OW_OK)
    watch_deadline(connection);
  else
    ow_client_connection_close(connection);
  return status;
}

void ow_client_connection_send(struct ow_client_connection *connection)
{
  ow_channel_flush(&connection->channel);
  watch_deadline(connection);
}

void ow_client_connection_close(struct ow_client_connection *connection)
{
  if (connection->loop)
    ow_timer_cancel(connection->loop, &connection->timer);
  ow_channel_close(&connection->channel);
  ow_derivation_cancel(connection->derivation);
  connection->derivation = NULL;
  ow_client_free(connection->client);
  connection->client = NULL;
}
