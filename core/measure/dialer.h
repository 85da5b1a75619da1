/* SPDX-License-Identifier: MIT */
/*
 * From a peer's name to a control connection that is set up: resolve the server's name and our own source
 * address off the loop's thread, then connect to one address after another until a server answers.
 */
#ifndef OWAMP_MEASURE_DIALER_H
#define OWAMP_MEASURE_DIALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"
#include "io/completion.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "measure/client_connection.h"

struct ow_dialer;
TAILQ_HEAD(ow_dialers, ow_dialer);

/**
 * How many names may be resolved at once, over all that share it: each takes a thread. Prepare before use.
 */
struct ow_dial_gate {
  unsigned free;
  bool closed;
  struct ow_dialers waiting;
};
void ow_dial_gate_prepare(struct ow_dial_gate *gate, unsigned at_once);
/** All that share it are about to be cancelled: nobody who waits gets a place any more. */
void ow_dial_gate_close(struct ow_dial_gate *gate);

enum ow_dial_stage { OW_DIAL_RESOLVE, OW_DIAL_CONNECT, OW_DIAL_SETUP };

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_dialer {
  struct ow_loop *loop;
  const struct ow_peer *peer;           /* must stay */
  struct ow_client_connection *control; /* closed; its events are the dialer's until `done` */
  struct ow_dial_gate *gate;            /* NULL: no bound */
  /**
   * Set up (OW_OK), or why not: the sentence of the last address that was tried. Never within
   * ow_dialer_dial(). May dial again.
   */
  void (*done)(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure);

  TAILQ_ENTRY(ow_dialer) in_gate;
  bool waits;
  bool holds_place;
  bool busy;
  bool resolving_source;
  struct ow_completion unresolved; /* the search for a name could not even begin */
  enum ow_dial_stage stage;        /* how far it has come */
  uint32_t modes_offered;          /* by the last server that greeted; 0: none did */
  int64_t deadline;                /* monotonic ns */
  int64_t connecting;              /* monotonic ns: since when; 0: the names are still being resolved */
  struct ow_resolution *resolution;
  union ow_address source;
  bool has_source;
  union ow_address servers[OW_RESOLVED_MOST];
  size_t server_count;
  size_t server_at;
};

/**
 * Dial. Resolving may take as long as it takes; each address gets its share of the time until `deadline`
 * (monotonic ns), which is also what each later answer of the server may take.
 */
void ow_dialer_dial(struct ow_dialer *dialer, int64_t deadline);
/** `done` is not called; a connection that isn't set up is closed. Nothing happens if it doesn't dial. */
void ow_dialer_cancel(struct ow_dialer *dialer);

#endif
