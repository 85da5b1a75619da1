/* SPDX-License-Identifier: MIT */
/* A request or command that can't be is answered, as RFC 5357 has it; a wrong Stop-Sessions ends the
 * connection. */
#include "control/server_twamp.h"

#include "control/server_machine.h"

enum ow_status ow_server_tw_refuse(struct ow_server *server, uint8_t command, struct ow_failure *failure)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  ow_tw_acceptance_encode(&(struct ow_tw_acceptance){.session.accept = OW_ACCEPT_NOT_SUPPORTED}, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  return ow_fail(failure, OW_PROTOCOL, "unknown command %u, which is answered as not supported", command);
}

enum ow_status ow_server_tw_request(struct ow_server *server, struct ow_instant now,
                                    struct ow_server_event *event)
{
  if (server->intake.opened == OW_BLOCK) {
    ow_intake_expect_more(&server->intake, OW_REQUEST_TW_SESSION - OW_BLOCK + OW_HMAC, true);
    return OW_OK;
  }
  union ow_server_asked *asked = ow_server_ask(server, &event->failure);
  if (!asked)
    return OW_MEMORY;
  bool decoded =
      ow_tw_request_decode(ow_intake_message(&server->intake), &asked->tw, &event->failure) == OW_OK;
  ow_server_enter(server, OW_SERVER_DECIDE_SESSION, now);
  event->kind = OW_SERVER_TW_REQUEST;
  event->tw_request = decoded ? &asked->tw : NULL;
  return OW_OK;
}

enum ow_status ow_server_answer_tw_session(struct ow_server *server, struct ow_instant now,
                                           const struct ow_tw_acceptance *acceptance)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  bool accepted = acceptance->session.accept == OW_ACCEPT_OK;
  if (server->state != OW_SERVER_DECIDE_SESSION)
    return OW_STATE;
  server->agreed = server->agreed || accepted;
  server->tw_sessions += accepted;
  ow_server_forget_request(server);
  ow_tw_acceptance_encode(acceptance, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  ow_server_await_command(server, now);
  return server->outbox.status;
}

enum ow_status ow_server_tw_stop(struct ow_server *server, struct ow_instant now,
                                 struct ow_server_event *event)
{
  struct ow_stop_sessions stop;
  const uint8_t *message = ow_intake_message(&server->intake);
  enum ow_status status = OW_OK;
  if (message[0] != OW_COMMAND_STOP_SESSIONS)
    return ow_fail(&event->failure, OW_PROTOCOL,
                   "command %u while sessions run; only Stop-Sessions (3) is possible", message[0]);
  if (server->intake.opened == OW_BLOCK) {
    ow_intake_expect_more(&server->intake, OW_HMAC, true);
    return OW_OK;
  }
  ow_stop_sessions_decode(message, &stop);
  if (stop.sessions != server->tw_sessions) {
    status = ow_fail(&event->failure, OW_PROTOCOL, "Stop-Sessions names %u sessions, of which %u run",
                     stop.sessions, server->tw_sessions);
  } else {
    event->kind = OW_SERVER_TW_STOP;
    event->accept = stop.accept;
    server->tw_sessions = 0;
    ow_server_await_command(server, now);
  }
  return status;
}
