/* SPDX-License-Identifier: MIT */
/*
 * The forward direction's records, which the server holds: asked for over a second control connection while
 * the session runs, so that a measurement with nothing lost ends at once; or when the first connection was
 * lost. What comes over the first one is kept here as well.
 */
#ifndef OWAMP_MEASURE_FORWARD_RECORDS_H
#define OWAMP_MEASURE_FORWARD_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/completion.h"
#include "io/loop.h"
#include "measure/client_connection.h"
#include "measure/fetched_records.h"
#include "measure/session_ends.h"
#include "time/sample.h"

/** The second connection. */
enum ow_records_state {
  OW_RECORDS_CLOSED,
  OW_RECORDS_CONNECTING,
  OW_RECORDS_READY,
  OW_RECORDS_ASKING, /* a fetch is under way */
};

enum ow_records_purpose {
  OW_RECORDS_KEEPING,    /* nothing is asked over it */
  OW_RECORDS_CONFIRMING, /* whether all packets have arrived */
  OW_RECORDS_SALVAGING,  /* whatever there is */
};

struct ow_records_line;

/** Embed it. Zero-initialised: closed. */
struct ow_forward_records {
  struct ow_loop *loop;
  const struct ow_session_ends *ends;
  const struct ow_log *log;
  int64_t timeout; /* ns, for connecting and each answer */
  /**
   * What was asked for is known: all packets have arrived (confirming), or what could be had is here
   * (salvaging). At the end of a turn.
   */
  void (*done)(struct ow_forward_records *records);

  enum ow_records_state state;
  enum ow_records_purpose purpose;
  struct ow_records_line *line; /* it, while it is open: most measurements have none */
  struct ow_completion answered;
  struct ow_fetched_records incoming; /* records whose HMAC is still to come */
  struct ow_fetched_records kept;     /* the newest ones that can be trusted */
  bool short_of_memory;               /* some of the records could not be held */
  bool contradictory;                 /* too many packets were told to be lost and to have arrived */
};

/** `ends` and `log` (may be NULL) must stay; `done` is set by the owner. */
void ow_forward_records_prepare(struct ow_forward_records *records, struct ow_loop *loop,
                                const struct ow_session_ends *ends, const struct ow_log *log,
                                int64_t timeout);
/** Open the second connection, so that it is ready when it is needed. */
void ow_forward_records_connect(struct ow_forward_records *records);
/**
 * The last packet has left: ask until all have arrived, first after half a `round_trip` (ns). Without a
 * second connection nothing is ever known early.
 */
void ow_forward_records_confirm(struct ow_forward_records *records, int64_t round_trip);
/** The control connection is lost: ask for what there is over the second one, opened if need be. */
void ow_forward_records_salvage(struct ow_forward_records *records);
/** Ask no more; an answer that is under way still counts. */
void ow_forward_records_rest(struct ow_forward_records *records);
/** End the second connection; nothing is told any more. The records stay. */
void ow_forward_records_hang_up(struct ow_forward_records *records);

/** A fetch begins, of what was sent until now: what came of the last one and could not be trusted goes. */
void ow_forward_records_expect(struct ow_forward_records *records);
/** Records came: not to be trusted before ow_forward_records_keep(). */
void ow_forward_records_add(struct ow_forward_records *records, const struct ow_client_event *event);
/** The fetch was whole: these are the records. */
void ow_forward_records_keep(struct ow_forward_records *records);

void ow_forward_records_close(struct ow_forward_records *records);

#endif
