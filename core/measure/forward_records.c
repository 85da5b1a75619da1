#include "measure/forward_records.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "io/loop.h"

#define FIRST_CONFIRMATION_WAIT (1 * OW_NS_PER_MS)
#define LONGEST_CONFIRMATION_WAIT (100 * OW_NS_PER_MS)

static struct ow_loop *loop_of(const struct ow_measurement *measurement)
{
  return measurement->traffic->loop;
}

/* ---- records ---- */

static bool all_arrived(const struct ow_measurement *measurement)
{
  struct ow_session_end end = ow_sender_end(measurement->sender.sender);
  uint64_t missing = end.next_sequence;
  uint8_t *seen = calloc(end.next_sequence / 8 + 1, 1);
  for (uint32_t i = 0; i < end.skip_ranges; i++)
    missing -= (uint64_t)end.skipped[i].last - end.skipped[i].first + 1;
  for (size_t i = 0; seen && i < measurement->forward.count; i++) {
    const struct ow_sample *sample = ow_samples_at(&measurement->forward, i);
    uint8_t bit = (uint8_t)(1U << sample->sequence % 8);
    if (sample->sequence < end.next_sequence && !ow_sample_lost(sample) &&
        !(seen[sample->sequence / 8] & bit)) {
      seen[sample->sequence / 8] |= bit;
      missing--;
    }
  }
  free(seen);
  return missing == 0;
}

void ow_forward_keep(struct ow_measurement *measurement)
{
  ow_samples_clear(&measurement->forward);
  measurement->forward = measurement->fetching;
  measurement->fetching = (struct ow_samples){0};
}

void ow_forward_take(struct ow_measurement *measurement, const struct ow_client_event *event)
{
  for (uint32_t i = 0; i < event->record_count; i++)
    if (ow_samples_append(&measurement->fetching, &event->records[i]) != OW_OK)
      ow_measurement_note_failure(measurement, OW_MEMORY, "no memory for the fetched records");
}

static void await_confirmation(struct ow_measurement *measurement, int64_t wait)
{
  int64_t now = ow_loop_now(loop_of(measurement)).monotonic;
  ow_timer_set(loop_of(measurement), &measurement->confirm_timer, now + wait);
}

static void on_confirmation_answer(struct ow_measurement *measurement)
{
  measurement->confirmation_busy = false;
  ow_forward_keep(measurement);
  if (measurement->state == OW_MEASUREMENT_SALVAGING) {
    ow_measurement_finish(measurement);
    return;
  }
  measurement->confirmed = all_arrived(measurement);
  if (measurement->confirmed) {
    ow_measurement_consider(measurement);
  } else {
    await_confirmation(measurement, measurement->confirmation_wait);
    if (measurement->confirmation_wait < LONGEST_CONFIRMATION_WAIT)
      measurement->confirmation_wait *= 2;
  }
}

static void give_up_confirmation(struct ow_measurement *measurement, const char *reason)
{
  ow_client_connection_close(&measurement->confirmation);
  measurement->confirmation_ready = false;
  measurement->confirmation_busy = false;
  if (measurement->state == OW_MEASUREMENT_SALVAGING) {
    ow_log(measurement->log, OW_LOG_INFO, "can't ask for the records of the lost connection's session: %s",
           reason);
    ow_measurement_finish(measurement);
  } else {
    ow_log(measurement->log, OW_LOG_INFO,
           "can't ask for records while the session runs, so its end is waited for: %s", reason);
  }
}

/* A server that is asked for an explicit range answers at once, with what it has. */
static void ask_for_records(struct ow_measurement *measurement)
{
  uint32_t next = ow_sender_next_sequence(measurement->sender.sender);
  const struct ow_fetch_request range = {.end = next - 1, .sid = measurement->requests[OW_FORWARD].sid};
  if (ow_client_fetch(measurement->confirmation.client, ow_loop_now(loop_of(measurement)), &range,
                      ow_measurement_most_records(measurement, OW_FORWARD)) == OW_OK) {
    ow_samples_clear(&measurement->fetching);
    measurement->confirmation_busy = true;
    ow_client_connection_send(&measurement->confirmation);
  } else {
    give_up_confirmation(measurement, "Fetch-Session can't be written");
  }
}

