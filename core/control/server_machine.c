/* SPDX-License-Identifier: MIT */
/* States, how long each may last, and the memory for what a client asks for. */
#include "control/server_machine.h"

#include <stdlib.h>

const char *ow_server_awaits(const struct ow_server *server, enum ow_server_state state)
{
  const char *what = NULL;
  switch (state) {
  case OW_SERVER_AWAIT_SETUP: what = "its Set-Up-Response"; break;
  case OW_SERVER_AWAIT_KEY: break;
  case OW_SERVER_DECIDE_SETUP: break;
  case OW_SERVER_READY: what = server->agreed ? "its Start-Sessions" : "a command"; break;
  case OW_SERVER_DECIDE_SESSION: break;
  case OW_SERVER_DECIDE_START: break;
  case OW_SERVER_RUNNING: break;
  case OW_SERVER_DECIDE_STOP: break;
  case OW_SERVER_TELLING_STOP: break;
  case OW_SERVER_STOPPING: what = "its Stop-Sessions"; break;
  case OW_SERVER_DECIDE_FETCH: break;
  case OW_SERVER_FETCHING: break;
  case OW_SERVER_FAILED: break;
  }
  return what;
}

int64_t ow_server_patience(const struct ow_server *server, enum ow_server_state state)
{
  bool idle = state == OW_SERVER_READY && !server->agreed;
  return idle ? server->config.idle_timeout : server->config.setup_timeout;
}

void ow_server_enter(struct ow_server *server, enum ow_server_state state, struct ow_instant now)
{
  server->state = state;
  server->deadline =
      ow_server_awaits(server, state) ? now.monotonic + ow_server_patience(server, state) : OW_NEVER;
}

void ow_server_await_command(struct ow_server *server, struct ow_instant now)
{
  ow_intake_expect(&server->intake, OW_BLOCK, false);
  ow_server_enter(server, OW_SERVER_READY, now);
}

union ow_server_asked *ow_server_ask(struct ow_server *server, struct ow_failure *failure)
{
  ow_server_forget_request(server);
  server->asked = calloc(1, sizeof *server->asked);
  if (!server->asked)
    ow_fail(failure, OW_MEMORY, "no memory for what the client asks for");
  return server->asked;
}

void ow_server_forget_request(struct ow_server *server)
{
  free(server->asked);
  free(server->slots);
  server->asked = NULL;
  server->slots = NULL;
}
