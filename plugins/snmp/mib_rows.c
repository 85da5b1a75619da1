/* SPDX-License-Identifier: MIT */
/* A column knows where its value stands and how it is shown: here the two are joined. */
#include "mib_rows.h"

#include "column_table.h"

unsigned mib_table_columns(enum mib_group table, unsigned *end)
{
  *end = mib_table_of(table)->end;
  return mib_table_of(table)->first;
}

static const void *source_of(enum mib_source from, const struct mib *mib, const struct row *row)
{
  const void *source = mib;
  switch (from) {
  case FROM_MIB: break;
  case FROM_PEER: source = row->peer; break;
  case FROM_INTERVAL: source = row->interval; break;
  case FROM_RESULT: source = &row->interval->results[row->direction]; break;
  case FROM_TOTALS: source = &row->peer->view.totals[row->direction]; break;
  }
  return source;
}

struct mib_value mib_column_value(const struct mib *mib, const struct row *row,
                                  const struct mib_column *column)
{
  const char *source = source_of(column->get.from, mib, row);
  return column->get.show((struct mib_member){source + column->get.offset, mib->now});
}
