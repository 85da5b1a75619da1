/* SPDX-License-Identifier: MIT */
/* The columns of OWAMP-MIB's tables, and a row's value in each. */
#ifndef OWAMP_SNMP_MIB_ROWS_H
#define OWAMP_SNMP_MIB_ROWS_H

#include "mib_column.h"
#include "mib_columns.h"
#include "mib_state.h"
#include "mib_value.h"
#include "rows.h"

/** The columns of a table, from the first that can be read to below `*end`. */
unsigned mib_table_columns(enum mib_group table, unsigned *end);
/** Of a row of the column's table that has it; scalars are of no row. */
struct mib_value mib_column_value(const struct mib *mib, const struct row *row,
                                  const struct mib_column *column);

#endif
