/* SPDX-License-Identifier: MIT */
/*
 * The one table of OWAMP-MIB's objects. Whoever adds an object adds its number in mib_columns.h, its row
 * here, and its text in OWAMP-MIB.txt, against which a test holds both.
 */
#ifndef OWAMP_SNMP_COLUMN_TABLE_H
#define OWAMP_SNMP_COLUMN_TABLE_H

#include "mib_column.h"
#include "mib_columns.h"

/** The scalars, or a table. Objects of notifications are in none. */
struct mib_table {
  const char *name;                 /* what its objects' names begin with */
  const struct mib_column *columns; /* by number, from 1 to below `end` */
  unsigned first;                   /* that can be read: those before are indices */
  unsigned end;
};

const struct mib_table *mib_table_of(enum mib_group group);
/** NULL: there is no such object, or it is an index. */
const struct mib_column *mib_column_of(enum mib_group group, unsigned long number);

#endif
