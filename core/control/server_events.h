/* SPDX-License-Identifier: MIT */
/* What the Server's machine (control/server.h) is told when it is made, its states, and what it tells. */
#ifndef OWAMP_CONTROL_SERVER_EVENTS_H
#define OWAMP_CONTROL_SERVER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/status.h"
#include "crypto/keys.h"
#include "time/timestamp.h"
#include "wire/fetch.h"
#include "wire/mode.h"
#include "wire/session_request.h"
#include "wire/setup.h"
#include "wire/start_stop.h"
#include "wire/tw_request.h"

enum ow_server_state {
  OW_SERVER_AWAIT_SETUP,
  OW_SERVER_AWAIT_KEY,
  OW_SERVER_DECIDE_SETUP,
  OW_SERVER_READY,
  OW_SERVER_DECIDE_SESSION,
  OW_SERVER_DECIDE_START,
  OW_SERVER_RUNNING,
  OW_SERVER_DECIDE_STOP,
  OW_SERVER_TELLING_STOP,
  OW_SERVER_STOPPING,
  OW_SERVER_DECIDE_FETCH,
  OW_SERVER_FETCHING,
  OW_SERVER_FAILED,
};

struct ow_server_config {
  bool twamp;            /* it speaks TWAMP-Control (RFC 5357), and not OWAMP-Control */
  uint32_t modes;        /* to offer, and TWAMP's features; 0: the greeting refuses to talk */
  uint32_t pbkdf2_count; /* power of 2, 1024 at least */
  int64_t setup_timeout; /* ns to wait for the Set-Up-Response, a message's rest, Start- and Stop-Sessions */
  int64_t idle_timeout;  /* ns to wait for a command */
  struct ow_timestamp up_since;
  struct ow_random random;
  void *key_context;
  /** The passphrase of a KeyID, valid until the next call; false if unknown. */
  bool (*find_key)(void *context, const char *key_id, const void **passphrase, size_t *octets);
};

enum ow_server_event_kind {
  OW_SERVER_NOTHING = 0,
  OW_SERVER_DERIVE,  /* `source`: derive the key of it, whosever it is, and ow_server_use_key() */
  OW_SERVER_SET_UP,  /* mode chosen and key proven, `key_id` tells whose: ow_server_set_up() */
  OW_SERVER_REQUEST, /* `request`, `slots`: ow_server_answer_session(); no slots: more than OW_SLOTS_MOST */
  OW_SERVER_TW_REQUEST,  /* `tw_request`; NULL: there can be none such, and `failure` says why. Either way
                            ow_server_answer_tw_session() */
  OW_SERVER_TW_STOP,     /* `accept`; no answer to it */
  OW_SERVER_START_ASKED, /* ow_server_answer_start() */
  OW_SERVER_STOP,   /* `accept`, `ends`, `end_count`: if the state is DECIDE_STOP, ow_server_begin_stop() */
  OW_SERVER_FETCH,  /* `fetch`: ow_server_begin_fetch() */
  OW_SERVER_BROKEN, /* `failure`: the connection is of no more use; send what is left and close */
};

/** What pointers point to is the server's, valid until the next call; `ends` until sessions are started
 * again. */
struct ow_server_event {
  enum ow_server_event_kind kind;
  struct ow_key_source source; /* its passphrase is `find_key`'s: it may be gone after the next call */
  const char *key_id;          /* "" in open mode */
  const struct ow_session_request *request;
  const struct ow_slot *slots;
  const struct ow_tw_request *tw_request;
  enum ow_accept accept;
  const struct ow_session_end *ends;
  uint32_t end_count;
  struct ow_fetch_request fetch;
  struct ow_failure failure;
};

#endif
