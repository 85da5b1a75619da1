/* SPDX-License-Identifier: MIT */
/* Nothing is looked up or printed for a line that the log doesn't take. */
#include "server/session_log.h"

#include <stdio.h>
#include <string.h>

#include "base/refusal.h"
#include "text/hex.h"

enum { SID_TEXT = 2 * OW_SID + 1, PART_TEXT = 200 };

static const char *sid_text(char out[SID_TEXT], const struct ow_sid *sid)
{
  return ow_hex_print(out, sid->octets, OW_SID);
}

/* "receiving 20 packets from 192.0.2.1 port 8760, on port 9000": first the client's port, then ours. */
static void print_traffic(char out[PART_TEXT], const struct ow_serve_session *session,
                          const union ow_address *remote)
{
  const struct ow_session_request *request = &session->request;
  bool sends = request->server_sends;
  const struct ow_endpoint *theirs = sends ? &request->receiver : &request->sender;
  union ow_address address = ow_endpoint_is_any(theirs) ? *remote : ow_address_from_endpoint(theirs, remote);
  char host[OW_ADDRESS_TEXT];
  char port[32] = "any port";
  ow_address_print_host(host, sizeof host, &address);
  if (sends || !session->receiver->any_port)
    snprintf(port, sizeof port, "port %u", theirs->port);
  snprintf(out, PART_TEXT, "%s %u packets %s %s %s, %s port %u", sends ? "sending" : "receiving",
           request->packets, sends ? "to" : "from", host, port, sends ? "from" : "on",
           ow_serve_own_end(request)->port);
}

/* "class root, KeyID "monitor", encrypted", or "class root, open mode". */
static void print_owner(char out[PART_TEXT], const struct ow_serve_session *session)
{
  const char *of_key = ow_account_key_id(&session->account->share.key);
  const char *class = session->claim.class_name;
  char key_id[OW_KEY_ID_TEXT];
  ow_printable(key_id, sizeof key_id, of_key, strlen(of_key));
  if (session->mode == OW_MODE_OPEN)
    snprintf(out, PART_TEXT, "%s%s, open mode", class ? "class " : "no class", class ? class : "");
  else
    snprintf(out, PART_TEXT, "%s%s, KeyID \"%s\", %s", class ? "class " : "no class", class ? class : "",
             key_id, ow_mode_name(session->mode));
}

void ow_serve_log_agreed(const struct ow_serve_log *to, const struct ow_serve_session *session)
{
  const struct ow_session_request *request = &session->request;
  char sid[SID_TEXT];
  if (!ow_log_takes(to->log, OW_LOG_DEBUG))
    return;
  ow_log(
      to->log, OW_LOG_DEBUG,
      "client %s: session %s: agreed on, %s %u packets, our port %u, slots %u, padding %u, Type-P %08x, loss "
      "timeout %.3f s, room for %llu records",
      to->client, sid_text(sid, &request->sid), request->server_sends ? "to send" : "to receive",
      request->packets, ow_serve_own_end(request)->port, request->slot_count, request->padding,
      request->type_p, (double)ow_span_to_ns(request->timeout) / (double)OW_NS_PER_S,
      (unsigned long long)session->reserved);
}

void ow_serve_log_address(const struct ow_serve_log *to, const struct ow_serve_session *session,
                          const union ow_address *local)
{
  union ow_address asked = ow_address_from_endpoint(ow_serve_own_end(&session->request), local);
  char wish[OW_ADDRESS_TEXT];
  char control[OW_ADDRESS_TEXT];
  ow_address_print_host(wish, sizeof wish, &asked);
  ow_address_print_host(control, sizeof control, local);
  if (session->own_address == OW_SERVE_ADDRESS_ASKED)
    ow_log(to->log, OW_LOG_INFO,
           "client %s: asked for test address %s, which is ours: bound to it; the control connection's is %s",
           to->client, wish, control);
  else if (session->own_address != OW_SERVE_ADDRESS_OF_CONTROL)
    ow_log(to->log, OW_LOG_NOTICE,
           "client %s: asked for test address %s, which is not ours: bound to %s, that of the control "
           "connection",
           to->client, wish, control);
}

void ow_serve_log_refusals(const struct ow_serve_log *to, const struct ow_test_sender *sender)
{
  if (sender->open && sender->withheld > 0)
    ow_log(to->log, OW_LOG_NOTICE,
           "client %s: %u test packets were skipped: its class had used up its bandwidth", to->client,
           sender->withheld);
  if (sender->open && sender->refused > 0)
    ow_log(to->log, OW_LOG_WARNING, "client %s: %u test packets could not be sent: %s", to->client,
           sender->refused, ow_refusal_text(sender->last_error));
}

void ow_serve_log_message(const struct ow_serve_log *to, enum ow_server_event_kind kind)
{
  const char *message = NULL;
  switch (kind) {
  case OW_SERVER_NOTHING:
  case OW_SERVER_DERIVE:
  case OW_SERVER_BROKEN: break;
  case OW_SERVER_SET_UP: message = "Set-Up-Response"; break;
  case OW_SERVER_REQUEST: message = "Request-Session"; break;
  case OW_SERVER_TW_REQUEST: message = "Request-TW-Session"; break;
  case OW_SERVER_START_ASKED: message = "Start-Sessions"; break;
  case OW_SERVER_TW_STOP:
  case OW_SERVER_STOP: message = "Stop-Sessions"; break;
  case OW_SERVER_FETCH: message = "Fetch-Session"; break;
  }
  if (message)
    ow_log(to->log, OW_LOG_DEBUG, "client %s: says %s", to->client, message);
}

