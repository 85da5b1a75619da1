/* SPDX-License-Identifier: MIT */
/*
 * The answer to a Fetch-Session (RFC 4656, 3.9): whether the client may have the records, and then the
 * records, never more at once than the connection takes. Or the departures, if the request is marked
 * (docs/protocol-extensions.md).
 */
#ifndef OWAMP_SERVER_FETCH_ANSWER_H
#define OWAMP_SERVER_FETCH_ANSWER_H

#include <stddef.h>

#include "base/status.h"
#include "control/server.h"
#include "server/kept_sessions.h"
#include "server/policy_questions.h"
#include "server/session.h"
#include "server/session_log.h"

/** Zero-initialised, with `go_on` set: nothing is being fetched, as it is again when `session` is NULL. */
struct ow_serve_fetch {
  struct ow_serve_log to;           /* for the client that fetches; set before, if there is a log */
  struct ow_serve_session *session; /* held; NULL: none */
  struct ow_serve_common *common;
  struct ow_fetch_request range;
  struct ow_completion part; /* of the work that goes on in the background */
  uint32_t records;          /* in the range, among those that were looked at to count them */
  bool of_ended;             /* they were counted after its end */
  bool announced;            /* they are counted, and the client knows how many there are */
  size_t next;               /* record, or packet, to look at */
  /** A part of the work is due: ow_serve_fetch_go_on(), and then send what it wrote. By the loop. May free
   * it. */
  void (*go_on)(struct ow_serve_fetch *fetch);
  void *context; /* the owner's */
};

/**
 * The machine is in DECIDE_FETCH: a client that may not have the records is told so at once. For any other,
 * Fetch-Ack and the records follow by ow_serve_fetch_go_on(): some 20 us of work a call, as long as the
 * machine is in DECIDE_FETCH or FETCHING. A failure is the connection's end, and ow_serve_fetch_abandon() is
 * due.
 */
enum ow_status ow_serve_fetch_answer(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                     struct ow_server *machine, const struct ow_serve_client *client,
                                     const struct ow_fetch_request *request,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/**
 * A part of the work is due, or the connection has taken what was written. It has itself called again in the
 * background while there is work that needn't wait for the connection.
 */
enum ow_status ow_serve_fetch_go_on(struct ow_serve_fetch *fetch, struct ow_serve_kept_sessions *kept,
                                    struct ow_server *machine, struct ow_failure *failure) OW_MUST_CHECK;
/** Nobody awaits the rest any more. Nothing happens if nothing is being fetched. */
void ow_serve_fetch_abandon(struct ow_serve_fetch *fetch, const struct ow_server *machine);

#endif
