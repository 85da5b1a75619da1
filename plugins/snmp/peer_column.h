/* One value to one column of a draft. */
#ifndef OWAMP_SNMP_PEER_COLUMN_H
#define OWAMP_SNMP_PEER_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "mib_value.h"
#include "peer_config.h"
#include "set_error.h"

/** True if the column can be set at all. */
bool peer_column_writable(unsigned long column);
/** Type, length and range of a value, whatever the row. */
enum set_error peer_column_check(unsigned long column, const struct mib_value *value);
/** Put a checked value into a configuration. What only fits with others is not looked at. */
enum set_error peer_column_set(struct peer_config *config, unsigned long column,
                               const struct mib_value *value);
/** Type and address, which stand together: SET_INCONSISTENT_VALUE if they don't fit. */
enum set_error peer_address_set(struct peer_config *config, int32_t type, const struct mib_value *address);

#endif
