/* SPDX-License-Identifier: MIT */
/* Agreed to, started, ended; it is freed when the last of its holders drops it. */
#include "server/session.h"

#include <stdlib.h>
#include <string.h>

#include "server/request_check.h"
#include "server/session_traffic.h"
#include "wire/sid.h"

/* ---- agreeing ---- */

static void free_memory(struct ow_serve_session *session)
{
  if (session->account)
    ow_shares_leave(&session->common->shares, &session->account->share);
  free(session->sender);
  free(session->receiver);
  free(session);
}

static struct ow_serve_session *allocate(struct ow_serve_common *common, const struct ow_serve_asked *asked)
{
  const size_t slots = asked->request->slot_count * sizeof *asked->slots;
  struct ow_serve_session *session = calloc(1, sizeof *session + slots);
  if (!session)
    return NULL;
  memcpy(session->slots, asked->slots, slots);
  session->holders = 1;
  session->common = common;
  session->owner_address = asked->client->address;
  session->mode = asked->client->mode;
  session->request = *asked->request;
  session->beside = ow_serve_slots_for(asked->request) + ow_serve_beside_for(asked->request, asked->slots);
  session->departing = asked->departures ? ow_serve_departures_for(asked->request, &common->config) : 0;
  session->reserved = ow_serve_records_to_reserve(asked->request, &common->config, &common->counts) +
                      session->beside + session->departing;
  session->account = ow_serve_account_join(common, asked->client);
  if (asked->request->server_sends)
    session->sender = calloc(1, sizeof *session->sender);
  else
    session->receiver = calloc(1, sizeof *session->receiver);
  if (!session->account || (!session->sender && !session->receiver)) {
    free_memory(session);
    session = NULL;
  }
  return session;
}

static enum ow_status check_share(const struct ow_serve_session *session, enum ow_share_kind kind,
                                  uint64_t total, uint64_t amount, struct ow_failure *why)
{
  const struct ow_shares *shares = &session->common->shares;
  const struct ow_account *account = &session->account->share;
  enum ow_status status = ow_shares_check(shares, account, kind, total, amount, why);
  if (status == OW_OK)
    status = ow_shares_check_keyless(shares, account, kind, total, shares->pools[kind].held + amount, why);
  return status;
}

/* Room for further copies is worth no refusal. */
static enum ow_status check_records(struct ow_serve_session *session, struct ow_failure *why)
{
  uint64_t most = session->common->config.most_records;
  enum ow_status status = check_share(session, OW_SHARE_RECORDS, most, session->reserved, why);
  if (status != OW_OK) {
    session->reserved = ow_serve_records_for(&session->request) + session->beside + session->departing;
    status = check_share(session, OW_SHARE_RECORDS, most, session->reserved, why);
  }
  return status;
}

/* If more are open than there are ports, the host has several addresses. */
static enum ow_status check_shares(struct ow_serve_session *session, struct ow_serve_lack *lack,
                                   struct ow_failure *why)
{
  const struct ow_serve_common *common = session->common;
  uint64_t sessions = ow_serve_sessions_in_all(&common->config);
  enum ow_status status = OW_OK;
  if (common->shares.pools[OW_SHARE_SESSIONS].held < sessions)
    status = check_share(session, OW_SHARE_SESSIONS, sessions, 1, why);
  if (status == OW_OK && session->reserved > 0) {
    status = check_records(session, why);
    if (status != OW_OK)
      lack->what = OW_SERVE_SCARCE_RECORDS;
  }
  return status;
}

/* From here on the session owns what it has claimed, and alone gives it back. */
static enum ow_accept claim(struct ow_serve_session *session, const struct ow_serve_client *client,
                            struct ow_serve_lack *lack, struct ow_failure *why)
{
  struct ow_serve_common *common = session->common;
  if (check_shares(session, lack, why) != OW_OK)
    return OW_ACCEPT_TEMPORARY_LIMIT;
  enum ow_accept accept = common->policy->claim(common->policy->context, client, &session->request,
                                                session->slots, &session->claim, why);
  if (accept == OW_ACCEPT_OK) {
    common->counts.records += session->reserved;
    common->counts.sessions_running++;
    ow_shares_take(&common->shares, &session->account->share, OW_SHARE_RECORDS, session->reserved);
    ow_shares_take(&common->shares, &session->account->share, OW_SHARE_SESSIONS, 1);
  } else if (accept == OW_ACCEPT_TEMPORARY_LIMIT && session->claim.short_of) {
    *lack = (struct ow_serve_lack){OW_SERVE_SCARCE_DISK, session->claim};
  }
  return accept;
}

