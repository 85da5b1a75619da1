/* SPDX-License-Identifier: MIT */
/* What a control connection of the Server's holds, and how it and its sessions come to their end. */
#ifndef OWAMP_SERVER_CONNECTION_LIFE_H
#define OWAMP_SERVER_CONNECTION_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/server.h"
#include "control/stop_index.h"
#include "io/channel.h"
#include "io/completion.h"
#include "server/client_key.h"
#include "server/common.h"
#include "server/fetch_answer.h"
#include "server/kept_sessions.h"
#include "server/place.h"
#include "server/session.h"
#include "server/session_log.h"
#include "server/tw_sessions.h"

struct ow_serve_connection;

/** All of a Server, and what it gives them. Embed it; zero-initialised `open` is none. */
struct ow_serve_connections {
  struct ow_serve_common *common;
  struct ow_serve_kept_sessions *kept;
  LIST_HEAD(ow_serve_connection_list, ow_serve_connection) open;
  struct ow_serve_connection_list closing; /* closed, but not all of their sessions are ended */
  struct ow_completion *drained; /* to be told once there is none; NULL: they are not being drained */
};

#define OW_SERVE_FETCH_TIME (2 * OW_NS_PER_S) /* in which a client fetches what it has just stopped */

/** A client's Stop-Sessions. The machine keeps what it points to until sessions are started again. */
struct ow_serve_stop {
  bool told;
  const struct ow_session_end *ends;
  uint32_t end_count;
};

struct ow_serve_connection {
  LIST_ENTRY(ow_serve_connection) among_all; /* that are open, or closing */
  struct ow_serve_connections *all;
  struct ow_serve_common *common;
  struct ow_serve_kept_sessions *kept;
  struct ow_serve_place place;
  struct ow_channel channel;
  struct ow_timer timer;   /* the machine's deadline */
  struct ow_timer stalled; /* while the client hasn't taken all that was said */
  struct ow_timer linger;  /* every session is done: the client should stop them */
  bool over;               /* to be closed when the callback is through */
  bool closed;             /* only its sessions are left to be ended */
  bool refused;            /* what it asked for last: that was told, and what comes of it is not */
  unsigned address_told;   /* a bit for each enum ow_serve_own_address that the log has been told of */
  enum ow_server_state state_told; /* to the log */
  unsigned agreed;                 /* sessions, since it was set up or stopped */
  unsigned unfinished;             /* sessions that run, and aren't done */
  unsigned sending;                /* of its sessions: Stop-Sessions describes these */
  unsigned to_fetch;               /* sessions that have ended, and whose records it has not asked for */
  const char *stopped_for;         /* why we stopped its sessions; NULL: we did not */
  const char *ended_for;           /* why it ended, if that can be said in few words */
  struct ow_server *machine;
  struct ow_serve_client client;
  char *name;                          /* the client's address and port */
  struct ow_serve_sessions sessions;   /* requested or running; held */
  struct ow_serve_tw_list tw_sessions; /* TWAMP's, likewise */
  struct ow_serve_log to;              /* the log, and whom it tells of */
  struct ow_serve_fetch *fetch;        /* NULL while nothing is being fetched */
  const struct ow_session_request
      *asked; /* for one more session, which is the machine's until it is answered */
  const struct ow_slot *asked_slots;
  struct ow_completion agreeing;    /* to it, or not */
  struct ow_serve_session *next;    /* to be let in, and then to be started; NULL: none is */
  struct ow_completion starting;    /* the rest of many */
  const char *ending_for;           /* why its sessions are being ended; NULL: they aren't */
  struct ow_stop_index ends;        /* what the client said of them */
  struct ow_completion ending;      /* the rest of many */
  struct ow_serve_session *to_tell; /* the next of its sessions that it may describe */
  struct ow_completion telling;     /* the rest of many */
  struct ow_serve_stop stop;        /* the client's, until ours is told */
  int64_t stopped_at;               /* monotonic ns: when they ended */
  struct ow_derivation *derivation; /* of the client's key; or NULL */
};

/** Set what its ends are told by. Before anything else of these. */
void ow_serve_prepare_life(struct ow_serve_connection *connection);
struct ow_instant ow_serve_now(const struct ow_serve_connection *connection);

/** The log's one line of a connection that ends; whoever was refused has had its line. */
void ow_serve_tell_end(const struct ow_serve_connection *connection, enum ow_log_level level,
                       const char *why);
/** It ends with this failure: at the end of the callback, by ow_serve_settle(). */
void ow_serve_break_off(struct ow_serve_connection *connection, const struct ow_failure *failure);
/** So it does if what the machine was to write isn't written: `status` isn't OW_OK. */
void ow_serve_require_written(struct ow_serve_connection *connection, enum ow_status status);
/** Close it at once; it is freed when its sessions are ended. */
void ow_serve_close(struct ow_serve_connection *connection);
/** End what is left of one that is closed, and free it: at once. */
void ow_serve_bury_connection(struct ow_serve_connection *connection);
/** Free one that was never opened. */
void ow_serve_free_connection(struct ow_serve_connection *connection);
/**
 * The last act of every callback: send what waits, and last words (an answer that says no) as well. Until
 * then a connection that is over stands, and after it nothing may touch one.
 */
void ow_serve_settle(struct ow_serve_connection *connection);

/**
 * Traffic of all its sessions ends, for the reason `why`; `ends` is what the client said of them. What was
 * received can be fetched from then on by whoever may. Some are ended at once, the rest of many in the
 * background: `why` and `ends` stay until then, and the client isn't listened to.
 */
void ow_serve_end_sessions(struct ow_serve_connection *connection, const struct ow_session_end *ends,
                           uint32_t count, const char *why);
/** As the client's `stop` says. */
void ow_serve_end_as_told(struct ow_serve_connection *connection);
/**
 * Sessions stop being sent, and Stop-Sessions tells how far each got: some at once, the rest of many in the
 * background and as the client reads; until then nothing is taken from it. If `stop` is set, all sessions are
 * ended then.
 */
void ow_serve_tell_stop(struct ow_serve_connection *connection);
/** More of it, once what was told has left. */
void ow_serve_go_on_telling(struct ow_serve_connection *connection);
/** The same if sessions run, for the reason `why`. */
void ow_serve_stop_sessions(struct ow_serve_connection *connection, const char *why);
/** If every session is done: stop them, or let the client do so. */
void ow_serve_consider_end(struct ow_serve_connection *connection);
/** What a session's `done` calls. */
void ow_serve_on_session_done(struct ow_serve_session *session);

#endif
