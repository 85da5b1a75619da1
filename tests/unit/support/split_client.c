/* SPDX-License-Identifier: MIT */
/* Our own control connection and session ends, but with other addresses than the connection's. */
#include "support/split_client.h"

#include "base/container_of.h"
#include "io/system_clock.h"
#include "measure/client_connection.h"
#include "measure/session_ends.h"

struct split_client {
  struct ow_loop *loop;
  const struct ow_peer *peer;
  struct ow_client_connection control;
  struct ow_traffic traffic;
  struct ow_session_ends ends;
  struct ow_timer patience;
  bool agreed[OW_DIRECTIONS];
  bool ended[OW_DIRECTIONS];
  enum ow_direction asking;
  struct test_split_report *report;
};

static void end(struct split_client *client, enum ow_status status, const char *reason)
{
  ow_fail(&client->report->failure, status, "%s", reason);
  ow_loop_stop(client->loop);
}

static void require(struct split_client *client, enum ow_status status, const char *what)
{
  if (status == OW_OK)
    ow_client_connection_send(&client->control);
  else
    end(client, status, what);
}

static struct ow_instant now_of(const struct split_client *client)
{
  return ow_loop_now(client->loop);
}

static void request(struct split_client *client, enum ow_direction direction)
{
  struct ow_failure failure = {0};
  client->asking = direction;
  enum ow_status status = ow_session_ends_plan(&client->ends, direction, &failure);
  if (status == OW_OK)
    status = ow_client_request_session(client->control.client, now_of(client),
                                       &client->ends.requests[direction], client->peer->slots);
  require(client, status, failure.text);
}

/* The next direction that is asked for, or Start-Sessions. */
static void go_on(struct split_client *client, int from)
{
  int direction = from;
  while (direction < OW_DIRECTIONS && !client->peer->directions[direction])
    direction++;
  if (direction < OW_DIRECTIONS)
    request(client, (enum ow_direction)direction);
  else if (client->agreed[OW_FORWARD] || client->agreed[OW_REVERSE])
    require(client, ow_client_start_sessions(client->control.client, now_of(client)), "can't start");
  else
    end(client, OW_OK, "");
}

static void on_session(struct split_client *client, const struct ow_session_acceptance *acceptance)
{
  struct ow_failure failure;
  client->report->accepts[client->asking] = acceptance->accept;
  client->agreed[client->asking] = acceptance->accept == OW_ACCEPT_OK;
  if (acceptance->accept == OW_ACCEPT_OK && ow_session_ends_agree(&client->ends, client->asking, acceptance,
                                                                  client->control.client, &failure) != OW_OK)
    end(client, failure.status, failure.text);
  else
    go_on(client, (int)client->asking + 1);
}

static void on_started(struct split_client *client)
{
  struct ow_failure failure = {0};
  if (client->agreed[OW_REVERSE] && ow_test_receiver_start(&client->ends.receiver, &failure) != OW_OK)
    end(client, failure.status, failure.text);
  if (client->agreed[OW_FORWARD])
    ow_test_sender_start(&client->ends.sender);
}

static void stop_if_ended(struct split_client *client)
{
  bool ended = true;
  bool sends = client->agreed[OW_FORWARD];
  for (int i = 0; i < OW_DIRECTIONS; i++)
    ended = ended && (client->ended[i] || !client->agreed[i]);
  if (ended && ow_client_state(client->control.client) == OW_CLIENT_RUNNING) {
    struct ow_session_end ending = {0};
    if (sends)
      ending = ow_sender_end(client->ends.sender.sender);
    require(client,
            ow_client_stop_sessions(client->control.client, now_of(client), OW_ACCEPT_OK, &ending, sends),
            "can't stop");
  }
}

static void on_patience(struct ow_timer *timer)
{
  struct split_client *client = OW_CONTAINER_OF(timer, struct split_client, patience);
  if (client->ended[OW_FORWARD] || !client->agreed[OW_FORWARD])
    end(client, OW_TIMEOUT, "the sessions took too long");
  client->ended[OW_FORWARD] = true;
  stop_if_ended(client);
}

