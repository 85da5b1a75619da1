/* SPDX-License-Identifier: MIT */
/*
 * From a peer's name to a reflector that answers. There is no connection to make and nothing to agree on, so
 * that no family can win by being quicker with it: each of the name's addresses is asked a question outside
 * any schedule (session/marker.h), one family after the other, each a quarter of a second after the one
 * before and then again every quarter of a second. The first that answers is measured.
 *
 * If none answers it is no failure: the path may lose much, and an outage is to be measured, too. Then the
 * first address is taken of which no ICMP message says that nobody listens there. Only if all say so, or none
 * can be sent to, is it one.
 */
#ifndef OWAMP_MEASURE_REACH_H
#define OWAMP_MEASURE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"
#include "io/loop.h"
#include "measure/lookup.h"
#include "session/marker.h"
#include "traffic/traffic.h"

struct ow_reach_attempt;

/** Embed it; zero-initialised, then the first group filled in. Zero-initialised: idle. */
struct ow_reach {
  struct ow_traffic *traffic;
  const struct ow_peer *peer;       /* must stay */
  struct ow_dial_gate *gate;        /* NULL: no bound */
  const union ow_address *faithful; /* as in struct ow_lookup */
  /**
   * OW_OK: `socket` is bound, connected, and the owner's from now on; or why not. Never within
   * ow_reach_begin().
   */
  void (*done)(struct ow_reach *reach, enum ow_status status, const struct ow_failure *failure);

  struct ow_lookup lookup;
  bool busy;
  int64_t asking;   /* monotonic ns: since when; 0: the names are still being resolved */
  int64_t deadline; /* monotonic ns */
  struct ow_timer next;
  struct ow_reach_attempt *attempts[OW_RESOLVED_MOST];
  size_t server_at; /* the next to be tried */
  struct ow_reflected_codec *codec;
  struct ow_failure failure; /* of the address that failed last, or for want of memory; OW_OK: none has */

  /* Of the one that is taken: */
  int socket;
  union ow_address remote;
  union ow_address local;
  struct ow_markers opening; /* what it was asked, and answered: nothing, perhaps */
  char server[OW_ADDRESS_TEXT];
};

/** Look for a reflector; `patience` ns from when its name is known no answer is waited for any more. */
void ow_reach_begin(struct ow_reach *reach, int64_t patience);
/** `done` is not called. Nothing happens if it is idle. */
void ow_reach_cancel(struct ow_reach *reach);

#endif
