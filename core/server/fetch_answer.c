/* SPDX-License-Identifier: MIT */
/*
 * Records are counted, and written while less than a window of them waits to be sent: in parts, as there may
 * be millions of which the client asks for none. Departures of a session that we sent go the same way.
 */
#include "server/fetch_answer.h"

#include "base/container_of.h"

enum {
  WINDOW = 65536, /* octets that wait for a connection, before it is asked whether it takes more */
  WINDOW_LEAST = 4096,
  WINDOWS = 8 << 20, /* so many of all together, but for the least */
  COUNTED_AT_ONCE = 8192,
  WRITTEN_AT_ONCE = 256, /* or looked at: */
  LOOKED_AT_ONCE = 8192,
};

static const struct ow_samples *records_of(const struct ow_serve_session *session)
{
  return ow_receiver_samples(session->receiver->receiver);
}

/* What there is to look at: records in the order of their arrival, or packets by sequence number. */
static size_t how_many(const struct ow_serve_fetch *fetch)
{
  const struct ow_serve_session *session = fetch->session;
  return fetch->range.departures ? session->departures.packets : records_of(session)->count;
}

static bool is_in_range(const struct ow_fetch_request *range, uint64_t sequence)
{
  return sequence >= range->begin && sequence <= range->end;
}

/* Our clock was set since the session was agreed on, and by it this one came before it was sent. */
static bool is_by_another_clock(const struct ow_serve_session *session, const struct ow_sample *sample)
{
  return ow_receiver_clock_was_set(session->receiver->receiver) && !ow_sample_lost(sample) &&
         ow_timestamp_difference(sample->sent, sample->received) > ow_span_to_ns(session->request.timeout);
}

/* If our own socket dropped packets, none can be called lost: nobody knows which these were. */
static bool is_told(const struct ow_serve_session *session, const struct ow_fetch_request *range,
                    const struct ow_sample *sample)
{
  bool known = session->receiver->dropped == 0 || !ow_sample_lost(sample);
  return known && is_in_range(range, sample->sequence) && !is_by_another_clock(session, sample);
}

/* The record there, and whether it is told; */
static bool record_at(const struct ow_serve_fetch *fetch, size_t index, struct ow_sample *sample)
{
  *sample = ow_samples_at(records_of(fetch->session), index);
  return is_told(fetch->session, &fetch->range, sample);
}

/* the same of a departure. */
static bool departure_at(const struct ow_serve_fetch *fetch, size_t index, int64_t *offset)
{
  return is_in_range(&fetch->range, index) &&
         ow_departures_offset(&fetch->session->departures, (uint32_t)index, offset);
}

static bool is_told_at(const struct ow_serve_fetch *fetch, size_t index)
{
  struct ow_sample sample;
  int64_t offset;
  return fetch->range.departures ? departure_at(fetch, index, &offset) : record_at(fetch, index, &sample);
}

static void on_part(struct ow_completion *part)
{
  struct ow_serve_fetch *fetch = OW_CONTAINER_OF(part, struct ow_serve_fetch, part);
  fetch->go_on(fetch);
}

static void call_again(struct ow_serve_fetch *fetch)
{
  fetch->part.run = on_part;
  ow_loop_background(fetch->common->loop, &fetch->part);
}

static void let_go(struct ow_serve_fetch *fetch)
{
  struct ow_serve_session *session = fetch->session;
  if (session) {
    ow_loop_withdraw_background(fetch->common->loop, &fetch->part);
    fetch->session = NULL;
    fetch->common->fetching--;
    ow_serve_session_drop(session);
  }
}

void ow_serve_fetch_abandon(struct ow_serve_fetch *fetch, const struct ow_server *machine)
{
  uint32_t given = fetch->announced ? fetch->records - ow_server_fetch_left(machine) : 0;
  if (fetch->session)
    ow_serve_log_fetch_cut(&fetch->to, &fetch->range, fetch->records, given);
  let_go(fetch);
}

/* ---- the records ---- */

static size_t window_of(const struct ow_serve_common *common)
{
  size_t window = WINDOWS / (common->fetching ? common->fetching : 1);
  if (window > WINDOW)
    window = WINDOW;
  return window < WINDOW_LEAST ? WINDOW_LEAST : window;
}

static void finish(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept)
{
  const struct ow_serve_policy *policy = kept->common->policy;
  struct ow_serve_session *session = fetch->session;
  const struct ow_fetch_request *range = &fetch->range;
  ow_serve_log_fetched(&fetch->to, range, fetch->records, !session->ended);
  bool whole = range->begin == 0 && range->end == OW_FETCH_TO_END && session->ended;
  bool all_departures =
      range->departures && range->begin == 0 && (uint64_t)range->end + 1 >= session->next_sequence;
  const struct ow_serve_client owner = ow_serve_session_owner(session);
  if (all_departures || (whole && policy->delete_on_fetch(policy->context, &owner)))
    ow_serve_forget(kept, session);
  let_go(fetch);
}