void ow_serve_log_state(const struct ow_serve_log *to, enum ow_server_state state, int64_t at_most)
{
  if (at_most == OW_NEVER)
    ow_log(to->log, OW_LOG_DEBUG, "client %s: %s", to->client, ow_server_state_text(state));
  else
    ow_log(to->log, OW_LOG_DEBUG, "client %s: %s, for %.0f s at most", to->client,
           ow_server_state_text(state), (double)at_most / (double)OW_NS_PER_S);
}

void ow_serve_log_started(const struct ow_serve_log *to, const struct ow_serve_session *session,
                          const union ow_address *remote)
{
  char sid[SID_TEXT];
  char traffic[PART_TEXT];
  char owner[PART_TEXT];
  if (!ow_log_takes(to->log, OW_LOG_INFO))
    return;
  print_traffic(traffic, session, remote);
  print_owner(owner, session);
  ow_log(to->log, OW_LOG_INFO, "client %s: session %s: started, %s, %s", to->client,
         sid_text(sid, &session->request.sid), traffic, owner);
}

/*
 * "received 18 of 20 packets, 1 copies, 2 datagrams that don't count"; what is 0 is left out. How many the
 * client has sent is known if it said so: less than agreed on, perhaps.
 */
static void print_received(char out[PART_TEXT], const struct ow_serve_session *session)
{
  const struct ow_receiver *receiver = session->receiver->receiver;
  uint32_t received = ow_receiver_received(receiver);
  uint32_t copies = ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE) +
                    ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE_UNKEPT);
  uint32_t discarded = ow_test_receiver_discarded(session->receiver);
  char packets[64];
  char again[32] = "";
  char strange[48] = "";
  if (!session->sent_known)
    snprintf(packets, sizeof packets, "%u packets, of %u agreed on", received, session->request.packets);
  else if (session->sent != session->request.packets)
    snprintf(packets, sizeof packets, "%u of %u packets, of %u agreed on", received, session->sent,
             session->request.packets);
  else
    snprintf(packets, sizeof packets, "%u of %u packets", received, session->sent);
  if (copies > 0)
    snprintf(again, sizeof again, ", %u copies", copies);
  if (discarded > 0)
    snprintf(strange, sizeof strange, ", %u datagrams that don't count", discarded);
  snprintf(out, PART_TEXT, "received %s%s%s%s", packets, again, strange, session->settled ? "" : ", so far");
}

void ow_serve_log_ended(const struct ow_serve_log *to, const struct ow_serve_session *session,
                        const char *why)
{
  char sid[SID_TEXT];
  char numbers[PART_TEXT];
  if (!ow_log_takes(to->log, OW_LOG_INFO))
    return;
  if (!session->running)
    snprintf(numbers, sizeof numbers, "not started");
  else if (session->request.server_sends)
    snprintf(numbers, sizeof numbers, "sent %u of %u packets", session->sent, session->request.packets);
  else
    print_received(numbers, session);
  ow_log(to->log, OW_LOG_INFO, "client %s: session %s: ended, %s: %s", to->client,
         sid_text(sid, &session->request.sid), numbers, why);
}

/* ---- fetches ---- */

static const char *print_range(char out[PART_TEXT], const struct ow_fetch_request *range)
{
  bool to_end = range->end == OW_FETCH_TO_END;
  if (to_end && range->begin == 0)
    snprintf(out, PART_TEXT, "all packets");
  else if (to_end)
    snprintf(out, PART_TEXT, "packets %u to the end", range->begin);
  else
    snprintf(out, PART_TEXT, "packets %u to %u", range->begin, range->end);
  return out;
}

static const char *what_is_fetched(const struct ow_fetch_request *range)
{
  return range->departures ? "departures" : "records";
}

void ow_serve_log_fetched(const struct ow_serve_log *to, const struct ow_fetch_request *range,
                          uint32_t records, bool so_far)
{
  char sid[SID_TEXT];
  char packets[PART_TEXT];
  if (ow_log_takes(to->log, OW_LOG_INFO))
    ow_log(to->log, OW_LOG_INFO, "client %s: session %s: fetched, %u %s of %s%s", to->client,
           sid_text(sid, &range->sid), records, what_is_fetched(range), print_range(packets, range),
           so_far ? " so far" : "");
}

void ow_serve_log_fetch_cut(const struct ow_serve_log *to, const struct ow_fetch_request *range,
                            uint32_t records, uint32_t given)
{
  char sid[SID_TEXT];
  char packets[PART_TEXT];
  if (ow_log_takes(to->log, OW_LOG_INFO))
    ow_log(to->log, OW_LOG_INFO, "client %s: session %s: fetched in part, %u of %u %s of %s", to->client,
           sid_text(sid, &range->sid), given, records, what_is_fetched(range), print_range(packets, range));
}

void ow_serve_log_not_fetched(const struct ow_serve_log *to, enum ow_log_level level,
                              const struct ow_fetch_request *range, const char *why)
{
  char sid[SID_TEXT];
  char packets[PART_TEXT];
  if (ow_log_takes(to->log, level))
    ow_log(to->log, level, "client %s: session %s: not fetched, %s%s: %s", to->client,
           sid_text(sid, &range->sid), range->departures ? "departures of " : "", print_range(packets, range),
           why);
}
