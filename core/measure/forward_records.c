/* SPDX-License-Identifier: MIT */
/* When the server is asked, and asked again, and which answer is the last. */
#include "measure/forward_records.h"

#include <stdlib.h>

#include "base/container_of.h"

#define FIRST_WAIT (1 * OW_NS_PER_MS)
#define LONGEST_WAIT (100 * OW_NS_PER_MS)

/* The second connection, and when it is asked over it. */
struct ow_records_line {
  struct ow_forward_records *records;
  struct ow_client_connection connection;
  struct ow_timer ask_timer;
  int64_t ask_wait; /* ns until it is asked again */
};

static uint32_t next_sequence(const struct ow_forward_records *records)
{
  return ow_sender_next_sequence(records->ends->sender.sender);
}

/* ---- the records ---- */

void ow_forward_records_expect(struct ow_forward_records *records)
{
  if (ow_fetched_records_expect(&records->incoming, next_sequence(records)) != OW_OK)
    records->short_of_memory = true;
}

void ow_forward_records_add(struct ow_forward_records *records, const struct ow_client_event *event)
{
  enum ow_status status = ow_fetched_records_add(&records->incoming, event->records, event->record_count);
  if (status == OW_LIMIT)
    records->contradictory = true;
  else if (status != OW_OK)
    records->short_of_memory = true;
}

void ow_forward_records_keep(struct ow_forward_records *records)
{
  ow_fetched_records_clear(&records->kept);
  records->kept = records->incoming;
  records->incoming = (struct ow_fetched_records){0};
}

static bool all_arrived(const struct ow_forward_records *records)
{
  struct ow_session_end end = ow_sender_end(records->ends->sender.sender);
  return ow_fetched_records_all_arrived(&records->kept, &end);
}

/* ---- asking ---- */

static void ask_in(struct ow_records_line *line, int64_t wait)
{
  struct ow_loop *loop = line->records->loop;
  ow_timer_set(loop, &line->ask_timer, ow_loop_now(loop).monotonic + wait);
}

static void close_line(struct ow_forward_records *records)
{
  if (records->line) {
    ow_timer_cancel(records->loop, &records->line->ask_timer);
    ow_client_connection_close(&records->line->connection);
  }
  free(records->line);
  records->line = NULL;
  records->state = OW_RECORDS_CLOSED;
}

static void give_up_asking(struct ow_forward_records *records, const char *reason)
{
  close_line(records);
  if (records->purpose == OW_RECORDS_SALVAGING) {
    ow_log(records->log, OW_LOG_INFO, "can't ask for the records of the lost connection's session: %s",
           reason);
    ow_loop_deliver(records->loop, &records->answered);
  } else {
    ow_log(records->log, OW_LOG_INFO,
           "can't ask for records while the session runs, so its end is waited for: %s", reason);
  }
}

/* A server that is asked for an explicit range answers at once, with what it has. */
static void ask_for_records(struct ow_forward_records *records)
{
  struct ow_client_connection *connection = &records->line->connection;
  const struct ow_fetch_request range = {.end = next_sequence(records) - 1,
                                         .sid = records->ends->requests[OW_FORWARD].sid};
  if (ow_client_fetch(connection->client, ow_loop_now(records->loop), &range) == OW_OK) {
    ow_forward_records_expect(records);
    records->state = OW_RECORDS_ASKING;
    ow_client_connection_send(connection);
  } else {
    give_up_asking(records, "Fetch-Session can't be written");
  }
}

static void on_ask_timer(struct ow_timer *timer)
{
  struct ow_records_line *line = OW_CONTAINER_OF(timer, struct ow_records_line, ask_timer);
  struct ow_forward_records *records = line->records;
  bool sent_any = next_sequence(records) != 0;
  switch (records->state) {
  case OW_RECORDS_READY:
    if (sent_any)
      ask_for_records(records);
    break;
  case OW_RECORDS_CONNECTING: ask_in(line, FIRST_WAIT); break;
  case OW_RECORDS_ASKING:
  case OW_RECORDS_CLOSED: break;
  }
}