static enum ow_status write_record(const struct ow_serve_fetch *fetch, struct ow_server *machine,
                                   struct ow_instant now, size_t index, unsigned *written)
{
  struct ow_sample sample;
  bool told = record_at(fetch, index, &sample);
  *written += told;
  return told ? ow_server_fetch_record(machine, now, &sample) : OW_OK;
}

static enum ow_status write_departure(const struct ow_serve_fetch *fetch, struct ow_server *machine,
                                      struct ow_instant now, size_t index, unsigned *written)
{
  struct ow_departure_record departure = {
      .sequence = (uint32_t)index, .error = fetch->session->departed_error, .source = OW_DEPARTURE_BY_KERNEL};
  int64_t offset;
  bool told = departure_at(fetch, index, &offset);
  *written += told;
  if (!told)
    return OW_OK;
  departure.offset = (int32_t)offset;
  return ow_server_fetch_departure(machine, now, &departure);
}

/* Whoever runs the session may stop it meanwhile, or vanish, and then records that were announced are no
 * more. */
static enum ow_status write_next(struct ow_serve_fetch *fetch, struct ow_server *machine,
                                 struct ow_instant now, unsigned *written, struct ow_failure *failure)
{
  if (fetch->next >= how_many(fetch) || (fetch->session->drops_records && !fetch->of_ended))
    return ow_fail(failure, OW_STATE, "the session was stopped while its records were being fetched");
  size_t index = fetch->next++;
  return fetch->range.departures ? write_departure(fetch, machine, now, index, written)
                                 : write_record(fetch, machine, now, index, written);
}

static enum ow_status write_records(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                    struct ow_server *machine, struct ow_failure *failure)
{
  struct ow_instant now = ow_loop_now(kept->common->loop);
  enum ow_status status = OW_OK;
  size_t window = window_of(kept->common);
  unsigned written = 0;
  ow_fail(failure, OW_MEMORY, "can't send records: no memory, or too much waits to be sent");
  for (unsigned i = 0;
       status == OW_OK && i < LOOKED_AT_ONCE && written < WRITTEN_AT_ONCE &&
       ow_server_state(machine) == OW_SERVER_FETCHING && ow_buffer_length(ow_server_output(machine)) < window;
       i++)
    status = write_next(fetch, machine, now, &written, failure);
  if (status == OW_OK && ow_server_state(machine) != OW_SERVER_FETCHING)
    finish(fetch, kept);
  else if (status == OW_OK && ow_buffer_length(ow_server_output(machine)) < window)
    call_again(fetch);
  return status;
}

/* ---- Fetch-Ack ---- */

static bool may_fetch(const struct ow_serve_policy *policy, const struct ow_serve_client *client,
                      const struct ow_serve_session *session)
{
  const struct ow_serve_client owner = ow_serve_session_owner(session);
  return policy->may_fetch(policy->context, client, &owner);
}

/* A stranger can't tell which sessions there are: `why` is for the log alone. */
static struct ow_serve_session *find_allowed(const struct ow_serve_kept_sessions *kept,
                                             const struct ow_serve_client *client,
                                             const struct ow_fetch_request *asked, const char **why)
{
  struct ow_serve_session *session = ow_serve_kept_find(kept, &asked->sid, asked->departures);
  bool may = false;
  if (!session)
    *why = "no such session is kept";
  else if (!session->running)
    *why = "it was not started";
  else if (asked->departures && !session->ended)
    *why = "it has not ended";
  else if (!may_fetch(kept->common->policy, client, session))
    *why = "it is another client's";
  else
    may = true;
  return may ? session : NULL;
}

static enum ow_status refuse(struct ow_server *machine, struct ow_instant now, enum ow_accept accept,
                             bool departures)
{
  const struct ow_fetch_ack refusal = {.accept = accept, .departures = departures};
  return ow_server_begin_fetch(machine, now, &refusal, NULL, NULL, NULL);
}

/* True if all records that there are have been counted, in this very turn. */
static bool count_part(struct ow_serve_fetch *fetch)
{
  const struct ow_serve_session *session = fetch->session;
  unsigned looked_at = 0;
  if (fetch->of_ended != session->ended) { /* the end drops records */
    fetch->of_ended = session->ended;
    fetch->next = fetch->records = 0;
  }
  for (; fetch->next < how_many(fetch) && looked_at < COUNTED_AT_ONCE; looked_at++)
    fetch->records += is_told_at(fetch, fetch->next++);
  return fetch->next == how_many(fetch);
}

