/* SPDX-License-Identifier: MIT */
/*
 * When the reverse direction's packets really left, as the server knows it: asked for once they are in, over
 * the control connection that is idle by then (docs/protocol-extensions.md). It makes a result better and is
 * never worth one: whatever goes wrong, the packets' own stamps stand.
 */
#ifndef OWAMP_MEASURE_REVERSE_DEPARTURES_H
#define OWAMP_MEASURE_REVERSE_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/timer.h"
#include "measure/client_connection.h"
#include "session/departures.h"
#include "time/sample.h"
#include "wire/session_request.h"

/** Embed it. Zero-initialised: nothing is known, and nothing asked. */
struct ow_reverse_departures {
  struct ow_client_connection *control;
  const struct ow_log *log; /* may be NULL */
  /** They didn't come in time: ask no more. By the loop. */
  void (*late)(struct ow_reverse_departures *departures);
  void *context; /* the owner's */

  struct ow_timer deadline;
  struct ow_departures known;     /* not to be trusted before all have come */
  struct ow_error_estimate error; /* the largest of theirs */
  bool any;
  bool whole; /* all have come, and their HMAC was right */
};

/**
 * Ask for those of a session as it was agreed; `control`, `log` and `late` are set. False if there is no use
 * in it: the server doesn't know departures, or the connection isn't idle.
 */
bool ow_reverse_departures_ask(struct ow_reverse_departures *departures,
                               const struct ow_session_request *session);
/** An event of the control connection after that. True: what can be had is here. */
bool ow_reverse_departures_event(struct ow_reverse_departures *departures,
                                 const struct ow_client_event *event);
/** Put what can be trusted into the samples of the session's packets. */
void ow_reverse_departures_put_into(struct ow_reverse_departures *departures,
                                    const struct ow_samples *samples);
/** Await them no longer. What is known stays until ow_reverse_departures_close(). */
void ow_reverse_departures_rest(struct ow_reverse_departures *departures);
void ow_reverse_departures_close(struct ow_reverse_departures *departures);

#endif
