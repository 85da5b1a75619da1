/* SPDX-License-Identifier: MIT */
/* Scalars from the system's values, tables from the rows, in the order of identifiers. */
#include "mib.h"

#include <string.h>

#include "column_get.h"
#include "column_table.h"
#include "mib_rows.h"

bool mib_update(struct mib *mib)
{
  bool made = true;
  if (mib->peers->changed) {
    made = row_set_make(&mib->rows, mib->peers);
    mib->peers->changed = !made;
  }
  return made;
}

void mib_clear(struct mib *mib)
{
  row_set_clear(&mib->rows);
}

/* ---- scalars ---- */

/* `column` may be NULL: no object. */
static bool system_value(const struct mib *mib, const struct mib_column *column, struct mib_value *value)
{
  enum ow_stamp_source ignored;
  bool has = column && (column->presence == PRESENT_ALWAYS || mib_stamp_source(mib, &ignored));
  if (has)
    *value = mib_column_value(mib, NULL, column);
  return has;
}

static size_t next_system(const struct mib *mib, const unsigned long *name, size_t count, unsigned long *out,
                          struct mib_value *value)
{
  unsigned long first = MIB_VERSION;
  if (count > 0 && name[0] >= MIB_VERSION)
    first = count == 1 ? name[0] : name[0] + 1; /* "2" stands before "2.0", and that before all of "2.0..." */
  for (unsigned long column = first; column < MIB_SYSTEM_END; column++) {
    if (system_value(mib, mib_column_of(MIB_SYSTEM, column), value)) {
      out[0] = MIB_SYSTEM;
      out[1] = column;
      out[2] = 0;
      return 3;
    }
  }
  return 0;
}

/* ---- tables ---- */

static const struct row_table *table_of(const struct mib *mib, enum mib_group group)
{
  return &mib->rows.tables[(unsigned)group - MIB_PEERS];
}

static size_t found(enum mib_group group, unsigned long column, const struct row *row, unsigned long *out)
{
  out[0] = group;
  out[1] = 1;
  out[2] = column;
  return 3 + row_index(row, out + 3);
}

/* `name` follows the table's own number: entry, column, index. */
static size_t next_in_table(const struct mib *mib, enum mib_group group, const unsigned long *name,
                            size_t count, unsigned long *out, struct mib_value *value)
{
  unsigned end;
  unsigned first = mib_table_columns(group, &end);
  unsigned long column = first;
  bool within = count >= 2 && name[0] == 1 && name[1] >= first;
  if (count > 0 && name[0] > 1)
    return 0;
  if (within)
    column = name[1];
  for (; column < end; column++) {
    const struct mib_column *of = mib_column_of(group, column);
    bool here = within && count > 2 && column == name[1];
    const struct row *row =
        row_next(table_of(mib, group), here ? name + 2 : NULL, here ? count - 2 : 0, here, of->presence);
    if (row) {
      *value = mib_column_value(mib, row, of);
      return found(group, column, row, out);
    }
  }
  return 0;
}

bool mib_get(const struct mib *mib, const unsigned long *name, size_t count, struct mib_value *value,
             bool *object)
{
  const struct mib_column *column = NULL;
  bool has = false;
  if (count >= 2 && name[0] == MIB_SYSTEM) {
    column = mib_column_of(MIB_SYSTEM, name[1]);
    has = count == 3 && name[2] == 0 && system_value(mib, column, value);
  } else if (count >= 3 && name[0] >= MIB_PEERS && name[0] <= MIB_TOTALS && name[1] == 1) {
    enum mib_group group = (enum mib_group)name[0];
    column = mib_column_of(group, name[2]);
    const struct row *row = column ? row_find(table_of(mib, group), name + 3, count - 3) : NULL;
    has = row && (row->present >> column->presence & 1);
    if (has)
      *value = mib_column_value(mib, row, column);
  }
  *object = column != NULL;
  return has;
}

size_t mib_next(const struct mib *mib, const unsigned long *name, size_t count, unsigned long *out,
                struct mib_value *value)
{
  size_t length = 0;
  unsigned long first = count > 0 ? name[0] : 0;
  for (unsigned long group = MIB_SYSTEM; group <= MIB_TOTALS && length == 0; group++) {
    bool within = count > 0 && group == first;
    const unsigned long *rest = within ? name + 1 : NULL;
    size_t left = within ? count - 1 : 0;
    if (group == MIB_SYSTEM && group >= first)
      length = next_system(mib, rest, left, out, value);
    else if (group >= first)
      length = next_in_table(mib, (enum mib_group)group, rest, left, out, value);
  }
  return length;
}