static enum ow_status begin_answer(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                   struct ow_server *machine, const struct ow_fetch_ack *ack,
                                   const struct ow_skip_range *skipped)
{
  const struct ow_serve_session *session = fetch->session;
  struct ow_instant now = ow_loop_now(kept->common->loop);
  fetch->next = 0;
  fetch->announced = true;
  enum ow_status status =
      ow_server_begin_fetch(machine, now, ack, &session->request, session->slots, skipped);
  if (status == OW_OK && ow_server_state(machine) == OW_SERVER_FETCHING)
    call_again(fetch);
  else if (status == OW_OK)
    finish(fetch, kept);
  return status;
}

/*
 * The fate of each of its packets is known. Without the client's Stop-Sessions (RFC 4656, 3.8) nobody knows
 * how many were sent, unless every one came.
 */
static bool is_finished(const struct ow_serve_session *session)
{
  const struct ow_receiver *receiver = session->receiver->receiver;
  bool all_told = session->stop_known || ow_receiver_complete(receiver);
  return session->ended && all_told && session->receiver->dropped == 0 &&
         !ow_receiver_clock_was_set(receiver);
}

/* Whoever fetches counts a packet without a record as lost: half the truth is no answer. */
static enum ow_status accept_records(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                     struct ow_server *machine)
{
  struct ow_serve_session *session = fetch->session;
  const struct ow_receiver *receiver = session->receiver->receiver;
  struct ow_fetch_ack ack = {.accept = OW_ACCEPT_OK, .records = fetch->records};
  enum ow_status status = OW_OK;
  ack.finished = is_finished(session);
  const struct ow_skip_range *skipped = ow_receiver_skipped(receiver, &ack.skip_ranges);
  ack.next_sequence = session->ended ? session->next_sequence : ow_receiver_next_sequence(receiver);
  if (ow_receiver_knows_all(receiver)) {
    status = begin_answer(fetch, kept, machine, &ack, skipped);
  } else {
    status = refuse(machine, ow_loop_now(kept->common->loop), OW_ACCEPT_INTERNAL_ERROR, false);
    ow_serve_log_not_fetched(&fetch->to, OW_LOG_ERROR, &fetch->range, "no memory for all of its records");
    if (session->ended)
      ow_serve_forget(kept, session);
    let_go(fetch);
  }
  return status;
}

/* What was skipped, Stop-Sessions has told. */
static enum ow_status accept_departures(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                        struct ow_server *machine)
{
  const struct ow_fetch_ack ack = {.accept = OW_ACCEPT_OK,
                                   .finished = true,
                                   .next_sequence = fetch->session->next_sequence,
                                   .records = fetch->records,
                                   .departures = true};
  return begin_answer(fetch, kept, machine, &ack, NULL);
}

/* The records are as of now when they are counted: what had come is taken, what is overdue is lost. */
static enum ow_status prepare(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                              struct ow_server *machine)
{
  struct ow_serve_session *session = fetch->session;
  enum ow_status status = OW_OK;
  bool known = session->ended ? session->settled : ow_test_receiver_catch_up_part(session->receiver);
  if (known && count_part(fetch))
    status = fetch->range.departures ? accept_departures(fetch, kept, machine)
                                     : accept_records(fetch, kept, machine);
  else
    call_again(fetch);
  return status;
}

enum ow_status ow_serve_fetch_go_on(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                    struct ow_server *machine, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  ow_fail(failure, OW_MEMORY, "can't answer a fetch: no memory, or too much waits to be sent");
  if (fetch->session && ow_server_state(machine) == OW_SERVER_DECIDE_FETCH)
    status = prepare(fetch, kept, machine);
  else if (fetch->session)
    status = write_records(fetch, kept, machine, failure);
  return status;
}

enum ow_status ow_serve_fetch_answer(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                     struct ow_server *machine, const struct ow_serve_client *client,
                                     const struct ow_fetch_request *request, struct ow_failure *failure)
{
  const char *why = "";
  struct ow_serve_session *session = find_allowed(kept, client, request, &why);
  enum ow_status status = OW_OK;
  if (session) {
    fetch->session = session;
    fetch->common = kept->common;
    fetch->range = *request;
    fetch->next = fetch->records = 0;
    fetch->announced = false;
    fetch->of_ended = session->ended;
    kept->common->fetching++;
    ow_serve_session_hold(session);
    status = ow_serve_fetch_go_on(fetch, kept, machine, failure);
  } else {
    ow_serve_log_not_fetched(&fetch->to, OW_LOG_INFO, request, why);
    ow_fail(failure, OW_MEMORY, "can't answer a fetch: no memory, or too much waits to be sent");
    status = refuse(machine, ow_loop_now(kept->common->loop), OW_ACCEPT_FAILURE, request->departures);
  }
  return status;
}
