/* SPDX-License-Identifier: MIT */
/* The states in words, for the log. */
#include "control/server.h"

const char *ow_server_state_text(enum ow_server_state state)
{
  static const char *const texts[] = {
      [OW_SERVER_AWAIT_SETUP] = "awaiting its set-up",
      [OW_SERVER_AWAIT_KEY] = "awaiting its key",
      [OW_SERVER_DECIDE_SETUP] = "deciding on its set-up",
      [OW_SERVER_READY] = "ready",
      [OW_SERVER_DECIDE_SESSION] = "deciding on a session",
      [OW_SERVER_DECIDE_START] = "about to start",
      [OW_SERVER_RUNNING] = "running",
      [OW_SERVER_DECIDE_STOP] = "about to stop",
      [OW_SERVER_TELLING_STOP] = "telling how its sessions ended",
      [OW_SERVER_STOPPING] = "stopping",
      [OW_SERVER_DECIDE_FETCH] = "deciding on a fetch",
      [OW_SERVER_FETCHING] = "sending records",
      [OW_SERVER_FAILED] = "of no more use",
  };
  return texts[state];
}
