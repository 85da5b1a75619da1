/* SPDX-License-Identifier: MIT */
/* Getters of columns: a member of what was measured or configured, as a value. Each says what it reads. */
#ifndef OWAMP_SNMP_COLUMN_GET_H
#define OWAMP_SNMP_COLUMN_GET_H

#include <stdbool.h>

#include "mib_column.h"
#include "mib_state.h"

/* Of plain members. */
struct mib_value column_get_octet(struct mib_member member);   /* uint8_t, to Gauge32 */
struct mib_value column_get_short(struct mib_member member);   /* uint16_t, to Gauge32 */
struct mib_value column_get_count(struct mib_member member);   /* uint32_t, to Gauge32 */
struct mib_value column_get_counter(struct mib_member member); /* uint64_t, to Counter64 */
struct mib_value column_get_truth(struct mib_member member);   /* bool */
struct mib_value column_get_text(struct mib_member member);    /* char [] */
struct mib_value column_get_date(struct mib_member member);    /* struct ow_timestamp */

/* Of members that are converted. */
struct mib_value column_get_number(struct mib_member member);          /* uint64_t, to Gauge32 */
struct mib_value column_get_choice(struct mib_member member);          /* an enum, as it is numbered */
struct mib_value column_get_choice_from_1(struct mib_member member);   /* an enum whose first is 0 */
struct mib_value column_get_mode(struct mib_member member);            /* enum ow_mode */
struct mib_value column_get_bits(struct mib_member member);            /* uint32_t, the lowest bit first */
struct mib_value column_get_octet_of_bits(struct mib_member member);   /* uint8_t, the highest bit first */
struct mib_value column_get_delay(struct mib_member member);           /* int64_t ns, to microseconds */
struct mib_value column_get_microseconds_up(struct mib_member member); /* the same, rounded up, to Gauge32 */
struct mib_value column_get_milliseconds(struct mib_member member);    /* the same, to Gauge32 */
struct mib_value column_get_seconds(struct mib_member member);         /* the same, to Gauge32 */

/* Of a peer's configuration, or of one of its members. */
struct mib_value column_get_address(struct mib_member member);    /* struct peer_config */
struct mib_value column_get_port(struct mib_member member);       /* char [], a number */
struct mib_value column_get_family(struct mib_member member);     /* int */
struct mib_value column_get_worth(struct mib_member member);      /* enum ow_verdict */
struct mib_value column_get_directions(struct mib_member member); /* bool [OW_DIRECTIONS] */
struct mib_value column_get_tlvs(struct mib_member member);       /* uint32_t, a bit for each type */

/* Of a whole struct peer. */
struct mib_value column_get_state(struct mib_member member);
struct mib_value column_get_status(struct mib_member member);
struct mib_value column_get_reason(struct mib_member member);
struct mib_value column_get_severity(struct mib_member member);

/* Of a whole struct ow_result, of which something was sent. */
struct mib_value column_get_loss_ratio(struct mib_member member);

/* Of the whole struct mib. */
struct mib_value column_get_version(struct mib_member member);
struct mib_value column_get_history_size(struct mib_member member);
struct mib_value column_get_stamp_source(struct mib_member member);

/** The least trustworthy source of stamps of what this host received; false: nothing yet. */
bool mib_stamp_source(const struct mib *mib, enum ow_stamp_source *source);

#endif