static enum ow_accept prepare_traffic(struct ow_serve_session *session, const struct ow_serve_asked *asked,
                                      uint16_t *port, struct ow_failure *why)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  struct ow_endpoint own = ow_address_to_endpoint(&asked->local);
  if (session->request.server_receives)
    session->request.sid = ow_sid_make(&own, ow_system_stamp(), &ow_system_random);
  ow_fail(why, OW_MEMORY, "no memory for a test session");
  enum ow_status status = ow_serve_traffic_open(session, asked, port, why);
  if (status == OW_LIMIT)
    accept = OW_ACCEPT_TEMPORARY_LIMIT;
  else if (status == OW_REFUSED)
    accept = OW_ACCEPT_NOT_SUPPORTED;
  else if (status != OW_OK)
    accept = OW_ACCEPT_INTERNAL_ERROR;
  return accept;
}

static struct ow_serve_session *agree(struct ow_serve_common *common, const struct ow_serve_asked *asked,
                                      struct ow_session_acceptance *acceptance, struct ow_serve_lack *lack,
                                      struct ow_failure *why)
{
  ow_fail(why, OW_MEMORY, "no memory for a test session");
  struct ow_serve_session *session = allocate(common, asked);
  enum ow_accept accept = session ? claim(session, asked->client, lack, why) : OW_ACCEPT_INTERNAL_ERROR;
  bool claimed = accept == OW_ACCEPT_OK;
  if (claimed)
    accept = prepare_traffic(session, asked, &acceptance->port, why);
  if (accept == OW_ACCEPT_OK) {
    acceptance->sid = session->request.sid;
  } else {
    if (claimed)
      ow_serve_session_drop(session);
    else if (session)
      free_memory(session);
    session = NULL;
  }
  acceptance->accept = accept;
  return session;
}

struct ow_serve_session *ow_serve_session_open(struct ow_serve_common *common,
                                               const struct ow_serve_asked *asked,
                                               struct ow_session_acceptance *acceptance,
                                               struct ow_serve_lack *lack, struct ow_failure *why)
{
  struct ow_serve_session *session = NULL;
  struct ow_session_request request = *asked->request;
  struct ow_serve_asked plain = *asked;
  ow_serve_unmap_request(&request);
  plain.request = &request;
  *acceptance = (struct ow_session_acceptance){
      .accept = ow_serve_check_request(&request, ow_system_stamp(), &asked->client->address, &common->config,
                                       &common->counts, why)};
  *lack = (struct ow_serve_lack){.what = OW_SERVE_ENOUGH};
  if (acceptance->accept == OW_ACCEPT_OK)
    acceptance->accept = ow_serve_check_window(&request, asked->slots, why);
  else if (acceptance->accept == OW_ACCEPT_TEMPORARY_LIMIT &&
           common->counts.sessions_running < common->config.most_sessions)
    lack->what = OW_SERVE_SCARCE_RECORDS;
  if (acceptance->accept == OW_ACCEPT_OK)
    session = agree(common, &plain, acceptance, lack, why);
  return session;
}

/* What was reserved for them is given back with the rest. */
void ow_serve_session_forgo_departures(struct ow_serve_session *session)
{
  if (session->sender)
    ow_departures_clear(&session->sender->departures);
  session->departing = 0;
}

/* ---- running ---- */

void ow_serve_session_let_in(struct ow_serve_session *session)
{
  if (session->receiver)
    ow_test_receiver_let_in(session->receiver);
}

enum ow_status ow_serve_session_start(struct ow_serve_session *session, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  session->running = true;
  if (session->sender)
    ow_test_sender_start(session->sender);
  else
    status = ow_test_receiver_start(session->receiver, failure);
  return status;
}

bool ow_serve_session_finished(const struct ow_serve_session *session)
{
  struct ow_timestamp due;
  return session->ended || (session->sender ? !ow_sender_due(session->sender->sender, &due)
                                            : ow_receiver_finished(session->receiver->receiver));
}

bool ow_serve_session_settled(const struct ow_serve_session *session)
{
  const struct ow_receiver *receiver = session->receiver ? session->receiver->receiver : NULL;
  return receiver && ow_serve_session_finished(session) && !ow_receiver_clock_was_set(receiver) &&
         (ow_receiver_received(receiver) > 0 || (ow_receiver_count(receiver, OW_IGNORED_LATE) == 0 &&
                                                 ow_receiver_count(receiver, OW_IGNORED_OFF_SCHEDULE) == 0));
}
