/* SPDX-License-Identifier: MIT */
/*
 * Changes of the peer table over SNMP: all or nothing. A set request is first checked value by value, then
 * row by row against a draft, then carried out, and can be undone until it is finished.
 */
#ifndef OWAMP_SNMP_PEER_SET_H
#define OWAMP_SNMP_PEER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib_value.h"
#include "peers.h"
#include "set_error.h"

enum { SET_MOST = 512 };

/** One variable of a set request. `name` follows owampPeerEntry: column, index. */
struct set_variable {
  const unsigned long *name;
  size_t count;
  struct mib_value value;
};

struct set_row;
struct peer_set {
  struct peers *peers;
  struct set_row *rows;
  size_t count;
  bool applied;
  struct ow_failure why; /* of an error that one of RFC 3416's names alone doesn't explain; else "" */
};

/**
 * Check all of a request, and make drafts of the rows that it touches; nothing changes yet. SET_OK, or what
 * is wrong, and `*wrong` says with which variable, `why` of which row and column, for a log.
 * peer_set_finish() is due in any case.
 */
enum set_error peer_set_check(struct peer_set *set, struct peers *peers, const struct set_variable *variables,
                              size_t count, size_t *wrong);
/** Carry it out: rows appear, change and go; streams begin and end. False without memory: undo. */
bool peer_set_apply(struct peer_set *set, struct ow_timestamp now);
/** As it was before. */
void peer_set_undo(struct peer_set *set, struct ow_timestamp now);
/** Forget the drafts; zero-initialised sets too. */
void peer_set_finish(struct peer_set *set);

#endif
