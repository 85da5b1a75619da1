/*
 * OWAMP-MIB as a function: what stands at an object identifier, and what comes next. Identifiers are relative
 * to owampObjects. Nothing here needs an SNMP library.
 */
#ifndef OWAMP_SNMP_MIB_H
#define OWAMP_SNMP_MIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "mib_columns.h"
#include "mib_value.h"
#include "peers.h"
#include "rows.h"

enum { MIB_OID_MOST = 3 + MIB_ROW_INDEX };

/** What is told of the host itself. */
struct mib_system_state {
  bool clock_synchronized;
  int64_t clock_error;   /* ns */
  uint8_t notifications; /* BITS of owampNotificationsEnabled */
  uint64_t dropped;
};

struct mib {
  struct peers *peers;
  struct row_set rows;
  struct mib_system_state system;
  struct timespec now; /* tells the era of stamps */
};

/** Make the rows anew if the peers changed. False without memory. */
bool mib_update(struct mib *mib);
void mib_clear(struct mib *mib);

/** The value of an instance. False: noSuchInstance, or noSuchObject if `*object` is false. */
bool mib_get(const struct mib *mib, const unsigned long *name, size_t count, struct mib_value *value,
             bool *object);
/**
 * The first instance behind `name`, which may be empty: writes its identifier (at most MIB_OID_MOST) and
 * value. Returns how many sub-identifiers it has; 0: there is none.
 */
size_t mib_next(const struct mib *mib, const unsigned long *name, size_t count, unsigned long *out,
                struct mib_value *value);

/* ---- for tests and for those above ---- */

/** The columns of a table, from the first that can be read to below `*end`. */
unsigned mib_table_columns(enum mib_group table, unsigned *end);
enum presence mib_presence(enum mib_group table, unsigned column);
/** Of a row that has it. */
struct mib_value mib_row_value(const struct mib *mib, enum mib_group table, const struct row *row,
                               unsigned column);

#endif
