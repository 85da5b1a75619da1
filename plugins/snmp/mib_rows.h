/* The columns of OWAMP-MIB's tables, and a row's value in each. */
#ifndef OWAMP_SNMP_MIB_ROWS_H
#define OWAMP_SNMP_MIB_ROWS_H

#include "mib_columns.h"
#include "mib_state.h"
#include "mib_value.h"
#include "rows.h"

/** The columns of a table, from the first that can be read to below `*end`. */
unsigned mib_table_columns(enum mib_group table, unsigned *end);
enum presence mib_presence(enum mib_group table, unsigned column);
/** Of a row that has it. */
struct mib_value mib_row_value(const struct mib *mib, enum mib_group table, const struct row *row,
                               unsigned column);

#endif