static void on_confirmation_ready(struct ow_measurement *measurement)
{
  measurement->confirmation_ready = true;
  if (measurement->state == OW_MEASUREMENT_SALVAGING)
    ask_for_records(measurement);
}

static void on_confirmation_event(struct ow_client_connection *connection,
                                  const struct ow_client_event *event)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(connection, struct ow_measurement, confirmation);
  switch (event->kind) {
  case OW_CLIENT_SET_UP: on_confirmation_ready(measurement); break;
  case OW_CLIENT_FETCH_ACK:
    if (event->fetch_ack.accept != OW_ACCEPT_OK)
      give_up_confirmation(measurement, ow_accept_text(event->fetch_ack.accept));
    break;
  case OW_CLIENT_FETCH_RECORDS: ow_forward_take(measurement, event); break;
  case OW_CLIENT_FETCHED: on_confirmation_answer(measurement); break;
  case OW_CLIENT_BROKEN: give_up_confirmation(measurement, event->failure.text); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_SESSION:
  case OW_CLIENT_STARTED:
  case OW_CLIENT_STOPPED:
  case OW_CLIENT_FETCH_SESSION: break;
  }
}

static void on_confirm_timer(struct ow_timer *timer)
{
  struct ow_measurement *measurement = OW_CONTAINER_OF(timer, struct ow_measurement, confirm_timer);
  bool busy = measurement->state != OW_MEASUREMENT_RUNNING || measurement->confirmation_busy;
  if (busy || ow_sender_next_sequence(measurement->sender.sender) == 0)
    return;
  if (measurement->confirmation_ready)
    ask_for_records(measurement);
  else if (measurement->confirmation.channel.open)
    await_confirmation(measurement, FIRST_CONFIRMATION_WAIT);
}

void ow_forward_connect(struct ow_measurement *measurement)
{
  struct ow_failure failure;
  union ow_address source = measurement->local;
  ow_address_set_port(&source, 0);
  measurement->confirmation.event = on_confirmation_event;
  if (ow_client_connection_open(&measurement->confirmation, loop_of(measurement), measurement->peer,
                                &measurement->server, &source, measurement->control->config.timeout,
                                &failure) != OW_OK)
    give_up_confirmation(measurement, failure.text);
}

void ow_forward_confirm(struct ow_measurement *measurement)
{
  measurement->confirmation_wait = FIRST_CONFIRMATION_WAIT;
  await_confirmation(measurement, measurement->control->round_trip / 2 + FIRST_CONFIRMATION_WAIT);
}

void ow_forward_prepare(struct ow_measurement *measurement)
{
  measurement->confirm_timer.expired = on_confirm_timer;
}

/* ---- salvaging ---- */

/*
 * The control connection is lost, and with it the sessions; but the server may still hold the forward
 * records.
 */
static bool can_salvage(const struct ow_measurement *measurement)
{
  bool ran = measurement->state == OW_MEASUREMENT_RUNNING || measurement->state == OW_MEASUREMENT_STOPPING ||
             measurement->state == OW_MEASUREMENT_FETCHING;
  return ran && measurement->sender.open && !measurement->confirmed &&
         ow_sender_next_sequence(measurement->sender.sender) > 0;
}

bool ow_forward_salvage(struct ow_measurement *measurement)
{
  if (!can_salvage(measurement))
    return false;
  measurement->state = OW_MEASUREMENT_SALVAGING;
  ow_test_sender_stop(&measurement->sender);
  if (measurement->confirmation_ready && !measurement->confirmation_busy)
    ask_for_records(measurement);
  else if (!measurement->confirmation.channel.open)
    ow_forward_connect(measurement);
  return true;
}