/* The last packet is on its way: its loss timeout is waited for. */
static void on_sent(struct ow_test_sender *sender)
{
  struct split_client *client = OW_CONTAINER_OF(sender, struct split_client, ends.sender);
  ow_timer_set(client->loop, &client->patience, now_of(client).monotonic + client->peer->loss_timeout);
}

static void on_received(struct ow_test_receiver *receiver)
{
  struct split_client *client = OW_CONTAINER_OF(receiver, struct split_client, ends.receiver);
  client->ended[OW_REVERSE] = true;
  stop_if_ended(client);
}

static void on_stopped(struct split_client *client)
{
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END,
                                         .sid = client->ends.requests[OW_FORWARD].sid};
  if (ow_client_state(client->control.client) == OW_CLIENT_STOP_OWED) {
    struct ow_session_end ending = {0};
    bool sends = client->agreed[OW_FORWARD];
    if (sends)
      ending = ow_sender_end(client->ends.sender.sender);
    require(client,
            ow_client_stop_sessions(client->control.client, now_of(client), OW_ACCEPT_OK, &ending, sends),
            "can't stop");
  }
  if (client->agreed[OW_FORWARD])
    require(client, ow_client_fetch(client->control.client, now_of(client), &whole), "can't fetch");
  else
    end(client, OW_OK, "");
}

static void on_records(struct split_client *client, const struct ow_client_event *event)
{
  for (uint32_t i = 0; i < event->record_count; i++)
    client->report->received[OW_FORWARD] += !ow_sample_lost(&event->records[i]);
}

static void on_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct split_client *client = OW_CONTAINER_OF(control, struct split_client, control);
  switch (event->kind) {
  case OW_CLIENT_SET_UP: go_on(client, 0); break;
  case OW_CLIENT_SESSION: on_session(client, &event->acceptance); break;
  case OW_CLIENT_STARTED: on_started(client); break;
  case OW_CLIENT_STOPPED: on_stopped(client); break;
  case OW_CLIENT_FETCH_RECORDS: on_records(client, event); break;
  case OW_CLIENT_FETCHED: end(client, OW_OK, ""); break;
  case OW_CLIENT_BROKEN: end(client, event->failure.status, event->failure.text); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_FETCH_ACK:
  case OW_CLIENT_FETCH_SESSION:
  case OW_CLIENT_FETCH_DEPARTURES: break;
  }
}

static void gather(struct split_client *client)
{
  if (client->ends.sender.open)
    client->report->sent[OW_FORWARD] = ow_sender_next_sequence(client->ends.sender.sender);
  if (client->ends.receiver.open) {
    client->report->sent[OW_REVERSE] = client->ends.requests[OW_REVERSE].packets;
    client->report->received[OW_REVERSE] = ow_receiver_received(client->ends.receiver.receiver);
  }
}

void test_split_measure(struct ow_loop *loop, const struct ow_peer *peer, const union ow_address *control,
                        const union ow_address *test, const union ow_address *local,
                        struct test_split_report *report)
{
  static struct split_client client;
  struct ow_failure failure = {0};
  struct ow_timestamp start = ow_timestamp_plus(ow_system_stamp(), 200 * OW_NS_PER_MS);
  *report = (struct test_split_report){0};
  client = (struct split_client){.loop = loop,
                                 .peer = peer,
                                 .report = report,
                                 .control.event = on_event,
                                 .patience.expired = on_patience};
  client.ends.sender.done = on_sent;
  client.ends.receiver.done = on_received;
  enum ow_status status = ow_traffic_open(&client.traffic, loop);
  ow_session_ends_prepare(&client.ends, peer, &client.traffic, test, local, start, (struct ow_timestamp){0});
  if (status == OW_OK)
    status =
        ow_client_connection_open(&client.control, loop, peer, control, NULL, 10 * OW_NS_PER_S, &failure);
  ow_timer_set(loop, &client.patience, ow_loop_now(loop).monotonic + 10 * OW_NS_PER_S);
  if (status == OW_OK)
    status = ow_loop_run(loop, &failure);
  if (status != OW_OK)
    report->failure = failure;
  gather(&client);
  ow_timer_cancel(loop, &client.patience);
  ow_session_ends_close(&client.ends);
  ow_client_connection_close(&client.control);
  ow_traffic_close(&client.traffic);
}
