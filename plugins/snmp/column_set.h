/* SPDX-License-Identifier: MIT */
/* Setters of columns that are no option of a peer by themselves. The value is one of the column's syntax. */
#ifndef OWAMP_SNMP_COLUMN_SET_H
#define OWAMP_SNMP_COLUMN_SET_H

#include "mib_value.h"
#include "peer_draft.h"
#include "set_error.h"

/** Only drafts it: see peer_draft_settle_address(). */
enum set_error column_set_address_type(struct peer_draft *draft, const struct mib_value *value);
enum set_error column_set_address(struct peer_draft *draft, const struct mib_value *value);
/** The ends of a range, each by itself: whether they fit is seen when the row is whole. */
enum set_error column_set_port_low(struct peer_draft *draft, const struct mib_value *value);
enum set_error column_set_port_high(struct peer_draft *draft, const struct mib_value *value);
enum set_error column_set_raise_count(struct peer_draft *draft, const struct mib_value *value);
enum set_error column_set_raise_window(struct peer_draft *draft, const struct mib_value *value);
/** volatile(2) and nonVolatile(3) alone. */
enum set_error column_set_storage(struct peer_draft *draft, const struct mib_value *value);
/** All but notReady(3). */
enum set_error column_set_row_status(struct peer_draft *draft, const struct mib_value *value);

#endif
