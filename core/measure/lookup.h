/* SPDX-License-Identifier: MIT */
/*
 * From a peer's names to addresses: resolve the host's name and our own source address off the loop's thread,
 * so many names at once as a gate lets through, and keep what can be tried.
 */
#ifndef OWAMP_MEASURE_LOOKUP_H
#define OWAMP_MEASURE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"
#include "io/completion.h"
#include "io/loop.h"
#include "io/resolver.h"

struct ow_lookup;
TAILQ_HEAD(ow_lookups, ow_lookup);

/**
 * How many names may be resolved at once, over all that share it: each takes a thread. Prepare before use.
 */
struct ow_dial_gate {
  unsigned free;
  bool closed;
  struct ow_lookups waiting;
};
void ow_dial_gate_prepare(struct ow_dial_gate *gate, unsigned at_once);
/** All that share it are about to be cancelled: nobody who waits gets a place any more. */
void ow_dial_gate_close(struct ow_dial_gate *gate);

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_lookup {
  struct ow_loop *loop;
  const struct ow_peer *peer; /* must stay */
  struct ow_dial_gate *gate;  /* NULL: no bound */
  /**
   * As long as the name has this address no other is kept. NULL: all are. Must stay.
   */
  const union ow_address *faithful;
  /** `servers` are known (OW_OK; see ow_lookup_check()), or why not. Never within ow_lookup_begin(). */
  void (*done)(struct ow_lookup *lookup, enum ow_status status, const struct ow_failure *failure);

  TAILQ_ENTRY(ow_lookup) in_gate;
  bool waits;
  bool holds_place;
  bool busy;
  bool resolving_source;
  struct ow_completion unresolved; /* the search for a name could not even begin */
  struct ow_resolution *resolution;
  bool any_source;             /* own addresses are given: */
  union ow_address sources[2]; /* IPv4, IPv6; of no family: none is given */
  union ow_address servers[OW_RESOLVED_MOST];
  size_t server_count;
};

void ow_lookup_begin(struct ow_lookup *lookup);
/** OW_INVALID with a sentence if the name's addresses are all of another family than our own address. */
enum ow_status ow_lookup_check(const struct ow_lookup *lookup, struct ow_failure *failure) OW_MUST_CHECK;
/** `done` is not called. Nothing happens if it isn't under way. */
void ow_lookup_cancel(struct ow_lookup *lookup);
/**
 * The own address for a connection to `server`, whose zone is settled, too: into `own`, to which the return
 * value then points; NULL: any.
 */
union ow_address *ow_lookup_source(const struct ow_lookup *lookup, const union ow_address *server,
                                   union ow_address *own);

#endif
