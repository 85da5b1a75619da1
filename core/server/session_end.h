/* SPDX-License-Identifier: MIT */
/* What a test session of the server's holds, and how all of it is given back. */
#ifndef OWAMP_SERVER_SESSION_END_H
#define OWAMP_SERVER_SESSION_END_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "io/completion.h"
#include "server/accounts.h"
#include "server/common.h"
#include "server/policy_questions.h"
#include "server/test_address.h"
#include "session/departures.h"
#include "traffic/session_receiver.h"
#include "traffic/session_sender.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"

struct ow_serve_connection;
struct ow_serve_kept_sessions;

struct ow_serve_session {
  TAILQ_ENTRY(ow_serve_session) of_connection;
  TAILQ_ENTRY(ow_serve_session) of_kept;  /* those that can be fetched */
  TAILQ_ENTRY(ow_serve_session) of_sent;  /* of these, the ended ones that we sent, oldest first */
  TAILQ_ENTRY(ow_serve_session) of_owner; /* and its owner's that ended, likewise */
  struct ow_serve_account *account;       /* its owner's */
  struct ow_serve_common *common;
  struct ow_endpoint owner_address; /* which, with its account, is who it is: ow_serve_session_owner() */
  enum ow_mode mode;
  struct ow_session_request request; /* as agreed */
  struct ow_serve_claim claim;
  uint64_t reserved;  /* records: at first for all that may come, once it has ended those that there are */
  uint64_t beside;    /* of these, what it takes beside records while it runs */
  uint64_t departing; /* and what its departures may take; 0: none are kept */
  struct ow_test_sender *sender;           /* of one that we send, until it is settled; else NULL */
  struct ow_test_receiver *receiver;       /* of one that we receive; else NULL */
  struct ow_departures departures;         /* of what we sent, once it is settled, */
  struct ow_error_estimate departed_error; /* and how far each may be from the truth */
  bool kept;
  bool listed;                           /* among its owner's that ended */
  enum ow_serve_own_address own_address; /* that our end of the traffic has */
  struct ow_serve_kept_sessions *keeper; /* by whom it is kept */
  uint64_t disk;                         /* that its account holds for it when it is listed */
  bool running;
  bool ended;                /* no more traffic */
  bool settled;              /* and its records are those that there will be */
  bool stop_known;           /* the client said how it ended */
  bool drops_records;        /* its end does: of packets that were never sent, or may not have been */
  bool caught_up;            /* all that had come by then is taken */
  bool sent_known;           /* `sent` is: of one that we received the client has said it */
  struct ow_completion part; /* of the work of settling it, or of freeing it */
  LIST_ENTRY(ow_serve_session) among_busy;
  int64_t ended_at;                       /* monotonic ns */
  uint32_t next_sequence;                 /* of one that has ended */
  uint32_t sent;                          /* packets, of one that has ended, if that is known */
  unsigned holders;                       /* its connection, those kept, fetches */
  struct ow_serve_connection *connection; /* that runs it; NULL: none any more */
  /** All its packets are accounted for. */
  void (*done)(struct ow_serve_session *session);
  /** It is settled, and kept: by whoever keeps it. */
  void (*on_settled)(struct ow_serve_session *session);
  struct ow_slot slots[]; /* of the request */
};

/**
 * End its traffic; `end` (may be NULL) is what the client's Stop-Sessions said of it. The records stay. It is
 * settled in the background; a first part of that is done at once, which is all for most.
 */
void ow_serve_session_end(struct ow_serve_session *session, const struct ow_session_end *end);
/** Who made it, who may be long gone: `account` is NULL. */
struct ow_serve_client ow_serve_session_owner(const struct ow_serve_session *session);
/** True of one that we send, until it is settled. */
bool ow_serve_session_sends(const struct ow_serve_session *session);
/** Who holds a session can rely on it; after the last has dropped it, it is ended and freed. */
void ow_serve_session_hold(struct ow_serve_session *session);
void ow_serve_session_drop(struct ow_serve_session *session);
/** Free those that nobody holds any more at once, as the loop is about to end. */
void ow_serve_sessions_bury(struct ow_serve_common *common);

#endif
