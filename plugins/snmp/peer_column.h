/* SPDX-License-Identifier: MIT */
/* One value to one column of a row's draft. */
#ifndef OWAMP_SNMP_PEER_COLUMN_H
#define OWAMP_SNMP_PEER_COLUMN_H

#include <stdbool.h>

#include "mib_value.h"
#include "peer_draft.h"
#include "set_error.h"

/** True if the column can be set at all. */
bool peer_column_writable(unsigned long column);
/** Type, length and range of a value of a column that can be set, whatever the row. The failure is a
 * sentence. */
enum set_error peer_column_check(unsigned long column, const struct mib_value *value,
                                 struct ow_failure *failure);
/**
 * Put a checked value into a draft. What only fits with others is not looked at. A protocol brings its port
 * and its modes, but if the request sets them, before or after it, or if the row's are none that its protocol
 * brought.
 */
enum set_error peer_column_set(struct peer_draft *draft, unsigned long column, const struct mib_value *value,
                               struct ow_failure *failure);

#endif
