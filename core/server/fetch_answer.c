/* SPDX-License-Identifier: MIT */
/* Records are written only while less than a window of them waits to be sent. */
#include "server/fetch_answer.h"

enum {
  WINDOW = 65536, /* octets that wait for the connection, before it is asked whether it takes more */
};

static const struct ow_samples *records_of(const struct ow_serve_session *session)
{
  return ow_receiver_samples(session->receiver.receiver);
}

/* If our own socket dropped packets, none can be called lost: nobody knows which these were. */
static bool is_told(const struct ow_serve_session *session, const struct ow_fetch_request *range,
                    const struct ow_sample *sample)
{
  bool known = session->receiver.dropped == 0 || !ow_sample_lost(sample);
  return known && sample->sequence >= range->begin && sample->sequence <= range->end;
}

static uint32_t count_records(const struct ow_serve_session *session, const struct ow_fetch_request *range)
{
  const struct ow_samples *samples = records_of(session);
  uint32_t count = 0;
  for (size_t i = 0; i < samples->count; i++)
    count += is_told(session, range, ow_samples_at(samples, i));
  return count;
}

/* ---- the records ---- */

static void finish(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept)
{
  const struct ow_serve_policy *policy = kept->common->policy;
  struct ow_serve_session *session = fetch->session;
  const struct ow_fetch_request *range = &fetch->range;
  bool whole = range->begin == 0 && range->end == OW_FETCH_TO_END && session->ended;
  if (whole && policy->delete_on_fetch(policy->context, &session->owner))
    ow_serve_forget(kept, session);
  ow_serve_fetch_abandon(fetch);
}

/* Whoever runs the session may stop it meanwhile, and then records that were announced are no more. */
static enum ow_status send_next(struct ow_serve_fetch *fetch, struct ow_server *machine,
                                struct ow_instant now, struct ow_failure *failure)
{
  const struct ow_samples *samples = records_of(fetch->session);
  enum ow_status status = OW_OK;
  if (fetch->next >= samples->count)
    return ow_fail(failure, OW_STATE, "the session was stopped while its records were being fetched");
  const struct ow_sample *sample = ow_samples_at(samples, fetch->next++);
  if (is_told(fetch->session, &fetch->range, sample))
    status = ow_server_fetch_record(machine, now, sample);
  return status;
}

enum ow_status ow_serve_fetch_go_on(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                    struct ow_server *machine, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  struct ow_instant now = ow_loop_now(kept->common->loop);
  ow_fail(failure, OW_MEMORY, "can't send records: no memory, or too much waits to be sent");
  while (status == OW_OK && ow_server_state(machine) == OW_SERVER_FETCHING &&
         ow_buffer_length(ow_server_output(machine)) < WINDOW)
    status = send_next(fetch, machine, now, failure);
  if (status == OW_OK && ow_server_state(machine) != OW_SERVER_FETCHING)
    finish(fetch, kept);
  return status;
}

void ow_serve_fetch_abandon(struct ow_serve_fetch *fetch)
{
  struct ow_serve_session *session = fetch->session;
  fetch->session = NULL;
  if (session)
    ow_serve_session_drop(session);
}

/* ---- Fetch-Ack ---- */

/* A stranger can't tell which sessions there are. */
static struct ow_serve_session *find_allowed(const struct ow_serve_kept_sessions *kept,
                                             const struct ow_serve_client *client, const struct ow_sid *sid)
{
  const struct ow_serve_policy *policy = kept->common->policy;
  struct ow_serve_session *session = ow_serve_kept_find(kept, sid);
  bool may = session && session->running && policy->may_fetch(policy->context, client, &session->owner);
  return may ? session : NULL;
}

static enum ow_status accept_fetch(struct ow_serve_fetch *fetch, struct ow_server *machine,
                                   struct ow_instant now, struct ow_serve_session *session,
                                   const struct ow_fetch_request *request)
{
  struct ow_fetch_ack ack = {.accept = OW_ACCEPT_OK};
  if (!session->ended)
    ow_test_receiver_catch_up(&session->receiver);
  ack.finished = session->ended && session->receiver.dropped == 0;
  const struct ow_receiver *receiver = session->receiver.receiver;
  const struct ow_skip_range *skipped = ow_receiver_skipped(receiver, &ack.skip_ranges);
  ack.next_sequence = session->ended ? session->next_sequence : ow_receiver_next_sequence(receiver);
  ack.records = count_records(session, request);
  *fetch = (struct ow_serve_fetch){.session = session, .range = *request};
  ow_serve_session_hold(session);
  return ow_server_begin_fetch(machine, now, &ack, &session->request, session->slots, skipped);
}

/* Whoever fetches counts a packet without a record as lost: half the truth is no answer. */
static enum ow_accept check_records(struct ow_serve_kept_sessions *kept, struct ow_serve_session *session)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  if (!ow_receiver_knows_all(session->receiver.receiver)) {
    accept = OW_ACCEPT_INTERNAL_ERROR;
    ow_log(kept->common->log, OW_LOG_ERROR, "no memory for all of a session's records: it can't be fetched");
    if (session->ended)
      ow_serve_forget(kept, session);
  }
  return accept;
}

enum ow_status ow_serve_fetch_answer(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                     struct ow_server *machine, const struct ow_serve_client *client,
                                     const struct ow_fetch_request *request, struct ow_failure *failure)
{
  struct ow_fetch_ack refusal = {.accept = OW_ACCEPT_FAILURE};
  struct ow_instant now = ow_loop_now(kept->common->loop);
  struct ow_serve_session *session = find_allowed(kept, client, &request->sid);
  enum ow_status status;
  ow_fail(failure, OW_MEMORY, "can't answer a fetch: no memory, or too much waits to be sent");
  if (session && (refusal.accept = check_records(kept, session)) != OW_ACCEPT_OK)
    session = NULL;
  if (session)
    status = accept_fetch(fetch, machine, now, session, request);
  else
    status = ow_server_begin_fetch(machine, now, &refusal, NULL, NULL, NULL);
  if (status == OW_OK && session)
    status = ow_serve_fetch_go_on(fetch, kept, machine, failure);
  return status;
}
