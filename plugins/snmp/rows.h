/* SPDX-License-Identifier: MIT */
/*
 * The rows of the four tables as sorted arrays, made from the peers after each change. For every kind of
 * value that may be absent, a row knows where the next row that has it stands: so GETNEXT is a binary search
 * and one step, however many values are absent in between.
 */
#ifndef OWAMP_SNMP_ROWS_H
#define OWAMP_SNMP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peers.h"

/** When a value exists. */
enum presence {
  PRESENT_ALWAYS = 0,
  PRESENT_RUNNING,   /* the stream is on a board */
  PRESENT_EXPLAINED, /* running, or refused */
  PRESENT_KNOWN,     /* anything was measured */
  PRESENT_LOSSES,    /* known, with the losses of that direction */
  PRESENT_LOSS_RUN,  /* and how many were lost in a row */
  PRESENT_SENT,      /* losses are known of something that was sent */
  PRESENT_RECEIVED,  /* something was received, in one direction */
  PRESENT_TIMES,     /* received, or answered, and no clock was stepped */
  PRESENT_IPDV,
  PRESENT_DWELL, /* times, of a reflector, too */
  PRESENT_PORT,  /* the port is a number */
  PRESENCES
};

struct row {
  const struct peer *peer;
  const struct ow_interval *interval; /* of results and history */
  enum ow_direction direction;        /* or the round trip */
  uint16_t present;                   /* bit p: values of presence p exist */
  unsigned long suffix[2];            /* of the index, behind the peer's */
  unsigned suffix_count;
};

struct row_table {
  struct row *rows;
  size_t count;
  uint32_t *next[PRESENCES]; /* [p][i]: the first row from i on that has p; `count`: none */
};

enum { ROW_TABLES = 4 };
struct row_set {
  struct row_table tables[ROW_TABLES]; /* peers, results, history, totals */
};

/** Make all rows anew. False without memory; the set is then empty. */
bool row_set_make(struct row_set *set, const struct peers *peers);
void row_set_clear(struct row_set *set);

/** The row of that index; NULL: there is none. */
const struct row *row_find(const struct row_table *table, const unsigned long *index, size_t count);
/** The first row at or, if `after`, behind that index which has `presence`. NULL: none. */
const struct row *row_next(const struct row_table *table, const unsigned long *index, size_t count,
                           bool after, enum presence presence);
/** Its index, at most MIB_ROW_INDEX; returns how many sub-identifiers. */
size_t row_index(const struct row *row, unsigned long *out);

#endif
