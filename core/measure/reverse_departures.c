/* SPDX-License-Identifier: MIT */
/* One fetch, with a deadline of its own; what it says is weighed before it is believed. */
#include "measure/reverse_departures.h"

#include "base/container_of.h"
#include "wire/fetch.h"

#define PATIENCE (500 * OW_NS_PER_MS) /* beyond 4 round trips, */
#define PATIENCE_EACH INT64_C(10000)  /* ns, and for each packet: on a thin line they take their time */

static void on_deadline(struct ow_timer *timer)
{
  struct ow_reverse_departures *departures = OW_CONTAINER_OF(timer, struct ow_reverse_departures, deadline);
  ow_log(departures->log, OW_LOG_INFO,
         "server %s did not say in time when its packets left: their own stamps stand",
         departures->control->server);
  departures->late(departures);
}

static void await(struct ow_reverse_departures *departures, uint32_t packets)
{
  struct ow_client_connection *control = departures->control;
  int64_t wait = 4 * control->round_trip + PATIENCE + packets * PATIENCE_EACH;
  departures->deadline.expired = on_deadline;
  ow_timer_set(control->loop, &departures->deadline, ow_loop_now(control->loop).monotonic + wait);
}

bool ow_reverse_departures_ask(struct ow_reverse_departures *departures,
                               const struct ow_session_request *session)
{
  struct ow_client_connection *control = departures->control;
  const struct ow_fetch_request wish = {.end = session->packets - 1, .sid = session->sid, .departures = true};
  bool asked = !control->departures_unknown && control->client && session->packets > 0 &&
               ow_client_fetch(control->client, ow_loop_now(control->loop), &wish) == OW_OK;
  if (asked) {
    ow_departures_begin(&departures->known, session->packets);
    await(departures, session->packets);
    ow_client_connection_send(control);
  }
  return asked;
}

/* Only a server that doesn't know them at all isn't asked again. */
static bool on_ack(struct ow_reverse_departures *departures, const struct ow_fetch_ack *ack)
{
  struct ow_client_connection *control = departures->control;
  if (!ack->departures)
    control->departures_unknown = true;
  if (ack->accept != OW_ACCEPT_OK)
    ow_log(departures->log, OW_LOG_DEBUG, "server %s %s: their own stamps stand", control->server,
           ack->departures ? "has not kept when these packets left" : "doesn't tell when its packets left");
  return ack->accept != OW_ACCEPT_OK;
}

/* The larger estimate as it is: each time that one is made anew it is rounded up. */
static void widen(struct ow_reverse_departures *departures, struct ow_error_estimate error)
{
  struct ow_error_estimate most = departures->error;
  bool synchronized = ow_error_synchronized(error) && (!departures->any || ow_error_synchronized(most));
  if (!departures->any || ow_error_ns(error) > ow_error_ns(most))
    most = error;
  if (!synchronized && ow_error_synchronized(most))
    most = ow_error_estimate(false, ow_error_ns(most));
  departures->error = most;
  departures->any = true;
}

/* An estimate of no error at all is none (RFC 4656, 4.1.2), and a source that we don't know says nothing. */
static void add(struct ow_reverse_departures *departures, const struct ow_departure_record *record)
{
  if (record->source == OW_DEPARTURE_BY_KERNEL && ow_error_valid(record->error)) {
    widen(departures, record->error);
    ow_departures_note_offset(&departures->known, record->sequence, record->offset);
  }
}

bool ow_reverse_departures_event(struct ow_reverse_departures *departures,
                                 const struct ow_client_event *event)
{
  bool over = false;
  switch (event->kind) {
  case OW_CLIENT_FETCH_ACK: over = on_ack(departures, &event->fetch_ack); break;
  case OW_CLIENT_FETCH_DEPARTURES:
    for (uint32_t i = 0; i < event->record_count; i++)
      add(departures, &event->departures[i]);
    break;
  case OW_CLIENT_FETCHED:
    departures->whole = event->fetch_ack.departures;
    over = true;
    break;
  case OW_CLIENT_BROKEN: over = true; break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_SET_UP:
  case OW_CLIENT_SESSION:
  case OW_CLIENT_STARTED:
  case OW_CLIENT_STOPPED:
  case OW_CLIENT_FETCH_SESSION:
  case OW_CLIENT_FETCH_RECORDS: break;
  }
  if (over)
    ow_reverse_departures_rest(departures);
  return over;
}

void ow_reverse_departures_put_into(struct ow_reverse_departures *departures,
                                    const struct ow_samples *samples)
{
  if (departures->whole) {
    ow_departures_weigh(&departures->known, samples);
    ow_departures_put_into(&departures->known, samples, departures->error);
  }
}

void ow_reverse_departures_rest(struct ow_reverse_departures *departures)
{
  if (departures->control)
    ow_timer_cancel(departures->control->loop, &departures->deadline);
}

void ow_reverse_departures_close(struct ow_reverse_departures *departures)
{
  ow_reverse_departures_rest(departures);
  ow_departures_clear(&departures->known);
}
