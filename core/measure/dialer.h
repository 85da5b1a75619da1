/* SPDX-License-Identifier: MIT */
/*
 * From a peer's name to a control connection that is set up: resolve the server's name and our own source
 * address off the loop's thread, then connect to its addresses, one family after the other, each a quarter of
 * a second after the one before or as soon as that has failed (RFC 8305, 4 and 5). The first server that
 * greets us wins, whatever it says from then on; a connection alone doesn't, for a middlebox may make that.
 */
#ifndef OWAMP_MEASURE_DIALER_H
#define OWAMP_MEASURE_DIALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "measure/client_connection.h"
#include "measure/lookup.h"

struct ow_dial_attempt;

enum ow_dial_stage { OW_DIAL_RESOLVE, OW_DIAL_CONNECT, OW_DIAL_SETUP };

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_dialer {
  struct ow_loop *loop;
  const struct ow_peer *peer;           /* must stay */
  struct ow_client_connection *control; /* closed; its events are the dialer's until `done` */
  struct ow_dial_gate *gate;            /* NULL: no bound */
  /**
   * As long as the name has this address no other is tried. NULL: all may be. Must stay.
   */
  const union ow_address *faithful;
  /**
   * Set up (OW_OK), or why not: the sentence of the address that came furthest. Never within
   * ow_dialer_dial(). May dial again.
   */
  void (*done)(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure);

  struct ow_lookup lookup;
  bool busy;
  int64_t deadline;       /* monotonic ns */
  int64_t connecting;     /* monotonic ns: since when; 0: the names are still being resolved */
  int64_t heard;          /* monotonic ns: the last sign of life of any address that failed; or 0 */
  uint32_t modes_offered; /* by the server that greeted; 0: none did */
  size_t server_at;       /* the next to be tried */
  struct ow_dial_attempt *attempts[OW_RESOLVED_MOST]; /* at each of the servers; NULL: none is under way */
  struct ow_timer next;                               /* another address is due */
  int64_t pace;                                       /* ns between attempts */
  bool greeted;                                       /* the race is over */
  /* Of the attempt that tells most of those that failed; OW_OK: none has. */
  struct ow_failure failure;
  int weight;                   /* how much more it tells than others */
  char server[OW_ADDRESS_TEXT]; /* whom the end is about; before it, whom the first attempt is */
  union ow_address remote;      /* of the greeting */
  struct ow_failure dead;       /* another address, that did not greet us; OW_OK: there is none */
};

/**
 * Dial. Resolving may take as long as it takes; no address is waited for after `deadline` (monotonic ns), and
 * what is left until then is also what each later answer of the server may take.
 */
void ow_dialer_dial(struct ow_dialer *dialer, int64_t deadline);
/** How far it has come, or had when it ended. */
enum ow_dial_stage ow_dialer_stage(const struct ow_dialer *dialer);
/** The last sign of life of any of the addresses, monotonic ns; 0: none. */
int64_t ow_dialer_heard(const struct ow_dialer *dialer);
/**
 * The time is over: no address that is being tried has answered, which goes into `failure`, `server` and
 * `dead`. Nothing is to be expected of it any more but to be cancelled.
 */
void ow_dialer_expire(struct ow_dialer *dialer);
/** `done` is not called; a connection that isn't set up is closed. Nothing happens if it doesn't dial. */
void ow_dialer_cancel(struct ow_dialer *dialer);

#endif