/* What is salvaged is all there will be; what is to be confirmed is asked for until it is. */
static void on_answer(struct ow_forward_records *records)
{
  bool known = records->purpose == OW_RECORDS_SALVAGING;
  records->state = OW_RECORDS_READY;
  ow_forward_records_keep(records);
  if (!known)
    known = all_arrived(records);
  if (known) {
    ow_loop_deliver(records->loop, &records->answered);
  } else if (records->purpose == OW_RECORDS_CONFIRMING) {
    ask_in(records->line, records->line->ask_wait);
    if (records->line->ask_wait < LONGEST_WAIT)
      records->line->ask_wait *= 2;
  }
}

static void on_set_up(struct ow_forward_records *records)
{
  records->state = OW_RECORDS_READY;
  if (records->purpose == OW_RECORDS_SALVAGING)
    ask_for_records(records);
}

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct ow_records_line *line = OW_CONTAINER_OF(connection, struct ow_records_line, connection);
  struct ow_forward_records *records = line->records;
  switch (event->kind) {
  case OW_CLIENT_SET_UP: on_set_up(records); break;
  case OW_CLIENT_FETCH_ACK:
    if (event->fetch_ack.accept != OW_ACCEPT_OK)
      give_up_asking(records, ow_accept_text(event->fetch_ack.accept));
    break;
  case OW_CLIENT_FETCH_RECORDS: ow_forward_records_add(records, event); break;
  case OW_CLIENT_FETCHED: on_answer(records); break;
  case OW_CLIENT_BROKEN: give_up_asking(records, event->failure.text); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_SESSION:
  case OW_CLIENT_STARTED:
  case OW_CLIENT_STOPPED:
  case OW_CLIENT_FETCH_SESSION:
  case OW_CLIENT_FETCH_DEPARTURES: break;
  }
}

static void on_answered(struct ow_completion *completion)
{
  struct ow_forward_records *records = OW_CONTAINER_OF(completion, struct ow_forward_records, answered);
  records->done(records);
}

/* ---- what the measurement asks for ---- */

void ow_forward_records_prepare(struct ow_forward_records *records, struct ow_loop *loop,
                                const struct ow_session_ends *ends, const struct ow_log *log, int64_t timeout)
{
  records->loop = loop;
  records->ends = ends;
  records->log = log;
  records->timeout = timeout;
  records->answered.run = on_answered;
}

static enum ow_status open_line(struct ow_forward_records *records, struct ow_failure *failure)
{
  union ow_address source = records->ends->local;
  struct ow_records_line *line = calloc(1, sizeof *line);
  if (!line)
    return ow_fail(failure, OW_MEMORY, "no memory for a control connection");
  line->records = records;
  line->connection.event = on_event;
  line->ask_timer.expired = on_ask_timer;
  records->line = line;
  ow_address_set_port(&source, 0);
  return ow_client_connection_open(&line->connection, records->loop, records->ends->peer,
                                   &records->ends->server, &source, records->timeout, failure);
}

void ow_forward_records_connect(struct ow_forward_records *records)
{
  struct ow_failure failure;
  records->state = OW_RECORDS_CONNECTING;
  if (open_line(records, &failure) != OW_OK)
    give_up_asking(records, failure.text);
}

void ow_forward_records_confirm(struct ow_forward_records *records, int64_t round_trip)
{
  records->purpose = OW_RECORDS_CONFIRMING;
  if (records->line) {
    records->line->ask_wait = FIRST_WAIT;
    ask_in(records->line, round_trip / 2 + FIRST_WAIT);
  }
}

void ow_forward_records_salvage(struct ow_forward_records *records)
{
  ow_forward_records_rest(records);
  records->purpose = OW_RECORDS_SALVAGING;
  switch (records->state) {
  case OW_RECORDS_READY: ask_for_records(records); break;
  case OW_RECORDS_CLOSED: ow_forward_records_connect(records); break;
  case OW_RECORDS_CONNECTING:
  case OW_RECORDS_ASKING: break;
  }
}

void ow_forward_records_rest(struct ow_forward_records *records)
{
  records->purpose = OW_RECORDS_KEEPING;
  if (records->line)
    ow_timer_cancel(records->loop, &records->line->ask_timer);
}

void ow_forward_records_hang_up(struct ow_forward_records *records)
{
  ow_forward_records_rest(records);
  ow_loop_withdraw(records->loop, &records->answered);
  close_line(records);
}

void ow_forward_records_close(struct ow_forward_records *records)
{
  if (records->loop)
    ow_forward_records_hang_up(records);
  ow_fetched_records_clear(&records->incoming);
  ow_fetched_records_clear(&records->kept);
}
