/* SPDX-License-Identifier: MIT */
/* What a session's end leaves to be done is done in parts, as its length is the client's choice. */
#include "server/session_end.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "server/request_check.h"

enum { FREED_AT_ONCE = 32768 }; /* records */

static void begin_work(struct ow_serve_session *session, void (*part)(struct ow_completion *))
{
  session->part.run = part;
  LIST_INSERT_HEAD(&session->common->busy, session, among_busy);
}

static void end_work(struct ow_serve_session *session)
{
  ow_loop_withdraw_background(session->common->loop, &session->part);
  LIST_REMOVE(session, among_busy);
}

/* ---- settling ---- */

/* They outlive their sender. */
static void take_departures(struct ow_serve_session *session)
{
  struct ow_test_sender *sender = session->sender;
  if (sender->open) {
    session->departures = sender->departures;
    sender->departures = (struct ow_departures){0};
    session->departed_error = ow_test_sender_departed_error(sender);
    ow_departures_trim(&session->departures);
  }
}

static void close_sender(struct ow_serve_session *session)
{
  take_departures(session);
  ow_test_sender_close(session->sender);
  free(session->sender);
  session->sender = NULL;
}

static bool receives(const struct ow_serve_session *session)
{
  return session->receiver && session->receiver->open;
}

static struct ow_receiver *receiver_of(const struct ow_serve_session *session)
{
  return session->receiver->receiver;
}

static uint64_t records_of_departures(const struct ow_serve_session *session)
{
  const size_t record = sizeof(struct ow_sample);
  return (ow_departures_memory(session->departures.packets) + record - 1) / record;
}

/* What was reserved for records that did not come is free again. */
static void give_back_reserve(struct ow_serve_session *session)
{
  struct ow_serve_common *common = session->common;
  uint64_t records = 0;
  uint32_t ranges = 0;
  if (receives(session)) {
    records = session->running ? ow_receiver_samples(receiver_of(session))->count : 0;
    ow_receiver_settle(receiver_of(session));
    (void)ow_receiver_skipped(receiver_of(session), &ranges);
  }
  uint64_t held = records + ranges / OW_SKIP_RANGES_PER_RECORD + ow_serve_slots_for(&session->request) +
                  records_of_departures(session);
  if (held < session->reserved) {
    common->counts.records -= session->reserved - held;
    ow_shares_give(&common->shares, &session->account->share, OW_SHARE_RECORDS, session->reserved - held);
    session->reserved = held;
  }
  common->policy->settle_disk(common->policy->context, &session->claim, records);
}

static void stop_receiver(struct ow_serve_session *session)
{
  struct ow_test_receiver *receiver = session->receiver;
  if (!session->stop_known)
    session->next_sequence = ow_receiver_next_sequence(receiver->receiver);
  ow_test_receiver_stop(receiver);
  if (receiver->dropped)
    ow_log(session->common->log, OW_LOG_WARNING,
           "%u test packets were dropped at our own socket for want of buffer, so a session's losses "
           "can't be told: raise net.core.rmem_max, or take load off this host",
           receiver->dropped);
  if (ow_receiver_clock_was_set(receiver->receiver))
    ow_log(session->common->log, OW_LOG_WARNING,
           "this host's clock was set while a session was received: what is known of it ends there, and is "
           "handed over as incomplete");
}

static void settle(struct ow_serve_session *session)
{
  if (session->sender)
    close_sender(session);
  if (receives(session))
    stop_receiver(session);
  give_back_reserve(session);
  session->settled = true;
  if (session->on_settled)
    session->on_settled(session);
}

static bool catch_up_part(struct ow_serve_session *session)
{
  bool caught_up = ow_test_receiver_catch_up_part(session->receiver);
  if (caught_up && !session->stop_known) /* what came by now was sent, and what comes before it */
    session->drops_records = ow_receiver_sender_gone(receiver_of(session), ow_system_stamp());
  return caught_up;
}

/* What had arrived is taken, what is overdue is lost, what was never sent is dropped: true when it is. */
static bool settle_part(struct ow_serve_session *session)
{
  if (!receives(session) || !session->running)
    return true;
  if (!session->caught_up)
    session->caught_up = catch_up_part(session);
  return session->caught_up && (!session->drops_records || ow_receiver_stopped(receiver_of(session)));
}

