#include "mib.h"

#include <string.h>

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

/* The least trustworthy of what this host received; false: nothing yet. */
static bool stamp_source(const struct mib *mib, enum ow_stamp_source *source)
{
  bool any = false;
  for (size_t i = 0; i < mib->peers->count; i++) {
    const struct peer *peer = mib->peers->list[i];
    const struct ow_result *result =
        peer->count ? &peer->intervals[peer->count - 1].results[OW_REVERSE] : NULL;
    if (result && result->completeness != OW_RESULT_ABSENT && result->received > 0) {
      bool weaker = result->clock.receive_stamp != OW_STAMP_KERNEL;
      if (!any || (weaker && *source != OW_STAMP_UNKNOWN))
        *source = result->clock.receive_stamp;
      any = true;
    }
  }
  return any;
}

static bool system_value(const struct mib *mib, unsigned long column, struct mib_value *value)
{
  enum ow_stamp_source source = OW_STAMP_UNKNOWN;
  bool has = true;
  switch ((enum mib_system)column) {
  case MIB_VERSION: *value = mib_text(OWAMP_VERSION); break;
  case MIB_CLOCK_SYNCHRONIZED: *value = mib_truth(mib->system.clock_synchronized); break;
  case MIB_CLOCK_ERROR: *value = mib_gauge(mib_microseconds_up(mib->system.clock_error)); break;
  case MIB_STAMP_SOURCE:
    has = stamp_source(mib, &source);
    *value = mib_integer((int32_t)source + 1);
    break;
  case MIB_HISTORY_SIZE: *value = mib_gauge(mib->peers->history); break;
  case MIB_NOTIFICATIONS_ENABLED: *value = mib_bits(mib->system.notifications); break;
  case MIB_NOTIFICATIONS_DROPPED: *value = mib_counter(mib->system.dropped); break;
  case MIB_SYSTEM_END: has = false; break;
  }
  return has;
}

static size_t next_system(const struct mib *mib, const unsigned long *name, size_t count, unsigned long *out,
                          struct mib_value *value)
{
  unsigned long first = MIB_VERSION;
  if (count > 0 && name[0] >= MIB_VERSION)
    first = count == 1 ? name[0] : name[0] + 1; /* "2" stands before "2.0", and that before all of "2.0..." */
  for (unsigned long column = first; column < MIB_SYSTEM_END; column++) {
    if (system_value(mib, column, value)) {
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
    bool here = within && count > 2 && column == name[1];
    const struct row *row = row_next(table_of(mib, group), here ? name + 2 : NULL, here ? count - 2 : 0, here,
                                     mib_presence(group, (unsigned)column));
    if (row) {
      *value = mib_row_value(mib, group, row, (unsigned)column);
      return found(group, column, row, out);
    }
  }
  return 0;
}

bool mib_get(const struct mib *mib, const unsigned long *name, size_t count, struct mib_value *value,
             bool *object)
{
  bool has = false;
  unsigned end;
  *object = false;
  if (count >= 2 && name[0] == MIB_SYSTEM) {
    *object = name[1] >= MIB_VERSION && name[1] < MIB_SYSTEM_END;
    has = *object && count == 3 && name[2] == 0 && system_value(mib, name[1], value);
  } else if (count >= 3 && name[0] >= MIB_PEERS && name[0] <= MIB_TOTALS && name[1] == 1) {
    enum mib_group group = (enum mib_group)name[0];
    *object = name[2] >= mib_table_columns(group, &end) && name[2] < end;
    const struct row *row = *object ? row_find(table_of(mib, group), name + 3, count - 3) : NULL;
    has = row && (row->present >> mib_presence(group, (unsigned)name[2]) & 1);
    if (has)
      *value = mib_row_value(mib, group, row, (unsigned)name[2]);
  }
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
