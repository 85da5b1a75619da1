/* SPDX-License-Identifier: MIT */
/*
 * OWAMP-MIB as a function: what stands at an object identifier, and what comes next. Identifiers are relative
 * to owampObjects. Nothing here needs an SNMP library.
 */
#ifndef OWAMP_SNMP_MIB_H
#define OWAMP_SNMP_MIB_H

#include <stdbool.h>
#include <stddef.h>

#include "mib_columns.h"
#include "mib_state.h"
#include "mib_value.h"

enum { MIB_OID_MOST = 3 + MIB_ROW_INDEX };

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

#endif