static void on_settling(struct ow_completion *part)
{
  struct ow_serve_session *session = OW_CONTAINER_OF(part, struct ow_serve_session, part);
  if (settle_part(session)) {
    end_work(session);
    settle(session);
    ow_serve_session_drop(session);
  } else {
    ow_loop_background(session->common->loop, part);
  }
}

static uint32_t sent_until(const struct ow_session_end *end)
{
  uint32_t sent = end->next_sequence;
  for (uint32_t i = 0; i < end->skip_ranges; i++)
    sent -= end->skipped[i].last - end->skipped[i].first + 1;
  return sent;
}

static void note_sent(struct ow_serve_session *session, const struct ow_session_end *told)
{
  struct ow_session_end own;
  if (ow_serve_session_sends(session)) {
    own = ow_sender_end(session->sender->sender);
    session->next_sequence = own.next_sequence;
    told = &own;
  }
  session->sent_known = told != NULL;
  session->sent = told ? sent_until(told) : 0;
}

static void note_stop(struct ow_serve_session *session, const struct ow_session_end *end)
{
  uint32_t packets = session->request.packets;
  session->stop_known = session->drops_records = true;
  session->next_sequence = end->next_sequence < packets ? end->next_sequence : packets;
  if (ow_receiver_stop(receiver_of(session), ow_system_stamp(), end) != OW_OK)
    ow_log(session->common->log, OW_LOG_ERROR, "no memory for a client's skip ranges; they are not kept");
}

void ow_serve_session_end(struct ow_serve_session *session, const struct ow_session_end *end)
{
  struct ow_serve_common *common = session->common;
  if (session->ended)
    return;
  session->ended = true;
  session->ended_at = ow_loop_now(common->loop).monotonic;
  if (session->sender)
    ow_test_sender_stop(session->sender);
  note_sent(session, end);
  if (receives(session)) {
    ow_test_receiver_hush(session->receiver);
    if (end)
      note_stop(session, end);
  }
  common->counts.sessions_running--;
  ow_shares_give(&common->shares, &session->account->share, OW_SHARE_SESSIONS, 1);
  common->policy->release_bandwidth(common->policy->context, &session->claim);
  ow_serve_session_hold(session);
  begin_work(session, on_settling);
  on_settling(&session->part);
}

/* ---- freeing ---- */

static void free_memory(struct ow_serve_session *session)
{
  if (session->receiver)
    ow_test_receiver_close(session->receiver);
  free(session->receiver);
  ow_departures_clear(&session->departures);
  ow_shares_leave(&session->common->shares, &session->account->share);
  free(session);
}

static void on_freeing(struct ow_completion *part)
{
  struct ow_serve_session *session = OW_CONTAINER_OF(part, struct ow_serve_session, part);
  if (!receives(session) || ow_receiver_forget(receiver_of(session), FREED_AT_ONCE)) {
    end_work(session);
    free_memory(session);
  } else {
    ow_loop_background(session->common->loop, part);
  }
}

static void begin_to_free(struct ow_serve_session *session)
{
  struct ow_serve_common *common = session->common;
  common->counts.records -= session->reserved;
  ow_shares_give(&common->shares, &session->account->share, OW_SHARE_RECORDS, session->reserved);
  common->policy->release_disk(common->policy->context, &session->claim);
  begin_work(session, on_freeing);
  on_freeing(&session->part);
}

struct ow_serve_client ow_serve_session_owner(const struct ow_serve_session *session)
{
  struct ow_serve_client owner = {.address = session->owner_address, .mode = session->mode};
  (void)snprintf(owner.key_id, sizeof owner.key_id, "%s", ow_account_key_id(&session->account->share.key));
  return owner;
}

bool ow_serve_session_sends(const struct ow_serve_session *session)
{
  return session->sender && session->sender->open;
}

void ow_serve_session_hold(struct ow_serve_session *session)
{
  session->holders++;
}

/* Its end is held by itself until it is settled, and then comes here again. */
void ow_serve_session_drop(struct ow_serve_session *session)
{
  if (--session->holders == 0 && session->ended)
    begin_to_free(session);
  else if (session->holders == 0)
    ow_serve_session_end(session, NULL);
}

void ow_serve_sessions_bury(struct ow_serve_common *common)
{
  struct ow_serve_session *session;
  while ((session = LIST_FIRST(&common->busy))) {
    end_work(session); /* NOLINT(clang-analyzer-unix.Malloc): it unlinks what is freed */
    if (session->settled) {
      free_memory(session);
    } else {
      settle(session);
      ow_serve_session_drop(session);
    }
  }
}
